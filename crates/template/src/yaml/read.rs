//! The YAML reader: YAML with short forms, into the long form. Parsing is `granit-parser`'s, which yields events; what
//! is ours is what scalars and tags mean, aliases and merge keys within a budget, places and limits.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag};
use indexmap::map::Entry;

use crate::error::{Failure, FailureKind, ReadErrorKind};
use crate::long_form::split_get_att;
use crate::node::{Map, Node};
use crate::read::{MAX_DEPTH, offset};
use crate::source::{BYTE_ORDER_MARK, Bytes, Name, Recorder};
use crate::yaml::{scalar, tag};

/// How many values anchors and aliases may stand for. A long string counts for more than one.
const MAX_ALIASED: usize = 250_000;

/// The namespace of YAML's own tags, `!!` for short.
const CORE: &str = "tag:yaml.org,2002:";

/// Reads `text` as one document.
pub(crate) fn value(text: &str, places: &mut Recorder) -> Result<Node, Failure> {
    let base = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        emit_comments: false,
    };
    let parser = Parser::new_from_str_with_options(&text[base..], options);
    Reader { parser, base, places, depth: 0, anchors: HashMap::new(), aliased: 0 }.document()
}

struct Reader<'a, 'p> {
    parser: Parser<'a, StrInput<'a>>,
    /// What the parser's offsets count from.
    base: usize,
    places: &'p mut Recorder,
    depth: usize,
    anchors: HashMap<usize, Anchor>,
    aliased: usize,
}

/// A finished value with an anchor.
struct Anchor {
    node: Node,
    /// Its entry among the places.
    entry: usize,
    height: usize,
    weight: usize,
}

/// A list or a map.
struct Contents {
    node: Node,
    /// Where the last value in it ends.
    last: u32,
    /// Where its end was noticed.
    end: u32,
}

/// What a tag says of a value.
enum Type {
    /// What it looks like.
    Unsaid,
    /// A string, even where it looks like something else.
    String,
    /// A type of YAML's own.
    Core(String),
    /// The argument of a function, by its key in the long form.
    Function(String),
}

impl<'a> Reader<'a, '_> {
    fn document(mut self) -> Result<Node, Failure> {
        loop {
            match self.next()? {
                (Event::StreamEnd, at) => return Err(Failure::new(ReadErrorKind::Empty, at.bytes)),
                (Event::DocumentStart(..), _) => break,
                _ => {}
            }
        }
        let (event, at) = self.next()?;
        let node = self.value(event, &at, Name::Item, (0, 0))?;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(node),
                (Event::DocumentStart(..), at) => return Err(Failure::new(ReadErrorKind::SecondDocument, at.bytes)),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, At), Failure> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, At::new(&span, self.base))),
            Some(Err(error)) => Err(self.syntax(&error)),
            // Past the end of the stream; the loops above stop before.
            None => Ok((Event::StreamEnd, At { bytes: (0, 0), tag: (0, 0) })),
        }
    }

    fn syntax(&self, error: &ScanError) -> Failure {
        let start = self.base + error.marker().byte_offset().unwrap_or_default();
        let kind = match error.kind() {
            ErrorKind::RecursionLimitExceeded => ReadErrorKind::TooDeep { limit: MAX_DEPTH },
            _ => ReadErrorKind::Syntax(error.info()),
        };
        Failure::new(kind, offset(start, start))
    }

    /// The value that starts with `event`.
    fn value(&mut self, event: Event<'a>, at: &At, name: Name, key: Bytes) -> Result<Node, Failure> {
        let entry = self.places.len();
        let anchor = event.anchor_id();
        let node = match event {
            Event::Alias(id) => return self.alias(id, at, name, key),
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), at, name, key)?,
            Event::SequenceStart(style, _, tag) => {
                self.collection(tag.as_deref(), "seq", style, at, (name, key), Self::list)?
            }
            Event::MappingStart(style, _, tag) => {
                self.collection(tag.as_deref(), "map", style, at, (name, key), Self::map)?
            }
            _ => return Err(Failure::syntax("expected a value", at.bytes)),
        };
        if let Some(id) = anchor {
            let (height, weight) = measure(&node);
            self.spend(weight, at)?;
            self.anchors.insert(id, Anchor { node: node.clone(), entry, height, weight });
        }
        Ok(node)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: &At,
        name: Name,
        key: Bytes,
    ) -> Result<Node, Failure> {
        let (start, end) = at.bytes;
        let not_a_number = |_| Failure::new(ReadErrorKind::NotANumber { text: text.to_owned() }, at.bytes);
        let node = match type_of(tag, at)? {
            Type::Function(function) => return self.function_of_text(function, text, at, name, key),
            Type::Unsaid if style == ScalarStyle::Plain => scalar::resolve(text).map_err(not_a_number)?,
            Type::Unsaid | Type::String => Node::String(text.to_owned()),
            Type::Core(core) => {
                let node = match core.as_str() {
                    "null" => Some(Node::Null),
                    "bool" => scalar::bool(text).map(Node::Bool),
                    "int" | "float" => scalar::number(text).map_err(not_a_number)?.map(Node::Number),
                    _ => None,
                };
                node.ok_or_else(|| wrong_type(text, tag, at))?
            }
        };
        let place = self.places.open(name, key, start);
        self.places.close(place, end);
        Ok(node)
    }

    /// `!Ref Name`: the argument is a string, whatever it looks like.
    fn function_of_text(
        &mut self,
        function: String,
        text: &str,
        at: &At,
        name: Name,
        key: Bytes,
    ) -> Result<Node, Failure> {
        let (start, end) = at.bytes;
        self.enter(2, at)?;
        let call = self.places.open(name, key, at.tag.0);
        let argument = self.places.open(Name::Text(function.as_str().into()), at.tag, start);
        let node = if function == "Fn::GetAtt" {
            let parts = match split_get_att(text) {
                Some((target, attribute)) => vec![target, attribute],
                None => vec![text],
            };
            for _ in &parts {
                let part = self.places.open(Name::Item, (0, 0), start);
                self.places.close(part, end);
            }
            parts.into()
        } else {
            text.into()
        };
        self.places.close(argument, end);
        self.places.close(call, end);
        self.depth -= 2;
        Ok(Map::from([(function, node)]).into())
    }

    fn collection(
        &mut self,
        tag: Option<&Tag>,
        core_type: &str,
        style: StructureStyle,
        at: &At,
        (name, key): (Name, Bytes),
        read: fn(&mut Self) -> Result<Contents, Failure>,
    ) -> Result<Node, Failure> {
        let (start, _) = at.bytes;
        let function = match type_of(tag, at)? {
            Type::Unsaid => None,
            Type::Function(function) => Some(function),
            Type::Core(core) if core == core_type => None,
            Type::Core(_) | Type::String => return Err(wrong_type("this", tag, at)),
        };
        self.enter(if function.is_some() { 2 } else { 1 }, at)?;
        // The end of block style is where the next thing starts, perhaps many lines on.
        let end_of = |contents: &Contents| match style {
            StructureStyle::Block => contents.last.max(start),
            StructureStyle::Flow => contents.end,
        };
        let node = match function {
            None => {
                let place = self.places.open(name, key, start);
                let contents = read(self)?;
                self.places.close(place, end_of(&contents));
                self.depth -= 1;
                contents.node
            }
            Some(function) => {
                let call = self.places.open(name, key, at.tag.0);
                let argument = self.places.open(Name::Text(function.as_str().into()), at.tag, start);
                let contents = read(self)?;
                self.places.close(argument, end_of(&contents));
                self.places.close(call, end_of(&contents));
                self.depth -= 2;
                Map::from([(function, contents.node)]).into()
            }
        };
        Ok(node)
    }

    fn enter(&mut self, levels: usize, at: &At) -> Result<(), Failure> {
        self.depth += levels;
        if self.depth > MAX_DEPTH {
            return Err(Failure::new(ReadErrorKind::TooDeep { limit: MAX_DEPTH }, at.bytes));
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Contents, Failure> {
        let mut items = Vec::new();
        let mut last = 0;
        loop {
            let (event, at) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Contents { node: Node::List(items), last, end: at.bytes.1 });
            }
            let entry = self.places.len();
            items.push(self.value(event, &at, Name::Item, (0, 0))?);
            last = self.places.end(entry);
        }
    }

    fn map(&mut self) -> Result<Contents, Failure> {
        let mut map = Map::new();
        let mut keys: Vec<Bytes> = Vec::new();
        let mut merged = None;
        let mut last = 0;
        loop {
            let (event, key_at) = self.next()?;
            if event == Event::MappingEnd {
                if let Some((base, entry)) = merged {
                    map = self.merge(map, base, entry);
                }
                return Ok(Contents { node: Node::Map(map), last, end: key_at.bytes.1 });
            }
            let (key, style) = self.key(&event, &key_at)?;
            let (event, at) = self.next()?;
            let entry = self.places.len();
            let name = Name::Text(key.as_str().into());
            if style == ScalarStyle::Plain && key == "<<" {
                if merged.is_some() {
                    return Err(Failure::syntax("the merge key `<<` is here twice", key_at.bytes));
                }
                let base = self.value(event, &at, name, key_at.bytes)?;
                merged = Some((mergeable(base).ok_or(Failure::new(ReadErrorKind::MergeNotAMap, at.bytes))?, entry));
            } else {
                match map.entry(key) {
                    Entry::Occupied(entry) => {
                        let (key, first) = (entry.key().clone(), keys[entry.index()]);
                        return Err(Failure { kind: FailureKind::DuplicateKey { key, first }, at: key_at.bytes });
                    }
                    Entry::Vacant(entry) => {
                        keys.push(key_at.bytes);
                        entry.insert(self.value(event, &at, name, key_at.bytes)?);
                    }
                }
            }
            last = self.places.end(entry);
        }
    }

    fn key(&mut self, event: &Event<'a>, at: &At) -> Result<(String, ScalarStyle), Failure> {
        let Event::Scalar(text, style, anchor, tag) = event else {
            return Err(Failure::new(ReadErrorKind::KeyNotAString, at.bytes));
        };
        let is_string = match type_of(tag.as_deref(), at)? {
            Type::Unsaid => *style != ScalarStyle::Plain || !scalar::is_null(text),
            Type::String => true,
            Type::Core(_) | Type::Function(_) => false,
        };
        if !is_string {
            return Err(Failure::new(ReadErrorKind::KeyNotAString, at.bytes));
        }
        if *anchor != 0 {
            let node = Node::String(text.clone().into_owned());
            let (height, weight) = measure(&node);
            self.spend(weight, at)?;
            self.anchors.insert(*anchor, Anchor { node, entry: usize::MAX, height, weight });
        }
        Ok((text.clone().into_owned(), *style))
    }

    /// The entries of `bases` before those of `map`, which win, as does an earlier base over a later one.
    fn merge(&mut self, map: Map, bases: Bases, entry: usize) -> Map {
        let places: Vec<usize> = match bases {
            Bases::One(_) => vec![entry],
            Bases::Many(_) => self.places.children(entry).collect(),
        };
        let bases = match bases {
            Bases::One(base) => vec![base],
            Bases::Many(bases) => bases,
        };
        for (index, place) in places.into_iter().enumerate() {
            let (earlier, base) = (&bases[..index], &bases[index]);
            let is_new = |key: &str| {
                base.contains_key(key) && !map.contains_key(key) && !earlier.iter().any(|base| base.contains_key(key))
            };
            let children: Vec<usize> = self.places.children(place).collect();
            for child in children {
                if self.places.key(child).is_some_and(is_new) {
                    self.places.repeat(child);
                }
            }
        }
        let mut whole: Map = bases.into_iter().rev().flatten().collect();
        whole.extend(map);
        whole
    }

    fn alias(&mut self, id: usize, at: &At, name: Name, key: Bytes) -> Result<Node, Failure> {
        let Some(anchor) = self.anchors.get(&id) else {
            return Err(Failure::new(ReadErrorKind::AliasInItself, at.bytes));
        };
        if self.depth + anchor.height > MAX_DEPTH {
            return Err(Failure::new(ReadErrorKind::TooDeep { limit: MAX_DEPTH }, at.bytes));
        }
        let (node, entry, weight) = (anchor.node.clone(), anchor.entry, anchor.weight);
        self.spend(weight, at)?;
        let place = self.places.open(name, key, at.bytes.0);
        self.places.repeat_inside(entry);
        self.places.close(place, at.bytes.1);
        Ok(node)
    }

    fn spend(&mut self, weight: usize, at: &At) -> Result<(), Failure> {
        self.aliased += weight;
        if self.aliased > MAX_ALIASED {
            return Err(Failure::new(ReadErrorKind::AliasesTooLarge { limit: MAX_ALIASED }, at.bytes));
        }
        Ok(())
    }
}

/// What a merge key merges.
enum Bases {
    One(Map),
    Many(Vec<Map>),
}

fn mergeable(node: Node) -> Option<Bases> {
    let map = |node| match node {
        Node::Map(map) => Some(map),
        _ => None,
    };
    match node {
        Node::List(items) => items.into_iter().map(map).collect::<Option<_>>().map(Bases::Many),
        other => map(other).map(Bases::One),
    }
}

/// Where an event is in the source.
struct At {
    bytes: Bytes,
    tag: Bytes,
}

impl At {
    fn new(span: &Span, base: usize) -> Self {
        let place = |span: &Span| span.byte_range().map(|range| offset(base + range.start, base + range.end));
        let bytes = place(span).unwrap_or_default();
        Self { bytes, tag: span.tag_span().as_ref().and_then(place).unwrap_or(bytes) }
    }
}

fn type_of(tag: Option<&Tag>, at: &At) -> Result<Type, Failure> {
    let Some(tag) = tag else {
        return Ok(Type::Unsaid);
    };
    let unknown = || Failure::new(ReadErrorKind::UnknownTag { tag: tag.original() }, at.tag);
    if let Some(core) = tag.suffix_in_namespace(CORE) {
        return match &*core {
            "str" | "timestamp" => Ok(Type::String),
            "null" | "bool" | "int" | "float" | "seq" | "map" => Ok(Type::Core(core.into_owned())),
            _ => Err(unknown()),
        };
    }
    match tag.parts() {
        ("" | "!", "" | "!") => Ok(Type::String),
        ("!", short) => tag::long_name(short).map(Type::Function).ok_or_else(unknown),
        _ => Err(unknown()),
    }
}

fn wrong_type(text: &str, tag: Option<&Tag>, at: &At) -> Failure {
    let tag = tag.map(Tag::original).unwrap_or_default();
    Failure::new(ReadErrorKind::WrongType { text: text.to_owned(), tag }, at.bytes)
}

/// How deep values are nested in this one, and how much they count for.
fn measure(node: &Node) -> (usize, usize) {
    let inside = |(height, weight): (usize, usize), node: &Node| {
        let (inner_height, inner_weight) = measure(node);
        (height.max(inner_height), weight + inner_weight)
    };
    let (height, weight) = match node {
        Node::List(items) => items.iter().fold((0, 0), inside),
        Node::Map(map) => {
            let keys = map.keys().map(|key| key.len() / 64).sum();
            map.values().fold((0, keys), inside)
        }
        Node::String(text) => return (0, 1 + text.len() / 64),
        _ => return (0, 1),
    };
    (height + 1, weight + 1)
}
