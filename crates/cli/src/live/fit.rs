//! Making text fit into columns: what is wider is shortened where that costs the least.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The columns that a text without styles takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` filled up with spaces.
pub fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// As much of the beginning as fits into `columns`, ended by `…` if that is not all.
pub fn end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut head = taken(text.chars(), columns.saturating_sub(1));
    head.truncate(head.trim_end().len());
    if columns == 0 { String::new() } else { head + "…" }
}

/// A construct path in at most `columns`: the first part and as many of the last ones as fit, since these two tell the most. `Api/…/GET/Permission`.
pub fn path(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let parts: Vec<&str> = text.split('/').collect();
    for from in 2..parts.len() {
        let short = format!("{}/…/{}", parts[0], parts[from..].join("/"));
        if width(&short) <= columns {
            return short;
        }
    }
    // Both ends of the name: what is made from a long name differs at the end.
    let room = columns.saturating_sub(1);
    let tail: String = taken(text.chars().rev(), room.div_ceil(2)).chars().rev().collect();
    let head = taken(text.chars(), room - width(&tail));
    if columns == 0 { String::new() } else { format!("{head}…{tail}") }
}

/// `text` in pieces of at most `columns`.
fn pieces(text: &str, columns: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for character in text.chars() {
        match pieces.last_mut() {
            Some(piece) if width(piece) + character.width().unwrap_or(0) <= columns => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
    }
    pieces
}

/// The characters from the start that fit.
fn taken(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

/// The words of a text in lines of at most `columns`; a word that is longer goes on in the next line.
pub fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word, columns)),
        }
    }
    lines
}

/// The same in at most `most` lines; the last one says with `…` that there is more.
pub fn wrap(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines = lines(text, columns);
    if lines.len() > most
        && let Some(last) = most.checked_sub(1)
    {
        let rest = lines.split_off(last).join(" ");
        lines.push(end(&rest, columns));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_goes_on() {
        assert_eq!(pieces("abcdefg", 3), ["abc", "def", "g"]);
        // Characters that are wider than all there is stand alone.
        assert_eq!(pieces("日本語", 1), ["日", "本", "語"]);
        assert_eq!(pieces("", 3), [""; 0]);
    }

    #[test]
    fn paths_lose_their_middle() {
        let long = "Api/Default/count/GET/ApiPermission.Test";
        assert_eq!(path(long, 60), long);
        assert_eq!(path(long, 34), "Api/…/count/GET/ApiPermission.Test");
        assert_eq!(path(long, 33), "Api/…/GET/ApiPermission.Test");
        assert_eq!(path(long, 24), "Api/…/ApiPermission.Test");
        assert_eq!(path(long, 20), "Api/Defau…ssion.Test");
        assert_eq!(path("ObjectsAccessLogsBucketPolicy1A2B3C4D", 20), "ObjectsAc…cy1A2B3C4D");
        assert_eq!([path("abc", 1), path("abc", 0)], ["…", ""]);
        for columns in 1..50 {
            assert!(width(&path(long, columns)) <= columns, "{columns}");
            assert!(width(&path("数据/表格/资源/权限许可", columns)) <= columns, "{columns}");
        }
    }

    #[test]
    fn ends_are_cut_and_words_kept_whole() {
        assert_eq!(end("waiting for it", 14), "waiting for it");
        assert_eq!(end("waiting for it", 9), "waiting…");
        assert_eq!(end("数据", 3), "数…");
        assert_eq!(wrap("one two three four", 9, 3), ["one two", "three", "four"]);
        assert_eq!(wrap("one two three four", 9, 2), ["one two", "three fo…"]);
    }
}
