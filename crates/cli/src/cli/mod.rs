//! The command line as clap sees it: every command, flag, environment variable and word of help.
//!
//! Nothing here acts. A flag that nothing reads does not belong here.

mod access;
mod assets;
mod checks;
mod command;
mod diff;
mod flags;
mod how;
mod permissions;
mod ways;

use std::env;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser as _};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};

pub use access::{Access, Code, duration};
pub use assets::{Bootstrap, Gc};
pub use checks::Checks;
pub use command::Command;
pub use diff::Diff;
pub use flags::{Deploy, Destroy, Events, Format, Local, Parallel, Selection, Stacks, Validate};
pub use permissions::{Permissions, Purpose};
pub use ways::{Drift, Import, Repair, Rollback};

const EXAMPLES: &str = "\
Examples:
  skysmith synth                        write the assembly and print the template
  skysmith diff                         what a deploy would change
  skysmith deploy --local               deploy to an emulator on this machine
  skysmith --env prod deploy            deploy with the parameters and the account of `prod`
  skysmith --app template.yaml diff     the same for a template that was written by hand

Options can be set by variables as well: SKYSMITH_APP, _ENV, _PROFILE, _REGION, _ROLE_ARN,
_EXTERNAL_ID, _SESSION_NAME, _DURATION, _MFA_SERIAL, _MFA_CODE,
_ENDPOINT_URL, _LOCAL, _OUT, _JSON, _COLOR, _STRICT. A flag wins over a variable, and that over skysmith.toml.

Exit code: 0 done, 1 failed or refused (or `--fail` found something), 2 wrong usage.
Results go to standard output, everything else to standard error.";

/// Infrastructure as code for AWS in Rust: checks, compares, deploys and removes what a program describes.
#[derive(Debug, Parser)]
#[command(name = "skysmith", version, after_help = EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the process's command line. Ends the process after help and the version, and on wrong usage.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // Of an option that stands before the command and after it, clap takes the last. Of `--param` every one counts.
        let all = params(env::args().skip(1));
        if all.len() > cli.globals.params.len() {
            cli.globals.params = all;
        }
        cli.globals.forget_empty();
        if cli.globals.local && cli.globals.endpoint_url.is_some() {
            // A flag wins over a variable; two of a kind contradict each other.
            let by_flag = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
            match (by_flag("local"), by_flag("endpoint_url")) {
                (true, false) => cli.globals.endpoint_url = None,
                (false, true) => cli.globals.local = false,
                _ => Self::command()
                    .error(ErrorKind::ArgumentConflict, "--local cannot be used with --endpoint-url")
                    .exit(),
            }
        }
        cli
    }
}

/// The values of all `--param` in a command line that clap has found sound.
fn params(mut args: impl Iterator<Item = String>) -> Vec<String> {
    let mut params = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--" => break,
            "--param" => params.extend(args.next()),
            _ => params.extend(arg.strip_prefix("--param=").map(str::to_owned)),
        }
    }
    params
}

impl Globals {
    /// A variable that is set to nothing, as CI systems do with a missing one, is not set.
    fn forget_empty(&mut self) {
        for option in [
            &mut self.app,
            &mut self.environment,
            &mut self.profile,
            &mut self.region,
            &mut self.role_arn,
            &mut self.endpoint_url,
        ] {
            option.take_if(|text| text.is_empty());
        }
        self.access.forget_empty();
        self.out.take_if(|path| path.as_os_str().is_empty());
    }
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// What to work on, in place of `app` in skysmith.toml: a command that runs an app, a folder with an assembly, a template
    #[arg(long, global = true, value_name = "COMMAND|FOLDER|TEMPLATE", env = "SKYSMITH_APP", hide_env = true)]
    pub app: Option<String>,

    /// Work in this folder; skysmith.toml is looked for there and above
    #[arg(short = 'C', global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,

    /// Choose an environment: params/NAME.properties, and [environments.NAME] of skysmith.toml
    #[arg(long = "env", global = true, value_name = "NAME", env = "SKYSMITH_ENV", hide_env = true)]
    pub environment: Option<String>,

    /// Set a parameter; wins over SKYSMITH_PARAM_KEY, which wins over the files in params/; may be repeated
    #[arg(long = "param", global = true, value_name = "KEY=VALUE")]
    pub params: Vec<String>,

    /// AWS profile to take credentials from
    #[arg(long, global = true, value_name = "NAME", env = "SKYSMITH_PROFILE", hide_env = true)]
    pub profile: Option<String>,

    /// AWS region
    #[arg(long, global = true, value_name = "REGION", env = "SKYSMITH_REGION", hide_env = true)]
    pub region: Option<String>,

    /// Role to take before anything else
    #[arg(long, global = true, value_name = "ARN", env = "SKYSMITH_ROLE_ARN", hide_env = true)]
    pub role_arn: Option<String>,

    /// Send all calls to this address
    #[arg(long, global = true, value_name = "URL", env = "SKYSMITH_ENDPOINT_URL", hide_env = true)]
    pub endpoint_url: Option<String>,

    /// Work with the emulator on this machine; it is started if need be
    #[arg(long, global = true, env = "SKYSMITH_LOCAL", hide_env = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub local: bool,

    /// Folder for the assembly [default: cdk.out]
    #[arg(long, global = true, value_name = "DIR", env = "SKYSMITH_OUT", hide_env = true, value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub out: Option<PathBuf>,

    /// Print one JSON document (`deploy`, `destroy`: one JSON line per event) instead of text
    #[arg(long, global = true, env = "SKYSMITH_JSON", hide_env = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub json: bool,

    /// Print only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more about what is done
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Use colour
    #[arg(long, global = true, value_name = "WHEN", env = "SKYSMITH_COLOR", hide_env = true, default_value = "auto")]
    pub color: Color,

    /// How severe rules are.
    #[command(flatten)]
    pub checks: Checks,

    /// Sessions and MFA. Last: what comes after it would stand under its heading.
    #[command(flatten)]
    pub access: Access,
}

/// When to use colour: on a terminal (unless `NO_COLOR` is set), in files and pipes as well, or nowhere.
// Plain comments on the values: with documentation on them, clap spreads the whole help over twice the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params_before_and_after_the_command() {
        let args = ["--param", "A=1", "synth", "--param=B=2", "-q", "--", "--param", "C=3"].map(str::to_owned);
        assert_eq!(params(args.into_iter()), ["A=1", "B=2"]);
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
