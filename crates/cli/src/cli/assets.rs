//! The flags of the commands that are about assets.

use clap::Args;

/// Flags of `bootstrap`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing needs a bootstrap: the bucket for assets is made on first need, and your own credentials deploy.
A bootstrap is for accounts where people and pipelines may not make buckets, or shall not have the rights
of what they deploy: it makes the bucket, and with --execution-policy or --for-app two roles, one to deploy with,
which may do nothing but that, and one that CloudFormation takes.

Examples:
  skysmith bootstrap                                    the bucket, here
  skysmith bootstrap aws://123456789012/eu-west-1 aws://123456789012/us-east-1
  skysmith bootstrap --execution-policy arn:aws:iam::aws:policy/PowerUserAccess
  skysmith bootstrap --for-app                          the same, with the rights that this app's stacks need
  skysmith bootstrap --trust 210987654321 --execution-policy ARN
  skysmith bootstrap --show-template                    to read it, or to deploy it by other means
  skysmith bootstrap --destroy                          the roles go, the bucket stays

The role to deploy with may count what tables and buckets hold before they are destroyed. With --for-app it may also
empty the app's buckets that are marked for it, and push the app's container images.

A second run changes what is different, and keeps what is not said again. A bucket that is there already stays
as it is, outside of the stack. Apps of the CDK that ask for the CDK's bootstrap need that: npx cdk bootstrap")]
pub struct Bootstrap {
    /// Where; without any, the account of the credentials and the region at hand
    #[arg(value_name = "aws://ACCOUNT/REGION")]
    pub environments: Vec<String>,
    /// Another account that may take the role to deploy with; may be repeated
    #[arg(long, value_name = "ACCOUNT")]
    pub trust: Vec<String>,
    /// What CloudFormation may do, as the ARN of a managed policy; may be repeated
    #[arg(long = "execution-policy", value_name = "ARN")]
    pub execution_policies: Vec<String>,
    /// Let CloudFormation do what the stacks of the app need, and nothing else
    #[arg(long)]
    pub for_app: bool,
    /// Tells several bootstraps of one account and region apart: up to 10 small letters and digits
    #[arg(long, value_name = "NAME")]
    pub qualifier: Option<String>,
    /// Print the template and do nothing
    #[arg(long, conflicts_with = "destroy")]
    pub show_template: bool,
    /// Take the stack and its roles away; the bucket stays with all that is in it
    #[arg(long, conflicts_with_all = ["trust", "execution_policies", "for_app"])]
    pub destroy: bool,
    /// Answer the question with yes
    #[arg(short, long)]
    pub yes: bool,
}

/// Flags of `gc`.
#[derive(Debug, Args)]
#[command(after_help = "\
What stays: everything that a stack of the account and region refers to, by its template, its parameters, its
outputs or an open change set; what its last templates referred to; what a parameter in the Parameter Store names,
now or before; what is younger; and everything that no deployment put there. If anything of that cannot be
read, or a stack is on its way, nothing is removed.
What goes leaves an older version in the bucket for 30 days.

Examples:
  skysmith gc --dry-run                 what would go
  skysmith gc                           show it, ask, remove it
  skysmith gc --yes --older-than 90
  skysmith gc --cdk-qualifier hnb659fds the bucket and the repository of the CDK's bootstrap")]
pub struct Gc {
    /// Remove only what was sent more than so many days ago; 1 is the least
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub older_than: u32,
    /// Show what would go and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Look at the bucket and the repository of the CDK's bootstrap with this qualifier instead
    #[arg(long, value_name = "QUALIFIER")]
    pub cdk_qualifier: Option<String>,
    /// Answer the question with yes
    #[arg(short, long)]
    pub yes: bool,
}
