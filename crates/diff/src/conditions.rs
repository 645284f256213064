//! What conditions make of the two templates, where the values of the parameters tell whether they hold.
//!
//! Everything is then said of what is there in effect: a resource whose condition no longer holds is removed, with all that
//! follows, and instead of an `Fn::If` its branch counts. A condition that cannot be told on either side leaves everything as it
//! is written.

use std::borrow::Cow;

use skysmith_template::{Intrinsic, Node, Resource, Template};

use crate::fate::Fate;
use crate::known::Known;
use crate::model::{Action, ChangeKind, ResourceChange, Rewritten, TemplateDiff};
use crate::parameters::Side;
use crate::verdict::Origin;

/// The two templates as they are in effect, and what differs in how they are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effective {
    pub(crate) before: Template,
    pub(crate) after: Template,
    pub(crate) written: TemplateDiff,
}

/// What is known of the conditions on both sides.
pub(crate) struct Conditions<'a> {
    before: Known<'a>,
    after: Known<'a>,
}

impl<'a> Conditions<'a> {
    /// Nothing where there are none, or where no values are known.
    pub(crate) fn of(before: Side<'a>, after: Side<'a>) -> Option<Self> {
        let has_some = |side: Side<'_>| side.template.section("Conditions").is_some_and(|it| !it.is_empty());
        if !has_some(before) && !has_some(after) {
            return None;
        }
        let known = |side: Side<'a>| Some(Known::new(side.template, Cow::Borrowed(side.parameters?)));
        Some(Self { before: known(before)?, after: known(after)? })
    }

    /// The templates as they are in effect, if that is something else than they are written.
    pub(crate) fn effective(&self) -> Option<[Template; 2]> {
        let sides = [self.before.effective(&|it| self.is_settled(it)), self.after.effective(&|it| self.is_settled(it))];
        (sides[0] != *self.before.template() || sides[1] != *self.after.template()).then_some(sides)
    }

    /// Whether a branch can be chosen by it. One that is known on one side only would make a difference of what is written alike.
    fn is_settled(&self, condition: &str) -> bool {
        let is_open = |side: &Known<'_>| side.has_condition(condition) && side.condition(condition).is_none();
        !is_open(&self.before) && !is_open(&self.after)
    }

    fn flips(&self, condition: &str) -> bool {
        self.before.condition(condition) != self.after.condition(condition)
    }

    /// Says of what comes, goes or changes by a condition that it does. What differs only where it has no effect is written in another way.
    pub(crate) fn explain(&self, diff: &mut TemplateDiff, written: &TemplateDiff) {
        for change in &mut diff.resources {
            let id = change.logical_id.clone();
            let (old, new) = (self.before.template().resource(&id), self.after.template().resource(&id));
            if let (Some(old), Some(new)) = (old, new) {
                self.explain_resource(change, old, new, written.resource(&id));
            }
        }
        let mut unseen: Vec<Rewritten> = written.rewritten.clone();
        let entry = |section: &str, name: &str| Rewritten {
            section: section.to_owned(),
            name: Some(name.to_owned()),
            is_order: false,
        };
        let differs = written.resources.iter().filter(|it| is_written_differently(it));
        unseen.extend(differs.map(|it| entry("Resources", &it.logical_id)));
        unseen.extend(written.outputs.iter().map(|it| entry("Outputs", &it.name)));
        for one in unseen {
            let name = one.name.as_deref().unwrap_or_default();
            let is_told = match one.section.as_str() {
                "Resources" => diff.resource(name).is_some(),
                "Outputs" => diff.outputs.iter().any(|it| it.name == name),
                _ => false,
            };
            if !is_told && diff.rewritten.iter().all(|it| (&it.section, &it.name) != (&one.section, &one.name)) {
                diff.rewritten.push(one);
            }
        }
    }

    fn explain_resource(
        &self,
        change: &mut ResourceChange,
        old: Resource<'_>,
        new: Resource<'_>,
        written: Option<&ResourceChange>,
    ) {
        match change.action {
            Action::Remove => {
                change.condition = new.condition().map(str::to_owned);
                // Perhaps it is not there.
                let is_there = old.condition().is_none_or(|name| self.before.condition(name) == Some(true));
                if change.fate == Fate::DataLost && !is_there {
                    change.fate = Fate::DataAtRisk;
                }
            }
            Action::Add => change.condition = new.condition().map(str::to_owned),
            Action::Change | Action::Replace => {
                for property in &mut change.properties {
                    let Some(name) = property.change.path.property() else { continue };
                    let is_written = |other: &ResourceChange| {
                        other.properties.iter().any(|it| {
                            it.change.kind != ChangeKind::Referenced && it.change.path.property() == Some(name)
                        })
                    };
                    if property.change.kind == ChangeKind::Referenced || written.is_some_and(is_written) {
                        continue;
                    }
                    if let Some(name) = [new, old].into_iter().find_map(|it| self.flipped_in(it.property(name)?)) {
                        property.verdict.origin = Origin::Condition { name };
                    }
                }
            }
        }
    }

    /// The first condition in a value that chooses another branch than before.
    fn flipped_in(&self, value: &Node) -> Option<String> {
        let mut found = None;
        value.for_each_node(&mut |node| {
            if let Some(Intrinsic::If { condition, .. }) = node.as_intrinsic()
                && found.is_none()
                && self.flips(condition)
            {
                found = Some(condition.clone());
            }
        });
        found
    }
}

fn is_written_differently(change: &ResourceChange) -> bool {
    change.action != Action::Change
        || !change.attributes.is_empty()
        || change.properties.iter().any(|it| it.change.kind != ChangeKind::Referenced)
}
