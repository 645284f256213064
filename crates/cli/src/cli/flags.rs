//! The flags of each command.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::how::How;

/// Stacks to read; all if none is named.
#[derive(Debug, Args)]
pub struct Stacks {
    /// Stacks by id, path or pattern such as `Live/*`; all if none is named
    #[arg(value_name = "STACK")]
    pub names: Vec<String>,
}

/// Stacks to act on; the only one if none is named.
#[derive(Debug, Default, Args)]
pub struct Selection {
    /// Stacks by id, path or pattern such as `Live/*`; may be left out if there is only one
    #[arg(value_name = "STACK", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All stacks
    #[arg(long)]
    pub all: bool,
}

/// How several stacks go along.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Parallel {
    /// Stacks that are worked on at once; those with a REST API at most three, since AWS lets an account change few of these at a time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub concurrency: u16,
    /// Start no other stack once one has failed; otherwise only those that depend on it are left out
    #[arg(long)]
    pub fail_fast: bool,
}

/// Flags of `validate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith validate
  skysmith validate template.yaml nested/*.yaml
  skysmith --app cdk.out validate --format sarif > skysmith.sarif
  skysmith validate --format github     annotations of a pull request, in GitHub Actions
  skysmith validate --strict --allow log-retention

A finding can be silenced where it is made, with the reason: `bucket.allow(\"RULE\", \"REASON\")` in a program, in a template
  Metadata: { skysmith: { allow: [{ rule: RULE, reason: REASON }] } }
of a resource or of the template. What CloudFormation is certain to refuse can be silenced as well; it will be refused.

Exit code: 1 if there is an error, or a warning with --strict, else 0.")]
pub struct Validate {
    /// Stacks by id, path or pattern; all if none is named. Or templates and folders with assemblies, in place of the app
    #[arg(value_name = "STACK|TEMPLATE")]
    pub names: Vec<String>,
    /// How to print the findings; wins over --json
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

/// For whom findings are printed.
// Plain comments on the values: with documentation on them, clap spreads the help over twice the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Format {
    Text,
    Json,
    Sarif,
    Github,
}

/// Flags of `events`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith events                       the events of the newest operation
  skysmith events app --all --json      all events that CloudFormation keeps
  skysmith events app --why             the story of the failure, told anew
  skysmith events app --follow          what is happening now, to its end
  skysmith events app --timing t.svg    a chart of where the time went

Exit code with --why and --follow: 1 if the newest operation failed, else 0.")]
pub struct Events {
    /// The stack, by id or path, or by its name in AWS; may be left out if the app has only one
    #[arg(value_name = "STACK")]
    pub stack: Option<String>,
    /// All events that are kept, not only those of the newest operation
    #[arg(long)]
    pub all: bool,
    /// Tell why the newest operation failed, instead of its events
    #[arg(long, conflicts_with = "all")]
    pub why: bool,
    /// Follow the operation that is under way to its end, whoever started it
    #[arg(short, long, conflicts_with_all = ["all", "why"])]
    pub follow: bool,
    /// Draw where the time of the newest operation went, and write that to this file, as SVG
    #[arg(long, value_name = "FILE.svg", conflicts_with_all = ["all", "why"])]
    pub timing: Option<PathBuf>,
}

/// Flags of `deploy`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  skysmith deploy                       show the plan, ask, deploy
  skysmith deploy --yes                 the same without the question, for scripts
  skysmith deploy --local               to the emulator on this machine
  skysmith --env prod deploy --all --outputs-file outputs.json
  skysmith deploy --no-execute --change-set-name release-7
                                        leave the plan in the account, for somebody to look at
  skysmith deploy --change-set release-7 --yes
                                        carry that plan out, if nothing has moved since

Losing data (a table or bucket that is removed or replaced, or that a policy would no longer keep) is refused unless --allow-data-loss
is given; --yes does not answer that. In environments with `protect = true` in skysmith.toml this holds for all resources.")]
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
    /// Draw where the time went, resource by resource, and write that to this file, as SVG; `events --timing` does it later
    #[arg(long, value_name = "FILE.svg")]
    pub timing: Option<PathBuf>,
    /// Value for a parameter of the template; may be repeated
    #[arg(long = "parameters", value_name = "[STACK:]KEY=VALUE")]
    pub parameters: Vec<String>,
    /// How CloudFormation goes about it
    #[command(flatten)]
    pub how: How,
    /// Several stacks
    #[command(flatten)]
    pub parallel: Parallel,
}

/// Flags of `destroy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith destroy                                  list what goes, ask for the stack's name, delete
  skysmith destroy --yes                            without the question; refused if data would be lost
  skysmith destroy --yes --allow-data-loss          without any question

Refused before anything is deleted: data that would be lost without --allow-data-loss, buckets that are neither empty nor
kept nor marked to be emptied, exports that other stacks import, and termination protection, which no flag lifts.
A stack that is not there is no failure. A deletion that fails half-way is finished by `skysmith repair`.")]
pub struct Destroy {
    /// Stacks to delete
    #[command(flatten)]
    pub stacks: Selection,
    /// Answer ordinary questions with yes; --force, as the CDK has it, is the same, and allows no loss of data either
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    pub yes: bool,
    /// Go on where data would be lost
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Several stacks
    #[command(flatten)]
    pub parallel: Parallel,
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
