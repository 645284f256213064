//! Assemblies and templates that are damaged, monstrous or malicious.

use std::fs::File;
use std::time::{Duration, Instant};

use serde_json::json;

use super::fails;
use crate::project::{TEMPLATE, TestProject, write_assembly};

fn manifest(artifact: &serde_json::Value) -> TestProject {
    let text = json!({ "version": "36.0.0", "artifacts": { "x": artifact } }).to_string();
    TestProject::new().file("outside.json", TEMPLATE).file("a/manifest.json", &text).file("a/x.json", TEMPLATE)
}

#[test]
fn a_manifest_that_is_cut_off_anywhere() {
    let project = TestProject::new();
    write_assembly(&project.path("a"), &[("x", &[])]);
    let text = std::fs::read_to_string(project.path("a/manifest.json")).unwrap();
    for length in (0..text.trim_end().len()).step_by(29) {
        let project = TestProject::new().file("a/manifest.json", &text[..length]);
        fails(&project, ["--app", "a", "list"], 1).err_has("a/manifest.json").err_has("the assembly is damaged");
    }
}

#[test]
fn a_manifest_that_is_something_else() {
    for text in
        ["[]", "null", "\"x\"", "{}", "{\"version\":36}", "{\"version\":\"36.0.0\",\"artifacts\":[]}", "\u{0}\u{1}"]
    {
        let project = TestProject::new().file("a/manifest.json", text);
        fails(&project, ["--app", "a", "list"], 1).err_has("a");
    }
}

#[test]
fn nesting_without_end() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let project = TestProject::new()
        .file("a/manifest.json", &format!("{{\"version\":\"36.0.0\",\"artifacts\":{{}},\"x\":{deep}}}"))
        .file("t.json", &format!("{{\"Resources\":{deep}}}"))
        .file("t.yaml", &format!("Resources: {deep}\n"));
    for app in ["t.json", "t.yaml"] {
        fails(&project, ["--app", app, "synth"], 1).err_has("error[syntax]: ").err_has("deep").err_has(app);
    }
    // An unknown field may hold anything that can be read, so that this may go well; it must not end badly.
    let code = project.skysmith(["--app", "a", "list"]).code;
    assert_eq!(code, 1);
    // An assembly in itself.
    let nested = json!({ "type": "cdk:cloud-assembly", "properties": { "directoryName": "." } });
    fails(&manifest(&nested), ["--app", "a", "list"], 1).err_has("assemblies are nested too deep");
}

#[test]
fn files_larger_than_memory() {
    let project = TestProject::new().file("a/manifest.json", "").file("t.json", "").file("t.yaml", "");
    for name in ["a/manifest.json", "t.json", "t.yaml"] {
        // Holes, which take no room on the disk.
        File::options().write(true).open(project.path(name)).unwrap().set_len(100_000_000_000).unwrap();
    }
    for (app, words) in
        [("a", "too much for a manifest"), ("t.json", "which is no template"), ("t.yaml", "no template")]
    {
        let started = Instant::now();
        project.skysmith(["--app", app, "synth"]).code(1).out("").err_has(words);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[test]
fn a_manifest_of_many_megabytes_is_read() {
    let artifacts: serde_json::Map<String, serde_json::Value> = (0..20_000)
        .map(|index| (format!("x{index}"), json!({ "type": "aws:unknown", "properties": { "text": "x".repeat(500) } })))
        .collect();
    let text = json!({ "version": "36.0.0", "artifacts": artifacts }).to_string();
    let project = TestProject::new().file("a/manifest.json", &text);
    fails(&project, ["--app", "a", "list"], 1).err_has("the app has no stacks");
}

#[test]
fn paths_that_leave_the_folder() {
    let stack =
        |template: &str| json!({ "type": "aws:cloudformation:stack", "properties": { "templateFile": template } });
    for path in ["../outside.json", "/etc/passwd", "x/../../outside.json", "link.json"] {
        let project = manifest(&stack(path));
        std::os::unix::fs::symlink("../outside.json", project.path("a/link.json")).unwrap();
        fails(&project, ["--app", "a", "list"], 1).err_has("leads out of the assembly").err_has(path);
    }
    let nested = json!({ "type": "cdk:cloud-assembly", "properties": { "directoryName": ".." } });
    fails(&manifest(&nested), ["--app", "a", "list"], 1).err_has("leads out of the assembly");
    let mut more = stack("x.json");
    more["additionalMetadataFile"] = "../outside.json".into();
    fails(&manifest(&more), ["--app", "a", "list"], 1).err_has("leads out of the assembly");
    let assets = json!({ "type": "cdk:asset-manifest", "properties": { "file": "assets.json" } });
    let files = |path: &str| {
        let destination = json!({ "bucketName": "b", "objectKey": "k" });
        let file = json!({ "source": { "path": path, "packaging": "file" }, "destinations": { "d": destination } });
        manifest(&assets).file("a/assets.json", &json!({ "version": "36.0.0", "files": { "f": file } }).to_string())
    };
    fails(&files("../outside.json"), ["--app", "a", "list"], 1).err_has("leads out of the assembly");
    fails(&files("/etc/passwd"), ["--app", "a", "list"], 1).err_has("leads out of the assembly");
}

#[test]
fn a_template_over_the_limits() {
    let topics = |count: usize, note: usize| {
        let topic = json!({ "Type": "AWS::SNS::Topic", "Metadata": { "Note": "x".repeat(note) } });
        let topics: serde_json::Map<_, _> = (0..count).map(|index| (format!("T{index}"), topic.clone())).collect();
        TestProject::new().file("t.json", &json!({ "Resources": topics }).to_string())
    };
    topics(500, 0).skysmith(["--app", "t.json", "synth", "-q"]).ok();
    fails(&topics(501, 0), ["--app", "t.json", "synth"], 1).err_has("501").err_has("500");
    fails(&topics(300, 4000), ["--app", "t.json", "synth"], 1).err_has("1 MB");
    fails(&topics(300, 40_000), ["--app", "t.json", "synth"], 1).err_has("error[syntax]: ");
}

#[test]
fn a_template_that_is_cut_off_anywhere() {
    for length in (1..TEMPLATE.len()).step_by(37) {
        let project = TestProject::new().file("t.json", &TEMPLATE[..length]);
        fails(&project, ["--app", "t.json", "synth"], 1).err_has("error[syntax]: ").err_has("┌─ t.json:");
    }
}
