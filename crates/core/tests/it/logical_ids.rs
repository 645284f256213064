//! Logical ids against those of the AWS CDK, in templates that the CDK synthesized.

use std::fs;
use std::path::Path;

use skysmith_core::logical_id;

/// `crates/template/tests/data/cdk` holds them, with a note of their origin.
fn cdk_templates() -> Vec<(String, serde_json::Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template/tests/data/cdk");
    let entries = fs::read_dir(&folder).expect("the CDK's templates are committed");
    let mut templates: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    templates.sort_by(|a, b| a.0.cmp(&b.0));
    templates
}

#[test]
fn agree_with_the_cdk_on_every_id() {
    let mut checked = 0;
    for (file, template) in cdk_templates() {
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let path = resource["Metadata"]["aws:cdk:path"].as_str().unwrap();
            let below_stack: Vec<&str> = path.split('/').skip(1).collect();
            let ours = logical_id(&below_stack).unwrap();
            if resource["Type"] == "AWS::ApiGateway::Deployment" {
                // The CDK appends a hash of the API's content to these, and so do we, with another content.
                assert!(id.starts_with(&ours), "{file}: {path}: {ours}, not {id}");
            } else {
                assert_eq!(&ours, id, "{file}: {path}");
            }
            checked += 1;
        }
    }
    assert!(checked >= 50, "only {checked} ids were there to check");
}

#[test]
fn long_readable_parts_are_cut_but_stay_distinct() {
    let long = "x".repeat(300);
    let a = logical_id(&[&long, "A"]).unwrap();
    let b = logical_id(&[&long, "B"]).unwrap();
    assert_eq!((a.len(), b.len()), (248, 248));
    assert_ne!(a, b);
}
