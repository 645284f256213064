//! The command line as clap sees it: every command, flag, environment variable and word of help.
//!
//! Nothing here acts. A flag that nothing reads does not belong here.

use std::env;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser as _};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  skysmith synth                        write the assembly and print the template
  skysmith diff                         what a deploy would change
  skysmith deploy --local               deploy to an emulator on this machine
  skysmith --env prod deploy            deploy with the parameters and the account of `prod`
  skysmith --app template.yaml diff     the same for a template that was written by hand

Options can be set by variables as well: SKYSMITH_APP, _ENV, _PROFILE, _REGION, _ROLE_ARN,
_ENDPOINT_URL, _LOCAL, _OUT, _JSON, _COLOR. A flag wins over a variable, and that over skysmith.toml.

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
        self.out.take_if(|path| path.as_os_str().is_empty());
    }
}

/// Options of every command.
#[derive(Debug, Args)]
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

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the app, check what it describes, write the assembly and print the template
    #[command(after_help = "\
Examples:
  skysmith synth                        the template of the only stack, as YAML
  skysmith synth welcome-dev --json     that stack's template as JSON
  skysmith synth -q                     check and write, print nothing")]
    Synth(Stacks),

    /// List the stacks with environment and dependencies
    #[command(visible_alias = "ls")]
    List(Stacks),

    /// Check and print all findings, each with its rule and its place
    #[command(after_help = "\
Examples:
  skysmith validate
  skysmith --app template.yaml validate --json")]
    Validate(Stacks),

    /// Show what a deploy would do
    Diff(Diff),

    /// Deploy stacks with CloudFormation
    Deploy(Deploy),

    /// Delete stacks and what is in them
    Destroy(Destroy),

    /// Print the outputs of deployed stacks
    Outputs(Stacks),

    /// Print every effective parameter and where it came from
    Params,

    /// Say what is there, what is missing, and what each is for
    #[command(after_help = "\
Examples:
  skysmith doctor                       programs, credentials, region, clock: one short call to AWS
  skysmith doctor --local               the same without AWS
  skysmith --env prod doctor            whether the credentials are those of `prod`

Exit code: 1 if something is missing that the project of this folder needs, else 0.")]
    Doctor,

    /// The AWS emulator on this machine
    #[command(subcommand, disable_help_subcommand = true)]
    Local(Local),

    /// Print a script that completes commands and flags in a shell
    #[command(after_help = "\
Examples:
  skysmith completions bash > ~/.local/share/bash-completion/completions/skysmith
  skysmith completions zsh > \"${fpath[1]}/_skysmith\"
  skysmith completions fish > ~/.config/fish/completions/skysmith.fish")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Stacks to read; all if none is named.
#[derive(Debug, Args)]
pub struct Stacks {
    /// Stacks by id, path or pattern such as `Live/*`; all if none is named
    #[arg(value_name = "STACK")]
    pub names: Vec<String>,
}

/// Stacks to act on; the only one if none is named.
#[derive(Debug, Args)]
pub struct Selection {
    /// Stacks by id, path or pattern such as `Live/*`; may be left out if there is only one
    #[arg(value_name = "STACK", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All stacks
    #[arg(long)]
    pub all: bool,
}

/// Flags of `diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith diff
  skysmith diff --fail                  exit with 1 if there is a difference
  skysmith diff --template old.json     compare with a file instead of the deployed stack; needs no AWS")]
pub struct Diff {
    /// Stacks to compare
    #[command(flatten)]
    pub stacks: Stacks,
    /// Exit with 1 if there is a difference
    #[arg(long)]
    pub fail: bool,
    /// Compare with this template (JSON or YAML) instead of what is deployed; one stack only
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
}

/// Flags of `deploy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith deploy                       show the plan, ask, deploy
  skysmith deploy --yes                 the same without the question, for scripts
  skysmith deploy --local               to the emulator on this machine
  skysmith --env prod deploy --all --outputs-file outputs.json

Losing data (a table or bucket that is removed or replaced) is refused unless --allow-data-loss is given; --yes does not answer that.")]
pub struct Deploy {
    /// Stacks to deploy
    #[command(flatten)]
    pub stacks: Selection,
    /// Answer ordinary questions with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Go on where data would be lost
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Write the outputs of all stacks that were deployed to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub outputs_file: Option<PathBuf>,
    /// Value for a parameter of the template; may be repeated
    #[arg(long = "parameters", value_name = "[STACK:]KEY=VALUE")]
    pub parameters: Vec<String>,
}

/// Flags of `destroy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith destroy                                  list what goes, ask for the stack's name, delete
  skysmith destroy --yes                            without the question; refused if data would be lost
  skysmith destroy --yes --allow-data-loss          without any question")]
pub struct Destroy {
    /// Stacks to delete
    #[command(flatten)]
    pub stacks: Selection,
    /// Answer ordinary questions with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Go on where data would be lost
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// What to do with the emulator.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  skysmith local start                  start it, and install it first if need be
  skysmith deploy --local               use it (starts it as well)
  aws --endpoint-url \"$(skysmith local status --json | jq -r .url)\" s3 ls")]
pub enum Local {
    /// Start the emulator, and install it on first use
    Start,
    /// Stop it; what is deployed in it is kept
    Stop,
    /// Say whether it runs, and where
    Status,
    /// Print its log
    Logs {
        /// Only the last lines
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 200)]
        lines: usize,
        /// Go on printing what is added, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
    },
    /// Forget everything that is deployed in it
    Reset {
        /// Answer the question with yes
        #[arg(short, long)]
        yes: bool,
    },
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
