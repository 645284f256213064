//! Reads the database of `@aws-cdk/aws-service-spec`: the spine of the model.
//!
//! It says what there is: resource types, properties and their types, attributes, what `Ref` returns, what a property refers to, replacement, state, tags, documentation.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::model::{Attribute, Definition, Facts, Kind, Model, Property, Replacement, Resource, Shape, TagStyle, Tags};

#[derive(Deserialize)]
struct Database {
    schema: Tables,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tables {
    resource: Entities<RawResource>,
    type_definition: Entities<RawDefinition>,
    uses_type: Relation,
}

#[derive(Deserialize)]
struct Entities<T> {
    entities: Vec<T>,
}

#[derive(Deserialize)]
struct Relation {
    forward: HashMap<String, Vec<Id>>,
}

#[derive(Deserialize)]
struct Id {
    #[serde(rename = "$id")]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResource {
    #[serde(rename = "$id")]
    id: String,
    cloud_formation_type: String,
    #[serde(default)]
    documentation: String,
    #[serde(default)]
    primary_identifier: Vec<String>,
    #[serde(default)]
    cfn_ref_identifier: Vec<String>,
    tag_information: Option<RawTags>,
    #[serde(default)]
    arn_template: String,
    #[serde(default)]
    is_stateful: bool,
    #[serde(default)]
    cloud_formation_transform: String,
    properties: BTreeMap<String, RawProperty>,
    attributes: BTreeMap<String, RawProperty>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTags {
    tag_property_name: String,
    variant: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDefinition {
    #[serde(rename = "$id")]
    id: String,
    name: String,
    #[serde(default)]
    documentation: String,
    properties: BTreeMap<String, RawProperty>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawProperty {
    #[serde(rename = "type")]
    kind: RawType,
    #[serde(default)]
    documentation: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    causes_replacement: String,
    default_value: Option<serde_json::Value>,
    #[serde(default)]
    relationship_refs: Vec<RawReference>,
    deprecated: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawReference {
    cloud_formation_type: String,
    property_name: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum RawType {
    String {
        #[serde(rename = "allowedValues", default)]
        allowed: Vec<String>,
    },
    Integer {
        #[serde(rename = "allowedValues", default)]
        allowed: Vec<serde_json::Value>,
    },
    Number,
    Boolean,
    Json,
    DateTime,
    Tag,
    Array {
        element: Box<Self>,
    },
    Map {
        element: Box<Self>,
    },
    Ref {
        reference: RawTarget,
    },
    Union {
        types: Vec<Self>,
    },
}

#[derive(Deserialize)]
struct RawTarget {
    #[serde(rename = "$ref")]
    id: String,
}

/// Reads `db.json.gz`.
pub fn read(path: &Path) -> Result<Model> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text)?;
    let database: Database = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let Tables { resource, type_definition, uses_type } = database.schema;
    let definitions: HashMap<&str, &RawDefinition> =
        type_definition.entities.iter().map(|it| (it.id.as_str(), it)).collect();
    let mut model = Model::default();
    for raw in resource.entities {
        let used: Vec<&RawDefinition> = uses_type
            .forward
            .get(&raw.id)
            .into_iter()
            .flatten()
            .filter_map(|id| definitions.get(id.id.as_str()).copied())
            .collect();
        let name = raw.cloud_formation_type.clone();
        let read = convert(raw, &used).with_context(|| name.clone())?;
        model.resources.insert(name, read);
    }
    Ok(model)
}

fn convert(raw: RawResource, used: &[&RawDefinition]) -> Result<Resource> {
    let names: HashMap<&str, &str> = used.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
    // What the source knows as a tag becomes an ordinary definition, under a name that is still free.
    let tag = if used.iter().any(|it| it.name == "Tag") { "StandardTag" } else { "Tag" };
    let mut resource = Resource {
        facts: Facts {
            doc: raw.documentation,
            reference: if raw.cfn_ref_identifier.is_empty() {
                raw.primary_identifier.clone()
            } else {
                raw.cfn_ref_identifier
            },
            primary_identifier: raw.primary_identifier,
            tags: raw.tag_information.map(tags).transpose()?,
            stateful: raw.is_stateful,
            arn: raw.arn_template,
            transform: raw.cloud_formation_transform,
            ..Facts::default()
        },
        ..Resource::default()
    };
    for (name, raw) in raw.properties {
        resource.properties.insert(name, property(&raw, &names, tag)?);
    }
    for (name, raw) in raw.attributes {
        resource.attributes.insert(name, Attribute { shape: shape(&raw.kind, &names, tag)?, doc: raw.documentation });
    }
    for raw in used {
        let mut definition = Definition { doc: raw.documentation.clone(), ..Definition::default() };
        for (name, raw) in &raw.properties {
            definition.properties.insert(name.clone(), property(raw, &names, tag)?);
        }
        resource.definitions.insert(raw.name.clone(), definition);
    }
    if mentions(&resource, tag) && !resource.definitions.contains_key(tag) {
        resource.definitions.insert(tag.to_owned(), tag_definition());
    }
    Ok(resource)
}

fn mentions(resource: &Resource, name: &str) -> bool {
    fn inside(shape: &Shape, name: &str) -> bool {
        matches!(&shape.kind, Kind::Definition(it) if it == name)
            || shape.of.iter().any(|it| inside(it, name))
            || shape.any_of.iter().any(|it| inside(it, name))
    }
    let nested = resource.definitions.values().flat_map(|it| it.properties.values());
    resource.properties.values().chain(nested).any(|it| inside(&it.shape, name))
        || resource.attributes.values().any(|it| inside(&it.shape, name))
}

fn tag_definition() -> Definition {
    let text = |doc: &str| Property {
        shape: Shape::of_kind(Kind::String),
        required: true,
        doc: doc.to_owned(),
        ..Property::default()
    };
    Definition {
        doc: "A key and its value.".to_owned(),
        properties: BTreeMap::from([
            ("Key".to_owned(), text("The key of the tag.")),
            ("Value".to_owned(), text("The value of the tag.")),
        ]),
        ..Definition::default()
    }
}

fn tags(raw: RawTags) -> Result<Tags> {
    let style = match raw.variant.as_str() {
        "standard" => TagStyle::List,
        "map" => TagStyle::Map,
        "asg" => TagStyle::AutoScaling,
        other => bail!("unknown tag style `{other}`"),
    };
    Ok(Tags { property: raw.tag_property_name, style })
}

fn property(raw: &RawProperty, names: &HashMap<&str, &str>, tag: &str) -> Result<Property> {
    Ok(Property {
        shape: shape(&raw.kind, names, tag)?,
        required: raw.required,
        replacement: match raw.causes_replacement.as_str() {
            "" | "no" => Replacement::Never,
            "maybe" => Replacement::Conditional,
            "yes" => Replacement::Always,
            other => bail!("unknown replacement behaviour `{other}`"),
        },
        deprecated: raw.deprecated.as_deref().is_some_and(|it| it != "none"),
        default: raw.default_value.clone().map(default),
        refers_to: raw
            .relationship_refs
            .iter()
            .map(|it| format!("{}.{}", it.cloud_formation_type, it.property_name))
            .collect(),
        doc: raw.documentation.clone(),
        ..Property::default()
    })
}

/// The source has most defaults as JSON inside a text.
fn default(raw: serde_json::Value) -> serde_json::Value {
    let inner = raw.as_str().and_then(|it| serde_json::from_str(it).ok());
    inner.unwrap_or(raw)
}

fn shape(raw: &RawType, names: &HashMap<&str, &str>, tag: &str) -> Result<Shape> {
    let words = |allowed: &[serde_json::Value]| allowed.iter().map(ToString::to_string).collect();
    Ok(match raw {
        RawType::String { allowed } => {
            let mut shape = Shape::of_kind(Kind::String);
            shape.limits.allowed.clone_from(allowed);
            shape
        }
        RawType::Integer { allowed } => {
            let mut shape = Shape::of_kind(Kind::Integer);
            shape.limits.allowed = words(allowed);
            shape
        }
        RawType::Number => Shape::of_kind(Kind::Number),
        RawType::Boolean => Shape::of_kind(Kind::Boolean),
        RawType::Json => Shape::of_kind(Kind::Json),
        RawType::DateTime => Shape::of_kind(Kind::Timestamp),
        RawType::Tag => Shape::of_kind(Kind::Definition(tag.to_owned())),
        RawType::Array { element } => Shape::list(shape(element, names, tag)?),
        RawType::Map { element } => Shape::map(shape(element, names, tag)?),
        RawType::Union { types } => Shape::union(types.iter().map(|it| shape(it, names, tag)).collect::<Result<_>>()?),
        RawType::Ref { reference } => match names.get(reference.id.as_str()) {
            Some(name) => Shape::of_kind(Kind::Definition((*name).to_owned())),
            None => bail!("a reference to the unknown type {}", reference.id),
        },
    })
}
