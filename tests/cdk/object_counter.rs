//! The CDK's command line with what we write.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::both::Both;
use crate::harness::root;

const OPEN: [&str; 2] = ["--param", "OpenTopic=true"];

fn synthesized(both: &Both, arguments: &[&str]) -> String {
    both.skysmith(root(), &[&["synth", "-q", "--local"], arguments].concat()).exits(0);
    both.path("ours")
}

#[test]
fn the_cdk_takes_our_assembly_and_sees_our_deploy_as_its_own() {
    let both = Both::new("object-counter", &["object-counter", "objectcounter", "skysmith-demo-"]);
    let here = both.folder();
    let ours = synthesized(&both, &[]);
    let cdk = |arguments: &[&str]| both.cdk(here, &[arguments, &["--app", &ours]].concat());
    let before = both.inventory();

    // Listed and printed, with nothing deployed.
    let listed = cdk(&["ls", "--long", "--json"]).exits(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["id"], "object-counter");
    assert_eq!(listed[0]["environment"]["name"], "aws://unknown-account/unknown-region");
    let printed = cdk(&["synth", "--json"]).exits(0).json();
    let template = fs::read_to_string(Path::new(&ours).join("object-counter.template.json")).unwrap();
    assert_eq!(printed, serde_json::from_str::<Value>(&template).unwrap());
    cdk(&["diff", "--fail"]).exits(1);

    // After our deploy, which makes the bucket for assets too, it finds no difference, and has nothing to do.
    both.skysmith(root(), &["deploy", "--local"]).exits(0);
    let deployed_by_us = both.inventory();
    let diff = cdk(&["diff", "--fail"]).exits(0);
    assert!(diff.stderr.contains("There were no differences"), "{}{}", diff.stdout, diff.stderr);
    let deploy = cdk(&["deploy", "--require-approval", "never"]).exits(0);
    assert!(deploy.stderr.contains("(no changes)"), "{}{}", deploy.stdout, deploy.stderr);

    // It sees a change, and brings it about; then we see none.
    let changed = synthesized(&both, &OPEN);
    assert_eq!(changed, ours);
    let diff = cdk(&["diff", "--fail"]).exits(1);
    assert!(diff.stderr.contains("Changes/Policy"), "{}{}", diff.stdout, diff.stderr);
    both.skysmith(root(), &[&["diff", "--local", "--fail"], &OPEN[..]].concat()).exits(1);
    cdk(&["deploy", "--require-approval", "never"]).exits(0);
    both.skysmith(root(), &[&["diff", "--local", "--fail"], &OPEN[..]].concat()).exits(0);
    cdk(&["destroy", "--force"]).exits(0);
    assert_eq!(both.inventory(), before);

    // Deployed by the CDK from nothing, it is what we make of it, and it works.
    synthesized(&both, &[]);
    let outputs = both.path("outputs.json");
    cdk(&["deploy", "--require-approval", "never", "--outputs-file", &outputs]).exits(0);
    assert_eq!(both.inventory(), deployed_by_us);
    both.skysmith(root(), &["diff", "--local", "--fail"]).exits(0);
    let again = both.skysmith(root(), &["deploy", "--local"]).exits(0);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    let told: Value = serde_json::from_str(&fs::read_to_string(outputs).unwrap()).unwrap();
    let known = both.skysmith(root(), &["outputs", "--local", "--json"]).exits(0).json();
    assert_eq!(told["object-counter"]["Url"], known["object-counter"]["Url"]["value"]);
    let answer = both.person(&["get", known["object-counter"]["Url"]["local_url"].as_str().unwrap()]);
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("{}")));

    both.skysmith(root(), &["destroy", "--local", "--yes", "--allow-data-loss"]).exits(0);
    assert_eq!(both.inventory(), before);
}
