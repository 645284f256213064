//! What programs see keeps to `architecture/diff.schema.json`, by the judgement of a validator that is not ours.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use skysmith_diff::{File, TemplateDiff, compare_files};
use skysmith_template::Template;

use super::{Drifted, DriftedProperty, More, TagChange, View};
use crate::names::Names;

#[path = "../../../../diff/tests/common/mod.rs"]
mod common;

#[path = "../../../tests/judges/mod.rs"]
mod judges;

fn schema() -> Value {
    judges::schema("architecture/diff.schema.json")
}

fn judged(documents: &[(String, Value)]) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    judges::judged(&schema(), documents)
}

fn document(diff: &TemplateDiff, after: &Template, names: &Names, more: &More) -> Value {
    let view = View { title: "app", nested_in: &[], diff, names, after, is_deployed: true, has_estimate: true, more };
    json!({ "version": super::json::VERSION, "stacks": [view.json("app")] })
}

/// One of everything that is known beside the templates, of whatever the difference has.
fn everything(diff: &TemplateDiff) -> More {
    let text = |text: &str| Some(text.to_owned());
    let file = |path: &str, hash: &str| File { path: path.to_owned(), size: 1, hash: hash.to_owned() };
    let files = compare_files(
        &[file("a", "1"), file("b", "2"), file("c", "3")],
        &[file("a", "1"), file("b", "4"), file("d", "3")],
    );
    let drifted = |is_gone: bool, nested_in: &[&str]| Drifted {
        logical_id: "Queue".to_owned(),
        nested_in: nested_in.iter().map(|id| (*id).to_owned()).collect(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        is_gone,
        properties: vec![DriftedProperty {
            path: "A.0".to_owned(),
            deployed: text("1"),
            real: None,
            wanted: text("2"),
        }],
    };
    More {
        tags: vec![TagChange { key: "team".to_owned(), before: None, after: text("a") }],
        files: diff.code.iter().map(|code| (code.logical_id.clone(), files.clone())).collect(),
        unread: diff.code.iter().map(|code| (code.logical_id.clone(), "it is too large".to_owned())).collect(),
        readers: diff.exposed.iter().map(|output| (output.name.clone(), vec!["billing".to_owned()])).collect(),
        contents: diff
            .data_losses()
            .iter()
            .map(|loss| (loss.resource.logical_id.clone(), "1,204 items".to_owned()))
            .collect(),
        missing: vec!["Stage".to_owned()],
        imported: ["Bucket".to_owned()].into(),
        drift: vec![drifted(true, &[]), drifted(false, &["Inner"])],
        notes: vec!["a note".to_owned()],
    }
}

/// What is shown of every case of the comparison, alone and as that of a nested stack.
fn documents() -> Vec<(String, Value)> {
    let nested = |version: &str| {
        let text = json!({ "Resources": { "Inner": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": { "TemplateURL": version },
        } } });
        skysmith_template::read(&text.to_string()).unwrap().template
    };
    let (before, after) = (nested("a"), nested("b"));
    let names = Names::default();
    let mut documents = Vec::new();
    for case in common::case::cases() {
        let diff = case.diff();
        documents.push((case.name.clone(), document(&diff, &case.after, &names, &More::default())));
        documents.push((format!("{}, with more", case.name), document(&diff, &case.after, &names, &everything(&diff))));
        let mut outer = skysmith_diff::diff(&before, &after);
        outer.nest("Inner", diff);
        documents.push((format!("{}, nested", case.name), document(&outer, &after, &names, &More::default())));
    }
    documents
}

#[test]
fn all_that_is_shown_keeps_to_the_schema() {
    let documents = documents();
    assert!(documents.len() > 900, "{}", documents.len());
    let (wrong, unused) = judged(&documents);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(unused.is_empty(), "no case shows {unused:?}");
}

/// Each is a document that is right, but for one thing.
#[test]
fn what_is_wrong_is_refused() {
    let right = documents();
    let with = |pointer: &str| {
        let found = right.iter().find(|(_, document)| document.pointer(pointer).is_some_and(|value| !value.is_null()));
        found.unwrap_or_else(|| panic!("no case has {pointer}")).1.clone()
    };
    let mut wrong = Vec::new();
    for holder in [
        "",
        "/stacks/0",
        "/stacks/0/summary",
        "/stacks/0/resources/0",
        "/stacks/0/resources/0/properties/0",
        "/stacks/0/resources/0/properties/0/by",
        "/stacks/0/resources/0/attributes/0",
        "/stacks/0/resources/0/nested",
        "/stacks/0/resources/0/nested/iam/0",
        "/stacks/0/data_losses/0",
        "/stacks/0/moves/0",
        "/stacks/0/refusals/0",
        "/stacks/0/refusals/0/name",
        "/stacks/0/refusals/0/ways_out/0",
        "/stacks/0/risks/0",
        "/stacks/0/iam/0",
        "/stacks/0/iam/0/after",
        "/stacks/0/iam/0/after/conditions/0",
        "/stacks/0/security/0",
        "/stacks/0/code/0",
        "/stacks/0/code/0/after",
        "/stacks/0/code/0/files",
        "/stacks/0/code/0/files/changed/0",
        "/stacks/0/values/0",
        "/stacks/0/values/0/after",
        "/stacks/0/outputs/0",
        "/stacks/0/outputs/0/changes/0",
        "/stacks/0/exposed/0",
        "/stacks/0/rewritten/0",
        "/stacks/0/tags/0",
        "/stacks/0/drift/0",
        "/stacks/0/drift/0/properties/0",
    ] {
        let document = with(holder);
        let keys: Vec<String> = document.pointer(holder).unwrap().as_object().unwrap().keys().cloned().collect();
        let mut change = |what: String, change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut document = document.clone();
            change(document.pointer_mut(holder).unwrap().as_object_mut().unwrap());
            wrong.push((format!("{holder} {what}"), document));
        };
        change("has another name".to_owned(), &|object| drop(object.insert("unheard_of".to_owned(), Value::Null)));
        for key in keys {
            change(format!("without {key}"), &|object| drop(object.remove(&key)));
        }
    }
    for value in [
        "/stacks/0/resources/0/action",
        "/stacks/0/resources/0/replacement",
        "/stacks/0/resources/0/judge",
        "/stacks/0/resources/0/overruled",
        "/stacks/0/resources/0/fate",
        "/stacks/0/resources/0/properties/0/kind",
        "/stacks/0/resources/0/properties/0/by/kind",
        "/stacks/0/refusals/0/reason",
        "/stacks/0/refusals/0/ways_out/0/kind",
        "/stacks/0/risks/0/kind",
        "/stacks/0/iam/0/kind",
        "/stacks/0/iam/0/broader/0",
        "/stacks/0/security/0/topic",
        "/stacks/0/security/0/trend",
        "/stacks/0/code/0/after/kind",
        "/stacks/0/exposed/0/kind",
        "/stacks/0/summary/add",
        "/stacks/0/is_deployed",
        "/version",
    ] {
        let mut document = with(value);
        *document.pointer_mut(value).unwrap() = "unheard of".into();
        wrong.push((format!("{value} is something else"), document));
    }
    let (refused, _) = judged(&wrong);
    let passed: Vec<_> = wrong.iter().map(|(name, _)| name).filter(|name| !refused.contains_key(*name)).collect();
    assert!(passed.is_empty(), "{passed:#?}");
}

/// Beside what the cases show: what stands in the program.
#[test]
fn every_word_of_the_program_is_in_the_schema() {
    fn words(node: &Value, found: &mut BTreeSet<String>) {
        match node {
            Value::Object(map) => {
                let values = map.get("enum").and_then(Value::as_array).into_iter().flatten();
                found.extend(values.filter_map(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| words(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| words(item, found)),
            _ => {}
        }
    }
    let mut known = BTreeSet::new();
    words(&schema(), &mut known);
    let program = include_str!("json.rs");
    let mut said = 0;
    for start in ["=> \"", "=> (\"", "\"kind\": \""] {
        for (at, _) in program.match_indices(start) {
            let word = program[at + start.len()..].split('"').next().unwrap();
            // `Allow` and `Deny` are CloudFormation's.
            let is_ours = word.starts_with(char::is_lowercase);
            assert!(!is_ours || known.contains(word), "{word} is not in the schema");
            said += 1;
        }
    }
    assert!(said > 70, "{said}");
}

/// A schema that leaves a name open says nothing of it.
#[test]
fn the_schema_leaves_nothing_open() {
    fn look(node: &Value, place: &str, open: &mut Vec<String>) {
        match node {
            Value::Object(map) => {
                if let Some(properties) = map.get("properties").and_then(Value::as_object)
                    && !place.ends_with("/properties")
                {
                    let names: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
                    let required = map.get("required").and_then(Value::as_array).into_iter().flatten();
                    let required: BTreeSet<&str> = required.filter_map(Value::as_str).collect();
                    let is_closed = map.get("additionalProperties") == Some(&Value::Bool(false))
                        || map.get("unevaluatedProperties") == Some(&Value::Bool(false))
                        // What others stand on, which close themselves.
                        || ["/$defs/templates", "/$defs/a_change"].contains(&place);
                    let may_lack = if place == "/$defs/place" { ["column", "length"].into() } else { BTreeSet::new() };
                    let lacking: BTreeSet<&str> = names.difference(&required).copied().collect();
                    if !is_closed || lacking != may_lack || !required.is_subset(&names) {
                        open.push(place.to_owned());
                    }
                }
                for (key, value) in map {
                    look(value, &format!("{place}/{key}"), open);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    look(item, &format!("{place}/{index}"), open);
                }
            }
            _ => {}
        }
    }
    let mut open = Vec::new();
    look(&schema(), "", &mut open);
    assert!(open.is_empty(), "{open:?}");
}
