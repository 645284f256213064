//! `diff` without AWS: against a file, another assembly, another environment of the program.

use crate::project::{TEMPLATE, TestProject};

/// A program whose stack has the environment in its name, and whose table is protected in `prod` alone.
fn program() -> TestProject {
    let manifest = r#"{"version":"36.0.0","artifacts":{"app-ENV":{"type":"aws:cloudformation:stack",
        "environment":"aws://unknown-account/eu-west-1","properties":{"templateFile":"t.json"}}}}"#;
    let protected = TEMPLATE.replace(r#""Properties": {"#, r#""Properties": { "DeletionProtectionEnabled": true,"#);
    TestProject::with_script(&format!(
        "case \"$CDK_CONTEXT_JSON\" in *prod*) env=prod;; *) env=dev;; esac\nmkdir -p \"$CDK_OUTDIR\"\n\
         sed \"s/ENV/$env/\" > \"$CDK_OUTDIR/manifest.json\" <<'END'\n{manifest}\nEND\n\
         if [ $env = prod ]; then cat > \"$CDK_OUTDIR/t.json\" <<'END'\n{protected}\nEND\n\
         else cat > \"$CDK_OUTDIR/t.json\" <<'END'\n{TEMPLATE}\nEND\nfi\n"
    ))
    .file("params/dev.properties", "")
    .file("params/prod.properties", "")
}

#[test]
fn two_environments_of_a_program_are_compared() {
    let project = program();
    let ran = project.skysmith(["--env", "prod", "diff", "--against-env", "dev", "--fail"]).code(1);
    for words in ["app-prod", "Table", "DeletionProtectionEnabled"] {
        assert!(ran.out.contains(words), "{words}\n{}\n{}", ran.out, ran.err);
    }
    assert!(!ran.out.contains("app-dev"), "{}", ran.out);
    // What was made for the other environment does not take the place of the assembly.
    let manifest = std::fs::read_to_string(project.path("cdk.out/manifest.json")).unwrap();
    assert!(manifest.contains("app-prod"), "{manifest}");

    project.skysmith(["--env", "dev", "diff", "--against-env", "dev"]).code(2).err_has("both environments are dev");
    project.skysmith(["diff", "--against-env", "dev", "--template", "x.json"]).code(2);
    let assembly = project.skysmith(["--app", "cdk.out", "--env", "dev", "diff", "--against-env", "prod"]).code(2);
    assembly.err_has("--against-env needs a program");
}

#[test]
fn two_assemblies_are_compared() {
    let project = program();
    project.skysmith(["--env", "prod", "synth", "-q", "--out", "before"]).ok();
    let against = ["--env", "prod", "diff", "--against", "before", "--fail"];
    project.skysmith(against).ok();
    let changed = std::fs::read_to_string(project.path("before/t.json")).unwrap();
    let project = project.file("before/t.json", &changed.replace("PAY_PER_REQUEST", "PROVISIONED"));
    let ran = project.skysmith(against).code(1);
    assert!(ran.out.contains("BillingMode") && ran.out.contains("PROVISIONED"), "{}", ran.out);
}
