//! What is known at a moment of the stacks that are worked on: the value that the live view draws. It is told what happens, and does no output.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use skysmith_deploy::{Event, ResourceStatus, StackEvent, Work, usual_time};

use super::earlier::Earlier;
use super::estimate::{self, Step};
use super::graph::Graph;
use crate::names::Names;
use crate::output::words;

const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

/// A resource that is expected to change.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The logical ids of the nested stacks around it, from the outermost.
    pub nested_in: Vec<String>,
    pub logical_id: String,
    pub resource_type: String,
    pub work: Work,
}

/// What a resource is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Waiting,
    Working,
    Done,
    /// Left as it is: kept, or cancelled.
    Left,
    /// With the service's words.
    Failed(String),
}

/// A resource.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place among the stack's rows.
    pub index: usize,
    pub name: String,
    pub kind: String,
    pub state: State,
    /// What is or was done: `creating`, `created`.
    pub words: &'static str,
    /// Since when by our clock it is in work.
    pub since: Option<Instant>,
    /// How long it took by CloudFormation's clock.
    pub took: Option<Duration>,
    /// The rows it waits for.
    pub needs: Vec<usize>,
    /// The nested stack's row that it lies under.
    pub parent: Option<usize>,
    /// When it came into this state: a count of all changes of state.
    pub order: usize,
    pub work: Work,
    /// What it took the last time.
    pub earlier: Option<Duration>,
    is_expected: bool,
    resource_type: String,
    began: Option<SystemTime>,
    usual: Option<Duration>,
}

/// How far a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Preparing,
    Running,
    CleaningUp,
    RollingBack,
}

/// A stack that is worked on.
#[derive(Clone, Debug)]
pub struct StackView {
    pub name: String,
    /// The name with environment, account and region.
    pub title: String,
    pub phase: Phase,
    pub since: Instant,
    /// What is done while preparing.
    pub note: String,
    pub rows: Vec<Row>,
    /// By the logical ids of the nested stacks around it and its own.
    index: HashMap<Vec<String>, usize>,
    changes: usize,
    estimates: bool,
    /// Whether it is known what will be done.
    pub has_an_end: bool,
}

/// How many stacks there are in all; where there is only one, nothing is said of that.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// `deploying`.
    pub doing: &'static str,
    pub total: usize,
    pub done: usize,
    pub failed: usize,
    pub skipped: usize,
}

/// All that is worked on.
#[derive(Clone, Debug)]
pub struct Board {
    pub started: Instant,
    pub overview: Overview,
    pub stacks: Vec<StackView>,
}

impl Board {
    pub fn new(now: Instant) -> Self {
        Self { started: now, overview: Overview::default(), stacks: Vec::new() }
    }

    /// The stack, from now on.
    pub fn open(&mut self, name: &str, title: &str, now: Instant) -> &mut StackView {
        self.close(name);
        self.stacks.push(StackView {
            name: name.to_owned(),
            title: title.to_owned(),
            phase: Phase::Preparing,
            since: now,
            note: "looking at what is there".to_owned(),
            rows: Vec::new(),
            index: HashMap::new(),
            changes: 0,
            estimates: true,
            has_an_end: true,
        });
        let last = self.stacks.len() - 1;
        &mut self.stacks[last]
    }

    pub fn close(&mut self, name: &str) {
        self.stacks.retain(|stack| stack.name != name);
    }

    pub fn stack(&mut self, name: &str) -> Option<&mut StackView> {
        self.stacks.iter_mut().find(|stack| stack.name == name)
    }
}

impl StackView {
    /// What is expected to change, and what waits for what.
    pub fn expect(&mut self, expected: &[Expected], graph: &Graph, names: &Names) {
        for one in expected {
            let index = self.add(&one.nested_in, &one.logical_id, &one.resource_type, names);
            self.rows[index].is_expected = true;
            self.rows[index].work = one.work;
            self.rows[index].usual = usual_time(&one.resource_type, one.work);
        }
        let own: Vec<&Expected> = expected.iter().filter(|one| one.nested_in.is_empty()).collect();
        for one in &own {
            let find = |id: &str| self.find(&[], id);
            let needs: Vec<usize> = match one.work {
                // What is removed from a stack goes when all the rest is done.
                Work::Delete if own.iter().any(|other| other.work != Work::Delete) => {
                    own.iter().filter(|other| other.work != Work::Delete).filter_map(|o| find(&o.logical_id)).collect()
                }
                _ => graph.needs(&one.logical_id).filter_map(find).collect(),
            };
            if let Some(index) = find(&one.logical_id) {
                self.rows[index].needs = needs;
            }
        }
    }

    /// Goes by what the stack's resources took before, where that is known.
    pub fn learn(&mut self, earlier: &Earlier) {
        for (path, &index) in &self.index {
            let ([id], row) = (path.as_slice(), &mut self.rows[index]) else { continue };
            row.earlier = earlier.took(id, row.work);
            row.usual = row.earlier.or_else(|| earlier.usual(&row.resource_type, row.work)).or(row.usual);
        }
    }

    /// Says no more how long it will take: nothing is known of how fast it is here.
    pub fn without_estimate(&mut self) {
        self.estimates = false;
    }

    /// Counts what is done, and says no more of how much there is to do.
    pub fn without_an_end(&mut self) {
        self.has_an_end = false;
    }

    fn find(&self, nested_in: &[String], id: &str) -> Option<usize> {
        self.index.get(&[nested_in, &[id.to_owned()]].concat()).copied()
    }

    fn add(&mut self, nested_in: &[String], id: &str, resource_type: &str, names: &Names) -> usize {
        if let Some(index) = self.find(nested_in, id) {
            return index;
        }
        let name = names.name_in(nested_in, id).into_owned();
        let parent = nested_in.split_last().map(|(last, around)| self.add(around, last, NESTED_STACK, names));
        self.rows.push(Row {
            index: self.rows.len(),
            name,
            kind: words::kind(resource_type),
            state: State::Waiting,
            words: "",
            since: None,
            took: None,
            needs: Vec::new(),
            parent,
            order: 0,
            work: Work::Create,
            earlier: None,
            is_expected: false,
            resource_type: resource_type.to_owned(),
            began: None,
            usual: None,
        });
        self.index.insert([nested_in, &[id.to_owned()]].concat(), self.rows.len() - 1);
        self.rows.len() - 1
    }

    /// Takes note of what happened.
    pub fn event(&mut self, event: &Event, names: &Names, now: Instant) {
        match event {
            Event::Started { .. } => {
                self.phase = Phase::Running;
                self.since = now;
            }
            Event::Progress(event) if event.is_stack => self.own(event),
            Event::Progress(event) => self.resource(event, names, now),
            Event::Uploading { asset, display_name, bytes } => {
                let name = display_name.as_deref().unwrap_or(asset);
                self.note = format!("uploading {name}, {}", words::size(*bytes));
            }
            Event::Uploaded { .. } => "working out what changes".clone_into(&mut self.note),
            Event::MakingBucket { bucket } => self.note = format!("making the bucket for assets, {bucket}"),
            Event::EmptyingBucket { bucket, deleted } => {
                self.note = format!("emptying {bucket}: {} versions deleted", words::count(*deleted));
            }
            _ => {}
        }
    }

    /// The stack's own status. That of a nested one is its resource's as well.
    fn own(&mut self, event: &StackEvent) {
        let status = event.status.as_str();
        if status.contains("ROLLBACK_IN_PROGRESS") {
            self.phase = Phase::RollingBack;
        } else if status.ends_with("COMPLETE_CLEANUP_IN_PROGRESS") && self.phase == Phase::Running {
            self.phase = Phase::CleaningUp;
        }
    }

    fn resource(&mut self, event: &StackEvent, names: &Names, now: Instant) {
        let reason = event.reason.as_deref().unwrap_or_default();
        let outcome = outcome(&event.status, reason);
        let known = self.find(&event.nested_in, &event.logical_id);
        if self.phase == Phase::Preparing {
            self.phase = Phase::Running;
        }
        let is_failure = matches!(outcome, Outcome::Failed(_));
        // What nobody expected is seldom worth a line: policies that follow a change, stacks that are looked into.
        if known.is_none() && event.nested_in.is_empty() && !is_failure && !matches!(outcome, Outcome::Working(_)) {
            return;
        }
        let index = known.unwrap_or_else(|| self.add(&event.nested_in, &event.logical_id, &event.resource_type, names));
        self.changes += 1;
        let order = self.changes;
        let row = &mut self.rows[index];
        // What failed stays in sight, whatever the way back does with it; and the old one that a new one has replaced goes without a word.
        let is_over =
            matches!(row.state, State::Failed(_)) || self.phase == Phase::CleaningUp && row.state == State::Done;
        if is_over {
            return;
        }
        match outcome {
            Outcome::Working(doing) => {
                if row.state != State::Working || row.words != doing {
                    (row.since, row.began, row.order) = (Some(now), event.time, order);
                }
                (row.state, row.words) = (State::Working, doing);
            }
            Outcome::Done(done) => row.finish(State::Done, done, event.time, order),
            Outcome::Left(left) => row.finish(State::Left, left, event.time, order),
            Outcome::Failed(failed) => row.finish(State::Failed(reason.to_owned()), failed, event.time, order),
        }
    }

    /// The rows that count: those of the stack itself.
    pub fn own_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.parent.is_none())
    }

    /// How many are done, and of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.own_rows().filter(|row| row.is_over()).count(), self.own_rows().count())
    }

    /// The rows that lie directly in a nested stack, in the order in which they came into their states.
    pub fn inside(&self, row: &Row) -> Vec<&Row> {
        let mut inside: Vec<&Row> = self.rows.iter().filter(|inner| inner.parent == Some(row.index)).collect();
        inside.sort_by_key(|row| row.order);
        inside
    }

    /// What is done to a row; to a nested stack with how far that is.
    pub fn doing(&self, row: &Row) -> String {
        let inside = self.inside(row);
        if inside.is_empty() || row.state != State::Working {
            return row.words.to_owned();
        }
        let over = inside.iter().filter(|row| row.is_over()).count();
        if inside.iter().all(|row| row.is_expected) {
            format!("{}, {over} of {}", row.words, inside.len())
        } else {
            format!("{}, {over} done", row.words)
        }
    }

    /// The rows that a waiting one waits for.
    pub fn waits_for<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a Row> {
        row.needs
            .iter()
            .map(|&need| &self.rows[need])
            .filter(|need| matches!(need.state, State::Waiting | State::Working))
    }

    /// The time that is left, where that can be said.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        if self.phase != Phase::Running || !self.estimates || !self.has_an_end {
            return None;
        }
        let is_open = |row: &Row| row.parent.is_none() && matches!(row.state, State::Waiting | State::Working);
        let mut steps = Vec::new();
        let mut places = HashMap::new();
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| is_open(row)) {
            places.insert(index, steps.len());
            let elapsed =
                row.since.filter(|_| row.state == State::Working).map(|since| now.saturating_duration_since(since));
            steps.push((Step { usual: row.usual, elapsed, needs: Vec::new() }, &row.needs));
        }
        if steps.is_empty() {
            return None;
        }
        let steps: Vec<Step> = steps
            .into_iter()
            .map(|(step, needs)| Step {
                needs: needs.iter().filter_map(|need| places.get(need).copied()).collect(),
                ..step
            })
            .collect();
        estimate::left(&steps)
    }
}

impl Row {
    fn is_over(&self) -> bool {
        matches!(self.state, State::Done | State::Left | State::Failed(_))
    }

    fn finish(&mut self, state: State, words: &'static str, at: Option<SystemTime>, order: usize) {
        self.took = at.zip(self.began).and_then(|(end, began)| end.duration_since(began).ok());
        (self.state, self.words, self.order) = (state, words, order);
    }
}

/// What a status says, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Working(&'static str),
    Done(&'static str),
    Left(&'static str),
    Failed(&'static str),
}

/// Reads a resource's status, with CloudFormation's reason for it.
pub fn outcome(status: &ResourceStatus, reason: &str) -> Outcome {
    use ResourceStatus as S;
    match status {
        S::CreateInProgress => Outcome::Working("creating"),
        S::UpdateInProgress => Outcome::Working("changing"),
        S::DeleteInProgress => Outcome::Working("deleting"),
        S::ImportInProgress => Outcome::Working("importing"),
        S::CreateComplete => Outcome::Done("created"),
        S::UpdateComplete => Outcome::Done("changed"),
        S::DeleteComplete => Outcome::Done("deleted"),
        S::ImportComplete => Outcome::Done("imported"),
        S::DeleteSkipped => Outcome::Left("kept"),
        status if status.is_failure() && reason.contains("cancelled") => Outcome::Left("cancelled"),
        status if status.is_failure() => Outcome::Failed("failed"),
        status if status.is_in_progress() => Outcome::Working("working on"),
        _ => Outcome::Done("done"),
    }
}
