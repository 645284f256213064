// object-counter with the AWS CDK's own constructs: the same names, functions and parameters as apps/object-counter, so
// that `cargo xtask bench` deploys the same application with both.
//
// What the CDK adds by itself, such as the helper function for the bucket's notifications, is left as it is: that is the
// comparison. What Skysmith adds by itself, log groups with retention and TLS-only policies, is not added here by hand.

const fs = require('node:fs');
const path = require('node:path');
const { App, CfnOutput, Duration, RemovalPolicy, Stack } = require('aws-cdk-lib');
const apigateway = require('aws-cdk-lib/aws-apigateway');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const lambda = require('aws-cdk-lib/aws-lambda');
const s3 = require('aws-cdk-lib/aws-s3');
const { SnsDestination } = require('aws-cdk-lib/aws-s3-notifications');
const sns = require('aws-cdk-lib/aws-sns');
const { LambdaSubscription } = require('aws-cdk-lib/aws-sns-subscriptions');

const root = process.env.OBJECT_COUNTER_ROOT;
if (!root) {
  throw new Error('OBJECT_COUNTER_ROOT must name the root of the checkout');
}

const parameters = Object.fromEntries(
  fs
    .readFileSync(path.join(root, 'params/config.properties'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split('=').map((part) => part.trim())),
);
const named = (key) => parameters.Prefix + parameters[key];

const app = new App();
const stack = new Stack(app, 'object-counter-cdk', {
  description: 'Counts how often each object of a bucket is created and removed',
});

const table = new dynamodb.Table(stack, 'Table', {
  partitionKey: { name: 'bucket', type: dynamodb.AttributeType.STRING },
  sortKey: { name: 'object', type: dynamodb.AttributeType.STRING },
  tableName: named('DBTableName'),
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  stream: dynamodb.StreamViewType.NEW_IMAGE,
  timeToLiveAttribute: 'expires',
  removalPolicy: RemovalPolicy.DESTROY,
});

const pythonFunction = (id, folder, handler) =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.PYTHON_3_13,
    code: lambda.Code.fromAsset(path.join(root, 'apps/object-counter', folder)),
    handler,
    memorySize: 256,
    timeout: Duration.seconds(25),
    environment: { TABLE_NAME: table.tableName },
  });
const count = pythonFunction('Count', 'functions/count', 'count.handler');
const report = pythonFunction('Report', 'functions/report', 'report.handler');
table.grant(count, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
table.grant(report, 'dynamodb:Scan');

const changes = new sns.Topic(stack, 'Changes', { topicName: named('SNSTopicName'), displayName: 'Object changes' });
changes.addSubscription(new LambdaSubscription(count));

const objects = new s3.Bucket(stack, 'Objects', {
  bucketName: named('BucketName'),
  versioned: true,
  cors: [{ allowedMethods: [s3.HttpMethods.GET], allowedOrigins: ['*'] }],
  removalPolicy: RemovalPolicy.DESTROY,
});
objects.addEventNotification(s3.EventType.OBJECT_CREATED, new SnsDestination(changes));
objects.addEventNotification(s3.EventType.OBJECT_REMOVED, new SnsDestination(changes));

const api = new apigateway.RestApi(stack, 'Api', {
  restApiName: named('ApiGatewayName'),
  // As in every project that `cdk init` makes.
  cloudWatchRole: false,
});
const resource = api.root.addResource('count');
resource.addMethod('GET', new apigateway.LambdaIntegration(report));

new CfnOutput(stack, 'Url', { value: api.urlForPath('/count'), description: 'The counts, as JSON' });
