//! The user's shell: a folder to stand in, the built CLI, a local AWS of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The CLI, built once. It is another package's binary, so Cargo does not hand its path to these tests.
pub fn cli() -> &'static Path {
    static CLI: OnceLock<PathBuf> = OnceLock::new();
    CLI.get_or_init(|| {
        // What Cargo says of this test's own package would have build scripts that watch it, such as ring's, run again.
        let own = |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        let build = escargot::CargoBuild::new()
            .manifest_path(root().join("Cargo.toml"))
            .package("skysmith-cli")
            .bin("skysmith");
        std::env::vars()
            .map(|(name, _)| name)
            .filter(own)
            .fold(build, escargot::CargoBuild::env_remove)
            .run()
            .expect("the CLI builds")
            .path()
            .to_owned()
    })
}

/// The Python that has the AWS SDK, cfn-lint and the emulator.
pub fn python() -> PathBuf {
    let python = std::env::var_os("SKYSMITH_TEST_PYTHON")
        .map_or_else(|| root().join("target/tools/python/bin/python"), PathBuf::from);
    assert!(
        python.exists(),
        "{} is missing: run `cargo xtask test`, which installs what this test needs",
        python.display()
    );
    python
}

/// Runs a few lines of the AWS SDK for Python against the local AWS; `b` makes a client.
#[track_caller]
pub fn aws(endpoint: &str, code: &str) -> String {
    let program = format!(
        "import boto3, time\ndef b(service): return boto3.client(service, endpoint_url='{endpoint}', region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')\nc=b('cloudformation')\ndef name(stack, id): return c.describe_stack_resource(StackName=stack,LogicalResourceId=id)['StackResourceDetail']['PhysicalResourceId']\n{code}"
    );
    let output = Command::new(python()).args(["-c", &program]).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// What a command did.
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// What a process that ended did.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The same, having checked the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

/// A shell in a folder of its own below `target/`, with a local AWS that no other test sees.
pub struct Shell {
    folder: PathBuf,
    local: bool,
}

/// Emulators are heavy: one at a time.
static ONE_EMULATOR: Mutex<()> = Mutex::new(());

impl Shell {
    /// A shell without a local AWS.
    pub fn new(name: &str) -> Self {
        let folder = root().join("target/e2e").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("target/ is writable");
        Self { folder, local: false }
    }

    /// A shell with a local AWS, which is stopped when the shell is dropped.
    pub fn with_local_aws(name: &str) -> (std::sync::MutexGuard<'static, ()>, Self) {
        let guard = ONE_EMULATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (guard, Self::with_shared_local_aws(name))
    }

    /// The same for several tests that see to it themselves that there is one, and that they can tell their things apart.
    pub fn with_shared_local_aws(name: &str) -> Self {
        let mut shell = Self::new(name);
        shell.local = true;
        shell.skysmith(["local", "start"]).exits(0);
        shell
    }

    /// The shell's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs the CLI at the root of the checkout.
    pub fn skysmith<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        self.skysmith_in(root(), arguments)
    }

    /// Runs the CLI in a folder. Its assembly goes to the shell's folder.
    pub fn skysmith_in<'a>(&self, folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        Ran::of(self.command(folder, arguments).output().expect("the CLI starts"))
    }

    /// The CLI in a folder, ready to run.
    pub fn command<'a>(&self, folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(cli());
        command
            .args(arguments)
            .current_dir(folder)
            .env("SKYSMITH_OUT", self.folder.join("cdk.out"))
            .env("SKYSMITH_LOCAL_DIR", self.folder.join("local"))
            .env("NO_COLOR", "1");
        if std::env::var_os("SKYSMITH_CACHE_DIR").is_none() {
            command.env("SKYSMITH_CACHE_DIR", root().join("target/tools/cache"));
        }
        for variable in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"] {
            command.env_remove(variable);
        }
        command
    }

    /// The URL of the local AWS.
    pub fn endpoint(&self) -> String {
        let status = self.skysmith(["local", "status", "--json"]).exits(0).json();
        status["url"].as_str().unwrap_or_else(|| panic!("no url in {status}")).to_owned()
    }

    /// Does something to the local AWS as a person would, by HTTP or by the AWS SDK.
    #[track_caller]
    pub fn person(&self, endpoint: &str, arguments: &[&str]) -> Value {
        let output = Command::new(python())
            .arg(root().join("tests/e2e/person.py"))
            .arg(endpoint)
            .args(arguments)
            .output()
            .expect("python starts");
        let ran = Ran::of(output).exits(0);
        ran.json()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if self.local {
            self.skysmith(["local", "stop"]);
        }
    }
}
