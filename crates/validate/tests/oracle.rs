//! What cfn-lint finds in broken templates is found here too, at the same place.
//!
//! `oracle/mutate.py` breaks the good templates in one way each, by a fixed sequence of random numbers, and lets cfn-lint
//! judge what comes of it.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use skysmith_validate::{Severity, validate};

/// How many templates are broken: about half a minute of cfn-lint on two processors.
const MUTANTS: usize = 1_000;
/// How many of cfn-lint's errors have to be found, of a hundred.
const FOUND: usize = 95;
const SEED: &str = "2026";

/// Rules by which cfn-lint speaks of a whole map or list where what is wrong is known to be a part of it: a key without a
/// definition, an item of the wrong shape.
const OF_THE_WHOLE: &[&str] = &["E3012", "E3018", "E3039"];
/// Its own failures: a template that it cannot read, a transform that it cannot apply, a rule that panics.
const FAILURES: &[&str] = &["E0000", "E0001", "E0002"];

type Path = Vec<String>;

/// The places that a path may stand for: with a function, the value that it gives as well; without properties, the resource.
fn places(path: &[String]) -> BTreeSet<Path> {
    let mut places = BTreeSet::from([path.to_vec()]);
    for (index, step) in path.iter().enumerate() {
        if step == "Ref" || step.starts_with("Fn::") {
            places.insert(path[..index].to_vec());
        }
    }
    if let Some((last, before)) = path.split_last()
        && last == "Properties"
    {
        places.insert(before.to_vec());
    }
    places
}

struct Found {
    path: Path,
    /// It is about a value that is null or there twice. cfn-lint takes the first for missing, where it would stand, and
    /// reports the second at the list.
    is_of_member: bool,
}

fn is_found(rule: &str, path: &[String], found: &[Found]) -> bool {
    let wanted = places(path);
    found.iter().any(|it| {
        let own = places(&it.path);
        let parent = it.path.split_last().map(|(_, before)| places(before)).unwrap_or_default();
        !own.is_disjoint(&wanted)
            || it.is_of_member && !parent.is_disjoint(&wanted)
            || OF_THE_WHOLE.contains(&rule) && path.len() > 2 && it.path.starts_with(path)
    })
}

#[test]
fn nearly_all_that_cfn_lint_finds_is_found() {
    let out = std::env::temp_dir().join(format!("skysmith-validate-oracle-{}", std::process::id()));
    // The types of the serverless transform are not judged here.
    let good = common::files("valid").filter(|file| !file.ends_with("sam.json"));
    let output = Command::new(common::python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/mutate.py"))
        .arg(&out)
        .args([SEED, &MUTANTS.to_string()])
        .args(good)
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    let (mut all, mut hits, mut mutants) = (0, 0, 0);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        mutants += 1;
        let result = common::json(line);
        let field = |name: &str| result.get(name).and_then(|it| it.as_str()).expect("text").to_owned();
        let text = std::fs::read_to_string(field("file")).expect("the mutant is there");
        let found: Vec<Found> = match skysmith_template::read_json(&text) {
            Ok(document) => validate(&document.template)
                .into_iter()
                .filter(|it| it.severity == Severity::Error)
                .map(|it| Found {
                    path: it.path.iter().map(ToString::to_string).collect(),
                    is_of_member: it.message.contains("null") || it.rule.as_str() == "duplicate-item",
                })
                .collect(),
            Err(error) => panic!("{}: {error}", field("file")),
        };
        let mut seen = BTreeSet::new();
        for error in result.get("errors").and_then(|it| it.as_list()).expect("a list") {
            let [rule, path, message] = error.as_list().expect("a list") else { panic!("{line}") };
            let rule = rule.as_str().expect("text");
            let path: Path =
                path.as_list().expect("a list").iter().map(|it| it.as_str().expect("text").to_owned()).collect();
            if FAILURES.contains(&rule) || !seen.insert((rule.to_owned(), path.clone())) {
                continue;
            }
            let (of_rule, of_rule_found) = counts.entry(rule.to_owned()).or_default();
            all += 1;
            *of_rule += 1;
            if is_found(rule, &path, &found) {
                hits += 1;
                *of_rule_found += 1;
            } else {
                let message: String = message.as_str().unwrap_or_default().chars().take(90).collect();
                missed.push(format!("{rule} {}: {message} ({})", path.join("/"), field("done")));
            }
        }
    }
    drop(std::fs::remove_dir_all(&out));
    missed.sort();
    println!("{hits} of {all} errors in {mutants} templates are found");
    for (rule, (all, found)) in counts.iter().filter(|(_, (all, found))| found < all) {
        println!("{rule}: {found} of {all}");
    }
    assert!(mutants == MUTANTS && all > MUTANTS / 2, "{all} errors in {mutants} templates");
    assert!(hits * 100 >= all * FOUND, "{hits} of {all}\n{}", missed.join("\n"));
    println!("{}", missed.join("\n"));
}
