//! The difference beside judges that are not ours: the AWS CDK's `cdk diff`, the providers' schemas, the emulator's change sets.
//!
//! What comes out stands in `architecture/DIFF.md`; `cargo xtask bless` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test whose tools are not there has failed")]

mod cdk;
mod document;
mod pairs;

mod verdicts;

use std::path::PathBuf;

/// Where a tool is that `cargo xtask test` installs.
fn installed(variable: &str, place: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = std::env::var_os(variable).map_or_else(|| root.join(place), PathBuf::from);
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask test`, which installs what this test needs",
        path.display()
    );
    path
}

/// The Python that has cfn-lint with the providers' schemas, and the emulator.
fn python() -> PathBuf {
    installed("SKYSMITH_TEST_PYTHON", "target/tools/python/bin/python")
}
