//! Object types and properties.

use std::ops::Deref;

use crate::layout::{Section, definition, property, rule};
use crate::shape::Shape;
use crate::table::{List, Record, find, run, text};

/// An object type, such as the `BucketEncryption` of a bucket. Types that are alike in several resource types are one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeDefinition(Record);

impl TypeDefinition {
    pub(crate) fn new(index: u32) -> Self {
        Self(Record::new(Section::Definitions, index))
    }

    /// The name, unique within a resource type only.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.text(definition::NAME)
    }

    /// A property by its name.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Property> {
        Property::find(self.0.field(definition::FIRST_PROPERTY), self.0.field(definition::PROPERTIES), name)
    }

    /// The properties, sorted by name.
    pub fn properties(self) -> impl ExactSizeIterator<Item = Property> + Clone {
        Property::all(self.0.field(definition::FIRST_PROPERTY), self.0.field(definition::PROPERTIES))
    }

    /// Whether properties beyond the listed ones may be taken: the provider's schema does not rule them out.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.0.has(definition::FLAGS, definition::OPEN)
    }

    /// Which properties stand together.
    pub fn rules(self) -> impl Iterator<Item = Rule> + Clone {
        Rule::all(self.0.list(definition::RULES))
    }
}

impl std::fmt::Debug for TypeDefinition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("TypeDefinition").field(&self.name()).finish()
    }
}

/// A property of a resource type or of an object type: a [`Shape`] with a name and with what CloudFormation does with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Property {
    record: Record,
    shape: Shape,
}

impl Property {
    fn new(record: Record) -> Self {
        Self { record, shape: Shape::new(record.field(property::SHAPE)) }
    }

    pub(crate) fn find(first: u32, length: u32, name: &str) -> Option<Self> {
        find(Section::Properties, first, length, name).map(Self::new)
    }

    pub(crate) fn all(first: u32, length: u32) -> impl ExactSizeIterator<Item = Self> + Clone {
        run(Section::Properties, first, length).map(Self::new)
    }

    /// The name, as in a template.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.record.text(property::NAME)
    }

    /// The type and its limits.
    #[must_use]
    pub fn shape(self) -> Shape {
        self.shape
    }

    /// Whether the property has to be there.
    #[must_use]
    pub fn required(self) -> bool {
        self.record.has(property::FLAGS, property::REQUIRED)
    }

    /// Whether a change of the property replaces the resource.
    #[must_use]
    pub fn replacement(self) -> Replacement {
        match self.record.field(property::FLAGS) >> property::REPLACEMENT_SHIFT & 3 {
            0 => Replacement::Never,
            1 => Replacement::Conditional,
            _ => Replacement::Always,
        }
    }

    /// Whether only CloudFormation sets the property: it can be read as an attribute, and a template must not have it.
    #[must_use]
    pub fn read_only(self) -> bool {
        self.record.has(property::FLAGS, property::READ_ONLY)
    }

    /// Whether the value cannot be read back, as a password: drift detection does not see it.
    #[must_use]
    pub fn write_only(self) -> bool {
        self.record.has(property::FLAGS, property::WRITE_ONLY)
    }

    /// Whether the source advises against the property.
    #[must_use]
    pub fn is_deprecated(self) -> bool {
        self.record.has(property::FLAGS, property::DEPRECATED)
    }

    /// The value that holds when the property is not there, as JSON, where the source says so.
    #[must_use]
    pub fn default_value(self) -> Option<&'static str> {
        Some(text(self.record.list(property::EXTRA).get(0))).filter(|it| !it.is_empty())
    }

    /// What the property refers to, such as `AWS::IAM::Role.Arn`: a resource type, and one of its attributes or identifying properties.
    pub fn refers_to(self) -> impl Iterator<Item = &'static str> + Clone {
        self.record.list(property::EXTRA).texts().skip(1)
    }
}

impl Deref for Property {
    type Target = Shape;

    fn deref(&self) -> &Shape {
        &self.shape
    }
}

impl std::fmt::Debug for Property {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Property").field(&self.name()).finish()
    }
}

/// Whether a change of a property makes CloudFormation create the resource anew and delete the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Replacement {
    /// The resource is changed in place.
    Never,
    /// It depends on the values, or on the resource.
    Conditional,
    /// The resource is replaced.
    Always,
}

/// A rule about which properties of one object stand together.
#[derive(Clone, Copy)]
pub struct Rule {
    rules: List,
    first: u32,
}

impl Rule {
    pub(crate) fn all(rules: List) -> impl Iterator<Item = Self> + Clone {
        (0..rules.len()).step_by(rule::WIDTH).map(move |first| Self { rules, first })
    }

    /// What the rule says.
    #[must_use]
    pub fn kind(self) -> RuleKind {
        let when = text(self.rules.get(self.first + 1));
        match self.rules.get(self.first) {
            rule::EXACTLY_ONE => RuleKind::ExactlyOne,
            rule::AT_MOST_ONE => RuleKind::AtMostOne,
            rule::REQUIRES => RuleKind::Requires(when),
            rule::EXCLUDES => RuleKind::Excludes(when),
            _ => RuleKind::AtLeastOne,
        }
    }

    /// The properties of which it speaks.
    pub fn properties(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        List::new(self.rules.get(self.first + 2)).texts()
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Rule").field(&self.kind()).field(&self.properties().collect::<Vec<_>>()).finish()
    }
}

/// What a [`Rule`] says of its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleKind {
    /// Exactly one of them is there.
    ExactlyOne,
    /// At least one of them is there.
    AtLeastOne,
    /// At most one of them is there.
    AtMostOne,
    /// Where this property is, all of them are.
    Requires(&'static str),
    /// Where this property is, none of them is.
    Excludes(&'static str),
}
