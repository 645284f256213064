//! The flags of `diff`.

use std::path::PathBuf;

use clap::Args;

use super::flags::Stacks;

/// Flags of `diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith diff                         every stack against what is deployed of it
  skysmith diff --fail                  exit with 1 if there is a difference
  skysmith diff --template old.json     compare with a file instead of the deployed stack; needs no AWS
  skysmith --app cdk.out diff --against cdk.out.before
                                        two assemblies, or two templates; needs no AWS
  skysmith --env dev diff --against-env prod
                                        what the program makes for two environments; needs no AWS
  skysmith diff --change-set            with CloudFormation's own verdict, by a change set that is removed again
  skysmith diff --drift                 with what was changed behind CloudFormation's back
  skysmith diff --security-only --fail  only what matters for security
  skysmith diff --markdown > diff.md    a comment for a pull request; its first line is a marker to find it again
  skysmith diff --json                  for programs: architecture/DIFF-JSON.md says what is in it")]
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
    /// Compare with this assembly or template instead of what is deployed, each stack with the one of its name
    #[arg(long, value_name = "FOLDER|TEMPLATE", conflicts_with = "template")]
    pub against: Option<PathBuf>,
    /// Compare with what the program makes for this environment instead of what is deployed
    #[arg(long, value_name = "NAME", conflicts_with_all = ["template", "against"])]
    pub against_env: Option<String>,
    /// Ask CloudFormation as well, by a change set that is removed again; publishes the assets
    #[arg(long, conflicts_with_all = ["template", "against", "against_env"])]
    pub change_set: bool,
    /// Show also what was changed behind CloudFormation's back: the code, what is deployed, what is there
    #[arg(long, conflicts_with_all = ["template", "against", "against_env"])]
    pub drift: bool,
    /// Show permissions and other settings that matter for security, and nothing else; --fail goes by these
    #[arg(long)]
    pub security_only: bool,
    /// Print Markdown for a comment on a pull request, at most as long as GitHub allows
    #[arg(long)]
    pub markdown: bool,
    /// Value for a parameter of the template, as for `deploy`; may be repeated
    #[arg(long = "parameters", value_name = "[STACK:]KEY=VALUE")]
    pub parameters: Vec<String>,
}
