//! How soon a deployment is over after CloudFormation is, and what it asks meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use skysmith_scripted::{Aws, Scripted, Stack};

use crate::project::TestProject;

fn project() -> TestProject {
    TestProject::new().with_credentials()
}

/// How long ago the stack's last event was.
fn since_last_event(aws: &Aws, stack: &str) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let last = aws.events(stack).last().unwrap().time;
    now.saturating_sub(Duration::from_millis(last.try_into().unwrap()))
}

const SIGNAL: &str = r#"{"Resources":{
    "Handle":{"Type":"AWS::CloudFormation::WaitConditionHandle"},
    "Signal":{"Type":"AWS::CloudFormation::WaitCondition","Properties":{"Handle":{"Ref":"Handle"},"Timeout":"60"}}}}"#;

#[test]
fn half_a_minute_is_over_within_half_a_second_and_takes_at_most_forty_calls() {
    let half_a_minute = Duration::from_secs(30);
    let aws = Scripted::new().stack(Stack::new("waits").takes("Signal", half_a_minute)).start();
    let project = project().file("waits.json", SIGNAL);
    project.skysmith(["--app", "waits.json", "--endpoint-url", aws.url(), "deploy", "--yes"]).ok();
    let late = since_last_event(&aws, "waits");
    let calls = aws.operations();
    assert_eq!(aws.status("waits").as_deref(), Some("CREATE_COMPLETE"));
    println!("{} calls, {late:.2?} late", calls.len());
    assert!(late <= Duration::from_millis(500), "{late:?} late");
    assert!(calls.len() <= 40, "{} calls: {calls:?}", calls.len());
}
