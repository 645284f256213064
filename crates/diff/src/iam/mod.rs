//! Who may do what: which rights a change gives and takes.
//!
//! The rights are taken from all places in a template where they stand: policies inside roles, users and groups, policies
//! attached to them, managed policies, trust policies, policies on resources, and permissions of functions. They are compared
//! for each holder as a whole, so that a statement which only moves from one policy of a role to another is no change.

mod broaden;
mod collect;
mod statement;

pub use broaden::Broadening;
pub use statement::{Condition, Effect, Principal, Rights, Statement, Which};

use std::collections::{HashMap, HashSet};

use skysmith_template::{Intrinsic, Node, Template};

use crate::compare::{Comparison, Reading};
use crate::fate::{Fate, Retention};
use crate::model::{Action, ChangeKind, ResourceChange};
use crate::moves::Move;
use crate::path::Path;
use crate::{normal, policy};
use collect::Grant;

/// A right that comes, goes or changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatementChange {
    /// What the policy is on.
    pub kind: PolicyKind,
    /// Whose rights, or the rights on what: a reference to a resource, or a name or ARN. Of a managed policy that is attached
    /// to nobody in the template, the policy itself.
    pub holder: Node,
    /// Whether the holder itself is new, so that it had no rights before.
    pub is_holder_new: bool,
    /// The resource that the policy is written in.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Where in it.
    pub path: Path,
    /// [`ChangeKind::Added`], [`ChangeKind::Removed`] or [`ChangeKind::Changed`].
    pub change: ChangeKind,
    /// What was there.
    pub before: Option<Rights>,
    /// What is there.
    pub after: Option<Rights>,
    /// In which ways this gives more than all that the holder had before; empty if it does not, and of a holder that is deleted:
    /// nobody can do anything with it, or through it, any more.
    pub broader: Vec<Broadening>,
}

impl StatementChange {
    /// Whether this gives more than before.
    #[must_use]
    pub fn broadens(&self) -> bool {
        !self.broader.is_empty()
    }

    /// What it is now, or was if it is gone.
    #[must_use]
    pub fn rights(&self) -> Option<&Rights> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// The statement as it was, if it was one.
    #[must_use]
    pub fn before_statement(&self) -> Option<&Statement> {
        self.before.as_ref().and_then(Rights::statement)
    }

    /// The statement as it is, if it is one.
    #[must_use]
    pub fn after_statement(&self) -> Option<&Statement> {
        self.after.as_ref().and_then(Rights::statement)
    }
}

/// What a policy is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// What a role, user or group may do.
    Identity,
    /// Who may become a role.
    Trust,
    /// Who may do something with a resource.
    Resource,
}

/// What [`changes`] finds.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) changes: Vec<StatementChange>,
    /// Statements that only move, from a resource that is changed to one that is new: in between there is a time without them.
    pub(crate) gaps: Vec<(String, String)>,
}

/// `written` are the resources that are not written alike on both sides.
pub(crate) fn changes(
    before: &Template,
    after: &Template,
    written: &HashSet<&str>,
    moves: &[Move],
    resources: &[ResourceChange],
) -> Found {
    // What is the same on both sides matters only where the rights of the same holder differ somewhere else.
    let differs = |id: &str| written.contains(id);
    let names: HashMap<&str, &str> = moves.iter().map(|it| (it.from.as_str(), it.to.as_str())).collect();
    let mut found = Found::default();
    let mut old = renamed(collect::grants(before, &differs), &names);
    let mut new = collect::grants(after, &differs);
    if old.is_empty() && new.is_empty() {
        return found;
    }
    let holders: HashSet<String> = old.iter().chain(&new).map(key).collect();
    let is_same = |id: &str| !differs(id);
    let concerned = |grant: &Grant<'_>| holders.contains(&key(grant));
    new.extend(collect::grants(after, &is_same).into_iter().filter(concerned));
    old.extend(renamed(collect::grants(before, &is_same), &names).into_iter().filter(concerned));
    let (mut old, new) = (group(old), group(new));
    let sides = [before, after];
    for (key, new) in new.entries {
        let old = old.take(&key);
        holder(old, new, sides, &mut found);
    }
    for old in old.rest() {
        holder(old, Vec::new(), sides, &mut found);
    }
    let deleted: HashSet<&str> =
        resources.iter().filter(|it| is_deleted(it)).map(|it| it.logical_id.as_str()).collect();
    for change in &mut found.changes {
        if let Some(Intrinsic::Ref(holder)) = change.holder.as_intrinsic()
            && deleted.contains(holder.as_str())
        {
            change.broader.clear();
        }
    }
    found
}

/// Whether nothing of the resource is there afterwards. What is retained is there without the policies that were on it.
fn is_deleted(resource: &ResourceChange) -> bool {
    resource.action == Action::Remove
        && matches!(resource.fate, Fate::Deleted | Fate::DataLost | Fate::LeavesStack(Retention::Snapshot))
}

/// The grants with what gets another logical id under its new one, so that rights which only move with it are the same.
fn renamed<'t>(mut grants: Vec<Grant<'t>>, names: &HashMap<&str, &str>) -> Vec<Grant<'t>> {
    if names.is_empty() {
        return grants;
    }
    let mut name = |id: &String| names.get(id.as_str()).map_or_else(|| id.clone(), |to| (*to).to_owned());
    for grant in &mut grants {
        grant.holder = grant.holder.map_refs(&mut name);
        grant.node = grant.node.map_refs(&mut name);
        grant.rights = match &grant.rights {
            Rights::Managed(arn) => Rights::Managed(arn.map_refs(&mut name)),
            Rights::Statement(_) => match statement::read(&grant.node) {
                Some(statement) => Rights::Statement(Box::new(statement)),
                None => continue,
            },
        };
    }
    grants
}

fn key(grant: &Grant<'_>) -> String {
    let kind = grant.kind;
    match grant.holder.as_intrinsic() {
        Some(Intrinsic::Ref(id)) => format!("{kind:?} {id}"),
        _ => format!("{kind:?} {}", normal::canonical_text(&grant.holder)),
    }
}

/// The rights of each holder, in the order of the template.
struct Groups<'t> {
    entries: Vec<(String, Vec<Grant<'t>>)>,
    places: HashMap<String, usize>,
}

impl<'t> Groups<'t> {
    fn take(&mut self, key: &str) -> Vec<Grant<'t>> {
        self.places.get(key).map(|place| std::mem::take(&mut self.entries[*place].1)).unwrap_or_default()
    }

    fn rest(self) -> impl Iterator<Item = Vec<Grant<'t>>> {
        self.entries.into_iter().map(|(_, grants)| grants).filter(|grants| !grants.is_empty())
    }
}

fn group(grants: Vec<Grant<'_>>) -> Groups<'_> {
    let mut groups = Groups { entries: Vec::new(), places: HashMap::new() };
    for grant in grants {
        let key = key(&grant);
        let place = *groups.places.entry(key.clone()).or_insert(groups.entries.len());
        if place == groups.entries.len() {
            groups.entries.push((key, Vec::new()));
        }
        groups.entries[place].1.push(grant);
    }
    groups
}

/// Compares all rights of one holder.
fn holder(old: Vec<Grant<'_>>, new: Vec<Grant<'_>>, sides: [&Template; 2], found: &mut Found) {
    let [before, after] = sides;
    if old.is_empty() && new.is_empty() {
        return;
    }
    let had: Vec<Rights> = old.iter().map(|it| it.rights.clone()).collect();
    let has: Vec<Rights> = new.iter().map(|it| it.rights.clone()).collect();
    let is_new = match new.first().and_then(|it| it.holder.as_intrinsic().map(|_| &it.holder)) {
        Some(holder) => {
            let mut ids = HashSet::new();
            holder.for_each_ref(&mut |id| {
                ids.insert(id.as_str());
            });
            !ids.is_empty()
                && ids.iter().all(|id| before.resource(id).is_none() && before.parameter(id).is_none())
                && old.is_empty()
        }
        None => false,
    };
    let mut old: Vec<Option<Grant<'_>>> = old.into_iter().map(Some).collect();
    let mut rest = Vec::new();
    for grant in new {
        let same = old.iter().position(|it| it.as_ref().is_some_and(|it| is_same(&it.node, &grant.node)));
        match same {
            Some(place) => {
                if let Some(old) = old[place].take()
                    && grant.kind == PolicyKind::Identity
                    && old.logical_id != grant.logical_id
                    && after.resource(old.logical_id).is_some()
                    && before.resource(grant.logical_id).is_none()
                {
                    let gap = (old.logical_id.to_owned(), grant.logical_id.to_owned());
                    if !found.gaps.contains(&gap) {
                        found.gaps.push(gap);
                    }
                }
            }
            None => rest.push(grant),
        }
    }
    let mut old: Vec<Grant<'_>> = old.into_iter().flatten().collect();
    let mut push = |old: Option<Grant<'_>>, new: Option<Grant<'_>>| {
        let change = match (&old, &new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        let (before, after) = (old.as_ref().map(|it| it.rights.clone()), new.as_ref().map(|it| it.rights.clone()));
        let broader = broaden::reasons(before.as_ref(), after.as_ref(), &had, &has);
        let Some(grant) = new.or(old) else { return };
        found.changes.push(StatementChange {
            kind: grant.kind,
            holder: grant.holder,
            is_holder_new: is_new,
            logical_id: grant.logical_id.to_owned(),
            resource_type: grant.resource_type.to_owned(),
            path: grant.path,
            change,
            before,
            after,
            broader,
        });
    };
    for grant in rest {
        let likeness = |other: &Grant<'_>| {
            let is_statement = |it: &Grant<'_>| it.rights.statement().is_some();
            let same_effect = grant.node.get("Effect") == other.node.get("Effect");
            if is_statement(other) && is_statement(&grant) && same_effect {
                policy::likeness(&other.node, &grant.node)
            } else {
                0
            }
        };
        let alike = (0..old.len()).max_by_key(|place| (likeness(&old[*place]), usize::MAX - place));
        let alike = alike.filter(|place| likeness(&old[*place]) > 1).map(|place| old.remove(place));
        push(alike, Some(grant));
    }
    for grant in old {
        push(Some(grant), None);
    }
}

/// Whether both give the same: the name of a statement gives nothing.
fn is_same(old: &Node, new: &Node) -> bool {
    let unnamed = |node: &Node| {
        let mut node = node.clone();
        if let Node::Map(map) = &mut node {
            map.shift_remove("Sid");
        }
        node
    };
    Comparison::is_same(&unnamed(old), &unnamed(new), Reading::Policy)
}
