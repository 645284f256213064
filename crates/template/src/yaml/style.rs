//! How a string has to be written so that every reader, of YAML 1.1 or 1.2, gets the same string.

use std::fmt::Write as _;

use crate::json::write::push_string_content;

/// What the words of YAML 1.1 and 1.2 are, in lower case. `y` and `n` are booleans by the letter of YAML 1.1.
const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "=", "<<"];

/// Appends `text` on one line: as it is if that is safe, else quoted.
pub(crate) fn push_on_one_line(text: &str, target: &mut String) {
    if is_plain(text) {
        target.push_str(text);
    } else if text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(is_printable) {
        // What has quotes in it, such as JSON, is easier to read in the other quotes.
        target.push('\'');
        target.push_str(text);
        target.push('\'');
    } else {
        push_quoted(text, target);
    }
}

/// The header of a literal block for `text`, if it can be one: several lines that need no escapes.
pub(crate) fn literal_header(text: &str) -> Option<&'static str> {
    let body = text.trim_end_matches('\n');
    // White space before the first line would be taken for indentation, and lines of white space for empty ones.
    let is_fine = !body.is_empty()
        && text.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && body.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
        && body.lines().all(|line| line.is_empty() || !line.trim_matches([' ', '\t']).is_empty());
    is_fine.then_some(match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    })
}

/// Whether `text` may stand without quotes in block style. Says no rather too often.
fn is_plain(text: &str) -> bool {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return false;
    };
    let starts_fine = first.is_alphabetic() || matches!(first, '/' | '_' | '(' | '$' | '^' | '.' | '0'..='9');
    starts_fine
        && last != ' '
        && last != ':'
        && text.chars().all(is_printable)
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !looks_like_a_number(text)
}

/// Whether anything reads this as a number, a date or a time: only digits and what may stand between them.
fn looks_like_a_number(text: &str) -> bool {
    let is_part =
        |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'_' | b':' | b'.' | b'+' | b'-' | b' ' | b'o' | b'x');
    let is_date = |byte: u8| is_part(byte) || matches!(byte, b't' | b'T' | b'z' | b'Z');
    text.starts_with('.') || (text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(is_date))
}

/// Whether a character stands for itself everywhere: no control character, no line break of any version of YAML, no
/// byte order mark, no noncharacter.
fn is_printable(c: char) -> bool {
    !matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn push_quoted(text: &str, target: &mut String) {
    target.push('"');
    let mut rest = text;
    // What JSON escapes, YAML escapes alike.
    while let Some(index) = rest.find(|c: char| c >= '\x7f' && !is_printable(c)) {
        push_string_content(&rest[..index], target);
        let mut chars = rest[index..].chars();
        let escaped = chars.next().unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(target, "\\u{:04x}", u32::from(escaped));
        rest = chars.as_str();
    }
    push_string_content(rest, target);
    target.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut target = String::new();
        push_on_one_line(text, &mut target);
        target
    }

    #[test]
    fn plain_where_it_is_safe() {
        for text in
            ["a", "AWS::S3::Bucket", "arn:aws:s3:::b/*", "10.0.0.0/16", "a #b".trim_end_matches(" #b"), "ä b", "$x"]
        {
            assert_eq!(written(text), text);
        }
        for text in
            ["", " ", "a ", "a: b", "a:", "a #b", "yes", "N", "1", "0o7", "1e3", "12:30", "2012-10-17", ".5", "<<", "="]
        {
            assert_eq!(written(text), format!("\"{text}\""));
        }
        for text in
            ["-", "- a", "?", "*", "&a", "!a", "|", ">", "%", "@", "`", "[", "{", "#", "~", ",", "+1", "-1", "😀"]
        {
            assert_eq!(written(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn quotes_as_fits() {
        assert_eq!(written("{\"a\": 1}"), "'{\"a\": 1}'");
        assert_eq!(written("\"it's\""), "\"\\\"it's\\\"\"");
        assert_eq!(written("a\u{85}\u{2028}\u{feff}\t"), "\"a\\u0085\\u2028\\ufeff\\t\"");
    }

    #[test]
    fn literal_blocks_for_lines() {
        assert_eq!(literal_header("a\n  b"), Some("|-"));
        assert_eq!(literal_header("a\n\nb\n"), Some("|"));
        assert_eq!(literal_header("a\n\n"), Some("|+"));
        for text in ["a", "", "\n", " a\nb", "a\n \nb", "a\r\nb", "\na", "a\u{85}\nb"] {
            assert_eq!(literal_header(text), None, "{text:?}");
        }
    }
}
