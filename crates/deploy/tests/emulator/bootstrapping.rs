//! The bootstrap's stack, and the bucket in it or beside it.

use std::collections::BTreeSet;

use skysmith_deploy::permissions::{self, MANAGED_POLICY_LIMIT, Place, Provisioner, Use};
use skysmith_deploy::{Bootstrap, BootstrapOptions, DeployedStack, Event, Outcome, Session, Wanted};

use crate::harness::{Log, boto, deploy, session, wanted};

async fn plan(session: &Session, options: &BootstrapOptions) -> (Wanted, Option<String>) {
    match session.bootstrap(options, &()).await.unwrap() {
        Bootstrap::Stack { wanted, left } => (*wanted, left),
        other => panic!("{other:?}"),
    }
}

async fn deployed(session: &Session, wanted: &Wanted) -> Box<DeployedStack> {
    match deploy(session, wanted).await.unwrap() {
        Outcome::Deployed(stack) => stack,
        other => panic!("{other:?}"),
    }
}

async fn resources(session: &Session, stack: &DeployedStack) -> Vec<String> {
    let mut ids: Vec<String> =
        session.resources(&stack.stack_id).await.unwrap().into_iter().map(|resource| resource.logical_id).collect();
    ids.sort();
    ids
}

fn with_roles() -> BootstrapOptions {
    let mut options = BootstrapOptions::default();
    options.execution_policies = vec!["arn:aws:iam::aws:policy/PowerUserAccess".into()];
    options.trust = vec!["210987654321".into(), "310987654321".into()];
    options
}

#[tokio::test]
async fn a_bootstrap_is_made_changed_and_taken_away() {
    let session = session().await.in_region("eu-central-1");
    let bucket = "skysmith-assets-000000000000-eu-central-1-an";
    let (wanted, left) = plan(&session, &BootstrapOptions::default()).await;
    assert_eq!(left, None);
    let stack = deployed(&session, &wanted).await;
    assert!(stack.termination_protection);
    assert_eq!(resources(&session, &stack).await, ["AssetBucket", "AssetBucketPolicy"]);
    // Nothing is left for the first need to do.
    let log = Log::default();
    assert_eq!(session.check_bucket(&log).await.unwrap(), bucket);
    assert!(!log.events().iter().any(|event| matches!(event, Event::MakingBucket { .. })));
    let settings = boto(&format!(
        "s=b('s3'); n='{bucket}'
print(all(s.get_public_access_block(Bucket=n)['PublicAccessBlockConfiguration'].values()), s.get_bucket_versioning(Bucket=n)['Status'],
  'aws:SecureTransport' in s.get_bucket_policy(Bucket=n)['Policy'],
  [sorted(k for k in r if 'Expiration' in k or 'Abort' in k) for r in s.get_bucket_lifecycle_configuration(Bucket=n)['Rules']])"
    ));
    assert_eq!(settings, "True Enabled True [['AbortIncompleteMultipartUpload', 'NoncurrentVersionExpiration']]");

    // Again: nothing to do. With roles: they come. Without saying so again: they stay.
    let (wanted, _) = plan(&session, &BootstrapOptions::default()).await;
    assert!(matches!(deploy(&session, &wanted).await.unwrap(), Outcome::Unchanged(_)));
    let (wanted, left) = plan(&session, &with_roles()).await;
    assert_eq!(left, None);
    let stack = deployed(&session, &wanted).await;
    assert_eq!(resources(&session, &stack).await, ["AssetBucket", "AssetBucketPolicy", "DeployRole", "ExecutionRole"]);
    let trusted = boto(
        "print(b('iam').get_role(RoleName='skysmith-deploy-eu-central-1')['Role']['AssumeRolePolicyDocument']['Statement'][0]['Principal']['AWS'])",
    );
    assert_eq!(trusted, "['000000000000', '210987654321', '310987654321']");
    let (wanted, _) = plan(&session, &BootstrapOptions::default()).await;
    assert!(matches!(deploy(&session, &wanted).await.unwrap(), Outcome::Unchanged(_)));

    assert!(session.remove_bootstrap(&BootstrapOptions::default(), &()).await.unwrap());
    assert!(!session.remove_bootstrap(&BootstrapOptions::default(), &()).await.unwrap());
    assert_eq!(session.stack("skysmith-bootstrap").await.unwrap(), None);
    match session.bootstrap(&BootstrapOptions::default(), &()).await.unwrap() {
        Bootstrap::OnlyBucket { bucket: found } => assert_eq!(found, bucket, "it has outlived the stack"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_bucket_that_is_there_stays_outside() {
    let session = session().await.in_region("eu-central-2");
    let bucket = session.check_bucket(&()).await.unwrap();
    let mut options = with_roles();
    options.qualifier = Some("team".into());
    let (wanted, left) = plan(&session, &options).await;
    assert_eq!(left, Some(bucket));
    let stack = deployed(&session, &wanted).await;
    assert_eq!(stack.stack_name, "skysmith-bootstrap-team");
    assert_eq!(resources(&session, &stack).await, ["DeployRole", "ExecutionRole"]);
    let role = stack.outputs.iter().find(|output| output.name == "DeployRoleArn").unwrap();
    assert!(role.value.ends_with(":role/skysmith-team-deploy-eu-central-2"), "{}", role.value);
}

#[tokio::test]
async fn roles_with_the_rights_that_an_app_needs() {
    let session = session().await.in_region("eu-south-1");
    let template = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":"only-this"}}}}"#;
    let uses = BTreeSet::from([Use::Deploy, Use::Destroy]);
    let place = Place::new(Some("eu-south-1"), Some("000000000000"));
    let (policy, _) = permissions::execution_role(&[wanted("rights", template)], &place, &uses);
    let mut options = BootstrapOptions::default();
    options.policies = policy.split(MANAGED_POLICY_LIMIT);
    let (bootstrap, _) = plan(&session, &options).await;
    let stack = deployed(&session, &bootstrap).await;
    let expected = ["AssetBucket", "AssetBucketPolicy", "DeployRole", "ExecutionPolicy1", "ExecutionRole"];
    assert_eq!(resources(&session, &stack).await, expected);
    let attached = boto(
        "i=b('iam'); a=[p['PolicyArn'] for p in i.list_attached_role_policies(RoleName='skysmith-execution-eu-south-1')['AttachedPolicies']]
v=i.get_policy_version(PolicyArn=a[0], VersionId=i.get_policy(PolicyArn=a[0])['Policy']['DefaultVersionId'])['PolicyVersion']['Document']
print(len(a), 'sqs:CreateQueue' in json.dumps(v), 'only-this' in json.dumps(v))",
    );
    assert_eq!(attached, "1 True True");
    let (again, _) = plan(&session, &BootstrapOptions::default()).await;
    assert!(matches!(deploy(&session, &again).await.unwrap(), Outcome::Unchanged(_)), "what is not said again stays");
}

/// What people take the role for: a deployment with the role that CloudFormation takes.
#[test]
fn the_role_to_deploy_with_may_do_what_a_deployment_calls() {
    let text = skysmith_deploy::BOOTSTRAP_TEMPLATE;
    let template = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"},"T":{"Type":"AWS::DynamoDB::Table"},"B":{"Type":"AWS::S3::Bucket"}}}"#;
    let place = Place::new(Some("us-east-1"), Some("000000000000"));
    let uses = BTreeSet::from([Use::Look, Use::Drift, Use::Deploy, Use::Repair, Use::Destroy]);
    let (policy, _) = permissions::caller(
        &[wanted("may", template)],
        &place,
        &uses,
        Provisioner::Role("arn:aws:iam::000000000000:role/x"),
    );
    let document = policy.document().to_json();
    let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_action = |word: &&str| {
        let parts = word.split_once(':');
        parts.is_some_and(|(service, name)| is_name(service) && is_name(name) && name != "PassedToService")
    };
    let actions: BTreeSet<&str> = document.split('"').filter(is_action).collect();
    assert!(actions.len() > 10);
    for action in actions {
        assert!(text.contains(&format!("\"{action}\"")), "the role lacks {action}");
    }
}
