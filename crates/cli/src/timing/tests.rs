//! Charts of made-up operations.

use std::time::{Duration, UNIX_EPOCH};

use skysmith_deploy::ResourceStatus;

use super::*;

const TEMPLATE: &str = r#"{"Resources":{
    "Changes":{"Type":"AWS::SNS::Topic"},
    "Table":{"Type":"AWS::DynamoDB::Table"},
    "Role":{"Type":"AWS::IAM::Role","Properties":{"Table":{"Fn::GetAtt":["Table","Arn"]}}},
    "Handler":{"Type":"AWS::Lambda::Function","Properties":{"Role":{"Fn::GetAtt":["Role","Arn"]},"T":{"Ref":"Table"}}},
    "Inner":{"Type":"AWS::CloudFormation::Stack"},
    "Subscription":{"Type":"AWS::SNS::Subscription","Properties":{"F":{"Ref":"Handler"},"T":{"Ref":"Changes"}}}}}"#;

fn names() -> Names {
    Names::from_pairs(&[
        ("Table", "Counter/Table"),
        ("Role", "Counter/Handler/ServiceRole"),
        ("Handler", "Counter/Handler"),
        ("Subscription", "Counter/Handler/Changes"),
        ("Inner", "Storage"),
    ])
}

fn graph() -> Graph {
    Graph::of(&skysmith_template::read(TEMPLATE).unwrap().template)
}

/// `seconds path STATUS [reason]`, a line each; the stack itself is `.`.
fn events(text: &str) -> Vec<StackEvent> {
    let kind = |id: &str| match id {
        "." | "Inner" => "AWS::CloudFormation::Stack",
        "Table" => "AWS::DynamoDB::Table",
        "Role" => "AWS::IAM::Role",
        "Handler" => "AWS::Lambda::Function",
        "Subscription" => "AWS::SNS::Subscription",
        _ => "AWS::SNS::Topic",
    };
    text.trim()
        .lines()
        .map(|line| {
            let mut words = line.trim().splitn(4, ' ');
            let mut word = || words.next().unwrap_or_default();
            let (seconds, path, status, reason) = (word(), word(), word(), word());
            let (around, id) = path.rsplit_once('/').unwrap_or(("", path));
            let mut event = StackEvent::new("app", id, kind(id), ResourceStatus::parse(status));
            event.time =
                Some(UNIX_EPOCH + Duration::from_secs(784_111_777) + Duration::from_secs_f64(seconds.parse().unwrap()));
            event.nested_in = around.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            event.is_stack = id == ".";
            event.reason = (!reason.is_empty()).then(|| reason.to_owned());
            event
        })
        .collect()
}

const GOOD: &str = "
    0 . CREATE_IN_PROGRESS
    0.6 Changes CREATE_IN_PROGRESS
    0.7 Table CREATE_IN_PROGRESS
    0.8 Inner CREATE_IN_PROGRESS
    1.5 Inner/Backlog CREATE_IN_PROGRESS
    4.2 Inner/Backlog CREATE_COMPLETE
    5.0 Inner CREATE_COMPLETE
    1.5 Changes CREATE_COMPLETE
    6.8 Table CREATE_COMPLETE
    7.1 Role CREATE_IN_PROGRESS
    24.4 Role CREATE_COMPLETE
    24.9 Handler CREATE_IN_PROGRESS
    31.0 Handler CREATE_COMPLETE
    31.2 Subscription CREATE_IN_PROGRESS
    33.9 Subscription CREATE_COMPLETE
    34.5 . CREATE_COMPLETE";

const BAD: &str = "
    0 . CREATE_IN_PROGRESS
    0.6 Changes CREATE_IN_PROGRESS
    0.7 Table CREATE_IN_PROGRESS
    1.5 Changes CREATE_COMPLETE
    6.8 Table CREATE_COMPLETE
    7.1 Role CREATE_IN_PROGRESS
    7.3 Inner CREATE_IN_PROGRESS
    24.4 Role CREATE_FAILED name <taken> & gone
    24.4 Inner CREATE_FAILED Resource creation cancelled
    24.9 . ROLLBACK_IN_PROGRESS
    25.1 Table DELETE_IN_PROGRESS
    25.2 Changes DELETE_IN_PROGRESS
    26.0 Changes DELETE_FAILED not now
    26.5 Changes DELETE_IN_PROGRESS
    27.9 Changes DELETE_COMPLETE
    30.0 Table DELETE_COMPLETE
    30.4 . ROLLBACK_COMPLETE";

fn line(text: &str) -> Timeline {
    let older = events("-9 . CREATE_IN_PROGRESS\n-8 Old CREATE_FAILED\n-7 . CREATE_FAILED".replace('-', "0.").as_str());
    let events: Vec<StackEvent> = older.into_iter().chain(events(text)).collect();
    Timeline::of("object-counter · dev · 123456789012 / eu-west-1", &names(), &graph(), &events).unwrap()
}

#[test]
fn a_bar_for_each_resource_and_the_chain_that_the_end_waited_for() {
    let line = line(GOOD);
    assert!(!line.failed && line.turn.is_none());
    let told: Vec<String> = line
        .rows
        .iter()
        .map(|row| format!("{}{}{}", "  ".repeat(row.depth), row.name, if row.critical { " *" } else { "" }))
        .collect();
    assert_eq!(
        told,
        [
            "Changes",
            "Counter/Table *",
            "Storage",
            "  Storage/Backlog",
            "Counter/Handler/ServiceRole *",
            "Counter/Handler *",
            "Counter/Handler/Changes *"
        ]
    );
    assert_eq!(line.end.duration_since(line.start).unwrap(), Duration::from_secs_f64(34.5));
}

#[test]
fn what_is_undone_has_two_bars() {
    let line = line(BAD);
    assert!(line.failed);
    assert_eq!(line.turn.map(|turn| turn.1), Some("rolling back"));
    let spans = |name: &str| {
        line.rows.iter().find(|row| row.name == name).unwrap().spans.iter().map(|span| span.how).collect::<Vec<_>>()
    };
    assert_eq!(spans("Counter/Table"), [How::Created, How::Deleted]);
    assert_eq!(spans("Changes"), [How::Created, How::Failed, How::Deleted]);
    assert_eq!([spans("Counter/Handler/ServiceRole"), spans("Storage")], [[How::Failed], [How::Cancelled]]);
}

#[test]
fn events_without_times_make_no_chart() {
    let mut timeless = events(GOOD);
    for event in &mut timeless {
        event.time = None;
    }
    assert_eq!(Timeline::of("x", &Names::default(), &Graph::default(), &timeless), None);
    assert_eq!(Timeline::of("x", &Names::default(), &Graph::default(), &[]), None);
}

/// The pictures as they were when somebody looked at them last: written with `SKYSMITH_TEST_BLESS` set.
#[test]
fn charts_are_as_they_were_looked_at() {
    for (file, text) in [("timing.svg", GOOD), ("timing-failed.svg", BAD)] {
        let drawn = svg::draw(&[line(text)]);
        assert_eq!(drawn, svg::draw(&[line(text)]));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/timing").join(file);
        if std::env::var_os("SKYSMITH_TEST_BLESS").is_some() {
            fs::write(&file, &drawn).unwrap();
        }
        assert_eq!(drawn, fs::read_to_string(&file).unwrap_or_default(), "{} is not current", file.display());
    }
}

#[test]
fn what_is_drawn_is_well_formed_whatever_things_are_called() {
    let mut two = [line(BAD), line(GOOD)];
    two[0].title = "<a> & \"b\" \u{1}".to_owned();
    let drawn = svg::draw(&two);
    assert!(drawn.contains("&lt;a&gt; &amp; &quot;b&quot; </text>") && !drawn.contains('\u{1}'), "{drawn}");
    for tag in ["svg", "g", "text", "style", "title"] {
        assert_eq!(
            drawn.matches(&format!("</{tag}>")).count(),
            drawn.matches(&format!("<{tag}>")).count() + drawn.matches(&format!("<{tag} ")).count(),
            "{tag}"
        );
    }
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
}
