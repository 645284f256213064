//! Stages: the same stacks once for each account and region.

use std::ops::Deref;

use crate::builder::Draft;
use crate::scope::Scope;
use crate::tree::Kind;

/// A scope whose stacks belong to an account and a region, unless a stack says otherwise itself.
///
/// The stage's id stands in front of the names of its stacks: stack `web` of stage `Live` is deployed as `Live-web`, and is
/// chosen with all others of its stage by `Live/*`.
#[derive(Clone, Debug)]
pub struct Stage {
    scope: Scope,
}

impl Stage {
    /// A stage of no particular account and region.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self::builder(scope, id).build()
    }

    /// A stage with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str) -> StageBuilder {
        StageBuilder { draft: Draft::new(scope, id), account: None, region: None }
    }
}

impl Deref for Stage {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

/// Settings of a [`Stage`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct StageBuilder {
    draft: Draft,
    account: Option<String>,
    region: Option<String>,
}

impl StageBuilder {
    /// The account of the stage's stacks.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// The region of the stage's stacks.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Makes the stage.
    pub fn build(self) -> Stage {
        self.draft.mark_built();
        let parent = self.draft.parent();
        if parent.stack().is_some() {
            parent
                .error(format!("stage `{}` is made inside of a stack; give it the app as its scope", self.draft.id()));
        }
        let index = parent.add(self.draft.id(), Kind::Stage { account: self.account, region: self.region });
        Stage { scope: Scope { index, place: None, ..parent.clone() } }
    }
}
