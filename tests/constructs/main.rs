//! The constructs: what they make, what they refuse, and where they point when they do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod allow;
mod apigateway;
mod compile;
mod dynamodb;
mod iam;
mod imported;
mod lambda;
mod s3;
mod sns;
mod typed;

use serde_json::Value;
use skysmith::prelude::*;

/// The template of a stack that `program` fills; an error fails the test.
#[track_caller]
fn template(program: impl FnOnce(&Stack)) -> Value {
    let app = App::new();
    program(&Stack::new(&app, "demo"));
    let synthesis = skysmith::synthesize(&app);
    assert!(!synthesis.has_errors(), "{:#?}", synthesis.diagnostics());
    serde_json::from_str(&synthesis.stacks[0].template.to_json()).unwrap()
}

/// A complaint: its rule, its words, its construct, its property, its line.
#[derive(Debug)]
struct Complaint {
    rule: String,
    message: String,
    path: String,
    property: String,
    line: u32,
}

/// Everything that is wrong with a stack that `program` fills.
fn complaints(program: impl FnOnce(&Stack)) -> Vec<Complaint> {
    let app = App::new();
    program(&Stack::new(&app, "demo"));
    let found = skysmith::synthesize(&app).diagnostics();
    found
        .into_iter()
        .map(|found| Complaint {
            rule: found.rule.unwrap_or_default(),
            message: found.message,
            path: found.path.unwrap_or_default(),
            property: found.property.unwrap_or_default(),
            line: found.place.map_or(0, |place| place.line),
        })
        .collect()
}

/// The bodies of the resources of one type, in the template's order.
fn of_type<'a>(template: &'a Value, kind: &str) -> Vec<&'a Value> {
    template["Resources"].as_object().unwrap().values().filter(|body| body["Type"] == kind).collect()
}

/// The only resource of one type.
#[track_caller]
fn only<'a>(template: &'a Value, kind: &str) -> &'a Value {
    match of_type(template, kind)[..] {
        [body] => body,
        ref found => panic!("{} of {kind}", found.len()),
    }
}

/// A function whose code does not matter.
#[track_caller]
fn function(scope: &Scope, id: &str) -> skysmith::lambda::Function {
    let code = skysmith::lambda::Code::inline("def handler(event, context): pass");
    skysmith::lambda::Function::new(scope, id, skysmith::lambda::Runtime::PYTHON_3_13, code)
}
