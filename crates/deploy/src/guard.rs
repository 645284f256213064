//! What a planned change would lose for good. Pure: a judgement over the plan and the two templates.

use skysmith_diff::{kept_when_removed, kept_when_replaced};
use skysmith_template::{Resource, Template};

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
    /// Nothing goes yet, but the policy that would have kept it when it is removed no longer does.
    NoLongerKept,
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
    /// The nested stacks that it lies in, from the outermost: their logical ids.
    pub nested_in: Vec<String>,
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
    let mut losses: Vec<DataLoss> = changes
        .iter()
        .filter(|change| is_stateful(&change.resource_type) || change.resource_type == "AWS::CloudFormation::Stack")
        .filter_map(|change| one(change, old, new))
        .collect();
    for resource in new.resources() {
        let Some(kind) = resource.resource_type().filter(|kind| is_stateful(kind)) else { continue };
        let id = resource.logical_id();
        let before = old.and_then(|old| old.resource(id)).filter(|before| before.resource_type() == Some(kind));
        let was_kept = before.and_then(kept_when_removed).is_some();
        if was_kept && kept_when_removed(resource).is_none() && losses.iter().all(|loss| loss.logical_id != id) {
            losses.push(DataLoss {
                kind: LossKind::NoLongerKept,
                logical_id: id.to_owned(),
                physical_id: changes
                    .iter()
                    .find(|change| change.logical_id == id)
                    .and_then(|change| change.physical_id.clone()),
                resource_type: kind.to_owned(),
                kept: false,
                properties: Vec::new(),
                nested_in: Vec::new(),
            });
        }
    }
    losses
}

/// Types whose resources are replaced or removed as a matter of course: versions and snapshots of something else, and what has no content of its own.
const ROUTINE: [&str; 12] = [
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::ECS::TaskDefinition",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::S3::BucketPolicy",
];

/// Whether a resource of this type may be replaced or removed in a protected environment only with an explicit word: all but those that are replaced as a
/// matter of course.
#[must_use]
pub fn is_guarded(resource_type: &str) -> bool {
    !ROUTINE.contains(&resource_type)
}

/// A resource that would be replaced under the name that its predecessor still has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FixedName {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The property that gives it its name.
    pub property: String,
    /// Its name in AWS.
    pub physical_id: Option<String>,
    /// The properties that call for the replacement.
    pub causes: Vec<String>,
}

/// The resources that CloudFormation is bound to refuse to replace: it makes the new one before it removes the old one, and both would have the same name.
#[must_use]
pub fn bound_to_fail(changes: &[Change], old: Option<&Template>, new: &Template) -> Vec<FixedName> {
    let certain = |change: &&Change| change.action == ChangeAction::Modify && change.replacement == Replacement::Always;
    let fixed = |change: &Change| {
        let (before, after) = (old?.resource(&change.logical_id)?, new.resource(&change.logical_id)?);
        let property = skysmith_diff::shared_name(before, after)?.property;
        // The same words may stand for another value.
        if change.details.iter().any(|detail| detail.name.as_deref() == Some(property)) {
            return None;
        }
        Some(FixedName {
            logical_id: change.logical_id.clone(),
            resource_type: change.resource_type.clone(),
            property: property.to_owned(),
            physical_id: change.physical_id.clone(),
            causes: causes(change),
        })
    };
    changes.iter().filter(certain).filter_map(fixed).collect()
}

fn causes(change: &Change) -> Vec<String> {
    let is_cause = |detail: &&crate::ChangeDetail| detail.requires_recreation != Replacement::Never;
    let mut names: Vec<String> =
        change.details.iter().filter(is_cause).filter_map(|detail| detail.name.clone()).collect();
    names.dedup();
    names
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
            let in_template = |template: Option<&Template>, kept: &dyn Fn(Resource<'_>) -> bool| {
                template.and_then(|template| template.resource(&change.logical_id)).is_some_and(kept)
            };
            match kind {
                LossKind::Removed => in_template(old, &|it| kept_when_removed(it).is_some()),
                LossKind::Replaced | LossKind::MayBeReplaced | LossKind::NoLongerKept => {
                    in_template(Some(new), &|it| kept_when_replaced(it).is_some())
                }
            }
        }
    };
    let properties = if kind == LossKind::Removed { Vec::new() } else { causes(change) };
    Some(DataLoss {
        kind,
        logical_id: change.logical_id.clone(),
        physical_id: change.physical_id.clone(),
        resource_type: change.resource_type.clone(),
        kept,
        properties,
        nested_in: Vec::new(),
    })
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
    fn a_policy_that_no_longer_keeps_is_told() {
        let with = |policy: &str| {
            template(&format!(
                r#"{{"Resources":{{"T":{{"Type":"AWS::DynamoDB::Table"{policy}}},"Q":{{"Type":"AWS::SQS::Queue"{policy}}}}}}}"#
            ))
        };
        let stateful = |kind: &str| kind == "AWS::DynamoDB::Table";
        let judged = |old: &str, new: &str| data_loss(&[], Some(&with(old)), &with(new), &stateful);
        let (retain, delete) = (r#","DeletionPolicy":"Retain""#, r#","DeletionPolicy":"Delete""#);
        for new in [delete, ""] {
            let losses = judged(retain, new);
            assert_eq!(losses.len(), 1, "{losses:?}");
            assert_eq!(
                (losses[0].logical_id.as_str(), losses[0].kind, losses[0].kept),
                ("T", LossKind::NoLongerKept, false)
            );
        }
        for (old, new) in
            [(retain, retain), (delete, retain), ("", delete), (retain, r#","DeletionPolicy":"Snapshot""#)]
        {
            assert_eq!(judged(old, new), [], "{old} {new}");
        }
        assert_eq!(data_loss(&[], None, &with(delete), &stateful), []);
    }

    #[test]
    fn a_name_cannot_be_had_twice() {
        let table = |name: &str| {
            template(&format!(
                r#"{{"Resources":{{"T":{{"Type":"AWS::DynamoDB::Table","Properties":{{{name}"A":1}}}}}}}}"#
            ))
        };
        let named = table(r#""TableName":"orders","#);
        let replaced = change("T", ChangeAction::Modify, Replacement::Always, None);
        let found = bound_to_fail(std::slice::from_ref(&replaced), Some(&named), &named);
        assert_eq!((found[0].property.as_str(), found[0].physical_id.as_deref()), ("TableName", Some("real-T")));
        assert_eq!(found[0].causes, ["KeySchema"]);
        // A name that CloudFormation makes up, another name, and a value that changes behind the same words.
        assert_eq!(bound_to_fail(std::slice::from_ref(&replaced), Some(&table("")), &table("")), []);
        assert_eq!(
            bound_to_fail(std::slice::from_ref(&replaced), Some(&named), &table(r#""TableName":"others","#)),
            []
        );
        let mut renamed = replaced;
        renamed.details[1].name = Some("TableName".into());
        assert_eq!(bound_to_fail(&[renamed], Some(&named), &named), []);
        let perhaps = change("T", ChangeAction::Modify, Replacement::Conditional, None);
        assert_eq!(bound_to_fail(&[perhaps], Some(&named), &named), []);
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
