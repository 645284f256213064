//! What a plan would lose, and what of that needs an explicit word.

use skysmith_deploy::{Change, Plan, is_guarded};
use skysmith_diff::{DataLoss, TemplateDiff};

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
    for loss in found.data_losses().iter().filter(|loss| loss.is_certain) {
        let id = &loss.resource.logical_id;
        let is_known = by_plan.iter().any(|known| known.logical_id == *id && known.nested_in == loss.nested_in);
        if !is_known && is_planned(plan, loss) {
            losses.push(Loss::of_diff(loss));
        }
    }
    losses
}

/// Whether CloudFormation means to touch the resource at all; or the nested stack that it is in, where nothing more is known of that.
fn is_planned(plan: &Plan, loss: &DataLoss<'_>) -> bool {
    let has = |changes: &[Change], id: &str| changes.iter().any(|change| change.logical_id == id);
    match (plan.nested.iter().find(|nested| nested.path == loss.nested_in), loss.nested_in.first()) {
        (Some(nested), _) => has(&nested.changes, &loss.resource.logical_id),
        (None, Some(outermost)) => has(&plan.changes, outermost),
        (None, None) => has(&plan.changes, &loss.resource.logical_id),
    }
}
