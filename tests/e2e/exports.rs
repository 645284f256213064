//! What other stacks read leaves a stack in two steps, by itself; and where it cannot, nothing is sent.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Ran, Shell};

struct App {
    _one: std::sync::MutexGuard<'static, ()>,
    shell: Shell,
    endpoint: String,
}

impl App {
    fn new() -> Self {
        let (one, shell) = Shell::with_local_aws("exports");
        let endpoint = shell.endpoint();
        Self { _one: one, shell, endpoint }
    }

    /// An app of these stacks: name, template, and the names of those it depends on.
    fn folder(&self, version: &str, stacks: &[(&str, Value, &[&str])]) -> PathBuf {
        let folder = self.shell.folder().join(version);
        fs::create_dir_all(&folder).unwrap();
        let mut artifacts = json!({});
        for (name, template, dependencies) in stacks {
            let file = format!("{name}.template.json");
            fs::write(folder.join(&file), template.to_string()).unwrap();
            artifacts[*name] = json!({
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": file},
                "dependencies": dependencies,
            });
        }
        fs::write(folder.join("manifest.json"), json!({"version": "36.0.0", "artifacts": artifacts}).to_string())
            .unwrap();
        folder
    }

    fn deploy(&self, folder: &Path, arguments: &[&str]) -> Ran {
        let folder = folder.to_str().unwrap();
        self.shell.skysmith(["--app", folder, "deploy", "--local"].into_iter().chain(arguments.iter().copied()))
    }

    fn destroy(&self, folder: &Path) {
        let folder = folder.to_str().unwrap();
        let arguments = ["--app", folder, "destroy", "--local", "--all", "--yes", "--allow-data-loss"];
        self.shell.skysmith(arguments).exits(0);
        assert_eq!((self.exports(), self.topics()), (json!([]), 0));
    }

    fn exports(&self) -> Value {
        self.shell.person(&self.endpoint, &["exports"])
    }

    /// How many topics there are.
    fn topics(&self) -> usize {
        self.shell.person(&self.endpoint, &["inventory"])["topics"].as_array().unwrap().len()
    }
}

/// A stack with a topic, and with outputs that are about it.
fn topic(outputs: &Value) -> Value {
    json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs})
}

/// The same stack after the topic has gone.
fn without() -> Value {
    json!({"Resources": {"Setting": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}})
}

/// A stack with a parameter of the Systems Manager that has a value read from elsewhere, or none.
fn reader(value: &Value) -> Value {
    json!({"Resources": {"Read": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}}})
}

#[test]
fn what_is_read_goes_once_nobody_reads_it() {
    let app = App::new();
    exports(&app);
    data_that_goes_in_the_second_step(&app);
    exports_that_would_change(&app);
    outputs_that_are_no_exports(&app);
}

fn exports(app: &App) {
    let export = json!({"Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": "shop:topic"}}});
    let import = json!({"Fn::ImportValue": "shop:topic"});
    let before = app.folder("1", &[("shop", topic(&export), &[]), ("till", reader(&import), &["shop"])]);
    app.deploy(&before, &["--all"]).exits(0);
    assert_eq!((app.exports(), app.topics()), (json!(["shop:topic"]), 1));

    // The producer alone: what is read stays, with the topic behind it, and the next step is said.
    let after = app.folder("2", &[("shop", without(), &[]), ("till", reader(&json!("nothing")), &[])]);
    let ran = app.deploy(&after, &["shop"]).exits(0);
    assert!(ran.stderr.contains("keeping for now the export `shop:topic`, read by till"), "{}", ran.stderr);
    assert!(ran.stderr.contains("deploy till shop"), "{}", ran.stderr);
    assert_eq!((app.exports(), app.topics()), (json!(["shop:topic"]), 1));

    // All of them: the reader lets go, then the export goes, with the topic.
    app.deploy(&after, &["--all"]).exits(0);
    assert_eq!((app.exports(), app.topics()), (json!([]), 0));
    let again = app.deploy(&after, &["--all"]).exits(0);
    assert_eq!(again.stderr.matches("nothing to do").count(), 2, "{}", again.stderr);

    // In one go, where the reader needs something else of the producer: an order that only two steps have.
    app.deploy(&before, &["--all"]).exits(0);
    let other = json!({"Resources": {"Board": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Other": {"Value": {"Fn::GetAtt": ["Board", "TopicName"]}, "Export": {"Name": "shop:other"}}}});
    let import = json!({"Fn::ImportValue": "shop:other"});
    let changed = app.folder("3", &[("shop", other, &[]), ("till", reader(&import), &["shop"])]);
    app.deploy(&changed, &["--all"]).exits(0);
    assert_eq!((app.exports(), app.topics()), (json!(["shop:other"]), 1));

    // A reader that the app does not know: nothing is sent.
    let alone = app.folder("4", &[("shop", without(), &[])]);
    let ran = app.deploy(&alone, &["--all"]).exits(1);
    assert!(ran.stderr.contains("export `shop:other`, read by till"), "{}", ran.stderr);
    assert_eq!((app.exports(), app.topics()), (json!(["shop:other"]), 1));

    // One that reads it still: told apart from one that does not yet know better.
    let import = json!({"Fn::ImportValue": "shop:other"});
    let stubborn = app.folder("5", &[("shop", without(), &[]), ("till", reader(&import), &[])]);
    let ran = app.deploy(&stubborn, &["--all"]).exits(1);
    assert!(ran.stderr.contains("shop no longer has what other stacks of the app read"), "{}", ran.stderr);
    assert_eq!((app.exports(), app.topics()), (json!(["shop:other"]), 1));
    app.destroy(&changed);
}

/// It is refused before the first step, not after the readers have been deployed.
fn data_that_goes_in_the_second_step(app: &App) {
    let stack = |outputs: &Value| json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs});
    let export = json!({"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}, "Export": {"Name": "shop:queue"}}});
    let import = json!({"Fn::ImportValue": "shop:queue"});
    let before = app.folder("data-1", &[("shop", stack(&export), &[]), ("till", reader(&import), &["shop"])]);
    app.deploy(&before, &["--all"]).exits(0);
    let after = app.folder("data-2", &[("shop", without(), &[]), ("till", reader(&json!("nothing")), &[])]);
    // The reader no longer needs the other stack, so that by itself it would be deployed at the same time.
    let ran = app.deploy(&after, &["--all", "--concurrency", "1", "--fail-fast"]).exits(1);
    assert!(ran.stderr.contains("would lose data; nothing was changed"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("till deployed"), "{}", ran.stderr);
    assert_eq!(app.exports(), json!(["shop:queue"]));
    app.deploy(&after, &["--all", "--allow-data-loss"]).exits(0);
    app.destroy(&after);
}

/// CloudFormation finds this half-way through the update.
fn exports_that_would_change(app: &App) {
    let stack = |name: &str| {
        json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": "shop:name"}}}})
    };
    let read = || reader(&json!({"Fn::ImportValue": "shop:name"}));
    let before = app.folder("change-1", &[("shop", stack("one"), &[]), ("till", read(), &["shop"])]);
    app.deploy(&before, &["--all"]).exits(0);
    let after = app.folder("change-2", &[("shop", stack("two"), &[]), ("till", read(), &["shop"])]);
    let ran = app.deploy(&after, &["--all"]).exits(1);
    assert!(ran.stderr.contains("a resource is replaced that other stacks import"), "{}", ran.stderr);
    assert!(ran.stderr.contains("export `shop:name`, read by till"), "{}", ran.stderr);
    app.deploy(&before, &["--all"]).exits(0);
    app.destroy(&before);
}

fn outputs_that_are_no_exports(app: &App) {
    let output = json!({"Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}}});
    let read = json!({"Fn::GetStackOutput": {"StackName": "shop", "OutputName": "Name"}});
    let before = app.folder("outputs-1", &[("shop", topic(&output), &[]), ("till", reader(&read), &["shop"])]);
    app.deploy(&before, &["--all"]).exits(0);
    let after = app.folder("outputs-2", &[("shop", without(), &[]), ("till", reader(&json!("nothing")), &[])]);
    let ran = app.deploy(&after, &["--all", "--concurrency", "1"]).exits(0);
    assert!(ran.stderr.contains("keeping for now the output `Name`, read by till"), "{}", ran.stderr);
    assert_eq!(app.topics(), 0);
    app.destroy(&after);
}
