//! The flags and settings of `deploy` that do not go with each other. Nothing here is deployed.

use crate::project::TestProject;

fn project() -> TestProject {
    TestProject::with_stacks(&[("only", &[])])
}

#[test]
fn wrong_combinations_are_wrong_usage() {
    for (flags, said) in [
        (["--change-set", "p", "--no-execute"], "'--change-set <NAME>' cannot be used with '--no-execute'"),
        (["--change-set", "p", "--direct"], "cannot be used with"),
        (["--change-set", "p", "--express"], "cannot be used with"),
        (["--change-set", "p", "--parameters=A=1"], "cannot be used with"),
        (["--direct", "--no-execute", "--yes"], "cannot be used with"),
        (["--direct", "--allow-data-loss", "--yes"], "cannot be used with"),
        (["--direct", "--import-existing", "--yes"], "cannot be used with"),
        (["--change-set-name", "p", "--yes"], "--no-execute"),
        (["--no-execute", "--change-set-name", "1-bad"], "a letter, then letters, digits and `-`"),
        (["--service-role", "Deploys", "--yes"], "an ARN, such as arn:aws:iam::123456789012:role/Name"),
        (["--rollback-alarm", "Errors", "--yes"], "an ARN"),
    ] {
        let [a, b, c] = flags;
        let ran = project().skysmith(["deploy", a, b, c]).code(2).out("");
        assert!(ran.err.contains(said), "{flags:?}: {}", ran.err);
    }
}

#[test]
fn a_protected_environment_takes_no_short_cut() {
    let project = project();
    let toml = std::fs::read_to_string(project.path("skysmith.toml")).unwrap();
    project
        .file("skysmith.toml", &format!("{toml}\n[environments.prod]\nprotect = true\n"))
        .skysmith(["--env", "prod", "deploy", "--direct", "--yes"])
        .code(2)
        .out("")
        .err_has("`prod` is protected, and --direct is for development");
}

#[test]
fn a_plan_is_of_one_stack() {
    TestProject::with_stacks(&[("a", &[]), ("b", &[])])
        .skysmith(["deploy", "a", "b", "--yes", "--change-set", "release"])
        .code(2)
        .out("")
        .err_has("--change-set release is one stack's plan; name that stack alone");
}
