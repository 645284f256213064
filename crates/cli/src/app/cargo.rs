//! Building an app that is a package of the Cargo workspace.
//!
//! Cargo decides what is current: a build with nothing to do takes it some 60 ms, so there is no cache here that could be wrong. Its own output is shown once it takes longer than a
//! second (it may be waiting for another Cargo), or if it fails.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::process::{self, Event};
use crate::error::Failure;
use crate::session::Session;

/// How long Cargo may be silent.
const PATIENCE: Duration = Duration::from_secs(1);

/// An app's program, as Cargo built it.
#[derive(Debug)]
pub struct Program {
    executable: PathBuf,
    /// The package's folder.
    folder: PathBuf,
}

impl Program {
    /// The command that runs it, in its package's folder as `cargo run` would have it find its files.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        // Under `cargo run` this variable names the package of the command line itself.
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }

    /// The folders that its source places may be relative to: Cargo gives places from the workspace's folder on.
    pub fn source_folders(&self, root: &Path) -> Vec<PathBuf> {
        let mut folders = vec![root.to_owned()];
        folders.extend(self.folder.ancestors().take(4).map(Path::to_owned));
        folders
    }
}

/// A line of Cargo's messages, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    target: Target,
}

#[derive(Default, Deserialize)]
struct Target {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: Vec<String>,
}

/// Builds the package in the development profile.
pub fn build(session: &Session, package: &str, bin: Option<&str>) -> Result<Program, Failure> {
    // The toolchain of the `cargo run` around this, if there is one.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.current_dir(&session.project.root).args(["build", "--package", package]);
    command.arg("--message-format=json-render-diagnostics");
    // Under `cargo run` these name the package of the command line itself, and a build script that watches them, such as ring's, would run again.
    for (name, _) in env::vars_os() {
        let own =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if own {
            command.env_remove(name);
        }
    }
    if let Some(bin) = bin {
        command.args(["--bin", bin]);
    }
    if env::var_os("CARGO_TERM_COLOR").is_none() && anstream::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let ui = &session.ui;
    let mut held = String::new();
    let mut live = ui.is_verbose();
    let mut programs: Vec<(String, Program)> = Vec::new();
    let status = process::run(&mut command, |event, elapsed| {
        match event {
            Event::Out(line) => programs.extend(program(&line)),
            Event::Err(line) => held.push_str(&line),
            Event::Quiet => {}
        }
        live |= elapsed > PATIENCE && !ui.is_quiet();
        if live && !held.is_empty() {
            ui.error(&held);
            held.clear();
        }
    });
    let status = status.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::failed(format!("cannot build `{package}`: there is no cargo on the PATH"))
            .hint("install Rust: https://rustup.rs"),
        _ => Failure::from(error).context("cannot run cargo"),
    })?;
    if !status.success() {
        ui.error(&held);
        return Err(Failure::failed(format!("`{package}` could not be built; cargo says why above")));
    }
    match programs.len() {
        1 => Ok(programs.remove(0).1),
        0 => Err(Failure::failed(format!("the package `{package}` has no program"))
            .hint("an app is a binary: it has a src/main.rs")),
        _ => match programs.iter().position(|(name, _)| name == package) {
            Some(position) => Ok(programs.swap_remove(position).1),
            None => {
                let names: Vec<&str> = programs.iter().map(|(name, _)| name.as_str()).collect();
                Err(Failure::usage(format!("the package `{package}` has several programs: {}", names.join(", "))).hint(
                    format!("name one in skysmith.toml: app = {{ package = \"{package}\", bin = \"{}\" }}", names[0]),
                ))
            }
        },
    }
}

fn program(line: &str) -> Option<(String, Program)> {
    let message: Message = serde_json::from_str(line).ok()?;
    if message.reason != "compiler-artifact" || !message.target.kind.iter().any(|kind| kind == "bin") {
        return None;
    }
    let folder = message.manifest_path.parent()?.to_owned();
    Some((message.target.name, Program { executable: message.executable?, folder }))
}
