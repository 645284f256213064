//! Getting a stack out of a state from which no deployment starts.
//!
//! First a [`Diagnosis`], which changes nothing and says what a repair would do; then [`Session::repair`], which does it. What is in the way is tried again
//! before it is passed over: most of it was in the way for a moment only.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::arns::arn;
use crate::change_sets::OpenChangeSet;
use crate::failure::{is_cancellation, latest_operation};
use crate::inventory::{BUCKET, is_nested_stack};
use crate::monitor::{By, STACK_TYPE, Watch};
use crate::{
    Action, Cause, DeployedStack, Error, Event, Failure, Holding, Inventory, Observer, Released, ResourceStatus,
    RollbackOptions, Session, Situation, StackEvent, StackResource, StackStatus, Stuck, Wish, next_action,
};

/// Rounds of continuing a rollback or a deletion. Each must get further than the one before, so this is only reached by very deep dependencies.
const MAX_ROUNDS: usize = 10;
/// Nested stacks in nested stacks.
const MAX_DEPTH: usize = 6;

/// What kind of trouble a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// None.
    None,
    /// An operation is under way; whether it ends in trouble is not known yet.
    Busy,
    /// An operation failed and what it had done was kept: deploying goes on from there, and rolling back undoes it.
    Kept,
    /// An update failed, and so did its rollback.
    RollbackStuck,
    /// A deletion failed half-way, or the rollback of a creation did, which is one.
    DeletionStuck,
    /// The stack has never had anything but change sets.
    NeverMade,
    /// The creation failed and was rolled back.
    CreationFailed,
    /// CloudFormation offers nothing: an import's rollback failed, or the status is new.
    Beyond,
}

/// What trouble a stack of this status is in: what [`next_action`] answers to the wish for a repair, before anything else is known.
#[must_use]
pub fn trouble(status: &StackStatus) -> Trouble {
    match next_action(Wish::Repair, &Situation::of(Some(status))) {
        Action::LookForChangeSets if *status == StackStatus::ReviewInProgress => Trouble::NeverMade,
        Action::LookForLeftovers => Trouble::CreationFailed,
        Action::ContinueRollback => Trouble::RollbackStuck,
        Action::FinishDeletion => Trouble::DeletionStuck,
        Action::RollBack | Action::Stuck(Stuck::CreationFailed) => Trouble::Kept,
        Action::Follow | Action::FollowDeletion => Trouble::Busy,
        Action::LookForChangeSets | Action::WaitForCleanup | Action::Absent | Action::Nothing => Trouble::None,
        _ => Trouble::Beyond,
    }
}

/// What a repair means to do with a resource that is in the way of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is deleted if it can be by now; otherwise it stays, outside the stack.
    TryAgain,
    /// It is a bucket that is emptied and deleted.
    Emptied,
    /// It is a full bucket that nobody allowed to empty: it stays, outside the stack.
    Kept,
    /// It is a nested stack, whose own deletion is finished first.
    Finished,
}

/// A resource that is in the way of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocking {
    /// The resource; its status reason says why.
    pub resource: StackResource,
    /// What becomes of it.
    pub fate: Fate,
    /// Its ARN, where that is known.
    pub arn: Option<String>,
}

/// What is wrong with a stack, and what a repair would do. Nothing has been changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The stack.
    pub stack: DeployedStack,
    /// The trouble it is in.
    pub trouble: Trouble,
    /// With [`Trouble::RollbackStuck`]: what could not be rolled back.
    pub failed: Vec<Cause>,
    /// With [`Trouble::DeletionStuck`]: what is in the way.
    pub blocking: Vec<Blocking>,
    /// With [`Trouble::DeletionStuck`]: what the stack still has.
    pub inventory: Option<Inventory>,
    /// With [`Trouble::CreationFailed`]: what a policy kept. It stays, outside the stack.
    pub kept: Vec<Released>,
    /// With [`Trouble::Kept`], after an update: what undoing it deletes that holds data.
    pub undone: Vec<Holding>,
    /// Change sets of earlier runs that nobody executed.
    pub leftovers: Vec<OpenChangeSet>,
    /// Change sets that somebody else made; they are left alone, and so is a stack that has only these.
    pub foreign: Vec<OpenChangeSet>,
}

impl Diagnosis {
    /// Whether [`Session::repair`] has anything to do.
    #[must_use]
    pub fn is_repairable(&self) -> bool {
        match self.trouble {
            Trouble::RollbackStuck | Trouble::DeletionStuck | Trouble::CreationFailed => true,
            Trouble::NeverMade => self.foreign.is_empty() || !self.leftovers.is_empty(),
            // What a failed creation made would be all there is: that is for a rollback to be asked.
            Trouble::Kept => self.stack.status == StackStatus::UpdateFailed || !self.leftovers.is_empty(),
            Trouble::None => !self.leftovers.is_empty(),
            Trouble::Busy | Trouble::Beyond => false,
        }
    }
}

/// How to repair.
#[derive(Clone, Debug, Default)]
pub struct RepairOptions {
    /// Empty full buckets that are in the way although they are not marked for it (default: they are kept).
    pub allow_data_loss: bool,
    /// The role that CloudFormation takes. Default: the one that it took before.
    pub role_arn: Option<String>,
}

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// The stack's status now; `None`: the stack is gone.
    pub status: Option<StackStatus>,
    /// What a rollback passed over, as it was named to CloudFormation. These no longer are as the template says.
    pub skipped: Vec<String>,
    /// Buckets that were emptied.
    pub emptied: Vec<String>,
    /// What is there still and belongs to no stack any more.
    pub released: Vec<Released>,
    /// Change sets that were removed.
    pub change_sets: Vec<String>,
}

impl Session {
    /// Finds out what is wrong with a stack; `None` if there is no such stack. Nothing is changed.
    ///
    /// # Errors
    /// A call fails.
    pub async fn diagnose(
        &self,
        stack_name: &str,
        options: &RepairOptions,
        is_stateful: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Option<Diagnosis>, Error> {
        let Some(stack) = self.stack(stack_name).await? else { return Ok(None) };
        let trouble = trouble(&stack.status);
        let (leftovers, foreign) = self.open_change_sets(&stack.stack_name).await?;
        let mut diagnosis = Diagnosis {
            stack,
            trouble,
            failed: Vec::new(),
            blocking: Vec::new(),
            inventory: None,
            kept: Vec::new(),
            undone: Vec::new(),
            leftovers,
            foreign,
        };
        let id = diagnosis.stack.stack_id.clone();
        match trouble {
            Trouble::RollbackStuck => {
                let found = self.stuck_at(&id, &[], By::Everything).await?;
                diagnosis.failed = found.into_values().collect();
                // Events are kept for 90 days; the resources' own statuses stay.
                if diagnosis.failed.is_empty() {
                    diagnosis.failed = failing(self.resources(&id).await?);
                }
            }
            Trouble::DeletionStuck => {
                if let Some(mut inventory) = self.inventory(&id, is_stateful).await? {
                    self.add_reasons(&mut inventory).await;
                    diagnosis.blocking = self.blocking(&inventory, options);
                    diagnosis.inventory = Some(inventory);
                }
            }
            Trouble::CreationFailed => {
                let left = self.left_by_failed_creation(&diagnosis.stack).await?;
                diagnosis.kept = left.into_iter().map(|resource| self.released(resource)).collect();
            }
            Trouble::Kept if diagnosis.stack.status == StackStatus::UpdateFailed => {
                diagnosis.undone = self.undone_data(&diagnosis.stack, is_stateful).await?;
            }
            _ => {}
        }
        Ok(Some(diagnosis))
    }

    /// Does what the diagnosis says. Every step carries a token, so that a repetition changes nothing twice; killed half-way, another run goes on.
    ///
    /// # Errors
    /// [`Error::Failed`] with what is still in the way, once a round gets no further than the one before.
    pub async fn repair(
        &self,
        diagnosis: &Diagnosis,
        options: &RepairOptions,
        observer: &dyn Observer,
    ) -> Result<Repaired, Error> {
        let stack = &diagnosis.stack;
        let mut done = Repaired { status: Some(stack.status.clone()), ..Repaired::default() };
        for leftover in &diagnosis.leftovers {
            self.remove_change_set(&stack.stack_id, &leftover.id).await?;
            done.change_sets.push(leftover.name.clone());
        }
        match diagnosis.trouble {
            Trouble::RollbackStuck => self.finish_rollback(stack, options, observer, &mut done).await?,
            Trouble::DeletionStuck => {
                self.finish_deletion(stack, options, observer, &mut done, diagnosis.inventory.clone(), 0).await?;
                done.status = None;
            }
            Trouble::Kept if stack.status == StackStatus::UpdateFailed => {
                let options = RollbackOptions { role_arn: options.role_arn.clone(), ..RollbackOptions::default() };
                done.status = Some(self.roll_back(stack, &options, observer).await?);
            }
            Trouble::NeverMade if diagnosis.foreign.is_empty() => {
                self.delete_never_made(&stack.stack_id).await?;
                done.status = None;
            }
            Trouble::CreationFailed => {
                self.delete_and_follow(stack, options.role_arn.as_deref(), observer).await?;
                done.released.clone_from(&diagnosis.kept);
                done.status = None;
            }
            _ => {}
        }
        Ok(done)
    }

    /// Waits for the end of an operation that is under way, whoever started it. The status it ends in.
    ///
    /// # Errors
    /// [`Error::LostSight`].
    pub async fn end_of_operation(&self, stack: &DeployedStack, observer: &dyn Observer) -> Result<StackStatus, Error> {
        // The stack's last change is none of the operation's where that deletes it, for one.
        let operation = self.latest_operation(&stack.stack_id).await.unwrap_or_default();
        let by = match (&operation.token, operation.since) {
            (Some(token), _) => By::Token(token),
            (None, Some(since)) => By::From(since),
            (None, None) => By::Since(stack.last_change.unwrap_or(0)),
        };
        let ended = self.follow(&stack.stack_id, &Watch { stack_name: &stack.stack_name, by }, observer).await?;
        Ok(ended.status)
    }

    /// Continues the rollback until it gets through, passing over only what failed in the try before.
    async fn finish_rollback(
        &self,
        stack: &DeployedStack,
        options: &RepairOptions,
        observer: &dyn Observer,
        done: &mut Repaired,
    ) -> Result<(), Error> {
        // Without passing over anything first: what was in the way may have been mended.
        let mut skip: Vec<String> = Vec::new();
        for round in 1.. {
            let token = crate::operation::token();
            self.continue_rollback(stack, options.role_arn.as_deref(), &skip, &token).await?;
            observer.event(Event::Started {
                stack: stack.stack_name.clone(),
                stack_id: stack.stack_id.clone(),
                changes: 0,
            });
            let watch = Watch { stack_name: &stack.stack_name, by: By::Token(&token) };
            let ended = self.follow(&stack.stack_id, &watch, observer).await?;
            done.skipped.append(&mut skip);
            done.status = Some(ended.status.clone());
            if ended.status == StackStatus::UpdateRollbackComplete {
                return Ok(());
            }
            let found = self.stuck_among(&stack.stack_id, &[], ended.events.clone(), 0).await?;
            // What was passed over and is in the way all the same will be the next time as well.
            let is_further = found.keys().any(|name| !done.skipped.contains(name));
            if ended.status != StackStatus::UpdateRollbackFailed || !is_further || round == MAX_ROUNDS {
                return Err(Error::Failed(Box::new(self.failure(&stack.stack_name, &stack.stack_id, ended).await)));
            }
            skip = found.into_keys().filter(|name| !done.skipped.contains(name)).collect();
            let message = format!("passing over what cannot be rolled back: {}", skip.join(", "));
            observer.event(Event::Warning { stack: stack.stack_name.clone(), message });
        }
        Ok(())
    }

    /// What a stack's latest operation could not roll back, by the names that CloudFormation takes to pass over it.
    async fn stuck_at(
        &self,
        stack_id: &str,
        nested_in: &[String],
        by: By<'_>,
    ) -> Result<BTreeMap<String, Cause>, Error> {
        let watch = Watch { stack_name: "", by };
        let events = self.new_events(stack_id, &watch, &mut HashSet::new()).await?;
        Box::pin(self.stuck_among(stack_id, nested_in, latest_rollback(events), nested_in.len())).await
    }

    /// The same, among these events of it.
    async fn stuck_among(
        &self,
        stack_id: &str,
        nested_in: &[String],
        events: Vec<StackEvent>,
        depth: usize,
    ) -> Result<BTreeMap<String, Cause>, Error> {
        let mut found = BTreeMap::new();
        for cause in failed_last(&events) {
            let inner = cause.physical_id.clone().filter(|id| id.starts_with("arn:") && id != stack_id);
            if cause.resource_type == STACK_TYPE
                && depth < MAX_DEPTH
                && let Some(inner) = inner
            {
                let path = [nested_in, std::slice::from_ref(&cause.logical_id)].concat();
                let deeper = self.stuck_at(&inner, &path, By::Everything).await?;
                // A nested stack that is being deleted is passed over as a whole.
                if !deeper.is_empty() {
                    found.extend(deeper);
                    continue;
                }
            }
            found.insert(
                skip_name(stack_id, nested_in, &cause.logical_id),
                Cause { nested_in: nested_in.to_vec(), ..cause },
            );
        }
        Ok(found)
    }

    /// What a failed creation left behind: what a policy kept, or what could not be removed.
    pub(crate) async fn left_by_failed_creation(&self, stack: &DeployedStack) -> Result<Vec<StackResource>, Error> {
        let mut left = self.resources(&stack.stack_id).await?;
        left.retain(|resource| resource.status != ResourceStatus::DeleteComplete);
        // The list need not have what the stack has let go of; its history does.
        let watch = Watch { stack_name: &stack.stack_name, by: By::Everything };
        for event in self.new_events(&stack.stack_id, &watch, &mut HashSet::new()).await? {
            let is_listed = left.iter().any(|resource| resource.logical_id == event.logical_id);
            if event.status == ResourceStatus::DeleteSkipped && !is_listed {
                left.push(StackResource {
                    logical_id: event.logical_id,
                    physical_id: event.physical_id,
                    resource_type: event.resource_type,
                    status: event.status,
                    reason: event.reason,
                    nested_in: Vec::new(),
                });
            }
        }
        Ok(left)
    }

    /// Why each resource could not be deleted, from the events where the list does not say. The reasons are only shown.
    async fn add_reasons(&self, inventory: &mut Inventory) {
        let watch = Watch { stack_name: &inventory.stack.stack_name, by: By::Everything };
        let Ok(events) = self.new_events(&inventory.stack.stack_id, &watch, &mut HashSet::new()).await else { return };
        for cause in failed_last(&events) {
            let resource = inventory.resources.iter_mut().find(|resource| resource.logical_id == cause.logical_id);
            if let Some(resource) = resource.filter(|resource| resource.reason.is_none()) {
                resource.reason = Some(cause.reason);
            }
        }
    }

    /// What is in the way of a deletion, and what is to become of it.
    fn blocking(&self, inventory: &Inventory, options: &RepairOptions) -> Vec<Blocking> {
        let failed = inventory.resources.iter().filter(|resource| resource.status == ResourceStatus::DeleteFailed);
        failed
            .map(|resource| {
                let holding = inventory.holdings.iter().find(|holding| holding.resource.path() == resource.logical_id);
                let fate = match holding {
                    Some(holding) if resource.resource_type == BUCKET && !holding.contents.is_empty() => {
                        if holding.emptied || options.allow_data_loss { Fate::Emptied } else { Fate::Kept }
                    }
                    _ if is_nested_stack(resource) => Fate::Finished,
                    _ => Fate::TryAgain,
                };
                Blocking { arn: arn(resource, &self.placeholders()), resource: resource.clone(), fate }
            })
            .collect()
    }

    /// Deletes until the stack is gone: empties what may be emptied, finishes nested stacks, tries everything once more, and lets go of what still stays.
    async fn finish_deletion(
        &self,
        stack: &DeployedStack,
        options: &RepairOptions,
        observer: &dyn Observer,
        done: &mut Repaired,
        mut known: Option<Inventory>,
        depth: usize,
    ) -> Result<(), Error> {
        let mut tried: BTreeSet<String> = BTreeSet::new();
        let mut kept: BTreeMap<String, StackResource> = BTreeMap::new();
        let mut last: Option<Box<Failure>> = None;
        for _ in 0..MAX_ROUNDS {
            // The first round goes by what was found, and agreed to, before.
            let inventory = match known.take() {
                Some(inventory) => inventory,
                None => match self.inventory(&stack.stack_id, &crate::is_stateful).await? {
                    Some(inventory) => inventory,
                    None => break,
                },
            };
            if inventory.stack.status == StackStatus::DeleteComplete {
                break;
            }
            // Only a failed deletion can be told what to keep: a failed rollback must become one first.
            let may_keep = inventory.stack.status == StackStatus::DeleteFailed;
            let mut is_further = last.is_none();
            for blocking in self.blocking(&inventory, options) {
                let id = blocking.resource.logical_id.clone();
                let is_first = tried.insert(id.clone());
                match (blocking.fate, &blocking.resource.physical_id) {
                    (Fate::Emptied, Some(bucket)) => {
                        match self.empty_bucket(bucket, observer).await {
                            Err(error) if error.code() == Some("NoSuchBucket") => {}
                            other => other?,
                        }
                        if is_first {
                            done.emptied.push(bucket.clone());
                        }
                        is_further |= is_first;
                    }
                    (Fate::Finished, Some(inner)) if is_first && depth < MAX_DEPTH => {
                        if let Some(nested) = self.stack(inner).await?
                            && trouble(&nested.status) == Trouble::DeletionStuck
                        {
                            Box::pin(self.finish_deletion(&nested, options, observer, done, None, depth + 1)).await?;
                        }
                        is_further = true;
                    }
                    (Fate::Kept, _) => is_further |= may_keep && kept.insert(id, blocking.resource).is_none(),
                    _ if is_first => is_further = true,
                    _ => is_further |= may_keep && kept.insert(id, blocking.resource).is_none(),
                }
            }
            if let (Some(failure), false) = (last.take(), is_further) {
                return Err(Error::Failed(failure));
            }
            let retain: Vec<String> = if may_keep { kept.keys().cloned().collect() } else { Vec::new() };
            match self.delete_keeping(stack, &retain, options.role_arn.as_deref(), observer).await {
                Ok(()) => {
                    done.released.extend(kept.into_values().map(|resource| self.released(resource)));
                    return Ok(());
                }
                Err(Error::Failed(failure)) => last = Some(failure),
                Err(error) => return Err(error),
            }
        }
        match last {
            Some(failure) => Err(Error::Failed(failure)),
            None => Ok(()),
        }
    }
}

/// How CloudFormation wants a resource named that a rollback is to pass over: inside a nested stack with that stack's name, which is not its logical id.
fn skip_name(stack_id: &str, nested_in: &[String], logical_id: &str) -> String {
    if nested_in.is_empty() {
        return logical_id.to_owned();
    }
    // arn:aws:cloudformation:region:account:stack/NAME/uuid
    let name = stack_id.split('/').nth(1).unwrap_or(stack_id);
    format!("{name}.{logical_id}")
}

/// The resources whose latest event is a failure of their own, not the cancellation that follows another's.
fn failed_last(events: &[StackEvent]) -> Vec<Cause> {
    let mut last: BTreeMap<&str, &StackEvent> = BTreeMap::new();
    for event in events.iter().filter(|event| !event.is_stack) {
        last.insert(&event.logical_id, event);
    }
    let mut failed: Vec<&StackEvent> = last
        .into_values()
        .filter(|event| event.status.is_failure() && !is_cancellation(event.reason.as_deref().unwrap_or_default()))
        .collect();
    failed.sort_by_key(|event| event.time);
    failed.into_iter().map(Cause::of).collect()
}

/// The resources whose own status says that they could not be rolled back.
fn failing(resources: Vec<StackResource>) -> Vec<Cause> {
    let is_failing = |resource: &StackResource| {
        resource.status == ResourceStatus::UpdateFailed
            && !is_cancellation(resource.reason.as_deref().unwrap_or_default())
    };
    let cause = |resource: StackResource| Cause {
        logical_id: resource.logical_id,
        physical_id: resource.physical_id,
        resource_type: resource.resource_type,
        status: resource.status,
        reason: resource.reason.unwrap_or_default(),
        nested_in: Vec::new(),
        hook: None,
        time: None,
        trail: None,
        property: None,
    };
    resources.into_iter().filter(is_failing).map(cause).collect()
}

/// The events since the latest rollback began; what failed before that is what caused it.
fn latest_rollback(events: Vec<StackEvent>) -> Vec<StackEvent> {
    let begins = |event: &StackEvent| event.is_stack && event.status.as_str().ends_with("ROLLBACK_IN_PROGRESS");
    match events.iter().rposition(begins) {
        Some(start) => events.into_iter().skip(start).collect(),
        None => latest_operation(events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, status: &str, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: format!("{id}-{status}"),
            time: None,
            stack_name: "s".into(),
            nested_in: Vec::new(),
            logical_id: id.into(),
            physical_id: None,
            resource_type: "AWS::SQS::Queue".into(),
            status: ResourceStatus::parse(status),
            reason: reason.map(str::to_owned),
            is_stack: id == "s",
            hook: None,
        }
    }

    #[test]
    fn every_status() {
        for status in StackStatus::ALL {
            let expected = match status.as_str() {
                "UPDATE_ROLLBACK_FAILED" => Trouble::RollbackStuck,
                "DELETE_FAILED" | "ROLLBACK_FAILED" => Trouble::DeletionStuck,
                "CREATE_FAILED" | "UPDATE_FAILED" => Trouble::Kept,
                "REVIEW_IN_PROGRESS" => Trouble::NeverMade,
                "ROLLBACK_COMPLETE" => Trouble::CreationFailed,
                "IMPORT_ROLLBACK_FAILED" => Trouble::Beyond,
                text if text.ends_with("_CLEANUP_IN_PROGRESS") => Trouble::None,
                text if text.ends_with("_IN_PROGRESS") => Trouble::Busy,
                text => {
                    assert!(text.ends_with("_COMPLETE"), "{text}");
                    Trouble::None
                }
            };
            assert_eq!(trouble(status), expected, "{status}");
        }
        assert_eq!(trouble(&StackStatus::parse("TELEPORTED")), Trouble::Beyond);
        assert_eq!(trouble(&StackStatus::parse("TELEPORT_IN_PROGRESS")), Trouble::Busy);
    }

    #[test]
    fn only_what_failed_of_itself_in_the_rollback_is_passed_over() {
        let history = vec![
            event("s", "UPDATE_IN_PROGRESS", None),
            event("Cause", "UPDATE_FAILED", Some("why the update failed")),
            event("s", "UPDATE_ROLLBACK_IN_PROGRESS", None),
            event("Mended", "UPDATE_FAILED", Some("first try")),
            event("Cause", "UPDATE_COMPLETE", None),
            event("Mended", "UPDATE_COMPLETE", None),
            event("Stuck", "UPDATE_FAILED", Some("it is gone")),
            event("Other", "UPDATE_FAILED", Some("Resource update cancelled")),
            event("s", "UPDATE_ROLLBACK_FAILED", None),
        ];
        let failed = failed_last(&latest_rollback(history));
        assert_eq!(failed.iter().map(|cause| cause.logical_id.as_str()).collect::<Vec<_>>(), ["Stuck"]);
    }

    #[test]
    fn nested_resources_are_named_with_their_stack() {
        let id = "arn:aws:cloudformation:eu-west-1:1:stack/web-Compute-1ABC/uuid";
        assert_eq!(skip_name(id, &["Compute".to_owned()], "Asg"), "web-Compute-1ABC.Asg");
        assert_eq!(skip_name(id, &[], "Asg"), "Asg");
    }
}
