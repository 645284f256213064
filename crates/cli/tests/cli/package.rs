//! Apps that are Cargo packages. They depend on nothing, so that building one takes a moment.

use crate::project::{TestProject, writes_assembly};

/// A workspace with a package `my-app` whose `main` is this.
fn package(main: &str) -> TestProject {
    TestProject::new()
        .file("skysmith.toml", "app = { package = \"my-app\" }\n")
        .file("Cargo.toml", "[workspace]\nmembers = [\"apps/*\"]\nresolver = \"3\"\n")
        .file("apps/my-app/Cargo.toml", "[package]\nname = \"my-app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n")
        .file("apps/my-app/src/main.rs", main)
        .file("apps/my-app/write.sh", &writes_assembly(&[("a", &[])]))
}

/// A program that writes an assembly by way of the script in its package's folder.
const WRITES: &str = "fn main() {
    let manifest_dir = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
    assert_eq!(std::path::Path::new(&manifest_dir), std::env::current_dir().unwrap());
    let status = std::process::Command::new(\"sh\").arg(\"write.sh\").status().unwrap();
    assert!(status.success());
    println!(\"built\");
}
";

#[test]
fn it_is_built_and_run_in_its_folder() {
    let project = package(WRITES).variable("CARGO_MANIFEST_DIR", "/elsewhere");
    let ran = project.skysmith(["list"]).ok().out("a  any account / eu-west-1\n");
    assert!(ran.err.ends_with("built\n"), "{}", ran.err);
    // Nothing is left to build, so there is nothing to say about it; and it works from anywhere in the workspace.
    project.skysmith_in("apps/my-app/src", ["list"]).ok().err("built\n");
}

#[test]
fn what_does_not_compile_is_explained_by_the_compiler() {
    let project = package("fn main() {\n    let x: u8 = \"\";\n}\n");
    project
        .skysmith(["synth"])
        .code(1)
        .out("")
        .err_has("error[E0308]: mismatched types")
        .err_has("apps/my-app/src/main.rs:2")
        .err_has("error: `my-app` could not be built; cargo says why above\n");
}

#[test]
fn a_panic_is_told() {
    let project = package("fn main() {\n    panic!(\"no bucket\");\n}\n");
    project
        .skysmith(["synth"])
        .code(1)
        .out("")
        .err_has("no bucket\n")
        .err_has("`my-app` ended with exit code 101; nothing was written\n  = that is the exit code of a panic; its message is above\n");
}

#[test]
fn a_package_that_is_not_there_is_told() {
    let project = package(WRITES).file("skysmith.toml", "app = { package = \"my-ap\" }\n");
    project.skysmith(["synth"]).code(1).out("").err_has("my-ap").err_has("`my-ap` could not be built");
}

#[test]
fn of_several_programs_one_is_chosen() {
    let project = package("fn main() {}").file("apps/my-app/src/bin/my-app2.rs", WRITES);
    let project = project.file("skysmith.toml", "app = { package = \"my-app\", bin = \"my-app2\" }\n");
    project.skysmith(["list"]).ok();
}
