//! `--app TEMPLATE`.

use crate::project::{TEMPLATE, TestProject};

const YAML: &str = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !GetAtt Queue.QueueName
";

#[test]
fn json_and_yaml_stand_for_a_stack() {
    let project = TestProject::new().file("my_app.template.json", TEMPLATE).file("web.yaml", YAML);
    project.skysmith(["--app", "my_app.template.json", "list"]).ok().err("").out("my-app  any account and region\n");
    assert!(
        project
            .skysmith(["--app", "my_app.template.json", "synth"])
            .ok()
            .err("")
            .out
            .starts_with("Resources:\n  Table:")
    );
    project.skysmith(["--app", "web.yaml", "synth"]).ok().err("").out(YAML);
    let json = project.skysmith(["--app", "web.yaml", "synth", "--json"]).ok().json();
    assert_eq!(json["Resources"]["Topic"]["Properties"]["DisplayName"]["Fn::GetAtt"][1], "QueueName");
    project.skysmith(["--app", "web.yaml", "validate"]).ok().out("").err("no findings\n");
}

#[test]
fn mistakes_are_shown_in_the_template() {
    let project = TestProject::new().file("web.yaml", &YAML.replace("DisplayName", "DisplayNam"));
    project.skysmith(["--app", "web.yaml", "validate"]).code(1).err("1 error\nmore about it: skysmith explain unknown-property\n").out(
        "error[unknown-property]: AWS::SNS::Topic has no property `DisplayNam`\n  \
           ┌─ web.yaml:9:7\n  │    DisplayNam: !GetAtt Queue.QueueName\n  │    ^^^^^^^^^^\n  = at web/Topic (AWS::SNS::Topic), DisplayNam\n  \
           = did you mean `DisplayName`?\n\n",
    );
    project.skysmith(["--app", "web.yaml", "synth"]).code(1).out("").err_has("1 error; nothing was done\n");
}

#[test]
fn what_is_no_template_is_shown_with_its_line() {
    let project = TestProject::new()
        .file("a.json", "{\n  \"Resources\": {,}\n}")
        .file("b.yaml", "Resources: [\n")
        .file("c.json", "");
    project
        .skysmith(["--app", "a.json", "synth"])
        .code(1)
        .out("")
        .err_has("error[syntax]: ")
        .err_has("┌─ a.json:2:17\n");
    project.skysmith(["--app", "b.yaml", "synth"]).code(1).out("").err_has("error[syntax]: ").err_has("┌─ b.yaml:");
    project.skysmith(["--app", "c.json", "synth"]).code(1).err_has("the template is empty");
}

#[test]
fn values_for_a_program_are_not_lost_on_it() {
    let project = TestProject::new().file("web.yaml", YAML);
    let ran = project.skysmith(["--app", "web.yaml", "--param", "Stage=prod", "list"]).code(2).out("");
    assert!(ran.err.contains("--param Stage is a value for a program, and this is a template"), "{}", ran.err);
    assert!(ran.err.contains("--parameters Stage=VALUE"), "{}", ran.err);
}
