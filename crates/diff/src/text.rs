//! When two scalars, or two functions that make text, mean the same.

use skysmith_template::{Intrinsic, Map, Node, Number, SubPart, read_json};

/// A piece of a text: literal, or what a function gives.
#[derive(PartialEq)]
enum Part {
    Literal(String),
    Value(Node),
}

/// Whether the values give the same text, however it is put together.
pub(crate) fn is_same(before: &Node, after: &Node) -> bool {
    match (before.as_intrinsic(), after.as_intrinsic()) {
        (Some(Intrinsic::Base64(before)), Some(Intrinsic::Base64(after))) => return is_same(before, after),
        (
            Some(Intrinsic::Select { index, values }),
            Some(Intrinsic::Select { index: other_index, values: other_values }),
        ) => return is_same(index, other_index) && is_same(values, other_values),
        _ => {}
    }
    if !makes_text(before) || !makes_text(after) {
        return before == after;
    }
    parts(before) == parts(after)
}

/// The one form of all values that give this text.
pub(crate) fn canonical(node: &Node) -> Node {
    match node.as_intrinsic() {
        Some(Intrinsic::Base64(inner)) => return Intrinsic::Base64(canonical(inner)).into(),
        Some(Intrinsic::Select { index, values }) => {
            return Intrinsic::Select { index: canonical(index), values: canonical(values) }.into();
        }
        _ => {}
    }
    if !makes_text(node) {
        return node.clone();
    }
    let mut pieces: Vec<Node> = parts(node)
        .into_iter()
        .map(|part| match part {
            Part::Literal(text) => Node::String(text),
            Part::Value(node) => node,
        })
        .collect();
    match (pieces.len(), pieces.pop()) {
        (_, None) => Node::String(String::new()),
        (1, Some(only)) => only,
        (_, Some(last)) => {
            pieces.push(last);
            Intrinsic::Join { delimiter: String::new(), values: Node::List(pieces) }.into()
        }
    }
}

/// Whether `narrow` starts with all of `wide` but the `*` it ends in.
pub(crate) fn is_below(narrow: &Node, wide: &Node) -> bool {
    let (narrow, mut wide) = (parts(narrow), parts(wide));
    let Some(Part::Literal(last)) = wide.pop() else { return false };
    let Some(start) = last.strip_suffix('*').filter(|start| !start.contains(['*', '?'])) else { return false };
    narrow.starts_with(&wide)
        && match narrow.get(wide.len()) {
            Some(Part::Literal(text)) => text.starts_with(start),
            Some(Part::Value(_)) => start.is_empty(),
            None => start.is_empty(),
        }
}

/// The one form of all scalars that are this number.
pub(crate) fn number(node: &Node) -> Option<Node> {
    let value = float(node).filter(|value| is_exact(*value))?;
    Number::from_f64(value).map(Node::from)
}

/// The truth value that a scalar is.
pub(crate) fn truth(node: &Node) -> Option<bool> {
    match node {
        Node::Bool(value) => Some(*value),
        Node::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Node::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn float(node: &Node) -> Option<f64> {
    match node {
        Node::Number(number) => Some(number.as_f64()),
        Node::String(text) => text.trim().parse::<f64>().ok().filter(|value| value.is_finite()),
        _ => None,
    }
}

/// Digits beyond a float's are told apart by how they are written.
fn is_exact(value: f64) -> bool {
    value.abs() < 9_007_199_254_740_992.0
}

fn makes_text(node: &Node) -> bool {
    match node {
        Node::String(_) | Node::Number(_) | Node::Bool(_) => true,
        // A text of one reference is that reference.
        Node::Intrinsic(intrinsic) => matches!(
            &**intrinsic,
            Intrinsic::Sub { .. } | Intrinsic::Join { .. } | Intrinsic::Ref(_) | Intrinsic::GetAtt(..)
        ),
        _ => false,
    }
}

fn parts(node: &Node) -> Vec<Part> {
    let mut parts = Vec::new();
    collect(node, &mut parts);
    parts
}

fn collect(node: &Node, parts: &mut Vec<Part>) {
    match node {
        Node::String(text) => push_literal(parts, text),
        Node::Number(number) => push_literal(parts, number.as_str()),
        Node::Bool(value) => push_literal(parts, if *value { "true" } else { "false" }),
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Sub { parts: pieces, variables } => {
                pieces.iter().for_each(|piece| collect_piece(piece, variables, parts));
            }
            Intrinsic::Join { delimiter, values: Node::List(items) } => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        push_literal(parts, delimiter);
                    }
                    collect(item, parts);
                }
            }
            _ => parts.push(Part::Value(node.clone())),
        },
        _ => parts.push(Part::Value(node.clone())),
    }
}

fn collect_piece(piece: &SubPart, variables: &Map, parts: &mut Vec<Part>) {
    match piece {
        SubPart::Literal(text) => push_literal(parts, text),
        SubPart::Ref(target) => parts.push(Part::Value(Intrinsic::Ref(target.clone()).into())),
        SubPart::GetAtt(target, attribute) => {
            parts.push(Part::Value(Intrinsic::GetAtt(target.clone(), attribute.as_str().into()).into()));
        }
        SubPart::Variable(name) => match variables.get(name) {
            Some(value) => collect(value, parts),
            None => parts.push(Part::Value(Intrinsic::Ref(name.clone()).into())),
        },
    }
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Literal(last)) => last.push_str(text),
        _ => parts.push(Part::Literal(text.to_owned())),
    }
}

/// Whether two scalars are the same number: `1`, `1.0` and `"1"`.
pub(crate) fn is_same_number(before: &Node, after: &Node) -> bool {
    matches!((float(before), float(after)), (Some(before), Some(after)) if before == after && is_exact(before))
}

/// Whether two scalars are the same truth value: `true`, `"true"` and `"True"`.
pub(crate) fn is_same_truth(before: &Node, after: &Node) -> bool {
    matches!((truth(before), truth(after)), (Some(before), Some(after)) if before == after)
}

/// The JSON in a string, if it is an object or a list.
pub(crate) fn json(text: &str) -> Option<Node> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    // The reader of templates takes maps; what is inside may be anything.
    let document = read_json(&format!("{{\"Value\":{text}}}")).ok()?;
    Some(document.template.into_root().swap_remove("Value")?.to_long_form())
}
