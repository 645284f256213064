//! What is accepted and regretted: logs that stay for ever, and data that goes with a stack.

use skysmith_template::{Map, Resource};

use super::{Trade, given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;

pub(super) fn retention(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let is_delivery = properties.get("LogGroupClass").and_then(|it| it.as_str()) == Some("DELIVERY");
    if given(properties, "RetentionInDays").is_none() && !is_open(properties) && !is_delivery {
        findings
            .push(RuleId::LogRetention, at, "the logs are kept, and paid for, for ever")
            .note("add `RetentionInDays`, such as 30");
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const MOST_FILTERS: usize = 2;

/// A log group has few subscriptions.
pub(super) fn subscriptions(trade: &Trade<'_>, group: Resource<'_>, at: At<'_>, findings: &mut Findings) {
    let id = group.logical_id();
    let is_its = |it: &&Resource<'_>| {
        it.condition().is_none() && it.property("LogGroupName").is_some_and(|it| super::mentions(it, id))
    };
    let count = trade.of_type("AWS::Logs::SubscriptionFilter").iter().filter(is_its).count();
    if count > MOST_FILTERS {
        findings
            .push(RuleId::ItemCount, at, format!("the log group has {count} subscription filters"))
            .note(format!("allowed: at most {MOST_FILTERS}"));
    }
}

/// What holds data says what becomes of it.
pub(super) fn removal(resource: Resource<'_>, at: At<'_>, findings: &mut Findings) {
    let is_stateful = resource.resource_type().is_some_and(skysmith_spec::is_stateful);
    if !is_stateful || is_open(resource.body()) {
        return;
    }
    let missing: Vec<_> = [
        ("DeletionPolicy", resource.deletion_policy().is_none()),
        ("UpdateReplacePolicy", resource.update_replace_policy().is_none()),
    ]
    .into_iter()
    .filter(|(_, is_missing)| *is_missing)
    .map(|(name, _)| format!("`{name}`"))
    .collect();
    if missing.is_empty() {
        return;
    }
    findings
        .push(
            RuleId::RemovalPolicy,
            at,
            format!(
                "{} holds data, and has no {}",
                resource.resource_type().unwrap_or_default(),
                missing.join(" and ")
            ),
        )
        .note("allowed: Delete, Retain, RetainExceptOnCreate (on deletion only), and Snapshot for some types");
}
