//! Typed values: a literal, or an expression that only CloudFormation can evaluate.
//!
//! `Value<T>` is a node of the tree with a meaning `T`. The meaning exists at compile time alone: it decides what fits
//! where, so that a bucket's ARN cannot stand where its name belongs.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use crate::reference::{Intrinsic, Map, Node, Pseudo, Reference};

/// A value with the meaning `T`: a literal, or an expression that CloudFormation evaluates.
///
/// It has no `Display`: an expression has no text before the deploy. Join values with [`text!`](crate::text).
pub struct Value<T: ?Sized> {
    node: Node,
    meaning: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Value<T> {
    /// A value from a bare node. The caller vouches for its meaning.
    pub fn from_node(node: Node) -> Self {
        Self { node, meaning: PhantomData }
    }

    /// The node behind the value.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The node behind the value.
    pub fn into_node(self) -> Node {
        self.node
    }

    /// The text, where the value is a literal string.
    pub fn literal(&self) -> Option<&str> {
        self.node.as_str()
    }

    /// The same value with another meaning. The caller vouches for it.
    pub fn cast<U: ?Sized>(self) -> Value<U> {
        Value::from_node(self.node)
    }
}

impl<T: ?Sized> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self::from_node(self.node.clone())
    }
}

impl<T: ?Sized> PartialEq for Value<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T: ?Sized> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// The ARN of a resource of kind `K`.
pub struct Arn<K: ?Sized>(PhantomData<fn() -> Box<K>>);

/// The name of a resource of kind `K`.
pub struct Name<K: ?Sized>(PhantomData<fn() -> Box<K>>);

/// The id of a resource of kind `K`, where it is neither its ARN nor its name.
pub struct Id<K: ?Sized>(PhantomData<fn() -> Box<K>>);

/// A list of `T`.
pub struct List<T: ?Sized>(PhantomData<fn() -> Box<T>>);

/// A map from strings to `T`.
pub struct MapOf<T: ?Sized>(PhantomData<fn() -> Box<T>>);

/// Any JSON: policies, definitions, and whatever else CloudFormation does not describe.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(pub Node);

impl<K: ?Sized> Arn<K> {
    /// A literal ARN.
    ///
    /// # Errors
    /// If `text` is not of the form `arn:partition:service:region:account:resource`.
    pub fn parse(text: &str) -> Result<Value<Self>, ArnError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, _, _, resource]
                if !partition.is_empty() && !service.is_empty() && !resource.is_empty() =>
            {
                Ok(Value::from_node(text.into()))
            }
            _ => Err(ArnError { text: text.to_owned() }),
        }
    }
}

/// A text that is no ARN.
#[derive(Debug)]
pub struct ArnError {
    text: String,
}

impl fmt::Display for ArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an ARN; one has the form arn:partition:service:region:account:resource", self.text)
    }
}

impl Error for ArnError {}

/// Something that can stand for itself in a template.
pub trait Literal {
    /// The node for it.
    fn into_node(self) -> Node;
}

impl Literal for String {
    fn into_node(self) -> Node {
        Node::String(self)
    }
}

impl Literal for bool {
    fn into_node(self) -> Node {
        Node::Bool(self)
    }
}

impl Literal for i64 {
    fn into_node(self) -> Node {
        self.into()
    }
}

impl Literal for f64 {
    /// What is not finite becomes a string, which the checks of a number then refuse.
    fn into_node(self) -> Node {
        skysmith_template::Number::from_f64(self).map_or_else(|| Node::String(self.to_string()), Node::Number)
    }
}

impl Literal for Json {
    fn into_node(self) -> Node {
        self.0
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(node_from_json(value))
    }
}

fn node_from_json(value: serde_json::Value) -> Node {
    match value {
        serde_json::Value::Null => Node::Null,
        serde_json::Value::Bool(value) => Node::Bool(value),
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            skysmith_template::Number::parse(&text).map_or(Node::String(text), Node::Number)
        }
        serde_json::Value::String(text) => Node::String(text),
        serde_json::Value::Array(items) => Node::List(items.into_iter().map(node_from_json).collect()),
        serde_json::Value::Object(entries) => {
            Node::Map(entries.into_iter().map(|(key, value)| (key, node_from_json(value))).collect())
        }
    }
}

/// What can be given where a `T` belongs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `{T}` and cannot be used for this property",
    note = "handles and resources offer typed references, for example `role.arn()`, `bucket.name()`",
    note = "a literal ARN is made with `Arn::parse(\"arn:...\")`"
)]
pub trait IntoValue<T: ?Sized> {
    /// The value.
    fn into_value(self) -> Value<T>;
}

impl<T: Literal> IntoValue<T> for T {
    fn into_value(self) -> Value<T> {
        Value::from_node(self.into_node())
    }
}

impl<T: ?Sized> IntoValue<T> for Value<T> {
    fn into_value(self) -> Self {
        self
    }
}

impl<T: ?Sized> IntoValue<T> for &Value<T> {
    fn into_value(self) -> Value<T> {
        self.clone()
    }
}

/// What a bare text can stand for: text itself, names, ids and [choices](Choice).
///
/// It has no methods: it decides what `&str` is an [`IntoValue`] of. One implementation of that for each type would have the
/// compiler compare each with every other.
pub trait FromText {}

impl FromText for String {}

impl<T: Choice> FromText for T {}

// The compiler would complain of the bound, where what it should say is that of `IntoValue`.
#[diagnostic::do_not_recommend]
impl<T: FromText + ?Sized> IntoValue<T> for &str {
    fn into_value(self) -> Value<T> {
        Value::from_node(self.into())
    }
}

/// An enumeration of texts. It is open: the service may know more values than the specification, so a text stands for
/// a choice as well, and so does an expression that yields one.
pub trait Choice {
    /// The text in a template.
    fn as_str(&self) -> &str;
}

impl<T: Choice> Literal for T {
    fn into_node(self) -> Node {
        self.as_str().into()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Choice> IntoValue<T> for Value<String> {
    fn into_value(self) -> Value<T> {
        self.cast()
    }
}

impl IntoValue<String> for &String {
    fn into_value(self) -> Value<String> {
        Value::from_node(self.as_str().into())
    }
}

macro_rules! integer_values {
    ($($integer:ty),*) => {$(
        impl IntoValue<i64> for $integer {
            fn into_value(self) -> Value<i64> {
                Value::from_node(i64::from(self).into())
            }
        }
    )*};
}

integer_values!(i8, i16, i32, u8, u16, u32);

impl IntoValue<Json> for serde_json::Value {
    fn into_value(self) -> Value<Json> {
        Json::from(self).into_value()
    }
}

impl IntoValue<Json> for Node {
    fn into_value(self) -> Value<Json> {
        Value::from_node(self)
    }
}

// A name, an ARN or an id is also text; text is none of them. Names and ids have no form that could be checked, so a
// literal string is as good as any.
macro_rules! identifiers {
    ($($identifier:ident),*) => {$(
        impl<K: ?Sized> IntoValue<String> for Value<$identifier<K>> {
            fn into_value(self) -> Value<String> {
                self.cast()
            }
        }

        impl<K: ?Sized> IntoValue<String> for &Value<$identifier<K>> {
            fn into_value(self) -> Value<String> {
                self.clone().cast()
            }
        }

        impl<K: ?Sized> From<Value<$identifier<K>>> for Value<String> {
            fn from(value: Value<$identifier<K>>) -> Self {
                value.cast()
            }
        }
    )*};
}

identifiers!(Arn, Name, Id);

macro_rules! literal_identifiers {
    ($($identifier:ident),*) => {$(
        impl<K: ?Sized> FromText for $identifier<K> {}

        impl<K: ?Sized> IntoValue<$identifier<K>> for String {
            fn into_value(self) -> Value<$identifier<K>> {
                Value::from_node(self.into())
            }
        }
    )*};
}

literal_identifiers!(Name, Id);

/// What can be given where a list of `T` belongs: a vector or array of what stands for `T`, or an expression that
/// yields a list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of `{T}`",
    note = "give a vector or an array, also of one item: `[item]`"
)]
pub trait IntoList<T: ?Sized> {
    /// The list.
    fn into_list(self) -> Value<List<T>>;
}

impl<T: ?Sized> IntoList<T> for Value<List<T>> {
    fn into_list(self) -> Self {
        self
    }
}

impl<T: ?Sized, V: IntoValue<T>> IntoList<T> for Vec<V> {
    fn into_list(self) -> Value<List<T>> {
        Value::from_node(Node::List(self.into_iter().map(|item| item.into_value().into_node()).collect()))
    }
}

impl<T: ?Sized, V: IntoValue<T>, const N: usize> IntoList<T> for [V; N] {
    fn into_list(self) -> Value<List<T>> {
        Value::from_node(Node::List(self.into_iter().map(|item| item.into_value().into_node()).collect()))
    }
}

/// What can be given where a map from strings to `T` belongs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a map of `{T}`",
    note = "give a vector or an array of pairs: `[(\"key\", value)]`"
)]
pub trait IntoMap<T: ?Sized> {
    /// The map.
    fn into_map(self) -> Value<MapOf<T>>;
}

impl<T: ?Sized> IntoMap<T> for Value<MapOf<T>> {
    fn into_map(self) -> Self {
        self
    }
}

impl<T: ?Sized, K: Into<String>, V: IntoValue<T>> IntoMap<T> for Vec<(K, V)> {
    fn into_map(self) -> Value<MapOf<T>> {
        Value::from_node(map_node(self))
    }
}

impl<T: ?Sized, K: Into<String>, V: IntoValue<T>, const N: usize> IntoMap<T> for [(K, V); N] {
    fn into_map(self) -> Value<MapOf<T>> {
        Value::from_node(map_node(self))
    }
}

fn map_node<T: ?Sized, K: Into<String>, V: IntoValue<T>>(entries: impl IntoIterator<Item = (K, V)>) -> Node {
    Node::Map(entries.into_iter().map(|(key, value)| (key.into(), value.into_value().into_node())).collect())
}

/// The properties of a resource or of one of its parts, in the order they were set. Setting one again replaces it in
/// place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PropertyMap(Map);

impl PropertyMap {
    /// No properties yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `name`.
    pub fn set<T: ?Sized>(&mut self, name: &str, value: Value<T>) {
        self.0.insert(name.to_owned(), value.into_node());
    }

    /// The same properties with `name` set.
    #[must_use]
    pub fn with<T: ?Sized>(mut self, name: &str, value: Value<T>) -> Self {
        self.set(name, value);
        self
    }

    /// The properties as a map.
    pub fn into_map(self) -> Map {
        self.0
    }
}

impl Literal for PropertyMap {
    fn into_node(self) -> Node {
        Node::Map(self.0)
    }
}

/// The pseudo parameters as values.
pub mod pseudo {
    use super::{Intrinsic, List, Node, Pseudo, Reference, Value};

    fn value<T: ?Sized>(pseudo: Pseudo) -> Value<T> {
        Value::from_node(Node::from(Intrinsic::Ref(Reference::Pseudo(pseudo))))
    }

    /// The account that the stack is deployed to.
    pub fn account_id() -> Value<String> {
        value(Pseudo::AccountId)
    }

    /// The topics that hear of the stack's events.
    pub fn notification_arns() -> Value<List<String>> {
        value(Pseudo::NotificationArns)
    }

    /// No value: the property is left out.
    pub fn no_value<T: ?Sized>() -> Value<T> {
        value(Pseudo::NoValue)
    }

    /// The partition, such as `aws` or `aws-cn`.
    pub fn partition() -> Value<String> {
        value(Pseudo::Partition)
    }

    /// The region that the stack is deployed to.
    pub fn region() -> Value<String> {
        value(Pseudo::Region)
    }

    /// The stack's id.
    pub fn stack_id() -> Value<String> {
        value(Pseudo::StackId)
    }

    /// The stack's name.
    pub fn stack_name() -> Value<String> {
        value(Pseudo::StackName)
    }

    /// The domain of the partition, such as `amazonaws.com`.
    pub fn url_suffix() -> Value<String> {
        value(Pseudo::UrlSuffix)
    }
}
