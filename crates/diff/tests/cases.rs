//! Cases as data: two templates, and what differs between them.
//!
//! A case has either two whole templates or, with `type`, the properties of one resource `X`. Each line that is expected is
//! one of
//!
//! * `LogicalId action fate` of a resource,
//! * `LogicalId .path kind replacement by origin` of a property,
//! * `LogicalId @path kind` of another attribute of a resource,
//! * `section name added|removed|changed paths` of an entry of a section.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::path::Path;

use skysmith_diff::{
    Action, ChangeKind, EntryChange, Fate, Origin, Replacement, Retention, TemplateDiff, ValueChange, diff,
};
use skysmith_template::{Map, Node, Template, read_json};

struct Case {
    name: String,
    before: Template,
    after: Template,
    expect: Vec<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let document = read_json(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (name, case) in document.template.into_root() {
            let template = |key: &str| match (case.get("type"), case.get(key).map(Node::to_long_form)) {
                (None, Some(Node::Map(root))) => Template::from_long_form(root),
                (Some(kind), properties) => {
                    let mut body = Map::from([("Type".to_owned(), kind.clone())]);
                    body.extend(properties.filter(|it| *it != Node::Null).map(|it| ("Properties".to_owned(), it)));
                    let resources = Map::from([("X".to_owned(), body.into())]);
                    Template::from_long_form(Map::from([("Resources".to_owned(), resources.into())]))
                }
                _ => panic!("{name}: no `{key}`"),
            };
            let lines = case.get("expect").and_then(Node::as_list).unwrap();
            let expect = lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect();
            let (before, after) = (template("before"), template("after"));
            let name = format!("{}: {name}", file.file_stem().unwrap().to_string_lossy());
            cases.push(Case { name, before, after, expect });
        }
    }
    cases
}

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
        lines.push(format!("{id} {action} {fate}"));
        for property in &resource.properties {
            let replacement = match property.verdict.replacement {
                Replacement::Never => "never",
                Replacement::Conditional => "conditional",
                Replacement::Always => "always",
            };
            let origin = match &property.verdict.origin {
                Origin::Specification => "specification".to_owned(),
                Origin::Reference { logical_id } => format!("reference to {logical_id}"),
                Origin::ResourceType => "resource type".to_owned(),
                Origin::CustomResource => "custom resource".to_owned(),
                Origin::UnknownType => "unknown type".to_owned(),
                other => format!("{other:?}"),
            };
            let ValueChange { path, kind, .. } = &property.change;
            lines.push(format!("{id} .{path} {} {replacement} by {origin}", word(*kind)));
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
    lines
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
        let diff = diff(&case.before, &case.after);
        let found = lines(&diff);
        if found != case.expect {
            let (expected, found) = (case.expect.join("\n    "), found.join("\n    "));
            wrong.push(format!("{}\n  expected\n    {expected}\n  found\n    {found}", case.name));
        }
        assert_eq!(diff.is_empty(), found.is_empty(), "{}", case.name);
        let losses = diff.data_losses().len();
        let marked = found.iter().filter(|line| line.ends_with("data lost") || line.ends_with("data at risk")).count();
        assert_eq!(losses, marked, "{}", case.name);
    }
    assert!(cases.len() > 90, "{}", cases.len());
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
