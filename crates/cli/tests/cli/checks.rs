//! What is told of findings, and what people say about rules: flags, configuration, the template itself, the program.

use crate::project::TestProject;

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
