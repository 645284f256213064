"""Serves a page whose text is in a table: the `value` of the item whose key `message` is "welcome".

Invoked by API Gateway in its proxy form. Reads that item and nothing else: its one call is `dynamodb:GetItem`.
"""

import html
import os

import boto3

TABLE_NAME = os.environ["TABLE_NAME"]
KEY = {"message": {"S": "welcome"}}

HEADERS = {
    # Whoever changes the text sees it with the next request.
    "Cache-Control": "no-store",
    # The page needs nothing: should a text ever get in as markup, it could neither run nor load anything.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
}

dynamodb = boto3.client("dynamodb")


def handler(event, context):
    """Answers GET with the page, with 404 while it has no text, and any other method with 405."""
    method = event["httpMethod"]
    if method != "GET":
        return response(405, f"Method {method} is not allowed", {"Allow": "GET"})
    text = message()
    if text is None:
        return response(404, "There is no message yet")
    return response(200, text)


def message():
    """The text in the table; none where the item is missing or has no text."""
    item = dynamodb.get_item(TableName=TABLE_NAME, Key=KEY).get("Item", {})
    return item.get("value", {}).get("S")


def response(status, text, headers=None):
    """A page that shows `text` as it is, in the form that API Gateway's proxy integration takes."""
    return {
        "statusCode": status,
        "headers": {**HEADERS, **(headers or {})},
        "body": page(text),
        "isBase64Encoded": False,
    }


def page(text):
    """A document of one heading. The text comes from a table that others write to, so no character of it is markup."""
    return f"""<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>Welcome</title></head>
<body><h1>{html.escape(text)}</h1></body>
</html>
"""
