//! Settings that matter for security and safety: who can reach something, how it is encrypted, whether it can be brought back.
//!
//! Rights are in [`iam`](crate::StatementChange); of them only two kinds are repeated here: what everybody may do, and the
//! denial of plain HTTP that is gone.

use std::collections::HashSet;

use skysmith_template::{Node, Resource, Template};

use crate::compare::{Comparison, Reading};
use crate::iam::{Broadening, Effect, Statement, StatementChange};
use crate::list;
use crate::path::{Path, PathStep};
use crate::verdict::Specified;
use crate::watched::{REMOVAL, Safe, WATCHED, Watched};

/// A setting that matters for security or safety and becomes another.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SecurityChange {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The setting; empty if it is the resource as a whole that comes or goes.
    pub path: Path,
    /// What it is about.
    pub topic: Topic,
    /// Whether things become safer or less safe.
    pub trend: Trend,
    /// What was there; `None` if nothing was.
    pub before: Option<Node>,
    /// What is there; `None` if nothing is.
    pub after: Option<Node>,
}

/// What a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// Who can reach it from outside of the account.
    PublicAccess,
    /// Whether a caller has to be known.
    Authorisation,
    /// Which network traffic is let through.
    Network,
    /// Encryption of what is kept.
    Encryption,
    /// Encryption on the way.
    Tls,
    /// What is written down of who did what.
    Logging,
    /// Whether data can be deleted by mistake, and brought back.
    Protection,
}

/// Where a change leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trend {
    /// Less safe than before, or open from the start.
    Weaker,
    /// Another, and whether that is better cannot be told.
    Other,
    /// Safer than before.
    Stronger,
}

/// `written` are the resources that are not written alike on both sides.
pub(crate) fn changes(
    before: &Template,
    after: &Template,
    written: &HashSet<&str>,
    iam: &[StatementChange],
) -> Vec<SecurityChange> {
    let mut changes = Vec::new();
    for new in after.resources() {
        let Some(kind) = new.resource_type().filter(|_| written.contains(new.logical_id())) else { continue };
        let old = before.resource(new.logical_id()).filter(|old| old.resource_type() == Some(kind));
        watch(kind, old, Some(new), &mut changes);
        if let (None, Some((_, topic))) = (old, REMOVAL.iter().find(|(known, _)| *known == kind)) {
            changes.push(whole(new, kind, *topic, true));
        }
    }
    for old in before.resources() {
        let Some(kind) = old.resource_type() else { continue };
        if after.resource(old.logical_id()).is_some_and(|new| new.resource_type() == Some(kind)) {
            continue;
        }
        watch(kind, Some(old), None, &mut changes);
        if let Some((_, topic)) = REMOVAL.iter().find(|(known, _)| *known == kind) {
            changes.push(whole(old, kind, *topic, false));
        }
    }
    changes.extend(iam.iter().flat_map(of_rights));
    changes
}

fn whole(resource: Resource<'_>, kind: &str, topic: Topic, is_new: bool) -> SecurityChange {
    SecurityChange {
        logical_id: resource.logical_id().to_owned(),
        resource_type: kind.to_owned(),
        path: Path::default(),
        topic,
        trend: if is_new { Trend::Stronger } else { Trend::Weaker },
        before: (!is_new).then(|| resource.body().clone().into()),
        after: is_new.then(|| resource.body().clone().into()),
    }
}

fn watch(kind: &str, old: Option<Resource<'_>>, new: Option<Resource<'_>>, changes: &mut Vec<SecurityChange>) {
    let Some(resource) = new.or(old) else { return };
    for watched in WATCHED.iter().filter(|it| it.resource_type == kind) {
        let (was, is) = (old.and_then(|it| at(it, watched.path)), new.and_then(|it| at(it, watched.path)));
        let push = |path: Path, trend: Trend, before: Option<&Node>, after: Option<&Node>| SecurityChange {
            logical_id: resource.logical_id().to_owned(),
            resource_type: kind.to_owned(),
            path,
            topic: watched.topic,
            trend,
            before: before.cloned(),
            after: after.cloned(),
        };
        let path = Path::of(watched.path);
        let reading = Specified::of(Some(kind)).reading_at(watched.path);
        if let Safe::FewerItems = watched.safe {
            for (step, trend, before, after) in items(was, is, reading.item()) {
                let mut path = path.clone();
                path.push(step);
                changes.push(push(path, trend, before, after));
            }
            continue;
        }
        // What goes with its resource is not less safe than before.
        if new.is_none() || is_same(was, is, reading) {
            continue;
        }
        let trend = match old {
            Some(_) => trend(watched, was, is),
            // Of what is new only what is open on purpose is worth a word, not how many days something is kept.
            None if matches!(watched.safe, Safe::Greater(_)) => continue,
            None if is.is_some() && trend(watched, watched.best().as_ref(), is) == Trend::Weaker => Trend::Weaker,
            None => continue,
        };
        changes.push(push(path, trend, was, is));
    }
}

fn is_same(was: Option<&Node>, is: Option<&Node>, reading: Reading) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => Comparison::is_same(was, is, reading),
        (None, None) => true,
        _ => false,
    }
}

fn at<'t>(resource: Resource<'t>, path: &[&str]) -> Option<&'t Node> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(resource.property(first)?, |node, key| node.get(key))
}

fn trend(watched: &Watched, was: Option<&Node>, is: Option<&Node>) -> Trend {
    match (watched.rank(was), watched.rank(is)) {
        (Some(was), Some(is)) if was > is => Trend::Weaker,
        (Some(was), Some(is)) if was < is => Trend::Stronger,
        _ => Trend::Other,
    }
}

/// The items that come, which open something, and those that go.
fn items<'n>(
    was: Option<&'n Node>,
    is: Option<&'n Node>,
    reading: Reading,
) -> Vec<(PathStep, Trend, Option<&'n Node>, Option<&'n Node>)> {
    let list = |node: Option<&'n Node>| match node {
        Some(Node::List(items)) => items.as_slice(),
        Some(other) => std::slice::from_ref(other),
        None => &[],
    };
    let (old, new) = (list(was), list(is));
    let is_in = |item: &Node, items: &[Node]| items.iter().any(|it| Comparison::is_same(it, item, reading));
    let mut found = Vec::new();
    for (step, item) in list::steps(new).zip(new) {
        if !is_in(item, old) {
            found.push((step, Trend::Weaker, None, Some(item)));
        }
    }
    for (step, item) in list::steps(old).zip(old) {
        if !is_in(item, new) {
            found.push((step, Trend::Stronger, Some(item), None));
        }
    }
    found
}

fn of_rights(change: &StatementChange) -> Option<SecurityChange> {
    let is_public = change.broader.contains(&Broadening::Everybody);
    let is_plain_http = change.before_statement().is_some_and(|it| {
        it.effect == Effect::Deny
            && it.conditions.iter().any(|test| test.key.eq_ignore_ascii_case("aws:SecureTransport"))
    }) && change.broader.contains(&Broadening::NoLongerDenied);
    let topic = match (is_public, is_plain_http) {
        (true, _) => Topic::PublicAccess,
        (_, true) => Topic::Tls,
        _ => return None,
    };
    Some(SecurityChange {
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        path: change.path.clone(),
        topic,
        trend: Trend::Weaker,
        before: change.before_statement().map(Statement::to_node),
        after: change.after_statement().map(Statement::to_node),
    })
}
