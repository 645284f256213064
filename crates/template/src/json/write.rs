//! The JSON writer. Its output depends on the value alone: entries stand in the order of the model, numbers have the
//! digits they were made with, text is escaped as `JSON.stringify` does.

use crate::long_form::Long;
use crate::node::{Map, Node};
use crate::template::Template;

impl Node {
    /// The value as JSON in the long form, with an indentation of two spaces and no newline at the end.
    pub fn to_json(&self) -> String {
        write(Long::Node(self), true)
    }

    /// The value as JSON in the long form, without any space.
    pub fn to_json_compact(&self) -> String {
        write(Long::Node(self), false)
    }
}

impl Template {
    /// The template as JSON in the long form, with an indentation of two spaces and a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = write(Long::Entries(self.root()), true);
        text.push('\n');
        text
    }

    /// The template as JSON in the long form, without any space and without a newline at the end.
    pub fn to_json_compact(&self) -> String {
        write(Long::Entries(self.root()), false)
    }
}

fn write(value: Long<'_>, is_pretty: bool) -> String {
    let mut writer = Writer { text: String::new(), is_pretty, depth: 0 };
    writer.value(value);
    writer.text
}

struct Writer {
    text: String,
    is_pretty: bool,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: Long<'_>) {
        match value.spelled() {
            Long::Node(node) => self.node(node),
            Long::Text(text) => self.string(&text),
            Long::List(items) => self.list(items.into_iter()),
            Long::Entries(map) => self.entries(map),
            Long::Call(name, argument) => self.map(std::iter::once((name, *argument))),
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Null => self.text.push_str("null"),
            Node::Bool(true) => self.text.push_str("true"),
            Node::Bool(false) => self.text.push_str("false"),
            Node::Number(number) => self.text.push_str(number.as_str()),
            Node::String(text) => self.string(text),
            Node::List(items) => self.list(items.iter().map(Long::Node)),
            Node::Map(map) => self.entries(map),
            Node::Intrinsic(_) | Node::JsonString(_) => self.value(Long::Node(node)),
        }
    }

    fn entries(&mut self, map: &Map) {
        self.map(map.iter().map(|(key, value)| (key.as_str(), Long::Node(value))));
    }

    fn list<'a>(&mut self, mut items: impl ExactSizeIterator<Item = Long<'a>>) {
        let Some(first) = items.next() else {
            self.text.push_str("[]");
            return;
        };
        self.open('[');
        self.value(first);
        for item in items {
            self.separate();
            self.value(item);
        }
        self.close(']');
    }

    fn map<'a>(&mut self, mut entries: impl Iterator<Item = (&'a str, Long<'a>)>) {
        let Some(first) = entries.next() else {
            self.text.push_str("{}");
            return;
        };
        self.open('{');
        self.entry(first);
        for entry in entries {
            self.separate();
            self.entry(entry);
        }
        self.close('}');
    }

    fn entry(&mut self, (key, value): (&str, Long<'_>)) {
        self.string(key);
        self.text.push_str(if self.is_pretty { ": " } else { ":" });
        self.value(value);
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        push_string_content(text, &mut self.text);
        self.text.push('"');
    }

    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.depth += 1;
        self.new_line();
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        self.new_line();
        self.text.push(bracket);
    }

    fn separate(&mut self) {
        self.text.push(',');
        self.new_line();
    }

    fn new_line(&mut self) {
        if self.is_pretty {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", self.depth));
        }
    }
}

/// Appends `text` as it stands between the quotes of a JSON string.
pub(crate) fn push_string_content(text: &str, target: &mut String) {
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0x00..0x20 => "\\u00",
            _ => continue,
        };
        target.push_str(&text[plain..index]);
        target.push_str(escape);
        if escape == "\\u00" {
            target.extend([byte >> 4, byte & 0xf].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
        }
        plain = index + 1;
    }
    target.push_str(&text[plain..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_javascript_does() {
        let text = Node::from("\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}é\u{2028}😀");
        assert_eq!(text.to_json(), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}é\u{2028}😀\"");
    }

    #[test]
    fn indents_by_two() {
        let empty: Vec<Node> = Vec::new();
        let node: Node =
            vec![Node::Map(Map::from([("a".to_owned(), 1.into())])), Node::Map(Map::new()), empty.into()].into();
        assert_eq!(node.to_json(), "[\n  {\n    \"a\": 1\n  },\n  {},\n  []\n]");
        assert_eq!(node.to_json_compact(), "[{\"a\":1},{},[]]");
    }
}
