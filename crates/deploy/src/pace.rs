//! How fast to ask. Every poll of CloudFormation waits here, so that no number of stacks exceeds the account's quota.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Describe calls a second in one account and region. CloudFormation's own quota is about five, and others use it too.
const PER_SECOND: f64 = 3.0;
/// As slow as it gets, however often calls are refused: somebody watches.
const SLOWEST: f64 = 0.4;
/// What remains of the rate after a refusal.
const SLOWER: f64 = 0.6;
/// Refusals this close to each other are one: they answer calls that were already on their way.
const ONE_REFUSAL: Duration = Duration::from_millis(700);
/// What each call that is not refused adds to the rate.
const FASTER: f64 = 0.1;
/// Calls that may follow each other at once after a pause.
const BURST: f64 = 4.0;

/// A token bucket for describe calls, whose rate falls when AWS refuses calls as too many, and rises again by and by.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The calls that may be made at once, and when that was so.
    tokens: Mutex<(f64, Instant)>,
    rate: std::sync::Mutex<Rate>,
}

#[derive(Clone, Copy, Debug)]
struct Rate {
    per_second: f64,
    refused: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            tokens: Mutex::new((BURST, Instant::now())),
            rate: std::sync::Mutex::new(Rate { per_second: PER_SECOND, refused: None }),
        }
    }
}

impl Budget {
    /// Waits until a call may be made. Callers are served in turn.
    pub async fn turn(&self) {
        let mut state = self.tokens.lock().await;
        let (tokens, at) = *state;
        let (rate, now) = (self.rate(), Instant::now());
        // What was saved up in better times is no use while calls are refused.
        let burst = if rate.per_second < PER_SECOND { 1.0 } else { BURST };
        let tokens = (tokens + now.duration_since(at).as_secs_f64() * rate.per_second).min(burst);
        if tokens < 1.0 {
            // The lock is held while waiting: that is the queue.
            tokio::time::sleep(Duration::from_secs_f64((1.0 - tokens) / rate.per_second)).await;
            *state = (0.0, Instant::now());
        } else {
            *state = (tokens - 1.0, now);
        }
    }

    fn rate(&self) -> Rate {
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// AWS refused a call of this account and region because there are too many.
    pub fn refused(&self) {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if rate.refused.is_none_or(|at| now.duration_since(at) >= ONE_REFUSAL) {
            *rate = Rate { per_second: (rate.per_second * SLOWER).max(SLOWEST), refused: Some(now) };
        }
    }

    /// AWS answered a call.
    pub fn answered(&self) {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.per_second = (rate.per_second + FASTER).min(PER_SECOND);
    }
}

/// Growing pauses between polls, with jitter so that parallel polls do not march in step.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Pauses {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, first, longest }
    }

    pub fn set_longest(&mut self, longest: Duration) {
        self.longest = longest;
    }

    /// Something happened: more is likely to follow soon.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    pub fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 3 / 2).min(self.longest);
        pause.mul_f64(0.9 + 0.2 * random_fraction())
    }

    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next()).await;
    }
}

/// 64 bits from the operating system's randomness, by way of the standard library's hash keys: names and tokens need no crate for it.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

fn random_fraction() -> f64 {
    // 53 bits are what a double holds.
    (random() >> 11) as f64 / (1u64 << 53) as f64
}

/// A name or token that no other run has, of lower-case hexadecimal digits.
pub(crate) fn unique() -> String {
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_budget_holds_for_many_callers() {
        let budget = std::sync::Arc::new(Budget::default());
        let start = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let budget = std::sync::Arc::clone(&budget);
            tasks.spawn(async move {
                for _ in 0..4 {
                    budget.turn().await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
        let seconds = start.elapsed().as_secs_f64();
        assert!((11.9..12.2).contains(&seconds), "40 calls, 4 of them at once, at 3 a second: {seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_falls_with_refusals_and_comes_back() {
        let budget = Budget::default();
        for _ in 0..4 {
            budget.turn().await;
        }
        // Those that come together are one.
        budget.refused();
        budget.refused();
        assert!((budget.rate().per_second - 1.8).abs() < 1e-9);
        for _ in 0..20 {
            tokio::time::advance(ONE_REFUSAL).await;
            budget.refused();
        }
        assert!((budget.rate().per_second - SLOWEST).abs() < 1e-9);
        let start = Instant::now();
        for _ in 0..5 {
            budget.turn().await;
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!((9.9..12.6).contains(&seconds), "five calls at 0.4 a second, no burst: {seconds}");
        for _ in 0..26 {
            budget.answered();
        }
        assert!((budget.rate().per_second - PER_SECOND).abs() < 1e-9);
    }

    #[test]
    fn pauses_grow_to_their_limit_and_start_again() {
        let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(2));
        let first = pauses.next();
        assert!((180..=220).contains(&first.as_millis()));
        let last = (0..20).map(|_| pauses.next()).last().unwrap();
        assert!((1800..=2200).contains(&last.as_millis()));
        pauses.reset();
        assert!(pauses.next() < Duration::from_millis(221));
    }

    #[test]
    fn names_are_unique() {
        assert_ne!(unique(), unique());
        assert_eq!(unique().len(), 32);
    }
}
