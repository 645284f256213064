//! The files of an assembly, as they are in JSON. Only this module knows their spelling.
//!
//! Reading is lenient: every field is optional unless nothing can be done without it, unknown ones are ignored. Writing goes through the same types, whose
//! maps keep the order they are given, so the bytes depend on nothing but the input.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const FILE_NAME: &str = "manifest.json";
/// The marker by which tools know the folder; holds the version alone.
pub(crate) const MARKER_NAME: &str = "cdk.out";

pub(crate) const STACK: &str = "aws:cloudformation:stack";
pub(crate) const ASSETS: &str = "cdk:asset-manifest";
pub(crate) const NESTED: &str = "cdk:cloud-assembly";
/// Kinds that carry nothing to deploy.
pub(crate) const IGNORED: [&str; 2] = ["cdk:tree", "cdk:feature-flag-report"];

/// A JSON object in the order of its file. A repeated key is kept repeated; readers let the last one win.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
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

#[derive(Serialize, Deserialize)]
pub(crate) struct Marker<'a> {
    pub version: &'a str,
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

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "trace")]
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
    pub cloud_formation_execution_role_arn: Option<String>,
    pub stack_template_asset_object_url: Option<String>,
    pub requires_bootstrap_stack_version: Option<u32>,
    pub bootstrap_stack_version_ssm_parameter: Option<String>,
    pub lookup_role: Option<LookupRole>,
}

#[derive(Deserialize)]
pub(crate) struct LookupRole {
    pub arn: String,
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

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssetManifest {
    pub version: String,
    #[serde(default)]
    pub files: Entries<File>,
    #[serde(default)]
    pub docker_images: Entries<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct File {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    pub source: Source,
    #[serde(default)]
    pub destinations: Entries<Destination>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Source {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packaging: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Destination {
    pub bucket_name: String,
    pub object_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role_external_id: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct WrittenManifest<'a> {
    pub version: &'a str,
    pub artifacts: Entries<WrittenArtifact>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenArtifact {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    pub properties: WrittenProperties,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub metadata: Entries<Vec<Metadata>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum WrittenProperties {
    #[serde(rename_all = "camelCase")]
    Stack {
        template_file: String,
        stack_name: String,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        parameters: BTreeMap<String, String>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        tags: BTreeMap<String, String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        termination_protection: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        notification_arns: Option<Vec<String>>,
    },
    AssetManifest {
        file: String,
    },
}
