//! What can be wrong with a source.

use crate::source::{Bytes, Span, Text};

/// Why a source could not be read, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {kind}", span.start)]
pub struct ReadError {
    kind: ReadErrorKind,
    span: Span,
}

/// Why a source could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The source is not UTF-8.
    #[error("this is not UTF-8 text")]
    NotText,
    /// There is nothing in it.
    #[error("the template is empty")]
    Empty,
    /// It is longer than any template may be.
    #[error("the template has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The greatest length.
        limit: usize,
    },
    /// Its values are nested too deeply.
    #[error("values are nested more than {limit} deep")]
    TooDeep {
        /// The greatest depth, in the long JSON form.
        limit: usize,
    },
    /// It breaks the rules of its language.
    #[error("{0}")]
    Syntax(String),
    /// It is not a map.
    #[error("a template is a map of sections, this is {found}")]
    NotAMap {
        /// What it is instead, with an article.
        found: &'static str,
    },
    /// A map has the same key twice.
    #[error("the key `{key}` is here twice, first at {}", first.start)]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where the first one is.
        first: Span,
    },
    /// The source is not JSON, and this build reads nothing else.
    #[error("a JSON template starts with `{{`; YAML is not read here")]
    NotJson,
    /// A YAML tag that is no intrinsic function.
    #[error("there is no intrinsic function with the short form `{tag}`")]
    UnknownTag {
        /// The tag as it is written.
        tag: String,
    },
    /// A YAML key that is not a string, a number or a truth value.
    #[error("a key has to be a string")]
    KeyNotAString,
    /// A YAML number that JSON does not have, such as infinity.
    #[error("`{text}` is a number in YAML that JSON does not have")]
    NotANumber {
        /// The number as it is written.
        text: String,
    },
    /// A YAML scalar that is not what its tag says.
    #[error("`{text}` is not of the type `{tag}`")]
    WrongType {
        /// The scalar as it is written.
        text: String,
        /// The tag.
        tag: String,
    },
    /// What a YAML merge key (`<<`) has to merge is neither a map nor a list of maps.
    #[error("`<<` takes a map or a list of maps")]
    MergeNotAMap,
    /// A YAML alias inside the value that it stands for.
    #[error("the alias stands inside the value that it stands for")]
    AliasInItself,
    /// YAML aliases stand for more than any template may be.
    #[error("with its aliases resolved the template has more than {limit} values")]
    AliasesTooLarge {
        /// The greatest number of values.
        limit: usize,
    },
    /// There is more than one YAML document.
    #[error("there is a second document; a template is one")]
    SecondDocument,
}

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
