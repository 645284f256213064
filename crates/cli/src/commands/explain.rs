//! `skysmith explain`: what a rule is about, what to do about a finding, and how to silence it.

use serde_json::{Value, json};
use skysmith_validate::{Levels, RuleId, Severity};

use crate::error::{Done, Failure, closest};
use crate::output::diagnostics::wrapped;
use crate::output::{style, table};
use crate::session::Session;

/// Lines of prose are not longer than this.
const WIDTH: usize = 96;

/// What rules are about, and the beginnings of their ids; of several that fit, the first.
const TOPICS: &[(&str, &[&str])] = &[
    ("what is allowed", &["unknown-rule", "malformed-allow", "unused-allow"]),
    ("names and literals", &["resource-name", "duplicate-name", "hard-coded-", "plain-secret"]),
    ("DynamoDB", &["table-"]),
    ("Lambda", &["lambda-"]),
    ("API Gateway", &["api-"]),
    ("S3", &["notification-", "s3-", "bucket-"]),
    ("SNS and SQS", &["sns-", "fifo", "queue-"]),
    ("IAM", &["policy-", "public-principal", "oidc-", "unknown-action"]),
    ("CloudWatch and EventBridge", &["log-retention", "schedule-", "alarm-"]),
    ("data", &["removal-policy"]),
    (
        "sections and references",
        &[
            "unknown-section",
            "malformed-section",
            "no-resources",
            "template-limit",
            "logical-id",
            "malformed-function",
            "unknown-reference",
            "unknown-attribute",
            "unknown-condition",
            "unknown-mapping",
            "condition-reference",
            "circular-",
            "parameter-",
            "output-",
            "unused-",
        ],
    ),
    ("resources and properties", &[""]),
];

fn topic(rule: RuleId) -> &'static str {
    let fits = |beginnings: &[&str]| beginnings.iter().any(|beginning| rule.as_str().starts_with(beginning));
    TOPICS.iter().find(|(_, beginnings)| fits(beginnings)).map_or("other", |(topic, _)| topic)
}

/// What is found before there is a template. None of it can be silenced.
const BEFORE: &[(&str, &str, &str)] = &[
    ("syntax", "a template has to be JSON or YAML", "correct the text where it says so"),
    (
        "config",
        "a setting that is not understood would do nothing",
        "correct skysmith.toml or cdk.json where it says so",
    ),
    (
        "parameter",
        "a parameter that is not understood would do nothing",
        "correct the file in params/ where it says so",
    ),
    ("duplicate-id", "two constructs of one scope cannot have the same id", "give one of them another id"),
    ("construct-id", "the id of a construct is neither empty nor has a `/`", "take another id"),
    ("no-stack", "a resource belongs to a stack", "make it in the scope of a stack, not of the app"),
    ("stack-name", "two stacks of an account and region cannot have the same name", "name one of them otherwise"),
    ("stack-cycle", "stacks that wait for each other can never be deployed", "move what both need to a third stack"),
    (
        "cross-stack-reference",
        "not everything of a stack can be handed to another one",
        "hand over a name or an ARN instead",
    ),
    ("foreign-value", "a value of another app means nothing in this one", "hand over text instead"),
    ("never-built", "a builder makes nothing until `build` is called", "end it with `.build()`"),
    (
        "aspects-never-end",
        "aspects that add constructs feed each other without end",
        "add a construct only where it is not there yet",
    ),
    ("asset", "the files of an asset have to be there and readable", "correct the path"),
    ("lambda-handler", "a function's handler has to be in its code", "correct the handler or the code"),
    ("api-without-methods", "an API cannot be deployed before it has a method", "add a method"),
];

/// Prints the page of a rule, or the list of all.
pub fn run(session: &Session, rule: Option<&str>) -> Result<Done, Failure> {
    let ui = &session.ui;
    let levels = session.levels();
    let Some(id) = rule else {
        if ui.is_json() {
            let rules: Vec<Value> = RuleId::ALL.iter().map(|rule| value(*rule, &levels)).collect();
            ui.json(&json!({ "rules": rules }))?;
        } else {
            ui.result(&list(&levels))?;
            ui.say("\n`skysmith explain RULE` says more of one\n");
        }
        return Ok(Done::Ok);
    };
    if let Some((id, reason, fix)) = BEFORE.iter().find(|(known, ..)| *known == id) {
        if ui.is_json() {
            ui.json(&json!({ "id": id, "severity": "error", "reason": reason, "fix": fix }))?;
        } else {
            let id = style::paint(style::STRONG, id);
            ui.result(&format!("{id}   error\n\n{reason}\n\nto put it right   {fix}\n\nIt cannot be silenced: without it there is no template.\n"))?;
        }
        return Ok(Done::Ok);
    }
    let Ok(rule) = id.parse::<RuleId>() else {
        let known = RuleId::ALL.iter().map(|rule| rule.as_str()).chain(BEFORE.iter().map(|(id, ..)| *id));
        let failure = Failure::usage(format!("there is no rule `{id}`"));
        return Err(match closest(id, known) {
            Some(close) => failure.hint(format!("did you mean `{close}`?")),
            None => failure.hint("`skysmith explain` lists all rules"),
        });
    };
    if ui.is_json() {
        ui.json(&value(rule, &levels))?;
    } else {
        ui.result(&page(rule, &levels))?;
    }
    Ok(Done::Ok)
}

/// The word for how severe a rule is unless somebody says otherwise.
fn severity(rule: RuleId) -> &'static str {
    match rule.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn value(rule: RuleId, levels: &Levels) -> Value {
    json!({
        "id": rule.as_str(),
        "topic": topic(rule),
        "severity": severity(rule),
        "severity_here": levels.get(&rule).map_or(severity(rule), |level| level.as_str()),
        "reason": rule.reason(),
        "explanation": rule.explanation(),
        "fix": rule.fix(),
    })
}

fn list(levels: &Levels) -> String {
    let mut text = String::new();
    let widest = RuleId::ALL.iter().map(|rule| rule.as_str().len()).max().unwrap_or_default();
    for (index, (topic_name, _)) in TOPICS.iter().rev().enumerate() {
        let rules = RuleId::ALL.iter().filter(|rule| topic(**rule) == *topic_name);
        let rows: Vec<Vec<String>> = rules
            .map(|rule| {
                let here = levels.get(rule).map(|level| format!(", here {}", level.as_str())).unwrap_or_default();
                vec![
                    format!("  {:widest$}", rule.as_str()),
                    format!("{}{here}", severity(*rule)),
                    rule.reason().to_owned(),
                ]
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        let gap = if index == 0 { "" } else { "\n" };
        text.push_str(&format!("{gap}{}\n{}", style::paint(style::STRONG, topic_name), table::columns(&rows)));
    }
    text
}

fn page(rule: RuleId, levels: &Levels) -> String {
    let id = rule.as_str();
    let here = levels.get(&rule).map(|level| format!(", in this project: {}", level.as_str())).unwrap_or_default();
    let mut text = format!("{}   {}{here}   {}\n\n", style::paint(style::STRONG, id), severity(rule), topic(rule));
    let mut paragraph = |words: &str| text.push_str(&format!("{}\n", wrapped(words, "", "", Some(WIDTH))));
    paragraph(rule.reason());
    paragraph(rule.explanation());
    paragraph(&format!("to put it right: {}", rule.fix()));
    text.push_str(&format!(
        "\
to silence it
  for a resource, in a program     .allow(\"{id}\", \"the reason\")
  for a resource, in a template    Metadata: {{ skysmith: {{ allow: [{{ rule: {id}, reason: ... }}] }} }}
  for the project, skysmith.toml   [validate]
                                   rules = {{ {id} = \"off\" }}      or \"warning\", \"error\"
  for one run                      --allow {id}      or --warn, --deny
"
    ));
    if rule.severity() == Severity::Error {
        text.push_str("\nWhat CloudFormation is certain to refuse it will refuse all the same.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_know_no_rule_that_is_gone() {
        for beginning in TOPICS.iter().flat_map(|(_, beginnings)| *beginnings) {
            let is_known = RuleId::ALL.iter().any(|rule| rule.as_str().starts_with(beginning));
            assert!(is_known || *beginning == "bucket-", "{beginning}");
        }
        for (id, reason, fix) in BEFORE {
            assert!(id.parse::<RuleId>().is_err(), "{id} is a rule by now");
            assert!(!reason.ends_with('.') && !fix.ends_with('.'), "{id}");
        }
    }

    #[test]
    fn every_rule_is_listed_once() {
        let text = list(&Levels::new());
        for rule in RuleId::ALL {
            let lines = text.lines().filter(|line| line.split_whitespace().next() == Some(rule.as_str())).count();
            assert_eq!(lines, 1, "{rule}");
        }
    }
}
