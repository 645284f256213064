//! Text with references in it.

use crate::reference::{Intrinsic, Map, Node, SubPart};
use crate::value::{IntoValue, Value};

/// Joins literals and references into one text.
///
/// ```
/// use skysmith_core::{pseudo, text};
///
/// let arn = text!["arn:", pseudo::partition(), ":s3:::photos"];
/// ```
#[macro_export]
macro_rules! text {
    ($($part:expr),* $(,)?) => {
        $crate::Text::new()$(.push($part))*.build()
    };
}

/// A text under construction; see [`text!`](crate::text).
#[derive(Clone, Debug, Default)]
pub struct Text {
    parts: Vec<Node>,
}

impl Text {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text with `part` behind it.
    #[must_use]
    pub fn push(mut self, part: impl IntoValue<String>) -> Self {
        self.parts.push(part.into_value().into_node());
        self
    }

    /// The text: a literal where every part is one, `Fn::Sub` where it can say it, `Fn::Join` elsewhere.
    pub fn build(self) -> Value<String> {
        Value::from_node(concatenate(self.parts))
    }
}

pub(crate) fn concatenate(parts: Vec<Node>) -> Node {
    let mut pieces: Vec<SubPart> = Vec::new();
    for part in &parts {
        if !push_sub_parts(&mut pieces, part) {
            return Node::from(Intrinsic::Join { delimiter: String::new(), values: Node::List(parts) });
        }
    }
    match <[SubPart; 1]>::try_from(pieces) {
        Ok([SubPart::Literal(text)]) => Node::String(text),
        Ok([SubPart::Ref(target)]) => Node::from(Intrinsic::Ref(target)),
        Ok([SubPart::GetAtt(target, attribute)]) => Node::from(Intrinsic::GetAtt(target, attribute.into())),
        Ok([part @ SubPart::Variable(_)]) => sub(vec![part]),
        Err(pieces) if pieces.is_empty() => Node::String(String::new()),
        Err(pieces) => sub(pieces),
    }
}

fn sub(parts: Vec<SubPart>) -> Node {
    Node::from(Intrinsic::Sub { parts, variables: Map::new() })
}

/// Appends `part` as pieces of a `Fn::Sub`, if it can be said there.
fn push_sub_parts(pieces: &mut Vec<SubPart>, part: &Node) -> bool {
    let mut push = |piece: SubPart| match (pieces.last_mut(), piece) {
        (Some(SubPart::Literal(before)), SubPart::Literal(text)) => before.push_str(&text),
        (_, SubPart::Literal(text)) if text.is_empty() => {}
        (_, piece) => pieces.push(piece),
    };
    match part {
        Node::String(text) => push(SubPart::Literal(text.clone())),
        Node::Number(number) => push(SubPart::Literal(number.to_string())),
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(target) => push(SubPart::Ref(*target)),
            Intrinsic::GetAtt(target, Node::String(attribute)) => {
                push(SubPart::GetAtt(*target, attribute.clone()));
            }
            Intrinsic::Sub { parts, variables } if variables.is_empty() => parts.iter().cloned().for_each(push),
            _ => return false,
        },
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::pseudo;

    #[test]
    fn literals_join_to_a_literal() {
        assert_eq!(text!["a", "b", String::from("c")].literal(), Some("abc"));
        assert_eq!(text![].literal(), Some(""));
    }

    #[test]
    fn one_reference_stays_what_it_is() {
        assert_eq!(text!["", pseudo::region()].node(), pseudo::region().node());
    }

    #[test]
    fn nested_texts_become_one() {
        let inner = text!["b", pseudo::region()];
        let Node::Intrinsic(outer) = text!["a", inner, "c"].into_node() else { panic!("not an intrinsic") };
        let Intrinsic::Sub { parts, .. } = *outer else { panic!("not a Sub") };
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], SubPart::Literal("ab".into()));
    }
}
