//! What all commands share: the flags, the project, the streams; and what follows from them.

use std::cell::OnceCell;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skysmith_assembly::protocol;
use skysmith_validate::Levels;

use crate::app::lock::Lock;
use crate::app::{self, Loaded};
use crate::cli::Globals;
use crate::config::{Environment, Project};
use crate::error::{Failure, closest};
use crate::output::Ui;
use crate::output::diagnostics::Sources;
use crate::params::{self, Params};
use crate::regions;

/// The options that can be set by a variable. `SKYSMITH_PARAM_<KEY>` comes on top.
const VARIABLES: [&str; 16] = [
    "SKYSMITH_APP",
    "SKYSMITH_ENV",
    "SKYSMITH_PROFILE",
    "SKYSMITH_REGION",
    "SKYSMITH_ROLE_ARN",
    "SKYSMITH_EXTERNAL_ID",
    "SKYSMITH_SESSION_NAME",
    "SKYSMITH_DURATION",
    "SKYSMITH_MFA_SERIAL",
    "SKYSMITH_MFA_CODE",
    "SKYSMITH_ENDPOINT_URL",
    "SKYSMITH_LOCAL",
    "SKYSMITH_OUT",
    "SKYSMITH_JSON",
    "SKYSMITH_COLOR",
    "SKYSMITH_STRICT",
];

/// Variables that others read: the local AWS, and apps.
const OTHER_VARIABLES: [&str; 3] = ["SKYSMITH_CACHE_DIR", "SKYSMITH_LOCAL_DIR", protocol::DIAGNOSTICS];

/// One run of the command.
#[derive(Debug)]
pub struct Session {
    /// The options of every command.
    pub globals: Globals,
    /// The output streams.
    pub ui: Arc<Ui>,
    /// The project.
    pub project: Project,
    environment: OnceCell<Environment>,
    lock: OnceCell<Option<Lock>>,
}

impl Session {
    /// Finds the project around the folder that the process is in.
    pub fn new(globals: Globals, ui: Arc<Ui>) -> Result<Self, Failure> {
        warn_of_slips(&ui);
        let here = env::current_dir().map_err(|error| Failure::from(error).context("there is no current folder"))?;
        ui.set_sources(Sources::new(here.ancestors().map(Path::to_owned).collect()));
        let project = Project::find(&here)?;
        ui.set_sources(Sources::new(vec![project.root.clone()]));
        let session = Self { globals, ui, project, environment: OnceCell::new(), lock: OnceCell::new() };
        session.check_region()?;
        Ok(session)
    }

    /// The same project in another environment, with a folder of its own for the assembly.
    pub fn in_environment(&self, name: &str, out: &Path) -> Result<Self, Failure> {
        let mut globals = self.globals.clone();
        globals.environment = Some(name.to_owned());
        globals.out = Some(out.to_owned());
        let (ui, project) = (Arc::clone(&self.ui), self.project.clone());
        let session = Self { globals, ui, project, environment: OnceCell::new(), lock: OnceCell::new() };
        session.check_region()?;
        Ok(session)
    }

    /// What skysmith.toml says about the chosen environment; nothing if none is chosen or it is not mentioned.
    pub fn environment(&self) -> &Environment {
        self.environment.get_or_init(|| {
            let name = self.globals.environment.as_ref();
            name.and_then(|name| self.project.config.environments.get(name)).cloned().unwrap_or_default()
        })
    }

    /// The region that was chosen by a flag, a variable of ours or the environment. AWS's own variables and profiles come after that.
    pub fn region(&self) -> Option<String> {
        let chosen = self.globals.region.clone().or_else(|| self.environment().region.clone());
        if self.globals.local { chosen.or_else(|| Some(skysmith_local::DEFAULT_REGION.to_owned())) } else { chosen }
    }

    /// A region that cannot be one would only be found out by a name server, or not at all.
    fn check_region(&self) -> Result<(), Failure> {
        match self.region() {
            Some(region) if !regions::is_name(&region) => {
                let failure = Failure::usage(format!("`{region}` is not the name of a region, such as `eu-west-1`"));
                Err(match regions::suggestion(&region) {
                    Some(close) => failure.hint(format!("did you mean `{close}`?")),
                    None => failure,
                })
            }
            _ => Ok(()),
        }
    }

    /// The account that it has to be, where that is known without asking AWS.
    pub fn account(&self) -> Option<String> {
        if self.globals.local { Some(skysmith_local::ACCOUNT.to_owned()) } else { self.environment().account.clone() }
    }

    /// The profile that was chosen by a flag, a variable of ours or the environment.
    pub fn profile(&self) -> Option<String> {
        let by_cdk = || self.project.cdk.as_ref().and_then(|cdk| cdk.profile.clone());
        self.globals.profile.clone().or_else(|| self.environment().profile.clone()).or_else(by_cdk)
    }

    /// The role to take before anything else, by a flag, a variable of ours or the environment.
    pub fn role_arn(&self) -> Option<String> {
        self.globals.role_arn.clone().or_else(|| self.environment().role_arn.clone())
    }

    /// The folder for the assembly, absolute.
    pub fn out_folder(&self) -> Result<PathBuf, Failure> {
        match &self.globals.out {
            Some(out) => std::path::absolute(out).map_err(|error| Failure::from(error).context("--out")),
            None => Ok(self.project.root.join(&self.project.config.out)),
        }
    }

    /// Keeps other runs from replacing the assembly in `out` until this one ends. Waits for one that is at work with it.
    pub fn work_alone_with(&self, out: &Path) {
        self.lock.get_or_init(|| Lock::of(self, out));
    }

    /// The effective parameters.
    pub fn parameters(&self) -> Result<Params, Failure> {
        params::read(&self.project, self.globals.environment.as_deref(), text_variables(), &self.globals.params)
    }

    /// The rules that have another severity here than in their table. The flags win over skysmith.toml.
    pub fn levels(&self) -> Levels {
        let mut levels = self.project.config.levels.clone();
        levels.extend(self.globals.checks.levels());
        levels
    }

    /// Whether warnings fail.
    pub fn is_strict(&self) -> bool {
        self.globals.checks.strict || self.project.config.strict
    }

    /// The stacks to work on.
    pub fn load(&self) -> Result<Loaded, Failure> {
        app::load(self)
    }
}

fn text_variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A variable that is nearly one of ours would be ignored, with the default in its place: another account, for one.
fn warn_of_slips(ui: &Ui) {
    for (name, _) in text_variables() {
        let known = VARIABLES.iter().chain(&OTHER_VARIABLES).any(|known| *known == name);
        let is_ours = known || name.starts_with(params::VARIABLE_PREFIX) || name.starts_with("SKYSMITH_TEST_");
        if name.starts_with("SKYSMITH_")
            && !is_ours
            && let Some(close) = closest(&name["SKYSMITH_".len()..], VARIABLES.map(|known| &known["SKYSMITH_".len()..]))
        {
            ui.warn(&format!("the environment variable {name} does nothing; did you mean SKYSMITH_{close}?"));
        }
    }
}
