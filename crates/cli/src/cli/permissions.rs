//! The flags of `permissions`.

use clap::{Args, ValueEnum};

/// What the permissions are to be for.
// Plain comments on the values: with documentation on them, clap spreads the whole help over twice the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Purpose {
    Diff,
    Drift,
    Deploy,
    Repair,
    Destroy,
    Gc,
    All,
}

/// Flags of `permissions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skysmith permissions                                  what deploying all stacks takes
  skysmith permissions web --for deploy,destroy         and deleting it
  skysmith permissions --for diff                       for a pull request: looks, changes nothing

Give it to the role of your pipeline:
  skysmith --env prod permissions > policy.json
  aws iam put-role-policy --role-name ci --policy-name skysmith --policy-document file://policy.json

Or have CloudFormation make the resources with a role of its own, so that the pipeline may do nothing but deploy these stacks:
  skysmith permissions --trust-policy > trust.json
  skysmith permissions --execution-role > policy.json
  aws iam create-role --role-name web-resources --assume-role-policy-document file://trust.json
  aws iam put-role-policy --role-name web-resources --policy-name skysmith --policy-document file://policy.json
  skysmith permissions --caller arn:aws:iam::123456789012:role/web-resources

Names that only CloudFormation will know are matched by their beginning, ids by `*`. An update that takes a property
away may need what the template before it needed. Needs no credentials; `*` stands for an account or a region that
neither the app nor skysmith.toml nor --region names.")]
pub struct Permissions {
    /// Stacks by id, path or pattern such as `Live/*`; all if none is named
    #[arg(value_name = "STACK")]
    pub names: Vec<String>,
    /// What to allow; several with commas between
    #[arg(long = "for", value_name = "USE", value_enum, value_delimiter = ',', default_value = "deploy")]
    pub purposes: Vec<Purpose>,
    /// The policy of a role that CloudFormation takes to make the resources
    #[arg(long, conflicts_with_all = ["caller", "trust_policy"])]
    pub execution_role: bool,
    /// The policy of whoever deploys with such a role, whose ARN this is
    #[arg(long, value_name = "ROLE_ARN", conflicts_with = "trust_policy")]
    pub caller: Option<String>,
    /// The trust policy of such a role
    #[arg(long)]
    pub trust_policy: bool,
    /// Print a list of policies, each small enough for a managed policy
    #[arg(long, conflicts_with = "trust_policy")]
    pub split: bool,
}
