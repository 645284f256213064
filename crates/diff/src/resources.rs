//! Resources: what differs, what that does, and how far it reaches.

use std::collections::HashMap;

use skysmith_spec::Replacement;
use skysmith_template::{Intrinsic, Map, Node, Resource, SubPart};

use crate::compare::{Comparison, Reading};
use crate::fate::{self, Fate};
use crate::model::{Action, ChangeKind, PropertyChange, ResourceChange, Rewritten, ValueChange};
use crate::parameters::{self, ParameterChange, ParameterValue, Side};
use crate::path::{Path, PathStep};
use crate::verdict::{Origin, Specified, Verdict};
use crate::{list, normal, refusal, sections};

pub(crate) fn compare(
    before: Side<'_>,
    after: Side<'_>,
    values: &[ParameterChange],
    rewritten: &mut Vec<Rewritten>,
) -> Vec<ResourceChange> {
    let sides = [before, after];
    let (before, after) = (before.template, after.template);
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
    propagate(&mut kept, values, sides);
    for kept in &kept {
        if kept.properties.is_empty() && kept.attributes.is_empty() {
            sections::note_writing("Resources", kept.new.logical_id(), kept.old.body(), kept.new.body(), rewritten);
        }
    }
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
    let kind = new.resource_type().map(str::to_owned);
    let mut change = ResourceChange::new(new.logical_id(), None, kind, Action::Add);
    change.body = new.body().clone();
    change
}

fn removed(old: Resource<'_>) -> ResourceChange {
    let kind = old.resource_type().map(str::to_owned);
    let mut change = ResourceChange::new(old.logical_id(), kind, None, Action::Remove);
    change.body = old.body().clone();
    change.fate = fate::of_removal(old);
    change
}

/// A resource that both templates have.
struct Kept<'t> {
    old: Resource<'t>,
    new: Resource<'t>,
    known: Specified,
    replacement: Replacement,
    properties: Vec<PropertyChange>,
    attributes: Vec<ValueChange>,
}

impl<'t> Kept<'t> {
    fn compare(old: Resource<'t>, new: Resource<'t>) -> Self {
        let known = Specified::of(new.resource_type());
        let mut kept =
            Self { old, new, known, replacement: Replacement::Never, properties: Vec::new(), attributes: Vec::new() };
        if old.body() == new.body() {
            return kept;
        }
        kept.attributes = attributes(old.body(), new.body());
        if old.body().get("Type") == new.body().get("Type") {
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
            kept.properties.push(PropertyChange { change, verdict, overruled: None });
        }
        kept
    }

    fn compare_properties(&mut self) {
        let mut comparison = Comparison::new();
        match (self.old.body().get("Properties"), self.new.body().get("Properties")) {
            (Some(Node::Map(old)), Some(Node::Map(new))) => comparison.properties(old, new, self.known),
            (None, Some(Node::Map(new))) => comparison.properties(&Map::new(), new, self.known),
            (Some(Node::Map(old)), None) => comparison.properties(old, &Map::new(), self.known),
            (Some(old), Some(new)) => comparison.values(old, new, Reading::Json),
            (Some(old), None) => comparison.push(ChangeKind::Removed, Some(old), None),
            (None, Some(new)) => comparison.push(ChangeKind::Added, None, Some(new)),
            (None, None) => {}
        }
        for change in comparison.changes {
            let verdict = self.known.verdict(&change.path, [change.before.as_ref(), change.after.as_ref()]);
            self.replacement = self.replacement.max(verdict.replacement);
            self.properties.push(PropertyChange { change, verdict, overruled: None });
        }
    }

    /// Adds that the property at `path` refers to something that gets another value for certain or perhaps. Returns whether the
    /// resource is replaced more certainly than before.
    fn refers_to_other(&mut self, path: &Path, origin: Origin, values: [Node; 2], of_target: Replacement) -> bool {
        let known = self.known.verdict(path, [None, None]);
        let replacement = known.replacement.min(of_target);
        let is_raised = replacement > self.replacement;
        self.replacement = self.replacement.max(replacement);
        let verdict = Verdict { replacement, origin };
        let existing =
            self.properties.iter_mut().find(|it| path.is_below(&it.change.path) || it.change.path.is_below(path));
        match existing {
            // It differs anyway; of two reasons the stronger one counts.
            Some(existing) if existing.verdict.replacement < replacement => existing.verdict = verdict,
            Some(_) => {}
            None => {
                let [old, new] = values;
                let change = ValueChange {
                    path: path.clone(),
                    kind: ChangeKind::Referenced,
                    before: Some(old),
                    after: Some(new),
                };
                self.properties.push(PropertyChange { change, verdict, overruled: None });
            }
        }
        is_raised
    }

    fn finish(self) -> Option<ResourceChange> {
        if self.properties.is_empty() && self.attributes.is_empty() {
            return None;
        }
        let id = self.new.logical_id();
        let kind = |resource: Resource<'_>| resource.resource_type().map(str::to_owned);
        let mut change = ResourceChange::new(id, kind(self.old), kind(self.new), Action::Change);
        change.replacement = self.replacement;
        change.if_replaced = fate::of_replacement(self.old, self.new, true);
        (change.action, change.fate) = match self.replacement {
            Replacement::Always => (Action::Replace, change.if_replaced),
            Replacement::Conditional => (Action::Change, fate::of_replacement(self.old, self.new, false)),
            Replacement::Never => (Action::Change, Fate::Kept),
        };
        if self.old.body().get("Type") != self.new.body().get("Type") {
            change.body = self.new.body().clone();
        }
        // A name that is written as before may still get another value.
        let name = refusal::shared_name(self.old, self.new);
        change.fixed_name =
            name.filter(|name| self.properties.iter().all(|it| it.change.path.property() != Some(name.property)));
        change.properties = self.properties;
        change.attributes = self.attributes;
        Some(change)
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
                let value = if key == "DependsOn" { normal::dependencies(value) } else { value.clone() };
                (key.clone(), value)
            })
            .collect()
    };
    comparison.maps(&pick(old), &pick(new), Reading::Json);
    comparison.changes
}

/// Carries replacement and the values of parameters along references until nothing more changes: what refers to something
/// that is replaced gets another value.
fn propagate(kept: &mut [Kept<'_>], values: &[ParameterChange], sides: [Side<'_>; 2]) {
    let mut work: Vec<usize> = (0..kept.len()).filter(|index| kept[*index].replacement != Replacement::Never).collect();
    if work.is_empty() && values.is_empty() {
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
    let [before, after] = values_of(values);
    for change in values {
        // A parameter that is new or gone is in the text of what refers to it.
        if sides.iter().any(|side| side.template.parameter(&change.name).is_none()) {
            continue;
        }
        for reference in references.get(change.name.as_str()).into_iter().flatten() {
            let origin = Origin::Parameter { name: change.name.clone() };
            let value =
                |values: &HashMap<&str, &str>| parameters::resolved(reference.node, &|name| values.get(name).copied());
            let nodes = [value(&before), value(&after)];
            let other = &mut kept[reference.from];
            if other.refers_to_other(&reference.path, origin, nodes, Replacement::Always) {
                work.push(reference.from);
            }
        }
    }
    // Each resource is taken up at most twice: its verdict can only rise, from never over conditionally to always.
    while let Some(index) = work.pop() {
        let (target, replacement) = (kept[index].new.logical_id(), kept[index].replacement);
        for reference in references.get(target).into_iter().flatten() {
            if reference.from == index {
                continue;
            }
            let origin = Origin::Reference { logical_id: target.to_owned() };
            let nodes = [reference.node.clone(), reference.node.clone()];
            if kept[reference.from].refers_to_other(&reference.path, origin, nodes, replacement) {
                work.push(reference.from);
            }
        }
    }
}

/// The values of the parameters that change, before and after.
fn values_of(values: &[ParameterChange]) -> [HashMap<&str, &str>; 2] {
    let of = |side: fn(&ParameterChange) -> Option<&ParameterValue>| {
        values.iter().filter_map(|it| Some((it.name.as_str(), side(it)?.text.as_deref()?))).collect()
    };
    [of(|it| it.before.as_ref()), of(|it| it.after.as_ref())]
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
