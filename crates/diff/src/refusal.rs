//! What CloudFormation is bound to refuse.
//!
//! It makes the new one of a replaced resource before it removes the old one. Where the template fixes a name that only one
//! resource may have, there cannot be two.

use std::collections::HashMap;

use skysmith_template::{Node, Resource, Template};

use crate::compare::{Comparison, Reading};
use crate::model::{Action, ResourceChange};
use crate::normal;
use crate::path::Path;

/// A change that CloudFormation is bound to refuse, before it starts or half-way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Why.
    pub reason: RefusalReason,
    /// What would avoid it; the simplest first.
    pub ways_out: Vec<WayOut>,
}

/// Why CloudFormation refuses a change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The resource is replaced, and the new one would have the name that the old one still has.
    NameStays {
        /// The name.
        name: FixedName,
        /// The properties that cannot change in place.
        causes: Vec<Path>,
    },
    /// The resource is new under its logical id, and has the name of one that is removed under another.
    NameTaken {
        /// The name.
        name: FixedName,
        /// The logical id of the one that has it now.
        by: String,
    },
    /// A resource cannot get another type under the same logical id.
    TypeChanges {
        /// The type it has.
        before: String,
        /// The type it would get.
        after: String,
    },
}

/// What avoids a refusal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WayOut {
    /// Give it another name, or none so that CloudFormation makes one up.
    Rename {
        /// The property.
        property: String,
    },
    /// Leave these properties as they are.
    TakeBack {
        /// The properties.
        paths: Vec<Path>,
    },
    /// Keep the logical id that it had.
    KeepLogicalId {
        /// The logical id.
        logical_id: String,
    },
    /// Give it another logical id: it is made anew and the old one removed.
    NewLogicalId,
    /// Deploy without it first, then with it: the old one is gone by then, with what is in it unless it is retained.
    RemoveFirst,
}

/// A name that the template fixes, and that no other resource of the type may have at the same time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FixedName {
    /// The property that has it.
    pub property: &'static str,
    /// The name.
    pub name: Node,
}

/// Names that are unique in an account and region, but not what identifies the resource.
const NAMES: [(&str, &str); 8] = [
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName"),
];

/// The property that gives a resource a name which no other of its type may have at the same time.
#[must_use]
pub fn name_property(resource_type: &str) -> Option<&'static str> {
    if let Some((_, property)) = NAMES.iter().find(|(kind, _)| *kind == resource_type) {
        return Some(property);
    }
    let kind = skysmith_spec::resource_type(resource_type)?;
    let mut identifier = kind.primary_identifier();
    // What takes several values to identify has a name only within something else.
    let name = identifier.next().filter(|_| identifier.next().is_none())?;
    kind.property(name).is_some_and(|property| !property.read_only()).then_some(name)
}

/// The type of a resource and the name that it fixes.
fn fixed_name(resource: Resource<'_>) -> Option<(&str, FixedName)> {
    let kind = resource.resource_type()?;
    let property = name_property(kind)?;
    Some((kind, FixedName { property, name: resource.property(property)?.clone() }))
}

/// The name that both resources fix, whichever their logical ids are, and that only one of them can have at a time.
#[must_use]
pub fn shared_name(before: Resource<'_>, after: Resource<'_>) -> Option<FixedName> {
    let ((old_kind, old), (kind, name)) = (fixed_name(before)?, fixed_name(after)?);
    // Another type is another namespace.
    (old_kind == kind && Comparison::is_same(&old.name, &name.name, Reading::Text)).then_some(name)
}

/// The same text for all names that are the same.
fn same_text(name: &Node) -> String {
    normal::canonical_text(&normal::value(name, Reading::Text))
}

/// What follows from the resources and moves as they are now.
pub(crate) fn all(before: &Template, after: &Template, resources: &[ResourceChange]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for resource in resources {
        if resource.action != Action::Replace {
            continue;
        }
        let refusal = |reason, ways_out| Refusal {
            logical_id: resource.logical_id.clone(),
            resource_type: resource.resource_type().unwrap_or_default().to_owned(),
            reason,
            ways_out,
        };
        if resource.before_type != resource.after_type {
            // A transform makes resources of other types of these.
            let is_expanded =
                |kind: &Option<String>| kind.as_deref().is_some_and(|it| it.starts_with("AWS::Serverless::"));
            if is_expanded(&resource.before_type) || is_expanded(&resource.after_type) {
                continue;
            }
            let name = |name: &Option<String>| name.clone().unwrap_or_default();
            let (before, after) = (name(&resource.before_type), name(&resource.after_type));
            refusals.push(refusal(RefusalReason::TypeChanges { before, after }, vec![WayOut::NewLogicalId]));
        } else if let Some(name) = &resource.fixed_name {
            let causes: Vec<Path> = resource.causes().map(|cause| cause.change.path.clone()).collect();
            let ways_out = vec![
                WayOut::Rename { property: name.property.to_owned() },
                WayOut::TakeBack { paths: causes.clone() },
                WayOut::RemoveFirst,
            ];
            refusals.push(refusal(RefusalReason::NameStays { name: name.clone(), causes }, ways_out));
        }
    }
    let mut taken: HashMap<(&str, String), &str> = HashMap::new();
    for old in resources.iter().filter(|it| it.action == Action::Remove) {
        if let Some(old) = before.resource(&old.logical_id)
            && let Some((kind, name)) = fixed_name(old)
        {
            taken.entry((kind, same_text(&name.name))).or_insert(old.logical_id());
        }
    }
    for resource in resources.iter().filter(|it| it.action == Action::Add && !taken.is_empty()) {
        let Some((kind, name)) = after.resource(&resource.logical_id).and_then(fixed_name) else { continue };
        let Some(by) = taken.get(&(kind, same_text(&name.name))).copied() else { continue };
        let mut ways_out = vec![WayOut::Rename { property: name.property.to_owned() }, WayOut::RemoveFirst];
        ways_out.insert(0, WayOut::KeepLogicalId { logical_id: by.to_owned() });
        refusals.push(Refusal {
            logical_id: resource.logical_id.clone(),
            resource_type: resource.resource_type().unwrap_or_default().to_owned(),
            reason: RefusalReason::NameTaken { name, by: by.to_owned() },
            ways_out,
        });
    }
    refusals
}

#[cfg(test)]
mod tests {
    use super::name_property;

    #[test]
    fn a_name_is_what_no_other_may_have() {
        assert_eq!(name_property("AWS::SNS::Topic"), Some("TopicName"));
        assert_eq!(name_property("AWS::S3::Bucket"), Some("BucketName"));
        assert_eq!(name_property("AWS::ApiGateway::RestApi"), None);
        assert_eq!(name_property("AWS::ApiGateway::Stage"), None);
        assert_eq!(name_property("AWS::Nowhere::Thing"), None);
    }
}
