//! Types of values and their limits.

use crate::definition::TypeDefinition;
use crate::layout::{Section, limits, shape};
use crate::table::{List, Record};

/// A type with its limits: of a property, an attribute, an item of a list or an entry of a map.
///
/// Limits are those of the resource provider. They hold for values that are written in the template, not for what an intrinsic function gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape(Record);

impl Shape {
    pub(crate) fn new(index: u32) -> Self {
        Self(Record::new(Section::Shapes, index))
    }

    fn limits(self) -> Record {
        Record::new(Section::Limits, self.0.field(shape::LIMITS))
    }

    fn limit(self, flag: u32, field: usize) -> Option<u32> {
        let limits = self.limits();
        limits.has(limits::PRESENT, flag).then(|| limits.field(field))
    }

    /// What kind of value this is.
    #[must_use]
    pub fn value_type(self) -> ValueType {
        let of = self.0.field(shape::OF);
        match self.0.field(shape::KIND) {
            shape::STRING => ValueType::String,
            shape::INTEGER => ValueType::Integer,
            shape::NUMBER => ValueType::Number,
            shape::BOOLEAN => ValueType::Boolean,
            shape::TIMESTAMP => ValueType::Timestamp,
            shape::LIST => ValueType::List(Self::new(of)),
            shape::MAP => ValueType::Map(Self::new(of)),
            shape::OBJECT => ValueType::Object(TypeDefinition::new(of)),
            shape::UNION => ValueType::Union(Union(List::new(of))),
            _ => ValueType::Json,
        }
    }

    /// Whether values of other kinds than [`value_type`](Self::value_type) are taken as well, so that the kind must not be enforced.
    #[must_use]
    pub fn is_mixed(self) -> bool {
        self.0.has(shape::FLAGS, shape::MIXED)
    }

    /// The least number.
    #[must_use]
    pub fn minimum(self) -> Option<f64> {
        let limits = self.limits();
        limits.has(limits::PRESENT, limits::HAS_MINIMUM).then(|| limits.float(limits::MINIMUM))
    }

    /// The greatest number.
    #[must_use]
    pub fn maximum(self) -> Option<f64> {
        let limits = self.limits();
        limits.has(limits::PRESENT, limits::HAS_MAXIMUM).then(|| limits.float(limits::MAXIMUM))
    }

    /// The least number of characters.
    #[must_use]
    pub fn min_length(self) -> Option<u32> {
        self.limit(limits::HAS_MIN_LENGTH, limits::MIN_LENGTH)
    }

    /// The greatest number of characters.
    #[must_use]
    pub fn max_length(self) -> Option<u32> {
        self.limit(limits::HAS_MAX_LENGTH, limits::MAX_LENGTH)
    }

    /// The least number of items of a list or entries of a map.
    #[must_use]
    pub fn min_items(self) -> Option<u32> {
        self.limit(limits::HAS_MIN_ITEMS, limits::MIN_ITEMS)
    }

    /// The greatest number of items of a list or entries of a map.
    #[must_use]
    pub fn max_items(self) -> Option<u32> {
        self.limit(limits::HAS_MAX_ITEMS, limits::MAX_ITEMS)
    }

    /// Whether no item of the list may be there twice.
    #[must_use]
    pub fn unique_items(self) -> bool {
        self.0.has(shape::FLAGS, shape::UNIQUE_ITEMS)
    }

    /// Whether the order of the list's items means nothing, so that another order is no change.
    #[must_use]
    pub fn is_unordered(self) -> bool {
        self.0.has(shape::FLAGS, shape::UNORDERED)
    }

    /// The regular expression that has to match somewhere in the text, as the provider wrote it.
    ///
    /// The dialect is mostly that of ECMA-262; look-around and Unicode classes occur. It is for people to read: check by
    /// [`checkable_pattern`](Self::checkable_pattern).
    #[must_use]
    pub fn pattern(self) -> Option<&'static str> {
        self.limits().some_text(limits::PATTERN)
    }

    /// A regular expression in the dialect of `regex-lite` that accepts all texts that [`pattern`](Self::pattern) does. For
    /// most patterns it is the same one; for some it accepts more; for a few there is none.
    #[must_use]
    pub fn checkable_pattern(self) -> Option<&'static str> {
        self.limits().some_text(limits::CHECKABLE_PATTERN)
    }

    /// The regular expression of a map's keys, as the provider wrote it.
    #[must_use]
    pub fn key_pattern(self) -> Option<&'static str> {
        self.limits().some_text(limits::KEY_PATTERN)
    }

    /// To [`key_pattern`](Self::key_pattern) what [`checkable_pattern`](Self::checkable_pattern) is to a pattern.
    #[must_use]
    pub fn checkable_key_pattern(self) -> Option<&'static str> {
        self.limits().some_text(limits::CHECKABLE_KEY_PATTERN)
    }

    /// What the text stands for, where the source says so: `date-time`, `json`, `ipv4-network`, `AWS::IAM::Role.Arn`.
    #[must_use]
    pub fn format(self) -> Option<&'static str> {
        self.limits().some_text(limits::FORMAT)
    }

    /// The only values that are taken; none if any is. Numbers are written as in JSON.
    pub fn allowed_values(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        self.limits().list(limits::ALLOWED).texts()
    }

    /// Whether [`allowed_values`](Self::allowed_values) are taken in any case.
    #[must_use]
    pub fn ignores_case(self) -> bool {
        self.0.has(shape::FLAGS, shape::IGNORE_CASE)
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Shape").field(&self.value_type()).finish()
    }
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any JSON: a policy document, an OpenAPI definition. Some properties take it as text.
    Json,
    /// A point in time, as ISO 8601 text.
    Timestamp,
    /// A list of such values.
    List(Shape),
    /// A map from text to such values.
    Map(Shape),
    /// An object with known properties.
    Object(TypeDefinition),
    /// One of several types.
    Union(Union),
}

/// The alternatives of a [`ValueType::Union`].
#[derive(Clone, Copy)]
pub struct Union(List);

impl Union {
    /// The types, any of which is taken.
    pub fn alternatives(self) -> impl ExactSizeIterator<Item = Shape> + Clone {
        self.0.iter().map(Shape::new)
    }
}

impl PartialEq for Union {
    fn eq(&self, other: &Self) -> bool {
        self.alternatives().eq(other.alternatives())
    }
}

impl Eq for Union {}

impl std::fmt::Debug for Union {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.alternatives()).finish()
    }
}
