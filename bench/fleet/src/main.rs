//! Many stacks of many resources, for `cargo xtask bench`: `fleet STACKS RESOURCES [unchecked]`.
//!
//! Each stack is the same cells over and over, of constructs and of typed resources that refer to each other, and uses what
//! the stack before it made. It is run as any program is; `unchecked` leaves out the checks of the templates.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fmt};

use skysmith::cfn::cloudwatch::{CfnAlarm, alarm};
use skysmith::cfn::sqs::CfnQueue;
use skysmith::cfn::ssm::{CfnParameter, parameter};
use skysmith::prelude::*;
use skysmith::{dynamodb, lambda, s3, sns};

/// The resources of a cell.
const CELL: usize = 10;
/// Every so many cells use something of the stack before.
const CROSSING: usize = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let sizes = |stacks: &str, resources: &str| Some((stacks.parse().ok()?, resources.parse().ok()?));
    match words.as_slice() {
        [stacks, resources] => match sizes(stacks, resources) {
            Some((stacks, resources)) => App::run(|app| {
                fleet(app, stacks, resources);
                Ok(())
            }),
            None => failed(&"not a number"),
        },
        [stacks, resources, "unchecked"] => match sizes(stacks, resources) {
            Some((stacks, resources)) => unchecked(stacks, resources),
            None => failed(&"not a number"),
        },
        _ => failed(&"usage: fleet STACKS RESOURCES [unchecked]"),
    }
}

fn failed(why: &dyn fmt::Display) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::from(2)
}

/// What `App::run` does, but for the checks of what is rendered.
fn unchecked(stacks: usize, resources: usize) -> ExitCode {
    let app = App::new();
    fleet(&app, stacks, resources);
    let out = env::var_os("CDK_OUTDIR").unwrap_or_else(|| "cdk.out".into());
    let synthesis = app.synthesize(&skysmith_core::Catalog { tags: |_| None, is_list: |_, _| false });
    if synthesis.has_errors() {
        return failed(&format_args!("{:?}", synthesis.diagnostics()));
    }
    match synthesis.write(Path::new(&out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn fleet(app: &Scope, stacks: usize, resources: usize) {
    let mut before: Vec<Cell> = Vec::new();
    for number in 0..stacks {
        let stack = Stack::new(app, &format!("stack-{number}"));
        let cells = resources / CELL;
        let made = (0..cells).map(|cell| {
            let neighbour = before.get(cell).filter(|_| cell % CROSSING == 0);
            Cell::new(&stack, &format!("Cell{cell}"), neighbour)
        });
        let made: Vec<Cell> = made.collect();
        for rest in 0..resources % CELL {
            CfnParameter::new(&stack, &format!("Setting{rest}"), parameter::Type::String, "on");
        }
        before = made;
    }
}

/// A worker with its table, its objects, its queue and what watches over it.
struct Cell {
    table: dynamodb::Table,
    topic: sns::Topic,
}

impl Cell {
    /// Ten resources.
    fn new(scope: &Scope, id: &str, neighbour: Option<&Self>) -> Self {
        let scope = scope.child(id);
        let table = dynamodb::Table::builder(&scope, "Table", dynamodb::Key::string("id"))
            .sort_key(dynamodb::Key::string("at"))
            .build();
        let bucket = s3::Bucket::builder(&scope, "Objects").versioned().build();
        let topic = sns::Topic::new(&scope, "Alarms");
        let queue = CfnQueue::new(&scope, "Queue").visibility_timeout(60).sqs_managed_sse_enabled(true);
        let code = lambda::Code::directory("functions/work");
        let mut work = lambda::Function::builder(&scope, "Work", lambda::Runtime::PYTHON_3_13, code)
            .handler("work.handler")
            .memory(mib!(256))
            .env("TABLE_NAME", table.name())
            .env("BUCKET_NAME", bucket.name())
            .env("QUEUE", queue.attr_arn());
        if let Some(neighbour) = neighbour {
            work = work.env("OTHER_TABLE", neighbour.table.name()).env("OTHER_TOPIC", neighbour.topic.arn());
        }
        let work = work.build();
        table.grant_read_write(&work);
        bucket.grant_read(&work);
        CfnAlarm::new(&scope, "Errors")
            .namespace("AWS/Lambda")
            .metric_name("Errors")
            .dimensions([alarm::Dimension::new("FunctionName", work.name())])
            .statistic(alarm::Statistic::Sum)
            .period(300)
            .evaluation_periods(1)
            .threshold(0.0)
            .comparison_operator(alarm::ComparisonOperator::GreaterThanThreshold)
            .alarm_actions([topic.arn()]);
        Self { table, topic }
    }
}
