//! `.properties` files, read strictly: `key=value` lines, empty lines, and comments that start a line with `#`.
//!
//! Java's format allows much more (`:` or a space in place of `=`, `!` comments, escapes, continued lines, the same key twice, values of nothing), and every bit of it turns a slip of
//! the keyboard into a silently different value.

use skysmith_assembly::protocol::Diagnostic;

use super::{Entry, mistake};

/// The entries and all mistakes of a file's text. `file` is its name in messages.
pub fn read(text: &str, file: &str) -> (Vec<Entry>, Vec<Diagnostic>) {
    let mut entries: Vec<Entry> = Vec::new();
    let mut mistakes = Vec::new();
    for (number, line) in (1_u32..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            let mut wrong = mistake(file, number, format!("`{line}` has no `=`"));
            wrong.notes.push("a line is KEY=VALUE, a comment that starts with #, or empty".to_owned());
            mistakes.push(wrong);
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            mistakes.push(mistake(file, number, "there is no key before the `=`"));
        } else if key.contains(char::is_whitespace) {
            mistakes.push(mistake(file, number, format!("the key `{key}` has a space in it")));
        } else if let Some(first) = entries.iter().find(|entry| entry.key == key) {
            let mut wrong = mistake(file, number, format!("`{key}` is set twice"));
            wrong.notes.push(format!("first in line {}", first.line));
            mistakes.push(wrong);
        } else if value.is_empty() {
            mistakes.push(mistake(file, number, format!("`{key}` has no value")));
        } else {
            entries.push(Entry { key: key.to_owned(), value: value.to_owned(), line: number });
        }
    }
    (entries, mistakes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_with_their_lines() {
        let (entries, mistakes) = read("\u{feff}# comment\r\n\r\n Prefix = app- \nUrl=https://x/?a=b#c\n", "f");
        let entries: Vec<_> =
            entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str(), entry.line)).collect();
        assert_eq!(entries, [("Prefix", "app-", 3), ("Url", "https://x/?a=b#c", 4)]);
        assert!(mistakes.is_empty());
    }

    #[test]
    fn all_mistakes_at_once() {
        let (entries, mistakes) = read("A=1\nB\n=2\nC=\nA=3\nA b=1\nD: 4\n", "params/x.properties");
        assert_eq!(entries.len(), 1);
        let mistakes: Vec<_> =
            mistakes.iter().map(|one| format!("{} {}", one.place.as_ref().unwrap(), one.message)).collect();
        assert_eq!(
            mistakes,
            [
                "params/x.properties:2 `B` has no `=`",
                "params/x.properties:3 there is no key before the `=`",
                "params/x.properties:4 `C` has no value",
                "params/x.properties:5 `A` is set twice",
                "params/x.properties:6 the key `A b` has a space in it",
                "params/x.properties:7 `D: 4` has no `=`",
            ]
        );
    }
}
