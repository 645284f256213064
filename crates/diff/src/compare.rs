//! The walk over two values.

use skysmith_spec::{Property, ResourceType, Shape, ValueType};
use skysmith_template::{Intrinsic, Map, Node};

use crate::model::{ChangeKind, ValueChange};
use crate::orderless::{self, Orderless};
use crate::path::{Path, PathStep};
use crate::verdict::Specified;
use crate::{known, list, policy, text};

/// How a value is read, which decides what is the same.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    /// As the specification says of a resource type.
    Shape(ResourceType, Shape),
    /// The same, where the order of a list means nothing.
    Unordered(ResourceType, Shape),
    /// As it is, but that the order of lists means nothing.
    UnorderedJson,
    /// As text: CloudFormation makes text of every scalar here.
    Text,
    /// As it is.
    Json,
    /// As a policy, or a part of one, that has been normalised: lists are sets.
    Policy,
}

impl Reading {
    /// How the entry `key` of a map is read.
    pub(crate) fn entry(self, key: &str) -> Self {
        match self {
            Self::Shape(kind, shape) => match shape.value_type() {
                ValueType::Object(definition) => {
                    let property = definition.property(key);
                    property.map_or(Self::Json, |it| Self::of(kind, definition.name(), it))
                }
                ValueType::Map(of) => Self::Shape(kind, of),
                ValueType::Union(union) => union
                    .alternatives()
                    .find(|it| matches!(it.value_type(), ValueType::Object(_) | ValueType::Map(_)))
                    .map_or(Self::Json, |it| Self::Shape(kind, it).entry(key)),
                _ => Self::Json,
            },
            // A function, say, where a list was expected.
            Self::Unordered(kind, shape) => Self::Shape(kind, shape).entry(key),
            // What is compared, and what with.
            Self::UnorderedJson if key == "numeric" => Self::Json,
            other => other,
        }
    }

    /// How a property of a resource type is read, or of a type of value inside of it.
    pub(crate) fn of(kind: ResourceType, definition: &str, property: Property) -> Self {
        match orderless::of(kind.name(), definition, property.name()) {
            Some(Orderless::List) => Self::Unordered(kind, property.shape()),
            Some(Orderless::Json) => Self::UnorderedJson,
            None => Self::Shape(kind, property.shape()),
        }
    }

    /// How JSON in a string is read.
    pub(crate) fn json(self) -> Self {
        match self {
            Self::UnorderedJson => self,
            _ => Self::Json,
        }
    }

    /// How the items of a list are read.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Shape(kind, shape) | Self::Unordered(kind, shape) => match shape.value_type() {
                ValueType::List(of) => Self::Shape(kind, of),
                ValueType::Union(union) => union
                    .alternatives()
                    .find(|it| matches!(it.value_type(), ValueType::List(_)))
                    .map_or(Self::Json, |it| Self::Shape(kind, it).item()),
                _ => Self::Json,
            },
            other => other,
        }
    }

    /// Whether the order of a list means nothing, whatever its items are.
    pub(crate) fn is_unordered(self) -> bool {
        match self {
            Self::Shape(_, shape) => shape.is_unordered(),
            Self::Policy | Self::Unordered(..) | Self::UnorderedJson => true,
            Self::Text | Self::Json => false,
        }
    }

    /// Whether the value is a policy that is written as it was thought of, and may be written in other ways.
    pub(crate) fn is_policy(self, node: &Node) -> bool {
        let may_be = match self {
            Self::Shape(_, shape) => matches!(shape.value_type(), ValueType::Json | ValueType::Union(_)),
            Self::Json | Self::Text => true,
            Self::Policy | Self::Unordered(..) | Self::UnorderedJson => false,
        };
        may_be && policy::is_policy(node)
    }

    /// Whether one value may be written instead of a list of one.
    pub(crate) fn takes_one_or_many(self) -> bool {
        let (Self::Shape(_, shape) | Self::Unordered(_, shape)) = self else { return false };
        let ValueType::Union(union) = shape.value_type() else { return false };
        let is_list = |shape: Shape| matches!(shape.value_type(), ValueType::List(_));
        let is_scalar =
            |shape: Shape| matches!(shape.value_type(), ValueType::String | ValueType::Integer | ValueType::Number);
        union.alternatives().any(is_list) && union.alternatives().any(is_scalar)
    }
}

/// Compares values and collects where they differ.
pub(crate) struct Comparison {
    pub(crate) path: Path,
    pub(crate) changes: Vec<ValueChange>,
}

impl Comparison {
    pub(crate) fn new() -> Self {
        Self { path: Path::default(), changes: Vec::new() }
    }

    /// Whether the values mean the same.
    pub(crate) fn is_same(before: &Node, after: &Node, reading: Reading) -> bool {
        if before == after {
            return true;
        }
        let mut comparison = Self::new();
        comparison.values(before, after, reading);
        comparison.changes.is_empty()
    }

    pub(crate) fn inside(&mut self, step: PathStep, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    pub(crate) fn push(&mut self, kind: ChangeKind, before: Option<&Node>, after: Option<&Node>) {
        let change = ValueChange { path: self.path.clone(), kind, before: before.cloned(), after: after.cloned() };
        self.changes.push(change);
    }

    pub(crate) fn maps(&mut self, before: &Map, after: &Map, reading: Reading) {
        let gone = before.keys().filter(|key| !after.contains_key(*key));
        for key in after.keys().chain(gone) {
            self.entry(key, before, after, reading.entry(key));
        }
    }

    /// Compares the properties of two resources of one type.
    pub(crate) fn properties(&mut self, before: &Map, after: &Map, known: Specified) {
        let gone = before.keys().filter(|key| !after.contains_key(*key));
        for key in after.keys().chain(gone) {
            self.entry(key, before, after, known.reading(key));
        }
    }

    /// Compares the entry `key` of two maps, read as it is told.
    pub(crate) fn entry(&mut self, key: &str, before: &Map, after: &Map, reading: Reading) {
        let (old, new) = (given(before, key), given(after, key));
        self.inside(PathStep::Key(key.to_owned()), |this| this.options(old, new, reading));
    }

    fn options(&mut self, before: Option<&Node>, after: Option<&Node>, reading: Reading) {
        match (before, after) {
            (Some(before), Some(after)) => self.values(before, after, reading),
            (Some(_), None) => self.push(ChangeKind::Removed, before, None),
            (None, Some(_)) => self.push(ChangeKind::Added, None, after),
            (None, None) => {}
        }
    }

    pub(crate) fn values(&mut self, before: &Node, after: &Node, reading: Reading) {
        if before == after {
            return;
        }
        match (before, after) {
            (Node::Map(_), Node::Map(_)) if reading.is_policy(before) && reading.is_policy(after) => {
                self.values(&policy::normalised(before), &policy::normalised(after), Reading::Policy);
            }
            (Node::Map(old), Node::Map(new)) => self.maps(old, new, reading),
            (Node::List(old), Node::List(new)) => list::compare(self, old, new, reading),
            (Node::Intrinsic(old), Node::Intrinsic(new)) => self.functions(before, old, after, new, reading),
            (Node::JsonString(old), Node::JsonString(new)) => self.values(old, new, reading.json()),
            // One of them was read from a file, where JSON in a string is a string.
            (Node::JsonString(_), _) => self.values(&Node::from_long_form(before.to_long_form()), after, reading),
            (_, Node::JsonString(_)) => self.values(before, &Node::from_long_form(after.to_long_form()), reading),
            (Node::List(items), other) | (other, Node::List(items))
                if reading.takes_one_or_many() && is_one(items, other, reading) => {}
            _ if is_same_scalar(before, after, reading) => {}
            (Node::String(old), Node::String(new)) => match (text::json(old), text::json(new)) {
                (Some(old), Some(new)) => self.values(&old, &new, reading.json()),
                _ => self.push(ChangeKind::Changed, Some(before), Some(after)),
            },
            _ => self.push(ChangeKind::Changed, Some(before), Some(after)),
        }
    }

    fn functions(&mut self, before: &Node, old: &Intrinsic, after: &Node, new: &Intrinsic, reading: Reading) {
        match (old, new) {
            (
                Intrinsic::If { condition, then, otherwise },
                Intrinsic::If { condition: other, then: new_then, otherwise: new_otherwise },
            ) if condition == other => {
                self.inside(PathStep::Key("Fn::If".to_owned()), |this| {
                    this.inside(PathStep::at(1), |this| this.values(then, new_then, reading));
                    this.inside(PathStep::at(2), |this| this.values(otherwise, new_otherwise, reading));
                });
            }
            _ if text::is_same(before, after) => {}
            _ => self.push(ChangeKind::Changed, Some(before), Some(after)),
        }
    }
}

/// The entry of a map. What `AWS::NoValue` stands for is not there.
fn given<'m>(map: &'m Map, key: &str) -> Option<&'m Node> {
    map.get(key).filter(|node| !known::is_no_value(node))
}

fn is_one(items: &[Node], other: &Node, reading: Reading) -> bool {
    matches!(items, [one] if Comparison::is_same(one, other, reading.item()))
}

fn is_same_scalar(before: &Node, after: &Node, reading: Reading) -> bool {
    let is_scalar =
        |node: &Node| matches!(node, Node::String(_) | Node::Number(_) | Node::Bool(_) | Node::Intrinsic(_));
    if !is_scalar(before) || !is_scalar(after) {
        return false;
    }
    match reading {
        Reading::Shape(_, shape) | Reading::Unordered(_, shape) => match shape.value_type() {
            ValueType::Integer | ValueType::Number => {
                text::is_same_number(before, after) || text::is_same(before, after)
            }
            ValueType::Boolean => text::is_same_truth(before, after) || text::is_same(before, after),
            ValueType::Json => is_same_text_function(before, after),
            _ => text::is_same(before, after),
        },
        Reading::Text | Reading::Policy => text::is_same(before, after),
        Reading::Json | Reading::UnorderedJson => is_same_text_function(before, after),
    }
}

/// In JSON, `5` and `"5"` are two things; a function that makes the text and the text are not.
fn is_same_text_function(before: &Node, after: &Node) -> bool {
    let has_function = before.as_intrinsic().is_some() || after.as_intrinsic().is_some();
    let is_text = |node: &Node| node.as_str().is_some() || node.as_intrinsic().is_some();
    has_function && is_text(before) && is_text(after) && text::is_same(before, after)
}
