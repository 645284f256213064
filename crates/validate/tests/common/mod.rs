//! What the tests share: the templates under `tests/data`, and the Python that has cfn-lint.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use skysmith_template::{Node, Template, read_json};
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

/// A line of JSON.
pub fn json(line: &str) -> Node {
    // What reads templates reads any map.
    Node::Map(read_json(line).unwrap_or_else(|error| panic!("{line}: {error}")).template.into_root())
}

/// The finding in one line.
pub fn shown(finding: &Finding) -> String {
    let path: Vec<_> = finding.path.iter().map(ToString::to_string).collect();
    format!("{}[{}] at {}: {} {:?}", finding.severity, finding.rule, path.join("/"), finding.message, finding.notes)
}

/// The names of those files of a folder in which cfn-lint finds an error, and what it says of them.
pub fn refused_by_cfn_lint(folder: &str) -> BTreeMap<String, String> {
    let output = Command::new(python())
        .args(["-c", "from cfnlint.runner import main; main()"])
        .args(["--ignore-checks", "I", "W", "--format", "parseable", "--"])
        .args(files(folder))
        .output()
        .expect("cfn-lint starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut refused = BTreeMap::<String, String>::new();
    for line in text.lines() {
        let name = line.split_once(".json:").and_then(|(path, _)| path.rsplit(['/', '\\']).next());
        let name = name.unwrap_or_else(|| panic!("cfn-lint says: {line}"));
        refused.entry(name.to_owned()).or_default().push_str(&format!("{line}\n"));
    }
    // Without a line there has to be nothing wrong, or it did not run.
    assert_eq!(output.status.success(), refused.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    refused
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
