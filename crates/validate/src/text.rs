//! What is known of a text that functions put together, and of a value that a condition chooses.

use std::borrow::Cow;

use skysmith_template::{Intrinsic, Node, SubPart};

use crate::at::At;
use crate::value::{is_no_value, scalar_text};

/// A piece of a text.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'t> {
    /// It stands in the template.
    Known(Cow<'t, str>),
    /// It is only known at deployment. A function of the template's that gives it may have a name.
    Open(Option<&'t str>),
}

/// The pieces of a text; `None` for what is no text.
pub(crate) fn pieces(node: &Node) -> Option<Vec<Piece<'_>>> {
    let open = || Some(vec![Piece::Open(None)]);
    let found = match node {
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Sub { parts, variables } => parts
                .iter()
                .map(|part| match part {
                    SubPart::Literal(text) => Piece::Known(text.into()),
                    SubPart::Ref(name) => Piece::Open(Some(name)),
                    SubPart::GetAtt(..) => Piece::Open(None),
                    SubPart::Variable(name) => {
                        variables.get(name).and_then(scalar_text).map_or(Piece::Open(None), Piece::Known)
                    }
                })
                .collect(),
            Intrinsic::Join { delimiter, values: Node::List(items) } => {
                let mut found = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    if index > 0 && !delimiter.is_empty() {
                        found.push(Piece::Known(delimiter.into()));
                    }
                    // A list among the items is refused elsewhere.
                    found.extend(pieces(item).unwrap_or_else(|| vec![Piece::Open(None)]));
                }
                found
            }
            Intrinsic::Ref(name) => vec![Piece::Open(Some(name))],
            _ => return open(),
        },
        _ => vec![Piece::Known(scalar_text(node)?)],
    };
    // What is resolved at deployment has nothing in common with how it is written.
    if found.iter().any(|piece| matches!(piece, Piece::Known(text) if text.contains("{{resolve:"))) {
        return open();
    }
    Some(found)
}

/// The text, if all of it is known.
pub(crate) fn whole<'t>(pieces: &[Piece<'t>]) -> Option<Cow<'t, str>> {
    match pieces {
        [] => Some("".into()),
        [Piece::Known(text)] => Some(text.clone()),
        _ => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Known(text) => Some(text.as_ref()),
                Piece::Open(_) => None,
            })
            .collect::<Option<String>>()
            .map(Cow::Owned),
    }
}

/// The text with what is not known as `{}`, for looking at what stands between.
pub(crate) fn outline(pieces: &[Piece<'_>]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Known(text) => text.as_ref(),
            Piece::Open(_) => "{}",
        })
        .collect()
}

/// Calls `visit` with the value or, where conditions choose, with each that can be chosen and its place.
pub(crate) fn each_choice<'t>(node: &'t Node, at: At<'_>, visit: &mut dyn FnMut(&'t Node, At<'_>)) {
    match node.as_intrinsic() {
        Some(Intrinsic::If { then, otherwise, .. }) => {
            let call = at.key("Fn::If");
            each_choice(then, call.index(1), visit);
            each_choice(otherwise, call.index(2), visit);
        }
        _ if is_no_value(node) => {}
        _ => visit(node, at),
    }
}
