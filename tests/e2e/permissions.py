"""Users with given policies, and what CloudFormation does for object-counter, done by hand.

Usage: permissions.py ENDPOINT COMMAND [ARGUMENT…]. The answer is one JSON document on the standard output.
"""

import io
import json
import sys
import urllib.request
import zipfile

import boto3
from botocore.exceptions import ClientError

endpoint, command, *arguments = sys.argv[1:]


def client(service, key="test", secret="test"):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )


def user(documents):
    """Forgets everything that there is, and makes a user with these policies. Gives an access key."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_ministack/reset", b"", method="POST")).read()
    return another_user("ci", documents)


def another_user(name, documents):
    """The same beside what there is."""
    iam = client("iam")
    iam.create_user(UserName=name)
    for index, document in enumerate(json.loads(documents)):
        made = iam.create_policy(PolicyName=f"{name}-{index}", PolicyDocument=json.dumps(document))
        iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


def put(bucket, name):
    client("s3").put_object(Bucket=bucket, Key=name, Body=b"x")


def code():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("count.py", "def handler(event, context): pass")
    return file.getvalue()


def provision(key, secret, bucket, table, topic):
    """Makes, looks at and removes what object-counter is made of, through each service's own API. Gives what was denied."""
    s3, dynamodb, iam, lambda_, logs, sns, api = (
        client(service, key, secret) for service in ("s3", "dynamodb", "iam", "lambda", "logs", "sns", "apigateway")
    )
    root = client("s3")
    assets = "skysmith-assets-000000000000-us-east-1-an"
    root.create_bucket(Bucket=assets)
    root.put_object(Bucket=assets, Key="code.zip", Body=code())
    role = "object-counter-CounterCountServiceRole28CCBBDC-AbCdEfGhIjKl"
    function = "object-counter-CounterCount64BFBF09-AbCdEfGhIjKl"
    group = "object-counter-CounterCountLogGroup123A3B42-AbCdEfGhIjKl"
    group_arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    role_arn = f"arn:aws:iam::000000000000:role/{role}"
    topic_arn = f"arn:aws:sns:us-east-1:000000000000:{topic}"
    table_arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    tags = [{"Key": "a", "Value": "b"}]
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": table_arn}]}
    publish = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic_arn}]}
    denied = []

    def call(operation, **parameters):
        try:
            return operation(**parameters)
        except ClientError as error:
            # Whatever else the emulator says, it has asked for the permission first.
            if "not authorized to perform" in str(error) or "AccessDenied" in error.response["Error"]["Code"]:
                denied.append(f"{error.operation_name}: {error}")
            return {}

    call(dynamodb.create_table, TableName=table, BillingMode="PAY_PER_REQUEST", Tags=tags,
         KeySchema=[{"AttributeName": "bucket", "KeyType": "HASH"}],
         AttributeDefinitions=[{"AttributeName": "bucket", "AttributeType": "S"}])
    call(dynamodb.describe_table, TableName=table)
    call(dynamodb.update_time_to_live, TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    call(dynamodb.describe_time_to_live, TableName=table)
    call(dynamodb.describe_continuous_backups, TableName=table)
    call(dynamodb.describe_contributor_insights, TableName=table)
    call(dynamodb.describe_kinesis_streaming_destination, TableName=table)
    call(dynamodb.get_resource_policy, ResourceArn=table_arn)
    call(dynamodb.list_tags_of_resource, ResourceArn=table_arn)
    call(dynamodb.update_table, TableName=table, BillingMode="PAY_PER_REQUEST")
    call(logs.create_log_group, logGroupName=group, tags={"a": "b"})
    call(logs.put_retention_policy, logGroupName=group, retentionInDays=30)
    call(logs.describe_log_groups, logGroupNamePrefix=group)
    call(logs.list_tags_for_resource, resourceArn=group_arn)
    call(iam.create_role, RoleName=role, AssumeRolePolicyDocument=json.dumps(trust), Tags=tags)
    call(iam.put_role_policy, RoleName=role, PolicyName="DefaultPolicy", PolicyDocument=json.dumps(allow))
    call(iam.get_role, RoleName=role)
    call(iam.get_role_policy, RoleName=role, PolicyName="DefaultPolicy")
    call(iam.list_role_policies, RoleName=role)
    call(iam.list_attached_role_policies, RoleName=role)
    call(s3.get_object, Bucket=assets, Key="code.zip")
    call(lambda_.create_function, FunctionName=function, Runtime="python3.13", Handler="count.handler", Role=role_arn,
         Code={"S3Bucket": assets, "S3Key": "code.zip"}, Tags={"a": "b"})
    call(lambda_.get_function, FunctionName=function)
    call(lambda_.update_function_configuration, FunctionName=function, MemorySize=256)
    call(lambda_.update_function_code, FunctionName=function, S3Bucket=assets, S3Key="code.zip")
    call(lambda_.add_permission, FunctionName=function, StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic_arn)
    call(lambda_.get_policy, FunctionName=function)
    call(sns.create_topic, Name=topic, Tags=tags, Attributes={"DisplayName": "Object changes"})
    call(sns.set_topic_attributes, TopicArn=topic_arn, AttributeName="Policy", AttributeValue=json.dumps(publish))
    call(sns.get_topic_attributes, TopicArn=topic_arn)
    call(sns.list_subscriptions_by_topic, TopicArn=topic_arn)
    subscription = call(sns.subscribe, TopicArn=topic_arn, Protocol="lambda", Endpoint=function_arn, ReturnSubscriptionArn=True)
    subscription = subscription.get("SubscriptionArn") or f"{topic_arn}:0f2d7e0a-7a3b-4a6e-9f43-0d2b5f1b6c11"
    call(sns.get_subscription_attributes, SubscriptionArn=subscription)
    call(s3.create_bucket, Bucket=bucket)
    call(s3.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    call(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    call(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    call(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    call(s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration={})
    call(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": tags})
    tls = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    call(s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(tls))
    call(s3.get_bucket_policy, Bucket=bucket)
    call(s3.get_bucket_versioning, Bucket=bucket)
    call(s3.get_bucket_notification_configuration, Bucket=bucket)
    rest = call(api.create_rest_api, name="skysmith-demo-count-api", endpointConfiguration={"types": ["REGIONAL"]})
    rest = rest.get("id", "abcdefghij")
    items = call(api.get_resources, restApiId=rest).get("items") or [{"id": "abc"}]
    resource = call(api.create_resource, restApiId=rest, parentId=items[0]["id"], pathPart="count").get("id", "def")
    call(api.put_method, restApiId=rest, resourceId=resource, httpMethod="GET", authorizationType="NONE")
    call(api.put_integration, restApiId=rest, resourceId=resource, httpMethod="GET", type="AWS_PROXY", integrationHttpMethod="POST",
         uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function_arn}/invocations")
    deployment = call(api.create_deployment, restApiId=rest).get("id", "ghi")
    call(api.create_stage, restApiId=rest, stageName="prod", deploymentId=deployment)
    call(api.get_stage, restApiId=rest, stageName="prod")
    call(api.tag_resource, resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{rest}", tags={"a": "b"})
    call(api.delete_stage, restApiId=rest, stageName="prod")
    call(api.delete_rest_api, restApiId=rest)
    call(s3.delete_bucket_policy, Bucket=bucket)
    call(s3.delete_bucket, Bucket=bucket)
    call(sns.unsubscribe, SubscriptionArn=subscription)
    call(sns.delete_topic, TopicArn=topic_arn)
    call(lambda_.remove_permission, FunctionName=function, StatementId="sns")
    call(lambda_.delete_function, FunctionName=function)
    call(iam.delete_role_policy, RoleName=role, PolicyName="DefaultPolicy")
    call(iam.delete_role, RoleName=role)
    call(logs.delete_log_group, logGroupName=group)
    call(dynamodb.delete_table, TableName=table)
    return denied


def provisions(policies, bucket, topic):
    """The same for several pairs of a policy and a table's name, each in an empty account."""
    return [
        provision(*user(json.dumps([policy])), bucket, table, topic) for policy, table in json.loads(policies)
    ]


print(json.dumps({"user": user, "another_user": another_user, "put": put, "provisions": provisions}[command](*arguments)))
