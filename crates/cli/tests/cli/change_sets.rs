//! `diff --change-set`: CloudFormation is asked, and nothing is left of that.

use serde_json::Value;
use skysmith_scripted::{Aws, Scripted, Stack};

use crate::project::{Person, Ran, TestProject};

const BEFORE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
const AFTER: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":1}},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;

fn project() -> TestProject {
    TestProject::new().with_credentials().file("app.json", AFTER)
}

fn arguments<'a>(aws: &'a Aws, flag: &'a str) -> [&'a str; 7] {
    ["--app", "app.json", "--endpoint-url", aws.url(), "diff", "--change-set", flag]
}

fn diff(aws: &Aws, flag: &str) -> Ran {
    project().skysmith(arguments(aws, flag))
}

fn deployed() -> Stack {
    Stack::new("app").status("CREATE_COMPLETE").template(BEFORE)
}

#[test]
fn its_verdict_is_told_and_nothing_is_left() {
    // The templates say that a queue's delay changes in place; CloudFormation has the last word.
    let aws = Scripted::new().stack(deployed().replaces("Queue")).start();
    let before = aws.inventory();
    let ran = diff(&aws, "--fail").code(1);
    assert!(ran.out.contains("CloudFormation"), "{}", ran.out);
    let json: Value = serde_json::from_str(&diff(&aws, "--json").ok().out).unwrap();
    let queue = &json["stacks"][0]["resources"][0];
    assert_eq!([&queue["logical_id"], &queue["action"]], ["Queue", "replace"], "{queue}");
    assert_eq!((aws.calls("CreateChangeSet").len(), aws.calls("DeleteChangeSet").len()), (2, 2));
    assert_eq!(aws.calls("ExecuteChangeSet").len(), 0);
    assert_eq!(aws.inventory(), before);
}

#[test]
fn no_empty_stack_is_left() {
    let aws = Scripted::new().start();
    let before = aws.inventory();
    let ran = diff(&aws, "--quiet").ok();
    assert!(ran.out.contains("not deployed yet"), "{}", ran.out);
    assert_eq!(aws.calls("CreateChangeSet").len(), 1);
    assert_eq!((aws.status("app").filter(|status| status != "DELETE_COMPLETE"), aws.inventory()), (None, before));
}

#[test]
fn what_cloudformation_refuses_leaves_nothing_either() {
    for stack in [Stack::new("app"), deployed()] {
        let aws = Scripted::new().stack(stack.refuses_change_sets("Template format error: no.")).start();
        let before = aws.inventory();
        let ran = diff(&aws, "--quiet").code(1);
        assert!(ran.err.contains("Template format error: no."), "{}", ran.err);
        assert_eq!(aws.inventory(), before);
    }
}

#[test]
fn a_stack_that_was_never_completed_is_left_alone() {
    let aws = Scripted::new().stack(Stack::new("app").status("REVIEW_IN_PROGRESS")).start();
    let before = aws.inventory();
    let ran = diff(&aws, "--quiet").ok();
    assert!(ran.out.contains("CloudFormation was not asked"), "{}", ran.out);
    assert_eq!((aws.calls("CreateChangeSet").len(), aws.inventory()), (0, before));
}

#[test]
fn ctrl_c_waits_until_it_is_gone() {
    for stack in [None, Some(deployed())] {
        for at in ["CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet"] {
            let person = Person::default();
            let world = stack.iter().cloned().fold(Scripted::new(), Scripted::stack);
            let aws = world.fault(person.presses().on(at).once()).start();
            let before = aws.inventory();
            let ran = person.runs(project().command("", arguments(&aws, "--quiet"))).code(1);
            assert!(ran.err.contains("stopped; nothing was changed"), "{at}: {}", ran.err);
            assert_eq!(ran.out, "", "{at}");
            assert_eq!(aws.calls("DeleteChangeSet").len(), 1, "{at}");
            assert_eq!(aws.inventory(), before, "{at}");
        }
    }
}
