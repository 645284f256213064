//! Taking a stack back to where it was before its latest operation.
//!
//! Which of CloudFormation's three ways there is follows from the status alone ([`way_back`]); walking it is [`Session::roll_back`].

use std::collections::HashSet;

use crate::monitor::{By, Watch};
use crate::operation::token;
use crate::{
    Action, DeployedStack, Error, Event, Holding, Observer, ResourceStatus, Session, Situation, StackEvent,
    StackStatus, Stuck, Wish, next_action,
};

/// How a stack gets back to where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WayBack {
    /// `RollbackStack`: an operation failed, and what it had done was kept.
    Undo,
    /// `ContinueUpdateRollback`: a rollback failed.
    Continue,
    /// `CancelUpdateStack`: an update is under way.
    Cancel,
    /// A rollback is under way: there is only its end to wait for.
    Follow,
    /// It is back already.
    Back,
    /// There is none.
    None(NoWayBack),
}

/// Why there is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoWayBack {
    /// The latest operation succeeded: only deploying what was there before undoes it.
    Succeeded,
    /// It is being made. Only deleting it ends that.
    BeingMade,
    /// It is being deleted, or was.
    Deleted,
    /// It has nothing but change sets.
    NeverMade,
    /// Its creation or its deletion failed half-way: it can only be deleted.
    HalfGone,
    /// An import is under way or failed; CloudFormation has no call for that.
    Import,
    /// It is in a status that did not exist when this was written.
    UnknownStatus,
}

/// The way back from a status: what [`next_action`] answers to the wish for one, and why where it answers that there is nothing to do.
#[must_use]
pub fn way_back(status: &StackStatus) -> WayBack {
    use StackStatus as S;
    let none = |why| WayBack::None(why);
    match (next_action(Wish::Rollback, &Situation::of(Some(status))), status) {
        (Action::RollBack, _) => WayBack::Undo,
        (Action::ContinueRollback, _) => WayBack::Continue,
        (Action::CancelUpdate, _) => WayBack::Cancel,
        (Action::Follow, _) => WayBack::Follow,
        // The clean-up after an update comes when the update is decided.
        (Action::WaitForCleanup, S::UpdateRollbackCompleteCleanupInProgress) => WayBack::Follow,
        (Action::WaitForCleanup, _) => none(NoWayBack::Succeeded),
        (Action::Nothing, S::RollbackComplete | S::UpdateRollbackComplete | S::ImportRollbackComplete) => WayBack::Back,
        (Action::Nothing, S::ReviewInProgress) => none(NoWayBack::NeverMade),
        (Action::Nothing, _) => none(NoWayBack::Succeeded),
        (Action::Absent, _) | (Action::Stuck(Stuck::NotCancellable), S::DeleteInProgress) => none(NoWayBack::Deleted),
        (Action::Stuck(Stuck::NotCancellable), S::CreateInProgress) => none(NoWayBack::BeingMade),
        (Action::Stuck(Stuck::RollbackFailed | Stuck::DeleteFailed), _) => none(NoWayBack::HalfGone),
        (Action::Stuck(Stuck::NotCancellable | Stuck::ImportRollbackFailed), _) => none(NoWayBack::Import),
        _ => none(NoWayBack::UnknownStatus),
    }
}

/// How to roll back.
#[derive(Clone, Debug, Default)]
pub struct RollbackOptions {
    /// The role that CloudFormation takes. Default: the one that it took before.
    pub role_arn: Option<String>,
    /// With [`WayBack::Undo`]: also delete what the failed operation made although its deletion policy says to keep it (default: no).
    pub delete_kept: bool,
}

impl Session {
    /// Takes the way back that the stack's status leaves, and waits for the end. The status it ends in.
    ///
    /// A cancellation can come too late: then the stack ends in `UPDATE_COMPLETE`.
    ///
    /// # Errors
    /// [`Error::NoWayBack`]; [`Error::Failed`] if the rollback fails, with the first cause.
    pub async fn roll_back(
        &self,
        stack: &DeployedStack,
        options: &RollbackOptions,
        observer: &dyn Observer,
    ) -> Result<StackStatus, Error> {
        let token = token();
        let way = way_back(&stack.status);
        let by = match way {
            WayBack::Undo => {
                self.undo(stack, options, &token).await?;
                By::Token(&token)
            }
            WayBack::Continue => {
                self.continue_rollback(stack, options.role_arn.as_deref(), &[], &token).await?;
                By::Token(&token)
            }
            WayBack::Cancel => {
                self.cancel(stack, &token).await?;
                // The update's events have the token of whoever started it.
                By::Since(stack.last_change.unwrap_or(0))
            }
            WayBack::Follow => By::Since(stack.last_change.unwrap_or(0)),
            WayBack::Back => return Ok(stack.status.clone()),
            WayBack::None(why) => {
                return Err(Error::NoWayBack { stack: stack.stack_name.clone(), status: stack.status.clone(), why });
            }
        };
        observer.event(Event::Started {
            stack: stack.stack_name.clone(),
            stack_id: stack.stack_id.clone(),
            changes: 0,
        });
        let ended = self.follow(&stack.stack_id, &Watch { stack_name: &stack.stack_name, by }, observer).await?;
        let is_back = way_back(&ended.status) == WayBack::Back;
        let is_too_late = way == WayBack::Cancel && ended.status == StackStatus::UpdateComplete;
        if is_back || is_too_late {
            return Ok(ended.status);
        }
        Err(Error::Failed(Box::new(self.failure(&stack.stack_name, &stack.stack_id, ended).await)))
    }

    /// What [`WayBack::Undo`] deletes that holds data: what the failed operation made, unless it is known to be empty.
    ///
    /// # Errors
    /// A call fails.
    pub async fn undone_data(
        &self,
        stack: &DeployedStack,
        is_stateful: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<Holding>, Error> {
        let Some(inventory) = self.inventory(&stack.stack_id, is_stateful).await? else { return Ok(Vec::new()) };
        let made = if stack.status == StackStatus::CreateFailed {
            None
        } else {
            let by = By::Since(stack.last_change.unwrap_or(0));
            let watch = Watch { stack_name: &stack.stack_name, by };
            Some(made_by(&self.new_events(&stack.stack_id, &watch, &mut HashSet::new()).await?))
        };
        let is_made = |holding: &Holding| made.as_ref().is_none_or(|made| made.contains(holding.resource.outermost()));
        Ok(inventory.holdings.into_iter().filter(|holding| is_made(holding) && !holding.contents.is_empty()).collect())
    }

    async fn undo(&self, stack: &DeployedStack, options: &RollbackOptions, token: &str) -> Result<(), Error> {
        let request = self
            .cloudformation
            .rollback_stack()
            .stack_name(&stack.stack_id)
            .set_role_arn(options.role_arn.clone())
            .retain_except_on_create(options.delete_kept)
            .client_request_token(token);
        let answer = request.send().await;
        self.begun(stack, answer.map(|_| ()).map_err(|error| Error::from_sdk("RollbackStack", &error))).await
    }

    /// Starts another try of a rollback that failed, without these resources: logical ids, or `NestedStackName.LogicalId`.
    pub(crate) async fn continue_rollback(
        &self,
        stack: &DeployedStack,
        role_arn: Option<&str>,
        skip: &[String],
        token: &str,
    ) -> Result<(), Error> {
        let request = self
            .cloudformation
            .continue_update_rollback()
            .stack_name(&stack.stack_id)
            .set_role_arn(role_arn.map(str::to_owned))
            .set_resources_to_skip((!skip.is_empty()).then(|| skip.to_vec()))
            .client_request_token(token);
        let answer = request.send().await;
        self.begun(stack, answer.map(|_| ()).map_err(|error| Error::from_sdk("ContinueUpdateRollback", &error))).await
    }

    async fn cancel(&self, stack: &DeployedStack, token: &str) -> Result<(), Error> {
        let request = self.cloudformation.cancel_update_stack().stack_name(&stack.stack_id).client_request_token(token);
        let answer = request.send().await;
        self.begun(stack, answer.map(|_| ()).map_err(|error| Error::from_sdk("CancelUpdateStack", &error))).await
    }

    /// A refusal is none if the stack has moved on: an earlier try of the same call arrived and only its answer was lost, or the operation has just ended.
    async fn begun(&self, stack: &DeployedStack, answer: Result<(), Error>) -> Result<(), Error> {
        let Err(error) = answer else { return Ok(()) };
        if error.code() != Some("ValidationError") {
            return Err(error);
        }
        match self.stack(&stack.stack_id).await? {
            Some(now) if now.status != stack.status => Ok(()),
            _ => Err(error),
        }
    }
}

/// The resources that the last operation made, or made anew in another's place.
///
/// Its beginning is looked for: times are told in whole seconds, so that the events since it may have the end of the operation before among them.
fn made_by(events: &[StackEvent]) -> HashSet<String> {
    let begins = |event: &StackEvent| event.is_stack && event.status == ResourceStatus::UpdateInProgress;
    let events = &events[events.iter().rposition(begins).unwrap_or(0)..];
    let is_new = |event: &&StackEvent| {
        !event.is_stack
            && (matches!(event.status, ResourceStatus::CreateInProgress | ResourceStatus::CreateComplete)
                || event.reason.as_deref().is_some_and(|reason| reason.contains("creation of a new physical resource")))
    };
    events.iter().filter(is_new).map(|event| event.logical_id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status() {
        use NoWayBack as No;
        let table = [
            ("CREATE_IN_PROGRESS", WayBack::None(No::BeingMade)),
            ("CREATE_FAILED", WayBack::Undo),
            ("CREATE_COMPLETE", WayBack::None(No::Succeeded)),
            ("ROLLBACK_IN_PROGRESS", WayBack::Follow),
            ("ROLLBACK_FAILED", WayBack::None(No::HalfGone)),
            ("ROLLBACK_COMPLETE", WayBack::Back),
            ("DELETE_IN_PROGRESS", WayBack::None(No::Deleted)),
            ("DELETE_FAILED", WayBack::None(No::HalfGone)),
            ("DELETE_COMPLETE", WayBack::None(No::Deleted)),
            ("UPDATE_IN_PROGRESS", WayBack::Cancel),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", WayBack::None(No::Succeeded)),
            ("UPDATE_COMPLETE", WayBack::None(No::Succeeded)),
            ("UPDATE_FAILED", WayBack::Undo),
            ("UPDATE_ROLLBACK_IN_PROGRESS", WayBack::Follow),
            ("UPDATE_ROLLBACK_FAILED", WayBack::Continue),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", WayBack::Follow),
            ("UPDATE_ROLLBACK_COMPLETE", WayBack::Back),
            ("REVIEW_IN_PROGRESS", WayBack::None(No::NeverMade)),
            ("IMPORT_IN_PROGRESS", WayBack::None(No::Import)),
            ("IMPORT_COMPLETE", WayBack::None(No::Succeeded)),
            ("IMPORT_ROLLBACK_IN_PROGRESS", WayBack::Follow),
            ("IMPORT_ROLLBACK_FAILED", WayBack::None(No::Import)),
            ("IMPORT_ROLLBACK_COMPLETE", WayBack::Back),
        ];
        assert_eq!(table.len(), StackStatus::ALL.len());
        for (status, way) in table {
            assert_eq!(way_back(&StackStatus::parse(status)), way, "{status}");
        }
        assert_eq!(way_back(&StackStatus::parse("TELEPORTED")), WayBack::None(No::UnknownStatus));
    }

    #[test]
    fn what_an_operation_made() {
        let event = |id: &str, status: &str, reason: Option<&str>| StackEvent {
            id: id.into(),
            time: None,
            stack_name: "s".into(),
            nested_in: Vec::new(),
            logical_id: id.into(),
            physical_id: None,
            resource_type: "AWS::DynamoDB::Table".into(),
            status: ResourceStatus::parse(status),
            reason: reason.map(str::to_owned),
            is_stack: false,
            hook: None,
        };
        let anew = "Requested update requires the creation of a new physical resource; hence creating one.";
        let made = made_by(&[
            event("New", "CREATE_COMPLETE", None),
            event("Changed", "UPDATE_COMPLETE", None),
            event("Replaced", "UPDATE_IN_PROGRESS", Some(anew)),
        ]);
        assert_eq!(made, HashSet::from(["New".to_owned(), "Replaced".to_owned()]));

        // What an operation in the same second made is not this one's.
        let begins = StackEvent { is_stack: true, ..event("s", "UPDATE_IN_PROGRESS", None) };
        let made = made_by(&[event("Old", "CREATE_COMPLETE", None), begins, event("New", "CREATE_COMPLETE", None)]);
        assert_eq!(made, HashSet::from(["New".to_owned()]));
    }
}
