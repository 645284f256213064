// A bucket whose notifications are set by the CDK's custom resource at first, and then are its own, with `-c native=true`.
const { App, CfnOutput, RemovalPolicy, Stack } = require('aws-cdk-lib');
const iam = require('aws-cdk-lib/aws-iam');
const s3 = require('aws-cdk-lib/aws-s3');
const notifications = require('aws-cdk-lib/aws-s3-notifications');
const sqs = require('aws-cdk-lib/aws-sqs');

const app = new App();
const stack = new Stack(app, 'leaving');
const isNative = stack.node.tryGetContext('native') === 'true';

const queue = new sqs.Queue(stack, 'Queue');
const bucket = new s3.Bucket(stack, 'Bucket', { removalPolicy: RemovalPolicy.DESTROY });
if (isNative) {
  queue.addToResourcePolicy(new iam.PolicyStatement({
    actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
    principals: [new iam.ServicePrincipal('s3.amazonaws.com')],
    resources: [queue.queueArn],
  }));
  bucket.node.defaultChild.notificationConfiguration = {
    queueConfigurations: [{ event: 's3:ObjectCreated:*', queue: queue.queueArn }],
  };
} else {
  bucket.addEventNotification(s3.EventType.OBJECT_CREATED, new notifications.SqsDestination(queue));
}
new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });
