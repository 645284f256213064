"""What only AWS can settle, tried there: one claim after the other, each with what it was seen to do.

Run by `cargo xtask aws-smoke`, with an account that may be played with. It makes a few small stacks whose names begin with
`skysmith-smoke-`, costs a few cents at most, takes about fifteen minutes, and takes everything down again, whatever
happens. At the end stands a table: `as claimed`, `otherwise` with what happened instead, or `not tried` with the reason.

Against an emulator (`--local`) it proves no more than that the script itself runs.
"""

import argparse
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

import boto3
import botocore.exceptions

CLAIMS = []


def claim(rule, text):
    """Registers a function as the trial of a claim. It raises `Otherwise` if AWS does something else."""

    def register(trial):
        CLAIMS.append((trial.__name__.replace("_", "-"), rule, text, trial))
        return trial

    return register


class Otherwise(Exception):
    """AWS did something else than is claimed."""


class NotTried(Exception):
    """The trial could not be made here."""


def expect(holds, instead):
    if not holds:
        raise Otherwise(instead)


class Account:
    """An account, the command line, and what has been made so far."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.run = "skysmith-smoke-" + secrets.token_hex(3)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=self.run))
        self.stacks = []
        self.undo = []

    def client(self, service):
        if self.arguments.local:
            return boto3.client(
                service,
                endpoint_url=self.arguments.local,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        session = boto3.Session(profile_name=self.arguments.profile, region_name=self.arguments.region)
        return session.client(service)

    def name(self, what):
        return f"{self.run}-{what}"

    def skysmith(self, *words, role=None):
        """The command line, as a user runs it. Returns exit code, standard output and standard error."""
        command = [self.arguments.skysmith]
        if self.arguments.local:
            command += ["--local"]
        else:
            command += [word for word in ("--profile", self.arguments.profile) if self.arguments.profile]
            command += [word for word in ("--region", self.arguments.region) if self.arguments.region]
            command += ["--role-arn", role] if role else []
        ran = subprocess.run([*command, *words], capture_output=True, text=True, cwd=self.arguments.root, check=False, timeout=1800)
        return ran.returncode, ran.stdout, ran.stderr

    def deploy(self, name, template, *words, succeeds=True):
        """Deploys a template as the stack of this name, which is its file's as well. Returns what was said."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(template))
        if name not in self.stacks:
            self.stacks.append(name)
        code, out, err = self.skysmith("--app", str(file), "deploy", "--yes", *words)
        if succeeds and code != 0:
            raise Otherwise(f"the deployment of {name} failed: {last_line(err)}")
        return code, out, err

    def value(self, stack, output):
        """The value of an output."""
        described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])}[output]

    def clear(self):
        """Takes down what was made. What stays is said."""
        for step in reversed(self.undo):
            try:
                step()
            except Exception as error:
                print(f"    left behind: {error}", file=sys.stderr)
        self.undo.clear()
        cloudformation = self.client("cloudformation")
        for name in reversed(self.stacks):
            try:
                cloudformation.delete_stack(StackName=name)
                cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 3, "MaxAttempts": 400})
            except Exception as error:
                print(f"    left behind: stack {name}: {error}", file=sys.stderr)
        self.stacks.clear()


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("error", "✗"))]
    return (errors or lines or [""])[-1].strip()


def topic_for_buckets(**properties):
    """A topic that the buckets of this account may publish to, and the policy that lets them."""
    return {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": properties},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "s3.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": {"Ref": "Topic"},
                            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                        }
                    ],
                },
            },
        },
    }


NATIVE = {"TopicConfigurations": [{"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"}}]}

# As the CDK's own handler does: what it configures on a bucket it takes off again when it is deleted.
HANDLER = """
import boto3, json, urllib.request
def handler(event, context):
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": "notifications", "Status": "SUCCESS"}
    try:
        wanted = {} if event["RequestType"] == "Delete" else {"TopicConfigurations": [
            {"Events": ["s3:ObjectCreated:*"], "TopicArn": event["ResourceProperties"]["Topic"]}]}
        boto3.client("s3").put_bucket_notification_configuration(
            Bucket=event["ResourceProperties"]["Bucket"], NotificationConfiguration=wanted)
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": str(error)}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
"""
ACTIONS = ["s3:PutBucketNotification", "logs:CreateLogStream", "logs:PutLogEvents"]


def with_helper(native, retained):
    """A bucket whose notifications a helper configures, and CloudFormation as well if they are native."""
    bucket = {"Type": "AWS::S3::Bucket", "DependsOn": "Policy", "Properties": {}}
    if native:
        bucket["Properties"]["NotificationConfiguration"] = NATIVE
    helper = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "Policies": [
                    {
                        "PolicyName": "notifications",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {"Effect": "Allow", "Action": ACTIONS, "Resource": "*"}
                            ],
                        },
                    }
                ],
            },
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 60,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": "Log"}},
                "Code": {"ZipFile": HANDLER},
            },
        },
        "Notifications": {
            "Type": "Custom::S3BucketNotifications",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                "Bucket": {"Ref": "Bucket"},
                "Topic": {"Ref": "Topic"},
            },
        },
    }
    if retained:
        helper["Notifications"]["DeletionPolicy"] = "Retain"
    return {
        "Resources": {**topic_for_buckets(), "Bucket": bucket, **helper},
        "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}},
    }


def without_helper():
    template = with_helper(native=True, retained=False)
    for name in ("Role", "Log", "Function", "Notifications"):
        del template["Resources"][name]
    return template


def notified(account, bucket):
    answer = account.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return bool(answer.get("TopicConfigurations"))


@claim("-", "object-counter comes, counts an object, and goes; a second deployment and `diff` find nothing to do")
def whole_way(account):
    app = ("-C", "apps/object-counter")
    account.stacks.append("object-counter")
    code, _, err = account.skysmith(*app, "deploy", "--yes")
    expect(code == 0, f"deploy: {last_line(err)}")
    code, _, err = account.skysmith(*app, "deploy", "--yes")
    expect(code == 0 and "nothing to do" in err, f"the second deploy: {last_line(err)}")
    code, _, err = account.skysmith(*app, "diff", "--fail")
    expect(code == 0, f"diff: {last_line(err)}")
    found = json.loads(account.skysmith(*app, "outputs", "--json")[1])["object-counter"]
    resources = account.client("cloudformation").list_stack_resources(StackName="object-counter")
    bucket = next(
        item["PhysicalResourceId"]
        for item in resources["StackResourceSummaries"]
        if item["ResourceType"] == "AWS::S3::Bucket"
    )
    account.client("s3").put_object(Bucket=bucket, Key="an object.txt", Body=b"1")
    url = found["Url"].get("local_url") or found["Url"]["value"]
    answer = {}
    for _ in range(60):
        with urllib.request.urlopen(url, timeout=30) as response:
            answer = json.loads(response.read())
        if "an object.txt" in json.dumps(answer):
            break
        time.sleep(1)
    expect("an object.txt" in json.dumps(answer), f"the object was not counted within a minute: {answer}")
    code, _, err = account.skysmith(*app, "destroy", "--yes", "--allow-data-loss")
    expect(code == 0, f"destroy: {last_line(err)}")
    account.stacks.remove("object-counter")


@claim("1", "a helper of the CDK that is replaced in one update takes the notifications with it")
def helper_leaves_at_once(account):
    name = account.name("helper-1")
    account.deploy(name, with_helper(native=False, retained=False))
    bucket = account.value(name, "Bucket")
    expect(notified(account, bucket), "the helper configured nothing")
    account.deploy(name, without_helper())
    expect(not notified(account, bucket), "the notifications are still there")


@claim("1", "one that is first retained, and leaves in a second update, leaves them")
def helper_leaves_in_two_steps(account):
    name = account.name("helper-2")
    account.deploy(name, with_helper(native=False, retained=False))
    bucket = account.value(name, "Bucket")
    account.deploy(name, with_helper(native=True, retained=True))
    account.deploy(name, without_helper())
    expect(notified(account, bucket), "the notifications are gone")


@claim("4", "S3 refuses to notify a topic under the key that AWS manages")
def managed_key(account):
    template = {
        "Resources": {
            **topic_for_buckets(KmsMasterKeyId="alias/aws/sns"),
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "DependsOn": "Policy",
                "Properties": {"NotificationConfiguration": NATIVE},
            },
        }
    }
    # Skysmith says so itself, so this goes past it.
    name = account.name("key")
    account.stacks.append(name)
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 3, "MaxAttempts": 400})
    except botocore.exceptions.WaiterError:
        return
    raise Otherwise("the bucket was made")


@claim("5", "a stack that reads another's output without an export gets its new value with its own next deployment")
def stack_output(account):
    producer, consumer = account.name("producer"), account.name("consumer")

    def produce(text):
        parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": text}}
        outputs = {"Text": {"Value": {"Fn::GetAtt": ["Text", "Value"]}}}
        account.deploy(producer, {"Resources": {"Text": parameter}, "Outputs": outputs})

    def consume():
        read = {"Fn::GetStackOutput": {"StackName": producer, "OutputName": "Text"}}
        parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": read}}
        outputs = {"Text": {"Value": {"Fn::GetAtt": ["Text", "Value"]}}}
        account.deploy(consumer, {"Resources": {"Text": parameter}, "Outputs": outputs})
        return account.value(consumer, "Text")

    produce("one")
    expect(consume() == "one", "the value was not read")
    produce("two")
    expect(consume() == "two", "the consumer still has the old value")


@claim("7", "a change set keeps the value that a parameter of the Systems Manager had; it is not applied once that moved")
def pointer(account):
    name, key = account.name("pointer"), "/" + account.name("pointer")
    ssm = account.client("ssm")
    account.undo.append(lambda: ssm.delete_parameter(Name=key))
    ssm.put_parameter(Name=key, Value="one", Type="String")

    def template(display):
        return {
            "Parameters": {"Pointer": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": key}},
            "Resources": {
                "Copy": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Pointer"}}},
                "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": display}},
            },
        }

    account.deploy(name, template("a"))
    plan = account.name("plan")
    account.deploy(name, template("b"), "--no-execute", "--change-set-name", plan)
    ssm.put_parameter(Name=key, Value="two", Type="String", Overwrite=True)
    code, _, err = account.deploy(name, template("b"), "--change-set", plan, succeeds=False)
    expect(code == 1 and "moved" in err, f"it was applied, or refused for another reason: {last_line(err)}")


@claim("9", "a stack policy that is overridden for one update holds before it and after it")
def stack_policy(account):
    name = account.name("policy")

    def template(topic):
        return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{name}-{topic}"}}}}

    cloudformation = account.client("cloudformation")
    account.deploy(name, template("one"))
    deny = {"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "LogicalResourceId/Topic"}
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    policy = json.dumps({"Statement": [allow, deny]})
    cloudformation.set_stack_policy(StackName=name, StackPolicyBody=policy)

    def update(topic, **more):
        cloudformation.update_stack(StackName=name, TemplateBody=json.dumps(template(topic)), **more)
        while True:
            status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(2)

    expect(update("two").startswith("UPDATE_ROLLBACK"), "the replacement was let through")
    once = json.dumps({"Statement": [allow]})
    expect(update("three", StackPolicyDuringUpdateBody=once) == "UPDATE_COMPLETE", "it was refused all the same")
    expect(update("four").startswith("UPDATE_ROLLBACK"), "the policy is gone after the update")


@claim("12", "an express deployment is over, and cannot be rolled back afterwards")
def express(account):
    name = account.name("express")
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    code, _, err = account.deploy(name, topic, "--express", succeeds=False)
    if code == 2:
        raise NotTried(last_line(err))
    expect(code == 0, f"deploy: {last_line(err)}")
    try:
        account.client("cloudformation").rollback_stack(StackName=name)
    except botocore.exceptions.ClientError:
        return
    raise Otherwise("RollbackStack was accepted")


@claim("-", "a bucket's name that is taken is known before anything is made, and nothing is left of the stack")
def early_validation(account):
    owner, name = account.name("owner"), account.name("taken")
    bucket = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": account.name("bucket")}}}}
    account.deploy(owner, bucket)
    code, _, err = account.deploy(name, bucket, succeeds=False)
    expect(code == 1, "it was deployed")
    try:
        account.client("cloudformation").describe_stacks(StackName=name)
    except botocore.exceptions.ClientError:
        account.stacks.remove(name)
        return
    raise Otherwise(f"the stack is there: {last_line(err)}")


@claim("-", "a role with exactly the policy that `permissions` prints can deploy object-counter and destroy it")
def permissions(account):
    if account.arguments.local:
        raise NotTried("the emulator has tests of its own for this")
    app = ("-C", "apps/object-counter")
    code, out, err = account.skysmith(*app, "permissions", "--json")
    expect(code == 0, f"permissions: {last_line(err)}")
    iam, role = account.client("iam"), account.name("role")
    caller = account.client("sts").get_caller_identity()["Account"]
    trust = {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    account.undo.append(lambda: iam.delete_role(RoleName=role))
    for index, policy in enumerate(policies(json.loads(out))):
        arn = iam.create_policy(PolicyName=f"{role}-{index}", PolicyDocument=json.dumps(policy))["Policy"]["Arn"]
        account.undo.append(lambda arn=arn: iam.delete_policy(PolicyArn=arn))
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        account.undo.append(lambda arn=arn: iam.detach_role_policy(RoleName=role, PolicyArn=arn))
    # IAM tells all its regions in its own time.
    time.sleep(20)
    account.stacks.append("object-counter")
    for words in (("deploy", "--yes"), ("destroy", "--yes", "--allow-data-loss")):
        code, _, err = account.skysmith(*app, *words, role=made["Role"]["Arn"])
        expect(code == 0, f"{words[0]}: {last_line(err)}")
    account.stacks.remove("object-counter")


def policies(node):
    """Every policy document in what `permissions` prints."""
    if isinstance(node, dict) and "Statement" in node:
        return [node]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return [policy for part in parts for policy in policies(part)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skysmith", required=True, help="the program to try")
    parser.add_argument("--root", required=True, help="the root of the checkout")
    parser.add_argument("--profile", default=os.environ.get("AWS_PROFILE"))
    parser.add_argument("--region")
    parser.add_argument("--account", help="the account that may be played with; no other is touched")
    parser.add_argument("--local", metavar="URL", help="an emulator instead of AWS")
    parser.add_argument("--only", metavar="NAME", choices=[name for name, *_ in CLAIMS])
    arguments = parser.parse_args()
    if not arguments.local:
        caller = Account(arguments).client("sts").get_caller_identity()
        if caller["Account"] != arguments.account:
            parser.error(f"the credentials are those of {caller['Arn']}, not of account {arguments.account}")
    rows = []
    for name, rule, text, trial in CLAIMS:
        if arguments.only not in (None, name):
            continue
        print(f"==> {name}: {text}", file=sys.stderr)
        account = Account(arguments)
        begun = time.monotonic()
        try:
            trial(account)
            verdict, words = "as claimed", ""
        except Otherwise as error:
            verdict, words = "otherwise", str(error)
        except NotTried as error:
            verdict, words = "not tried", str(error)
        except Exception as error:
            traceback.print_exc()
            verdict, words = "broke", f"{type(error).__name__}: {error}"
        finally:
            account.clear()
        took = time.monotonic() - begun
        print(f"    {verdict} after {took:.0f} s{': ' if words else ''}{words}", file=sys.stderr)
        rows.append((name, rule, verdict, text, words))
    print("| trial | rule | seen | claim | what happened instead |\n|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |")
    return 0 if all(verdict in ("as claimed", "not tried") for _, _, verdict, *_ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
