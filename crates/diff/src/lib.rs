//! Compares CloudFormation templates by meaning: what would change, what would be replaced and why, what would be lost.
//!
//! [`diff`] takes two templates and returns a [`TemplateDiff`] that is easy to walk. What CloudFormation and the services
//! take for the same is no difference: the order of keys, tags, policy statements and dependencies, `5` and `"5"`, one
//! action and a list of one, `Fn::Sub` and the `Fn::Join` that means the same, JSON in a string written in another way.
//!
//! Whether a resource is replaced comes from the specification, property by property, and travels along references until
//! nothing more changes; every [`Verdict`] says where it comes from. What becomes of the data of a resource that goes or
//! is replaced is its [`Fate`].
//!
//! The crate must not know files, accounts, the network, colours or words for people: the command line renders a diff,
//! and the deployment asks it for [`TemplateDiff::data_losses`].
//!
//! Invariants: a template has no difference to itself, resources stand in the order of the new template with the removed
//! ones behind, and no input panics.
//!
//! ```
//! use skysmith_diff::{Fate, Replacement, diff};
//! use skysmith_template::read_json;
//!
//! let table = |sort_key: &str| {
//!     let keys = format!(r#"[{{"AttributeName": "{sort_key}", "KeyType": "RANGE"}}]"#);
//!     let table = format!(r#"{{"Type": "AWS::DynamoDB::Table", "Properties": {{"KeySchema": {keys}}}}}"#);
//!     read_json(&format!(r#"{{"Resources": {{"Table": {table}}}}}"#)).expect("it is JSON").template
//! };
//! let diff = diff(&table("object"), &table("key"));
//! let change = &diff.resources[0].properties[0];
//! assert_eq!(change.change.path.to_string(), "KeySchema[RANGE].AttributeName");
//! assert_eq!(change.verdict.replacement, Replacement::Always);
//! assert_eq!(diff.resources[0].fate, Fate::DataLost);
//! ```

mod compare;
mod fate;
mod list;
mod model;
mod path;
mod policy;
mod resources;
mod sections;
mod text;
mod verdict;

pub use fate::{Fate, Retention};
pub use model::{
    Action, ChangeKind, DataLoss, EntryChange, PropertyChange, ResourceChange, Summary, TemplateDiff, ValueChange,
};
pub use path::{Path, PathStep};
pub use skysmith_spec::Replacement;
pub use verdict::{Origin, Verdict};

use skysmith_template::Template;

/// What it takes to come from one template to the other.
///
/// Conditions and parameters are not evaluated: a resource that is there only under a condition counts as there.
pub fn diff(before: &Template, after: &Template) -> TemplateDiff {
    let mut diff = TemplateDiff { resources: resources::compare(before, after), ..TemplateDiff::default() };
    sections::compare(before, after, &mut diff);
    diff
}
