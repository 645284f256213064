//! Running an app by the protocol of [`skysmith_assembly::protocol`], and making sense of how it ends.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use skysmith_assembly::protocol::{self, Context, Diagnostic, Diagnostics, Silenced};
use skysmith_assembly::{Assembly, KNOWN_MAJOR_VERSION};

use super::process::{self, Event};
use crate::error::Failure;
use crate::interrupt;
use crate::output::paths;
use crate::session::Session;

/// After this long without an end, the person is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// An app that is ready to run.
#[derive(Debug)]
pub struct Run {
    /// What messages call it.
    pub label: String,
    /// The folders that its source places may be relative to.
    pub folders: Vec<PathBuf>,
    /// What runs it.
    pub command: Command,
    /// What it is told beside the parameters.
    pub context: BTreeMap<String, Value>,
}

/// What an app that succeeded had to say.
#[derive(Debug)]
pub struct Found {
    /// Its warnings.
    pub warnings: Vec<Diagnostic>,
    /// What counts for nothing.
    pub silenced: Vec<Silenced>,
    /// Whether it speaks the protocol in full, and so has checked its templates.
    pub is_skysmith: bool,
}

/// A command line for the system's shell, to be run in `folder`.
pub fn shell(text: &str, folder: &Path) -> Command {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/C", text]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    };
    command.current_dir(folder);
    command
}

/// Runs the app until it ends. Success means that there is a new assembly in `out`, and no error was reported.
pub fn run(session: &Session, run: Run, out: &Path) -> Result<Found, Failure> {
    let Run { label, mut command, context, .. } = run;
    session.work_alone_with(out);
    check_replaceable(out)?;
    let private = tempfile::Builder::new()
        .prefix("skysmith-")
        .tempdir()
        .map_err(|error| Failure::from(error).context("cannot make a temporary folder"))?;
    let _litter = interrupt::removes(private.path());
    let findings = private.path().join("diagnostics.json");
    set_environment(session, &mut command, context, out, &findings, private.path())?;

    let before = stamp(out);
    let ui = &session.ui;
    let mut held = String::new();
    let mut told = false;
    let status = process::run(&mut command, |event, elapsed| match event {
        // Standard output is for our own results.
        Event::Out(line) | Event::Err(line) if ui.is_quiet() => held.push_str(&line),
        Event::Out(line) | Event::Err(line) => ui.error(&line),
        Event::Quiet if elapsed > PATIENCE && !told => {
            told = true;
            ui.say(&format!("still waiting for `{label}` to end; Ctrl-C stops it\n"));
        }
        Event::Quiet => {}
    })
    .map_err(|error| Failure::from(error).context(format!("cannot run `{label}`")))?;

    let is_skysmith = findings.exists();
    let reported = Diagnostics::read(&findings).map_err(|error| {
        Failure::from(error)
            .context(format!("cannot read what `{label}` reports"))
            .hint("is the app built with another version of Skysmith?")
    })?;
    if reported.has_errors() {
        ui.error(&held);
        let Diagnostics { diagnostics, silenced, .. } = reported;
        return Err(Failure::Findings { diagnostics, silenced, outcome: "nothing was written" });
    }
    if !status.success() {
        ui.error(&held);
        super::show_warnings(session, &reported.diagnostics);
        let failure = Failure::failed(format!("`{label}` {}; nothing was written", process::ending(status)));
        return Err(match status.code() {
            // Rust's own code for a panic that nobody caught.
            Some(101) => failure.note("that is the exit code of a panic; its message is above"),
            Some(127) => failure.note("that is the shell's exit code for a command that it does not find"),
            // 128 and the signal's number, for a process that a shell ran.
            Some(code @ 129..=159) => {
                failure.note(format!("that is a shell's exit code for the end by signal {}", code - 128))
            }
            _ => failure,
        });
    }
    let after = stamp(out);
    if after.is_none() || after == before {
        return Err(Failure::failed(format!("`{label}` ended well but wrote no assembly to {}", paths::shown(out)))
            .hint(
                "a Skysmith app ends with `App::run`, which writes it; other apps write to the folder in CDK_OUTDIR",
            ));
    }
    Ok(Found { warnings: reported.diagnostics, silenced: reported.silenced, is_skysmith })
}

fn set_environment(
    session: &Session,
    command: &mut Command,
    other: BTreeMap<String, Value>,
    out: &Path,
    findings: &Path,
    private: &Path,
) -> Result<(), Failure> {
    let params = session.parameters()?;
    super::show_warnings(session, &params.warnings);
    let rules = session.levels().iter().map(|(rule, level)| (rule.to_string(), level.as_str().to_owned())).collect();
    let environment = session.globals.environment.clone();
    let context = Context { parameters: params.effective, environment, rules, other };
    let context = serde_json::to_string(&context)?;
    command.env_remove(protocol::CONTEXT_FILE).env_remove(protocol::CONTEXT_JSON);
    // A code is for AWS alone.
    command.env_remove("SKYSMITH_MFA_CODE");
    if context.len() < protocol::CONTEXT_JSON_LIMIT {
        command.env(protocol::CONTEXT_JSON, context);
    } else {
        let file = private.join("context.json");
        fs::write(&file, context).map_err(|error| Failure::from(error).context("cannot write the parameters"))?;
        command.env(protocol::CONTEXT_FILE, file);
    }
    command
        .env(protocol::OUTDIR, out)
        .env(protocol::DIAGNOSTICS, findings)
        .env(protocol::ASSEMBLY_VERSION, format!("{KNOWN_MAJOR_VERSION}.0.0"));
    let mut known = |name: &str, value: Option<String>| match value {
        Some(value) => {
            command.env(name, value);
        }
        None => {
            command.env_remove(name);
        }
    };
    known(protocol::DEFAULT_ACCOUNT, session.account());
    known(
        protocol::DEFAULT_REGION,
        session.region().or_else(|| {
            let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
            set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"))
        }),
    );
    Ok(())
}

/// Refuses a target that holds something else than an assembly, before the app has run for nothing, or worse.
fn check_replaceable(out: &Path) -> Result<(), Failure> {
    let mut entries = match fs::read_dir(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(Failure::from(error).context(format!("cannot use {} for the assembly", paths::shown(out))));
        }
        Ok(entries) => entries,
    };
    if Assembly::is_assembly(out) || entries.next().is_none() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} is not empty and is not an assembly, so it is not replaced", paths::shown(out)))
        .hint("choose another folder with --out, or remove this one"))
}

/// What tells one written assembly from the next. A new file in the place of the old one has at least another time.
fn stamp(out: &Path) -> Option<(SystemTime, u64, u64)> {
    let metadata = fs::metadata(out.join("manifest.json")).ok()?;
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let file = 0;
    Some((metadata.modified().ok()?, metadata.len(), file))
}
