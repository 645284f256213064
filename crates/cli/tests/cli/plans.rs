//! Between a plan and its execution.

use skysmith_scripted::{Aws, Scripted, Stack};

use crate::project::{Person, Ran, TestProject};

const TWO: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Table":{"Type":"AWS::DynamoDB::Table"}}}"#;
const ONE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}"#;

fn project() -> TestProject {
    TestProject::new().with_credentials().file("app.json", ONE)
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
    let person = Person::default();
    // What would be lost is counted between the plan and its execution.
    let aws = Scripted::new()
        .stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO))
        .fault(person.presses().on("ListStackResources"))
        .start();
    let before = aws.inventory();
    let project = project();
    let arguments = ["--app", "app.json", "--endpoint-url", aws.url(), "deploy", "--yes", "--allow-data-loss"];
    let ran = person.runs(project.command("", arguments)).code(1);
    assert!(ran.err.contains("stopped before anything in app was changed"), "{}", ran.err);
    assert_eq!(aws.calls("ExecuteChangeSet").len(), 0);
    assert_eq!(aws.inventory(), before);
}

/// In the difference, and where nobody has seen that, in the guard's own words; what is in the resource is counted once.
#[test]
fn a_loss_is_told_and_counted_once() {
    let aws = || Scripted::new().stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO)).start();
    let project = project();
    let deploy = |aws: &Aws, flags: &[&str]| {
        let arguments = ["--app", "app.json", "--endpoint-url", aws.url(), "deploy", "--yes"];
        Ran::from(project.command("", arguments).args(flags).output().unwrap())
    };
    let there = aws();
    let refused = deploy(&there, &[]).code(1);
    assert!(refused.err.contains("deploying app would lose data; nothing was changed"), "{}", refused.err);
    assert!(there.calls("ExecuteChangeSet").is_empty());
    assert_eq!(there.calls("ListStackResources").len(), 1, "{:?}", there.operations());
    let there = aws();
    let allowed = deploy(&there, &["--allow-data-loss"]).ok();
    assert_eq!(allowed.err.matches("DATA LOSS").count(), 1, "{}", allowed.err);
    assert_eq!(there.calls("ListStackResources").len(), 1, "{:?}", there.operations());
    // Of a document for programs nobody has read anything.
    let there = aws();
    let told = deploy(&there, &["--allow-data-loss", "--json"]).ok();
    assert_eq!(told.err.matches("DATA LOSS").count(), 1, "{}", told.err);
    assert_eq!(there.calls("ListStackResources").len(), 1, "{:?}", there.operations());
}

#[test]
fn a_parameter_that_takes_data_by_a_condition_is_seen_before() {
    let template = r#"{"Parameters":{"Stage":{"Type":"String"}},"Conditions":{"IsProd":{"Fn::Equals":[{"Ref":"Stage"},"prod"]}},
        "Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Files":{"Type":"AWS::S3::Bucket","Condition":"IsProd"}}}"#;
    let stack = Stack::new("app").status("CREATE_COMPLETE").template(template).parameter("Stage", "prod");
    let aws = Scripted::new().stack(stack).start();
    let project = project().file("app.json", template);
    let diff = |stage: &str| {
        let stage = format!("Stage={stage}");
        project.skysmith(["--app", "app.json", "--endpoint-url", aws.url(), "diff", "--parameters", &stage]).ok()
    };
    let told = diff("dev");
    assert!(
        told.out.contains("DATA LOSS") && told.out.contains("the condition IsProd no longer holds"),
        "{}",
        told.out
    );
    assert!(diff("prod").out.contains("no changes"));
}
