//! Several stacks at once: each after those it needs, as many together as is wanted, and what became of each.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{Job, JobState, Schedule};

use crate::cli::Parallel;
use crate::error::{Done, Failure};
use crate::live::fit;
use crate::output::{Ui, style, words};
use crate::session::Session;

/// How one stack ended.
pub enum End<T> {
    /// As it should, with a word on how: `deployed`.
    Done(&'static str, T),
    /// The person said no.
    Declined,
    /// The person pressed Ctrl-C, with what that means for this stack.
    Interrupted(Failure),
}

/// What became of one stack.
#[derive(Clone, Copy, Debug)]
enum Became {
    Nothing,
    Done(&'static str),
    Declined,
    Interrupted,
    Failed,
}

/// Stacks to be worked on, and which of them needs which.
pub struct Many<'a> {
    session: &'a Session,
    names: Vec<&'a str>,
    schedule: Schedule,
    fail_fast: bool,
    /// `deploying`.
    doing: &'static str,
}

impl<'a> Many<'a> {
    /// The stacks, each after those it depends on; or, if they are taken down, after those that depend on it.
    pub fn new(
        session: &'a Session,
        stacks: &[&'a Stack],
        flags: &Parallel,
        doing: &'static str,
        reversed: bool,
    ) -> Self {
        let place = |name: &str| stacks.iter().position(|stack| stack.display_name == name);
        let needs = |(index, stack): (usize, &&Stack)| -> Vec<usize> {
            if reversed {
                let depends = |other: &&&Stack| other.dependencies.contains(&stacks[index].display_name);
                return stacks.iter().filter(depends).filter_map(|other| place(&other.display_name)).collect();
            }
            stack.dependencies.iter().filter_map(|name| place(name)).collect()
        };
        let jobs = stacks
            .iter()
            .enumerate()
            .map(|(index, stack)| Job { needs: needs((index, stack)), is_slow: has_rest_api(stack) });
        Self {
            session,
            names: stacks.iter().map(|stack| stack.display_name.as_str()).collect(),
            schedule: Schedule::new(jobs.collect(), flags.concurrency.into()),
            fail_fast: flags.fail_fast,
            doing,
        }
    }

    /// Works on all. `each` gets the results in the order in which stacks end. A single stack's failure is given back; of several each is told when it happens, and all are summed up.
    pub async fn run<T, F: Future<Output = Result<End<T>, Failure>>>(
        mut self,
        work: impl Fn(usize) -> F,
        mut each: impl FnMut(usize, T),
    ) -> Result<Done, Failure> {
        let ui = &self.session.ui;
        let started = Instant::now();
        let count = self.names.len();
        ui.live.update(|board| (board.overview.doing, board.overview.total) = (self.doing, count));
        let mut became = vec![(Became::Nothing, Duration::ZERO); count];
        let mut interrupted = None;
        let work = &work;
        let mut at_work: Vec<Pin<Box<dyn Future<Output = _>>>> = Vec::new();
        loop {
            while let Some(index) = self.schedule.start() {
                let since = Instant::now();
                at_work.push(Box::pin(async move { (index, since, work(index).await) }));
            }
            let Some((index, since, ended)) = first_of(&mut at_work).await else { break };
            became[index].1 = since.elapsed();
            became[index].0 = match ended {
                Ok(End::Done(word, value)) => {
                    self.schedule.succeeded(index);
                    each(index, value);
                    Became::Done(word)
                }
                Ok(End::Declined) => {
                    self.schedule.failed(index);
                    // No to one of them is no to what would come after it.
                    Became::Declined
                }
                Ok(End::Interrupted(failure)) => {
                    self.schedule.failed(index);
                    self.schedule.stop();
                    interrupted = interrupted.or(Some(failure));
                    Became::Interrupted
                }
                Err(failure) if count == 1 => return Err(failure),
                Err(failure) => {
                    self.schedule.failed(index);
                    if self.fail_fast {
                        self.schedule.stop();
                    }
                    failure.show_of(ui, self.names[index]);
                    Became::Failed
                }
            };
            self.tell_board(&became);
        }
        drop(at_work);
        if count > 1 {
            self.sum_up(&became, started.elapsed())?;
        }
        if let Some(failure) = interrupted {
            return Err(if count == 1 { failure } else { self.interruption(&became) });
        }
        let all_done = self.schedule.states().iter().all(|state| *state == JobState::Done);
        Ok(if all_done { Done::Ok } else { Done::Negative })
    }

    fn interruption(&self, became: &[(Became, Duration)]) -> Failure {
        let left: Vec<&str> = (0..self.names.len())
            .filter(|&index| matches!(became[index].0, Became::Interrupted))
            .map(|index| self.names[index])
            .collect();
        Failure::failed(format!("stopped watching {}; what CloudFormation has begun goes on", left.join(", ")))
            .hint("the same command again says how it ended, and goes on")
    }

    fn tell_board(&self, became: &[(Became, Duration)]) {
        let count = |wanted: fn(&JobState) -> bool| self.schedule.states().iter().filter(|state| wanted(state)).count();
        self.session.ui.live.update(|board| {
            board.overview.done = count(|state| *state == JobState::Done);
            board.overview.skipped = count(|state| matches!(state, JobState::Skipped { .. } | JobState::Stopped));
            board.overview.failed = became.iter().filter(|(became, _)| matches!(became, Became::Failed)).count();
        });
    }

    /// One line a stack, in the app's order, after the count of all.
    fn sum_up(&self, became: &[(Became, Duration)], took: Duration) -> Result<(), Failure> {
        let ui = &self.session.ui;
        let outcome = |index: usize| -> (&'static str, String) {
            match (became[index].0, self.schedule.state(index)) {
                (Became::Done(word), _) => (word, String::new()),
                (Became::Declined, _) => ("declined", String::new()),
                (Became::Interrupted, _) => ("left", "no longer watched".to_owned()),
                (Became::Failed, _) => ("failed", String::new()),
                (Became::Nothing, JobState::Skipped { because_of }) => {
                    let how = if matches!(became[because_of].0, Became::Failed) { "failed" } else { "was not done" };
                    ("skipped", format!("because {} {how}", self.names[because_of]))
                }
                (Became::Nothing, _) => ("not begun", String::new()),
            }
        };
        let outcomes: Vec<(&str, String)> = (0..self.names.len()).map(outcome).collect();
        let mut words_seen: Vec<&str> = Vec::new();
        for (word, _) in &outcomes {
            if !words_seen.contains(word) {
                words_seen.push(word);
            }
        }
        if ui.is_json() {
            let line = |(index, (word, why)): (usize, &(&str, String))| {
                let mut line =
                    json!({ "stack": self.names[index], "outcome": word, "seconds": became[index].1.as_secs_f64() });
                if !why.is_empty() {
                    line["reason"] = why.as_str().into();
                }
                line
            };
            let stacks: Vec<_> = outcomes.iter().enumerate().map(line).collect();
            return ui.json_line(&json!({ "event": "summary", "seconds": took.as_secs_f64(), "stacks": stacks }));
        }
        let tally = |word: &&str| format!("{} {word}", outcomes.iter().filter(|(other, _)| other == word).count());
        let tally: Vec<String> = words_seen.iter().map(tally).collect();
        let mut text = format!("\n{} stacks in {}: {}\n", self.names.len(), words::seconds(took), tally.join(", "));
        let widest = self.names.iter().map(|name| fit::width(name)).max().unwrap_or(0).min(60);
        let word_widest = words_seen.iter().map(|word| fit::width(word)).max().unwrap_or(0);
        for (index, (word, why)) in outcomes.iter().enumerate() {
            let mark = match *word {
                "failed" => style::paint(style::ERROR, "✗"),
                _ if matches!(became[index].0, Became::Done(_)) => style::paint(style::GOOD, "✓"),
                _ => "·".to_owned(),
            };
            let name = fit::pad(&fit::path(self.names[index], widest), widest);
            let beside = if why.is_empty() && became[index].1 > Duration::ZERO {
                words::seconds(became[index].1)
            } else {
                why.clone()
            };
            text.push_str(format!("  {mark} {name}  {}  {beside}", fit::pad(word, word_widest)).trim_end());
            text.push('\n');
        }
        ui.say(&text);
        Ok(())
    }
}

/// Waits for the first that ends, and takes it out. `None`: there are none. All are looked at whenever one of them can go on, which is nothing for a hundred.
pub(super) async fn first_of<T>(at_work: &mut Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Option<T> {
    poll_fn(|context| {
        if at_work.is_empty() {
            return Poll::Ready(None);
        }
        for index in 0..at_work.len() {
            if let Poll::Ready(ended) = at_work[index].as_mut().poll(context) {
                drop(at_work.swap_remove(index));
                return Poll::Ready(Some(ended));
            }
        }
        Poll::Pending
    })
    .await
}

/// Whether the stack has a REST API, of which AWS lets an account change few at a time.
fn has_rest_api(stack: &Stack) -> bool {
    // The file was read before, or will be; whoever needs more of it than this says what is wrong with it.
    std::fs::read_to_string(&stack.template_file).is_ok_and(|text| text.contains("AWS::ApiGateway::"))
}

/// One question at a time, however many stacks have one.
#[derive(Debug, Default)]
pub struct Turn(tokio::sync::Mutex<()>, Cell<bool>);

/// The right to ask; until dropped.
pub type Asking<'a> = tokio::sync::MutexGuard<'a, ()>;

impl Turn {
    /// Waits until nobody else asks. `None`: the person has stopped everything.
    pub async fn wait(&self) -> Option<Asking<'_>> {
        let turn = self.0.lock().await;
        if self.1.get() { None } else { Some(turn) }
    }

    /// Reads an answer; whoever asks has waited for the turn. `None`: Ctrl-C.
    pub async fn ask(&self, ui: &Ui, question: &str) -> Result<Option<String>, Failure> {
        let answer = ui.ask_or_interrupt(question).await?;
        self.1.set(answer.is_none());
        Ok(answer)
    }
}
