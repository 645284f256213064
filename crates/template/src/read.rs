//! Reading a template, whatever language it is written in, and the limits of what is read.

use crate::error::{Failure, ReadError, ReadErrorKind};
use crate::json;
use crate::node::{Map, Node};
use crate::source::{BYTE_ORDER_MARK, Recorder, SourceMap, Text};
use crate::template::Template;

/// The greatest length of a source in bytes. CloudFormation takes 1 MB; what is left out there (spaces, comments) may
/// be in a source.
pub(crate) const MAX_BYTES: usize = 8 * 1024 * 1024;

/// How deep values may be nested, counted in the long JSON form.
pub(crate) const MAX_DEPTH: usize = 256;

/// A template as it was read, and where in the source its values stand.
#[derive(Clone, Debug)]
pub struct Document {
    /// The template.
    pub template: Template,
    /// Where its values stand.
    pub source: SourceMap,
}

/// Reads a template: as JSON if it starts with `{`, else as YAML (feature `yaml`).
///
/// # Errors
/// What is wrong with the source, and where. Sources over 8 MiB and values nested more than 256 deep are not read.
pub fn read(text: &str) -> Result<Document, ReadError> {
    if text.trim_start_matches(BYTE_ORDER_MARK).trim_start().starts_with('{') {
        return read_json(text);
    }
    #[cfg(feature = "yaml")]
    return read_yaml(text);
    #[cfg(not(feature = "yaml"))]
    read_json(text).map_err(|error| match error.kind() {
        ReadErrorKind::Syntax(_) => Failure::new(ReadErrorKind::NotJson, (0, 0)).locate(&Text::new(text)),
        _ => error,
    })
}

/// Reads a template from bytes that should be UTF-8, as [`read`] does.
///
/// # Errors
/// What is wrong with the source, and where.
pub fn read_bytes(bytes: &[u8]) -> Result<Document, ReadError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return read(text),
        Err(error) => error,
    };
    let valid = Text::new(&String::from_utf8_lossy(&bytes[..error.valid_up_to()]));
    Err(Failure::new(ReadErrorKind::NotText, offset(error.valid_up_to(), error.valid_up_to())).locate(&valid))
}

/// Reads a template from JSON.
///
/// # Errors
/// What is wrong with the source, and where.
pub fn read_json(text: &str) -> Result<Document, ReadError> {
    document(text, json::read::value)
}

/// Reads a template from YAML, with the short forms of the intrinsic functions.
///
/// Scalars are what CloudFormation takes them for: those of YAML 1.1, but that dates are strings. Keys are strings as
/// they are written.
///
/// # Errors
/// What is wrong with the source, and where.
#[cfg(feature = "yaml")]
pub fn read_yaml(text: &str) -> Result<Document, ReadError> {
    document(text, crate::yaml::read::value)
}

impl Node {
    /// Reads a value from JSON, with every intrinsic function recognised.
    ///
    /// # Errors
    /// What is wrong with the source, and where.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        value(text, json::read::value).map(|(node, _)| Self::from_long_form(node))
    }

    /// Reads a value from YAML, with every intrinsic function recognised.
    ///
    /// # Errors
    /// What is wrong with the source, and where.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, ReadError> {
        value(text, crate::yaml::read::value).map(|(node, _)| Self::from_long_form(node))
    }
}

/// Reads one value in the long form and records where it stands.
type Reader = fn(&str, &mut Recorder) -> Result<Node, Failure>;

fn document(text: &str, reader: Reader) -> Result<Document, ReadError> {
    let (root, source) = value(text, reader)?;
    let root = map(root).map_err(|found| {
        let start = source.span(&[]);
        let whole = start.map_or((0, 0), |span| offset(span.start.offset, span.end.offset));
        Failure::new(ReadErrorKind::NotAMap { found }, whole).locate(&Text::new(text))
    })?;
    Ok(Document { template: Template::from_long_form(root), source })
}

fn value(text: &str, reader: Reader) -> Result<(Node, SourceMap), ReadError> {
    if text.len() > MAX_BYTES {
        let kind = ReadErrorKind::TooLarge { bytes: text.len(), limit: MAX_BYTES };
        return Err(Failure::new(kind, (0, 0)).locate(&Text::new("")));
    }
    let mut places = Recorder::default();
    let read = reader(text, &mut places);
    let text = Text::new(text);
    match read {
        Ok(node) => Ok((node, places.finish(text))),
        Err(failure) => Err(failure.locate(&text)),
    }
}

fn map(root: Node) -> Result<Map, &'static str> {
    Err(match root {
        Node::Map(map) => return Ok(map),
        Node::Null => "nothing (`null`)",
        Node::Bool(_) => "a truth value",
        Node::Number(_) => "a number",
        Node::String(_) => "a string",
        Node::List(_) => "a list",
        Node::Intrinsic(_) | Node::JsonString(_) => "a function",
    })
}

/// A range of bytes as the records keep it; [`MAX_BYTES`] fits.
pub(crate) fn offset(start: usize, end: usize) -> (u32, u32) {
    (start as u32, end as u32)
}
