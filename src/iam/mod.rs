//! Identity and Access Management: roles, policy statements, and grants.
//!
//! A grant is a statement that hangs on whoever may do something. The statements become policies when the program is done,
//! merged and without doubles: a role carries them inline, so that no function starts before its rights exist; a
//! bucket, topic or queue carries them in its own policy.

mod grant;
mod role;
mod statement;

pub use grant::{Grant, Grantee};
pub use role::{Role, RoleBuilder};
pub use statement::{Effect, PolicyDocument, Principal, Statement};
