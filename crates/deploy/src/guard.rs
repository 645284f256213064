//! What a planned change would lose for good. Pure: a judgement over the plan and the two templates.

use skysmith_template::{Node, Template};

use crate::change_set::{Change, ChangeAction, Replacement};

/// How a resource's data would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossKind {
    /// The resource leaves the template.
    Removed,
    /// A change makes a new one in its place.
    Replaced,
    /// A change may make a new one in its place; only deploying tells.
    MayBeReplaced,
}

/// Data that a change would lose, or leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataLoss {
    /// How.
    pub kind: LossKind,
    /// The resource.
    pub logical_id: String,
    /// Its name in AWS.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Whether a policy keeps the old resource, or a snapshot of it. Then nothing is lost, but the stack no longer has it.
    pub kept: bool,
    /// The properties that call for the replacement.
    pub properties: Vec<String>,
}

/// What the change would lose or leave behind, in the order of the changes. `is_stateful` tells whether a resource type holds data.
///
/// For a removal the deployed template's `DeletionPolicy` counts, since the new one has none; for a replacement the new template's `UpdateReplacePolicy`.
/// CloudFormation's own verdict (`PolicyAction`) wins over both.
#[must_use]
pub fn data_loss(
    changes: &[Change],
    old: Option<&Template>,
    new: &Template,
    is_stateful: &dyn Fn(&str) -> bool,
) -> Vec<DataLoss> {
    changes
        .iter()
        .filter(|change| is_stateful(&change.resource_type) || change.resource_type == "AWS::CloudFormation::Stack")
        .filter_map(|change| one(change, old, new))
        .collect()
}

fn one(change: &Change, old: Option<&Template>, new: &Template) -> Option<DataLoss> {
    let kind = match (&change.action, change.replacement) {
        (ChangeAction::Remove, _) => LossKind::Removed,
        (ChangeAction::Modify, Replacement::Always) => LossKind::Replaced,
        (ChangeAction::Modify, Replacement::Conditional) => LossKind::MayBeReplaced,
        _ => return None,
    };
    let kept = match change.policy_action.as_deref() {
        Some("Retain" | "Snapshot" | "ReplaceAndRetain" | "ReplaceAndSnapshot") => true,
        Some("Delete" | "ReplaceAndDelete") => false,
        _ => {
            let policy = match kind {
                LossKind::Removed => old
                    .and_then(|template| template.resource(&change.logical_id))
                    .map(skysmith_template::Resource::deletion_policy),
                LossKind::Replaced | LossKind::MayBeReplaced => {
                    new.resource(&change.logical_id).map(skysmith_template::Resource::update_replace_policy)
                }
            };
            keeps(policy.flatten(), &change.resource_type, kind)
        }
    };
    let properties = if kind == LossKind::Removed {
        Vec::new()
    } else {
        change
            .details
            .iter()
            .filter(|detail| detail.requires_recreation != Replacement::Never)
            .filter_map(|detail| detail.name.clone())
            .collect()
    };
    Some(DataLoss {
        kind,
        logical_id: change.logical_id.clone(),
        physical_id: change.physical_id.clone(),
        resource_type: change.resource_type.clone(),
        kept,
        properties,
    })
}

/// Whether a deletion or replacement policy keeps the data. Without one CloudFormation deletes, except that databases leave a snapshot when they are removed.
pub(crate) fn keeps(policy: Option<&Node>, resource_type: &str, kind: LossKind) -> bool {
    match policy.map(Node::as_str) {
        Some(Some("Retain" | "RetainExceptOnCreate" | "Snapshot")) => true,
        // A policy that is an expression (language extensions) may be anything.
        Some(_) => false,
        None => {
            kind == LossKind::Removed
                && matches!(resource_type, "AWS::RDS::DBCluster" | "AWS::Neptune::DBCluster" | "AWS::DocDB::DBCluster")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change_set::ChangeDetail;

    fn change(id: &str, action: ChangeAction, replacement: Replacement, policy_action: Option<&str>) -> Change {
        Change {
            action,
            logical_id: id.into(),
            physical_id: Some(format!("real-{id}")),
            resource_type: "AWS::DynamoDB::Table".into(),
            replacement,
            policy_action: policy_action.map(str::to_owned),
            scope: vec!["Properties".into()],
            details: vec![
                ChangeDetail {
                    attribute: "Properties".into(),
                    name: Some("KeySchema".into()),
                    requires_recreation: Replacement::Always,
                    ..ChangeDetail::default()
                },
                ChangeDetail {
                    attribute: "Properties".into(),
                    name: Some("Tags".into()),
                    requires_recreation: Replacement::Never,
                    ..ChangeDetail::default()
                },
            ],
        }
    }

    fn template(text: &str) -> Template {
        skysmith_template::read(text).unwrap().template
    }

    #[test]
    fn the_deployed_policy_counts_for_removals_and_the_new_one_for_replacements() {
        let old = template(
            r#"{"Resources":{"Kept":{"Type":"AWS::DynamoDB::Table","DeletionPolicy":"Retain"},"Lost":{"Type":"AWS::DynamoDB::Table"},"T":{"Type":"AWS::DynamoDB::Table","UpdateReplacePolicy":"Retain"}}}"#,
        );
        let new = template(
            r#"{"Resources":{"T":{"Type":"AWS::DynamoDB::Table"},"U":{"Type":"AWS::DynamoDB::Table","UpdateReplacePolicy":"Retain"}}}"#,
        );
        let changes = [
            change("Kept", ChangeAction::Remove, Replacement::Never, None),
            change("Lost", ChangeAction::Remove, Replacement::Never, None),
            change("T", ChangeAction::Modify, Replacement::Always, None),
            change("U", ChangeAction::Modify, Replacement::Conditional, None),
            change("V", ChangeAction::Modify, Replacement::Never, None),
            change("W", ChangeAction::Add, Replacement::Never, None),
        ];
        let losses = data_loss(&changes, Some(&old), &new, &|_| true);
        let seen: Vec<_> = losses.iter().map(|loss| (loss.logical_id.as_str(), loss.kind, loss.kept)).collect();
        assert_eq!(
            seen,
            [
                ("Kept", LossKind::Removed, true),
                ("Lost", LossKind::Removed, false),
                ("T", LossKind::Replaced, false),
                ("U", LossKind::MayBeReplaced, true)
            ]
        );
        assert_eq!(losses[2].properties, ["KeySchema"]);
        assert_eq!(data_loss(&changes, Some(&old), &new, &|_| false), []);
    }

    #[test]
    fn cloudformations_verdict_wins() {
        let old = template(r#"{"Resources":{"A":{"Type":"AWS::DynamoDB::Table","DeletionPolicy":"Retain"}}}"#);
        let removed = |verdict| {
            data_loss(
                &[change("A", ChangeAction::Remove, Replacement::Never, Some(verdict))],
                Some(&old),
                &Template::new(),
                &|_| true,
            )[0]
            .kept
        };
        assert!(removed("Retain") && removed("Snapshot") && !removed("Delete"));
        let mut nested = change("N", ChangeAction::Remove, Replacement::Never, None);
        nested.resource_type = "AWS::CloudFormation::Stack".into();
        assert_eq!(data_loss(&[nested], None, &Template::new(), &|_| false).len(), 1);
    }
}
