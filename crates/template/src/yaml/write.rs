//! The YAML writer: block style, short forms where CloudFormation takes them, and nothing that a reader of YAML 1.1
//! would take for something else. Like the JSON writer's, its output depends on the value alone.

use std::borrow::Cow;

use crate::long_form::Long;
use crate::node::{Map, Node};
use crate::number::Number;
use crate::template::Template;
use crate::yaml::{style, tag};

impl Node {
    /// The value as YAML, with a newline at the end.
    pub fn to_yaml(&self) -> String {
        write(Long::Node(self))
    }
}

impl Template {
    /// The template as YAML with the short forms of the intrinsic functions.
    pub fn to_yaml(&self) -> String {
        write(Long::Entries(self.root()))
    }
}

fn write(value: Long<'_>) -> String {
    let mut writer = Writer { text: String::new() };
    writer.value(value, Before::Nothing, 0);
    writer.text
}

/// What stands before a value on its line.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    /// A key or a tag: what has lines of its own starts on the next.
    Key,
    /// The dash of an item: what has lines of its own starts here.
    Dash,
}

/// The longest key that may stand before its colon, in characters. YAML allows 1024 with its quotes.
const MAX_KEY: usize = 1000;

struct Writer {
    text: String,
}

impl Writer {
    /// Writes a value up to the end of its last line. Lines of its own start at the column `indent`.
    fn value(&mut self, value: Long<'_>, before: Before, indent: usize) {
        match value.spelled() {
            Long::Node(node) => self.node(node, before, indent),
            Long::Text(text) => self.string(&text, before, indent),
            Long::List(items) => self.list(items.into_iter(), before, indent),
            Long::Entries(map) => self.entries(map, before, indent),
            Long::Call(name, argument) => self.call(name, argument.spelled(), before, indent),
        }
    }

    fn node(&mut self, node: &Node, before: Before, indent: usize) {
        match node {
            Node::Null => self.word("null", before),
            Node::Bool(true) => self.word("true", before),
            Node::Bool(false) => self.word("false", before),
            Node::Number(number) => self.word(&number_text(number), before),
            Node::String(text) => self.string(text, before, indent),
            Node::List(items) => self.list(items.iter().map(Long::Node), before, indent),
            Node::Map(map) => self.entries(map, before, indent),
            Node::Intrinsic(_) | Node::JsonString(_) => self.value(Long::Node(node), before, indent),
        }
    }

    fn call(&mut self, name: &'static str, argument: Long<'_>, before: Before, indent: usize) {
        // A value cannot have two tags, and a scalar with a tag is a string.
        let takes_tag = match &argument {
            Long::Call(..) => false,
            Long::Node(node) => matches!(node, Node::String(_) | Node::List(_) | Node::Map(_)),
            Long::Text(_) | Long::List(_) | Long::Entries(_) => true,
        };
        let short = tag::short_name(name).filter(|_| takes_tag);
        let dotted = if name == "Fn::GetAtt" { Some(dotted(&argument)) } else { None };
        match (short, dotted) {
            (Some(short), Some(Some(dotted))) => {
                self.tag(short, before);
                self.string(&dotted, Before::Key, indent);
            }
            (Some(short), None) => {
                self.tag(short, before);
                self.value(argument, Before::Key, indent);
            }
            (None, _) | (_, Some(None)) => self.map(std::iter::once((name, argument)), before, indent),
        }
    }

    fn tag(&mut self, short: &str, before: Before) {
        self.space(before);
        self.text.push('!');
        self.text.push_str(short);
    }

    fn entries(&mut self, map: &Map, before: Before, indent: usize) {
        self.map(map.iter().map(|(key, value)| (key.as_str(), Long::Node(value))), before, indent);
    }

    fn map<'a>(&mut self, entries: impl Iterator<Item = (&'a str, Long<'a>)>, before: Before, indent: usize) {
        let mut is_empty = true;
        for (key, value) in entries {
            self.start_line(is_empty, before, indent);
            is_empty = false;
            self.key(key, indent);
            self.value(value, Before::Key, indent + 2);
        }
        if is_empty {
            self.word("{}", before);
        }
    }

    fn key(&mut self, key: &str, indent: usize) {
        let start = self.text.len();
        style::push_on_one_line(key, &mut self.text);
        if self.text[start..].chars().count() > MAX_KEY {
            self.text.insert_str(start, "? ");
            self.text.push('\n');
            self.pad(indent);
        }
        self.text.push(':');
    }

    fn list<'a>(&mut self, items: impl Iterator<Item = Long<'a>>, before: Before, indent: usize) {
        let mut is_empty = true;
        for item in items {
            self.start_line(is_empty, before, indent);
            is_empty = false;
            self.text.push('-');
            self.value(item, Before::Dash, indent + 2);
        }
        if is_empty {
            self.word("[]", before);
        }
    }

    fn string(&mut self, text: &str, before: Before, indent: usize) {
        self.space(before);
        match style::literal_header(text) {
            Some(header) => {
                self.text.push_str(header);
                self.text.push('\n');
                for line in text.split_terminator('\n') {
                    if !line.is_empty() {
                        // A block at the root has to be indented too, or a line in it may end the document.
                        self.pad(indent.max(2));
                        self.text.push_str(line);
                    }
                    self.text.push('\n');
                }
            }
            None => {
                style::push_on_one_line(text, &mut self.text);
                self.text.push('\n');
            }
        }
    }

    fn word(&mut self, word: &str, before: Before) {
        self.space(before);
        self.text.push_str(word);
        self.text.push('\n');
    }

    fn space(&mut self, before: Before) {
        if before != Before::Nothing {
            self.text.push(' ');
        }
    }

    /// Goes to where the next entry or item of a value starts.
    fn start_line(&mut self, is_first: bool, before: Before, indent: usize) {
        match before {
            Before::Dash if is_first => self.text.push(' '),
            Before::Key if is_first => {
                self.text.push('\n');
                self.pad(indent);
            }
            _ => self.pad(indent),
        }
    }

    fn pad(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }
}

/// `Name.Attribute`, where that is read back as the same two.
fn dotted(argument: &Long<'_>) -> Option<String> {
    let Long::List(parts) = argument else {
        return None;
    };
    let (Long::Text(target), Some(attribute)) = (parts.first()?, parts.get(1)) else {
        return None;
    };
    let attribute = match attribute {
        Long::Text(attribute) => attribute,
        Long::Node(Node::String(attribute)) => attribute.as_str(),
        _ => return None,
    };
    let is_safe = !target.is_empty() && !attribute.is_empty() && !target.contains('.');
    is_safe.then(|| format!("{target}.{attribute}"))
}

/// The number as YAML 1.1 has it: `1e3` is a string there, `1.0e+3` is a number.
fn number_text(number: &Number) -> Cow<'_, str> {
    let text = number.as_str();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return text.into();
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(json: &str) -> String {
        Node::from_json(json).unwrap().to_yaml()
    }

    #[test]
    fn block_style() {
        assert_eq!(
            yaml(r#"{"a":{"b":[1,[2,3],{"c":null,"d":{}},[]]},"e":"x\ny"}"#),
            concat!(
                "a:\n",
                "  b:\n",
                "    - 1\n",
                "    - - 2\n",
                "      - 3\n",
                "    - c: null\n",
                "      d: {}\n",
                "    - []\n",
                "e: |-\n",
                "  x\n",
                "  y\n",
            )
        );
        assert_eq!(yaml("{}"), "{}\n");
        assert_eq!(yaml(r#""a\nb\n""#), "|\n  a\n  b\n");
    }

    #[test]
    fn short_forms_where_they_are_understood() {
        for (json, expected) in [
            (r#"{"Ref":"AWS::Region"}"#, "!Ref AWS::Region\n"),
            (r#"{"Fn::GetAtt":["A","Outputs.B"]}"#, "!GetAtt A.Outputs.B\n"),
            (r#"{"Fn::GetAtt":["A.B","C"]}"#, "Fn::GetAtt:\n  - A.B\n  - C\n"),
            (r#"{"Fn::GetAtt":["A",{"Ref":"B"}]}"#, "Fn::GetAtt:\n  - A\n  - !Ref B\n"),
            (r#"{"Fn::Base64":{"Fn::Sub":"a\n${B}\n"}}"#, "Fn::Base64: !Sub |\n  a\n  ${B}\n"),
            (r#"{"Fn::Base64":null}"#, "Fn::Base64: null\n"),
            (r#"{"Fn::Base64":"yes"}"#, "!Base64 \"yes\"\n"),
            (r#"[{"Fn::Join":["",["a",{"Ref":"B"}]]}]"#, "- !Join\n  - \"\"\n  - - a\n    - !Ref B\n"),
            (r#"{"a":{"Fn::Sub":["${x}",{"x":{"Ref":"B"}}]}}"#, "a: !Sub\n  - ${x}\n  - x: !Ref B\n"),
            (r#"{"Fn::GetStackOutput":{"StackName":{"Ref":"A"}}}"#, "Fn::GetStackOutput:\n  StackName: !Ref A\n"),
            (r#"{"Fn::Transform":{"Name":"AWS::Include"}}"#, "Fn::Transform:\n  Name: AWS::Include\n"),
            (r#"{"Fn::Length":[]}"#, "Fn::Length: []\n"),
            (r#"{"Fn::And":[]}"#, "!And []\n"),
        ] {
            assert_eq!(yaml(json), expected);
            assert_eq!(Node::from_yaml(expected), Node::from_json(json), "{expected}");
        }
    }

    #[test]
    fn exponents_are_written_out() {
        for (json, expected) in
            [("1e3", "1.0e+3"), ("1.5E-3", "1.5e-3"), ("-2e+1", "-2.0e+1"), ("12", "12"), ("1.0", "1.0")]
        {
            assert_eq!(number_text(&Number::parse(json).unwrap()), expected);
        }
    }
}
