//! What wakes functions: event source mappings.

use skysmith_template::{Map, Node, Resource};

use super::{Trade, given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text;
use crate::value::number;

/// What holds unless the property is there.
const VISIBILITY: f64 = 30.0;
const TIMEOUT: f64 = 3.0;
const LARGEST_FIFO_BATCH: f64 = 10.0;
const LARGEST_BATCH_WITHOUT_WINDOW: f64 = 10.0;

pub(super) fn mapping(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(source) = given(properties, "EventSourceArn") else { return };
    let resource = trade.referenced(source);
    let queue = resource.filter(|it| it.resource_type() == Some("AWS::SQS::Queue"));
    match service(source, resource) {
        Some(Service::Queue) => {
            for name in ["StartingPosition", "StartingPositionTimestamp"] {
                if given(properties, name).is_some_and(|it| !super::is_choice(it)) {
                    let message = format!("`{name}` is for streams, and this is a queue");
                    findings.push(RuleId::LambdaEventSource, at.key(name), message);
                }
            }
            batch(queue, properties, at, findings);
        }
        Some(Service::Stream) if given(properties, "StartingPosition").is_none() && !is_open(properties) => {
            findings
                .push(RuleId::LambdaEventSource, at, "a stream needs `StartingPosition`")
                .note("allowed: LATEST, TRIM_HORIZON, AT_TIMESTAMP");
        }
        _ => {}
    }
    if let (Some(queue), Some(function)) = (queue, given(properties, "FunctionName")) {
        visibility(trade, queue, function, findings);
    }
}

enum Service {
    Queue,
    Stream,
}

fn service(source: &Node, resource: Option<Resource<'_>>) -> Option<Service> {
    if let Some(resource) = resource {
        return match resource.resource_type()? {
            "AWS::SQS::Queue" => Some(Service::Queue),
            "AWS::Kinesis::Stream" | "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" | "AWS::MSK::Cluster" => {
                Some(Service::Stream)
            }
            _ => None,
        };
    }
    let outline = text::outline(&text::pieces(source)?);
    match outline.split(':').nth(2)? {
        "sqs" => Some(Service::Queue),
        "kinesis" | "dynamodb" | "kafka" => Some(Service::Stream),
        _ => None,
    }
}

fn batch(queue: Option<Resource<'_>>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(size) = given(properties, "BatchSize").and_then(number) else { return };
    let is_fifo = queue.is_some_and(|it| it.property("FifoQueue").is_some_and(super::messaging::is_true));
    let window = given(properties, "MaximumBatchingWindowInSeconds");
    if is_fifo && size > LARGEST_FIFO_BATCH {
        findings
            .push(
                RuleId::LambdaEventSource,
                at.key("BatchSize"),
                format!("a FIFO queue hands over at most {LARGEST_FIFO_BATCH} messages at once, not {size}"),
            )
            .note(format!("allowed: 1 to {LARGEST_FIFO_BATCH}"));
    } else if size > LARGEST_BATCH_WITHOUT_WINDOW && window.is_none() && !is_open(properties) {
        findings
            .push(RuleId::LambdaEventSource, at, format!("a batch of {size} messages needs `MaximumBatchingWindowInSeconds`"))
            .note(format!("without it at most {LARGEST_BATCH_WITHOUT_WINDOW} messages are handed over at once; a window is at least 1 second"));
    }
}

/// Lambda refuses a queue whose messages show up again while the function may still be at work.
fn visibility(trade: &Trade<'_>, queue: Resource<'_>, function: &Node, findings: &mut Findings) {
    let Some(function) = trade.referenced_as(function, "AWS::Lambda::Function") else { return };
    let seconds = |resource: Resource<'_>, property: &str, default: f64| match resource.property(property) {
        None => resource.properties().is_none_or(|it| !is_open(it)).then_some(default),
        Some(node) => number(node),
    };
    let (Some(visible), Some(timeout)) =
        (seconds(queue, "VisibilityTimeout", VISIBILITY), seconds(function, "Timeout", TIMEOUT))
    else {
        return;
    };
    if visible >= timeout {
        return;
    }
    let resources = At::Root.key("Resources");
    let here = resources.key(queue.logical_id());
    let properties = here.key("Properties");
    let own = properties.key("VisibilityTimeout");
    let at = match (queue.property("VisibilityTimeout"), queue.properties()) {
        (Some(_), _) => own,
        (None, Some(_)) => properties,
        (None, None) => here,
    };
    let message = format!(
        "messages show up again after {visible} seconds, before the function `{}` that takes them has to be done, after {timeout}",
        function.logical_id()
    );
    findings
        .push(RuleId::QueueVisibility, at, message)
        .note(format!("`VisibilityTimeout` is at least {timeout}; six times the function's timeout is advised"));
}
