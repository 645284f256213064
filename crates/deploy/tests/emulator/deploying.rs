//! From nothing to a stack, and on.

use std::time::{Duration, SystemTime};

use skysmith_deploy::{
    ChangeAction, DataLoss, DeployOptions, Endpoint, Error, Event, ImportedResource, LossKind, Outcome, Plan,
    Replacement, ResourceStatus, Session, SessionOptions, StackStatus,
};

use crate::harness::{Log, boto, deploy, deploy_with, session, wanted};

const QUEUE: &str = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"VisibilityTimeout":30}}},"Outputs":{"Url":{"Value":{"Ref":"Q"},"Description":"where"}}}"#;

/// Fails after its timeout: nobody ever sends the signal.
fn with_wait(seconds: u32, extra: &str) -> String {
    format!(
        r#"{{"Resources":{{"H":{{"Type":"AWS::CloudFormation::WaitConditionHandle"}},"W":{{"Type":"AWS::CloudFormation::WaitCondition","Properties":{{"Handle":{{"Ref":"H"}},"Timeout":"{seconds}"}}}}{extra}}}}}"#
    )
}

#[tokio::test]
async fn create_no_op_update() {
    let session = session().await;
    let log = Log::default();
    let stack = wanted("plain", QUEUE).with_tags([("team".to_owned(), "a".to_owned())]);
    let start = std::time::Instant::now();
    let Outcome::Deployed(made) = deploy_with(&session, &stack, &DeployOptions::default(), &log).await.unwrap() else {
        panic!()
    };
    eprintln!("creation of one queue: {} calls, {:?}", session.api_calls(), start.elapsed());
    assert!(session.api_calls() <= 12, "{}", session.api_calls());
    assert_eq!(made.status, StackStatus::CreateComplete);
    assert_eq!(made.tags["team"], "a");
    assert_eq!(made.outputs[0].name, "Url");
    assert_eq!(made.outputs[0].description.as_deref(), Some("where"));
    assert_eq!(session.outputs("plain").await.unwrap(), made.outputs);
    let progress: Vec<_> = log
        .events()
        .into_iter()
        .filter_map(|event| if let Event::Progress(event) = event { Some(event) } else { None })
        .collect();
    assert!(progress.iter().any(|event| event.logical_id == "Q" && event.status == ResourceStatus::CreateComplete));
    assert!(progress.last().unwrap().is_stack);

    let before = session.api_calls();
    let Outcome::Unchanged(same) = deploy(&session, &stack).await.unwrap() else { panic!() };
    assert_eq!(same.outputs, made.outputs);
    assert_eq!(session.api_calls() - before, 2, "one call for the stack and one for its template");

    let changed = wanted("plain", &QUEUE.replace("30", "31")).with_tags([("team".to_owned(), "a".to_owned())]);
    let Outcome::Deployed(updated) = deploy(&session, &changed).await.unwrap() else { panic!() };
    assert_eq!(updated.status, StackStatus::UpdateComplete);
    assert_eq!(updated.stack_id, made.stack_id);
    let retagged = wanted("plain", &QUEUE.replace("30", "31")).with_tags([("team".to_owned(), "b".to_owned())]);
    assert!(matches!(deploy(&session, &retagged).await.unwrap(), Outcome::Deployed(_) | Outcome::Unchanged(_)));
}

#[tokio::test]
async fn a_plan_is_a_value() {
    let session = session().await;
    deploy(&session, &wanted("planned", QUEUE)).await.unwrap();
    let changed = wanted(
        "planned",
        &QUEUE
            .replace("30", "31")
            .replace(r#""Outputs""#, r#""Parameters":{},"Outputs""#)
            .replace(r#"{"Q""#, r#"{"T":{"Type":"AWS::SNS::Topic"},"Q""#),
    );
    let options = DeployOptions { execute: false, ..DeployOptions::default() };
    let Outcome::Planned(plan) = deploy_with(&session, &changed, &options, &Log::default()).await.unwrap() else {
        panic!()
    };
    let change = |id: &str| plan.changes.iter().find(|change| change.logical_id == id).unwrap().clone();
    assert_eq!(change("T").action, ChangeAction::Add);
    assert_eq!((change("Q").action, change("Q").replacement), (ChangeAction::Modify, Replacement::Never));
    assert_eq!(change("Q").details[0].name.as_deref(), Some("VisibilityTimeout"));
    let stack = session.execute(*plan, &()).await.unwrap();
    assert_eq!(stack.status, StackStatus::UpdateComplete);
}

#[tokio::test]
async fn what_is_declined_leaves_nothing() {
    let session = session().await;
    let stack = wanted("declined", QUEUE);
    let decline = |_: &Plan, _: &[DataLoss]| false;
    assert!(matches!(
        session.deploy(&stack, &DeployOptions::default(), &decline, &()).await,
        Err(Error::Declined { .. })
    ));
    assert_eq!(session.stack("declined").await.unwrap(), None);
    // What a run that was killed leaves behind is taken up.
    boto(&format!(
        "b('cloudformation').create_change_set(StackName='declined', ChangeSetName='left', ChangeSetType='CREATE', TemplateBody='''{QUEUE}''')"
    ));
    assert_eq!(session.stack("declined").await.unwrap().unwrap().status, StackStatus::ReviewInProgress);
    assert!(matches!(deploy(&session, &stack).await.unwrap(), Outcome::Deployed(_)));
}

#[tokio::test]
async fn a_failed_creation_says_why_and_is_made_anew() {
    let session = session().await;
    let failing = with_wait(1, r#","Q":{"Type":"AWS::SQS::Queue"}"#);
    let Err(Error::Failed(failure)) = deploy(&session, &wanted("failing", &failing)).await else { panic!() };
    assert_eq!(failure.status, StackStatus::RollbackComplete);
    let cause = failure.cause.unwrap();
    assert_eq!((cause.logical_id.as_str(), cause.resource_type.as_str()), ("W", "AWS::CloudFormation::WaitCondition"));
    assert!(cause.reason.contains("timed out"), "{}", cause.reason);
    let log = Log::default();
    let Outcome::Deployed(stack) =
        deploy_with(&session, &wanted("failing", QUEUE), &DeployOptions::default(), &log).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(stack.status, StackStatus::CreateComplete);
    assert_ne!(stack.stack_id, failure.stack_id);
    assert!(log.events().iter().any(|event| matches!(event, Event::DeletingFailedStack { .. })));
}

#[tokio::test]
async fn a_failed_update_is_rolled_back_and_says_why() {
    let session = session().await;
    deploy(&session, &wanted("updating", QUEUE)).await.unwrap();
    let bad = with_wait(1, r#","Q":{"Type":"AWS::SQS::Queue","Properties":{"VisibilityTimeout":40}}"#);
    let Err(Error::Failed(failure)) = deploy(&session, &wanted("updating", &bad)).await else { panic!() };
    assert_eq!(failure.status, StackStatus::UpdateRollbackComplete);
    assert_eq!(failure.cause.unwrap().logical_id, "W");
    // The rolled-back stack has the old template; whether that is what is wanted, only a change set tells.
    assert!(matches!(deploy(&session, &wanted("updating", QUEUE)).await.unwrap(), Outcome::Unchanged(_)));
    assert!(matches!(
        deploy(&session, &wanted("updating", &QUEUE.replace("30", "41"))).await.unwrap(),
        Outcome::Deployed(_)
    ));
}

#[tokio::test]
async fn two_deployments_of_one_stack() {
    let session = session().await;
    let slow = wanted("busy", &with_wait(4, ""));
    let first = tokio::spawn({
        let (session, slow) = (session.clone(), slow.clone());
        async move { deploy(&session, &slow).await }
    });
    loop {
        match session.stack("busy").await.unwrap() {
            Some(stack) if stack.status == StackStatus::CreateInProgress => break,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    // The second follows what the first began, and goes on from what that left.
    let log = Log::default();
    let second = deploy_with(&session, &wanted("busy", QUEUE), &DeployOptions::default(), &log).await.unwrap();
    assert!(matches!(second, Outcome::Deployed(_)));
    assert!(matches!(first.await.unwrap(), Err(Error::Failed(_))));
    let followed = log.events().into_iter().find_map(|event| match event {
        Event::FollowingEarlier { status, since, .. } => Some((status, since)),
        _ => None,
    });
    let (status, since) = followed.unwrap();
    assert_eq!(status, StackStatus::CreateInProgress);
    assert!(since.unwrap().elapsed().unwrap() < Duration::from_secs(60));
}

#[tokio::test]
async fn somebody_else_is_deploying() {
    let session = session().await;
    let slow = with_wait(4, "");
    boto(&format!(
        "b('cloudformation').create_stack(StackName='theirs', TemplateBody='''{slow}''', ClientRequestToken='Console-CreateStack-1')"
    ));
    let Err(Error::Busy { status, operation, .. }) = deploy(&session, &wanted("theirs", QUEUE)).await else { panic!() };
    assert_eq!(status, StackStatus::CreateInProgress);
    let operation = operation.unwrap();
    assert_eq!((operation.by(), operation.is_ours()), (Some("the AWS console"), false));
    assert!(operation.since.is_some());
}

#[tokio::test]
async fn it_is_over_soon_after_the_last_event() {
    let session = session().await;
    let log = Log::default();
    let before = session.api_calls();
    let result = deploy_with(&session, &wanted("prompt", &with_wait(6, "")), &DeployOptions::default(), &log).await;
    let end = SystemTime::now();
    assert!(matches!(result, Err(Error::Failed(_))));
    let last = log
        .events()
        .into_iter()
        .rev()
        .find_map(|event| if let Event::Progress(event) = event { event.time } else { None })
        .unwrap();
    let late = end.duration_since(last).unwrap();
    let calls = session.api_calls() - before;
    eprintln!("over {late:?} after the last event, {calls} calls in 6 s");
    // The longest pause is one second; the machine may be busy.
    assert!(late < Duration::from_millis(1800), "{late:?}");
    assert!(calls <= 40, "{calls}");
}

const TABLE: &str = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"},"T":{"Type":"AWS::DynamoDB::Table",POLICY"Properties":{"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"KEY","AttributeType":"S"}],"KeySchema":[{"AttributeName":"KEY","KeyType":"HASH"}]}}}}"#;

fn table(key: &str, policy: &str) -> String {
    TABLE.replace("KEY", key).replace("POLICY", policy)
}

#[tokio::test]
async fn data_is_not_lost_unasked() {
    let session = session().await;
    deploy(&session, &wanted("data", &table("a", ""))).await.unwrap();
    let without = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#;
    for (template, kind) in [(without.to_owned(), LossKind::Removed), (table("b", ""), LossKind::MayBeReplaced)] {
        let Err(Error::Refused { losses, .. }) = deploy(&session, &wanted("data", &template)).await else { panic!() };
        assert_eq!((losses[0].logical_id.as_str(), losses[0].kind, losses[0].kept), ("T", kind, false));
    }
    let left = boto("print(len(b('cloudformation').list_change_sets(StackName='data')['Summaries']))");
    assert_eq!(left, "1", "the refused change sets are gone, the executed one stays");
    assert_eq!(session.stack("data").await.unwrap().unwrap().status, StackStatus::CreateComplete);

    // Kept by the deployed template's policy: nothing is lost, so nothing is refused.
    deploy(&session, &wanted("data", &table("a", r#""DeletionPolicy":"Retain","#))).await.unwrap();
    assert!(matches!(deploy(&session, &wanted("data", without)).await.unwrap(), Outcome::Deployed(_)));
    assert_eq!(
        boto("print(len([t for t in b('dynamodb').list_tables()['TableNames'] if t.startswith('data-T')]))"),
        "1"
    );

    deploy(&session, &wanted("data", &table("a", ""))).await.unwrap();
    let allowed = DeployOptions { allow_data_loss: true, ..DeployOptions::default() };
    assert!(matches!(
        deploy_with(&session, &wanted("data", without), &allowed, &Log::default()).await.unwrap(),
        Outcome::Deployed(_)
    ));
}

#[tokio::test]
async fn parameters() {
    let session = session().await;
    let template = r#"{"Parameters":{"Seconds":{"Type":"Number"},"Name":{"Type":"String","Default":"x"}},"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"VisibilityTimeout":{"Ref":"Seconds"}}}}}"#;
    let Err(Error::MissingParameters { parameters, .. }) = deploy(&session, &wanted("params", template)).await else {
        panic!()
    };
    assert_eq!(parameters, ["Seconds"]);
    assert_eq!(session.stack("params").await.unwrap(), None);
    let with = |seconds: &str| wanted("params", template).with_parameters([("Seconds".to_owned(), seconds.to_owned())]);
    deploy(&session, &with("20")).await.unwrap();
    // Not given: the value before stays.
    assert!(matches!(deploy(&session, &wanted("params", template)).await.unwrap(), Outcome::Unchanged(_)));
    let changed = wanted(
        "params",
        &template.replace("\"x\"", "\"y\"").replace(r#""Ref":"Seconds"}"#, r#""Ref":"Seconds"},"DelaySeconds":1"#),
    );
    let Outcome::Deployed(stack) = deploy(&session, &changed).await.unwrap() else { panic!() };
    assert_eq!(stack.parameters["Seconds"], "20");
    assert_eq!(stack.parameters["Name"], "y", "an old default gives way to the new one");
    let Outcome::Deployed(stack) = deploy(&session, &with("25")).await.unwrap() else { panic!() };
    assert_eq!(stack.parameters["Seconds"], "25");
}

#[tokio::test]
async fn capabilities_are_acknowledged_where_needed() {
    let session = session().await;
    let role = r#"{"Resources":{"R":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"skysmith-named","AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}}}}}"#;
    assert!(matches!(deploy(&session, &wanted("roles", role)).await.unwrap(), Outcome::Deployed(_)));
    let given = boto("print(b('cloudformation').describe_stacks(StackName='roles')['Stacks'][0]['Capabilities'])");
    assert_eq!(given, "['CAPABILITY_NAMED_IAM']");
}

#[tokio::test]
async fn the_environment_must_fit() {
    let real = Session::connect(&SessionOptions {
        endpoint: Endpoint::Local("http://10.1.2.3:4566".into()),
        ..SessionOptions::default()
    })
    .await;
    assert!(matches!(real, Err(Error::NotLoopback { .. })));
    let session = session().await;
    let mut stack = wanted("elsewhere", QUEUE);
    stack.stack.environment = "aws://123456789012/eu-west-1".parse().unwrap();
    let there = session.for_stack(&stack.stack, &()).await.unwrap();
    assert_eq!(there.region(), "eu-west-1", "the stack's own region is used; a local AWS has only one account");
    let Outcome::Deployed(made) = deploy(&there, &stack).await.unwrap() else { panic!() };
    assert!(made.stack_id.starts_with("arn:aws:cloudformation:eu-west-1:"), "{}", made.stack_id);
}

#[tokio::test]
async fn nobody_there_is_known_at_once() {
    let start = std::time::Instant::now();
    let options =
        SessionOptions { endpoint: Endpoint::Local("http://127.0.0.1:9".into()), ..SessionOptions::default() };
    let Err(Error::Unreachable { endpoint, .. }) = Session::connect(&options).await else { panic!() };
    assert_eq!(endpoint.as_deref(), Some("http://127.0.0.1:9"));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let start = std::time::Instant::now();
    let options = SessionOptions {
        profile: Some("skysmith-no-such-profile".into()),
        region: Some("eu-central-1".into()),
        ..SessionOptions::default()
    };
    let result = Session::connect(&options).await;
    assert!(matches!(result, Err(Error::NoCredentials { .. } | Error::BadCredentials { .. })), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn existing_resources_are_imported() {
    let session = session().await;
    boto("b('s3').create_bucket(Bucket='was-there-before')");
    let template = r#"{"Resources":{"B":{"Type":"AWS::S3::Bucket","DeletionPolicy":"Retain","Properties":{"BucketName":"was-there-before"}}}}"#;
    let mut stack = wanted("imported", template);
    stack.imports.push(ImportedResource {
        logical_id: "B".into(),
        resource_type: "AWS::S3::Bucket".into(),
        identifier: [("BucketName".to_owned(), "was-there-before".to_owned())].into(),
    });
    let Outcome::Deployed(made) = deploy(&session, &stack).await.unwrap() else { panic!() };
    assert_eq!(made.status, StackStatus::ImportComplete);
    stack.imports.clear();
    assert!(matches!(deploy(&session, &stack).await.unwrap(), Outcome::Unchanged(_)));
}
