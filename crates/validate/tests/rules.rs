//! `architecture/RULES.md`: the rules of this crate, and what it has of cfn-lint's.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use skysmith_validate::RuleId;

const BEGINNING: &str = "<!-- rules: written by a test -->\n";
const END: &str = "<!-- end of rules -->\n";
/// How many of the rules of cfn-lint that apply may be missing, of a hundred.
const MISSING: usize = 10;

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../architecture/RULES.md")
}

fn table() -> String {
    let mut table = String::from("| rule | severity | why | what to do |\n|---|---|---|---|\n");
    for rule in RuleId::ALL {
        let cell = |text: &str| text.replace('|', "\\|");
        table += &format!("| {rule} | {} | {} | {} |\n", rule.severity(), cell(rule.reason()), cell(rule.fix()));
    }
    table
}

#[test]
fn the_page_has_the_rules_of_the_code() {
    let text = std::fs::read_to_string(page()).expect("the page is there");
    let (before, rest) = text.split_once(BEGINNING).expect("it says where the rules begin");
    let (_, after) = rest.split_once(END).expect("it says where they end");
    let current = format!("{before}{BEGINNING}\n{}\n{END}{after}", table());
    if std::env::var_os("SKYSMITH_BLESS").is_some() {
        std::fs::write(page(), &current).expect("the page can be written");
    } else {
        assert!(text == current, "not current: SKYSMITH_BLESS=1 cargo test -p skysmith-validate --test rules");
    }
}

#[test]
fn every_rule_of_cfn_lint_is_covered_not_applicable_or_missing() {
    let text = std::fs::read_to_string(page()).expect("the page is there");
    let (_, table) = text.split_once("## cfn-lint's rules").expect("it has the second table");
    let known: BTreeSet<&str> = RuleId::ALL.iter().map(|it| it.as_str()).collect();
    let mut listed = BTreeMap::new();
    for line in table.lines().filter(|it| it.starts_with("| ") && !it.starts_with("| cfn-lint")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, state, by] = cells.as_slice() else { panic!("{line}") };
        match *state {
            "covered" => {
                let names = by.split(" (").next().unwrap_or_default();
                assert!(names.split(", ").all(|it| known.contains(it)), "no such rule: {line}");
            }
            "not applicable" => assert!(!by.is_empty(), "no reason: {line}"),
            "missing" => {}
            _ => panic!("{line}"),
        }
        assert!(listed.insert(*id, *state).is_none(), "twice: {line}");
    }
    let output = Command::new(common::python())
        .args(["-c", "from cfnlint.runner import main; main()", "--list-rules"])
        .output()
        .expect("cfn-lint starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let is_id =
        |it: &str| it.len() == 5 && it.starts_with(['E', 'W', 'I']) && it[1..].bytes().all(|it| it.is_ascii_digit());
    let theirs: BTreeSet<&str> =
        text.lines().filter_map(|it| Some(it.split_once(": ")?.0)).filter(|it| is_id(it)).collect();
    assert!(theirs.len() > 300, "{}", theirs.len());
    assert_eq!(listed.keys().copied().collect::<BTreeSet<_>>(), theirs);
    let count = |wanted: &str| listed.values().filter(|it| **it == wanted).count();
    let (covered, missing) = (count("covered"), count("missing"));
    println!("{covered} covered, {missing} missing, {} not applicable", count("not applicable"));
    assert!(missing * 100 <= (covered + missing) * MISSING, "{missing} of {} are missing", covered + missing);
}
