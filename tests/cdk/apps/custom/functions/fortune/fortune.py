"""Answers CloudFormation itself, by the URL that comes with each request."""

import json
import urllib.request


def handler(event, context):
    seed = event["ResourceProperties"]["Seed"]
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId", f"fortune-{seed}"),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Fortune": f"{seed} is a good number"},
    }
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status
