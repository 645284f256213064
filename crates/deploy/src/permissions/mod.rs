//! The least IAM policies for working with stacks: those of whoever runs the command, and of the role that CloudFormation takes.

mod calls;

use std::borrow::Cow;
use std::collections::BTreeSet;

use skysmith_assembly::{EMPTY_ON_DELETE, FileDestination, Placeholders};
use skysmith_diff::{Code, Known};
use skysmith_permissions::{Conditions, Provisioning, StackTemplate, provisioning, resource_arns};
pub use skysmith_permissions::{INLINE_ROLE_LIMIT, MANAGED_POLICY_LIMIT, Note, Permissions, Place, Policy, Statement};
use skysmith_spec::Operation;
use skysmith_template::Node;

pub use calls::Use;
pub(crate) use calls::action_of;
use calls::{CALLS, On};

use crate::known::with_place;
use crate::monitor::STACK_TYPE;
use crate::template_url::bucket_and_key;
use crate::wanted::INLINE_TEMPLATE_LIMIT;
use crate::{Endpoint, Wanted};

/// The service that takes the roles of stacks.
const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";

/// Who makes and removes the resources of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioner<'a> {
    /// Whoever deploys: CloudFormation acts with the caller's permissions.
    Caller,
    /// A role that CloudFormation takes; its ARN, possibly with wildcards.
    Role(&'a str),
}

/// The permissions of whoever runs the command, for these stacks and uses. `notes` says what they may lack.
///
/// A stack of the CDK names roles to work with, which its bootstrap stack has made: then they need nothing but to take these roles.
#[must_use]
pub fn caller(
    stacks: &[Wanted],
    place: &Place,
    uses: &BTreeSet<Use>,
    provisioner: Provisioner<'_>,
) -> (Policy, Vec<Note>) {
    let (mut permissions, mut notes) = (Permissions::default(), Vec::new());
    for wanted in stacks {
        let about = About { wanted, place: &place_of(wanted, place) };
        if about.takes_roles(&mut permissions) {
            continue;
        }
        about.calls(uses, &|_| true, &mut permissions);
        let own_role = wanted.stack.execution_role_arn.as_deref().map(|role| about.filled(role));
        match (own_role.as_deref(), provisioner) {
            (Some(role), _) | (None, Provisioner::Role(role)) => {
                if uses.iter().any(|it| !matches!(it, Use::Look | Use::Drift | Use::Collect)) {
                    let service = BTreeSet::from([CLOUDFORMATION.to_owned()]);
                    let passed = Conditions::from([("iam:PassedToService".to_owned(), service)]);
                    permissions.allow_if(passed, "iam:PassRole", role);
                }
            }
            (None, Provisioner::Caller) => {
                let found = about.provisioning(uses);
                permissions.extend(found.permissions);
                notes.extend(found.notes);
            }
        }
    }
    (permissions.policy(), notes)
}

/// The same without CloudFormation: what is called for the stacks' assets, images, parameters and data. For a role that may deploy any stack.
#[must_use]
pub fn beside_cloudformation(stacks: &[Wanted], place: &Place, uses: &BTreeSet<Use>) -> Policy {
    let mut permissions = Permissions::default();
    for wanted in stacks {
        let is_beside = |action: &str| !action.starts_with("cloudformation:");
        About { wanted, place: &place_of(wanted, place) }.calls(uses, &is_beside, &mut permissions);
    }
    permissions.policy()
}

/// The permissions of the role that CloudFormation takes for these stacks.
#[must_use]
pub fn execution_role(stacks: &[Wanted], place: &Place, uses: &BTreeSet<Use>) -> (Policy, Vec<Note>) {
    let (mut permissions, mut notes) = (Permissions::default(), Vec::new());
    for wanted in stacks {
        let found = About { wanted, place: &place_of(wanted, place) }.provisioning(uses);
        permissions.extend(found.permissions);
        notes.extend(found.notes);
    }
    (permissions.policy(), notes)
}

/// The trust policy of such a role: CloudFormation may take it, for stacks of this account alone where that is known.
#[must_use]
pub fn trust_policy(place: &Place) -> Node {
    let text = |text: &str| Node::String(text.to_owned());
    let map = |entries: Vec<(&str, Node)>| {
        Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let mut statement = vec![
        ("Effect", text("Allow")),
        ("Principal", map(vec![("Service", text(CLOUDFORMATION))])),
        ("Action", text("sts:AssumeRole")),
    ];
    if place.account != "*" {
        let account = map(vec![("aws:SourceAccount", text(&place.account))]);
        statement.push(("Condition", map(vec![("StringEquals", account)])));
    }
    map(vec![("Version", text("2012-10-17")), ("Statement", Node::List(vec![map(statement)]))])
}

/// Where a stack goes: what it says itself, and the given place for the rest.
fn place_of(wanted: &Wanted, place: &Place) -> Place {
    let own = &wanted.stack.environment;
    match (&own.region, &own.account) {
        (None, None) => place.clone(),
        (region, account) => {
            Place::new(region.as_deref().or(Some(&place.region)), account.as_deref().or(Some(&place.account)))
        }
    }
}

/// One stack in its place.
struct About<'a> {
    wanted: &'a Wanted,
    place: &'a Place,
}

impl About<'_> {
    fn stack(&self) -> StackTemplate<'_> {
        StackTemplate {
            name: &self.wanted.stack.stack_name,
            template: &self.wanted.template,
            parameters: &self.wanted.parameters,
        }
    }

    fn filled(&self, text: &str) -> String {
        let Place { partition, region, account } = self.place.clone();
        Placeholders { account, region, partition }.fill(text)
    }

    /// Allows taking the roles that the stack and its assets name; whether the stack has one, and everything is done with that.
    fn takes_roles(&self, permissions: &mut Permissions) -> bool {
        let stack = &self.wanted.stack;
        let Some(own) = &stack.role else { return false };
        let of_assets = self.destinations().filter_map(|it| it.role.as_ref());
        let of_images = stack.images.iter().flat_map(|it| &it.destinations).filter_map(|it| it.role.as_ref());
        let to_read = stack.lookup_role.iter().map(|it| &it.role);
        for role in of_assets.chain(of_images).chain([own]).chain(to_read) {
            permissions.allow("sts:AssumeRole", self.filled(&role.arn));
            if !role.tags.is_empty() {
                permissions.allow("sts:TagSession", self.filled(&role.arn));
            }
            if role.source_identity.is_some() {
                permissions.allow("sts:SetSourceIdentity", self.filled(&role.arn));
            }
        }
        true
    }

    fn destinations(&self) -> impl Iterator<Item = &FileDestination> {
        self.wanted.stack.assets.iter().flat_map(|asset| &asset.destinations)
    }

    fn calls(&self, uses: &BTreeSet<Use>, wanted: &dyn Fn(&str) -> bool, permissions: &mut Permissions) {
        for call in CALLS {
            if call.uses.iter().any(|it| *it == Use::Look || uses.contains(it)) {
                for (action, on) in call.takes.iter().filter(|(action, _)| wanted(action)) {
                    for resource in self.resources(*on) {
                        permissions.allow(action, resource);
                    }
                }
            }
        }
    }

    fn resources(&self, on: On) -> Vec<String> {
        let place = self.place;
        let bucket = |name: &String| place.arn("s3", "", "", name);
        let objects = |name: &String| place.arn("s3", "", "", &format!("{name}/*"));
        match on {
            On::Stack => vec![place.stack_arn(&self.wanted.stack.stack_name)],
            On::Nested => {
                resource_arns(self.stack(), place, |it| it.resource_type() == Some("AWS::CloudFormation::Stack"))
            }
            On::ProtectedStack if !self.wanted.settings.protect => Vec::new(),
            On::DirectStack if !self.wanted.settings.direct => Vec::new(),
            On::UpdatedStack if !self.wanted.settings.protect && !self.wanted.settings.direct => Vec::new(),
            On::ProtectedStack | On::DirectStack | On::UpdatedStack => {
                vec![place.stack_arn(&self.wanted.stack.stack_name)]
            }
            On::StoredParameters => {
                let wanted = self.wanted;
                let stored = wanted.template.parameters().filter(|parameter| {
                    parameter.parameter_type().is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value"))
                });
                let name = |parameter: skysmith_template::Parameter<'_>| {
                    let given = wanted.parameters.get(parameter.name()).map(String::as_str);
                    let name = given.or_else(|| parameter.default()?.as_str())?;
                    // A version is no part of the parameter's own name.
                    Some(name.split(':').next().unwrap_or(name).trim_start_matches('/').to_owned())
                };
                let arn = |name: String| place.arn("ssm", &place.region, &place.account, &format!("parameter/{name}"));
                stored.filter_map(name).map(arn).collect()
            }
            On::Followers => self.wanted.followers.iter().map(|name| place.stack_arn(name)).collect(),
            On::Anything => vec!["*".to_owned()],
            On::AssetBuckets => self.asset_buckets().iter().map(bucket).collect(),
            On::AssetObjects => self.asset_buckets().iter().map(objects).collect(),
            On::CodeObjects => self.code_buckets().iter().map(objects).collect(),
            On::OwnBucket => {
                let own = self.filled(skysmith_assembly::ASSET_BUCKET);
                self.asset_buckets().iter().filter(|name| **name == own).map(bucket).collect()
            }
            On::OwnAssets => {
                let own = self.filled(skysmith_assembly::ASSET_BUCKET);
                vec![bucket(&own), objects(&own)]
            }
            On::Repositories => {
                let images = self.wanted.stack.images.iter().flat_map(|image| &image.destinations);
                let names: BTreeSet<String> = images.map(|it| self.filled(&it.repository)).collect();
                names
                    .iter()
                    .map(|name| place.arn("ecr", &place.region, &place.account, &format!("repository/{name}")))
                    .collect()
            }
            On::Registry => {
                if self.wanted.stack.images.is_empty() {
                    Vec::new()
                } else {
                    vec!["*".to_owned()]
                }
            }
            On::BootstrapParameter => {
                let wanted = self.wanted.stack.bootstrap.as_ref();
                let name = wanted
                    .map(|it| self.filled(it.ssm_parameter.as_deref().unwrap_or(crate::bootstrap::DEFAULT_PARAMETER)));
                let arn = |name: String| {
                    place.arn(
                        "ssm",
                        &place.region,
                        &place.account,
                        &format!("parameter/{}", name.trim_start_matches('/')),
                    )
                };
                name.map(arn).into_iter().collect()
            }
            On::Tables => resource_arns(self.stack(), place, |it| it.resource_type() == Some("AWS::DynamoDB::Table")),
            On::Buckets => resource_arns(self.stack(), place, |it| it.resource_type() == Some("AWS::S3::Bucket")),
            On::EmptiedBuckets => self.emptied(),
            On::EmptiedObjects => self.emptied().iter().map(|arn| format!("{arn}/*")).collect(),
        }
    }

    /// The buckets that assets go to, and a template that is too large for a call.
    fn asset_buckets(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.destinations().map(|it| self.filled(&it.bucket)).collect();
        if self.wanted.body.len() > INLINE_TEMPLATE_LIMIT && self.wanted.stack.template_asset_url.is_none() {
            names.insert(self.filled(skysmith_assembly::ASSET_BUCKET));
        }
        names
    }

    /// The buckets that code and the templates of nested stacks come from. What nested stacks have their code in is not looked up: it is an asset of the stack
    /// around them, if anything.
    fn code_buckets(&self) -> BTreeSet<String> {
        let Place { partition, region, account } = self.place.clone();
        let values = with_place(&self.wanted.parameters, &Placeholders { account, region, partition });
        let known = Known::new(&self.wanted.template, Cow::Owned(values));
        let mut names = BTreeSet::new();
        for resource in self.wanted.template.resources() {
            if resource.resource_type() == Some(STACK_TYPE) {
                names.extend(self.destinations().map(|it| self.filled(&it.bucket)));
                let url = resource.property("TemplateURL").and_then(|url| known.text(url));
                names.extend(url.and_then(|url| Some(bucket_and_key(&url, &Endpoint::Aws)?.0)));
            } else if let Some(Code::Object { bucket: Some(bucket), .. }) = Code::of(resource) {
                names.extend(known.text(&bucket));
            }
        }
        names
    }

    fn emptied(&self) -> Vec<String> {
        resource_arns(self.stack(), self.place, |it| {
            let marked = it.metadata().and_then(|metadata| metadata.get(EMPTY_ON_DELETE)).and_then(Node::as_bool);
            it.resource_type() == Some("AWS::S3::Bucket") && marked == Some(true)
        })
    }

    fn provisioning(&self, uses: &BTreeSet<Use>) -> Provisioning {
        let mut operations = Vec::new();
        // A deployment that fails goes back: it removes what it made.
        if uses.contains(&Use::Deploy) || uses.contains(&Use::Repair) {
            operations.extend([Operation::Create, Operation::Update]);
        }
        // Drift is found by looking at each resource.
        if uses.iter().any(|it| !matches!(it, Use::Look | Use::Collect)) {
            operations.push(Operation::Read);
        }
        if uses.iter().any(|it| !matches!(it, Use::Look | Use::Drift | Use::Collect)) {
            operations.push(Operation::Delete);
        }
        if operations.is_empty() {
            Provisioning::default()
        } else {
            provisioning(self.stack(), self.place, &operations)
        }
    }
}
