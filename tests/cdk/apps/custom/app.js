// Custom resources backed by functions, in Python and in JavaScript, and nested stacks that pass values both ways.
const path = require('path');
const { App, CfnOutput, CustomResource, Duration, NestedStack, Stack } = require('aws-cdk-lib');
const lambda = require('aws-cdk-lib/aws-lambda');
const sns = require('aws-cdk-lib/aws-sns');
const ssm = require('aws-cdk-lib/aws-ssm');

const app = new App();
const stack = new Stack(app, 'custom');

const provider = new lambda.Function(stack, 'Provider', {
  runtime: lambda.Runtime.PYTHON_3_13,
  code: lambda.Code.fromAsset(path.join(__dirname, 'functions/fortune')),
  handler: 'fortune.handler',
  timeout: Duration.seconds(20),
});
const fortune = new CustomResource(stack, 'Fortune', {
  serviceToken: provider.functionArn,
  resourceType: 'Custom::Fortune',
  properties: { Seed: 'seven' },
});

class Inner extends NestedStack {
  constructor(scope, id, props) {
    super(scope, id, props);
    this.topic = new sns.Topic(this, 'Topic');
    new ssm.StringParameter(this, 'Parameter', { parameterName: '/custom/fortune', stringValue: props.fortune });
    const deepest = new NestedStack(this, 'Deepest');
    new ssm.StringParameter(deepest, 'Topic', { parameterName: '/custom/topic', stringValue: this.topic.topicArn });
  }
}
const inner = new Inner(stack, 'Inner', { fortune: fortune.getAttString('Fortune') });

const shouter = new lambda.Function(stack, 'Shouter', {
  runtime: lambda.Runtime.NODEJS_22_X,
  code: lambda.Code.fromAsset(path.join(__dirname, 'functions/shout')),
  handler: 'shout.handler',
  timeout: Duration.seconds(20),
});
const shouted = new CustomResource(stack, 'Shouted', {
  serviceToken: shouter.functionArn,
  properties: { Text: fortune.getAttString('Fortune') },
});

new CfnOutput(stack, 'Told', { value: fortune.getAttString('Fortune') });
new CfnOutput(stack, 'Loud', { value: shouted.getAttString('Loud') });
new CfnOutput(stack, 'TopicName', { value: inner.topic.topicName });
