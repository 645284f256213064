//! The flags of the commands that bring a stack back: `rollback`, `repair`, `import`, `drift`.

use std::path::PathBuf;

use clap::Args;

use super::flags::Stacks;

/// Flags of `rollback`.
#[derive(Debug, Args)]
#[command(after_help = "\
What it does depends on the stack's status:
  UPDATE_IN_PROGRESS                cancels the update; CloudFormation rolls it back
  CREATE_FAILED, UPDATE_FAILED      undoes the operation that failed and whose results were kept
  UPDATE_ROLLBACK_FAILED            tries the rollback again, passing over nothing (`skysmith repair` does, if it must)
  a rollback that is under way      waits for its end
An update that succeeded is not rolled back but deployed anew: check out what was there before, and `skysmith deploy`.

Examples:
  skysmith rollback                 the only stack of the app
  skysmith rollback web --yes       without the question

Exit code: 0 if the stack is back where it was, else 1.")]
pub struct Rollback {
    /// The stack, by id, path or pattern; may be left out if there is only one
    #[arg(value_name = "STACK")]
    pub stack: Option<String>,
    /// Answer ordinary questions with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Go on where data would be lost: in what the failed operation made
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// Flags of `repair`.
#[derive(Debug, Args)]
#[command(after_help = "\
What it does depends on the stack's status:
  UPDATE_ROLLBACK_FAILED            continues the rollback; then passes over what still fails, and over nothing else
  DELETE_FAILED, ROLLBACK_FAILED    empties the buckets in the way that are marked for it, deletes again, and lets go of
                                    what will not go: it stays, outside the stack, and is listed with its ARN
  ROLLBACK_COMPLETE                 deletes what a failed creation left of the stack; what a policy kept stays
  REVIEW_IN_PROGRESS                removes Skysmith's change sets that nobody executed, and the stack if it had nothing else
Everything is shown first.

Examples:
  skysmith repair                   look at all stacks of the app, ask, repair
  skysmith repair web --yes
  skysmith repair web --allow-data-loss      also empty buckets that are not marked for it

Exit code: 0 if nothing is wrong any more, else 1.")]
pub struct Repair {
    /// Stacks to repair
    #[command(flatten)]
    pub stacks: Stacks,
    /// Answer ordinary questions with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Go on where data would be lost, and empty full buckets that are in the way
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// Flags of `drift`.
#[derive(Debug, Args)]
#[command(after_help = "\
CloudFormation compares the properties that the template sets with what is there; it knows most resource types, not all.

Examples:
  skysmith drift                    what was changed behind CloudFormation's back, as a diff
  skysmith drift --fail             exit with 1 if there is any, for a nightly check
  skysmith drift web --revert       bring what has drifted back to what the template says

Exit code: 0; 1 with --fail if a stack has drifted, or with --revert if it still has.")]
pub struct Drift {
    /// Stacks to look at
    #[command(flatten)]
    pub stacks: Stacks,
    /// Exit with 1 if a stack has drifted
    #[arg(long, conflicts_with = "revert")]
    pub fail: bool,
    /// Bring what has drifted back to what the template says, through a drift-aware change set
    #[arg(long)]
    pub revert: bool,
    /// With --revert: answer ordinary questions with yes
    #[arg(short, long, requires = "revert")]
    pub yes: bool,
    /// With --revert: go on where data would be lost
    #[arg(long, requires = "revert")]
    pub allow_data_loss: bool,
}

/// Flags of `import`.
#[derive(Debug, Args)]
#[command(after_help = "\
A resource that exists becomes part of the stack as it is: declare it in the app, then import it. The import changes nothing else: what else is
new in the app comes with the next deploy.

Examples:
  skysmith import                                            ask for each new resource which one it is
  skysmith import web --resource Objects=BucketName=photos
  skysmith import web --resource web/Counter/Table=TableName=counts --yes
  skysmith import web --resource-mapping map.json            {\"Objects1A2B\": {\"BucketName\": \"photos\"}}, as the CDK's

`skysmith drift` shows afterwards whether the resource is as the app says.")]
pub struct Import {
    /// The stack, by id, path or pattern; may be left out if there is only one
    #[arg(value_name = "STACK")]
    pub stack: Option<String>,
    /// A resource by logical id or path, and what identifies it; may be repeated
    #[arg(
        long = "resource",
        value_name = "LOGICAL_ID|PATH=KEY=VALUE[,KEY=VALUE]",
        conflicts_with = "resource_mapping"
    )]
    pub resources: Vec<String>,
    /// The same in a JSON file: logical ids with what identifies each
    #[arg(short = 'm', long, value_name = "FILE")]
    pub resource_mapping: Option<PathBuf>,
    /// Import although resources that the stack has already have changed: the changes are left for the next deploy
    #[arg(long)]
    pub force: bool,
    /// Answer ordinary questions with yes
    #[arg(short, long)]
    pub yes: bool,
}
