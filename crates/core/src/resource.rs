//! The handle of a CloudFormation resource in the tree, on which the generated typed resources and the constructs
//! stand.

use std::collections::HashSet;
use std::ops::Deref;
use std::panic::Location;

use crate::place::Place;
use crate::reference::{Intrinsic, Node, NodeId, Reference};
use crate::scope::Scope;
use crate::tree::{Kind, ResourceData};
use crate::value::Value;

/// A CloudFormation resource in the tree.
///
/// Every construct leads to its resource, and everything that CloudFormation knows can be set on it, so that nothing is
/// out of reach:
///
/// ```
/// # use skysmith_core::{App, Resource, RemovalPolicy, Stack};
/// # let app = App::new();
/// # let stack = Stack::new(&app, "demo");
/// let topic = Resource::new(&stack, "Topic", "AWS::SNS::Topic");
/// topic.set("DisplayName", "News");
/// topic.removal_policy(RemovalPolicy::Retain);
/// ```
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) scope: Scope,
}

/// A typed resource: what `cfn` generates for one resource type.
pub trait CfnResource: Sized + Deref<Target = Resource> {
    /// The CloudFormation type, such as `AWS::S3::Bucket`.
    const TYPE: &'static str;

    /// The typed handle of a resource of this type. Called only with one.
    fn from_resource(resource: Resource) -> Self;

    /// The typed handle of `construct`, if it is a resource of this type.
    fn of(construct: &Scope) -> Option<Self> {
        let resource = construct.as_resource()?;
        (resource.resource_type() == Self::TYPE).then(|| Self::from_resource(resource))
    }
}

/// What becomes of a resource that leaves the stack or is replaced.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemovalPolicy {
    /// It is deleted with everything in it.
    Destroy,
    /// It stays in the account and no stack knows it any more.
    Retain,
    /// It stays, except where the operation that made it fails.
    RetainExceptOnCreate,
    /// A last snapshot of it stays, for the types that can make one.
    Snapshot,
}

impl RemovalPolicy {
    pub(crate) fn deletion_policy(self) -> &'static str {
        match self {
            Self::Destroy => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
            Self::Snapshot => "Snapshot",
        }
    }

    /// `UpdateReplacePolicy` has no `RetainExceptOnCreate`: a replaced resource was created long ago.
    pub(crate) fn update_replace_policy(self) -> &'static str {
        match self {
            Self::RetainExceptOnCreate => "Retain",
            other => other.deletion_policy(),
        }
    }
}

impl Resource {
    /// A resource of any type, also of one that has no typed handle. Its properties are checked at synthesis.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str, resource_type: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        let data = ResourceData {
            resource_type: resource_type.into(),
            properties: crate::reference::Map::new(),
            property_places: Vec::new(),
            depends_on: Vec::new(),
            condition: None,
            deletion_policy: None,
            update_replace_policy: None,
            metadata: crate::reference::Map::new(),
            attributes: crate::reference::Map::new(),
            hash_of: None,
        };
        let index = scope.add(id, Kind::Resource(Box::new(data)));
        Self { scope: Scope { index, ..scope.clone() } }
    }

    /// Runs `f` on the data. A handle is only ever made of a resource.
    fn edit<T>(&self, f: impl FnOnce(&mut ResourceData) -> T) -> T {
        let mut tree = self.scope.tree.borrow_mut();
        f(tree.resource_mut(self.scope.index).expect("the handle of a resource points at one"))
    }

    /// The resource as a construct of the tree.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The CloudFormation type, such as `AWS::S3::Bucket`.
    pub fn resource_type(&self) -> String {
        self.edit(|data| data.resource_type.to_string())
    }

    /// The path of the resource in the tree.
    pub fn path(&self) -> String {
        self.scope.path()
    }

    /// The resource's number in the tree.
    pub fn node_id(&self) -> NodeId {
        self.scope.node_id()
    }

    /// Sets a property, replacing what it was.
    #[track_caller]
    pub fn set(&self, name: &str, value: impl Into<PropertyValue>) {
        self.put(name, value.into().0);
    }

    /// The same resource with a property set: [`set`](Self::set) for typed resources, where thousands of conversions that
    /// the compiler has to find would be a good part of the time to compile them.
    #[must_use]
    #[track_caller]
    pub fn with<T: ?Sized>(self, name: &str, value: Value<T>) -> Self {
        self.put(name, value.into_node());
        self
    }

    #[track_caller]
    fn put(&self, name: &str, value: Node) {
        // A handle that a construct made for its user belongs to the user's line; the line inside the construct would
        // only mislead.
        let place = if self.scope.place.is_some() { None } else { Some(Location::caller()) };
        self.edit(|data| data.properties.insert(name.to_owned(), value));
        if let Some(place) = place {
            self.note_place(name, place);
        }
    }

    /// Says that `property` was given at `place`, for complaints about it.
    pub fn note_place(&self, property: &str, place: Place) {
        self.edit(|data| match data.property_places.iter_mut().find(|(name, _)| **name == *property) {
            Some((_, known)) => *known = place,
            None => data.property_places.push((property.into(), place)),
        });
    }

    /// The property, as it is now.
    pub fn property(&self, name: &str) -> Option<Node> {
        self.edit(|data| data.properties.get(name).cloned())
    }

    /// Removes a property.
    pub fn unset(&self, name: &str) {
        self.edit(|data| data.properties.shift_remove(name));
    }

    /// Sets whatever stands at `path` of the finished resource (`Properties.Code.S3Key`, `CreationPolicy`), after
    /// everything else has been computed.
    pub fn add_override(&self, path: &str, value: impl Into<PropertyValue>) {
        self.scope.add_override(path, value);
    }

    /// Deletes whatever stands at `path` of the finished resource.
    pub fn add_deletion_override(&self, path: &str) {
        self.scope.add_deletion_override(path);
    }

    /// What `Ref` yields for this resource. The caller vouches for the meaning.
    pub fn reference<T: ?Sized>(&self) -> Value<T> {
        Value::from_node(Node::from(Intrinsic::Ref(Reference::Element(self.node_id()))))
    }

    /// An attribute of this resource. The caller vouches for the meaning.
    pub fn attribute<T: ?Sized>(&self, name: &str) -> Value<T> {
        Value::from_node(Node::from(Intrinsic::GetAtt(Reference::Element(self.node_id()), name.into())))
    }

    /// Has CloudFormation make `other` before this resource. Saying it twice changes nothing.
    pub fn depends_on(&self, other: &Self) {
        let id = other.node_id();
        self.edit(|data| {
            if !data.depends_on.contains(&id) {
                data.depends_on.push(id);
            }
        });
    }

    /// Whether CloudFormation makes `other` before this resource, as far as the tree says by now: because this one refers to
    /// it or depends on it, directly or through others.
    pub fn waits_for(&self, other: &Self) -> bool {
        let tree = self.scope.tree.borrow();
        let mut seen = HashSet::new();
        let mut next = vec![self.scope.index];
        while let Some(index) = next.pop() {
            let Some(resource) = tree.resource(index).filter(|_| seen.insert(index)) else { continue };
            if index == other.scope.index {
                return true;
            }
            let mut visit = |id: NodeId| {
                if id.app == tree.app {
                    next.push(id.index);
                }
            };
            for value in resource.properties.values() {
                value.for_each_ref(&mut |reference| {
                    if let Reference::Element(id) = reference {
                        visit(*id);
                    }
                });
            }
            resource.depends_on.iter().copied().for_each(visit);
        }
        false
    }

    /// The resource of the same app that `id` is the number of.
    pub fn sibling(&self, id: NodeId) -> Option<Self> {
        let tree = self.scope.tree.borrow();
        tree.resource(id.index).filter(|_| id.app == tree.app)?;
        Some(Self { scope: Scope { index: id.index, ..self.scope.clone() } })
    }

    /// Makes the resource only where `condition` holds.
    pub fn condition(&self, condition: &crate::Condition) {
        let id = condition.node_id();
        self.edit(|data| data.condition = Some(id));
    }

    /// Decides what becomes of the resource when it leaves the stack, and when an update replaces it.
    pub fn removal_policy(&self, policy: RemovalPolicy) {
        self.edit(|data| {
            data.deletion_policy = Some(policy);
            data.update_replace_policy = Some(policy);
        });
    }

    /// Sets an entry of the resource's `Metadata`.
    pub fn set_metadata(&self, key: &str, value: impl Into<PropertyValue>) {
        let PropertyValue(value) = value.into();
        self.edit(|data| data.metadata.insert(key.to_owned(), value));
    }

    /// Allows what `rule` (such as `policy-wildcard`) finds in this resource. The reason is for whoever reads the program or the
    /// template, where it is kept: it stands under `skysmith` in the resource's `Metadata`.
    ///
    /// A rule that does not exist is an error at synthesis, and one that finds nothing here a warning. What CloudFormation is
    /// certain to refuse can be allowed like anything else; CloudFormation will still refuse it.
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        self.scope.allow(rule.as_ref(), reason.into());
    }

    /// Sets another attribute of the resource, such as `CreationPolicy` or `UpdatePolicy`.
    pub fn set_attribute(&self, key: &str, value: impl Into<PropertyValue>) {
        let PropertyValue(value) = value.into();
        self.edit(|data| data.attributes.insert(key.to_owned(), value));
    }

    /// Gives the resource this logical id instead of the one that follows from its path.
    pub fn override_logical_id(&self, logical_id: impl Into<String>) {
        let mut tree = self.scope.tree.borrow_mut();
        tree.element_mut(self.scope.index).logical_id = Some(logical_id.into());
    }

    /// Makes the logical id change whenever the rendered content of one of `resources` does, so that CloudFormation
    /// replaces this one: an API's deployment is a snapshot of its methods.
    pub fn replace_with(&self, resources: impl IntoIterator<Item = Self>) {
        let ids = resources.into_iter().map(|resource| resource.node_id()).collect();
        self.edit(|data| data.hash_of = Some(ids));
    }
}

/// A property's value in whatever form it comes: a node, a typed value, a literal.
pub struct PropertyValue(pub(crate) Node);

impl<T: ?Sized> From<Value<T>> for PropertyValue {
    fn from(value: Value<T>) -> Self {
        Self(value.into_node())
    }
}

impl From<Node> for PropertyValue {
    fn from(node: Node) -> Self {
        Self(node)
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<bool> for PropertyValue {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

impl From<i64> for PropertyValue {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl From<serde_json::Value> for PropertyValue {
    fn from(value: serde_json::Value) -> Self {
        Self(crate::Json::from(value).0)
    }
}
