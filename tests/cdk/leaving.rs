//! An application that no longer needs what the CDK does by a custom resource: its clean-up, by the CDK's own function, must not take the bucket's
//! notifications with it.

use std::fs;

use serde_json::Value;

use crate::both::Both;
use crate::harness::{aws, root};

/// How many queues are told of what happens in the bucket.
fn told(both: &Both, name: &str) -> String {
    let configuration = format!("b('s3').get_bucket_notification_configuration(Bucket='{name}')");
    aws(both.endpoint(), &format!("print(len({configuration}.get('QueueConfigurations', [])))"))
}

#[test]
fn a_bucket_keeps_its_notifications() {
    let both = Both::new("leaving", &["leaving"]);
    let folder = root().join("tests/cdk/apps/leaving");
    let (theirs, native, file) = (both.path("theirs"), both.path("native"), both.path("outputs.json"));
    both.cdk(&folder, &["synth", "--quiet", "--output", &theirs]).exits(0);
    both.cdk(&folder, &["synth", "--quiet", "--output", &native, "-c", "native=true"]).exits(0);
    let begin = || {
        both.cdk(&folder, &["deploy", "--app", &theirs, "--require-approval", "never", "--outputs-file", &file])
            .exits(0);
        let outputs: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let name = outputs["leaving"]["BucketName"].as_str().unwrap().to_owned();
        assert_eq!(told(&both, &name), "1");
        name
    };

    // In one update, which is a success, they are gone: there is something to be careful of.
    let name = begin();
    both.cdk(&folder, &["deploy", "--app", &native, "--require-approval", "never"]).exits(0);
    assert_eq!(told(&both, &name), "0");
    both.cdk(&folder, &["destroy", "--app", &native, "--force"]).exits(0);

    let name = begin();
    let ours = |arguments: &[&str]| both.skysmith(&folder, &[&["--app", &native, "--local"], arguments].concat());
    let diff = ours(&["diff"]).exits(0).stdout;
    assert_eq!(diff.matches("two steps").count(), 1, "{diff}");
    // The local AWS fears for the bucket where notifications change.
    let ran = ours(&["deploy", "--allow-data-loss"]).exits(0);
    assert!(ran.stderr.contains("letting go of "), "{}", ran.stderr);
    assert_eq!(told(&both, &name), "1");
    ours(&["diff", "--fail"]).exits(0);
    both.cdk(&folder, &["destroy", "--app", &native, "--force"]).exits(0);
}
