//! Grants: who may do what with a resource.

use super::{Role, Statement};

/// Someone who can be given rights: a role, or what acts as one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given rights",
    note = "roles and functions can; give the role that acts for it"
)]
pub trait Grantee {
    /// The role that the rights go to.
    fn grant_role(&self) -> &Role;
}

impl Grantee for Role {
    fn grant_role(&self) -> &Role {
        self
    }
}

impl<G: Grantee> Grantee for &G {
    fn grant_role(&self) -> &Role {
        (*self).grant_role()
    }
}

/// What a grant added, for those who want to look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    statement: Statement,
}

impl Grant {
    /// Gives `grantee` what `statement` says.
    #[track_caller]
    pub fn add(grantee: &impl Grantee, statement: Statement) -> Self {
        grantee.grant_role().add_to_policy(statement.clone());
        Self { statement }
    }

    /// The statement that was added.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }
}
