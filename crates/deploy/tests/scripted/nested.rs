//! What a change of a nested stack would lose: nothing in the outermost templates shows it, only the nested stacks' own change sets do.

use skysmith_deploy::{DeployOptions, Error, LossKind, Outcome, Plan};
use skysmith_scripted::{Aws, Scripted, Stack};

use crate::harness::{deploy, session, wanted};

const TABLE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SNS::Topic"},"Table":{"Type":"AWS::DynamoDB::Table"}}}"#;
const NO_TABLE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SNS::Topic"}}}"#;

fn nesting(inner: &str, note: &str) -> String {
    format!(r#"{{"Metadata":{{"Note":"{note}"}},"Resources":{{"{inner}":{{"Type":"AWS::CloudFormation::Stack"}}}}}}"#)
}

/// An account in which `outer` has `Middle`, and that has `Inner`, which was `before` and an update makes `after`.
fn account(before: &str, after: &str, replaced: &[&str]) -> Aws {
    let inner = Stack::new("outer-Middle-Inner").template(before).becomes(after);
    let inner = replaced.iter().fold(inner, |inner, id| inner.replaces(id));
    let middle = Stack::new("outer-Middle").template(&nesting("Inner", "")).nested("Inner", inner);
    Scripted::new().stack(Stack::new("outer").nested("Middle", middle)).start()
}

#[tokio::test]
async fn what_a_nested_stack_would_lose_is_refused_by_its_path() {
    let changed =
        TABLE.replace(r#""AWS::DynamoDB::Table""#, r#""AWS::DynamoDB::Table","Properties":{"TableName":"other"}"#);
    for (after, replaced, kind) in
        [(NO_TABLE, &[][..], LossKind::Removed), (changed.as_str(), &["Table"][..], LossKind::Replaced)]
    {
        let aws = account(TABLE, after, replaced);
        let session = session(&aws).await;
        deploy(&session, &wanted("outer", &nesting("Middle", "one"))).await.unwrap();
        let executed = aws.calls("ExecuteChangeSet").len();
        let next = wanted("outer", &nesting("Middle", "two"));
        let Err(Error::Refused { losses, .. }) = deploy(&session, &next).await else { panic!("{kind:?}") };
        assert_eq!(losses.len(), 1, "{losses:?}");
        assert_eq!((losses[0].kind, losses[0].logical_id.as_str(), losses[0].kept), (kind, "Table", false));
        assert_eq!(losses[0].nested_in, ["Middle", "Inner"]);
        assert_eq!(aws.calls("ExecuteChangeSet").len(), executed);
        assert_eq!(aws.calls("DeleteChangeSet").len(), 1);
        assert_eq!(aws.calls("CreateChangeSet")[1].parameter("IncludeNestedStacks"), "true");

        // With the word for it, it goes.
        let options = DeployOptions { allow_data_loss: true, ..DeployOptions::default() };
        let done = session.deploy(&next, &options, &|_: &Plan, losses| losses.len() == 1, &()).await.unwrap();
        assert!(matches!(done, Outcome::Deployed(_)));
        assert_eq!(aws.calls("ExecuteChangeSet").len(), executed + 1);
    }
}

#[tokio::test]
async fn what_a_nested_stack_no_longer_keeps_is_refused() {
    let kept = TABLE.replace(r#""AWS::DynamoDB::Table""#, r#""AWS::DynamoDB::Table","DeletionPolicy":"Retain""#);
    let aws = account(&kept, TABLE, &[]);
    let session = session(&aws).await;
    deploy(&session, &wanted("outer", &nesting("Middle", "one"))).await.unwrap();
    let refused = deploy(&session, &wanted("outer", &nesting("Middle", "two"))).await;
    let Err(Error::Refused { losses, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((losses[0].kind, losses[0].nested_in.len()), (LossKind::NoLongerKept, 2));
}

#[tokio::test]
async fn what_a_nested_stack_lets_go_of_is_not_lost() {
    let kept = TABLE.replace(r#""AWS::DynamoDB::Table""#, r#""AWS::DynamoDB::Table","DeletionPolicy":"Retain""#);
    for (before, after) in [(kept.as_str(), NO_TABLE), (NO_TABLE, TABLE), (TABLE, TABLE)] {
        let aws = account(before, after, &[]);
        let session = session(&aws).await;
        deploy(&session, &wanted("outer", &nesting("Middle", "one"))).await.unwrap();
        let done = deploy(&session, &wanted("outer", &nesting("Middle", "two"))).await;
        assert!(matches!(done, Ok(Outcome::Deployed(_))), "{done:?}");
    }
}
