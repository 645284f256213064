//! The sections of a template beside its resources, and what is known of a stack beside its template.

use skysmith_diff::{
    Code, CodeChange, EntryChange, FileChange, FileChanges, OutputChangeKind, ParameterChange, ParameterValue,
};

use super::document::{Cell, Content, Item, Mark, Row, Section, Tone};
use super::values::{self, by_line, spell};
use super::{Drifted, TagChange, View};
use crate::output::words;

/// Files that are named of one asset; the rest is counted.
const MOST_FILES: usize = 20;

fn section(title: &str, items: Vec<Item>) -> Option<Section> {
    (!items.is_empty()).then(|| Section::new(title, items))
}

impl View<'_> {
    pub(super) fn code(&self) -> Option<Section> {
        let rows = |view: &View<'_>| view.diff.code.iter().map(|change| Item::Row(view.one_code(change))).collect();
        section("code", self.everywhere(&mut |view| rows(view)))
    }

    fn one_code(&self, change: &CodeChange) -> Row {
        let files = self.more.files.get(&self.key(&change.logical_id));
        let mut inside = Vec::new();
        let said = match (&change.before, &change.after, files) {
            (_, _, Some(files)) => {
                inside = file_rows(files);
                file_counts(files)
            }
            (Code::Inline(before), Code::Inline(after), _) => {
                let (counts, lines) = by_line(before, after);
                inside.push(lines);
                format!("{counts} lines")
            }
            (Code::Image(before), Code::Image(after), _) => {
                format!("image {} → {}", spell(before, self.names), spell(after, self.names))
            }
            (Code::Object { version: before, key: old, .. }, Code::Object { version: after, key: new, .. }, _)
                if old == new && before != after =>
            {
                "another version of the same object".to_owned()
            }
            _ => match self.more.unread.get(&self.key(&change.logical_id)) {
                Some(why) => format!("changes; {why}"),
                None => "changes".to_owned(),
            },
        };
        Row {
            mark: Mark::Change,
            cells: vec![Cell::path(self.names.name(&change.logical_id)), Cell::text(said)],
            inside,
        }
    }

    /// Parameters with the values that count, and tags of the stack.
    pub(super) fn values(&self) -> Vec<Section> {
        let values = self.diff.values.iter().map(|change| Item::Row(parameter(change))).collect();
        let tags = self.more.tags.iter().map(|change| Item::Row(tag(change))).collect();
        [section("parameters", values), section("tags of the stack", tags)].into_iter().flatten().collect()
    }

    pub(super) fn entries(&self) -> Vec<Section> {
        let diff = self.diff;
        let entries = |entries: &[EntryChange]| entries.iter().map(|entry| Item::Row(self.entry(entry))).collect();
        let all: [(&str, Vec<Item>); 6] = [
            ("outputs", self.outputs()),
            ("declarations of parameters", entries(&diff.parameters)),
            ("conditions", entries(&diff.conditions)),
            ("mappings", entries(&diff.mappings)),
            ("rules", entries(&diff.rules)),
            ("rest of the template", entries(&diff.other)),
        ];
        all.into_iter().filter_map(|(title, items)| section(title, items)).collect()
    }

    fn entry(&self, entry: &EntryChange) -> Row {
        let mark = match (&entry.before, &entry.after) {
            (None, _) => Mark::Add,
            (_, None) => Mark::Remove,
            _ => Mark::Change,
        };
        let mut cells = vec![Cell::text(self.names.name(&entry.name))];
        // What an output or a condition is, where that is short; the rest is in the template.
        if let Some(node) = entry.after.as_ref().or(entry.before.as_ref()).filter(|_| mark != Mark::Change) {
            let node = node.get("Value").unwrap_or(node);
            cells.push(Cell::text(spell(node, self.names)).toned(Tone::Faint));
        }
        Row {
            mark,
            cells,
            inside: entry.changes.iter().map(|it| Item::Row(values::row(it, None, self.names))).collect(),
        }
    }

    /// The outputs, and those that others read although nothing in their words differs.
    fn outputs(&self) -> Vec<Item> {
        let mut rows: Vec<(String, Row)> =
            self.diff.outputs.iter().map(|entry| (entry.name.clone(), self.entry(entry))).collect();
        for exposed in &self.diff.exposed {
            let readers = self.more.readers.get(&exposed.name);
            let export = exposed.export.as_ref().map(|name| spell(name, self.names));
            let said = match &exposed.kind {
                OutputChangeKind::Removed if export.is_some() => "the export goes".to_owned(),
                OutputChangeKind::NoLongerExported => "is no longer exported".to_owned(),
                OutputChangeKind::Renamed { to } => format!("is exported as {} instead", spell(to, self.names)),
                OutputChangeKind::Replaced { logical_id, is_certain } => {
                    let perhaps = if *is_certain { "" } else { "perhaps " };
                    format!("{perhaps}gets another value, since {} is replaced", self.names.name(logical_id))
                }
                _ => String::new(),
            };
            let mut notes = Vec::new();
            if !said.is_empty() {
                notes.push(Cell::text(said).toned(Tone::Changed));
            }
            if let Some(readers) = readers {
                let then = match &exposed.kind {
                    OutputChangeKind::Value | OutputChangeKind::Replaced { .. } => {
                        "CloudFormation does not change it while they read it"
                    }
                    _ => "it goes when they have let go of it: deploy them with it",
                };
                notes.push(Cell::text(format!("READ BY {}", readers.join(", "))).toned(Tone::Alarm));
                notes.push(Cell::text(then));
            }
            if notes.is_empty() {
                continue;
            }
            let notes = notes.into_iter().map(|note| Item::Row(Row { cells: vec![note], ..Row::default() }));
            match rows.iter_mut().find(|(name, _)| *name == exposed.name) {
                Some((_, row)) => row.inside.extend(notes),
                None => {
                    let cells = vec![Cell::text(exposed.name.clone())];
                    rows.push((exposed.name.clone(), Row { mark: Mark::Change, cells, inside: notes.collect() }));
                }
            }
        }
        rows.into_iter().map(|(_, row)| Item::Row(row)).collect()
    }

    /// What is not as the deployed template says, and what becomes of that.
    pub(super) fn drift(&self) -> Option<Section> {
        let items = self.more.drift.iter().map(|one| Item::Row(self.drifted(one))).collect();
        section("changed behind CloudFormation's back", items)
    }

    fn drifted(&self, one: &Drifted) -> Row {
        let cells = vec![
            Cell::path(self.names.name_in(&one.nested_in, &one.logical_id)),
            Cell::text(words::kind(&one.resource_type)),
            Cell::text(if one.is_gone { "is not there any more" } else { "" }).toned(Tone::Bad),
        ];
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let inside = one
            .properties
            .iter()
            .map(|property| {
                let (deployed, real, wanted) =
                    (value(&property.deployed), value(&property.real), value(&property.wanted));
                let becomes = match &property.wanted {
                    Some(wanted) if Some(wanted) == property.real.as_ref() => "the code says the same".to_owned(),
                    _ if wanted == deployed => "the code still says what was deployed; a deploy leaves it".to_owned(),
                    _ => format!("the code says {wanted}; a deploy sets that"),
                };
                let cells = vec![
                    Cell::text(property.path.clone()),
                    Cell { tone: Tone::Plain, content: Content::Change(deployed, real) },
                    Cell::text(becomes).toned(Tone::Faint),
                ];
                Item::Row(Row { cells, ..Row::default() })
            })
            .collect();
        Row { mark: if one.is_gone { Mark::Remove } else { Mark::Change }, cells, inside }
    }

    pub(super) fn notes(&self) -> Option<Section> {
        let mut notes: Vec<Item> = self.more.notes.iter().map(|note| Item::Note(note.clone())).collect();
        let rewritten = self.diff.rewritten.len();
        if rewritten > 0 {
            let names: Vec<&str> = self
                .diff
                .rewritten
                .iter()
                .take(3)
                .map(|one| one.name.as_deref().map_or(one.section.as_str(), |name| self.names.name(name)))
                .collect();
            let more =
                if rewritten > names.len() { format!(" and {} more", rewritten - names.len()) } else { String::new() };
            notes.push(Item::Note(format!(
                "written in another way, and the same in meaning: {}{more}",
                names.join(", ")
            )));
        }
        section("", notes)
    }
}

fn parameter(change: &ParameterChange) -> Row {
    let value = |value: &ParameterValue| {
        let text = value.text.clone().unwrap_or_else(|| "a secret".to_owned());
        let text = if text.is_empty() { "\"\"".to_owned() } else { text };
        if value.is_default { format!("{text} (default)") } else { text }
    };
    let (mark, content) = match (&change.before, &change.after) {
        (None, Some(after)) => (Mark::Add, Content::Text(value(after))),
        (Some(before), None) => (Mark::Remove, Content::Text(value(before))),
        (Some(before), Some(after)) => (Mark::Change, Content::Change(value(before), value(after))),
        (None, None) => (Mark::None, Content::default()),
    };
    Row { mark, cells: vec![Cell::text(change.name.clone()), Cell { tone: Tone::Plain, content }], inside: Vec::new() }
}

fn tag(change: &TagChange) -> Row {
    let (mark, content) = match (&change.before, &change.after) {
        (None, after) => (Mark::Add, Content::Text(after.clone().unwrap_or_default())),
        (Some(before), None) => (Mark::Remove, Content::Text(before.clone())),
        (Some(before), Some(after)) => (Mark::Change, Content::Change(before.clone(), after.clone())),
    };
    Row { mark, cells: vec![Cell::text(change.key.clone()), Cell { tone: Tone::Plain, content }], inside: Vec::new() }
}

/// `1 file new, 2 changed, 14 the same`.
fn file_counts(files: &FileChanges) -> String {
    let (new, changed, gone) = files.counts();
    let said: Vec<String> = [(new, "new"), (changed, "changed"), (gone, "gone"), (files.same, "the same")]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("files: {}", said.join(", "))
}

fn file_rows(files: &FileChanges) -> Vec<Item> {
    let row = |file: &FileChange| {
        let size = |size: u64| words::size(size);
        let (mark, said) = match (&file.before, &file.after) {
            (None, Some(after)) => match &file.moved_from {
                Some(from) => (Mark::Move, format!("was {from}")),
                None => (Mark::Add, size(after.size)),
            },
            (Some(_), None) => (Mark::Remove, String::new()),
            (Some(before), Some(after)) if before.size == after.size => {
                (Mark::Change, format!("{}, of the same size", size(after.size)))
            }
            (Some(before), Some(after)) => (Mark::Change, format!("{} → {}", size(before.size), size(after.size))),
            (None, None) => (Mark::None, String::new()),
        };
        Item::Row(Row { mark, cells: vec![Cell::text(file.path.clone()), Cell::text(said)], inside: Vec::new() })
    };
    let mut rows: Vec<Item> = files.files.iter().take(MOST_FILES).map(row).collect();
    if files.files.len() > MOST_FILES {
        rows.push(Item::Note(format!("and {} more", files.files.len() - MOST_FILES)));
    }
    rows
}
