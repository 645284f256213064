//! Whether a change replaces its resource, and who says so.

use skysmith_spec::{Property, Replacement, ResourceType, Shape, TypeDefinition, ValueType};
use skysmith_template::{Map, Node};

use crate::compare::Reading;
use crate::path::{Path, PathStep};

/// Whether a change replaces the resource, and where that is known from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether it does.
    pub replacement: Replacement,
    /// Who says so.
    pub origin: Origin,
}

/// Where a verdict comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The specification of the resource type.
    Specification,
    /// The property refers to a resource that is replaced; what the change of such a property does is in the specification.
    Reference {
        /// The resource it refers to.
        logical_id: String,
    },
    /// The property refers to a parameter whose value changes.
    Parameter {
        /// The parameter.
        name: String,
    },
    /// The property is written as before, and a condition chooses another value.
    Condition {
        /// The condition.
        name: String,
    },
    /// CloudFormation's own verdict, from a change set.
    ChangeSet,
    /// The resource gets another type.
    ResourceType,
    /// What becomes of a custom resource is decided by its function.
    CustomResource,
    /// The specification does not have the type, so nothing is known.
    UnknownType,
}

/// What the specification says of a resource type, or why it says nothing.
#[derive(Clone, Copy)]
pub(crate) enum Specified {
    Type(ResourceType),
    Custom,
    Nothing,
}

impl Specified {
    pub(crate) fn of(resource_type: Option<&str>) -> Self {
        match resource_type {
            Some("AWS::CloudFormation::CustomResource") => Self::Custom,
            Some(name) if name.starts_with("Custom::") => Self::Custom,
            Some(name) => skysmith_spec::resource_type(name).map_or(Self::Nothing, Self::Type),
            None => Self::Nothing,
        }
    }

    /// How the values of the property `name` are read.
    pub(crate) fn reading(self, name: &str) -> Reading {
        match self {
            Self::Type(known) => known.property(name).map_or(Reading::Json, |it| Reading::of(known, "", it)),
            // The function of a custom resource gets every scalar as text.
            Self::Custom => Reading::Text,
            Self::Nothing => Reading::Json,
        }
    }

    /// How the value at the end of these keys is read.
    pub(crate) fn reading_at(self, path: &[&str]) -> Reading {
        let Some((first, rest)) = path.split_first() else { return Reading::Json };
        rest.iter().fold(self.reading(first), |reading, key| reading.entry(key))
    }

    /// The verdict about a change at `path`, where these values stood and stand.
    pub(crate) fn verdict(self, path: &Path, values: [Option<&Node>; 2]) -> Verdict {
        match self {
            Self::Type(known) => Verdict { replacement: of_path(known, path, values), origin: Origin::Specification },
            Self::Custom => Verdict { replacement: Replacement::Conditional, origin: Origin::CustomResource },
            Self::Nothing => Verdict { replacement: Replacement::Conditional, origin: Origin::UnknownType },
        }
    }
}

/// The strongest of what is said of the properties along the path, and of those inside a value that comes or goes as a whole.
fn of_path(known: ResourceType, path: &Path, values: [Option<&Node>; 2]) -> Replacement {
    let Some(property) = path.property().and_then(|name| known.property(name)) else {
        return Replacement::Never;
    };
    let mut replacement = property.replacement();
    let mut shape = property.shape();
    let mut steps = path.steps().iter().skip(1);
    while let Some(step) = steps.next() {
        // A branch of a function is in the place of the function.
        if matches!(step, PathStep::Key(key) if key == "Fn::If") {
            steps.next();
            continue;
        }
        let Some(next) = inside(shape, step) else { return replacement };
        shape = match next {
            Inside::Property(property) => {
                replacement = replacement.max(property.replacement());
                property.shape()
            }
            Inside::Item(shape) => shape,
        };
    }
    // An item comes or goes by itself: what is said of the properties in it is about items that stay.
    if !matches!(path.steps().last(), Some(PathStep::Key(_))) {
        return replacement;
    }
    values.into_iter().flatten().fold(replacement, |strongest, value| strongest.max(of_value(shape, value)))
}

enum Inside {
    Property(Property),
    Item(Shape),
}

fn inside(shape: Shape, step: &PathStep) -> Option<Inside> {
    match (shape.value_type(), step) {
        (ValueType::Object(definition), PathStep::Key(key)) => definition.property(key).map(Inside::Property),
        (ValueType::Map(of), PathStep::Key(_)) => Some(Inside::Item(of)),
        (ValueType::List(of), PathStep::Index { .. } | PathStep::Item { .. }) => Some(Inside::Item(of)),
        (ValueType::Union(union), _) => union.alternatives().find_map(|it| inside(it, step)),
        _ => None,
    }
}

fn of_value(shape: Shape, value: &Node) -> Replacement {
    match (shape.value_type(), value) {
        (ValueType::Object(definition), Node::Map(map)) => of_members(definition, map),
        (ValueType::Union(union), _) => strongest(union.alternatives().map(|it| of_value(it, value))),
        _ => Replacement::Never,
    }
}

fn of_members(definition: TypeDefinition, map: &Map) -> Replacement {
    strongest(map.iter().filter_map(|(key, value)| {
        let property = definition.property(key)?;
        Some(property.replacement().max(of_value(property.shape(), value)))
    }))
}

fn strongest(replacements: impl Iterator<Item = Replacement>) -> Replacement {
    replacements.max().unwrap_or(Replacement::Never)
}
