//! `cargo xtask bench`: figures beside the bars that every change keeps, and beside the AWS CDK's on the same machine.
//!
//! These are measurements and no tests: a missed bar is shown, and fails nothing. Figures that count on a quiet machine
//! say less on a busy one; the ratios, taken in the same run, say more. All that is built, synthesized and deployed is
//! below `target/bench`, and all that is deployed goes to an emulator on loopback that is stopped at the end.

mod build;
mod cdk;
mod cloud;
mod commands;
mod deploy;
mod diff;
mod fleet;
mod measure;
mod proxy;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    program::{self, Profile},
    tools,
};
use cdk::Cdk;
use report::Report;

/// The application that is measured.
const APP: &str = "object-counter";
/// How often a command of Skysmith is run.
const RUNS: usize = 20;

type Group = fn(&Bench, &mut Report) -> Result<()>;

/// What can be measured by itself, in the table's order.
const GROUPS: [(&str, Group); 9] = [
    ("version", commands::version),
    ("synth", commands::synth),
    ("list", commands::list_and_diff),
    ("validate", commands::validate),
    ("fleet", fleet::fleet),
    ("deploy", deploy::deploy),
    ("diff", diff::diff),
    ("build", build::build),
    ("size", commands::size),
];

/// The names of what can be measured.
pub fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(name, _)| *name)
}

/// Measures what is named, or all of it, and prints the table.
///
/// # Errors
/// If something cannot be measured; the rest of the table is printed all the same.
pub fn run(chosen: &[String]) -> Result<()> {
    let bench = Bench::prepare()?;
    let mut report = Report::default();
    let mut failed = Vec::new();
    for (name, group) in GROUPS {
        if !chosen.is_empty() && !chosen.iter().any(|chosen| chosen == name) {
            continue;
        }
        eprintln!("==> {name}");
        if let Err(error) = group(&bench, &mut report) {
            eprintln!("    failed: {error:#}");
            failed.push(name);
        }
    }
    println!("{}\n{}", conditions(), report.markdown());
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}

/// What the figures were taken on, as far as it explains them.
fn conditions() -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").ok();
    let load = load.as_deref().and_then(|text| text.split(' ').next());
    let load = load.map(|load| format!(", load {load} at the end")).unwrap_or_default();
    format!(
        "Release builds. Medians; the number of runs is in brackets where it is not 1. {processors} processors{load}.\n"
    )
}

/// What all measurements share.
struct Bench {
    /// The root of the checkout.
    root: PathBuf,
    /// Where everything goes that the measurements write.
    folder: PathBuf,
    /// The command line, release build.
    skysmith: PathBuf,
    /// The application's program, release build.
    app: PathBuf,
    /// The AWS CDK, or why it is not measured.
    cdk: Result<Cdk, String>,
}

impl Bench {
    fn prepare() -> Result<Self> {
        eprintln!("==> programs");
        let root = tools::root();
        let folder = root.join("target/bench");
        fs::create_dir_all(&folder)?;
        let skysmith = program::build("skysmith-cli", Profile::Release)?;
        let app = program::build(APP, Profile::Release)?;
        let cdk = Cdk::install(&root, &folder).map_err(|error| format!("{error:#}"));
        if let Err(why) = &cdk {
            eprintln!("    the AWS CDK is not measured: {why}");
        }
        Ok(Self { root, folder, skysmith, app, cdk })
    }

    /// Where the output of the command that is being measured goes.
    fn log(&self) -> PathBuf {
        self.folder.join("output.log")
    }

    /// The AWS CDK, if it is measured.
    fn cdk(&self) -> Option<&Cdk> {
        self.cdk.as_ref().ok()
    }

    /// `skysmith` with these arguments at the root of the checkout, with nothing of the user's settings.
    fn skysmith(&self, arguments: &[&str]) -> Command {
        self.skysmith_at(&self.root, arguments)
    }

    /// The same in another folder.
    fn skysmith_at(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.skysmith);
        command.args(arguments).current_dir(folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SKYSMITH_") {
                command.env_remove(name);
            }
        }
        command.env("SKYSMITH_OUT", self.assembly());
        command
    }

    /// The application's program, as the command line runs it: with parameters, and a place for the assembly.
    fn app(&self, out: &Path) -> Result<Command> {
        let said = program::succeed(&mut self.skysmith(&["params", "--json"]))?;
        let said: Value = serde_json::from_str(&said).context("skysmith params --json")?;
        let context = json!({ "skysmith:parameters": said["parameters"] });
        let folder = self.root.join("apps").join(APP);
        let mut command = Command::new(&self.app);
        command
            .current_dir(&folder)
            .env("CARGO_MANIFEST_DIR", &folder)
            .env("CDK_OUTDIR", out)
            .env("CDK_CONTEXT_JSON", context.to_string())
            .env("SKYSMITH_DIAGNOSTICS", self.folder.join("diagnostics.json"));
        Ok(command)
    }

    /// Where `skysmith` writes the application's assembly.
    fn assembly(&self) -> PathBuf {
        self.folder.join("cdk.out")
    }

    /// The application's assembly, written now.
    fn synthesized(&self) -> Result<PathBuf> {
        program::succeed(&mut self.skysmith(&["synth", "--quiet"]))?;
        Ok(self.assembly())
    }
}
