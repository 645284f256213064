//! What can be wrong with a source.

use std::error::Error;
use std::fmt;

use crate::source::{Bytes, Span, Text};

/// Why a source could not be read, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadError {
    kind: ReadErrorKind,
    span: Span,
}

/// Why a source could not be read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The source is not UTF-8.
    NotText,
    /// There is nothing in it.
    Empty,
    /// It is longer than any template may be.
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The greatest length.
        limit: usize,
    },
    /// Its values are nested too deeply.
    TooDeep {
        /// The greatest depth, in the long JSON form.
        limit: usize,
    },
    /// It breaks the rules of its language.
    Syntax(String),
    /// It is not a map.
    NotAMap {
        /// What it is instead, with an article.
        found: &'static str,
    },
    /// A map has the same key twice.
    DuplicateKey {
        /// The key.
        key: String,
        /// Where the first one is.
        first: Span,
    },
    /// The source is not JSON, and this build reads nothing else.
    NotJson,
    /// A YAML tag that is no intrinsic function.
    UnknownTag {
        /// The tag as it is written.
        tag: String,
    },
    /// A YAML key that is not a string, a number or a truth value.
    KeyNotAString,
    /// A YAML number that JSON does not have, such as infinity.
    NotANumber {
        /// The number as it is written.
        text: String,
    },
    /// A YAML scalar that is not what its tag says.
    WrongType {
        /// The scalar as it is written.
        text: String,
        /// The tag.
        tag: String,
    },
    /// What a YAML merge key (`<<`) has to merge is neither a map nor a list of maps.
    MergeNotAMap,
    /// A YAML alias inside the value that it stands for.
    AliasInItself,
    /// YAML aliases stand for more than any template may be.
    AliasesTooLarge {
        /// The greatest number of values.
        limit: usize,
    },
    /// There is more than one YAML document.
    SecondDocument,
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("this is not UTF-8 text"),
            Self::Empty => f.write_str("the template is empty"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "the template has {bytes} bytes, more than the {limit} that are read")
            }
            Self::TooDeep { limit } => write!(f, "values are nested more than {limit} deep"),
            Self::Syntax(message) => f.write_str(message),
            Self::NotAMap { found } => write!(f, "a template is a map of sections, this is {found}"),
            Self::DuplicateKey { key, first } => write!(f, "the key `{key}` is here twice, first at {}", first.start),
            Self::NotJson => f.write_str("a JSON template starts with `{`; YAML is not read here"),
            Self::UnknownTag { tag } => write!(f, "there is no intrinsic function with the short form `{tag}`"),
            Self::KeyNotAString => f.write_str("a key has to be a string"),
            Self::NotANumber { text } => write!(f, "`{text}` is a number in YAML that JSON does not have"),
            Self::WrongType { text, tag } => write!(f, "`{text}` is not of the type `{tag}`"),
            Self::MergeNotAMap => f.write_str("`<<` takes a map or a list of maps"),
            Self::AliasInItself => f.write_str("the alias stands inside the value that it stands for"),
            Self::AliasesTooLarge { limit } => {
                write!(f, "with its aliases resolved the template has more than {limit} values")
            }
            Self::SecondDocument => f.write_str("there is a second document; a template is one"),
        }
    }
}

impl Error for ReadErrorKind {}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.span.start, self.kind)
    }
}

impl Error for ReadError {}

impl ReadError {
    /// Why it could not be read.
    pub fn kind(&self) -> &ReadErrorKind {
        &self.kind
    }

    /// Where the reason is.
    pub fn span(&self) -> Span {
        self.span
    }
}

/// An error before lines and columns are known.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) at: Bytes,
}

#[derive(Debug)]
pub(crate) enum FailureKind {
    Other(ReadErrorKind),
    DuplicateKey { key: String, first: Bytes },
}

impl Failure {
    pub(crate) fn new(kind: ReadErrorKind, at: Bytes) -> Self {
        Self { kind: FailureKind::Other(kind), at }
    }

    pub(crate) fn syntax(message: impl Into<String>, at: Bytes) -> Self {
        Self::new(ReadErrorKind::Syntax(message.into()), at)
    }

    pub(crate) fn locate(self, text: &Text) -> ReadError {
        let kind = match self.kind {
            FailureKind::Other(kind) => kind,
            FailureKind::DuplicateKey { key, first } => ReadErrorKind::DuplicateKey { key, first: text.span(first) },
        };
        ReadError { kind, span: text.span(self.at) }
    }
}
