//! From a template to the permissions that making, changing and removing its resources take.

use std::collections::{BTreeMap, BTreeSet};

use skysmith_spec::Operation;
use skysmith_template::{Intrinsic, Node, Resource, Template};

use crate::names::Scope;
use crate::policy::{Conditions, Permissions};
use crate::{Place, arns, needs, reference};

/// A template and the stack that it is for.
#[derive(Clone, Copy, Debug)]
pub struct StackTemplate<'a> {
    /// The stack's name.
    pub name: &'a str,
    /// The template.
    pub template: &'a Template,
    /// Values of its parameters, as far as they are given. Defaults count for the others.
    pub parameters: &'a BTreeMap<String, String>,
}

/// What CloudFormation needs, and what could not be found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provisioning {
    /// The permissions.
    pub permissions: Permissions,
    /// What they may lack, in the template's order.
    pub notes: Vec<Note>,
}

/// Something that the permissions may lack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Nothing is known of what this type's handlers call.
    UnknownType {
        /// The stack's name.
        stack: String,
        /// The resource.
        logical_id: String,
        /// Its type.
        resource_type: String,
    },
    /// What is in a nested stack is not looked into.
    NestedStack {
        /// The stack's name.
        stack: String,
        /// The resource.
        logical_id: String,
    },
    /// A macro may add resources; they are not known before it ran.
    Macro {
        /// The stack's name.
        stack: String,
        /// The macro's name.
        name: String,
    },
}

/// The services that take roles, for those whose trust policy is not in the template.
const PASSED_TO: [(&str, &str); 12] = [
    ("ApiGateway", "apigateway.amazonaws.com"),
    ("ApiGatewayV2", "apigateway.amazonaws.com"),
    ("AppSync", "appsync.amazonaws.com"),
    ("CodeBuild", "codebuild.amazonaws.com"),
    ("ECS", "ecs-tasks.amazonaws.com"),
    ("Events", "events.amazonaws.com"),
    ("KinesisFirehose", "firehose.amazonaws.com"),
    ("Lambda", "lambda.amazonaws.com"),
    ("Pipes", "pipes.amazonaws.com"),
    ("SNS", "sns.amazonaws.com"),
    ("Scheduler", "scheduler.amazonaws.com"),
    ("StepFunctions", "states.amazonaws.com"),
];

const ROLE: &str = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";

/// The permissions that the operations on all resources of a template take.
#[must_use]
pub fn provisioning(stack: StackTemplate<'_>, place: &Place, operations: &[Operation]) -> Provisioning {
    let scope = Scope { place, stack: stack.name, template: stack.template, parameters: stack.parameters };
    let mut found = Provisioning::default();
    for resource in stack.template.resources() {
        of_resource(scope, resource, operations, &mut found);
    }
    of_values(scope, &mut found);
    of_macros(scope, &mut found);
    found
}

/// The ARNs of the resources of a template for which `is_meant` holds, sorted.
#[must_use]
pub fn resource_arns<'a>(
    stack: StackTemplate<'a>,
    place: &'a Place,
    is_meant: impl Fn(Resource<'a>) -> bool,
) -> Vec<String> {
    let scope = Scope { place, stack: stack.name, template: stack.template, parameters: stack.parameters };
    let meant = stack.template.resources().filter(|resource| is_meant(*resource));
    meant.flat_map(|resource| arns::of(scope, resource)).collect::<BTreeSet<_>>().into_iter().collect()
}

fn of_resource(scope: Scope<'_>, resource: Resource<'_>, operations: &[Operation], found: &mut Provisioning) {
    let kind = resource.resource_type().unwrap_or_default();
    let (stack, logical_id) = (scope.stack.to_owned(), resource.logical_id().to_owned());
    if kind == "AWS::CloudFormation::Stack" {
        found.notes.push(Note::NestedStack { stack: stack.clone(), logical_id: logical_id.clone() });
    }
    if kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource" {
        for token in resource.property("ServiceToken").map(|token| scope.texts(token)).unwrap_or_default() {
            let action = if token.contains(":sns:") { "sns:Publish" } else { "lambda:InvokeFunction" };
            found.permissions.allow(action, token);
        }
        return;
    }
    let Some(actions) = needs::actions(resource, operations) else {
        found.notes.push(Note::UnknownType { stack, logical_id, resource_type: kind.to_owned() });
        return;
    };
    for action in actions {
        of_action(scope, resource, kind, action, &mut found.permissions);
    }
}

fn of_action(scope: Scope<'_>, resource: Resource<'_>, kind: &str, action: &str, permissions: &mut Permissions) {
    let place = scope.place;
    if action == "iam:PassRole" {
        return pass_roles(scope, resource, kind, permissions);
    }
    if action == "iam:CreateServiceLinkedRole" {
        return permissions.allow(action, place.arn("iam", "", &place.account, "role/aws-service-role/*"));
    }
    if let Some(paths) = action.strip_prefix("apigateway:").and_then(|_| api_paths(kind)) {
        for path in paths {
            permissions.allow(action, place.arn("apigateway", &place.region, "", path));
        }
        return;
    }
    let Some(known) = reference::action(action) else {
        // A pattern over actions, or one that the reference does not have: about the resource itself if it is one of the service's own, else about everything.
        let service = action.split(':').next().unwrap_or_default();
        let own = arns::of(scope, resource);
        let is_own = !action.contains('*') && own.iter().all(|arn| arn.split(':').nth(2) == Some(service));
        for arn in if is_own { own } else { vec!["*".to_owned()] } {
            permissions.allow(action, arn);
        }
        return;
    };
    let name = format!("{}:{}", action.split(':').next().unwrap_or_default(), known.name);
    let mut narrow = Vec::new();
    let mut wide = Vec::new();
    let mut needed = Vec::new();
    for kind in known.kinds() {
        let found = arns::of_kind(scope, resource, kind);
        if found.is_empty() {
            let any = arns::any(scope, kind);
            if kind.required { needed.push(any) } else { wide.push(any) }
        } else {
            narrow.extend(found);
        }
    }
    narrow.extend(needed);
    if narrow.is_empty() {
        narrow = wide;
    }
    if narrow.is_empty() {
        narrow.push("*".to_owned());
    }
    for arn in narrow {
        permissions.allow(&name, arn);
    }
}

/// The collections of API Gateway that a type is about. What is in them has ids that nobody knows before.
fn api_paths(kind: &str) -> Option<Vec<&'static str>> {
    let (service, name) = kind.strip_prefix("AWS::")?.split_once("::")?;
    let paths: &[&str] = match (service, name) {
        ("ApiGateway", "Account") => &["/account"],
        ("ApiGateway", "ApiKey") => &["/apikeys", "/apikeys/*"],
        ("ApiGateway", "ClientCertificate") => &["/clientcertificates", "/clientcertificates/*"],
        ("ApiGateway", "UsagePlan" | "UsagePlanKey") => &["/usageplans", "/usageplans/*"],
        ("ApiGateway" | "ApiGatewayV2", "VpcLink") => &["/vpclinks", "/vpclinks/*"],
        (
            "ApiGateway" | "ApiGatewayV2",
            "ApiMapping"
            | "BasePathMapping"
            | "BasePathMappingV2"
            | "DomainName"
            | "DomainNameAccessAssociation"
            | "DomainNameV2"
            | "RoutingRule",
        ) => &["/domainnames", "/domainnames/*"],
        ("ApiGateway", _) => &["/restapis", "/restapis/*"],
        ("ApiGatewayV2", _) => &["/apis", "/apis/*"],
        _ => return None,
    };
    // A stack's tags are put on all that takes tags.
    let takes_tags = skysmith_spec::resource_type(kind).is_some_and(|spec| spec.tags().is_some());
    Some(paths.iter().copied().chain(takes_tags.then_some("/tags/*")).collect())
}

/// The roles that a resource names, to be passed to nobody but the services that take them.
fn pass_roles(scope: Scope<'_>, resource: Resource<'_>, kind: &str, permissions: &mut Permissions) {
    let service = kind.split("::").nth(1).unwrap_or_default();
    let usual = PASSED_TO.iter().find(|(name, _)| *name == service).map(|(_, principal)| *principal);
    let role = reference::Kind { arn: ROLE, required: true };
    let mut own = BTreeSet::new();
    for name in arns::referred(resource) {
        let Some(referred) = scope.template.resource(name).filter(|it| it.resource_type() == Some("AWS::IAM::Role"))
        else {
            continue;
        };
        let trusted = trusted(scope, referred);
        for arn in arns::of(scope, referred) {
            permissions.allow_if(passed_to(&trusted, usual), "iam:PassRole", arn.clone());
            own.insert(arn);
        }
    }
    for arn in arns::of_kind(scope, resource, role).into_iter().filter(|arn| !own.contains(arn)) {
        permissions.allow_if(passed_to(&BTreeSet::new(), usual), "iam:PassRole", arn);
    }
}

fn passed_to(trusted: &BTreeSet<String>, usual: Option<&str>) -> Conditions {
    let services: BTreeSet<String> = match (trusted.is_empty(), usual) {
        (true, Some(usual)) => BTreeSet::from([usual.to_owned()]),
        _ => trusted.clone(),
    };
    if services.is_empty() {
        Conditions::new()
    } else {
        Conditions::from([("iam:PassedToService".to_owned(), services)])
    }
}

/// The services that a role's trust policy names.
fn trusted(scope: Scope<'_>, role: Resource<'_>) -> BTreeSet<String> {
    let statements = role.property("AssumeRolePolicyDocument").and_then(|document| document.get("Statement"));
    let statements: Vec<&Node> = match statements {
        Some(Node::List(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let services = statements.into_iter().filter_map(|statement| statement.get("Principal")?.get("Service"));
    services.flat_map(|service| scope.texts(service)).filter(|service| !service.contains('*')).collect()
}

/// What parameters and dynamic references look up.
fn of_values(scope: Scope<'_>, found: &mut Provisioning) {
    let place = scope.place;
    let parameter = |name: &str| {
        place.arn("ssm", &place.region, &place.account, &format!("parameter/{}", name.trim_start_matches('/')))
    };
    for it in scope.template.parameters() {
        if it.parameter_type().is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::")) {
            let value = scope.parameters.get(it.name()).map(String::as_str);
            let name = value.or_else(|| it.default().and_then(Node::as_str)).unwrap_or("*");
            found.permissions.allow("ssm:GetParameters", parameter(name));
        }
    }
    let root = Node::Map(scope.template.root().clone());
    each_string(&root, &mut |text| {
        for piece in text.split("{{resolve:").skip(1) {
            let mut parts = piece.split(['}', ':']);
            match (parts.next(), parts.next().unwrap_or_default()) {
                (Some("ssm" | "ssm-secure"), name) => found.permissions.allow("ssm:GetParameters", parameter(name)),
                (Some("secretsmanager"), "arn") => {
                    let arn = piece.split('}').next().unwrap_or_default().trim_start_matches("secretsmanager:");
                    let arn: Vec<&str> = arn.split(':').take(7).collect();
                    found.permissions.allow("secretsmanager:GetSecretValue", arn.join(":"));
                }
                (Some("secretsmanager"), name) => {
                    let name = if name.is_empty() { "*".to_owned() } else { format!("secret:{name}-??????") };
                    let arn = place.arn("secretsmanager", &place.region, &place.account, &name);
                    found.permissions.allow("secretsmanager:GetSecretValue", arn);
                }
                _ => {}
            }
        }
    });
}

/// Transforms of AWS need a permission of their own; what they and other macros add is not known.
fn of_macros(scope: Scope<'_>, found: &mut Provisioning) {
    let mut names: BTreeSet<String> = scope.template.transforms().into_iter().map(str::to_owned).collect();
    for node in scope.template.root().values() {
        node.for_each_node(&mut |node| {
            if let Some(Intrinsic::Transform(call)) = node.as_intrinsic() {
                names.extend(call.get("Name").and_then(Node::as_str).map(str::to_owned));
            }
        });
    }
    let place = scope.place;
    for name in names {
        match name.strip_prefix("AWS::") {
            Some(own) => {
                let arn = place.arn("cloudformation", &place.region, "aws", &format!("transform/{own}"));
                found.permissions.allow("cloudformation:CreateChangeSet", arn);
            }
            None => {
                let arn = place.arn("cloudformation", &place.region, &place.account, &format!("transform/{name}"));
                found.permissions.allow("cloudformation:CreateChangeSet", arn);
            }
        }
        // These two add no resources of other types.
        if !["AWS::LanguageExtensions", "AWS::Include"].contains(&name.as_str()) {
            found.notes.push(Note::Macro { stack: scope.stack.to_owned(), name });
        }
    }
}

fn each_string(node: &Node, f: &mut impl FnMut(&str)) {
    node.for_each_node(&mut |node| match node {
        Node::String(text) => f(text),
        Node::Intrinsic(call) => {
            if let Intrinsic::Sub { parts, .. } = &**call {
                for part in parts {
                    if let skysmith_template::SubPart::Literal(text) = part {
                        f(text);
                    }
                }
            }
        }
        _ => {}
    });
}
