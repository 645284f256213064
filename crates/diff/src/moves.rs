//! Resources that only get another logical id. For CloudFormation one is new and the other is gone.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use skysmith_template::{Map, Node, Resource, Template};

use crate::compare::Comparison;
use crate::fate::Fate;
use crate::known;
use crate::model::{Action, ResourceChange};
use crate::normal::{self, Form};
use crate::refusal::{self, FixedName};
use crate::verdict::Specified;

/// A resource that gets another logical id and is the same otherwise. CloudFormation makes a new one and then removes the old
/// one: with another name made up for it, another ARN, and nothing in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Move {
    /// The logical id it had.
    pub from: String,
    /// The logical id it gets.
    pub to: String,
    /// The type.
    pub resource_type: String,
    /// What becomes of the old one.
    pub fate: Fate,
    /// The name that both have, where the template fixes it: then the new one cannot be made while the old one is there.
    pub fixed_name: Option<FixedName>,
}

/// How often the looks of what a resource refers to are taken into its own: chains of references longer than this are told
/// apart by what is within reach.
const ROUNDS: usize = 6;
/// What stands for a reference to a resource that comes or goes, while resources are told apart by all else.
const SOME: &str = "\u{0}";

pub(crate) fn find(before: &Template, after: &Template, changes: &[ResourceChange]) -> Vec<Move> {
    let of = |action| changes.iter().filter(move |it| it.action == action).map(|it| it.logical_id.as_str());
    let gone: Vec<Resource<'_>> = of(Action::Remove).filter_map(|id| before.resource(id)).collect();
    let new: Vec<Resource<'_>> = of(Action::Add).filter_map(|id| after.resource(id)).collect();
    if gone.is_empty() || new.is_empty() {
        return Vec::new();
    }
    let mut by_looks: HashMap<u64, Vec<Resource<'_>>> = HashMap::new();
    for (resource, looks) in looks(&gone) {
        by_looks.entry(looks).or_default().push(resource);
    }
    by_looks.values_mut().for_each(|same| same.reverse());
    let mut pairs: Vec<(Resource<'_>, Resource<'_>)> = looks(&new)
        .into_iter()
        .filter_map(|(resource, looks)| Some((by_looks.get_mut(&looks)?.pop()?, resource)))
        .collect();
    // Looks go by what is referred to, not by where: what is said below is checked word by word.
    loop {
        let names: HashMap<&str, &str> = pairs.iter().map(|(old, new)| (old.logical_id(), new.logical_id())).collect();
        let count = pairs.len();
        pairs.retain(|(old, new)| is_same(*old, *new, &names));
        if pairs.len() == count {
            break;
        }
    }
    let fates: HashMap<&str, Fate> = changes.iter().map(|it| (it.logical_id.as_str(), it.fate)).collect();
    let fate = |old: Resource<'_>| fates.get(old.logical_id()).copied().unwrap_or(Fate::Deleted);
    pairs.into_iter().map(|(old, new)| moved(old, new, fate(old))).collect()
}

fn moved(old: Resource<'_>, new: Resource<'_>, fate: Fate) -> Move {
    Move {
        from: old.logical_id().to_owned(),
        to: new.logical_id().to_owned(),
        resource_type: new.resource_type().unwrap_or_default().to_owned(),
        fate,
        fixed_name: refusal::shared_name(old, new),
    }
}

fn is_same(old: Resource<'_>, new: Resource<'_>, names: &HashMap<&str, &str>) -> bool {
    let known = Specified::of(new.resource_type());
    let mut named = |id: &String| (*names.get(id.as_str()).unwrap_or(&id.as_str())).to_owned();
    let old_properties = old.properties().into_iter().flatten();
    let renamed: Map = old_properties.map(|(key, node)| (key.clone(), node.map_refs(&mut named))).collect();
    let none = Map::new();
    let as_it_is = Cow::Borrowed(new.properties().unwrap_or(&none));
    let (before, after) = (own_name(Cow::Owned(renamed), old.logical_id()), own_name(as_it_is, new.logical_id()));
    let mut comparison = Comparison::new();
    comparison.properties(&before, &after, known);
    comparison.changes.is_empty()
}

/// Some name their resource after its logical id.
fn own_name<'m>(mut map: Cow<'m, Map>, logical_id: &str) -> Cow<'m, Map> {
    let is_own = |value: &Node| value.as_str() == Some(logical_id);
    if map.values().any(is_own) {
        map.to_mut().values_mut().filter(|value| is_own(value)).for_each(|value| *value = SOME.into());
    }
    map
}

/// A number for each resource that is the same for all that are alike.
fn looks<'t>(resources: &[Resource<'t>]) -> Vec<(Resource<'t>, u64)> {
    let places: HashMap<&str, usize> =
        resources.iter().enumerate().map(|(index, it)| (it.logical_id(), index)).collect();
    let mut references: Vec<Vec<usize>> = Vec::with_capacity(resources.len());
    let mut alone: Vec<u64> = Vec::with_capacity(resources.len());
    for resource in resources {
        let known = Specified::of(resource.resource_type());
        let mut looks = Looks { places: &places, found: Vec::new() };
        let mut entries = Vec::new();
        for (key, node) in resource.properties().into_iter().flatten().filter(|(_, node)| !known::is_no_value(node)) {
            let made = match node.as_str() == Some(resource.logical_id()) {
                true => looks.leaf(SOME.into()),
                false => normal::form(node, known.reading(key), &mut looks),
            };
            entries.push((key.as_str(), made));
        }
        let content = looks.map(entries);
        alone.push(hash(&(resource.resource_type(), content)));
        references.push(looks.found);
    }
    let mut looks = alone.clone();
    for _ in 0..ROUNDS {
        looks = alone
            .iter()
            .zip(&references)
            .map(|(alone, references)| {
                let mut around: Vec<u64> = references.iter().map(|place| looks[*place]).collect();
                around.sort_unstable();
                hash(&(alone, around))
            })
            .collect();
    }
    resources.iter().copied().zip(looks).collect()
}

/// Makes a number of a value, in which all references to resources that come or go look alike; they are kept aside.
struct Looks<'p> {
    places: &'p HashMap<&'p str, usize>,
    found: Vec<usize>,
}

impl Form for Looks<'_> {
    type Made = u64;

    fn leaf(&mut self, node: Node) -> u64 {
        let node = match node {
            Node::String(text) => return hash(&('s', text)),
            Node::Intrinsic(intrinsic) => intrinsic
                .map_refs(&mut |id| match self.places.get(id.as_str()) {
                    Some(place) => {
                        self.found.push(*place);
                        SOME.to_owned()
                    }
                    None => id.clone(),
                })
                .into(),
            other => other,
        };
        hash(&('n', normal::canonical_text(&node)))
    }

    fn map(&mut self, entries: Vec<(&str, u64)>) -> u64 {
        let mut entries: Vec<u64> = entries.iter().map(hash).collect();
        entries.sort_unstable();
        hash(&('m', entries))
    }

    fn list(&mut self, mut items: Vec<u64>, is_unordered: bool) -> u64 {
        if is_unordered {
            items.sort_unstable();
        }
        hash(&('l', items))
    }

    fn branches(&mut self, condition: &str, then: u64, otherwise: u64) -> u64 {
        hash(&('i', condition, then, otherwise))
    }

    fn json_string(&mut self, inner: u64) -> u64 {
        hash(&('j', inner))
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Marks the resources that moved with their other ids.
pub(crate) fn mark(changes: &mut [ResourceChange], moves: &[Move]) {
    let ids: BTreeSet<(&str, &str)> =
        moves.iter().flat_map(|it| [(it.from.as_str(), it.to.as_str()), (it.to.as_str(), it.from.as_str())]).collect();
    for change in changes {
        let other = ids.range((change.logical_id.as_str(), "")..).next();
        if let Some((_, other)) = other.filter(|(id, _)| *id == change.logical_id) {
            change.moved = Some((*other).to_owned());
        }
    }
}
