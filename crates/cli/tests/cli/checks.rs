//! What is told of findings, and what people say about rules: flags, configuration, the template itself, the program.

use crate::judges;
use crate::project::{Ran, TEMPLATE, TestProject, write_assembly};
use crate::wrong::{mistaken, with_mistake};

/// A function with too little memory.
const SMALL: &str = "\
Resources:
  Handler:
    Type: AWS::Lambda::Function
    Properties:
      Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r
      PackageType: Image
      Code:
        ImageUri: x
      MemorySize: 64
";
const FOUND: &str = "error[lambda-memory]: 64 MB is below the smallest memory of a Lambda function, 128 MB\n  \
       ┌─ t.yaml:9:19\n  │    MemorySize: 64\n  │                ^^\n  = at t/Handler (AWS::Lambda::Function), MemorySize\n  \
       = allowed: 128 to 10240 in steps of 1\n\n";
const REASON: &str = "    Metadata:\n      skysmith:\n        allow:\n          - rule: lambda-memory\n            reason: it says less\n";

fn template(text: &str) -> TestProject {
    TestProject::new().file("t.yaml", text)
}

#[test]
fn severities_are_set_by_flags_and_configuration() {
    // The configuration, the flags, what begins the first line, the counts, the exit code.
    let table: &[(&str, &[&str], &str, &str, i32)] = &[
        ("", &[], "error[lambda-memory]", "1 error\n", 1),
        ("", &["--warn", "lambda-memory"], "warning[lambda-memory]", "1 warning\n", 0),
        ("", &["--warn", "lambda-memory", "--strict"], "warning[lambda-memory]", "1 warning\n", 1),
        ("", &["--allow", "lambda-memory"], "", "no findings, 1 silenced\n", 0),
        ("", &["--allow", "lambda-memory", "--strict"], "", "no findings, 1 silenced\n", 0),
        ("rules = { lambda-memory = \"warning\" }", &[], "warning[lambda-memory]", "1 warning\n", 0),
        ("rules = { lambda-memory = \"off\" }", &[], "", "no findings, 1 silenced\n", 0),
        ("rules = { lambda-memory = \"off\" }", &["--deny", "lambda-memory"], "error[lambda-memory]", "1 error\n", 1),
        ("strict = true\nrules = { lambda-memory = \"warning\" }", &[], "warning[lambda-memory]", "1 warning\n", 1),
    ];
    for (config, flags, first, counts, code) in table {
        let project = template(SMALL).file("skysmith.toml", &format!("app = \"t.yaml\"\n[validate]\n{config}\n"));
        let ran = project.skysmith_with(flags, ["validate"]).code(*code);
        assert!(
            ran.out.starts_with(first) && ran.err.starts_with(counts),
            "{config} {flags:?}\n{}{}",
            ran.out,
            ran.err
        );
        // What stops `validate` stops the rest, and warnings do not get into the result.
        let ran = project.skysmith_with(flags, ["synth"]).code(*code);
        assert_eq!(ran.out.is_empty(), *code == 1, "{config} {flags:?}");
        assert!(ran.err.starts_with(first), "{}", ran.err);
        assert!(ran.err.matches("[lambda-memory]").count() <= 1, "{}", ran.err);
    }
}

#[test]
fn a_resource_says_what_it_allows_and_why() {
    let project = template(&format!("{SMALL}{REASON}"));
    project.skysmith(["--app", "t.yaml", "validate"]).ok().out("").err("no findings, 1 silenced\n");
    project.skysmith(["--app", "t.yaml", "synth", "-q"]).ok().err("");
    let shown = FOUND.replace("error[", "silenced[").replace("steps of 1\n", "steps of 1\n  = allowed: it says less\n");
    project.skysmith(["--app", "t.yaml", "-v", "validate"]).ok().err(&format!("{shown}no findings, 1 silenced\n"));
    let json = project.skysmith(["--app", "t.yaml", "--json", "validate"]).ok().json();
    assert_eq!(json["silenced"][0]["reason"], "it says less");
    assert_eq!(json["silenced"][0]["rule"], "lambda-memory");
    // The nearest word counts.
    project.skysmith(["--app", "t.yaml", "--deny", "lambda-memory", "validate"]).ok();
}

#[test]
fn what_is_said_in_vain_or_of_no_rule_is_told() {
    let vain = format!("{}{REASON}", SMALL.replace("64", "128"));
    template(&vain).skysmith(["--app", "t.yaml", "validate"]).ok().err_has("1 warning\n").out(
        "warning[unused-allow]: `lambda-memory` is allowed here and not found here\n  ┌─ t.yaml:13:13\n  │    - rule: lambda-memory\n  │      ^^^^^^^^^^^^^^^^^^^\n  \
           = at t/Handler (AWS::Lambda::Function), Metadata.skysmith.allow[0]\n  = remove it, so that it does not hide a mistake of another day\n\n",
    );
    let wrong = format!("{SMALL}{REASON}").replace("rule: lambda-memory", "rule: lambda-memry");
    let ran = template(&wrong).skysmith(["--app", "t.yaml", "validate"]).code(1);
    assert!(
        ran.out.contains("error[unknown-rule]: there is no rule `lambda-memry`\n  ┌─ t.yaml:13:19\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("  = did you mean `lambda-memory`?\n"), "{}", ran.out);
    let ran = template(SMALL).skysmith(["--app", "t.yaml", "--allow", "lambda-memry", "validate"]).code(2).out("");
    ran.err_has("there is no rule `lambda-memry`; did you mean `lambda-memory`?");
    let project = template(SMALL).file("skysmith.toml", "[validate]\nrules = { \"lambda-memry\" = \"off\" }\n");
    project.skysmith(["--app", "t.yaml", "validate"]).code(1).err_has(
        "error[config]: there is no rule `lambda-memry`\n  ┌─ skysmith.toml:2:11\n  │    rules = { \"lambda-memry\" = \"off\" }\n  │              ^^^^^^^^^^^^^^\n  \
           = did you mean `lambda-memory`?\n",
    );
}

#[test]
fn templates_and_assemblies_are_checked_by_their_path() {
    let project = template(SMALL).file("below/u.json", TEMPLATE).file("below/v.yaml", "Resources: [").file("w.txt", "");
    project.skysmith(["validate", "t.yaml"]).code(1).out(FOUND);
    project.skysmith(["validate", "below/u.json"]).ok().out("").err("no findings\n");
    let ran = project.skysmith(["validate", "below/u.json", "t.yaml", "below/v.yaml"]).code(1).err_has("2 errors\n");
    // One that cannot be read keeps nobody from hearing of the others.
    assert!(ran.out.starts_with(FOUND) && ran.out.contains("error[syntax]: "), "{}", ran.out);
    assert!(ran.out.contains("┌─ below/v.yaml:1:12\n  │    Resources: [\n"), "{}", ran.out);
    project.skysmith(["validate", "t.yaml", "x.yaml"]).code(2).err_has("there is no file `x.yaml`");
    write_assembly(&project.path("built"), &[("a", &[])]);
    project.skysmith(["validate", "built"]).ok().err("no findings\n");
}

#[test]
fn findings_annotate_a_pull_request() {
    let project = template(SMALL);
    let ran = project.skysmith(["--json", "validate", "t.yaml", "--format", "github"]).code(1).err("");
    let ran = ran.out(
        "::error file=t.yaml,line=9,col=19,endColumn=21,title=lambda-memory::64 MB is below the smallest memory of a Lambda function, 128 MB%0A\
         at t/Handler (AWS::Lambda::Function), MemorySize%0Aallowed: 128 to 10240 in steps of 1\n",
    );
    // From the root of the repository on, wherever the command works.
    let root = project.path("").display().to_string();
    let project = TestProject::new().file("x", "").variable("GITHUB_WORKSPACE", &root);
    let folder = project.path("");
    let name = folder.file_name().unwrap().to_str().unwrap();
    let project =
        project.variable("GITHUB_WORKSPACE", &folder.parent().unwrap().display().to_string()).file("t.yaml", SMALL);
    let other = project.skysmith(["validate", "t.yaml", "--format", "github"]).code(1);
    assert_eq!(other.out, ran.out.replace("file=t.yaml", &format!("file={name}/t.yaml")));
}

#[test]
fn findings_are_told_in_sarif() {
    let project = template(
        &format!("{SMALL}{REASON}      Timeout: 901\n")
            .replace("    Metadata", "      Timeout: 0\n    Metadata")
            .replace("      Timeout: 901\n", ""),
    );
    let ran = project.skysmith(["validate", "t.yaml", "--format", "sarif", "--warn", "lambda-timeout"]).ok().err("");
    let log = ran.json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules: Vec<_> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(rules, ["lambda-timeout", "lambda-memory"]);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize], result["ruleId"]);
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!((&results[0]["level"], &place["artifactLocation"]["uri"]), (&"warning".into(), &"t.yaml".into()));
    assert_eq!(place["region"], serde_json::json!({ "startLine": 10, "startColumn": 16, "endColumn": 17 }));
    assert_eq!(
        results[1]["suppressions"],
        serde_json::json!([{ "kind": "inSource", "justification": "it says less" }])
    );
    assert!(results[0].get("suppressions").is_none());

    // By the schema of OASIS, which refuses what is wrong.
    let schema = judges::schema("crates/cli/tests/judges/sarif/sarif-schema-2.1.0.json");
    let changed = |pointer: &str, key: &str, value: serde_json::Value| {
        let mut log = log.clone();
        log.pointer_mut(pointer).unwrap()[key] = value;
        (format!("{pointer}/{key}"), log)
    };
    let logs = [
        ("right".to_owned(), log.clone()),
        changed("/runs/0/results/0", "level", "fatal".into()),
        changed("/runs/0/results/0", "unheard_of", 1.into()),
        changed("/runs/0/results/0", "message", serde_json::json!({})),
        changed("/runs/0/results/0/locations/0/physicalLocation/region", "startLine", 0.into()),
        changed("/runs/0/results/1/suppressions/0", "kind", "elsewhere".into()),
        changed("", "version", "2.0.0".into()),
    ];
    let (wrong, _) = judges::judged(&schema, &logs);
    assert!(!wrong.contains_key("right") && wrong.len() == logs.len() - 1, "{wrong:#?}");
}

#[test]
fn rules_are_explained() {
    let project = TestProject::new();
    let ran = project.skysmith(["explain", "lambda-memory"]).ok().err("");
    assert!(
        ran.out.starts_with("lambda-memory   error   Lambda\n\nLambda gives a function 128 to 10240 MB\n\n"),
        "{}",
        ran.out
    );
    for words in [
        "to put it right: ",
        ".allow(\"lambda-memory\", ",
        "--allow lambda-memory",
        "CloudFormation is certain to refuse",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    assert!(project.skysmith(["explain", "duplicate-id"]).ok().out.contains("It cannot be silenced"));
    project.skysmith(["explain", "lambda-memry"]).code(2).out("").err_has("did you mean `lambda-memory`?");
    let all = project.skysmith(["explain"]).ok();
    assert!(all.out.contains("\nLambda\n  lambda-memory "), "{}", all.out);
    let json = project.skysmith(["explain", "--json", "log-retention"]).ok().json();
    assert_eq!((&json["severity"], &json["severity_here"]), (&"warning".into(), &"warning".into()));
    let json = project.skysmith(["explain", "--json", "--deny", "log-retention"]).ok().json();
    let rule = json["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "log-retention").unwrap();
    assert_eq!((&rule["severity"], &rule["severity_here"]), (&"warning".into(), &"error".into()));
}

/// A template with a nested one.
fn outer(url: &str) -> String {
    serde_json::json!({ "Resources": { "Inner": {
        "Type": "AWS::CloudFormation::Stack",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": { "TemplateURL": url },
        "Metadata": { "aws:asset:path": "inner.json", "aws:asset:property": "TemplateURL" }
    } } })
    .to_string()
}

const INNER: &str = r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayNam": "x"}}}}"#;

#[test]
fn nested_templates_are_checked_and_named() {
    let found = "error[unknown-property]: AWS::SNS::Topic has no property `DisplayNam`\n  ┌─ inner.json:1:68\n  \
         │    {\"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\", \"Properties\": {\"DisplayNam\": \"x\"}}}}\n  \
         │                                                                       ^^^^^^^^^^^^\n  \
         = at o/Inner/Topic (AWS::SNS::Topic), DisplayNam\n  = did you mean `DisplayName`?\n\n";
    let project = template("").file("o.json", &outer("inner.json")).file("inner.json", INNER);
    project.skysmith(["validate", "o.json"]).code(1).out(found);
    for command in ["synth", "diff", "deploy"] {
        let yes: &[&str] = if command == "deploy" { &["--yes"] } else { &[] };
        let ran = Ran::from(project.command("", ["--app", "o.json", command]).args(yes).output().unwrap()).code(1);
        assert!(ran.err.contains(found) && ran.out.is_empty(), "{command}\n{}", ran.err);
    }
    // A template that names itself ends.
    let project = project.file("self.json", &outer("self.json"));
    project.skysmith(["validate", "self.json"]).ok();

    // In an assembly the app says where constructs are made, in nested stacks as well.
    let manifest = serde_json::json!({ "version": "36.0.0", "artifacts": { "app": {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": { "templateFile": "app.json" },
        "metadata": {
            "/app/In.NestedStack/In.NestedStackResource": [{ "type": "aws:cdk:logicalId", "data": "Inner", "trace": ["src/main.rs:1"] }],
            "/app/In/News/Resource": [{ "type": "aws:cdk:logicalId", "data": "Topic", "trace": ["src/main.rs:2:5"] }]
        }
    } } });
    let project = TestProject::new()
        .file("out/manifest.json", &manifest.to_string())
        .file("out/app.json", &outer("https://s3.amazonaws.com/bucket/inner.json"))
        .file("out/inner.json", INNER)
        .file("src/main.rs", "fn main() {\n    News::new(stack);\n");
    project.skysmith(["--app", "out", "validate"]).code(1).out(
        "error[unknown-property]: AWS::SNS::Topic has no property `DisplayNam`\n  ┌─ src/main.rs:2:5\n  │    News::new(stack);\n  │    ^^^^^^^^^^^^^^^^\n  \
           = at app/In/News (AWS::SNS::Topic), DisplayNam\n  = did you mean `DisplayName`?\n\n",
    );
    // An assembly does not lead out of its folder.
    let project =
        project.file("out/app.json", &outer("x").replace("inner.json", "../inner.json")).file("inner.json", INNER);
    project.skysmith(["--app", "out", "validate"]).ok();
}

#[test]
fn a_program_hears_of_severities_and_says_what_it_allows() {
    let project = with_mistake("raw-type");
    project.skysmith(["-q", "synth"]).code(1);
    let flags = ["--allow", "wrong-type", "--warn", "unknown-property"];
    let ran = project.skysmith_with(&flags, ["synth", "-q"]).ok();
    assert_eq!(ran.err, "");
    let ran = project.skysmith_with(&flags, ["validate"]).ok().err_has("2 warnings, 1 silenced\n");
    assert!(ran.out.contains("warning[unknown-property]") && !ran.out.contains("wrong-type"), "{}", ran.out);
    project.skysmith_with(&flags, ["--strict", "synth"]).code(1).out("").err_has("warnings count as errors here");
    let project = project.file("skysmith.toml", &format!("app = \"'{}' raw-type\"\n[validate]\nrules = {{ wrong-type = \"off\", unknown-property = \"off\", removal-policy = \"off\" }}\n", mistaken().display()));
    project.skysmith(["--strict", "validate"]).ok().out("").err("no findings, 3 silenced\n");

    let project = with_mistake("allowed");
    let ran = project.skysmith(["-v", "--strict", "validate"]).ok().out("").err_has("no findings, 1 silenced\n");
    ran.err_has("silenced[unknown-property]: AWS::SNS::Topic has no property `DisplayNam`\n  ┌─ crates/cli/tests/cli/mistaken/main.rs:")
        .err_has("  = at mistaken/Inside/Topic (AWS::SNS::Topic), DisplayNam\n")
        .err_has("  = allowed: it is in a preview\n");
    // The reason is kept in the assembly, also for a template inside of another.
    project.skysmith(["-q", "synth"]).ok();
    project
        .skysmith(["--app", "cdk.out", "-v", "validate"])
        .ok()
        .err_has("  = at mistaken/Inside/Topic (AWS")
        .err_has("= allowed: it is in a preview\n");
}

#[test]
fn colour_underlines_and_says_nothing() {
    let project = template(SMALL);
    let plain = project.skysmith(["validate", "t.yaml"]).code(1);
    let coloured = project.skysmith(["--color", "always", "validate", "t.yaml"]).code(1).out;
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31merror[lambda-memory]\u{1b}[0m: 64 MB is"), "{coloured:?}");
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31m^^\u{1b}[0m\n"), "{coloured:?}");
    let mut pieces = coloured.split('\u{1b}');
    let mut stripped = pieces.next().unwrap().to_owned();
    pieces.for_each(|piece| stripped.push_str(piece.split_once('m').unwrap().1));
    assert_eq!(stripped, plain.out);
    assert!(!plain.out.contains('\u{1b}'));
}

#[test]
fn doctor_says_what_the_project_says_of_rules() {
    let project = template(SMALL)
        .file("skysmith.toml", "app = \"t.yaml\"\n[validate]\nstrict = true\nrules = { log-retention = \"error\" }\n");
    let ran = project.skysmith(["doctor", "--local", "--json"]);
    let checks = ran.json()["checks"].clone();
    let rules = checks.as_array().unwrap().iter().find(|check| check["name"] == "rules").unwrap();
    assert!(rules["detail"].as_str().unwrap().ends_with(": log-retention error, warnings fail"), "{rules}");
}

#[test]
fn the_handler_of_another_apps_function_is_in_its_code() {
    let manifest = serde_json::json!({ "version": "36.0.0", "artifacts": {
        "app.assets": { "type": "cdk:asset-manifest", "properties": { "file": "app.assets.json" } },
        "app": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": { "templateFile": "app.json" },
            "dependencies": ["app.assets"]
        }
    } });
    let assets = serde_json::json!({ "version": "36.0.0", "dockerImages": {}, "files": { "abc": {
        "source": { "path": "asset.abc", "packaging": "zip" },
        "destinations": { "here": { "bucketName": "code", "objectKey": "abc.zip" } }
    } } });
    let function = |handler: &str| {
        serde_json::json!({ "Resources": { "Count": { "Type": "AWS::Lambda::Function", "Properties": {
            "Handler": handler,
            "Runtime": "python3.13",
            "Role": { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r" },
            "Code": { "S3Bucket": "code", "S3Key": "abc.zip" }
        } } } })
        .to_string()
    };
    let mut project = TestProject::new()
        .file("out/manifest.json", &manifest.to_string())
        .file("out/app.assets.json", &assets.to_string())
        .file("out/asset.abc/inner/count.py", "")
        .file("out/asset.abc/main.py", "");
    for right in ["main.handler", "inner.count.handler", "inner/count.handler"] {
        project = project.file("out/app.json", &function(right));
        project.skysmith(["--app", "out", "validate"]).ok();
    }
    let project = project.file("out/app.json", &function("mian.handler"));
    let ran = project.skysmith(["--app", "out", "validate"]).code(1);
    for words in [
        "error[lambda-handler]: handler `mian.handler` needs a file `mian.py`, and its code has none",
        "= at app/Count (AWS::Lambda::Function), Handler",
        "= files there: inner/, main.py",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    let project = project.file("out/app.json", &function("main"));
    let ran = project.skysmith(["--app", "out", "validate"]).code(1);
    assert!(ran.out.contains("handler `main` is not of the form `file.function`"), "{}", ran.out);
}
