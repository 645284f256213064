//! Files that travel with a stack: found, checked and fingerprinted here; zipped and uploaded by the deployer.
//!
//! The hash is of names, execute bits and contents alone, so that two checkouts on two machines give the same bytes.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};
use skysmith_assembly as assembly;

use crate::reference::{Intrinsic, Map, Node, Pseudo, Reference, SubPart};
use crate::value::Value;

/// A directory that is uploaded as one zip file before its stack is deployed.
#[derive(Clone, Debug)]
pub struct DirectoryAsset {
    source: PathBuf,
    hash: String,
    files: Rc<[String]>,
}

/// What is wrong with an asset's directory.
#[derive(Debug)]
#[non_exhaustive]
pub enum AssetError {
    /// It cannot be read.
    Io {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is nothing at the path.
    Missing {
        /// The path as it was given.
        path: PathBuf,
        /// Where it was looked for.
        folder: Option<PathBuf>,
    },
    /// It is not a directory.
    NotADirectory(PathBuf),
    /// It has no files.
    Empty(PathBuf),
    /// A link in it leads nowhere.
    DanglingLink {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link in it leads out of it, so that the zip would depend on the machine.
    LinkOutside(PathBuf),
    /// A name that cannot stand in a zip file.
    Name(PathBuf),
}

impl fmt::Display for AssetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::Missing { path, folder: None } => write!(f, "there is no directory `{}`", path.display()),
            Self::Missing { path, folder: Some(folder) } => {
                write!(f, "there is no directory `{}` in {}", path.display(), folder.display())
            }
            Self::NotADirectory(path) => write!(f, "`{}` is not a directory", path.display()),
            Self::Empty(path) => write!(f, "the directory `{}` has no files in it", path.display()),
            Self::DanglingLink { link, target } => {
                write!(f, "`{}` is a link to `{}`, which does not exist", link.display(), target.display())
            }
            Self::LinkOutside(path) => write!(f, "`{}` is a link that leaves the directory", path.display()),
            Self::Name(path) => write!(f, "the name of `{}` is not valid UTF-8", path.display()),
        }
    }
}

impl Error for AssetError {}

/// Names that are never part of an asset: what an interpreter or a desktop leaves behind.
const IGNORED: [&str; 4] = ["__pycache__", ".DS_Store", ".git", "Thumbs.db"];

impl DirectoryAsset {
    /// The SHA-256 of the content, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The directory.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The files in it, by their paths with `/`, sorted.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The bucket that the deployer uploads to.
    pub fn bucket(&self) -> Value<String> {
        let mut parts = Vec::new();
        let mut rest = assembly::ASSET_BUCKET;
        while let Some(start) = rest.find("${") {
            let Some(end) = rest[start..].find('}') else { break };
            if start > 0 {
                parts.push(SubPart::Literal(rest[..start].to_owned()));
            }
            parts.push(match &rest[start + 2..start + end] {
                "AWS::AccountId" => SubPart::Ref(Reference::Pseudo(Pseudo::AccountId)),
                "AWS::Region" => SubPart::Ref(Reference::Pseudo(Pseudo::Region)),
                other => SubPart::Literal(format!("${{{other}}}")),
            });
            rest = &rest[start + end + 1..];
        }
        parts.push(SubPart::Literal(rest.to_owned()));
        Value::from_node(Node::from(Intrinsic::Sub { parts, variables: Map::new() }))
    }

    /// The key that the deployer uploads to.
    pub fn key(&self) -> Value<String> {
        Value::from_node(format!("{}.zip", self.hash).into())
    }

    /// Stands in for an asset that could not be read, so that the program can go on to its other errors.
    pub(crate) fn missing(path: &str) -> Self {
        Self { source: PathBuf::from(path), hash: "0".repeat(64), files: Rc::default() }
    }

    /// Whether the asset could be read.
    pub fn is_readable(&self) -> bool {
        !self.files.is_empty()
    }
}

/// The SHA-256 of some content, in hexadecimal.
pub(crate) fn content_hash(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Finds and fingerprints a directory.
pub(crate) fn directory(path: &str) -> Result<DirectoryAsset, AssetError> {
    let source = PathBuf::from(path);
    let metadata = match fs::metadata(&source) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = if source.is_relative() { std::env::current_dir().ok() } else { None };
            return Err(AssetError::Missing { path: source, folder });
        }
        Err(error) => return Err(AssetError::Io { path: source, error }),
    };
    if !metadata.is_dir() {
        return Err(AssetError::NotADirectory(source));
    }
    let root = source.canonicalize().map_err(|error| AssetError::Io { path: source.clone(), error })?;
    let mut files = Vec::new();
    collect(&root, &source, "", &mut files)?;
    if files.is_empty() {
        return Err(AssetError::Empty(source));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = Sha256::new();
    for file in &files {
        let content = fs::read(&file.path).map_err(|error| AssetError::Io { path: file.path.clone(), error })?;
        // Lengths in front keep two neighbours from being read as one.
        hasher.update((file.name.len() as u64).to_be_bytes());
        hasher.update(&file.name);
        hasher.update([u8::from(file.executable)]);
        hasher.update((content.len() as u64).to_be_bytes());
        hasher.update(&content);
    }
    let hash = hexadecimal(&hasher.finalize());
    Ok(DirectoryAsset { source, hash, files: files.into_iter().map(|file| file.name).collect() })
}

struct Found {
    name: String,
    path: PathBuf,
    executable: bool,
}

fn collect(root: &Path, directory: &Path, prefix: &str, found: &mut Vec<Found>) -> Result<(), AssetError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |error| AssetError::Io { path, error }
    };
    for entry in fs::read_dir(directory).map_err(io_error(directory))? {
        let entry = entry.map_err(io_error(directory))?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else { return Err(AssetError::Name(path)) };
        if IGNORED.contains(&name.as_str()) {
            continue;
        }
        let is_link = entry.file_type().map_err(io_error(&path))?.is_symlink();
        if is_link {
            let target = fs::read_link(&path).map_err(io_error(&path))?;
            match path.canonicalize() {
                Err(_) => return Err(AssetError::DanglingLink { link: path, target }),
                // A link to one of its own parents would never end.
                Ok(real)
                    if !real.starts_with(root) || path.starts_with(&real) || directory_within(directory, &real) =>
                {
                    return Err(AssetError::LinkOutside(path));
                }
                Ok(_) => {}
            }
        }
        let metadata = fs::metadata(&path).map_err(io_error(&path))?;
        let name = format!("{prefix}{name}");
        if metadata.is_dir() {
            collect(root, &path, &format!("{name}/"), found)?;
        } else if metadata.is_file() {
            found.push(Found { executable: is_executable(&metadata), name, path });
        }
    }
    Ok(())
}

fn directory_within(directory: &Path, ancestor: &Path) -> bool {
    directory.canonicalize().is_ok_and(|real| real.starts_with(ancestor))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}
