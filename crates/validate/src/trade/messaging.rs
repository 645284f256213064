//! Topics, subscriptions and queues: what goes to where, and FIFO.

use skysmith_template::{Map, Node};

use super::{Trade, given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::{self, Piece, each_choice};
use crate::value::{kind, number, shown};

/// Whether the value is true, as text or not.
pub(super) fn is_true(node: &Node) -> bool {
    node.as_bool() == Some(true) || node.as_str().is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

fn is_false(node: &Node) -> bool {
    node.as_bool() == Some(false) || node.as_str().is_some_and(|it| it.eq_ignore_ascii_case("false"))
}

/// Whether a name ends with `.fifo`, where that is known.
fn ends_with_fifo(node: &Node) -> Option<bool> {
    match text::pieces(node)?.last()? {
        Piece::Known(text) => Some(text.ends_with(".fifo")),
        Piece::Open(_) => None,
    }
}

/// The name and the kind agree, and what is only for FIFO stands only there.
fn fifo(properties: &Map, kind_of: (&str, &str, &str), only: &[&str], at: At<'_>, findings: &mut Findings) {
    let (noun, name, flag) = kind_of;
    let is_fifo = given(properties, flag);
    if is_open(properties) || is_fifo.is_some_and(|it| !is_true(it) && !is_false(it)) {
        return;
    }
    let is_fifo = is_fifo.is_some_and(is_true);
    if let Some(node) = given(properties, name) {
        each_choice(node, at.key(name), &mut |node, at| match (is_fifo, ends_with_fifo(node)) {
            (true, Some(false)) => {
                findings
                    .push(RuleId::Fifo, at, format!("the name of a FIFO {noun} ends with `.fifo`"))
                    .note("add `.fifo` at the end");
            }
            (false, Some(true)) => {
                findings
                    .push(RuleId::Fifo, at, format!("only the name of a FIFO {noun} ends with `.fifo`"))
                    .note(format!("set `{flag}` to true"));
            }
            _ => {}
        });
    }
    if is_fifo {
        return;
    }
    for property in only {
        if given(properties, property).is_some_and(|it| !super::is_choice(it) && !is_false(it)) {
            findings
                .push(RuleId::Fifo, at.key(property), format!("`{property}` is for a FIFO {noun}"))
                .note(format!("set `{flag}` to true, or remove it"));
        }
    }
}

pub(super) fn topic(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let only = ["ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"];
    fifo(properties, ("topic", "TopicName", "FifoTopic"), &only, at, findings);
}

pub(super) fn queue(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let only = ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];
    fifo(properties, ("queue", "QueueName", "FifoQueue"), &only, at, findings);
    if let Some(Node::Map(redrive)) = given(properties, "RedrivePolicy") {
        redrive_policy(trade, properties, redrive, at, findings);
    } else if let Some(wrong @ (Node::List(_) | Node::Bool(_) | Node::Number(_))) = given(properties, "RedrivePolicy") {
        findings.push(
            RuleId::QueueRedrive,
            at.key("RedrivePolicy"),
            format!("`RedrivePolicy` is {}, not a map", kind(wrong)),
        );
    }
}

fn redrive_policy(trade: &Trade<'_>, properties: &Map, redrive: &Map, at: At<'_>, findings: &mut Findings) {
    let redrive_at = at.key("RedrivePolicy");
    if is_open(redrive) {
        return;
    }
    const KEYS: [&str; 2] = ["deadLetterTargetArn", "maxReceiveCount"];
    for key in redrive.keys().filter(|it| !KEYS.contains(&it.as_str())) {
        findings
            .push(RuleId::QueueRedrive, redrive_at.key(key), format!("a redrive policy has no `{}`", shown(key)))
            .suggest(key, KEYS.into_iter());
    }
    for key in KEYS.iter().filter(|it| given(redrive, it).is_none()) {
        findings.push(RuleId::QueueRedrive, redrive_at, format!("a redrive policy needs `{key}`"));
    }
    if let Some(count) = redrive.get("maxReceiveCount").and_then(number)
        && !(1.0..=1000.0).contains(&count)
    {
        findings
            .push(
                RuleId::QueueRedrive,
                redrive_at.key("maxReceiveCount"),
                format!("`maxReceiveCount` cannot be {count}"),
            )
            .note("allowed: 1 to 1000");
    }
    let Some(target) = redrive.get("deadLetterTargetArn") else { return };
    let here = redrive_at.key("deadLetterTargetArn");
    if let Some(pieces) = text::pieces(target)
        && let Some(text) = text::whole(&pieces)
        && text.split(':').nth(2) != Some("sqs")
    {
        findings
            .push(RuleId::QueueRedrive, here, format!("`{}` is not the ARN of a queue", shown(&text)))
            .note("take the attribute `Arn` of a queue");
        return;
    }
    let Some(dead) = trade.referenced(target) else { return };
    if dead.resource_type() != Some("AWS::SQS::Queue") {
        let message = format!("`{}` is {}, not a queue", dead.logical_id(), dead.resource_type().unwrap_or_default());
        findings.push(RuleId::QueueRedrive, here, message);
        return;
    }
    if matches!(target.as_intrinsic(), Some(skysmith_template::Intrinsic::Ref(_))) {
        findings
            .push(RuleId::QueueRedrive, here, "`Ref` of a queue is its URL, not its ARN")
            .note(format!("did you mean `Fn::GetAtt` of `{}` and `Arn`?", dead.logical_id()));
    }
    let is_fifo = |node: Option<&Node>| match node {
        None => Some(false),
        Some(node) if is_true(node) => Some(true),
        Some(node) if is_false(node) => Some(false),
        Some(_) => None,
    };
    if let (Some(own), Some(others)) = (is_fifo(given(properties, "FifoQueue")), is_fifo(dead.property("FifoQueue")))
        && own != others
    {
        let (own, other) = if own { ("FIFO", "a standard") } else { ("standard", "a FIFO") };
        findings
            .push(RuleId::Fifo, here, format!("the dead letters of a {own} queue cannot go to {other} queue"))
            .note("both are FIFO, or both are not");
    }
}

/// What the endpoint of a protocol looks like.
pub(super) fn subscription(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    filter(properties, at, findings);
    let Some(protocol) = given(properties, "Protocol").and_then(Node::as_str) else { return };
    let Some(endpoint) = given(properties, "Endpoint") else {
        if !is_open(properties) {
            findings.push(RuleId::SnsSubscription, at, "a subscription needs `Endpoint`");
        }
        return;
    };
    let here = at.key("Endpoint");
    let mut wrong = |why: String, note: &str| {
        findings
            .push(RuleId::SnsSubscription, here, format!("the protocol `{protocol}` does not reach {why}"))
            .note(note.to_owned());
    };
    let arn_of = match protocol {
        "sqs" => Some(("AWS::SQS::Queue", "sqs")),
        "lambda" => Some(("AWS::Lambda::Function", "lambda")),
        "firehose" => Some(("AWS::KinesisFirehose::DeliveryStream", "firehose")),
        _ => None,
    };
    if let Some(target) = trade.referenced(endpoint) {
        let resource_type = target.resource_type().unwrap_or_default();
        let fits = match arn_of {
            Some((wanted, _)) => {
                wanted == resource_type || resource_type.starts_with("AWS::Lambda::") && protocol == "lambda"
            }
            None => !matches!(resource_type, "AWS::SQS::Queue" | "AWS::Lambda::Function"),
        };
        let is_reference = matches!(endpoint.as_intrinsic(), Some(skysmith_template::Intrinsic::Ref(_)));
        if !fits && is_ours(resource_type) {
            wrong(
                format!("`{}`, which is {resource_type}", target.logical_id()),
                "take the protocol of what is to be reached",
            );
        } else if is_reference && protocol == "sqs" {
            wrong(
                format!("`Ref` of `{}`, which is the URL of the queue", target.logical_id()),
                "take the attribute `Arn`",
            );
        }
    } else if let Some(pieces) = text::pieces(endpoint) {
        let Some(Piece::Known(first)) = pieces.first() else { return };
        let whole = text::whole(&pieces);
        let said = || format!("`{}`", shown(first));
        match (protocol, arn_of) {
            ("http", _) if !first.starts_with("http://") => wrong(said(), "allowed: what begins with `http://`"),
            ("https", _) if !first.starts_with("https://") => wrong(said(), "allowed: what begins with `https://`"),
            ("email" | "email-json", _) if whole.as_deref().is_some_and(|it| !it.contains('@')) => {
                wrong(said(), "allowed: an e-mail address");
            }
            ("sms", _)
                if whole
                    .as_deref()
                    .is_some_and(|it| !it.chars().all(|it| it.is_ascii_digit() || "+- ().".contains(it))) =>
            {
                wrong(said(), "allowed: a telephone number such as `+491701234567`");
            }
            (_, Some((_, service))) => {
                let outline = text::outline(&pieces);
                if !first.starts_with("arn:") || outline.split(':').nth(2).is_some_and(|it| it != service && it != "{}")
                {
                    wrong(said(), "allowed: an ARN of that service");
                }
            }
            _ => {}
        }
    }
    fifo_subscription(trade, properties, protocol, at, findings);
}

fn is_ours(resource_type: &str) -> bool {
    resource_type.starts_with("AWS::") && !resource_type.starts_with("AWS::CloudFormation::")
}

/// A FIFO topic reaches queues only.
fn fifo_subscription(trade: &Trade<'_>, properties: &Map, protocol: &str, at: At<'_>, findings: &mut Findings) {
    let topic = given(properties, "TopicArn").and_then(|it| trade.referenced_as(it, "AWS::SNS::Topic"));
    let Some(topic) = topic else { return };
    let is_fifo = topic.property("FifoTopic").is_some_and(is_true);
    if is_fifo && protocol != "sqs" {
        findings
            .push(RuleId::Fifo, at.key("Protocol"), format!("a FIFO topic does not reach `{protocol}`"))
            .note("allowed: sqs");
    }
    if topic.property("FifoTopic").is_some_and(|it| !is_true(it) && !is_false(it)) || is_fifo {
        return;
    }
    let queue = given(properties, "Endpoint").and_then(|it| trade.referenced_as(it, "AWS::SQS::Queue"));
    if queue.is_some_and(|it| it.property("FifoQueue").is_some_and(is_true)) {
        findings.push(RuleId::Fifo, at.key("Endpoint"), "a standard topic does not reach a FIFO queue");
    }
}

/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
fn filter(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let here = at.key("FilterPolicy");
    let Some(policy) = given(properties, "FilterPolicy") else {
        if given(properties, "FilterPolicyScope").is_some_and(|it| it.as_str().is_some()) && !is_open(properties) {
            let message = "`FilterPolicyScope` has no effect without `FilterPolicy`";
            findings.push(RuleId::SnsFilterPolicy, at.key("FilterPolicyScope"), message);
        }
        return;
    };
    let by_body = match given(properties, "FilterPolicyScope") {
        None => false,
        Some(Node::String(scope)) => scope == "MessageBody",
        Some(_) => return,
    };
    if let Node::Map(policy) = policy {
        filter_map(policy, by_body, here, findings);
    }
}

const OPERATORS: &[&str] =
    &["anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"];

fn filter_map(policy: &Map, by_body: bool, at: At<'_>, findings: &mut Findings) {
    for (key, value) in policy {
        if key.starts_with("Fn::") || key == "Ref" {
            continue;
        }
        let here = at.key(key);
        match value {
            Node::List(conditions) => {
                if key == "$or" {
                    continue;
                }
                if conditions.is_empty() {
                    findings.push(
                        RuleId::SnsFilterPolicy,
                        here,
                        format!("`{}` is an empty list, which matches nothing", shown(key)),
                    );
                }
                for (index, condition) in conditions.iter().enumerate() {
                    filter_condition(condition, here.index(index), findings);
                }
            }
            Node::Map(inner) if by_body => filter_map(inner, by_body, here, findings),
            Node::Map(_) => {
                findings
                    .push(
                        RuleId::SnsFilterPolicy,
                        here,
                        format!("`{}` is a map, and attributes have no parts", shown(key)),
                    )
                    .note("set `FilterPolicyScope` to `MessageBody` to filter by the message itself");
            }
            Node::Intrinsic(_) => {}
            other => {
                findings
                    .push(RuleId::SnsFilterPolicy, here, format!("`{}` is {}, not a list", shown(key), kind(other)))
                    .note("each key of a filter policy has a list of what it may be");
            }
        }
    }
}

fn filter_condition(condition: &Node, at: At<'_>, findings: &mut Findings) {
    match condition {
        Node::Map(map) => {
            for key in map.keys().filter(|it| !OPERATORS.contains(&it.as_str()) && !it.starts_with("Fn::")) {
                findings
                    .push(RuleId::SnsFilterPolicy, at.key(key), format!("there is no operator `{}`", shown(key)))
                    .suggest(key, OPERATORS.iter().copied())
                    .note(format!("allowed: {}", OPERATORS.join(", ")));
            }
        }
        Node::List(_) => {
            findings.push(RuleId::SnsFilterPolicy, at, "a condition of a filter policy is no list");
        }
        _ => {}
    }
}
