//! What is in nested stacks is compared as if it were in the stack around them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Ran, Shell};

const ASSETS: &str = "skysmith-assets-${AWS::AccountId}-${AWS::Region}-an";

struct App {
    shell: Shell,
    endpoint: String,
}

impl App {
    /// An assembly of the stack `web` with this template, and with these files as assets: a key's hash, and the file's content.
    fn assembly(&self, version: &str, template: &Value, assets: &[(&str, String)]) -> PathBuf {
        let folder = self.shell.folder().join(version);
        fs::create_dir_all(&folder).unwrap();
        let mut files = json!({});
        for (file, content) in assets {
            fs::write(folder.join(file), content).unwrap();
            files[*file] = json!({
                "source": {"path": file, "packaging": "file"},
                "destinations": {"here": {"bucketName": ASSETS, "objectKey": format!("{version}-{file}")}}});
        }
        let manifest = json!({"version": "36.0.0", "artifacts": {
            "web.assets": {"type": "cdk:asset-manifest", "properties": {"file": "web.assets.json"}},
            "web": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "web.json"}, "dependencies": ["web.assets"]}}});
        let assets = json!({"version": "36.0.0", "files": files});
        for (name, content) in [("web.json", template), ("web.assets.json", &assets), ("manifest.json", &manifest)] {
            fs::write(folder.join(name), content.to_string()).unwrap();
        }
        folder
    }

    fn run(&self, assembly: &Path, words: &[&str]) -> Ran {
        let start = ["--local", "--app", assembly.to_str().unwrap()];
        self.shell.skysmith(start.into_iter().chain(words.iter().copied())).exits(0)
    }

    fn diff(&self, assembly: &Path, words: &[&str]) -> (String, Value) {
        let text = self.run(assembly, &[&["diff"], words].concat()).stdout;
        let json = self.run(assembly, &[&["diff", "--json"], words].concat()).json()["stacks"][0].clone();
        (text, json)
    }
}

/// A nested stack whose template is a file of the assembly.
fn nested(version: &str, file: &str, parameters: &Value) -> Value {
    let url = format!("https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{ASSETS}/{version}-{file}");
    json!({"Type": "AWS::CloudFormation::Stack", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete",
        "Properties": {"TemplateURL": {"Fn::Sub": url}, "Parameters": parameters},
        "Metadata": {"aws:asset:path": file, "aws:asset:property": "TemplateURL"}})
}

fn parameter(value: &Value) -> Value {
    json!({"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}})
}

fn queue(delay: u32) -> Value {
    json!({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}})
}

/// A table that is deleted with its stack.
fn table() -> Value {
    json!({"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Delete", "Properties": {"BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}})
}

#[test]
fn what_is_in_nested_stacks_is_compared() {
    let (_one, shell) = Shell::with_local_aws("nested");
    let endpoint = shell.endpoint();
    let app = App { shell, endpoint };

    let deepest = |delay: u32| json!({"Resources": {"Deep": queue(delay)}}).to_string();
    let inner = |version: &str, visibility: u32| {
        json!({
            "Parameters": {"Stage": {"Type": "String"}, "Queue": {"Type": "String"}, "Fixed": {"Type": "String", "Default": "x"}},
            "Resources": {
                "Setting": parameter(&json!({"Fn::Sub": "${Stage} and ${Queue}"})),
                "Untouched": parameter(&json!({"Ref": "Queue"})),
                "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": visibility}},
                "Table": table(),
                "Deepest": nested(version, "deepest.json", &json!({})),
            }})
        .to_string()
    };
    let outer = |version: &str| {
        json!({
            "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
            "Resources": {"Queue": queue(1), "Inner": nested(version, "inner.json", &json!({
                "Stage": {"Ref": "Stage"}, "Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}))}})
    };
    let old = app.assembly("old", &outer("old"), &[("inner.json", inner("old", 30)), ("deepest.json", deepest(1))]);
    let new = app.assembly("new", &outer("new"), &[("inner.json", inner("new", 40)), ("deepest.json", deepest(2))]);

    // Not there yet: everything is new, in the nested stacks as well.
    let (text, json) = app.diff(&old, &[]);
    assert_eq!(json["summary"]["add"], 8, "{text}");
    assert!(text.contains("Inner/Deepest/Deep"), "{text}");
    app.run(&old, &["deploy"]);
    let (text, json) = app.diff(&old, &["--fail"]);
    assert!(json["is_different"] == false && json["notes"] == json!([]), "{text}\n{json:#}");

    // A property inside, one deeper, and a parameter that is handed on.
    let (text, json) = app.diff(&new, &["--parameters", "Stage=prod"]);
    for words in ["Inner/Jobs", "VisibilityTimeout", "30 → 40", "Inner/Deepest/Deep", "1 → 2", "Inner/Setting"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("Untouched") && !text.contains("Table"), "{text}");
    // The two nested stacks, the queue, the setting, the deepest queue.
    assert_eq!(json["summary"]["change"], 5, "{text}");
    let inside =
        &json["resources"].as_array().unwrap().iter().find(|it| it["logical_id"] == "Inner").unwrap()["nested"];
    assert_eq!(
        inside["values"],
        json!([{"name": "Stage", "before": {"value": "dev", "is_default": false}, "after": {"value": "prod", "is_default": false}}])
    );
    assert_eq!(json["notes"], json!([]));
    let queue_arn = "arn:aws:sqs:us-east-1:000000000000:web-Queue-";
    assert!(!inside["values"].to_string().contains(queue_arn));

    // Before it is deployed the same is shown, and what would be lost in there is asked about.
    let told = app.run(&new, &["deploy", "--no-execute"]).stderr;
    assert!(told.contains("Inner/Jobs") && told.contains("30 → 40"), "{told}");
    let empty = json!({"Parameters": {"Stage": {"Type": "String"}, "Queue": {"Type": "String"}}, "Resources": {
        "Untouched": parameter(&json!({"Ref": "Queue"}))}});
    let empty = app.assembly("empty", &outer("empty"), &[("inner.json", empty.to_string())]);
    let words = ["--local", "--app", empty.to_str().unwrap(), "deploy", "--yes"];
    let refused = app.shell.skysmith(words).exits(1).stderr;
    assert!(refused.contains("Table") && refused.contains("--allow-data-loss"), "{refused}");

    // A value that only the deployment will know stands as it is written.
    let mut other = outer("old");
    other["Resources"]["Other"] = queue(1);
    other["Resources"]["Inner"]["Properties"]["Parameters"]["Queue"] = json!({"Fn::GetAtt": ["Other", "Arn"]});
    let other = app.assembly("other", &other, &[("inner.json", inner("old", 30)), ("deepest.json", deepest(1))]);
    let (text, json) = app.diff(&other, &[]);
    let inner = json["resources"].as_array().unwrap().iter().find(|it| it["logical_id"] == "Inner").unwrap();
    assert_eq!(inner["nested"]["values"][0]["after"]["value"], "${Other.Arn}", "{text}");
    assert!(text.contains("Inner/Untouched") && text.contains("Inner/Setting"), "{text}");

    // One that goes, with what is in it.
    let without = app.assembly("without", &json!({"Resources": {"Queue": queue(1)}}), &[]);
    let (text, json) = app.diff(&without, &[]);
    assert_eq!(json["summary"]["remove"], 7, "{text}");
    let lost = json["data_losses"].as_array().unwrap().iter();
    let lost: Vec<(&Value, &Value)> = lost.map(|it| (&it["logical_id"], &it["nested_in"])).collect();
    let (around, deeper) = (json!(["Inner"]), json!(["Inner", "Deepest"]));
    assert_eq!(lost, [(&json!("Deep"), &deeper), (&json!("Jobs"), &around), (&json!("Table"), &around)], "{json:#}");
    for words in
        ["Inner/Table (DynamoDB table) is deleted, with no items", "Inner/Jobs (SQS queue) is deleted, with its data"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn a_template_that_lies_in_a_bucket_is_read_there() {
    let (_one, shell) = Shell::with_local_aws("nested-url");
    let endpoint = shell.endpoint();
    let app = App { shell, endpoint };
    let put = |key: &str, delay: u32| {
        let template = json!({"Resources": {"Jobs": queue(delay)}}).to_string();
        app.shell.person(&app.endpoint, &["put", "shared-templates", key, &template]);
    };
    app.shell.person(&app.endpoint, &["make_bucket", "shared-templates"]);
    put("jobs.json", 1);
    let outer = |key: &str| {
        let url = format!("https://s3.us-east-1.amazonaws.com/shared-templates/{key}");
        json!({"Resources": {"ByHand": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}})
    };
    let assembly = app.assembly("by-hand", &outer("jobs.json"), &[]);
    app.run(&assembly, &["deploy"]);
    assert_eq!(app.diff(&assembly, &[]).1["is_different"], false);

    // Behind the same URL there is another one now, and then none.
    put("jobs.json", 2);
    let (text, json) = app.diff(&assembly, &[]);
    assert!(text.contains("ByHand/Jobs") && text.contains("1 → 2"), "{text}");
    assert_eq!(json["notes"], json!([]));
    let gone = app.assembly("gone", &outer("none.json"), &[]);
    let (text, json) = app.diff(&gone, &[]);
    let said = "the nested stack ByHand was not compared: s3://shared-templates/none.json is not there";
    assert_eq!(json["notes"], json!([said]), "{text}");
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{text}");
}
