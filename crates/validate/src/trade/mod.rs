//! Rules of the trade: what a service refuses although each property by itself is right.
//!
//! A rule looks at literals only. Where a function stands, it has nothing to say.

mod dynamodb;
mod lambda;
mod policy;
mod s3;

use skysmith_template::{Intrinsic, Map, Node, Resource, Template};

use crate::at::At;
use crate::finding::Findings;
use crate::value::is_no_value;

pub(crate) fn check(template: &Template, resource: Resource<'_>, findings: &mut Findings) {
    let Some(properties) = resource.properties() else { return };
    let resources = At::Root.key("Resources");
    let here = resources.key(resource.logical_id());
    let at = here.key("Properties");
    policy::policies(resource, properties, at, findings);
    match resource.resource_type() {
        Some("AWS::DynamoDB::Table") => {
            dynamodb::keys(properties, at, findings);
            dynamodb::billing(properties, at, findings);
        }
        Some("AWS::DynamoDB::GlobalTable") => dynamodb::keys(properties, at, findings),
        Some("AWS::Lambda::Function") => lambda::function(properties, at, findings),
        Some("AWS::S3::Bucket") => s3::notifications(template, resource, properties, at, findings),
        _ => {}
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

/// The resource of the template whose name or ARN the value is.
fn referenced<'t>(template: &'t Template, node: &'t Node) -> Option<Resource<'t>> {
    match node.as_intrinsic()? {
        Intrinsic::Ref(target) | Intrinsic::GetAtt(target, _) => template.resource(target),
        _ => None,
    }
}
