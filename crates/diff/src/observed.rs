//! What CloudFormation's own change set says, beside what the templates say.

use skysmith_spec::Replacement;
use skysmith_template::{Node, Template};

use crate::fate::{Fate, Retention};
use crate::model::{Action, ChangeKind, PropertyChange, ResourceChange, TemplateDiff, ValueChange};
use crate::path::{Path, PathStep};
use crate::risk::{self, RiskKind};
use crate::verdict::{Origin, Verdict};
use crate::{outputs, refusal};

/// One resource of a change set. The caller makes it of what it got from CloudFormation.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What happens to it. [`Action::Change`] covers replacement, which is told below.
    pub action: Action,
    /// Whether it is replaced.
    pub replacement: Replacement,
    /// CloudFormation's word on the old one, such as `Delete`, `Retain` or `ReplaceAndSnapshot`.
    pub policy_action: Option<String>,
    /// Why.
    pub causes: Vec<ObservedCause>,
}

/// Why CloudFormation changes a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedCause {
    /// The property, or a path to what is in it; `None` if it is about something else, such as tags or metadata.
    pub property: Option<String>,
    /// Whether the change of this property replaces the resource.
    pub replacement: Replacement,
    /// The resource or parameter that it comes from: `Queue.Arn`, `Stage`.
    pub entity: Option<String>,
    /// The value before, where CloudFormation tells it.
    pub before: Option<String>,
    /// The value after, where CloudFormation tells it.
    pub after: Option<String>,
}

/// Who says whether a resource is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Judge {
    /// The templates, by the specification. No change set was asked.
    Templates,
    /// The templates and the change set, which say the same.
    Both,
    /// The change set; the templates say something else, or nothing of this resource.
    ChangeSet,
    /// The templates; the change set says less, which is not believed where the specification is certain.
    TemplatesAgainstChangeSet,
    /// The templates; the change set does not have the resource: for CloudFormation nothing about it changes.
    NotInChangeSet,
}

impl TemplateDiff {
    /// Takes in what CloudFormation's change set says of the same two templates.
    ///
    /// Where they disagree, CloudFormation counts, since it knows values that the templates do not have; but where the
    /// specification is certain that a property which differs in the templates replaces its resource, that stays: a replacement
    /// is told once too often rather than once too seldom. What was outvoted is kept in `overruled`.
    ///
    /// Resources that only the change set has are added. Those that only refer to something replaced, and that the change set does
    /// not have, go.
    pub fn join(&mut self, observed: &[Observed], before: &Template, after: &Template) {
        // What is there in effect counts.
        let effective = self.effective.take();
        let (before, after) = effective.as_deref().map_or((before, after), |it| (&it.before, &it.after));
        self.resources.retain_mut(|resource| {
            let found = observed.iter().find(|it| it.logical_id == resource.logical_id);
            match found {
                Some(found) => resource.join(found),
                None => resource.judge = Judge::NotInChangeSet,
            }
            let only_refers = !resource.properties.is_empty()
                && resource.attributes.is_empty()
                && resource.nested.is_none()
                && resource.properties.iter().all(|it| it.change.kind == ChangeKind::Referenced);
            found.is_some() || !only_refers
        });
        for found in observed {
            if self.resource(&found.logical_id).is_none() {
                let kind = Some(found.resource_type.clone());
                let (old, new) = match found.action {
                    Action::Add => (None, kind),
                    Action::Remove => (kind, None),
                    Action::Change | Action::Replace => (kind.clone(), kind),
                };
                let mut change = ResourceChange::new(&found.logical_id, old, new, found.action);
                if let (Some(old), Some(new)) = (before.resource(&found.logical_id), after.resource(&found.logical_id))
                {
                    change.if_replaced = crate::fate::of_replacement(old, new, true);
                    change.fixed_name = refusal::shared_name(old, new);
                }
                change.join(found);
                change.judge = Judge::ChangeSet;
                change.overruled = None;
                self.resources.push(change);
            }
        }
        self.refusals = refusal::all(before, after, &self.resources);
        let gaps: Vec<_> = self.risks.drain(..).filter(|it| matches!(it.kind, RiskKind::RightsGap { .. })).collect();
        self.risks = risk::all(before, after, &self.resources);
        self.risks.extend(gaps);
        self.exposed = outputs::changes(before, after, &self.resources);
        self.effective = effective;
    }
}

impl ResourceChange {
    fn join(&mut self, found: &Observed) {
        for cause in &found.causes {
            self.join_cause(cause);
        }
        if matches!(self.action, Action::Change | Action::Replace) {
            self.judge_with(found.replacement);
        } else {
            self.judge = Judge::Both;
        }
        self.fate = match (found.policy_action.as_deref(), self.action) {
            (Some("Retain"), Action::Remove) | (Some("ReplaceAndRetain"), Action::Replace) => {
                Fate::LeavesStack(Retention::Resource)
            }
            (Some("Snapshot"), Action::Remove) | (Some("ReplaceAndSnapshot"), Action::Replace) => {
                Fate::LeavesStack(Retention::Snapshot)
            }
            _ => self.fate,
        };
    }

    fn judge_with(&mut self, replacement: Replacement) {
        let ours = self.replacement;
        if ours == replacement {
            self.judge = Judge::Both;
            return;
        }
        let is_certain = ours == Replacement::Always
            && self.properties.iter().any(|it| {
                it.verdict.replacement == Replacement::Always
                    && matches!(it.verdict.origin, Origin::Specification | Origin::ResourceType)
            });
        if is_certain {
            self.judge = Judge::TemplatesAgainstChangeSet;
            self.overruled = Some(replacement);
            return;
        }
        self.judge = Judge::ChangeSet;
        self.overruled = Some(ours);
        self.replacement = replacement;
        (self.action, self.fate) = match replacement {
            Replacement::Always => (Action::Replace, self.if_replaced),
            Replacement::Conditional => (Action::Change, at_risk(self.if_replaced)),
            Replacement::Never => (Action::Change, Fate::Kept),
        };
    }

    fn join_cause(&mut self, cause: &ObservedCause) {
        let Some(property) = cause.property.as_deref() else { return };
        let name = property.trim_start_matches("/Properties/").split(['.', '/']).next().unwrap_or_default();
        let theirs = Verdict { replacement: cause.replacement, origin: Origin::ChangeSet };
        let mut is_there = false;
        for change in self.properties.iter_mut().filter(|it| it.change.path.property() == Some(name)) {
            is_there = true;
            if change.verdict.replacement == theirs.replacement {
                continue;
            }
            let is_certain = change.verdict.replacement == Replacement::Always
                && matches!(change.verdict.origin, Origin::Specification | Origin::ResourceType);
            // CloudFormation speaks of the property as a whole, the specification of what differs in it.
            let is_finer = theirs.replacement > change.verdict.replacement && change.change.path.steps().len() > 1;
            change.overruled = Some(match is_certain || is_finer {
                true => theirs.clone(),
                false => std::mem::replace(&mut change.verdict, theirs.clone()),
            });
        }
        if !is_there {
            let node = |text: &Option<String>| text.as_deref().map(Node::from);
            let path: Path = [PathStep::key(name)].into_iter().collect();
            let (before, after) = (node(&cause.before), node(&cause.after));
            let change = ValueChange { path, kind: ChangeKind::Referenced, before, after };
            self.properties.push(PropertyChange { change, verdict: theirs, overruled: None });
        }
    }
}

/// The fate of what is perhaps replaced, from the fate of what is.
fn at_risk(fate: Fate) -> Fate {
    match fate {
        Fate::DataLost | Fate::DataAtRisk => Fate::DataAtRisk,
        _ => Fate::Kept,
    }
}
