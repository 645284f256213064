//! The cloud assembly: the folder that an app leaves behind and the deployer picks up.
//!
//! It is the AWS CDK's own format (`manifest.json`, `<stack>.template.json`, `<stack>.assets.json`, `asset.<hash>/`), so that `cdk deploy --app FOLDER`
//! takes what Skysmith writes and Skysmith takes any `cdk.out`. [`AssemblyWriter`] writes an old version of it with nothing but fields every reader
//! knows; `Assembly::read` reads every version and turns what it does not know into `Note`s.
//!
//! An app only writes, and need not build the other half: that is there with the feature `read`.
//!
//! The [`protocol`] between the command line and an app lives here as well, since both sides need it and neither knows the other.
//!
//! This crate must not know what is in a template, nor AWS, nor a terminal. Invariants: no path of an assembly leads out of its folder; the same input
//! gives the same bytes; a folder that is not an assembly is never replaced.

mod asset;
mod environment;
mod error;
#[cfg(feature = "read")]
mod image;
mod manifest;
mod metadata;
pub mod protocol;
#[cfg(feature = "read")]
mod read;
mod role;
#[cfg(feature = "read")]
mod stack;
mod write;

pub use asset::{ASSET_BUCKET, FileAsset, FileDestination, FileSource, Packaging, Placeholders, file_object_key};
pub use environment::Environment;
#[cfg(feature = "read")]
pub use error::ReadError;
pub use error::WriteError;
#[cfg(feature = "read")]
pub use image::{DockerImageAsset, ImageBuild, ImageDestination, ImageSource};
pub use metadata::{EMPTY_ON_DELETE, Message, MessageLevel, MetadataEntry, SourcePlace};
#[cfg(feature = "read")]
pub use read::{Assembly, Note};
pub use role::AssumedRole;
#[cfg(feature = "read")]
pub use stack::{BootstrapRequirement, LookupRole, Stack};
pub use write::{AssemblyWriter, AssetContent, StackArtifact};

/// The version of the format that [`AssemblyWriter`] writes. Readers accept every version up to their own, so a low number reaches the most of them.
pub const WRITTEN_VERSION: &str = "36.0.0";

/// The highest major version whose additions this crate has been checked against. A newer one is read as well, with `Note::NewerVersion`.
pub const KNOWN_MAJOR_VERSION: u32 = 55;
