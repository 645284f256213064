//! Assets and large templates on their way to the bucket.

use skysmith_assembly::{Assembly, AssemblyWriter, AssetContent, StackArtifact};
use skysmith_deploy::{DeployOptions, Error, Event, Outcome, Wanted};

use crate::harness::{Log, boto, deploy, deploy_with, scratch, session, wanted};

const BUCKET: &str = "skysmith-assets-000000000000-us-east-1-an";

#[tokio::test]
async fn assets_go_to_a_bucket_made_on_first_need() {
    let session = session().await;
    let folder = scratch("assets");
    std::fs::create_dir_all(folder.join("code")).unwrap();
    std::fs::write(folder.join("code/index.py"), "def handler(event, context):\n    return 'hello'\n").unwrap();
    let mut writer = AssemblyWriter::new(folder.join("cdk.out")).unwrap();
    writer.asset("0123abcd", Some("Handler"), &AssetContent::Directory(folder.join("code"))).unwrap();
    writer.asset("4567", None, &AssetContent::Bytes(b"text".to_vec(), ".txt".into())).unwrap();
    let template = r#"{"Resources":{
        "R":{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}}},
        "F":{"Type":"AWS::Lambda::Function","Properties":{"Runtime":"python3.13","Handler":"index.handler","Role":{"Fn::GetAtt":["R","Arn"]},
        "Code":{"S3Bucket":{"Fn::Sub":"skysmith-assets-${AWS::AccountId}-${AWS::Region}-an"},"S3Key":"0123abcd.zip"}}}},"Outputs":{"Name":{"Value":{"Ref":"F"}}}}"#;
    let artifact = StackArtifact {
        id: "assets".into(),
        stack_name: "assets".into(),
        assets: vec!["0123abcd".into(), "4567".into()],
        ..StackArtifact::default()
    };
    writer.stack(artifact, template.as_bytes()).unwrap();
    writer.finish().unwrap();
    let stack = Assembly::read(folder.join("cdk.out")).unwrap().stack("assets").unwrap().clone();
    let wanted = Wanted::read(stack).unwrap();
    let log = Log::default();
    let Outcome::Deployed(made) = deploy_with(&session, &wanted, &DeployOptions::default(), &log).await.unwrap() else {
        panic!()
    };
    let count = |log: &Log| log.events().iter().filter(|event| matches!(event, Event::Uploaded { .. })).count();
    assert_eq!(count(&log), 2);
    let answer = boto(&format!(
        "print(b('lambda').invoke(FunctionName='{}')['Payload'].read().decode())",
        made.outputs[0].value
    ));
    assert_eq!(answer, "\"hello\"");

    let settings = boto(&format!(
        "s=b('s3'); n='{BUCKET}'
print(s.get_public_access_block(Bucket=n)['PublicAccessBlockConfiguration'] == dict.fromkeys(['BlockPublicAcls','IgnorePublicAcls','BlockPublicPolicy','RestrictPublicBuckets'], True),
  s.get_bucket_versioning(Bucket=n)['Status'], 'aws:SecureTransport' in s.get_bucket_policy(Bucket=n)['Policy'],
  s.get_bucket_encryption(Bucket=n)['ServerSideEncryptionConfiguration']['Rules'][0]['ApplyServerSideEncryptionByDefault']['SSEAlgorithm'],
  [sorted(k for k in r if 'Expiration' in k or 'Abort' in k) for r in s.get_bucket_lifecycle_configuration(Bucket=n)['Rules']],
  s.head_object(Bucket=n, Key='0123abcd.zip', ChecksumMode='ENABLED').get('ChecksumSHA256') is not None, s.get_object(Bucket=n, Key='4567.txt')['Body'].read())"
    ));
    assert_eq!(
        settings,
        "True Enabled True AES256 [['AbortIncompleteMultipartUpload', 'NoncurrentVersionExpiration']] True b'text'"
    );

    // Another change: what is there is not sent again.
    std::fs::write(&wanted.stack.template_file, template.replace("python3.13", "python3.12")).unwrap();
    let log = Log::default();
    let changed = Wanted::read(wanted.stack.clone()).unwrap();
    assert!(matches!(
        deploy_with(&session, &changed, &DeployOptions::default(), &log).await.unwrap(),
        Outcome::Deployed(_)
    ));
    assert_eq!(count(&log), 0);
}

#[tokio::test]
async fn a_large_template_goes_through_the_bucket() {
    let session = session().await;
    let padding = "x".repeat(60_000);
    let template =
        format!(r#"{{"Metadata":{{"Padding":"{padding}"}},"Resources":{{"Q":{{"Type":"AWS::SQS::Queue"}}}}}}"#);
    let Outcome::Deployed(made) = deploy(&session, &wanted("large", &template)).await.unwrap() else { panic!() };
    assert_eq!(session.resources(&made.stack_id).await.unwrap().len(), 1);
    assert!(matches!(deploy(&session, &wanted("large", &template)).await.unwrap(), Outcome::Unchanged(_)));
}

#[tokio::test]
async fn other_buckets_are_not_made() {
    let session = session().await;
    let folder = scratch("foreign");
    std::fs::write(
        folder.join("manifest.json"),
        r#"{"version":"36.0.0","artifacts":{"s.assets":{"type":"cdk:asset-manifest","properties":{"file":"s.assets.json"}},
        "foreign":{"type":"aws:cloudformation:stack","dependencies":["s.assets"],"properties":{"templateFile":"t.json"}}}}"#,
    )
    .unwrap();
    std::fs::write(
        folder.join("s.assets.json"),
        r#"{"version":"36.0.0","files":{"t":{"source":{"path":"t.json","packaging":"file"},"destinations":{"d":{"bucketName":"cdk-hnb659fds-assets-${AWS::AccountId}-us-east-1","objectKey":"t.json"}}}}}"#,
    )
    .unwrap();
    std::fs::write(folder.join("t.json"), r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#).unwrap();
    let stack = || Wanted::read(Assembly::read(&folder).unwrap().stacks[0].clone()).unwrap();
    let Err(Error::NoBucket { bucket }) = deploy(&session, &stack()).await else { panic!() };
    assert_eq!(bucket, "cdk-hnb659fds-assets-000000000000-us-east-1");
    boto(&format!("b('s3').create_bucket(Bucket='{bucket}')"));
    assert!(matches!(deploy(&session, &stack()).await.unwrap(), Outcome::Deployed(_)));
    assert_eq!(boto(&format!("print(b('s3').list_objects_v2(Bucket='{bucket}')['Contents'][0]['Key'])")), "t.json");
}
