//! Buckets: whether what they notify can be notified.

use skysmith_template::{Map, Node, Resource};

use super::{Trade, given};
use crate::at::At;
use crate::finding::Findings;
use crate::references::for_each_target;
use crate::rule::RuleId;

/// A kind of destination of notifications.
struct Destination {
    /// The list in the bucket's configuration, and the property of an item that names the destination.
    list: &'static str,
    property: &'static str,
    resource_type: &'static str,
    /// What it is called in a message.
    noun: &'static str,
    /// The resource types that give S3 the right, each with the property that names the destination.
    grants: &'static [(&'static str, &'static str)],
    /// The property with its key, and the AWS-managed key.
    key: Option<(&'static str, &'static str)>,
}

const DESTINATIONS: &[Destination] = &[
    Destination {
        list: "TopicConfigurations",
        property: "Topic",
        resource_type: "AWS::SNS::Topic",
        noun: "topic",
        grants: &[("AWS::SNS::TopicPolicy", "Topics"), ("AWS::SNS::TopicInlinePolicy", "TopicArn")],
        key: Some(("KmsMasterKeyId", "alias/aws/sns")),
    },
    Destination {
        list: "QueueConfigurations",
        property: "Queue",
        resource_type: "AWS::SQS::Queue",
        noun: "queue",
        grants: &[("AWS::SQS::QueuePolicy", "Queues"), ("AWS::SQS::QueueInlinePolicy", "Queue")],
        key: Some(("KmsMasterKeyId", "alias/aws/sqs")),
    },
    Destination {
        list: "LambdaConfigurations",
        property: "Function",
        resource_type: "AWS::Lambda::Function",
        noun: "function",
        grants: &[("AWS::Lambda::Permission", "FunctionName")],
        key: None,
    },
];

pub(super) fn notifications(
    trade: &Trade<'_>,
    bucket: Resource<'_>,
    properties: &Map,
    at: At<'_>,
    findings: &mut Findings,
) {
    let Some(configuration) = given(properties, "NotificationConfiguration").and_then(Node::as_map) else { return };
    let configuration_at = at.key("NotificationConfiguration");
    for kind in DESTINATIONS {
        let list_at = configuration_at.key(kind.list);
        let items = configuration.get(kind.list).and_then(Node::as_list).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let Some(target) = item.get(kind.property).and_then(|node| trade.referenced(node)) else { continue };
            if target.resource_type() != Some(kind.resource_type) {
                continue;
            }
            let item_at = list_at.index(index);
            permission(trade, bucket, kind, target, item_at.key(kind.property), findings);
            key(kind, target, findings);
        }
    }
}

/// The AWS-managed key of a service cannot be used by another service.
fn key(kind: &Destination, target: Resource<'_>, findings: &mut Findings) {
    let Some((property, managed)) = kind.key else { return };
    let Some(key) = target.property(property).and_then(Node::as_str) else { return };
    if key != managed && !key.ends_with(&format!(":{managed}")) {
        return;
    }
    let resources = At::Root.key("Resources");
    let here = resources.key(target.logical_id());
    let properties = here.key("Properties");
    let message = format!("S3 cannot write to a {} that is encrypted with the AWS-managed key `{managed}`", kind.noun);
    findings
        .push(RuleId::NotificationKey, properties.key(property), message)
        .note(format!("instead: {}", RuleId::NotificationKey.fix()));
}

/// S3 asks the destination when the bucket is made, so the right has to be there before.
fn permission(
    trade: &Trade<'_>,
    bucket: Resource<'_>,
    kind: &Destination,
    target: Resource<'_>,
    at: At<'_>,
    findings: &mut Findings,
) {
    let names = |node: &Node| {
        let mut found = false;
        for_each_target(node, &mut |name| found |= name == target.logical_id());
        found
    };
    let grants: Vec<&str> = kind
        .grants
        .iter()
        .flat_map(|(grant, property)| {
            trade.of_type(grant).iter().filter(|it| it.property(property).is_some_and(names)).map(|it| it.logical_id())
        })
        .collect();
    if grants.is_empty() {
        // A right may be given by name, to a function that has a fixed one.
        if target.property("FunctionName").is_none() {
            let message = format!("nothing allows S3 to notify this {}", kind.noun);
            findings
                .push(RuleId::NotificationPermission, at, message)
                .note(format!("add an {} for it, and let the bucket depend on that", kind.grants[0].0));
        }
        return;
    }
    let waits_for = bucket.depends_on();
    let mut refers_to = false;
    for node in bucket.body().values() {
        for_each_target(node, &mut |name| refers_to |= grants.contains(&name));
    }
    if !refers_to && !grants.iter().any(|grant| waits_for.contains(grant)) {
        let message = format!("the bucket may be made before S3 is allowed to notify this {}", kind.noun);
        findings.push(RuleId::NotificationPermission, at, message).note(format!("add `DependsOn: {}`", grants[0]));
    }
}
