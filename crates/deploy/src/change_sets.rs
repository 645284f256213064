//! The change sets that a stack has and nobody has executed.

use crate::operation::{is_ours, token};
use crate::{Error, Session, StackStatus};

/// A stack keeps at most a few hundred change sets.
const MAX_PAGES: usize = 20;

/// A change set that nobody has executed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenChangeSet {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its status, as the API spells it.
    pub status: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
}

impl Session {
    /// The stack's change sets that nobody has executed or is executing: those that interrupted runs of this
    /// program left behind, and those that others made or that were left on purpose.
    pub(crate) async fn open_change_sets(
        &self,
        stack_name: &str,
    ) -> Result<(Vec<OpenChangeSet>, Vec<OpenChangeSet>), Error> {
        let mut open = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request = self.cloudformation.list_change_sets().stack_name(stack_name).set_next_token(token);
            let page = match request.send().await.map_err(|error| Error::from_sdk("ListChangeSets", &error)) {
                Ok(page) => page,
                Err(error) if error.is_not_found() => break,
                Err(error) => return Err(error),
            };
            let is_open = |summary: &&aws_sdk_cloudformation::types::ChangeSetSummary| {
                !summary.execution_status().is_some_and(|status| status.as_str().starts_with("EXECUTE_"))
            };
            open.extend(page.summaries().iter().filter(is_open).map(|summary| OpenChangeSet {
                id: summary.change_set_id().unwrap_or_default().to_owned(),
                name: summary.change_set_name().unwrap_or_default().to_owned(),
                status: summary.status().map_or("", |status| status.as_str()).to_owned(),
                created: summary.creation_time().map(aws_sdk_s3::primitives::DateTime::secs),
            }));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(open.into_iter().partition(|change_set| is_ours(&change_set.name)))
    }

    /// Removes a change set; one that is gone already is no failure.
    pub(crate) async fn remove_change_set(&self, stack_id: &str, id: &str) -> Result<(), Error> {
        // Permissions are about stacks: their id goes along, though the change set's says it all.
        let deletion = self.cloudformation.delete_change_set().stack_name(stack_id).change_set_name(id).send().await;
        match deletion.map_err(|error| Error::from_sdk("DeleteChangeSet", &error)) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes a stack that still has never had anything but change sets. There is no end to wait for.
    pub(crate) async fn delete_never_made(&self, stack_id: &str) -> Result<(), Error> {
        let is_empty = self.stack(stack_id).await?.is_some_and(|stack| stack.status == StackStatus::ReviewInProgress);
        if is_empty {
            let request = self.cloudformation.delete_stack().stack_name(stack_id).client_request_token(token());
            request.send().await.map_err(|error| Error::from_sdk("DeleteStack", &error))?;
        }
        Ok(())
    }
}
