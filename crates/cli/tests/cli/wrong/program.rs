//! Mistakes in a Skysmith app, and every way in which it ends.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{fails, mistaken, with_mistake};
use crate::project::TestProject;

/// The place of a line in the program.
fn place(line: &str) -> String {
    let source = include_str!("../mistaken/main.rs");
    let number = source.lines().position(|text| text.contains(line)).unwrap() + 1;
    format!("┌─ crates/cli/tests/cli/mistaken/main.rs:{number}:")
}

#[test]
fn an_id_that_is_taken() {
    let ran = fails(&with_mistake("duplicate-id"), ["synth"], 1);
    ran.err_has("error[duplicate-id]: there is already a construct `mistaken/Table`\n")
        .err_has("the first one is made at crates/cli/tests/cli/mistaken/main.rs:")
        .err_has("1 error; nothing was written\n");
}

#[test]
fn a_raw_property_of_the_wrong_type() {
    // Two mistakes are two errors, each with its line.
    let ran = with_mistake("raw-type").skysmith(["synth"]).code(1).out("");
    ran.err_has("DelaySeconds")
        .err_has("VisibilityTimout")
        .err_has("did you mean `VisibilityTimeout`?")
        .err_has(&place("\"DelaySeconds\", \"soon\""))
        .err_has("2 errors, 1 warning; nothing was written\n");
}

#[test]
fn a_bucket_name_with_digits() {
    fails(&with_mistake("bucket-digits"), ["synth"], 1)
        .err_has("error[bucket-digits]: bucket name \"rtf2bucket\" contains digits\n")
        .err_has(&place(".bucket_name(\"rtf2bucket\")"))
        .err_has("= at mistaken/Objects (AWS::S3::Bucket), BucketName\n");
}

#[test]
fn a_functions_folder_that_is_missing_empty_or_broken() {
    let project = with_mistake("function");
    fails(&project, ["synth"], 1)
        .err_has("there is no directory `function`")
        .err_has(&place("lambda::Function::builder"));
    let project = project.file("function", "def handler(e, c): pass");
    fails(&project, ["synth"], 1).err_has("`function` is not a directory");
    fs::remove_file(project.path("function")).unwrap();
    fs::create_dir(project.path("function")).unwrap();
    fails(&project, ["synth"], 1).err_has("the directory `function` has no files in it");
    let project = project.file("function/f.py", "def handler(e, c): pass");
    project.skysmith(["synth", "-q"]).ok();
    symlink("nowhere.py", project.path("function/g.py")).unwrap();
    fails(&project, ["synth"], 1).err_has("`function/g.py` is a link to `nowhere.py`, which does not exist");
    fs::remove_file(project.path("function/g.py")).unwrap();
    symlink("/etc/hostname", project.path("function/g.py")).unwrap();
    fails(&project, ["synth"], 1).err_has("is a link that ");
}

#[test]
fn a_panic() {
    fails(&with_mistake("panic"), ["synth"], 1)
        .err_has("no bucket\n")
        .err_has("ended with exit code 101; nothing was written\n  = that is the exit code of a panic");
    // Within `App::run` it is an error like any other, with its line.
    fails(&with_mistake("panic-inside"), ["synth"], 1)
        .err_has("no bucket")
        .err_has(&place("\"panic-inside\" => panic!"));
}

#[test]
fn what_is_printed_is_not_a_result() {
    let ran = with_mistake("prints").skysmith(["synth", "--json"]).ok();
    assert!(ran.json()["Resources"].is_object());
    assert!(ran.err.contains("thinking\n") && ran.err.contains("still thinking\n"), "{}", ran.err);
}

#[test]
fn an_end_without_an_assembly() {
    fails(&with_mistake("nothing"), ["synth"], 1).err_has("ended well but wrote no assembly to cdk.out");
    fails(&with_mistake("three"), ["synth"], 1).err_has("ended with exit code 3; nothing was written");
}

#[test]
fn more_than_a_template_holds() {
    fails(&with_mistake("many-resources"), ["synth"], 1).err_has("501").err_has("500").err_has("nothing was written");
    fails(&with_mistake("large 300"), ["synth"], 1).err_has("1 MB").err_has("nothing was written");
}

/// Sends a signal to a process, or with a minus in front to a group. Whether there was anybody to send it to.
fn signal(signal: &str, process: &str) -> bool {
    Command::new("kill").args([signal, "--", process]).stderr(Stdio::null()).status().unwrap().success()
}

/// A project whose app says its process id in a file and never ends.
fn hanging() -> TestProject {
    let project = TestProject::with_script("echo $$ > pid.new\nmv pid.new pid\nexec sleep 300\n").file("tmp/.keep", "");
    let temporary = project.path("tmp").display().to_string();
    project.variable("TMPDIR", &temporary)
}

/// The app has ended, and nothing tells that there was a run but what the app itself left.
fn nothing_is_left(project: &TestProject) {
    let app = fs::read_to_string(project.path("pid")).unwrap();
    let since = Instant::now();
    while signal("-0", app.trim()) {
        assert!(since.elapsed() < Duration::from_secs(5), "the app goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    let left: Vec<_> = project.content().into_keys().collect();
    let expected = ["app.sh", "pid", "skysmith.toml", "tmp", "tmp/.keep"];
    assert_eq!(left, expected.map(|name| project.path(name)));
}

#[test]
fn one_that_hangs_is_told_of_and_can_be_interrupted() {
    let project = hanging();
    // A group of its own, as a terminal gives it: Ctrl-C goes to all that is in it.
    let mut command = project.command("", ["synth"]);
    let started = Instant::now();
    let mut child =
        command.process_group(0).stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut notice = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut notice).unwrap();
    assert_eq!(notice, "still waiting for `sh app.sh` to end; Ctrl-C stops it\n");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert!(signal("-INT", &format!("-{}", child.id())));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nothing_is_left(&project);
}

#[test]
fn the_app_ends_with_the_command() {
    let project = hanging();
    let mut command = project.command("", ["synth"]);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !project.path("pid").exists() {
        assert!(started.elapsed() < Duration::from_secs(10), "it does not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    // To the command alone, as CI systems do.
    assert!(signal("-TERM", &child.id().to_string()));
    assert_eq!(child.wait().unwrap().code(), Some(143));
    nothing_is_left(&project);
}

#[test]
fn two_runs_at_once_come_one_after_the_other() {
    let project = TestProject::new().file("function/f.py", "def handler(e, c): pass");
    for round in 0..5 {
        let run = |number: usize| {
            let app = format!("'{}' run {number}", mistaken().display());
            let mut command = project.command("", ["--app", &app, "synth", "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let runs: Vec<_> = (0..3).map(|number| (number, run(number))).collect();
        for (number, child) in runs {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let template: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(template["Outputs"]["Run"]["Value"], number.to_string(), "each sees its own");
        }
        only_an_assembly(&project, round);
    }
}

#[test]
fn two_apps_at_once_without_the_command_leave_one_of_their_assemblies() {
    let project = TestProject::new().file("function/f.py", "def handler(e, c): pass");
    for round in 0..10 {
        let run = |number: usize| {
            let mut command = Command::new(mistaken());
            command.args(["run", &number.to_string()]).current_dir(project.path(""));
            command.env("CDK_OUTDIR", project.path("cdk.out")).env_remove("CDK_CONTEXT_JSON");
            command.stderr(Stdio::piped()).spawn().unwrap()
        };
        let runs: Vec<_> = (0..3).map(run).collect();
        for child in runs {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        only_an_assembly(&project, round);
    }
}

/// The assembly is whole, and beside it is only what was there before.
#[track_caller]
fn only_an_assembly(project: &TestProject, round: usize) {
    let mut names: Vec<_> = fs::read_dir(project.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["cdk.out", "function"], "round {round}");
    let json = project.skysmith(["--app", "cdk.out", "synth", "--json"]).ok().json();
    let run = json["Outputs"]["Run"]["Value"].as_str().unwrap().to_owned();
    assert!(["0", "1", "2"].contains(&run.as_str()), "{run}");
}
