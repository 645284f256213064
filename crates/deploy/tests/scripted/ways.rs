//! The ways back, judged by what is asked of CloudFormation: which call, with which resources, and a token on every one.

use std::collections::BTreeSet;

use skysmith_deploy::{Diagnosis, RepairOptions, RollbackOptions, Session, StackStatus, Trouble, is_stateful};
use skysmith_scripted::{Aws, Fault, On, Scripted, Stack};

use crate::harness::{TWO, session};

async fn diagnose(session: &Session) -> Diagnosis {
    session.diagnose("app", &RepairOptions::default(), &is_stateful).await.unwrap().unwrap()
}

/// The tokens of these calls: each has its own.
fn tokens(aws: &Aws, operation: &str) -> usize {
    let calls = aws.calls(operation);
    let tokens: BTreeSet<String> = calls.iter().map(|call| call.parameter("ClientRequestToken").to_owned()).collect();
    assert!(tokens.iter().all(|token| token.starts_with("skysmith-")), "{tokens:?}");
    tokens.len()
}

#[tokio::test]
async fn each_status_takes_its_own_call() {
    for (status, operation, end) in [
        ("CREATE_FAILED", "RollbackStack", "ROLLBACK_COMPLETE"),
        ("UPDATE_FAILED", "RollbackStack", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_FAILED", "ContinueUpdateRollback", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "CancelUpdateStack", "UPDATE_ROLLBACK_COMPLETE"),
    ] {
        // Once as it should be, and once with the answer lost: the call must not count as refused then.
        for fault in [None, Some(Fault::lost_answer().on(operation).once())] {
            let is_lost = fault.is_some();
            let aws = Scripted::new().stack(Stack::new("app").status(status).template(TWO)).start();
            if let Some(fault) = fault {
                aws.fault(fault);
            }
            let session = session(&aws).await;
            let stack = session.stack("app").await.unwrap().unwrap();
            let ended = session.roll_back(&stack, &RollbackOptions::default(), &()).await;
            assert_eq!(ended.unwrap().as_str(), end, "{operation}, answer lost: {is_lost}");
            assert_eq!(tokens(&aws, operation), 1, "{operation}, answer lost: {is_lost}");
            let others = ["RollbackStack", "ContinueUpdateRollback", "CancelUpdateStack", "DeleteStack"];
            for other in others.into_iter().filter(|other| *other != operation) {
                assert!(aws.calls(other).is_empty(), "{status}: {other}");
            }
        }
    }
}

#[tokio::test]
async fn a_cancellation_that_comes_too_late_is_told() {
    let aws = Scripted::new().stack(Stack::new("app").status("UPDATE_IN_PROGRESS").template(TWO)).start();
    let session = session(&aws).await;
    let stack = session.stack("app").await.unwrap().unwrap();
    aws.set_status("app", "UPDATE_COMPLETE");
    let ended = session.roll_back(&stack, &RollbackOptions::default(), &()).await.unwrap();
    assert_eq!(ended, StackStatus::UpdateComplete);
}

#[tokio::test]
async fn a_rollback_passes_over_nothing_first_and_then_only_what_failed() {
    let stuck = Stack::new("app")
        .status("UPDATE_ROLLBACK_FAILED")
        .template(TWO)
        .resource("Queue", "UPDATE_FAILED")
        .resource("Topic", "UPDATE_FAILED")
        .fails(On::Rollback, "Queue", "it was deleted by hand");
    let aws = Scripted::new().stack(stuck).start();
    let session = session(&aws).await;
    let diagnosis = diagnose(&session).await;
    assert_eq!(diagnosis.trouble, Trouble::RollbackStuck);
    let failed: Vec<&str> = diagnosis.failed.iter().map(|cause| cause.logical_id.as_str()).collect();
    assert_eq!(failed, ["Queue", "Topic"]);
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!((done.status, done.skipped), (Some(StackStatus::UpdateRollbackComplete), vec!["Queue".to_owned()]));
    let calls = aws.calls("ContinueUpdateRollback");
    let skipped: Vec<Vec<&str>> = calls.iter().map(|call| call.list("ResourcesToSkip")).collect();
    assert_eq!(skipped, [Vec::new(), vec!["Queue"]]);
    assert_eq!(tokens(&aws, "ContinueUpdateRollback"), 2);
}

#[tokio::test]
async fn a_deletion_is_tried_once_more_before_anything_is_let_go_of() {
    for status in ["DELETE_FAILED", "ROLLBACK_FAILED"] {
        let stuck = Stack::new("app").status(status).template(TWO).resource("Topic", "DELETE_FAILED").fails(
            On::Delete,
            "Topic",
            "it is in use",
        );
        let aws = Scripted::new().stack(stuck).start();
        let session = session(&aws).await;
        let diagnosis = diagnose(&session).await;
        assert_eq!((diagnosis.trouble, diagnosis.blocking.len()), (Trouble::DeletionStuck, 1));
        let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
        let released: Vec<&str> = done.released.iter().map(|one| one.resource.logical_id.as_str()).collect();
        assert_eq!((done.status, released), (None, vec!["Topic"]), "{status}");
        let calls = aws.calls("DeleteStack");
        let kept: Vec<Vec<&str>> = calls.iter().map(|call| call.list("RetainResources")).collect();
        assert_eq!(kept, [Vec::new(), vec!["Topic"]], "{status}");
        assert_eq!(tokens(&aws, "DeleteStack"), 2);
        assert_eq!(aws.status("app"), None);
    }
}

#[tokio::test]
async fn what_was_in_the_way_for_a_moment_is_deleted() {
    let stuck = Stack::new("app").status("DELETE_FAILED").template(TWO).resource("Topic", "DELETE_FAILED");
    let aws = Scripted::new().stack(stuck).start();
    let session = session(&aws).await;
    let done = session.repair(&diagnose(&session).await, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!((done.status, done.released), (None, Vec::new()));
    assert_eq!(aws.calls("DeleteStack").len(), 1);
    // Looked at once, before the question, and not again after it.
    assert_eq!((aws.calls("ListStackResources").len(), aws.calls("GetTemplate").len()), (1, 1));
}

#[tokio::test]
async fn what_a_failed_creation_kept_is_named_before_its_stack_goes() {
    let failed = Stack::new("app").status("ROLLBACK_COMPLETE").template(TWO).resource("Queue", "DELETE_SKIPPED");
    let aws = Scripted::new().stack(failed).start();
    let session = session(&aws).await;
    let diagnosis = diagnose(&session).await;
    assert_eq!(diagnosis.trouble, Trouble::CreationFailed);
    let kept: Vec<&str> = diagnosis.kept.iter().map(|one| one.resource.logical_id.as_str()).collect();
    assert_eq!(kept, ["Queue"]);
    let done = session.repair(&diagnosis, &RepairOptions::default(), &()).await.unwrap();
    assert_eq!((done.status, done.released.len()), (None, 1));
    assert_eq!(tokens(&aws, "DeleteStack"), 1);
}

#[tokio::test]
async fn bringing_drift_back_asks_for_a_drift_aware_change_set_and_nothing_new() {
    let template = TWO.replacen('{', r#"{"Parameters":{"P":{"Type":"String"}},"#, 1);
    let stack = Stack::new("app").status("UPDATE_COMPLETE").template(&template).parameter("P", "v").tag("team", "a");
    let aws = Scripted::new().stack(stack).start();
    let session = session(&aws).await;
    let stack = session.stack("app").await.unwrap().unwrap();
    // What comes of it, only AWS can say.
    let _ = session.plan_revert(&stack).await;
    let asked = &aws.calls("CreateChangeSet")[0];
    assert_eq!(asked.parameter("DeploymentMode"), "REVERT_DRIFT");
    assert_eq!((asked.parameter("UsePreviousTemplate"), asked.has("TemplateBody")), ("true", false));
    assert_eq!(asked.pairs("Parameters", "ParameterKey", "UsePreviousValue"), [("P", "true")]);
    assert_eq!(asked.pairs("Tags", "Key", "Value"), [("team", "a")]);
    assert!(asked.parameter("ClientToken").starts_with("skysmith-"));
}
