//! `bootstrap` and `gc`, as far as they get without AWS. What they do with it is shown by the end-to-end tests.

use crate::project::TestProject;

const DEAD: &str = "http://127.0.0.1:9";

fn project() -> TestProject {
    let project = TestProject::new();
    let home = project.path("").display().to_string();
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .into_iter()
        .fold(project, |project, name| project.variable(name, "nobody"))
        .variable("HOME", &home)
        .variable("AWS_REGION", "eu-west-1")
}

#[test]
fn neither_needs_an_app_and_both_ask() {
    let gc = project().skysmith(["gc"]).code(1).out("");
    gc.err_has("there is no terminal to ask on").err_has("pass --yes, or --dry-run");
    project().skysmith(["bootstrap"]).code(1).out("").err_has("there is no terminal to ask on");
    project().skysmith(["bootstrap", "--destroy"]).code(1).out("").err_has("pass --yes");
    project().skysmith(["--endpoint-url", DEAD, "gc", "--dry-run"]).code(1).err_has("cannot be reached");
    project().skysmith(["--endpoint-url", DEAD, "bootstrap", "--yes"]).code(1).err_has("cannot be reached");
}

#[test]
fn the_template_is_printed_without_aws() {
    let template = project().skysmith(["bootstrap", "--show-template"]).ok().err("").json();
    assert_eq!(template["Resources"]["AssetBucket"]["DeletionPolicy"], "Retain");
    assert_eq!(template["Outputs"]["Version"]["Value"], "1");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_called() {
    for (arguments, words) in [
        (["--trust", "1234", "--yes"], "`1234` is no account: twelve digits"),
        (["--trust", "123456789012", "--yes"], "--trust needs --execution-policy or --for-app"),
        (["--execution-policy", "AdministratorAccess", "--yes"], "is not the ARN of a policy"),
        (["--qualifier", "My-Team", "--yes"], "`My-Team` is no qualifier"),
        (["--endpoint-url", DEAD, "123456789012/eu-west-1"], "is not an environment of the form aws://account/region"),
    ] {
        let [a, b, c] = arguments;
        project().skysmith(["bootstrap", a, b, c]).code(2).out("").err_has(words);
    }
    project().skysmith(["gc", "--older-than", "0"]).code(2).err_has("0 is not in 1..=36500");
    project().skysmith(["gc", "--yes", "--cdk-qualifier", "A/B"]).code(2).err_has("`A/B` is no qualifier");
}
