//! Assets and large templates on their way to the bucket.

use skysmith_assembly::{Assembly, AssemblyWriter, AssetContent, StackArtifact};
use skysmith_deploy::{DeployOptions, Error, Event, Outcome, Wanted};

use crate::harness::{Log, boto, deploy, deploy_with, scratch, session, wanted};
use crate::recorder::Recorder;

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

/// An assembly with one stack of each name, all with these assets.
fn stacks(folder: &str, names: &[&str], assets: &[(&str, AssetContent)]) -> Vec<Wanted> {
    let folder = scratch(folder).join("cdk.out");
    let mut writer = AssemblyWriter::new(&folder).unwrap();
    for (hash, content) in assets {
        writer.asset(hash, None, content).unwrap();
    }
    for name in names {
        let artifact = StackArtifact {
            id: (*name).to_owned(),
            stack_name: (*name).to_owned(),
            assets: assets.iter().map(|(hash, _)| (*hash).to_owned()).collect(),
            ..StackArtifact::default()
        };
        writer.stack(artifact, br#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#).unwrap();
    }
    writer.finish().unwrap();
    let assembly = Assembly::read(&folder).unwrap();
    names.iter().map(|name| Wanted::read(assembly.stack(name).unwrap().clone()).unwrap()).collect()
}

fn bytes(length: usize) -> AssetContent {
    AssetContent::Bytes((0..length).map(|index| (index % 251) as u8).collect(), ".bin".into())
}

#[tokio::test]
async fn stacks_that_are_deployed_at_once_share_what_they_have_in_common() {
    let recorder = Recorder::new(|_| None);
    let session = recorder.session("eu-north-1").await;
    let hash = "5a".repeat(32);
    let wanted = stacks("shared", &["shared-a", "shared-b", "shared-c"], &[(&hash, bytes(700_000))]);
    let log = Log::default();
    let options = DeployOptions { execute: false, ..DeployOptions::default() };
    let deploy = |wanted| deploy_with(&session, wanted, &options, &log);
    let (a, b, c) = tokio::join!(deploy(&wanted[0]), deploy(&wanted[1]), deploy(&wanted[2]));
    for outcome in [a, b, c] {
        assert!(matches!(outcome.unwrap(), Outcome::Planned(_)));
    }
    let count = |is: fn(&Event) -> bool| log.events().iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::MakingBucket { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::Uploading { bytes: 700_000, .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::Uploaded { .. })), 1);

    // Every call says whose the bucket must be, but for the one that makes it. Every object has its checksum, and takes no other's place.
    let requests = recorder.requests();
    for request in requests.iter().filter(|request| request.is_s3()) {
        let makes_bucket = request.method == "PUT" && request.path.trim_end_matches('/').ends_with("-an");
        let owner = request.header("x-amz-expected-bucket-owner");
        assert_eq!(owner, (!makes_bucket).then_some("000000000000"), "{} {}", request.method, request.path);
    }
    let puts: Vec<_> = requests
        .iter()
        .filter(|request| {
            request.method == "PUT"
                && request.path.contains("-an/")
                && request.header("x-amz-checksum-sha256").is_some()
        })
        .collect();
    let assets: Vec<_> = puts.iter().filter(|put| put.path.contains(&hash)).collect();
    assert_eq!(assets.len(), 1);
    assert_eq!(assets[0].header("if-none-match"), Some("*"));
    assert_eq!(assets[0].body.len(), 700_000, "sent as it is, in one piece");
    assert_eq!(puts.len(), 1 + 3, "and the template of each stack, by which it is known later what was in use");
    assert!(puts.iter().all(|put| put.header("x-amz-checksum-sha256").is_some_and(|sum| sum.len() == 44)));
}

#[tokio::test]
async fn a_bucket_that_has_gone_is_made_again() {
    let session = session().await.in_region("eu-west-2");
    let log = Log::default();
    let publish = async |folder: &str, hash: &str| {
        let wanted = stacks(folder, &[folder], &[(hash, bytes(100))]);
        session.publish(&wanted[0].stack, &log).await.unwrap();
    };
    publish("gone-a", "aa01").await;
    let bucket = "skysmith-assets-000000000000-eu-west-2-an";
    boto(&format!(
        "import boto3
s=boto3.resource('s3', endpoint_url=b('s3').meta.endpoint_url, region_name='eu-west-2', aws_access_key_id='test', aws_secret_access_key='test').Bucket('{bucket}')
s.object_versions.delete(); s.delete()"
    ));
    publish("gone-b", "bb02").await;
    let made = log.events().iter().filter(|event| matches!(event, Event::MakingBucket { .. })).count();
    assert_eq!(made, 2);
    let state = format!(
        "s=b('s3'); print(s.get_bucket_versioning(Bucket='{bucket}')['Status'], s.list_objects_v2(Bucket='{bucket}')['KeyCount'])"
    );
    assert_eq!(boto(&state), "Enabled 1");
}

#[tokio::test]
async fn what_another_run_sent_meanwhile_is_left_alone() {
    let key = format!("{}.bin", "c3".repeat(32));
    let head = format!("/{BUCKET}/{key}");
    let recorder = Recorder::new(move |request| {
        let misses = request.method == "HEAD" && request.path == head;
        misses.then(|| "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned())
    });
    let session = recorder.session("us-east-1").await;
    let theirs = stacks("theirs", &["theirs"], &[(&"c3".repeat(32), bytes(10))]);
    session.publish(&theirs[0].stack, &()).await.unwrap();
    let ours = stacks("ours", &["ours"], &[(&"c3".repeat(32), bytes(20))]);
    let session = recorder.session("us-east-1").await;
    session.publish(&ours[0].stack, &()).await.unwrap();
    assert_eq!(boto(&format!("print(b('s3').head_object(Bucket='{BUCKET}', Key='{key}')['ContentLength'])")), "10");
}

#[tokio::test]
async fn a_bucket_of_another_account_is_not_used() {
    let recorder = Recorder::new(|request| {
        let is_asked = request.path.starts_with("/skysmith-assets-000000000000-eu-west-3-an");
        let is_refused = is_asked && request.header("x-amz-expected-bucket-owner").is_some();
        let (status, words) =
            ("HTTP/1.1 403 Forbidden", "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
        let words = if request.method == "HEAD" { "" } else { words };
        let length = words.len();
        is_refused
            .then(|| format!("{status}\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{words}"))
    });
    let session = recorder.session("eu-west-3").await;
    let wanted = stacks("others", &["others"], &[("0a0b", bytes(10))]);
    // It is closed, and nobody can tell why.
    let denied = session.publish(&wanted[0].stack, &()).await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDenied"), "{denied}");
    // It is open to all but with the question whose it is.
    boto(
        "b('s3').create_bucket(Bucket='skysmith-assets-000000000000-eu-west-3-an', CreateBucketConfiguration={'LocationConstraint': 'eu-west-3'})",
    );
    match session.publish(&wanted[0].stack, &()).await {
        Err(Error::ForeignBucket { bucket }) => assert_eq!(bucket, "skysmith-assets-000000000000-eu-west-3-an"),
        other => panic!("{other:?}"),
    }
    assert!(recorder.requests().iter().all(|request| request.method != "PUT"));
}
