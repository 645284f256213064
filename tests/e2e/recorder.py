"""Stands in front of the emulator, as what ends TLS does, and keeps the IAM action of every call.

    recorder.py UPSTREAM PORT

What the actions are called is the emulator's word. `GET /_recorded` gives those since the last time, as JSON; `GET /_calls` all of them since the last
time with who made them: the role's name, or nothing for a caller's own keys, and for a role that is taken what was said to STS. Ends with its standard input.

An image that is not there is told as AWS does, and not as the emulator does: the AWS CDK takes an empty answer for an image.
"""

import http.client
import http.server
import json
import os
import re
import sys
import threading
from urllib.parse import parse_qs, urlsplit

from ministack.core.iam_actions import extract_iam_action
from ministack.core.router import detect_service

UPSTREAM = urlsplit(sys.argv[1]).netloc
recorded = []
calls = []
# The role behind each access key that STS gave away.
roles = {}


def action(method, path, query, headers, body):
    values = parse_qs(query, keep_blank_values=True)
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        values |= parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    service = detect_service(method, path, headers, values)
    return extract_iam_action(service, method, path, headers, body, values) or service


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.path in ("/_recorded", "/_calls"):
            told = recorded if self.path == "/_recorded" else calls
            text = json.dumps(told).encode()
            told.clear()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        body = self.body()
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        done = action(self.command, path, query, headers, body)
        recorded.append(done)
        key = re.search("Credential=([^/]+)/", headers.get("authorization", ""))
        said = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()} if done == "sts:AssumeRole" else {}
        calls.append([roles.get(key.group(1) if key else "", ""), done, said])
        # Policies that ask for TLS hold for calls that came in by it.
        sent = {name: value for name, value in self.headers.items() if name.lower() not in ("transfer-encoding", "connection", "content-length")}
        sent |= {"X-Forwarded-Proto": "https", "Content-Length": str(len(body))}
        upstream = http.client.HTTPConnection(UPSTREAM, timeout=60)
        upstream.request(self.command, self.path, body, sent)
        response = upstream.getresponse()
        text = response.read()
        status = response.status
        if done == "sts:AssumeRole" and status == 200:
            roles[re.search("<AccessKeyId>([^<]+)<", text.decode()).group(1)] = said["RoleArn"].rpartition("/")[2]
        if done == "ecr:DescribeImages" and text == b'{"imageDetails": []}':
            status, text = 400, b'{"__type": "ImageNotFoundException", "message": "The image with imageId is not there"}'
        self.send_response_only(status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        upstream.close()

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = answer

    def log_message(self, *arguments):
        pass


threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
