"""An application in Python: a stage with a queue, a function and a nested stack, and what the context says."""

from pathlib import Path

from aws_cdk import App, CfnOutput, Duration, NestedStack, RemovalPolicy, Stack, Stage
from aws_cdk import aws_lambda, aws_logs, aws_sqs, aws_ssm
from aws_cdk.aws_lambda_event_sources import SqsEventSource

HERE = Path(__file__).parent


class Mail(Stack):
    def __init__(self, scope, id):
        super().__init__(scope, id)
        self.letters = aws_sqs.Queue(self, "Letters", visibility_timeout=Duration.seconds(30))
        handler = aws_lambda.Function(
            self,
            "Sort",
            runtime=aws_lambda.Runtime.PYTHON_3_13,
            code=aws_lambda.Code.from_asset(str(HERE / "function")),
            handler="sort.handler",
            log_group=aws_logs.LogGroup(
                self,
                "Log",
                retention=aws_logs.RetentionDays.TWO_WEEKS,
                removal_policy=RemovalPolicy.DESTROY,
            ),
            environment={
                "COLOUR": self.node.try_get_context("colour"),
                "DAYS": str(self.node.try_get_context("retention")),
            },
        )
        handler.add_event_source(SqsEventSource(self.letters))
        inner = NestedStack(self, "Inner")
        aws_ssm.StringParameter(inner, "Url", parameter_name="/python/letters", string_value=self.letters.queue_url)
        CfnOutput(self, "Function", value=handler.function_name)


class Post(Stack):
    def __init__(self, scope, id, mail):
        super().__init__(scope, id)
        aws_ssm.StringParameter(self, "Queue", parameter_name="/python/queue", string_value=mail.letters.queue_name)
        CfnOutput(self, "QueueName", value=mail.letters.queue_name)


app = App()
stage = Stage(app, "Office")
mail = Mail(stage, "Mail")
Post(stage, "Post", mail)
app.synth()
