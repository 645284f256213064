//! A project in a folder of its own, and the command run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use skysmith_scripted::Fault;

/// A throw-away project.
pub struct TestProject {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// Somebody at the terminal of a command, who presses Ctrl-C at a moment of its work with AWS.
#[derive(Default)]
pub struct Person {
    process: Arc<AtomicU32>,
}

impl Person {
    /// Presses before a request is answered; to be told which.
    pub fn presses(&self) -> Fault {
        let process = Arc::clone(&self.process);
        Fault::before(move |_| {
            let process = process.load(Ordering::Relaxed).to_string();
            Command::new("kill").args(["-INT", &process]).status().unwrap();
            std::thread::sleep(Duration::from_millis(200));
        })
    }

    /// Runs the command to its end.
    pub fn runs(&self, mut command: Command) -> Ran {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.process.store(child.id(), Ordering::Relaxed);
        Ran::from(child.wait_with_output().unwrap())
    }
}

/// What one run of the command left behind.
pub struct Ran {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl TestProject {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// A project whose app is a shell script.
    pub fn with_script(script: &str) -> Self {
        Self::new().file("app.sh", script).file("skysmith.toml", "app = \"sh app.sh\"\n")
    }

    /// A project whose app writes an assembly of these stacks: name, and the names it depends on.
    pub fn with_stacks(stacks: &[(&str, &[&str])]) -> Self {
        Self::with_script(&format!("{}\n", writes_assembly(stacks)))
    }

    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With credentials that are nobody's, and a region.
    pub fn with_credentials(self) -> Self {
        self.variable("AWS_ACCESS_KEY_ID", "test")
            .variable("AWS_SECRET_ACCESS_KEY", "test")
            .variable("AWS_EC2_METADATA_DISABLED", "true")
            .variable("AWS_REGION", "eu-west-1")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn skysmith<const N: usize>(&self, args: [&str; N]) -> Ran {
        self.skysmith_in("", args)
    }

    pub fn skysmith_in<const N: usize>(&self, folder: &str, args: [&str; N]) -> Ran {
        Ran::from(self.command(folder, args).output().unwrap())
    }

    /// The same with options before.
    pub fn skysmith_with<const N: usize>(&self, options: &[&str], args: [&str; N]) -> Ran {
        Ran::from(self.command("", []).args(options).args(args).output().unwrap())
    }

    /// The command, ready to run.
    pub fn command<const N: usize>(&self, folder: &str, args: [&str; N]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skysmith"));
        command.current_dir(self.path(folder)).args(args);
        for (name, _) in std::env::vars() {
            if name.starts_with("SKYSMITH_") || name.starts_with("AWS_") || name.starts_with("CDK_") {
                command.env_remove(name);
            }
        }
        command.env_remove("RUST_BACKTRACE").env_remove("NO_COLOR");
        // Apps that Cargo builds have one name in every project, and would overwrite each other in a shared folder.
        command.env_remove("CARGO_TARGET_DIR");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Every file and folder, hidden ones included, with its content.
    pub fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let is_folder = fs::symlink_metadata(&path).unwrap().is_dir();
                found.insert(path.clone(), fs::read(&path).unwrap_or_default());
                if is_folder {
                    folders.push(path);
                }
            }
        }
        found
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let ran = Self {
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        };
        assert!(!ran.err.contains("panicked at crates/cli/src"), "it panicked: {}", ran.err);
        ran
    }
}

impl Ran {
    /// It did what was asked.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn out(self, text: &str) -> Self {
        assert_eq!(self.out, text, "\n--- err\n{}", self.err);
        self
    }

    #[track_caller]
    pub fn err(self, text: &str) -> Self {
        assert_eq!(self.err, text, "\n--- out\n{}", self.out);
        self
    }

    #[track_caller]
    pub fn out_has(self, text: &str) -> Self {
        assert!(self.out.contains(text), "no `{text}` in\n{}", self.out);
        self
    }

    #[track_caller]
    pub fn err_has(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no `{text}` in\n{}", self.err);
        self
    }

    /// Standard output is one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error} in\n{}\n--- err\n{}", self.out, self.err))
    }
}

/// Shell commands that write an assembly into `CDK_OUTDIR`. Every stack has one table, made in line 3 of `src/main.rs`.
pub fn writes_assembly(stacks: &[(&str, &[&str])]) -> String {
    let mut artifacts = serde_json::Map::new();
    let mut script = "mkdir -p \"$CDK_OUTDIR\"\n".to_owned();
    for (name, dependencies) in stacks {
        artifacts.insert(
            (*name).to_owned(),
            serde_json::json!({
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/eu-west-1",
                "properties": { "templateFile": format!("{name}.template.json") },
                "dependencies": dependencies,
                "metadata": { format!("/{name}/Table"): [
                    { "type": "aws:cdk:logicalId", "data": "Table", "trace": ["src/main.rs:3"] } ] },
            }),
        );
        script.push_str(&format!("cat > \"$CDK_OUTDIR/{name}.template.json\" <<'END'\n{TEMPLATE}\nEND\n"));
    }
    let manifest = serde_json::json!({ "version": "36.0.0", "artifacts": artifacts });
    script.push_str(&format!("cat > \"$CDK_OUTDIR/manifest.json\" <<'END'\n{manifest}\nEND\n"));
    script
}

/// A template without mistakes.
pub const TEMPLATE: &str = r#"{
  "Resources": {
    "Table": {
      "Type": "AWS::DynamoDB::Table",
      "DeletionPolicy": "Retain",
      "UpdateReplacePolicy": "Retain",
      "Properties": {
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST"
      }
    }
  }
}"#;

/// Writes an assembly into a folder, without an app.
pub fn write_assembly(folder: &Path, stacks: &[(&str, &[&str])]) {
    let status = Command::new("sh").arg("-c").arg(writes_assembly(stacks)).env("CDK_OUTDIR", folder).status().unwrap();
    assert!(status.success());
}
