//! Everything beside the resources.

use skysmith_template::{ForEach, Map, Node, Template};

use crate::compare::{Comparison, Reading};
use crate::model::{EntryChange, Rewritten, TemplateDiff};
use crate::normal;

pub(crate) fn compare(before: &Template, after: &Template, diff: &mut TemplateDiff) {
    let (before, after) = (before.root(), after.root());
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for name in after.keys().chain(gone) {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            if let (Some(old), Some(new)) = (old, new)
                && name != "Resources"
            {
                note_order(name, old, new, &mut diff.rewritten);
            }
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
                alone(name, old, new, Reading::Json, diff);
                continue;
            }
            _ => {
                alone(name, old, new, Reading::Text, diff);
                continue;
            }
        };
        if is_map(old) && is_map(new) {
            let none = Map::new();
            let map = |node: Option<&'_ Node>| node.and_then(Node::as_map).cloned().unwrap_or_else(|| none.clone());
            section(name, &map(old), &map(new), entries, &mut diff.rewritten);
        } else {
            entry(name, old, new, Reading::Json, &mut diff.other);
        }
    }
}

fn section(section: &str, before: &Map, after: &Map, entries: &mut Vec<EntryChange>, rewritten: &mut Vec<Rewritten>) {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for name in after.keys().chain(gone) {
        let (old, new) = (before.get(name), after.get(name));
        let count = entries.len();
        entry(name, old, new, Reading::Text, entries);
        if let (Some(old), Some(new)) = (old, new)
            && count == entries.len()
            && !normal::is_identical(old, new)
        {
            let name = Some(name.clone());
            rewritten.push(Rewritten { section: section.to_owned(), name, is_order: old == new });
        }
    }
}

/// Notes an entry that means the same and is written in another way.
pub(crate) fn note_writing(section: &str, name: &str, before: &Map, after: &Map, rewritten: &mut Vec<Rewritten>) {
    let is_identical = before.len() == after.len()
        && before.iter().zip(after).all(|((key, old), (other, new))| key == other && normal::is_identical(old, new));
    if !is_identical {
        let name = Some(name.to_owned());
        rewritten.push(Rewritten { section: section.to_owned(), name, is_order: before == after });
    }
}

/// Notes a section that is equal but for the order of keys.
fn note_order(section: &str, before: &Node, after: &Node, rewritten: &mut Vec<Rewritten>) {
    if !normal::is_identical(before, after) {
        rewritten.push(Rewritten { section: section.to_owned(), name: None, is_order: true });
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

/// A section that is one entry.
fn alone(name: &str, before: Option<&Node>, after: Option<&Node>, reading: Reading, diff: &mut TemplateDiff) {
    let count = diff.other.len();
    entry(name, before, after, reading, &mut diff.other);
    if before.is_some() && after.is_some() && diff.other.len() == count {
        diff.rewritten.push(Rewritten { section: name.to_owned(), name: None, is_order: false });
    }
}

/// What stands in `Resources` and is no resource: loops, and entries or a section of the wrong shape.
fn resources_otherwise(before: Option<&Node>, after: Option<&Node>, entries: &mut Vec<EntryChange>) {
    let none = Map::new();
    let (Some(old), Some(new)) = (before.map_or(Some(&none), Node::as_map), after.map_or(Some(&none), Node::as_map))
    else {
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
