//! The value model: what can stand anywhere in a template.

use indexmap::IndexMap;

use crate::intrinsic::Intrinsic;
use crate::number::Number;

/// The entries of a map in the order they were written.
///
/// An entry whose key starts with `Fn::ForEach::` is a loop that stands beside ordinary entries; see
/// [`ForEach`](crate::ForEach).
pub type Map<R = String> = IndexMap<String, Node<R>>;

/// A value of a template.
///
/// `R` is what a reference points to: a logical id (`String`, the default) in a template, a node of the construct
/// tree while a program is still building one. Everything but the references is the same in both.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<R = String> {
    /// JSON's `null`. CloudFormation refuses it nearly everywhere, but a template that has one survives.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with its digits kept as they were written.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Map<R>),
    /// A call of an intrinsic function.
    Intrinsic(Box<Intrinsic<R>>),
    /// JSON inside a string, such as a policy or a state machine's definition. References inside it are still
    /// references; the writers turn it into a string, or into `Fn::Sub` where it has any.
    JsonString(Box<Self>),
}

impl<R> Node<R> {
    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&Map<R>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map<R>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The intrinsic function, if this is one.
    pub fn as_intrinsic(&self) -> Option<&Intrinsic<R>> {
        match self {
            Self::Intrinsic(intrinsic) => Some(intrinsic),
            _ => None,
        }
    }

    /// The entry `key` of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The same value with every reference replaced by what `f` makes of it.
    pub fn map_refs<S>(&self, f: &mut impl FnMut(&R) -> S) -> Node<S> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(number) => Node::Number(number.clone()),
            Self::String(text) => Node::String(text.clone()),
            Self::List(items) => Node::List(items.iter().map(|item| item.map_refs(f)).collect()),
            Self::Map(map) => Node::Map(map_entries(map, f)),
            Self::Intrinsic(intrinsic) => Node::Intrinsic(Box::new(intrinsic.map_refs(f))),
            Self::JsonString(inner) => Node::JsonString(Box::new(inner.map_refs(f))),
        }
    }

    /// Calls `f` with every value directly inside of this one, with the right to change it.
    pub fn for_each_child_mut(&mut self, f: &mut impl FnMut(&mut Self)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::List(items) => items.iter_mut().for_each(f),
            Self::Map(map) => map.values_mut().for_each(f),
            Self::Intrinsic(intrinsic) => intrinsic.for_each_argument_mut(f),
            Self::JsonString(inner) => f(inner),
        }
    }

    /// Calls `f` with this value and with every value inside of it, each before those in it, in the order they are written.
    pub fn for_each_node<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.for_each_node(f)),
            Self::Map(map) => map.values().for_each(|value| value.for_each_node(f)),
            Self::Intrinsic(intrinsic) => intrinsic.for_each_argument(&mut |argument| argument.for_each_node(f)),
            Self::JsonString(inner) => inner.for_each_node(f),
        }
    }

    /// Calls `f` with every reference in this value, in the order they are written.
    pub fn for_each_ref<'a>(&'a self, f: &mut impl FnMut(&'a R)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.for_each_ref(f)),
            Self::Map(map) => map.values().for_each(|value| value.for_each_ref(f)),
            Self::Intrinsic(intrinsic) => intrinsic.for_each_ref(f),
            Self::JsonString(inner) => inner.for_each_ref(f),
        }
    }
}

pub(crate) fn map_entries<R, S>(map: &Map<R>, f: &mut impl FnMut(&R) -> S) -> Map<S> {
    map.iter().map(|(key, value)| (key.clone(), value.map_refs(f))).collect()
}

impl<R> From<&str> for Node<R> {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<R> From<String> for Node<R> {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl<R> From<bool> for Node<R> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<R> From<i64> for Node<R> {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl<R> From<Number> for Node<R> {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl<R> From<Map<R>> for Node<R> {
    fn from(map: Map<R>) -> Self {
        Self::Map(map)
    }
}

impl<R> From<Intrinsic<R>> for Node<R> {
    fn from(intrinsic: Intrinsic<R>) -> Self {
        Self::Intrinsic(Box::new(intrinsic))
    }
}

impl<R, T: Into<Self>> From<Vec<T>> for Node<R> {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
