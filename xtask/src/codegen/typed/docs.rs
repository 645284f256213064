//! Turns the sources' documentation into rustdoc that raises no warning, and says a property's limits in one line.

use super::super::model::{Kind, Property, Replacement, Shape};

/// The lines of a doc comment, each with `///` or `//!` before it.
pub fn comment(marker: &str, indent: &str, paragraphs: &[String]) -> String {
    let mut comment = String::new();
    for (index, paragraph) in paragraphs.iter().filter(|it| !it.trim().is_empty()).enumerate() {
        if index > 0 {
            comment.push_str(&format!("{indent}{marker}\n"));
        }
        for line in paragraph.lines() {
            let line = line.trim_end();
            let space = if line.is_empty() { "" } else { " " };
            comment.push_str(&format!("{indent}{marker}{space}{line}\n"));
        }
    }
    comment
}

/// The source's Markdown, made safe for rustdoc.
pub fn markdown(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            // Without a language rustdoc takes a block for Rust.
            lines.push(if in_code { "```".to_owned() } else { "```text".to_owned() });
            in_code = !in_code;
            continue;
        }
        if in_code {
            lines.push(line.to_owned());
            continue;
        }
        // Four spaces would begin a block of code; in these texts they never mean one.
        let depth = (line.len() - line.trim_start().len()).min(2);
        lines.push(format!("{}{}", " ".repeat(depth), inline(&tidy(trimmed))));
    }
    if in_code {
        lines.push("```".to_owned());
    }
    lines.join("\n").trim().to_owned()
}

/// Takes out the spaces that the source's own conversion left before full stops and commas, and in double.
fn tidy(line: &str) -> String {
    let mut tidy = String::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if character == ' ' {
            let next = characters.peek().copied();
            let mut ahead = characters.clone();
            ahead.next();
            let ends = ahead.next().is_none_or(char::is_whitespace);
            if next == Some(' ') || (matches!(next, Some('.' | ',')) && ends) {
                continue;
            }
        }
        tidy.push(character);
    }
    tidy
}

/// One line without raw HTML, bare addresses or accidental links.
fn inline(line: &str) -> String {
    let mut safe = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if first == '`' {
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let fence = &rest[..ticks];
            match rest[ticks..].find(fence) {
                Some(end) => {
                    let content = &rest[ticks..ticks + end];
                    match link(content) {
                        // Code that is a link is meant as a link that is code.
                        Some((label, target, "")) if target.starts_with("http") => {
                            safe.push_str(&format!("[{}]({target})", code(label)));
                        }
                        _ => safe.push_str(&format!("{fence}{content}{fence}")),
                    }
                    rest = &rest[ticks + end + ticks..];
                }
                None => {
                    safe.push_str(&"\\`".repeat(ticks));
                    rest = &rest[ticks..];
                }
            }
        } else if let Some((label, target, after)) = link(rest) {
            if target.starts_with("http") && !target.contains(char::is_whitespace) {
                safe.push_str(&format!("[{}]({target})", inline(label)));
            } else {
                safe.push_str(&inline(label));
            }
            rest = after;
        } else if rest.starts_with("http://") || rest.starts_with("https://") {
            let end = rest.find(|it: char| it.is_whitespace() || "<>()[]`\"'*|,".contains(it)).unwrap_or(rest.len());
            let address = rest[..end].trim_end_matches(['.', ':', ';']);
            safe.push_str(&format!("<{address}>"));
            rest = &rest[address.len()..];
        } else {
            if matches!(first, '<' | '>' | '[' | ']') && !(first == '>' && safe.is_empty()) {
                safe.push('\\');
            }
            safe.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    safe
}

/// A link at the beginning: its label, its target and what follows.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let inner = text.strip_prefix('[')?;
    let (label, after) = inner.split_once("](")?;
    let (target, after) = after.split_once(')')?;
    (!label.contains('[')).then_some((label, target, after))
}

/// What a property's limits say, in one line; empty if there are none.
pub fn limits(property: &Property) -> String {
    let mut sentences = Vec::new();
    match property.replacement {
        Replacement::Always => sentences.push("Replacement: always.".to_owned()),
        Replacement::Conditional => sentences.push("Replacement: sometimes.".to_owned()),
        Replacement::Never => {}
    }
    shape_limits(&property.shape, "", &mut sentences);
    if let Some(of) = property.shape.of.as_deref() {
        shape_limits(of, " of each", &mut sentences);
    }
    if let Some(default) = &property.default {
        let text = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        if !text.is_empty() && text.len() <= 60 && !text.contains('\n') {
            sentences.push(format!("Default: {}.", code(&text)));
        }
    }
    if property.deprecated {
        sentences.push("Deprecated.".to_owned());
    }
    sentences.join(" ")
}

fn shape_limits(shape: &Shape, of: &str, sentences: &mut Vec<String>) {
    let limits = &shape.limits;
    let mut range = |name: &str, low: Option<String>, high: Option<String>| match (low, high) {
        (Some(low), Some(high)) if low == high => sentences.push(format!("{name}{of}: {low}.")),
        (Some(low), Some(high)) => sentences.push(format!("{name}{of}: {low} to {high}.")),
        (Some(low), None) => sentences.push(format!("{name}{of}: at least {low}.")),
        (None, Some(high)) => sentences.push(format!("{name}{of}: at most {high}.")),
        (None, None) => {}
    };
    range("Range", limits.minimum.as_ref().map(ToString::to_string), limits.maximum.as_ref().map(ToString::to_string));
    range("Length", limits.min_length.map(|it| it.to_string()), limits.max_length.map(|it| it.to_string()));
    let entries = if shape.kind == Kind::Map { "Entries" } else { "Items" };
    range(entries, limits.min_items.map(|it| it.to_string()), limits.max_items.map(|it| it.to_string()));
    if limits.unique_items {
        sentences.push("No item twice.".to_owned());
    }
    if let Some(pattern) = limits.pattern.as_ref().filter(|it| it.len() <= 200) {
        sentences.push(format!("Pattern{of}: {}.", code(pattern)));
    }
    if let Some(pattern) = limits.key_pattern.as_ref().filter(|it| it.len() <= 200) {
        sentences.push(format!("Pattern of the keys: {}.", code(pattern)));
    }
    // Enumerations of text are types of their own.
    if !limits.allowed.is_empty() && !matches!(shape.kind, Kind::String) {
        let words: Vec<String> = limits.allowed.iter().map(|it| code(it)).collect();
        sentences.push(format!("Values{of}: {}.", words.join(", ")));
    }
}

/// A span of code, also where the text has backticks.
pub fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rustdoc_would_stumble_over_is_escaped() {
        assert_eq!(inline("see [A](https://a.example/x) or [b](./b)"), "see [A](https://a.example/x) or b");
        assert_eq!(inline("Map<String> and [x]"), "Map\\<String\\> and \\[x\\]");
        assert_eq!(inline("`a<b>[c]` stays"), "`a<b>[c]` stays");
        assert_eq!(inline("at https://a.example/x."), "at <https://a.example/x>.");
        assert_eq!(inline("> a note"), "> a note");
        assert_eq!(inline("`[A](https://a.example)`"), "[`A`](https://a.example)");
        assert_eq!(tidy("the *Guide* . Names end in .fifo  , or `b` ."), "the *Guide*. Names end in .fifo, or `b`.");
        assert_eq!(markdown("a\n\n```\nx < y\n```"), "a\n\n```text\nx < y\n```");
    }
}
