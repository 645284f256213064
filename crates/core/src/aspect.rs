//! Aspects: code that visits every construct below one and may read it, change it or complain.

use crate::scope::Scope;

/// Visits constructs after the program has made them all and the grants are folded in.
///
/// ```
/// # use skysmith_core::{Aspect, Scope};
/// struct Tagged;
///
/// impl Aspect for Tagged {
///     fn visit(&self, construct: &Scope) {
///         if let Some(resource) = construct.as_resource()
///             && resource.resource_type() == "AWS::Lambda::Function"
///         {
///             construct.tag("team", "counting");
///         }
///     }
/// }
/// ```
pub trait Aspect {
    /// Sees one construct. Called once for each, in the order they were made.
    fn visit(&self, construct: &Scope);
}

impl<F: Fn(&Scope)> Aspect for F {
    fn visit(&self, construct: &Scope) {
        self(construct);
    }
}
