//! Apps that are commands: how they are run, and every way in which they end.

use std::fs;

use crate::project::{TestProject, writes_assembly};

/// Shell commands that report the findings.
fn reports(diagnostics: &str) -> String {
    format!("cat > \"$SKYSMITH_DIAGNOSTICS\" <<'END'\n{{\"version\":1,\"diagnostics\":[{diagnostics}]}}\nEND\n")
}

const ERROR: &str = r#"{"severity":"error","rule":"lambda-memory","message":"64 MB is below the smallest memory of a Lambda function, 128 MB","path":"a/Handler","resource_type":"AWS::Lambda::Function","property":"MemorySize","place":{"file":"src/main.rs","line":2},"notes":["allowed: 128 to 10240 in steps of 1"]}"#;
const WARNING: &str = r#"{"severity":"warning","rule":null,"message":"odd","path":null,"resource_type":null,"property":null,"place":null,"notes":[]}"#;
const SHOWN_ERROR: &str = "error[lambda-memory]: 64 MB is below the smallest memory of a Lambda function, 128 MB\n  \
     ┌─ src/main.rs:2\n  │    .memory(size)\n  = at a/Handler (AWS::Lambda::Function), MemorySize\n  \
     = allowed: 128 to 10240 in steps of 1\n\n";

#[test]
fn errors_are_shown_with_their_source_lines() {
    for end in ["exit 1", "exit 0"] {
        // One that exits with 0 and even wrote an assembly has failed as well.
        let script = format!("{}{}{end}\n", writes_assembly(&[("a", &[])]), reports(&format!("{WARNING},{ERROR}")));
        let project = TestProject::with_script(&script).file("src/main.rs", "Function::builder()\n    .memory(size)\n");
        project
            .skysmith(["synth"])
            .code(1)
            .out("")
            .err(&format!("{SHOWN_ERROR}warning: odd\n\n1 error, 1 warning; nothing was written\nmore about it: skysmith explain lambda-memory\n"));
        let json = project.skysmith(["synth", "--json"]).code(1).json();
        assert_eq!(json["error"]["message"], "1 error, 1 warning; nothing was written");
        assert_eq!(json["error"]["diagnostics"][1]["place"]["line"], 2);
    }
}

#[test]
fn warnings_are_shown_and_do_no_harm() {
    let project = TestProject::with_script(&format!("{}{}", writes_assembly(&[("a", &[])]), reports(WARNING)));
    project.skysmith(["list"]).ok().err("warning: odd\n\n").out("a  any account / eu-west-1\n");
    project.skysmith(["-q", "list"]).ok().err("");
    let ran = project.skysmith(["validate", "--json"]).ok();
    assert_eq!(ran.json()["diagnostics"][0]["message"], "odd");
}

#[test]
fn findings_are_the_result_of_validate() {
    let project =
        TestProject::with_script(&format!("{}exit 1", reports(ERROR))).file("src/main.rs", "\n.memory(size)\n");
    project
        .skysmith(["validate"])
        .code(1)
        .out(SHOWN_ERROR)
        .err("1 error\nmore about it: skysmith explain lambda-memory\n");
    assert_eq!(project.skysmith(["validate", "--json"]).code(1).json()["diagnostics"][0]["rule"], "lambda-memory");
    TestProject::with_stacks(&[("a", &[])]).skysmith(["validate"]).ok().out("").err("no findings\n");
}

#[test]
fn what_an_app_prints_is_not_a_result() {
    let script = format!("echo hello; echo trouble >&2\n{}", writes_assembly(&[("a", &[])]));
    let project = TestProject::with_script(&script);
    let ran = project.skysmith(["list"]).ok().out("a  any account / eu-west-1\n");
    assert!(ran.err.contains("hello\n") && ran.err.contains("trouble\n"), "{}", ran.err);
    project.skysmith(["-q", "list"]).ok().err("");
}

#[test]
fn a_failing_app_is_named_with_its_exit_code() {
    TestProject::with_script("echo why >&2; exit 3")
        .skysmith(["synth"])
        .code(1)
        .out("")
        .err("why\nerror: `sh app.sh` ended with exit code 3; nothing was written\n");
    TestProject::with_script("echo why; exit 3").skysmith(["-q", "synth"]).code(1).out("").err_has("why\n");
    TestProject::with_script("kill -9 $$").skysmith(["synth"]).code(1).err_has("signal 9");
    TestProject::new()
        .skysmith(["--app", "kill -9 $$", "synth"])
        .code(1)
        .err_has("was ended by signal 9; nothing was written");
    TestProject::new()
        .skysmith(["--app", "no-such-command --x", "synth"])
        .code(1)
        .err_has("ended with exit code 127")
        .err_has("a command that it does not find");
}

#[test]
fn an_app_that_writes_nothing_is_found_out() {
    let project = TestProject::with_script("exit 0");
    project.skysmith(["synth"]).code(1).out("").err_has("`sh app.sh` ended well but wrote no assembly to cdk.out\n");

    // Also where an earlier run left one.
    let project = TestProject::with_stacks(&[("old", &[])]);
    project.skysmith(["synth", "-q"]).ok();
    let project = project.file("app.sh", "exit 0");
    project.skysmith(["synth"]).code(1).err_has("wrote no assembly to cdk.out");
}

#[test]
fn what_an_app_reports_must_be_readable() {
    TestProject::with_script("echo '{' > \"$SKYSMITH_DIAGNOSTICS\"")
        .skysmith(["synth"])
        .code(1)
        .err_has("cannot read what `sh app.sh` reports");
    TestProject::with_script("echo '{\"version\":9}' > \"$SKYSMITH_DIAGNOSTICS\"")
        .skysmith(["synth"])
        .code(1)
        .err_has("has version 9")
        .err_has("built with another version of Skysmith");
}

#[test]
fn a_folder_with_other_things_is_not_replaced() {
    let project = TestProject::with_stacks(&[("a", &[])]).file("cdk.out/thesis.txt", "years of work");
    project.skysmith(["synth"]).code(1).err_has("cdk.out is not empty and is not an assembly, so it is not replaced");
    assert_eq!(fs::read_to_string(project.path("cdk.out/thesis.txt")).unwrap(), "years of work");
}

#[test]
fn synth_prints_the_template_of_the_only_stack() {
    let project = TestProject::with_stacks(&[("only", &[])]);
    let ran = project.skysmith(["synth"]).ok().err("");
    assert!(ran.out.starts_with("Resources:\n  Table:\n    Type: AWS::DynamoDB::Table\n"), "{}", ran.out);
    let ran = project.skysmith(["synth", "--json"]).ok().err("");
    assert_eq!(ran.json()["Resources"]["Table"]["Type"], "AWS::DynamoDB::Table");
    project.skysmith(["synth", "-q"]).ok().out("").err("");
}

#[test]
fn several_stacks_are_listed_and_chosen_by_name() {
    let project = TestProject::with_stacks(&[("app", &["net"]), ("net", &[])]);
    project.skysmith(["list"]).ok().out("app  any account / eu-west-1  after net\nnet  any account / eu-west-1\n");
    project.skysmith(["ls", "n*"]).ok().out("net  any account / eu-west-1\n");
    project.skysmith(["synth"]).ok().out("app\nnet\n").err("2 stacks in cdk.out; `skysmith synth NAME` prints one:\n");
    assert!(project.skysmith(["synth", "net"]).ok().out.starts_with("Resources:"));
    assert_eq!(
        project.skysmith(["synth", "--json"]).ok().json()["stacks"]["net"]["Resources"]["Table"]["DeletionPolicy"],
        "Retain"
    );
    let json = project.skysmith(["list", "--json"]).ok().json();
    assert_eq!(
        json["stacks"][0],
        serde_json::json!({ "id": "app", "path": "app", "stack_name": "app", "account": null, "region": "eu-west-1", "dependencies": ["net"] })
    );
    project
        .skysmith(["synth", "ap"])
        .code(2)
        .out("")
        .err("error: there is no stack `ap`\n  = stacks: app, net\n  = did you mean `app`?\n");
    project.skysmith(["synth", "x*"]).code(2).err_has("no stack fits `x*`");
}

#[test]
fn templates_of_other_apps_are_checked() {
    let script = writes_assembly(&[("a", &[])]).replace("AWS::DynamoDB::Table", "AWS::DynamoDB::Tabel");
    let project = TestProject::with_script(&script).file("src/main.rs", "\n\n  Table::new(\n");
    project
        .skysmith(["synth"])
        .code(1)
        .out("")
        .err_has("error[unknown-type]: ")
        .err_has("┌─ src/main.rs:3\n  │    Table::new(\n  = at a/Table (AWS::DynamoDB::Tabel)")
        .err_has("did you mean `AWS::DynamoDB::Table`?");
}
