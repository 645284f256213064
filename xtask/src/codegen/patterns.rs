//! Which patterns a small regular-expression engine can check, and what stands in for the others.
//!
//! The sources' patterns are of several dialects. The engine of the checks (`regex-lite`, chosen because it compiles a
//! pattern in microseconds) has no look-around, no Unicode classes and no back-references. A stand-in accepts everything
//! that its pattern does and perhaps more, so that a check by it is never wrong about a value that it refuses.

use std::iter::Peekable;
use std::str::Chars;

/// What can be checked of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The pattern itself.
    Same,
    /// Another pattern, which accepts at least the same.
    StandIn(String),
    /// Nothing: no stand-in was found.
    Nothing,
}

/// Anything at all, of one character.
const ANY: &str = r"[\s\S]";

/// What can be checked of a pattern.
pub fn check(pattern: &str) -> Check {
    let compiles = |it: &str| regex_lite::Regex::new(it).is_ok();
    let Some(rewritten) = Rewriter::new(pattern, false).run() else { return Check::Nothing };
    if compiles(&rewritten) {
        return if rewritten == pattern { Check::Same } else { Check::StandIn(rewritten) };
    }
    // The engine refuses what would become too big a program, as many repetitions of a long part do.
    match Rewriter::new(pattern, true).run() {
        Some(loosened) if compiles(&loosened) => Check::StandIn(loosened),
        _ => Check::Nothing,
    }
}

struct Rewriter<'a> {
    rest: Peekable<Chars<'a>>,
    /// Whether repetitions lose their numbers.
    without_counts: bool,
    written: String,
}

impl<'a> Rewriter<'a> {
    fn new(pattern: &'a str, without_counts: bool) -> Self {
        Self { rest: pattern.chars().peekable(), without_counts, written: String::new() }
    }

    /// The rewritten pattern; `None` for one that no engine could read, or that refers back to what it matched.
    fn run(mut self) -> Option<String> {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' if self.is_look_around() => self.skip_group()?,
                '(' if self.follows("?>") => {
                    self.rest.nth(1);
                    self.written.push_str("(?:");
                }
                '{' => self.repetition(),
                other => self.written.push(other),
            }
        }
        Some(self.written)
    }

    fn follows(&self, text: &str) -> bool {
        let mut ahead = self.rest.clone();
        text.chars().all(|it| ahead.next() == Some(it))
    }

    fn is_look_around(&self) -> bool {
        ["?=", "?!", "?<=", "?<!"].iter().any(|it| self.follows(it))
    }

    /// Skips a group whose opening parenthesis has been read, and what repeats it. Without it the pattern accepts more.
    fn skip_group(&mut self) -> Option<()> {
        let mut depth = 1;
        while depth > 0 {
            match self.rest.next()? {
                '\\' => drop(self.rest.next()),
                '[' => {
                    let kept = std::mem::take(&mut self.written);
                    self.class()?;
                    self.written = kept;
                }
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        }
        while self.rest.next_if(|it| matches!(it, '*' | '+' | '?')).is_some() {}
        // An empty group keeps the pattern whole where the look-around stood alone between bars.
        self.written.push_str("(?:)");
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        match self.rest.next()? {
            'p' | 'P' => {
                self.skip_property();
                self.written.push_str(ANY);
            }
            'h' | 'H' | 'R' | 'X' => self.written.push_str(ANY),
            'Z' | 'z' => self.written.push('$'),
            'A' => self.written.push('^'),
            '1'..='9' | 'k' => return None,
            'u' if self.is_surrogate() => return None,
            other => {
                self.written.push('\\');
                self.written.push(other);
            }
        }
        Some(())
    }

    fn skip_property(&mut self) {
        if self.rest.next() == Some('{') {
            while self.rest.next().is_some_and(|it| it != '}') {}
        }
    }

    /// Whether `\u` stands before half a character of UTF-16, which is no character here.
    fn is_surrogate(&self) -> bool {
        let digits: String = self.rest.clone().take(4).collect();
        u32::from_str_radix(&digits, 16).is_ok_and(|it| (0xD800..0xE000).contains(&it))
    }

    /// A class whose opening bracket has been read.
    fn class(&mut self) -> Option<()> {
        let mut class = String::from("[");
        // Where something in the class cannot be said, the class is anything.
        let mut is_any = false;
        if self.rest.next_if_eq(&'^').is_some() {
            class.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            class.push_str("\\]");
        }
        let mut after_set = false;
        loop {
            let character = self.rest.next()?;
            let was_set = std::mem::take(&mut after_set);
            match character {
                ']' => break,
                '\\' => match self.rest.next()? {
                    'p' | 'P' => {
                        self.skip_property();
                        is_any = true;
                    }
                    'h' | 'H' => is_any = true,
                    'u' if self.is_surrogate() => is_any = true,
                    'b' => class.push_str("\\x08"),
                    other => {
                        after_set = matches!(other, 'd' | 'D' | 's' | 'S' | 'w' | 'W');
                        class.push('\\');
                        class.push(other);
                    }
                },
                '[' if self.rest.peek() == Some(&':') => {
                    class.push('[');
                    for character in self.rest.by_ref() {
                        class.push(character);
                        if character == ']' {
                            break;
                        }
                    }
                }
                // Elsewhere these begin a class inside the class or, twice, an operation between classes.
                '[' | '&' | '~' if character == '[' || self.rest.peek() == Some(&character) => {
                    class.push('\\');
                    class.push(character);
                }
                // After a set of characters, and before one, it is itself.
                '-' if was_set || self.precedes_set() => class.push_str("\\-"),
                other => class.push(other),
            }
        }
        class.push(']');
        self.written.push_str(if is_any { ANY } else { &class });
        Some(())
    }

    fn precedes_set(&self) -> bool {
        ["\\d", "\\D", "\\s", "\\S", "\\w", "\\W"].iter().any(|it| self.follows(it))
    }

    /// A brace: a repetition such as `{1,64}`, or itself.
    fn repetition(&mut self) {
        let inside: String = self.rest.clone().take_while(|it| *it != '}').collect();
        let is_count = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit());
        let (low, high) = inside.split_once(',').map_or((inside.as_str(), None), |(low, high)| (low, Some(high)));
        let is_repetition = is_count(low) && high.is_none_or(|it| it.is_empty() || is_count(it));
        if !is_repetition || self.written.is_empty() {
            self.written.push_str("\\{");
            return;
        }
        self.rest.nth(inside.chars().count());
        if self.without_counts {
            self.written.push(if low == "0" { '*' } else { '+' });
        } else {
            self.written.push_str(&format!("{{{inside}}}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_in(pattern: &str) -> String {
        match check(pattern) {
            Check::StandIn(stand_in) => stand_in,
            other => panic!("{pattern}: {other:?}"),
        }
    }

    #[test]
    fn what_the_engine_knows_stays_as_it_is() {
        for pattern in ["^[a-zA-Z0-9-_]+$", "^arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*$", r"^\d{12}$", r"^[\w+=,.@-]{1,64}$"]
        {
            assert_eq!(check(pattern), Check::Same, "{pattern}");
        }
    }

    #[test]
    fn a_stand_in_accepts_what_the_pattern_does() {
        assert_eq!(stand_in(r"^[0-9A-Za-z\.\-_]*(?<!\.)$"), r"^[0-9A-Za-z\.\-_]*(?:)$");
        assert_eq!(stand_in(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"), r"^([\s\S]*)$");
        assert_eq!(stand_in(r"^[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*$"), r"^[\s\S]*$");
        assert_eq!(stand_in(r"^[\w-.]+$"), r"^[\w\-.]+$");
        assert_eq!(stand_in("^(?!aws:)[a-z]+$"), "^(?:)[a-z]+$");
        assert_eq!(stand_in("^[^[]+$"), r"^[^\[]+$");
        assert_eq!(check(r"^(a)\1$"), Check::Nothing);
    }
}
