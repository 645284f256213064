//! The JSON reader: strict JSON, into the long form. Lexing is `hifijson`'s; what is ours is the places, the limits,
//! and that a key stands once.

use std::borrow::Cow;

use hifijson::escape::Error as EscapeError;
use hifijson::str::{Error as StringError, LexAlloc as _};
use hifijson::token::Lex as _;
use hifijson::{Expect, Read as _, SliceLexer, num::LexWrite as _};
use indexmap::map::Entry;

use crate::error::{Failure, FailureKind, ReadErrorKind};
use crate::node::{Map, Node};
use crate::number::Number;
use crate::read::{MAX_DEPTH, offset};
use crate::source::{BYTE_ORDER_MARK, Bytes, Name, Recorder};

/// Reads `text` as one value.
pub(crate) fn value(text: &str, places: &mut Recorder) -> Result<Node, Failure> {
    let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let lexer = SliceLexer::new(&text.as_bytes()[start..]);
    let mut reader = Reader { text, lexer, places, depth: 0 };
    let Some(next) = reader.lexer.ws_peek() else {
        return Err(Failure::new(ReadErrorKind::Empty, reader.here()));
    };
    let node = reader.value(next, Name::Item, (0, 0))?;
    match reader.lexer.ws_peek() {
        None => Ok(node),
        Some(_) => Err(reader.expected(&Expect::Eof)),
    }
}

struct Reader<'a, 'p> {
    text: &'a str,
    lexer: SliceLexer<'a>,
    places: &'p mut Recorder,
    depth: usize,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self, next: u8, name: Name, key: Bytes) -> Result<Node, Failure> {
        let place = self.places.open(name, key, self.here().0);
        let node = match next {
            b'{' => self.nested(Self::map)?,
            b'[' => self.nested(Self::list)?,
            b'"' => Node::String(self.string()?.into_owned()),
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        };
        self.places.close(place, self.here().0);
        Ok(node)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, Failure>) -> Result<Node, Failure> {
        if self.depth == MAX_DEPTH {
            return Err(Failure::new(ReadErrorKind::TooDeep { limit: MAX_DEPTH }, self.here()));
        }
        self.depth += 1;
        self.lexer.take_next();
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn map(&mut self) -> Result<Node, Failure> {
        let mut map = Map::new();
        let mut places: Vec<Bytes> = Vec::new();
        let mut next = self.next(&Expect::ValueOrEnd)?;
        if next == b'}' {
            self.lexer.take_next();
            return Ok(Node::Map(map));
        }
        loop {
            if next != b'"' {
                return Err(self.expected(&Expect::String));
            }
            let (start, _) = self.here();
            let key = self.string()?;
            let place = (start, self.here().0);
            let name = match key {
                Cow::Borrowed(_) => Name::Source(place.0 + 1, place.1 - 1),
                Cow::Owned(_) => Name::Text((&*key).into()),
            };
            if self.next(&Expect::Colon)? != b':' {
                return Err(self.expected(&Expect::Colon));
            }
            self.lexer.take_next();
            next = self.next(&Expect::Value)?;
            match map.entry(key.into_owned()) {
                Entry::Occupied(entry) => {
                    let first = places[entry.index()];
                    let key = entry.key().clone();
                    return Err(Failure { kind: FailureKind::DuplicateKey { key, first }, at: place });
                }
                Entry::Vacant(entry) => {
                    places.push(place);
                    entry.insert(self.value(next, name, place)?);
                }
            }
            next = match self.separator(b'}')? {
                Some(next) => next,
                None => return Ok(Node::Map(map)),
            };
        }
    }

    fn list(&mut self) -> Result<Node, Failure> {
        let mut items = Vec::new();
        let mut next = self.next(&Expect::ValueOrEnd)?;
        if next == b']' {
            self.lexer.take_next();
            return Ok(Node::List(items));
        }
        loop {
            items.push(self.value(next, Name::Item, (0, 0))?);
            next = match self.separator(b']')? {
                Some(next) => next,
                None => return Ok(Node::List(items)),
            };
        }
    }

    /// What comes after the comma, or nothing after the end.
    fn separator(&mut self, end: u8) -> Result<Option<u8>, Failure> {
        let next = self.next(&Expect::CommaOrEnd)?;
        if next == end {
            self.lexer.take_next();
            return Ok(None);
        }
        if next != b',' {
            return Err(self.expected(&Expect::CommaOrEnd));
        }
        self.lexer.take_next();
        self.next(&Expect::Value).map(Some)
    }

    fn next(&mut self, expected: &Expect) -> Result<u8, Failure> {
        match self.lexer.ws_peek() {
            Some(next) => Ok(next),
            None => Err(self.expected(expected)),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Failure> {
        let (start, _) = self.here();
        self.lexer.take_next();
        self.lexer.str_string().map_err(|error| {
            let (end, _) = self.here();
            let read = &self.text[start as usize..self.text.floor_char_boundary(end as usize)];
            let at = match error {
                StringError::Eof | StringError::Escape(EscapeError::Eof) => (start, end),
                StringError::Escape(_) => (start + read.rfind('\\').unwrap_or_default() as u32, end),
                _ => (end.saturating_sub(1), end),
            };
            Failure::syntax(error.to_string(), at)
        })
    }

    fn number(&mut self) -> Result<Node, Failure> {
        let (start, _) = self.here();
        let read = self.lexer.num_string().validated();
        let (end, _) = self.here();
        let text = &self.text[start as usize..end as usize];
        match (read, Number::parse(text)) {
            (Ok(_), Some(number)) => Ok(Node::Number(number)),
            _ => Err(Failure::syntax("this number is not finished", (start, end))),
        }
    }

    fn word(&mut self) -> Result<Node, Failure> {
        let at = self.here();
        match self.lexer.null_or_bool() {
            Some(None) => Ok(Node::Null),
            Some(Some(value)) => Ok(Node::Bool(value)),
            None => Err(Failure::syntax(format!("expected {}", Expect::Value), at)),
        }
    }

    fn expected(&self, expected: &Expect) -> Failure {
        Failure::syntax(format!("expected {expected}"), self.here())
    }

    /// The next byte.
    fn here(&self) -> Bytes {
        let start = self.text.len() - self.lexer.as_slice().len();
        offset(start, start)
    }
}
