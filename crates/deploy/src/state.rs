//! What to do next with a stack, as a pure function of what is known about it.

use crate::StackStatus;

/// What the caller wants of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It should exist as its template says.
    Deploy,
    /// It should not exist.
    Destroy,
}

/// What a failed creation left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftovers {
    /// Nobody has looked yet.
    NotKnown,
    /// Every resource was removed again.
    Nothing,
    /// Something was kept, by a policy or because it could not be removed.
    Something,
}

/// The one next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make a change set of type `CREATE`; the stack is missing or has nothing but change sets.
    Create,
    /// Make a change set of type `UPDATE`, or find that nothing changed.
    Update,
    /// Find out what the failed creation left behind, then ask again.
    LookForLeftovers,
    /// Delete the stack by its id (nothing is lost), then create it.
    DeleteThenCreate,
    /// Delete the stack.
    Delete,
    /// A deletion is under way: follow it.
    FollowDeletion,
    /// CloudFormation is tidying up after an update that is decided: wait for the end, then ask again.
    WaitForCleanup,
    /// There is nothing to do.
    Nothing,
    /// Another operation is under way.
    Busy,
    /// No operation that is wanted can start from here.
    Stuck(Stuck),
}

/// Why a stack cannot be deployed to as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stuck {
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
    /// It is in a status that did not exist when this was written.
    UnknownStatus,
}

/// The next step towards the wish, given the stack's status (`None`: there is no such stack).
///
/// Total over all statuses, unknown ones included. Nothing that holds resources is ever deleted on the way to a deployment.
#[must_use]
pub fn next_action(wish: Wish, status: Option<&StackStatus>, leftovers: Leftovers) -> Action {
    match wish {
        Wish::Deploy => towards_deployment(status, leftovers),
        Wish::Destroy => towards_destruction(status),
    }
}

fn towards_deployment(status: Option<&StackStatus>, leftovers: Leftovers) -> Action {
    use StackStatus as S;
    match status {
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
        Some(S::RollbackComplete) => match leftovers {
            Leftovers::NotKnown => Action::LookForLeftovers,
            Leftovers::Nothing => Action::DeleteThenCreate,
            Leftovers::Something => Action::Stuck(Stuck::KeptResources),
        },
        Some(S::UpdateCompleteCleanupInProgress | S::UpdateRollbackCompleteCleanupInProgress) => Action::WaitForCleanup,
        Some(
            S::CreateInProgress
            | S::RollbackInProgress
            | S::DeleteInProgress
            | S::UpdateInProgress
            | S::UpdateRollbackInProgress
            | S::ImportInProgress
            | S::ImportRollbackInProgress,
        ) => Action::Busy,
        Some(S::RollbackFailed) => Action::Stuck(Stuck::RollbackFailed),
        Some(S::UpdateRollbackFailed) => Action::Stuck(Stuck::UpdateRollbackFailed),
        Some(S::DeleteFailed) => Action::Stuck(Stuck::DeleteFailed),
        Some(S::ImportRollbackFailed) => Action::Stuck(Stuck::ImportRollbackFailed),
        Some(status @ S::Unknown(_)) if status.is_in_progress() => Action::Busy,
        Some(S::Unknown(_)) => Action::Stuck(Stuck::UnknownStatus),
    }
}

fn towards_destruction(status: Option<&StackStatus>) -> Action {
    use StackStatus as S;
    match status {
        None | Some(S::DeleteComplete) => Action::Nothing,
        Some(S::DeleteInProgress) => Action::FollowDeletion,
        Some(S::UpdateCompleteCleanupInProgress | S::UpdateRollbackCompleteCleanupInProgress) => Action::WaitForCleanup,
        Some(status) if status.is_in_progress() => Action::Busy,
        // A status that is not known may well be deletable; CloudFormation refuses if it is not, and nothing is lost by asking.
        Some(_) => Action::Delete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploy(status: &str, leftovers: Leftovers) -> Action {
        next_action(Wish::Deploy, Some(&StackStatus::parse(status)), leftovers)
    }

    #[test]
    fn every_status_towards_a_deployment() {
        let table = [
            ("CREATE_IN_PROGRESS", Action::Busy),
            ("CREATE_FAILED", Action::Update),
            ("CREATE_COMPLETE", Action::Update),
            ("ROLLBACK_IN_PROGRESS", Action::Busy),
            ("ROLLBACK_FAILED", Action::Stuck(Stuck::RollbackFailed)),
            ("ROLLBACK_COMPLETE", Action::LookForLeftovers),
            ("DELETE_IN_PROGRESS", Action::Busy),
            ("DELETE_FAILED", Action::Stuck(Stuck::DeleteFailed)),
            ("DELETE_COMPLETE", Action::Create),
            ("UPDATE_IN_PROGRESS", Action::Busy),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Action::WaitForCleanup),
            ("UPDATE_COMPLETE", Action::Update),
            ("UPDATE_FAILED", Action::Update),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Action::Busy),
            ("UPDATE_ROLLBACK_FAILED", Action::Stuck(Stuck::UpdateRollbackFailed)),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Action::WaitForCleanup),
            ("UPDATE_ROLLBACK_COMPLETE", Action::Update),
            ("REVIEW_IN_PROGRESS", Action::Create),
            ("IMPORT_IN_PROGRESS", Action::Busy),
            ("IMPORT_COMPLETE", Action::Update),
            ("IMPORT_ROLLBACK_IN_PROGRESS", Action::Busy),
            ("IMPORT_ROLLBACK_FAILED", Action::Stuck(Stuck::ImportRollbackFailed)),
            ("IMPORT_ROLLBACK_COMPLETE", Action::Update),
        ];
        assert_eq!(table.len(), StackStatus::ALL.len());
        for (status, action) in table {
            assert_eq!(deploy(status, Leftovers::NotKnown), action, "{status}");
        }
        assert_eq!(next_action(Wish::Deploy, None, Leftovers::NotKnown), Action::Create);
        assert_eq!(deploy("ROLLBACK_COMPLETE", Leftovers::Nothing), Action::DeleteThenCreate);
        assert_eq!(deploy("ROLLBACK_COMPLETE", Leftovers::Something), Action::Stuck(Stuck::KeptResources));
        assert_eq!(deploy("TELEPORT_IN_PROGRESS", Leftovers::NotKnown), Action::Busy);
        assert_eq!(deploy("TELEPORTED", Leftovers::NotKnown), Action::Stuck(Stuck::UnknownStatus));
    }

    #[test]
    fn every_status_towards_a_destruction() {
        assert_eq!(next_action(Wish::Destroy, None, Leftovers::NotKnown), Action::Nothing);
        for status in StackStatus::ALL {
            let action = next_action(Wish::Destroy, Some(status), Leftovers::NotKnown);
            let expected = match status.as_str() {
                "DELETE_COMPLETE" => Action::Nothing,
                "DELETE_IN_PROGRESS" => Action::FollowDeletion,
                "REVIEW_IN_PROGRESS" => Action::Delete,
                text if text.ends_with("_CLEANUP_IN_PROGRESS") => Action::WaitForCleanup,
                text if text.ends_with("_IN_PROGRESS") => Action::Busy,
                _ => Action::Delete,
            };
            assert_eq!(action, expected, "{status}");
        }
    }

    #[test]
    fn nothing_with_resources_is_deleted_to_deploy() {
        for leftovers in [Leftovers::NotKnown, Leftovers::Nothing, Leftovers::Something] {
            for status in StackStatus::ALL {
                let action = next_action(Wish::Deploy, Some(status), leftovers);
                assert!(!matches!(action, Action::Delete | Action::FollowDeletion));
                if action == Action::DeleteThenCreate {
                    assert_eq!((status, leftovers), (&StackStatus::RollbackComplete, Leftovers::Nothing));
                }
            }
        }
    }
}
