//! The YAML reader: YAML with short forms, into the long form. Parsing is `granit-parser`'s, which yields events; what
//! is ours is what scalars and tags mean, aliases and merge keys within a budget, places and limits.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag};

use crate::build::Builder;
use crate::error::{Failure, ReadErrorKind};
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
    let builder = Builder::new(places);
    let last_line = text.rsplit(['\n', '\r']).next().unwrap_or_default();
    let open_end = Some(text.len()).filter(|_| !last_line.trim().is_empty());
    Reader { parser, base, open_end, builder, open: Vec::new(), anchors: HashMap::new(), aliased: 0 }.document()
}

struct Reader<'a, 'p> {
    parser: Parser<'a, StrInput<'a>>,
    /// What the parser's offsets count from.
    base: usize,
    /// The end of the source, if its last line has no end.
    open_end: Option<usize>,
    builder: Builder<'p>,
    open: Vec<Collection>,
    anchors: HashMap<usize, Anchor>,
    aliased: usize,
}

/// A list or a map that has not ended.
struct Collection {
    style: StructureStyle,
    /// Whether it is the argument of a function, and so inside a map of its own.
    is_argument: bool,
    mark: Option<Mark>,
}

/// An anchor, and where the entry of its value is among the places.
struct Mark {
    id: usize,
    entry: usize,
}

/// A finished value with an anchor.
struct Anchor {
    node: Node,
    entry: usize,
    height: usize,
    weight: usize,
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
        while !self.builder.is_done() {
            let (event, at) = self.next()?;
            if self.builder.expects_key() && event != Event::MappingEnd {
                self.key(event, &at)?;
            } else {
                self.value(event, &at)?;
            }
        }
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(self.builder.finish()),
                (Event::DocumentStart(..), at) => return Err(Failure::new(ReadErrorKind::SecondDocument, at.bytes)),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, At), Failure> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, At::new(&span, self.base))),
            Some(Err(error)) => Err(self.syntax(&error)),
            // Past the end of the stream; what reads stops before.
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

    /// Takes an event of a value: all of it, or where it starts or ends.
    fn value(&mut self, event: Event<'a>, at: &At) -> Result<(), Failure> {
        let entry = self.builder.next_entry();
        let mark = event.anchor_id().map(|id| Mark { id, entry });
        match event {
            Event::Alias(id) => self.alias(id, at),
            Event::Scalar(text, style, _, tag) => {
                let text = self.without_added_end(text, style, at);
                let node = self.scalar(&text, style, tag.as_deref(), at)?;
                let marked = mark.map(|mark| (mark, node.clone()));
                self.keep(marked, at)
            }
            Event::SequenceStart(style, _, tag) => {
                let is_argument = self.start(tag.as_deref(), "seq", at)?;
                self.open.push(Collection { style, is_argument, mark });
                self.builder.open_list(at.bytes.0)
            }
            Event::MappingStart(style, _, tag) => {
                let is_argument = self.start(tag.as_deref(), "map", at)?;
                self.open.push(Collection { style, is_argument, mark });
                self.builder.open_map(at.bytes.0)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            _ => Err(Failure::syntax("expected a value", at.bytes)),
        }
    }

    /// A block without the line end that the parser adds to the last line of a source that has none. Readers of YAML
    /// 1.1 add none.
    fn without_added_end(&self, text: Cow<'a, str>, style: ScalarStyle, at: &At) -> Cow<'a, str> {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if is_block && self.open_end == Some(at.bytes.1 as usize) && text.ends_with('\n') {
            let mut text = text.into_owned();
            text.pop();
            return text.into();
        }
        text
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: &At) -> Result<&Node, Failure> {
        let not_a_number = |_| Failure::new(ReadErrorKind::NotANumber { text: text.to_owned() }, at.bytes);
        let node = match type_of(tag, at)? {
            Type::Function(function) => return self.function_of_text(function, text, at),
            Type::Unsaid if style == ScalarStyle::Plain => scalar::resolve(text).map_err(not_a_number)?,
            Type::Unsaid | Type::String => text.into(),
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
        Ok(self.builder.scalar(node, at.bytes))
    }

    /// `!Ref Name`: the argument is a string, whatever it looks like.
    fn function_of_text(&mut self, function: String, text: &str, at: &At) -> Result<&Node, Failure> {
        let is_get_att = function == "Fn::GetAtt";
        self.open_function(function, at)?;
        if is_get_att {
            self.builder.open_list(at.bytes.0)?;
            for part in text.splitn(2, '.') {
                self.builder.scalar(part.into(), at.bytes);
            }
            self.builder.close(at.bytes.1);
        } else {
            self.builder.scalar(text.into(), at.bytes);
        }
        Ok(self.builder.close(at.bytes.1))
    }

    fn open_function(&mut self, function: String, at: &At) -> Result<(), Failure> {
        self.builder.open_map(at.tag.0)?;
        let name = Name::Text(function.as_str().into());
        self.builder.key(function, name, at.tag)
    }

    /// Starts a list or a map, which is `core_type` in YAML's words. Whether it is the argument of a function.
    fn start(&mut self, tag: Option<&Tag>, core_type: &str, at: &At) -> Result<bool, Failure> {
        match type_of(tag, at)? {
            Type::Unsaid => Ok(false),
            Type::Core(core) if core == core_type => Ok(false),
            Type::Core(_) | Type::String => Err(wrong_type("this", tag, at)),
            Type::Function(function) => self.open_function(function, at).map(|()| true),
        }
    }

    fn end(&mut self, at: &At) -> Result<(), Failure> {
        let Some(collection) = self.open.pop() else {
            return Ok(());
        };
        self.merge()?;
        // In block style the end is noticed where the next thing starts, perhaps many lines on.
        let end = match collection.style {
            StructureStyle::Block => self.builder.last_end(),
            StructureStyle::Flow => at.bytes.1,
        };
        let mut node = self.builder.close(end);
        if collection.is_argument {
            node = self.builder.close(end);
        }
        let marked = collection.mark.map(|mark| (mark, node.clone()));
        self.keep(marked, at)
    }

    /// Keeps a value that has an anchor.
    fn keep(&mut self, marked: Option<(Mark, Node)>, at: &At) -> Result<(), Failure> {
        let Some((Mark { id, entry }, node)) = marked else {
            return Ok(());
        };
        let (height, weight) = measure(&node);
        self.spend(weight, at)?;
        self.anchors.insert(id, Anchor { node, entry, height, weight });
        Ok(())
    }

    fn alias(&mut self, id: usize, at: &At) -> Result<(), Failure> {
        let Some(anchor) = self.anchors.get(&id) else {
            return Err(Failure::new(ReadErrorKind::AliasInItself, at.bytes));
        };
        if self.builder.depth() + anchor.height > MAX_DEPTH {
            return Err(Failure::new(ReadErrorKind::TooDeep { limit: MAX_DEPTH }, at.bytes));
        }
        let (node, entry, weight) = (anchor.node.clone(), anchor.entry, anchor.weight);
        self.spend(weight, at)?;
        self.builder.copy(node, at.bytes, entry);
        Ok(())
    }

    fn spend(&mut self, weight: usize, at: &At) -> Result<(), Failure> {
        self.aliased += weight;
        if self.aliased > MAX_ALIASED {
            return Err(Failure::new(ReadErrorKind::AliasesTooLarge { limit: MAX_ALIASED }, at.bytes));
        }
        Ok(())
    }

    fn key(&mut self, event: Event<'a>, at: &At) -> Result<(), Failure> {
        let not_a_string = || Failure::new(ReadErrorKind::KeyNotAString, at.bytes);
        let Event::Scalar(text, style, anchor, tag) = event else {
            return Err(not_a_string());
        };
        let is_plain = style == ScalarStyle::Plain && tag.is_none();
        let is_string = match type_of(tag.as_deref(), at)? {
            Type::Unsaid => !is_plain || !scalar::is_null(&text),
            Type::String => true,
            Type::Core(_) | Type::Function(_) => false,
        };
        if !is_string {
            return Err(not_a_string());
        }
        let marked = (anchor != 0).then(|| (Mark { id: anchor, entry: usize::MAX }, (&*text).into()));
        self.keep(marked, at)?;
        let name = Name::Text((&*text).into());
        if !is_plain || text != "<<" {
            return self.builder.key(text.into_owned(), name, at.bytes);
        }
        if self.builder.has_merged() {
            return Err(Failure::syntax("the merge key `<<` is here twice", at.bytes));
        }
        self.builder.merge_key(name, at.bytes);
        Ok(())
    }

    /// Puts what the merge key brings before the entries of the map, which win, as does an earlier base over a later.
    fn merge(&mut self) -> Result<(), Failure> {
        let Some((map, node, place, places)) = self.builder.merged() else {
            return Ok(());
        };
        let (bases, origins) = match node {
            Node::List(items) => (items, places.children(place.entry()).collect()),
            other => (vec![other], vec![place.entry()]),
        };
        let mut whole = Map::new();
        for (base, origin) in bases.into_iter().zip(origins) {
            let Node::Map(mut base) = base else {
                return Err(Failure::new(ReadErrorKind::MergeNotAMap, places.bytes(place.entry())));
            };
            base.retain(|key, _| !map.contains_key(key) && !whole.contains_key(key));
            let children: Vec<usize> = places.children(origin).collect();
            for child in children {
                if places.key(child).is_some_and(|key| base.contains_key(key)) {
                    places.repeat(child);
                }
            }
            whole.extend(base);
        }
        whole.append(map);
        *map = whole;
        Ok(())
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
        // The tag `!` alone, which readers of YAML 1.1 ignore on a plain scalar.
        ("" | "!", "" | "!") => Ok(Type::Unsaid),
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
