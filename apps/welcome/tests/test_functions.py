"""Tests of the function against answers of DynamoDB that the AWS SDK's own stub checks and hands out.

Run by the test `functions.rs` beside it, or by hand with a Python that has `boto3`:

    python -m unittest discover -s apps/welcome/tests
"""

import importlib
import os
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

TABLE = "welcome-test"


def setUpModule():
    global Stubber, ClientError, welcome
    environment = {
        "TABLE_NAME": TABLE,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    patch = mock.patch.dict(os.environ, environment)
    patch.start()
    unittest.addModuleCleanup(patch.stop)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).parent.parent / "functions" / "welcome"))
    from botocore.exceptions import ClientError
    from botocore.stub import Stubber

    welcome = importlib.import_module("welcome")


class Page(HTMLParser):
    """A document as a browser sees it: which elements there are, and the text of its heading."""

    def __init__(self, document):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.heading = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)

    def handle_data(self, data):
        if self.elements[-1:] == ["h1"]:
            self.heading += data.rstrip("\n")


class WelcomeTest(unittest.TestCase):
    def setUp(self):
        self.stub = Stubber(welcome.dynamodb)
        self.stub.activate()
        self.addCleanup(self.stub.deactivate)

    def expect(self, answer):
        """DynamoDB is asked once, for that item of that table, and gives `answer`."""
        self.stub.add_response("get_item", answer, {"TableName": TABLE, "Key": {"message": {"S": "welcome"}}})

    def call(self, method="GET"):
        answer = welcome.handler({"httpMethod": method, "path": "/welcome"}, None)
        self.stub.assert_no_pending_responses()
        self.assertEqual(answer["headers"]["Content-Type"], "text/html; charset=utf-8")
        self.assertIs(answer["isBase64Encoded"], False)
        page = Page(answer["body"])
        self.assertEqual(page.elements, ["html", "head", "meta", "title", "body", "h1"])
        return answer["statusCode"], page.heading, answer

    def test_the_text_is_shown(self):
        self.expect({"Item": {"message": {"S": "welcome"}, "value": {"S": "Grüß Gott, 世界"}}})
        status, heading, answer = self.call()
        self.assertEqual((status, heading), (200, "Grüß Gott, 世界"))
        self.assertEqual(answer["headers"]["Cache-Control"], "no-store")

    def test_no_character_of_the_text_is_markup(self):
        for text in [
            "<script>alert('1 & 2')</script>",
            "</h1><img src=x onerror=\"alert(1)\">",
            "&lt;b&gt; stays as it is",
            "<!-- ",
        ]:
            with self.subTest(text):
                self.expect({"Item": {"message": {"S": "welcome"}, "value": {"S": text}}})
                status, heading, answer = self.call()
                self.assertEqual((status, heading), (200, text))
                self.assertNotIn(text, answer["body"])

    def test_an_empty_text_is_a_text(self):
        self.expect({"Item": {"message": {"S": "welcome"}, "value": {"S": ""}}})
        self.assertEqual(self.call()[:2], (200, ""))

    def test_without_a_text_there_is_no_page(self):
        for answer in [
            {},
            {"Item": {"message": {"S": "welcome"}}},
            {"Item": {"message": {"S": "welcome"}, "value": {"N": "1"}}},
        ]:
            with self.subTest(answer):
                self.expect(answer)
                self.assertEqual(self.call()[:2], (404, "There is no message yet"))

    def test_other_methods_are_refused_without_reading(self):
        for method in ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "<b>"]:
            with self.subTest(method):
                status, heading, answer = self.call(method)
                self.assertEqual((status, heading), (405, f"Method {method} is not allowed"))
                self.assertEqual(answer["headers"]["Allow"], "GET")

    def test_a_failure_is_not_taken_for_a_missing_text(self):
        self.stub.add_client_error("get_item", "ProvisionedThroughputExceededException", http_status_code=400)
        with self.assertRaises(ClientError):
            self.call()


if __name__ == "__main__":
    unittest.main()
