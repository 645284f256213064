//! Reading an assembly of any version and any maker.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::manifest::read::{
    self, Artifact, AssetManifest, AssetManifestProperties, Entries, Manifest, Metadata, NestedProperties,
    StackProperties,
};
use crate::{
    AssumedRole, BootstrapRequirement, DockerImageAsset, Environment, FileAsset, FileDestination, FileSource,
    ImageSource, KNOWN_MAJOR_VERSION, LookupRole, MetadataEntry, Packaging, ReadError, Stack, manifest,
};

/// No app nests stages deeper; a link that leads back up would otherwise be followed for ever.
const MAX_DEPTH: usize = 16;
/// What JavaScript's tools can read as one text; a larger file was made by none of them.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Something in an assembly that was left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The assembly is newer than what this crate has been checked against; it may hold things that are not seen.
    NewerVersion {
        /// The version written in the manifest.
        version: String,
    },
    /// An artifact of a kind that is not known.
    UnknownArtifact {
        /// Its id.
        id: String,
        /// Its kind.
        kind: String,
    },
    /// An artifact says that it depends on one that is not there.
    UnknownDependency {
        /// Whose dependency it is.
        id: String,
        /// What is not there.
        dependency: String,
    },
}

/// A cloud assembly that has been read, nested ones included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assembly {
    /// The folder, as it was given.
    pub folder: PathBuf,
    /// The version in the manifest.
    pub version: String,
    /// All stacks in the manifest's order, those of nested assemblies in the place of their assembly.
    pub stacks: Vec<Stack>,
    /// Context values that the app asked for and did not get, as the manifest has them.
    pub missing_context: Vec<Value>,
    /// What was left aside.
    pub notes: Vec<Note>,
}

impl Assembly {
    /// Whether the folder looks like an assembly: it has a `manifest.json`.
    #[must_use]
    pub fn is_assembly(folder: &Path) -> bool {
        folder.join(manifest::FILE_NAME).is_file()
    }

    /// Reads the manifest, the asset manifests and the nested assemblies. Templates and assets are not opened.
    ///
    /// # Errors
    /// The folder is no assembly, a file cannot be read or has a wrong shape, or a path leads out of the folder.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, ReadError> {
        let folder = folder.as_ref();
        let real_root = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut reader = Reader { root: folder, real_root, notes: Vec::new(), missing: Vec::new() };
        let (version, groups) = reader.assembly(Path::new(""), 0)?;
        let stacks = groups.into_iter().flat_map(|(_, group)| group.stacks).collect();
        Ok(Self { folder: folder.to_owned(), version, stacks, missing_context: reader.missing, notes: reader.notes })
    }

    /// The stack with this display name or, failing that, this artifact id.
    #[must_use]
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stacks
            .iter()
            .find(|stack| stack.display_name == name)
            .or_else(|| self.stacks.iter().find(|stack| stack.id == name))
    }
}

/// The stacks that one artifact stands for: one for a stack, any number for a nested assembly, none for asset manifests.
struct Group {
    stacks: Vec<Stack>,
    dependencies: Vec<String>,
}

struct Reader<'a> {
    root: &'a Path,
    /// The root without symbolic links.
    real_root: PathBuf,
    notes: Vec<Note>,
    missing: Vec<Value>,
}

impl Reader<'_> {
    /// Reads the assembly in `below`, a normal path relative to the root.
    fn assembly(&mut self, below: &Path, depth: usize) -> Result<(String, Vec<(String, Group)>), ReadError> {
        let file = self.root.join(below).join(manifest::FILE_NAME);
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { path: file });
        }
        let manifest: Manifest = match read_json(&file) {
            Err(ReadError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(ReadError::NotAnAssembly { folder: self.root.join(below) });
            }
            other => other?,
        };
        let major = manifest.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if depth == 0 && major.is_none_or(|major| major > KNOWN_MAJOR_VERSION) {
            self.notes.push(Note::NewerVersion { version: manifest.version.clone() });
        }
        self.missing.extend(manifest.missing);

        // A repeated id: the last one counts, as in JavaScript.
        let mut seen = BTreeSet::new();
        let mut artifacts: Vec<(String, Artifact)> =
            manifest.artifacts.0.into_iter().rev().filter(|(id, _)| seen.insert(id.clone())).collect();
        artifacts.reverse();

        let mut assets = BTreeMap::new();
        for (id, artifact) in artifacts.iter().filter(|(_, artifact)| artifact.kind == manifest::ASSETS) {
            assets.insert(id.clone(), self.asset_manifest(&file, below, id, artifact)?);
        }

        let mut groups = Vec::new();
        for (id, artifact) in artifacts {
            let group = match artifact.kind.as_str() {
                manifest::STACK => Group {
                    dependencies: artifact.dependencies.clone(),
                    stacks: vec![self.stack(&file, below, &id, artifact, &assets)?],
                },
                manifest::NESTED => {
                    let properties: NestedProperties = properties(&file, &id, &artifact)?;
                    let nested = self.inside(&file, below, &properties.directory_name)?;
                    let (_, inner) = self.assembly(&nested, depth + 1)?;
                    Group {
                        dependencies: artifact.dependencies,
                        stacks: inner.into_iter().flat_map(|(_, group)| group.stacks).collect(),
                    }
                }
                // Asset manifests are dependencies as well, but of no stack that would have to be deployed first.
                manifest::ASSETS => Group { dependencies: Vec::new(), stacks: Vec::new() },
                kind => {
                    if !manifest::IGNORED.contains(&kind) {
                        self.notes.push(Note::UnknownArtifact { id: id.clone(), kind: kind.to_owned() });
                    }
                    Group { dependencies: Vec::new(), stacks: Vec::new() }
                }
            };
            groups.push((id, group));
        }
        self.resolve_dependencies(&mut groups);
        Ok((manifest.version, groups))
    }

    /// Turns dependencies on artifacts into dependencies on stacks.
    fn resolve_dependencies(&mut self, groups: &mut [(String, Group)]) {
        let names: BTreeMap<String, Vec<String>> = groups
            .iter()
            .map(|(id, group)| (id.clone(), group.stacks.iter().map(|stack| stack.display_name.clone()).collect()))
            .collect();
        for (id, group) in groups {
            for dependency in &group.dependencies {
                let Some(needed) = names.get(dependency) else {
                    self.notes.push(Note::UnknownDependency { id: id.clone(), dependency: dependency.clone() });
                    continue;
                };
                for stack in &mut group.stacks {
                    for name in needed {
                        if *name != stack.display_name && !stack.dependencies.contains(name) {
                            stack.dependencies.push(name.clone());
                        }
                    }
                }
            }
        }
    }

    fn stack(
        &self,
        file: &Path,
        below: &Path,
        id: &str,
        artifact: Artifact,
        assets: &BTreeMap<String, Assets>,
    ) -> Result<Stack, ReadError> {
        let wrong = |reason: String| ReadError::Artifact { path: file.to_owned(), artifact: id.to_owned(), reason };
        let own: StackProperties = properties(file, id, &artifact)?;
        let environment = match &artifact.environment {
            Some(text) => {
                text.parse().map_err(|error: crate::environment::ParseEnvironmentError| wrong(error.to_string()))?
            }
            None => Environment::agnostic(),
        };
        let mut metadata = convert_metadata(artifact.metadata);
        if let Some(more) = &artifact.additional_metadata_file {
            let path = self.root.join(self.inside(file, below, more)?);
            metadata.extend(convert_metadata(read_json::<Entries<Vec<Metadata>>>(&path)?));
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in own.parameters {
            let text = match value {
                Value::String(text) => text,
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Err(wrong(format!("parameter `{name}` is neither text nor a number"))),
            };
            parameters.insert(name, text);
        }
        let mut stack = Stack {
            id: id.to_owned(),
            display_name: artifact.display_name.unwrap_or_else(|| id.to_owned()),
            stack_name: own.stack_name.unwrap_or_else(|| id.to_owned()),
            environment,
            template_file: self.root.join(self.inside(file, below, &own.template_file)?),
            tags: own.tags,
            parameters,
            termination_protection: own.termination_protection,
            notification_arns: own.notification_arns,
            role: AssumedRole::read(
                own.assume_role_arn,
                own.assume_role_external_id,
                own.assume_role_additional_options,
            ),
            execution_role_arn: own.cloud_formation_execution_role_arn,
            lookup_role: own.lookup_role.and_then(lookup_role),
            template_asset_url: own.stack_template_asset_object_url,
            bootstrap: own.requires_bootstrap_stack_version.map(|version| BootstrapRequirement {
                version,
                ssm_parameter: own.bootstrap_stack_version_ssm_parameter,
            }),
            metadata,
            ..Stack::default()
        };
        for own in artifact.dependencies.iter().filter_map(|dependency| assets.get(dependency)) {
            stack.assets.extend(own.files.iter().cloned());
            stack.images.extend(own.images.iter().cloned());
            if let Some(asked) = &own.bootstrap
                && stack.bootstrap.as_ref().is_none_or(|bootstrap| bootstrap.version < asked.version)
            {
                stack.bootstrap = Some(asked.clone());
            }
        }
        Ok(stack)
    }

    fn asset_manifest(&self, file: &Path, below: &Path, id: &str, artifact: &Artifact) -> Result<Assets, ReadError> {
        let own: AssetManifestProperties = properties(file, id, artifact)?;
        let path = self.root.join(self.inside(file, below, &own.file)?);
        let manifest: AssetManifest = read_json(&path)?;
        let mut files = Vec::new();
        for (asset, entry) in manifest.files.0 {
            let source = match (entry.source.executable, entry.source.path) {
                (Some(command), _) => FileSource::Executable(command),
                (None, Some(relative)) => {
                    let packaging = match entry.source.packaging.as_deref() {
                        None | Some("file") => Packaging::File,
                        Some("zip") => Packaging::Zip,
                        Some(other) => {
                            return Err(ReadError::Artifact {
                                path,
                                artifact: asset,
                                reason: format!("unknown packaging `{other}`"),
                            });
                        }
                    };
                    FileSource::Path { path: self.root.join(self.inside(&path, below, &relative)?), packaging }
                }
                (None, None) => {
                    return Err(ReadError::Artifact {
                        path,
                        artifact: asset,
                        reason: "the source has neither a path nor a command".to_owned(),
                    });
                }
            };
            let destinations = entry.destinations.0.into_iter().map(|(_, destination)| FileDestination {
                bucket: destination.bucket_name,
                object_key: destination.object_key,
                region: destination.region,
                role: AssumedRole::read(
                    destination.assume_role_arn,
                    destination.assume_role_external_id,
                    destination.assume_role_additional_options,
                ),
            });
            files.push(FileAsset {
                id: asset,
                display_name: entry.display_name,
                source,
                destinations: destinations.collect(),
            });
        }
        let mut images = Vec::new();
        for (id, image) in manifest.docker_images.0 {
            let source = match (image.source.executable.clone(), image.source.directory.clone()) {
                (Some(command), _) => ImageSource::Executable { command, folder: self.root.join(below) },
                (None, Some(directory)) => {
                    let folder = self.root.join(self.inside(&path, below, &directory)?);
                    ImageSource::Build(Box::new(image.source.into_build(folder)))
                }
                (None, None) => {
                    let reason = "the source has neither a folder nor a command".to_owned();
                    return Err(ReadError::Artifact { path, artifact: id, reason });
                }
            };
            let destinations = image.destinations.0.into_iter().map(|(_, destination)| destination.into()).collect();
            images.push(DockerImageAsset { id, display_name: image.display_name, source, destinations });
        }
        let bootstrap = own
            .requires_bootstrap_stack_version
            .map(|version| BootstrapRequirement { version, ssm_parameter: own.bootstrap_stack_version_ssm_parameter });
        Ok(Assets { files, images, bootstrap })
    }

    /// `target`, as written in a file of the assembly in `below`, relative to the root and without `..`. A nested assembly may point into the one around
    /// it (the CDK keeps all assets in the outermost), but nothing may leave the root, by `..` or by a symbolic link.
    fn inside(&self, file: &Path, below: &Path, target: &str) -> Result<PathBuf, ReadError> {
        let escapes = || ReadError::PathEscapes { path: file.to_owned(), target: target.to_owned() };
        let mut path = below.to_owned();
        for component in Path::new(target).components() {
            match component {
                Component::Normal(name) => path.push(name),
                Component::CurDir => {}
                Component::ParentDir if path.pop() => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(escapes()),
            }
        }
        // A file that does not exist (yet) has no real path to compare.
        match self.root.join(&path).canonicalize() {
            Ok(real) if !real.starts_with(&self.real_root) => Err(escapes()),
            _ => Ok(path),
        }
    }
}

struct Assets {
    files: Vec<FileAsset>,
    images: Vec<DockerImageAsset>,
    bootstrap: Option<BootstrapRequirement>,
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    let io_error = |source| ReadError::Io { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(io_error)?.len();
    if size > MAX_BYTES {
        return Err(ReadError::TooLarge { path: path.to_owned(), size });
    }
    let bytes = fs::read(path).map_err(io_error)?;
    serde_json::from_slice(&bytes).map_err(|source| ReadError::Json { path: path.to_owned(), source })
}

fn properties<T: DeserializeOwned>(file: &Path, id: &str, artifact: &Artifact) -> Result<T, ReadError> {
    serde_json::from_value(artifact.properties.clone()).map_err(|error| ReadError::Artifact {
        path: file.to_owned(),
        artifact: id.to_owned(),
        reason: error.to_string(),
    })
}

fn lookup_role(own: read::LookupRole) -> Option<LookupRole> {
    let bootstrap = own
        .requires_bootstrap_stack_version
        .map(|version| BootstrapRequirement { version, ssm_parameter: own.bootstrap_stack_version_ssm_parameter });
    let role = AssumedRole::read(Some(own.arn), own.assume_role_external_id, own.assume_role_additional_options)?;
    Some(LookupRole { role, bootstrap })
}

fn convert_metadata(entries: Entries<Vec<Metadata>>) -> Vec<(String, Vec<MetadataEntry>)> {
    let entry = |entry: Metadata| MetadataEntry { kind: entry.kind, data: entry.data, trace: entry.trace };
    entries
        .0
        .into_iter()
        .map(|(path, list)| (path.trim_start_matches('/').to_owned(), list.into_iter().map(entry).collect()))
        .collect()
}
