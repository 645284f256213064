//! What `DescribeEvents` alone tells: the findings of CloudFormation's early validation, which fails an operation before any resource is touched, and
//! what a hook says. The stack's own events say no more than that it failed.

use std::time::SystemTime;

use aws_sdk_cloudformation::types::{EventFilter, OperationEvent};

use crate::failure::{Cause, HookResult};
use crate::{ResourceStatus, Session};

/// The events that a validation leaves.
const VALIDATION_ERROR: &str = "VALIDATION_ERROR";

impl Session {
    /// The findings of the latest validation that failed, in CloudFormation's order; none where there was none, or where they cannot be read: they
    /// explain a failure, and must not hide it.
    pub(crate) async fn validation_errors(&self, stack: &str) -> Vec<Cause> {
        latest(&self.failed_events(stack).await)
    }

    /// The same, with the time of the first of them.
    pub(crate) async fn latest_validation(&self, stack: &str) -> Option<(Option<SystemTime>, Vec<Cause>)> {
        let events = self.failed_events(stack).await;
        let found = latest(&events);
        let time = events.iter().find(|event| is_finding(event)).and_then(|event| event.timestamp());
        (!found.is_empty()).then(|| (time.and_then(|time| SystemTime::try_from(*time).ok()), found))
    }

    /// What the hook says that stopped a resource, or the stack, the last time that one did.
    pub(crate) async fn hook_result(&self, stack: &str, logical_id: &str) -> Option<HookResult> {
        let events = self.failed_events(stack).await;
        let results = events.iter().filter(|event| event.logical_resource_id() == Some(logical_id)).map(hook);
        results.flatten().find(HookResult::stops)
    }

    async fn failed_events(&self, stack: &str) -> Vec<OperationEvent> {
        let failed = EventFilter::builder().failed_events(true).build();
        let request = self.cloudformation.describe_events().stack_name(stack).filters(failed);
        request.send().await.map(|answer| answer.operation_events().to_vec()).unwrap_or_default()
    }
}

fn hook(event: &OperationEvent) -> Option<HookResult> {
    let status = event.hook_status().map_or("", |status| status.as_str());
    let only_warns = event.hook_failure_mode().is_some_and(|mode| mode.as_str() == "WARN");
    Some(HookResult::new(event.hook_type()?, status, event.hook_status_reason(), only_warns))
}

fn is_finding(event: &OperationEvent) -> bool {
    event.event_type().is_some_and(|kind| kind.as_str() == VALIDATION_ERROR)
        && event.validation_failure_mode().is_none_or(|mode| mode.as_str() == "FAIL")
}

fn latest(events: &[OperationEvent]) -> Vec<Cause> {
    let mut findings = events.iter().filter(|event| is_finding(event)).peekable();
    // The newest come first.
    let operation = findings.peek().and_then(|event| event.operation_id());
    findings
        .filter(|event| event.operation_id() == operation)
        .map(|event| {
            let path = event.validation_path().map(|path| format!(" (at {path})")).unwrap_or_default();
            Cause {
                logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
                physical_id: event.physical_resource_id().map(str::to_owned),
                resource_type: event.resource_type().unwrap_or_default().to_owned(),
                status: ResourceStatus::CreateFailed,
                reason: event.validation_status_reason().unwrap_or_default().to_owned() + &path,
                nested_in: Vec::new(),
                hook: None,
                time: None,
                trail: None,
                property: event.validation_path().and_then(property),
            }
        })
        .collect()
}

/// `/Resources/Bucket/Properties/Tags/0/Key` is about `Tags.0.Key`.
fn property(path: &str) -> Option<String> {
    let (_, inside) = path.split_once("/Properties/")?;
    (!inside.is_empty()).then(|| inside.replace('/', "."))
}
#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::EventType;

    use super::*;

    fn event(operation: &str, kind: &str, id: &str, reason: &str) -> OperationEvent {
        OperationEvent::builder()
            .operation_id(operation)
            .event_type(EventType::from(kind))
            .logical_resource_id(id)
            .resource_type("AWS::S3::Bucket")
            .validation_status_reason(reason)
            .build()
    }

    #[test]
    fn only_the_newest_operations_findings_count() {
        let events = [
            event("2", "STACK_EVENT", "s", ""),
            event("2", "VALIDATION_ERROR", "A", "name taken"),
            event("2", "VALIDATION_ERROR", "B", "too long"),
            event("1", "VALIDATION_ERROR", "C", "long ago"),
        ];
        let found: Vec<_> = latest(&events).into_iter().map(|cause| (cause.logical_id, cause.reason)).collect();
        assert_eq!(found, [("A".into(), "name taken".into()), ("B".into(), "too long".into())]);
        assert!(latest(&[]).is_empty());
    }
}
