//! `RollbackStack`, `ContinueUpdateRollback`, `CancelUpdateStack`.

use std::time::Duration;

use skysmith_deploy::{Error, NoWayBack, RollbackOptions, StackStatus};

use crate::harness::{boto, deploy, session, wanted};

/// A queue, and a wait that nobody ends: two seconds, then it has failed.
pub fn failing(delay: u32) -> String {
    format!(
        r#"{{"Resources":{{"Q":{{"Type":"AWS::SQS::Queue","Properties":{{"DelaySeconds":{delay}}}}},
        "H":{{"Type":"AWS::CloudFormation::WaitConditionHandle","DependsOn":"Q"}},
        "W":{{"Type":"AWS::CloudFormation::WaitCondition","Properties":{{"Handle":{{"Ref":"H"}},"Timeout":"1"}}}}}}}}"#
    )
}

pub const QUEUE: &str = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":1}}}}"#;

#[tokio::test]
async fn a_creation_whose_results_were_kept_is_undone() {
    let session = session().await;
    let template = failing(1).replace('\n', " ");
    boto(&format!(
        "import time; c=b('cloudformation')
c.create_stack(StackName='kept-creation', TemplateBody='''{template}''', OnFailure='DO_NOTHING')
while c.describe_stacks(StackName='kept-creation')['Stacks'][0]['StackStatus'] != 'CREATE_FAILED': time.sleep(.2)"
    ));
    let stack = session.stack("kept-creation").await.unwrap().unwrap();
    let end = session.roll_back(&stack, &RollbackOptions::default(), &()).await.unwrap();
    assert_eq!(end, StackStatus::RollbackComplete);
    // And again: it is back already, which is found without a call.
    let stack = session.stack("kept-creation").await.unwrap().unwrap();
    let calls = session.api_calls();
    assert_eq!(
        session.roll_back(&stack, &RollbackOptions::default(), &()).await.unwrap(),
        StackStatus::RollbackComplete
    );
    assert_eq!(session.api_calls(), calls);
}

#[tokio::test]
async fn an_update_whose_results_were_kept_is_undone() {
    let session = session().await;
    deploy(&session, &wanted("kept-update", QUEUE)).await.unwrap();
    let template = failing(7).replace('\n', " ");
    boto(&format!(
        "import time; c=b('cloudformation')
c.update_stack(StackName='kept-update', TemplateBody='''{template}''', DisableRollback=True)
while c.describe_stacks(StackName='kept-update')['Stacks'][0]['StackStatus'] != 'UPDATE_FAILED': time.sleep(.2)"
    ));
    let stack = session.stack("kept-update").await.unwrap().unwrap();
    let end = session.roll_back(&stack, &RollbackOptions::default(), &()).await.unwrap();
    assert_eq!(end, StackStatus::UpdateRollbackComplete);
    let queue = session.resources("kept-update").await.unwrap()[0].physical_id.clone().unwrap();
    let delay = boto(&format!(
        "print(b('sqs').get_queue_attributes(QueueUrl='{queue}', AttributeNames=['DelaySeconds'])['Attributes']['DelaySeconds'])"
    ));
    assert_eq!(delay, "1");
}

#[tokio::test]
async fn an_update_under_way_is_cancelled() {
    let session = session().await;
    deploy(&session, &wanted("cancelled", QUEUE)).await.unwrap();
    let template = failing(7).replace("\"1\"", "\"30\"").replace('\n', " ");
    boto(&format!("b('cloudformation').update_stack(StackName='cancelled', TemplateBody='''{template}''')"));
    let stack = loop {
        let stack = session.stack("cancelled").await.unwrap().unwrap();
        if stack.status == StackStatus::UpdateInProgress {
            break stack;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let end = session.roll_back(&stack, &RollbackOptions::default(), &()).await.unwrap();
    assert_eq!(end, StackStatus::UpdateRollbackComplete);
}

#[tokio::test]
async fn a_success_has_no_way_back() {
    let session = session().await;
    deploy(&session, &wanted("succeeded", QUEUE)).await.unwrap();
    let stack = session.stack("succeeded").await.unwrap().unwrap();
    let refused = session.roll_back(&stack, &RollbackOptions::default(), &()).await;
    assert!(matches!(refused, Err(Error::NoWayBack { why: NoWayBack::Succeeded, .. })), "{refused:?}");
}
