//! Compares CloudFormation templates by meaning: what would change, what would be replaced and why, what would be lost.
//!
//! [`diff`] takes two templates and returns a [`TemplateDiff`] that is easy to walk. What CloudFormation and the services
//! take for the same is no difference: the order of keys, tags, policy statements, dependencies and whatever else a service takes
//! in any order, `5` and `"5"`, one action and a list of one, `Fn::Sub` and the `Fn::Join` that means the same, JSON in a string
//! written in another way.
//!
//! Whether a resource is replaced comes from the specification, property by property, and travels along references until
//! nothing more changes; every [`Verdict`] says where it comes from. What becomes of the data of a resource that goes or
//! is replaced is its [`Fate`].
//!
//! [`compare`] takes the values of the parameters as well. Conditions that follow from them are decided then, and what is compared is
//! what is there in effect; the rest counts as written. [`Known`] is what such values tell of one template.
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

mod apply;
mod code;
mod compare;
mod conditions;
mod fate;
mod iam;
mod known;
mod list;
mod model;
mod moves;
mod normal;
mod observed;
mod orderless;
mod outputs;
mod parameters;
mod path;
mod policy;
mod refusal;
mod resources;
mod risk;
mod sections;
mod security;
mod text;
mod verdict;
mod watched;

pub use code::{Code, CodeChange, File, FileChange, FileChanges, Hunk, Line, Lines, compare_files, compare_lines};
pub use fate::{Fate, Retention, kept_when_removed, kept_when_replaced};
pub use iam::{Broadening, Condition, Effect, PolicyKind, Principal, Rights, Statement, StatementChange, Which};
pub use known::Known;
pub use model::{
    Action, ChangeKind, DataLoss, EntryChange, PropertyChange, ResourceChange, Rewritten, Summary, TemplateDiff,
    ValueChange,
};
pub use moves::Move;
pub use normal::normalise;
pub use observed::{Judge, Observed, ObservedCause};
pub use outputs::{OutputChange, OutputChangeKind};
pub use parameters::{ParameterChange, ParameterValue, Side};
pub use path::{Path, PathStep};
pub use refusal::{FixedName, Refusal, RefusalReason, WayOut, name_property, shared_name};
pub use risk::{Helper, Risk, RiskKind};
pub use security::{SecurityChange, Topic, Trend};
pub use skysmith_spec::Replacement;
pub use verdict::{Origin, Verdict};

use std::collections::HashSet;

use conditions::{Conditions, Effective};
use skysmith_template::Template;

/// What it takes to come from one template to the other.
///
/// Conditions and parameters are not evaluated: a resource that is there only under a condition counts as there.
#[must_use]
pub fn diff(before: &Template, after: &Template) -> TemplateDiff {
    compare(before.into(), after.into())
}

/// What it takes to come from one template with its parameters to the other with its own.
///
/// A parameter that gets another value changes what refers to it, and may replace it. Where the values are known on both sides, so
/// are the conditions that follow from them: a resource whose condition no longer holds is removed, and of an `Fn::If` the branch
/// that holds counts.
#[must_use]
pub fn compare(before: Side<'_>, after: Side<'_>) -> TemplateDiff {
    let conditions = Conditions::of(before, after);
    let Some((conditions, [old, new])) = conditions.and_then(|it| it.effective().map(|sides| (it, sides))) else {
        return in_effect(before, after);
    };
    let mut diff = in_effect(Side { template: &old, ..before }, Side { template: &new, ..after });
    let written = differences(before.template.into(), after.template.into());
    conditions.explain(&mut diff, &written);
    diff.effective = Some(Box::new(Effective { before: old, after: new, written }));
    diff
}

/// What differs, without what follows from it.
fn differences(before: Side<'_>, after: Side<'_>) -> TemplateDiff {
    let mut diff = TemplateDiff { values: parameters::changes(before, after), ..TemplateDiff::default() };
    diff.resources = resources::compare(before, after, &diff.values, &mut diff.rewritten);
    sections::compare(before.template, after.template, &mut diff);
    diff
}

/// Compares two templates in which all is there.
fn in_effect(before: Side<'_>, after: Side<'_>) -> TemplateDiff {
    let mut diff = differences(before, after);
    let (before, after) = (before.template, after.template);
    diff.moves = moves::find(before, after, &diff.resources);
    moves::mark(&mut diff.resources, &diff.moves);
    diff.refusals = refusal::all(before, after, &diff.resources);
    diff.risks = risk::all(before, after, &diff.resources);
    // All others are written alike on both sides, so nothing more need be looked for in them.
    let written: HashSet<&str> = diff
        .resources
        .iter()
        .map(|it| it.logical_id.as_str())
        .chain(diff.rewritten.iter().filter(|it| it.section == "Resources").filter_map(|it| it.name.as_deref()))
        .collect();
    let rights = iam::changes(before, after, &written, &diff.moves, &diff.resources);
    let security = security::changes(before, after, &written, &rights.changes);
    diff.risks.extend(rights.gaps.iter().map(|(from, to)| risk::of_gap(from, to, before)));
    diff.iam = rights.changes;
    diff.security = security;
    diff.code = code::changes(before, after, &diff.resources);
    diff.exposed = outputs::changes(before, after, &diff.resources);
    diff
}
