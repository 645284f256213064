//! Buckets: settings that contradict each other.

use skysmith_template::{Map, Node, Resource};

use super::{Trade, given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::value::number;

pub(super) fn bucket(trade: &Trade<'_>, resource: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    lifecycle(properties, at, findings);
    acl(properties, at, findings);
    public(trade, resource, properties, at, findings);
}

/// What makes a rule do something.
const ACTIONS: &[&str] = &[
    "AbortIncompleteMultipartUpload",
    "ExpirationDate",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
    "NoncurrentVersionTransition",
    "NoncurrentVersionTransitions",
    "Transition",
    "Transitions",
];

fn lifecycle(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let configuration = given(properties, "LifecycleConfiguration");
    let configuration_at = at.key("LifecycleConfiguration");
    let list_at = configuration_at.key("Rules");
    let rules = configuration.and_then(|it| it.get("Rules")).and_then(Node::as_list).unwrap_or_default();
    let is_versioned = given(properties, "VersioningConfiguration").is_some();
    let mut ids: Vec<&str> = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let Node::Map(rule) = rule else { continue };
        let here = list_at.index(index);
        if let Some(id) = rule.get("Id").and_then(Node::as_str) {
            if ids.contains(&id) {
                findings.push(RuleId::S3Lifecycle, here.key("Id"), format!("there are two rules `{id}`"));
            }
            ids.push(id);
        }
        if is_open(rule) {
            continue;
        }
        if !ACTIONS.iter().any(|it| given(rule, it).is_some()) {
            findings
                .push(RuleId::S3Lifecycle, here, "the rule does nothing")
                .note(format!("a rule has at least one of {}", ACTIONS.join(", ")));
        }
        expiry(rule, here, is_versioned, findings);
    }
}

fn expiry(rule: &Map, at: At<'_>, is_versioned: bool, findings: &mut Findings) {
    let certain = |name: &str| given(rule, name).is_some_and(|it| !super::is_choice(it));
    if certain("ExpirationInDays") && certain("ExpirationDate") {
        findings.push(RuleId::S3Lifecycle, at, "a rule has either `ExpirationInDays` or `ExpirationDate`, not both");
    }
    if given(rule, "ExpiredObjectDeleteMarker").and_then(Node::as_bool) == Some(true)
        && (certain("ExpirationInDays") || certain("ExpirationDate"))
    {
        findings.push(
            RuleId::S3Lifecycle,
            at.key("ExpiredObjectDeleteMarker"),
            "`ExpiredObjectDeleteMarker` cannot be given together with a day of expiry",
        );
    }
    if !is_versioned
        && ["NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"].iter().any(|it| certain(it))
        && !ACTIONS.iter().filter(|it| !it.starts_with("Noncurrent")).any(|it| given(rule, it).is_some())
    {
        findings
            .push(RuleId::S3LifecycleIdle, at, "the bucket keeps no versions, so the rule has nothing to do")
            .note("set `VersioningConfiguration`");
    }
    let expires = given(rule, "ExpirationInDays").and_then(number);
    let one = given(rule, "Transition").map(|it| (it, None));
    let several = given(rule, "Transitions").and_then(Node::as_list).unwrap_or_default();
    let several = several.iter().enumerate().map(|(index, it)| (it, Some(index)));
    let mut before: Option<(f64, &str)> = None;
    for (transition, index) in one.into_iter().chain(several) {
        let list_at = at.key("Transitions");
        let here = index.map_or(at.key("Transition"), |index| list_at.index(index));
        let Some(days) = transition.get("TransitionInDays").and_then(number) else { continue };
        let class = transition.get("StorageClass").and_then(Node::as_str).unwrap_or_default();
        if let Some(expires) = expires
            && expires <= days
        {
            findings
                .push(
                    RuleId::S3Lifecycle,
                    here.key("TransitionInDays"),
                    format!("objects move after {days} days, but are gone after {expires}"),
                )
                .note("an object moves before it expires");
        }
        if matches!(class, "STANDARD_IA" | "ONEZONE_IA") && days < 30.0 {
            findings
                .push(
                    RuleId::S3Lifecycle,
                    here.key("TransitionInDays"),
                    format!("objects cannot move to `{class}` after {days} days"),
                )
                .note("allowed: at least 30");
        }
        if let Some((earlier, class_before)) = before
            && earlier == days
            && class_before != class
        {
            let message = format!("objects move to `{class_before}` and to `{class}` on the same day");
            findings.push(RuleId::S3Lifecycle, here.key("TransitionInDays"), message);
        }
        before = Some((days, class));
    }
}

/// Buckets have had no access control lists since April 2023, unless their ownership controls bring them back.
fn acl(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(acl) = given(properties, "AccessControl").and_then(Node::as_str) else { return };
    if matches!(acl, "Private" | "BucketOwnerFullControl" | "BucketOwnerRead") || is_open(properties) {
        return;
    }
    let ownership = given(properties, "OwnershipControls");
    let enforced = ownership.and_then(|it| it.get("Rules")).and_then(Node::as_list).is_some_and(|it| {
        it.iter().any(|it| it.get("ObjectOwnership").and_then(Node::as_str) == Some("BucketOwnerEnforced"))
    });
    let message = match ownership {
        None => format!("a bucket takes the access control list `{acl}` only with `OwnershipControls`"),
        Some(_) if enforced => format!("a bucket whose owner is enforced takes no access control list `{acl}`"),
        Some(_) => return,
    };
    let found = findings.push(RuleId::S3AccessControl, if enforced { at.key("AccessControl") } else { at }, message);
    found.note("a bucket policy says the same without a list; else set `ObjectOwnership` to `BucketOwnerPreferred`");
}

const BLOCKS: [&str; 4] = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

/// Public access that the bucket's own block, which is on unless it is taken off, does not let through.
fn public(trade: &Trade<'_>, bucket: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let block = given(properties, "PublicAccessBlockConfiguration");
    let is_blocked = |name: &str| match block {
        // The block is on unless the template has one of its own.
        None => !is_open(properties),
        Some(Node::Map(block)) => block.get(name).is_some_and(super::messaging::is_true),
        Some(_) => false,
    };
    if let Some(acl @ ("PublicRead" | "PublicReadWrite")) = given(properties, "AccessControl").and_then(Node::as_str)
        && BLOCKS.iter().any(|it| it.ends_with("Acls") && is_blocked(it))
    {
        findings
            .push(RuleId::S3PublicAccess, at.key("AccessControl"), format!("`{acl}` is blocked by the bucket's own settings"))
            .note("set `BlockPublicAcls` and `IgnorePublicAcls` in `PublicAccessBlockConfiguration` to false, if the bucket is meant to be public");
    }
    if !is_blocked("BlockPublicPolicy") {
        return;
    }
    for policy in trade.of_type("AWS::S3::BucketPolicy") {
        let is_its = policy.property("Bucket").is_some_and(|it| super::mentions(it, bucket.logical_id()));
        if !is_its || policy.condition().is_some() {
            continue;
        }
        let statements = policy.property("PolicyDocument").and_then(|it| it.get("Statement"));
        let resources = At::Root.key("Resources");
        let here = resources.key(policy.logical_id());
        let here = here.key("Properties");
        let document = here.key("PolicyDocument");
        let list_at = document.key("Statement");
        for (index, statement) in statements.and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
            if super::policy_meaning::is_public(statement) {
                findings
                    .push(RuleId::S3PublicAccess, list_at.index(index), format!("the statement admits everybody, which `{}` blocks", bucket.logical_id()))
                    .note("set `BlockPublicPolicy` and `RestrictPublicBuckets` in `PublicAccessBlockConfiguration` of the bucket to false, if it is meant to be public");
            }
        }
    }
}
