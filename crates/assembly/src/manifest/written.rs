//! The files of an assembly as they are written. Keys come in a fixed order, so the bytes depend on nothing but the input.
//!
//! Spelled out and not derived: an app builds no procedural macros.

use std::collections::BTreeMap;

use serde_core::ser::{Serialize, SerializeMap as _, Serializer};

use super::{ASSETS, STACK};
use crate::{FileDestination, MetadataEntry, Packaging, StackArtifact, WRITTEN_VERSION};

/// `cdk.out`.
pub(crate) struct Marker;

impl Serialize for Marker {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("version", WRITTEN_VERSION)?;
        object.end()
    }
}

/// `manifest.json`.
pub(crate) struct Manifest<'a> {
    pub stacks: &'a [StackArtifact],
}

impl Serialize for Manifest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let artifacts = self.stacks.iter().flat_map(|stack| {
            let assets = (!stack.assets.is_empty()).then(|| (assets_id(stack), Artifact::Assets(stack)));
            assets.into_iter().chain([(stack.id.clone(), Artifact::Stack(stack))])
        });
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("version", WRITTEN_VERSION)?;
        object.serialize_entry("artifacts", &Entries(artifacts))?;
        object.end()
    }
}

/// The file with a stack's template.
pub(crate) fn template_file(id: &str) -> String {
    format!("{id}.template.json")
}

/// The file that lists a stack's assets.
pub(crate) fn assets_file(id: &str) -> String {
    format!("{id}.assets.json")
}

fn assets_id(stack: &StackArtifact) -> String {
    format!("{}.assets", stack.id)
}

#[derive(Clone)]
enum Artifact<'a> {
    /// The assets of this stack.
    Assets(&'a StackArtifact),
    Stack(&'a StackArtifact),
}

impl Serialize for Artifact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        match self {
            Self::Assets(stack) => {
                object.serialize_entry("type", ASSETS)?;
                object.serialize_entry("properties", &Entries([("file", assets_file(&stack.id))].into_iter()))?;
            }
            Self::Stack(stack) => {
                object.serialize_entry("type", STACK)?;
                object.serialize_entry("environment", &stack.environment.to_string())?;
                object.serialize_entry("properties", &StackProperties(stack))?;
                let assets = (!stack.assets.is_empty()).then(|| assets_id(stack));
                let dependencies: Vec<&String> = assets.iter().chain(&stack.dependencies).collect();
                if !dependencies.is_empty() {
                    object.serialize_entry("dependencies", &dependencies)?;
                }
                if !stack.metadata.is_empty() {
                    let metadata = stack.metadata.iter().map(|(path, entries)| (path, Items(entries)));
                    object.serialize_entry("metadata", &Entries(metadata))?;
                }
                let name = if stack.display_name.is_empty() { &stack.id } else { &stack.display_name };
                object.serialize_entry("displayName", name)?;
            }
        }
        object.end()
    }
}

struct StackProperties<'a>(&'a StackArtifact);

impl Serialize for StackProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stack = self.0;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("templateFile", &template_file(&stack.id))?;
        object.serialize_entry("stackName", &stack.stack_name)?;
        if !stack.parameters.is_empty() {
            object.serialize_entry("parameters", &stack.parameters)?;
        }
        if !stack.tags.is_empty() {
            object.serialize_entry("tags", &stack.tags)?;
        }
        if let Some(protection) = stack.termination_protection {
            object.serialize_entry("terminationProtection", &protection)?;
        }
        if let Some(arns) = &stack.notification_arns {
            object.serialize_entry("notificationArns", arns)?;
        }
        object.end()
    }
}

struct Items<'a>(&'a [MetadataEntry]);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Metadata))
    }
}

struct Metadata<'a>(&'a MetadataEntry);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("type", &self.0.kind)?;
        if let Some(data) = &self.0.data {
            object.serialize_entry("data", data)?;
        }
        if !self.0.trace.is_empty() {
            object.serialize_entry("trace", &self.0.trace)?;
        }
        object.end()
    }
}

/// `<stack>.assets.json`.
pub(crate) struct AssetManifest<'a> {
    /// By id.
    pub files: BTreeMap<&'a str, &'a File>,
}

impl Serialize for AssetManifest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("version", WRITTEN_VERSION)?;
        object.serialize_entry("files", &self.files)?;
        object.serialize_entry("dockerImages", &BTreeMap::<&str, &str>::new())?;
        object.end()
    }
}

/// An asset that has been given to the writer.
#[derive(Debug)]
pub(crate) struct File {
    pub display_name: Option<String>,
    /// In the assembly.
    pub path: String,
    pub packaging: Packaging,
    pub destination: FileDestination,
}

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let packaging = match self.packaging {
            Packaging::File => "file",
            Packaging::Zip => "zip",
        };
        let source = [("path", &*self.path), ("packaging", packaging)];
        let destination = [("bucketName", &*self.destination.bucket), ("objectKey", &*self.destination.object_key)];
        let mut object = serializer.serialize_map(None)?;
        if let Some(name) = &self.display_name {
            object.serialize_entry("displayName", name)?;
        }
        object.serialize_entry("source", &Entries(source.into_iter()))?;
        object
            .serialize_entry("destinations", &Entries([("current", Entries(destination.into_iter()))].into_iter()))?;
        object.end()
    }
}

/// A JSON object of entries in their order.
#[derive(Clone)]
struct Entries<I>(I);

impl<K: Serialize, V: Serialize, I: Iterator<Item = (K, V)> + Clone> Serialize for Entries<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}
