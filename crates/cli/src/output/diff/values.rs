//! Values as people read them, and where two of them differ.

use skysmith_diff::{ChangeKind, Line, ValueChange, compare_lines};
use skysmith_template::{Intrinsic, Node, SubPart};

use super::document::{Cell, Content, Item, Mark, Row, Tone};
use crate::names::Names;

/// Lines around a difference.
const CONTEXT: usize = 2;
/// Lines of one value that are shown; the rest is counted.
const MOST_LINES: usize = 40;
/// A value that comes or goes as a whole is shown in one line up to this many characters.
const ONE_LINE: usize = 70;

/// A value in one line. References are written as in `Fn::Sub`, with construct paths for logical ids.
pub fn spell(node: &Node, names: &Names) -> String {
    match node {
        Node::String(text) if is_hash(text) => {
            let extension = text.find('.').map(|dot| &text[dot..]).unwrap_or_default();
            format!("{}…{extension}", text.chars().take(8).collect::<String>())
        }
        Node::String(text) if text.is_empty() => "\"\"".to_owned(),
        Node::String(text) => text.replace('\n', "⏎"),
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Number(number) => number.to_string(),
        Node::List(items) => {
            format!("[{}]", items.iter().map(|item| spell(item, names)).collect::<Vec<_>>().join(", "))
        }
        Node::Map(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}: {}", spell(value, names))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Node::Intrinsic(intrinsic) => spell_function(intrinsic, node, names),
        other => other.to_json_compact(),
    }
}

fn spell_function(intrinsic: &Intrinsic, node: &Node, names: &Names) -> String {
    match intrinsic {
        Intrinsic::Ref(id) => format!("${{{}}}", names.name(id)),
        Intrinsic::GetAtt(id, Node::String(attribute)) => format!("${{{}.{attribute}}}", names.name(id)),
        Intrinsic::Sub { parts, variables } => parts
            .iter()
            .map(|part| match part {
                SubPart::Literal(text) => text.replace('\n', "⏎"),
                SubPart::Ref(id) => format!("${{{}}}", names.name(id)),
                SubPart::GetAtt(id, attribute) => format!("${{{}.{attribute}}}", names.name(id)),
                SubPart::Variable(name) => {
                    variables.get(name).map_or_else(|| format!("${{{name}}}"), |value| spell(value, names))
                }
            })
            .collect(),
        Intrinsic::Join { delimiter, values: Node::List(items) } => {
            items.iter().map(|item| spell(item, names)).collect::<Vec<_>>().join(delimiter)
        }
        Intrinsic::If { condition, then, otherwise } => {
            format!("{} if {condition}, else {}", spell(then, names), spell(otherwise, names))
        }
        Intrinsic::ImportValue(name) => format!("import of {}", spell(name, names)),
        _ => node.to_json_compact(),
    }
}

/// The same without the marks of a reference, where nothing but a name can be meant.
pub fn spell_name(node: &Node, names: &Names) -> String {
    match node.as_intrinsic() {
        Some(Intrinsic::Ref(id)) => names.name(id).to_owned(),
        Some(Intrinsic::GetAtt(id, Node::String(attribute))) if attribute == "Arn" => names.name(id).to_owned(),
        _ => spell(node, names).replace("${AWS::Partition}", "aws"),
    }
}

/// Whether a text is the hash of an asset's content, with or without an extension.
fn is_hash(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default();
    stem.len() >= 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The row of a difference. `more` is what is to be said beside its values.
pub fn row(change: &ValueChange, more: Option<Cell>, names: &Names) -> Row {
    let (said, inside) = difference(change, names);
    let mut cells = vec![Cell::text(change.path.to_string())];
    // Why it has another value says as much as that it has one.
    let is_said = change.kind == ChangeKind::Referenced && change.before == change.after && more.is_some();
    cells.extend((!is_said).then_some(said));
    cells.extend(more);
    Row { mark: Mark::None, cells, inside }
}

fn difference(change: &ValueChange, names: &Names) -> (Cell, Vec<Item>) {
    let text = |node: &Option<Node>| node.as_ref().map(|node| spell(node, names)).unwrap_or_default();
    match change.kind {
        ChangeKind::Reordered => (Cell::text("in another order"), Vec::new()),
        ChangeKind::Added => whole(change.after.as_ref(), "+", Mark::Add, names),
        ChangeKind::Removed => whole(change.before.as_ref(), "-", Mark::Remove, names),
        ChangeKind::Referenced if change.before == change.after => (Cell::text("gets another value"), Vec::new()),
        _ => match (change.before.as_ref().and_then(block), change.after.as_ref().and_then(block)) {
            (Some(before), Some(after)) => {
                let (counts, lines) = by_line(&before, &after);
                (Cell::text(counts), vec![lines])
            }
            _ => {
                let (before, after) = (text(&change.before), text(&change.after));
                (Cell { tone: Tone::Plain, content: Content::Change(before, after) }, Vec::new())
            }
        },
    }
}

fn whole(node: Option<&Node>, sign: &str, mark: Mark, names: &Names) -> (Cell, Vec<Item>) {
    let Some(node) = node else { return (Cell::default(), Vec::new()) };
    let line = spell(node, names);
    match block(node) {
        Some(text) if line.chars().count() > ONE_LINE => {
            let lines: Vec<(Mark, String)> = text.lines().map(|line| (mark, line.to_owned())).collect();
            (Cell::text(String::new()), vec![Item::Lines(cut(lines))])
        }
        _ => (Cell::text(format!("{sign} {line}")), Vec::new()),
    }
}

/// What is compared and shown line by line: structures, JSON in a text, texts of several lines.
fn block(node: &Node) -> Option<String> {
    match node {
        Node::String(text) => {
            let json = text.trim_start().starts_with(['{', '[']);
            match json.then(|| serde_json::from_str::<serde_json::Value>(text)).and_then(Result::ok) {
                Some(value) => serde_json::to_string_pretty(&value).ok(),
                None if text.trim_end().contains('\n') => Some(text.clone()),
                None => None,
            }
        }
        Node::JsonString(inner) => block(inner),
        Node::Map(_) | Node::List(_) => Some(node.to_yaml()),
        _ => None,
    }
}

/// Two texts, line by line: `+2 −1`, and the lines.
pub fn by_line(before: &str, after: &str) -> (String, Item) {
    let found = compare_lines(before, after, CONTEXT);
    let mut lines = Vec::new();
    for (index, hunk) in found.hunks.iter().enumerate() {
        if index > 0 {
            lines.push((Mark::Gap, String::new()));
        }
        lines.extend(hunk.lines.iter().map(|line| match line {
            Line::Added(text) => (Mark::Add, text.clone()),
            Line::Removed(text) => (Mark::Remove, text.clone()),
            Line::Same(text) => (Mark::None, text.clone()),
            _ => (Mark::Gap, String::new()),
        }));
    }
    (line_counts(found.added, found.removed), Item::Lines(cut(lines)))
}

/// `+12 −3`.
pub fn line_counts(added: usize, removed: usize) -> String {
    match (added, removed) {
        (added, 0) => format!("+{added}"),
        (0, removed) => format!("−{removed}"),
        (added, removed) => format!("+{added} −{removed}"),
    }
}

fn cut(mut lines: Vec<(Mark, String)>) -> Vec<(Mark, String)> {
    let more = lines.len().saturating_sub(MOST_LINES);
    // One line that says that there is one more is no gain.
    if more > 1 {
        lines.truncate(MOST_LINES);
        lines.push((Mark::Gap, format!("{more} more lines")));
    }
    lines
}

/// Two values in at most `room` columns each: what they have in common at both ends is left out as far as need be.
pub fn elided(before: &str, after: &str, room: usize) -> (String, String) {
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    if old.len() <= room && new.len() <= room {
        return (before.to_owned(), after.to_owned());
    }
    let shorter = old.len().min(new.len());
    let start = (0..shorter).take_while(|&at| old[at] == new[at]).count();
    let end = (0..shorter - start).take_while(|&at| old[old.len() - 1 - at] == new[new.len() - 1 - at]).count();
    let differs = old.len().max(new.len()) - start - end;
    // What is left of the room goes to what is around the difference, the most of it to what is before.
    let around = room.saturating_sub(differs + 2);
    let (head, tail) = (start.min(around * 2 / 3), end.min(around - around.min(start.min(around * 2 / 3))));
    let cut = |text: &[char]| {
        let from = start - head;
        let to = text.len() - (end - tail);
        let mut said: String = text[from..to].iter().collect();
        if from > 0 {
            said.insert(0, '…');
        }
        if to < text.len() {
            said.push('…');
        }
        crate::live::fit::end(&said, room)
    };
    (cut(&old), cut(&new))
}

/// What two values begin with alike, what differs, and what they end with alike; words are not cut in two.
pub fn differing<'a>(before: &'a str, after: &'a str) -> ([&'a str; 3], [&'a str; 3]) {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let alike = before.chars().zip(after.chars()).take_while(|(a, b)| a == b);
    let mut head: usize = alike.map(|(character, _)| character.len_utf8()).sum();
    let alike = before[head..].chars().rev().zip(after[head..].chars().rev()).take_while(|(a, b)| a == b);
    let mut tail: usize = alike.map(|(character, _)| character.len_utf8()).sum();
    head -= before[..head].chars().rev().take_while(|it| is_word(*it)).map(char::len_utf8).sum::<usize>();
    tail -= before[before.len() - tail..].chars().take_while(|it| is_word(*it)).map(char::len_utf8).sum::<usize>();
    let cut = |text: &'a str| [&text[..head], &text[head..text.len() - tail], &text[text.len() - tail..]];
    (cut(before), cut(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_differ_are_found_whole() {
        for (before, after, said) in [
            ("128", "256", (["", "128", ""], ["", "256", ""])),
            ("a/v1/items", "a/v2/items", (["a/", "v1", "/items"], ["a/", "v2", "/items"])),
            ("PAY_PER_REQUEST", "PROVISIONED", (["", "PAY_PER_REQUEST", ""], ["", "PROVISIONED", ""])),
            ("a-b", "a-b-c", (["a-", "b", ""], ["a-", "b-c", ""])),
            ("über/a", "über/ä", (["über/", "a", ""], ["über/", "ä", ""])),
            ("", "x", (["", "", ""], ["", "x", ""])),
            ("aa", "a", (["", "aa", ""], ["", "a", ""])),
        ] {
            assert_eq!(differing(before, after), said, "{before} {after}");
        }
    }

    #[test]
    fn what_two_values_have_in_common_is_left_out() {
        let of = |before: &str, after: &str, room| elided(before, after, room);
        assert_eq!(of("128", "256", 10), ("128".to_owned(), "256".to_owned()));
        let arn = |name: &str| format!("arn:aws:iam::123456789012:role/service-role/{name}-role-for-everybody");
        let (before, after) = of(&arn("old"), &arn("newer"), 24);
        assert_eq!((before.as_str(), after.as_str()), ("…rvice-role/old-role-…", "…rvice-role/newer-role-…"));
        for room in 4..100 {
            let (before, after) = of(&arn("old"), &arn("new"), room);
            assert!(before.chars().count() <= room && after.chars().count() <= room, "{room}");
            assert_ne!(before, after, "{room}");
        }
        assert_eq!(of("abc", &"x".repeat(30), 10), ("abc".to_owned(), "xxxxxxxxx…".to_owned()));
    }

    #[test]
    fn references_read_like_names() {
        let names = Names::from_pairs(&[("Table1A2B", "Counter/Table")]);
        let of = |json: &str| {
            let text = format!(r#"{{"Resources":{{"A":{{"Type":"X","Properties":{{"P":{json}}}}}}}}}"#);
            let template = skysmith_template::read(&text).unwrap().template;
            spell(template.resource("A").unwrap().property("P").unwrap(), &names)
        };
        for (json, said) in [
            (r#"{"Ref":"Table1A2B"}"#, "${Counter/Table}"),
            (r#"{"Fn::GetAtt":["Table1A2B","Arn"]}"#, "${Counter/Table.Arn}"),
            (r#"{"Fn::Sub":"a-${Table1A2B}"}"#, "a-${Counter/Table}"),
            (r#"{"Fn::Join":["",["a",{"Ref":"B"}]]}"#, "a${B}"),
            (r#"["a",1,true]"#, "[a, 1, true]"),
            (r#"{"a":"b"}"#, "{a: b}"),
            (r#""0123456789abcdef0123456789abcdef.zip""#, "01234567….zip"),
            (r#""""#, "\"\""),
        ] {
            assert_eq!(of(json), said, "{json}");
        }
    }
}
