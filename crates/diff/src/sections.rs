//! Everything beside the resources.

use skysmith_template::{ForEach, Map, Node, Template};

use crate::compare::{Comparison, Reading};
use crate::model::{EntryChange, TemplateDiff};

pub(crate) fn compare(before: &Template, after: &Template, diff: &mut TemplateDiff) {
    let (before, after) = (before.root(), after.root());
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for name in after.keys().chain(gone) {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        let is_map = |node: Option<&Node>| node.is_none_or(|node| node.as_map().is_some());
        let entries = match name.as_str() {
            "Parameters" => &mut diff.parameters,
            "Outputs" => &mut diff.outputs,
            "Conditions" => &mut diff.conditions,
            "Mappings" => &mut diff.mappings,
            "Rules" => &mut diff.rules,
            "Resources" => {
                resources_otherwise(old, new, &mut diff.other);
                continue;
            }
            "Metadata" => {
                entry(name, old, new, Reading::Json, &mut diff.other);
                continue;
            }
            _ => {
                entry(name, old, new, Reading::Text, &mut diff.other);
                continue;
            }
        };
        if is_map(old) && is_map(new) {
            let none = Map::new();
            let map = |node: Option<&'_ Node>| node.and_then(Node::as_map).cloned().unwrap_or_else(|| none.clone());
            section(&map(old), &map(new), entries);
        } else {
            entry(name, old, new, Reading::Json, &mut diff.other);
        }
    }
}

fn section(before: &Map, after: &Map, entries: &mut Vec<EntryChange>) {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for name in after.keys().chain(gone) {
        entry(name, before.get(name), after.get(name), Reading::Text, entries);
    }
}

fn entry(name: &str, before: Option<&Node>, after: Option<&Node>, reading: Reading, entries: &mut Vec<EntryChange>) {
    let mut comparison = Comparison::new();
    if let (Some(before), Some(after)) = (before, after) {
        comparison.values(before, after, reading);
        if comparison.changes.is_empty() {
            return;
        }
    }
    if before.is_none() && after.is_none() {
        return;
    }
    let changes = comparison.changes;
    entries.push(EntryChange { name: name.to_owned(), before: before.cloned(), after: after.cloned(), changes });
}

/// What stands in `Resources` and is no resource: loops, and entries or a section of the wrong shape.
fn resources_otherwise(before: Option<&Node>, after: Option<&Node>, entries: &mut Vec<EntryChange>) {
    let none = Map::new();
    let map = |node: Option<&'_ Node>| match node {
        None => Some(none.clone()),
        Some(node) => node.as_map().cloned(),
    };
    let (Some(old), Some(new)) = (map(before), map(after)) else {
        return entry("Resources", before, after, Reading::Json, entries);
    };
    let is_resource = |key: &str, node: Option<&Node>| {
        node.is_none_or(|node| {
            node.as_map().is_some() && ForEach::from_entry(key, node).is_none() && !key.starts_with("Fn::")
        })
    };
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    for key in new.keys().chain(gone) {
        let (before, after) = (old.get(key), new.get(key));
        if !is_resource(key, before) || !is_resource(key, after) {
            entry(&format!("Resources.{key}"), before, after, Reading::Json, entries);
        }
    }
}
