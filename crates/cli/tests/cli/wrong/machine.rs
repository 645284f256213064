//! Disks that are full and folders that cannot be written to.
//!
//! No device is filled for it: a limit on the size of files stops a write half-way, as a full disk does. And no permission is taken away, which root would not notice: a path below
//! a file, or in a file system of the kernel's, takes no new files from anybody.

use std::process::Command;

use super::{fails, mistaken, with_mistake};
use crate::project::{Ran, TestProject};

/// Runs the command so that no file gets larger than 8 blocks (of 512 or 1024 bytes, as the shell has it); `more` is put behind it.
fn on_a_full_disk(project: &TestProject, args: &str, more: &str) -> Ran {
    // With the signal ignored, the write itself fails.
    let script = format!("trap '' XFSZ; ulimit -f 8; '{}' {args} {more}", env!("CARGO_BIN_EXE_skysmith"));
    Ran::from(Command::new("sh").args(["-c", &script]).current_dir(project.path("")).output().unwrap())
}

#[test]
fn a_full_disk_leaves_the_old_assembly() {
    let project = with_mistake("large 20");
    let before = project.content();
    let ran = on_a_full_disk(&project, "synth", "").code(1).out("");
    ran.err_has("error: ").err_has("File too large").err_has("nothing was written\n");
    assert_eq!(project.content(), before);
    // And where there was none, there is none.
    let project = TestProject::new().file("skysmith.toml", &format!("app = \"'{}' large 20\"\n", mistaken().display()));
    let before = project.content();
    on_a_full_disk(&project, "synth", "").code(1).out("");
    assert_eq!(project.content(), before);
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let project = with_mistake("large 20");
    project.skysmith(["synth", "-q"]).ok();
    on_a_full_disk(&project, "--app cdk.out synth", "> result")
        .code(1)
        .err_has("error: cannot write to standard output: File too large");
}

#[test]
fn folders_that_take_no_files() {
    let project = with_mistake("none").file("file", "");
    fails(&project, ["synth", "--out", "file/cdk.out"], 1).err_has("file/cdk.out");
    fails(&project, ["synth", "--out", "file"], 1).err_has("file");
    fails(&project, ["synth", "--out", "/proc/skysmith/cdk.out"], 1).err_has("/proc/skysmith");
    let missing = project.path("none").display().to_string();
    let project = project.variable("TMPDIR", &missing);
    fails(&project, ["synth"], 1).err_has("cannot make a temporary folder");
}

#[test]
fn an_outputs_file_that_cannot_be_is_told_before_the_deployment() {
    let project = with_mistake("none").variable("AWS_REGION", "eu-west-1");
    let ran = project.skysmith([
        "--endpoint-url",
        "http://127.0.0.1:9",
        "deploy",
        "--yes",
        "--outputs-file",
        "nowhere/outputs.json",
    ]);
    ran.code(2).out("").err_has("there is no folder `nowhere`");
}
