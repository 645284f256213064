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
    /// A function: known only when conditions are.
    Unknown,
}

/// The fate of a resource that the new template no longer has. What the old template said of it counts.
pub(crate) fn of_removal(before: Resource<'_>) -> Fate {
    settle(policy(before, before.deletion_policy()), before, true)
}

/// The fate of the old one of a resource that is replaced, or of which that is not certain. What the new template says of
/// it counts: CloudFormation cleans up at the end of the update, by then with the new attributes.
pub(crate) fn of_replacement(before: Resource<'_>, after: Resource<'_>, is_certain: bool) -> Fate {
    let policy = match after.update_replace_policy() {
        None => Policy::Delete,
        Some(node) => read(node),
    };
    settle(policy, before, is_certain)
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

fn policy(resource: Resource<'_>, node: Option<&Node>) -> Policy {
    match node {
        Some(node) => read(node),
        // Databases are the exception to the rule that what is removed is deleted.
        None => match resource.resource_type() {
            Some("AWS::RDS::DBCluster") => Policy::Snapshot,
            Some("AWS::RDS::DBInstance") if resource.property("DBClusterIdentifier").is_none() => Policy::Snapshot,
            _ => Policy::Delete,
        },
    }
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
    let is_kept = |resource: Resource<'_>| {
        matches!(policy(resource, resource.deletion_policy()), Policy::Retain | Policy::Snapshot)
    };
    is_stateful && before.resource_type() == after.resource_type() && is_kept(before) && !is_kept(after)
}
