//! Assemblies that are not like those of the pinned CDK, or that need what is not there.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::both::Both;
use crate::harness::root;

fn write(folder: &Path, version: &str, properties: &Value, more: &Value) {
    fs::create_dir_all(folder).unwrap();
    let mut artifacts = json!({
        "later": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": properties,
            "dependencies": ["thing"],
            "unheardOf": { "field": true },
        },
    });
    artifacts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let manifest = json!({ "version": version, "artifacts": artifacts, "novelty": [1] });
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    let template = json!({ "Resources": { "Topic": { "Type": "AWS::SNS::Topic" } } });
    fs::write(folder.join("later.template.json"), template.to_string()).unwrap();
}

#[test]
fn versions_fields_and_kinds_that_are_not_known() {
    let both = Both::new("versions", &["later"]);
    let folder = both.folder().join("assembly");
    let app = folder.to_str().unwrap();
    let properties = json!({ "templateFile": "later.template.json", "somethingNew": {} });
    let thing = json!({ "thing": { "type": "cdk:something-new", "properties": { "a": 1 } } });
    for version in ["99.1.0", "36.0.0", "2.0.0", "1.10.0"] {
        write(&folder, version, &properties, &thing);
        let listed = both.skysmith(both.folder(), &["--app", app, "list", "--json"]).exits(0);
        assert_eq!(listed.json()["stacks"][0]["path"], "later");
        assert!(listed.stderr.contains("`thing`") && listed.stderr.contains("cdk:something-new"), "{}", listed.stderr);
        assert_eq!(listed.stderr.contains("newer version 99.1.0"), version == "99.1.0", "{}", listed.stderr);
    }
    write(&folder, "99.1.0", &properties, &thing);
    let ran = both.cdk(both.folder(), &["ls", "--app", app]);
    assert_eq!(ran.code, 1, "the CDK reads it by now");
    both.skysmith(both.folder(), &["--app", app, "deploy", "--local"]).exits(0);
    both.skysmith(both.folder(), &["--app", app, "diff", "--local", "--fail"]).exits(0);
    both.skysmith(both.folder(), &["--app", app, "destroy", "--local", "--yes"]).exits(0);
}

#[test]
fn a_bootstrap_that_is_missing_or_too_old() {
    let both = Both::new("bootstrap", &["later"]);
    let folder = both.folder().join("assembly");
    // An environment that nothing else here is deployed to.
    let region = "eu-south-1";
    let parameter = "/cdk-bootstrap/other/version";
    let properties = json!({
        "templateFile": "later.template.json",
        "requiresBootstrapStackVersion": 6,
        "bootstrapStackVersionSsmParameter": parameter,
    });
    write(&folder, "48.0.0", &properties, &json!({}));
    let deploy = || {
        let arguments = ["--app", folder.to_str().unwrap(), "deploy", "--local", "--region", region];
        both.skysmith(both.folder(), &arguments)
    };
    let hint = format!("cdk bootstrap aws://000000000000/{region}");

    let missing = deploy().exits(1);
    assert!(missing.stderr.contains(parameter) && missing.stderr.contains(&hint), "{}", missing.stderr);
    both.person(&["set_parameter", parameter, "5", region]);
    let old = deploy().exits(1);
    let says = |words: &str| old.stderr.contains(words);
    assert!(says("needs version 6") && says("has version 5") && says(&hint), "{}", old.stderr);
    assert!(both.inventory()["stacks"].as_array().unwrap().is_empty());

    both.person(&["set_parameter", parameter, "10", region]);
    deploy().exits(0);
    let arguments = ["--app", folder.to_str().unwrap(), "destroy", "--local", "--yes", "--region", region];
    both.skysmith(both.folder(), &arguments).exits(0);
}

#[test]
fn values_that_would_have_to_be_looked_up() {
    let both = Both::new("lookups", &["lookups"]);
    let folder = root().join("tests/cdk/apps/lookups");
    for command in ["list", "synth", "diff", "deploy"] {
        let ran = both.skysmith(&folder, &[command, "--local"]).exits(1);
        for key in [
            "vpc-provider:account=123456789012:filter.tag:Name=shared:region=eu-west-1",
            "ssm:account=123456789012:parameterName=/shared/url:region=eu-west-1",
        ] {
            assert!(ran.stderr.contains(key), "{command}: {}", ran.stderr);
        }
        assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}
