//! Resource types and their attributes.

use crate::definition::{Property, Rule};
use crate::layout::{Section, attribute, resource};
use crate::shape::{Shape, ValueType};
use crate::table::{List, Record, count, find, run};

/// A resource type by its name, such as `AWS::S3::Bucket`; `None` for custom resources, modules and whatever the tables do not have.
#[must_use]
pub fn resource_type(name: &str) -> Option<ResourceType> {
    find(Section::Resources, 0, count(Section::Resources), name).map(ResourceType)
}

/// Whether a resource of this type holds data that is gone when the resource is. One that the tables do not have is taken to hold none.
#[must_use]
pub fn is_stateful(name: &str) -> bool {
    resource_type(name).is_some_and(ResourceType::is_stateful)
}

/// All resource types, sorted by name.
pub fn resource_types() -> impl ExactSizeIterator<Item = ResourceType> + Clone {
    run(Section::Resources, 0, count(Section::Resources)).map(ResourceType)
}

/// A resource type.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceType(Record);

impl ResourceType {
    /// The name: `AWS::S3::Bucket`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.text(resource::NAME)
    }

    /// The service, which is the middle of the name: `S3`.
    #[must_use]
    pub fn service(self) -> &'static str {
        self.name().split("::").nth(1).unwrap_or_default()
    }

    /// A property by its name.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Property> {
        Property::find(self.0.field(resource::FIRST_PROPERTY), self.0.field(resource::PROPERTIES), name)
    }

    /// The properties, sorted by name, the [read-only](Property::read_only) ones included.
    pub fn properties(self) -> impl ExactSizeIterator<Item = Property> + Clone {
        Property::all(self.0.field(resource::FIRST_PROPERTY), self.0.field(resource::PROPERTIES))
    }

    /// The property at a path through objects, lists and maps. Items of lists and entries of maps take a step of their own, whatever its name: `["Tags", "0", "Key"]`.
    ///
    /// A path that ends at an item gives the property that has the list. Of a union the first alternative that has the step is taken.
    #[must_use]
    pub fn property_at<'a>(self, path: impl IntoIterator<Item = &'a str>) -> Option<Property> {
        let mut steps = path.into_iter();
        let mut property = self.property(steps.next()?)?;
        let mut shape = property.shape();
        for step in steps {
            match member(shape, step)? {
                Member::Item(of) => shape = of,
                Member::Property(found) => {
                    property = found;
                    shape = found.shape();
                }
            }
        }
        Some(property)
    }

    /// What `Fn::GetAtt` gives for a name such as `Arn` or `Endpoint.Address`.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<Attribute> {
        find(Section::Attributes, self.0.field(resource::FIRST_ATTRIBUTE), self.0.field(resource::ATTRIBUTES), name)
            .map(Attribute)
    }

    /// The attributes, sorted by name.
    pub fn attributes(self) -> impl ExactSizeIterator<Item = Attribute> + Clone {
        run(Section::Attributes, self.0.field(resource::FIRST_ATTRIBUTE), self.0.field(resource::ATTRIBUTES))
            .map(Attribute)
    }

    /// What `Ref` returns: the value of one property or attribute or, if there are several, their values joined by `|`. Empty where the source does not say.
    pub fn reference(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        self.0.list(resource::REFERENCE).texts()
    }

    /// The properties or attributes by which a resource is found, as in an import. Nested ones are written `A/B` or `A.B`.
    pub fn primary_identifier(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        self.0.list(resource::PRIMARY_IDENTIFIER).texts()
    }

    /// Whether deleting or replacing such a resource loses what cannot be made again from the template: data, keys, accounts.
    #[must_use]
    pub fn is_stateful(self) -> bool {
        self.0.has(resource::FLAGS, resource::STATEFUL)
    }

    /// How the resource is tagged; `None` if it cannot be.
    #[must_use]
    pub fn tags(self) -> Option<Tags> {
        let style = match self.0.field(resource::FLAGS) >> resource::TAG_STYLE_SHIFT & 3 {
            1 => TagStyle::List,
            2 => TagStyle::Map,
            3 => TagStyle::AutoScaling,
            _ => return None,
        };
        Some(Tags { property: self.0.text(resource::TAG_PROPERTY), style })
    }

    /// The ARN with placeholders, such as `arn:${Partition}:s3:::${BucketName}`.
    #[must_use]
    pub fn arn_template(self) -> Option<&'static str> {
        self.0.some_text(resource::ARN)
    }

    /// The transform that a template needs for this type, such as `AWS::Serverless-2016-10-31`.
    #[must_use]
    pub fn transform(self) -> Option<&'static str> {
        self.0.some_text(resource::TRANSFORM)
    }

    /// The regions in which the type is known to exist, sorted; empty where nothing is known.
    pub fn regions(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        self.0.list(resource::REGIONS).texts()
    }

    /// The IAM actions that CloudFormation calls for an operation, sorted; empty where nothing is known.
    pub fn permissions(self, operation: Operation) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        List::new(self.0.list(resource::PERMISSIONS).get(operation as u32)).texts()
    }

    /// Which properties stand together.
    pub fn rules(self) -> impl Iterator<Item = Rule> + Clone {
        Rule::all(self.0.list(resource::RULES))
    }

    /// Whether properties beyond the listed ones may be taken: the provider's schema does not rule them out.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.0.has(resource::FLAGS, resource::OPEN)
    }

    /// The page about the type in AWS's template reference; `None` for types that are not AWS's own.
    #[must_use]
    pub fn documentation_url(self) -> Option<String> {
        let name = self.name().strip_prefix("AWS::")?.to_lowercase().replace("::", "-");
        Some(format!("https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-{name}.html"))
    }
}

impl std::fmt::Debug for ResourceType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("ResourceType").field(&self.name()).finish()
    }
}

/// One step into a value.
enum Member {
    Item(Shape),
    Property(Property),
}

fn member(shape: Shape, step: &str) -> Option<Member> {
    match shape.value_type() {
        ValueType::List(of) | ValueType::Map(of) => Some(Member::Item(of)),
        ValueType::Object(definition) => definition.property(step).map(Member::Property),
        ValueType::Union(union) => union.alternatives().find_map(|it| member(it, step)),
        _ => None,
    }
}

/// An attribute of a resource type: what `Fn::GetAtt` gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attribute(Record);

impl Attribute {
    /// The name, with dots where the attribute is inside another: `Endpoint.Address`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.text(attribute::NAME)
    }

    /// The type.
    #[must_use]
    pub fn shape(self) -> Shape {
        Shape::new(self.0.field(attribute::SHAPE))
    }

    /// The kind of value.
    #[must_use]
    pub fn value_type(self) -> ValueType {
        self.shape().value_type()
    }
}

impl std::fmt::Debug for Attribute {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Attribute").field(&self.name()).finish()
    }
}

/// Where a resource has its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// The property, mostly `Tags`.
    pub property: &'static str,
    /// How the property is written.
    pub style: TagStyle,
}

/// How tags are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagStyle {
    /// `[{"Key": …, "Value": …}]`
    List,
    /// `{key: value}`
    Map,
    /// `[{"Key": …, "Value": …, "PropagateAtLaunch": …}]`
    AutoScaling,
}

/// What CloudFormation does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Operation {
    Create,
    Read,
    Update,
    Delete,
    List,
}
