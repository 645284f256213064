//! Watching one operation on one stack until it ends, and telling why it failed.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sdk_cloudformation::types::StackEvent as SdkEvent;
use tokio::time::Instant;

use crate::pace::Pauses;
use crate::{Error, ResourceStatus, Session, StackStatus};

pub(crate) const STACK_TYPE: &str = "AWS::CloudFormation::Stack";
/// Right after an operation starts, `DescribeStacks` may still show the end of the one before it.
const STALE_FOR: Duration = Duration::from_secs(10);
/// An operation that has not shown a single event of its own after this long may not have begun at all, so the stack itself is asked.
const SILENT_FOR: Duration = Duration::from_secs(15);
/// How far apart two looks are at most: in the first minute, when most operations end, and later. A look a second keeps the end within half a second of the
/// last event on average, and an operation of half a minute below 40 calls.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_LATE_PAUSE: Duration = Duration::from_secs(2);
const LATE: Duration = Duration::from_secs(60);
/// After this long without a single answer the watch is given up; the operation goes on.
const BLIND_FOR: Duration = Duration::from_secs(300);
/// Nested stacks in nested stacks, when looking for the first cause.
const MAX_DEPTH: usize = 6;
/// Pages of events that are read at most at a time: one operation on 500 resources makes some 20.
const MAX_PAGES: usize = 200;

/// One line of a stack's history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackEvent {
    /// CloudFormation's id of it.
    pub id: String,
    /// When it happened.
    pub time: Option<SystemTime>,
    /// The stack whose event it is.
    pub stack_name: String,
    /// The resource; the stack's name for the stack's own events.
    pub logical_id: String,
    /// Its name in AWS, once it has one.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// What became of it.
    pub status: ResourceStatus,
    /// CloudFormation's or the service's words.
    pub reason: Option<String>,
    /// Whether this is about the stack itself.
    pub is_stack: bool,
}

impl StackEvent {
    /// An event of a resource that nobody has seen: for tests of an [`Observer`]. Its fields may be set.
    #[must_use]
    pub fn new(stack_name: &str, logical_id: &str, resource_type: &str, status: ResourceStatus) -> Self {
        Self {
            id: String::new(),
            time: None,
            stack_name: stack_name.to_owned(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: resource_type.to_owned(),
            status,
            reason: None,
            is_stack: false,
        }
    }

    fn from_sdk(event: &SdkEvent) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let physical_id = text(event.physical_resource_id());
        Self {
            id: event.event_id().unwrap_or_default().to_owned(),
            time: event.timestamp().and_then(|time| SystemTime::try_from(*time).ok()),
            stack_name: event.stack_name().unwrap_or_default().to_owned(),
            logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
            resource_type: event.resource_type().unwrap_or_default().to_owned(),
            status: ResourceStatus::parse(event.resource_status().map_or("", |status| status.as_str())),
            reason: text(event.resource_status_reason()),
            is_stack: event.resource_type() == Some(STACK_TYPE)
                && physical_id.is_some()
                && physical_id.as_deref() == event.stack_id(),
            physical_id,
        }
    }
}

/// What there is to tell while something happens. What is shown of it, and how, is the observer's matter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A bucket for assets is being made; there was none.
    MakingBucket {
        /// Its name.
        bucket: String,
    },
    /// An asset is being sent.
    Uploading {
        /// Its id.
        asset: String,
        /// What the app calls it.
        display_name: Option<String>,
        /// Its size, packed.
        bytes: u64,
    },
    /// A part of an asset has been sent. Less than before if a try had to be repeated.
    UploadProgress {
        /// Its id.
        asset: String,
        /// Bytes sent so far.
        sent: u64,
        /// Its size, packed.
        total: u64,
    },
    /// A container image is being built.
    BuildingImage {
        /// The asset's id.
        asset: String,
        /// What the app calls it.
        display_name: Option<String>,
    },
    /// A container image is being sent.
    PushingImage {
        /// The asset's id.
        asset: String,
        /// The image's full name.
        image: String,
    },
    /// What the container client says while it builds or sends an image.
    ImageOutput {
        /// The asset's id.
        asset: String,
        /// One line.
        line: String,
    },
    /// An asset has been sent.
    Uploaded {
        /// Its id.
        asset: String,
    },
    /// A stack whose creation failed and left nothing is deleted before it is made again.
    DeletingFailedStack {
        /// Its name.
        stack: String,
    },
    /// An operation that an earlier run started is followed to its end.
    FollowingEarlier {
        /// The stack's name.
        stack: String,
        /// The stack's id.
        stack_id: String,
        /// The status in which it was found.
        status: StackStatus,
        /// Since when.
        since: Option<SystemTime>,
    },
    /// An operation has started.
    Started {
        /// The stack's name.
        stack: String,
        /// The stack's id, by which a later run can follow it.
        stack_id: String,
        /// The resources that change; 0 if that is not known.
        changes: usize,
    },
    /// Something happened to a resource or to the stack.
    Progress(StackEvent),
    /// A bucket is being emptied before it is deleted.
    EmptyingBucket {
        /// Its name.
        bucket: String,
        /// Versions and markers deleted so far.
        deleted: u64,
    },
    /// Stacks are read to find out what they use.
    ReadingStacks {
        /// How many have been read.
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// Assets that nothing uses have been removed.
    Removed {
        /// How many so far.
        removed: usize,
        /// How many there are.
        total: usize,
    },
    /// Something that does not stop the work, but that people should know.
    Warning {
        /// The stack's name.
        stack: String,
        /// In one sentence.
        message: String,
    },
}

/// Who is told.
pub trait Observer: Send + Sync {
    /// Called in order for one stack, and from any thread.
    fn event(&self, event: Event);
}

/// For those who do not want to know.
impl Observer for () {
    fn event(&self, _: Event) {}
}

/// The first thing that went wrong.
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
    /// The service's words.
    pub reason: String,
    /// The nested stacks it lies in, from the outermost: their logical ids.
    pub nested_in: Vec<String>,
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

/// How an operation ended.
pub(crate) struct Ended {
    pub status: StackStatus,
    /// Its events, the oldest first.
    pub events: Vec<StackEvent>,
}

impl Session {
    /// Follows the operation with this token, or without one everything that happens after a time, until the stack comes to rest.
    pub(crate) async fn follow(
        &self,
        stack_id: &str,
        watch: &Watch<'_>,
        observer: &dyn Observer,
    ) -> Result<Ended, Error> {
        let mut pauses = Pauses::new(Duration::from_millis(250), LONGEST_PAUSE);
        let mut seen = HashSet::new();
        let mut events: Vec<StackEvent> = Vec::new();
        let started = Instant::now();
        let mut last_answer = Instant::now();
        let mut was_in_progress = false;
        let mut warned = false;
        loop {
            let trouble = match self.new_events(stack_id, watch, &mut seen).await {
                Ok(new) => {
                    last_answer = Instant::now();
                    if !new.is_empty() {
                        pauses.reset();
                    }
                    let mut end = None;
                    for event in new {
                        if event.is_stack {
                            let status = StackStatus::parse(event.status.as_str());
                            let at_rest = !status.is_in_progress() && status != StackStatus::ReviewInProgress;
                            end = at_rest.then_some(status);
                        }
                        observer.event(Event::Progress(event.clone()));
                        events.push(event);
                    }
                    if let Some(status) = end {
                        return Ok(Ended { status, events });
                    }
                    None
                }
                Err(error) => Some(error),
            };
            if let (Some(error), false) = (&trouble, warned) {
                warned = true;
                let message = format!("the events cannot be read, so only the end will be seen: {error}");
                observer.event(Event::Warning { stack: watch.stack_name.to_owned(), message });
            }
            // Not being able to watch is no failure of what is watched: look at the stack itself instead.
            if trouble.is_some() || (events.is_empty() && started.elapsed() > SILENT_FOR) {
                match self.stack(stack_id).await {
                    Ok(stack) => {
                        last_answer = Instant::now();
                        let status = stack.map_or(StackStatus::DeleteComplete, |stack| stack.status);
                        if status.is_in_progress() {
                            was_in_progress = true;
                        } else if was_in_progress || started.elapsed() > STALE_FOR {
                            return Ok(Ended { status, events });
                        }
                    }
                    Err(error) => {
                        // Credentials do not come back by waiting.
                        let hopeless = matches!(
                            error,
                            Error::CredentialsExpired(_)
                                | Error::CredentialsRefused(_)
                                | Error::BadCredentials { .. }
                                | Error::LoginNeeded { .. }
                        );
                        if hopeless || last_answer.elapsed() > BLIND_FOR {
                            return Err(Error::LostSight { stack_id: stack_id.to_owned(), source: Box::new(error) });
                        }
                    }
                }
            }
            if started.elapsed() > LATE {
                pauses.set_longest(LONGEST_LATE_PAUSE);
            }
            pauses.wait().await;
        }
    }

    /// The watched operation's events that were not seen before, the oldest first. The API has the newest first, so reading stops at what is known.
    pub(crate) async fn new_events(
        &self,
        stack_id: &str,
        watch: &Watch<'_>,
        seen: &mut HashSet<String>,
    ) -> Result<Vec<StackEvent>, Error> {
        let mut new = Vec::new();
        let mut token = None;
        'pages: for _ in 0..MAX_PAGES {
            self.turn().await;
            let request = self.cloudformation.describe_stack_events().stack_name(stack_id).set_next_token(token);
            let page = request.send().await.map_err(|error| Error::from_sdk("DescribeStackEvents", &error))?;
            for event in page.stack_events() {
                if event.event_id().is_some_and(|id| seen.contains(id)) || watch.is_before(event) {
                    break 'pages;
                }
                if watch.is_ours(event) {
                    new.push(StackEvent::from_sdk(event));
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        // Only now: had a later page failed, the earlier ones must be read again.
        seen.extend(new.iter().map(|event| event.id.clone()));
        new.reverse();
        Ok(new)
    }

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
        let mut nested_in = Vec::new();
        // A nested stack's failure says only that it failed; its own events say why.
        while let Some(cause) =
            failure.cause.as_ref().filter(|cause| cause.resource_type == STACK_TYPE && nested_in.len() < MAX_DEPTH)
        {
            let Some(inner) = cause.physical_id.clone().filter(|id| id.starts_with("arn:") && id != stack_id) else {
                break;
            };
            nested_in.push(cause.logical_id.clone());
            let watch = Watch { stack_name, by: By::Everything };
            let Ok(events) = self.new_events(&inner, &watch, &mut HashSet::new()).await else { break };
            let Some(mut deeper) = judge(stack_name, &inner, failure.status.clone(), &latest_operation(events)).cause
            else {
                break;
            };
            deeper.nested_in.clone_from(&nested_in);
            failure.cause = Some(deeper);
        }
        failure
    }
}

/// What belongs to the watched operation.
pub(crate) struct Watch<'a> {
    pub stack_name: &'a str,
    pub by: By<'a>,
}

pub(crate) enum By<'a> {
    /// The client token that started it.
    Token(&'a str),
    /// All that happened since, in seconds since 1970: for operations that another run started.
    Since(i64),
    /// The whole history.
    Everything,
}

impl Watch<'_> {
    fn is_ours(&self, event: &SdkEvent) -> bool {
        match self.by {
            By::Token(token) => event.client_request_token() == Some(token),
            By::Since(_) | By::Everything => true,
        }
    }

    /// Whether this event and all that come after it in the API's order are older than the operation.
    fn is_before(&self, event: &SdkEvent) -> bool {
        match self.by {
            // An event without a token may stand between ours (hooks); one with another operation's token ends them.
            By::Token(token) => event.client_request_token().is_some_and(|other| other != token),
            By::Since(since) => event.timestamp().is_some_and(|time| time.secs() < since),
            By::Everything => false,
        }
    }
}

/// The events since the stack's last own beginning.
pub(crate) fn latest_operation(events: Vec<StackEvent>) -> Vec<StackEvent> {
    let begins = |event: &StackEvent| {
        event.is_stack
            && matches!(
                event.status,
                ResourceStatus::CreateInProgress
                    | ResourceStatus::UpdateInProgress
                    | ResourceStatus::DeleteInProgress
                    | ResourceStatus::ImportInProgress
            )
    };
    // A failed creation that is rolled back ends with a deletion inside it, which is no new operation: only resources are deleted then, not the stack.
    let start = events.iter().rposition(begins).unwrap_or(0);
    events.into_iter().skip(start).collect()
}

/// Finds the first cause: the earliest failure that is not a consequence of another.
pub(crate) fn judge(stack_name: &str, stack_id: &str, status: StackStatus, events: &[StackEvent]) -> Failure {
    let mut causes: Vec<Cause> = Vec::new();
    let mut cancelled = 0;
    for event in events.iter().filter(|event| !event.is_stack && event.status.is_failure()) {
        let reason = event.reason.clone().unwrap_or_default();
        if is_cancellation(&reason) {
            cancelled += 1;
        } else if !causes.iter().any(|cause| cause.logical_id == event.logical_id) {
            // The failure itself does not always have the name that an earlier event had.
            let same = || events.iter().filter(|other| other.logical_id == event.logical_id);
            causes.push(Cause {
                logical_id: event.logical_id.clone(),
                physical_id: event.physical_id.clone().or_else(|| same().find_map(|other| other.physical_id.clone())),
                resource_type: event.resource_type.clone(),
                status: event.status.clone(),
                reason,
                nested_in: Vec::new(),
            });
        }
    }
    // The stack's own event has the reason where no resource does: a limit, a hook, a role that cannot be taken.
    if causes.is_empty() {
        let own = events.iter().find(|event| {
            event.is_stack
                && event.reason.is_some()
                && (event.status.is_failure() || event.status.as_str().contains("ROLLBACK_IN_PROGRESS"))
        });
        causes.extend(own.map(|event| Cause {
            logical_id: event.logical_id.clone(),
            physical_id: event.physical_id.clone(),
            resource_type: event.resource_type.clone(),
            status: event.status.clone(),
            reason: event.reason.clone().unwrap_or_default(),
            nested_in: Vec::new(),
        }));
    }
    let mut causes = causes.into_iter();
    Failure {
        stack_name: stack_name.to_owned(),
        stack_id: stack_id.to_owned(),
        status,
        cause: causes.next(),
        others: causes.collect(),
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
        StackEvent {
            id: format!("{id}-{status}"),
            time: None,
            stack_name: "s".into(),
            logical_id: id.into(),
            physical_id: None,
            resource_type: if id == "s" { STACK_TYPE.into() } else { "AWS::SQS::Queue".into() },
            status: ResourceStatus::parse(status),
            reason: reason.map(str::to_owned),
            is_stack: id == "s",
        }
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
    fn the_latest_operation_is_cut_out() {
        let history = vec![
            event("s", "CREATE_IN_PROGRESS", None),
            event("A", "CREATE_FAILED", Some("old")),
            event("s", "UPDATE_IN_PROGRESS", None),
            event("A", "UPDATE_FAILED", Some("new")),
        ];
        assert_eq!(latest_operation(history).len(), 2);
    }
}
