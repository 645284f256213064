//! Reads records, texts and lists from the blob.
//!
//! Nothing here can fail: outside the blob everything reads as 0, the empty text or the empty list. A test walks the whole blob, so that this never hides a mistake.

use crate::layout::{MAGIC, Section};

static BLOB: &[u8] = include_bytes!("tables.bin");

/// The number at a byte offset.
#[inline]
fn number_at(offset: usize) -> u32 {
    BLOB.get(offset..).and_then(|it| it.first_chunk::<4>()).map_or(0, |it| u32::from_le_bytes(*it))
}

#[inline]
fn start(section: Section) -> usize {
    number_at(MAGIC.len() + section as usize * 8) as usize
}

/// How many records a section has.
#[inline]
pub(crate) fn count(section: Section) -> u32 {
    number_at(MAGIC.len() + section as usize * 8 + 4)
}

/// One record.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Record(u32);

impl Record {
    #[inline]
    pub(crate) fn new(section: Section, index: u32) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "the generator writes offsets of 32 bits")]
        Self((start(section) + index as usize * section.width()) as u32)
    }

    /// The field at an offset that [`layout`](crate::layout) names.
    #[inline]
    pub(crate) fn field(self, offset: usize) -> u32 {
        number_at(self.0 as usize + offset)
    }

    #[inline]
    pub(crate) fn has(self, offset: usize, flag: u32) -> bool {
        self.field(offset) & flag != 0
    }

    #[inline]
    pub(crate) fn text(self, offset: usize) -> &'static str {
        text(self.field(offset))
    }

    /// The text of a field, where the empty one means that there is none.
    #[inline]
    pub(crate) fn some_text(self, offset: usize) -> Option<&'static str> {
        Some(self.text(offset)).filter(|it| !it.is_empty())
    }

    #[inline]
    pub(crate) fn list(self, offset: usize) -> List {
        List::new(self.field(offset))
    }

    /// The `f64` of two fields.
    pub(crate) fn float(self, offset: usize) -> f64 {
        f64::from_bits(u64::from(self.field(offset)) | u64::from(self.field(offset + 4)) << 32)
    }
}

#[inline]
fn bytes(offset: u32) -> &'static [u8] {
    let start = start(Section::Texts) + offset as usize;
    let Some(length) = start.checked_sub(2).and_then(|it| BLOB.get(it..)).and_then(|it| it.first_chunk::<2>()) else {
        return &[];
    };
    BLOB.get(start..start + usize::from(u16::from_le_bytes(*length))).unwrap_or_default()
}

/// A text of the pool.
#[inline]
pub(crate) fn text(offset: u32) -> &'static str {
    if offset == 0 { "" } else { std::str::from_utf8(bytes(offset)).unwrap_or_default() }
}

/// A list of numbers.
#[derive(Clone, Copy)]
pub(crate) struct List {
    first: u32,
    length: u32,
}

impl List {
    pub(crate) fn new(index: u32) -> Self {
        let length = if index == 0 { 0 } else { Record::new(Section::Lists, index).field(0) };
        // A length that the section cannot hold is a damaged blob, and must not become a long loop.
        Self { first: index + 1, length: length.min(count(Section::Lists)) }
    }

    pub(crate) fn get(self, index: u32) -> u32 {
        if index < self.length { Record::new(Section::Lists, self.first + index).field(0) } else { 0 }
    }

    pub(crate) fn len(self) -> u32 {
        self.length
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = u32> + Clone {
        Indexes(0..self.length).map(move |it| self.get(it))
    }

    pub(crate) fn texts(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        self.iter().map(text)
    }
}

/// Counts in `u32` with a length, which the range of `u32` does not promise.
#[derive(Clone)]
pub(crate) struct Indexes(pub(crate) std::ops::Range<u32>);

impl Iterator for Indexes {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Indexes {}

/// The record of a sorted run whose first field is the name.
pub(crate) fn find(section: Section, first: u32, length: u32, name: &str) -> Option<Record> {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        let record = Record::new(section, first + middle);
        match bytes(record.field(0)).cmp(name.as_bytes()) {
            std::cmp::Ordering::Equal => return Some(record),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// The records of a run.
pub(crate) fn run(section: Section, first: u32, length: u32) -> impl ExactSizeIterator<Item = Record> + Clone {
    Indexes(0..length.min(count(section))).map(move |it| Record::new(section, first + it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::HEADER;

    #[test]
    fn the_sections_follow_each_other_and_fill_the_blob() {
        assert!(BLOB.starts_with(&MAGIC));
        let sections = [
            Section::Resources,
            Section::Definitions,
            Section::Properties,
            Section::Attributes,
            Section::Shapes,
            Section::Limits,
            Section::Lists,
            Section::Texts,
        ];
        let mut end = HEADER;
        for section in sections {
            assert_eq!(start(section), end, "{section:?}");
            end += count(section) as usize * section.width();
        }
        assert_eq!(end, BLOB.len());
    }

    #[test]
    fn every_text_is_utf_8_and_every_byte_belongs_to_one() {
        let pool = &BLOB[start(Section::Texts)..];
        let mut offset = 0;
        while offset < pool.len() {
            let length = usize::from(u16::from_le_bytes([pool[offset], pool[offset + 1]]));
            std::str::from_utf8(&pool[offset + 2..offset + 2 + length]).unwrap();
            offset += 2 + length;
        }
        assert_eq!(offset, pool.len());
    }

    #[test]
    fn what_is_outside_reads_as_nothing() {
        assert_eq!(text(u32::MAX), "");
        assert_eq!(List::new(u32::MAX - 1).len(), 0);
        assert_eq!(number_at(usize::MAX - 8), 0);
    }
}
