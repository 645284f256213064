//! Between a plan and its execution.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use skysmith_scripted::{Fault, Scripted, Stack};

use crate::project::{Ran, TestProject};

const TWO: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Table":{"Type":"AWS::DynamoDB::Table"}}}"#;
const ONE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}"#;

fn project() -> TestProject {
    TestProject::new()
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_REGION", "eu-west-1")
        .file("app.json", ONE)
}

#[test]
fn a_plan_that_was_executed_is_said_to_have_been() {
    let aws = Scripted::new().start();
    let project = project();
    let deploy = |flags: [&str; 3]| {
        let [a, b, c] = flags;
        project.skysmith(["--app", "app.json", "--endpoint-url", aws.url(), "deploy", a, b, c])
    };
    deploy(["--no-execute", "--change-set-name", "release"]).ok();
    deploy(["--change-set", "release", "--yes"]).ok().err_has("app deployed in");
    let again = deploy(["--change-set", "release", "--yes"]).ok();
    assert!(
        again.err.ends_with("✓ app: the change set release was executed already; nothing to do\n"),
        "{}",
        again.err
    );
    assert_eq!(aws.calls("ExecuteChangeSet").len(), 1);
}

#[test]
fn ctrl_c_while_nothing_is_waited_for_stops_it_before_anything_is_changed() {
    let process = Arc::new(AtomicU32::new(0));
    let pressed = Arc::clone(&process);
    // What would be lost is counted between the plan and its execution.
    let press = Fault::before(move |_| {
        let process = pressed.load(Ordering::Relaxed).to_string();
        Command::new("kill").args(["-INT", &process]).status().unwrap();
        std::thread::sleep(Duration::from_millis(200));
    });
    let aws = Scripted::new()
        .stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO))
        .fault(press.on("ListStackResources"))
        .start();
    let before = aws.inventory();
    let project = project();
    let arguments = ["--app", "app.json", "--endpoint-url", aws.url(), "deploy", "--yes", "--allow-data-loss"];
    let mut command = project.command("", arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.store(child.id(), Ordering::Relaxed);
    let ran = Ran::from(child.wait_with_output().unwrap()).code(1);
    assert!(ran.err.contains("stopped before anything in app was changed"), "{}", ran.err);
    assert_eq!(aws.calls("ExecuteChangeSet").len(), 0);
    assert_eq!(aws.inventory(), before);
}
