//! Where rights stand in a template.

use skysmith_template::{Intrinsic, Map, Node, Resource, Template};

use super::PolicyKind;
use super::statement::{self, Rights};
use crate::path::{Path, PathStep};
use crate::{list, policy, text};

/// One right of one holder.
pub(super) struct Grant<'t> {
    pub(super) kind: PolicyKind,
    pub(super) holder: Node,
    pub(super) logical_id: &'t str,
    pub(super) resource_type: &'t str,
    pub(super) path: Path,
    pub(super) rights: Rights,
    /// The statement in its normal form, or the managed policy.
    pub(super) node: Node,
}

/// Policies that are resources of their own: the property with the document, and those that say whom or what it is about.
const ATTACHED: &[(&str, PolicyKind, &str, &[&str])] = &[
    ("AWS::IAM::Policy", PolicyKind::Identity, "PolicyDocument", &["Roles", "Users", "Groups"]),
    ("AWS::IAM::ManagedPolicy", PolicyKind::Identity, "PolicyDocument", &["Roles", "Users", "Groups"]),
    ("AWS::IAM::RolePolicy", PolicyKind::Identity, "PolicyDocument", &["RoleName"]),
    ("AWS::IAM::UserPolicy", PolicyKind::Identity, "PolicyDocument", &["UserName"]),
    ("AWS::IAM::GroupPolicy", PolicyKind::Identity, "PolicyDocument", &["GroupName"]),
    ("AWS::S3::BucketPolicy", PolicyKind::Resource, "PolicyDocument", &["Bucket"]),
    ("AWS::S3::AccessPoint", PolicyKind::Resource, "Policy", &[]),
    ("AWS::SNS::TopicPolicy", PolicyKind::Resource, "PolicyDocument", &["Topics"]),
    ("AWS::SNS::TopicInlinePolicy", PolicyKind::Resource, "PolicyDocument", &["TopicArn"]),
    ("AWS::SQS::QueuePolicy", PolicyKind::Resource, "PolicyDocument", &["Queues"]),
    ("AWS::SQS::QueueInlinePolicy", PolicyKind::Resource, "PolicyDocument", &["Queue"]),
    ("AWS::KMS::Key", PolicyKind::Resource, "KeyPolicy", &[]),
    ("AWS::KMS::ReplicaKey", PolicyKind::Resource, "KeyPolicy", &[]),
    ("AWS::SecretsManager::ResourcePolicy", PolicyKind::Resource, "ResourcePolicy", &["SecretId"]),
    ("AWS::ECR::Repository", PolicyKind::Resource, "RepositoryPolicyText", &[]),
    ("AWS::ApiGateway::RestApi", PolicyKind::Resource, "Policy", &[]),
    ("AWS::Logs::ResourcePolicy", PolicyKind::Resource, "PolicyDocument", &["PolicyName"]),
    ("AWS::Events::EventBusPolicy", PolicyKind::Resource, "Statement", &["EventBusName"]),
    ("AWS::Events::EventBus", PolicyKind::Resource, "Policy", &[]),
    ("AWS::EFS::FileSystem", PolicyKind::Resource, "FileSystemPolicy", &[]),
    ("AWS::EC2::VPCEndpoint", PolicyKind::Resource, "PolicyDocument", &[]),
    ("AWS::DynamoDB::Table", PolicyKind::Resource, "ResourcePolicy", &[]),
    ("AWS::Lambda::LayerVersionPermission", PolicyKind::Resource, "", &["LayerVersionArn"]),
    ("AWS::Backup::BackupVault", PolicyKind::Resource, "AccessPolicy", &[]),
    ("AWS::Serverless::Function", PolicyKind::Identity, "Policies", &[]),
];

/// The grants in the resources that are wanted, by their logical ids.
pub(super) fn grants<'t>(template: &'t Template, is_wanted: &dyn Fn(&str) -> bool) -> Vec<Grant<'t>> {
    let mut grants = Vec::new();
    for resource in template.resources() {
        if !may_grant(resource) || !is_wanted(resource.logical_id()) {
            continue;
        }
        let Some(kind) = resource.resource_type() else { continue };
        let mut collector = Collector { resource, kind, grants: &mut grants };
        match kind {
            "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => collector.identity(),
            "AWS::Lambda::Permission" => collector.permission(),
            "AWS::SSO::PermissionSet" => collector.permission_set(),
            _ => collector.attached(),
        }
    }
    grants
}

fn may_grant(resource: Resource<'_>) -> bool {
    resource.resource_type().is_some_and(|kind| {
        matches!(
            kind,
            "AWS::IAM::Role"
                | "AWS::IAM::User"
                | "AWS::IAM::Group"
                | "AWS::Lambda::Permission"
                | "AWS::SSO::PermissionSet"
        ) || ATTACHED.iter().any(|(known, ..)| *known == kind)
    })
}

struct Collector<'t, 'g> {
    resource: Resource<'t>,
    kind: &'t str,
    grants: &'g mut Vec<Grant<'t>>,
}

impl Collector<'_, '_> {
    fn own(&self) -> Node {
        Intrinsic::Ref(self.resource.logical_id().to_owned()).into()
    }

    fn identity(&mut self) {
        let own = self.own();
        if let Some(document) = self.resource.property("AssumeRolePolicyDocument") {
            self.document(PolicyKind::Trust, &own, &Path::of(&["AssumeRolePolicyDocument"]), document);
        }
        if let Some(Node::List(policies)) = self.resource.property("Policies") {
            for (step, policy) in list::steps(policies).zip(policies) {
                let path = [PathStep::key("Policies"), step, PathStep::key("PolicyDocument")].into_iter().collect();
                if let Some(document) = policy.get("PolicyDocument") {
                    self.document(PolicyKind::Identity, &own, &path, document);
                }
            }
        }
        self.managed(&own, "ManagedPolicyArns");
    }

    fn permission_set(&mut self) {
        let own = self.own();
        if let Some(document) = self.resource.property("InlinePolicy") {
            self.document(PolicyKind::Identity, &own, &Path::of(&["InlinePolicy"]), document);
        }
        self.managed(&own, "ManagedPolicies");
    }

    fn managed(&mut self, holder: &Node, property: &str) {
        if let Some(Node::List(arns)) = self.resource.property(property) {
            for (step, arn) in list::steps(arns).zip(arns) {
                let path = [PathStep::key(property), step].into_iter().collect();
                let arn = text::canonical(arn);
                self.push(PolicyKind::Identity, holder, path, Rights::Managed(arn.clone()), arn);
            }
        }
    }

    fn attached(&mut self) {
        let Some((_, policy_kind, property, targets)) = ATTACHED.iter().find(|(kind, ..)| *kind == self.kind) else {
            return;
        };
        let Some(mut document) = self.resource.property(property) else { return };
        let mut path = Path::of(&[property]);
        // The policy of a table is one level down.
        if let Some(inner) = document.get("PolicyDocument").filter(|_| self.kind == "AWS::DynamoDB::Table") {
            document = inner;
            path.push(PathStep::key("PolicyDocument"));
        }
        let mut holders: Vec<Node> = Vec::new();
        for target in *targets {
            match self.resource.property(target) {
                Some(Node::List(items)) => holders.extend(items.iter().map(target_of)),
                Some(node) => holders.push(target_of(node)),
                None => {}
            }
        }
        if holders.is_empty() {
            holders.push(self.own());
        }
        for holder in holders {
            if self.kind == "AWS::Events::EventBusPolicy" {
                let document = Node::from(Map::from([("Statement".to_owned(), document.clone())]));
                self.document(*policy_kind, &holder, &path, &document);
            } else {
                self.document(*policy_kind, &holder, &path, document);
            }
        }
    }

    /// The permission of a function, as the statement that Lambda makes of it.
    fn permission(&mut self) {
        let property = |name: &str| self.resource.property(name).cloned();
        let Some(function) = property("FunctionName") else { return };
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), "Allow".into());
        if let Some(principal) = property("Principal") {
            let is_service = principal.as_str().is_some_and(|text| text.contains(".amazon"));
            let is_everybody = principal.as_str() == Some("*");
            let kind = if is_service { "Service" } else { "AWS" };
            let principal = match is_everybody {
                true => principal,
                false => Map::from([(kind.to_owned(), Node::List(vec![principal]))]).into(),
            };
            statement.insert("Principal".to_owned(), principal);
        }
        statement.insert("Action".to_owned(), Node::List(property("Action").into_iter().collect()));
        statement.insert("Resource".to_owned(), Node::List(vec![function.clone()]));
        let mut conditions = Map::new();
        let tests = [
            ("ArnLike", "aws:SourceArn", "SourceArn"),
            ("StringEquals", "aws:SourceAccount", "SourceAccount"),
            ("StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID"),
            ("StringEquals", "lambda:FunctionUrlAuthType", "FunctionUrlAuthType"),
            ("StringEquals", "lambda:EventSourceToken", "EventSourceToken"),
            ("Bool", "lambda:InvokedViaFunctionUrl", "InvokedViaFunctionUrl"),
        ];
        for (operator, key, name) in tests {
            if let Some(value) = property(name) {
                let entry = conditions.entry(operator.to_owned()).or_insert_with(|| Node::Map(Map::new()));
                if let Node::Map(entry) = entry {
                    entry.insert(key.to_owned(), Node::List(vec![value]));
                }
            }
        }
        if !conditions.is_empty() {
            statement.insert("Condition".to_owned(), conditions.into());
        }
        let holder = target_of(&function);
        self.statement(PolicyKind::Resource, &holder, Path::default(), &statement.into());
    }

    fn document(&mut self, kind: PolicyKind, holder: &Node, path: &Path, document: &Node) {
        let parsed;
        let document = match document {
            Node::String(text) => match text::json(text) {
                Some(json) => {
                    parsed = json;
                    &parsed
                }
                None => return,
            },
            Node::JsonString(inner) => inner,
            other => other,
        };
        // Each branch is what may hold.
        if let Some(Intrinsic::If { then, otherwise, .. }) = document.as_intrinsic() {
            self.document(kind, holder, path, then);
            self.document(kind, holder, path, otherwise);
            return;
        }
        let normal = policy::normalised(document);
        let Some(Node::List(statements)) = normal.get("Statement") else { return };
        for (index, statement) in statements.iter().enumerate() {
            let mut path = path.clone();
            path.push(PathStep::key("Statement"));
            path.push(match statement.get("Sid").and_then(Node::as_str) {
                Some(sid) => list::named("Sid", sid, Some(index), Some(index)),
                None => PathStep::at(index),
            });
            self.statement(kind, holder, path, statement);
        }
    }

    fn statement(&mut self, kind: PolicyKind, holder: &Node, path: Path, node: &Node) {
        if let Some(Intrinsic::If { then, otherwise, .. }) = node.as_intrinsic() {
            self.statement(kind, holder, path.clone(), &policy::statement(then));
            self.statement(kind, holder, path, &policy::statement(otherwise));
            return;
        }
        if let Some(statement) = statement::read(node) {
            self.push(kind, holder, path, Rights::Statement(Box::new(statement)), node.clone());
        }
    }

    fn push(&mut self, kind: PolicyKind, holder: &Node, path: Path, rights: Rights, node: Node) {
        self.grants.push(Grant {
            kind,
            holder: holder.clone(),
            logical_id: self.resource.logical_id(),
            resource_type: self.kind,
            path,
            rights,
            node,
        });
    }
}

/// The resource a policy is on, whichever of its values tells which.
fn target_of(node: &Node) -> Node {
    let node = text::canonical(node);
    match node.as_intrinsic() {
        Some(Intrinsic::GetAtt(target, _)) => Intrinsic::Ref(target.clone()).into(),
        _ => node,
    }
}
