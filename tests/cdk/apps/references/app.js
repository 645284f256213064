// Several stacks that use each other's values, declared in another order than the one they must be deployed in.
const { App, CfnOutput, CfnParameter, Stack } = require('aws-cdk-lib');
const sns = require('aws-cdk-lib/aws-sns');
const sqs = require('aws-cdk-lib/aws-sqs');
const { SqsSubscription } = require('aws-cdk-lib/aws-sns-subscriptions');
const ssm = require('aws-cdk-lib/aws-ssm');

const app = new App();
const reports = new Stack(app, 'references-reports', { stackName: 'references-reporting' });
const work = new Stack(app, 'references-work');
const base = new Stack(app, 'references-base');
// Depends on none of the others.
const apart = new Stack(app, 'references-apart');

const topic = new sns.Topic(base, 'Topic', { displayName: 'Work to do' });

const dead = new sqs.Queue(work, 'Dead');
const queue = new sqs.Queue(work, 'Queue', { deadLetterQueue: { queue: dead, maxReceiveCount: 3 } });
topic.addSubscription(new SqsSubscription(queue));
new CfnOutput(work, 'QueueUrl', { value: queue.queueUrl });

// By reference to the one, by order alone after the other.
new ssm.StringParameter(reports, 'Topic', { parameterName: '/references/topic', stringValue: topic.topicArn });
new CfnOutput(reports, 'TopicName', { value: topic.topicName, exportName: 'references-topic-name' });
reports.addStackDependency(work, 'reports are made of what work leaves');

const size = new CfnParameter(apart, 'Size', { type: 'Number', default: 3, minValue: 1 });
new ssm.StringParameter(apart, 'Apart', { parameterName: '/references/apart', stringValue: size.valueAsString });
new CfnOutput(apart, 'SizeNow', { value: size.valueAsString });
