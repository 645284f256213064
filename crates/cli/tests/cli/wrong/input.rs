//! Configuration, names and parameters: one clear error each, and nothing touched.

use super::{fails, with_mistake};
use crate::project::TestProject;

#[test]
fn no_configuration() {
    fails(&TestProject::new().file("src/main.rs", ""), ["synth"], 2).err_has("there is no skysmith.toml in ");
}

#[test]
fn a_wrong_key_in_the_configuration() {
    let project = TestProject::with_stacks(&[("a", &[])]).file("skysmith.toml", "app = \"sh app.sh\"\nuot = \"x\"\n");
    fails(&project, ["synth"], 1).err_has("error[config]: unknown key `uot`").err_has("┌─ skysmith.toml:2");
}

#[test]
fn a_stack_that_is_not_there() {
    let project = with_mistake("none");
    for command in ["synth", "list", "validate", "diff", "outputs"] {
        project
            .skysmith([command, "mistakn"])
            .code(2)
            .out("")
            .err_has("error: there is no stack `mistakn`\n")
            .err_has("did you mean `mistaken`?");
    }
    for command in ["deploy", "destroy"] {
        project.skysmith([command, "--yes", "mistakn"]).code(2).out("").err_has("there is no stack `mistakn`");
    }
}

#[test]
fn a_broken_parameter_file() {
    for (name, text, place) in [
        ("config.properties", "A=1\nB\n", "config.properties:2"),
        ("dev.yaml", "A: 1\nB: [1\n", "dev.yaml:"),
        ("dev.toml", "A = 1\nB = \n", "dev.toml:2"),
        ("dev.toml", "A = \"1\"\nB = { c = 1 }\n", "dev.toml:2"),
        ("dev.yaml", "A: 1\nB:\n  c: 1\n", "dev.yaml:2"),
    ] {
        let project = with_mistake("none").file(&format!("params/{name}"), text);
        let environment = if name.starts_with("dev") { "dev" } else { "" };
        fails(&project.variable("SKYSMITH_ENV", environment), ["synth"], 1).err_has(place);
    }
}
