//! What is seen of operations: the chart of where the time went, and following what somebody else has begun.

use skysmith_scripted::{On, Scripted, Stack};

use crate::person::{Person, TWO};

#[test]
fn where_the_time_went_is_drawn_after_a_deployment_and_later() {
    let inner = Stack::new("app-Inner").template(TWO);
    let aws = Scripted::new().stack(Stack::new("app").nested("Inner", inner)).start();
    let person = Person::new(
        r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack"},"Topic":{"Type":"AWS::SNS::Topic"}}}"#,
    );
    let ran = person.runs(&aws, &["deploy", "app", "--yes", "--timing", "deployed.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("where the time went: deployed.svg"), "{}", ran.err);
    let ran = person.runs(&aws, &["events", "app", "--timing", "later.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for file in ["deployed.svg", "later.svg"] {
        let drawn = person.reads(file);
        assert!(drawn.starts_with("<svg") && drawn.contains("app · 123456789012 / eu-west-1"), "{file}: {drawn}");
        for title in ["Topic (SNS topic): created", "Inner/Queue (SQS queue): created", "Inner (nested stack): created"]
        {
            assert!(drawn.contains(&format!("<title>{title}")), "{file} has no `{title}`: {drawn}");
        }
    }
    let ran = person.runs(&aws, &["events", "app", "--timing", "chart.png"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}

#[test]
fn a_failed_deployment_is_drawn_as_well() {
    let aws = Scripted::new().stack(Stack::new("app").fails(On::Create, "Topic", "name taken")).start();
    let person = Person::new(TWO);
    let ran = person.runs(&aws, &["deploy", "app", "--yes", "--timing", "failed.svg"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let drawn = person.reads("failed.svg");
    assert!(drawn.contains("rolling back") && drawn.contains("Topic (SNS topic): failed"), "{drawn}");
}

#[test]
fn what_somebody_else_began_is_followed_to_its_end() {
    let aws = Scripted::new().pace(1).start();
    let person = Person::new(TWO);
    assert_eq!(person.runs(&aws, &["deploy", "app", "--yes"]).code, Some(0));
    let ran = person.runs(&aws, &["events", "app", "--follow"]);
    assert_eq!((ran.code, ran.last_line()), (Some(0), "nothing is under way on app: CREATE_COMPLETE"));
    aws.someone_updates("app");
    let ran = person.runs(&aws, &["events", "app", "--follow"]);
    assert_eq!((ran.code, ran.last_line()), (Some(0), "✓ app is done: UPDATE_COMPLETE"), "{}", ran.err);
    assert!(ran.err.contains("✓ Queue") && ran.err.contains("changed"), "{}", ran.err);
    aws.someone_updates("app");
    let ran = person.runs(&aws, &["events", "app", "--follow", "--json"]);
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["status"]), (&"ended".into(), &"UPDATE_COMPLETE".into()), "{}", ran.out);
}

#[test]
fn following_ends_as_the_operation_does() {
    let aws = Scripted::new().pace(1).stack(Stack::new("app").fails(On::Create, "Topic", "name taken")).start();
    let person = Person::new(TWO);
    // Ctrl-C would do the same to the first run, and says how to go on.
    let first = person.starts(&aws, &["deploy", "app", "--yes"]);
    while aws.calls("ExecuteChangeSet").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let ran = Person::new(TWO).runs(&aws, &["events", "app", "--follow"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("name taken") && ran.err.contains("Topic (SNS topic) could not be created"),
        "{}",
        ran.err
    );
    assert_eq!(person.hears(&first).code, Some(1));
}
