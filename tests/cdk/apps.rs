//! Five applications of the CDK, through its own command line and through ours: what comes out must be the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::both::{Both, general};
use crate::harness::root;

/// An application, and what is known about it.
struct App {
    name: &'static str,
    /// The names of its stacks, and of its resources in them, begin with these.
    prefixes: &'static [&'static str],
    /// Functions by stack and output, and what they answer, or a part of it.
    answers: Vec<(&'static str, &'static str, Value)>,
}

impl App {
    fn folder(&self) -> PathBuf {
        root().join("tests/cdk/apps").join(self.name)
    }
}

#[test]
fn file_assets() {
    let greeting = json!({"greeting": "good morning", "event": {}});
    compare(&App { name: "assets", prefixes: &["assets"], answers: vec![("assets", "Function", greeting)] });
}

#[test]
fn references_between_stacks() {
    compare(&App { name: "references", prefixes: &["references"], answers: Vec::new() });
}

#[test]
fn stages() {
    let answer = |stage: &str| json!({ "stage": stage });
    compare(&App {
        name: "stages",
        prefixes: &["Dev-", "Live-", "stages-watch"],
        answers: vec![("Dev-Api", "Function", answer("Dev")), ("Live-Api", "Function", answer("Live"))],
    });
}

#[test]
fn custom_resources_and_nested_stacks() {
    let outputs = compare(&App { name: "custom", prefixes: &["custom"], answers: Vec::new() });
    assert_eq!(outputs["custom"]["Told"], "seven is a good number");
    assert_eq!(outputs["custom"]["Loud"], "SEVEN IS A GOOD NUMBER");
}

#[test]
fn an_application_in_python() {
    let answer = json!({"colour": "green", "days": "14"});
    compare(&App {
        name: "python",
        prefixes: &["Office-", "python"],
        answers: vec![("Office-Mail", "Function", answer)],
    });
}

/// Takes the application through all commands on both sides. Returns its outputs.
fn compare(app: &App) -> Value {
    let both = Both::new(app.name, app.prefixes);
    let folder = app.folder();
    let theirs = both.path("theirs");
    let cdk = |arguments: &[&str]| both.cdk(&folder, &[arguments, &["--app", &theirs]].concat());
    let ours = |arguments: &[&str]| both.skysmith(&folder, &[arguments, &["--app", &theirs, "--local"]].concat());

    // The same assembly, to the byte: the context and the environment are what the CDK would have given.
    both.cdk(&folder, &["synth", "--quiet", "--output", &theirs]).exits(0);
    both.skysmith(&folder, &["synth", "--quiet", "--local"]).exits(0);
    same_files(app, &both.folder().join("ours"), Path::new(&theirs));
    let templates = same_templates(&ours(&["synth", "--json"]).exits(0).json(), Path::new(&theirs));

    // The same stacks, with the same order among them.
    let listed = cdk(&["ls", "--long", "--show-dependencies", "--json"]).exits(0).json();
    let stacks: Vec<Listed> = listed.as_array().unwrap().iter().map(listed_by_cdk).collect();
    assert_eq!(stacks.len(), templates);
    let known = ours(&["list", "--json"]).exits(0).json();
    let mut known: Vec<Listed> = known["stacks"].as_array().unwrap().iter().map(listed_by_us).collect();
    known.sort();
    let sorted: Vec<Listed> = BTreeSet::from_iter(stacks).into_iter().collect();
    assert_eq!(known, sorted);

    // Deployed by the CDK: nothing is left to do for us, from the folder and from the running app.
    let before = both.inventory();
    ours(&["diff", "--fail"]).exits(1);
    let file = both.path("outputs.json");
    cdk(&["deploy", "**", "--require-approval", "never", "--outputs-file", &file]).exits(0);
    let outputs = read_json(&file);
    check_answers(app, &both, &outputs);
    let deployed = both.inventory();
    assert_ne!(deployed, before);
    ours(&["diff", "--fail"]).exits(0);
    both.skysmith(&folder, &["diff", "--fail", "--local"]).exits(0);
    let file = both.path("ours.json");
    let again = ours(&["deploy", "--all", "--outputs-file", &file]).exits(0);
    assert_eq!(again.stderr.matches("nothing to do").count(), templates, "{}", again.stderr);
    assert_eq!(read_json(&file), outputs);
    cdk(&["destroy", "**", "--force"]).exits(0);
    let left = both.inventory();

    // Deployed by us, by the command of cdk.json: the same things, the same outputs, and no difference for the CDK.
    let command = read_json(folder.join("cdk.json").to_str().unwrap())["app"].as_str().unwrap().to_owned();
    let arguments = ["--app", &command, "deploy", "--all", "--local", "--outputs-file", &file];
    both.skysmith(&folder, &arguments).exits(0);
    let outputs_of_ours = read_json(&file);
    assert_eq!(general(&outputs_of_ours), general(&outputs));
    check_answers(app, &both, &outputs_of_ours);
    assert_eq!(both.inventory(), deployed);
    let diff = cdk(&["diff", "**", "--fail"]).exits(0);
    assert!(diff.stderr.contains("Number of stacks with differences: 0"), "{}", diff.stderr);
    ours(&["destroy", "--all", "--yes", "--allow-data-loss"]).exits(0);
    assert_eq!(both.inventory(), left);
    outputs
}

/// A stack of a list: path, name, account, region, and what must be there before it.
type Listed = (String, String, Option<String>, Option<String>, BTreeSet<String>);

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn listed_by_us(stack: &Value) -> Listed {
    let dependencies = stack["dependencies"].as_array().unwrap().iter().map(text).collect();
    let place = |key: &str| stack[key].as_str().map(str::to_owned);
    (text(&stack["path"]), text(&stack["stack_name"]), place("account"), place("region"), dependencies)
}

/// The CDK writes `Stage/Stack (Stage-Stack)` for an id, and `unknown-account` for one that is open.
fn listed_by_cdk(stack: &Value) -> Listed {
    let path = |stack: &Value| stack["id"].as_str().unwrap().split(' ').next().unwrap().to_owned();
    let place = |key: &str| {
        let found = text(&stack["environment"][key]);
        (!found.starts_with("unknown-")).then_some(found)
    };
    let dependencies = stack["dependencies"].as_array().unwrap().iter().map(path).collect();
    (path(stack), text(&stack["name"]), place("account"), place("region"), dependencies)
}

fn check_answers(app: &App, both: &Both, outputs: &Value) {
    for (stack, output, expected) in &app.answers {
        let function = outputs[stack][output].as_str().unwrap_or_else(|| panic!("no {stack}.{output} in {outputs}"));
        let answer = both.person(&["invoke", function]);
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(answer[key], *value, "{function} says {answer}");
        }
    }
}

/// Every file below a folder, by its path in it, but for what the CDK's command line leaves there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if name == ".cache" || name.ends_with(".lock") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn same_files(app: &App, ours: &Path, theirs: &Path) {
    let (ours, theirs) = (files(ours), files(theirs));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (path, bytes) in &ours {
        // A program in Python names its temporary folder there.
        if app.name == "python" && path.to_string_lossy().ends_with(".metadata.json") {
            continue;
        }
        assert!(*bytes == theirs[path], "{} is different", path.display());
    }
}

/// Every printed template is one of the files. Returns how many there are.
fn same_templates(printed: &Value, theirs: &Path) -> usize {
    let printed: Vec<String> = match &printed["stacks"] {
        Value::Object(stacks) => stacks.values().map(Value::to_string).collect(),
        _ => vec![printed.to_string()],
    };
    let mut written = BTreeSet::new();
    for (path, bytes) in files(theirs) {
        let name = path.to_string_lossy();
        if name.ends_with(".template.json") && !name.ends_with(".nested.template.json") && !name.contains("asset.") {
            written.insert(serde_json::from_slice::<Value>(&bytes).unwrap().to_string());
        }
    }
    assert_eq!(printed.iter().cloned().collect::<BTreeSet<_>>(), written);
    printed.len()
}

fn read_json(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
