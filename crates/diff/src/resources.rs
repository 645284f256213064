//! Resources: what differs, what that does, and how far it reaches.

use std::collections::HashMap;

use skysmith_spec::Replacement;
use skysmith_template::{Intrinsic, Map, Node, Resource, SubPart, Template};

use crate::compare::{Comparison, Reading};
use crate::fate::{self, Fate};
use crate::list;
use crate::model::{Action, ChangeKind, PropertyChange, ResourceChange, ValueChange};
use crate::path::{Path, PathStep};
use crate::verdict::{Known, Origin, Verdict};

pub(crate) fn compare(before: &Template, after: &Template) -> Vec<ResourceChange> {
    let old: HashMap<&str, Resource<'_>> = before.resources().map(|it| (it.logical_id(), it)).collect();
    // Every resource of the new template that was there before, changed or not: what they refer to may be replaced.
    let mut kept: Vec<Kept<'_>> = Vec::new();
    let mut changes: Vec<Slot> = Vec::new();
    for new in after.resources() {
        match old.get(new.logical_id()) {
            Some(&old) => {
                changes.push(Slot::Kept(kept.len()));
                kept.push(Kept::compare(old, new));
            }
            None => changes.push(Slot::Ready(Box::new(added(new)))),
        }
    }
    propagate(&mut kept);
    let mut kept: Vec<Option<ResourceChange>> = kept.into_iter().map(Kept::finish).collect();
    let mut result: Vec<ResourceChange> = changes
        .into_iter()
        .filter_map(|slot| match slot {
            Slot::Ready(change) => Some(*change),
            Slot::Kept(index) => kept[index].take(),
        })
        .collect();
    result.extend(before.resources().filter(|it| after.resource(it.logical_id()).is_none()).map(removed));
    result
}

/// The place of a resource in the result.
enum Slot {
    Ready(Box<ResourceChange>),
    Kept(usize),
}

fn added(new: Resource<'_>) -> ResourceChange {
    ResourceChange {
        logical_id: new.logical_id().to_owned(),
        before_type: None,
        after_type: new.resource_type().map(str::to_owned),
        action: Action::Add,
        replacement: Replacement::Never,
        properties: Vec::new(),
        attributes: Vec::new(),
        fate: Fate::Kept,
    }
}

fn removed(old: Resource<'_>) -> ResourceChange {
    ResourceChange {
        logical_id: old.logical_id().to_owned(),
        before_type: old.resource_type().map(str::to_owned),
        after_type: None,
        action: Action::Remove,
        replacement: Replacement::Never,
        properties: Vec::new(),
        attributes: Vec::new(),
        fate: fate::of_removal(old),
    }
}

/// A resource that both templates have.
struct Kept<'t> {
    old: Resource<'t>,
    new: Resource<'t>,
    known: Known,
    replacement: Replacement,
    properties: Vec<PropertyChange>,
    attributes: Vec<ValueChange>,
}

impl<'t> Kept<'t> {
    fn compare(old: Resource<'t>, new: Resource<'t>) -> Self {
        let known = Known::of(new.resource_type());
        let mut kept =
            Self { old, new, known, replacement: Replacement::Never, properties: Vec::new(), attributes: Vec::new() };
        if old.body() == new.body() {
            return kept;
        }
        kept.attributes = attributes(old.body(), new.body());
        if old.resource_type() == new.resource_type() {
            kept.compare_properties();
        } else {
            kept.replacement = Replacement::Always;
            let change = ValueChange {
                path: [PathStep::Key("Type".to_owned())].into_iter().collect(),
                kind: ChangeKind::Changed,
                before: old.body().get("Type").cloned(),
                after: new.body().get("Type").cloned(),
            };
            let verdict = Verdict { replacement: Replacement::Always, origin: Origin::ResourceType };
            kept.properties.push(PropertyChange { change, verdict });
        }
        kept
    }

    fn compare_properties(&mut self) {
        let mut comparison = Comparison::new();
        match (self.old.body().get("Properties"), self.new.body().get("Properties")) {
            (Some(Node::Map(old)), Some(Node::Map(new))) => self.compare_maps(&mut comparison, old, new),
            (None, Some(Node::Map(new))) => self.compare_maps(&mut comparison, &Map::new(), new),
            (Some(Node::Map(old)), None) => self.compare_maps(&mut comparison, old, &Map::new()),
            (Some(old), Some(new)) => comparison.values(old, new, Reading::Json),
            (Some(old), None) => comparison.push(ChangeKind::Removed, Some(old), None),
            (None, Some(new)) => comparison.push(ChangeKind::Added, None, Some(new)),
            (None, None) => {}
        }
        for change in comparison.changes {
            let verdict = self.known.verdict(&change.path, [change.before.as_ref(), change.after.as_ref()]);
            self.replacement = self.replacement.max(verdict.replacement);
            self.properties.push(PropertyChange { change, verdict });
        }
    }

    fn compare_maps(&self, comparison: &mut Comparison, old: &Map, new: &Map) {
        let gone = old.keys().filter(|key| !new.contains_key(*key));
        for key in new.keys().chain(gone) {
            let reading = match self.known {
                Known::Type(known) => match known.property(key) {
                    Some(property) => Reading::Shape(property.shape()),
                    None => Reading::Json,
                },
                // A function of a custom resource gets every scalar as text.
                Known::Custom => Reading::Text,
                Known::Nothing => Reading::Json,
            };
            comparison.entry(key, old, new, reading);
        }
    }

    /// Adds that the property at `path` refers to `target`, which is replaced. Returns whether the resource is replaced
    /// more certainly than before.
    fn refers_to_replaced(&mut self, path: &Path, node: &Node, target: &str, of_target: Replacement) -> bool {
        let origin = Origin::Reference { logical_id: target.to_owned() };
        let known = self.known.verdict(path, [None, None]);
        let replacement = known.replacement.min(of_target);
        let is_raised = replacement > self.replacement;
        self.replacement = self.replacement.max(replacement);
        let verdict = Verdict { replacement, origin };
        let existing =
            self.properties.iter_mut().find(|it| path.starts_with(&it.change.path) || it.change.path.starts_with(path));
        match existing {
            // It differs anyway; of two reasons the stronger one counts.
            Some(existing) if existing.verdict.replacement < replacement => existing.verdict = verdict,
            Some(_) => {}
            None => {
                let change = ValueChange {
                    path: path.clone(),
                    kind: ChangeKind::Referenced,
                    before: Some(node.clone()),
                    after: Some(node.clone()),
                };
                self.properties.push(PropertyChange { change, verdict });
            }
        }
        is_raised
    }

    fn finish(self) -> Option<ResourceChange> {
        if self.properties.is_empty() && self.attributes.is_empty() {
            return None;
        }
        let (action, fate) = match self.replacement {
            Replacement::Always => (Action::Replace, fate::of_replacement(self.old, self.new, true)),
            Replacement::Conditional => (Action::Change, fate::of_replacement(self.old, self.new, false)),
            Replacement::Never => (Action::Change, Fate::Kept),
        };
        Some(ResourceChange {
            logical_id: self.new.logical_id().to_owned(),
            before_type: self.old.resource_type().map(str::to_owned),
            after_type: self.new.resource_type().map(str::to_owned),
            action,
            replacement: self.replacement,
            properties: self.properties,
            attributes: self.attributes,
            fate,
        })
    }
}

/// What differs beside type and properties.
fn attributes(old: &Map, new: &Map) -> Vec<ValueChange> {
    let mut comparison = Comparison::new();
    let is_attribute = |key: &str| !matches!(key, "Type" | "Properties");
    let pick = |map: &Map| -> Map {
        map.iter()
            .filter(|(key, _)| is_attribute(key))
            .map(|(key, value)| {
                let value = if key == "DependsOn" { dependencies(value) } else { value.clone() };
                (key.clone(), value)
            })
            .collect()
    };
    comparison.maps(&pick(old), &pick(new), Reading::Json);
    comparison.changes
}

/// `DependsOn` as a sorted list: one name is a list of one, and the order means nothing.
fn dependencies(node: &Node) -> Node {
    let mut names: Vec<Node> = match node {
        Node::List(items) => items.clone(),
        other => vec![other.clone()],
    };
    names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    names.dedup();
    Node::List(names)
}

/// Carries replacement along references until nothing more changes: what refers to a replaced resource gets another value.
fn propagate(kept: &mut [Kept<'_>]) {
    let mut work: Vec<usize> = (0..kept.len()).filter(|index| kept[*index].replacement != Replacement::Never).collect();
    if work.is_empty() {
        return;
    }
    let mut references: HashMap<&str, Vec<Reference<'_>>> = HashMap::new();
    for (index, kept) in kept.iter().enumerate() {
        for (key, value) in kept.new.properties().into_iter().flatten() {
            let mut path = Path::default();
            path.push(PathStep::Key(key.clone()));
            collect_references(value, &mut path, &mut |target, path, node| {
                references.entry(target).or_default().push(Reference { from: index, path: path.clone(), node });
            });
        }
    }
    // Each resource is taken up at most twice: its verdict can only rise, from never over conditionally to always.
    while let Some(index) = work.pop() {
        let (target, replacement) = (kept[index].new.logical_id(), kept[index].replacement);
        for reference in references.get(target).into_iter().flatten() {
            if reference.from == index {
                continue;
            }
            if kept[reference.from].refers_to_replaced(&reference.path, reference.node, target, replacement) {
                work.push(reference.from);
            }
        }
    }
}

/// A function in a property that refers to a resource.
struct Reference<'t> {
    from: usize,
    path: Path,
    node: &'t Node,
}

/// Calls `visit` with every resource that a function refers to, and with the place of the outermost function around it.
fn collect_references<'t>(node: &'t Node, path: &mut Path, visit: &mut dyn FnMut(&'t str, &Path, &'t Node)) {
    match node {
        Node::Map(map) => {
            for (key, value) in map {
                path.push(PathStep::Key(key.clone()));
                collect_references(value, path, visit);
                path.pop();
            }
        }
        Node::List(items) => {
            for (step, item) in list::steps(items).zip(items) {
                path.push(step);
                collect_references(item, path, visit);
                path.pop();
            }
        }
        Node::Intrinsic(intrinsic) => targets(intrinsic, &mut |target| visit(target, path, node)),
        Node::JsonString(inner) => for_each_target(inner, &mut |target| visit(target, path, node)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}

fn for_each_target<'t>(node: &'t Node, visit: &mut dyn FnMut(&'t str)) {
    match node {
        Node::Intrinsic(intrinsic) => targets(intrinsic, visit),
        Node::List(items) => items.iter().for_each(|item| for_each_target(item, visit)),
        Node::Map(map) => map.values().for_each(|value| for_each_target(value, visit)),
        Node::JsonString(inner) => for_each_target(inner, visit),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}

/// What the function refers to; the names of conditions are no resources.
fn targets<'t>(intrinsic: &'t Intrinsic, visit: &mut dyn FnMut(&'t str)) {
    match intrinsic {
        Intrinsic::Ref(target) | Intrinsic::GetAtt(target, _) => visit(target),
        Intrinsic::Sub { parts, .. } => {
            for part in parts {
                if let SubPart::Ref(target) | SubPart::GetAtt(target, _) = part {
                    visit(target);
                }
            }
        }
        _ => {}
    }
    intrinsic.for_each_argument(&mut |argument| for_each_target(argument, visit));
}
