//! Runs the tests of the function's Python code, which live beside this file.

use std::{env, path::Path, process::Command};

/// The Python that has everything the tests need.
fn python() -> String {
    let installed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/python/bin/python").display().to_string();
    let python = env::var("SKYSMITH_TEST_PYTHON").unwrap_or(installed);
    assert!(
        Path::new(&python).exists(),
        "{python} is missing: run `cargo xtask test`, which installs what this test needs"
    );
    python
}

#[test]
fn the_function_welcomes() {
    let output = Command::new(python())
        .args(["-m", "unittest", "discover", "-s", "tests"])
        // Compiled code beside the function would be shipped with it.
        .env("PYTHONPYCACHEPREFIX", env!("CARGO_TARGET_TMPDIR"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("Python starts");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    assert!(!report.contains("Ran 0 tests"), "{report}");
}
