//! The pinned programs that the tests need, installed under `target/tools`.
//!
//! Once installed they are there: a second run looks at one stamp file. Another version in `requirements.txt` installs
//! anew.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use skysmith_local::{Event, PythonEnvironment};

const REQUIREMENTS: &str = include_str!("../requirements.txt");

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
