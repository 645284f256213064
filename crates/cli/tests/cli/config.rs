//! `skysmith.toml`.

use crate::project::TestProject;

#[test]
fn mistakes_are_shown_with_their_lines() {
    let project = TestProject::new().file("skysmith.toml", "# settings\npackage = \"x\"\nparamters = \"p\"\n");
    project.skysmith(["synth"]).code(1).out("").err(
        "error[config]: unknown key `package`\n  \
           ┌─ skysmith.toml:2:1\n  │    package = \"x\"\n  │    ^^^^^^^\n  = known here: app, out, parameters, environments, tags, deploy, validate\n\n\
         error[config]: unknown key `paramters`\n  \
           ┌─ skysmith.toml:3:1\n  │    paramters = \"p\"\n  │    ^^^^^^^^^\n  = did you mean `parameters`?\n\n\
         2 errors; nothing was done\n",
    );
    TestProject::new().file("skysmith.toml", "app = \n").skysmith(["list"]).code(1).err_has("skysmith.toml:1:");
}

#[test]
fn it_is_found_from_a_folder_below() {
    let project = TestProject::with_stacks(&[("only", &[])]).file("src/deep/x", "");
    project.skysmith_in("src/deep", ["list"]).ok().out("only  any account / eu-west-1\n");
    project.skysmith(["-C", "src", "list"]).ok().out("only  any account / eu-west-1\n");
    assert!(project.path("cdk.out/manifest.json").exists(), "the assembly is beside the file");
}

#[test]
fn it_has_to_say_what_to_work_on() {
    let project = TestProject::new().file("skysmith.toml", "out = \"x\"\n");
    project
        .skysmith(["list"])
        .code(2)
        .err_has("error: skysmith.toml does not say what to work on\n")
        .err_has("add a line such as app = { package = \"my-app\" }, or pass --app");
}

#[test]
fn its_settings_are_taken_and_flags_win() {
    let script = "echo \"region=$CDK_DEFAULT_REGION account=$CDK_DEFAULT_ACCOUNT\" >&2; exit 1";
    let project = TestProject::new().file("skysmith.toml", "app = \"sh app.sh\"\nout = \"built/assembly\"\n[environments.prod]\nregion = \"eu-north-1\"\naccount = \"123456789012\"\n");
    let project = project.file("app.sh", script);
    project.skysmith(["--env", "prod", "list"]).code(1).err_has("region=eu-north-1 account=123456789012\n");
    project.skysmith(["--env", "prod", "--region", "eu-west-3", "list"]).code(1).err_has("region=eu-west-3");
    project.skysmith(["list"]).code(1).err_has("region= account=\n");
    project
        .skysmith(["--env", "prd", "list"])
        .code(2)
        .err_has("there is no environment `prd`")
        .err_has("did you mean `prod`?");

    let stacks =
        TestProject::with_stacks(&[("a", &[])]).file("skysmith.toml", "app = \"sh app.sh\"\nout = \"built\"\n");
    stacks.skysmith(["list"]).ok();
    assert!(stacks.path("built/manifest.json").exists());
    stacks.skysmith(["list", "--out", "elsewhere"]).ok();
    assert!(stacks.path("elsewhere/manifest.json").exists());
}
