//! The files of an assembly as they are read.
//!
//! Reading is lenient: every field is optional unless nothing can be done without it, unknown ones are ignored.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::image::Image;

/// A JSON object in the order of its file. A repeated key is kept repeated; readers let the last one win.
pub(crate) struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

#[derive(Deserialize)]
pub(crate) struct Manifest {
    pub version: String,
    #[serde(default)]
    pub artifacts: Entries<Artifact>,
    #[serde(default)]
    pub missing: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Artifact {
    #[serde(rename = "type")]
    pub kind: String,
    pub environment: Option<String>,
    #[serde(default)]
    pub properties: Value,
    #[serde(default)]
    pub dependencies: Vec<String>,
    pub display_name: Option<String>,
    #[serde(default)]
    pub metadata: Entries<Vec<Metadata>>,
    pub additional_metadata_file: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Metadata {
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Option<Value>,
    #[serde(default, deserialize_with = "trace")]
    pub trace: Vec<String>,
}

/// Some writers put one string where the format has a list.
fn trace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(one) => vec![one],
        Value::Array(many) => many
            .into_iter()
            .filter_map(|value| if let Value::String(text) = value { Some(text) } else { None })
            .collect(),
        _ => Vec::new(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackProperties {
    pub template_file: String,
    pub stack_name: Option<String>,
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    pub termination_protection: Option<bool>,
    pub notification_arns: Option<Vec<String>>,
    pub assume_role_arn: Option<String>,
    pub assume_role_external_id: Option<String>,
    pub assume_role_additional_options: Option<Value>,
    pub cloud_formation_execution_role_arn: Option<String>,
    pub stack_template_asset_object_url: Option<String>,
    pub requires_bootstrap_stack_version: Option<u32>,
    pub bootstrap_stack_version_ssm_parameter: Option<String>,
    pub lookup_role: Option<LookupRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LookupRole {
    pub arn: String,
    pub assume_role_external_id: Option<String>,
    pub assume_role_additional_options: Option<Value>,
    pub requires_bootstrap_stack_version: Option<u32>,
    pub bootstrap_stack_version_ssm_parameter: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssetManifestProperties {
    pub file: String,
    pub requires_bootstrap_stack_version: Option<u32>,
    pub bootstrap_stack_version_ssm_parameter: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NestedProperties {
    pub directory_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssetManifest {
    #[serde(default)]
    pub files: Entries<File>,
    #[serde(default)]
    pub docker_images: Entries<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct File {
    pub display_name: Option<String>,
    pub source: Source,
    #[serde(default)]
    pub destinations: Entries<Destination>,
}

#[derive(Deserialize)]
pub(crate) struct Source {
    pub path: Option<String>,
    pub packaging: Option<String>,
    pub executable: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Destination {
    pub bucket_name: String,
    pub object_key: String,
    pub region: Option<String>,
    pub assume_role_arn: Option<String>,
    pub assume_role_external_id: Option<String>,
    pub assume_role_additional_options: Option<Value>,
}
