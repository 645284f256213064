//! What a comparison results in.

use std::collections::BTreeMap;

use skysmith_spec::Replacement;
use skysmith_template::{Map, Node};

use crate::code::CodeChange;
use crate::conditions::Effective;
use crate::fate::Fate;
use crate::iam::StatementChange;
use crate::moves::Move;
use crate::observed::Judge;
use crate::outputs::OutputChange;
use crate::parameters::ParameterChange;
use crate::path::Path;
use crate::refusal::{FixedName, Refusal};
use crate::risk::Risk;
use crate::security::SecurityChange;
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
    /// The parameters whose values change; known only where values were given to [`compare`](crate::compare).
    pub values: Vec<ParameterChange>,
    /// What means the same and is written in another way.
    pub rewritten: Vec<Rewritten>,
    /// Resources that only get another logical id. They stand among [`TemplateDiff::resources`] too, once as removed and once as
    /// new, for that is what CloudFormation does.
    pub moves: Vec<Move>,
    /// What CloudFormation is bound to refuse.
    pub refusals: Vec<Refusal>,
    /// What CloudFormation does not refuse, and what may go wrong all the same.
    pub risks: Vec<Risk>,
    /// Rights that come, go or change: statements of policies, and managed policies that are attached.
    pub iam: Vec<StatementChange>,
    /// Settings that matter for security or safety, but for rights.
    pub security: Vec<SecurityChange>,
    /// Functions and layers that get other code.
    pub code: Vec<CodeChange>,
    /// Outputs that go, are exported by another name or get another value: others may read them.
    pub exposed: Vec<OutputChange>,
    /// Where conditions make something else of the templates than what is written.
    pub(crate) effective: Option<Box<Effective>>,
}

impl TemplateDiff {
    /// Whether the templates mean the same, and so do their parameters. What has no effect with these parameters means nothing.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
            && self.values.is_empty()
            && [&self.parameters, &self.outputs, &self.conditions, &self.mappings, &self.rules, &self.other]
                .iter()
                .all(|section| section.is_empty())
    }

    /// How many resources are touched, and how; those of nested stacks included.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (_, resource) in self.all_resources() {
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

    /// The resources, each nested stack's after it, with the logical ids of the nested stacks around each.
    pub fn all_resources(&self) -> Vec<(Vec<&str>, &ResourceChange)> {
        let mut all = Vec::with_capacity(self.resources.len());
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    fn collect<'a>(&'a self, around: &mut Vec<&'a str>, all: &mut Vec<(Vec<&'a str>, &'a ResourceChange)>) {
        for resource in &self.resources {
            all.push((around.clone(), resource));
            if let Some(nested) = &resource.nested {
                around.push(&resource.logical_id);
                nested.collect(around, all);
                around.pop();
            }
        }
    }

    /// The resources whose data this change would or could lose, in order; those of nested stacks included. A deployment
    /// refuses them unless it is told otherwise.
    pub fn data_losses(&self) -> Vec<DataLoss<'_>> {
        self.all_resources()
            .into_iter()
            .filter_map(|(nested_in, resource)| {
                let is_certain = match resource.fate {
                    Fate::DataLost => true,
                    Fate::DataAtRisk => false,
                    _ => return None,
                };
                Some(DataLoss { resource, is_certain, nested_in })
            })
            .collect()
    }

    /// How many resources of each type are worked on, and how: what an estimate of the time goes by. Nested stacks included.
    pub fn work(&self) -> BTreeMap<(&str, Action), usize> {
        let mut work = BTreeMap::new();
        for (_, resource) in self.all_resources() {
            *work.entry((resource.resource_type().unwrap_or_default(), resource.action)).or_default() += 1;
        }
        work
    }

    /// The changes of rights that give more than before, those of nested stacks after the stack's own.
    pub fn broader(&self) -> impl Iterator<Item = &StatementChange> {
        self.stacks().flat_map(|diff| &diff.iam).filter(|change| change.broadens())
    }

    /// This and the differences of all nested stacks, each after the one around it.
    pub fn stacks(&self) -> impl Iterator<Item = &Self> {
        let nested = self.all_resources().into_iter().filter_map(|(_, resource)| resource.nested.as_deref());
        std::iter::once(self).chain(nested)
    }

    /// Hangs the difference of a nested stack's templates below its resource `logical_id`. One that is empty is not kept; the
    /// resource of one that is not need not differ itself. What is lost with it is told of what is in it, and no longer of itself.
    pub fn nest(&mut self, logical_id: &str, nested: Self) {
        if nested.is_empty() {
            return;
        }
        match self.resources.iter_mut().find(|it| it.logical_id == logical_id) {
            Some(resource) => {
                if resource.fate == Fate::DataLost {
                    resource.fate = Fate::Deleted;
                }
                resource.nested = Some(Box::new(nested));
            }
            None => {
                let kind = Some("AWS::CloudFormation::Stack".to_owned());
                let mut change = ResourceChange::new(logical_id, kind.clone(), kind, Action::Change);
                change.nested = Some(Box::new(nested));
                self.resources.push(change);
            }
        }
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
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DataLoss<'a> {
    /// The resource that has it.
    pub resource: &'a ResourceChange,
    /// Whether it is lost for certain, or depends on what only the service or a condition decides.
    pub is_certain: bool,
    /// The logical ids of the nested stacks around it, from the outermost.
    pub nested_in: Vec<&'a str>,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Whether it is replaced: the strongest verdict of its properties, or CloudFormation's own. [`Replacement::Never`] for new
    /// and removed ones.
    pub replacement: Replacement,
    /// Who says so.
    pub judge: Judge,
    /// What the other judge says, if that is something else.
    pub overruled: Option<Replacement>,
    /// The properties that differ, in the order of the new template. Empty for new and removed resources: everything of
    /// them differs.
    pub properties: Vec<PropertyChange>,
    /// Everything beside the properties that differs, such as `DependsOn`, `DeletionPolicy` and `Metadata`.
    pub attributes: Vec<ValueChange>,
    /// What becomes of what is there now.
    pub fate: Fate,
    /// The name that it keeps, where that is fixed by the template and no other may have it at the same time.
    pub fixed_name: Option<FixedName>,
    /// Of a new resource, or one that gets another type, all that the new template has of it; of a removed one, what the old one
    /// has. Empty otherwise.
    pub body: Map,
    /// Of one that is new or removed because its logical id changed: the other id.
    pub moved: Option<String>,
    /// Of one that is new or removed although both templates have it: the condition that holds now, or no longer.
    pub condition: Option<String>,
    /// The difference between the templates of a nested stack, if the caller has [hung it in](TemplateDiff::nest).
    pub nested: Option<Box<TemplateDiff>>,
    /// What becomes of it if it is replaced.
    pub(crate) if_replaced: Fate,
}

impl ResourceChange {
    pub(crate) fn new(id: &str, before: Option<String>, after: Option<String>, action: Action) -> Self {
        Self {
            logical_id: id.to_owned(),
            before_type: before,
            after_type: after,
            action,
            replacement: Replacement::Never,
            judge: Judge::Templates,
            overruled: None,
            properties: Vec::new(),
            attributes: Vec::new(),
            fate: Fate::Kept,
            fixed_name: None,
            body: Map::new(),
            moved: None,
            condition: None,
            nested: None,
            if_replaced: Fate::Kept,
        }
    }

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
    /// What the other judge says, if that is something else: CloudFormation's change set, or the templates.
    pub overruled: Option<Verdict>,
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
    /// It is written as before, but refers to a resource that is replaced or to a parameter that changes, so it gets another
    /// value. Where the values of parameters are known, they stand in their places.
    Referenced,
}

/// What means the same and is written in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewritten {
    /// The section, such as `Resources`.
    pub section: String,
    /// The entry; `None` if it is the section itself, or the order of its entries.
    pub name: Option<String>,
    /// Whether only the order of keys differs.
    pub is_order: bool,
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
