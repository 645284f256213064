//! Lowering of [`Node::JsonString`]: JSON inside a string, with references in it.
//!
//! Without references it is a string; with references that `Fn::Sub` can name it is `Fn::Sub`; else `Fn::Join`. What
//! CloudFormation puts in place of a reference is not escaped, so a value with quotes in it breaks the JSON; that
//! cannot be helped here.
//!
//! A call is taken for a string and stands in quotes, but for those that are known to yield something else. What is
//! `AWS::NoValue` is left out, or `null` where only CloudFormation can tell.

use std::borrow::Cow;

use crate::intrinsic::{Intrinsic, SubPart};
use crate::json::write::push_string_content;
use crate::long_form::Long;
use crate::node::Node;
use crate::sub;

/// A piece of the text while it is being put together.
enum Piece<'a> {
    Literal(String),
    /// A part that `Fn::Sub` can say.
    Part(SubPart),
    /// A call that has to stand by itself.
    Call(Long<'a>),
}

/// The value that yields the JSON text of `inner`.
pub(crate) fn lower(inner: &Node) -> Long<'_> {
    let mut text = Text::new(0);
    text.value(inner);
    text.finish()
}

struct Text<'a> {
    pieces: Vec<Piece<'a>>,
    /// How many strings the JSON is inside of: as often as that it has to be escaped.
    level: usize,
}

impl<'a> Text<'a> {
    fn new(level: usize) -> Self {
        Self { pieces: Vec::new(), level }
    }

    fn finish(self) -> Long<'a> {
        let mut pieces = self.pieces;
        if let [] | [Piece::Literal(_)] = pieces.as_slice() {
            return match pieces.pop() {
                Some(Piece::Literal(text)) => Long::text(text),
                _ => Long::text(""),
            };
        }
        let parts: Option<Vec<_>> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => Some(SubPart::Literal(text.clone())),
                Piece::Part(part) => Some(part.clone()),
                Piece::Call(_) => None,
            })
            .collect();
        if let Some(text) = parts.and_then(|parts| SubPart::text(&parts)) {
            return Long::call("Fn::Sub", Long::text(text));
        }
        sub::join(
            pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => Long::text(text),
                    Piece::Part(part) => owned_part(part),
                    Piece::Call(call) => call,
                })
                .collect(),
        )
    }

    /// Text of the JSON itself.
    fn literal(&mut self, text: &str) {
        let text = Self::escaped(text, self.level);
        if let Some(Piece::Literal(last)) = self.pieces.last_mut() {
            last.push_str(&text);
        } else {
            self.pieces.push(Piece::Literal(text.into_owned()));
        }
    }

    /// Text inside a string of the JSON.
    fn string_content(&mut self, text: &str) {
        let text = Self::escaped(text, 1);
        self.literal(&text);
    }

    fn escaped(text: &str, times: usize) -> Cow<'_, str> {
        let mut text = Cow::Borrowed(text);
        for _ in 0..times {
            let mut escaped = String::with_capacity(text.len());
            push_string_content(&text, &mut escaped);
            text = escaped.into();
        }
        text
    }

    fn value(&mut self, node: &'a Node) {
        match node {
            Node::Null => self.literal("null"),
            Node::Bool(value) => self.literal(if *value { "true" } else { "false" }),
            Node::Number(number) => self.literal(number.as_str()),
            Node::String(text) => {
                self.literal("\"");
                self.string_content(text);
                self.literal("\"");
            }
            Node::List(items) => {
                self.literal("[");
                let mut separator = "";
                for item in items.iter().filter(|item| !is_no_value(item)) {
                    self.literal(separator);
                    self.value(item);
                    separator = ",";
                }
                self.literal("]");
            }
            Node::Map(map) => {
                self.literal("{");
                let mut separator = "\"";
                for (key, value) in map.iter().filter(|(_, value)| !is_no_value(value)) {
                    self.literal(separator);
                    self.string_content(key);
                    self.literal("\":");
                    self.value(value);
                    separator = ",\"";
                }
                self.literal("}");
            }
            Node::Intrinsic(intrinsic) => self.call(node, intrinsic),
            Node::JsonString(inner) => self.nested(inner),
        }
    }

    fn call(&mut self, node: &'a Node, intrinsic: &'a Intrinsic) {
        match intrinsic {
            Intrinsic::ToJsonString(inner) => self.nested(inner),
            Intrinsic::Length(_) => self.pieces.push(Piece::Call(Long::Node(node))),
            Intrinsic::If { condition, then, otherwise } => {
                self.either(condition, [then, otherwise], |text, branch| {
                    if is_no_value(branch) {
                        text.literal("null");
                    } else {
                        text.value(branch);
                    }
                });
            }
            // The functions that always yield a list.
            Intrinsic::GetAzs(_) | Intrinsic::Split { .. } | Intrinsic::Cidr { .. } => {
                self.literal("[\"");
                let delimiter = Self::escaped("\",\"", self.level);
                let joined = Long::List(vec![Long::text(delimiter), Long::Node(node)]);
                self.pieces.push(Piece::Call(Long::call("Fn::Join", joined)));
                self.literal("\"]");
            }
            _ => {
                self.literal("\"");
                self.inside_string(node, intrinsic);
                self.literal("\"");
            }
        }
    }

    /// A choice between two texts.
    fn either(&mut self, condition: &'a str, branches: [&'a Node; 2], write: fn(&mut Self, &'a Node)) {
        let mut arguments = vec![Long::text(condition)];
        for branch in branches {
            let mut text = Self::new(self.level);
            write(&mut text, branch);
            arguments.push(text.finish());
        }
        self.pieces.push(Piece::Call(Long::call("Fn::If", Long::List(arguments))));
    }

    /// A call whose value is (a part of) a JSON string.
    fn inside_string(&mut self, node: &'a Node, intrinsic: &'a Intrinsic) {
        match intrinsic {
            Intrinsic::Ref(name) => self.pieces.push(Piece::Part(SubPart::Ref(name.clone()))),
            Intrinsic::GetAtt(name, Node::String(attribute)) => {
                self.pieces.push(Piece::Part(SubPart::GetAtt(name.clone(), attribute.clone())));
            }
            Intrinsic::Sub { parts, variables } => {
                for part in parts {
                    match part {
                        SubPart::Literal(text) => self.string_content(text),
                        SubPart::Variable(name) => match variables.get(name) {
                            Some(value) => self.inside(value),
                            None => self.pieces.push(Piece::Part(SubPart::Ref(name.clone()))),
                        },
                        other => self.pieces.push(Piece::Part(other.clone())),
                    }
                }
            }
            // Taken apart, so that its literals are escaped.
            Intrinsic::Join { delimiter, values: Node::List(items) } => {
                for (index, item) in items.iter().filter(|item| !is_no_value(item)).enumerate() {
                    if index > 0 {
                        self.string_content(delimiter);
                    }
                    self.inside(item);
                }
            }
            Intrinsic::If { condition, then, otherwise } => self.either(condition, [then, otherwise], Self::inside),
            _ => self.pieces.push(Piece::Call(Long::Node(node))),
        }
    }

    fn inside(&mut self, node: &'a Node) {
        match node {
            Node::String(text) => self.string_content(text),
            Node::Number(number) => self.literal(number.as_str()),
            Node::Bool(value) => self.literal(if *value { "true" } else { "false" }),
            Node::Intrinsic(intrinsic) => self.inside_string(node, intrinsic),
            Node::JsonString(inner) => self.nested_content(inner),
            Node::Null | Node::List(_) | Node::Map(_) => self.pieces.push(Piece::Call(Long::Node(node))),
        }
    }

    /// JSON in a string in the JSON.
    fn nested(&mut self, inner: &'a Node) {
        self.literal("\"");
        self.nested_content(inner);
        self.literal("\"");
    }

    fn nested_content(&mut self, inner: &'a Node) {
        self.level += 1;
        self.value(inner);
        self.level -= 1;
    }
}

fn owned_part<'a>(part: SubPart) -> Long<'a> {
    match part {
        SubPart::Literal(text) => Long::text(text),
        SubPart::Ref(name) | SubPart::Variable(name) => Long::call("Ref", Long::text(name)),
        SubPart::GetAtt(name, attribute) => {
            Long::call("Fn::GetAtt", Long::List(vec![Long::text(name), Long::text(attribute)]))
        }
    }
}

/// `Ref` of `AWS::NoValue`: what CloudFormation leaves out.
fn is_no_value(node: &Node) -> bool {
    node.as_intrinsic().is_some_and(|intrinsic| intrinsic.is_ref_to("AWS::NoValue"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Map;

    fn reference(name: &str) -> Node {
        Intrinsic::Ref(name.to_owned()).into()
    }

    fn map(entries: Vec<(&str, Node)>) -> Node {
        Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map>())
    }

    fn written(inner: Node) -> String {
        Node::JsonString(Box::new(inner)).to_json_compact()
    }

    #[test]
    fn without_references_it_is_a_string() {
        let inner =
            map(vec![("a", "x\"\n${aws:username}".into()), ("b", vec![Node::Null, true.into(), 1.into()].into())]);
        assert_eq!(written(inner), r#""{\"a\":\"x\\\"\\n${aws:username}\",\"b\":[null,true,1]}""#);
        assert_eq!(written(map(vec![])), r#""{}""#);
    }

    #[test]
    fn with_references_it_is_a_sub() {
        let inner = map(vec![
            ("a", reference("AWS::Region")),
            ("b", Intrinsic::GetAtt("Table".into(), "Arn".into()).into()),
            ("c", "${aws:username}".into()),
            (
                "d",
                Intrinsic::Join {
                    delimiter: ":".into(),
                    values: vec!["arn".into(), reference("P"), "\"".into()].into(),
                }
                .into(),
            ),
        ]);
        assert_eq!(
            written(inner),
            r#"{"Fn::Sub":"{\"a\":\"${AWS::Region}\",\"b\":\"${Table.Arn}\",\"c\":\"${!aws:username}\",\"d\":\"arn:${P}:\\\"\"}"}"#
        );
    }

    #[test]
    fn what_sub_cannot_say_is_joined() {
        let inner = map(vec![
            ("a", Intrinsic::ImportValue("X".into()).into()),
            ("b", Intrinsic::GetAzs("".into()).into()),
            ("c", Intrinsic::Length(vec!["x"].into()).into()),
            ("d", reference("P")),
        ]);
        assert_eq!(
            written(inner),
            r#"{"Fn::Join":["",["{\"a\":\"",{"Fn::ImportValue":"X"},"\",\"b\":[\"",{"Fn::Join":["\",\"",{"Fn::GetAZs":""}]},"\"],\"c\":",{"Fn::Length":["x"]},",\"d\":\"",{"Ref":"P"},"\"}"]]}"#
        );
        assert_eq!(
            written(vec![Node::from("${"), reference("P")].into()),
            r#"{"Fn::Join":["",["[\"${\",\"",{"Ref":"P"},"\"]"]]}"#
        );
    }

    #[test]
    fn json_in_json_is_escaped_twice() {
        let inner = Node::JsonString(Box::new(map(vec![("a", reference("P")), ("b", "\"".into())])));
        assert_eq!(
            written(map(vec![("in", inner)])),
            r#"{"Fn::Sub":"{\"in\":\"{\\\"a\\\":\\\"${P}\\\",\\\"b\\\":\\\"\\\\\\\"\\\"}\"}"}"#
        );
    }

    #[test]
    fn a_choice_is_between_two_texts() {
        let either =
            |then: Node, otherwise: Node| -> Node { Intrinsic::If { condition: "C".into(), then, otherwise }.into() };
        let inner = map(vec![
            ("a", either(map(vec![("x", reference("P"))]), reference("AWS::NoValue"))),
            (
                "b",
                Intrinsic::Join {
                    delimiter: "-".into(),
                    values: vec!["q".into(), either("\"".into(), reference("P"))].into(),
                }
                .into(),
            ),
        ]);
        assert_eq!(
            written(inner.clone()),
            r#"{"Fn::Join":["",["{\"a\":",{"Fn::If":["C",{"Fn::Sub":"{\"x\":\"${P}\"}"},"null"]},",\"b\":\"q-",{"Fn::If":["C","\\\"",{"Fn::Sub":"${P}"}]},"\"}"]]}"#
        );
        assert_eq!(
            written(vec![Node::JsonString(Box::new(either(1.into(), "x".into())))].into()),
            r#"{"Fn::Join":["",["[\"",{"Fn::If":["C","1","\\\"x\\\""]},"\"]"]]}"#
        );
    }

    #[test]
    fn no_value_is_left_out() {
        let inner =
            map(vec![("a", reference("AWS::NoValue")), ("b", vec![reference("AWS::NoValue"), 1.into()].into())]);
        assert_eq!(written(inner), r#""{\"b\":[1]}""#);
    }
}
