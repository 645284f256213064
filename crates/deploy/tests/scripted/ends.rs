//! How operations end, and what is said of it.

use skysmith_deploy::Outcome;
use skysmith_scripted::{On, Scripted, Stack};

use crate::harness::{TWO, deploy, failure, session, wanted};

#[tokio::test]
async fn creation_no_op_update_and_requests() {
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    let made = deploy(&session, &wanted("plain", TWO)).await.unwrap();
    assert!(matches!(made, Outcome::Deployed(_)));
    assert_eq!(aws.status("plain").as_deref(), Some("CREATE_COMPLETE"));
    let create = &aws.calls("CreateChangeSet")[0];
    assert_eq!(create.parameter("ChangeSetType"), "CREATE");
    assert!(create.has("ClientToken"));
    let execute = &aws.calls("ExecuteChangeSet")[0];
    assert!(execute.has("ClientRequestToken"));
    assert_eq!(execute.parameter("RetainExceptOnCreate"), "true");
    assert!(matches!(deploy(&session, &wanted("plain", TWO)).await.unwrap(), Outcome::Unchanged(_)));
    let changed = TWO.replace(r#"Queue""#, r#"Queue","Properties":{"DelaySeconds":3}"#).replacen(
        "\"Queue\",\"Properties\":{\"DelaySeconds\":3}:",
        "\"Queue\":",
        1,
    );
    assert!(matches!(deploy(&session, &wanted("plain", &changed)).await.unwrap(), Outcome::Deployed(_)));
    assert_eq!(aws.status("plain").as_deref(), Some("UPDATE_COMPLETE"));
}

#[tokio::test]
async fn the_cause_and_not_the_cancellations() {
    let aws =
        Scripted::new().stack(Stack::new("app").fails(On::Create, "Topic", "name taken").cancels("Queue")).start();
    let session = session(&aws).await;
    let failure = failure(&session, &wanted("app", TWO)).await;
    assert_eq!(failure.status.as_str(), "ROLLBACK_COMPLETE");
    let cause = failure.cause.unwrap();
    assert_eq!((cause.logical_id.as_str(), cause.reason.as_str()), ("Topic", "name taken"));
    assert_eq!((failure.cancelled, failure.others.len()), (1, 0));
}

#[tokio::test]
async fn descriptions_that_lag_behind() {
    let aws = Scripted::new().stack(Stack::new("late").stale(3)).start();
    let session = session(&aws).await;
    let Outcome::Deployed(stack) = deploy(&session, &wanted("late", TWO)).await.unwrap() else { panic!() };
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn the_innermost_cause_of_nested_stacks() {
    let inner = Stack::new("app-Inner").template(TWO).fails(On::Create, "Queue", "limit reached");
    let middle = r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack"}}}"#;
    let outer =
        Stack::new("nesting").nested("Middle", Stack::new("app-Middle").template(middle).nested("Inner", inner));
    let aws = Scripted::new().stack(outer).start();
    let session = session(&aws).await;
    let failure = failure(&session, &wanted("nesting", &middle.replace("Inner", "Middle"))).await;
    let cause = failure.cause.unwrap();
    assert_eq!((cause.logical_id.as_str(), cause.reason.as_str()), ("Queue", "limit reached"));
    assert_eq!(cause.nested_in, ["Middle", "Inner"]);
}
