//! Commands that need AWS, as far as they get without it. What they do with it is shown by the end-to-end tests.

use crate::fake_aws::Answer;
use crate::project::{TEMPLATE, TestProject, writes_assembly};

/// A project with one stack, with credentials that nobody knows and no files of the user's.
fn project() -> TestProject {
    without_credentials().variable("AWS_ACCESS_KEY_ID", "nobody").variable("AWS_SECRET_ACCESS_KEY", "nobody")
}

fn without_credentials() -> TestProject {
    let project = TestProject::with_stacks(&[("only", &[])]);
    let home = project.path("").display().to_string();
    project.variable("HOME", &home).variable("AWS_EC2_METADATA_DISABLED", "true").variable("AWS_REGION", "eu-west-1")
}

#[test]
fn nothing_is_changed_without_being_asked() {
    // There is no terminal here.
    let deploy = project().skysmith(["deploy"]).code(1).out("");
    assert_eq!(
        deploy.err,
        "error: a deploy asks before it changes anything, and there is no terminal to ask on\n  \
           = pass --yes; what would lose data is refused even then, unless --allow-data-loss is given\n"
    );
    project().skysmith(["destroy"]).code(1).out("").err_has("pass --yes, and --allow-data-loss as well");
    project().skysmith(["local", "reset"]).code(1).out("").err_has("there is no terminal to ask on: pass --yes");
    assert_eq!(project().skysmith(["deploy", "--json"]).code(1).json()["event"], "failed");
}

#[test]
fn of_several_stacks_one_must_be_named() {
    let project = TestProject::with_stacks(&[("a", &[]), ("b", &[])]);
    project
        .skysmith(["deploy", "--yes"])
        .code(2)
        .err("error: there are 2 stacks; say which to deploy\n  = stacks: a, b\n  = skysmith deploy NAME, or skysmith deploy --all\n");
    project.skysmith(["destroy", "--yes", "c"]).code(2).err_has("there is no stack `c`");
}

#[test]
fn missing_credentials_and_dead_endpoints_are_told_with_what_to_do() {
    without_credentials()
        .skysmith(["deploy", "--yes"])
        .code(1)
        .out("")
        .err_has("error: no AWS credentials were found")
        .err_has("log in (`aws sso login`, `aws configure`)")
        .err_has("--local");
    let dead = "http://127.0.0.1:9";
    let ran = project().skysmith(["--endpoint-url", dead, "diff"]).code(1).out("");
    ran.err_has("http://127.0.0.1:9 cannot be reached").err_has("check the network");
    // A flag wins over a variable, here the one that would start an emulator.
    let flag = project().variable("SKYSMITH_LOCAL", "1").skysmith(["--endpoint-url", dead, "diff"]);
    flag.code(1).err_has("cannot be reached");
    project().skysmith(["--endpoint-url", dead, "--local", "diff"]).code(2).err_has("cannot be used with");
}

#[test]
fn parameters_of_templates_are_checked_before_anything_is_called() {
    let project =
        project().file("p.json", &TEMPLATE.replacen('{', "{\"Parameters\": {\"Stage\": {\"Type\": \"String\"}},", 1));
    let deploy = |parameter| {
        project.skysmith([
            "--app",
            "p.json",
            "--endpoint-url",
            "http://127.0.0.1:9",
            "deploy",
            "--yes",
            "--parameters",
            parameter,
        ])
    };
    deploy("Stage").code(2).err_has("`--parameters Stage` has no `=`");
    deploy("Stag=x").code(2).err_has("`--parameters Stag=…`").err_has("did you mean `Stage`?");
    deploy("other:Stage=x").code(2).err_has("is for a parameter or stack that is not there");
    deploy("p:Stage=x").code(1).err_has("cannot be reached");
}

#[test]
fn a_template_is_compared_with_a_file_without_aws() {
    let project = without_credentials().file("old.json", &TEMPLATE.replace("PAY_PER_REQUEST", "PROVISIONED"));
    let ran = project.skysmith(["diff", "--template", "old.json"]).ok().err("");
    assert_eq!(
        ran.out,
        "only   0 to add, 1 to change, 0 to replace, 0 to remove\n\n  ~ Table  DynamoDB table  src/main.rs:3\n      BillingMode  PROVISIONED → PAY_PER_REQUEST\n"
    );
    project.skysmith(["diff", "--template", "old.json", "--fail"]).code(1);
    let json = project.skysmith(["diff", "--template", "old.json", "--json"]).ok().json();
    assert_eq!(json["version"], 1);
    project.skysmith(["diff", "--template", "old.json", "--security-only", "--fail"]).ok();
    project
        .skysmith(["diff", "--template", "old.json", "--markdown"])
        .ok()
        .out_has("<!-- skysmith diff: only -->")
        .out_has("!~ Table");
    assert_eq!(json["stacks"][0]["resources"][0]["properties"][0]["before"], "PROVISIONED");
    project.skysmith(["diff", "--against", "old.json", "--fail"]).code(1).out_has("PROVISIONED → PAY_PER_REQUEST");
    project.skysmith(["synth", "-q"]).ok();
    project.skysmith(["--app", "cdk.out", "diff", "--against", "cdk.out", "--fail"]).ok().out("only   no changes\n");
    let project = project.file("same.json", TEMPLATE);
    project.skysmith(["diff", "--template", "same.json", "--fail"]).ok().out("only   no changes\n");
    project.skysmith(["diff", "--template", "nowhere.json"]).code(1).err_has("cannot read nowhere.json");
}

#[test]
fn an_environment_is_an_account() {
    // Nobody is asked when the credentials cannot be checked; the mismatch itself is shown end to end.
    let project =
        project().file("skysmith.toml", "app = \"sh app.sh\"\n[environments.prod]\naccount = \"123456789012\"\n");
    project
        .skysmith(["--env", "prod", "--endpoint-url", "http://127.0.0.1:9", "outputs"])
        .code(1)
        .err_has("cannot be reached");
}

#[test]
fn a_stack_of_another_account_or_region_is_left_alone() {
    let url = Answer::identity("123456789012").served();
    let bound = writes_assembly(&[("only", &[])]).replace("unknown-account", "210987654321");
    let project = project().file("app.sh", &bound).variable("SKYSMITH_ENDPOINT_URL", &url);
    for command in ["diff", "outputs"] {
        let ran = project.skysmith([command]).code(1).out("");
        ran.err_has(
            "stack only belongs to aws://210987654321/eu-west-1, the credentials to aws://123456789012/eu-west-1",
        )
        .err_has("choose other credentials with --profile");
        let ran = project.skysmith(["--region", "eu-west-2", command]).code(1).out("");
        ran.err_has("stack only belongs to eu-west-1, not to eu-west-2").err_has("leave out --region");
    }
    project.skysmith(["deploy", "--yes"]).code(1).err_has("stack only belongs to aws://210987654321/eu-west-1");
    project.skysmith(["destroy", "--yes"]).code(1).err_has("stack only belongs to aws://210987654321/eu-west-1");
}
