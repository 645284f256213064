//! What people see, as pictures in text: `snapshots/` has them at two widths, with and without colour.

use std::collections::BTreeMap;
use std::path::Path;

use anstream::adapter::strip_str;
use serde_json::{Value, json};
use skysmith_diff::{File, Side, TemplateDiff, compare_files};
use skysmith_template::Template;

use super::{More, TagChange, View, markdown, text};
use crate::names::Names;

const BEFORE: &str = r#"{
"Parameters":{"Stage":{"Type":"String","Default":"dev"},"Token":{"Type":"String","NoEcho":true}},
"Resources":{
  "Table1A":{"Type":"AWS::DynamoDB::Table","Properties":{"BillingMode":"PAY_PER_REQUEST","TableName":"orders",
    "KeySchema":[{"AttributeName":"bucket","KeyType":"HASH"},{"AttributeName":"object","KeyType":"RANGE"}],
    "AttributeDefinitions":[{"AttributeName":"bucket","AttributeType":"S"},{"AttributeName":"object","AttributeType":"S"}]}},
  "Role1A":{"Type":"AWS::IAM::Role","Properties":{"Policies":[{"PolicyName":"Default","PolicyDocument":{"Statement":[
    {"Effect":"Allow","Action":["dynamodb:PutItem"],"Resource":{"Fn::GetAtt":["Table1A","Arn"]}}]}}]}},
  "Fn1A":{"Type":"AWS::Lambda::Function","Properties":{"MemorySize":128,"Role":{"Fn::GetAtt":["Role1A","Arn"]},
    "Code":{"S3Bucket":"b","S3Key":"00000000000000000000000000000000.zip"},
    "Environment":{"Variables":{"STAGE":{"Ref":"Stage"},"URL":"https://example.com/a/very/long/path/that/nobody/wants/to/read/twice/v1/items"}}}},
  "Rule1A":{"Type":"AWS::Events::Rule","Properties":{"Description":"{\"a\":1,\"b\":[1,2]}"}},
  "Objects1A":{"Type":"AWS::S3::Bucket"},
  "Old1A":{"Type":"AWS::SNS::Topic","DeletionPolicy":"Retain"}},
"Outputs":{"Name":{"Value":{"Ref":"Table1A"},"Export":{"Name":"orders-name"}}}}"#;
const AFTER: &str = r#"{
"Parameters":{"Stage":{"Type":"String","Default":"dev"},"Token":{"Type":"String","NoEcho":true}},
"Resources":{
  "Table1A":{"Type":"AWS::DynamoDB::Table","Properties":{"BillingMode":"PAY_PER_REQUEST","TableName":"orders",
    "KeySchema":[{"AttributeName":"bucket","KeyType":"HASH"},{"AttributeName":"key","KeyType":"RANGE"}],
    "AttributeDefinitions":[{"AttributeName":"bucket","AttributeType":"S"},{"AttributeName":"key","AttributeType":"S"}]}},
  "Role1A":{"Type":"AWS::IAM::Role","Properties":{"Policies":[{"PolicyName":"Default","PolicyDocument":{"Statement":[
    {"Effect":"Allow","Action":["dynamodb:PutItem","dynamodb:DeleteItem"],"Resource":{"Fn::GetAtt":["Table1A","Arn"]}},
    {"Effect":"Allow","Action":"s3:*","Resource":"*"}]}}]}},
  "Fn1A":{"Type":"AWS::Lambda::Function","Properties":{"MemorySize":256,"Role":{"Fn::GetAtt":["Role1A","Arn"]},
    "Code":{"S3Bucket":"b","S3Key":"11111111111111111111111111111111.zip"},
    "Environment":{"Variables":{"STAGE":{"Ref":"Stage"},"URL":"https://example.com/a/very/long/path/that/nobody/wants/to/read/twice/v2/items"}}}},
  "Rule1A":{"Type":"AWS::Events::Rule","Properties":{"Description":"{\"a\":1,\"b\":[1,3]}"}},
  "Errors1A":{"Type":"AWS::CloudWatch::Alarm"}}}"#;

fn read(text: &str) -> Template {
    skysmith_template::read(text).unwrap().template
}

fn names() -> Names {
    Names::from_pairs(&[
        ("Table1A", "Counter/Table"),
        ("Role1A", "Counter/Handler/ServiceRole"),
        ("Fn1A", "Counter/Handler"),
        ("Objects1A", "Objects"),
        ("Errors1A", "Errors"),
        ("Old1A", "Old"),
        ("Rule1A", "Rule"),
    ])
}

fn compared() -> (TemplateDiff, Template, More) {
    let values = |stage: &str, token: &str| -> BTreeMap<String, String> {
        [("Stage", stage), ("Token", token)].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    };
    let (before, after) = (read(BEFORE), read(AFTER));
    let (old, new) = (values("dev", "old-secret"), values("prod", "new-secret"));
    let diff = skysmith_diff::compare(
        Side { template: &before, parameters: Some(&old) },
        Side { template: &after, parameters: Some(&new) },
    );
    let file = |path: &str, size: u64, hash: &str| File { path: path.to_owned(), size, hash: hash.to_owned() };
    let files = compare_files(
        &[file("count.py", 900, "a"), file("same.py", 10, "s")],
        &[file("count.py", 1200, "b"), file("util.py", 300, "c"), file("same.py", 10, "s")],
    );
    let more = More {
        tags: vec![TagChange { key: "team".to_owned(), before: Some("a".to_owned()), after: Some("b".to_owned()) }],
        files: [("Fn1A".to_owned(), files)].into(),
        readers: [("Name".to_owned(), vec!["billing".to_owned(), "reports".to_owned()])].into(),
        contents: [("Table1A".to_owned(), "1,204 items, 2.1 MB".to_owned())].into(),
        ..More::default()
    };
    (diff, after, more)
}

fn with_view<T>(show: impl FnOnce(&View<'_>) -> T) -> T {
    let (diff, after, more) = compared();
    let view = View {
        title: "object-counter · dev · 123456789012 / eu-west-1",
        nested_in: &[],
        diff: &diff,
        names: &names(),
        after: &after,
        is_deployed: true,
        has_estimate: true,
        more: &more,
    };
    show(&view)
}

/// A view of which nothing more is known.
fn plain_view<'a>(diff: &'a TemplateDiff, after: &'a Template, names: &'a Names, more: &'a More) -> View<'a> {
    View { title: "app", nested_in: &[], diff, names, after, is_deployed: true, has_estimate: false, more }
}

/// Compares with the file; `SKYSMITH_BLESS=1` writes it instead.
#[track_caller]
fn is_snapshot(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/output/diff/snapshots").join(name);
    if std::env::var_os("SKYSMITH_BLESS").is_some() {
        std::fs::write(file, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; SKYSMITH_BLESS=1 writes it anew", file.display());
}

#[test]
fn on_a_terminal() {
    for width in [80, 200] {
        let coloured = with_view(|view| text::render(&view.document(), width));
        let plain = strip_str(&coloured).to_string();
        is_snapshot(&format!("{width}.txt"), &plain);
        is_snapshot(&format!("{width}.ansi"), &coloured);
        assert!(!plain.contains("secret\"") && !plain.contains("old-secret") && !plain.contains("new-secret"));
    }
}

#[test]
fn on_a_pull_request() {
    let marker = markdown::marker("object-counter", Some("dev"));
    is_snapshot("comment.md", &with_view(|view| markdown::render(&marker, &[view.document()])));
}

#[test]
fn security_alone() {
    let plain = with_view(|view| strip_str(&text::render(&view.security(), 120)).to_string());
    assert!(plain.contains("s3:* on everything") && !plain.contains("MemorySize"), "{plain}");
    let is_secure = with_view(|view| view.is_secure() || view.is_empty());
    assert!(!is_secure);
}

#[test]
fn programs_see_the_same() {
    let json = with_view(|view| view.json("object-counter"));
    assert_eq!(json["summary"]["replace"], 1);
    assert_eq!(json["summary"]["broader"].as_u64(), Some(2), "{}", json["iam"]);
    assert_eq!(json["data_losses"][0]["contents"], "1,204 items, 2.1 MB");
    assert_eq!(json["refusals"][0]["reason"], "name_stays");
    assert_eq!(json["exposed"][0]["readers"], json!(["billing", "reports"]));
    let function = json["resources"].as_array().unwrap().iter().find(|it| it["logical_id"] == "Fn1A").unwrap();
    assert!(function["properties"].as_array().unwrap().iter().any(|it| it["after"] == 256));
    assert!(!json.to_string().contains("secret"), "{json}");
    assert_eq!(json["code"][0]["files"]["changed"].as_array().map(Vec::len), Some(2));
    assert_ne!(json["resources"][0]["properties"][0]["by"], Value::Null);
}

#[test]
fn nothing_is_said_in_one_word() {
    let (template, more) = (read(BEFORE), More::default());
    let diff = skysmith_diff::diff(&template, &template);
    let names = Names::default();
    let view = plain_view(&diff, &template, &names, &more);
    assert_eq!(strip_str(&text::render(&view.document(), 80)).to_string(), "app   no changes\n");
    assert!(view.is_empty() && view.is_secure());
}

/// What is in a nested stack is told where everything of its kind is, under its own name.
#[test]
fn nested_stacks_are_no_hiding_place() {
    let outer = read(
        r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"u"}},
        "Role":{"Type":"AWS::IAM::Role"},"Table":{"Type":"AWS::DynamoDB::Table"}}}"#,
    );
    let inner = |table: &str, action: &str| {
        read(&format!(
            r#"{{"Resources":{{{table}
            "Role":{{"Type":"AWS::IAM::Role","Properties":{{"Policies":[{{"PolicyName":"P","PolicyDocument":{{"Statement":[
            {{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}}}]}}}}}}}}"#
        ))
    };
    let mut diff = skysmith_diff::diff(&outer, &outer);
    let table = r#""Table":{"Type":"AWS::DynamoDB::Table"},"#;
    diff.nest("Inner", skysmith_diff::diff(&inner(table, "s3:GetObject"), &inner("", "s3:*")));
    let more = More { contents: [("Inner/Table".to_owned(), "7 items".to_owned())].into(), ..More::default() };
    let names = Names::default();
    let view = plain_view(&diff, &outer, &names, &more);
    let plain = strip_str(&text::render(&view.document(), 100)).to_string();
    assert!(plain.contains("DATA LOSS  Inner/Table (DynamoDB table) is deleted, with 7 items."), "{plain}");
    assert!(plain.contains("permissions, broader than before\n  ~ Inner/Role  may  s3:* on everything"), "{plain}");
    assert!(!view.is_secure());
    let security = strip_str(&text::render(&view.security(), 100)).to_string();
    assert!(security.contains("Inner/Role  may  s3:*"), "{security}");
    let json = view.json("app");
    let nested = &json["resources"][0]["nested"];
    assert_eq!(nested["iam"][0]["path"], "Inner/Role", "{nested}");
    assert_eq!(json["data_losses"][0]["path"], "Inner/Table");
    assert_eq!(json["data_losses"][0]["contents"], "7 items");
}

/// What comes under another id is one thing to a person, and so one row; what becomes of the old one stands in it.
#[test]
fn another_id_is_one_row() {
    let of = |id: &str| read(&format!(r#"{{"Resources":{{"{id}":{{"Type":"AWS::DynamoDB::Table"}}}}}}"#));
    let (before, after, more) = (of("Old"), of("New"), More::default());
    let diff = skysmith_diff::diff(&before, &after);
    let names = Names::default();
    let view = plain_view(&diff, &after, &names, &more);
    let plain = strip_str(&text::render(&view.document(), 100)).to_string();
    assert!(plain.contains("DATA LOSS  Old (DynamoDB table) is deleted"), "{plain}");
    assert!(
        plain.ends_with("\n  → New  DynamoDB table  under another id; the old one, Old, is deleted with its data\n"),
        "{plain}"
    );
}

#[test]
fn a_condition_that_no_longer_holds_is_the_reason() {
    let template = read(
        r#"{"Parameters":{"Stage":{"Type":"String"}},"Conditions":{"IsProd":{"Fn::Equals":[{"Ref":"Stage"},"prod"]}},
        "Resources":{"Table1A":{"Type":"AWS::DynamoDB::Table","Condition":"IsProd"},
          "Errors1A":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":{"Fn::If":["IsProd","a","b"]}}}}}"#,
    );
    let [old, new] = ["prod", "dev"].map(|stage| BTreeMap::from([("Stage".to_owned(), stage.to_owned())]));
    let diff = skysmith_diff::compare(
        Side { template: &template, parameters: Some(&old) },
        Side { template: &template, parameters: Some(&new) },
    );
    let (names, more) = (names(), More::default());
    let view = plain_view(&diff, &template, &names, &more);
    let told = strip_str(&text::render(&view.document(), 200)).to_string();
    for line in [
        "DATA LOSS  Counter/Table (DynamoDB table) is deleted, with its data: the condition IsProd no longer holds.",
        "deleted with its data; the condition IsProd no longer holds",
        "a → b",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
}
