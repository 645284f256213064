//! `gc` from end to end: what a deployed stack, an earlier template, a change set or a pointer needs stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use skysmith_assembly::{Assembly, AssemblyWriter, AssetContent, StackArtifact};
use skysmith_deploy::{AssetFate, DeployOptions, Error, GcOptions, GcPlan, Outcome, Wanted};

use crate::harness::{Log, boto, deploy, deploy_with, scratch, wanted};
use crate::recorder::Recorder;

const REGION: &str = "ap-south-1";
const BUCKET: &str = "skysmith-assets-000000000000-ap-south-1-an";

fn hash(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// boto3 in the test's region: `c` makes a client.
fn there(code: &str) -> String {
    let prelude = format!(
        "c=lambda service: boto3.client(service, endpoint_url=b('s3').meta.endpoint_url, region_name='{REGION}', aws_access_key_id='test', aws_secret_access_key='test')"
    );
    boto(&format!("{prelude}\n{code}"))
}

/// Makes everything look as if it had been sent long ago, but for what has a 9 in its key: the emulator has no other time than now.
fn aged(answer: &str) -> String {
    let mut parts = answer.split("<Contents>");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("<Contents>");
        match part.split_once("<LastModified>") {
            Some((before, after)) if !part.contains("9999") => {
                text.push_str(&format!("{before}<LastModified>2001{}", &after[4..]));
            }
            _ => text.push_str(part),
        }
    }
    text.replace("\"imagePushedAt\": 17", "\"imagePushedAt\": 10")
}

/// A stack with one asset, whose template says so.
fn with_asset(name: &str, asset: &str) -> Wanted {
    let folder = scratch(&format!("gc-{name}-{}", &asset[..1])).join("cdk.out");
    let mut writer = AssemblyWriter::new(&folder).unwrap();
    writer.asset(asset, None, &AssetContent::Bytes(asset.as_bytes().to_vec(), ".zip".into())).unwrap();
    let template = format!(
        r#"{{"Resources":{{"Q":{{"Type":"AWS::SQS::Queue","Metadata":{{"Code":"{asset}.zip"}},"Properties":{{"DelaySeconds":{}}}}}}}}}"#,
        asset.as_bytes()[0]
    );
    let artifact = StackArtifact {
        id: name.into(),
        stack_name: name.into(),
        assets: vec![asset.into()],
        ..StackArtifact::default()
    };
    writer.stack(artifact, template.as_bytes()).unwrap();
    writer.finish().unwrap();
    Wanted::read(Assembly::read(&folder).unwrap().stack(name).unwrap().clone()).unwrap()
}

fn fate(plan: &GcPlan, key: &str) -> AssetFate {
    let found = plan.stored.iter().find(|(one, _)| one.key == key || one.tags.iter().flatten().any(|tag| tag == key));
    found.unwrap_or_else(|| panic!("{key} is not stored")).1
}

#[tokio::test]
async fn only_what_nothing_refers_to_is_removed() {
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let refusal =
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not this one</Message></Error></ErrorResponse>";
    let recorder = Recorder::rewriting(
        move |request| {
            let is_asked = String::from_utf8_lossy(&request.body).contains("Action=GetTemplate");
            let length = refusal.len();
            (is_asked && closed.load(Ordering::Relaxed))
                .then(|| format!("HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{refusal}"))
        },
        aged,
    );
    let session = recorder.session(REGION).await;
    let options = GcOptions::default();
    let nothing = session.plan_gc(&options, &()).await.unwrap();
    assert!(nothing.places.is_empty() && nothing.stored.is_empty());

    // `a` is deployed, `e` was before it, `f` is planned.
    for asset in ['e', 'a'] {
        assert!(matches!(deploy(&session, &with_asset("gc-used", &hash(asset))).await.unwrap(), Outcome::Deployed(_)));
    }
    let only_plan = DeployOptions { execute: false, ..DeployOptions::default() };
    let planned = deploy_with(&session, &with_asset("gc-planned", &hash('f')), &only_plan, &Log::default()).await;
    assert!(matches!(planned.unwrap(), Outcome::Planned(_)));
    // What others put there: `b` is used by nobody, `c` by a pointer, `d` by what the pointer was before, `0` by a parameter, `9` is new.
    there(&format!(
        "s=c('s3')
for d in 'bcd09': s.put_object(Bucket='{BUCKET}', Key=d*64+'.zip', Body=b'x'*1000)
s.put_object(Bucket='{BUCKET}', Key='readme.txt', Body=b'x')
p=c('ssm')
for d in 'dc': p.put_parameter(Name='/app/code', Type='String', Value='s3://x/'+d*64+'.zip', Overwrite=True)
p.put_parameter(Name='/app/other', Type='String', Value='nothing')"
    ));
    let template = r#"{"Parameters":{"Code":{"Type":"String"}},"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#;
    let by_parameter =
        wanted("gc-parameter", template).with_parameters([("Code".to_owned(), format!("{}.zip", hash('0')))]);
    assert!(matches!(deploy(&session, &by_parameter).await.unwrap(), Outcome::Deployed(_)));

    let plan = session.plan_gc(&options, &()).await.unwrap();
    for (digit, expected) in [
        ('a', AssetFate::InUse),
        ('b', AssetFate::Removed),
        ('c', AssetFate::InUse),
        ('d', AssetFate::InUse),
        ('e', AssetFate::InUse),
        ('f', AssetFate::InUse),
        ('0', AssetFate::InUse),
        ('9', AssetFate::Young),
    ] {
        assert_eq!(fate(&plan, &format!("{}.zip", hash(digit))), expected, "{digit}");
    }
    assert_eq!(fate(&plan, "readme.txt"), AssetFate::NotOurs);
    let templates: Vec<_> =
        plan.stored.iter().filter(|(one, _)| one.template_of().is_some()).map(|(_, fate)| *fate).collect();
    assert_eq!(templates, [AssetFate::Previous; 3]);
    assert_eq!((plan.removed().count(), plan.stacks), (1, 3));

    // One template that cannot be read might be the one that needs it.
    is_closed.store(true, Ordering::Relaxed);
    assert_eq!(session.plan_gc(&options, &()).await.unwrap_err().code(), Some("AccessDenied"));
    is_closed.store(false, Ordering::Relaxed);

    // A deployment in between may count on what is about to go.
    assert!(matches!(
        deploy(&session, &wanted("gc-between", r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#)).await.unwrap(),
        Outcome::Deployed(_)
    ));
    assert!(matches!(session.collect(&plan, &()).await, Err(Error::MovedOn)));

    let plan = session.plan_gc(&options, &()).await.unwrap();
    session.collect(&plan, &()).await.unwrap();
    let left = there(&format!(
        "s=c('s3'); k=[o['Key'] for o in s.list_objects_v2(Bucket='{BUCKET}')['Contents']]
print(''.join(sorted(x[0] for x in k if x.endswith('.zip'))), 'readme.txt' in k, len(s.list_object_versions(Bucket='{BUCKET}', Prefix='b'*64).get('Versions', [])))"
    ));
    assert_eq!(left, "09acdef True 1", "an older version is left for a while");
    assert_eq!(session.plan_gc(&options, &()).await.unwrap().removed().count(), 0);
}

#[tokio::test]
async fn images_of_a_cdk_bootstrap() {
    let recorder = Recorder::rewriting(|_| None, aged);
    let session = recorder.session("ap-south-2").await;
    let repository = "cdk-q-container-assets-000000000000-ap-south-2";
    let put = format!(
        "e=boto3.client('ecr', endpoint_url=b('s3').meta.endpoint_url, region_name='ap-south-2', aws_access_key_id='test', aws_secret_access_key='test'); r='{repository}'"
    );
    boto(&format!(
        "{put}
e.create_repository(repositoryName=r)
for d in 'ab': e.put_image(repositoryName=r, imageManifest=json.dumps({{'x': d}}), imageTag=d*64)
e.put_image(repositoryName=r, imageManifest='{{}}', imageTag='latest')"
    ));
    let template = format!(
        r#"{{"Resources":{{"Q":{{"Type":"AWS::SQS::Queue","Metadata":{{"Image":"{repository}:{}"}}}}}}}}"#,
        hash('a')
    );
    assert!(matches!(deploy(&session, &wanted("gc-images", &template)).await.unwrap(), Outcome::Deployed(_)));
    let mut options = GcOptions::default();
    options.cdk_qualifier = Some("q".into());
    let plan = session.plan_gc(&options, &()).await.unwrap();
    assert_eq!(plan.places, [repository]);
    let fates = [hash('a'), hash('b'), "latest".to_owned()].map(|tag| fate(&plan, &tag));
    assert_eq!(fates, [AssetFate::InUse, AssetFate::Removed, AssetFate::NotOurs]);
    session.collect(&plan, &()).await.unwrap();
    let left = boto(&format!(
        "{put}\nprint(sorted(i['imageTags'][0][:6] for i in e.describe_images(repositoryName=r)['imageDetails']))"
    ));
    assert_eq!(left, "['aaaaaa', 'latest']");
}
