//! What the tests share: the templates under `tests/data`, and the Python that has cfn-lint.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::{Path, PathBuf};

use skysmith_template::{Template, read_json};
use skysmith_validate::Finding;

/// The files of a folder of `tests/data`, sorted.
pub fn files(folder: &str) -> impl Iterator<Item = PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    files.into_iter()
}

/// The templates of a folder, with the names of their files.
pub fn templates(folder: &str) -> Vec<(String, Template)> {
    files(folder)
        .map(|file| {
            let name = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).expect("it can be read");
            let document = read_json(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, document.template)
        })
        .collect()
}

/// The finding in one line.
pub fn shown(finding: &Finding) -> String {
    let path: Vec<_> = finding.path.iter().map(ToString::to_string).collect();
    format!("{}[{}] at {}: {} {:?}", finding.severity, finding.rule, path.join("/"), finding.message, finding.notes)
}

/// The Python that has cfn-lint.
pub fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("SKYSMITH_TEST_PYTHON") {
        return python.into();
    }
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/python/bin/python");
    assert!(python.exists(), "run `cargo xtask test`, which installs what this test needs");
    python
}
