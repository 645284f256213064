//! Building the project's own programs, to run them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cargo;

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As in every day's work.
    Development,
    /// As it is shipped.
    Release,
}

/// Builds a package that has one program, and returns the program's path.
pub fn build(package: &str, profile: Profile) -> Result<PathBuf> {
    built(package, &[], profile)
}

/// Builds a package that has one program together with another package, so that what both stand on is compiled once for both, with the features that
/// both need.
pub fn build_with(package: &str, other: &str, profile: Profile) -> Result<PathBuf> {
    built(package, &["--package", other], profile)
}

fn built(package: &str, options: &[&str], profile: Profile) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--package", package, "--message-format", "json-render-diagnostics"]);
    command.args(options);
    if profile == Profile::Release {
        command.arg("--release");
    }
    let output = command.stderr(Stdio::inherit()).output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("{package} could not be built");
    }
    executable(&String::from_utf8_lossy(&output.stdout), package).with_context(|| format!("{package} has no program"))
}

/// The package's program in what Cargo says about a build.
fn executable(messages: &str, package: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["kind"][0] == "bin" && is_of(message, package))
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// Whether a message is about a package, by its id: `...#NAME@VERSION`, or `.../NAME#VERSION` where the folder has its name.
fn is_of(message: &Value, package: &str) -> bool {
    let id = message["package_id"].as_str().unwrap_or_default();
    let (place, version) = id.rsplit_once('#').unwrap_or_default();
    match version.split_once('@') {
        Some((name, _)) => name == package,
        None => place.rsplit('/').next() == Some(package),
    }
}

/// Runs a command to its end. If it fails, the error has what it said.
pub fn succeed(command: &mut Command) -> Result<String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{name} does not start"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{name} {}: {}\n{said}{complaint}", arguments.join(" "), output.status);
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_from_a_build_script() {
        let messages = r##"{"reason":"compiler-artifact","package_id":"path+file:///x/bare#0.1.0","target":{"kind":["custom-build"]},"executable":null}
{"reason":"compiler-artifact","package_id":"path+file:///x/bare#0.1.0","target":{"kind":["lib"]},"executable":null}
warning: not JSON
{"reason":"compiler-artifact","package_id":"path+file:///x/cli#skysmith-cli@0.1.0","target":{"kind":["bin"]},"executable":"/x/skysmith"}
{"reason":"compiler-artifact","package_id":"path+file:///x/bare#0.1.0","target":{"kind":["bin"]},"executable":"/x/bare"}"##;
        assert_eq!(executable(messages, "skysmith-cli"), Some(PathBuf::from("/x/skysmith")));
        assert_eq!(executable(messages, "bare"), Some(PathBuf::from("/x/bare")));
        assert_eq!(executable(messages, "cli"), None);
        assert_eq!(executable("", "bare"), None);
    }

    #[test]
    fn what_a_failed_command_said_is_in_the_error() {
        let error = succeed(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).expect_err("it fails");
        let words = error.to_string();
        assert!(words.contains("exit status: 3") && words.contains("out\nerr\n"), "{words}");
    }
}
