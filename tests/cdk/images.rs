//! Container images and roles, by the CDK's command line and by ours, with a made-up container client and an account that asks for permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::both::Both;
use crate::harness::{Ran, python, root};
use crate::recorder::Recorder;

const REPOSITORY: &str = "cdk-hnb659fds-container-assets-000000000000-us-east-1";
const REGISTRY: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com";
const PASSWORD: &str = "ministack-auth-token";

/// Held by the tests of this file: both have the stacks of the same app in the same account, one to deploy them, one while they are not there.
static STACKS: Mutex<()> = Mutex::new(());

/// A made-up container client with nothing in its memory.
struct Docker {
    folder: PathBuf,
    endpoint: String,
}

/// One call of it.
#[derive(Clone, Debug, PartialEq)]
struct Call {
    arguments: Vec<String>,
    folder: PathBuf,
    stdin: Option<String>,
    attestations: Option<String>,
}

impl Docker {
    fn new(both: &Both, name: &str) -> Self {
        let folder = both.folder().join(name);
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("docker");
        let (python, script) = (python(), root().join("tests/cdk/docker.py"));
        fs::write(&program, format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python.display(), script.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, endpoint: both.endpoint().to_owned() }
    }

    /// Puts it on the path of a command.
    fn given_to(&self, command: &mut Command) {
        let path =
            command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap().to_owned();
        let mut own = self.folder.clone().into_os_string();
        own.push(":");
        own.push(path);
        command.env("PATH", own).env("MADE_UP_DOCKER", &self.folder).env("MADE_UP_DOCKER_ENDPOINT", &self.endpoint);
    }

    fn calls(&self) -> Vec<Call> {
        let text = fs::read_to_string(self.folder.join("calls.jsonl")).unwrap_or_default();
        let call = |line: &str| {
            let call: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| call[key].as_str().map(str::to_owned);
            Call {
                arguments: serde_json::from_value(call["arguments"].clone()).unwrap(),
                folder: text("folder").unwrap().into(),
                stdin: text("stdin"),
                attestations: text("attestations"),
            }
        };
        text.lines().map(call).collect()
    }
}

/// The calls about each image, in their order; those about none under `login`. The two push different images at the same time in an order of their own.
fn by_image(calls: &[Call]) -> BTreeMap<String, Vec<Call>> {
    let is_tag = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut found: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for call in calls {
        let mut words = call.arguments.iter().flat_map(|argument| argument.split([':', '-']));
        let image = words.rfind(|word| is_tag(word));
        let image = image.unwrap_or(if call.arguments[0] == "login" { "login" } else { "made-here" });
        found.entry(image.to_owned()).or_default().push(call.clone());
    }
    found
}

/// Somebody who may take the roles of the CDK's bootstrap, or some of them, and nothing else.
struct Somebody {
    key: Value,
}

impl Somebody {
    fn new(both: &Both, name: &str, roles: &str) -> Self {
        let resource = format!("arn:aws:iam::000000000000:role/cdk-hnb659fds-{roles}");
        Self { key: both.person(&["make_key", name, "sts:AssumeRole,sts:TagSession", &resource]) }
    }

    fn is(&self, command: &mut Command) {
        let text = |index: usize| self.key[index].as_str().unwrap();
        command.env("AWS_ACCESS_KEY_ID", text(0)).env("AWS_SECRET_ACCESS_KEY", text(1)).env("AWS_REGION", "us-east-1");
    }
}

#[track_caller]
fn run(mut command: Command, somebody: &Somebody, docker: &Docker) -> Ran {
    somebody.is(&mut command);
    docker.given_to(&mut command);
    let ran = Ran::of(command.output().unwrap());
    assert!(!ran.stderr.contains(PASSWORD) && !ran.stdout.contains(PASSWORD));
    ran
}

/// Which services each role was used for, and what was said to STS for it, the session's name aside where it is the tool's own.
fn uses(calls: &[(String, String, Value)]) -> (BTreeMap<String, BTreeSet<String>>, BTreeMap<String, Value>) {
    let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut said = BTreeMap::new();
    for (role, action, words) in calls {
        let service = action.split(':').next().unwrap().to_owned();
        // Each looks in its own way whether credentials are good.
        if action != "sts:GetCallerIdentity" {
            services.entry(role.clone()).or_default().insert(service);
        }
        if action == "sts:AssumeRole" {
            let mut words = words.clone();
            if words["RoleSessionName"] != "pusher" {
                words["RoleSessionName"] = json!(null);
            }
            // The one leaves out what is the default.
            words.as_object_mut().unwrap().remove("DurationSeconds");
            let role = words["RoleArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            said.insert(role, words);
        }
    }
    (services, said)
}

fn role(name: &str) -> String {
    format!("cdk-hnb659fds-{name}-role-000000000000-us-east-1")
}

#[test]
fn images_are_built_and_pushed_as_by_the_cdk_each_with_its_role() {
    let _alone = STACKS.lock().unwrap_or_else(PoisonError::into_inner);
    let both = Both::new("images", &["images"]);
    let folder = root().join("tests/cdk/apps/images");
    let theirs = both.path("theirs");
    both.cdk(&folder, &["synth", "--quiet", "--output", &theirs]).exits(0);
    let recorder = Recorder::new(both.endpoint());
    let somebody = Somebody::new(&both, "pusher", "*");
    // The role may do this with its repository; the emulator asks about all of them.
    both.person(&["widen", &role("image-publishing"), "ecr:DescribeRepositories,ecr:DescribeImages"]);

    // By the CDK.
    let docker = Docker::new(&both, "docker-of-cdk");
    let mut command = both.cdk_command(&folder, &["deploy", "**", "--app", &theirs, "--require-approval", "never"]);
    command.env("AWS_ENDPOINT_URL", &recorder.url).env("CDK_DOCKER", docker.folder.join("docker"));
    run(command, &somebody, &docker).exits(0);
    let (expected, used_by_cdk) = (docker.calls(), recorder.calls());
    let tags = both.person(&["images", REPOSITORY]);
    assert_eq!(tags.as_array().unwrap().len(), 3);
    both.cdk(&folder, &["destroy", "**", "--app", &theirs, "--force"]).exits(0);
    both.person(&["delete_images", REPOSITORY]);

    // By us.
    let docker = Docker::new(&both, "docker-of-ours");
    let deploy = |arguments: &[&str]| {
        let start = ["--app", &theirs, "--endpoint-url", &recorder.url];
        both.skysmith_command(&folder, &[&start, arguments].concat())
    };
    let ran = run(deploy(&["deploy", "--all", "--yes", "-v"]), &somebody, &docker).exits(0);
    assert!(ran.stderr.contains("#1 building") && ran.stderr.contains("#2 done"), "{}", ran.stderr);
    let (calls, used) = (docker.calls(), recorder.calls());
    assert_eq!(both.person(&["images", REPOSITORY]), tags);

    // The same calls about each image, in the same folders, to the letter.
    let (calls, expected) = (by_image(&calls), by_image(&expected));
    assert_eq!(calls, expected);
    // What the comparison is worth: a login that tells its password to nobody but the client's input, and each image pushed once.
    let login = &calls["login"];
    assert_eq!(login.len(), 1);
    assert_eq!(login[0].arguments, ["login", "--username", "AWS", "--password-stdin", REGISTRY]);
    assert_eq!(login[0].stdin.as_deref(), Some(PASSWORD));
    let all: Vec<&Call> = calls.values().flatten().collect();
    assert!(!all.iter().any(|call| call.arguments.join(" ").contains(PASSWORD)));
    assert_eq!(all.iter().filter(|call| call.arguments[0] == "push").count(), 3);
    let large = all.iter().find(|call| call.arguments.iter().any(|argument| argument == "final")).unwrap();
    assert_eq!(large.attestations.as_deref(), Some("1"));
    assert_eq!(large.folder.parent(), Some(fs::canonicalize(&theirs).unwrap().as_path()));
    let words = large.arguments.join(" ");
    for option in [
        "--build-arg ZONE=b --build-arg A=two words --build-arg EMPTY= ",
        "--build-context more=../more --build-context image=docker-image://alpine",
        "--secret id=token,src=token.txt --secret id=other,env=OTHER --ssh default",
        "--target final --file Other.dockerfile --network host --platform linux/arm64",
        "--output=type=local,dest=out --output=type=registry",
        "--cache-from type=registry,ref=example.org/cache:1 --cache-from type=gha",
        "--cache-to type=registry,ref=example.org/cache:2,mode=max --no-cache .",
    ] {
        assert!(words.contains(option), "{option} is not in {words}");
    }

    // Each role for its own work, taken with the assembly's words, as by the CDK.
    let ((services, mut said), (services_of_cdk, said_of_cdk)) = (uses(&used), uses(&used_by_cdk));
    assert_eq!(services[&role("image-publishing")], BTreeSet::from(["ecr".to_owned()]));
    assert_eq!(services[&role("file-publishing")], BTreeSet::from(["s3".to_owned()]));
    assert_eq!(services[""], BTreeSet::from(["sts".to_owned()]));
    assert_eq!(services.keys().collect::<Vec<_>>(), services_of_cdk.keys().collect::<Vec<_>>());
    // The one difference: the schema of assemblies has `TransitiveTagKeys` default to all keys, and the CDK takes all of them where the assembly names some.
    let publishing = said.get_mut(&role("file-publishing")).unwrap();
    assert_eq!(
        (&publishing["TransitiveTagKeys.member.1"], &publishing["TransitiveTagKeys.member.2"]),
        (&json!("Team"), &json!(null))
    );
    publishing["TransitiveTagKeys.member.1"] = json!("Use");
    publishing["TransitiveTagKeys.member.2"] = json!("Team");
    assert_eq!(said, said_of_cdk);
    let pushing = &said[&role("image-publishing")];
    assert_eq!((&pushing["ExternalId"], &pushing["RoleSessionName"]), (&json!("to-push"), &json!("pusher")));

    // What is in the repository is neither built nor pushed again, nor is there a login for it.
    run(deploy(&["destroy", "--all", "--yes", "--allow-data-loss"]), &somebody, &docker).exits(0);
    let idle = Docker::new(&both, "docker-without-work");
    run(deploy(&["deploy", "--all", "--yes"]), &somebody, &idle).exits(0);
    assert_eq!(idle.calls(), []);
    run(deploy(&["destroy", "--all", "--yes", "--allow-data-loss"]), &somebody, &idle).exits(0);
    both.person(&["delete_images", REPOSITORY]);
}

#[test]
fn the_lookup_role_is_enough_to_look() {
    let _alone = STACKS.lock().unwrap_or_else(PoisonError::into_inner);
    let both = Both::new("looking", &["images"]);
    let folder = root().join("tests/cdk/apps/images");
    let theirs = both.path("theirs");
    both.cdk(&folder, &["synth", "--quiet", "--output", &theirs]).exits(0);
    let recorder = Recorder::new(both.endpoint());
    let docker = Docker::new(&both, "docker");
    let somebody = Somebody::new(&both, "looker", "lookup-role-*");
    let start = ["--app", &theirs, "--endpoint-url", &recorder.url];
    let look =
        |arguments: &[&str]| run(both.skysmith_command(&folder, &[&start, arguments].concat()), &somebody, &docker);
    let ran = look(&["diff", "images-first", "--fail"]).exits(1);
    assert!(!ran.stderr.contains("cannot"), "{}", ran.stderr);
    let (services, said) = uses(&recorder.calls());
    let lookup = role("lookup");
    assert_eq!(services.keys().map(String::as_str).collect::<Vec<_>>(), ["", lookup.as_str()]);
    assert!(services[&lookup].contains("cloudformation"));

    // As the CDK, when it makes no change set.
    let arguments = ["diff", "images-first", "--app", &theirs, "--method", "template"];
    let mut command = both.cdk_command(&folder, &arguments);
    command.env("AWS_ENDPOINT_URL", &recorder.url);
    run(command, &somebody, &docker).exits(0);
    assert_eq!(uses(&recorder.calls()).1, said);
    look(&["deploy", "images-first", "--yes"]).exits(1);

    // Where that role cannot be taken, the stack's own may do.
    let somebody = Somebody::new(&both, "deployer", "deploy-role-*");
    let command = both.skysmith_command(&folder, &[&start, &["diff", "images-first"][..]].concat());
    let _ = recorder.calls();
    let ran = run(command, &somebody, &docker).exits(0);
    assert!(
        ran.stderr.contains(&format!("{lookup} cannot be read with, so the stack's own is tried")),
        "{}",
        ran.stderr
    );
    let (services, _) = uses(&recorder.calls());
    assert!(services[&role("deploy")].contains("cloudformation"));
}
