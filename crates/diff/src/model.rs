//! What a comparison results in.

use skysmith_spec::Replacement;
use skysmith_template::Node;

use crate::fate::Fate;
use crate::path::Path;
use crate::verdict::Verdict;

/// What it takes to come from one template to another.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TemplateDiff {
    /// In the order of the new template; then those that are removed, in the order of the old one.
    pub resources: Vec<ResourceChange>,
    /// The section `Parameters`.
    pub parameters: Vec<EntryChange>,
    /// The section `Outputs`.
    pub outputs: Vec<EntryChange>,
    /// The section `Conditions`.
    pub conditions: Vec<EntryChange>,
    /// The section `Mappings`.
    pub mappings: Vec<EntryChange>,
    /// The section `Rules`.
    pub rules: Vec<EntryChange>,
    /// Everything else: description, metadata, transforms, loops of resources, sections without a name here. The names are
    /// those of the sections; of a loop `Resources.Fn::ForEach::Name`.
    pub other: Vec<EntryChange>,
}

impl TemplateDiff {
    /// Whether the templates mean the same.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
            && [&self.parameters, &self.outputs, &self.conditions, &self.mappings, &self.rules, &self.other]
                .iter()
                .all(|section| section.is_empty())
    }

    /// How many resources are touched, and how.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for resource in &self.resources {
            *match resource.action {
                Action::Add => &mut summary.add,
                Action::Change => &mut summary.change,
                Action::Replace => &mut summary.replace,
                Action::Remove => &mut summary.remove,
            } += 1;
            if resource.action == Action::Change && resource.replacement == Replacement::Conditional {
                summary.may_replace += 1;
            }
        }
        summary
    }

    /// The change of the resource `logical_id`.
    pub fn resource(&self, logical_id: &str) -> Option<&ResourceChange> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    /// The resources whose data this change would or could lose, in order. A deployment refuses them unless it is told
    /// otherwise.
    pub fn data_losses(&self) -> Vec<DataLoss<'_>> {
        self.resources
            .iter()
            .filter_map(|resource| {
                let is_certain = match resource.fate {
                    Fate::DataLost => true,
                    Fate::DataAtRisk => false,
                    _ => return None,
                };
                Some(DataLoss { resource, is_certain })
            })
            .collect()
    }
}

/// How many resources are touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// New ones.
    pub add: usize,
    /// Those changed in place, as far as it is known.
    pub change: usize,
    /// Those certainly made anew.
    pub replace: usize,
    /// Those that leave the stack.
    pub remove: usize,
    /// How many of [`Summary::change`] are replaced under circumstances that only the service knows.
    pub may_replace: usize,
}

/// Data that would or could be lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataLoss<'a> {
    /// The resource that has it.
    pub resource: &'a ResourceChange,
    /// Whether it is lost for certain, or depends on what only the service or a condition decides.
    pub is_certain: bool,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is new.
    Add,
    /// It changes in place, or perhaps not: see [`ResourceChange::replacement`].
    Change,
    /// It is made anew, and the old one goes.
    Replace,
    /// It leaves the stack.
    Remove,
}

/// How a resource differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceChange {
    /// Its key in the template.
    pub logical_id: String,
    /// Its type in the old template, if it is there and has one.
    pub before_type: Option<String>,
    /// Its type in the new template, if it is there and has one.
    pub after_type: Option<String>,
    /// What is done to it.
    pub action: Action,
    /// Whether it is replaced: the strongest verdict of its properties. [`Replacement::Never`] for new and removed ones.
    pub replacement: Replacement,
    /// The properties that differ, in the order of the new template. Empty for new and removed resources: everything of
    /// them differs.
    pub properties: Vec<PropertyChange>,
    /// Everything beside the properties that differs, such as `DependsOn`, `DeletionPolicy` and `Metadata`.
    pub attributes: Vec<ValueChange>,
    /// What becomes of what is there now.
    pub fate: Fate,
}

impl ResourceChange {
    /// The type: the new one if it has one.
    pub fn resource_type(&self) -> Option<&str> {
        self.after_type.as_deref().or(self.before_type.as_deref())
    }

    /// The properties that bring the replacement about.
    pub fn causes(&self) -> impl Iterator<Item = &PropertyChange> {
        self.properties.iter().filter(|property| {
            self.replacement != Replacement::Never && property.verdict.replacement == self.replacement
        })
    }
}

/// How a property differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PropertyChange {
    /// Where and what. The path starts at the top-level property.
    pub change: ValueChange,
    /// Whether this replaces the resource.
    pub verdict: Verdict,
}

/// How a value differs, at the deepest place where it does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ValueChange {
    /// Where.
    pub path: Path,
    /// How.
    pub kind: ChangeKind,
    /// What was there.
    pub before: Option<Node>,
    /// What is there.
    pub after: Option<Node>,
}

/// How a value differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// It is another.
    Changed,
    /// The items of a list are the same in another order, which means something here.
    Reordered,
    /// It is written as before, but refers to a resource that is replaced, so it gets another value.
    Referenced,
}

/// How an entry of a section differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EntryChange {
    /// Its key.
    pub name: String,
    /// What was there.
    pub before: Option<Node>,
    /// What is there.
    pub after: Option<Node>,
    /// Where it differs; empty if it is new or gone. The paths start at the entry.
    pub changes: Vec<ValueChange>,
}
