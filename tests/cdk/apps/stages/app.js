// Stages: each is an assembly in the assembly, with stacks of the same ids, references between them, and shared assets.
const path = require('path');
const { App, CfnOutput, RemovalPolicy, Stack, Stage, Tags } = require('aws-cdk-lib');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');
const sqs = require('aws-cdk-lib/aws-sqs');

class Service extends Stage {
  constructor(scope, id, props) {
    super(scope, id, props);
    const data = new Stack(this, 'Data');
    const queue = new sqs.Queue(data, 'Queue', { fifo: true });

    const api = new Stack(this, 'Api', { terminationProtection: props.protect });
    const logGroup = new logs.LogGroup(api, 'Log', { removalPolicy: RemovalPolicy.DESTROY });
    const handler = new lambda.Function(api, 'Handler', {
      runtime: lambda.Runtime.NODEJS_22_X,
      code: lambda.Code.fromAsset(path.join(__dirname, 'function')),
      handler: 'index.handler',
      environment: { QUEUE_URL: queue.queueUrl, STAGE: id },
      logGroup,
    });
    queue.grantSendMessages(handler);
    new CfnOutput(api, 'Function', { value: handler.functionName });
    Tags.of(this).add('stage', id);
  }
}

const app = new App();
// Placeholders for account and region in one stage, known ones in the other.
new Service(app, 'Dev', {});
new Service(app, 'Live', { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
const watch = new Stack(app, 'stages-watch');
new logs.LogGroup(watch, 'Log', { removalPolicy: RemovalPolicy.DESTROY, retention: logs.RetentionDays.ONE_WEEK });
