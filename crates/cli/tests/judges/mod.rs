//! A validator of JSON Schema that is not ours: `json_schema.py`, for the tests of several packages.

#![allow(clippy::unwrap_used, reason = "a test that cannot ask its judge has failed")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// The root of the checkout.
fn root() -> &'static Path {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.into_iter().find(|folder| folder.join("architecture").is_dir()).unwrap()
}

/// A schema, by its path in the checkout.
pub fn schema(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

/// What is wrong with each document, and the values of enumerations that none of them has.
pub fn judged(schema: &Value, documents: &[(String, Value)]) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let installed = root().join("target/tools/python/bin/python");
    let python = std::env::var_os("SKYSMITH_TEST_PYTHON").map_or(installed, PathBuf::from);
    assert!(
        python.exists(),
        "{} is missing: run `cargo xtask test`, which installs what this test needs",
        python.display()
    );
    let mut judge = Command::new(python)
        .arg(root().join("crates/cli/tests/judges/json_schema.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let question = json!({ "schema": schema, "documents": documents });
    // One that does not read has ended, and says why.
    let _ = judge.stdin.take().unwrap().write_all(question.to_string().as_bytes());
    let said = judge.wait_with_output().unwrap();
    assert!(said.status.success(), "the judge failed: run `cargo xtask test`, which installs what it needs");
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    (serde_json::from_value(said["wrong"].clone()).unwrap(), serde_json::from_value(said["unused"].clone()).unwrap())
}

/// Fails unless the document keeps to the schema.
#[track_caller]
#[allow(dead_code, reason = "not every package asks for one document")]
pub fn keeps_to(path: &str, document: &Value) {
    let (wrong, _) = judged(&schema(path), &[("it".to_owned(), document.clone())]);
    assert!(wrong.is_empty(), "{wrong:#?}\n{document:#}");
}
