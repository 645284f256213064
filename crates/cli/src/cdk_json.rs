//! `cdk.json` and `cdk.context.json`: what a CDK app's folder says once, read where there is no skysmith.toml.
//!
//! Only what decides which app runs, with which context, and where it goes. Other settings belong to the CDK's own command line and are left aside, as it leaves aside those it does
//! not know.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};
use skysmith_assembly::SourcePlace;
use skysmith_assembly::protocol::{Diagnostic, Severity};

use crate::error::Failure;

/// The file of settings.
pub const FILE_NAME: &str = "cdk.json";
/// The file of values that the CDK has looked up. What cdk.json says itself wins over it.
pub const CONTEXT_FILE_NAME: &str = "cdk.context.json";

/// A CDK app's settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CdkJson {
    /// What runs the app: a command, or a folder with an assembly.
    pub app: Option<String>,
    /// A command to run before the app.
    pub build: Option<String>,
    /// The assembly's folder.
    pub output: Option<String>,
    /// The AWS profile for credentials.
    pub profile: Option<String>,
    /// What the app is told.
    pub context: BTreeMap<String, Value>,
}

impl CdkJson {
    /// Reads both files in `folder`; nothing if there is no cdk.json.
    pub fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let Some(settings) = object(folder, FILE_NAME)? else { return Ok(None) };
        let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut context: BTreeMap<String, Value> =
            object(folder, CONTEXT_FILE_NAME)?.unwrap_or_default().into_iter().collect();
        if let Some(Value::Object(own)) = settings.get("context") {
            context.extend(own.clone());
        }
        context.extend(from_settings(&settings));
        Ok(Some(Self {
            app: text("app"),
            build: text("build"),
            output: text("output"),
            profile: text("profile"),
            context,
        }))
    }
}

/// The context that the CDK's command line gives to every app: without it an app writes other templates than it does there.
pub fn default_context() -> BTreeMap<String, Value> {
    from_settings(&Map::new())
}

fn from_settings(settings: &Map<String, Value>) -> BTreeMap<String, Value> {
    let is_on = |key: &str| settings.get(key) != Some(&Value::Bool(false));
    let mut context = BTreeMap::new();
    let mut set = |key: &str, value: Value| context.insert(key.to_owned(), value);
    if is_on("pathMetadata") {
        set("aws:cdk:enable-path-metadata", json!(true));
    }
    if is_on("assetMetadata") {
        set("aws:cdk:enable-asset-metadata", json!(true));
    }
    let reports_versions = is_on("versionReporting");
    set(if reports_versions { "aws:cdk:version-reporting" } else { "aws:cdk:disable-version-reporting" }, json!(true));
    if !is_on("staging") {
        set("aws:cdk:disable-asset-staging", json!(true));
    }
    let bundled = settings.get("bundlingStacks").filter(|stacks| stacks.is_array());
    set("aws:cdk:bundling-stacks", bundled.cloned().unwrap_or_else(|| json!(["**"])));
    context
}

fn object(folder: &Path, name: &str) -> Result<Option<Map<String, Value>>, Failure> {
    let path = folder.join(name);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::from(error).context(format!("cannot read {}", path.display()))),
    };
    let mistake = |line: usize, message: String| {
        let mut diagnostic = Diagnostic::new(Severity::Error, message);
        diagnostic.rule = Some("config".to_owned());
        diagnostic.place = Some(SourcePlace::line(name, u32::try_from(line).unwrap_or(u32::MAX)));
        Failure::findings(vec![diagnostic], "nothing was done")
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(mistake(1, format!("{name} must hold an object"))),
        Err(error) => Err(mistake(error.line(), format!("this is not JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &str, context: Option<&str>) -> Result<Option<CdkJson>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), settings).unwrap();
        if let Some(context) = context {
            fs::write(folder.path().join(CONTEXT_FILE_NAME), context).unwrap();
        }
        CdkJson::read(folder.path())
    }

    #[test]
    fn settings_and_context() {
        let found = read(
            r#"{"app":"node app.js","output":"out","watch":{},"versionReporting":false,"context":{"a":1,"b":{"c":[]}}}"#,
            Some(r#"{"a":2,"ssm:account=1":"x"}"#),
        )
        .unwrap()
        .unwrap();
        assert_eq!(found.app.as_deref(), Some("node app.js"));
        assert_eq!(found.output.as_deref(), Some("out"));
        assert_eq!(found.context["a"], json!(1));
        assert_eq!(found.context["b"], json!({"c": []}));
        assert_eq!(found.context["ssm:account=1"], json!("x"));
        assert_eq!(found.context["aws:cdk:enable-path-metadata"], json!(true));
        assert_eq!(found.context["aws:cdk:disable-version-reporting"], json!(true));
        assert!(!found.context.contains_key("aws:cdk:version-reporting"));
        assert_eq!(default_context()["aws:cdk:version-reporting"], json!(true));
    }

    #[test]
    fn mistakes_have_their_line() {
        for (settings, context, file, line) in [
            ("{\n\"app\": }", None, FILE_NAME, 2),
            ("{}", Some("\n\n["), CONTEXT_FILE_NAME, 3),
            ("[]", None, FILE_NAME, 1),
        ] {
            let Err(Failure::Findings { diagnostics, .. }) = read(settings, context) else { panic!("{settings}") };
            let place = diagnostics[0].place.as_ref().unwrap();
            assert_eq!((place.file.as_str(), place.line), (file, line));
        }
        let nothing = tempfile::tempdir().unwrap();
        assert!(CdkJson::read(nothing.path()).unwrap().is_none());
    }
}
