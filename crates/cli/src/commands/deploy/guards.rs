//! What a plan would lose, and what of that needs an explicit word.

use skysmith_deploy::{Plan, is_guarded};
use skysmith_diff::TemplateDiff;

use crate::story::Loss;

/// What CloudFormation says will go, and what the specification says: an emulator, for one, says less than CloudFormation.
///
/// Where the specification only fears a replacement, CloudFormation knows better.
///
/// In a protected environment the guard is about all resources that are not replaced as a matter of course, and about those too that a policy keeps: the
/// stack no longer has them.
pub fn losses(plan: &Plan, found: &TemplateDiff) -> Vec<Loss> {
    let counts = |kind: &str| if plan.protect { is_guarded(kind) } else { skysmith_deploy::is_stateful(kind) };
    let by_plan = plan.data_loss(&counts);
    let mut losses: Vec<Loss> = by_plan.iter().filter(|loss| plan.protect || !loss.kept).map(Loss::of_plan).collect();
    for loss in found.data_losses() {
        let id = &loss.resource.logical_id;
        let is_planned = plan.changes.iter().any(|change| change.logical_id == *id);
        if by_plan.iter().all(|known| known.logical_id != *id) && is_planned && loss.is_certain {
            losses.push(Loss::of_diff(loss.resource));
        }
    }
    losses
}
