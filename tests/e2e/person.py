"""What a person does with the deployed applications, by HTTP and by the AWS SDK.

Usage: person.py ENDPOINT COMMAND [ARGUMENT…]. The answer is one JSON document on the standard output.
"""

import json
import sys
import urllib.error
import urllib.request

import boto3

endpoint, command, *arguments = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def pages(service, operation, key):
    found = client(service)
    if found.can_paginate(operation):
        return [item for page in found.get_paginator(operation).paginate() for item in page.get(key, [])]
    return getattr(found, operation)().get(key, [])


def inventory():
    """Names of everything that an application can leave behind, in every service that it uses."""
    return {
        "stacks": sorted(
            stack["StackName"]
            for stack in pages("cloudformation", "list_stacks", "StackSummaries")
            if stack["StackStatus"] != "DELETE_COMPLETE"
        ),
        "buckets": sorted(bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]),
        "tables": sorted(pages("dynamodb", "list_tables", "TableNames")),
        "functions": sorted(item["FunctionName"] for item in pages("lambda", "list_functions", "Functions")),
        "roles": sorted(item["RoleName"] for item in pages("iam", "list_roles", "Roles")),
        "queues": sorted(pages("sqs", "list_queues", "QueueUrls")),
        "log_groups": sorted(item["logGroupName"] for item in pages("logs", "describe_log_groups", "logGroups")),
        "topics": sorted(item["TopicArn"] for item in pages("sns", "list_topics", "Topics")),
        "subscriptions": sorted(
            item["SubscriptionArn"] for item in pages("sns", "list_subscriptions", "Subscriptions")
        ),
        "apis": sorted(item["name"] for item in pages("apigateway", "get_rest_apis", "items")),
        "parameters": sorted(item["Name"] for item in pages("ssm", "describe_parameters", "Parameters")),
    }


def exports():
    """Names of everything that stacks export. The local AWS lists for ever what was exported once, so the outputs are asked."""
    stacks = pages("cloudformation", "describe_stacks", "Stacks")
    outputs = [output for stack in stacks for output in stack.get("Outputs", [])]
    return sorted(output["ExportName"] for output in outputs if "ExportName" in output)


def make_bucket(bucket):
    return client("s3").create_bucket(Bucket=bucket)["Location"]


def remove_object(bucket, key):
    """All versions of it."""
    s3 = client("s3")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    for version in versions:
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    return len(versions)


def put(bucket, key, body):
    return client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())["ETag"]


def delete(bucket, key):
    client("s3").delete_object(Bucket=bucket, Key=key)
    return "deleted"


def invoke(function):
    return json.load(client("lambda").invoke(FunctionName=function, Payload=b"{}")["Payload"])


def set_parameter(name, value, region):
    ssm = boto3.client(
        "ssm",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)["Version"]


def publish(topic_name, message):
    topics = [item["TopicArn"] for item in pages("sns", "list_topics", "Topics")]
    [topic] = [arn for arn in topics if arn.endswith(":" + topic_name)]
    return client("sns").publish(TopicArn=topic, Message=message)["MessageId"]


def get(url, method="GET"):
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return {
            "status": response.status,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": response.read().decode(),
        }


def put_text(table, message, value):
    client("dynamodb").put_item(TableName=table, Item={"message": {"S": message}, "value": {"S": value}})
    return "put"


def make_key(user, actions="*", resource="*"):
    """An access key that may do this, with commas in between."""
    iam = client("iam")
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": actions.split(","), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="given", PolicyDocument=document)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


def widen(role, actions):
    """A role may do this with anything."""
    statement = {"Effect": "Allow", "Action": actions.split(","), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").put_role_policy(RoleName=role, PolicyName="widened", PolicyDocument=document)
    return "widened"


def images(repository):
    """The tags of the images in a repository."""
    return sorted(tag for image in client("ecr").describe_images(repositoryName=repository)["imageDetails"] for tag in image["imageTags"])


def delete_images(repository):
    ids = [{"imageTag": tag} for tag in images(repository)]
    return len(client("ecr").batch_delete_image(repositoryName=repository, imageIds=ids)["imageIds"])


def change_sets(stack, region):
    """All that CloudFormation tells about the change sets of a stack, parameters aside."""
    cloudformation = boto3.client(
        "cloudformation",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return [
        [summary["ChangeSetName"], summary.get("Description"), summary.get("StatusReason")]
        for summary in cloudformation.list_change_sets(StackName=stack)["Summaries"]
    ]


def notifications(bucket):
    answer = client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {event: item["TopicArn"] for item in answer.get("TopicConfigurations", []) for event in item["Events"]}


print(json.dumps(globals()[command](*arguments)))
