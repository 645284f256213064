//! `cargo xtask aws-smoke`: what only AWS can settle, tried in an account that may be played with.
//!
//! The trials are in `tests/aws/smoke.py`, which says what they cost and what they leave; this finds them their program and their Python.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::program::{self, Profile};
use crate::tools;

/// Makes the trials. Without `--local` among the options, `--account` must say which account they may be made in.
pub fn run(options: &[String]) -> Result<()> {
    let is_local = options.iter().any(|option| option == "--local");
    let environment = tools::environment()?;
    let skysmith = program::build("skysmith-cli", Profile::Development)?;
    let [(_, python), others @ ..] = &environment;
    let local = |words: &[&str]| {
        program::succeed(Command::new(&skysmith).arg("local").args(words).envs(others.iter().cloned()))
    };
    let mut trials = Command::new(python);
    trials.arg(tools::root().join("tests/aws/smoke.py")).arg("--skysmith").arg(&skysmith);
    trials.arg("--root").arg(tools::root()).envs(others.iter().cloned());
    for option in options {
        trials.arg(option);
        if option == "--local" {
            local(&["start"])?;
            let status: Value = serde_json::from_str(&local(&["status", "--json"])?)?;
            trials.arg(status["url"].as_str().context("the emulator has no address")?);
        }
    }
    let status = trials.status().context("Python does not start")?;
    if is_local {
        local(&["stop"])?;
    }
    if !status.success() {
        bail!("not everything is as claimed");
    }
    Ok(())
}
