//! Where the time of an operation went: a chart with a bar for each resource, made of the events of stacks.
//!
//! [`Timeline`] is what the events say, [`svg`] draws it; both are pure, and the same events make the same bytes.

mod svg;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use skysmith_deploy::StackEvent;

use crate::error::Failure;
use crate::live::board::{Outcome, outcome};
use crate::live::graph::Graph;
use crate::names::Names;
use crate::output::{paths, words};

/// One go at a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub start: SystemTime,
    pub end: SystemTime,
    pub how: How,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Created,
    Changed,
    Deleted,
    Failed,
    Cancelled,
    Kept,
    /// Not over when the events end.
    Open,
}

/// A resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    /// The name, below a nested stack what comes after that one's.
    pub shown: String,
    pub kind: String,
    /// The nested stacks around it.
    pub depth: usize,
    pub spans: Vec<Span>,
    /// Whether the operation would have been over earlier without it.
    pub critical: bool,
    logical_id: String,
    nested_in: Vec<String>,
}

/// An operation on one stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The stack, with environment, account and region where they are known.
    pub title: String,
    pub start: SystemTime,
    pub end: SystemTime,
    /// Whether it has failed.
    pub failed: bool,
    /// When what was done began to be undone, or what is left over to be removed.
    pub turn: Option<(SystemTime, &'static str)>,
    /// In the order in which they were begun, those of nested stacks below these.
    pub rows: Vec<Row>,
}

impl Timeline {
    /// The newest operation in the events of a stack and its nested stacks, the oldest first; nothing if they have no times.
    pub fn of(title: &str, names: &Names, graph: &Graph, events: &[StackEvent]) -> Option<Self> {
        let is_own = |event: &&StackEvent| event.is_stack && event.nested_in.is_empty() && event.hook.is_none();
        let begins = |event: &StackEvent| {
            let status = event.status.as_str();
            status.ends_with("_IN_PROGRESS") && !status.contains("ROLLBACK") && !status.contains("CLEANUP")
        };
        let first = events.iter().rposition(|event| is_own(&event) && begins(event)).unwrap_or(0);
        let events = &events[first..];
        let times: Vec<SystemTime> = events.iter().filter_map(|event| event.time).collect();
        let (&start, &end) = (times.iter().min()?, times.iter().max()?);
        let turn = events.iter().filter(is_own).find_map(|event| {
            let status = event.status.as_str();
            let what = if status.contains("ROLLBACK_IN_PROGRESS") {
                "rolling back"
            } else if status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" {
                "cleaning up"
            } else {
                return None;
            };
            Some((event.time?, what))
        });
        let last = events.iter().rfind(is_own).map_or("", |event| event.status.as_str());
        let mut line = Self {
            title: title.to_owned(),
            start,
            end,
            failed: last.contains("FAILED") || last.contains("ROLLBACK"),
            turn,
            rows: Vec::new(),
        };
        for event in events.iter().filter(|event| !event.is_stack && event.hook.is_none()) {
            line.add(event, names);
        }
        line.rows.retain(|row| !row.spans.is_empty());
        line.mark(graph);
        line.sort();
        Some(line)
    }

    fn add(&mut self, event: &StackEvent, names: &Names) {
        let Some(time) = event.time else { return };
        let is_it = |row: &Row| row.logical_id == event.logical_id && row.nested_in == event.nested_in;
        let index = self.rows.iter().position(is_it).unwrap_or_else(|| {
            let name = names.name_in(&event.nested_in, &event.logical_id).into_owned();
            let above = event.nested_in.split_last().map(|(last, around)| names.name_in(around, last));
            let below = above.and_then(|above| name.strip_prefix(&*above)?.strip_prefix('/').map(str::to_owned));
            self.rows.push(Row {
                shown: below.unwrap_or_else(|| name.clone()),
                name,
                kind: words::kind(&event.resource_type),
                depth: event.nested_in.len(),
                spans: Vec::new(),
                critical: false,
                logical_id: event.logical_id.clone(),
                nested_in: event.nested_in.clone(),
            });
            self.rows.len() - 1
        });
        let spans = &mut self.rows[index].spans;
        let end = self.end;
        let open = spans.last_mut().filter(|span| span.how == How::Open);
        let how = match outcome(&event.status, event.reason.as_deref().unwrap_or_default()) {
            Outcome::Working(_) => {
                if open.is_none() {
                    spans.push(Span { start: time, end, how: How::Open });
                }
                return;
            }
            Outcome::Done("deleted") => How::Deleted,
            Outcome::Done("changed" | "imported") => How::Changed,
            Outcome::Done(_) => How::Created,
            Outcome::Left("kept") => How::Kept,
            Outcome::Left(_) => How::Cancelled,
            Outcome::Failed(_) => How::Failed,
        };
        match open {
            Some(span) => (span.end, span.how) = (time, how),
            // A failure without a beginning is worth a mark; that something is done at once is not.
            None if how == How::Failed => spans.push(Span { start: time, end: time, how }),
            None => {}
        }
    }

    /// Marks the chain of resources that waited for each other and ended last: each after the one of those that it needs that was done last.
    fn mark(&mut self, graph: &Graph) {
        let until = self.turn.map_or(self.end, |(time, _)| time);
        let end = |row: &Row| row.spans.iter().map(|span| span.end).filter(|end| *end <= until).max();
        let own: HashMap<&str, usize> = self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.depth == 0 && end(row).is_some())
            .map(|(index, row)| (row.logical_id.as_str(), index))
            .collect();
        let last = |ids: &mut dyn Iterator<Item = usize>| {
            ids.max_by_key(|&index| (end(&self.rows[index]), std::cmp::Reverse(index)))
        };
        let mut chain = BTreeSet::new();
        let mut next = last(&mut own.values().copied());
        while let Some(index) = next.filter(|index| chain.insert(*index)) {
            let started = self.rows[index].spans[0].start;
            let mut needs = graph
                .needs(&self.rows[index].logical_id)
                .filter_map(|id| own.get(id).copied())
                .filter(|&need| self.rows[need].spans[0].start <= started);
            next = last(&mut needs);
        }
        // One alone is no chain.
        if chain.len() > 1 {
            for index in chain {
                self.rows[index].critical = true;
            }
        }
    }

    fn sort(&mut self) {
        let began: HashMap<Vec<String>, SystemTime> =
            self.rows.iter().map(|row| (row.path(), row.spans[0].start)).collect();
        // By the beginnings of all around it and its own.
        self.rows.sort_by_cached_key(|row| {
            let path = row.path();
            (1..=path.len())
                .map(|depth| (began.get(&path[..depth]).copied().unwrap_or(self.start), path[depth - 1].clone()))
                .collect::<Vec<_>>()
        });
    }
}

impl Row {
    fn end(&self) -> SystemTime {
        self.spans.iter().map(|span| span.end).max().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn path(&self) -> Vec<String> {
        [self.nested_in.as_slice(), slice::from_ref(&self.logical_id)].concat()
    }
}

/// The chart that was asked for, until it is written.
#[derive(Debug)]
pub struct Chart {
    file: PathBuf,
    lines: Mutex<Vec<Timeline>>,
}

impl Chart {
    /// Refuses what would only be known to be wrong when everything is over.
    pub fn new(file: &Path) -> Result<Self, Failure> {
        if !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg")) {
            return Err(Failure::usage(format!("--timing {}: the chart is an SVG file", paths::shown(file)))
                .hint("name it so: --timing timing.svg"));
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::failed(format!("there is no folder {} for the chart", paths::shown(folder))));
        }
        Ok(Self { file: file.to_owned(), lines: Mutex::default() })
    }

    /// Takes an operation in.
    pub fn add(&self, line: Option<Timeline>) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).extend(line);
    }

    /// Writes it; false if there was nothing to draw.
    pub fn write(&self) -> Result<bool, Failure> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return Ok(false);
        }
        fs::write(&self.file, svg::draw(&lines)).map_err(|error| {
            Failure::from(error).context(format!("cannot write the chart {}", paths::shown(&self.file)))
        })?;
        Ok(true)
    }

    /// What it is called.
    pub fn file(&self) -> String {
        paths::shown(&self.file).to_string()
    }
}
