//! Parameters: where they come from, how they reach the app, what is wrong with them.

use serde_json::Value;

use crate::project::{TestProject, writes_assembly};

#[test]
fn every_mistake_is_shown_with_its_line() {
    let project = TestProject::with_stacks(&[("a", &[])])
        .file("params/config.properties", "# names\nPrefix=app-\nBucketName\nPrefix=b-\nTable=\n")
        .file("params/dev.properties", "=x\n");
    project.skysmith(["--env", "dev", "synth"]).code(1).out("").err(
        "error[parameter]: `BucketName` has no `=`\n  ┌─ params/config.properties:3\n  │    BucketName\n  \
           = a line is KEY=VALUE, a comment that starts with #, or empty\n\n\
         error[parameter]: `Prefix` is set twice\n  ┌─ params/config.properties:4\n  │    Prefix=b-\n  = first in line 2\n\n\
         error[parameter]: `Table` has no value\n  ┌─ params/config.properties:5\n  │    Table=\n\n\
         error[parameter]: there is no key before the `=`\n  ┌─ params/dev.properties:1\n  │    =x\n\n\
         4 errors; nothing was done\n",
    );
}

#[test]
fn params_shows_the_origin_of_each() {
    let project = TestProject::new()
        .file("params/config.properties", "Prefix=app-\nBucketName=objects\nTableName=t\n")
        .file("params/prod.yaml", "# prod\nBucketName: prod-objects\n")
        .variable("SKYSMITH_PARAM_TABLE_NAME", "u");
    project.skysmith(["params"]).ok().err("").out(
        "BucketName  objects  params/config.properties:2\n\
         Prefix      app-     params/config.properties:1\n\
         TableName   u        SKYSMITH_PARAM_TABLE_NAME\n",
    );
    let ran = project.skysmith(["--env", "prod", "--param", "Prefix=x-", "params", "--json"]).ok();
    assert_eq!(
        ran.json(),
        serde_json::json!({ "environment": "prod", "parameters": {
            "BucketName": { "value": "prod-objects", "source": "params/prod.yaml:2" },
            "Prefix": { "value": "x-", "source": "--param" },
            "TableName": { "value": "u", "source": "SKYSMITH_PARAM_TABLE_NAME" },
        } })
    );
}

#[test]
fn a_folder_that_is_named_must_exist() {
    let project = TestProject::new().file("skysmith.toml", "parameters = \"settings\"\n");
    project.skysmith(["params"]).code(1).err_has("the folder of parameters, `settings`, does not exist");
    TestProject::new().skysmith(["params"]).ok().out("").err_has("there are no parameters");
}

#[test]
fn wrong_flags_are_wrong_usage() {
    let project = TestProject::new().file("params/config.properties", "BucketName=x\n");
    project.skysmith(["params", "--param", "BucketName"]).code(2).err_has("`--param BucketName` has no `=`");
    project.skysmith(["params", "--param", "BucketNam=y"]).ok().err_has("did you mean `BucketName`?");
}

#[test]
fn flags_before_and_after_the_command_count() {
    let project = TestProject::new();
    project.skysmith(["--param", "A=1", "params", "--param=B=2"]).ok().out("A  1  --param\nB  2  --param\n");
    project.skysmith(["--param", "A=1", "params", "--param", "A=2"]).code(2).err_has("given twice");
}

#[test]
fn they_reach_the_app_with_their_origin() {
    let script = format!("{}\nprintf '%s' \"$CDK_CONTEXT_JSON\" > context.json\n", writes_assembly(&[("a", &[])]));
    let project = TestProject::with_script(&script).file("params/config.properties", "Name=ü \"quoted\"\n");
    project.skysmith(["--param", "B=1=2", "list"]).ok();
    let context: Value = serde_json::from_str(&std::fs::read_to_string(project.path("context.json")).unwrap()).unwrap();
    assert_eq!(
        context["skysmith:parameters"],
        serde_json::json!({
            "Name": { "value": "ü \"quoted\"", "source": "params/config.properties:1" },
            "B": { "value": "1=2", "source": "--param" },
        })
    );
}

#[test]
fn what_is_too_long_for_a_variable_goes_by_file() {
    let script = format!(
        "{}\ntest -z \"$CDK_CONTEXT_JSON\" || exit 4\ncp \"$CONTEXT_OVERFLOW_LOCATION_ENV\" context.json\n",
        writes_assembly(&[("a", &[])])
    );
    let long = "x".repeat(200_000);
    let project = TestProject::with_script(&script).file("params/config.properties", &format!("Long={long}\n"));
    project.skysmith(["list"]).ok();
    let context: Value = serde_json::from_str(&std::fs::read_to_string(project.path("context.json")).unwrap()).unwrap();
    assert_eq!(context["skysmith:parameters"]["Long"]["value"].as_str().map(str::len), Some(200_000));
}
