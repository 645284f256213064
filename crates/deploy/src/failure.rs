//! Why an operation failed: the first cause among a stack's events, and what others say of it.

use std::collections::HashSet;
use std::fmt;
use std::time::SystemTime;

use crate::message::Message;
use crate::monitor::{By, Ended, STACK_TYPE, Watch};
use crate::{ResourceStatus, Session, StackEvent, StackStatus};

/// Nested stacks in nested stacks, when looking for the first cause.
const MAX_DEPTH: usize = 6;

/// What a hook found: a check of the account's own, before a resource or a stack is touched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookResult {
    /// The hook, such as `MyOrg::Guard::Encryption`.
    pub hook_type: String,
    /// `HOOK_COMPLETE_FAILED` where it objects, `HOOK_FAILED` where it is broken itself.
    pub status: String,
    /// Its words.
    pub reason: Option<String>,
    /// Whether its objection is only a warning.
    pub only_warns: bool,
}

impl HookResult {
    pub(crate) fn new(hook_type: &str, status: &str, reason: Option<&str>, only_warns: bool) -> Self {
        let reason = reason.filter(|reason| !reason.is_empty()).map(str::to_owned);
        Self { hook_type: hook_type.to_owned(), status: status.to_owned(), reason, only_warns }
    }

    /// Whether it stops what it looked at.
    #[must_use]
    pub fn stops(&self) -> bool {
        !self.only_warns && self.status.ends_with("FAILED")
    }
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// The resource.
    pub logical_id: String,
    /// Its name in AWS, if it got one.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: ResourceStatus,
    /// CloudFormation's words.
    pub reason: String,
    /// The nested stacks it lies in, from the outermost: their logical ids.
    pub nested_in: Vec<String>,
    /// The hook that objects, if one does.
    pub hook: Option<HookResult>,
    /// The property that it is about, as a path, where that was said.
    pub property: Option<String>,
    /// When it was told.
    pub time: Option<SystemTime>,
    /// The call behind it, where CloudFormation's words say nothing of that and CloudTrail does.
    pub trail: Option<TrailEntry>,
}

/// A call of CloudFormation that a service refused, as CloudTrail has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailEntry {
    /// The operation, such as `CreateTopic`.
    pub call: String,
    /// The service, such as `sns.amazonaws.com`.
    pub service: String,
    /// Its code.
    pub code: String,
    /// Its words.
    pub message: String,
}

impl Cause {
    pub(crate) fn of(event: &StackEvent) -> Self {
        let reason = event.reason.clone().unwrap_or_default();
        Self {
            logical_id: event.logical_id.clone(),
            physical_id: event.physical_id.clone(),
            resource_type: event.resource_type.clone(),
            status: event.status.clone(),
            property: Message::parse(&reason, &event.resource_type).property,
            reason,
            nested_in: Vec::new(),
            hook: None,
            time: event.time,
            trail: None,
        }
    }

    /// The reason taken apart.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::parse(&self.reason, &self.resource_type)
    }
}

/// An operation that ran and failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The stack's name.
    pub stack_name: String,
    /// The stack's id.
    pub stack_id: String,
    /// The status that it ended in.
    pub status: StackStatus,
    /// What went wrong first. `None` where CloudFormation does not say.
    pub cause: Option<Cause>,
    /// Other resources that failed of themselves.
    pub others: Vec<Cause>,
    /// What failed on the way back.
    pub way_back: Vec<Cause>,
    /// Resources that were cancelled because of it.
    pub cancelled: usize,
    /// Resources that are still there although they should not be.
    pub remaining: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stack {} ended in {}", self.stack_name, self.status)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {} ({}): {}", cause.logical_id, cause.resource_type, cause.reason)?;
        }
        Ok(())
    }
}

impl Session {
    /// Why an operation failed, nested stacks included.
    pub(crate) async fn failure(&self, stack_name: &str, stack_id: &str, ended: Ended) -> Failure {
        let mut failure = judge(stack_name, stack_id, ended.status, &ended.events);
        if failure.cause.as_ref().is_none_or(|cause| cause.logical_id == stack_name) {
            let mut found = self.validation_errors(stack_id).await.into_iter();
            if let Some(first) = found.next() {
                failure.cause = Some(first);
                failure.others = found.collect();
            }
        }
        if let Some(cause) = failure.cause.take() {
            failure.cause = Some(self.innermost(stack_name, stack_id, cause).await);
        }
        if let Some(cause) = &mut failure.cause
            && cause.hook.is_none()
            && names_hooks(&cause.reason)
        {
            cause.hook = self.hook_result(stack_id, &cause.logical_id).await;
        }
        if let Some(cause) = &mut failure.cause {
            cause.trail = self.trail(cause).await;
        }
        failure
    }

    /// A nested stack's failure says only that it failed; its own events say why.
    async fn innermost(&self, stack_name: &str, stack_id: &str, mut cause: Cause) -> Cause {
        let mut nested_in = Vec::new();
        while cause.resource_type == STACK_TYPE && nested_in.len() < MAX_DEPTH {
            let Some(inner) = cause.physical_id.clone().filter(|id| id.starts_with("arn:") && id != stack_id) else {
                break;
            };
            nested_in.push(cause.logical_id.clone());
            let watch = Watch { stack_name, by: By::Everything };
            let Ok(events) = self.new_events(&inner, &watch, &mut HashSet::new()).await else { break };
            let events = blamed_operation(events);
            let Some(deeper) = judge(stack_name, &inner, StackStatus::parse(""), &events).cause else { break };
            cause = Cause { nested_in: nested_in.clone(), ..deeper };
        }
        cause
    }
}

/// `The following hook(s) failed: [MyOrg::Guard::Encryption]`.
fn names_hooks(reason: &str) -> bool {
    reason.contains("hook(s) failed") || reason.contains("Hook failed") || reason.contains("hook(s)/validation failed")
}

/// The events since the stack's last own beginning.
pub(crate) fn latest_operation(events: Vec<StackEvent>) -> Vec<StackEvent> {
    // A failed creation that is rolled back ends with a deletion inside it, which is no new operation: only resources are deleted then, not the stack.
    let start = events.iter().rposition(begins).unwrap_or(0);
    events.into_iter().skip(start).collect()
}

/// Of a nested stack: its latest operation that is not the deletion with which the rollback of the outer one ends.
fn blamed_operation(mut events: Vec<StackEvent>) -> Vec<StackEvent> {
    let deletion = |event: &StackEvent| event.is_stack && event.status == ResourceStatus::DeleteInProgress;
    if let Some(start) = events.iter().rposition(deletion)
        && events[..start].iter().any(|event| event.status.is_failure())
    {
        events.truncate(start);
    }
    latest_operation(events)
}

fn begins(event: &StackEvent) -> bool {
    event.is_stack
        && matches!(
            event.status,
            ResourceStatus::CreateInProgress
                | ResourceStatus::UpdateInProgress
                | ResourceStatus::DeleteInProgress
                | ResourceStatus::ImportInProgress
        )
}

/// Finds the first cause: the earliest failure that is not a consequence of another.
pub(crate) fn judge(stack_name: &str, stack_id: &str, status: StackStatus, events: &[StackEvent]) -> Failure {
    let mut causes: Vec<Cause> = Vec::new();
    let mut way_back: Vec<Cause> = Vec::new();
    let mut cancelled = 0;
    let mut goes_back = false;
    for event in events {
        if event.is_stack {
            goes_back |= event.status.as_str().contains("ROLLBACK_IN_PROGRESS");
        }
        let hook = event.hook.as_ref().filter(|hook| hook.stops());
        if event.is_stack && hook.is_none() || !(event.status.is_failure() || hook.is_some()) {
            continue;
        }
        let reason = event.reason.as_deref().unwrap_or_default();
        if is_cancellation(reason) {
            cancelled += 1;
            continue;
        }
        let list = if goes_back { &mut way_back } else { &mut causes };
        match list.iter_mut().find(|cause| cause.logical_id == event.logical_id) {
            // The hook's words come first, and the failure that follows from them has the status.
            Some(known) if known.hook.is_some() && known.reason.is_empty() => {
                let (hook, physical_id) = (known.hook.take(), known.physical_id.take());
                *known = Cause { hook, ..Cause::of(event) };
                known.physical_id = known.physical_id.take().or(physical_id);
            }
            Some(_) => {}
            None => {
                // The failure itself does not always have the name that an earlier event had.
                let same = || events.iter().filter(|other| other.logical_id == event.logical_id);
                let named = || same().find_map(|other| other.physical_id.clone());
                let cause = Cause::of(event);
                let physical_id = cause.physical_id.clone().or_else(named);
                list.push(Cause { physical_id, hook: hook.cloned(), ..cause });
            }
        }
    }
    // The stack's own event has the reason where no resource does: a limit, a role that cannot be taken, somebody who asked for it.
    if causes.is_empty() {
        let own = events.iter().find(|event| {
            event.is_stack
                && event.reason.is_some()
                && (event.status.is_failure() || event.status.as_str().contains("ROLLBACK_IN_PROGRESS"))
        });
        // A rollback that was asked for is not the cause of what fails in it.
        let asked = |event: &&StackEvent| way_back.is_empty() || event.reason.as_deref() != Some("User Initiated");
        causes.extend(own.filter(asked).map(Cause::of));
    }
    if causes.is_empty() {
        causes.append(&mut way_back);
    }
    let mut causes = causes.into_iter();
    Failure {
        stack_name: stack_name.to_owned(),
        stack_id: stack_id.to_owned(),
        status,
        cause: causes.next(),
        others: causes.collect(),
        way_back,
        cancelled,
        remaining: Vec::new(),
    }
}

pub(crate) fn is_cancellation(reason: &str) -> bool {
    // "Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled"
    reason.starts_with("Resource ") && reason.trim_end_matches('.').ends_with("cancelled")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, status: &str, reason: Option<&str>) -> StackEvent {
        let kind = if id == "s" { STACK_TYPE } else { "AWS::SQS::Queue" };
        let mut event = StackEvent::new("s", id, kind, ResourceStatus::parse(status));
        event.reason = reason.map(str::to_owned);
        event.is_stack = id == "s";
        event
    }

    #[test]
    fn the_first_cause_is_not_a_cancellation() {
        let events = [
            event("s", "CREATE_IN_PROGRESS", None),
            event("B", "CREATE_FAILED", Some("Resource creation cancelled")),
            event("A", "CREATE_FAILED", Some("name taken")),
            event("C", "CREATE_FAILED", Some("Resource creation cancelled")),
            event("D", "CREATE_FAILED", Some("also bad")),
            event("s", "ROLLBACK_IN_PROGRESS", Some("The following resource(s) failed to create: [A].")),
            event("A", "DELETE_FAILED", Some("later")),
            event("s", "ROLLBACK_COMPLETE", None),
        ];
        let failure = judge("s", "id", StackStatus::RollbackComplete, &events);
        let cause = failure.cause.unwrap();
        assert_eq!((cause.logical_id.as_str(), cause.reason.as_str()), ("A", "name taken"));
        assert_eq!(failure.cancelled, 2);
        assert_eq!(failure.others.len(), 1);
        assert_eq!(failure.way_back.len(), 1);
    }

    #[test]
    fn the_stack_itself_is_the_cause_where_no_resource_is() {
        let events = [
            event("s", "CREATE_IN_PROGRESS", None),
            event("s", "ROLLBACK_IN_PROGRESS", Some("Rollback requested by user.")),
        ];
        let failure = judge("s", "id", StackStatus::RollbackComplete, &events);
        assert_eq!(failure.cause.unwrap().reason, "Rollback requested by user.");
        assert_eq!(judge("s", "id", StackStatus::RollbackComplete, &[]).cause, None);
    }

    #[test]
    fn what_fails_in_a_rollback_that_was_asked_for_is_the_cause() {
        let events = [
            event("s", "UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated")),
            event("A", "UPDATE_FAILED", Some("gone")),
            event("s", "UPDATE_ROLLBACK_FAILED", Some("The following resource(s) failed to update: [A].")),
        ];
        let failure = judge("s", "id", StackStatus::UpdateRollbackFailed, &events);
        assert_eq!(failure.cause.unwrap().logical_id, "A");
        assert!(failure.way_back.is_empty());
    }

    #[test]
    fn a_hook_that_objects_is_told_with_the_failure_that_follows() {
        let mut objection = event("A", "CREATE_IN_PROGRESS", None);
        objection.hook = Some(HookResult::new("My::Hook", "HOOK_COMPLETE_FAILED", Some("not encrypted"), false));
        let mut warning = event("B", "CREATE_IN_PROGRESS", None);
        warning.hook = Some(HookResult::new("My::Hook", "HOOK_COMPLETE_FAILED", Some("meh"), true));
        let failed = event("A", "CREATE_FAILED", Some("The following hook(s) failed: [My::Hook]"));
        let failure = judge("s", "id", StackStatus::RollbackComplete, &[warning, objection, failed]);
        let cause = failure.cause.unwrap();
        assert_eq!((cause.logical_id.as_str(), cause.status.as_str()), ("A", "CREATE_FAILED"));
        assert_eq!(cause.hook.unwrap().reason.as_deref(), Some("not encrypted"));
        assert!(failure.others.is_empty());
    }

    #[test]
    fn the_latest_operation_is_cut_out() {
        let history = vec![
            event("s", "CREATE_IN_PROGRESS", None),
            event("A", "CREATE_FAILED", Some("old")),
            event("s", "UPDATE_IN_PROGRESS", None),
            event("A", "UPDATE_FAILED", Some("new")),
        ];
        assert_eq!(latest_operation(history.clone()).len(), 2);
        let deleted =
            [history, vec![event("s", "DELETE_IN_PROGRESS", None), event("s", "DELETE_COMPLETE", None)]].concat();
        assert_eq!(latest_operation(deleted.clone()).len(), 2);
        assert_eq!(blamed_operation(deleted)[1].reason.as_deref(), Some("new"));
    }
}
