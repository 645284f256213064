//! What can be made ahead of time: the bucket for assets and roles to deploy with, as a small stack. Nothing needs it: without it the bucket is made on
//! first need, and the caller's own credentials are used.
//!
//! The stack never takes a bucket over that is there already, and never removes one: the bucket holds what the account's functions were made of. Which of
//! the two made it makes no difference; its settings are looked after in either case.

mod cdk;

use std::collections::BTreeMap;
use std::path::PathBuf;

use skysmith_assembly::Stack;
use skysmith_template::{Intrinsic, Node};

pub(crate) use cdk::DEFAULT_PARAMETER;

use crate::permissions::Policy;
use crate::{DestroyOptions, Error, Observer, Session, Wanted};

/// The template, for people who want to read it or deploy it by other means.
pub const BOOTSTRAP_TEMPLATE: &str = include_str!("template.json");
/// The template's version, which is one of its outputs.
pub const BOOTSTRAP_VERSION: u32 = 1;

const BUCKET: &str = "AssetBucket";
/// What the logical ids of an app's own policies begin with; a number follows. The one for the role that CloudFormation takes, the other for that to deploy with.
const POLICIES: [(&str, &str, &str); 2] = [
    ("ExecutionPolicy", "ExecutionRole", "What the stacks of an app need"),
    ("DeployPolicy", "DeployRole", "What the assets and the data of an app's stacks need"),
];

/// What a bootstrap is to make beside the bucket. What is not given here stays as it was given before.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BootstrapOptions {
    /// Tells several bootstraps of one account and region apart: up to ten small letters and digits.
    pub qualifier: Option<String>,
    /// Other accounts that may take the role to deploy with, by their twelve digits.
    pub trust: Vec<String>,
    /// What CloudFormation may do, as ARNs of managed policies. Without any, and without [`policies`](Self::policies), there are no roles.
    pub execution_policies: Vec<String>,
    /// What CloudFormation may do, as policies that the stack makes, each small enough for a managed policy.
    pub policies: Vec<Policy>,
    /// What the role to deploy with may do beside CloudFormation, as policies that the stack makes.
    pub deploy_policies: Vec<Policy>,
}

impl BootstrapOptions {
    /// The name of the stack.
    #[must_use]
    pub fn stack_name(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("skysmith-bootstrap-{qualifier}"),
            None => "skysmith-bootstrap".to_owned(),
        }
    }
}

/// What a bootstrap comes to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Bootstrap {
    /// The bucket is there already and no roles are asked for: there is no stack to make.
    OnlyBucket {
        /// The bucket.
        bucket: String,
    },
    /// This stack is to be deployed.
    Stack {
        /// What it should become.
        wanted: Box<Wanted>,
        /// A bucket that is there already, and stays outside of the stack.
        left: Option<String>,
    },
}

impl Session {
    /// Finds out what a bootstrap has to do here. The stack is then deployed as any other; after it, [`Session::check_bucket`] looks after the bucket.
    ///
    /// # Errors
    /// [`Error::NewerBootstrap`] if a newer version of Skysmith has been here; the bucket belongs to somebody else; a call fails.
    pub async fn bootstrap(&self, options: &BootstrapOptions, observer: &dyn Observer) -> Result<Bootstrap, Error> {
        let bucket = self.placeholders().fill(skysmith_assembly::ASSET_BUCKET);
        let name = options.stack_name();
        let deployed = self.stack(&name).await?;
        let version = deployed.iter().flat_map(|stack| &stack.outputs).find(|output| output.name == "Version");
        if let Some(found) =
            version.and_then(|output| output.value.parse().ok()).filter(|found| *found > BOOTSTRAP_VERSION)
        {
            return Err(Error::NewerBootstrap { stack: name, found, known: BOOTSTRAP_VERSION });
        }
        let is_in_stack = match &deployed {
            Some(stack) => self.resources(&stack.stack_id).await?.iter().any(|resource| resource.logical_id == BUCKET),
            None => false,
        };
        let is_left = !is_in_stack && self.is_bucket_there(&bucket).await?;
        let asks_for_roles = !(options.execution_policies.is_empty() && options.policies.is_empty());
        if is_left && deployed.is_none() && !asks_for_roles {
            self.ensure_bucket(&bucket, observer).await?;
            return Ok(Bootstrap::OnlyBucket { bucket });
        }
        let mut parameters = BTreeMap::from([("Bucket".to_owned(), if is_left { "left" } else { "made" }.to_owned())]);
        let lists = [("TrustedAccounts", &options.trust), ("ExecutionPolicies", &options.execution_policies)];
        for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            parameters.insert(name.to_owned(), values.join(","));
        }
        if let Some(qualifier) = &options.qualifier {
            parameters.insert("Qualifier".to_owned(), format!("{qualifier}-"));
        }
        let mut stack = Stack::plain(name, PathBuf::from("bootstrap.template.json"));
        stack.environment = self.environment();
        stack.termination_protection = Some(true);
        stack.parameters = parameters;
        let mut wanted = Box::new(Wanted::of(stack, BOOTSTRAP_TEMPLATE.to_owned())?);
        let mut own = own_policies(options);
        if let (true, Some(stack)) = (own.is_empty(), &deployed) {
            // What is not said again stays.
            let before = self.template(&stack.stack_id).await?.unwrap_or_default();
            let resources = before.section("Resources").into_iter().flatten();
            own = resources
                .filter(|(id, _)| POLICIES.iter().any(|(name, ..)| id.starts_with(name)))
                .map(|(id, body)| (id.clone(), body.clone()))
                .collect();
        }
        if !own.is_empty() {
            wanted.parameters.insert("OwnPolicies".to_owned(), "yes".to_owned());
            wanted.template.section_mut("Resources").extend(own);
            wanted.body = wanted.template.to_json();
        }
        Ok(Bootstrap::Stack { wanted, left: is_left.then_some(bucket) })
    }

    /// Makes sure that the bucket for assets is there and set up, whoever made it. Returns its name.
    ///
    /// # Errors
    /// It belongs to somebody else, or a call fails.
    pub async fn check_bucket(&self, observer: &dyn Observer) -> Result<String, Error> {
        let bucket = self.placeholders().fill(skysmith_assembly::ASSET_BUCKET);
        self.ensure_bucket(&bucket, observer).await?;
        Ok(bucket)
    }

    /// Takes a bootstrap's stack away, roles included. The bucket stays, with all that is in it. Returns whether there was a stack.
    ///
    /// # Errors
    /// The deletion fails, or a call does.
    pub async fn remove_bootstrap(&self, options: &BootstrapOptions, observer: &dyn Observer) -> Result<bool, Error> {
        let Some(inventory) = self.inventory(&options.stack_name(), &crate::is_stateful).await? else {
            return Ok(false);
        };
        // Its own protection is against others; whoever comes here means this stack.
        self.protect(&inventory.stack.stack_id, false).await?;
        let inventory = crate::Inventory {
            stack: crate::DeployedStack { termination_protection: false, ..inventory.stack.clone() },
            ..inventory
        };
        self.destroy(&inventory, &DestroyOptions::default(), observer).await
    }

    async fn is_bucket_there(&self, bucket: &str) -> Result<bool, Error> {
        let request = self.s3.head_bucket().bucket(bucket).expected_bucket_owner(&self.identity().account);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
                Some(404) => Ok(false),
                // Without a word: it may be the bucket, or this machine's clock.
                Some(403) => match Error::from_sdk("HeadBucket", &error) {
                    refused @ Error::CredentialsRefused(_) => Err(refused),
                    _ => Err(self.denied("HeadBucket", bucket).await),
                },
                _ => Err(Error::from_sdk("HeadBucket", &error)),
            },
        }
    }
}

/// The policies as resources of the template.
fn own_policies(options: &BootstrapOptions) -> Vec<(String, Node)> {
    let text = |text: &str| Node::String(text.to_owned());
    let map = |entries: Vec<(&str, Node)>| {
        Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let resource = |policy: &Policy, role: &str, description: &str| {
        map(vec![
            ("Type", text("AWS::IAM::ManagedPolicy")),
            (
                "Properties",
                map(vec![
                    ("Description", text(description)),
                    ("PolicyDocument", policy.document()),
                    ("Roles", Node::List(vec![Node::from(Intrinsic::Ref(role.to_owned()))])),
                ]),
            ),
        ])
    };
    let of_both = POLICIES.into_iter().zip([&options.policies, &options.deploy_policies]);
    of_both
        .flat_map(|((name, role, description), policies)| {
            let policies = policies.iter().enumerate();
            policies.map(move |(index, policy)| (format!("{name}{}", index + 1), resource(policy, role, description)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_its_version_and_makes_the_bucket_that_deployments_use() {
        let template = skysmith_template::read(BOOTSTRAP_TEMPLATE).unwrap().template;
        let outputs = template.section("Outputs").unwrap();
        let version = outputs.get("Version").unwrap().as_map().unwrap().get("Value").unwrap().as_str().unwrap();
        assert_eq!(version, BOOTSTRAP_VERSION.to_string());
        assert!(
            BOOTSTRAP_TEMPLATE
                .contains(&format!(r#""BucketName": {{ "Fn::Sub": "{}" }}"#, skysmith_assembly::ASSET_BUCKET))
        );
        assert_eq!(template.resource(BUCKET).unwrap().deletion_policy().unwrap().as_str(), Some("Retain"));
        assert!(
            BOOTSTRAP_TEMPLATE.len() < crate::wanted::INLINE_TEMPLATE_LIMIT,
            "or it would need the bucket that it makes"
        );
    }
}
