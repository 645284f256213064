//! Stacks: the unit that CloudFormation deploys.

use std::ops::Deref;

use crate::builder::Draft;
use crate::scope::Scope;
use crate::tree::{Kind, StackData};

/// A CloudFormation stack: a scope whose resources are deployed together.
///
/// Its name is the ids from below the app to the stack, joined by `-`, unless the builder gives another one.
#[derive(Clone, Debug)]
pub struct Stack {
    pub(crate) scope: Scope,
}

impl Stack {
    /// A stack of no particular account and region: it goes wherever the credentials lead.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self::builder(scope, id).build()
    }

    /// A stack with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str) -> StackBuilder {
        StackBuilder { draft: Draft::new(scope, id), data: StackData::default() }
    }

    fn edit<T>(&self, f: impl FnOnce(&mut StackData) -> T) -> Option<T> {
        let mut tree = self.scope.tree.borrow_mut();
        match &mut tree.element_mut(self.scope.index).kind {
            Kind::Stack(data) => Some(f(data)),
            _ => None,
        }
    }

    /// The name that CloudFormation knows the stack by.
    pub fn name(&self) -> String {
        self.scope.tree.borrow().stack_name(self.scope.index)
    }

    /// Deploys `other` before this stack.
    pub fn depends_on(&self, other: &Self) {
        let id = other.node_id();
        self.edit(|data| {
            if !data.depends_on.contains(&id) {
                data.depends_on.push(id);
            }
        });
    }

    /// Adds a macro that CloudFormation runs over the whole template, such as `AWS::LanguageExtensions`.
    pub fn transform(&self, name: impl Into<String>) {
        let name = name.into();
        self.edit(|data| {
            if !data.transforms.contains(&name) {
                data.transforms.push(name);
            }
        });
    }

    /// Allows what `rule` finds in whatever is in this stack, for a reason that is kept in the template's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        self.scope.allow(rule.as_ref(), reason.into());
    }
}

impl Deref for Stack {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

/// How a stack uses values of other stacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrossStackReferences {
    /// The other stack exports them, and CloudFormation keeps it from removing what is imported.
    #[default]
    Strong,
    /// `Fn::GetStackOutput` reads the other stack's output at every deploy. Nothing ties the stacks together: the other one
    /// can remove the value, and this one has it only as of its own last deploy.
    Weak,
}

/// Settings of a [`Stack`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct StackBuilder {
    draft: Draft,
    data: StackData,
}

impl StackBuilder {
    /// The name that CloudFormation knows the stack by: letters, digits and `-`, starting with a letter, 128 characters
    /// at most.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.data.name = Some(name.into());
        self
    }

    /// The template's description, 1,024 bytes at most.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.data.description = Some(description.into());
        self
    }

    /// The account that the stack belongs to. Deploying it to another one is refused.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.data.account = Some(account.into());
        self
    }

    /// The region that the stack belongs to. Deploying it to another one is refused.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.data.region = Some(region.into());
        self
    }

    /// Whether CloudFormation refuses to delete the stack until this is switched off again.
    pub fn termination_protection(mut self, on: bool) -> Self {
        self.data.termination_protection = Some(on);
        self
    }

    /// How the stack uses values of other stacks. Through exports by default.
    pub fn cross_stack_references(mut self, references: CrossStackReferences) -> Self {
        self.data.cross_stack_references = references;
        self
    }

    /// Makes the stack.
    pub fn build(mut self) -> Stack {
        self.draft.mark_built();
        let parent = self.draft.parent();
        let (account, region) = parent.stage_environment();
        self.data.account = self.data.account.or(account);
        self.data.region = self.data.region.or(region);
        if parent.stack().is_some() {
            parent.error(format!(
                "stack `{}` is made inside of another stack; give it the app as its scope",
                self.draft.id()
            ));
        }
        let name = self.data.name.clone();
        let index = parent.add(self.draft.id(), Kind::Stack(Box::new(self.data)));
        let stack = Stack { scope: Scope { index, place: None, ..parent.clone() } };
        let name = name.unwrap_or_else(|| stack.name());
        if !is_stack_name(&name) {
            parent.error(format!(
                "`{name}` cannot be a stack's name: it takes letters, digits and `-`, starts with a letter and has at most 128 characters"
            ));
        }
        stack
    }
}

fn is_stack_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
