//! YAML against readers that are not ours: what they read from hand-written templates is what this crate reads, and
//! what they read from YAML that this crate wrote is what was meant.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use skysmith_template::{Node, Template, read, read_yaml};

fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/python/bin/python");
    let python = std::env::var_os("SKYSMITH_TEST_PYTHON").map_or(installed, PathBuf::from);
    assert!(
        python.exists(),
        "{} is missing: run `cargo xtask test`, which installs what this test needs",
        python.display()
    );
    python
}

#[derive(Default)]
struct Cases(Vec<String>);

impl Cases {
    fn add(&mut self, name: &str, yaml: &str, json: &str) {
        let text = |text: &str| Node::from(text).to_json_compact();
        self.0.push(format!("{{\"name\":{},\"yaml\":{},\"json\":{}}}\n", text(name), text(yaml), text(json)));
    }

    /// What the judges say against the cases.
    fn judge(self) -> Vec<String> {
        let mut judge = Command::new(python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge.py"))
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = judge.stdin.take().unwrap();
        let input = self.0.concat();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = judge.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<String> = output.lines().map(str::to_owned).collect();
        assert_eq!(lines.pop().unwrap_or_default(), self.0.len().to_string(), "the judge did not finish");
        lines
    }
}

#[test]
fn the_judges_agree() {
    let mut cases = Cases::default();
    for (name, text) in common::corpus() {
        let document = read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        cases.add(&name, &text, &document.template.to_json_compact());
        cases.add(&format!("{name}, written"), &document.template.to_yaml(), &document.template.to_json_compact());
        assert_eq!(read_yaml(&document.template.to_yaml()).unwrap().template, document.template, "{name}");
    }
    for (name, text) in common::cdk() {
        let template = read(&text).unwrap().template;
        cases.add(&name, &template.to_yaml(), &text);
        assert_eq!(read_yaml(&template.to_yaml()).unwrap().template, template, "{name}");
    }
    for plain in common::nasty_values() {
        let node = Node::from_long_form(plain);
        cases.add("nasty", &node.to_yaml(), &node.to_json_compact());
    }
    let mut runner = TestRunner::deterministic();
    for index in 0..400 {
        let root = common::root().new_tree(&mut runner).unwrap().current();
        let template = Template::from_long_form(root);
        cases.add(&format!("made {index}"), &template.to_yaml(), &template.to_json_compact());
    }
    let complaints = cases.judge();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
