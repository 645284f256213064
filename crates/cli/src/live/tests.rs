//! The live view on a virtual terminal that we did not write.

use std::time::{Duration, Instant, UNIX_EPOCH};

use skysmith_deploy::{Event, ResourceStatus, StackEvent, Work};

use super::board::{Board, Expected, Overview};
use super::earlier::Earlier;
use super::graph::Graph;
use super::screen::Screen;
use super::{draw, fit};
use crate::names::Names;

const TEMPLATE: &str = r#"{"Resources":{
    "Changes":{"Type":"AWS::SNS::Topic"},
    "Table":{"Type":"AWS::DynamoDB::Table"},
    "Role":{"Type":"AWS::IAM::Role","Properties":{"Table":{"Fn::GetAtt":["Table","Arn"]}}},
    "Handler":{"Type":"AWS::Lambda::Function","Properties":{"Role":{"Fn::GetAtt":["Role","Arn"]},"T":{"Ref":"Table"}}},
    "Api":{"Type":"AWS::ApiGateway::RestApi"},
    "Permission":{"Type":"AWS::Lambda::Permission","Properties":{"F":{"Ref":"Handler"},"A":{"Ref":"Api"}}},
    "Subscription":{"Type":"AWS::SNS::Subscription","Properties":{"F":{"Ref":"Handler"},"T":{"Ref":"Changes"}}}}}"#;

const NAMES: &[(&str, &str)] = &[
    ("Table", "Counter/Table"),
    ("Role", "Counter/Handler/ServiceRole"),
    ("Handler", "Counter/Handler"),
    ("Permission", "Api/Default/count/GET/ApiPermission.objectcounterApi12345678.GET..count"),
    ("Subscription", "Counter/Handler/Changes"),
];

/// A board, and a clock that is ours.
struct Stage {
    board: Board,
    start: Instant,
    now: Duration,
    names: Names,
}

impl Stage {
    fn new() -> Self {
        let start = Instant::now();
        let mut stage = Self { board: Board::new(start), start, now: Duration::ZERO, names: Names::from_pairs(NAMES) };
        stage.open("object-counter", TEMPLATE);
        stage
    }

    fn open(&mut self, name: &str, template: &str) {
        let template = skysmith_template::read(template).unwrap().template;
        let expected: Vec<Expected> = template
            .resources()
            .map(|resource| Expected {
                nested_in: Vec::new(),
                logical_id: resource.logical_id().to_owned(),
                resource_type: resource.resource_type().unwrap().to_owned(),
                work: Work::Create,
            })
            .collect();
        let title = format!("{name} · dev · 123456789012 / eu-west-1");
        self.board.open(name, &title, self.start + self.now).expect(&expected, &Graph::of(&template), &self.names);
        self.tell(
            name,
            &Event::Started { stack: name.to_owned(), stack_id: "arn".to_owned(), changes: expected.len() },
        );
    }

    fn tell(&mut self, stack: &str, event: &Event) {
        let now = self.start + self.now;
        self.board.stack(stack).unwrap().event(event, &self.names, now);
    }

    fn at(&mut self, seconds: f64) -> &mut Self {
        self.now = Duration::from_secs_f64(seconds);
        self
    }

    fn event(&mut self, id: &str, status: &str) -> &mut Self {
        self.inside("object-counter", &[], id, status, None)
    }

    fn inside(&mut self, stack: &str, nested_in: &[&str], id: &str, status: &str, reason: Option<&str>) -> &mut Self {
        let resource_type = match id {
            "Inner" | "Middle" => "AWS::CloudFormation::Stack",
            _ => "AWS::SQS::Queue",
        };
        let mut event = StackEvent::new(stack, id, resource_type, ResourceStatus::parse(status));
        event.time = Some(UNIX_EPOCH + self.now);
        event.reason = reason.map(str::to_owned);
        event.nested_in = nested_in.iter().map(|id| (*id).to_owned()).collect();
        self.tell(stack, &Event::Progress(event));
        self
    }

    fn half_way() -> Self {
        let mut stage = Self::new();
        stage.at(0.5).event("Changes", "CREATE_IN_PROGRESS");
        stage.event("Table", "CREATE_IN_PROGRESS").event("Api", "CREATE_IN_PROGRESS");
        stage.at(1.4).event("Changes", "CREATE_COMPLETE");
        stage.at(6.6).event("Table", "CREATE_COMPLETE").event("Role", "CREATE_IN_PROGRESS");
        stage.at(7.0);
        stage
    }

    fn failed() -> Self {
        let mut stage = Self::half_way();
        let reason = "Resource handler returned message: \"The role defined for the function cannot be assumed by Lambda. (Service: Lambda, Status Code: 400)\"";
        stage.at(25.0).event("Role", "CREATE_COMPLETE").event("Handler", "CREATE_IN_PROGRESS");
        stage.at(27.0).inside("object-counter", &[], "Handler", "CREATE_FAILED", Some(reason));
        stage.inside("object-counter", &[], "Api", "CREATE_FAILED", Some("Resource creation cancelled"));
        let mut own = StackEvent::new(
            "object-counter",
            "object-counter",
            "AWS::CloudFormation::Stack",
            ResourceStatus::RollbackInProgress,
        );
        own.is_stack = true;
        stage.tell("object-counter", &Event::Progress(own));
        stage.at(28.0).event("Role", "DELETE_IN_PROGRESS");
        stage.at(29.0);
        stage
    }

    fn lines(&self, columns: usize, lines: usize) -> Vec<String> {
        draw::frame(&self.board, self.start + self.now, columns, lines)
    }

    /// What a terminal of this size shows.
    fn shown(&self, columns: u16, lines: u16) -> String {
        self.terminal(columns, lines).screen().contents()
    }

    fn terminal(&self, columns: u16, lines: u16) -> vt100::Parser {
        let mut screen = Screen::new(Vec::new());
        screen.draw(self.lines(columns.into(), usize::from(lines) - 1), columns.into()).unwrap();
        let mut terminal = vt100::Parser::new(lines, columns, 0);
        terminal.process(screen.out());
        terminal
    }
}

/// Compares what a terminal shows with the lines of a sketch, whose common indent counts for nothing.
#[track_caller]
fn shows(stage: &Stage, columns: u16, lines: u16, sketch: &str) {
    let sketch: Vec<&str> =
        sketch.trim_matches('\n').lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect();
    let shown = stage.shown(columns, lines);
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert_eq!(shown, sketch, "\n{}\n", shown.join("\n"));
}

#[test]
fn half_way_at_80_columns() {
    shows(
        &Stage::half_way(),
        80,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1   2 of 7 · 7 s · about 30 s left
          ✓ Changes                         SNS topic          created             0.9 s
          ✓ Counter/Table                   DynamoDB table     created             6.1 s
          ◐ Api                             REST API           creating              7 s
          ◐ Counter/Handler/ServiceRole     IAM role           creating              0 s
          · Counter/Handler                 Lambda function    waits for Counter…iceRole
          · Api/Default/co…5678.GET..count  Lambda permission  waits for Api and 1 more
          · Counter/Handler/Changes         SNS subscription   waits for Counter/Handler
",
    );
}

#[test]
fn half_way_at_200_columns() {
    shows(
        &Stage::half_way(),
        200,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1                               2 of 7 · 7 s · about 30 s left
          ✓ Changes                                           SNS topic          created                       0.9 s
          ✓ Counter/Table                                     DynamoDB table     created                       6.1 s
          ◐ Api                                               REST API           creating                        7 s
          ◐ Counter/Handler/ServiceRole                       IAM role           creating                        0 s
          · Counter/Handler                                   Lambda function    waits for Counter/…/ServiceRole
          · Api/Default/count/GET/A…erApi12345678.GET..count  Lambda permission  waits for Api and 1 more
          · Counter/Handler/Changes                           SNS subscription   waits for Counter/Handler
",
    );
}

#[test]
fn half_way_at_40_columns() {
    shows(
        &Stage::half_way(),
        40,
        24,
        "
        object-counter · dev
          2 of 7 · 7 s · about 30 s left
          ✓ Changes             created    0.9 s
          ✓ Counter/Table       created    6.1 s
          ◐ Api                 creating     7 s
          ◐ Counter/…rviceRole  creating     0 s
          · Counter/Handler     waiting
          · Api/Defa…ET..count  waiting
          · Counter/…/Changes   waiting
",
    );
}

#[test]
fn a_failure_stays_at_the_end() {
    shows(
        &Stage::failed(),
        80,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1              rolling back · 29 s
          ✓ Changes                         SNS topic          created             0.9 s
          ✓ Counter/Table                   DynamoDB table     created             6.1 s
          · Api                             REST API           cancelled          26.5 s
          ◐ Counter/Handler/ServiceRole     IAM role           deleting              1 s
          · Api/Default/co…5678.GET..count  Lambda permission  not begun
          · Counter/Handler/Changes         SNS subscription   not begun
          ✗ Counter/Handler                 Lambda function    failed              2.0 s
              Resource handler returned message: \"The role defined for the function
              cannot be assumed by Lambda. (Service: Lambda, Status Code: 400)\"
",
    );
}

#[test]
fn what_does_not_fit_becomes_a_count() {
    shows(
        &Stage::failed(),
        80,
        8,
        "
        object-counter · dev · 123456789012 / eu-west-1              rolling back · 29 s
          ✓ 3 done
          ◐ Counter/Handler/ServiceRole     IAM role           deleting              1 s
          · 2 more wait
          ✗ Counter/Handler                 Lambda function    failed              2.0 s
              Resource handler returned message: \"The role defined for the function
              cannot be assumed by Lambda. (Service: Lambda, Status Code: 400)\"
",
    );
}

#[test]
fn what_resources_took_before_counts_more_than_what_is_usual() {
    let mut stage = Stage::half_way();
    let mut events = Vec::new();
    for (id, took) in [("Role", 9), ("Handler", 41), ("Api", 125)] {
        for (second, status) in [(0, "CREATE_IN_PROGRESS"), (took, "CREATE_COMPLETE")] {
            let mut event = StackEvent::new("object-counter", id, "AWS::X::Y", ResourceStatus::parse(status));
            event.time = Some(UNIX_EPOCH + Duration::from_secs(second));
            events.push(event);
        }
    }
    stage.board.stack("object-counter").unwrap().learn(&Earlier::of(&events));
    stage.at(8.6);
    shows(
        &stage,
        80,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1  2 of 7 · 9 s · about 2 min left
          ✓ Changes                         SNS topic          created             0.9 s
          ✓ Counter/Table                   DynamoDB table     created             6.1 s
          ◑ Api                             REST API           creating              8 s
          ◑ Counter/Handler/ServiceRole     IAM role           creating        2 s / 9 s
          · Counter/Handler                 Lambda function    waits for Counter…iceRole
          · Api/Default/co…5678.GET..count  Lambda permission  waits for Api and 1 more
          · Counter/Handler/Changes         SNS subscription   waits for Counter/Handler
",
    );
}

/// A stack with a nested one, of which the plan told what is in it, and in that another one, of which it did not.
fn nested() -> Stage {
    let mut stage = Stage::new();
    stage.names = Names::of(&nested_app());
    stage.open(
        "object-counter",
        r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack"},"Topic":{"Type":"AWS::SNS::Topic"}}}"#,
    );
    let inside = |id: &str, resource_type: &str| Expected {
        nested_in: vec!["Inner".to_owned()],
        logical_id: id.to_owned(),
        resource_type: resource_type.to_owned(),
        work: Work::Create,
    };
    let inner = [
        inside("Queue", "AWS::SQS::Queue"),
        inside("Other", "AWS::SQS::Queue"),
        inside("Middle", "AWS::CloudFormation::Stack"),
    ];
    let names = stage.names.clone();
    stage.board.stack("object-counter").unwrap().expect(&inner, &Graph::default(), &names);
    let app = "object-counter";
    stage.at(1.0).event("Topic", "CREATE_IN_PROGRESS");
    stage.at(2.0).event("Inner", "CREATE_IN_PROGRESS");
    stage.at(3.0).inside(app, &["Inner"], "Queue", "CREATE_IN_PROGRESS", None);
    stage.inside(app, &["Inner"], "Middle", "CREATE_IN_PROGRESS", None);
    stage.at(3.4).inside(app, &["Inner", "Middle"], "Queue", "CREATE_IN_PROGRESS", None);
    stage.inside(app, &["Inner", "Middle"], "Other", "CREATE_IN_PROGRESS", None);
    stage.at(3.6).inside(app, &["Inner", "Middle"], "Queue", "CREATE_COMPLETE", None);
    stage.at(4.0).event("Topic", "CREATE_COMPLETE").inside(app, &["Inner"], "Queue", "CREATE_COMPLETE", None);
    stage
}

fn nested_app() -> skysmith_assembly::Stack {
    let mut stack = skysmith_assembly::Stack::plain("object-counter", "x");
    let entry = |path: &str, id: &str| {
        (format!("object-counter/{path}"), vec![skysmith_assembly::MetadataEntry::logical_id(id, None)])
    };
    stack.metadata = vec![
        entry("Storage.NestedStack/Storage.NestedStackResource", "Inner"),
        entry("Storage/Backlog/Resource", "Queue"),
        entry("Storage/Deep.NestedStack/Deep.NestedStackResource", "Middle"),
        entry("Storage/Deep/Jobs/Resource", "Queue"),
    ];
    stack
}

#[test]
fn nested_stacks_have_theirs_beneath_them() {
    shows(
        &nested(),
        80,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1                     1 of 2 · 4 s
          ✓ Topic      SNS topic     created                                       3.0 s
          ◐ Storage    nested stack  creating, 1 of 3                                2 s
          ◐   Deep     nested stack  creating, 1 done                                1 s
          ◐     Other  SQS queue     creating                                        1 s
",
    );
    shows(
        &nested(),
        200,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1                                                 1 of 2 · 4 s
          ✓ Topic      SNS topic     created                                                                   3.0 s
          ◐ Storage    nested stack  creating, 1 of 3                                                            2 s
          ◐   Deep     nested stack  creating, 1 done                                                            1 s
          ◐     Other  SQS queue     creating                                                                    1 s
",
    );
}

#[test]
fn what_fails_in_a_nested_stack_has_its_whole_path() {
    let mut stage = nested();
    let deep = ["Inner", "Middle"];
    stage.at(5.0).inside("object-counter", &deep, "Jobs", "CREATE_IN_PROGRESS", None);
    stage.at(6.0).inside("object-counter", &deep, "Jobs", "CREATE_FAILED", Some("limit reached"));
    stage.inside("object-counter", &["Inner"], "Middle", "CREATE_FAILED", Some("Embedded stack was not created"));
    shows(
        &stage,
        80,
        24,
        "
        object-counter · dev · 123456789012 / eu-west-1                     1 of 2 · 6 s
          ✓ Topic              SNS topic     created                               3.0 s
          ◐ Storage            nested stack  creating, 2 of 3                        4 s
          ✗ Storage/Deep/Jobs  SQS queue     failed                                1.0 s
              limit reached
          ✗ Storage/Deep       nested stack  failed                                3.0 s
              Embedded stack was not created
",
    );
}

#[test]
fn several_stacks_share_the_lines() {
    let mut stage = Stage::half_way();
    stage.board.overview = Overview { doing: "deploying", total: 12, done: 3, failed: 1, skipped: 0 };
    stage.open("welcome", TEMPLATE);
    stage.at(9.0).inside("welcome", &[], "Api", "CREATE_IN_PROGRESS", None);
    let whole = "
        deploying 12 stacks · 3 done · 1 failed · 9 s
        object-counter                                    2 of 7 · 9 s · about 30 s left
          ◐ Api                             REST API           creating              9 s
          ◐ Counter/Handler/ServiceRole     IAM role           creating              2 s
        welcome                                           0 of 7 · 2 s · about 40 s left
          ◐ Api                             REST API           creating              0 s
";
    shows(&stage, 80, 24, whole);
    shows(
        &stage,
        40,
        5,
        "
        deploying 12 stacks · 3 done · 1 failed…
        object-counter              2 of 7 · 9 s
          ◐ 2 more at work
        welcome   0 of 7 · 2 s · about 40 s left
",
    );
}

#[test]
fn every_size_is_kept() {
    let mut many = Stage::half_way();
    for index in 0..80 {
        let (id, status) =
            (format!("Resource{index}"), if index % 2 == 0 { "CREATE_IN_PROGRESS" } else { "CREATE_FAILED" });
        many.inside(
            "object-counter",
            &[],
            &id,
            status,
            Some("the reason for it is a long one, as they often are in practice"),
        );
    }
    let mut several = Stage::half_way();
    for index in 0..30 {
        several.open(&format!("stack-{index}"), TEMPLATE);
    }
    for stage in [Stage::half_way(), Stage::failed(), many, several] {
        for columns in 20..130 {
            for lines in 1..30 {
                let drawn = stage.lines(columns, lines);
                assert!(drawn.len() <= lines, "{} lines in {columns} × {lines}", drawn.len());
                for line in drawn {
                    let width = fit::width(&anstream::adapter::strip_str(&line).to_string());
                    assert!(width <= columns, "{width} columns in {columns} × {lines}: {line}");
                }
            }
        }
    }
    let failed = Stage::failed();
    assert!((6..30).all(|lines| {
        failed.lines(60, lines).iter().any(|line| line.contains("Counter/Handler") && line.contains("failed"))
    }));
}

#[test]
fn colour_only_underlines() {
    let terminal = Stage::failed().terminal(80, 24);
    let color = |line, column| terminal.screen().cell(line, column).unwrap().fgcolor();
    // The marks: done, failed; the word `failed`; and a name, which has none.
    assert_eq!([color(1, 2), color(7, 2), color(7, 56)], [2, 1, 1].map(vt100::Color::Idx));
    assert_eq!(color(1, 4), vt100::Color::Default);
    let plain: Vec<String> =
        Stage::failed().lines(80, 23).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
    let shown = terminal.screen().contents();
    assert_eq!(
        plain.iter().map(|line| line.trim_end()).collect::<Vec<_>>(),
        shown.lines().map(str::trim_end).collect::<Vec<_>>()
    );
}

/// What a terminal of a size shows after what was said before and some frames.
fn after(columns: u16, bytes: &[u8]) -> String {
    let mut terminal = vt100::Parser::new(24, columns, 0);
    terminal.process(b"said before\r\n");
    terminal.process(bytes);
    terminal.screen().contents()
}

#[test]
fn frames_take_the_place_of_those_before_and_go_without_a_trace() {
    let mut screen = Screen::new(Vec::new());
    screen.draw(Stage::failed().lines(80, 23), 80).unwrap();
    screen.draw(Stage::half_way().lines(80, 23), 80).unwrap();
    assert_eq!(after(80, screen.out()), format!("said before\n{}", Stage::half_way().shown(80, 24)));
    let length = screen.out().len();
    screen.draw(Stage::half_way().lines(80, 23), 80).unwrap();
    assert_eq!(screen.out().len(), length, "the same again is not written again");
    screen.clear(80).unwrap();
    screen.out().extend(b"said after\r\n");
    assert_eq!(after(80, screen.out()), "said before\nsaid after");
    let text = String::from_utf8(screen.out().clone()).unwrap();
    assert!(!text.contains("\x1b[?25"), "the cursor is left alone");
    assert_eq!(text.matches("\x1b[?2026h").count(), text.matches("\x1b[?2026l").count());
}

#[test]
fn a_terminal_that_becomes_narrower_is_left_clean() {
    let mut screen = Screen::new(Vec::new());
    screen.draw(Stage::half_way().lines(80, 23), 80).unwrap();
    // The terminal breaks the lines that are there, as if they had been written to it at this width.
    screen.draw(Stage::half_way().lines(50, 23), 50).unwrap();
    assert_eq!(after(50, screen.out()), format!("said before\n{}", Stage::half_way().shown(50, 24)));
    screen.clear(30).unwrap();
    let mut terminal = vt100::Parser::new(60, 30, 0);
    terminal.process(b"said before\r\n");
    let last = Stage::half_way().lines(50, 23).join("\r\n") + "\r\n";
    terminal.process(last.as_bytes());
    let mut narrow = Screen::new(Vec::new());
    narrow.draw(Stage::half_way().lines(50, 23), 50).unwrap();
    narrow.out().clear();
    narrow.clear(30).unwrap();
    terminal.process(narrow.out());
    assert_eq!(terminal.screen().contents(), "said before");
}
