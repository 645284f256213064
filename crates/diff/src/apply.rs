//! Carrying a difference out.

use std::collections::{BTreeMap, BTreeSet};

use skysmith_template::{Intrinsic, Map, Node, Template};

use crate::model::{Action, ChangeKind, EntryChange, ResourceChange, TemplateDiff, ValueChange};
use crate::path::PathStep;
use crate::verdict::Origin;
use crate::{normal, text};

/// A change, and what is left of the way to it.
type Way<'d> = (&'d [PathStep], &'d ValueChange);

impl TemplateDiff {
    /// Makes of the template before what the one after means: for the templates that were compared,
    /// `normalise(diff(a, b).apply(a)) == normalise(b)`. What means the same stays as it was written before.
    ///
    /// On any other template the result is some template.
    #[must_use]
    pub fn apply(&self, before: &Template) -> Template {
        if let Some(effective) = &self.effective {
            return effective.written.apply(before);
        }
        let mut template = before.clone();
        if !self.resources.is_empty() {
            let resources = template.section_mut("Resources");
            self.resources.iter().for_each(|change| resource(resources, change));
        }
        for (name, entries) in [
            ("Parameters", &self.parameters),
            ("Outputs", &self.outputs),
            ("Conditions", &self.conditions),
            ("Mappings", &self.mappings),
            ("Rules", &self.rules),
        ] {
            if !entries.is_empty() {
                let section = template.section_mut(name);
                entries.iter().for_each(|change| entry(section, &change.name, change));
            }
        }
        for change in &self.other {
            match change.name.strip_prefix("Resources.") {
                Some(name) => entry(template.section_mut("Resources"), name, change),
                None => entry(template.root_mut(), &change.name, change),
            }
        }
        template
    }
}

fn resource(resources: &mut Map, change: &ResourceChange) {
    let id = &change.logical_id;
    if change.action == Action::Remove {
        resources.shift_remove(id);
        return;
    }
    let has_other_type = change.properties.iter().any(|it| it.verdict.origin == Origin::ResourceType);
    if change.action == Action::Add || has_other_type {
        resources.insert(id.clone(), change.body.clone().into());
        return;
    }
    let Some(Node::Map(body)) = resources.get_mut(id) else { return };
    let differs = |change: &&ValueChange| change.kind != ChangeKind::Referenced;
    let properties = starts(change.properties.iter().map(|it| &it.change).filter(differs));
    if let Some(node) = body.get_mut("DependsOn") {
        *node = normal::dependencies(node);
    }
    let mut patched = patch(Some(Node::Map(std::mem::take(body))), &starts(&change.attributes));
    if let Some(Node::Map(map)) = &mut patched
        && !properties.is_empty()
    {
        let before = map.shift_remove("Properties").or_else(|| Some(Map::new().into()));
        if let Some(after) = patch(before, &properties) {
            map.insert("Properties".to_owned(), after);
        }
    }
    if let Some(Node::Map(map)) = patched {
        *body = map;
    }
}

fn entry(section: &mut Map, name: &str, change: &EntryChange) {
    let before = section.shift_remove(name);
    let after = match (&change.before, &change.after) {
        (_, None) => None,
        (None, Some(after)) => Some(after.clone()),
        _ => patch(before, &starts(&change.changes)),
    };
    if let Some(after) = after {
        section.insert(name.to_owned(), after);
    }
}

fn starts<'d>(changes: impl IntoIterator<Item = &'d ValueChange>) -> Vec<Way<'d>> {
    changes.into_iter().map(|change| (change.path.steps(), change)).collect()
}

/// The value with the changes made; nothing if it is gone.
fn patch(node: Option<Node>, ways: &[Way<'_>]) -> Option<Node> {
    let (here, below): (Vec<Way<'_>>, Vec<Way<'_>>) = ways.iter().partition(|(steps, _)| steps.is_empty());
    let order = here.iter().find(|(_, change)| change.kind == ChangeKind::Reordered);
    if let Some((_, change)) = here.iter().find(|(_, change)| change.kind != ChangeKind::Reordered) {
        return change.after.clone();
    }
    let node = match below.first().and_then(|(steps, _)| steps.first()) {
        None => node,
        Some(PathStep::Key(_)) => Some(keys(node, &below)),
        Some(PathStep::Index { .. } | PathStep::Item { .. }) => Some(items(node, &below)),
    };
    match (order, node) {
        (Some((_, change)), Some(Node::List(items))) => Some(in_order(items, change)),
        (_, node) => node,
    }
}

/// The ways from where they lead through the same step, in the order of the steps.
fn grouped<'d, K: Ord>(
    ways: &[Way<'d>],
    key: impl Fn(&'d PathStep) -> Option<K>,
) -> BTreeMap<K, (usize, Vec<Way<'d>>)> {
    let mut groups = BTreeMap::new();
    for (place, (steps, change)) in ways.iter().enumerate() {
        if let Some((first, rest)) = steps.split_first()
            && let Some(key) = key(first)
        {
            groups.entry(key).or_insert((place, Vec::new())).1.push((rest, *change));
        }
    }
    groups
}

fn keys(node: Option<Node>, ways: &[Way<'_>]) -> Node {
    let groups = grouped(ways, |step| match step {
        PathStep::Key(key) => Some(key.as_str()),
        _ => None,
    });
    match node {
        Some(Node::Intrinsic(intrinsic)) => match *intrinsic {
            Intrinsic::If { condition, then, otherwise } => {
                let below = groups.get("Fn::If").map(|(_, ways)| ways.as_slice()).unwrap_or_default();
                let branches = grouped(below, |step| match step {
                    PathStep::Index { after, .. } => *after,
                    _ => None,
                });
                let branch = |index: usize, node: Node| match branches.get(&index) {
                    Some((_, ways)) => patch(Some(node), ways).unwrap_or(Node::Null),
                    None => node,
                };
                Intrinsic::If { condition, then: branch(1, then), otherwise: branch(2, otherwise) }.into()
            }
            other => other.into(),
        },
        Some(Node::String(text)) => match text::json(&text) {
            Some(json) => Node::JsonString(Box::new(keys(Some(json), ways))),
            None => keys(None, ways),
        },
        Some(Node::JsonString(inner)) => Node::JsonString(Box::new(keys(Some(*inner), ways))),
        node => {
            let mut map = match node {
                Some(Node::Map(map)) => map,
                _ => Map::new(),
            };
            let mut groups: Vec<_> = groups.into_iter().collect();
            groups.sort_by_key(|(_, (place, _))| *place);
            for (key, (_, ways)) in groups {
                let before = map.get_mut(key).map(|node| std::mem::replace(node, Node::Null));
                match patch(before, &ways) {
                    Some(after) => {
                        map.insert(key.to_owned(), after);
                    }
                    None => {
                        map.shift_remove(key);
                    }
                }
            }
            map.into()
        }
    }
}

fn items(node: Option<Node>, ways: &[Way<'_>]) -> Node {
    let mut items = match node {
        Some(Node::List(items)) => items,
        Some(Node::String(text)) => match text::json(&text) {
            Some(json @ Node::List(_)) => return Node::JsonString(Box::new(items(Some(json), ways))),
            _ => vec![Node::String(text)],
        },
        Some(Node::JsonString(inner)) => return Node::JsonString(Box::new(items(Some(*inner), ways))),
        // One value may stand for a list of one.
        Some(other) => vec![other],
        None => Vec::new(),
    };
    let (old, new): (Vec<Way<'_>>, Vec<Way<'_>>) =
        ways.iter().partition(|(steps, _)| steps.first().is_some_and(|step| places(step).0.is_some()));
    let mut gone = BTreeSet::new();
    for (place, (_, ways)) in grouped(&old, |step| places(step).0) {
        let Some(item) = items.get_mut(place) else { continue };
        match patch(Some(std::mem::replace(item, Node::Null)), &ways) {
            Some(after) => *item = after,
            None => {
                gone.insert(place);
            }
        }
    }
    let mut place = 0;
    items.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
    for (place, (_, ways)) in grouped(&new, |step| places(step).1) {
        if let Some(item) = patch(None, &ways) {
            items.insert(place.min(items.len()), item);
        }
    }
    Node::List(items)
}

fn places(step: &PathStep) -> (Option<usize>, Option<usize>) {
    match step {
        PathStep::Index { before, after } | PathStep::Item { before, after, .. } => (*before, *after),
        PathStep::Key(_) => (None, None),
    }
}

/// The items in the order that those have which they were compared with, told apart as they were then.
fn in_order(mut items: Vec<Node>, change: &ValueChange) -> Node {
    if let (Some(Node::List(before)), Some(Node::List(after))) = (&change.before, &change.after)
        && let Some(key) = crate::list::identity(before, after)
    {
        items.sort_by_key(|item| after.iter().position(|other| other.get(key) == item.get(key)));
    }
    Node::List(items)
}
