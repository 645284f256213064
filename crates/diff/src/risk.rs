//! What CloudFormation lets pass and what may go wrong all the same: clean-up that acts on more than what is removed.

use skysmith_spec::Replacement;
use skysmith_template::{Intrinsic, Node, Resource, Template};

use crate::compare::{Comparison, Reading};
use crate::fate;
use crate::model::{Action, ResourceChange};

/// Something that may go wrong although CloudFormation carries out the change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Risk {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What it is.
    pub kind: RiskKind,
}

/// What may go wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RiskKind {
    /// A custom resource is removed: its function cleans up after everything else of the update, in a way that only it knows.
    CustomRemoved {
        /// Which it is, if it is one of the AWS CDK's.
        helper: Option<Helper>,
        /// The resources of the new template that it referred to, on which the clean-up may act.
        acts_on: Vec<String>,
        /// Whether its clean-up takes away what a resource that stays in the stack has: then it is to leave in two steps, first kept when it goes
        /// (`DeletionPolicy: Retain`) and removed only in a second update, so that the clean-up never runs.
        in_two_steps: bool,
    },
    /// A custom resource may be replaced: its function decides, and CloudFormation then has the old one cleaned up.
    CustomReplaced {
        /// Which it is, if it is one of the AWS CDK's.
        helper: Option<Helper>,
    },
    /// It is removed at the end of the update by what it is called or sits on, and another resource of the new template, made
    /// or kept, is called the same or sits on the same: what that one has set up is taken down.
    CleansUpAnother {
        /// The other resource.
        other: String,
        /// The properties that tell them apart for the service, such as `PolicyName` and `Roles`.
        shared: Vec<&'static str>,
    },
    /// Rights move from it to another resource, which is made only after they are gone here: in between they are missing.
    RightsGap {
        /// The other resource.
        to: String,
    },
    /// A policy kept its data when it is removed, and no longer does.
    NoLongerKept,
}

/// A custom resource that the AWS CDK brings with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Helper {
    /// `Custom::S3BucketNotifications`: puts an empty configuration when it is removed.
    BucketNotifications,
    /// `Custom::S3AutoDeleteObjects`: empties the bucket when it is removed, if the bucket has its tag.
    AutoDeleteObjects,
    /// `Custom::ECRAutoDeleteImages`: empties the repository when it is removed.
    AutoDeleteImages,
    /// `Custom::LogRetention`: removes the log group where it was told to.
    LogRetention,
    /// `Custom::CDKBucketDeployment`: removes what it deployed, unless it was told not to.
    BucketDeployment,
    /// `Custom::CrossRegionExportWriter`: removes the parameters that stacks in other regions read.
    ExportWriter,
    /// `Custom::CrossRegionExportReader`: says that the parameters are no longer read.
    ExportReader,
    /// `Custom::AWS`: makes the call of AWS that it was given for its removal.
    SdkCall,
    /// `Custom::VpcRestrictDefaultSG`: gives the default security group its open rules back.
    DefaultSecurityGroup,
}

impl Helper {
    /// By the resource type.
    #[must_use]
    pub fn of(resource_type: &str) -> Option<Self> {
        Some(match resource_type {
            "Custom::S3BucketNotifications" => Self::BucketNotifications,
            "Custom::S3AutoDeleteObjects" => Self::AutoDeleteObjects,
            "Custom::ECRAutoDeleteImages" => Self::AutoDeleteImages,
            "Custom::LogRetention" => Self::LogRetention,
            "Custom::CDKBucketDeployment" => Self::BucketDeployment,
            "Custom::CrossRegionExportWriter" => Self::ExportWriter,
            "Custom::CrossRegionExportReader" => Self::ExportReader,
            "Custom::AWS" => Self::SdkCall,
            "Custom::VpcRestrictDefaultSG" => Self::DefaultSecurityGroup,
            _ => return None,
        })
    }

    /// The property that names what its clean-up takes everything from, whoever has put it there.
    fn takes_from(self) -> Option<&'static str> {
        match self {
            Self::BucketNotifications | Self::AutoDeleteObjects => Some("BucketName"),
            Self::AutoDeleteImages => Some("RepositoryName"),
            // The others take back what they have done themselves, or only where they were told to.
            _ => None,
        }
    }
}

/// Types that are removed by what they are called or sit on, not by an id of their own: another of them with the same of these
/// properties loses what it has set up. Of lists it is enough that they have an item in common.
const BY_NAME: &[(&str, &[&str])] = &[
    ("AWS::ApiGateway::Account", &[]),
    ("AWS::IAM::GroupPolicy", &["PolicyName", "GroupName"]),
    ("AWS::IAM::RolePolicy", &["PolicyName", "RoleName"]),
    ("AWS::IAM::UserPolicy", &["PolicyName", "UserName"]),
    ("AWS::IAM::Policy", &["PolicyName"]),
    ("AWS::Lambda::EventInvokeConfig", &["FunctionName", "Qualifier"]),
    ("AWS::Logs::ResourcePolicy", &["PolicyName"]),
    ("AWS::SNS::TopicInlinePolicy", &["TopicArn"]),
    ("AWS::SNS::TopicPolicy", &["Topics"]),
    ("AWS::SQS::QueueInlinePolicy", &["Queue"]),
    ("AWS::SQS::QueuePolicy", &["Queues"]),
    ("AWS::SecretsManager::ResourcePolicy", &["SecretId"]),
];

/// What may go wrong when rights move from one resource to another.
pub(crate) fn of_gap(from: &str, to: &str, before: &Template) -> Risk {
    let kind = before.resource(from).and_then(Resource::resource_type).unwrap_or_default();
    let to = to.to_owned();
    Risk { logical_id: from.to_owned(), resource_type: kind.to_owned(), kind: RiskKind::RightsGap { to } }
}

impl Risk {
    /// Whether it is a clean-up that does not run if the resource leaves in two steps.
    #[must_use]
    pub fn leaves_in_two_steps(&self) -> bool {
        matches!(self.kind, RiskKind::CustomRemoved { in_two_steps: true, .. })
    }
}

pub(crate) fn all(before: &Template, after: &Template, resources: &[ResourceChange]) -> Vec<Risk> {
    let mut risks = Vec::new();
    for change in resources {
        let kind = change.before_type.as_deref().unwrap_or_default();
        let mut push = |kind| {
            let resource_type = change.resource_type().unwrap_or_default().to_owned();
            risks.push(Risk { logical_id: change.logical_id.clone(), resource_type, kind });
        };
        let is_custom = kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource";
        let Some(old) = before.resource(&change.logical_id) else { continue };
        let is_removed = change.action == Action::Remove && !matches!(change.fate, fate::Fate::LeavesStack(_));
        if is_custom && is_removed {
            let (helper, acts_on) = (Helper::of(kind), acts_on(old, after));
            let target = helper.and_then(Helper::takes_from).and_then(|property| old.property(property));
            let mut in_two_steps = false;
            if let Some(target) = target {
                target.for_each_ref(&mut |target| in_two_steps |= acts_on.contains(target));
            }
            push(RiskKind::CustomRemoved { helper, acts_on, in_two_steps });
        } else if is_custom && replaces_custom(change) {
            push(RiskKind::CustomReplaced { helper: Helper::of(kind) });
        }
        let goes = is_removed || (change.action == Action::Replace && change.fate == fate::Fate::Deleted);
        let other =
            || cleaned_up(kind, old, after).or_else(|| cleaned_up_inside(old, after).filter(|_| is_policy(kind)));
        if goes && let Some((other, shared)) = other() {
            push(RiskKind::CleansUpAnother { other, shared });
        }
        if let Some(new) = after.resource(&change.logical_id)
            && fate::is_no_longer_kept(old, new)
        {
            push(RiskKind::NoLongerKept);
        }
    }
    risks
}

/// Only a change of what its function is, or a change that makes another of it, is worth a word: every change of a custom
/// resource may replace it.
fn replaces_custom(change: &ResourceChange) -> bool {
    change.replacement != Replacement::Never
        && change.properties.iter().any(|it| it.change.path.property() == Some("ServiceToken"))
}

fn acts_on(old: Resource<'_>, after: &Template) -> Vec<String> {
    let mut targets = Vec::new();
    for (key, node) in old.properties().into_iter().flatten() {
        // That it calls its function is no act on it.
        if key == "ServiceToken" {
            continue;
        }
        node.for_each_ref(&mut |target| {
            if after.resource(target).is_some() && !targets.contains(target) {
                targets.push(target.clone());
            }
        });
    }
    targets
}

fn cleaned_up(kind: &str, old: Resource<'_>, after: &Template) -> Option<(String, Vec<&'static str>)> {
    let (_, keys) = BY_NAME.iter().find(|(known, _)| *known == kind)?;
    let other = after.resources().find(|new| {
        // A replaced one stands under its own logical id.
        new.resource_type() == Some(kind)
            && keys.iter().all(|key| is_shared(old.property(key), new.property(key)))
            && is_on_the_same(kind, old, *new)
    })?;
    Some((other.logical_id().to_owned(), keys.to_vec()))
}

/// A policy that is removed takes the one of the same name with it that its role now has inside.
fn cleaned_up_inside(old: Resource<'_>, after: &Template) -> Option<(String, Vec<&'static str>)> {
    let name = old.property("PolicyName")?;
    let holders: Vec<&Node> = ["Roles", "Users", "Groups"]
        .into_iter()
        .filter_map(|key| old.property(key).and_then(Node::as_list))
        .flatten()
        .chain(["RoleName", "UserName", "GroupName"].into_iter().filter_map(|key| old.property(key)))
        .collect();
    let is_inside = |holder: Resource<'_>| {
        let policies = holder.property("Policies").and_then(Node::as_list).unwrap_or_default();
        policies.iter().any(|it| is_shared(it.get("PolicyName"), Some(name)))
    };
    let found = holders.into_iter().find_map(|holder| match holder.as_intrinsic() {
        Some(Intrinsic::Ref(id)) => after.resource(id).filter(|holder| is_inside(*holder)),
        _ => None,
    })?;
    Some((found.logical_id().to_owned(), vec!["PolicyName"]))
}

fn is_policy(kind: &str) -> bool {
    matches!(kind, "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" | "AWS::IAM::GroupPolicy")
}

/// A policy is removed from those it is attached to.
fn is_on_the_same(kind: &str, old: Resource<'_>, new: Resource<'_>) -> bool {
    kind != "AWS::IAM::Policy"
        || ["Roles", "Users", "Groups"]
            .into_iter()
            .any(|key| old.property(key).is_some() && is_shared(old.property(key), new.property(key)))
}

fn is_shared(old: Option<&Node>, new: Option<&Node>) -> bool {
    match (old, new) {
        (Some(Node::List(old)), Some(Node::List(new))) => old.iter().any(|item| new.contains(item)),
        (Some(old), Some(new)) => Comparison::is_same(old, new, Reading::Text),
        (None, None) => true,
        _ => false,
    }
}
