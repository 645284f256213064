//! The resources, each with what differs in it.

use skysmith_diff::{
    Action, Fate, Judge, Origin, PropertyChange, Replacement, ResourceChange, Retention, TemplateDiff,
};

use super::View;
use super::document::{Cell, Item, Mark, Row, Section, Tone};
use super::values;
use crate::output::words;

impl View<'_> {
    pub(super) fn resources(&self) -> Option<Section> {
        let items = self.resources_of(self.diff);
        (!items.is_empty()).then(|| Section::new("", items).open())
    }

    fn resources_of(&self, diff: &TemplateDiff) -> Vec<Item> {
        diff.resources.iter().map(|resource| Item::Row(self.resource(resource))).collect()
    }

    fn resource(&self, resource: &ResourceChange) -> Row {
        let is_imported = self.more.imported.contains(&resource.logical_id);
        let mut said = Vec::new();
        if is_imported {
            said.push("exists, and becomes part of the stack".to_owned());
        } else {
            said.push(fate(resource).to_owned());
        }
        if let Some(other) = &resource.moved {
            said.push(match resource.action {
                Action::Remove => format!("the same comes as {}", self.names.name(other)),
                _ => format!("the same as {}, under another id", self.names.name(other)),
            });
        }
        said.extend(judged(resource));
        said.retain(|text| !text.is_empty());
        let place = self.names.place(&resource.logical_id).map(ToString::to_string).unwrap_or_default();
        let rows = resource.properties.iter().map(|property| (&property.change, self.says(property)));
        let rows = rows.chain(resource.attributes.iter().map(|change| (change, String::new())));
        let mut inside = values::rows(rows, self.names);
        if let Some(nested) = &resource.nested {
            inside.extend(self.resources_of(nested));
        }
        let mark = mark(resource);
        let tone = if mark == Mark::Add || said.is_empty() { Tone::Plain } else { mark.tone() };
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

    /// The name of a resource in nested stacks.
    pub(super) fn inner_name(&self, nested_in: &[&str], logical_id: &str) -> String {
        let name = self.names.name(logical_id).to_owned();
        if nested_in.is_empty() {
            return name;
        }
        let around: Vec<&str> = nested_in.iter().map(|id| self.names.name(id)).collect();
        format!("{name} in the nested stack {}", around.join("/"))
    }

    /// What a property does to its resource, and who says so.
    fn says(&self, property: &PropertyChange) -> String {
        let name = |id: &str| self.names.name(id).to_owned();
        let verdict = &property.verdict;
        let why = match &verdict.origin {
            Origin::Reference { logical_id } => format!(", since {} is replaced", name(logical_id)),
            Origin::Parameter { name } => format!(", by the parameter {name}"),
            Origin::UnknownType => ", this type is not known".to_owned(),
            Origin::CustomResource => ", its function decides".to_owned(),
            Origin::ChangeSet => ", says CloudFormation".to_owned(),
            _ => String::new(),
        };
        let said = match verdict.replacement {
            Replacement::Always => format!("replaces it{why}"),
            Replacement::Conditional => format!("may replace it{why}"),
            Replacement::Never => return String::new(),
        };
        match &property.overruled {
            Some(other) if other.replacement != verdict.replacement => {
                let who = if other.origin == Origin::ChangeSet { "CloudFormation" } else { "the specification" };
                format!("{said} ({who} says {})", replacement(other.replacement))
            }
            _ => said,
        }
    }
}

fn mark(resource: &ResourceChange) -> Mark {
    match (resource.action, &resource.moved) {
        (Action::Add, _) => Mark::Add,
        (Action::Remove, _) => Mark::Remove,
        (Action::Replace, _) => Mark::Replace,
        (Action::Change, _) => Mark::Change,
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
