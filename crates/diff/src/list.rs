//! Lists: which item of the one is which item of the other.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};
use skysmith_template::Node;

use crate::compare::{Comparison, Reading};
use crate::model::ChangeKind;
use crate::path::PathStep;
use crate::policy;

/// What items are told apart by, the first that fits. `KeyType` comes before `AttributeName`: of a key that gets another
/// attribute one says that its attribute changed.
const IDENTITIES: &[&str] = &[
    "KeyType",
    "Sid",
    "IndexName",
    "AttributeName",
    "PolicyName",
    "Key",
    "Id",
    "Name",
    "Region",
    "DeviceName",
    "StatusCode",
    "RuleName",
    "ContainerName",
    "PathPattern",
];

/// Those whose order never means anything, whatever the specification says.
pub(crate) const UNORDERED: &[&str] = &["KeyType", "Sid", "IndexName", "AttributeName", "PolicyName", "Key"];

/// Above this many pairs, items of sets are paired by their places only.
const MOST_PAIRS: usize = 250_000;

pub(crate) fn compare(comparison: &mut Comparison, before: &[Node], after: &[Node], reading: Reading) {
    match identity(before, after) {
        // In a policy not every statement has a name.
        Some(key) if key != "Sid" => by_identity(comparison, key, before, after, reading),
        _ if reading.is_unordered() => as_sets(comparison, before, after, reading),
        _ => in_order(comparison, before, after, reading),
    }
}

/// The key by which all items of both lists can be told apart.
pub(crate) fn identity(before: &[Node], after: &[Node]) -> Option<&'static str> {
    if before.is_empty() || after.is_empty() {
        return None;
    }
    IDENTITIES.iter().copied().find(|key| {
        [before, after].into_iter().all(|items| {
            let mut names = HashMap::with_capacity(items.len());
            items.iter().all(|item| name(item, key).is_some_and(|name| names.insert(name, ()).is_none()))
        })
    })
}

fn name<'n>(item: &'n Node, key: &str) -> Option<&'n str> {
    match item.get(key)? {
        Node::String(text) => Some(text),
        Node::Number(number) => Some(number.as_str()),
        _ => None,
    }
}

/// The steps to the items of a list, as a comparison with an equal list would take them.
pub(crate) fn steps(items: &[Node]) -> impl Iterator<Item = PathStep> {
    let key = identity(items, items).filter(|key| *key != "Sid");
    items.iter().enumerate().map(move |(index, item)| match key.and_then(|key| Some((key, name(item, key)?))) {
        Some((key, value)) => named(key, value, Some(index), Some(index)),
        None => PathStep::at(index),
    })
}

pub(crate) fn named(key: &str, value: &str, before: Option<usize>, after: Option<usize>) -> PathStep {
    PathStep::Item { key: key.to_owned(), value: value.to_owned(), before, after }
}

fn by_identity(comparison: &mut Comparison, key: &'static str, before: &[Node], after: &[Node], reading: Reading) {
    let named_items = |items: &'_ [Node]| -> Vec<Option<String>> {
        items.iter().map(|item| name(item, key).map(str::to_owned)).collect()
    };
    let (old_names, new_names) = (named_items(before), named_items(after));
    let old: HashMap<&str, usize> =
        old_names.iter().enumerate().filter_map(|(index, name)| Some((name.as_deref()?, index))).collect();
    let mut places = Vec::with_capacity(after.len());
    let mut is_kept = vec![false; before.len()];
    for (index, (item, name)) in after.iter().zip(&new_names).enumerate() {
        let Some(name) = name else { continue };
        let was = old.get(name.as_str()).copied();
        let step = named(key, name, was, Some(index));
        match was {
            Some(was) => {
                places.push(was);
                is_kept[was] = true;
                comparison.inside(step, |it| it.values(&before[was], item, reading.item()));
            }
            None => comparison.inside(step, |it| it.push(ChangeKind::Added, None, Some(item))),
        }
    }
    for (index, (item, name)) in before.iter().zip(&old_names).enumerate() {
        if let Some(name) = name.as_ref().filter(|_| !is_kept[index]) {
            let step = named(key, name, Some(index), None);
            comparison.inside(step, |it| it.push(ChangeKind::Removed, Some(item), None));
        }
    }
    let is_unordered = reading.is_unordered() || UNORDERED.contains(&key);
    if !is_unordered && !places.is_sorted() {
        let (before, after) = (Node::List(before.to_vec()), Node::List(after.to_vec()));
        comparison.push(ChangeKind::Reordered, Some(&before), Some(&after));
    }
}

/// Items in any order: first those that are the same, then those that are alike.
fn as_sets(comparison: &mut Comparison, before: &[Node], after: &[Node], reading: Reading) {
    let item_reading = reading.item();
    let mut old: Vec<(usize, &Node)> = before.iter().enumerate().collect();
    let mut new: Vec<(usize, &Node)> = after.iter().enumerate().collect();
    take_pairs(&mut old, &mut new, |old, new| old == new);
    if old.len().saturating_mul(new.len()) <= MOST_PAIRS {
        take_pairs(&mut old, &mut new, |old, new| Comparison::is_same(old, new, item_reading));
    }
    // Of policies, statements that are alike belong together; of other sets, maps in the order they stand in.
    let is_policy = matches!(reading, Reading::Policy);
    let mut pairs = Vec::new();
    while let Some((old_at, new_at)) = most_alike(&old, &new, is_policy) {
        pairs.push((old.remove(old_at), new.remove(new_at)));
    }
    pairs.sort_unstable_by_key(|(_, (index, _))| *index);
    for ((was, old), (index, new)) in pairs {
        let step = match step(new, Some(was), Some(index)) {
            // Only what both have tells which it is.
            PathStep::Item { .. } if old.get("Sid") != new.get("Sid") => {
                PathStep::Index { before: Some(was), after: Some(index) }
            }
            step => step,
        };
        comparison.inside(step, |it| it.values(old, new, item_reading));
    }
    for (index, item) in new {
        comparison.inside(step(item, None, Some(index)), |it| it.push(ChangeKind::Added, None, Some(item)));
    }
    for (index, item) in old {
        comparison.inside(step(item, Some(index), None), |it| it.push(ChangeKind::Removed, Some(item), None));
    }
}

fn take_pairs(old: &mut Vec<(usize, &Node)>, new: &mut Vec<(usize, &Node)>, is_pair: impl Fn(&Node, &Node) -> bool) {
    old.retain(|(_, item)| match new.iter().position(|(_, other)| is_pair(item, other)) {
        Some(place) => {
            new.remove(place);
            false
        }
        None => true,
    });
}

fn most_alike(old: &[(usize, &Node)], new: &[(usize, &Node)], is_policy: bool) -> Option<(usize, usize)> {
    let is_map = |(_, item): &(usize, &Node)| matches!(item, Node::Map(_));
    if !is_policy {
        return Some((old.iter().position(is_map)?, new.iter().position(is_map)?));
    }
    let mut best: Option<(usize, (usize, usize))> = None;
    for (old_at, (_, old)) in old.iter().enumerate() {
        for (new_at, (_, new)) in new.iter().enumerate() {
            let alike = policy::likeness(old, new);
            if alike > 0 && best.is_none_or(|(most, _)| alike > most) {
                best = Some((alike, (old_at, new_at)));
            }
        }
    }
    best.map(|(_, places)| places)
}

fn step(item: &Node, before: Option<usize>, after: Option<usize>) -> PathStep {
    match item.get("Sid").and_then(Node::as_str) {
        Some(sid) => named("Sid", sid, before, after),
        None => PathStep::Index { before, after },
    }
}

/// Items whose order means something: the longest common subsequence, and what stands between its items in pairs.
fn in_order(comparison: &mut Comparison, before: &[Node], after: &[Node], reading: Reading) {
    let item_reading = reading.item();
    // Items that mean the same need not be written alike, and the subsequence below goes by how they are written.
    let are_same = before.len() == after.len()
        && before.iter().zip(after).all(|(old, new)| Comparison::is_same(old, new, item_reading));
    if are_same {
        return;
    }
    let old: Vec<String> = before.iter().map(Node::to_json_compact).collect();
    let new: Vec<String> = after.iter().map(Node::to_json_compact).collect();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (old_range, new_range) = (operation.old_range(), operation.new_range());
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let paired = old_range.len().min(new_range.len());
        for offset in 0..paired {
            let (old, new) = (&before[old_range.start + offset], &after[new_range.start + offset]);
            let step =
                PathStep::Index { before: Some(old_range.start + offset), after: Some(new_range.start + offset) };
            comparison.inside(step, |it| it.values(old, new, item_reading));
        }
        for index in new_range.skip(paired) {
            let step = PathStep::Index { before: None, after: Some(index) };
            comparison.inside(step, |it| it.push(ChangeKind::Added, None, Some(&after[index])));
        }
        for index in old_range.skip(paired) {
            let step = PathStep::Index { before: Some(index), after: None };
            comparison.inside(step, |it| it.push(ChangeKind::Removed, Some(&before[index]), None));
        }
    }
}
