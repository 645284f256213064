//! The files of an assembly, as they are in JSON. Only this module knows their spelling.

#[cfg(feature = "read")]
pub(crate) mod read;
pub(crate) mod written;

pub(crate) const FILE_NAME: &str = "manifest.json";
/// The marker by which tools know the folder; holds the version alone.
pub(crate) const MARKER_NAME: &str = "cdk.out";

pub(crate) const STACK: &str = "aws:cloudformation:stack";
pub(crate) const ASSETS: &str = "cdk:asset-manifest";
#[cfg(feature = "read")]
pub(crate) const NESTED: &str = "cdk:cloud-assembly";
/// Kinds that carry nothing to deploy.
#[cfg(feature = "read")]
pub(crate) const IGNORED: [&str; 2] = ["cdk:tree", "cdk:feature-flag-report"];
