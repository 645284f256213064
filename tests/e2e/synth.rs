//! What synthesis promises: the same bytes everywhere, current committed templates, nothing for cfn-lint to say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Shell, python, root};

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

const TEMPLATE: &str = ".template.json";

/// The templates in a folder, by the file's name.
fn templates(folder: &Path) -> BTreeMap<String, String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.ends_with(TEMPLATE))
        .map(|name| {
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            (name, text)
        })
        .collect()
}

fn committed_templates() -> BTreeMap<String, String> {
    templates(&root().join("templates"))
}

fn committed_template(stack: &str) -> Value {
    serde_json::from_str(&committed_templates()[&format!("{stack}{TEMPLATE}")]).unwrap()
}

/// The reference applications, as arguments of `-C`.
fn applications() -> Vec<String> {
    let folders = fs::read_dir(root().join("apps")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = folders
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| folder.into_os_string().into_string().unwrap())
        .collect();
    found.sort();
    found
}

fn of_type<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let resources = template["Resources"].as_object().unwrap();
    resources.iter().filter(|(_, body)| body["Type"] == kind).map(|(id, body)| (id.as_str(), body)).collect()
}

#[test]
fn two_synths_in_two_processes_and_from_two_folders_give_the_same_bytes() {
    let (first, second) = (Shell::new("synth-first"), Shell::new("synth-second"));
    first.skysmith(["synth", "-q"]).exits(0);
    second.skysmith_in(Path::new("/"), ["-C", root().to_str().unwrap(), "synth", "-q"]).exits(0);
    let (one, other) = (files(&first.folder().join("cdk.out")), files(&second.folder().join("cdk.out")));
    assert!(one.len() >= 5, "{:?}", one.keys());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (file, bytes) in &one {
        assert!(bytes == &other[file], "{} differs", file.display());
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(root().to_str().unwrap()), "{} names a folder of this machine", file.display());
    }
}

#[test]
fn the_committed_templates_are_current() {
    let mut synthesized = BTreeMap::new();
    let applications = applications();
    assert!(applications.len() >= 2, "{applications:?}");
    for application in applications {
        // A shell each: one assembly takes the place of the other.
        let shell = Shell::new(&format!("synth-current-{}", Path::new(&application).file_name().unwrap().display()));
        shell.skysmith(["-C", &application, "synth", "-q"]).exits(0);
        synthesized.extend(templates(&shell.folder().join("cdk.out")));
    }
    let committed = committed_templates();
    assert_eq!(committed.keys().collect::<Vec<_>>(), synthesized.keys().collect::<Vec<_>>());
    for (name, text) in &synthesized {
        assert!(
            *text == committed[name],
            "templates/{name} is not current: run `cargo xtask bless`, and look at what it changed"
        );
    }
}

#[test]
fn cfn_lint_finds_nothing() {
    // Away from any configuration file that cfn-lint would pick up.
    let shell = Shell::new("cfn-lint");
    let committed = committed_templates();
    let output = Command::new(python().with_file_name("cfn-lint"))
        .arg("--template")
        .args(committed.keys().map(|name| root().join("templates").join(name)))
        .current_dir(shell.folder())
        .env("HOME", shell.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    assert!(committed.values().all(|text| !text.contains("cfn-lint")), "a suppression");
}

#[test]
fn no_application_has_more_rights_than_it_needs() {
    for name in committed_templates().keys() {
        let template = committed_template(name.strip_suffix(TEMPLATE).unwrap());
        let roles = of_type(&template, "AWS::IAM::Role");
        assert!(!roles.is_empty(), "{name}");
        for role in roles.values() {
            // None on everything, and none with a wildcard for an action.
            for policy in role["Properties"]["Policies"].as_array().unwrap() {
                let text = policy.to_string();
                assert!(!text.contains(r#""Resource":"*""#) && !text.contains(":*\""), "{name}: {text}");
            }
        }
    }
}

#[test]
fn welcome_has_the_ids_that_the_cdk_gives() {
    for environment in ["dev", "prod"] {
        let stack = format!("welcome-{environment}");
        let ours = committed_template(&stack);
        // What the CDK makes of the same application, kept for the tests of the template model.
        let theirs = fs::read_to_string(root().join("crates/template/tests/data/cdk").join(format!("{stack}.json")));
        let theirs = serde_json::from_str(&theirs.unwrap()).unwrap();
        for kind in [
            "AWS::DynamoDB::Table",
            "AWS::Lambda::Function",
            "AWS::ApiGateway::RestApi",
            "AWS::ApiGateway::Resource",
            "AWS::ApiGateway::Stage",
        ] {
            let ids = |template| of_type(template, kind).into_keys().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(ids(&ours), ids(&theirs), "{stack}: {kind}");
        }
    }
}

#[test]
fn object_counter_is_lean_and_safe() {
    let template = committed_template("object-counter");
    let resources = template["Resources"].as_object().unwrap();
    let of_type = |kind: &str| of_type(&template, kind).into_values().collect::<Vec<_>>();
    assert!(resources.len() <= 20, "{} resources", resources.len());
    assert_eq!(of_type("AWS::Lambda::Function").len(), 2, "no helper function");
    assert!(resources.values().all(|body| !body["Type"].as_str().unwrap().starts_with("Custom::")));

    let groups = of_type("AWS::Logs::LogGroup");
    assert_eq!(groups.len(), 2);
    assert!(groups.iter().all(|group| group["Properties"]["RetentionInDays"].is_number()));

    for kind in ["AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"] {
        let [policy] = of_type(kind)[..] else { panic!("not one {kind}") };
        let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
        let tls_only = |statement: &&Value| {
            statement["Effect"] == "Deny" && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
        };
        assert_eq!(statements.iter().filter(tls_only).count(), 1, "{kind}: {statements:?}");
    }

    let [bucket] = of_type("AWS::S3::Bucket")[..] else { panic!("not one bucket") };
    let depends_on = bucket["DependsOn"].as_array().unwrap();
    assert!(depends_on.iter().any(|id| resources[id.as_str().unwrap()]["Type"] == "AWS::SNS::TopicPolicy"));
}
