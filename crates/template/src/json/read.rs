//! The JSON reader: strict JSON, into the long form. Lexing is `hifijson`'s; what is ours is the places, the limits,
//! and that a key stands once.

use std::borrow::Cow;

use hifijson::escape::Error as EscapeError;
use hifijson::num::LexWrite as _;
use hifijson::str::{Error as StringError, LexAlloc as _};
use hifijson::token::Lex as _;
use hifijson::{Expect, Read as _, SliceLexer};

use crate::build::{Builder, Inside};
use crate::error::{Failure, ReadErrorKind};
use crate::node::Node;
use crate::number::Number;
use crate::read::offset;
use crate::source::{BYTE_ORDER_MARK, Bytes, Name, Recorder};

/// Reads `text` as one value.
pub(crate) fn value(text: &str, places: &mut Recorder) -> Result<Node, Failure> {
    let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let lexer = SliceLexer::new(&text.as_bytes()[start..]);
    let mut reader = Reader { text, lexer, builder: Builder::new(places) };
    let Some(first) = reader.lexer.ws_peek() else {
        return Err(Failure::new(ReadErrorKind::Empty, reader.here()));
    };
    reader.values(first)?;
    match reader.lexer.ws_peek() {
        None => Ok(reader.builder.finish()),
        Some(_) => Err(reader.expected(&Expect::Eof)),
    }
}

struct Reader<'a, 'p> {
    text: &'a str,
    lexer: SliceLexer<'a>,
    builder: Builder<'p>,
}

impl<'a> Reader<'a, '_> {
    /// Reads the value that starts with `next` and all that is inside it.
    fn values(&mut self, mut next: u8) -> Result<(), Failure> {
        loop {
            let (start, _) = self.here();
            match next {
                b'{' => {
                    self.builder.open_map(start)?;
                    self.lexer.take_next();
                    next = self.next(&Expect::ValueOrEnd)?;
                    if next != b'}' {
                        next = self.key(next)?;
                        continue;
                    }
                }
                b'[' => {
                    self.builder.open_list(start)?;
                    self.lexer.take_next();
                    next = self.next(&Expect::ValueOrEnd)?;
                    if next != b']' {
                        continue;
                    }
                }
                _ => {
                    let node = self.scalar(next)?;
                    self.builder.scalar(node, (start, self.here().0));
                }
            }
            match self.following()? {
                Some(value) => next = value,
                None => return Ok(()),
            }
        }
    }

    /// Ends what ends here. What the next value starts with, or nothing if there is none.
    fn following(&mut self) -> Result<Option<u8>, Failure> {
        while !self.builder.is_done() {
            let inside = self.builder.inside();
            let next = self.next(&Expect::CommaOrEnd)?;
            match (next, inside) {
                (b'}', Inside::Map) | (b']', Inside::List) => {
                    self.lexer.take_next();
                    self.builder.close(self.here().0);
                }
                (b',', _) => {
                    self.lexer.take_next();
                    let next = self.next(&Expect::Value)?;
                    return if inside == Inside::Map { self.key(next).map(Some) } else { Ok(Some(next)) };
                }
                _ => return Err(self.expected(&Expect::CommaOrEnd)),
            }
        }
        Ok(None)
    }

    /// Reads a key and its colon. What the value starts with.
    fn key(&mut self, next: u8) -> Result<u8, Failure> {
        if next != b'"' {
            return Err(self.expected(&Expect::String));
        }
        let (start, _) = self.here();
        let key = self.string()?;
        let at = (start, self.here().0);
        let name = match key {
            Cow::Borrowed(_) => Name::Source(at.0 + 1, at.1 - 1),
            Cow::Owned(_) => Name::Text((&*key).into()),
        };
        if self.next(&Expect::Colon)? != b':' {
            return Err(self.expected(&Expect::Colon));
        }
        self.builder.key(key.into_owned(), name, at)?;
        self.lexer.take_next();
        self.next(&Expect::Value)
    }

    fn next(&mut self, expected: &Expect) -> Result<u8, Failure> {
        match self.lexer.ws_peek() {
            Some(next) => Ok(next),
            None => Err(self.expected(expected)),
        }
    }

    fn scalar(&mut self, next: u8) -> Result<Node, Failure> {
        match next {
            b'"' => Ok(Node::String(self.string()?.into_owned())),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word(),
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
