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
