//! What becomes of a resource, and of the data in it, when it is removed or replaced.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html>

use skysmith_template::{Node, Resource};

/// What becomes of what is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// Nothing is there yet, or it lives on.
    Kept,
    /// It is deleted, and can be made again from the template.
    Deleted,
    /// It is not deleted but no longer part of the stack.
    LeavesStack(Retention),
    /// It is deleted, and its data with it.
    DataLost,
    /// Its data may be lost: whether it is replaced or retained depends on what only the service or a condition decides.
    DataAtRisk,
}

/// What is left of a resource that leaves the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retention {
    /// The resource itself.
    Resource,
    /// A snapshot of it.
    Snapshot,
}

/// What a policy says.
enum Policy {
    Delete,
    Retain,
    Snapshot,
    /// A function of which nothing is known.
    Unknown,
}

impl Policy {
    fn retention(&self) -> Option<Retention> {
        match self {
            Self::Retain => Some(Retention::Resource),
            Self::Snapshot => Some(Retention::Snapshot),
            Self::Delete | Self::Unknown => None,
        }
    }
}

/// The fate of a resource that the new template no longer has. What the old template said of it counts.
pub(crate) fn of_removal(before: Resource<'_>) -> Fate {
    settle(on_removal(before), before, true)
}

/// The fate of the old one of a resource that is replaced, or of which that is not certain. What the new template says of
/// it counts: CloudFormation cleans up at the end of the update, by then with the new attributes.
pub(crate) fn of_replacement(before: Resource<'_>, after: Resource<'_>, is_certain: bool) -> Fate {
    settle(on_replacement(after), before, is_certain)
}

/// What is left of the resource when it is removed, going by the template that it is deployed with: by its `DeletionPolicy`, and without
/// one by what CloudFormation does with its type. `None` also where only a condition decides.
#[must_use]
pub fn kept_when_removed(resource: Resource<'_>) -> Option<Retention> {
    on_removal(resource).retention()
}

/// What is left of the old one of a resource when it is replaced, going by the `UpdateReplacePolicy` in the new template. `None` also where
/// only a condition decides.
#[must_use]
pub fn kept_when_replaced(resource: Resource<'_>) -> Option<Retention> {
    on_replacement(resource).retention()
}

fn settle(policy: Policy, before: Resource<'_>, is_certain: bool) -> Fate {
    let is_stateful = before.resource_type().is_some_and(skysmith_spec::is_stateful);
    match (policy, is_stateful, is_certain) {
        (Policy::Retain, _, true) => Fate::LeavesStack(Retention::Resource),
        (Policy::Snapshot, _, true) => Fate::LeavesStack(Retention::Snapshot),
        (Policy::Retain | Policy::Snapshot, _, false) => Fate::Kept,
        (Policy::Delete, true, true) => Fate::DataLost,
        (Policy::Delete, true, false) | (Policy::Unknown, true, _) => Fate::DataAtRisk,
        (Policy::Delete | Policy::Unknown, false, true) => Fate::Deleted,
        (Policy::Delete | Policy::Unknown, false, false) => Fate::Kept,
    }
}

fn on_removal(resource: Resource<'_>) -> Policy {
    match (resource.deletion_policy(), resource.resource_type()) {
        (Some(node), _) => read(node),
        // The only exceptions to the rule that what is removed is deleted. Clusters of Neptune, say, leave no snapshot.
        (None, Some("AWS::RDS::DBCluster")) => Policy::Snapshot,
        (None, Some("AWS::RDS::DBInstance")) if resource.property("DBClusterIdentifier").is_none() => Policy::Snapshot,
        (None, _) => Policy::Delete,
    }
}

/// Of a replacement there are no exceptions.
fn on_replacement(resource: Resource<'_>) -> Policy {
    resource.update_replace_policy().map_or(Policy::Delete, read)
}

fn read(node: &Node) -> Policy {
    match node {
        Node::String(text) => match text.as_str() {
            "Retain" | "RetainExceptOnCreate" => Policy::Retain,
            "Snapshot" => Policy::Snapshot,
            _ => Policy::Delete,
        },
        Node::Intrinsic(_) => Policy::Unknown,
        _ => Policy::Delete,
    }
}

/// Whether the old template keeps the data of a resource that is removed, and the new one would not.
pub(crate) fn is_no_longer_kept(before: Resource<'_>, after: Resource<'_>) -> bool {
    let is_stateful = after.resource_type().is_some_and(skysmith_spec::is_stateful);
    let is_kept = |resource| kept_when_removed(resource).is_some();
    is_stateful && before.resource_type() == after.resource_type() && is_kept(before) && !is_kept(after)
}

#[cfg(test)]
mod tests {
    use skysmith_template::read_json;

    use super::{Retention, kept_when_removed, kept_when_replaced};

    #[test]
    fn what_is_not_certain_to_be_kept_is_not_kept() {
        let (resource, snapshot) = (Some(Retention::Resource), Some(Retention::Snapshot));
        for (body, removed, replaced) in [
            (r#""Type":"AWS::DynamoDB::Table""#, None, None),
            (r#""Type":"AWS::DynamoDB::Table","DeletionPolicy":"Retain""#, resource, None),
            (r#""Type":"AWS::DynamoDB::Table","DeletionPolicy":"RetainExceptOnCreate""#, resource, None),
            (r#""Type":"AWS::DynamoDB::Table","UpdateReplacePolicy":"Retain""#, None, resource),
            (r#""Type":"AWS::DynamoDB::Table","DeletionPolicy":{"Fn::If":["C","Retain","Delete"]}"#, None, None),
            (r#""Type":"AWS::RDS::DBCluster""#, snapshot, None),
            (r#""Type":"AWS::RDS::DBCluster","DeletionPolicy":"Delete""#, None, None),
            (r#""Type":"AWS::RDS::DBCluster","DeletionPolicy":{"Ref":"Policy"}"#, None, None),
            (r#""Type":"AWS::RDS::DBInstance""#, snapshot, None),
            (r#""Type":"AWS::RDS::DBInstance","Properties":{"DBClusterIdentifier":"c"}"#, None, None),
            (r#""Type":"AWS::Neptune::DBCluster""#, None, None),
            (r#""Type":"AWS::Neptune::DBCluster","DeletionPolicy":"Snapshot""#, snapshot, None),
            (r#""Type":"AWS::DocDB::DBCluster""#, None, None),
        ] {
            let template = read_json(&format!(r#"{{"Resources":{{"X":{{{body}}}}}}}"#)).unwrap().template;
            let found = template.resource("X").unwrap();
            assert_eq!((kept_when_removed(found), kept_when_replaced(found)), (removed, replaced), "{body}");
        }
    }
}
