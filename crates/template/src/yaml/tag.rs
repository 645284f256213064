//! Which intrinsic function a short form is, and which functions are written in theirs.

use crate::long_form::{FOR_EACH, FUNCTIONS};

/// The key in the long form of the function whose tag is `!short`.
pub(crate) fn long_name(short: &str) -> Option<String> {
    if matches!(short, "Ref" | "Condition") {
        return Some(short.to_owned());
    }
    let long = format!("Fn::{short}");
    (FUNCTIONS.contains(&long.as_str()) || long.strip_prefix(FOR_EACH).is_some_and(|name| !name.is_empty()))
        .then_some(long)
}

/// The short form in which the function is written, if it is written in one.
///
/// CloudFormation documents no short form for the functions of rules, those of the language extensions take others in
/// the long form only, and neither a macro nor `Fn::GetStackOutput` may have short forms inside: those stay long.
pub(crate) fn short_name(long: &str) -> Option<&str> {
    match long {
        "Ref" | "Condition" => Some(long),
        "Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::Select" | "Fn::Split" | "Fn::Base64" | "Fn::Cidr"
        | "Fn::FindInMap" | "Fn::GetAZs" | "Fn::ImportValue" | "Fn::If" | "Fn::And" | "Fn::Or" | "Fn::Not"
        | "Fn::Equals" => long.strip_prefix("Fn::"),
        _ => None,
    }
}
