//! Flags, commands, help, streams.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::project::TestProject;

#[test]
fn slips_are_answered_with_a_suggestion() {
    let project = TestProject::new();
    project.skysmith(["synht"]).code(2).out("").err_has("a similar subcommand exists: 'synth'");
    project.skysmith(["synth", "--quite"]).code(2).out("").err_has("a similar argument exists: '--quiet'");
    project.skysmith(["synth", "--region"]).code(2).out("").err_has("a value is required for '--region <REGION>'");
    project.skysmith(["diff", "--fial"]).code(2).err_has("--fail");
    project.skysmith([]).code(2).out("").err_has("Usage: skysmith");
}

#[test]
fn help_and_version_are_results() {
    let project = TestProject::new();
    let help = project.skysmith(["--help"]).ok().err("");
    for word in ["Examples:", "synth", "deploy", "--param", "Exit code: 0 done"] {
        assert!(help.out.contains(word), "{word}");
    }
    assert!(project.skysmith(["deploy", "--help"]).ok().err("").out.contains("--allow-data-loss"));
    project.skysmith(["--version"]).ok().out(concat!("skysmith ", env!("CARGO_PKG_VERSION"), "\n")).err("");
}

#[test]
fn starts_at_once() {
    let project = TestProject::new();
    // The least of several: other tests run at the same time. An unoptimized build has far more room here than the release build needs.
    let least = (0..10)
        .map(|_| {
            let start = Instant::now();
            project.skysmith(["--version"]).ok();
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(least < Duration::from_millis(50), "{least:?}");
}

#[test]
fn nothing_to_work_on_is_said() {
    let project = TestProject::new();
    project
        .skysmith(["synth"])
        .code(2)
        .out("")
        .err_has("error: there is no skysmith.toml in ")
        .err_has("create one with a line such as app = { package = \"my-app\" }");
    project.skysmith(["-C", "nowhere", "synth"]).code(2).err_has("cannot work in nowhere: No such file");
    project.skysmith(["--app", "nowhere.yaml", "synth"]).code(2).err_has("there is no file `nowhere.yaml`");
    project.skysmith(["--app", ".", "synth"]).code(2).err_has("is not a cloud assembly: it has no manifest.json");
}

#[test]
fn with_json_a_failure_is_a_document_too() {
    let ran = TestProject::new().skysmith(["synth", "--json"]).code(2);
    let message = ran.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("there is no skysmith.toml"), "{message}");
    assert!(ran.err.starts_with("error: there is no skysmith.toml"));
}

#[test]
fn colour_only_where_it_is_wanted() {
    let project = TestProject::new();
    assert!(!project.skysmith(["synth"]).err.contains('\u{1b}'));
    assert!(project.skysmith(["--color", "always", "synth"]).err.contains('\u{1b}'));
    assert!(!project.variable("SKYSMITH_COLOR", "never").skysmith(["synth"]).err.contains('\u{1b}'));
}

#[test]
fn variables_that_do_nothing_are_named() {
    let project = TestProject::with_stacks(&[("a", &[])]).variable("SKYSMITH_PROFIL", "prod");
    project
        .skysmith(["list"])
        .ok()
        .err("warning: the environment variable SKYSMITH_PROFIL does nothing; did you mean SKYSMITH_PROFILE?\n");
}

#[test]
fn empty_variables_are_not_set() {
    let project = TestProject::with_stacks(&[("a", &[])]);
    let names = [
        "SKYSMITH_APP",
        "SKYSMITH_ENV",
        "SKYSMITH_REGION",
        "SKYSMITH_PROFILE",
        "SKYSMITH_OUT",
        "SKYSMITH_ENDPOINT_URL",
        "SKYSMITH_JSON",
        "SKYSMITH_LOCAL",
    ];
    let project = names.into_iter().fold(project, |project, name| project.variable(name, ""));
    project.skysmith(["list"]).ok().err("").out("a  any account / eu-west-1\n");
}

#[test]
fn a_reader_may_stop_reading() {
    let project = TestProject::new();
    let command = format!(
        "{} --help | head -1; {} completions bash | head -1",
        env!("CARGO_BIN_EXE_skysmith"),
        env!("CARGO_BIN_EXE_skysmith")
    );
    let output = Command::new("sh").arg("-c").arg(command).current_dir(project.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn completions_know_the_commands() {
    let project = TestProject::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = project.skysmith(["completions", shell]).ok().err("").out;
        assert!(script.contains("allow-data-loss"), "{shell}");
    }
}
