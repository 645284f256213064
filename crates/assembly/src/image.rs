//! Container images that a stack needs, and the repositories they are published to.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::manifest::read::Entries;
use crate::{AssumedRole, Placeholders};

/// A container image that goes to ECR.
#[derive(Clone, Debug, PartialEq)]
pub struct DockerImageAsset {
    /// The asset's id in its manifest: the hash of its content.
    pub id: String,
    /// What the app calls it, for people.
    pub display_name: Option<String>,
    /// How the image is made.
    pub source: ImageSource,
    /// Where it goes; mostly one place.
    pub destinations: Vec<ImageDestination>,
}

/// How an image is made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImageSource {
    /// By a build in a folder of the assembly.
    Build(Box<ImageBuild>),
    /// By a command, run in the assembly's folder, that prints the name of the image it made.
    Executable {
        /// The program and its arguments.
        command: Vec<String>,
        /// Where it runs.
        folder: PathBuf,
    },
}

/// What `docker build` is told. Lists keep the order of the manifest.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ImageBuild {
    /// The folder with the Dockerfile, inside the assembly.
    pub folder: PathBuf,
    /// The Dockerfile in it. `None`: `Dockerfile`.
    pub file: Option<String>,
    /// Values for the Dockerfile's `ARG`s.
    pub args: Vec<(String, String)>,
    /// Further folders that the build sees, by name.
    pub contexts: Vec<(String, String)>,
    /// Secrets that the build sees, by id: where each comes from, such as `src=token.txt`.
    pub secrets: Vec<(String, String)>,
    /// The SSH agent or keys that the build may use.
    pub ssh: Option<String>,
    /// The stage to stop at.
    pub target: Option<String>,
    /// The network of the build's `RUN` instructions.
    pub network: Option<String>,
    /// The platform to build for, such as `linux/arm64`.
    pub platform: Option<String>,
    /// What else the build puts out, such as `type=local,dest=out`.
    pub outputs: Vec<String>,
    /// Caches to start from, as `type=…,key=value`.
    pub cache_from: Vec<String>,
    /// The cache to write, as `type=…,key=value`.
    pub cache_to: Option<String>,
    /// Whether nothing is taken from a cache.
    pub no_cache: bool,
}

/// One repository and tag to publish to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDestination {
    /// The repository's name, with placeholders.
    pub repository: String,
    /// The image's tag, with placeholders.
    pub tag: String,
    /// The repository's region where it is not the stack's.
    pub region: Option<String>,
    /// A role to publish with. `None`: the caller's own credentials.
    pub role: Option<AssumedRole>,
}

impl ImageDestination {
    /// The same with all placeholders filled.
    #[must_use]
    pub fn resolve(&self, values: &Placeholders) -> Self {
        Self {
            repository: values.fill(&self.repository),
            tag: values.fill(&self.tag),
            region: self.region.as_deref().map(|region| values.fill(region)),
            role: self.role.as_ref().map(|role| role.resolve(values)),
        }
    }
}

/// An image as the asset manifest has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    pub display_name: Option<String>,
    pub source: Source,
    #[serde(default)]
    pub destinations: Entries<Destination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Source {
    pub directory: Option<String>,
    pub executable: Option<Vec<String>>,
    docker_file: Option<String>,
    #[serde(default)]
    docker_build_args: Entries<String>,
    #[serde(default)]
    docker_build_contexts: Entries<String>,
    #[serde(default)]
    docker_build_secrets: Entries<String>,
    docker_build_ssh: Option<String>,
    docker_build_target: Option<String>,
    network_mode: Option<String>,
    platform: Option<String>,
    #[serde(default)]
    docker_outputs: Vec<String>,
    #[serde(default)]
    cache_from: Vec<Cache>,
    cache_to: Option<Cache>,
    #[serde(default)]
    cache_disabled: bool,
}

#[derive(Deserialize)]
struct Cache {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    params: Entries<String>,
}

impl Cache {
    fn into_option(self) -> String {
        self.params
            .0
            .iter()
            .fold(format!("type={}", self.kind), |option, (key, value)| format!("{option},{key}={value}"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Destination {
    repository_name: String,
    image_tag: String,
    region: Option<String>,
    assume_role_arn: Option<String>,
    assume_role_external_id: Option<String>,
    assume_role_additional_options: Option<Value>,
}

impl From<Destination> for ImageDestination {
    fn from(own: Destination) -> Self {
        Self {
            repository: own.repository_name,
            tag: own.image_tag,
            region: own.region,
            role: AssumedRole::read(
                own.assume_role_arn,
                own.assume_role_external_id,
                own.assume_role_additional_options,
            ),
        }
    }
}

impl Source {
    /// The build in `folder`.
    pub fn into_build(self, folder: PathBuf) -> ImageBuild {
        ImageBuild {
            folder,
            file: self.docker_file,
            args: self.docker_build_args.0,
            contexts: self.docker_build_contexts.0,
            secrets: self.docker_build_secrets.0,
            ssh: self.docker_build_ssh,
            target: self.docker_build_target,
            network: self.network_mode,
            platform: self.platform,
            outputs: self.docker_outputs,
            cache_from: self.cache_from.into_iter().map(Cache::into_option).collect(),
            cache_to: self.cache_to.map(Cache::into_option),
            no_cache: self.cache_disabled,
        }
    }
}
