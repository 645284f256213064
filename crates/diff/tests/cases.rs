//! Cases as data: two templates, and what differs between them.
//!
//! A case has either two whole templates or, with `type`, the properties of one resource `X`. Each line that is expected is
//! one of
//!
//! * `LogicalId action fate` of a resource, with `by` the condition that it comes or goes by,
//! * `LogicalId .path kind replacement by origin` of a property,
//! * `LogicalId @path kind` of another attribute of a resource,
//! * `section name added|removed|changed paths` of an entry of a section,
//! * `rewritten`, `move`, `refusal`, `risk`, `rights`, `security`, `code`, `value` and `exposed` with what there is to say of each.
//!
//! With `parameters` a case has the values of parameters on both sides, with `observed` what a change set says.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

mod common;

use common::case::cases;
use skysmith_diff::{
    Action, ChangeKind, Code, Effect, EntryChange, Fate, Judge, Origin, OutputChangeKind, RefusalReason, Replacement,
    Retention, Rights, RiskKind, StatementChange, TemplateDiff, ValueChange, diff,
};
use skysmith_template::Node;

fn lines(diff: &TemplateDiff) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in &diff.resources {
        let action = match resource.action {
            Action::Add => "add",
            Action::Change => "change",
            Action::Replace => "replace",
            Action::Remove => "remove",
        };
        let fate = match resource.fate {
            Fate::Kept => "kept",
            Fate::Deleted => "deleted",
            Fate::DataLost => "data lost",
            Fate::DataAtRisk => "data at risk",
            Fate::LeavesStack(Retention::Resource) => "retained",
            Fate::LeavesStack(_) => "snapshot",
            _ => "?",
        };
        let id = &resource.logical_id;
        let judge = match resource.judge {
            Judge::Templates => "",
            Judge::Both => ", as the change set says",
            Judge::ChangeSet => ", by the change set",
            Judge::TemplatesAgainstChangeSet => ", against the change set",
            Judge::NotInChangeSet => ", not in the change set",
            _ => "?",
        };
        let condition = resource.condition.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
        lines.push(format!("{id} {action} {fate}{condition}{judge}"));
        for property in &resource.properties {
            let origin = |origin: &Origin| match origin {
                Origin::Specification => "specification".to_owned(),
                Origin::Reference { logical_id } => format!("reference to {logical_id}"),
                Origin::Parameter { name } => format!("parameter {name}"),
                Origin::Condition { name } => format!("condition {name}"),
                Origin::ChangeSet => "change set".to_owned(),
                Origin::ResourceType => "resource type".to_owned(),
                Origin::CustomResource => "custom resource".to_owned(),
                Origin::UnknownType => "unknown type".to_owned(),
                other => format!("{other:?}"),
            };
            let ValueChange { path, kind, .. } = &property.change;
            let verdict = &property.verdict;
            let against = property
                .overruled
                .as_ref()
                .map(|other| format!(", not {} by {}", replacement(other.replacement), origin(&other.origin)));
            lines.push(format!(
                "{id} .{path} {} {} by {}{}",
                word(*kind),
                replacement(verdict.replacement),
                origin(&verdict.origin),
                against.unwrap_or_default()
            ));
        }
        for change in &resource.attributes {
            lines.push(format!("{id} @{} {}", change.path, word(change.kind)));
        }
    }
    let sections = [
        ("parameters", &diff.parameters),
        ("outputs", &diff.outputs),
        ("conditions", &diff.conditions),
        ("mappings", &diff.mappings),
        ("rules", &diff.rules),
        ("other", &diff.other),
    ];
    for (section, entries) in sections {
        for EntryChange { name, before, after, changes, .. } in entries {
            let paths: Vec<_> = changes.iter().map(|change| change.path.to_string()).collect();
            lines.push(match (before, after) {
                (None, _) => format!("{section} {name} added"),
                (_, None) => format!("{section} {name} removed"),
                _ => format!("{section} {name} changed {}", paths.join(", ")),
            });
        }
    }
    findings(diff, &mut lines);
    lines
}

/// What is said beside the differences themselves.
fn findings(diff: &TemplateDiff, lines: &mut Vec<String>) {
    for it in &diff.rewritten {
        let name = it.name.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
        lines.push(format!("rewritten {}{name}{}", it.section, if it.is_order { ", its order" } else { "" }));
    }
    for it in &diff.moves {
        let taken = if it.fixed_name.is_some() { ", its name is taken" } else { "" };
        lines.push(format!("move {} to {} {:?}{taken}", it.from, it.to, it.fate));
    }
    for it in &diff.refusals {
        let reason = match &it.reason {
            RefusalReason::NameStays { name, causes } => {
                let causes: Vec<_> = causes.iter().map(ToString::to_string).collect();
                format!("{} stays, because of {}", name.property, causes.join(", "))
            }
            RefusalReason::NameTaken { name, by } => format!("{} is taken by {by}", name.property),
            RefusalReason::TypeChanges { before, after } => format!("from {before} to {after}"),
            other => format!("{other:?}"),
        };
        assert!(!it.ways_out.is_empty());
        lines.push(format!("refusal {} {reason}", it.logical_id));
    }
    for it in &diff.risks {
        let kind = match &it.kind {
            RiskKind::CustomRemoved { helper, acts_on, in_two_steps } => {
                let steps = if *in_two_steps { ", in two steps" } else { "" };
                format!("custom removed {helper:?} on {}{steps}", acts_on.join(", "))
            }
            RiskKind::CustomReplaced { helper } => format!("custom replaced {helper:?}"),
            RiskKind::CleansUpAnother { other, shared } => format!("cleans up {other} by {}", shared.join(", ")),
            RiskKind::RightsGap { to } => format!("rights are missing until {to}"),
            RiskKind::NoLongerKept => "no longer kept".to_owned(),
            other => format!("{other:?}"),
        };
        lines.push(format!("risk {} {kind}", it.logical_id));
    }
    lines.extend(diff.iam.iter().map(rights));
    for it in &diff.security {
        lines.push(format!("security {} .{} {:?} {:?}", it.logical_id, it.path, it.topic, it.trend));
        // A weaker setting without a word on what it was or is would be no help.
        assert!(it.before.is_some() || it.after.is_some(), "{it:?}");
    }
    for it in &diff.code {
        let code = |code: &Code| match code {
            Code::Object { key, .. } => node(key),
            Code::Inline(_) => "inline".to_owned(),
            Code::Image(image) => node(image),
            _ => "other".to_owned(),
        };
        lines.push(format!("code {} {} {} to {}", it.logical_id, it.property, code(&it.before), code(&it.after)));
    }
    for it in &diff.values {
        let value = |value: &Option<skysmith_diff::ParameterValue>| match value {
            None => "nothing".to_owned(),
            Some(value) => value.text.clone().unwrap_or_else(|| "a secret".to_owned()),
        };
        lines.push(format!("value {} {} to {}", it.name, value(&it.before), value(&it.after)));
    }
    for it in &diff.exposed {
        let kind = match &it.kind {
            OutputChangeKind::Removed => "removed".to_owned(),
            OutputChangeKind::NoLongerExported => "no longer exported".to_owned(),
            OutputChangeKind::Renamed { to } => format!("exported as {}", node(to)),
            OutputChangeKind::Value => "another value".to_owned(),
            OutputChangeKind::Replaced { logical_id, is_certain } => {
                format!("{logical_id} {} replaced", if *is_certain { "is" } else { "may be" })
            }
            other => format!("{other:?}"),
        };
        let export = it.export.as_ref().map(|name| format!(" ({})", node(name))).unwrap_or_default();
        lines.push(format!("exposed {}{export} {kind}", it.name));
    }
}

/// `rights + Identity of Ref(Role) Allow s3:GetObject on *, broader by Actions`.
fn rights(it: &StatementChange) -> String {
    let mark = match it.change {
        ChangeKind::Added => "+",
        ChangeKind::Removed => "-",
        _ => "~",
    };
    let list = |items: Vec<String>| items.join(" ");
    let what = match it.rights() {
        Some(Rights::Statement(statement)) => {
            let effect = match &statement.effect {
                Effect::Allow => "Allow",
                Effect::Deny => "Deny",
                Effect::Other(_) => "?",
            };
            let principals = statement.principals.items().iter().map(|it| format!("{} {}", it.kind, node(&it.id)));
            let parts = [
                list(statement.actions.items().iter().map(node).collect()),
                list(statement.resources.items().iter().map(node).collect()),
                list(principals.collect()),
                list(statement.conditions.iter().map(|it| it.key.clone()).collect()),
            ];
            let words = ["", " on ", " to ", " if "];
            let said: String = words
                .iter()
                .zip(parts)
                .filter(|(_, part)| !part.is_empty())
                .map(|(word, part)| format!("{word}{part}"))
                .collect();
            format!("{effect} {said}")
        }
        Some(Rights::Managed(arn)) => format!("managed {}", node(arn)),
        _ => "?".to_owned(),
    };
    let broader: Vec<_> = it.broader.iter().map(|it| format!("{it:?}")).collect();
    let broader = if broader.is_empty() { String::new() } else { format!(", broader by {}", broader.join(", ")) };
    let new = if it.is_holder_new { "new " } else { "" };
    format!("rights {mark} {:?} of {new}{} {what}{broader}", it.kind, node(&it.holder))
}

/// Text as it is, a reference as the name of what it refers to.
fn node(node: &Node) -> String {
    match node {
        Node::String(text) => text.clone(),
        other => other.to_json_compact().replace('"', "'"),
    }
}

fn replacement(replacement: Replacement) -> &'static str {
    match replacement {
        Replacement::Never => "never",
        Replacement::Conditional => "conditional",
        Replacement::Always => "always",
    }
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
        ChangeKind::Reordered => "reordered",
        ChangeKind::Referenced => "referenced",
        _ => "?",
    }
}

#[test]
fn each_case_differs_as_expected() {
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let diff = case.diff();
        let found = lines(&diff);
        if found != case.expect {
            let (expected, found) = (case.expect.join("\n    "), found.join("\n    "));
            wrong.push(format!("{}\n  expected\n    {expected}\n  found\n    {found}", case.name));
        }
        let is_silent = found.iter().all(|line| line.starts_with("rewritten "));
        assert_eq!(diff.is_empty(), is_silent, "{}", case.name);
        let losses = diff.data_losses().len();
        let marked = found.iter().filter(|line| line.contains(" data lost") || line.contains(" data at risk")).count();
        assert_eq!(losses, marked, "{}", case.name);
    }
    assert!(cases.len() >= 300, "{}", cases.len());
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn no_template_differs_from_itself() {
    for case in cases() {
        for template in [&case.before, &case.after] {
            assert_eq!(diff(template, template), TemplateDiff::default(), "{}", case.name);
        }
    }
}

#[test]
fn a_difference_is_one_both_ways() {
    for case in cases() {
        assert_eq!(
            diff(&case.before, &case.after).is_empty(),
            diff(&case.after, &case.before).is_empty(),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_summary_counts_resources() {
    let case = cases().into_iter().find(|case| case.name == "sections: order of the result").unwrap();
    let summary = diff(&case.before, &case.after).summary();
    assert_eq!((summary.add, summary.change, summary.replace, summary.remove, summary.may_replace), (1, 2, 0, 2, 0));
}
