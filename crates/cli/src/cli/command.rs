//! The commands, and the words of help that are about a command as a whole.

use clap::Subcommand;

use super::assets::{Bootstrap, Gc};
use super::diff::Diff;
use super::flags::{Deploy, Destroy, Events, Local, Stacks, Validate};
use super::permissions::Permissions;
use super::ways::{Drift, Import, Repair, Rollback};

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
    Validate(Validate),

    /// Say what a rule is about, what to do, and how to silence it; or list all rules
    #[command(after_help = "\
Examples:
  skysmith explain                      all rules, by topic
  skysmith explain lambda-memory")]
    Explain {
        /// The rule, as findings name it
        rule: Option<String>,
    },

    /// Show what a deploy would do
    Diff(Diff),

    /// Deploy stacks with CloudFormation
    Deploy(Deploy),

    /// Delete stacks and what is in them
    Destroy(Destroy),

    /// Take a stack back to where it was before its last change failed, or is under way
    Rollback(Rollback),

    /// Find out what is wrong with stacks that cannot be deployed to, and put it right
    Repair(Repair),

    /// Make resources that exist part of a stack, as they are
    Import(Import),

    /// Show what was changed behind CloudFormation's back
    Drift(Drift),

    /// Print the outputs of deployed stacks
    Outputs(Stacks),

    /// Print what CloudFormation keeps of the newest operation on a stack, or why it failed
    Events(Events),

    /// Make the bucket for assets, and roles to deploy with, ahead of time
    Bootstrap(Bootstrap),

    /// Remove assets that nothing uses any more
    Gc(Gc),

    /// Print every effective parameter and where it came from
    Params,

    /// Print the least IAM policy for working with stacks
    Permissions(Permissions),

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
