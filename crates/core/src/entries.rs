//! What has a logical id and a section of its own beside the resources: parameters, rules, mappings, conditions and
//! outputs.

use std::marker::PhantomData;

use crate::builder::Draft;
use crate::reference::{Intrinsic, Map, Node, NodeId, Reference};
use crate::scope::Scope;
use crate::tree::{Kind, Section};
use crate::value::{IntoValue, List, Value};

/// A handle of an entry. Its body can still be completed.
#[derive(Clone, Debug)]
struct Entry {
    scope: Scope,
}

impl Entry {
    #[track_caller]
    fn new(scope: &Scope, id: &str, section: Section, body: Node) -> Self {
        let index = scope.add(id, Kind::Entry { section, body });
        Self { scope: Scope { index, ..scope.clone() } }
    }

    fn set(&self, key: &str, value: Node) {
        let mut tree = self.scope.tree.borrow_mut();
        if let Kind::Entry { body: Node::Map(body), .. } = &mut tree.element_mut(self.scope.index).kind {
            body.insert(key.to_owned(), value);
        }
    }

    fn push(&self, key: &str, value: Node) {
        let mut tree = self.scope.tree.borrow_mut();
        if let Kind::Entry { body: Node::Map(body), .. } = &mut tree.element_mut(self.scope.index).kind
            && let Some(Node::List(items)) = body.get_mut(key)
        {
            items.push(value);
        }
    }

    fn reference(&self) -> Reference {
        Reference::Element(self.scope.node_id())
    }
}

/// A parameter of a stack, whose value is given when the stack is deployed.
///
/// Prefer [`Params`](crate::Params) for what is known before synthesis: a value in the template can be checked and
/// compared. Use a parameter for what only the deploy knows, such as an SSM parameter's value.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>
#[derive(Clone, Debug)]
pub struct Parameter<T: ?Sized = String> {
    entry: Entry,
    meaning: PhantomData<fn() -> Box<T>>,
}

impl Parameter {
    /// A text parameter (`String`).
    #[track_caller]
    pub fn string(scope: &Scope, id: &str) -> ParameterBuilder<String> {
        ParameterBuilder::new(scope, id, "String")
    }

    /// A numeric parameter (`Number`).
    #[track_caller]
    pub fn number(scope: &Scope, id: &str) -> ParameterBuilder<i64> {
        ParameterBuilder::new(scope, id, "Number")
    }

    /// A list of texts (`CommaDelimitedList`).
    #[track_caller]
    pub fn list(scope: &Scope, id: &str) -> ParameterBuilder<List<String>> {
        ParameterBuilder::new(scope, id, "CommaDelimitedList")
    }

    /// The value of an SSM parameter, read at every deploy (`AWS::SSM::Parameter::Value<String>`). The parameter's name
    /// is the default.
    #[track_caller]
    pub fn ssm_string(scope: &Scope, id: &str, name: impl Into<String>) -> ParameterBuilder<String> {
        let mut builder = ParameterBuilder::new(scope, id, "AWS::SSM::Parameter::Value<String>");
        builder.body.insert("Default".to_owned(), name.into().into());
        builder
    }
}

impl<T: ?Sized> Parameter<T> {
    /// The value that the stack is deployed with.
    pub fn value(&self) -> Value<T> {
        Value::from_node(Node::from(Intrinsic::Ref(self.entry.reference())))
    }
}

/// Settings of a [`Parameter`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct ParameterBuilder<T: ?Sized> {
    draft: Draft,
    body: Map,
    meaning: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> ParameterBuilder<T> {
    #[track_caller]
    fn new(scope: &Scope, id: &str, parameter_type: &str) -> Self {
        let body = Map::from([("Type".to_owned(), parameter_type.into())]);
        Self { draft: Draft::new(scope, id), body, meaning: PhantomData }
    }

    fn set(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.body.insert(key.to_owned(), value.into());
        self
    }

    /// The value where none is given. Without one, the deploy must give a value.
    pub fn default(self, value: impl Into<Node>) -> Self {
        self.set("Default", value)
    }

    /// What the parameter is for, up to 4,000 characters.
    pub fn description(self, text: impl Into<String>) -> Self {
        self.set("Description", text.into())
    }

    /// The only values that are accepted.
    pub fn allowed_values<V: Into<Node>>(self, values: impl IntoIterator<Item = V>) -> Self {
        self.set("AllowedValues", Node::List(values.into_iter().map(Into::into).collect()))
    }

    /// The regular expression that the value must match.
    pub fn allowed_pattern(self, pattern: impl Into<String>) -> Self {
        self.set("AllowedPattern", pattern.into())
    }

    /// Keeps the value out of what CloudFormation shows. It does not keep it out of the resources it is used in.
    pub fn no_echo(self) -> Self {
        self.set("NoEcho", true)
    }

    /// Makes the parameter.
    pub fn build(self) -> Parameter<T> {
        self.draft.mark_built();
        let entry = Entry::new(&self.draft.parent(), self.draft.id(), Section::Parameters, Node::Map(self.body));
        Parameter { entry, meaning: PhantomData }
    }
}

/// A condition of a stack: whether something is made, or which of two values it gets, decided at deploy time.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html>
#[derive(Clone, Debug)]
pub struct Condition {
    entry: Entry,
}

/// What a [`Condition`] tests.
#[derive(Clone, Debug)]
pub struct Test(Node);

impl Test {
    /// Whether both values are the same.
    pub fn equals(a: impl IntoValue<String>, b: impl IntoValue<String>) -> Self {
        Self(Node::from(Intrinsic::Equals(a.into_value().into_node(), b.into_value().into_node())))
    }

    /// Whether all of 2 to 10 tests hold.
    pub fn all(tests: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::from(Intrinsic::And(tests.into_iter().map(|test| test.0).collect())))
    }

    /// Whether any of 2 to 10 tests holds.
    pub fn any(tests: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::from(Intrinsic::Or(tests.into_iter().map(|test| test.0).collect())))
    }
}

impl Test {
    /// Whether `value` is one of `values`. Only rules take it.
    pub fn is_one_of<V: IntoValue<String>>(value: impl IntoValue<String>, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(|value| value.into_value().into_node()).collect();
        Self(Node::from(Intrinsic::Contains(Node::List(values), value.into_value().into_node())))
    }
}

impl std::ops::Not for Test {
    type Output = Self;

    fn not(self) -> Self {
        Self(Node::from(Intrinsic::Not(self.0)))
    }
}

impl Condition {
    /// A condition.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str, test: Test) -> Self {
        Self { entry: Entry::new(scope, id, Section::Conditions, test.0) }
    }

    /// The condition as a test, to be combined with others.
    pub fn test(&self) -> Test {
        Test(Node::from(Intrinsic::Condition(self.entry.reference())))
    }

    /// `then` where the condition holds, `otherwise` where it does not.
    pub fn choose<T: ?Sized>(&self, then: impl IntoValue<T>, otherwise: impl IntoValue<T>) -> Value<T> {
        Value::from_node(Node::from(Intrinsic::If {
            condition: self.entry.reference(),
            then: then.into_value().into_node(),
            otherwise: otherwise.into_value().into_node(),
        }))
    }

    pub(crate) fn node_id(&self) -> NodeId {
        self.entry.scope.node_id()
    }
}

/// A table of constants that a stack looks values up in at deploy time, mostly by region.
///
/// What is known at synthesis needs none: a `match` in the program is typed and checked.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/mappings-section-structure.html>
#[derive(Clone, Debug)]
pub struct Mapping {
    name: String,
}

impl Mapping {
    /// A mapping of two keys to a value. Keys take letters, digits, `-` and `.`.
    #[track_caller]
    pub fn new<K: Into<String>, L: Into<String>, V: Into<Node>>(
        scope: &Scope,
        id: &str,
        rows: impl IntoIterator<Item = (K, Vec<(L, V)>)>,
    ) -> Self {
        let rows = rows.into_iter().map(|(key, row)| {
            let row: Map = row.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
            (key.into(), Node::Map(row))
        });
        let entry = Entry::new(scope, id, Section::Mappings, Node::Map(rows.collect()));
        // A template names a mapping by a plain text, so its id is fixed here and follows from the path alone.
        let name = entry.scope.logical_id().unwrap_or_default();
        entry.scope.tree.borrow_mut().element_mut(entry.scope.index).logical_id = Some(name.clone());
        Self { name }
    }

    /// The value under two keys, such as `mapping.find(pseudo::region(), "Ami")`.
    pub fn find<T: ?Sized>(&self, first: impl IntoValue<String>, second: impl IntoValue<String>) -> Value<T> {
        Value::from_node(Node::from(Intrinsic::FindInMap {
            map: self.name.as_str().into(),
            top: first.into_value().into_node(),
            second: second.into_value().into_node(),
            default: None,
        }))
    }
}

/// What the parameters of a stack must fulfil together, checked before anything is made.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>
#[derive(Clone, Debug)]
pub struct Rule {
    entry: Entry,
}

impl Rule {
    /// A rule that holds always.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        let body = Map::from([("Assertions".to_owned(), Node::List(Vec::new()))]);
        Self { entry: Entry::new(scope, id, Section::Rules, Node::Map(body)) }
    }

    /// Applies the rule only where `test` holds. In rules, tests see parameters only.
    pub fn when(self, test: Test) -> Self {
        self.entry.set("RuleCondition", test.0);
        self
    }

    /// Refuses the deploy with `description` where `test` does not hold.
    pub fn assert(self, test: Test, description: impl Into<String>) -> Self {
        let assertion =
            Map::from([("Assert".to_owned(), test.0), ("AssertDescription".to_owned(), description.into().into())]);
        self.entry.push("Assertions", Node::Map(assertion));
        self
    }
}

/// An output of a stack: a value to show after a deploy and to read later.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html>
#[derive(Clone, Debug)]
pub struct Output {
    entry: Entry,
}

impl Scope {
    /// Adds an output to the stack.
    #[track_caller]
    pub fn output(&self, id: &str, value: impl IntoValue<String>) -> Output {
        let body = Map::from([("Value".to_owned(), value.into_value().into_node())]);
        Output { entry: Entry::new(self, id, Section::Outputs, Node::Map(body)) }
    }
}

impl Output {
    /// The output as a construct of the tree.
    pub fn scope(&self) -> &Scope {
        &self.entry.scope
    }

    /// Says what the value is, in up to 1,024 bytes.
    pub fn description(self, text: impl Into<String>) -> Self {
        self.entry.set("Description", text.into().into());
        self
    }

    /// Exports the value under a name that is unique in the account and region, for other stacks to import.
    pub fn export(self, name: impl IntoValue<String>) -> Self {
        let export = Map::from([("Name".to_owned(), name.into_value().into_node())]);
        self.entry.set("Export", Node::Map(export));
        self
    }

    /// Emits the output only where `condition` holds.
    pub fn condition(self, condition: &Condition) -> Self {
        // A bare name in the template; the renderer puts it in from the reference.
        let reference = Reference::Element(condition.node_id());
        self.entry.set("Condition", Node::from(Intrinsic::Condition(reference)));
        self
    }
}
