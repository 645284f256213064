//! The normalised model of all resource types, and its one committed file.
//!
//! The file has one JSON document a line: a resource, followed by its properties and attributes, followed by its definitions, each with its own properties. Everything is
//! sorted by name, so that a new version of a source shows up as the lines that changed.
//!
//! The model knows neither its sources nor what is generated from it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

/// Every resource type by its CloudFormation name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub resources: BTreeMap<String, Resource>,
}

/// One resource type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub facts: Facts,
    pub properties: BTreeMap<String, Property>,
    pub attributes: BTreeMap<String, Attribute>,
    pub definitions: BTreeMap<String, Definition>,
}

/// What is said of a resource type as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    #[serde(default, skip_serializing_if = "is_default")]
    pub doc: String,
    /// The properties or attributes that identify a resource, in order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub primary_identifier: Vec<String>,
    /// What `Ref` returns: one property or attribute, or several, joined by `|`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reference: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub tags: Option<Tags>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub stateful: bool,
    /// Properties beyond the listed ones are accepted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub open: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub arn: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub transform: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub regions: Vec<String>,
    /// IAM actions that CloudFormation calls, by handler (`create`, `read`, `update`, `delete`, `list`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub permissions: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub rules: Vec<Rule>,
}

/// Where tags are written, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tags {
    pub property: String,
    pub style: TagStyle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TagStyle {
    List,
    Map,
    AutoScaling,
}

/// A named object type of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definition {
    pub doc: String,
    pub open: bool,
    pub rules: Vec<Rule>,
    pub properties: BTreeMap<String, Property>,
}

/// A rule about which properties stand together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub rule: RuleKind,
    /// For `requires` and `excludes` the property that brings the rule about, else empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: String,
    pub properties: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleKind {
    /// Exactly one of the properties is there.
    ExactlyOne,
    /// At least one of the properties is there.
    AtLeastOne,
    /// At most one of the properties is there.
    AtMostOne,
    /// `when` needs all the properties.
    Requires,
    /// `when` goes with none of the properties.
    Excludes,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    #[serde(flatten)]
    pub shape: Shape,
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub replacement: Replacement,
    #[serde(default, skip_serializing_if = "is_default")]
    pub read_only: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub write_only: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub deprecated: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Option<serde_json::Value>,
    /// What the property refers to, as `AWS::IAM::Role.Arn`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refers_to: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub doc: String,
}

/// Whether changing a property makes CloudFormation replace the resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replacement {
    #[default]
    Never,
    Conditional,
    Always,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    #[serde(flatten)]
    pub shape: Shape,
    #[serde(default, skip_serializing_if = "is_default")]
    pub doc: String,
}

/// A type with its limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "is_default")]
    pub of: Option<Box<Self>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub any_of: Vec<Self>,
    #[serde(flatten)]
    pub limits: Limits,
}

/// The kind of a value. In the file a definition is written `#Name`, everything else is a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    #[default]
    Json,
    Timestamp,
    /// A list of `Shape::of`.
    List,
    /// A map from text to `Shape::of`.
    Map,
    /// One of `Shape::any_of`.
    Union,
    Definition(String),
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let word = match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Json => "json",
            Self::Timestamp => "timestamp",
            Self::List => "list",
            Self::Map => "map",
            Self::Union => "union",
            Self::Definition(name) => return serializer.serialize_str(&format!("#{name}")),
        };
        serializer.serialize_str(word)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "json" => Self::Json,
            "timestamp" => Self::Timestamp,
            "list" => Self::List,
            "map" => Self::Map,
            "union" => Self::Union,
            other => match other.strip_prefix('#') {
                Some(name) => Self::Definition(name.to_owned()),
                None => return Err(serde::de::Error::custom(format!("unknown type `{other}`"))),
            },
        })
    }
}

/// The limits of a value. Which of them can be there follows from the kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    #[serde(default, skip_serializing_if = "is_default")]
    pub minimum: Option<serde_json::Number>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub maximum: Option<serde_json::Number>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_length: Option<u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_length: Option<u32>,
    /// Of a list its items, of a map its entries.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_items: Option<u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_items: Option<u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub unique_items: bool,
    /// The order of a list's items means nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unordered: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub pattern: Option<String>,
    /// The pattern of a map's keys.
    #[serde(default, skip_serializing_if = "is_default")]
    pub key_pattern: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub format: Option<String>,
    #[serde(rename = "enum", default, skip_serializing_if = "is_default")]
    pub allowed: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_case: bool,
    /// Values of other kinds are taken as well, so the kind must not be enforced.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mixed: bool,
}

impl Shape {
    pub fn of_kind(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    pub fn list(of: Self) -> Self {
        Self { kind: Kind::List, of: Some(Box::new(of)), ..Self::default() }
    }

    pub fn map(of: Self) -> Self {
        Self { kind: Kind::Map, of: Some(Box::new(of)), ..Self::default() }
    }

    pub fn union(any_of: Vec<Self>) -> Self {
        Self { kind: Kind::Union, any_of, ..Self::default() }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize, Deserialize)]
struct ResourceLine {
    resource: String,
    #[serde(flatten)]
    facts: Facts,
}

#[derive(Serialize, Deserialize)]
struct PropertyLine {
    property: String,
    #[serde(flatten)]
    body: Property,
}

#[derive(Serialize, Deserialize)]
struct AttributeLine {
    attribute: String,
    #[serde(flatten)]
    body: Attribute,
}

#[derive(Serialize, Deserialize)]
struct DefinitionLine {
    definition: String,
    #[serde(default, skip_serializing_if = "is_default")]
    open: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "is_default")]
    doc: String,
}

/// Writes the model as the committed file has it.
pub fn write(model: &Model) -> Result<String> {
    let mut text = String::new();
    for (name, resource) in &model.resources {
        push(&mut text, &ResourceLine { resource: name.clone(), facts: resource.facts.clone() })?;
        for (name, property) in &resource.properties {
            push(&mut text, &PropertyLine { property: name.clone(), body: property.clone() })?;
        }
        for (name, attribute) in &resource.attributes {
            push(&mut text, &AttributeLine { attribute: name.clone(), body: attribute.clone() })?;
        }
        for (name, definition) in &resource.definitions {
            let Definition { doc, open, rules, properties } = definition;
            push(
                &mut text,
                &DefinitionLine { definition: name.clone(), open: *open, rules: rules.clone(), doc: doc.clone() },
            )?;
            for (name, property) in properties {
                push(&mut text, &PropertyLine { property: name.clone(), body: property.clone() })?;
            }
        }
    }
    Ok(text)
}

fn push(text: &mut String, line: &impl Serialize) -> Result<()> {
    text.push_str(&serde_json::to_string(line)?);
    text.push('\n');
    Ok(())
}

/// Reads the committed file.
pub fn read(text: &str) -> Result<Model> {
    let mut reader = Reader::default();
    for (number, line) in text.lines().enumerate() {
        reader.line(line).with_context(|| format!("line {}", number + 1))?;
    }
    reader.close();
    Ok(reader.model)
}

/// The resource and the definition that are being read, and what is done.
#[derive(Default)]
struct Reader {
    model: Model,
    resource: Option<(String, Resource)>,
    definition: Option<(String, Definition)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<()> {
        // The first key says what the line is; asking for it by hand is several times faster than an untagged enum.
        let kind = line.split('"').nth(1).unwrap_or_default();
        match (kind, &mut self.resource, &mut self.definition) {
            ("resource", _, _) => {
                self.close();
                let ResourceLine { resource, facts } = serde_json::from_str(line)?;
                self.resource = Some((resource, Resource { facts, ..Resource::default() }));
            }
            ("definition", Some(_), _) => {
                self.close_definition();
                let DefinitionLine { definition, open, rules, doc } = serde_json::from_str(line)?;
                self.definition = Some((definition, Definition { doc, open, rules, properties: BTreeMap::new() }));
            }
            ("property", Some((_, resource)), definition) => {
                let PropertyLine { property, body } = serde_json::from_str(line)?;
                let properties = definition.as_mut().map_or(&mut resource.properties, |(_, it)| &mut it.properties);
                properties.insert(property, body);
            }
            ("attribute", Some((_, resource)), _) => {
                let AttributeLine { attribute, body } = serde_json::from_str(line)?;
                resource.attributes.insert(attribute, body);
            }
            (other, _, _) => bail!("`{other}` does not belong here"),
        }
        Ok(())
    }

    fn close_definition(&mut self) {
        if let (Some((_, resource)), Some((name, definition))) = (&mut self.resource, self.definition.take()) {
            resource.definitions.insert(name, definition);
        }
    }

    fn close(&mut self) {
        self.close_definition();
        if let Some((name, resource)) = self.resource.take() {
            self.model.resources.insert(name, resource);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_file_is_read_and_written_as_it_is() {
        let path = crate::tools::root().join(crate::codegen::DATA);
        let text = std::fs::read_to_string(path).unwrap();
        let model = read(&text).unwrap();
        assert!(model.resources.len() > 1_800);
        // No `assert_eq!`: it would print megabytes.
        assert!(write(&model).unwrap() == text);
    }

    #[test]
    fn a_line_that_does_not_belong_is_an_error_with_its_number() {
        let error = read("{\"resource\":\"A::B::C\"}\n{\"other\":1}\n").unwrap_err();
        assert!(format!("{error:#}").contains("line 2"), "{error:#}");
        assert!(read("{\"property\":\"X\",\"type\":\"string\"}").is_err());
    }
}
