//! Calls that fail.

use std::time::Instant;

use skysmith_deploy::{DeployOptions, DestroyOptions, Error, Event, Outcome, is_stateful};

use crate::harness::{Faults, Log, deploy, deploy_with, wanted};

const QUEUE: &str = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#;

#[tokio::test]
async fn throttling_of_every_second_call() {
    let faults = Faults::new(
        r#"[{"service":"cloudformation","probability":0.5,"error":{"code":"Throttling","message":"Rate exceeded"}}]"#,
    );
    let session = faults.session().await;
    let start = Instant::now();
    assert!(matches!(deploy(&session, &wanted("throttled", QUEUE)).await.unwrap(), Outcome::Deployed(_)));
    let inventory = session.inventory("throttled", &is_stateful).await.unwrap().unwrap();
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &()).await.unwrap());
    eprintln!("throttled at 50 %: {} calls, {:?}", session.api_calls(), start.elapsed());
}

#[tokio::test]
async fn connections_cut_once_in_every_operation() {
    let rules: Vec<String> = [
        "DescribeStacks",
        "CreateChangeSet",
        "DescribeChangeSet",
        "ExecuteChangeSet",
        "DescribeStackEvents",
        "DeleteStack",
        "GetTemplate",
    ]
    .iter()
    .map(|operation| format!(r#"{{"service":"cloudformation","operation":"{operation}","times":1,"reset":true}}"#))
    .collect();
    let faults = Faults::new(&format!("[{}]", rules.join(",")));
    let session = faults.session().await;
    assert!(matches!(deploy(&session, &wanted("cut", QUEUE)).await.unwrap(), Outcome::Deployed(_)));
    let inventory = session.inventory("cut", &is_stateful).await.unwrap().unwrap();
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &()).await.unwrap());
}

#[tokio::test]
async fn answers_lost_once_in_every_mutation() {
    let rules: Vec<String> = ["CreateChangeSet", "ExecuteChangeSet", "DeleteStack", "DeleteChangeSet"]
        .iter()
        .map(|operation| {
            format!(
                r#"{{"service":"cloudformation","operation":"{operation}","times":1,"response":{{"abort_bytes":10}}}}"#
            )
        })
        .collect();
    let faults = Faults::new(&format!("[{}]", rules.join(",")));
    let session = faults.session().await;
    assert!(matches!(deploy(&session, &wanted("lost", QUEUE)).await.unwrap(), Outcome::Deployed(_)));
    let changed = wanted("lost", &QUEUE.replace("}}}", r#","Properties":{"DelaySeconds":3}}}}"#));
    let decline = |_: &skysmith_deploy::Plan, _: &[skysmith_deploy::DataLoss]| false;
    let declined = session.deploy(&changed, &DeployOptions::default(), &decline, &()).await;
    assert!(matches!(declined, Err(Error::Declined { .. })), "{declined:?}");
    let inventory = session.inventory("lost", &is_stateful).await.unwrap().unwrap();
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &()).await.unwrap());
    assert_eq!(session.stack("lost").await.unwrap(), None);
}

#[tokio::test]
async fn a_watch_that_fails_fails_no_deployment() {
    let faults = Faults::new(
        r#"[{"service":"cloudformation","operation":"DescribeStackEvents","error":{"code":"AccessDenied","message":"not allowed to look"}}]"#,
    );
    let session = faults.session().await;
    let log = Log::default();
    let wait = r#"{"Resources":{"H":{"Type":"AWS::CloudFormation::WaitConditionHandle"},"W":{"Type":"AWS::CloudFormation::WaitCondition","Properties":{"Handle":{"Ref":"H"},"Timeout":"2"}}}}"#;
    let Err(Error::Failed(failure)) =
        deploy_with(&session, &wanted("blind", wait), &DeployOptions::default(), &log).await
    else {
        panic!()
    };
    assert_eq!(failure.status.as_str(), "ROLLBACK_COMPLETE");
    assert_eq!(failure.cause, None);
    assert_eq!(log.events().iter().filter(|event| matches!(event, Event::Warning { .. })).count(), 1);
}

#[tokio::test]
async fn refused_credentials_are_told_apart() {
    for (code, expired) in [("ExpiredToken", true), ("InvalidClientTokenId", false)] {
        let faults = Faults::new(&format!(r#"[{{"service":"sts","error":{{"code":"{code}","message":"words"}}}}]"#));
        let options = skysmith_deploy::SessionOptions {
            endpoint: skysmith_deploy::Endpoint::Local(Faults::url().to_owned()),
            ..Default::default()
        };
        match skysmith_deploy::Session::connect(&options).await {
            Err(Error::CredentialsExpired(error)) if expired => assert_eq!(error.message, "words"),
            Err(Error::CredentialsRefused(error)) if !expired => assert_eq!(error.code, code),
            other => panic!("{other:?}"),
        }
        drop(faults);
    }
}
