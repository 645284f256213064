//! `skysmith bootstrap --for-app`, on an emulator that asks for permissions: the roles it makes are enough for the app, used as its own hint says, and for no other.

use std::process::Command;

use crate::harness::{Ran, Shell};
use crate::recorder::Recorder;

const BUCKET: &str = "skysmith-demo-objects";
const DEPLOY_ROLE: &str = "skysmith-deploy-us-east-1";
/// A bucket of nobody's app, marked to be emptied.
const OTHER: &str = r#"{"Resources":{"B":{"Type":"AWS::S3::Bucket","Metadata":{"skysmith:EmptyOnDelete":true},"Properties":{"BucketName":"not-of-the-app"}}}}"#;

#[test]
fn the_roles_for_an_app_are_enough_for_it_and_for_no_other() {
    let (_one, shell) = Shell::with_local_aws("bootstrap");
    let endpoint = shell.endpoint();
    shell.skysmith(["--local", "synth", "-q"]).exits(0);
    let assembly = shell.folder().join("cdk.out");
    let recorder = Recorder::new(&endpoint);
    let folder = shell.folder().join("work");
    std::fs::create_dir_all(&folder).unwrap();
    let command = |key: (&str, &str), words: &[&str]| -> Command {
        let start = ["--endpoint-url", &recorder.url, "--region", "us-east-1"];
        let mut command = shell.command(&folder, start.into_iter().chain(words.iter().copied()));
        command.env("AWS_ACCESS_KEY_ID", key.0).env("AWS_SECRET_ACCESS_KEY", key.1);
        command
    };
    let run = |key, words: &[&str]| Ran::of(command(key, words).output().unwrap());
    let app = ["--app", assembly.to_str().unwrap()];

    // Made by somebody who may do everything, and told how to use it.
    let root = ("test", "test");
    let made = run(root, &[&app[..], &["bootstrap", "--for-app", "--yes"]].concat()).exits(0);
    let told: Vec<&str> = made.stderr.lines().map(str::trim).collect();
    let hint =
        told.iter().find_map(|line| line.strip_prefix("skysmith deploy ")).unwrap_or_else(|| panic!("{}", made.stderr));
    let hint: Vec<&str> = hint.split(' ').collect();
    let config = told.iter().position(|line| *line == "[environments.NAME]").unwrap();
    std::fs::write(folder.join("skysmith.toml"), told[config..config + 3].join("\n")).unwrap();
    let again = run(root, &[&app[..], &["bootstrap", "--for-app", "--yes", "--json"]].concat()).exits(0);
    let last = again.stdout.lines().last().unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        hint,
        [
            "--role-arn",
            last["deploy_role_arn"].as_str().unwrap(),
            "--service-role",
            last["execution_role_arn"].as_str().unwrap()
        ]
    );

    // Used by somebody who may do nothing but take the one role.
    let role = format!("arn:aws:iam::000000000000:role/{DEPLOY_ROLE}");
    let key = shell.person(&endpoint, &["make_key", "ci", "sts:AssumeRole", &role]);
    let key = (key[0].as_str().unwrap(), key[1].as_str().unwrap());
    run(key, &[&app[..], &["deploy", "--yes"]].concat()).exits(1);
    let _ = recorder.calls();
    run(key, &[&app[..], &["deploy", "--yes"], &hint].concat()).exits(0);
    shell.person(&endpoint, &["put", BUCKET, "file", "x"]);
    let configured = [&app[..], &["--env", "NAME", "destroy", "--yes"]].concat();
    let refused = run(key, &configured).exits(1);
    assert!(refused.stderr.contains("Objects holds 1 version of objects"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("lack"), "{}", refused.stderr);
    let gone = run(key, &[&configured[..], &["--allow-data-loss"]].concat()).exits(0);
    assert!(!gone.stderr.contains("lack"), "{}", gone.stderr);
    for (who, action, _) in recorder.calls() {
        assert!(who == DEPLOY_ROLE || action.starts_with("sts:"), "{action} by {who:?}");
    }

    // The data of what is not the app's is counted, and not taken.
    std::fs::write(folder.join("other.json"), OTHER).unwrap();
    let other = |words: &[&str]| run(key, &[&["--env", "NAME", "--app", "other.json"], words].concat());
    other(&["deploy", "--yes"]).exits(0);
    shell.person(&endpoint, &["put", "not-of-the-app", "file", "x"]);
    let denied = other(&["destroy", "--yes", "--allow-data-loss"]).exits(1);
    assert!(denied.stderr.contains("B  1 version of objects"), "{}", denied.stderr);
    assert!(denied.stderr.contains("lack s3:DeleteObject"), "{}", denied.stderr);
}
