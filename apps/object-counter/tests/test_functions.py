"""Tests of the two functions against the DynamoDB of a local emulator, which this module starts and stops.

Run by the test `functions.rs` beside it, or by hand with a Python that has `ministack` and `boto3`:

    python -m unittest discover -s apps/object-counter/tests
"""

import contextlib
import importlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock
from urllib.parse import quote_plus

FUNCTIONS = Path(__file__).parent.parent / "functions"
TABLE = "counts"


def setUpModule():
    global boto3, botocore, count, report, dynamodb
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    state = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(state.cleanup)
    log = open(Path(state.name) / "log", "w+")
    unittest.addModuleCleanup(log.close)
    emulator = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={
            "PATH": os.environ["PATH"],
            "TMPDIR": state.name,
            "STATE_DIR": state.name,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
        },
        stdout=log,
        stderr=log,
    )
    unittest.addModuleCleanup(emulator.wait)
    unittest.addModuleCleanup(emulator.terminate)
    endpoint = f"http://127.0.0.1:{port}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 60
    while True:
        try:
            direct.open(endpoint + "/_ministack/health", timeout=5).close()
            break
        except OSError:
            if time.monotonic() > deadline or emulator.poll() is not None:
                log.seek(0)
                raise RuntimeError("the emulator did not start:\n" + log.read())
            time.sleep(0.05)
    environment = {
        "TABLE_NAME": TABLE,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "NO_PROXY": "127.0.0.1",
    }
    patch = mock.patch.dict(os.environ, environment)
    patch.start()
    unittest.addModuleCleanup(patch.stop)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(FUNCTIONS / "count"), str(FUNCTIONS / "report")]
    boto3 = importlib.import_module("boto3")
    botocore = importlib.import_module("botocore.exceptions")
    count = importlib.import_module("count")
    report = importlib.import_module("report")
    dynamodb = boto3.client("dynamodb")


def record(key, sequencer, event="ObjectCreated:Put", bucket="photos", **subject):
    return {
        "eventSource": "aws:s3",
        "eventName": event,
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/"), "sequencer": sequencer, **subject}},
    }


def notification(*messages):
    """What the topic hands to the function: one SNS record for each message, each with its own S3 records."""
    return {"Records": [{"Sns": {"Message": json.dumps(message)}} for message in messages]}


def deliver(*records):
    return quietly(count.handler, notification({"Records": list(records)}), None)


def quietly(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments)


def counts():
    answer = report.handler({"httpMethod": "GET"}, None)
    return json.loads(answer["body"])


def canceled(*codes):
    """The error of a transaction that was given up, with a reason for each of its parts."""
    response = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return botocore.ClientError(response, "TransactWriteItems")


class WithTable(unittest.TestCase):
    def setUp(self):
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("bucket", "object")],
            KeySchema=[{"AttributeName": "bucket", "KeyType": "HASH"}, {"AttributeName": "object", "KeyType": "RANGE"}],
        )
        self.addCleanup(dynamodb.delete_table, TableName=TABLE)


class Counting(WithTable):
    def test_created_and_removed_are_counted_apart(self):
        deliver(record("a", "01"), record("a", "02", "ObjectCreated:CompleteMultipartUpload"), record("b", "03"))
        deliver(record("a", "04", "ObjectRemoved:DeleteMarkerCreated"))
        self.assertEqual(
            counts(),
            {"photos/a": {"created": 2, "removed": 1, "count": 1}, "photos/b": {"created": 1, "removed": 0, "count": 1}},
        )

    def test_every_record_of_every_message_counts(self):
        event = notification(
            {"Records": [record("a", "01"), record("b", "02")]},
            {"Records": [record("a", "03"), record("a", "04", bucket="films")]},
        )
        self.assertEqual(quietly(count.handler, event, None), {"counted": 4, "duplicates": 0, "ignored": 0})
        self.assertEqual({key: row["created"] for key, row in counts().items()}, {"photos/a": 2, "photos/b": 1, "films/a": 1})

    def test_the_same_event_again_changes_nothing(self):
        self.assertEqual(deliver(record("a", "01")), {"counted": 1, "duplicates": 0, "ignored": 0})
        again = record("a", "01")
        again["eventTime"] = "2030-01-01T00:00:00Z"
        self.assertEqual(deliver(again), {"counted": 0, "duplicates": 1, "ignored": 0})
        # Twice in one message as well.
        self.assertEqual(deliver(record("a", "02"), record("a", "02")), {"counted": 1, "duplicates": 1, "ignored": 0})
        self.assertEqual(counts(), {"photos/a": {"created": 2, "removed": 0, "count": 2}})

    def test_different_events_with_one_sequencer_all_count(self):
        deliver(
            record("a", "01"),
            record("b", "01"),
            record("a", "01", bucket="films"),
            record("a", "01", "ObjectRemoved:Delete", versionId="v1"),
            record("a", "01", "ObjectRemoved:Delete", versionId="v2"),
        )
        self.assertEqual({key: (row["created"], row["removed"]) for key, row in counts().items()},
                         {"films/a": (1, 0), "photos/a": (1, 2), "photos/b": (1, 0)})

    def test_concurrent_events_lose_nothing_and_duplicates_add_nothing(self):
        events = [record("hot", f"{n:04}") for n in range(40)] * 3
        with contextlib.redirect_stdout(io.StringIO()), ThreadPoolExecutor(12) as threads:
            totals = list(threads.map(lambda one: count.handler(notification({"Records": [one]}), None), events))
        self.assertEqual(sum(total["counted"] for total in totals), 40)
        self.assertEqual(sum(total["duplicates"] for total in totals), 80)
        self.assertEqual(counts(), {"photos/hot": {"created": 40, "removed": 0, "count": 40}})

    def test_keys_are_decoded(self):
        keys = ["a b", "ü/ß 日本.txt", "1+1=2", "100%", "#1", "a%20b", "x" * 1024, "'\"<>\\"]
        deliver(*(record(key, f"{n:02}") for n, key in enumerate(keys)))
        self.assertEqual(set(counts()), {f"photos/{key}" for key in keys})

    def test_s3_test_event_is_ignored(self):
        event = notification({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos"})
        self.assertEqual(quietly(count.handler, event, None), {"counted": 0, "duplicates": 0, "ignored": 0})
        self.assertEqual(counts(), {})

    def test_other_kinds_of_events_are_ignored(self):
        self.assertEqual(deliver(record("a", "01", "ObjectTagging:Put"))["ignored"], 1)
        self.assertEqual(counts(), {})

    def test_removals_alone_do_not_make_a_negative_count(self):
        deliver(record("old", "01", "ObjectRemoved:Delete"))
        self.assertEqual(counts(), {"photos/old": {"created": 0, "removed": 1, "count": 0}})

    def test_a_bad_message_fails_but_the_others_count_once(self):
        event = notification({"hello": "world"}, {"Records": [{"eventName": "ObjectCreated:Put"}, record("a", "01")]})
        for _ in range(2):
            with self.assertRaises(KeyError):
                quietly(count.handler, event, None)
        self.assertEqual(counts(), {"photos/a": {"created": 1, "removed": 0, "count": 1}})

    def test_markers_expire_and_objects_do_not(self):
        before = int(time.time())
        deliver(record("a", "01"))
        items = dynamodb.scan(TableName=TABLE)["Items"]
        markers = [item for item in items if "expires" in item]
        self.assertEqual(len(items), 2)
        self.assertEqual(len(markers), 1)
        self.assertRegex(markers[0]["bucket"]["S"], "^#[0-9a-f]{64}$")
        self.assertAlmostEqual(int(markers[0]["expires"]["N"]), before + 30 * 86400, delta=60)


class Errors(WithTable):
    """What DynamoDB refuses decides whether an event was a duplicate, is tried again, or fails."""

    def transact(self, *outcomes):
        return mock.patch.object(count.dynamodb, "transact_write_items", side_effect=outcomes)

    def test_a_conflict_is_tried_again(self):
        with mock.patch.object(count.time, "sleep") as sleep:
            with self.transact(canceled("None", "TransactionConflict"), canceled("TransactionConflict", "None"), {}) as calls:
                self.assertEqual(deliver(record("a", "01"))["counted"], 1)
        self.assertEqual((calls.call_count, sleep.call_count), (3, 2))

    def test_a_conflict_that_turns_out_to_be_a_duplicate(self):
        with mock.patch.object(count.time, "sleep"):
            with self.transact(canceled("TransactionConflict", "None"), canceled("ConditionalCheckFailed", "None")):
                self.assertEqual(deliver(record("a", "01"))["duplicates"], 1)

    def test_conflicts_without_end_fail(self):
        with mock.patch.object(count.time, "sleep"):
            with self.transact(*[canceled("None", "TransactionConflict")] * 50) as calls:
                with self.assertRaises(botocore.ClientError):
                    deliver(record("a", "01"))
        self.assertEqual(calls.call_count, count.MAX_ATTEMPTS)

    def test_any_other_cancellation_fails_at_once(self):
        for codes in (("None", "ValidationError"), ("None", "ThrottlingError"), ("None", "ConditionalCheckFailed"), ()):
            with self.subTest(codes), self.transact(canceled(*codes)) as calls:
                with self.assertRaises(botocore.ClientError):
                    deliver(record("a", "01"))
                self.assertEqual(calls.call_count, 1)

    def test_a_missing_table_fails(self):
        with mock.patch.object(count, "TABLE_NAME", "nowhere"), self.assertRaises(botocore.ClientError):
            deliver(record("a", "01"))

    def test_a_failed_record_does_not_keep_others_from_being_counted(self):
        original = count.dynamodb.transact_write_items
        failure = canceled("None", "ValidationError")
        with mock.patch.object(count.dynamodb, "transact_write_items", side_effect=[failure, mock.DEFAULT], wraps=original):
            with self.assertRaises(botocore.ClientError):
                deliver(record("a", "01"), record("b", "02"))
        self.assertEqual(deliver(record("a", "01"), record("b", "02")), {"counted": 1, "duplicates": 1, "ignored": 0})
        self.assertEqual({key: row["created"] for key, row in counts().items()}, {"photos/a": 1, "photos/b": 1})

    def test_log_lines_are_json(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            count.handler(notification({"Records": [record("ü", "01"), record("ü", "01")]}), None)
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        self.assertEqual(lines, [{"level": "INFO", "message": "done", "counted": 1, "duplicates": 1, "ignored": 0, "failed": 0}])


class Reporting(WithTable):
    def test_an_empty_table(self):
        answer = report.handler({"httpMethod": "GET"}, None)
        self.assertEqual((answer["statusCode"], answer["body"]), (200, "{}"))

    def test_answer_has_cors_headers_sorted_keys_and_numbers(self):
        deliver(record("ü b", "01"), record("a", "02"))
        answer = report.handler({"httpMethod": "GET"}, None)
        self.assertEqual(answer["statusCode"], 200)
        self.assertEqual(answer["headers"]["Access-Control-Allow-Origin"], "*")
        self.assertEqual(answer["headers"]["Content-Type"], "application/json; charset=utf-8")
        one = '{"count": 1, "created": 1, "removed": 0}'
        self.assertEqual(answer["body"], f'{{"photos/a": {one}, "photos/ü b": {one}}}')

    def test_other_methods_are_refused(self):
        for method in ("POST", "DELETE", "OPTIONS"):
            answer = report.handler({"httpMethod": method}, None)
            self.assertEqual((answer["statusCode"], answer["headers"]["Allow"]), (405, "GET"))
            self.assertEqual(answer["headers"]["Access-Control-Allow-Origin"], "*")

    def test_all_pages_are_read(self):
        # Keys of a kilobyte: a page of a scan ends at one megabyte.
        keys = [f"{n:04}" + "x" * 1000 for n in range(1500)]
        for start in range(0, len(keys), 25):
            dynamodb.batch_write_item(RequestItems={TABLE: [
                {"PutRequest": {"Item": {"bucket": {"S": "photos"}, "object": {"S": key}, "created": {"N": "1"}}}}
                for key in keys[start:start + 25]
            ]})
        self.assertIn("LastEvaluatedKey", dynamodb.scan(TableName=TABLE))
        self.assertEqual(set(counts()), {f"photos/{key}" for key in keys})


if __name__ == "__main__":
    unittest.main()
