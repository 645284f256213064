//! One way to write what means the same.
//!
//! Two values are the same by [`Comparison`](crate::compare::Comparison) if and only if this makes equal values of them.

use skysmith_template::{ForEach, Intrinsic, Map, Node, Resource, Template};

use crate::compare::Reading;
use crate::known::is_no_value;
use crate::verdict::Specified;
use crate::{list, policy, text};

/// The template in the one form that all templates of the same meaning have: keys and sets sorted, policies with lists
/// wherever one may stand, functions that make text as one `Fn::Join`, numbers and truth values as their properties have
/// them.
///
/// It is for comparing and for tests; people would not want to read it, and it is as good as any other for CloudFormation.
#[must_use]
pub fn normalise(template: &Template) -> Template {
    let mut root = Map::new();
    for (name, node) in template.root() {
        let is_map = |node: &Node| node.as_map().is_some();
        let node = match (name.as_str(), node) {
            ("Resources", Node::Map(entries)) => entries
                .iter()
                .map(|(key, node)| {
                    let is_plain =
                        node.as_map().is_some() && ForEach::from_entry(key, node).is_none() && !key.starts_with("Fn::");
                    let resource = template.resource(key).filter(|_| is_plain);
                    (key.clone(), resource.map_or_else(|| value(node, Reading::Json), self::resource))
                })
                .collect::<Map>()
                .into(),
            ("Parameters" | "Outputs" | "Conditions" | "Mappings" | "Rules", Node::Map(entries)) => {
                entries.iter().map(|(key, node)| (key.clone(), value(node, Reading::Text))).collect::<Map>().into()
            }
            ("Parameters" | "Outputs" | "Conditions" | "Mappings" | "Rules" | "Resources" | "Metadata", _) => {
                value(node, Reading::Json)
            }
            _ => value(node, Reading::Text),
        };
        let is_section =
            matches!(name.as_str(), "Parameters" | "Outputs" | "Conditions" | "Mappings" | "Rules" | "Resources");
        if is_section && is_map(&node) && node.as_map().is_some_and(Map::is_empty) {
            continue;
        }
        root.insert(name.clone(), sorted(node));
    }
    root.sort_unstable_keys();
    Template::from_node(root.into())
}

/// All of a resource.
pub(crate) fn resource(resource: Resource<'_>) -> Node {
    let known = Specified::of(resource.resource_type());
    let mut body = Map::new();
    for (key, node) in resource.body() {
        let node = match (key.as_str(), node) {
            ("Properties", Node::Map(map)) if map.values().all(is_no_value) => continue,
            ("Properties", Node::Map(map)) => properties(known, map),
            ("Type", _) => node.clone(),
            ("DependsOn", _) => value(&dependencies(node), Reading::Json),
            _ if is_no_value(node) => continue,
            _ => value(node, Reading::Json),
        };
        body.insert(key.clone(), node);
    }
    body.into()
}

/// The properties of a resource.
fn properties(known: Specified, map: &Map) -> Node {
    let given = map.iter().filter(|(_, node)| !is_no_value(node));
    given.map(|(key, node)| (key.clone(), value(node, known.reading(key)))).collect::<Map>().into()
}

/// `DependsOn` as a sorted list: one name is a list of one, and the order means nothing.
pub(crate) fn dependencies(node: &Node) -> Node {
    let mut names: Vec<Node> = match node {
        Node::List(items) => items.clone(),
        other => vec![other.clone()],
    };
    names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    names.dedup();
    Node::List(names)
}

/// What is made of a value, from the inside out: a value in the one form, or a number that is the same for the same form.
pub(crate) trait Form {
    type Made;

    /// A scalar, or a function, that is in its one form already.
    fn leaf(&mut self, node: Node) -> Self::Made;
    /// A map, whose order means nothing.
    fn map(&mut self, entries: Vec<(&str, Self::Made)>) -> Self::Made;
    fn list(&mut self, items: Vec<Self::Made>, is_unordered: bool) -> Self::Made;
    fn branches(&mut self, condition: &str, then: Self::Made, otherwise: Self::Made) -> Self::Made;
    fn json_string(&mut self, inner: Self::Made) -> Self::Made;
}

/// The value itself.
struct Value;

impl Form for Value {
    type Made = Node;

    fn leaf(&mut self, node: Node) -> Node {
        node
    }

    fn map(&mut self, entries: Vec<(&str, Node)>) -> Node {
        entries.into_iter().map(|(key, node)| (key.to_owned(), node)).collect::<Map>().into()
    }

    fn list(&mut self, mut items: Vec<Node>, is_unordered: bool) -> Node {
        if is_unordered {
            items.sort_by_cached_key(canonical_text);
        }
        Node::List(items)
    }

    fn branches(&mut self, condition: &str, then: Node, otherwise: Node) -> Node {
        Intrinsic::If { condition: condition.to_owned(), then, otherwise }.into()
    }

    fn json_string(&mut self, inner: Node) -> Node {
        Node::JsonString(Box::new(sorted(inner)))
    }
}

pub(crate) fn value(node: &Node, reading: Reading) -> Node {
    form(node, reading, &mut Value)
}

/// What the form makes of the value.
pub(crate) fn form<F: Form>(node: &Node, reading: Reading, made: &mut F) -> F::Made {
    if reading.is_policy(node) {
        return form(&policy::normalised(node), Reading::Policy, made);
    }
    if reading.takes_one_or_many() && !matches!(node, Node::List(_)) {
        let one = form(node, reading.item(), made);
        return made.list(vec![one], false);
    }
    match node {
        Node::Map(map) => {
            let given = map.iter().filter(|(_, node)| !is_no_value(node));
            let entries = given.map(|(key, node)| (key.as_str(), form(node, reading.entry(key), made))).collect();
            made.map(entries)
        }
        Node::List(items) => {
            let is_unordered = reading.is_unordered()
                || list::identity(items, items).is_some_and(|key| list::UNORDERED.contains(&key));
            let items = items.iter().map(|item| form(item, reading.item(), made)).collect();
            made.list(items, is_unordered)
        }
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::If { condition, then, otherwise } => {
                let (then, otherwise) = (form(then, reading, made), form(otherwise, reading, made));
                made.branches(condition, then, otherwise)
            }
            _ => made.leaf(text::canonical(node)),
        },
        Node::JsonString(_) => form(&Node::from_long_form(node.to_long_form()), reading, made),
        Node::String(literal) => match text::json(literal) {
            Some(json) => {
                let inner = form(&json, reading.json(), made);
                made.json_string(inner)
            }
            None => made.leaf(scalar(node, reading)),
        },
        Node::Number(_) | Node::Bool(_) | Node::Null => made.leaf(scalar(node, reading)),
    }
}

/// A scalar as its property has it.
fn scalar(node: &Node, reading: Reading) -> Node {
    use skysmith_spec::ValueType;
    let value_type = match reading {
        Reading::Shape(_, shape) | Reading::Unordered(_, shape) => shape.value_type(),
        Reading::Text | Reading::Policy => ValueType::String,
        Reading::Json | Reading::UnorderedJson => ValueType::Json,
    };
    match value_type {
        ValueType::Json => node.clone(),
        ValueType::Integer | ValueType::Number => text::number(node).unwrap_or_else(|| text::canonical(node)),
        ValueType::Boolean => text::truth(node).map_or_else(|| text::canonical(node), Node::from),
        _ => text::canonical(node),
    }
}

/// The value with the keys of all maps sorted.
pub(crate) fn sorted(node: Node) -> Node {
    match node {
        Node::Map(map) => {
            let mut map: Map = map.into_iter().map(|(key, node)| (key, sorted(node))).collect();
            map.sort_unstable_keys();
            map.into()
        }
        Node::List(items) => Node::List(items.into_iter().map(sorted).collect()),
        Node::Intrinsic(mut intrinsic) => {
            intrinsic
                .for_each_argument_mut(&mut |argument| *argument = sorted(std::mem::replace(argument, Node::Null)));
            Node::Intrinsic(intrinsic)
        }
        other => other,
    }
}

/// Equal for equal values, whatever the order of their keys.
pub(crate) fn canonical_text(node: &Node) -> String {
    sorted(node.clone()).to_json_compact()
}

/// Whether the values are written alike, the order of keys included.
pub(crate) fn is_identical(before: &Node, after: &Node) -> bool {
    match (before, after) {
        (Node::Map(before), Node::Map(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|((key, old), (other, new))| key == other && is_identical(old, new))
        }
        (Node::List(before), Node::List(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(old, new)| is_identical(old, new))
        }
        _ => before == after,
    }
}
