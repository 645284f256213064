//! Writing our own assemblies.
//!
//! Everything goes to a hidden sibling of the target first and is renamed into place at the end: a reader sees the old assembly or the new one, never a
//! mixture, and nothing of an earlier run stays behind.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_core::Serialize;
use serde_json::Value;

use crate::asset::{FileDestination, Packaging, file_object_key};
use crate::manifest::written::{AssetManifest, File, Manifest, Marker, assets_file, template_file};
use crate::{Environment, MetadataEntry, WriteError, manifest, metadata};

/// How often another run may come between moving the old assembly away and putting the new one there.
const REPLACE_TRIES: u32 = 100;

/// A stack to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackArtifact {
    /// The artifact's id, which is also the stem of its files: letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// The path that people use; the id if it is the same.
    pub display_name: String,
    /// CloudFormation's name for it.
    pub stack_name: String,
    /// Where it goes.
    pub environment: Environment,
    /// The ids of the stacks that must be deployed before this one.
    pub dependencies: Vec<String>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// Whether the stack is to be protected from deletion. `None`: left as it is.
    pub termination_protection: Option<bool>,
    /// Topics that get the stack's events. `None`: left as they are.
    pub notification_arns: Option<Vec<String>>,
    /// The hashes of the assets that the stack uses; each must be given to the writer as well, in any order.
    pub assets: Vec<String>,
    /// What is known about constructs: path with a leading slash, and its entries. Written in this order.
    pub metadata: Vec<(String, Vec<MetadataEntry>)>,
}

impl MetadataEntry {
    /// The entry that ties a logical id to its construct and to the line that made it (`file:line`).
    #[must_use]
    pub fn logical_id(logical_id: impl Into<String>, place: Option<String>) -> Self {
        Self {
            kind: metadata::LOGICAL_ID.to_owned(),
            data: Some(Value::String(logical_id.into())),
            trace: place.into_iter().collect(),
        }
    }

    /// A message on a construct, which other tools show as well.
    #[must_use]
    pub fn message(level: crate::MessageLevel, text: impl Into<String>, place: Option<String>) -> Self {
        let kind = match level {
            crate::MessageLevel::Info => metadata::INFO,
            crate::MessageLevel::Warning => metadata::WARNING,
            crate::MessageLevel::Error => metadata::ERROR,
        };
        Self { kind: kind.to_owned(), data: Some(Value::String(text.into())), trace: place.into_iter().collect() }
    }
}

/// The content of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssetContent {
    /// A whole folder, zipped when it is published. Symbolic links are followed, but not out of the folder.
    Directory(PathBuf),
    /// Chosen files of a folder, zipped when published: the name in the archive (with `/`) and the file to copy.
    Files(Vec<(String, PathBuf)>),
    /// One file, published as it is.
    File(PathBuf),
    /// Generated content, published as it is, with the extension of its key (dot included, or empty).
    Bytes(Vec<u8>, String),
}

/// Collects an assembly and puts it in place when [finished](Self::finish). Dropped without that, it leaves no trace.
#[derive(Debug)]
pub struct AssemblyWriter {
    out: PathBuf,
    staging: PathBuf,
    stacks: Vec<StackArtifact>,
    /// By hash.
    assets: BTreeMap<String, File>,
    finished: bool,
}

impl AssemblyWriter {
    /// Prepares to write to `out`, which must be missing, empty, or an assembly.
    ///
    /// # Errors
    /// `out` holds something else, or its parent cannot be written to.
    pub fn new(out: impl Into<PathBuf>) -> Result<Self, WriteError> {
        let out = out.into();
        check_replaceable(&out)?;
        let staging = sibling(&out, "new")?;
        remove(&staging)?;
        fs::create_dir_all(&staging).map_err(io_error("make", &staging))?;
        Ok(Self { out, staging, stacks: Vec::new(), assets: BTreeMap::new(), finished: false })
    }

    /// Adds a stack and writes its template.
    ///
    /// # Errors
    /// The id is unfit for a file name or was given before, or the file cannot be written.
    pub fn stack(&mut self, stack: StackArtifact, template: &[u8]) -> Result<(), WriteError> {
        check_id(&stack.id)?;
        if self.stacks.iter().any(|other| other.id == stack.id) {
            return Err(WriteError::Duplicate { id: stack.id });
        }
        self.write(&template_file(&stack.id), template)?;
        self.stacks.push(stack);
        Ok(())
    }

    /// Adds an asset under the hash of its content, copies it, and says where it will be published. The same hash again is a no-op.
    ///
    /// # Errors
    /// The hash is unfit for a file name, or a file cannot be read or written, or a symbolic link leads out of the asset.
    pub fn asset(
        &mut self,
        hash: &str,
        display_name: Option<&str>,
        content: &AssetContent,
    ) -> Result<FileDestination, WriteError> {
        check_id(hash)?;
        if let Some(known) = self.assets.get(hash) {
            return Ok(known.destination.clone());
        }
        let (name, packaging, extension) = match content {
            AssetContent::Directory(_) | AssetContent::Files(_) => {
                (format!("asset.{hash}"), Packaging::Zip, String::new())
            }
            AssetContent::File(path) => {
                let extension =
                    path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
                (format!("asset.{hash}{extension}"), Packaging::File, extension)
            }
            AssetContent::Bytes(_, extension) => {
                (format!("asset.{hash}{extension}"), Packaging::File, extension.clone())
            }
        };
        check_id(&name)?;
        let target = self.staging.join(&name);
        match content {
            AssetContent::Directory(source) => {
                let root = source.canonicalize().map_err(io_error("read", source))?;
                copy_directory(&root, source, &target, &mut vec![root.clone()])?;
            }
            AssetContent::Files(files) => {
                fs::create_dir_all(&target).map_err(io_error("make", &target))?;
                for (name, source) in files {
                    if !is_plain_relative(name) {
                        return Err(WriteError::Id { id: name.clone() });
                    }
                    let to = target.join(name);
                    if let Some(parent) = to.parent() {
                        fs::create_dir_all(parent).map_err(io_error("make", parent))?;
                    }
                    fs::copy(source, &to).map_err(io_error("copy", source))?;
                }
            }
            AssetContent::File(source) => {
                fs::copy(source, &target).map_err(io_error("copy", source))?;
            }
            AssetContent::Bytes(bytes, _) => self.write(&name, bytes)?,
        }
        let destination = FileDestination::own_bucket(file_object_key(hash, packaging, &extension));
        let display_name = display_name.map(str::to_owned);
        let file = File { display_name, path: name, packaging, destination: destination.clone() };
        self.assets.insert(hash.to_owned(), file);
        Ok(destination)
    }

    /// Writes the manifests and puts the assembly in the place of what was there.
    ///
    /// # Errors
    /// A stack uses an asset that was not given, or something cannot be written or moved. What was there before is then still there.
    pub fn finish(mut self) -> Result<(), WriteError> {
        for stack in self.stacks.iter().filter(|stack| !stack.assets.is_empty()) {
            self.write_json(&assets_file(&stack.id), &self.asset_manifest(stack)?)?;
        }
        self.write_json(manifest::FILE_NAME, &Manifest { stacks: &self.stacks })?;
        self.write_json(manifest::MARKER_NAME, &Marker)?;
        self.put_in_place()
    }

    fn asset_manifest(&self, stack: &StackArtifact) -> Result<AssetManifest<'_>, WriteError> {
        let file = |hash: &String| match self.assets.get_key_value(hash) {
            Some((hash, file)) => Ok((hash.as_str(), file)),
            None => Err(WriteError::UnknownAsset { stack: stack.id.clone(), asset: hash.clone() }),
        };
        Ok(AssetManifest { files: stack.assets.iter().map(file).collect::<Result<_, _>>()? })
    }

    fn put_in_place(&mut self) -> Result<(), WriteError> {
        let old = sibling(&self.out, "old")?;
        let mut tries = REPLACE_TRIES;
        loop {
            remove(&old)?;
            let had_old = match fs::rename(&self.out, &old) {
                Ok(()) => true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                Err(error) => return Err(io_error("move", &self.out)(error)),
            };
            // Checked again, now that nobody else finds it: time has passed, and this is about to go.
            if had_old && check_replaceable(&old).is_err() {
                fs::rename(&old, &self.out).map_err(io_error("make", &self.out))?;
                return Err(WriteError::NotAnAssembly { folder: self.out.clone() });
            }
            match fs::rename(&self.staging, &self.out) {
                Ok(()) => break,
                // Another run has put its assembly there in between; this one comes after it.
                Err(error) if is_taken(&error) && tries > 0 => tries -= 1,
                Err(error) => {
                    if had_old {
                        // Nothing more can be done if this fails too; the first error is the one to tell.
                        let _ = fs::rename(&old, &self.out);
                    }
                    return Err(io_error("make", &self.out)(error));
                }
            }
        }
        self.finished = true;
        remove(&old)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.staging.join(name);
        fs::write(&path, bytes).map_err(io_error("write", &path))
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), WriteError> {
        let path = self.staging.join(name);
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| io_error("write", &path)(error.into()))?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }
}

impl Drop for AssemblyWriter {
    fn drop(&mut self) {
        if !self.finished {
            // The error that led here is the one to tell.
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists)
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    move |source| WriteError::Io { action, path: path.to_owned(), source }
}

fn check_id(id: &str) -> Result<(), WriteError> {
    let fit = !id.is_empty()
        && !id.starts_with('.')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fit { Ok(()) } else { Err(WriteError::Id { id: id.to_owned() }) }
}

fn is_plain_relative(name: &str) -> bool {
    !name.is_empty()
        && !name.contains('\\')
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn check_replaceable(out: &Path) -> Result<(), WriteError> {
    for pause in [0, 1, 10] {
        // Another run may be moving its assembly there just now, so what looks wrong is looked at again.
        thread::sleep(Duration::from_millis(pause));
        let mut entries = match fs::read_dir(out) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error("read", out)(error)),
        };
        // The manifest alone could be some other tool's; the marker is only ever an assembly's.
        let is_assembly = out.join(manifest::FILE_NAME).is_file() && out.join(manifest::MARKER_NAME).is_file();
        if is_assembly || entries.next().is_none() {
            return Ok(());
        }
    }
    Err(WriteError::NotAnAssembly { folder: out.to_owned() })
}

/// A hidden name beside `out`, on the same file system, of this process alone.
fn sibling(out: &Path, purpose: &str) -> Result<PathBuf, WriteError> {
    let Some(name) = out.file_name() else {
        return Err(WriteError::NotAnAssembly { folder: out.to_owned() });
    };
    Ok(out.with_file_name(format!(".{}.{purpose}.{}", name.to_string_lossy(), std::process::id())))
}

fn remove(path: &Path) -> Result<(), WriteError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}

/// `above` has the real folders on the way down: one that comes again is a circle of links.
fn copy_directory(root: &Path, from: &Path, to: &Path, above: &mut Vec<PathBuf>) -> Result<(), WriteError> {
    fs::create_dir_all(to).map_err(io_error("make", to))?;
    for entry in fs::read_dir(from).map_err(io_error("read", from))? {
        let path = entry.map_err(io_error("read", from))?.path();
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        let real = path.canonicalize().map_err(io_error("read", &path))?;
        if !real.starts_with(root) || above.contains(&real) {
            return Err(WriteError::LinkEscapes { path });
        }
        if real.is_dir() {
            above.push(real);
            copy_directory(root, &path, &target, above)?;
            above.pop();
        } else {
            fs::copy(&real, &target).map_err(io_error("copy", &path))?;
        }
    }
    Ok(())
}
