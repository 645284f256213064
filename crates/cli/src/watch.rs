//! Telling what happens to a stack while it happens: to the live view where there is one, else in a line for each resource that is done.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use skysmith_deploy::{Event, Observer, StackEvent, StackResource};

use crate::interrupt::Presses;
use crate::live::board::{Expected, Outcome, StackView, outcome};
use crate::live::graph::Graph;
use crate::live::{Running, fit};
use crate::names::Names;
use crate::output::{Ui, style, words};
use crate::timing::Timeline;

/// After this long without a line, the person is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name that is wider than this loses its middle: one of them must not push all the others' columns away.
const WIDEST_NAME: usize = 48;

/// Watches one stack.
#[derive(Debug)]
pub struct Watch<'a> {
    /// The live view, if it is this watch's own.
    running: Option<Running>,
    ui: &'a Ui,
    /// What the stack is called.
    stack: &'a str,
    names: &'a Names,
    is_one_of_many: bool,
    /// The widths of the columns of names and kinds.
    widths: (usize, usize),
    /// The resources that are expected to change, by logical id; of nested stacks all that changes is told. Of the others only failures are.
    expected: HashSet<String>,
    state: Mutex<State>,
    /// Ctrl-C, where it is waited for over more than one thing.
    presses: Option<tokio::sync::Mutex<Presses>>,
}

#[derive(Debug)]
struct State {
    /// What is being worked on, by its name: what is done to it, since when by CloudFormation's clock and by ours.
    busy: BTreeMap<String, (&'static str, Option<SystemTime>, Instant)>,
    last_line: Instant,
    rolling_back: bool,
    /// All that was told of resources and of the stack.
    events: Vec<StackEvent>,
}

impl<'a> Watch<'a> {
    /// A watch over a stack. Nothing is expected to change yet. `headline` is what the live view calls it.
    pub fn new(ui: &'a Ui, stack: &'a str, names: &'a Names, headline: &str) -> Self {
        if ui.live.is_on() {
            let title = anstream::adapter::strip_str(headline).to_string();
            ui.live.update(|board| {
                board.open(stack, &title, Instant::now());
            });
        }
        let state = State { busy: BTreeMap::new(), last_line: Instant::now(), rolling_back: false, events: Vec::new() };
        Self {
            running: None,
            ui,
            stack,
            names,
            is_one_of_many: false,
            widths: (0, 0),
            expected: HashSet::new(),
            state: Mutex::new(state),
            presses: None,
        }
    }

    /// The same, taking note of Ctrl-C from now on, also while nothing is waited for.
    pub fn noticing_interrupts(mut self) -> Self {
        self.presses = Some(tokio::sync::Mutex::new(Presses::new()));
        self
    }

    /// The same with a live view of its own, where there can be one, until the watch is over: for what is done to a single stack.
    pub fn live(ui: &'a Ui, stack: &'a str, names: &'a Names, headline: &str) -> Self {
        let running = ui.can_be_live().then(|| ui.live.start());
        let mut watch = Self::new(ui, stack, names, headline);
        watch.running = running;
        watch
    }

    /// The same, telling of these resources in lines, whatever is done to them and in which order.
    pub fn telling_of(mut self, resources: &[StackResource]) -> Self {
        for one in resources {
            self.widths.0 = self.widths.0.max(fit::width(&self.called(&[], &one.logical_id)).min(WIDEST_NAME));
            self.widths.1 = self.widths.1.max(fit::width(&words::kind(&one.resource_type)));
            self.expected.insert(one.logical_id.clone());
        }
        self.view(StackView::without_an_end);
        self
    }

    /// The same; if it is one of many, with the stack's name in each line.
    pub fn one_of_many(mut self, is_one_of_many: bool) -> Self {
        self.is_one_of_many = is_one_of_many;
        self
    }

    /// What a resource is called in a line.
    fn called(&self, nested_in: &[String], logical_id: &str) -> String {
        let name = self.names.name_in(nested_in, logical_id);
        if self.is_one_of_many { format!("{}/{name}", self.stack) } else { name.into_owned() }
    }

    /// The same, expecting these resources to change, each after those that the graph has for it.
    pub fn expecting(mut self, resources: &[Expected], graph: &Graph) -> Self {
        for one in resources {
            let name = self.called(&one.nested_in, &one.logical_id);
            self.widths.0 = self.widths.0.max(fit::width(&name).min(WIDEST_NAME));
            self.widths.1 = self.widths.1.max(fit::width(&words::kind(&one.resource_type)));
            if one.nested_in.is_empty() {
                self.expected.insert(one.logical_id.clone());
            }
        }
        self.view(|view| view.expect(resources, graph, self.names));
        self
    }

    /// Changes what the live view shows of the stack, if there is one.
    pub fn view(&self, change: impl FnOnce(&mut StackView)) {
        self.ui.live.update(|board| board.stack(self.stack).map(change));
    }

    /// Runs to the end of `work`, with a line now and then where nothing happens for long. `None`: the person pressed Ctrl-C.
    pub async fn over<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let mut interrupted = std::pin::pin!(self.interrupted());
        loop {
            tokio::select! {
                biased;
                () = &mut interrupted => return None,
                done = &mut work => return Some(done),
                () = tokio::time::sleep(Duration::from_secs(1)) => self.remind(),
            }
        }
    }

    /// Waits for Ctrl-C.
    async fn interrupted(&self) {
        match &self.presses {
            Some(presses) => presses.lock().await.next().await,
            None => Presses::new().next().await,
        }
    }

    /// Where the time went, as far as it was watched.
    pub fn timeline(&self, title: &str, graph: &Graph) -> Option<Timeline> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Timeline::of(&anstream::adapter::strip_str(title).to_string(), self.names, graph, &state.events)
    }

    fn remind(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ui.live.is_on() || state.last_line.elapsed() < PATIENCE || state.busy.is_empty() {
            return;
        }
        state.last_line = Instant::now();
        let waiting: Vec<String> = state
            .busy
            .iter()
            .take(3)
            .map(|(name, (doing, _, since))| format!("{doing} {name} ({})", words::seconds(since.elapsed())))
            .collect();
        let more = state.busy.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.ui.say(&format!("  · still {}{more}\n", waiting.join(", ")));
    }

    fn resource(&self, event: &StackEvent) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let name = self.called(&event.nested_in, &event.logical_id);
        let reason = event.reason.as_deref().unwrap_or_default();
        let (mark, said) = match outcome(&event.status, reason) {
            Outcome::Working(doing) => {
                state.busy.entry(name.clone()).or_insert((doing, event.time, Instant::now()));
                if self.ui.is_verbose() { ("·".to_owned(), doing.to_owned()) } else { return }
            }
            Outcome::Done(done) => (style::paint(style::GOOD, "✓"), done.to_owned()),
            Outcome::Left(left) => ("·".to_owned(), left.to_owned()),
            Outcome::Failed(failed) => (style::paint(style::ERROR, "✗"), format!("{failed}: {reason}")),
        };
        let began = if event.status.is_in_progress() { None } else { state.busy.remove(&name) };
        // With `--json` there is a line for each event already.
        let outermost = event.nested_in.first().unwrap_or(&event.logical_id);
        let is_told = self.expected.contains(outermost) || event.status.is_failure() || self.ui.is_verbose();
        if self.ui.is_json() || !is_told || self.ui.live.is_on() {
            return;
        }
        let took = began.and_then(|(_, since, _)| event.time?.duration_since(since?).ok());
        let took = took.map(|took| format!("  {:.1} s", took.as_secs_f64())).unwrap_or_default();
        let kind = words::kind(&event.resource_type);
        let room = if self.expected.is_empty() { WIDEST_NAME } else { self.widths.0.max(24) };
        state.last_line = Instant::now();
        self.ui.say(&format!(
            "  {mark} {}  {}  {said}{}\n",
            fit::pad(&fit::path(&name, room), self.widths.0),
            fit::pad(&kind, self.widths.1),
            style::paint(style::FAINT, &took)
        ));
    }

    fn stack(&self, event: &StackEvent) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if event.status.as_str().contains("ROLLBACK_IN_PROGRESS") && !state.rolling_back {
            state.rolling_back = true;
            state.busy.clear();
            if !self.ui.live.is_on() {
                let whose = if self.is_one_of_many { format!("{}: ", self.stack) } else { String::new() };
                self.ui.say(&format!("  {whose}rolling back\n"));
            }
        }
    }

    fn json(&self, event: &Event) {
        let line = match event {
            Event::Progress(event) => {
                let time =
                    event.time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_secs_f64());
                json!({
                    "event": if event.is_stack { "stack" } else { "resource" },
                    "stack": self.stack,
                    "path": (!event.is_stack).then(|| self.names.name_in(&event.nested_in, &event.logical_id)),
                    "logical_id": event.logical_id,
                    "nested_in": event.nested_in,
                    "physical_id": event.physical_id,
                    "resource_type": event.resource_type,
                    "status": event.status.as_str(),
                    "reason": event.reason,
                    "time": time,
                })
            }
            Event::Started { stack_id, changes, .. } => {
                json!({ "event": "started", "stack": self.stack, "stack_id": stack_id, "changes": changes })
            }
            Event::FollowingEarlier { stack_id, status, .. } => {
                json!({ "event": "following", "stack": self.stack, "stack_id": stack_id, "status": status.as_str() })
            }
            Event::Uploaded { asset } => json!({ "event": "uploaded", "stack": self.stack, "asset": asset }),
            Event::UploadProgress { asset, sent, total } => {
                json!({ "event": "uploading", "stack": self.stack, "asset": asset, "sent": sent, "total": total })
            }
            Event::BuildingImage { asset, .. } => json!({ "event": "building", "stack": self.stack, "asset": asset }),
            Event::PushingImage { asset, image } => {
                json!({ "event": "pushing", "stack": self.stack, "asset": asset, "image": image })
            }
            Event::Warning { message, .. } => json!({ "event": "warning", "stack": self.stack, "message": message }),
            _ => return,
        };
        // A closed standard output does not stop a deployment.
        let _ = self.ui.json_line(&line);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.ui.live.update(|board| board.close(self.stack));
        self.running = None;
    }
}

impl Observer for Watch<'_> {
    fn event(&self, mut event: Event) {
        // The live view is drawn past the streams that are looked through.
        if let Event::Progress(StackEvent { reason: Some(reason), .. }) = &mut event {
            *reason = self.ui.secrets.mask(reason).into_owned();
        }
        if let Event::Progress(event) = &event {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).events.push(event.clone());
        }
        if self.ui.is_json() {
            self.json(&event);
        }
        if self.ui.live.is_on() {
            self.view(|view| view.event(&event, self.names, Instant::now()));
        }
        match &event {
            Event::Progress(event) if event.is_stack => self.stack(event),
            Event::Progress(event) => self.resource(event),
            // The live view has these.
            Event::MakingBucket { .. } | Event::EmptyingBucket { .. } | Event::Uploading { .. }
                if self.ui.live.is_on() => {}
            Event::MakingBucket { bucket } => self.ui.say(&format!("  making the bucket for assets, {bucket}\n")),
            Event::Uploading { asset, display_name, bytes } => {
                let name = display_name.as_deref().unwrap_or(asset);
                self.ui.detail(&format!("  uploading {name}, {}\n", words::size(*bytes)));
            }
            Event::BuildingImage { asset, display_name } => {
                self.ui.say(&format!("  building container image {}\n", display_name.as_deref().unwrap_or(asset)));
            }
            Event::PushingImage { image, .. } => self.ui.detail(&format!("  pushing {image}\n")),
            Event::ImageOutput { line, .. } => self.ui.detail(&format!("    {line}\n")),
            Event::DeletingFailedStack { stack } => {
                self.ui.say(&format!("  {stack} failed when it was made and holds nothing: deleting it first\n"));
            }
            Event::EmptyingBucket { bucket, deleted } => {
                self.ui.say(&format!("  emptying {bucket}: {} versions deleted\n", words::count(*deleted)));
            }
            Event::FollowingEarlier { status, since, .. } => {
                let since = since.and_then(|since| since.elapsed().ok());
                let since = since.map(|since| format!(" {} ago", words::seconds(since))).unwrap_or_default();
                self.ui.say(&format!("  following what Skysmith started{since} ({status}), then going on\n"));
            }
            Event::Warning { message, .. } => self.ui.warn(message),
            _ => {}
        }
    }
}
