//! Nested stacks: stacks that are resources of another one.

use std::ops::Deref;

use crate::builder::Draft;
use crate::resource::{RemovalPolicy, Resource};
use crate::scope::Scope;
use crate::tree::{Kind, StackData};

/// A stack inside of another one, deployed and removed with it: room for more than the 500 resources of one template.
///
/// Values cross its border both ways without ado: what it uses of the outside becomes a parameter, what the outside uses of
/// it an output.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html>
#[derive(Clone, Debug)]
pub struct NestedStack {
    scope: Scope,
    resource: Resource,
}

impl NestedStack {
    /// A nested stack in the stack that `scope` is in.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        let draft = Draft::new(scope, id);
        draft.mark_built();
        let parent = draft.parent();
        if parent.stack().is_none() {
            parent.error(format!("nested stack `{id}` is in no stack"));
        }
        // The CDK's ids, so that a nested stack can move between the two.
        let outside = parent.child(&format!("{id}.NestedStack"));
        let resource = Resource::new(&outside, &format!("{id}.NestedStackResource"), "AWS::CloudFormation::Stack");
        // It goes with what is in it, where each resource has a policy of its own; the CDK says so as well.
        resource.removal_policy(RemovalPolicy::Destroy);
        let data = StackData { nested_in: Some(resource.node_id()), ..StackData::default() };
        let index = parent.add(id, Kind::Stack(Box::new(data)));
        Self { scope: Scope { index, place: None, ..parent.clone() }, resource }
    }

    /// The resource that stands for this stack in the one around it.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Allows what `rule` finds in whatever is in this stack, for a reason that is kept in the template's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        self.scope.allow(rule.as_ref(), reason.into());
    }
}

impl Deref for NestedStack {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}
