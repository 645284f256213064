//! Every pair of a status and a wish, with everything that may be known besides.

use super::*;

/// All that can be known of a stack besides its status.
fn circumstances() -> impl Iterator<Item = (Leftovers, Whose, ChangeSets)> {
    let leftovers = [Leftovers::NotKnown, Leftovers::Nothing, Leftovers::Something];
    let owners = [Whose::NotKnown, Whose::Ours, Whose::Another];
    let change_sets = [ChangeSets::NotKnown, ChangeSets::Nothing, ChangeSets::Ours, ChangeSets::Another];
    leftovers.into_iter().flat_map(move |left| {
        owners.into_iter().flat_map(move |owner| change_sets.into_iter().map(move |sets| (left, owner, sets)))
    })
}

/// All statuses, no stack, and two that nobody has heard of.
fn stacks() -> Vec<Option<StackStatus>> {
    let unknown = ["TELEPORT_IN_PROGRESS", "TELEPORTED"].map(StackStatus::parse);
    let known = StackStatus::ALL.iter().cloned();
    std::iter::once(None).chain(known.chain(unknown).map(Some)).collect()
}

fn action(wish: Wish, stack: Option<&str>, leftovers: Leftovers, operation: Whose, change_sets: ChangeSets) -> Action {
    let status = stack.map(StackStatus::parse);
    next_action(wish, &Situation { stack: status.as_ref(), leftovers, operation, change_sets, chosen: None })
}

/// What to expect, written down by hand: the status, then the actions for deploy, import, destroy, rollback and repair. Short words stand for what
/// depends on more than the status; see [`expected`].
const TABLE: [(&str, [&str; 5]); 26] = [
    ("-", ["create", "import", "nothing", "absent", "absent"]),
    ("CREATE_IN_PROGRESS", ["owner", "owner", "owner", "stuck cancel", "follow"]),
    ("CREATE_FAILED", ["update", "stuck creation", "delete", "back", "stuck creation"]),
    ("CREATE_COMPLETE", ["update", "import", "delete", "nothing", "tidy"]),
    ("ROLLBACK_IN_PROGRESS", ["owner", "owner", "owner", "follow", "follow"]),
    ("ROLLBACK_FAILED", ["stuck rollback", "stuck rollback", "delete", "stuck rollback", "finish"]),
    ("ROLLBACK_COMPLETE", ["left create", "left create", "delete", "nothing", "look delete"]),
    ("DELETE_IN_PROGRESS", ["owner", "owner", "deletion", "stuck cancel", "deletion"]),
    ("DELETE_FAILED", ["stuck delete", "stuck delete", "delete", "stuck delete", "finish"]),
    ("DELETE_COMPLETE", ["create", "import", "nothing", "absent", "absent"]),
    ("UPDATE_IN_PROGRESS", ["owner", "owner", "owner", "cancel", "follow"]),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ["wait", "wait", "wait", "wait", "wait"]),
    ("UPDATE_COMPLETE", ["update", "import", "delete", "nothing", "tidy"]),
    ("UPDATE_FAILED", ["update", "stuck update", "delete", "back", "back"]),
    ("UPDATE_ROLLBACK_IN_PROGRESS", ["owner", "owner", "owner", "follow", "follow"]),
    ("UPDATE_ROLLBACK_FAILED", ["stuck continue", "stuck continue", "delete", "continue", "continue"]),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ["wait", "wait", "wait", "wait", "wait"]),
    ("UPDATE_ROLLBACK_COMPLETE", ["update", "import", "delete", "nothing", "tidy"]),
    ("REVIEW_IN_PROGRESS", ["create", "import", "delete", "nothing", "review"]),
    ("IMPORT_IN_PROGRESS", ["owner", "owner", "owner", "stuck cancel", "follow"]),
    ("IMPORT_COMPLETE", ["update", "import", "delete", "nothing", "tidy"]),
    ("IMPORT_ROLLBACK_IN_PROGRESS", ["owner", "owner", "owner", "follow", "follow"]),
    ("IMPORT_ROLLBACK_FAILED", ["stuck import", "stuck import", "delete", "stuck import", "stuck import"]),
    ("IMPORT_ROLLBACK_COMPLETE", ["update", "import", "delete", "nothing", "tidy"]),
    ("TELEPORT_IN_PROGRESS", ["owner", "owner", "owner", "owner", "follow"]),
    ("TELEPORTED", ["stuck unknown", "stuck unknown", "delete", "stuck unknown", "stuck unknown"]),
];

fn expected(word: &str, leftovers: Leftovers, owner: Whose, change_sets: ChangeSets) -> Action {
    let left = |if_nothing| match leftovers {
        Leftovers::NotKnown => Action::LookForLeftovers,
        Leftovers::Nothing => if_nothing,
        Leftovers::Something => Action::Stuck(Stuck::KeptResources),
    };
    match word {
        "create" => Action::Create,
        "update" => Action::Update,
        "import" => Action::Import,
        "nothing" => Action::Nothing,
        "absent" => Action::Absent,
        "delete" => Action::Delete,
        "deletion" => Action::FollowDeletion,
        "finish" => Action::FinishDeletion,
        "follow" => Action::Follow,
        "wait" => Action::WaitForCleanup,
        "back" => Action::RollBack,
        "continue" => Action::ContinueRollback,
        "cancel" => Action::CancelUpdate,
        "left create" => left(Action::DeleteThenCreate),
        "look delete" if leftovers == Leftovers::NotKnown => Action::LookForLeftovers,
        "look delete" => Action::Delete,
        "owner" => match owner {
            Whose::NotKnown => Action::LookForOperation,
            Whose::Ours => Action::Follow,
            Whose::Another => Action::Busy,
        },
        "review" => match change_sets {
            ChangeSets::NotKnown => Action::LookForChangeSets,
            ChangeSets::Nothing | ChangeSets::Ours => Action::Delete,
            ChangeSets::Another => Action::Stuck(Stuck::ForeignChangeSet),
        },
        "tidy" => match change_sets {
            ChangeSets::NotKnown => Action::LookForChangeSets,
            ChangeSets::Ours => Action::DiscardChangeSets,
            ChangeSets::Nothing | ChangeSets::Another => Action::Nothing,
        },
        "stuck creation" => Action::Stuck(Stuck::CreationFailed),
        "stuck update" => Action::Stuck(Stuck::UpdateFailed),
        "stuck rollback" => Action::Stuck(Stuck::RollbackFailed),
        "stuck continue" => Action::Stuck(Stuck::UpdateRollbackFailed),
        "stuck delete" => Action::Stuck(Stuck::DeleteFailed),
        "stuck import" => Action::Stuck(Stuck::ImportRollbackFailed),
        "stuck cancel" => Action::Stuck(Stuck::NotCancellable),
        "stuck unknown" => Action::Stuck(Stuck::UnknownStatus),
        other => panic!("{other}"),
    }
}

#[test]
fn every_status_and_every_wish() {
    assert_eq!(TABLE.len(), stacks().len());
    for status in StackStatus::ALL {
        assert!(TABLE.iter().any(|(text, _)| *text == status.as_str()), "{status} is not in the table");
    }
    let wishes = [Wish::Deploy, Wish::Import, Wish::Destroy, Wish::Rollback, Wish::Repair];
    let mut pairs = 0;
    for (status, words) in TABLE {
        for (wish, word) in wishes.into_iter().zip(words) {
            pairs += 1;
            for (leftovers, owner, change_sets) in circumstances() {
                let stack = (status != "-").then_some(status);
                assert_eq!(
                    action(wish, stack, leftovers, owner, change_sets),
                    expected(word, leftovers, owner, change_sets),
                    "{wish:?} from {status} with {leftovers:?}, {owner:?}, {change_sets:?}"
                );
            }
        }
    }
    assert_eq!(pairs, 130);
}

#[test]
fn every_change_set_and_every_stack() {
    use {ChangeSetStatus as C, ExecutionStatus as E};
    let change_sets: Vec<C> = C::ALL.iter().cloned().chain([C::parse("MELTED")]).collect();
    let executions: Vec<E> = E::ALL.iter().cloned().chain([E::parse("MELTED")]).collect();
    for stack in stacks() {
        for (_, operation, _) in circumstances() {
            let of =
                |chosen| next_action(Wish::Apply, &Situation { chosen, operation, ..Situation::of(stack.as_ref()) });
            if matches!(stack, None | Some(StackStatus::DeleteComplete)) {
                assert_eq!(of(None), Action::Absent);
                continue;
            }
            assert_eq!(of(None), Action::Stuck(Stuck::NoChangeSet));
            for (status, execution) in change_sets.iter().flat_map(|c| executions.iter().map(move |e| (c, e))) {
                let found = of(Some((status, execution)));
                let wanted = match (status.as_str(), execution.as_str()) {
                    ("CREATE_PENDING" | "CREATE_IN_PROGRESS", _) => Action::AwaitChangeSet,
                    ("CREATE_COMPLETE", "EXECUTE_IN_PROGRESS") => Action::Follow,
                    ("CREATE_COMPLETE", "EXECUTE_COMPLETE") => Action::Nothing,
                    ("CREATE_COMPLETE", "EXECUTE_FAILED") => Action::Stuck(Stuck::ChangeSetSpent),
                    ("CREATE_COMPLETE", "OBSOLETE") => Action::Stuck(Stuck::ChangeSetObsolete),
                    ("CREATE_COMPLETE", "UNAVAILABLE") => Action::Stuck(Stuck::ChangeSetUnusable),
                    ("MELTED", _) | ("CREATE_COMPLETE", "MELTED") => Action::Stuck(Stuck::UnknownStatus),
                    ("CREATE_COMPLETE", "AVAILABLE") => {
                        match next_action(Wish::Deploy, &Situation { operation, ..Situation::of(stack.as_ref()) }) {
                            Action::Create | Action::Update => Action::Execute,
                            Action::LookForLeftovers => Action::Stuck(Stuck::ChangeSetObsolete),
                            other => other,
                        }
                    }
                    _ => Action::Stuck(Stuck::ChangeSetUnusable),
                };
                assert_eq!(found, wanted, "{stack:?}, {status}, {execution}");
            }
        }
    }
}

#[test]
fn nothing_with_resources_is_deleted_to_deploy() {
    for stack in stacks() {
        for wish in [Wish::Deploy, Wish::Apply, Wish::Import] {
            for (leftovers, operation, change_sets) in circumstances() {
                let chosen = Some((&ChangeSetStatus::CreateComplete, &ExecutionStatus::Available));
                let situation = Situation { stack: stack.as_ref(), leftovers, operation, change_sets, chosen };
                let action = next_action(wish, &situation);
                assert!(!matches!(
                    action,
                    Action::Delete | Action::FollowDeletion | Action::FinishDeletion | Action::RollBack
                ));
                if action == Action::DeleteThenCreate {
                    assert_eq!((&stack, leftovers), (&Some(StackStatus::RollbackComplete), Leftovers::Nothing));
                }
            }
        }
    }
}

/// Whoever asks again with what was looked for gets another answer: nobody asks for ever.
#[test]
fn what_was_looked_for_is_not_looked_for_again() {
    for stack in stacks() {
        for wish in Wish::ALL {
            for leftovers in [Leftovers::Nothing, Leftovers::Something] {
                for operation in [Whose::Ours, Whose::Another] {
                    for change_sets in [ChangeSets::Nothing, ChangeSets::Ours, ChangeSets::Another] {
                        let chosen = Some((&ChangeSetStatus::CreateComplete, &ExecutionStatus::Available));
                        let situation = Situation { stack: stack.as_ref(), leftovers, operation, change_sets, chosen };
                        let action = next_action(wish, &situation);
                        assert!(!matches!(
                            action,
                            Action::LookForLeftovers | Action::LookForOperation | Action::LookForChangeSets
                        ));
                    }
                }
            }
        }
    }
}
