//! Watching one operation on one stack until it ends.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use aws_sdk_cloudformation::types::StackEvent as SdkEvent;
use tokio::time::Instant;

use crate::looks::Looks;
use crate::nested::NestedStacks;
use crate::{Error, HookResult, ResourceStatus, Session, StackStatus};

pub(crate) const STACK_TYPE: &str = "AWS::CloudFormation::Stack";
/// Right after an operation starts, `DescribeStacks` may still show the end of the one before it.
const STALE_FOR: Duration = Duration::from_secs(10);
/// An operation that has not shown a single event of its own after this long may not have begun at all, so the stack itself is asked.
const SILENT_FOR: Duration = Duration::from_secs(15);
/// After this long without a single answer the watch is given up; the operation goes on.
const BLIND_FOR: Duration = Duration::from_secs(300);
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
    /// The nested stacks that it lies in, from the outermost: their logical ids. Nothing for those of the stack itself.
    pub nested_in: Vec<String>,
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
    /// What a hook found, if the event is about one.
    pub hook: Option<HookResult>,
}

impl StackEvent {
    /// An event of a resource that nobody has seen: for tests of an [`Observer`]. Its fields may be set.
    #[must_use]
    pub fn new(stack_name: &str, logical_id: &str, resource_type: &str, status: ResourceStatus) -> Self {
        Self {
            id: String::new(),
            time: None,
            stack_name: stack_name.to_owned(),
            nested_in: Vec::new(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: resource_type.to_owned(),
            status,
            reason: None,
            is_stack: false,
            hook: None,
        }
    }

    pub(crate) fn from_sdk(event: &SdkEvent) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let physical_id = text(event.physical_resource_id());
        Self {
            id: event.event_id().unwrap_or_default().to_owned(),
            time: time_of(event),
            stack_name: event.stack_name().unwrap_or_default().to_owned(),
            nested_in: Vec::new(),
            logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
            resource_type: event.resource_type().unwrap_or_default().to_owned(),
            status: ResourceStatus::parse(event.resource_status().map_or("", |status| status.as_str())),
            reason: text(event.resource_status_reason()),
            is_stack: event.resource_type() == Some(STACK_TYPE)
                && physical_id.is_some()
                && physical_id.as_deref() == event.stack_id(),
            physical_id,
            hook: event.hook_type().map(|kind| {
                let status = event.hook_status().map_or("", |status| status.as_str());
                let only_warns = event.hook_failure_mode().is_some_and(|mode| mode.as_str() == "WARN");
                HookResult::new(kind, status, event.hook_status_reason(), only_warns)
            }),
        }
    }
}

/// What there is to tell while something happens. What is shown of it, and how, is the observer's matter.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all that happens is of the large variant, and none is kept for long"
)]
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
    /// Something happened to a resource, perhaps of a nested stack, or to the stack.
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
        self.follow_expecting(stack_id, watch, Looks::new([]), observer).await
    }

    /// The same, looking when what is expected to happen says to.
    pub(crate) async fn follow_expecting(
        &self,
        stack_id: &str,
        watch: &Watch<'_>,
        mut looks: Looks,
        observer: &dyn Observer,
    ) -> Result<Ended, Error> {
        let mut seen = HashSet::new();
        let mut events: Vec<StackEvent> = Vec::new();
        let mut nested = NestedStacks::default();
        let started = Instant::now();
        let mut last_answer = Instant::now();
        let mut was_in_progress = false;
        let mut warned = false;
        let _following = self.lane.follow();
        if self.is_crowded() {
            self.wait_among_many(stack_id).await;
        }
        loop {
            let looked = Instant::now();
            let mut overtaken = false;
            let trouble = match self.look(stack_id, watch, &mut seen).await {
                Ok(Look { new, newer }) => {
                    overtaken = newer;
                    last_answer = Instant::now();
                    let mut end = None;
                    for event in new {
                        if event.is_stack && event.hook.is_none() {
                            let status = StackStatus::parse(event.status.as_str());
                            let at_rest = !status.is_in_progress() && status != StackStatus::ReviewInProgress;
                            end = at_rest.then_some(status);
                        }
                        looks.saw(&event, looked - started);
                        nested.see(self, &event, observer).await;
                        observer.event(Event::Progress(event.clone()));
                        events.push(event);
                    }
                    if let Some(status) = end {
                        return Ok(Ended { status, events });
                    }
                    nested.look(self, observer).await;
                    None
                }
                Err(error) => Some(error),
            };
            if let (Some(error), false) = (&trouble, warned) {
                warned = true;
                let message = format!("the events cannot be read, so only the end will be seen: {error}");
                observer.event(Event::Warning { stack: watch.stack_name.to_owned(), message });
            }
            // Not being able to watch is no failure of what is watched: look at the stack itself instead. So it is where somebody else took the stack over,
            // by deleting it, for one: the operation's own events may never tell of an end then.
            if trouble.is_some() || overtaken || (events.is_empty() && started.elapsed() > SILENT_FOR) {
                match self.stack(stack_id).await {
                    Ok(stack) => {
                        last_answer = Instant::now();
                        let status = stack.map_or(StackStatus::DeleteComplete, |stack| stack.status);
                        if status.is_in_progress() {
                            was_in_progress = true;
                        } else if was_in_progress
                            || status == StackStatus::DeleteComplete
                            || started.elapsed() > STALE_FOR
                        {
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
            let pause = looks.next(looked - started);
            if self.is_crowded() {
                self.wait_among_many(stack_id).await;
            } else {
                // From the look on, and not from its answer: the time that an answer takes is no pause of ours.
                tokio::time::sleep_until(looked + pause).await;
            }
        }
    }

    /// The watched operation's events that were not seen before, the oldest first.
    pub(crate) async fn new_events(
        &self,
        stack_id: &str,
        watch: &Watch<'_>,
        seen: &mut HashSet<String>,
    ) -> Result<Vec<StackEvent>, Error> {
        Ok(self.look(stack_id, watch, seen).await?.new)
    }

    /// The same, and whether there are events of another operation that are newer. The API has the newest first, so reading stops at what is known.
    async fn look(&self, stack_id: &str, watch: &Watch<'_>, seen: &mut HashSet<String>) -> Result<Look, Error> {
        let mut new = Vec::new();
        let mut newer = false;
        let mut token = None;
        'pages: for _ in 0..MAX_PAGES {
            let request = self.cloudformation.describe_stack_events().stack_name(stack_id).set_next_token(token);
            let page = request.send().await.map_err(|error| Error::from_sdk("DescribeStackEvents", &error))?;
            for event in page.stack_events() {
                if event.event_id().is_some_and(|id| seen.contains(id)) {
                    break 'pages;
                }
                if watch.is_ours(event) {
                    new.push(StackEvent::from_sdk(event));
                } else if watch.is_another(event) {
                    if watch.is_older(event) || (seen.is_empty() && !new.is_empty()) {
                        break 'pages;
                    }
                    // Ours, if there are any yet, are below.
                    newer |= !seen.is_empty();
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() || (seen.is_empty() && new.is_empty() && watch.has_token()) {
                break;
            }
        }
        // Only now: had a later page failed, the earlier ones must be read again.
        seen.extend(new.iter().map(|event| event.id.clone()));
        new.reverse();
        Ok(Look { new, newer })
    }
}

/// What one look at the events shows.
struct Look {
    new: Vec<StackEvent>,
    /// Somebody else's operation has begun since ours.
    newer: bool,
}

fn time_of(event: &SdkEvent) -> Option<SystemTime> {
    event.timestamp().and_then(|time| SystemTime::try_from(*time).ok())
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
    /// The same, to the millisecond.
    From(SystemTime),
    /// The whole history.
    Everything,
}

impl Watch<'_> {
    fn is_ours(&self, event: &SdkEvent) -> bool {
        match self.by {
            By::Token(token) => event.client_request_token() == Some(token),
            By::Since(since) => event.timestamp().is_none_or(|time| time.secs() >= since),
            By::From(since) => time_of(event).is_none_or(|time| time >= since),
            By::Everything => true,
        }
    }

    /// Whether this is an event of another operation. One without a token may stand between ours.
    fn is_another(&self, event: &SdkEvent) -> bool {
        match self.by {
            By::Token(token) => event.client_request_token().is_some_and(|other| other != token),
            By::Since(_) | By::From(_) => true,
            By::Everything => false,
        }
    }

    /// Whether this event and all that come after it in the API's order are known to be older than the operation.
    fn is_older(&self, event: &SdkEvent) -> bool {
        match self.by {
            By::Since(since) => event.timestamp().is_some_and(|time| time.secs() < since),
            By::From(since) => time_of(event).is_some_and(|time| time < since),
            By::Token(_) | By::Everything => false,
        }
    }

    fn has_token(&self) -> bool {
        matches!(self.by, By::Token(_))
    }
}
