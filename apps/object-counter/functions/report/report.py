"""Serves the counts of all objects: `{"<bucket>/<key>": {"created": 3, "removed": 1, "count": 2}}`.

Invoked by API Gateway in its proxy form. Reads the table and nothing else: its one call is `dynamodb:Scan`.
The answer is one document, so it ends at Lambda's 6 MB for a response, some 60,000 objects.
"""

import json
import os

import boto3

TABLE_NAME = os.environ["TABLE_NAME"]

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "Content-Type",
    "Cache-Control": "no-store",
    "Content-Type": "application/json; charset=utf-8",
}

dynamodb = boto3.client("dynamodb")


def handler(event, context):
    """Answers GET with the counts, and any other method with 405."""
    method = event.get("httpMethod", "GET")
    if method != "GET":
        return response(405, {"message": f"Method {method} is not allowed"}, {"Allow": "GET"})
    return response(200, counts())


def counts():
    """The counts by object, over all pages of the table."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=TABLE_NAME,
        # Only the items that remember an event expire; those of objects stay.
        FilterExpression="attribute_not_exists(#expires)",
        ProjectionExpression="#bucket, #object, #created, #removed",
        ExpressionAttributeNames={
            "#expires": "expires",
            "#bucket": "bucket",
            "#object": "object",
            "#created": "created",
            "#removed": "removed",
        },
    )
    result = {}
    for page in pages:
        for item in page["Items"]:
            created = number(item, "created")
            removed = number(item, "removed")
            result[f"{item['bucket']['S']}/{item['object']['S']}"] = {
                "created": created,
                "removed": removed,
                # An object may be older than the notifications: its removal is then the first that is heard of it.
                "count": max(created - removed, 0),
            }
    return result


def number(item, attribute):
    """A counter of an item; zero while nothing was counted."""
    return int(item[attribute]["N"]) if attribute in item else 0


def response(status, body, headers=None):
    """An answer in the form that API Gateway's proxy integration takes."""
    return {
        "statusCode": status,
        "headers": {**HEADERS, **(headers or {})},
        "body": json.dumps(body, ensure_ascii=False, sort_keys=True),
        "isBase64Encoded": False,
    }
