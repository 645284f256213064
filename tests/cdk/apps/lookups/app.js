// Asks for values from the account while it runs.
const { App, Stack } = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ssm = require('aws-cdk-lib/aws-ssm');

const app = new App();
const stack = new Stack(app, 'lookups', { env: { account: '123456789012', region: 'eu-west-1' } });
const vpc = ec2.Vpc.fromLookup(stack, 'Vpc', { vpcName: 'shared' });
new ssm.StringParameter(stack, 'Zones', { stringValue: vpc.availabilityZones.join() });
new ssm.StringParameter(stack, 'Copy', { stringValue: ssm.StringParameter.valueFromLookup(stack, '/shared/url') });
