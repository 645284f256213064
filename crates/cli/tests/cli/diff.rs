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

#[test]
fn nested_stacks_and_the_files_of_code_are_compared_as_far_as_they_are_in_the_assemblies() {
    let manifest = r#"{"version":"36.0.0","artifacts":{
        "web.assets":{"type":"cdk:asset-manifest","properties":{"file":"web.assets.json"}},
        "web":{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/eu-west-1",
            "properties":{"templateFile":"web.json"},"dependencies":["web.assets"]}}}"#;
    let outer = r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack","DeletionPolicy":"Delete","UpdateReplacePolicy":"Delete",
        "Properties":{"TemplateURL":"https://s3.amazonaws.com/assets/inner.json"},
        "Metadata":{"aws:asset:path":"inner.json","aws:asset:property":"TemplateURL"}}}}"#;
    let inner = |hash: &str, seconds: u32| {
        format!(
            r#"{{"Resources":{{"Function":{{"Type":"AWS::Lambda::Function","Properties":{{"Role":"arn:aws:iam::123456789012:role/r",
            "Runtime":"python3.13","Handler":"index.handler","Timeout":{seconds},
            "Code":{{"S3Bucket":{{"Fn::Sub":"assets-${{AWS::AccountId}}"}},"S3Key":"{hash}.zip"}}}}}}}}}}"#
        )
    };
    let assets = |hash: &str| {
        format!(
            r#"{{"version":"36.0.0","files":{{"{hash}":{{"source":{{"path":"code","packaging":"zip"}},
            "destinations":{{"here":{{"bucketName":"assets-${{AWS::AccountId}}","objectKey":"{hash}.zip"}}}}}}}}}}"#
        )
    };
    let mut project = TestProject::new();
    for (folder, hash, seconds, code) in [("old", "aaaa", 3, "return 1"), ("new", "bbbb", 4, "return 22")] {
        project = project
            .file(&format!("{folder}/manifest.json"), manifest)
            .file(&format!("{folder}/web.json"), outer)
            .file(&format!("{folder}/inner.json"), &inner(hash, seconds))
            .file(&format!("{folder}/web.assets.json"), &assets(hash))
            .file(&format!("{folder}/code/index.py"), code)
            .file(&format!("{folder}/code/same.py"), "same");
    }
    let ran = project.skysmith(["--app", "new", "diff", "--against", "old"]).ok();
    for words in ["Inner/Function", "3 → 4", "1 changed, 1 the same", "index.py", "8 B → 9 B"] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    let project = project.file("old/other.json", outer);
    let ran = project.skysmith(["--app", "new", "diff", "--against", "old/other.json"]).ok();
    assert!(ran.out.contains("3 → 4") && !ran.out.contains("not compared"), "{}", ran.out);
    let project = project.file("alone/web.json", outer);
    let ran = project.skysmith(["--app", "new", "diff", "--against", "alone/web.json"]).ok();
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "the nested stack Inner was not compared: its template is not beside the one around it";
    assert!(words.contains(said), "{}", ran.out);
}
