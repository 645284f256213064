//! Checks a CloudFormation template before anything is called: against the resource specification, and against rules of
//! the trade that no specification states.
//!
//! [`validate`] reads a [`Template`] and returns everything that is wrong with it at once, in a stable order. Two layers
//! make the findings: what `skysmith-spec` says of each type (properties, types, limits), and rules about what works
//! together (keys of tables, memory of functions, who may publish where). Every kind of finding is a [`RuleId`], and one
//! table says of each how severe it is, why it exists and how it is fixed.
//!
//! The crate must not know files, source text, accounts, the network or how findings are shown. It links into every
//! program that synthesizes, so it stays light: no YAML, and patterns are compiled only when a text has to match one.
//!
//! Invariants: a finding is about something that is *known* to be wrong. What an intrinsic function gives is not
//! guessed, what a macro may still change is left open, and a type that the tables do not have is not judged beyond its
//! name where the name may well exist. No input panics.
//!
//! ```
//! use skysmith_template::{Map, Node, Template};
//!
//! let resource = Map::from([("Type".to_owned(), Node::from("AWS::S3::Buckett"))]);
//! let resources = Map::from([("Objects".to_owned(), Node::from(resource))]);
//! let template = Template::from_long_form(Map::from([("Resources".to_owned(), resources.into())]));
//!
//! let findings = skysmith_validate::validate(&template);
//! assert_eq!(findings[0].rule.as_str(), "unknown-type");
//! assert_eq!(findings[0].notes, ["did you mean `AWS::S3::Bucket`?"]);
//! ```

mod at;
mod cycle;
mod declared;
mod finding;
mod formats;
mod handler;
mod patterns;
mod policy;
mod properties;
mod references;
mod rule;
mod structure;
mod suggest;
mod text;
mod trade;
mod unused;
mod value;
mod walk;
mod yields;

pub use finding::{Finding, PathStep};
pub use handler::{HandlerFiles, handler_files};
pub use policy::{Judged, Level, Levels, Silenced, judge};
pub use rule::{RuleId, Severity, UnknownRule};

use skysmith_template::Template;

use crate::declared::Declared;
use crate::finding::Findings;
use crate::properties::Shared;
use crate::trade::Trade;

/// Everything that is wrong with the template, errors and warnings, in the order of the template.
///
/// An empty list means that nothing is known to be wrong, not that CloudFormation will accept the template.
pub fn validate(template: &Template) -> Vec<Finding> {
    validate_for(template, None)
}

/// The same for a stack whose region is known, such as `eu-central-1`.
pub fn validate_for(template: &Template, region: Option<&str>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let declared = Declared::new(template);
    structure::check(template, &declared, &mut findings);
    references::check(template, &declared, &mut findings);
    cycle::check(template, &mut findings);
    if !declared.has_unknown_macro() {
        unused::check(template, &declared, &mut findings);
        let trade = Trade::new(template);
        trade.check_all(&mut findings);
        let shared = Shared::new(template, region);
        for resource in template.resources() {
            // The rules of the trade come first: where one of them has spoken of a place, the specification is silent.
            trade.check(resource, &mut findings);
            properties::check(&shared, resource, &mut findings);
        }
    }
    findings.into_sorted(template)
}
