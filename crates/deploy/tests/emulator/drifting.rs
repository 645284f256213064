//! What was changed behind CloudFormation's back.

use skysmith_deploy::{DifferenceKind, DriftStatus, Error};

use crate::harness::{boto, deploy, session, wanted};

const TWO: &str = r#"{"Resources":{
    "Q":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":1,"VisibilityTimeout":40}},
    "Gone":{"Type":"AWS::SQS::Queue"},
    "Unseen":{"Type":"AWS::CloudFormation::WaitConditionHandle"}}}"#;

#[tokio::test]
async fn changed_removed_and_unseen() {
    let session = session().await;
    deploy(&session, &wanted("drifting", TWO)).await.unwrap();
    let before = session.drift("drifting").await.unwrap().unwrap();
    assert_eq!(before.drifted(), []);
    boto(
        "c=b('cloudformation'); q=b('sqs')
def name(id): return c.describe_stack_resource(StackName='drifting',LogicalResourceId=id)['StackResourceDetail']['PhysicalResourceId']
q.set_queue_attributes(QueueUrl=name('Q'), Attributes={'DelaySeconds': '9'}); q.delete_queue(QueueUrl=name('Gone'))",
    );
    let drift = session.drift("drifting").await.unwrap().unwrap();
    let status = |id: &str| drift.resources.iter().find(|one| one.logical_id == id).unwrap().status;
    assert_eq!(
        (status("Q"), status("Gone"), status("Unseen")),
        (DriftStatus::Modified, DriftStatus::Deleted, DriftStatus::NotChecked)
    );
    let changed = drift.resources.iter().find(|one| one.logical_id == "Q").unwrap();
    let difference = &changed.differences[0];
    assert_eq!(changed.differences.len(), 1);
    assert_eq!(
        (difference.path.as_str(), difference.expected.as_str(), difference.actual.as_str(), difference.kind),
        ("/DelaySeconds", "1", "9", DifferenceKind::Changed)
    );
    assert_eq!(drift.drifted().len(), 2);
    // The emulator knows no drift-aware change sets and compares templates: it finds nothing to do, and nothing is left over.
    assert!(session.plan_revert(&drift.stack).await.unwrap().is_none());
    assert_eq!(boto("print(len(b('cloudformation').list_change_sets(StackName='drifting')['Summaries']))"), "1");
    assert_eq!(session.drift("not-there").await.unwrap(), None);
}

#[tokio::test]
async fn a_stack_that_is_not_settled_cannot_be_compared() {
    let session = session().await;
    boto(
        "b('cloudformation').create_change_set(StackName='unsettled', ChangeSetName='c', ChangeSetType='CREATE', TemplateBody='{\"Resources\":{\"Q\":{\"Type\":\"AWS::SQS::Queue\"}}}')",
    );
    assert!(matches!(session.drift("unsettled").await, Err(Error::NotComparable { .. })));
}
