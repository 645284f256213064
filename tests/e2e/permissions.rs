//! What `skysmith permissions` prints, on an emulator that asks for permissions: exactly that is enough, and nothing of it is too much.
//!
//! The emulator checks every call that arrives. What CloudFormation does it does inside, unchecked, so the part of its role is judged by calls of the services' own APIs.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Ran, Shell, python, root};
use crate::recorder::Recorder;

const BUCKET: &str = "skysmith-demo-objects";
const TABLE: &str = "skysmith-demo-object-counts";
const TOPIC: &str = "skysmith-demo-object-changes";

/// The emulator, with what ends TLS in front of it.
struct Guarded {
    shell: Shell,
    emulator: String,
    assembly: PathBuf,
    recorder: Recorder,
}

impl Guarded {
    fn new(shell: Shell) -> Self {
        let emulator = shell.endpoint();
        let assembly = shell.folder().join("cdk.out");
        shell.skysmith(["--local", "synth", "-q"]).exits(0);
        let recorder = Recorder::new(&emulator);
        Self { shell, emulator, assembly, recorder }
    }

    /// The policies that the command prints with these words.
    fn printed(&self, words: &[&str]) -> Value {
        let app = self.assembly.to_str().unwrap();
        let start = ["--local", "--app", app, "permissions", "--json"];
        self.shell.skysmith(start.into_iter().chain(words.iter().copied())).exits(0).json()
    }

    fn python(&self, arguments: &[&str]) -> Value {
        let script = root().join("tests/e2e/permissions.py");
        let output = Command::new(python()).arg(script).arg(&self.emulator).args(arguments).output().unwrap();
        Ran::of(output).exits(0).json()
    }

    /// An empty account with a user who has this policy.
    fn user(&self, policy: &Value) -> Person<'_> {
        self.person(&["user", &json!([policy]).to_string()])
    }

    /// One more user, in the account as it is.
    fn another_user(&self, name: &str, policy: &Value) -> Person<'_> {
        self.person(&["another_user", name, &json!([policy]).to_string()])
    }

    fn person(&self, made: &[&str]) -> Person<'_> {
        let key = self.python(made);
        let text = |index: usize| key[index].as_str().unwrap().to_owned();
        Person { guarded: self, key: text(0), secret: text(1) }
    }
}

struct Person<'a> {
    guarded: &'a Guarded,
    key: String,
    secret: String,
}

impl Person<'_> {
    fn skysmith(&self, app: &str, words: &[&str]) -> Ran {
        let guarded = self.guarded;
        let start = ["--endpoint-url", &guarded.recorder.url, "--region", "us-east-1", "--app", app];
        let mut command = guarded.shell.command(guarded.shell.folder(), start.into_iter().chain(words.iter().copied()));
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", &self.secret);
        Ran::of(command.output().unwrap())
    }

    /// Deploys object-counter, uses it, and destroys it, the first time without a word about the data. What failed, in its own words.
    fn there_and_back(&self) -> Vec<String> {
        let app = self.guarded.assembly.to_str().unwrap();
        let mut failed = Vec::new();
        let mut step = |words: &[&str], fine: i32| {
            let ran = self.skysmith(app, words);
            let lacks = ran.stderr.contains("lack");
            if ran.code != fine || lacks {
                failed.push(format!("{words:?} ended with {}:\n{}", ran.code, ran.stderr));
            }
            ran.code == fine
        };
        step(&["diff"], 0);
        if step(&["deploy", "--yes"], 0) {
            step(&["deploy", "--yes"], 0);
            self.guarded.python(&["put", BUCKET, "file"]);
            step(&["destroy", "--yes"], 1);
            step(&["destroy", "--yes", "--allow-data-loss"], 0);
        }
        failed
    }
}

/// The names and actions of a policy's statements.
fn statements(policy: &Value) -> Vec<(String, Vec<String>)> {
    let actions = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        several => several.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
    };
    let all = policy["Statement"].as_array().unwrap().iter();
    all.map(|it| (it["Sid"].as_str().unwrap().to_owned(), actions(&it["Action"]))).collect()
}

fn without(policy: &Value, sid: &str) -> Value {
    let mut policy = policy.clone();
    policy["Statement"].as_array_mut().unwrap().retain(|it| it["Sid"] != sid);
    policy
}

/// Calls that this run has no occasion for: failures, reviews of others, the way back.
const NO_OCCASION: [&str; 10] = [
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:ListChangeSets",
    "cloudformation:ListImports",
    // Comes with the tags of a change set, not as a call.
    "cloudformation:TagResource",
    "cloudformation:UpdateTerminationProtection",
    "s3:AbortMultipartUpload",
    // One call deletes many versions, and is counted as what it is for objects.
    "s3:DeleteObjectVersion",
    // Without it a missing object is said to be forbidden, not missing.
    "s3:ListBucket",
    // The emulator takes no role for CloudFormation.
    "iam:PassRole",
];

#[test]
fn exactly_what_is_printed_is_enough_and_nothing_of_it_too_much() {
    let (_one, shell) = Shell::with_local_aws("permissions");
    let guarded = Guarded::new(shell);
    let uses = ["--for", "deploy,destroy"];

    // Everything in one policy: enough.
    let printed = guarded.printed(&uses);
    assert_eq!(printed["notes"], json!([]));
    let person = guarded.user(&printed["caller"]);
    let _ = guarded.recorder.actions();
    assert_eq!(person.there_and_back(), Vec::<String>::new());

    // What the caller needs beside the making of resources: just what was called.
    let role = "arn:aws:iam::000000000000:role/resources";
    let caller = guarded.printed(&["--for", "deploy,destroy", "--caller", role])["caller"].clone();
    let allowed: BTreeSet<String> = statements(&caller).into_iter().flat_map(|(_, actions)| actions).collect();
    let called = guarded.recorder.actions();
    let no_occasion = |action: &&String| NO_OCCASION.contains(&action.as_str());
    let never: Vec<&String> = allowed.difference(&called).filter(|action| !no_occasion(action)).collect();
    assert_eq!(never, Vec::<&String>::new(), "allowed but never called");
    let more: BTreeSet<&String> = called.difference(&allowed).collect();
    assert_eq!(more, BTreeSet::from([&"sts:GetCallerIdentity".to_owned()]), "called but not allowed");

    // Without any one statement of it something fails, and says what is missing. The role is not used, as the emulator takes none.
    let caller = without(&caller, "IamRole");
    let mut judged = Vec::new();
    for (sid, actions) in statements(&caller) {
        let person = guarded.user(&without(&caller, &sid));
        let failed = if sid == "CloudformationAny" { letting_go(&person) } else { person.there_and_back() };
        let named = failed.iter().any(|text| actions.iter().any(|action| text.contains(&format!("lack {action}"))));
        assert!(named, "without {sid}, nobody misses any of {actions:?}:\n{}", failed.join("\n"));
        judged.push(sid);
    }
    eprintln!("judged: {judged:?}");
}

#[test]
fn what_a_diff_needs_and_no_more() {
    let (_one, shell) = Shell::with_local_aws("diff-permissions");
    let guarded = Guarded::new(shell);
    // The same program with other code of its function.
    let other = guarded.shell.folder().join("other");
    let app = other.to_str().unwrap();
    guarded.shell.skysmith(["--local", "--out", app, "synth", "-q"]).exits(0);
    let template = other.join("object-counter.template.json");
    let text = std::fs::read_to_string(&template).unwrap();
    let key = text.split("\"S3Key\": \"").nth(1).unwrap().split(".zip").next().unwrap().to_owned();
    std::fs::write(&template, text.replace(&key, "0123")).unwrap();
    let assets = other.join("object-counter.assets.json");
    let text = std::fs::read_to_string(&assets).unwrap();
    assert!(text.contains(&key), "{text}");
    std::fs::write(&assets, text.replace(&format!("{key}.zip"), "0123.zip")).unwrap();

    let maker = guarded.user(&guarded.printed(&["--for", "deploy"])["caller"]);
    let deployed = maker.skysmith(guarded.assembly.to_str().unwrap(), &["deploy", "--yes"]);
    assert_eq!(deployed.code, 0, "{}", deployed.stderr);

    let looking = guarded.printed(&["--for", "diff"])["caller"].clone();
    let _ = guarded.recorder.actions();
    let seen = guarded.another_user("looks", &looking).skysmith(app, &["diff"]);
    assert_eq!(seen.code, 0, "{}", seen.stderr);
    assert!(seen.stdout.contains("files: ") && !seen.stdout.contains("not looked at"), "{}", seen.stdout);
    let allowed: BTreeSet<String> = statements(&looking).into_iter().flat_map(|(_, actions)| actions).collect();
    let called = guarded.recorder.actions();
    let more: Vec<&String> = called.difference(&allowed).collect();
    assert_eq!(more, ["sts:GetCallerIdentity"], "called but not allowed");
    assert!(called.contains("s3:GetObject"), "{called:?}");

    // Without the right to read code there is a difference all the same.
    let blind = without(&looking, "S3Objects");
    assert_ne!(blind, looking);
    let seen = guarded.another_user("blind", &blind).skysmith(app, &["diff"]);
    assert_eq!(seen.code, 0, "{}", seen.stderr);
    assert!(
        seen.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains("may not be read"),
        "{}",
        seen.stdout
    );
}

/// Deploys a stack with an export, and then without it: CloudFormation is asked who reads it.
fn letting_go(person: &Person<'_>) -> Vec<String> {
    let file = person.guarded.shell.folder().join("object-counter.json");
    let queue = json!({"Q": {"Type": "AWS::SQS::Queue"}});
    let before = json!({"Resources": queue, "Outputs": {"Q": {"Value": "x", "Export": {"Name": "q"}}}});
    let mut failed = Vec::new();
    for template in [before, json!({"Resources": queue})] {
        std::fs::write(&file, template.to_string()).unwrap();
        let ran = person.skysmith(file.to_str().unwrap(), &["deploy", "--yes"]);
        if ran.code != 0 {
            failed.push(ran.stderr);
        }
    }
    failed
}

/// Calls that the emulator takes to be about everything, where AWS takes them to be about the resource.
const ABOUT_EVERYTHING: [&str; 3] = ["CreateFunction", "GetResourcePolicy", "ListTagsOfResource"];

#[test]
fn the_role_of_cloudformation_may_make_what_the_template_has_and_no_more() {
    let (_one, shell) = Shell::with_local_aws("execution-role");
    let guarded = Guarded::new(shell);
    let role = guarded.printed(&[])["execution_role"].clone();
    // The first is asked for by nobody in the emulator, the second about everything.
    let is_judged = |actions: &[String]| !["iam:PassRole", "dynamodb:GetResourcePolicy"].contains(&actions[0].as_str());
    let (judged, unjudged): (Vec<_>, Vec<_>) =
        statements(&role).into_iter().partition(|(_, actions)| is_judged(actions));
    assert_eq!(unjudged.iter().map(|(sid, _)| sid.as_str()).collect::<Vec<_>>(), ["DynamodbTable3", "IamRole2"]);

    // With everything, with everything but for a table of another name, and without each statement.
    let mut policies = vec![json!([role, TABLE]), json!([role, "another-table"])];
    policies.extend(judged.iter().map(|(sid, _)| json!([without(&role, sid), TABLE])));
    let answer = guarded.python(&["provisions", &json!(policies).to_string(), BUCKET, TOPIC]);
    let mut denied: Vec<Vec<String>> = serde_json::from_value(answer).unwrap();
    for texts in &mut denied {
        texts.retain(|text| !ABOUT_EVERYTHING.iter().any(|name| text.starts_with(name)));
    }
    assert_eq!(denied[0], Vec::<String>::new());
    assert!(denied[1].iter().any(|text| text.contains("dynamodb:CreateTable")), "{:?}", denied[1]);
    for ((sid, actions), denied) in judged.iter().zip(&denied[2..]) {
        let named = denied.iter().any(|text| actions.iter().any(|action| text.contains(action.as_str())));
        assert!(named, "without {sid}, nobody misses any of {actions:?}: {denied:?}");
    }
}
