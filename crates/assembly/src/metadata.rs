//! What an app says about its constructs beside the templates: logical ids, source places, warnings.

use std::fmt;

use serde_core::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// The key in a resource's `Metadata` that marks a bucket to be emptied by `destroy` (value `true`).
///
/// The AWS CDK puts a helper function into the account for this; here the deployer empties the bucket, but only one that carries the mark.
pub const EMPTY_ON_DELETE: &str = "skysmith:EmptyOnDelete";

pub(crate) const LOGICAL_ID: &str = "aws:cdk:logicalId";
pub(crate) const INFO: &str = "aws:cdk:info";
pub(crate) const WARNING: &str = "aws:cdk:warning";
pub(crate) const ERROR: &str = "aws:cdk:error";

/// One thing an app says about one construct.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataEntry {
    /// The kind, such as `aws:cdk:logicalId`.
    pub kind: String,
    /// What is said; its shape depends on the kind.
    pub data: Option<Value>,
    /// Where in the app's source it came from, innermost first. Skysmith writes one `file:line`; the CDK writes JavaScript stack frames.
    pub trace: Vec<String>,
}

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageLevel {
    /// Worth knowing.
    Info,
    /// Likely a mistake; `--strict` makes it fail.
    Warning,
    /// A mistake: the stack must not be deployed.
    Error,
}

/// An annotation that the app left on a construct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How grave it is.
    pub level: MessageLevel,
    /// The construct's path from the app down, without a leading slash.
    pub path: String,
    /// The words.
    pub text: String,
    /// Where the construct was made, as far as the assembly says.
    pub trace: Vec<String>,
}

/// A line of the app's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "read", derive(serde::Deserialize))]
pub struct SourcePlace {
    /// The file, relative to the app's package or workspace.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

impl SourcePlace {
    /// Reads `file:line` (a column after it is dropped). `None` where there is no line, as in a JavaScript stack frame.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, last) = text.rsplit_once(':')?;
        let last: u32 = last.parse().ok()?;
        let (file, line) = match rest.rsplit_once(':') {
            Some((file, line)) if line.bytes().all(|b| b.is_ascii_digit()) && !line.is_empty() => {
                (file, line.parse().ok()?)
            }
            _ => (rest, last),
        };
        (!file.is_empty() && line > 0).then(|| Self { file: file.to_owned(), line })
    }
}

impl Serialize for SourcePlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("file", &self.file)?;
        object.serialize_entry("line", &self.line)?;
        object.end()
    }
}

impl fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_places() {
        let place = SourcePlace::parse("apps/x/src/main.rs:31").unwrap();
        assert_eq!((place.file.as_str(), place.line), ("apps/x/src/main.rs", 31));
        assert_eq!(SourcePlace::parse("src/main.rs:31:7").unwrap().to_string(), "src/main.rs:31");
        assert_eq!(SourcePlace::parse("C:\\x\\main.rs:9").unwrap().file, "C:\\x\\main.rs");
        for text in ["", "main.rs", "main.rs:", ":3", "main.rs:0", "new Bucket (/x/bucket.js:1:2)"] {
            assert_eq!(SourcePlace::parse(text), None, "{text}");
        }
    }
}
