//! The text of `Fn::Sub`: taken apart into [`SubPart`]s, and written back exactly.
//!
//! `${Name}` is a reference, `${!Name}` is the text `${Name}`, and a `${` that no `}` follows is itself. Text with any
//! other `${...}` is refused by CloudFormation, so it is no `Fn::Sub` here either.

use std::fmt::Write as _;

use crate::intrinsic::{Intrinsic, SubPart};
use crate::long_form::{Long, split_get_att};
use crate::node::{Map, Node};

impl SubPart {
    /// The parts of a text of `Fn::Sub` whose own variables are those for which `is_variable` holds, or nothing if
    /// CloudFormation would refuse the text.
    ///
    /// [`SubPart::text`] of the parts is `text` again.
    pub fn parse(text: &str, is_variable: impl Fn(&str) -> bool) -> Option<Vec<Self>> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, content, after)) = next_placeholder(rest) {
            literal.push_str(before);
            if let Some(escaped) = content.strip_prefix('!') {
                literal.push_str("${");
                literal.push_str(escaped);
                literal.push('}');
            } else {
                let part = reference(content, &is_variable)?;
                if !literal.is_empty() {
                    parts.push(Self::Literal(std::mem::take(&mut literal)));
                }
                parts.push(part);
            }
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Self::Literal(literal));
        }
        Some(parts)
    }

    /// The text of `Fn::Sub` that means `parts`, or nothing if there is none: a literal `${` before a reference cannot
    /// be told from a reference, and a name may have only letters, digits, `_`, `:` and `.`.
    pub fn text(parts: &[Self]) -> Option<String> {
        let mut text = String::new();
        let mut parts = parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Self::Literal(literal) => {
                    let mut literal = std::borrow::Cow::from(literal);
                    while let Some(Self::Literal(more)) = parts.peek() {
                        literal.to_mut().push_str(more);
                        parts.next();
                    }
                    escape(&literal, parts.peek().is_none(), &mut text)?;
                }
                Self::Ref(name) if is_name(name) && !name.contains('.') => write!(text, "${{{name}}}").ok()?,
                Self::Variable(name) if is_name(name) => write!(text, "${{{name}}}").ok()?,
                Self::GetAtt(name, attribute) if is_name(name) && !name.contains('.') && is_name(attribute) => {
                    write!(text, "${{{name}.{attribute}}}").ok()?;
                }
                Self::Ref(_) | Self::Variable(_) | Self::GetAtt(..) => return None,
            }
        }
        Some(text)
    }
}

/// What stands before, inside and after the first `${...}`.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (content, after) = rest.split_once('}')?;
    Some((before, content, after))
}

fn reference(content: &str, is_variable: &impl Fn(&str) -> bool) -> Option<SubPart> {
    if !is_name(content) {
        return None;
    }
    Some(if is_variable(content) {
        SubPart::Variable(content.to_owned())
    } else if content.contains('.') {
        let (target, attribute) = split_get_att(content)?;
        SubPart::GetAtt(target.to_owned(), attribute.to_owned())
    } else {
        SubPart::Ref(content.to_owned())
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.'))
}

fn escape(literal: &str, is_last: bool, text: &mut String) -> Option<()> {
    let mut rest = literal;
    while let Some((before, content, after)) = next_placeholder(rest) {
        text.push_str(before);
        text.push_str("${!");
        text.push_str(content);
        text.push('}');
        rest = after;
    }
    // A `${` that nothing closes in here would swallow the reference that follows.
    let is_open = rest.contains("${");
    text.push_str(rest);
    (is_last || !is_open).then_some(())
}

/// The call in its long form: `Fn::Sub`, or `Fn::Join` where no text of `Fn::Sub` means the same.
pub(crate) fn spell<'a>(parts: &'a [SubPart], variables: &'a Map) -> Long<'a> {
    match SubPart::text(parts).filter(|_| !captures(parts, variables)) {
        Some(text) if variables.is_empty() => Long::call("Fn::Sub", Long::text(text)),
        Some(text) => Long::call("Fn::Sub", Long::List(vec![Long::text(text), Long::Entries(variables)])),
        None => join(parts.iter().map(|part| long_part(part, variables)).collect()),
    }
}

/// Whether a variable has the name of something that is referred to, and would be taken for it.
fn captures(parts: &[SubPart], variables: &Map) -> bool {
    !variables.is_empty()
        && parts.iter().any(|part| match part {
            SubPart::Literal(_) | SubPart::Variable(_) => false,
            SubPart::Ref(name) => variables.contains_key(name),
            SubPart::GetAtt(name, attribute) => variables.contains_key(&format!("{name}.{attribute}")),
        })
}

/// A part as a value by itself.
pub(crate) fn long_part<'a>(part: &'a SubPart, variables: &'a Map) -> Long<'a> {
    match part {
        SubPart::Literal(text) => Long::text(text),
        SubPart::Ref(name) => Long::call("Ref", Long::text(name)),
        SubPart::GetAtt(name, attribute) => Long::get_att(name, Long::text(attribute)),
        SubPart::Variable(name) => match variables.get(name) {
            Some(value) => Long::Node(value),
            None => Long::call("Ref", Long::text(name)),
        },
    }
}

/// The pieces one after the other.
pub(crate) fn join(pieces: Vec<Long<'_>>) -> Long<'_> {
    Long::call("Fn::Join", Long::List(vec![Long::text(""), Long::List(pieces)]))
}

/// The call with `argument`, or the argument back if it has not the shape of one.
pub(crate) fn build(argument: Node) -> Result<Intrinsic, Node> {
    let none = Map::new();
    let (text, variables) = match &argument {
        Node::String(text) => (text, &none),
        Node::List(items) => match items.as_slice() {
            [Node::String(text), Node::Map(variables)] => (text, variables),
            _ => return Err(argument),
        },
        _ => return Err(argument),
    };
    let Some(parts) = SubPart::parse(text, |name| variables.contains_key(name)) else {
        return Err(argument);
    };
    let variables = match argument {
        Node::List(mut items) => match items.pop() {
            Some(Node::Map(variables)) => variables,
            _ => none,
        },
        _ => none,
    };
    Ok(Intrinsic::Sub { parts, variables })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Vec<SubPart>> {
        SubPart::parse(text, |name| name == "Own")
    }

    fn literal(text: &str) -> SubPart {
        SubPart::Literal(text.to_owned())
    }

    fn reference(name: &str) -> SubPart {
        SubPart::Ref(name.to_owned())
    }

    #[test]
    fn takes_text_apart() {
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(
            parse("a${AWS::Region}-${Own}${Table.Arn.More}$").unwrap(),
            [
                literal("a"),
                reference("AWS::Region"),
                literal("-"),
                SubPart::Variable("Own".into()),
                SubPart::GetAtt("Table".into(), "Arn.More".into()),
                literal("$"),
            ]
        );
        assert_eq!(parse("${!Own} and ${!} $${A}").unwrap(), [literal("${Own} and ${} $"), reference("A")]);
        assert_eq!(parse("} $ { ${open").unwrap(), [literal("} $ { ${open")]);
    }

    #[test]
    fn text_that_cloudformation_refuses_is_no_sub() {
        for bad in ["${}", "${ A }", "${A-b}", "${a ${B}", "${.A}", "${A.}", "${ä}"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn writes_back_exactly() {
        for text in ["", "a", "${A}", "x${!A}${B}", "${!!A}", "${!}", "$${A}$", "${open", "${!open", "a}b${A.B.C}{"] {
            assert_eq!(SubPart::text(&parse(text).unwrap()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_no_text_can_say_is_joined() {
        let parts = [literal("${"), reference("A")];
        assert_eq!(SubPart::text(&parts), None);
        assert_eq!(
            Node::from(Intrinsic::Sub { parts: parts.into(), variables: Map::new() }).to_json_compact(),
            r#"{"Fn::Join":["",["${",{"Ref":"A"}]]}"#
        );
        // Only together do the two literals open a placeholder.
        assert_eq!(SubPart::text(&[literal("$"), literal("{A}")]).as_deref(), Some("${!A}"));
        let shadowed = Intrinsic::Sub { parts: vec![reference("A")], variables: Map::from([("A".into(), "x".into())]) };
        assert_eq!(Node::from(shadowed).to_json_compact(), r#"{"Fn::Join":["",[{"Ref":"A"}]]}"#);
    }
}
