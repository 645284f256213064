//! How a value is called and shown in a message, and how CloudFormation reads a scalar.

use std::borrow::Cow;

use skysmith_template::{Intrinsic, Node};

/// How long a value may be in a message, in characters.
const LONGEST_SHOWN: usize = 60;

/// What the value is, as one would say it.
pub(crate) fn kind(node: &Node) -> &'static str {
    match node {
        Node::Null => "null",
        Node::Bool(_) => "a truth value",
        Node::Number(_) => "a number",
        Node::String(_) | Node::JsonString(_) => "text",
        Node::List(_) => "a list",
        Node::Map(_) => "a map",
        Node::Intrinsic(_) => "a function",
    }
}

/// The text of a scalar as CloudFormation hands it on: numbers and truth values are text to it.
pub(crate) fn scalar_text(node: &Node) -> Option<Cow<'_, str>> {
    match node {
        Node::String(text) => Some(text.into()),
        Node::Number(number) => Some(number.as_str().into()),
        Node::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
        // A `Fn::Sub` in which nothing is put is a literal.
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Sub { parts, variables } if variables.is_empty() => match parts.as_slice() {
                [] => Some("".into()),
                [skysmith_template::SubPart::Literal(text)] => Some(text.into()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The number of a scalar: a number, or text that is one.
pub(crate) fn number(node: &Node) -> Option<f64> {
    match node {
        Node::Number(number) => Some(number.as_f64()),
        Node::String(text) => text.trim().parse::<f64>().ok().filter(|it| it.is_finite()),
        _ => None,
    }
}

/// The value, short enough for a message.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Whether this is the `Ref` of `AWS::NoValue`: CloudFormation takes the property away.
pub(crate) fn is_no_value(node: &Node) -> bool {
    node.as_intrinsic().is_some_and(|it| it.is_ref_to("AWS::NoValue"))
}
