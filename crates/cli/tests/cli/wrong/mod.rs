//! What people do wrong, and what the world does to them: each ends in one clear error, and nothing is left half-written.

mod account;
mod files;
mod input;
mod machine;
mod program;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::project::{Ran, TestProject};

/// The program with mistakes, built once.
pub fn mistaken() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        escargot::CargoBuild::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .example("mistaken")
            .run()
            .expect("the program builds")
            .path()
            .to_owned()
    })
}

/// A project whose app is the program with this mistake, and in which an earlier run without one left an assembly.
pub fn with_mistake(mistake: &str) -> TestProject {
    let program = mistaken().display();
    let project = TestProject::new().file("skysmith.toml", &format!("app = \"'{program}' none\"\n"));
    project.skysmith(["-q", "synth"]).ok();
    project.file("skysmith.toml", &format!("app = \"'{program}' {mistake}\"\n"))
}

/// Runs the command, which must fail with this code and leave everything in the project's folder as it was.
#[track_caller]
pub fn fails<const N: usize>(project: &TestProject, args: [&str; N], code: i32) -> Ran {
    let before = project.content();
    let ran = project.skysmith(args).code(code).out("");
    let after = project.content();
    let changed: Vec<_> =
        after.keys().chain(before.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.is_empty(), "changed: {changed:?}");
    let errors = ran.err.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, 1, "not one error:\n{}", ran.err);
    ran
}
