//! The budget of describe calls in one account and region.
//!
//! CloudFormation's own quota is about five a second, and others use it too. Whoever asks waits for a turn at the place where requests leave
//! (`session/rationed.rs`), so that no call can forget to, and repeated tries count like first ones.
//!
//! A turn is free again a second after its *answer*: a call was received at some time between its departure and its answer, so whatever the network does,
//! the other side never sees more than [`PER_SECOND`] in any second. One stack alone may take its share of some seconds at once, since nobody is in a
//! hurry for long who works on one stack; from the second stack on the limit is strict.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

/// Describe calls a second.
const PER_SECOND: u8 = 3;
/// The seconds whose share one stack alone may take at once.
const LONE_SECONDS: u8 = 4;
/// As slow as it gets, however often calls are refused: somebody watches.
const SLOWEST: f64 = 0.4;
/// What remains of the rate after a refusal.
const SLOWER: f64 = 0.6;
/// Refusals this close to each other are one: they answer calls that were already on their way.
const ONE_REFUSAL: Duration = Duration::from_millis(700);
/// What each call that is not refused adds to the rate.
const FASTER: f64 = 0.1;

/// Turns for describe calls, whose rate falls when AWS refuses calls as too many, and rises again by and by.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// Held by whoever is next, so that callers are served in turn.
    queue: Mutex<()>,
    turns: std::sync::Mutex<Turns>,
    /// A call was answered.
    answered: Notify,
    strict: AtomicBool,
}

#[derive(Debug)]
struct Turns {
    per_second: f64,
    refused: Option<Instant>,
    /// Calls that are not answered yet.
    under_way: usize,
    /// When the latest calls were answered, the earliest first.
    answers: VecDeque<Instant>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { per_second: f64::from(PER_SECOND), refused: None, under_way: 0, answers: VecDeque::new() }
    }
}

/// When the next call may be made.
enum Next {
    Now,
    At(Instant),
    /// When one of those under way is answered.
    Answered,
}

impl Turns {
    fn next(&mut self, now: Instant, strict: bool) -> Next {
        // What was saved up in better times is no use while calls are refused.
        let (at_once, seconds) = match (self.per_second < f64::from(PER_SECOND), strict) {
            (true, _) => (1, 1.0 / self.per_second),
            (false, true) => (PER_SECOND, 1.0),
            (false, false) => (PER_SECOND * LONE_SECONDS, f64::from(LONE_SECONDS)),
        };
        let span = Duration::from_secs_f64(seconds);
        // No span is longer than this one.
        while self.answers.front().is_some_and(|at| now.duration_since(*at).as_secs_f64() > 1.0 / SLOWEST + 2.0) {
            self.answers.pop_front();
        }
        let cooling = self.answers.iter().rev().take_while(|at| now.duration_since(**at) <= span).count();
        let taken = self.under_way + cooling;
        if taken < usize::from(at_once) {
            return Next::Now;
        }
        // So many of those that count must no longer do so.
        let surplus = taken - usize::from(at_once);
        match self.answers.iter().rev().take(cooling).rev().nth(surplus) {
            Some(at) => Next::At(*at + span + Duration::from_millis(1)),
            None => Next::Answered,
        }
    }
}

impl Budget {
    /// Waits until a call may be made. It counts until some time after the turn is dropped, which is to be when the answer is there.
    pub async fn turn(&self) -> Turn<'_> {
        let _next = self.queue.lock().await;
        loop {
            let answered = self.answered.notified();
            let next = {
                let mut turns = self.turns();
                let next = turns.next(Instant::now(), self.strict.load(Ordering::Relaxed));
                if let Next::Now = next {
                    turns.under_way += 1;
                }
                next
            };
            match next {
                Next::Now => return Turn(self),
                Next::At(at) => tokio::time::sleep_until(at).await,
                Next::Answered => answered.await,
            }
        }
    }

    /// More than one stack is worked on: nobody may take several seconds' share at once any more.
    pub fn be_strict(&self) {
        self.strict.store(true, Ordering::Relaxed);
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// AWS refused a call of this account and region because there are too many.
    pub fn refused(&self) {
        let mut turns = self.turns();
        let now = Instant::now();
        if turns.refused.is_none_or(|at| now.duration_since(at) >= ONE_REFUSAL) {
            turns.per_second = (turns.per_second * SLOWER).max(SLOWEST);
            turns.refused = Some(now);
        }
    }

    /// AWS answered a call.
    pub fn accepted(&self) {
        let mut turns = self.turns();
        turns.per_second = (turns.per_second + FASTER).min(f64::from(PER_SECOND));
    }
}

/// A call that is being made.
#[must_use]
pub(crate) struct Turn<'a>(&'a Budget);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        {
            let mut turns = self.0.turns();
            turns.under_way -= 1;
            turns.answers.push_back(Instant::now());
        }
        self.0.answered.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// When calls left, of so many callers that each make so many, each of which is answered after some time.
    async fn departures(budget: &Arc<Budget>, callers: usize, calls: usize, answer: Duration) -> Vec<Duration> {
        let start = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..callers {
            let budget = Arc::clone(budget);
            tasks.spawn(async move {
                let mut at = Vec::new();
                for _ in 0..calls {
                    let turn = budget.turn().await;
                    at.push(start.elapsed());
                    tokio::time::sleep(answer).await;
                    drop(turn);
                }
                at
            });
        }
        let mut all: Vec<Duration> = tasks.join_all().await.concat();
        all.sort();
        all
    }

    fn most_in_a_second(at: &[Duration]) -> usize {
        let within = |(index, start): (usize, &Duration)| {
            at[index..].iter().take_while(|at| **at - *start < Duration::from_secs(1)).count()
        };
        at.iter().enumerate().map(within).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_three_in_any_second_for_many() {
        for answer in [0, 20, 300, 2500].map(Duration::from_millis) {
            let budget = Arc::new(Budget::default());
            budget.be_strict();
            let at = departures(&budget, 10, 4, answer).await;
            assert_eq!(most_in_a_second(&at), 3, "{answer:?}");
            // Three at a time, each followed by a second of rest.
            let expected = 13.0 * (1.0 + answer.as_secs_f64());
            let took = at[39].as_secs_f64();
            assert!((expected - 0.1..expected + 0.1).contains(&took), "{answer:?}: {took} s for {expected}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_stack_alone_waits_for_no_turn_at_first() {
        let budget = Arc::new(Budget::default());
        let at = departures(&budget, 1, 40, Duration::ZERO).await;
        assert_eq!(at[11], Duration::ZERO);
        assert!((12.0..12.5).contains(&at[39].as_secs_f64()), "{:?}", at[39]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_falls_with_refusals_and_comes_back() {
        let budget = Arc::new(Budget::default());
        // Those that come together are one.
        budget.refused();
        budget.refused();
        assert!((budget.turns().per_second - 1.8).abs() < 1e-9);
        for _ in 0..20 {
            tokio::time::advance(ONE_REFUSAL).await;
            budget.refused();
        }
        assert!((budget.turns().per_second - SLOWEST).abs() < 1e-9);
        let at = departures(&budget, 5, 1, Duration::ZERO).await;
        assert!((9.9..10.2).contains(&at[4].as_secs_f64()), "five calls at 0.4 a second, one by one: {at:?}");
        for _ in 0..26 {
            budget.accepted();
        }
        assert!((budget.turns().per_second - f64::from(PER_SECOND)).abs() < 1e-9);
    }
}
