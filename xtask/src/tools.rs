//! The pinned programs that the tests need, installed under `target/tools`.
//!
//! Once installed they are there: a second run looks at one stamp file. Another version in `requirements.txt` installs
//! anew.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use skysmith_local::{Event, PythonEnvironment};

use crate::program;

const REQUIREMENTS: &str = include_str!("../requirements.txt");
const CDK_REQUIREMENTS: &str = include_str!("../cdk-requirements.txt");

/// What pins the AWS CDK, in `bench/cdk`. Without these it would not be the same installation.
const CDK_PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The root of the checkout.
pub fn root() -> PathBuf {
    // What cargo says now, not what it said when this was compiled: a checkout can be moved.
    let own =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_owned)
}

/// What the tests are told about the tools, as environment variables. Installs what is missing.
pub fn environment() -> Result<[(&'static str, PathBuf); 4]> {
    let tools = root().join("target/tools");
    let python = PythonEnvironment::ensure(&tools.join("python"), REQUIREMENTS, &mut report)
        .context("the tests' Python tools could not be installed")?;
    Ok([
        ("SKYSMITH_TEST_PYTHON", python.python().to_owned()),
        // The emulators that the tests install and start stay in the checkout: none is the user's.
        ("SKYSMITH_CACHE_DIR", tools.join("cache")),
        ("SKYSMITH_LOCAL_DIR", tools.join("local")),
        // Empty is unset: or Python would compile the tools anew each time it runs them.
        ("PYTHONDONTWRITEBYTECODE", PathBuf::new()),
    ])
}

/// The AWS CDK's command line and library, installed with npm: a folder with `node_modules`. Installs what is missing.
pub fn cdk() -> Result<PathBuf> {
    let source = root().join("bench/cdk");
    let installed = root().join("target/tools/cdk");
    fs::create_dir_all(&installed)?;
    let mut pins = String::new();
    for name in CDK_PINS {
        pins += &fs::read_to_string(source.join(name)).with_context(|| format!("bench/cdk/{name}"))?;
        fs::copy(source.join(name), installed.join(name))?;
    }
    let stamp = installed.join("installed");
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&pins) {
        eprintln!("    installing the AWS CDK");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&installed);
        program::succeed(&mut npm).context("the AWS CDK could not be installed; it needs Node.js with npm")?;
        fs::write(stamp, pins)?;
    }
    Ok(installed)
}

/// What the tests with the AWS CDK are told beside [`environment`]. Installs what is missing.
pub fn cdk_environment() -> Result<[(&'static str, PathBuf); 2]> {
    let cdk = cdk()?;
    let python = PythonEnvironment::ensure(&root().join("target/tools/cdk-python"), CDK_REQUIREMENTS, &mut report)
        .context("the AWS CDK for Python could not be installed")?;
    Ok([("SKYSMITH_TEST_CDK", cdk), ("SKYSMITH_TEST_CDK_PYTHON", python.python().to_owned())])
}

fn report(event: Event) {
    match event {
        Event::WaitingForOther => eprintln!("    waiting for another process that installs the same"),
        Event::CreatingEnvironment { python, folder } => {
            eprintln!("    making a virtual environment with {} in {}", python.display(), folder.display());
        }
        Event::Installing { done: 0, total, .. } => eprintln!("    installing {total} packages"),
        _ => {}
    }
}
