//! From what `--app` or skysmith.toml names to stacks that can be worked on.
//!
//! An app is built and run, an assembly is read, a template becomes an assembly of one stack. What comes after does not see the difference.

mod cargo;
pub mod lock;
pub mod probe;
mod process;
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use skysmith_assembly::protocol::{Diagnostic, Severity, Silenced};
use skysmith_assembly::{Assembly, MessageLevel, Note, ReadError, SourcePlace, Stack};
use skysmith_template::Document;

use crate::cdk_json;
use crate::config::{self, App};
use crate::error::Failure;
use crate::output::diagnostics::Sources;
use crate::output::paths;
use crate::points;
use crate::session::Session;

/// What is larger is not even looked at; what is smaller, and still too large, is told by its line.
const LARGEST_TEMPLATE: u64 = 64 * 1024 * 1024;

/// What there is to work on.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// A package of the Cargo workspace, to be built and run.
    Package {
        /// The package's name.
        package: String,
        /// The program in it, where it has several.
        bin: Option<String>,
    },
    /// A command that runs an app.
    Command(String),
    /// A folder with an assembly.
    Assembly(PathBuf),
    /// A template.
    Template(PathBuf),
}

/// Stacks, ready to be worked on.
#[derive(Debug, Default)]
pub struct Loaded {
    /// All stacks, in the app's order.
    pub stacks: Vec<Stack>,
    /// What is worth knowing about them.
    pub warnings: Vec<Diagnostic>,
    /// What counts for nothing.
    pub silenced: Vec<Silenced>,
    /// Whether the app has checked its own templates, as every Skysmith app does.
    pub checked: bool,
    /// The assembly's folder; none for a plain template.
    pub folder: Option<PathBuf>,
    /// Whether the folder was written just now.
    pub fresh: bool,
}

/// What the flags and skysmith.toml say there is to work on.
pub fn source(session: &Session) -> Result<Source, Failure> {
    if let Some(text) = &session.globals.app {
        return from_text(text, Path::new(""));
    }
    match &session.project.config.app {
        Some(App::Package { package, bin }) => Ok(Source::Package { package: package.clone(), bin: bin.clone() }),
        Some(App::Text(text)) => from_text(text, &session.project.root),
        None => Err(nothing_to_work_on(session)),
    }
}

fn nothing_to_work_on(session: &Session) -> Failure {
    let example = "app = { package = \"my-app\" }";
    if session.project.has_file {
        let file = paths::shown(&session.project.root.join(config::FILE_NAME));
        return Failure::usage(format!("{file} does not say what to work on"))
            .hint(format!("add a line such as {example}, or pass --app"));
    }
    if session.project.cdk.is_some() {
        let file = paths::shown(&session.project.root.join(cdk_json::FILE_NAME));
        return Failure::usage(format!("{file} has no `app`"))
            .hint("add one, such as \"app\": \"node app.js\", or pass --app with a command, a folder with an assembly, or a template");
    }
    Failure::usage(format!("there is no {} in {} or above", config::FILE_NAME, session.project.root.display()))
        .hint(format!("create one with a line such as {example}"))
        .hint("or pass --app with a command, a folder with an assembly, or a template")
}

/// A folder and a file are what they are; everything else is a command, unless it looks like a path that was mistyped.
fn from_text(text: &str, base: &Path) -> Result<Source, Failure> {
    let path = base.join(text);
    if path.is_dir() {
        if Assembly::is_assembly(&path) {
            return Ok(Source::Assembly(path));
        }
        return Err(Failure::usage(format!("the folder `{text}` is not a cloud assembly: it has no manifest.json"))
            .hint("--app takes a command, a folder with an assembly, or a template"));
    }
    if looks_like_template(text) && !text.contains(char::is_whitespace) {
        if path.is_file() {
            return Ok(Source::Template(path));
        }
        return Err(Failure::usage(format!("there is no file `{text}`")));
    }
    if text.trim().is_empty() {
        return Err(Failure::usage("--app is empty"));
    }
    Ok(Source::Command(text.to_owned()))
}

/// The template or the assembly that a word on the command line names, if it names one.
pub fn file(text: &str) -> Option<Source> {
    let path = Path::new(text);
    if path.is_dir() {
        return Assembly::is_assembly(path).then(|| Source::Assembly(path.to_owned()));
    }
    (looks_like_template(text) && path.is_file()).then(|| Source::Template(path.to_owned()))
}

/// Whether a name has the ending of a template.
pub fn looks_like_template(text: &str) -> bool {
    let extension = Path::new(text).extension();
    ["json", "yaml", "yml", "template"].iter().any(|known| extension.is_some_and(|found| found == *known))
}

/// Runs or reads what there is, and checks that it can be worked on.
pub fn load(session: &Session) -> Result<Loaded, Failure> {
    read(session, source(session)?)
}

/// The same of this.
pub fn read(session: &Session, source: Source) -> Result<Loaded, Failure> {
    let ui = &session.ui;
    match source {
        Source::Template(path) => {
            require_no_params(session, "a template")?;
            ui.set_sources(Sources::new(vec![PathBuf::new()]));
            let stack = Stack::plain(stack_name(&path), path);
            Ok(Loaded { stacks: vec![stack], ..Loaded::default() })
        }
        Source::Assembly(folder) => {
            require_no_params(session, "an assembly")?;
            ui.set_sources(Sources::new(vec![PathBuf::new(), session.project.root.clone()]));
            let mut loaded = read_assembly(session, &folder)?;
            loaded.fresh = false;
            Ok(loaded)
        }
        Source::Package { package, bin } => {
            let program = cargo::build(session, &package, bin.as_deref())?;
            let run = run::Run {
                label: package,
                folders: program.source_folders(&session.project.root),
                command: program.command(),
                context: BTreeMap::new(),
            };
            finish(session, run)
        }
        Source::Command(text) => {
            let (root, cdk) = (session.project.root.clone(), session.project.cdk.as_ref());
            let text = match cdk.and_then(|cdk| cdk.build.as_deref()) {
                Some(build) => format!("{build} && {text}"),
                None => text,
            };
            let command = run::shell(&text, &root);
            let context = cdk.map_or_else(cdk_json::default_context, |cdk| cdk.context.clone());
            finish(session, run::Run { label: text, folders: vec![root], command, context })
        }
    }
}

/// What is ready takes no values any more: whoever gives one means something else.
fn require_no_params(session: &Session, what: &str) -> Result<(), Failure> {
    let Some(param) = session.globals.params.first() else { return Ok(()) };
    let key = param.split_once('=').map_or(param.as_str(), |(key, _)| key);
    Err(Failure::usage(format!(
        "--param {key} is a value for a program, and this is {what}, where it would change nothing"
    ))
    .hint(format!("for a parameter of the template: --parameters {key}=VALUE")))
}

fn finish(session: &Session, run: run::Run) -> Result<Loaded, Failure> {
    session.ui.set_sources(Sources::new(run.folders.clone()));
    let out = session.out_folder()?;
    let found = run::run(session, run, &out)?;
    let mut loaded = read_assembly(session, &out)?;
    loaded.checked = found.is_skysmith;
    loaded.silenced = found.silenced;
    loaded.warnings.splice(0..0, found.warnings);
    Ok(loaded)
}

/// How many artifacts that are left aside are named; the rest is counted.
const SHOWN_ARTIFACTS: usize = 5;

fn read_assembly(session: &Session, folder: &Path) -> Result<Loaded, Failure> {
    let assembly = Assembly::read(folder).map_err(|error| match error {
        ReadError::Io { .. } | ReadError::NotAnAssembly { .. } => Failure::from(error),
        other => Failure::from(other).note("the assembly is damaged, or was not written by an app"),
    })?;
    let mut unknown_artifacts = 0;
    for note in &assembly.notes {
        match note {
            Note::NewerVersion { version } => {
                session
                    .ui
                    .warn(&format!("the assembly has the newer version {version}; what it has more is left aside"));
            }
            Note::UnknownArtifact { id, kind } => {
                unknown_artifacts += 1;
                if unknown_artifacts <= SHOWN_ARTIFACTS {
                    session.ui.say(&format!(
                        "note: `{id}` is left aside: {kind} is not a kind of artifact that is known here\n"
                    ));
                }
            }
            Note::UnknownDependency { id, dependency } => {
                session.ui.detail(&format!("left aside: `{id}` depends on `{dependency}`, which is not there\n"));
            }
            _ => {}
        }
    }
    if unknown_artifacts > SHOWN_ARTIFACTS {
        let more = unknown_artifacts - SHOWN_ARTIFACTS;
        session.ui.say(&format!("note: {more} more artifacts of unknown kinds are left aside\n"));
    }
    if !assembly.missing_context.is_empty() {
        return Err(missing_context(&assembly.missing_context));
    }
    let findings: Vec<Diagnostic> = assembly.stacks.iter().flat_map(annotations).collect();
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure::findings(findings, "the stacks cannot be deployed"));
    }
    let folder = Some(folder.to_owned());
    Ok(Loaded { stacks: assembly.stacks, warnings: findings, folder, fresh: true, ..Loaded::default() })
}

/// The errors and warnings that the app left on its constructs.
fn annotations(stack: &Stack) -> Vec<Diagnostic> {
    let finding = |message: skysmith_assembly::Message| {
        let severity = match message.level {
            MessageLevel::Info => return None,
            MessageLevel::Warning => Severity::Warning,
            MessageLevel::Error => Severity::Error,
        };
        let mut diagnostic = Diagnostic::new(severity, message.text);
        diagnostic.path = Some(message.path);
        diagnostic.place = message.trace.iter().find_map(|line| SourcePlace::parse(line));
        Some(diagnostic)
    };
    stack.messages().into_iter().filter_map(finding).collect()
}

fn missing_context(missing: &[serde_json::Value]) -> Failure {
    let mut failure = Failure::failed("the app asks for values from the account, which are not looked up yet");
    for entry in missing {
        let text = |key: &str| entry.get(key).and_then(serde_json::Value::as_str).unwrap_or("?").to_owned();
        failure = failure.note(format!("{} ({})", text("key"), text("provider")));
    }
    failure.hint("give the values in the app instead, or keep them in cdk.context.json")
}

/// The stack that a template's file stands for.
fn stack_name(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let mut name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert_str(0, "stack-");
    }
    name
}

/// Reads a stack's template.
pub fn template(stack: &Stack) -> Result<Document, Failure> {
    template_file(&stack.template_file)
}

/// Reads a template, JSON or YAML.
pub fn template_file(path: &Path) -> Result<Document, Failure> {
    let shown = paths::shown(path);
    let io_error = |error| Failure::from(error).context(format!("cannot read {shown}"));
    let size = fs::metadata(path).map_err(io_error)?.len();
    if size > LARGEST_TEMPLATE {
        return Err(Failure::failed(format!("{shown} has {} MB, which is no template", size / 1_000_000))
            .note("CloudFormation takes 1 MB"));
    }
    let bytes = fs::read(path).map_err(io_error)?;
    skysmith_template::read_bytes(&bytes).map_err(|error| {
        let mut diagnostic = Diagnostic::new(Severity::Error, error.kind().to_string());
        diagnostic.rule = Some("syntax".to_owned());
        diagnostic.place = Some(points::place(&shown, error.span()));
        Failure::findings(vec![diagnostic], "nothing was done")
    })
}

/// Shows warnings, before anything is made of what they are about.
pub fn show_warnings(session: &Session, warnings: &[Diagnostic]) {
    if !warnings.is_empty() {
        session.ui.say(&session.ui.findings(warnings));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_app_may_be() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(folder.path().join("t.yaml"), "").unwrap();
        let of = |text| from_text(text, folder.path());
        assert!(matches!(of("out"), Err(Failure::Usage(_))));
        fs::write(folder.path().join("out/manifest.json"), "{}").unwrap();
        assert_eq!(of("out").unwrap(), Source::Assembly(folder.path().join("out")));
        assert_eq!(of("t.yaml").unwrap(), Source::Template(folder.path().join("t.yaml")));
        assert!(matches!(of("u.yaml"), Err(Failure::Usage(_))));
        assert_eq!(of("npx ts-node app.ts").unwrap(), Source::Command("npx ts-node app.ts".to_owned()));
        assert_eq!(of("cat x.json").unwrap(), Source::Command("cat x.json".to_owned()));
    }

    #[test]
    fn names_of_plain_templates() {
        for (file, name) in
            [("a/My_App.template.json", "My-App"), ("t.yaml", "t"), ("1.json", "stack-1"), (".yaml", "yaml")]
        {
            assert_eq!(stack_name(Path::new(file)), name, "{file}");
        }
    }
}
