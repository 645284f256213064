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

fn committed_template() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("templates/object-counter.template.json")).unwrap()).unwrap()
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
    let shell = Shell::new("synth-current");
    shell.skysmith(["synth", "-q"]).exits(0);
    let synthesized = fs::read_to_string(shell.folder().join("cdk.out/object-counter.template.json")).unwrap();
    let committed = fs::read_to_string(root().join("templates/object-counter.template.json")).unwrap();
    assert!(
        synthesized == committed,
        "templates/ is not current: run `cargo xtask bless`, and look at what it changed"
    );
}

#[test]
fn cfn_lint_finds_nothing() {
    // Away from any configuration file that cfn-lint would pick up.
    let shell = Shell::new("cfn-lint");
    let output = Command::new(python().with_file_name("cfn-lint"))
        .arg("--template")
        .arg(root().join("templates/object-counter.template.json"))
        .current_dir(shell.folder())
        .env("HOME", shell.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    assert!(!committed_template().to_string().contains("cfn-lint"), "a suppression");
}

#[test]
fn object_counter_is_lean_and_safe() {
    let template = committed_template();
    let resources = template["Resources"].as_object().unwrap();
    let of_type = |kind: &str| resources.values().filter(|body| body["Type"] == kind).collect::<Vec<_>>();
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

    // No right is given on everything, and none with a wildcard for an action.
    for role in of_type("AWS::IAM::Role") {
        for policy in role["Properties"]["Policies"].as_array().unwrap() {
            let text = policy.to_string();
            assert!(!text.contains(r#""Resource":"*""#) && !text.contains(":*\""), "{text}");
        }
    }
}
