//! What CloudFormation keeps of a stack's operations. Nothing is stored here: the story of a failure is told anew from it, for as long as it is kept
//! (90 days, deleted stacks included).

use std::collections::HashSet;
use std::time::SystemTime;

use crate::failure::latest_operation;
use crate::monitor::{By, Ended, Watch};
use crate::{DeployedStack, Error, Failure, Session, StackEvent, StackStatus};

/// What is kept of a stack.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct History {
    /// The stack's name.
    pub stack_name: String,
    /// Its id.
    pub stack_id: String,
    /// The status that it is in now.
    pub status: StackStatus,
    /// The events of its newest operation, or all that there are; the oldest first.
    pub events: Vec<StackEvent>,
    /// Why the newest operation failed, if it did.
    pub failure: Option<Failure>,
}

impl Session {
    /// What is kept of the stack of this name or id; of one that was deleted, by its id only. `None`: there is none.
    ///
    /// # Errors
    /// A call fails.
    pub async fn history(&self, name_or_id: &str, all: bool) -> Result<Option<History>, Error> {
        let Some(DeployedStack { stack_name, stack_id, status, .. }) = self.stack(name_or_id).await? else {
            return Ok(None);
        };
        let watch = Watch { stack_name: &stack_name, by: By::Everything };
        let every = self.new_events(&stack_id, &watch, &mut HashSet::new()).await?;
        let last = every.last().and_then(|event| event.time);
        let newest = latest_operation(every.clone());
        let mut failure = None;
        let ended = newest.iter().rev().find(|event| event.is_stack && event.hook.is_none());
        let ended = ended.map(|event| StackStatus::parse(event.status.as_str()));
        if let Some(ended) = ended.filter(|ended| !ended.is_success() && *ended != StackStatus::ReviewInProgress) {
            let told =
                self.failure(&stack_name, &stack_id, Ended { status: ended.clone(), events: newest.clone() }).await;
            // An operation that goes on has not failed before something has.
            failure = Some(told).filter(|told| !ended.is_in_progress() || told.cause.is_some());
        }
        // A change set that the early validation refused leaves no event of the stack.
        if failure.is_none()
            && let Some((time, causes)) = self.latest_validation(&stack_id).await
            && is_after(time, last)
        {
            let mut causes = causes.into_iter();
            failure = Some(Failure {
                stack_name: stack_name.clone(),
                stack_id: stack_id.clone(),
                status: status.clone(),
                cause: causes.next(),
                others: causes.collect(),
                way_back: Vec::new(),
                cancelled: 0,
                remaining: Vec::new(),
            });
        }
        let events = if all { every } else { newest };
        Ok(Some(History { stack_name, stack_id, status, events, failure }))
    }
}

fn is_after(time: Option<SystemTime>, other: Option<SystemTime>) -> bool {
    match (time, other) {
        (Some(time), Some(other)) => time >= other,
        _ => true,
    }
}
