//! Files that a stack needs beside its template, and the places they are published to.

use std::path::PathBuf;

use crate::AssumedRole;

/// The bucket for assets where no CDK bootstrap is asked for, with its placeholders still in it.
///
/// The ending makes it an account-regional name, which no other account can take. A template says the same with `Fn::Sub`.
pub const ASSET_BUCKET: &str = "skysmith-assets-${AWS::AccountId}-${AWS::Region}-an";

/// The object key of an asset in [`ASSET_BUCKET`]: `<hash>.zip` for a folder, `<hash><extension>` for a file (the extension with its dot, or empty).
#[must_use]
pub fn file_object_key(hash: &str, packaging: Packaging, extension: &str) -> String {
    match packaging {
        Packaging::Zip => format!("{hash}.zip"),
        Packaging::File => format!("{hash}{extension}"),
    }
}

/// What stands for `${AWS::AccountId}`, `${AWS::Region}` and `${AWS::Partition}` in names that the assembly leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholders {
    /// The account that is deployed to.
    pub account: String,
    /// The region that is deployed to.
    pub region: String,
    /// The partition, such as `aws` or `aws-cn`.
    pub partition: String,
}

impl Placeholders {
    /// Puts the values in. Anything else in `${…}` stays as it is.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        text.replace("${AWS::AccountId}", &self.account)
            .replace("${AWS::Region}", &self.region)
            .replace("${AWS::Partition}", &self.partition)
    }
}

/// How the source of an asset becomes one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packaging {
    /// The file as it is.
    File,
    /// The folder as a zip archive.
    Zip,
}

/// Where the content of an asset comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileSource {
    /// A file or folder in the assembly.
    Path {
        /// Absolute if the assembly's folder was given absolutely; always inside the assembly.
        path: PathBuf,
        /// Whether to zip it.
        packaging: Packaging,
    },
    /// A command that prints the path of the file it made.
    Executable(Vec<String>),
}

/// One object to publish. The only type for this in the workspace: the writer, the reader and the deployer share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDestination {
    /// The bucket, with placeholders.
    pub bucket: String,
    /// The key, with placeholders.
    pub object_key: String,
    /// The bucket's region where it is not the stack's.
    pub region: Option<String>,
    /// A role to publish with. `None`: the caller's own credentials.
    pub role: Option<AssumedRole>,
}

impl FileDestination {
    /// The destination of an asset without a bootstrap: `object_key` in [`ASSET_BUCKET`].
    #[must_use]
    pub fn own_bucket(object_key: impl Into<String>) -> Self {
        Self { bucket: ASSET_BUCKET.to_owned(), object_key: object_key.into(), ..Self::default() }
    }

    /// Whether this is the bucket that the deployer makes itself when it is missing. All others must exist.
    #[must_use]
    pub fn is_own_bucket(&self) -> bool {
        self.bucket == ASSET_BUCKET
    }

    /// The same with all placeholders filled.
    #[must_use]
    pub fn resolve(&self, values: &Placeholders) -> Self {
        Self {
            bucket: values.fill(&self.bucket),
            object_key: values.fill(&self.object_key),
            region: self.region.as_deref().map(|region| values.fill(region)),
            role: self.role.as_ref().map(|role| role.resolve(values)),
        }
    }
}

/// A file or folder that goes to S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAsset {
    /// The asset's id in its manifest: the hash of its content.
    pub id: String,
    /// What the app calls it, for people.
    pub display_name: Option<String>,
    /// Where the content comes from.
    pub source: FileSource,
    /// Where it goes; mostly one place.
    pub destinations: Vec<FileDestination>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        let values =
            Placeholders { account: "123456789012".into(), region: "eu-central-1".into(), partition: "aws".into() };
        let resolved = FileDestination::own_bucket("abc.zip").resolve(&values);
        assert_eq!(resolved.bucket, "skysmith-assets-123456789012-eu-central-1-an");
        assert!(resolved.bucket.len() <= 63);
        assert_eq!(values.fill("arn:${AWS::Partition}:x:${Other}"), "arn:aws:x:${Other}");
    }
}
