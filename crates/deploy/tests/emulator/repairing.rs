//! Stacks that no deployment starts from, and the way out of that.

use skysmith_deploy::{
    DeployOptions, DestroyOptions, Diagnosis, Error, Fate, Outcome, RepairOptions, Session, StackStatus, Trouble,
    is_stateful,
};

use crate::harness::{Log, boto, deploy, deploy_with, session, wanted};
use crate::rolling_back::{QUEUE, failing};

/// A custom resource whose function refuses what its properties say it is to refuse: `{"Refuses":["Update","Delete"]}`.
const HANDLER: &str = r#"
import json, urllib.request
def handler(event, context):
    refused = event['RequestType'] in (event['ResourceProperties'].get('Refuses') or []) + ((event.get('OldResourceProperties') or {}).get('Refuses') or [])
    body = json.dumps({'Status': 'FAILED' if refused else 'SUCCESS', 'Reason': 'the function says no', 'PhysicalResourceId': event.get('PhysicalResourceId') or 'custom',
        'StackId': event['StackId'], 'RequestId': event['RequestId'], 'LogicalResourceId': event['LogicalResourceId'], 'Data': {}}).encode()
    urllib.request.urlopen(urllib.request.Request(event['ResponseURL'], data=body, method='PUT', headers={'content-type': ''}))
"#;

/// The function behind custom resources, made once.
fn handler() -> String {
    static MADE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let code = HANDLER.replace('\\', "\\\\");
        boto(&format!(
            "import io, zipfile
z=io.BytesIO(); a=zipfile.ZipFile(z,'w'); a.writestr('index.py', '''{code}'''); a.close()
r=b('iam').create_role(RoleName='custom', AssumeRolePolicyDocument='{{}}')['Role']['Arn']
print(b('lambda').create_function(FunctionName='custom', Runtime='python3.12', Handler='index.handler', Role=r, Code={{'ZipFile': z.getvalue()}})['FunctionArn'])"
        ))
    });
    MADE.clone()
}

fn custom(id: &str, version: &str, refuses: &str) -> String {
    format!(
        r#""{id}":{{"Type":"Custom::Thing","Properties":{{"ServiceToken":"{}","Version":"{version}","Refuses":{refuses}}}}}"#,
        handler()
    )
}

fn resources(list: &[String]) -> String {
    format!(r#"{{"Resources":{{{}}}}}"#, list.join(","))
}

async fn diagnose(session: &Session, stack: &str) -> Diagnosis {
    session.diagnose(stack, &RepairOptions::default(), &is_stateful).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_rollback_that_is_stuck_passes_over_what_is_in_the_way_and_nothing_else() {
    let session = session().await;
    let queue = |delay: u32| format!(r#""Q":{{"Type":"AWS::SQS::Queue","Properties":{{"DelaySeconds":{delay}}}}}"#);
    let first = resources(&[queue(1), custom("Stuck", "1", "[]"), custom("Fine", "1", "[]")]);
    deploy(&session, &wanted("stuck", &first)).await.unwrap();
    // `Stuck` accepts neither the update nor its way back; `Fine` takes both.
    let second = resources(&[queue(2), custom("Fine", "2", "[]"), custom("Stuck", "2", r#"["Update"]"#)])
        .replace(r#""Stuck":{"#, r#""Stuck":{"DependsOn":["Fine","Q"],"#);
    let Err(Error::Failed(failure)) = deploy(&session, &wanted("stuck", &second)).await else { panic!() };
    assert_eq!(failure.status, StackStatus::UpdateRollbackFailed);

    let diagnosis = diagnose(&session, "stuck").await;
    assert_eq!(diagnosis.trouble, Trouble::RollbackStuck);
    assert_eq!(diagnosis.failed.iter().map(|cause| cause.logical_id.as_str()).collect::<Vec<_>>(), ["Stuck"]);
    let log = Log::default();
    let done = session.repair(&diagnosis, &RepairOptions::default(), &log).await.unwrap();
    assert_eq!((done.status, done.skipped), (Some(StackStatus::UpdateRollbackComplete), vec!["Stuck".to_owned()]));
    let delay = boto(
        "c=b('cloudformation'); q=c.describe_stack_resource(StackName='stuck',LogicalResourceId='Q')['StackResourceDetail']['PhysicalResourceId']
print(b('sqs').get_queue_attributes(QueueUrl=q, AttributeNames=['DelaySeconds'])['Attributes']['DelaySeconds'])",
    );
    assert_eq!(delay, "1");
    assert_eq!(diagnose(&session, "stuck").await.trouble, Trouble::None);
}

#[tokio::test]
async fn a_rollback_whose_obstacle_was_mended_passes_over_nothing() {
    let session = session().await;
    deploy(&session, &wanted("mended", &resources(&[custom("C", "1", "[]")]))).await.unwrap();
    let failed = deploy(&session, &wanted("mended", &resources(&[custom("C", "2", r#"["Update"]"#)]))).await;
    assert!(matches!(failed, Err(Error::Failed(_))));
    let diagnosis = diagnose(&session, "mended").await;
    // The function says yes from now on, to this stack alone.
    let code = HANDLER.replace("refused = ", "refused = '/mended/' not in event['StackId'] and ");
    boto(&format!(
        "import io, zipfile
z=io.BytesIO(); a=zipfile.ZipFile(z,'w'); a.writestr('index.py', '''{code}'''); a.close()
b('lambda').update_function_code(FunctionName='custom', ZipFile=z.getvalue())"
    ));
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!(done.status, Some(StackStatus::UpdateRollbackComplete));
    assert_eq!(done.skipped, Vec::<String>::new());
}

fn bucket(metadata: &str) -> String {
    format!(
        r#""B":{{"Type":"AWS::S3::Bucket",{metadata}"Properties":{{"VersioningConfiguration":{{"Status":"Enabled"}}}}}}"#
    )
}

/// A stack whose deletion has failed at a bucket with one version and one delete marker, behind our back.
async fn half_deleted(session: &Session, name: &str, metadata: &str) -> String {
    let template = resources(&[bucket(metadata), r#""Q":{"Type":"AWS::SQS::Queue"}"#.to_owned()]);
    deploy(session, &wanted(name, &template)).await.unwrap();
    boto(&format!(
        "import time; c=b('cloudformation'); s=b('s3')
n=c.describe_stack_resource(StackName='{name}',LogicalResourceId='B')['StackResourceDetail']['PhysicalResourceId']
s.put_object(Bucket=n, Key='k', Body=b'12345'); s.delete_object(Bucket=n, Key='k')
c.delete_stack(StackName='{name}')
while c.describe_stacks(StackName='{name}')['Stacks'][0]['StackStatus'] != 'DELETE_FAILED': time.sleep(.2)
print(n)"
    ))
}

fn versions(bucket: &str) -> String {
    boto(&format!(
        "print(sum(len(v) for k,v in b('s3').list_object_versions(Bucket='{bucket}').items() if k in ('Versions','DeleteMarkers')))"
    ))
}

#[tokio::test]
async fn a_full_bucket_in_the_way_is_kept_unless_it_may_be_emptied() {
    let session = session().await;
    let name = half_deleted(&session, "blocked", "").await;
    let diagnosis = diagnose(&session, "blocked").await;
    assert_eq!(diagnosis.trouble, Trouble::DeletionStuck);
    assert_eq!(diagnosis.blocking.len(), 1);
    assert_eq!(diagnosis.blocking[0].fate, Fate::Kept);
    assert!(diagnosis.blocking[0].resource.reason.as_deref().unwrap().contains("not empty"));
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!((done.status, &done.emptied), (None, &Vec::new()));
    assert_eq!(done.released[0].arn.as_deref(), Some(format!("arn:aws:s3:::{name}").as_str()));
    assert_eq!(session.stack("blocked").await.unwrap(), None);
    assert_eq!(versions(&name), "2");

    let name = half_deleted(&session, "allowed", "").await;
    let options = RepairOptions { allow_data_loss: true, ..RepairOptions::default() };
    let diagnosis = session.diagnose("allowed", &options, &is_stateful).await.unwrap().unwrap();
    assert_eq!(diagnosis.blocking[0].fate, Fate::Emptied);
    let done = session.repair(&diagnosis, &options, &()).await.unwrap();
    assert_eq!((done.emptied, done.released), (vec![name.clone()], Vec::new()));
    assert_eq!(boto(&format!("print('{name}' in [x['Name'] for x in b('s3').list_buckets()['Buckets']])")), "False");
}

#[tokio::test]
async fn a_marked_bucket_in_the_way_is_emptied() {
    let session = session().await;
    let name = half_deleted(&session, "marked-late", r#""Metadata":{"skysmith:EmptyOnDelete":true},"#).await;
    let diagnosis = diagnose(&session, "marked-late").await;
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!((done.emptied, done.released), (vec![name], Vec::new()));
    assert_eq!(session.stack("marked-late").await.unwrap(), None);
}

#[tokio::test]
async fn what_will_not_go_is_let_go_of_after_one_more_try() {
    let session = session().await;
    let template =
        resources(&[custom("Stubborn", "1", r#"["Delete"]"#), r#""Q":{"Type":"AWS::SQS::Queue"}"#.to_owned()]);
    deploy(&session, &wanted("stubborn", &template)).await.unwrap();
    let inventory = session.inventory("stubborn", &is_stateful).await.unwrap().unwrap();
    let Err(Error::Failed(failure)) = session.destroy(&inventory, &DestroyOptions::default(), &()).await else {
        panic!()
    };
    assert_eq!((failure.status, failure.remaining), (StackStatus::DeleteFailed, vec!["Stubborn".to_owned()]));
    let diagnosis = diagnose(&session, "stubborn").await;
    assert_eq!(diagnosis.blocking[0].fate, Fate::TryAgain);
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    let released: Vec<_> = done.released.iter().map(|released| released.resource.logical_id.as_str()).collect();
    assert_eq!((done.status, released), (None, vec!["Stubborn"]));
    assert_eq!(session.stack("stubborn").await.unwrap(), None);
}

#[tokio::test]
async fn leftovers_of_interrupted_runs_are_removed_and_those_of_others_are_not() {
    let session = session().await;
    let options = DeployOptions { execute: false, ..DeployOptions::default() };
    let log = Log::default();
    assert!(matches!(deploy_with(&session, &wanted("review", QUEUE), &options, &log).await, Ok(Outcome::Planned(_))));
    let diagnosis = diagnose(&session, "review").await;
    assert_eq!((diagnosis.trouble, diagnosis.leftovers.len()), (Trouble::NeverMade, 1));
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!((done.status, done.change_sets.len()), (None, 1));
    assert_eq!(session.stack("review").await.unwrap(), None);

    // A change set on a stack that is well, and one that somebody else made.
    deploy(&session, &wanted("well", QUEUE)).await.unwrap();
    let changed = wanted("well", &QUEUE.replace(":1}", ":2}"));
    assert!(matches!(deploy_with(&session, &changed, &options, &log).await, Ok(Outcome::Planned(_))));
    let template = QUEUE.replace(":1}", ":3}");
    boto(&format!(
        "b('cloudformation').create_change_set(StackName='well', ChangeSetName='mine', TemplateBody='{template}')"
    ));
    let diagnosis = diagnose(&session, "well").await;
    assert_eq!((diagnosis.leftovers.len(), diagnosis.foreign.len()), (1, 1));
    assert!(diagnosis.is_repairable());
    session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    let diagnosis = diagnose(&session, "well").await;
    assert_eq!((diagnosis.leftovers.len(), diagnosis.foreign[0].name.as_str()), (0, "mine"));
    assert!(!diagnosis.is_repairable());
}

#[tokio::test]
async fn a_failed_creation_is_removed_and_what_a_policy_kept_is_named() {
    let session = session().await;
    let template = failing(1).replace(r#""Q":{"#, r#""Q":{"DeletionPolicy":"Retain","#).replace('\n', " ");
    // Without Skysmith's request to remove what a failed creation made, the policy counts.
    boto(&format!(
        "import time; c=b('cloudformation')
c.create_stack(StackName='failed-creation', TemplateBody='''{template}''')
while c.describe_stacks(StackName='failed-creation')['Stacks'][0]['StackStatus'] != 'ROLLBACK_COMPLETE': time.sleep(.2)"
    ));
    let refused = deploy(&session, &wanted("failed-creation", QUEUE)).await;
    let diagnosis = diagnose(&session, "failed-creation").await;
    assert_eq!(diagnosis.trouble, Trouble::CreationFailed);
    let kept: Vec<_> = diagnosis.kept.iter().map(|kept| kept.resource.logical_id.as_str()).collect();
    assert_eq!(kept, ["Q"], "{refused:?}");
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert!(
        done.released[0].arn.as_deref().unwrap().starts_with("arn:aws:sqs:us-east-1:000000000000:failed-creation-Q")
    );
    assert_eq!(session.stack("failed-creation").await.unwrap(), None);
    assert!(matches!(deploy(&session, &wanted("failed-creation", QUEUE)).await.unwrap(), Outcome::Deployed(_)));
}
