//! Rules of the trade: what a service refuses although each property by itself is right, and what it takes although it
//! is seldom meant.
//!
//! A rule looks at what is known: literals, the literal pieces of texts, and what references say of each other. Where
//! a function stands, it has nothing to say.

mod actions;
mod apigateway;
mod cloudfront;
mod dynamodb;
mod events;
mod hygiene;
mod lambda;
mod lambda_events;
mod literals;
mod messaging;
mod names;
mod permissions;
mod policy;
mod policy_meaning;
mod runtimes;
mod s3;
mod s3_settings;

pub(crate) use literals::names_secret;

use std::collections::HashMap;

use skysmith_template::{Intrinsic, Map, Node, Resource, SubPart, Template};

use crate::at::At;
use crate::finding::Findings;
use crate::references::for_each_target;
use crate::value::is_no_value;

/// The template as the rules ask about it.
pub(crate) struct Trade<'t> {
    template: &'t Template,
    by_type: HashMap<&'t str, Vec<Resource<'t>>>,
}

impl<'t> Trade<'t> {
    pub(crate) fn new(template: &'t Template) -> Self {
        let mut by_type: HashMap<&str, Vec<_>> = HashMap::new();
        for resource in template.resources() {
            if let Some(resource_type) = resource.resource_type() {
                by_type.entry(resource_type).or_default().push(resource);
            }
        }
        Self { template, by_type }
    }

    /// The resources of a type.
    fn of_type(&self, resource_type: &str) -> &[Resource<'t>] {
        self.by_type.get(resource_type).map_or(&[], Vec::as_slice)
    }

    /// The resource of the template whose name, id or ARN the value is.
    fn referenced(&self, node: &Node) -> Option<Resource<'t>> {
        match node.as_intrinsic()? {
            Intrinsic::Ref(target) | Intrinsic::GetAtt(target, _) => self.template.resource(target),
            Intrinsic::Sub { parts, .. } => match parts.as_slice() {
                [SubPart::Ref(target) | SubPart::GetAtt(target, _)] => self.template.resource(target),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same, if the resource is of the type.
    fn referenced_as(&self, node: &Node, resource_type: &str) -> Option<Resource<'t>> {
        self.referenced(node).filter(|it| it.resource_type() == Some(resource_type))
    }

    /// What is wrong between resources rather than with one.
    pub(crate) fn check_all(&self, findings: &mut Findings) {
        names::duplicates(self, findings);
    }

    pub(crate) fn check(&self, resource: Resource<'t>, findings: &mut Findings) {
        let resources = At::Root.key("Resources");
        let here = resources.key(resource.logical_id());
        hygiene::removal(resource, here, findings);
        let none = Map::new();
        // A resource without properties is judged as one with none.
        let (properties, at) = match resource.body().get("Properties") {
            Some(Node::Map(properties)) => (properties, here.key("Properties")),
            None => (&none, here),
            Some(_) => return,
        };
        names::names(resource, properties, at, findings);
        policy::policies(resource, properties, at, findings);
        literals::check(resource, properties, at, findings);
        match resource.resource_type() {
            Some("AWS::DynamoDB::Table") => {
                dynamodb::keys(properties, at, findings);
                dynamodb::indexes(properties, at, findings);
                dynamodb::billing(properties, at, findings);
            }
            Some("AWS::DynamoDB::GlobalTable") => {
                dynamodb::keys(properties, at, findings);
                dynamodb::indexes(properties, at, findings);
            }
            Some("AWS::Lambda::Function") => lambda::function(self, resource, properties, at, findings),
            Some("AWS::Lambda::EventSourceMapping") => lambda_events::mapping(self, properties, at, findings),
            Some("AWS::Lambda::Permission") => permissions::permission(self, properties, at, findings),
            Some("AWS::S3::Bucket") => {
                s3::notifications(self, resource, properties, at, findings);
                s3_settings::bucket(self, resource, properties, at, findings);
            }
            Some("AWS::SNS::Topic") => messaging::topic(properties, at, findings),
            Some("AWS::SNS::Subscription") => messaging::subscription(self, properties, at, findings),
            Some("AWS::SQS::Queue") => messaging::queue(self, properties, at, findings),
            Some("AWS::ApiGateway::RestApi") => apigateway::api(self, resource, properties, at, findings),
            Some("AWS::ApiGateway::Deployment") => apigateway::deployment(self, resource, properties, at, findings),
            Some("AWS::ApiGateway::Stage") => apigateway::stage(self, properties, at, findings),
            Some("AWS::ApiGateway::Method") => apigateway::method(self, properties, at, findings),
            Some("AWS::ApiGatewayV2::Integration") => apigateway::integration(self, properties, at, findings),
            Some("AWS::ApiGateway::Authorizer") => apigateway::authorizer(properties, at, findings),
            Some("AWS::Logs::LogGroup") => {
                hygiene::retention(properties, at, findings);
                hygiene::subscriptions(self, resource, at, findings);
            }
            Some("AWS::Events::Rule") => events::rule(properties, at, findings),
            Some("AWS::Scheduler::Schedule") => events::schedule(properties, at, findings),
            Some("AWS::CloudFront::Distribution") => cloudfront::distribution(properties, at, findings),
            Some("AWS::CloudWatch::Alarm") => events::alarm(properties, at, findings),
            _ => {}
        }
    }
}

/// The property, unless it is taken away by `AWS::NoValue`.
fn given<'t>(properties: &'t Map, name: &str) -> Option<&'t Node> {
    properties.get(name).filter(|node| !is_no_value(node))
}

/// Whether a macro or a loop may add properties.
fn is_open(properties: &Map) -> bool {
    properties.keys().any(|key| key.starts_with("Fn::"))
}

/// Whether the value refers to the resource in any way.
fn mentions(node: &Node, logical_id: &str) -> bool {
    let mut found = false;
    for_each_target(node, &mut |name| found |= name == logical_id);
    found
}

/// Whether a condition decides about the value, or whether it is there at all.
fn is_choice(node: &Node) -> bool {
    matches!(node.as_intrinsic(), Some(Intrinsic::If { .. }))
}
