//! Whose operation is under way on a stack, as far as its events tell.

use std::time::SystemTime;

use aws_sdk_cloudformation::types::StackEvent as SdkEvent;

use crate::monitor::{By, Watch};
use crate::pace::unique;
use crate::state::Whose;
use crate::{DeployedStack, Error, Event, Observer, Session, StackStatus};

/// What the client tokens of all our operations begin with.
const OURS: &str = "skysmith-";
/// An operation on 500 resources has a beginning this many pages ago at most.
const MAX_PAGES: usize = 20;

/// A client token that no other call has, and that says whose it is.
pub(crate) fn token() -> String {
    format!("{OURS}{}", unique())
}

/// Whether a token, or a change set's name, was made by [`token`].
pub(crate) fn is_ours(token: &str) -> bool {
    let hexadecimal = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    token.strip_prefix(OURS).is_some_and(hexadecimal)
}

/// An operation on a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The client token of the call that started it. The console and the AWS CLI give some, other tools may give none.
    pub token: Option<String>,
    /// When it began.
    pub since: Option<SystemTime>,
}

impl Operation {
    /// Whether a run of Skysmith started it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.token.as_deref().is_some_and(is_ours)
    }

    /// What started it, where its token tells.
    #[must_use]
    pub fn by(&self) -> Option<&'static str> {
        let token = self.token.as_deref()?;
        if is_ours(token) {
            Some("Skysmith")
        } else if token.starts_with("Console-") {
            Some("the AWS console")
        } else {
            None
        }
    }

    pub(crate) fn whose(&self) -> Whose {
        if self.is_ours() { Whose::Ours } else { Whose::Another }
    }
}

impl Session {
    /// The latest operation on a stack: the one under way, if one is.
    ///
    /// # Errors
    /// The events cannot be read.
    pub async fn latest_operation(&self, stack_id: &str) -> Result<Operation, Error> {
        let mut found = Operation::default();
        let mut page_token = None;
        for _ in 0..MAX_PAGES {
            let request = self.cloudformation.describe_stack_events().stack_name(stack_id).set_next_token(page_token);
            let page = request.send().await.map_err(|error| Error::from_sdk("DescribeStackEvents", &error))?;
            if read(page.stack_events(), &mut found) {
                break;
            }
            page_token = page.next_token().map(str::to_owned);
            if page_token.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Follows an operation that an earlier run started, to its end. How it ended is told, and is no error here: the stack's status decides what is next.
    pub(crate) async fn follow_earlier(
        &self,
        stack: &DeployedStack,
        operation: &Operation,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let name = &stack.stack_name;
        observer.event(Event::FollowingEarlier {
            stack: name.clone(),
            stack_id: stack.stack_id.clone(),
            status: stack.status.clone(),
            since: operation.since,
        });
        let by = operation.token.as_deref().map_or(By::Since(stack.last_change.unwrap_or(0)), By::Token);
        let ended = self.follow(&stack.stack_id, &Watch { stack_name: name, by }, observer).await?;
        if !ended.status.is_success() {
            let failure = self.failure(name, &stack.stack_id, ended).await;
            observer.event(Event::Warning {
                stack: name.clone(),
                message: format!("the earlier operation failed: {failure}"),
            });
        }
        Ok(())
    }
}

/// Reads events, the newest first, until the operation's beginning; whether that was found.
fn read(events: &[SdkEvent], found: &mut Operation) -> bool {
    for event in events {
        let token = event.client_request_token();
        if found.since.is_none() || found.token.is_none() {
            found.token = token.map(str::to_owned);
        } else if token.is_some() && token != found.token.as_deref() {
            // Another operation's: the beginning was not told.
            return true;
        }
        found.since = event.timestamp().and_then(|time| SystemTime::try_from(*time).ok()).or(found.since);
        let is_stack = event.physical_resource_id().is_some() && event.physical_resource_id() == event.stack_id();
        let status = StackStatus::parse(event.resource_status().map_or("", |status| status.as_str()));
        let begins = matches!(
            status,
            StackStatus::CreateInProgress
                | StackStatus::UpdateInProgress
                | StackStatus::DeleteInProgress
                | StackStatus::ImportInProgress
        );
        if is_stack && begins {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::primitives::DateTime;
    use aws_sdk_cloudformation::types::ResourceStatus;

    use super::*;

    fn event(id: &str, status: &str, token: Option<&str>, second: i64) -> SdkEvent {
        SdkEvent::builder()
            .stack_id("arn:s")
            .physical_resource_id(id)
            .resource_status(ResourceStatus::from(status))
            .set_client_request_token(token.map(str::to_owned))
            .timestamp(DateTime::from_secs(second))
            .build()
    }

    #[test]
    fn the_latest_operation_is_found() {
        let ours = token();
        let events = [
            event("hook", "UPDATE_IN_PROGRESS", None, 9),
            event("q", "UPDATE_IN_PROGRESS", Some(&ours), 8),
            event("arn:s", "UPDATE_IN_PROGRESS", Some(&ours), 7),
            event("arn:s", "CREATE_COMPLETE", Some("Console-CreateStack-1"), 6),
        ];
        let mut found = Operation::default();
        assert!(read(&events, &mut found));
        assert!(found.is_ours());
        assert_eq!(found.since, Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(7)));
        let mut console = Operation::default();
        assert!(!read(&events[3..], &mut console));
        assert_eq!((console.is_ours(), console.by()), (false, Some("the AWS console")));
        assert_eq!(Operation::default().by(), None);
    }

    #[test]
    fn only_tokens_that_were_made_here_are_ours() {
        assert!(is_ours(&token()));
        assert!(!is_ours("skysmith-production") && !is_ours("plan-1") && !is_ours(""));
    }
}
