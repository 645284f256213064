//! Both command lines, with one local AWS that has the CDK's bootstrap.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Map, Value};

use crate::harness::{Ran, Shell, root};

/// The account and the region of the local AWS.
pub const ENVIRONMENT: &str = "aws://000000000000/us-east-1";

/// A local AWS for all tests that run at the time: bootstrapping takes longer than most of them.
pub struct Aws {
    shell: Shell,
    endpoint: String,
}

static AWS: Mutex<Weak<Aws>> = Mutex::new(Weak::new());

/// A test's place: a folder, both command lines, and the local AWS, of which it sees its own things only.
pub struct Both {
    aws: Arc<Aws>,
    folder: PathBuf,
    /// What its names begin with in the local AWS.
    prefixes: &'static [&'static str],
}

impl Both {
    /// A place with this name; its stacks' names, and those of all their resources, begin with one of the prefixes.
    pub fn new(name: &str, prefixes: &'static [&'static str]) -> Self {
        let mut shared = AWS.lock().unwrap_or_else(PoisonError::into_inner);
        let running = shared.upgrade();
        let is_new = running.is_none();
        let aws = running.unwrap_or_else(|| {
            let shell = Shell::with_shared_local_aws("cdk");
            let endpoint = shell.endpoint();
            Arc::new(Aws { shell, endpoint })
        });
        let folder = aws.shell.folder().join(name);
        fs::create_dir_all(folder.join("home/.cdk/cache")).unwrap();
        // It would ask a server in the internet whether there is one, and wait for the answer.
        let offline = r#"{"expiration":9999999999999,"hasConnectivity":false}"#;
        fs::write(folder.join("home/.cdk/cache/connection.json"), offline).unwrap();
        let both = Self { aws, folder, prefixes };
        if is_new {
            // By default its roles refuse whoever comes with an external id.
            both.cdk(both.folder(), &["bootstrap", ENVIRONMENT, "--deny-external-id=false"]).exits(0);
            *shared = Arc::downgrade(&both.aws);
        }
        both
    }

    /// The test's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path in the test's folder, as an argument.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// The local AWS's URL.
    pub fn endpoint(&self) -> &str {
        &self.aws.endpoint
    }

    /// `skysmith` in a folder. What it synthesizes goes to `ours` in the test's folder.
    pub fn skysmith(&self, folder: &Path, arguments: &[&str]) -> Ran {
        Ran::of(self.skysmith_command(folder, arguments).output().expect("the CLI starts"))
    }

    /// The same, ready to run.
    pub fn skysmith_command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = self.aws.shell.command(folder, arguments.iter().copied());
        command.env("SKYSMITH_OUT", self.folder.join("ours"));
        for_apps(&mut command);
        command
    }

    /// `cdk` in a folder, with the local AWS.
    pub fn cdk(&self, folder: &Path, arguments: &[&str]) -> Ran {
        Ran::of(self.cdk_command(folder, arguments).output().expect("the CDK starts"))
    }

    /// The same, ready to run.
    pub fn cdk_command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let program = tools().join("node_modules/.bin/cdk");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .args(["--no-notices", "--no-color"])
            .current_dir(folder)
            .env("HOME", self.folder.join("home"))
            .env("CDK_DISABLE_CLI_TELEMETRY", "true")
            .env("AWS_ENDPOINT_URL", &self.aws.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
        for variable in ["AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "CI", "HTTP_PROXY", "HTTPS_PROXY"] {
            command.env_remove(variable);
        }
        for_apps(&mut command);
        command
    }

    /// Does something to the local AWS.
    #[track_caller]
    pub fn person(&self, arguments: &[&str]) -> Value {
        self.aws.shell.person(&self.aws.endpoint, arguments)
    }

    /// The test's things in the local AWS, by kind, without what is different each time.
    pub fn inventory(&self) -> Value {
        let mut all = self.person(&["inventory"]);
        let kinds: &mut Map<String, Value> = all.as_object_mut().unwrap();
        for names in kinds.values_mut() {
            let names = names.as_array_mut().unwrap();
            names.retain(|name| {
                let name = name.as_str().unwrap();
                let parts: Vec<&str> = name.split(['/', ':']).collect();
                self.prefixes.iter().any(|prefix| parts.iter().any(|part| part.starts_with(prefix)))
            });
        }
        general(&all)
    }
}

/// The same without the parts of names that CloudFormation makes up.
pub fn general(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(general_text(text)),
        Value::Array(items) => Value::Array(items.iter().map(general).collect()),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), general(value))).collect(),
        other => other.clone(),
    }
}

fn general_text(text: &str) -> String {
    // A short part may have no digit by chance; what people write is seldom hexadecimal, and then the same on both sides.
    let is_made_up = |word: &&str| {
        (3..=16).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !(word.bytes().any(|byte| byte.is_ascii_lowercase())
                && word.bytes().any(|byte| byte.is_ascii_uppercase()))
    };
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .map(|word| {
            let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            if is_made_up(&bare) { format!("#{}", &word[bare.len()..]) } else { word.to_owned() }
        })
        .collect()
}

/// Both sides run an app in the same surroundings.
fn for_apps(command: &mut Command) {
    let python = python();
    let mut path = OsString::from(python.parent().unwrap());
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    command
        .env("PATH", path)
        .env("NODE_PATH", tools().join("node_modules"))
        // The CDK's own validation takes five seconds for each run of an app, and changes nothing in what it writes.
        .env("CDK_VALIDATION", "false")
        .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "true")
        .env("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "true")
        // The home folder is another for each test, and what jsii unpacks there takes ten seconds.
        .env("JSII_RUNTIME_PACKAGE_CACHE_ROOT", python.with_file_name("jsii-cache"))
        .env_remove("VIRTUAL_ENV");
}

/// The folder with the CDK's packages for Node.js.
fn tools() -> PathBuf {
    installed("SKYSMITH_TEST_CDK", "target/tools/cdk")
}

/// The Python that has the CDK's library.
fn python() -> PathBuf {
    installed("SKYSMITH_TEST_CDK_PYTHON", "target/tools/cdk-python/bin/python")
}

fn installed(variable: &str, place: &str) -> PathBuf {
    let path = env::var_os(variable).map_or_else(|| root().join(place), PathBuf::from);
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask test`, which installs what this test needs",
        path.display()
    );
    path
}

#[test]
fn made_up_parts_of_names() {
    assert_eq!(general_text("assets-Handler886CB40B-7A6278959014B"), "assets-Handler886CB40B-#");
    assert_eq!(general_text("http://localhost:45225/0/Q-A7AEA6562ECF7.fifo"), "http://localhost:#/0/Q-#.fifo");
    assert_eq!(general_text("Mail-Inner745E041B-1f3ac2d4-bbb"), "Mail-Inner745E041B-#-#");
    assert_eq!(general_text("Dad-Inner745E041B"), "Dad-Inner745E041B");
    assert_eq!(general_text("SEVEN IS A GOOD NUMBER"), "SEVEN IS A GOOD NUMBER");
}
