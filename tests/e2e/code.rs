//! The files of functions' code that a deployment would change: named before it happens, from the end of the archive that is deployed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Ran, Shell};

const BUCKET: &str = "skysmith-assets-000000000000-us-east-1-an";

/// A file of a function's code: its path and its content.
type File<'a> = (&'a str, &'a str);

/// An assembly with one function, whose code is in a folder `code` with these files, known by `hash`.
fn assembly(shell: &Shell, hash: &str, files: &[File<'_>]) -> PathBuf {
    let folder = shell.folder().join(hash);
    for (path, content) in files {
        let path = folder.join("code").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let bucket = "skysmith-assets-${AWS::AccountId}-${AWS::Region}-an";
    let template = json!({"Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "Counter": {"Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "python3.13", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": {"Fn::Sub": bucket}, "S3Key": format!("{hash}.zip")}}}}});
    let assets = json!({"version": "36.0.0", "files": {hash: {
        "source": {"path": "code", "packaging": "zip"},
        "destinations": {"here": {"bucketName": bucket, "objectKey": format!("{hash}.zip")}}}}});
    let manifest = json!({"version": "36.0.0", "artifacts": {
        "web.assets": {"type": "cdk:asset-manifest", "properties": {"file": "web.assets.json"}},
        "web": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "web.json"}, "dependencies": ["web.assets"]}}});
    for (name, content) in [("web.json", template), ("web.assets.json", assets), ("manifest.json", manifest)] {
        fs::write(folder.join(name), content.to_string()).unwrap();
    }
    folder
}

fn run(shell: &Shell, assembly: &Path, words: &[&str]) -> Ran {
    let start = ["--local", "--app", assembly.to_str().unwrap()];
    shell.skysmith(start.into_iter().chain(words.iter().copied())).exits(0)
}

#[test]
fn the_files_that_change_are_named() {
    let (_one, shell) = Shell::with_local_aws("code");
    let endpoint = shell.endpoint();
    let big = "x = 1\n".repeat(100);
    let old = assembly(
        &shell,
        "aaaa",
        &[("index.py", "def handler(e, c): return 1\n"), ("lib/gone.py", &big), ("lib/same.py", "same\n")],
    );
    let new = assembly(
        &shell,
        "bbbb",
        &[("index.py", "def handler(e, c): return 2\n"), ("lib/new.py", "new\n"), ("lib/same.py", "same\n")],
    );
    run(&shell, &old, &["deploy"]);
    let diff = run(&shell, &new, &["diff"]).stdout;
    let line = |word: &str| diff.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}:\n{diff}"));
    assert!(line("files: ").contains("1 new, 1 changed, 1 gone, 1 the same"), "{diff}");
    assert!(line("index.py").contains('~') && line("index.py").contains("of the same size"), "{diff}");
    assert!(line("lib/new.py").contains('+') && line("lib/gone.py").contains('-'), "{diff}");
    assert!(!diff.contains("lib/same.py"), "{diff}");

    let json = run(&shell, &new, &["diff", "--json"]).json();
    let code = &json["stacks"][0]["code"][0];
    assert_eq!(code["files"]["same"], 1);
    let changed = code["files"]["changed"].as_array().unwrap().iter();
    let found: Vec<(&str, &Value, &Value)> =
        changed.map(|it| (it["path"].as_str().unwrap(), &it["before_size"], &it["after_size"])).collect();
    assert_eq!(
        found,
        [
            ("index.py", &json!(28), &json!(28)),
            ("lib/gone.py", &json!(600), &Value::Null),
            ("lib/new.py", &Value::Null, &json!(4)),
        ]
    );
    assert_eq!(code["files_unread"], Value::Null);

    // Before anybody is asked to deploy it, the same is shown.
    let told = run(&shell, &new, &["deploy", "--no-execute"]).stderr;
    assert!(told.contains("1 new, 1 changed, 1 gone, 1 the same"), "{told}");

    // What cannot be read is no hindrance, and said.
    shell.person(&endpoint, &["remove_object", BUCKET, "aaaa.zip"]);
    let diff = run(&shell, &new, &["diff"]).stdout;
    let said = format!("changes; the files of the old one were not looked at: s3://{BUCKET}/aaaa.zip is not there");
    assert!(diff.split_whitespace().collect::<Vec<_>>().join(" ").contains(&said), "{diff}");
    let code = run(&shell, &new, &["diff", "--json"]).json()["stacks"][0]["code"][0].clone();
    assert_eq!((&code["files"], code["files_unread"].as_str()), (&Value::Null, said.strip_prefix("changes; ")));
}
