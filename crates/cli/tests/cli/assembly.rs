//! `--app FOLDER`.

use crate::project::{TestProject, write_assembly};

#[test]
fn a_folder_is_read_without_running_anything() {
    let project = TestProject::new();
    write_assembly(&project.path("built"), &[("a", &[]), ("b", &["a"])]);
    project
        .skysmith(["--app", "built", "list"])
        .ok()
        .err("")
        .out("a  any account / eu-west-1\nb  any account / eu-west-1  after a\n");
    assert!(project.skysmith(["--app", "built", "synth", "b"]).ok().err("").out.starts_with("Resources:"));
    let project = project.variable("SKYSMITH_APP", "built");
    project.skysmith(["list", "a"]).ok().out("a  any account / eu-west-1\n");
}

#[test]
fn damaged_assemblies_are_named() {
    let project = TestProject::new().file("a/manifest.json", "{\"version\":").file("b/manifest.json", "{\"version\":\"36.0.0\",\"artifacts\":{\"x\":{\"type\":\"aws:cloudformation:stack\",\"properties\":{\"templateFile\":\"../../etc/passwd\"}}}}");
    project
        .skysmith(["--app", "a", "list"])
        .code(1)
        .out("")
        .err_has("a/manifest.json: ")
        .err_has("the assembly is damaged");
    project.skysmith(["--app", "b", "list"]).code(1).out("").err_has("leads out of the assembly");
    let project = project.file("c/manifest.json", "{\"version\":\"36.0.0\",\"artifacts\":{\"x\":{\"type\":\"aws:cloudformation:stack\",\"properties\":{\"templateFile\":\"x.json\"}}}}");
    project.skysmith(["--app", "c", "synth"]).code(1).err_has("cannot read c/x.json: No such file");
    let project = project.file("d/manifest.json", "{\"version\":\"36.0.0\",\"artifacts\":{}}");
    project.skysmith(["--app", "d", "synth"]).code(1).err_has("the app has no stacks");
}

#[test]
fn errors_that_an_app_left_on_its_constructs_count() {
    let project = TestProject::new();
    write_assembly(&project.path("built"), &[("a", &[])]);
    let manifest = project.path("built/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"aws:cdk:logicalId\"", "\"aws:cdk:error\"")).unwrap();
    project.skysmith(["--app", "built", "synth"]).code(1).out("").err_has("error: Table\n").err_has("= at a/Table\n");
}

#[test]
fn values_that_an_app_waits_for_are_named() {
    let project = TestProject::new().file(
        "a/manifest.json",
        "{\"version\":\"36.0.0\",\"artifacts\":{},\"missing\":[{\"key\":\"vpc-provider:x\",\"provider\":\"vpc-provider\",\"props\":{}}]}",
    );
    project.skysmith(["--app", "a", "list"]).code(1).err_has("vpc-provider:x (vpc-provider)");
}
