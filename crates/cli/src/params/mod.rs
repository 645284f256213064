//! The effective parameters of a run, each with the place its value came from.
//!
//! Weakest first: `params/config.properties`, `params/<environment>.properties` (or `.yaml`, `.yml`, `.toml`), the variable `SKYSMITH_PARAM_<KEY>`, `--param KEY=VALUE`.
//! Keys are flat and case counts. A variable's name may have any case and further underscores, as many systems know only one case: `SKYSMITH_PARAM_BUCKET_NAME` sets `BucketName` if
//! that is in a file. All mistakes are reported at once; nothing is guessed and nothing is trimmed away in silence.

mod file;
mod properties;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use skysmith_assembly::SourcePlace;
use skysmith_assembly::protocol::{Diagnostic, Parameter, Severity};

use crate::config::Project;
use crate::error::{Failure, closest};

/// The file that every environment starts from.
const BASE: &str = "config.properties";
/// How the variables start that set a parameter.
pub const VARIABLE_PREFIX: &str = "SKYSMITH_PARAM_";

/// What a file says, before merging.
#[derive(Debug)]
struct Entry {
    key: String,
    value: String,
    line: u32,
}

/// The parameters of a run.
#[derive(Debug, Default)]
pub struct Params {
    /// The effective value of each, and where it was set.
    pub effective: BTreeMap<String, Parameter>,
    /// What is likely a mistake, but could be meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and merges everything.
///
/// `variables` are the process's environment variables, `flags` the values of `--param`.
pub fn read(
    project: &Project,
    environment: Option<&str>,
    variables: impl IntoIterator<Item = (String, String)>,
    flags: &[String],
) -> Result<Params, Failure> {
    let flags = flags.iter().map(|flag| split_flag(flag)).collect::<Result<Vec<_>, _>>()?;
    let folder = project.root.join(&project.config.parameters);
    if project.config.parameters_given && !folder.is_dir() {
        return Err(Failure::failed(format!(
            "the folder of parameters, `{}`, does not exist",
            project.config.parameters.display()
        ))
        .note("it is named by `parameters` in skysmith.toml"));
    }
    let mut mistakes = Vec::new();
    let mut params = Params::default();
    let files = file::environment_files(&folder)?;
    let base = folder.join(BASE);
    if base.is_file() {
        add_file(project, &base, &mut params, &mut mistakes)?;
    }
    if let Some(name) = environment {
        let chosen = files.get(name).map(Vec::as_slice).unwrap_or_default();
        match chosen {
            [] if project.config.environments.contains_key(name) => {}
            [] => return Err(unknown_environment(name, project, &files)),
            [file] => add_file(project, file, &mut params, &mut mistakes)?,
            several => {
                let names: Vec<String> = several.iter().map(|path| format!("`{}`", shown(project, path))).collect();
                return Err(Failure::failed(format!(
                    "environment `{name}` has more than one file: {}",
                    names.join(", ")
                ))
                .hint("keep one of them"));
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::findings(mistakes, "nothing was done"));
    }
    add_variables(variables, &mut params)?;
    add_flags(flags, &mut params)?;
    Ok(params)
}

fn add_file(
    project: &Project,
    path: &Path,
    params: &mut Params,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<(), Failure> {
    let shown = shown(project, path);
    let mut file = file::read(path, &shown)?;
    mistakes.append(&mut file.mistakes);
    for Entry { key, value, line } in file.entries {
        let source = Some(format!("{shown}:{line}"));
        params.effective.insert(key, Parameter { value, source });
    }
    Ok(())
}

fn add_variables(variables: impl IntoIterator<Item = (String, String)>, params: &mut Params) -> Result<(), Failure> {
    let mut set: BTreeMap<String, String> = BTreeMap::new();
    let mut variables: Vec<_> = variables.into_iter().filter(|(name, _)| name.starts_with(VARIABLE_PREFIX)).collect();
    variables.sort();
    for (name, value) in variables {
        let wanted = &name[VARIABLE_PREFIX.len()..];
        let same = |key: &&String| folded(key) == folded(wanted);
        let known = params.effective.keys().find(|key| *key == wanted).or_else(|| params.effective.keys().find(same));
        let key = known.cloned().unwrap_or_else(|| wanted.to_owned());
        if key.is_empty() {
            return Err(Failure::usage(format!("the environment variable {name} names no parameter")));
        }
        if value.is_empty() {
            return Err(Failure::usage(format!(
                "the environment variable {name} sets the parameter `{key}` to nothing"
            ))
            .hint("give it a value, or unset it"));
        }
        if let Some(other) = set.insert(key.clone(), name.clone()) {
            return Err(Failure::usage(format!(
                "the environment variables {other} and {name} both set the parameter `{key}`"
            )));
        }
        params.effective.insert(key, Parameter { value, source: Some(name) });
    }
    Ok(())
}

fn add_flags(flags: Vec<(String, String)>, params: &mut Params) -> Result<(), Failure> {
    let known: Vec<String> = params.effective.keys().cloned().collect();
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in flags {
        if seen.contains(&key) {
            return Err(Failure::usage(format!("`--param {key}=…` is given twice")));
        }
        // A parameter that no file has may be meant: an app can do without it. One that is nearly one of a file's is likely a slip.
        if !known.contains(&key)
            && let Some(close) = closest(&key, known.iter().map(String::as_str))
        {
            let mut warning =
                Diagnostic::new(Severity::Warning, format!("`--param {key}=…` sets a parameter that is in no file"));
            warning.rule = Some("parameter".to_owned());
            warning.notes.push(format!("did you mean `{close}`?"));
            params.warnings.push(warning);
        }
        seen.push(key.clone());
        params.effective.insert(key, Parameter { value, source: Some("--param".to_owned()) });
    }
    Ok(())
}

fn split_flag(flag: &str) -> Result<(String, String), Failure> {
    let Some((key, value)) = flag.split_once('=') else {
        return Err(Failure::usage(format!("`--param {flag}` has no `=`")).hint("write --param KEY=VALUE"));
    };
    match (key.trim(), value) {
        ("", _) => Err(Failure::usage(format!("`--param {flag}` has no key")).hint("write --param KEY=VALUE")),
        (key, "") => Err(Failure::usage(format!("`--param {flag}` sets `{key}` to nothing"))),
        (key, value) => Ok((key.to_owned(), value.to_owned())),
    }
}

fn unknown_environment(name: &str, project: &Project, files: &BTreeMap<String, Vec<PathBuf>>) -> Failure {
    let mut known: Vec<&str> = files.keys().chain(project.config.environments.keys()).map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    let folder = project.config.parameters.display();
    let failure = Failure::usage(format!("there is no environment `{name}`")).suggest(name, known.iter().copied());
    let failure = if known.is_empty() { failure } else { failure.hint(format!("environments: {}", known.join(", "))) };
    failure.hint(format!("an environment is a file {folder}/{name}.properties (or .yaml or .toml), or [environments.{name}] in skysmith.toml"))
}

/// A file as messages name it: from the project's folder on, with `/` everywhere.
fn shown(project: &Project, path: &Path) -> String {
    path.strip_prefix(&project.root).unwrap_or(path).display().to_string().replace('\\', "/")
}

fn folded(name: &str) -> String {
    name.chars().filter(|character| *character != '_').flat_map(char::to_lowercase).collect()
}

/// A mistake in a line of a parameter file.
fn mistake(file: &str, line: u32, message: impl Into<String>) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(Severity::Error, message);
    diagnostic.rule = Some("parameter".to_owned());
    diagnostic.place = Some(SourcePlace::line(file, line));
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("params")).unwrap();
            for (name, text) in files {
                std::fs::write(folder.path().join("params").join(name), text).unwrap();
            }
            Self(folder)
        }

        fn read(
            &self,
            environment: Option<&str>,
            variables: &[(&str, &str)],
            flags: &[&str],
        ) -> Result<Params, Failure> {
            let project =
                Project { root: self.0.path().to_owned(), has_file: false, config: Config::default(), cdk: None };
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
            read(&project, environment, variables, &flags)
        }
    }

    fn sources(params: &Params) -> Vec<String> {
        let line = |(key, parameter): (&String, &Parameter)| {
            format!("{key}={} ({})", parameter.value, parameter.source.as_deref().unwrap_or_default())
        };
        params.effective.iter().map(line).collect()
    }

    fn message(result: Result<Params, Failure>) -> String {
        match result.unwrap_err() {
            Failure::Usage(report) | Failure::Failed(report) => {
                [vec![report.message], report.hints].concat().join("; ")
            }
            Failure::Findings { diagnostics, .. } => {
                diagnostics.iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; ")
            }
            Failure::Story { text, .. } => text,
        }
    }

    #[test]
    fn the_stronger_wins_and_is_named() {
        let folder = Folder::new(&[
            ("config.properties", "A=1\nB=1\nC=1\nD=1\n"),
            ("dev.toml", "B = \"2\"\nC = 2\n"),
            ("prod.properties", "A=9\n"),
        ]);
        let params = folder.read(Some("dev"), &[("SKYSMITH_PARAM_C", "3"), ("OTHER", "x")], &["D=4", "New=5"]).unwrap();
        assert_eq!(
            sources(&params),
            [
                "A=1 (params/config.properties:1)",
                "B=2 (params/dev.toml:1)",
                "C=3 (SKYSMITH_PARAM_C)",
                "D=4 (--param)",
                "New=5 (--param)"
            ]
        );
        assert_eq!(sources(&folder.read(None, &[], &[]).unwrap())[0], "A=1 (params/config.properties:1)");
    }

    #[test]
    fn variables_may_be_spelled_in_capitals() {
        let folder = Folder::new(&[("config.properties", "BucketName=x\n")]);
        let params =
            folder.read(None, &[("SKYSMITH_PARAM_BUCKET_NAME", "y"), ("SKYSMITH_PARAM_FREE", "z")], &[]).unwrap();
        assert_eq!(sources(&params), ["BucketName=y (SKYSMITH_PARAM_BUCKET_NAME)", "FREE=z (SKYSMITH_PARAM_FREE)"]);
        let twice = [("SKYSMITH_PARAM_BUCKET_NAME", "y"), ("SKYSMITH_PARAM_BucketName", "z")];
        assert!(message(folder.read(None, &twice, &[])).contains("both set the parameter `BucketName`"));
        assert!(message(folder.read(None, &[("SKYSMITH_PARAM_BUCKETNAME", "")], &[])).contains("to nothing"));
    }

    #[test]
    fn wrong_flags() {
        let folder = Folder::new(&[("config.properties", "BucketName=x\n")]);
        assert!(message(folder.read(None, &[], &["BucketName"])).contains("has no `=`"));
        assert!(message(folder.read(None, &[], &["=x"])).contains("has no key"));
        assert!(message(folder.read(None, &[], &["BucketName="])).contains("to nothing"));
        assert!(message(folder.read(None, &[], &["A=1", "A=2"])).contains("given twice"));
        let params = folder.read(None, &[], &["BuketName=y"]).unwrap();
        assert_eq!(params.warnings[0].notes, ["did you mean `BucketName`?"]);
    }

    #[test]
    fn environments_exist_or_are_refused() {
        let folder = Folder::new(&[("prod.toml", ""), ("dev.properties", ""), ("dev.toml", "")]);
        assert!(message(folder.read(Some("prd"), &[], &[])).contains("did you mean `prod`?; environments: dev, prod"));
        assert!(
            message(folder.read(Some("dev"), &[], &[]))
                .contains("more than one file: `params/dev.properties`, `params/dev.toml`")
        );
        assert!(folder.read(Some("prod"), &[], &[]).is_ok());
    }
}
