//! The grammar of policies.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use skysmith_template::{Map, Node, Resource};

use super::policy_meaning::{self, least_size, size};
use super::{given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::value::{kind, shown};

/// What a policy is attached to, which decides what its statements have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attached {
    /// A user, a group or a role: it says what they may do.
    Identity,
    /// A resource: it says who may do what with it.
    Resource,
    /// A role: it says who may take it on.
    Trust,
}

const DOCUMENT: &[&str] = &["Version", "Id", "Statement"];
const VERSIONS: &[&str] = &["2012-10-17", "2008-10-17"];
const EFFECTS: &[&str] = &["Allow", "Deny"];
const STATEMENT: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

pub(super) fn policies(resource: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let (property, attached) = match resource.resource_type() {
        Some("AWS::IAM::Role") => {
            one(properties, "AssumeRolePolicyDocument", Attached::Trust, at, findings);
            inline(properties, ROLE, at, findings);
            if let Some(document) = given(properties, "AssumeRolePolicyDocument") {
                size(least_size(document), TRUST, "the trust policy has", at.key("AssumeRolePolicyDocument"), findings);
            }
            return;
        }
        Some("AWS::IAM::User") => {
            inline(properties, USER, at, findings);
            return;
        }
        Some("AWS::IAM::Group") => {
            inline(properties, GROUP, at, findings);
            return;
        }
        Some("AWS::IAM::ManagedPolicy") => {
            if let Some(document) = given(properties, "PolicyDocument") {
                size(least_size(document), MANAGED, "the policy has", at.key("PolicyDocument"), findings);
            }
            ("PolicyDocument", Attached::Identity)
        }
        Some("AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" | "AWS::IAM::GroupPolicy") => {
            ("PolicyDocument", Attached::Identity)
        }
        Some(
            "AWS::S3::BucketPolicy"
            | "AWS::SNS::TopicPolicy"
            | "AWS::SNS::TopicInlinePolicy"
            | "AWS::SQS::QueuePolicy"
            | "AWS::SQS::QueueInlinePolicy",
        ) => ("PolicyDocument", Attached::Resource),
        Some("AWS::KMS::Key" | "AWS::KMS::ReplicaKey") => ("KeyPolicy", Attached::Resource),
        _ => return,
    };
    one(properties, property, attached, at, findings);
}

/// The most that all inline policies of one of these, or a policy of one of these, may have together.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const ROLE: usize = 10_240;
const GROUP: usize = 5_120;
const USER: usize = 2_048;
const MANAGED: usize = 6_144;
/// The quota may be raised to this.
const TRUST: usize = 4_096;

fn inline(properties: &Map, most: usize, at: At<'_>, findings: &mut Findings) {
    let list_at = at.key("Policies");
    let policies = given(properties, "Policies").and_then(Node::as_list).unwrap_or_default();
    let total = policies.iter().filter_map(|it| it.get("PolicyDocument")).map(least_size).sum();
    size(total, most, "the inline policies have together", list_at, findings);
    for (index, item) in given(properties, "Policies").and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
        if let Node::Map(policy) = item {
            one(policy, "PolicyDocument", Attached::Identity, list_at.index(index), findings);
        }
    }
}

fn one(owner: &Map, property: &str, attached: Attached, at: At<'_>, findings: &mut Findings) {
    let at = at.key(property);
    let document = match given(owner, property) {
        Some(Node::Map(document)) => document,
        Some(other @ (Node::Bool(_) | Node::Number(_) | Node::List(_))) => {
            return wrong(other, &format!("`{property}`"), "a map", at, findings);
        }
        // Text may hold JSON; what is in it is left to IAM.
        _ => return,
    };
    // A macro may bring the rest.
    if is_open(document) {
        return;
    }
    known_keys(document, DOCUMENT, "a policy", at, findings);
    match document.get("Version") {
        Some(Node::String(version)) => one_of(version, VERSIONS, "Version", at, findings),
        None | Some(Node::Intrinsic(_)) => {}
        Some(other) => wrong(other, "`Version`", "text", at.key("Version"), findings),
    }
    let here = at.key("Statement");
    match given(document, "Statement") {
        None => {
            findings.push(RuleId::PolicyGrammar, at, "a policy needs `Statement`");
        }
        Some(Node::Map(one)) => statement(one, attached, here, findings),
        Some(Node::List(several)) => {
            policy_meaning::ids(several, attached, here, findings);
            for (index, item) in several.iter().enumerate() {
                match item {
                    Node::Map(item) => statement(item, attached, here.index(index), findings),
                    Node::Intrinsic(_) => {}
                    other => wrong(other, "a statement", "a map", here.index(index), findings),
                }
            }
        }
        Some(Node::Intrinsic(_)) => {}
        Some(other) => wrong(other, "`Statement`", "a list", here, findings),
    }
}

fn statement(statement: &Map, attached: Attached, at: At<'_>, findings: &mut Findings) {
    if is_open(statement) || statement.contains_key("Ref") {
        return;
    }
    known_keys(statement, STATEMENT, "a statement", at, findings);
    policy_meaning::statement(statement, attached, at, findings);
    match statement.get("Effect") {
        None => {
            findings.push(RuleId::PolicyGrammar, at, "a statement needs `Effect`");
        }
        Some(Node::String(effect)) => one_of(effect, EFFECTS, "Effect", at, findings),
        Some(Node::Intrinsic(_)) => {}
        Some(other) => wrong(other, "`Effect`", "text", at.key("Effect"), findings),
    }
    pair(statement, ["Action", "NotAction"], at, findings);
    match attached {
        Attached::Identity => {
            pair(statement, ["Resource", "NotResource"], at, findings);
            absent(statement, ["Principal", "NotPrincipal"], "the policy of a user, group or role", at, findings);
        }
        Attached::Resource => {
            pair(statement, ["Resource", "NotResource"], at, findings);
            pair(statement, ["Principal", "NotPrincipal"], at, findings);
        }
        Attached::Trust => {
            pair(statement, ["Principal", "NotPrincipal"], at, findings);
            absent(statement, ["Resource", "NotResource"], "the trust policy of a role", at, findings);
        }
    }
    for key in ["Action", "NotAction", "Resource", "NotResource"] {
        let here = at.key(key);
        match statement.get(key) {
            None | Some(Node::String(_) | Node::Intrinsic(_)) => {}
            Some(Node::List(items)) if items.is_empty() && key.ends_with("Action") => {
                findings.push(RuleId::PolicyGrammar, here, format!("`{key}` is empty"));
            }
            Some(Node::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    if !matches!(item, Node::String(_) | Node::Intrinsic(_)) && !is_call(item) {
                        wrong(item, &format!("an item of `{key}`"), "text", here.index(index), findings);
                    }
                }
            }
            Some(other) if is_call(other) => {}
            Some(other) => wrong(other, &format!("`{key}`"), "text or a list", here, findings),
        }
    }
    for key in ["Principal", "NotPrincipal"] {
        match statement.get(key) {
            Some(Node::String(text)) if text != "*" => {
                findings
                    .push(RuleId::PolicyGrammar, at.key(key), format!("`{}` is not a principal", shown(text)))
                    .note("allowed: `*`, or a map such as `{\"Service\": \"lambda.amazonaws.com\"}`");
            }
            Some(other @ (Node::List(_) | Node::Number(_) | Node::Bool(_) | Node::Null)) => {
                wrong(other, &format!("`{key}`"), "a map", at.key(key), findings);
            }
            _ => {}
        }
    }
    if let Some(other @ (Node::String(_) | Node::List(_) | Node::Number(_) | Node::Bool(_))) =
        statement.get("Condition")
    {
        wrong(other, "`Condition`", "a map", at.key("Condition"), findings);
    }
}

fn known_keys(map: &Map, known: &[&str], what: &str, at: At<'_>, findings: &mut Findings) {
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        findings
            .push(RuleId::PolicyGrammar, at.key(key), format!("{what} has no `{}`", shown(key)))
            .suggest(key, known.iter().copied());
    }
}

fn one_of(text: &str, allowed: &[&str], key: &str, at: At<'_>, findings: &mut Findings) {
    if !allowed.contains(&text) {
        findings
            .push(RuleId::PolicyGrammar, at.key(key), format!("`{key}` cannot be `{}`", shown(text)))
            .note(format!("allowed: {}", allowed.join(", ")));
    }
}

/// Of the two exactly one is there.
fn pair(statement: &Map, names: [&str; 2], at: At<'_>, findings: &mut Findings) {
    let [name, negated] = names;
    match (given(statement, name), given(statement, negated)) {
        (None, None) => {
            findings.push(RuleId::PolicyGrammar, at, format!("a statement needs `{name}` or `{negated}`"));
        }
        (
            Some(Node::String(_) | Node::List(_) | Node::Map(_)),
            Some(Node::String(_) | Node::List(_) | Node::Map(_)),
        ) => {
            let message = format!("a statement has either `{name}` or `{negated}`, not both");
            findings.push(RuleId::PolicyGrammar, at, message);
        }
        _ => {}
    }
}

fn absent(statement: &Map, names: [&str; 2], what: &str, at: At<'_>, findings: &mut Findings) {
    for name in names {
        if given(statement, name).is_some() {
            findings.push(RuleId::PolicyGrammar, at.key(name), format!("a statement in {what} has no `{name}`"));
        }
    }
}

fn wrong(node: &Node, what: &str, wanted: &str, at: At<'_>, findings: &mut Findings) {
    if !is_call(node) {
        findings.push(RuleId::PolicyGrammar, at, format!("{what} is {}, not {wanted}", kind(node)));
    }
}

/// Whether this is a function that was not recognised, of which another check speaks.
pub(super) fn is_call(node: &Node) -> bool {
    node.as_map().is_some_and(|map| map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::")))
}
