//! Puts a template together while it is read: values, their places, and the limits that hold in every language.
//!
//! What is open is kept in a list and not on the call stack, so that no input makes it overflow.

use indexmap::map::Entry;

use crate::error::{Failure, FailureKind, ReadErrorKind};
use crate::node::{Map, Node};
use crate::read::MAX_DEPTH;
use crate::source::{Bytes, Name, Open, Recorder};

pub(crate) struct Builder<'p> {
    places: &'p mut Recorder,
    open: Vec<Frame>,
    root: Node,
    is_done: bool,
}

/// A list or a map that has not ended.
struct Frame {
    place: Open,
    contents: Contents,
    /// Where the last value in it ends.
    last: u32,
}

enum Contents {
    List(Vec<Node>),
    Map {
        map: Map,
        /// Where the keys stand, in the order of the map.
        keys: Vec<Bytes>,
        /// What the next value is for; nothing where a key has to come first.
        awaited: Option<Awaited>,
        /// The value of the merge key.
        merged: Option<(Node, Open)>,
    },
}

/// What leads to the next value of a map.
struct Awaited {
    name: Name,
    key: Bytes,
    is_merge: bool,
}

/// What is open innermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    Nothing,
    List,
    Map,
}

impl<'p> Builder<'p> {
    pub(crate) fn new(places: &'p mut Recorder) -> Self {
        Self { places, open: Vec::new(), root: Node::Null, is_done: false }
    }

    pub(crate) fn inside(&self) -> Inside {
        match self.open.last().map(|frame| &frame.contents) {
            None => Inside::Nothing,
            Some(Contents::List(_)) => Inside::List,
            Some(Contents::Map { .. }) => Inside::Map,
        }
    }

    /// Whether the one value is there and has ended.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    pub(crate) fn finish(self) -> Node {
        self.root
    }

    /// A key of the map that is open innermost.
    pub(crate) fn key(&mut self, key: String, name: Name, at: Bytes) -> Result<(), Failure> {
        let Some(Frame { contents: Contents::Map { map, keys, awaited, .. }, .. }) = self.open.last_mut() else {
            return Ok(());
        };
        match map.entry(key) {
            Entry::Occupied(entry) => {
                let (key, first) = (entry.key().clone(), keys[entry.index()]);
                return Err(Failure { kind: FailureKind::DuplicateKey { key, first }, at });
            }
            Entry::Vacant(entry) => entry.insert(Node::Null),
        };
        keys.push(at);
        *awaited = Some(Awaited { name, key: at, is_merge: false });
        Ok(())
    }

    /// A value that has nothing inside. Gives it back.
    pub(crate) fn scalar(&mut self, node: Node, (start, end): Bytes) -> &Node {
        let place = self.begin(start);
        self.places.close(place, end);
        self.put(node, place, end)
    }

    /// The start of a list.
    pub(crate) fn open_list(&mut self, start: u32) -> Result<(), Failure> {
        self.open(Contents::List(Vec::new()), start)
    }

    /// The start of a map.
    pub(crate) fn open_map(&mut self, start: u32) -> Result<(), Failure> {
        self.open(Contents::Map { map: Map::new(), keys: Vec::new(), awaited: None, merged: None }, start)
    }

    fn open(&mut self, contents: Contents, start: u32) -> Result<(), Failure> {
        if self.open.len() == MAX_DEPTH {
            return Err(Failure::new(ReadErrorKind::TooDeep { limit: MAX_DEPTH }, (start, start)));
        }
        let place = self.begin(start);
        self.open.push(Frame { place, contents, last: start });
        Ok(())
    }

    /// The end of the list or map that is open innermost. Gives it back.
    pub(crate) fn close(&mut self, end: u32) -> &Node {
        let Some(frame) = self.open.pop() else {
            return &self.root;
        };
        self.places.close(frame.place, end);
        let node = match frame.contents {
            Contents::List(items) => Node::List(items),
            Contents::Map { map, .. } => Node::Map(map),
        };
        self.put(node, frame.place, end)
    }

    fn begin(&mut self, start: u32) -> Open {
        let (name, key) = match self.open.last_mut().map(|frame| &mut frame.contents) {
            Some(Contents::Map { awaited: Some(awaited), .. }) => {
                (std::mem::replace(&mut awaited.name, Name::Item), awaited.key)
            }
            _ => (Name::Item, (0, 0)),
        };
        self.places.open(name, key, start)
    }

    fn put(&mut self, node: Node, place: Open, end: u32) -> &Node {
        let Some(frame) = self.open.last_mut() else {
            self.is_done = true;
            self.root = node;
            return &self.root;
        };
        frame.last = end;
        match &mut frame.contents {
            Contents::List(items) => items.push_mut(node),
            Contents::Map { map, awaited, merged, .. } => {
                let is_merge = awaited.take().is_some_and(|awaited| awaited.is_merge);
                match map.last_mut() {
                    Some((_, value)) if !is_merge => {
                        *value = node;
                        value
                    }
                    _ => &merged.insert((node, place)).0,
                }
            }
        }
    }
}

#[cfg(feature = "yaml")]
impl Builder<'_> {
    /// Whether a key has to come next.
    pub(crate) fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { contents: Contents::Map { awaited: None, .. }, .. }))
    }

    /// How many lists and maps are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Where the last value inside what is open innermost ends, or else where that starts.
    pub(crate) fn last_end(&self) -> u32 {
        self.open.last().map_or(0, |frame| frame.last)
    }

    /// The entry that the next value will have among the places.
    pub(crate) fn next_entry(&self) -> usize {
        self.places.len()
    }

    /// A value that stands for another one: what is inside it is where that is, whose entry is `original`.
    pub(crate) fn copy(&mut self, node: Node, (start, end): Bytes, original: usize) {
        let place = self.begin(start);
        self.places.repeat_inside(original);
        self.places.close(place, end);
        self.put(node, place, end);
    }

    /// The merge key; its value is kept apart from the map.
    pub(crate) fn merge_key(&mut self, name: Name, at: Bytes) {
        if let Some(Frame { contents: Contents::Map { awaited, .. }, .. }) = self.open.last_mut() {
            *awaited = Some(Awaited { name, key: at, is_merge: true });
        }
    }

    /// Whether the map that is open innermost has a merge key.
    pub(crate) fn has_merged(&self) -> bool {
        matches!(self.open.last(), Some(Frame { contents: Contents::Map { merged: Some(_), .. }, .. }))
    }

    /// The map that is open innermost, the value of its merge key and that value's place, where it has one.
    pub(crate) fn merged(&mut self) -> Option<(&mut Map, Node, Open, &mut Recorder)> {
        match &mut self.open.last_mut()?.contents {
            Contents::Map { map, merged, .. } => {
                let (node, place) = merged.take()?;
                Some((map, node, place, self.places))
            }
            Contents::List(_) => None,
        }
    }
}
