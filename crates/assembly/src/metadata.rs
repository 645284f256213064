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
    /// The first character in the line that is meant, counted from 1, where that is known.
    #[cfg_attr(feature = "read", serde(default))]
    pub column: Option<u32>,
    /// How many characters of that line are meant, from the column on, where that is known.
    #[cfg_attr(feature = "read", serde(default))]
    pub length: Option<u32>,
}

impl SourcePlace {
    /// A whole line.
    #[must_use]
    pub fn line(file: impl Into<String>, line: u32) -> Self {
        Self { file: file.into(), line, column: None, length: None }
    }

    /// Reads `file:line` or `file:line:column`. `None` where there is no line, as in a JavaScript stack frame.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, last) = text.rsplit_once(':')?;
        let last: u32 = last.parse().ok()?;
        let (file, line, column) = match rest.rsplit_once(':') {
            Some((file, line)) if line.bytes().all(|b| b.is_ascii_digit()) && !line.is_empty() => {
                (file, line.parse().ok()?, Some(last).filter(|&column| column > 0))
            }
            _ => (rest, last, None),
        };
        (!file.is_empty() && line > 0).then(|| Self { column, ..Self::line(file, line) })
    }
}

impl Serialize for SourcePlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("file", &self.file)?;
        object.serialize_entry("line", &self.line)?;
        for (key, number) in [("column", self.column), ("length", self.length)] {
            if let Some(number) = number {
                object.serialize_entry(key, &number)?;
            }
        }
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
        let place = SourcePlace::parse("src/main.rs:31:7").unwrap();
        assert_eq!((place.to_string().as_str(), place.column), ("src/main.rs:31", Some(7)));
        assert_eq!(SourcePlace::parse("C:\\x\\main.rs:9").unwrap().file, "C:\\x\\main.rs");
        for text in ["", "main.rs", "main.rs:", ":3", "main.rs:0", "new Bucket (/x/bucket.js:1:2)"] {
            assert_eq!(SourcePlace::parse(text), None, "{text}");
        }
    }
}
