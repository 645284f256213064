//! What the command line and an app say to each other.
//!
//! The command line starts the app with the environment variables below; the app leaves its assembly in [`OUTDIR`] and, if it is told a place, all its
//! findings in one file. The names are the AWS CDK's where it has one, so that either side can be exchanged. An app that exits with 0 has still failed if
//! the file holds an error.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_core::de::{Deserialize, Deserializer, Error as _};
use serde_core::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::SourcePlace;

/// The folder in which the app writes its assembly.
pub const OUTDIR: &str = "CDK_OUTDIR";
/// The context as one JSON object.
pub const CONTEXT_JSON: &str = "CDK_CONTEXT_JSON";
/// A file that has the context, where it is too long for the environment. It wins over [`CONTEXT_JSON`].
pub const CONTEXT_FILE: &str = "CONTEXT_OVERFLOW_LOCATION_ENV";
/// Above this many bytes the context goes by file: the least limit of the operating systems for one variable.
pub const CONTEXT_JSON_LIMIT: usize = 128 * 1024;
/// The account of the credentials in use, for stacks that follow them.
pub const DEFAULT_ACCOUNT: &str = "CDK_DEFAULT_ACCOUNT";
/// The region in use, for stacks that follow it.
pub const DEFAULT_REGION: &str = "CDK_DEFAULT_REGION";
/// The version of the assembly that the command line reads.
pub const ASSEMBLY_VERSION: &str = "CDK_CLI_ASM_VERSION";
/// The file in which the app writes its findings. Without it they go to the standard error stream.
pub const DIAGNOSTICS: &str = "SKYSMITH_DIAGNOSTICS";

/// The context key of the effective parameters.
pub const PARAMETERS_KEY: &str = "skysmith:parameters";
/// The context key of the chosen environment.
pub const ENVIRONMENT_KEY: &str = "skysmith:environment";

/// The context key of the rules that have another severity in the project: their ids with `error`, `warning` or `off`.
pub const RULES_KEY: &str = "skysmith:rules";

/// A parameter's value and where it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The value as text, as it was written.
    pub value: String,
    /// Where it was set, for messages: `params/config.properties:3`, `--param`, an environment variable's name.
    pub source: Option<String>,
}

impl Serialize for Parameter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("value", &self.value)?;
        if let Some(source) = &self.source {
            object.serialize_entry("source", source)?;
        }
        object.end()
    }
}

/// What the command line tells the app.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The effective parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// The chosen environment, such as `dev`.
    pub environment: Option<String>,
    /// The rules that have another severity in the project: `error`, `warning` or `off`.
    pub rules: BTreeMap<String, String>,
    /// All other context, such as `-c KEY=VALUE` or the CDK's own keys.
    pub other: BTreeMap<String, Value>,
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if !self.parameters.is_empty() {
            object.serialize_entry(PARAMETERS_KEY, &self.parameters)?;
        }
        if let Some(environment) = &self.environment {
            object.serialize_entry(ENVIRONMENT_KEY, environment)?;
        }
        if !self.rules.is_empty() {
            object.serialize_entry(RULES_KEY, &self.rules)?;
        }
        for (key, value) in &self.other {
            object.serialize_entry(key, value)?;
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut other: BTreeMap<String, Value> = BTreeMap::deserialize(deserializer)?;
        let environment = match other.remove(ENVIRONMENT_KEY) {
            None | Some(Value::Null) => None,
            Some(Value::String(environment)) => Some(environment),
            Some(_) => return Err(D::Error::custom(format_args!("`{ENVIRONMENT_KEY}` is not a string"))),
        };
        let parameters = match other.remove(PARAMETERS_KEY) {
            None => BTreeMap::new(),
            Some(Value::Object(entries)) => entries
                .into_iter()
                .map(|(name, entry)| {
                    let parameter = parameter(&entry).ok_or_else(|| {
                        D::Error::custom(format_args!("`{name}` in `{PARAMETERS_KEY}` has no value or a wrong source"))
                    })?;
                    Ok((name, parameter))
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(D::Error::custom(format_args!("`{PARAMETERS_KEY}` is not an object"))),
        };
        let rules = match other.remove(RULES_KEY) {
            None => BTreeMap::new(),
            Some(Value::Object(entries)) => entries
                .into_iter()
                .map(|(rule, level)| match level {
                    Value::String(level) => Ok((rule, level)),
                    _ => Err(D::Error::custom(format_args!("`{rule}` in `{RULES_KEY}` is not a string"))),
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(D::Error::custom(format_args!("`{RULES_KEY}` is not an object"))),
        };
        Ok(Self { parameters, environment, rules, other })
    }
}

fn parameter(entry: &Value) -> Option<Parameter> {
    let source = match entry.get("source") {
        None | Some(Value::Null) => None,
        Some(source) => Some(source.as_str()?.to_owned()),
    };
    Some(Parameter { value: entry.get("value")?.as_str()?.to_owned(), source })
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "read", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Severity {
    /// Likely a mistake.
    Warning,
    /// A mistake: nothing may be deployed.
    Error,
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding of an app about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "read", derive(serde::Deserialize))]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// The id of the rule, where a rule found it.
    pub rule: Option<String>,
    /// One sentence without a full stop.
    pub message: String,
    /// The construct's path from the app down, without a leading slash.
    pub path: Option<String>,
    /// The resource's type.
    pub resource_type: Option<String>,
    /// The property, as a path: `MemorySize`, `KeySchema[0].AttributeName`.
    pub property: Option<String>,
    /// The line of the app's source that made the construct.
    pub place: Option<SourcePlace>,
    /// What helps to mend it, one sentence each.
    #[cfg_attr(feature = "read", serde(default))]
    pub notes: Vec<String>,
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.entries(&mut object)?;
        object.end()
    }
}

impl Diagnostic {
    fn entries<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        object.serialize_entry("severity", &self.severity)?;
        object.serialize_entry("rule", &self.rule)?;
        object.serialize_entry("message", &self.message)?;
        object.serialize_entry("path", &self.path)?;
        object.serialize_entry("resource_type", &self.resource_type)?;
        object.serialize_entry("property", &self.property)?;
        object.serialize_entry("place", &self.place)?;
        object.serialize_entry("notes", &self.notes)
    }

    /// A finding with nothing but its words.
    #[must_use]
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            rule: None,
            message: message.into(),
            path: None,
            resource_type: None,
            property: None,
            place: None,
            notes: Vec::new(),
        }
    }
}

/// A finding that counts for nothing, because somebody said so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "read", derive(serde::Deserialize))]
pub struct Silenced {
    /// The finding.
    #[cfg_attr(feature = "read", serde(flatten))]
    pub diagnostic: Diagnostic,
    /// Why, where the program says so; nothing where the rule is off in the project.
    pub reason: Option<String>,
}

impl Serialize for Silenced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.diagnostic.entries(&mut object)?;
        object.serialize_entry("reason", &self.reason)?;
        object.end()
    }
}

/// The version of the diagnostics file.
const DIAGNOSTICS_VERSION: u32 = 1;

/// All findings of one run, as the file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "read", derive(serde::Deserialize))]
pub struct Diagnostics {
    version: u32,
    /// In the order in which they were found.
    pub diagnostics: Vec<Diagnostic>,
    /// Those that count for nothing.
    #[cfg_attr(feature = "read", serde(default))]
    pub silenced: Vec<Silenced>,
}

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("version", &self.version)?;
        object.serialize_entry("diagnostics", &self.diagnostics)?;
        if !self.silenced.is_empty() {
            object.serialize_entry("silenced", &self.silenced)?;
        }
        object.end()
    }
}

/// Why a file of findings could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum DiagnosticsError {
    /// The file could not be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is not what an app writes.
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        source: serde_json::Error,
    },
    /// The app speaks a newer version than this command line.
    Version {
        /// The file.
        path: PathBuf,
        /// The version found.
        version: u32,
    },
}

impl fmt::Display for DiagnosticsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Json { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Version { path, version } => {
                write!(f, "{} has version {version}, this is for version {DIAGNOSTICS_VERSION}", path.display())
            }
        }
    }
}

impl Error for DiagnosticsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Json { source, .. } => Some(source),
            Self::Version { .. } => None,
        }
    }
}

impl Diagnostics {
    /// The findings in this order.
    #[must_use]
    pub fn new(diagnostics: Vec<Diagnostic>) -> Self {
        Self { version: DIAGNOSTICS_VERSION, diagnostics, silenced: Vec::new() }
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), DiagnosticsError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|source| DiagnosticsError::Json { path: path.to_owned(), source })?;
        bytes.push(b'\n');
        fs::write(path, bytes).map_err(|source| DiagnosticsError::Io { path: path.to_owned(), source })
    }

    /// Reads the file. One that is missing has no findings: other makers' apps write none.
    ///
    /// # Errors
    /// It cannot be read, or is of another version or shape.
    #[cfg(feature = "read")]
    pub fn read(path: &Path) -> Result<Self, DiagnosticsError> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::new(Vec::new())),
            other => other.map_err(|source| DiagnosticsError::Io { path: path.to_owned(), source })?,
        };
        let json = |source| DiagnosticsError::Json { path: path.to_owned(), source };
        // The version first: a newer file may have any shape beside it.
        #[derive(serde::Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = serde_json::from_slice(&bytes).map_err(json)?;
        if version != DIAGNOSTICS_VERSION {
            return Err(DiagnosticsError::Version { path: path.to_owned(), version });
        }
        serde_json::from_slice(&bytes).map_err(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_has_the_agreed_keys() {
        let text = r#"{"skysmith:parameters":{"BucketName":{"value":"x","source":"params/config.properties:3"}},"skysmith:environment":"dev","skysmith:rules":{"lambda-memory":"off"},"aws:cdk:x":true}"#;
        let context: Context = serde_json::from_str(text).unwrap();
        assert_eq!(context.parameters["BucketName"].source.as_deref(), Some("params/config.properties:3"));
        assert_eq!(context.environment.as_deref(), Some("dev"));
        assert_eq!(context.other["aws:cdk:x"], Value::Bool(true));
        let again = serde_json::to_value(&context).unwrap();
        assert_eq!(again, serde_json::from_str::<Value>(text).unwrap());
        assert!(again.get(PARAMETERS_KEY).is_some() && again.get(ENVIRONMENT_KEY).is_some());
    }

    #[test]
    fn diagnostics_have_the_agreed_form() {
        let text = r#"{"version":1,"diagnostics":[{"severity":"error","rule":null,"message":"m","path":"a/B","resource_type":null,"property":null,
            "place":{"file":"src/main.rs","line":31},"notes":["n"]}],
            "silenced":[{"severity":"warning","rule":"r","message":"m","path":null,"resource_type":null,"property":null,"place":null,"notes":[],"reason":"why"}]}"#;
        let read: Diagnostics = serde_json::from_str(text).unwrap();
        assert!(read.has_errors());
        assert_eq!(read.diagnostics[0].place.as_ref().unwrap().line, 31);
        assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn newer_and_missing_files() {
        let path = std::env::temp_dir().join(format!("skysmith-diagnostics-{}.json", std::process::id()));
        assert!(!Diagnostics::read(&path).unwrap().has_errors());
        fs::write(&path, r#"{"version":2,"something":"else"}"#).unwrap();
        assert!(matches!(Diagnostics::read(&path), Err(DiagnosticsError::Version { version: 2, .. })));
        fs::write(&path, r#"{"version":1,"diagnostics":[{"severity":"fatal","message":""}]}"#).unwrap();
        assert!(matches!(Diagnostics::read(&path), Err(DiagnosticsError::Json { .. })));
        fs::remove_file(&path).unwrap();
    }
}
