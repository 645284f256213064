//! Custom resources of the AWS CDK whose clean-up takes away what stays: they leave in two steps, so that it does not run.

use serde_json::Value;
use skysmith_scripted::{Aws, Fault, Request, Scripted, Stack};

use crate::project::{Ran, TestProject};

const BEFORE: &str = r#"{"Resources":{
    "Bucket":{"Type":"AWS::S3::Bucket","DeletionPolicy":"Retain"},"Queue":{"Type":"AWS::SQS::Queue"},
    "Notifications":{"Type":"Custom::S3BucketNotifications","Properties":{"ServiceToken":"arn:aws:lambda:eu-west-1:000000000000:function:f",
        "BucketName":{"Ref":"Bucket"},"NotificationConfiguration":{"EventBridgeConfiguration":{"EventBridgeEnabled":true}}}}}}"#;
const AFTER: &str = r#"{"Resources":{
    "Bucket":{"Type":"AWS::S3::Bucket","DeletionPolicy":"Retain","Properties":{"NotificationConfiguration":{"EventBridgeConfiguration":{"EventBridgeEnabled":true}}}},
    "Queue":{"Type":"AWS::SQS::Queue"}}}"#;

fn deployed() -> Scripted {
    Scripted::new().stack(Stack::new("app").status("CREATE_COMPLETE").template(BEFORE))
}

fn run<const N: usize>(aws: &Aws, command: [&str; N]) -> Ran {
    let project = TestProject::new()
        .with_credentials()
        .variable("SKYSMITH_APP", "app.json")
        .variable("SKYSMITH_ENDPOINT_URL", aws.url())
        .file("app.json", AFTER);
    project.skysmith(command)
}

/// The templates that were sent, in order.
fn sent(aws: &Aws) -> Vec<Value> {
    let body = |request: &Request| serde_json::from_str(request.parameter("TemplateBody")).unwrap();
    aws.calls("CreateChangeSet").iter().map(body).collect()
}

#[test]
fn it_is_kept_first_and_then_removed() {
    let aws = deployed().start();
    let ran = run(&aws, ["deploy", "--yes"]).ok();
    assert!(ran.err.contains("letting go of Notifications"), "{}", ran.err);
    // What is shown is the whole of it, and the plan for that is made anew after the first step.
    let sent = sent(&aws);
    let [shown, first, second] = sent.as_slice() else { panic!("{sent:?}") };
    let mut kept: Value = serde_json::from_str(BEFORE).unwrap();
    kept["Resources"]["Notifications"]["DeletionPolicy"] = "Retain".into();
    assert_eq!([shown, first, second], [&serde_json::from_str(AFTER).unwrap(), &kept, shown]);
    assert_eq!(aws.calls("ExecuteChangeSet").len(), 2);
    assert_eq!(aws.status("app").as_deref(), Some("UPDATE_COMPLETE"));
    assert!(!aws.inventory().contains("change set"), "{}", aws.inventory());
    // Not deleted, so its function was not called.
    assert!(aws.inventory().contains("Custom::S3BucketNotifications DELETE_SKIPPED"), "{}", aws.inventory());
    run(&aws, ["deploy", "--yes"]).ok().err_has("nothing to do");
}

#[test]
fn the_diff_says_so() {
    let aws = deployed().start();
    let ran = run(&aws, ["diff"]).ok();
    assert!(ran.out.contains("takes away all notifications of the bucket"), "{}", ran.out);
    assert!(ran.out.contains("two steps"), "{}", ran.out);
    let json: Value = serde_json::from_str(&run(&aws, ["diff", "--json"]).ok().out).unwrap();
    assert_eq!(json["stacks"][0]["risks"][0]["in_two_steps"], true, "{}", json["stacks"][0]["risks"]);
}

#[test]
fn a_plan_of_one_step_is_not_carried_out() {
    let aws = deployed().start();
    let ran = run(&aws, ["deploy", "--no-execute", "--change-set-name", "release"]).ok();
    assert!(ran.err.contains("Notifications has to leave in two steps"), "{}", ran.err);
    assert!(!ran.err.contains("--change-set release"), "{}", ran.err);
    let before = aws.inventory();
    let ran = run(&aws, ["deploy", "--change-set", "release", "--yes"]).code(1);
    assert!(ran.err.contains("would have Notifications clean up what stays; nothing was changed"), "{}", ran.err);
    assert_eq!((aws.calls("ExecuteChangeSet").len(), aws.inventory()), (0, before));
}

#[test]
fn what_ends_in_between_is_gone_on_with() {
    let aws = deployed().start();
    aws.fault(Fault::error("ValidationError", "the second plan fails").on("CreateChangeSet").after(2).once());
    let ran = run(&aws, ["deploy", "--yes"]).code(1);
    assert!(ran.err.contains("the second plan fails"), "{}", ran.err);
    // It can be gone on with: it is kept by now, so one step is enough.
    aws.heal();
    aws.forget();
    run(&aws, ["deploy", "--yes"]).ok();
    assert_eq!((aws.calls("CreateChangeSet").len(), aws.calls("ExecuteChangeSet").len()), (1, 1));
    assert!(aws.inventory().contains("Custom::S3BucketNotifications DELETE_SKIPPED"), "{}", aws.inventory());
}
