"""Counts how often each object of a bucket is created and removed.

Invoked by an SNS topic that carries a bucket's event notifications. S3 and SNS both deliver at least once, so an event
can arrive twice, even at the same time. Each event is therefore written in one transaction of two parts:

* a marker item, put on condition that it is not there yet, which makes the second delivery fail as a whole;
* the object's item, whose `created` or `removed` goes up by one.

The table's keys are `bucket` and `object`. A marker's `bucket` begins with `#`, which no bucket name may contain, so it
can never be the item of an object. Markers carry `expires`, in epoch seconds, for the table's time to live; the items of
objects do not.
"""

import hashlib
import json
import os
import random
import time
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import ClientError

TABLE_NAME = os.environ["TABLE_NAME"]

# SNS goes on trying to reach a function for up to 23 days, after up to a day that S3 itself may take, and Lambda holds
# an asynchronous event for up to 6 hours. A marker must outlive all of that.
MARKER_LIFETIME_SECONDS = 30 * 24 * 60 * 60

# Events about the same object that arrive together collide in DynamoDB. Eight waits add up to 7 seconds at most.
MAX_ATTEMPTS = 9
FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 2.0

COUNTERS = {"ObjectCreated": "created", "ObjectRemoved": "removed"}

dynamodb = boto3.client("dynamodb")


def handler(event, context):
    """Counts every S3 record of every message, and fails if any of them could not be counted.

    One bad record does not keep the others from being counted. What was counted is not counted again when the failed
    message is delivered anew.
    """
    totals = {"counted": 0, "duplicates": 0, "ignored": 0}
    failures = []
    for message in event["Records"]:
        try:
            records = s3_records(message["Sns"]["Message"])
        except (KeyError, TypeError, ValueError) as error:
            failures.append(error)
            log("ERROR", "message is not an S3 event notification", error=repr(error))
            continue
        for record in records:
            try:
                totals[count(record)] += 1
            except Exception as error:
                failures.append(error)
                log("ERROR", "record not counted", error=repr(error), record=record)
    log("INFO", "done", **totals, failed=len(failures))
    if failures:
        raise failures[0]
    return totals


def s3_records(text):
    """The records of one S3 message; none for the test event that S3 sends when notifications are set up."""
    body = json.loads(text)
    if body.get("Event") == "s3:TestEvent":
        return []
    return body["Records"]


def count(record):
    """Counts one S3 record. Returns which of the totals it belongs to."""
    family = record["eventName"].removeprefix("s3:").split(":")[0]
    counter = COUNTERS.get(family)
    if counter is None:
        return "ignored"
    bucket = record["s3"]["bucket"]["name"]
    # Keys are URL-encoded in notifications, spaces as plus signs.
    key = unquote_plus(record["s3"]["object"]["key"])
    return "counted" if add_once(bucket, key, counter, event_id(record, counter)) else "duplicates"


def event_id(record, counter):
    """What names one event: the same for each delivery of it, and different for any two events.

    The sequencer is unique among the events of one key. The version and the kind of change belong to the event, so they
    are equal in all its deliveries; they keep events apart that one request causes, such as the removal of several
    versions of one key. Two things of a delivery do not belong here: the message's id and its time.
    """
    subject = record["s3"]["object"]
    parts = [record["s3"]["bucket"]["name"], subject["key"], subject.get("versionId", ""), counter, subject["sequencer"]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def add_once(bucket, key, counter, event):
    """Adds one to a counter of an object unless `event` was added before. Returns whether it did."""
    transaction = [
        {
            "Put": {
                "TableName": TABLE_NAME,
                "Item": {
                    # One partition for each marker, so that they spread over the table.
                    "bucket": {"S": "#" + event},
                    "object": {"S": "#"},
                    "expires": {"N": str(int(time.time()) + MARKER_LIFETIME_SECONDS)},
                },
                "ConditionExpression": "attribute_not_exists(#bucket)",
                "ExpressionAttributeNames": {"#bucket": "bucket"},
            }
        },
        {
            "Update": {
                "TableName": TABLE_NAME,
                "Key": {"bucket": {"S": bucket}, "object": {"S": key}},
                "UpdateExpression": "ADD #counter :one",
                "ExpressionAttributeNames": {"#counter": counter},
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        },
    ]
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            dynamodb.transact_write_items(TransactItems=transaction)
            return True
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if reasons and reasons[0] == "ConditionalCheckFailed":
                return False
            conflict = "TransactionConflict" in reasons and set(reasons) <= {"TransactionConflict", "None", None}
            if not conflict or attempt == MAX_ATTEMPTS:
                raise
        # A random share of the wait, or those that collided would collide again.
        time.sleep(random.uniform(0, min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))))


def log(level, message, **fields):
    """One line of JSON, which CloudWatch Logs Insights takes apart by itself."""
    print(json.dumps({"level": level, "message": message, **fields}, ensure_ascii=False))
