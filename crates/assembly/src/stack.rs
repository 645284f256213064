//! One stack of an assembly, with all that deploying it needs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::metadata::{self, Message, MessageLevel, MetadataEntry, SourcePlace};
use crate::{AssumedRole, DockerImageAsset, Environment, FileAsset};

/// A CDK bootstrap stack that must be in the target environment, in at least this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootstrapRequirement {
    /// The least version.
    pub version: u32,
    /// The SSM parameter that holds the version found, with placeholders. `None`: the CDK's default name.
    pub ssm_parameter: Option<String>,
}

/// A role to read with, and the bootstrap since which it may read what it has to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupRole {
    /// The role.
    pub role: AssumedRole,
    /// The bootstrap. `None`: any.
    pub bootstrap: Option<BootstrapRequirement>,
}

/// A stack as the assembly describes it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stack {
    /// The artifact's id. Unique within one assembly, not across nested ones: see [`display_name`](Self::display_name).
    pub id: String,
    /// The path that people use, such as `Live/Api`. Unique.
    pub display_name: String,
    /// CloudFormation's name for it.
    pub stack_name: String,
    /// Where it goes.
    pub environment: Environment,
    /// The template's file. It need not exist until it is read.
    pub template_file: PathBuf,
    /// The display names of the stacks that must be deployed before this one.
    pub dependencies: Vec<String>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// Whether the stack is to be protected from deletion. `None`: left as it is.
    pub termination_protection: Option<bool>,
    /// Topics that get the stack's events. `None`: left as they are.
    pub notification_arns: Option<Vec<String>>,
    /// A role to deploy with. `None`: the caller's own credentials.
    pub role: Option<AssumedRole>,
    /// The role that CloudFormation itself takes, with placeholders.
    pub execution_role_arn: Option<String>,
    /// A role to read the account with.
    pub lookup_role: Option<LookupRole>,
    /// Where the template is published as an asset: `s3://bucket/key`, with placeholders.
    pub template_asset_url: Option<String>,
    /// The bootstrap that is asked for, if any.
    pub bootstrap: Option<BootstrapRequirement>,
    /// Files to publish first.
    pub assets: Vec<FileAsset>,
    /// Container images to publish first.
    pub images: Vec<DockerImageAsset>,
    /// What the app says about its constructs: path from the app down, without a leading slash, and its entries; in the manifest's order.
    pub metadata: Vec<(String, Vec<MetadataEntry>)>,
}

/// A nested stack: what is below the construct `scope/name` is in a template of its own.
struct Border<'a> {
    logical_id: &'a str,
    scope: &'a str,
    name: &'a str,
}

impl<'a> Border<'a> {
    /// By its resource, which stands beside it: `scope/name.NestedStack/name.NestedStackResource`.
    fn of(logical_id: &'a str, path: &'a str) -> Option<Self> {
        let (beside, resource) = path.rsplit_once('/')?;
        let name = resource.strip_suffix(".NestedStackResource")?;
        let scope = beside.strip_suffix(".NestedStack")?.strip_suffix(name)?.strip_suffix('/')?;
        Some(Self { logical_id, scope, name })
    }

    fn is_around(&self, path: &str) -> bool {
        let inside = path.strip_prefix(self.scope).and_then(|rest| rest.strip_prefix('/')?.strip_prefix(self.name));
        inside.is_some_and(|rest| rest.starts_with('/'))
    }
}

impl Stack {
    /// A stack that is nothing but a template, with no assembly around it.
    #[must_use]
    pub fn plain(stack_name: impl Into<String>, template_file: impl Into<PathBuf>) -> Self {
        let name = stack_name.into();
        Self {
            id: name.clone(),
            display_name: name.clone(),
            stack_name: name,
            template_file: template_file.into(),
            ..Self::default()
        }
    }

    /// The construct path behind a logical id, without a leading slash. Linear in the number of constructs; see [`paths`](Self::paths) for many.
    #[must_use]
    pub fn path_of(&self, logical_id: &str) -> Option<&str> {
        self.paths().find(|(id, _, _)| *id == logical_id).map(|(_, path, _)| path)
    }

    /// The line of the app's source that made the resource, where the assembly says so.
    #[must_use]
    pub fn place_of(&self, logical_id: &str) -> Option<SourcePlace> {
        self.paths()
            .find(|(id, _, _)| *id == logical_id)
            .and_then(|(_, _, entry)| entry.trace.iter().find_map(|line| SourcePlace::parse(line)))
    }

    /// The logical ids of this stack's own template with their construct paths and the entries that say so.
    ///
    /// Those of nested stacks are in the same metadata, and may be the same ids: see [`nested_paths`](Self::nested_paths).
    pub fn paths(&self) -> impl Iterator<Item = (&str, &str, &MetadataEntry)> {
        let borders = self.borders();
        self.all_paths().filter(move |(_, path, _)| borders.iter().all(|border| !border.is_around(path)))
    }

    /// The same of nested stacks: the logical ids of the nested stacks around each, from the outermost, then what [`paths`](Self::paths) has.
    pub fn nested_paths(&self) -> impl Iterator<Item = (Vec<&str>, &str, &str, &MetadataEntry)> {
        let borders = self.borders();
        self.all_paths().filter_map(move |(id, path, entry)| {
            let around: Vec<&str> =
                borders.iter().filter(|border| border.is_around(path)).map(|border| border.logical_id).collect();
            (!around.is_empty()).then_some((around, id, path, entry))
        })
    }

    fn all_paths(&self) -> impl Iterator<Item = (&str, &str, &MetadataEntry)> {
        self.metadata.iter().flat_map(|(path, entries)| {
            entries
                .iter()
                .filter(|entry| entry.kind == metadata::LOGICAL_ID)
                .filter_map(move |entry| Some((entry.data.as_ref()?.as_str()?, path.as_str(), entry)))
        })
    }

    /// Where nested stacks begin, the outermost first.
    fn borders(&self) -> Vec<Border<'_>> {
        let mut borders: Vec<Border<'_>> =
            self.all_paths().filter_map(|(logical_id, path, _)| Border::of(logical_id, path)).collect();
        borders.sort_by_key(|border| border.scope.len() + border.name.len());
        borders
    }

    /// The warnings, errors and hints that the app left on constructs of this stack, in the manifest's order.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let of = |path: &str, entry: &MetadataEntry| {
            let level = match entry.kind.as_str() {
                metadata::INFO => MessageLevel::Info,
                metadata::WARNING => MessageLevel::Warning,
                metadata::ERROR => MessageLevel::Error,
                _ => return None,
            };
            let text = match &entry.data {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            Some(Message { level, path: path.to_owned(), text, trace: entry.trace.clone() })
        };
        self.metadata
            .iter()
            .flat_map(|(path, entries)| entries.iter().filter_map(move |entry| of(path, entry)))
            .collect()
    }
}
