//! What is known of names before anything is made: texts with `*` where only CloudFormation will know.

use std::collections::BTreeMap;

use skysmith_template::{Intrinsic, Node, Resource, SubPart, Template};

use crate::Place;

/// A template with what its values are resolved by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub place: &'a Place,
    /// The stack's name; with wildcards for a nested one.
    pub stack: &'a str,
    pub template: &'a Template,
    pub parameters: &'a BTreeMap<String, String>,
}

/// Parameters and resources in a circle are refused elsewhere; here they must only end.
const MAX_DEPTH: usize = 8;

/// How CloudFormation names what the template leaves unnamed.
#[derive(Clone, Copy)]
enum Style {
    /// `stack-logicalId-RANDOM`, with both parts cut where the whole would be longer than this.
    StackAndId(usize),
    /// The same in lower case.
    Lower(usize),
    /// `logicalId-RANDOM`.
    Id,
    /// `CFN-logicalId-RANDOM`.
    Cfn,
}

/// The types whose unnamed resources are known to be named like that, by the type's page in the template reference or from stacks. Others may have any name.
const STYLES: [(&str, Style); 21] = [
    ("AWS::CloudWatch::Alarm", Style::StackAndId(255)),
    ("AWS::DynamoDB::GlobalTable", Style::StackAndId(255)),
    ("AWS::DynamoDB::Table", Style::StackAndId(255)),
    ("AWS::ECR::Repository", Style::Lower(256)),
    ("AWS::ECS::Cluster", Style::StackAndId(255)),
    ("AWS::Events::Rule", Style::StackAndId(64)),
    ("AWS::IAM::Group", Style::StackAndId(128)),
    ("AWS::IAM::InstanceProfile", Style::StackAndId(128)),
    ("AWS::IAM::ManagedPolicy", Style::StackAndId(128)),
    ("AWS::IAM::Role", Style::StackAndId(64)),
    ("AWS::IAM::User", Style::StackAndId(64)),
    ("AWS::Kinesis::Stream", Style::StackAndId(128)),
    ("AWS::KinesisFirehose::DeliveryStream", Style::StackAndId(64)),
    ("AWS::Lambda::Function", Style::StackAndId(64)),
    ("AWS::Logs::LogGroup", Style::StackAndId(512)),
    ("AWS::S3::Bucket", Style::Lower(63)),
    ("AWS::SNS::Topic", Style::StackAndId(256)),
    ("AWS::SQS::Queue", Style::StackAndId(80)),
    ("AWS::SSM::Parameter", Style::Cfn),
    ("AWS::SecretsManager::Secret", Style::Id),
    ("AWS::StepFunctions::StateMachine", Style::Id),
];

/// A hyphen and the random part that CloudFormation ends names with: 12 or 13 characters.
const RANDOM: usize = 14;

/// The property that names a resource, where it is not the one that its ARN's placeholder is called after.
const NAME_PROPERTIES: [(&str, &str); 5] = [
    ("AWS::Events::Rule", "Name"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::SecretsManager::Secret", "Name"),
];

impl<'a> Scope<'a> {
    /// The name of a resource as it stands in its ARN, in all forms that it may take.
    pub fn resource_names(self, resource: Resource<'a>) -> Vec<String> {
        self.names_of(resource, 0)
    }

    fn names_of(self, resource: Resource<'a>, depth: usize) -> Vec<String> {
        let kind = resource.resource_type().unwrap_or_default();
        let given = name_property(kind).and_then(|name| resource.property(name));
        let names = match given {
            Some(value) => self.texts_at(value, depth + 1),
            None => vec![self.generated(kind, resource.logical_id())],
        };
        let path = |name: String| match resource.property("Path").filter(|_| kind.starts_with("AWS::IAM::")) {
            Some(path) => {
                let paths = self.texts_at(path, depth + 1).into_iter();
                paths.map(|path| format!("{}{name}", path.trim_start_matches('/'))).collect()
            }
            None => vec![name],
        };
        names
            .into_iter()
            .map(|name| match kind {
                "AWS::SSM::Parameter" => name.trim_start_matches('/').to_owned(),
                "AWS::KMS::Alias" => name.trim_start_matches("alias/").to_owned(),
                // Secrets Manager adds six characters of its own.
                "AWS::SecretsManager::Secret" if !name.ends_with('*') => name + "-??????",
                _ => name,
            })
            .flat_map(path)
            .collect()
    }

    fn generated(self, kind: &str, logical_id: &str) -> String {
        let Some((_, style)) = STYLES.iter().find(|(name, _)| *name == kind) else { return "*".to_owned() };
        match *style {
            Style::Id => format!("{logical_id}-*"),
            Style::Cfn => format!("CFN-{logical_id}-*"),
            Style::StackAndId(longest) => joined(self.stack, logical_id, longest),
            Style::Lower(longest) => joined(self.stack, logical_id, longest).to_lowercase(),
        }
    }

    /// All texts that a value may be, with `*` for what is not known.
    pub fn texts(self, value: &Node) -> Vec<String> {
        self.texts_at(value, 0)
    }

    fn texts_at(self, value: &Node, depth: usize) -> Vec<String> {
        let unknown = || vec!["*".to_owned()];
        if depth > MAX_DEPTH {
            return unknown();
        }
        match value {
            Node::String(text) if !text.contains("{{resolve:") => vec![text.clone()],
            Node::Number(number) => vec![number.as_str().to_owned()],
            Node::Bool(value) => vec![value.to_string()],
            Node::List(items) => items.iter().flat_map(|item| self.texts_at(item, depth + 1)).collect(),
            Node::Intrinsic(call) => match &**call {
                Intrinsic::Ref(name) => self.reference(name, depth),
                Intrinsic::GetAtt(name, attribute) => {
                    attribute.as_str().map_or_else(unknown, |attribute| self.attribute(name, attribute, depth))
                }
                Intrinsic::Sub { parts, variables } => parts.iter().fold(vec![String::new()], |texts, part| {
                    let more = match part {
                        SubPart::Literal(text) => vec![text.clone()],
                        SubPart::Ref(name) => self.reference(name, depth),
                        SubPart::GetAtt(name, attribute) => self.attribute(name, attribute, depth),
                        SubPart::Variable(name) => {
                            variables.get(name).map_or_else(unknown, |value| self.texts_at(value, depth + 1))
                        }
                    };
                    each_with(&texts, &more)
                }),
                Intrinsic::Join { delimiter, values: Node::List(values) } => {
                    let mut texts = vec![String::new()];
                    for (index, value) in values.iter().enumerate() {
                        if index > 0 {
                            texts = each_with(&texts, std::slice::from_ref(delimiter));
                        }
                        texts = each_with(&texts, &self.texts_at(value, depth + 1));
                    }
                    texts
                }
                Intrinsic::If { then, otherwise, .. } => {
                    let mut texts = self.texts_at(then, depth + 1);
                    texts.extend(self.texts_at(otherwise, depth + 1));
                    texts
                }
                _ => unknown(),
            },
            _ => unknown(),
        }
    }

    fn reference(self, name: &str, depth: usize) -> Vec<String> {
        let known = match name {
            "AWS::Partition" => &self.place.partition,
            "AWS::Region" => &self.place.region,
            "AWS::AccountId" => &self.place.account,
            "AWS::StackName" => self.stack,
            "AWS::NoValue" => return Vec::new(),
            _ => {
                if let Some(parameter) = self.template.parameter(name) {
                    // SSM's parameters stand for values that are only looked up in the deployment.
                    let looked_up = parameter.parameter_type().is_some_and(|kind| kind.starts_with("AWS::SSM::"));
                    return match (self.parameters.get(name), parameter.default()) {
                        _ if looked_up || parameter.is_no_echo() => vec!["*".to_owned()],
                        (Some(value), _) => vec![value.clone()],
                        (None, Some(default)) => self.texts_at(default, depth + 1),
                        (None, None) => vec!["*".to_owned()],
                    };
                }
                return match self.template.resource(name) {
                    Some(resource) if refers_by_arn(resource) => crate::arns::of(self, resource),
                    Some(resource) => self.names_of(resource, depth + 1),
                    None => vec!["*".to_owned()],
                };
            }
        };
        vec![known.to_owned()]
    }

    fn attribute(self, name: &str, attribute: &str, depth: usize) -> Vec<String> {
        match self.template.resource(name) {
            Some(resource) if attribute == "Arn" || attribute.ends_with("Arn") && refers_by_arn(resource) => {
                crate::arns::of(self, resource)
            }
            Some(resource) if name_property(resource.resource_type().unwrap_or_default()) == Some(attribute) => {
                self.names_of(resource, depth + 1)
            }
            _ => vec!["*".to_owned()],
        }
    }
}

fn refers_by_arn(resource: Resource<'_>) -> bool {
    let kind = resource.resource_type().and_then(skysmith_spec::resource_type);
    kind.is_some_and(|kind| kind.arn_template().is_some() && kind.reference().any(|name| name.ends_with("Arn")))
}

/// The property whose value is the last placeholder of the type's ARN.
pub(crate) fn name_property(kind: &str) -> Option<&'static str> {
    if let Some((_, property)) = NAME_PROPERTIES.iter().find(|(name, _)| *name == kind) {
        return Some(property);
    }
    let spec = skysmith_spec::resource_type(kind)?;
    let placeholder = spec.arn_template()?.rsplit("${").next()?.split('}').next()?;
    let placeholder = placeholder.trim_end_matches("WithPath");
    spec.property(placeholder).filter(|property| !property.read_only()).map(skysmith_spec::Property::name)
}

/// `stack-id-*`, or as much of it as is left for sure when CloudFormation shortens both parts.
fn joined(stack: &str, logical_id: &str, longest: usize) -> String {
    let whole = format!("{stack}-{logical_id}-*");
    if whole.len() - 1 + RANDOM <= longest || stack.contains('*') {
        return whole;
    }
    // How it divides the room is not documented; half of it minus a few is less than it ever leaves of either.
    let room = longest.saturating_sub(RANDOM + 6) / 2;
    let kept: String = stack.chars().take(room).collect();
    format!("{kept}*")
}

fn each_with(texts: &[String], more: &[String]) -> Vec<String> {
    // A few alternatives are worth telling apart; many are not.
    if texts.len() * more.len() > 16 {
        return vec!["*".to_owned()];
    }
    texts.iter().flat_map(|text| more.iter().map(move |more| format!("{text}{more}"))).collect()
}
