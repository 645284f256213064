//! The command, run in a folder of its own by somebody with credentials that only the scripted account knows.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use skysmith_scripted::Aws;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(90);

/// What one run left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The last line that a person reads.
    pub fn last_line(&self) -> &str {
        self.err.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
    }
}

/// A folder with an assembly of one stack, `app`, which has an asset.
pub struct Person {
    folder: tempfile::TempDir,
}

/// A queue and a topic.
pub const TWO: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;

impl Person {
    pub fn new(template: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let resources: serde_json::Value = serde_json::from_str(template).unwrap();
        let mut metadata = serde_json::Map::new();
        for (line, id) in resources["Resources"].as_object().unwrap().keys().enumerate() {
            let entry = serde_json::json!([{
                "type": "aws:cdk:logicalId", "data": id, "trace": [format!("src/main.rs:{}", line + 3)],
            }]);
            metadata.insert(format!("/app/{id}/Resource"), entry);
        }
        let manifest = serde_json::json!({
            "version": "36.0.0",
            "artifacts": {
                "app.assets": { "type": "cdk:asset-manifest", "properties": { "file": "app.assets.json" } },
                "app": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": { "templateFile": "app.template.json" },
                    "dependencies": ["app.assets"],
                    "metadata": metadata,
                },
            },
        });
        let hash = "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592";
        let assets = serde_json::json!({
            "version": "36.0.0",
            "files": { hash: {
                "source": { "path": "hello.txt", "packaging": "file" },
                "destinations": { "here": {
                    "bucketName": "skysmith-assets-${AWS::AccountId}-${AWS::Region}-an",
                    "objectKey": format!("{hash}.txt"),
                } },
            } },
            "dockerImages": {},
        });
        write("skysmith.toml", "app = \"built\"\n");
        write("built/manifest.json", &manifest.to_string());
        write("built/app.assets.json", &assets.to_string());
        write("built/app.template.json", template);
        write("built/hello.txt", "hello");
        write("src/main.rs", "fn main() {\n    // The app.\n    queue();\n    topic();\n}\n");
        Self { folder }
    }

    /// The same app with another template.
    pub fn changes_to(&self, template: &str) {
        std::fs::write(self.folder.path().join("built/app.template.json"), template).unwrap();
    }

    /// A file that a run left in the folder.
    pub fn reads(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }

    fn command(&self, aws: &Aws, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skysmith"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if name.starts_with("SKYSMITH_") || name.starts_with("AWS_") || name.starts_with("CDK_") {
                command.env_remove(name);
            }
        }
        command
            .env_remove("RUST_BACKTRACE")
            .env_remove("HTTPS_PROXY")
            .env_remove("HTTP_PROXY")
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "a-secret-that-nobody-may-read")
            .env("AWS_SESSION_TOKEN", "a-token-that-nobody-may-read")
            .env("NO_COLOR", "1")
            .env("SKYSMITH_ENDPOINT_URL", aws.url());
        command
    }

    /// Runs it to its end, or for as long as anybody would wait.
    pub fn runs(&self, aws: &Aws, arguments: &[&str]) -> Ran {
        let running = self.starts(aws, arguments);
        self.hears(&running)
    }

    /// Starts it, for somebody else to end.
    pub fn starts(&self, aws: &Aws, arguments: &[&str]) -> Running {
        let folder = self.folder.path();
        let file = |name: &str| std::fs::File::create(folder.join(name)).unwrap();
        let mut command = self.command(aws, arguments);
        let child = command.stdout(file("out")).stderr(file("err")).spawn().unwrap();
        Running { child: Arc::new(Mutex::new(child)) }
    }

    /// What it said until it ended.
    pub fn hears(&self, running: &Running) -> Ran {
        let code = running.wait();
        let text = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        Ran { code, out: text("out"), err: text("err") }
    }
}

/// A run that goes on.
#[derive(Clone)]
pub struct Running {
    child: Arc<Mutex<Child>>,
}

impl Running {
    /// As the power goes.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// As a person presses Ctrl-C.
    pub fn interrupt(&self) {
        let id = self.child.lock().unwrap().id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
    }

    /// The exit code; none if a signal ended it, which is what becomes of one that takes too long.
    fn wait(&self) -> Option<i32> {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            if std::time::Instant::now() > deadline {
                self.kill();
                return None;
            }
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}
