//! What to do next with a stack, as a pure function of what is known about it.
//!
//! [`next_action`] answers for every wish and every status, those included that CloudFormation has not invented yet. An answer may be to find something
//! out and to ask again: then the [`Situation`] holds one more fact the next time. The table of all answers is in `architecture/DEPLOY.md`; a test writes
//! it and proves it current.
//!
//! This must not know how a step is carried out, nor what AWS's SDK calls things.

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::{ChangeSetStatus, ExecutionStatus, StackStatus};

/// What the caller wants of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// It should exist as its template says.
    Deploy,
    /// A change set that was left for it should be carried out.
    Apply,
    /// Resources that exist should become part of it.
    Import,
    /// It should not exist.
    Destroy,
    /// It should be as it was before the latest operation, which failed or is under way.
    Rollback,
    /// It should be in a state from which a deployment can start.
    Repair,
}

impl Wish {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Deploy, Self::Apply, Self::Import, Self::Destroy, Self::Rollback, Self::Repair];
}

/// What a failed creation left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leftovers {
    /// Nobody has looked yet.
    #[default]
    NotKnown,
    /// Every resource was removed again.
    Nothing,
    /// Something was kept, by a policy or because it could not be removed.
    Something,
}

/// Who started the operation that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// Nobody has looked yet.
    #[default]
    NotKnown,
    /// A run of Skysmith: its token says so.
    Ours,
    /// Somebody else.
    Another,
}

/// The change sets of a stack that nobody has executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeSets {
    /// Nobody has looked yet.
    #[default]
    NotKnown,
    /// There is none.
    Nothing,
    /// There are some, and all were left behind by runs of Skysmith that were interrupted.
    Ours,
    /// One at least was made by somebody else, or left on purpose.
    Another,
}

/// What is known about a stack.
#[derive(Clone, Copy, Debug, Default)]
pub struct Situation<'a> {
    /// The stack's status; `None`: there is no such stack.
    pub stack: Option<&'a StackStatus>,
    /// What a failed creation left behind.
    pub leftovers: Leftovers,
    /// Who started the operation under way, if one is.
    pub operation: Whose,
    /// The stack's open change sets.
    pub change_sets: ChangeSets,
    /// The change set that is to be applied, with [`Wish::Apply`]; `None`: there is no such change set.
    pub chosen: Option<(&'a ChangeSetStatus, &'a ExecutionStatus)>,
}

impl<'a> Situation<'a> {
    /// Nothing is known but the stack's status.
    #[must_use]
    pub fn of(stack: Option<&'a StackStatus>) -> Self {
        Self { stack, ..Self::default() }
    }
}

/// The one next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Make a change set of type `CREATE`; the stack is missing or has nothing but change sets.
    Create,
    /// Make a change set of type `UPDATE`, or find that nothing changed.
    Update,
    /// Make a change set of type `IMPORT`.
    Import,
    /// Wait until CloudFormation has worked out the chosen change set, then ask again.
    AwaitChangeSet,
    /// Execute the chosen change set.
    Execute,
    /// Find out what the failed creation left behind, then ask again.
    LookForLeftovers,
    /// Find out who started the operation under way, then ask again.
    LookForOperation,
    /// Find out whose the open change sets are, then ask again.
    LookForChangeSets,
    /// Follow the operation under way to its end, then ask again.
    Follow,
    /// A deletion is under way, and is what is wanted: follow it.
    FollowDeletion,
    /// CloudFormation is tidying up after an update that is decided: wait for the end, then ask again.
    WaitForCleanup,
    /// Delete the stack by its id (nothing is lost), then create it.
    DeleteThenCreate,
    /// Delete the stack.
    Delete,
    /// Delete what a deletion or a rollback could not, then the stack: whatever blocks is emptied or kept.
    FinishDeletion,
    /// Delete the change sets that interrupted runs left behind.
    DiscardChangeSets,
    /// Cancel the update that is under way, which rolls it back.
    CancelUpdate,
    /// Take back the operation that failed with its rollback switched off.
    RollBack,
    /// Go on with the rollback that failed, without the resources that are in its way.
    ContinueRollback,
    /// There is nothing to do.
    Nothing,
    /// There is no such stack.
    Absent,
    /// Another operation is under way.
    Busy,
    /// No operation that is wanted can start from here.
    Stuck(Stuck),
}

/// Why nothing that is wanted can be done with a stack as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stuck {
    /// Its creation failed and was not rolled back.
    CreationFailed,
    /// Its latest update failed and was not rolled back.
    UpdateFailed,
    /// Its creation failed and some of its resources were kept; deleting it would lose sight of them.
    KeptResources,
    /// Its creation failed and so did the rollback: it must be deleted.
    RollbackFailed,
    /// An update failed and so did its rollback, which must be continued.
    UpdateRollbackFailed,
    /// Its deletion failed half-way; the deletion must be finished first.
    DeleteFailed,
    /// An import failed and so did its rollback.
    ImportRollbackFailed,
    /// The operation under way is none that can be cancelled.
    NotCancellable,
    /// It has nothing but change sets, and one of them is somebody else's.
    ForeignChangeSet,
    /// There is no change set of the name that was given.
    NoChangeSet,
    /// CloudFormation could not work out the change set, or is deleting it.
    ChangeSetUnusable,
    /// The change set was executed before, and that failed.
    ChangeSetSpent,
    /// The stack has been changed since the change set was made.
    ChangeSetObsolete,
    /// It is in a status that did not exist when this was written.
    UnknownStatus,
}

/// The next step towards the wish.
///
/// Total over all statuses, unknown ones included. Nothing that holds resources is ever deleted on the way to a deployment.
#[must_use]
pub fn next_action(wish: Wish, situation: &Situation<'_>) -> Action {
    match wish {
        Wish::Deploy => towards_deployment(situation),
        Wish::Apply => towards_application(situation),
        Wish::Import => towards_import(situation),
        Wish::Destroy => towards_destruction(situation),
        Wish::Rollback => towards_rollback(situation),
        Wish::Repair => towards_repair(situation),
    }
}

fn towards_deployment(situation: &Situation<'_>) -> Action {
    use StackStatus as S;
    match situation.stack {
        None | Some(S::DeleteComplete | S::ReviewInProgress) => Action::Create,
        // CREATE_FAILED and UPDATE_FAILED are what is left when rollback was off; an update goes on from there.
        Some(
            S::CreateComplete
            | S::CreateFailed
            | S::UpdateComplete
            | S::UpdateFailed
            | S::UpdateRollbackComplete
            | S::ImportComplete
            | S::ImportRollbackComplete,
        ) => Action::Update,
        Some(S::RollbackComplete) => by_leftovers(situation, Action::DeleteThenCreate),
        Some(S::UpdateCompleteCleanupInProgress | S::UpdateRollbackCompleteCleanupInProgress) => Action::WaitForCleanup,
        Some(
            S::CreateInProgress
            | S::RollbackInProgress
            | S::DeleteInProgress
            | S::UpdateInProgress
            | S::UpdateRollbackInProgress
            | S::ImportInProgress
            | S::ImportRollbackInProgress,
        ) => by_owner(situation),
        Some(S::RollbackFailed) => Action::Stuck(Stuck::RollbackFailed),
        Some(S::UpdateRollbackFailed) => Action::Stuck(Stuck::UpdateRollbackFailed),
        Some(S::DeleteFailed) => Action::Stuck(Stuck::DeleteFailed),
        Some(S::ImportRollbackFailed) => Action::Stuck(Stuck::ImportRollbackFailed),
        Some(status @ S::Unknown(_)) if status.is_in_progress() => by_owner(situation),
        Some(S::Unknown(_)) => Action::Stuck(Stuck::UnknownStatus),
    }
}

/// A change set can be executed wherever one can be made; what the stack needs before that makes the change set obsolete.
fn towards_application(situation: &Situation<'_>) -> Action {
    use ExecutionStatus as E;
    if matches!(situation.stack, None | Some(StackStatus::DeleteComplete)) {
        return Action::Absent;
    }
    let Some((status, execution)) = situation.chosen else { return Action::Stuck(Stuck::NoChangeSet) };
    match status {
        ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress => return Action::AwaitChangeSet,
        ChangeSetStatus::CreateComplete => {}
        ChangeSetStatus::Failed
        | ChangeSetStatus::DeletePending
        | ChangeSetStatus::DeleteInProgress
        | ChangeSetStatus::DeleteComplete
        | ChangeSetStatus::DeleteFailed => return Action::Stuck(Stuck::ChangeSetUnusable),
        ChangeSetStatus::Unknown(_) => return Action::Stuck(Stuck::UnknownStatus),
    }
    match execution {
        E::Available => {}
        E::ExecuteInProgress => return Action::Follow,
        E::ExecuteComplete => return Action::Nothing,
        E::ExecuteFailed => return Action::Stuck(Stuck::ChangeSetSpent),
        E::Obsolete => return Action::Stuck(Stuck::ChangeSetObsolete),
        E::Unavailable => return Action::Stuck(Stuck::ChangeSetUnusable),
        E::Unknown(_) => return Action::Stuck(Stuck::UnknownStatus),
    }
    match towards_deployment(situation) {
        Action::Create | Action::Update => Action::Execute,
        Action::LookForLeftovers | Action::DeleteThenCreate | Action::Stuck(Stuck::KeptResources) => {
            Action::Stuck(Stuck::ChangeSetObsolete)
        }
        other => other,
    }
}

/// Like a deployment, but CloudFormation imports only into stacks that are whole.
fn towards_import(situation: &Situation<'_>) -> Action {
    use StackStatus as S;
    match (situation.stack, towards_deployment(situation)) {
        (Some(S::CreateFailed), _) => Action::Stuck(Stuck::CreationFailed),
        (Some(S::UpdateFailed), _) => Action::Stuck(Stuck::UpdateFailed),
        (_, Action::Create | Action::Update) => Action::Import,
        (_, other) => other,
    }
}

fn towards_destruction(situation: &Situation<'_>) -> Action {
    use StackStatus as S;
    match situation.stack {
        None | Some(S::DeleteComplete) => Action::Nothing,
        Some(S::DeleteInProgress) => Action::FollowDeletion,
        Some(S::UpdateCompleteCleanupInProgress | S::UpdateRollbackCompleteCleanupInProgress) => Action::WaitForCleanup,
        Some(status) if status.is_in_progress() => by_owner(situation),
        // A status that is not known may well be deletable; CloudFormation refuses if it is not, and nothing is lost by asking.
        Some(_) => Action::Delete,
    }
}

fn towards_rollback(situation: &Situation<'_>) -> Action {
    use StackStatus as S;
    match situation.stack {
        None | Some(S::DeleteComplete) => Action::Absent,
        Some(
            S::ReviewInProgress
            | S::CreateComplete
            | S::RollbackComplete
            | S::UpdateComplete
            | S::UpdateRollbackComplete
            | S::ImportComplete
            | S::ImportRollbackComplete,
        ) => Action::Nothing,
        Some(S::CreateFailed | S::UpdateFailed) => Action::RollBack,
        Some(S::UpdateInProgress) => Action::CancelUpdate,
        Some(S::RollbackInProgress | S::UpdateRollbackInProgress | S::ImportRollbackInProgress) => Action::Follow,
        Some(S::UpdateCompleteCleanupInProgress | S::UpdateRollbackCompleteCleanupInProgress) => Action::WaitForCleanup,
        Some(S::CreateInProgress | S::ImportInProgress | S::DeleteInProgress) => Action::Stuck(Stuck::NotCancellable),
        Some(S::UpdateRollbackFailed) => Action::ContinueRollback,
        Some(S::RollbackFailed) => Action::Stuck(Stuck::RollbackFailed),
        Some(S::DeleteFailed) => Action::Stuck(Stuck::DeleteFailed),
        Some(S::ImportRollbackFailed) => Action::Stuck(Stuck::ImportRollbackFailed),
        Some(status @ S::Unknown(_)) if status.is_in_progress() => by_owner(situation),
        Some(S::Unknown(_)) => Action::Stuck(Stuck::UnknownStatus),
    }
}

fn towards_repair(situation: &Situation<'_>) -> Action {
    use StackStatus as S;
    match situation.stack {
        None | Some(S::DeleteComplete) => Action::Absent,
        Some(S::ReviewInProgress) => match situation.change_sets {
            ChangeSets::NotKnown => Action::LookForChangeSets,
            ChangeSets::Nothing | ChangeSets::Ours => Action::Delete,
            ChangeSets::Another => Action::Stuck(Stuck::ForeignChangeSet),
        },
        Some(
            S::CreateComplete
            | S::UpdateComplete
            | S::UpdateRollbackComplete
            | S::ImportComplete
            | S::ImportRollbackComplete,
        ) => match situation.change_sets {
            ChangeSets::NotKnown => Action::LookForChangeSets,
            ChangeSets::Ours => Action::DiscardChangeSets,
            ChangeSets::Nothing | ChangeSets::Another => Action::Nothing,
        },
        // A rollback would remove everything, which is more than was asked for.
        Some(S::CreateFailed) => Action::Stuck(Stuck::CreationFailed),
        Some(S::UpdateFailed) => Action::RollBack,
        // What was kept stays when the stack goes, and is named before that.
        Some(S::RollbackComplete) if situation.leftovers == Leftovers::NotKnown => Action::LookForLeftovers,
        Some(S::RollbackComplete) => Action::Delete,
        Some(S::RollbackFailed | S::DeleteFailed) => Action::FinishDeletion,
        Some(S::UpdateRollbackFailed) => Action::ContinueRollback,
        Some(S::ImportRollbackFailed) => Action::Stuck(Stuck::ImportRollbackFailed),
        Some(S::DeleteInProgress) => Action::FollowDeletion,
        Some(S::UpdateCompleteCleanupInProgress | S::UpdateRollbackCompleteCleanupInProgress) => Action::WaitForCleanup,
        // Whoever started it, its end is what decides.
        Some(status) if status.is_in_progress() => Action::Follow,
        Some(_) => Action::Stuck(Stuck::UnknownStatus),
    }
}

fn by_leftovers(situation: &Situation<'_>, if_nothing: Action) -> Action {
    match situation.leftovers {
        Leftovers::NotKnown => Action::LookForLeftovers,
        Leftovers::Nothing => if_nothing,
        Leftovers::Something => Action::Stuck(Stuck::KeptResources),
    }
}

fn by_owner(situation: &Situation<'_>) -> Action {
    match situation.operation {
        Whose::NotKnown => Action::LookForOperation,
        Whose::Ours => Action::Follow,
        Whose::Another => Action::Busy,
    }
}

/// In a few words, as the table has them.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "make a creating change set",
            Self::Update => "make an updating change set",
            Self::Import => "make an importing change set",
            Self::AwaitChangeSet => "wait for the change set",
            Self::Execute => "execute",
            Self::LookForLeftovers => "look for leftovers",
            Self::LookForOperation => "look whose operation it is",
            Self::LookForChangeSets => "look for change sets",
            Self::Follow => "follow",
            Self::FollowDeletion => "follow the deletion",
            Self::WaitForCleanup => "wait for the clean-up",
            Self::DeleteThenCreate => "delete, then create",
            Self::Delete => "delete",
            Self::FinishDeletion => "finish the deletion",
            Self::DiscardChangeSets => "discard the change sets",
            Self::CancelUpdate => "cancel the update",
            Self::RollBack => "roll back",
            Self::ContinueRollback => "continue the rollback",
            Self::Nothing => "nothing to do",
            Self::Absent => "there is no stack",
            Self::Busy => "refuse: busy",
            Self::Stuck(why) => return write!(f, "refuse: {why}"),
        })
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreationFailed => "its creation failed",
            Self::UpdateFailed => "its update failed",
            Self::KeptResources => "it kept resources",
            Self::RollbackFailed => "its rollback failed",
            Self::UpdateRollbackFailed => "its update's rollback failed",
            Self::DeleteFailed => "its deletion failed",
            Self::ImportRollbackFailed => "its import's rollback failed",
            Self::NotCancellable => "this cannot be cancelled",
            Self::ForeignChangeSet => "a change set of somebody else",
            Self::NoChangeSet => "no such change set",
            Self::ChangeSetUnusable => "the change set is unusable",
            Self::ChangeSetSpent => "the change set was executed and failed",
            Self::ChangeSetObsolete => "the stack moved on",
            Self::UnknownStatus => "unknown status",
        })
    }
}
