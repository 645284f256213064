// Container images: one with everything that can be said of a build, one that two stacks share, one that a command makes. Each role is taken with words of its own.
const path = require('path');
const { App, CfnOutput, DefaultStackSynthesizer, Stack } = require('aws-cdk-lib');
const { DockerCacheOption, DockerImageAsset, NetworkMode, Platform } = require('aws-cdk-lib/aws-ecr-assets');
const { Asset } = require('aws-cdk-lib/aws-s3-assets');
const sqs = require('aws-cdk-lib/aws-sqs');

const tagged = (use) => ({ Tags: [{ Key: 'Use', Value: use }, { Key: 'Team', Value: 'pictures' }] });
const synthesizer = () =>
  new DefaultStackSynthesizer({
    deployRoleExternalId: 'to-deploy',
    deployRoleAdditionalOptions: tagged('deploy'),
    fileAssetPublishingExternalId: 'to-publish',
    fileAssetPublishingRoleAdditionalOptions: { ...tagged('files'), TransitiveTagKeys: ['Team'] },
    imageAssetPublishingExternalId: 'to-push',
    imageAssetPublishingRoleAdditionalOptions: { ...tagged('images'), RoleSessionName: 'pusher' },
    lookupRoleExternalId: 'to-look',
    lookupRoleAdditionalOptions: tagged('lookup'),
  });

const app = new App();
const first = new Stack(app, 'images-first', { synthesizer: synthesizer() });
const second = new Stack(app, 'images-second', { synthesizer: synthesizer() });
second.addDependency(first);

const shared = (stack) => new DockerImageAsset(stack, 'Shared', { directory: path.join(__dirname, 'small'), displayName: 'Shared' });
const large = new DockerImageAsset(first, 'Large', {
  directory: path.join(__dirname, 'large'),
  file: 'Other.dockerfile',
  target: 'final',
  platform: Platform.LINUX_ARM64,
  networkMode: NetworkMode.HOST,
  buildArgs: { ZONE: 'b', A: 'two words', EMPTY: '' },
  buildContexts: { more: '../more', image: 'docker-image://alpine' },
  buildSecrets: { token: 'src=token.txt', other: 'env=OTHER' },
  buildSsh: 'default',
  outputs: ['type=local,dest=out', 'type=registry'],
  cacheFrom: [{ type: 'registry', params: { ref: 'example.org/cache:1' } }, { type: 'gha' }],
  cacheTo: { type: 'registry', params: { ref: 'example.org/cache:2', mode: 'max' } },
  cacheDisabled: true,
});
const made = first.synthesizer.addDockerImageAsset({
  sourceHash: '9f2c7d1e9f2c7d1e9f2c7d1e9f2c7d1e9f2c7d1e9f2c7d1e9f2c7d1e9f2c7d1e',
  executable: ['sh', '-c', 'docker build --tag made-here . >&2 && echo noise >&2 && echo made-here'],
});
new Asset(first, 'File', { path: path.join(__dirname, 'made/words.txt') });
for (const stack of [first, second]) {
  new sqs.Queue(stack, 'Queue');
  new CfnOutput(stack, 'SharedUri', { value: shared(stack).imageUri });
}
new CfnOutput(first, 'LargeUri', { value: large.imageUri });
new CfnOutput(first, 'MadeUri', { value: made.imageUri });
