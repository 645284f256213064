//! What can go wrong with an assembly. Every error names the file or folder.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why an assembly could not be read.
#[cfg(feature = "read")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no `manifest.json` in the folder.
    #[error("{} is not a cloud assembly: it has no manifest.json", .folder.display())]
    NotAnAssembly {
        /// The folder.
        folder: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file is not JSON, or not of the expected shape.
    #[error("{}: {source}", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's reason, with line and column.
        source: serde_json::Error,
    },
    /// An artifact lacks something or has it in a wrong form.
    #[error("{}: artifact `{artifact}`: {reason}", .path.display())]
    Artifact {
        /// The manifest.
        path: PathBuf,
        /// The artifact's id.
        artifact: String,
        /// What is wrong.
        reason: String,
    },
    /// A path in the assembly is absolute or leads out of the assembly's folder.
    #[error("{}: `{target}` leads out of the assembly", .path.display())]
    PathEscapes {
        /// The manifest that has the path.
        path: PathBuf,
        /// The path as written.
        target: String,
    },
    /// A file is larger than any that an app writes.
    #[error("{}: {} MB are too much for a manifest", .path.display(), .size / 1_000_000)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        size: u64,
    },
    /// Nested assemblies go deeper than any app's do; the folder likely contains itself.
    #[error("{}: assemblies are nested too deep", .path.display())]
    TooDeep {
        /// The manifest at which reading stopped.
        path: PathBuf,
    },
}

/// Why an assembly could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// A file or folder could not be read, made, copied or moved.
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The target exists, has something in it and is not an assembly. It was left as it is.
    NotAnAssembly {
        /// The folder.
        folder: PathBuf,
    },
    /// An id that becomes a file name has other characters than letters, digits, `-`, `_` and `.`, or is empty, or starts with a dot.
    Id {
        /// The id.
        id: String,
    },
    /// The same stack, or two assets with one id and different content, were given twice.
    Duplicate {
        /// The id.
        id: String,
    },
    /// A stack uses an asset that was not given.
    UnknownAsset {
        /// The stack's id.
        stack: String,
        /// The asset's id.
        asset: String,
    },
    /// A symbolic link in an asset points out of the asset's folder, or to a folder that it is in.
    LinkEscapes {
        /// The link.
        path: PathBuf,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, source } => write!(f, "cannot {action} {}: {source}", path.display()),
            Self::NotAnAssembly { folder } => {
                write!(f, "{} is not a cloud assembly and not empty, so it is not replaced", folder.display())
            }
            Self::Id { id } => write!(f, "`{id}` cannot be a file name in an assembly"),
            Self::Duplicate { id } => write!(f, "`{id}` is in the assembly twice"),
            Self::UnknownAsset { stack, asset } => {
                write!(f, "stack `{stack}` uses asset `{asset}`, which is not in the assembly")
            }
            Self::LinkEscapes { path } => {
                write!(f, "{} is a symbolic link that leads out of the asset or in a circle", path.display())
            }
        }
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
