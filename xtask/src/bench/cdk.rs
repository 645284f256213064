//! The AWS CDK with its own version of the application: `bench/cdk`, installed under `target/tools`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::cloud::Cloud;
use crate::{program, tools};

/// The name of the stack in `bench/cdk/app.js`.
pub const STACK: &str = "object-counter-cdk";
/// How often a command of the CDK is run: each takes a second or more.
pub const RUNS: usize = 5;

/// An installed CDK.
pub struct Cdk {
    root: PathBuf,
    installed: PathBuf,
    home: PathBuf,
    out: PathBuf,
}

impl Cdk {
    /// Installs the pinned packages, unless they are there.
    pub fn install(root: &Path, folder: &Path) -> Result<Self> {
        let installed = tools::cdk()?;
        fs::copy(root.join("bench/cdk/app.js"), installed.join("app.js")).context("bench/cdk/app.js")?;
        let home = folder.join("cdk-home");
        // It would ask a server in the internet whether there is one, once an hour, and wait for the answer.
        fs::create_dir_all(home.join(".cdk/cache"))?;
        let offline = r#"{"expiration":9999999999999,"hasConnectivity":false}"#;
        fs::write(home.join(".cdk/cache/connection.json"), offline)?;
        Ok(Self { root: root.to_owned(), installed, home, out: folder.join("cdk-of-cdk.out") })
    }

    /// `cdk` with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.installed.join("node_modules/.bin/cdk"));
        command
            .args(arguments)
            .arg("--no-notices")
            .current_dir(&self.installed)
            .env("HOME", &self.home)
            .env("OBJECT_COUNTER_ROOT", &self.root)
            .env("CDK_DISABLE_CLI_TELEMETRY", "true")
            .env_remove("CDK_VALIDATION");
        command
    }

    /// `cdk synth` of the application, with or without the CDK's own validation.
    pub fn synth(&self, validation: bool) -> Command {
        let mut command = self.command(&["synth", "--quiet", "--app", "node app.js", "--output", &self.assembly()]);
        if !validation {
            command.env("CDK_VALIDATION", "false");
        }
        command
    }

    /// Where the application's assembly goes.
    pub fn assembly(&self) -> String {
        self.out.display().to_string()
    }

    /// The synthesized template.
    pub fn template(&self) -> PathBuf {
        self.out.join(format!("{STACK}.template.json"))
    }

    /// Prepares a local AWS for deploys.
    pub fn bootstrap(&self, cloud: &Cloud) -> Result<()> {
        let (account, region) = cloud.place();
        let mut command = self.command(&["bootstrap", &format!("aws://{account}/{region}")]);
        cloud.environment(&mut command);
        program::succeed(&mut command)?;
        // The policy of its bucket refuses what does not come over TLS, which the emulator does not speak, and obeys.
        cloud.request("DELETE", &format!("/cdk-hnb659fds-assets-{account}-{region}?policy"), "s3", "")?;
        Ok(())
    }
}
