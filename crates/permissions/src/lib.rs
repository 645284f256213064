//! The least IAM policies for deploying templates with CloudFormation.
//!
//! CloudFormation calls each service with somebody's permissions: those of its service role, or of whoever deploys. [`provisioning`] finds out which, from the handlers
//! of the template's resource types ([`skysmith_spec::ResourceType::permissions`]), the names of its resources, and the kinds of resources that each action takes (AWS's
//! service authorization reference). [`Permissions::policy`] makes a document of them.
//!
//! The handlers of a type list everything that they may ever call. What only a property calls for that the template does not use is left out, for the types where that is
//! known. So an update that takes such a property away may need what the template before it needed.
//!
//! This crate must not know about networks, files or assemblies: templates in, policies out, the same for the same input.

mod arns;
mod names;
mod needs;
mod policy;
mod provision;
mod reference;

pub use policy::{Conditions, INLINE_ROLE_LIMIT, MANAGED_POLICY_LIMIT, Permissions, Policy, Statement};
pub use provision::{Note, Provisioning, StackTemplate, provisioning, resource_arns};

/// Where a stack goes. `*` stands for what is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The region's code.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
}

impl Place {
    /// A region of an account, as far as they are known. The partition is the region's, and `aws` where that is not known.
    #[must_use]
    pub fn new(region: Option<&str>, account: Option<&str>) -> Self {
        let partition = match region.unwrap_or_default() {
            it if it.starts_with("cn-") => "aws-cn",
            it if it.starts_with("us-gov-") => "aws-us-gov",
            it if it.starts_with("eusc-") => "aws-eusc",
            it if it.starts_with("us-isob-") => "aws-iso-b",
            it if it.starts_with("us-iso-") => "aws-iso",
            it if it.starts_with("eu-isoe-") => "aws-iso-e",
            it if it.starts_with("us-isof-") => "aws-iso-f",
            _ => "aws",
        };
        let known = |text: Option<&str>| text.unwrap_or("*").to_owned();
        Self { partition: partition.to_owned(), region: known(region), account: known(account) }
    }

    /// An ARN in this place. `region` and `account` are left empty for services that have none in theirs.
    #[must_use]
    pub fn arn(&self, service: &str, region: &str, account: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{region}:{account}:{resource}", self.partition)
    }

    /// The ARN of the stacks of this name.
    #[must_use]
    pub fn stack_arn(&self, name: &str) -> String {
        self.arn("cloudformation", &self.region, &self.account, &format!("stack/{name}/*"))
    }
}
