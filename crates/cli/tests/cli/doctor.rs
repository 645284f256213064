//! `skysmith doctor`.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake_aws::Answer;
use crate::project::{Ran, TestProject};

/// A check by its name.
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {report}"))
}

fn status(report: &Value, name: &str) -> String {
    check(report, name)["status"].as_str().unwrap().to_owned()
}

/// A folder and a home without anything of this machine's user.
fn bare() -> TestProject {
    let project = TestProject::new();
    let home = project.path("home").display().to_string();
    project.variable("HOME", &home).variable("AWS_EC2_METADATA_DISABLED", "true")
}

fn with_credentials(url: &str) -> TestProject {
    bare()
        .variable("AWS_ACCESS_KEY_ID", "AKIA")
        .variable("AWS_SECRET_ACCESS_KEY", "secret")
        .variable("AWS_REGION", "eu-west-1")
        .variable("SKYSMITH_ENDPOINT_URL", url)
}

/// Folders in which the programs that it looks for are scripts.
pub fn scripts(project: TestProject, programs: &[(&str, &str)]) -> TestProject {
    let project = project.file("bin/.keep", "");
    for (name, script) in programs {
        // Written by another process: while this one had the file open, a program that another test starts would inherit that, and what is
        // open for writing cannot be run.
        let write = r#"printf '%s' "$2" > "$1" && chmod 755 "$1""#;
        let written = std::process::Command::new("/bin/sh")
            .args(["-c", write, "sh"])
            .arg(project.path(&format!("bin/{name}")))
            .arg(format!("#!/bin/sh\n{script}\n"))
            .status();
        assert!(written.unwrap().success(), "cannot write {name}");
    }
    // The system's shell, which runs an app's command.
    let shell = ["/bin/sh", "/usr/bin/sh"].into_iter().find(|shell| std::path::Path::new(shell).exists()).unwrap();
    std::os::unix::fs::symlink(shell, project.path("bin/sh")).unwrap();
    let path = project.path("bin").display().to_string();
    // `cargo test` names its own Cargo.
    project.variable("PATH", &path).variable("CARGO", "cargo")
}

#[test]
fn every_thing_is_named_with_its_purpose() {
    let project = scripts(
        bare(),
        &[
            ("cargo", "echo 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)'"),
            ("node", "echo v24.1.0"),
            ("docker", "exit 1"),
            ("python3", "case $1 in -c) echo 3.12.3;; *) echo Python 3.12.3;; esac"),
        ],
    );
    let ran = project.skysmith(["doctor"]).ok().err("");
    let python = project.path("bin/python3").display().to_string();
    let expected = format!(
        "✓ nothing is missing that this folder's project needs\n\n\
         · project       what there is to work on                   there is no skysmith.toml in {0} or above\n\
         ✓ cargo         builds apps in Rust                        1.95.0\n\
         ✓ python3       runs the local AWS                         3.12.3, with venv ({python})\n\
         ✓ node          runs CDK apps in TypeScript or JavaScript  24.1.0\n\
         · cargo-lambda  builds functions in Rust                   not found\n\
         ! docker        builds container images                    asked for its version, it ended with exit code 1\n    \
             = https://docs.docker.com/get-docker\n\
         ✓ local AWS     deploys with --local                       not installed yet; the first use installs it\n\
         · credentials   deploys to AWS                             not checked: there is no region to ask in\n\
         · source        where the credentials come from            not checked: it takes an answer from AWS\n\
         · region        where it goes                              none is set\n\
         · clock         signs calls to AWS                         not checked: it takes an answer from AWS\n",
        project.path("").canonicalize().unwrap().display()
    );
    assert_eq!(ran.out, expected);
}

#[test]
fn what_the_project_needs_decides_the_exit_code() {
    let nothing = || scripts(bare(), &[]);
    let code = |toml: &str, code: i32| {
        let report = nothing().file("skysmith.toml", toml).skysmith(["doctor", "--json"]).code(code).json();
        assert_eq!(report["ok"], code == 0, "{report}");
        report
    };
    let report = code("app = { package = \"my-app\" }\n", 1);
    assert_eq!((status(&report, "project"), status(&report, "cargo")), ("ok".to_owned(), "missing".to_owned()));
    assert_eq!(check(&report, "cargo")["needed"], true);
    assert_eq!(check(&report, "cargo")["hints"][0], "install Rust: https://rustup.rs");
    assert_eq!(check(&report, "node")["needed"], false);
    // An app in another language, of which only that is missing.
    let project = nothing().file("skysmith.toml", "app = \"A=b npx ts-node app.ts\"\n");
    let text = project.skysmith(["doctor"]).code(1).out;
    assert!(text.starts_with("✗ this folder's project needs attention: project, node\n"), "{text}");
    assert!(text.contains("there is no `npx` on the PATH\n    = install it"), "{text}");
    // A template needs nothing but to be there.
    let project = nothing().file("t.json", "{}").file("skysmith.toml", "app = \"t.json\"\n");
    project.skysmith(["doctor"]).ok();
    assert_eq!(status(&code("app = \"u.json\"\n", 1), "project"), "wrong");
    assert_eq!(status(&code("out = \"x\"\n", 1), "project"), "wrong");
    // The local AWS counts where it is asked for.
    let report = nothing().skysmith(["doctor", "--json"]).ok().json();
    assert_eq!(status(&report, "local AWS"), "missing");
    let text = nothing().skysmith(["doctor", "--local"]).code(1).out;
    assert!(text.starts_with("✗ this folder's project needs attention: local AWS\n"), "{text}");
}

#[test]
fn credentials_are_asked_for_once() {
    let report =
        with_credentials(&Answer::identity("123456789012").served()).skysmith(["doctor", "--json"]).ok().json();
    assert_eq!(check(&report, "credentials")["detail"], "account 123456789012, arn:aws:iam::123456789012:user/someone");
    assert_eq!(check(&report, "region")["detail"], "eu-west-1");
    assert_eq!(check(&report, "clock")["detail"], "agrees with AWS");
    // Those of another account than the environment's.
    let project = with_credentials(&Answer::identity("123456789012").served())
        .file("skysmith.toml", "app = \"true\"\n[environments.prod]\naccount = \"210987654321\"\n");
    let ran = project.skysmith(["doctor", "--env", "prod"]).code(1);
    assert!(ran.out.contains("is account 210987654321, the credentials belong to 123456789012"), "{}", ran.out);
}

#[test]
fn a_wrong_clock_is_told() {
    let answer = Answer { clock: Duration::from_secs(1000), ..Answer::identity("123456789012") };
    let ran = with_credentials(&answer.served()).skysmith(["doctor"]).code(1);
    assert!(ran.out.contains("s behind AWS, which refuses calls that are 5 min off"), "{}", ran.out);
    let late = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z";
    let url = Answer::refusal("SignatureDoesNotMatch", late).served();
    let ran = with_credentials(&url).skysmith(["doctor"]).code(1);
    assert!(ran.out.contains("set this machine's clock"), "{}", ran.out);
}

#[test]
fn without_credentials_nobody_is_asked() {
    let project = bare().variable("AWS_REGION", "eu-west-1");
    let report = project.skysmith(["doctor", "--json"]).ok().json();
    assert_eq!(status(&report, "credentials"), "missing");
    // Who chooses a profile means to use it.
    let ran = project.skysmith(["--profile", "nobody", "doctor"]).code(1);
    assert!(ran.out.contains("✗ credentials"), "{}", ran.out);
    let report = project.skysmith(["--local", "doctor", "--json"]).json();
    assert_eq!(
        (status(&report, "credentials"), status(&report, "clock")),
        ("skipped".to_owned(), "skipped".to_owned())
    );
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    // It accepts, and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let project = with_credentials(&format!("http://{}", listener.local_addr().unwrap()));
    let started = Instant::now();
    let ran: Ran = project.skysmith(["doctor"]).code(1);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(ran.out.contains("no answer within 2 s"), "{}", ran.out);
}

#[test]
fn a_wrong_configuration_is_shown_as_everywhere() {
    let project = bare().file("skysmith.toml", "ap = \"x\"\n");
    project.skysmith(["doctor"]).code(1).out("").err_has("error[config]: unknown key `ap`");
}
