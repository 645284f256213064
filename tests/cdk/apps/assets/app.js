// File assets: a folder that is a function's code, a file that is read by its place in the bucket, and a large template.
const path = require('path');
const { App, CfnOutput, Duration, RemovalPolicy, Stack } = require('aws-cdk-lib');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const lambda = require('aws-cdk-lib/aws-lambda');
const { Asset } = require('aws-cdk-lib/aws-s3-assets');
const ssm = require('aws-cdk-lib/aws-ssm');

const app = new App();
const stack = new Stack(app, 'assets', { description: 'A stack with files', tags: { project: 'assets' } });

const words = new Asset(stack, 'Words', { path: path.join(__dirname, 'words.txt') });
const table = new dynamodb.Table(stack, 'Table', {
  partitionKey: { name: 'word', type: dynamodb.AttributeType.STRING },
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  removalPolicy: RemovalPolicy.DESTROY,
});
const handler = new lambda.Function(stack, 'Handler', {
  runtime: lambda.Runtime.PYTHON_3_13,
  code: lambda.Code.fromAsset(path.join(__dirname, 'function')),
  handler: 'greet.handler',
  timeout: Duration.seconds(10),
  environment: { GREETING: app.node.tryGetContext('greeting') ?? 'no context', TABLE_NAME: table.tableName },
});
table.grantReadData(handler);
words.grantRead(handler);

// Enough of them that the template is too large to go along with a call, whose limit is 51,200 bytes.
for (let index = 0; index < 60; index++) {
  new ssm.StringParameter(stack, `Parameter${index}`, {
    parameterName: `/assets/${index}`,
    stringValue: `${index}: ${'x'.repeat(700)}`,
  });
}

new CfnOutput(stack, 'Function', { value: handler.functionName });
new CfnOutput(stack, 'WordsUrl', { value: words.s3ObjectUrl });
