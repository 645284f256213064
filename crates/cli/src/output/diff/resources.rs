//! The resources, each with what differs in it.

use skysmith_diff::{
    Action, ChangeKind, Fate, Judge, Origin, PathStep, PropertyChange, Replacement, ResourceChange, Retention,
    StatementChange,
};

use super::View;
use super::document::{Cell, Item, Mark, Row, Section, Tone};
use super::values;
use crate::output::words;

impl View<'_> {
    pub(super) fn resources(&self) -> Option<Section> {
        let items = rows(self);
        (!items.is_empty()).then(|| Section::new("", items).open())
    }

    fn resource(&self, resource: &ResourceChange) -> Row {
        let is_imported = self.more.imported.contains(&self.key(&resource.logical_id));
        let mut said = Vec::new();
        if is_imported {
            said.push("exists, and becomes part of the stack".to_owned());
        } else {
            said.push(fate(resource).to_owned());
        }
        let gone = self.gone_for(resource);
        if let Some(gone) = gone {
            let name = self.names.name(&gone.logical_id);
            said.push(format!("under another id; the old one, {name}, is {}", fate(gone)));
        }
        said.extend(resource.condition.as_ref().map(|name| match resource.action {
            Action::Remove => format!("the condition {name} no longer holds"),
            _ => format!("the condition {name} holds now"),
        }));
        said.extend(judged(resource));
        said.retain(|text| !text.is_empty());
        let place = self.names.place(&resource.logical_id).map(ToString::to_string).unwrap_or_default();
        let (rights, others): (Vec<_>, Vec<_>) =
            resource.properties.iter().partition(|it| self.is_told_as_right(&resource.logical_id, it));
        let plain = others.into_iter().map(|it| values::row(&it.change, self.says(it), self.names));
        let mut inside: Vec<Item> = plain.map(Item::Row).collect();
        inside.extend(told_below(&rights));
        inside.extend(resource.attributes.iter().map(|it| Item::Row(values::row(it, None, self.names))));
        inside.extend(self.inside(resource, rows).unwrap_or_default());
        let mark = if gone.is_some() { Mark::Move } else { mark(resource) };
        let tone = match gone.unwrap_or(resource).fate {
            Fate::DataLost | Fate::DataAtRisk => Tone::Bad,
            Fate::LeavesStack(_) => Tone::Changed,
            _ if mark == Mark::Move => Tone::Plain,
            _ if mark == Mark::Add || said.is_empty() => Tone::Plain,
            _ => mark.tone(),
        };
        Row {
            mark,
            cells: vec![
                Cell::path(self.names.name(&resource.logical_id)),
                Cell::text(self.kind_of(resource)),
                Cell::text(said.join("; ")).toned(tone),
                Cell::aside(place),
            ],
            inside,
        }
    }

    pub(super) fn kind_of(&self, resource: &ResourceChange) -> String {
        resource.resource_type().map(words::kind).unwrap_or_default()
    }

    /// What this takes the place of: the same under another id, which goes.
    fn gone_for(&self, resource: &ResourceChange) -> Option<&ResourceChange> {
        let old = self.diff.resource(resource.moved.as_deref()?)?;
        (resource.action == Action::Add && old.action == Action::Remove).then_some(old)
    }

    /// Whether this lies in a statement that has a row of its own among the permissions, which say it better.
    fn is_told_as_right(&self, logical_id: &str, property: &PropertyChange) -> bool {
        let change = &property.change;
        let is_in_words = matches!(change.kind, ChangeKind::Added | ChangeKind::Removed | ChangeKind::Changed);
        let is_told = |right: &StatementChange| {
            let is_gone = right.change == ChangeKind::Removed;
            right.logical_id == logical_id && is_in_statement(change.path.steps(), right.path.steps(), is_gone)
        };
        is_in_words && self.diff.iam.iter().any(is_told)
    }

    /// What a property does to its resource, and who says so.
    fn says(&self, property: &PropertyChange) -> Option<Cell> {
        let verdict = &property.verdict;
        let why = match &verdict.origin {
            Origin::Reference { logical_id } => {
                let is_certain = self.diff.resource(logical_id).is_some_and(|it| it.action == Action::Replace);
                let does = if is_certain { "is" } else { "may be" };
                format!("since {} {does} replaced", self.names.name(logical_id))
            }
            Origin::Parameter { name } => format!("by the parameter {name}"),
            Origin::Condition { name } => format!("by the condition {name}"),
            Origin::UnknownType => "this type is not known".to_owned(),
            Origin::CustomResource => "its function decides".to_owned(),
            Origin::ChangeSet => "says CloudFormation".to_owned(),
            _ => String::new(),
        };
        let does = match verdict.replacement {
            Replacement::Always => "replaces it",
            Replacement::Conditional => "may replace it",
            Replacement::Never if property.change.kind == ChangeKind::Referenced && !why.is_empty() => {
                let is_shown = property.change.before != property.change.after;
                let said = if is_shown { why } else { format!("another value {why}") };
                return Some(Cell::text(said).toned(Tone::Faint));
            }
            Replacement::Never => return None,
        };
        let mut said = if why.is_empty() { does.to_owned() } else { format!("{does}, {why}") };
        if let Some(other) = property.overruled.as_ref().filter(|other| other.replacement != verdict.replacement) {
            let who = if other.origin == Origin::ChangeSet { "CloudFormation" } else { "the specification" };
            said.push_str(&format!(" ({who} says {})", replacement(other.replacement)));
        }
        Some(Cell::text(said).toned(Tone::Bad))
    }
}

fn rows(view: &View<'_>) -> Vec<Item> {
    let in_place_of: Vec<&str> =
        view.diff.resources.iter().filter_map(|it| Some(view.gone_for(it)?.logical_id.as_str())).collect();
    let is_told = |it: &&ResourceChange| in_place_of.contains(&it.logical_id.as_str());
    view.diff.resources.iter().filter(|it| !is_told(it)).map(|it| Item::Row(view.resource(it))).collect()
}

/// Whether `path` is at or below the statement at `statement`.
fn is_in_statement(path: &[PathStep], statement: &[PathStep], is_gone: bool) -> bool {
    let place = |step: &PathStep| match step {
        PathStep::Index { before, after } | PathStep::Item { before, after, .. } => {
            if is_gone {
                *before
            } else {
                *after
            }
        }
        _ => None,
    };
    let is_same = |(ours, theirs): (&PathStep, &PathStep)| match (ours, theirs) {
        (PathStep::Key(ours), PathStep::Key(theirs)) => ours == theirs,
        _ => place(ours).is_some() && place(ours) == place(theirs),
    };
    !statement.is_empty() && path.len() >= statement.len() && path.iter().zip(statement).all(is_same)
}

/// One row for each policy whose statements stand among the permissions.
fn told_below(rights: &[&PropertyChange]) -> Vec<Item> {
    let document = |it: &PropertyChange| {
        let said = it.change.path.to_string();
        said.split_once(".Statement").map_or(said.clone(), |(document, _)| document.to_owned())
    };
    let mut documents: Vec<String> = rights.iter().map(|it| document(it)).collect();
    documents.dedup();
    let row = |document: String| {
        let cells = vec![Cell::text(format!("{document}: see the permissions below")).toned(Tone::Faint)];
        Item::Row(Row { cells, ..Row::default() })
    };
    documents.into_iter().map(row).collect()
}

fn mark(resource: &ResourceChange) -> Mark {
    match resource.action {
        Action::Add => Mark::Add,
        Action::Remove => Mark::Remove,
        Action::Replace => Mark::Replace,
        Action::Change => Mark::Change,
    }
}

/// What is to be said of a resource as a whole.
fn fate(resource: &ResourceChange) -> &'static str {
    match (resource.action, resource.replacement, resource.fate) {
        (Action::Remove, _, Fate::LeavesStack(Retention::Snapshot)) => "deleted, a snapshot is kept",
        (Action::Remove, _, Fate::LeavesStack(_)) => "kept, but no longer part of the stack",
        (Action::Remove, _, Fate::DataLost) => "deleted with its data",
        (Action::Remove, ..) => "deleted",
        (Action::Replace, _, Fate::LeavesStack(_)) => "replaced, the old one is kept",
        (Action::Replace, _, Fate::DataLost) => "replaced, its data is lost",
        (Action::Replace, ..) => "replaced",
        (Action::Change, Replacement::Conditional, _) => "may be replaced",
        _ => "",
    }
}

/// Where the change set and the templates do not say the same.
fn judged(resource: &ResourceChange) -> Option<String> {
    match (resource.judge, resource.overruled) {
        (Judge::NotInChangeSet, _) => Some("CloudFormation sees no change in it".to_owned()),
        (Judge::ChangeSet, None) => Some("only CloudFormation sees this, by what it resolves".to_owned()),
        (Judge::ChangeSet, Some(ours)) => Some(format!("the templates say {}", replacement(ours))),
        (Judge::TemplatesAgainstChangeSet, Some(theirs)) => {
            Some(format!("CloudFormation's change set says {}", replacement(theirs)))
        }
        _ => None,
    }
}

fn replacement(replacement: Replacement) -> &'static str {
    match replacement {
        Replacement::Never => "changed in place",
        Replacement::Conditional => "perhaps replaced",
        Replacement::Always => "replaced",
    }
}
