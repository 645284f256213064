//! Where in its source each value of a template stands.
//!
//! Values are found by their path in the long JSON form, whatever form the source has: the `b` of `!GetAtt a.b` is
//! `Fn::GetAtt`, `1`. A map of places belongs to the template as it was read; it knows nothing of later changes.

use std::fmt;
use std::sync::OnceLock;

/// A place in a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1. A byte order mark is no character.
    pub column: usize,
    /// The byte, from 0.
    pub offset: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A piece of a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Where it starts.
    pub start: Position,
    /// Where it ends: the first place behind it.
    pub end: Position,
}

/// A step from a value to one inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step<'a> {
    /// To the entry of a map that has this key.
    Key(&'a str),
    /// To the item of a list that has this index, from 0.
    Index(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => index.fmt(f),
        }
    }
}

/// The places of the values of a template in its source.
#[derive(Clone, Debug)]
pub struct SourceMap {
    text: Text,
    /// Every value before those inside it; empty only if nothing was read.
    entries: Vec<Entry>,
}

impl SourceMap {
    /// Where the value at `path` stands; nothing if there was no such value. The empty path is the whole template.
    ///
    /// A value that a YAML alias stands for is where the alias is; what is inside it is where the anchor is.
    pub fn span(&self, path: &[Step<'_>]) -> Option<Span> {
        Some(self.text.span(self.find(path)?.value))
    }

    /// Where the key of the entry at `path` stands; nothing if there is no such entry or it is no entry of a map. For a
    /// short YAML form the key is the tag.
    pub fn key_span(&self, path: &[Step<'_>]) -> Option<Span> {
        let entry = self.find(path)?;
        (entry.name != Name::Item).then(|| self.text.span(entry.key))
    }

    /// Where the value at `path` stands or, if there is none, the innermost value around it that there is.
    pub fn nearest_span(&self, path: &[Step<'_>]) -> Option<Span> {
        (0..=path.len()).rev().find_map(|length| self.span(&path[..length]))
    }

    /// The source.
    pub fn text(&self) -> &str {
        &self.text.text
    }

    /// The line `number`, from 1, without its end.
    pub fn line(&self, number: usize) -> Option<&str> {
        self.text.line(number)
    }

    fn find(&self, path: &[Step<'_>]) -> Option<&Entry> {
        let mut index = 0;
        for step in path {
            index = match *step {
                Step::Key(key) => self.children(index).find(|&child| self.name(child) == Some(key))?,
                Step::Index(item) => {
                    self.children(index).nth(item).filter(|&child| self.entries[child].name == Name::Item)?
                }
            };
        }
        self.entries.get(index)
    }

    fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        children(&self.entries, parent)
    }

    fn name(&self, index: usize) -> Option<&str> {
        match &self.entries[index].name {
            Name::Item => None,
            Name::Source(start, end) => self.text.text.get(*start as usize..*end as usize),
            Name::Text(name) => Some(name),
        }
    }
}

fn children(entries: &[Entry], parent: usize) -> impl Iterator<Item = usize> {
    let end = parent + entries.get(parent).map_or(1, |entry| entry.size as usize);
    let first = Some(parent + 1).filter(|&first| first < end);
    std::iter::successors(first, move |&child| Some(child + entries[child].size as usize).filter(|&next| next < end))
}

/// A range of bytes. Sources are smaller than 4 GiB: see [`crate::ReadErrorKind::TooLarge`].
pub(crate) type Bytes = (u32, u32);

#[derive(Clone, Debug)]
struct Entry {
    name: Name,
    key: Bytes,
    value: Bytes,
    /// How many entries this value has, itself included.
    size: u32,
}

/// What leads to a value from the one around it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Name {
    /// Its place in a list.
    Item,
    /// The key that stands literally at this place of the source.
    Source(u32, u32),
    /// This key.
    Text(Box<str>),
}

/// Collects the places while a source is read.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    entries: Vec<Entry>,
}

/// A value whose end is not known yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open(usize);

#[cfg(feature = "yaml")]
impl Open {
    /// The entry that the value has.
    pub(crate) fn entry(self) -> usize {
        self.0
    }
}

impl Recorder {
    /// Starts a value. Those inside it follow, then [`Recorder::close`].
    pub(crate) fn open(&mut self, name: Name, key: Bytes, start: u32) -> Open {
        self.entries.push(Entry { name, key, value: (start, start), size: 1 });
        Open(self.entries.len() - 1)
    }

    /// Ends a value.
    pub(crate) fn close(&mut self, open: Open, end: u32) {
        let size = self.entries.len() - open.0;
        if let Some(entry) = self.entries.get_mut(open.0) {
            entry.value.1 = end;
            entry.size = u32::try_from(size).unwrap_or(u32::MAX);
        }
    }

    pub(crate) fn finish(self, text: Text) -> SourceMap {
        SourceMap { text, entries: self.entries }
    }
}

#[cfg(feature = "yaml")]
impl Recorder {
    /// Where the next value will be.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Where the value of this entry stands, once it is closed.
    pub(crate) fn bytes(&self, index: usize) -> Bytes {
        self.entries.get(index).map_or((0, 0), |entry| entry.value)
    }

    /// The values directly inside this one, once it is closed.
    pub(crate) fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        children(&self.entries, index)
    }

    /// The key of this entry, if it was recorded as text.
    pub(crate) fn key(&self, index: usize) -> Option<&str> {
        match &self.entries.get(index)?.name {
            Name::Text(key) => Some(key),
            Name::Item | Name::Source(..) => None,
        }
    }

    /// Repeats this value and what is inside it as the next value.
    pub(crate) fn repeat(&mut self, index: usize) {
        let size = self.entries.get(index).map_or(0, |entry| entry.size as usize);
        self.entries.extend_from_within(index..index + size);
    }

    /// Repeats what is inside this value as the inside of the value that was just opened.
    pub(crate) fn repeat_inside(&mut self, index: usize) {
        if let Some(size) = self.entries.get(index).map(|entry| entry.size as usize) {
            self.entries.extend_from_within(index + 1..index + size);
        }
    }
}

/// A source text that can tell lines.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    text: Box<str>,
    line_starts: OnceLock<Vec<usize>>,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.into(), line_starts: OnceLock::new() }
    }

    pub(crate) fn span(&self, (start, end): Bytes) -> Span {
        Span { start: self.position(start as usize), end: self.position(end as usize) }
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let first = if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
            let ends = bytes.iter().enumerate().filter(|&(index, byte)| match byte {
                b'\n' => true,
                b'\r' => bytes.get(index + 1) != Some(&b'\n'),
                _ => false,
            });
            std::iter::once(first).chain(ends.map(|(index, _)| index + 1)).collect()
        })
    }

    fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let before = self.text.get(starts[line - 1]..offset).unwrap_or_default();
        Position { line, column: before.chars().count() + 1, offset }
    }

    fn line(&self, number: usize) -> Option<&str> {
        let starts = self.line_starts();
        let start = *starts.get(number.checked_sub(1)?)?;
        let end = starts.get(number).copied().unwrap_or(self.text.len());
        Some(self.text.get(start..end)?.trim_end_matches(['\r', '\n']))
    }
}

/// What may stand before a text to tell its encoding.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_they_like() {
        let text = Text::new("\u{feff}aé\r\nb\rc\n");
        let place = |offset| {
            let position = text.position(offset);
            (position.line, position.column)
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 1));
        assert_eq!(place(6), (1, 3));
        assert_eq!(place(8), (2, 1));
        assert_eq!(place(10), (3, 1));
        assert_eq!(place(100), (4, 1));
        assert_eq!([1, 2, 3, 4, 5].map(|number| text.line(number)), [Some("aé"), Some("b"), Some("c"), Some(""), None]);
        assert_eq!(text.line(0), None);
    }
}
