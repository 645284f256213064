//! What CloudFormation's early validation found. It fails an operation before any resource is touched, and the stack's own events say no more than that
//! it did; the rest is told by `DescribeEvents` alone.

use aws_sdk_cloudformation::types::{EventFilter, OperationEvent};

use crate::monitor::Cause;
use crate::{ResourceStatus, Session};

/// The events that a validation leaves.
const VALIDATION_ERROR: &str = "VALIDATION_ERROR";

impl Session {
    /// The findings of the latest validation that failed, in CloudFormation's order; none where there was none, or where they cannot be read: they
    /// explain a failure, and must not hide it.
    pub(crate) async fn validation_errors(&self, stack: &str) -> Vec<Cause> {
        let failed = EventFilter::builder().failed_events(true).build();
        let request = self.cloudformation.describe_events().stack_name(stack).filters(failed);
        let Ok(answer) = request.send().await else { return Vec::new() };
        latest(answer.operation_events())
    }
}

fn latest(events: &[OperationEvent]) -> Vec<Cause> {
    let is_finding = |event: &&OperationEvent| {
        event.event_type().is_some_and(|kind| kind.as_str() == VALIDATION_ERROR)
            && event.validation_failure_mode().is_none_or(|mode| mode.as_str() == "FAIL")
    };
    let mut findings = events.iter().filter(is_finding).peekable();
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
            }
        })
        .collect()
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
