//! What a text stands for: the ARN, the name or the id of a resource of some type. From it follow the types of references and of the properties that take them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Kind, Model, Property, Shape};
use super::names;
use crate::codegen::services;

/// Properties whose relationship in the source is not the whole truth, so that they take any text.
const FREE: &[(&str, &str)] = &[
    // Also a Firehose stream; and the ARN of a log group must be given without its `:*`.
    ("AWS::ApiGateway::Stage", "DestinationArn"),
    // Also a URL.
    ("AWS::ApiGatewayV2::Api", "Target"),
    // Also a URL, a listener, or the ARN of an action.
    ("AWS::ApiGatewayV2::Integration", "IntegrationUri"),
    // `integrations/` and then the id.
    ("AWS::ApiGatewayV2::Route", "Target"),
    // A URL, which a bucket's website has as well.
    ("AWS::AppSync::DataSource", "Endpoint"),
    // Names that the distribution's origins have among themselves.
    ("AWS::CloudFront::Distribution", "Id"),
    ("AWS::CloudFront::Distribution", "TargetOriginId"),
    // Topics are one of the things that an alarm can call.
    ("AWS::CloudWatch::Alarm", "InsufficientDataActions"),
    ("AWS::CloudWatch::Alarm", "OKActions"),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmActions"),
    ("AWS::CloudWatch::CompositeAlarm", "OKActions"),
    // Names, which a group in a VPC does not go by.
    ("AWS::EC2::SecurityGroup", "SourceSecurityGroupName"),
    ("AWS::EC2::SecurityGroupIngress", "GroupName"),
    // An attachment of any kind, each a resource type of its own.
    ("AWS::EC2::TransitGatewayConnect", "TransportTransitGatewayAttachmentId"),
    ("AWS::EC2::TransitGatewayRoute", "TransitGatewayAttachmentId"),
    ("AWS::EC2::TransitGatewayRouteTableAssociation", "TransitGatewayAttachmentId"),
    ("AWS::EC2::TransitGatewayRouteTablePropagation", "TransitGatewayAttachmentId"),
    // The beginning of names.
    ("AWS::ECR::ReplicationConfiguration", "Filter"),
    // What the attribute's key says, of which one is a bucket.
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Value"),
    // A name of its own, which has to begin with something before the function's.
    ("AWS::Logs::LogGroup", "LogGroupName"),
    // A topic as well as a queue; and a state machine, an API or a destination as well as a function.
    ("AWS::Pipes::Pipe", "Arn"),
    ("AWS::Pipes::Pipe", "Enrichment"),
];

/// What an attribute, or what `Ref` returns, stands for where its name does not tell: its type, the kind, and whose it is.
const KNOWN: &[(&str, &str, Identity, &str)] = &[
    ("AWS::ApiGateway::RestApi", "RootResourceId", Identity::Id, "AWS::ApiGateway::Resource"),
    ("AWS::Lambda::Url", "FunctionArn", Identity::Arn, "AWS::Lambda::Function"),
    ("AWS::SecretsManager::Secret", "Id", Identity::Arn, "AWS::SecretsManager::Secret"),
];

/// By which of its marks a resource is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    Arn,
    Name,
    Id,
}

/// Knows the names of the markers.
pub struct Meanings<'a> {
    model: &'a Model,
    markers: BTreeMap<String, String>,
}

impl<'a> Meanings<'a> {
    pub fn new(model: &'a Model) -> Self {
        let mut meanings = Self { model, markers: BTreeMap::new() };
        let mut types: BTreeSet<String> = BTreeSet::new();
        for (name, resource) in model.resources.iter().filter(|(name, _)| services::of(name).is_some()) {
            types.insert(name.clone());
            let nested = resource.definitions.values().flat_map(|it| it.properties.values());
            types.extend(
                resource
                    .properties
                    .values()
                    .chain(nested)
                    .filter_map(|it| meanings.target(name, "", it))
                    .map(|it| it.1),
            );
        }
        let mut short: BTreeMap<String, usize> = BTreeMap::new();
        for name in &types {
            *short.entry(last(name)).or_default() += 1;
        }
        for name in types {
            // Where several services have such a resource, the service stands before it.
            let marker = if short.get(&last(&name)) == Some(&1) {
                last(&name)
            } else {
                names::camel(&name.split("::").skip(1).collect::<Vec<_>>().join("_"))
            };
            meanings.markers.insert(name, marker);
        }
        meanings
    }

    /// The markers by their resource types.
    pub fn markers(&self) -> &BTreeMap<String, String> {
        &self.markers
    }

    /// The Rust type of a text that is an attribute, or the value of `Ref`.
    pub fn of_attribute(&self, resource_type: &str, attribute: &str) -> Option<String> {
        let (identity, target) = self.identity(resource_type, attribute)?;
        self.rust(identity, &target)
    }

    /// The Rust type of a text, or of the texts of a list, that refers to one kind of resource.
    pub fn of_property(&self, owner: &str, name: &str, property: &Property) -> Option<String> {
        let (identity, target) = self.target(owner, name, property)?;
        self.rust(identity, &target)
    }

    fn rust(&self, identity: Identity, target: &str) -> Option<String> {
        let marker = self.markers.get(target)?;
        Some(format!("{identity:?}<markers::{marker}>"))
    }

    fn target(&self, owner: &str, name: &str, property: &Property) -> Option<(Identity, String)> {
        if FREE.contains(&(owner, name)) || !is_text(&property.shape) {
            return None;
        }
        let from_format =
            |shape: &Shape| shape.limits.format.as_deref().and_then(format_target).map(|it| vec![it.to_owned()]);
        let targets = if property.refers_to.is_empty() {
            let of = property.shape.of.as_deref().and_then(from_format);
            from_format(&property.shape).or(of)?
        } else {
            property.refers_to.clone()
        };
        let [target] = targets.as_slice() else { return None };
        let (target, attribute) = target.rsplit_once('.')?;
        // The format of a name or an ARN stands at the resource itself as well.
        if target == owner && property.refers_to.is_empty() {
            return None;
        }
        self.identity(target, attribute)
    }

    fn identity(&self, resource_type: &str, attribute: &str) -> Option<(Identity, String)> {
        if let Some((_, _, identity, target)) = KNOWN.iter().find(|it| (it.0, it.1) == (resource_type, attribute)) {
            return Some((*identity, (*target).to_owned()));
        }
        if attribute == "AccountId" {
            return None;
        }
        let facts = &self.model.resources.get(resource_type)?.facts;
        let own = last(resource_type);
        let is_identifier = facts.primary_identifier.iter().chain(&facts.reference).any(|it| it == attribute);
        // Of an identifier in several parts only the resource's own part is its own.
        let is_alone = facts.primary_identifier.len() == 1 || facts.reference == [attribute];
        let is_own =
            |suffix: &str| names::camel(attribute) == suffix || names::camel(attribute) == format!("{own}{suffix}");
        for (suffix, identity) in [("Arn", Identity::Arn), ("Name", Identity::Name), ("Id", Identity::Id)] {
            if is_own(suffix) || (is_identifier && is_alone && names::camel(attribute).ends_with(suffix)) {
                return Some((identity, resource_type.to_owned()));
            }
        }
        None
    }
}

/// The target of a format that is one resource's.
fn format_target(format: &str) -> Option<&'static str> {
    Some(match format {
        "AWS::ACM::Certificate.Arn" => "AWS::CertificateManager::Certificate.CertificateArn",
        "AWS::IAM::Role.Arn" => "AWS::IAM::Role.Arn",
        "AWS::KMS::Key.Arn" => "AWS::KMS::Key.Arn",
        "AWS::Logs::LogGroup.Name" => "AWS::Logs::LogGroup.LogGroupName",
        "AWS::S3::Bucket.Name" => "AWS::S3::Bucket.BucketName",
        "AWS::SNS::Topic.Arn" => "AWS::SNS::Topic.TopicArn",
        "AWS::EC2::SecurityGroup.Ids" | "AWS::EC2::SecurityGroup.Id" => "AWS::EC2::SecurityGroup.Id",
        _ => return None,
    })
}

fn is_text(shape: &Shape) -> bool {
    let free = |it: &Shape| it.kind == Kind::String && it.limits.allowed.is_empty();
    free(shape) || (shape.kind == Kind::List && shape.of.as_deref().is_some_and(free))
}

fn last(resource_type: &str) -> String {
    names::camel(resource_type.rsplit("::").next().unwrap_or(resource_type))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::codegen::{DATA, model};

    #[test]
    fn a_marker_is_of_one_type_and_a_short_one_cannot_be_mistaken() {
        let data = std::fs::read_to_string(crate::tools::root().join(DATA)).unwrap();
        let model = model::read(&data).unwrap();
        let meanings = Meanings::new(&model);
        let markers = meanings.markers();
        assert_eq!(markers.values().collect::<BTreeSet<_>>().len(), markers.len());
        for (name, marker) in markers {
            let alike = markers.keys().filter(|it| last(it) == last(name)).count();
            assert_eq!(*marker == last(name), alike == 1, "{name}: {marker}");
        }
        for name in ["AWS::Lambda::Function", "AWS::CloudFront::Function"] {
            assert!(markers[name].ends_with("Function") && markers[name].len() > "Function".len(), "{name}");
        }
    }

    #[test]
    fn what_takes_any_text_would_otherwise_not() {
        let data = std::fs::read_to_string(crate::tools::root().join(DATA)).unwrap();
        let model = model::read(&data).unwrap();
        for (owner, name) in FREE {
            let resource = &model.resources[*owner];
            let nested = resource.definitions.values().flat_map(|it| it.properties.get(*name));
            let mut found = resource.properties.get(*name).into_iter().chain(nested);
            assert!(found.any(|it| is_text(&it.shape) && !it.refers_to.is_empty()), "{owner} {name}");
        }
    }
}
