//! How fast to ask. Every poll of CloudFormation waits here, so that no number of stacks exceeds the account's quota.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Describe calls a second in one account and region. CloudFormation's own quota is about five, and others use it too.
const PER_SECOND: f64 = 3.0;
/// Calls that may follow each other at once after a pause.
const BURST: f64 = 4.0;

/// A token bucket for describe calls.
#[derive(Debug)]
pub(crate) struct Budget(Mutex<(f64, Instant)>);

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new((BURST, Instant::now())))
    }
}

impl Budget {
    /// Waits until a call may be made. Callers are served in turn.
    pub async fn turn(&self) {
        let mut state = self.0.lock().await;
        let (tokens, at) = *state;
        let now = Instant::now();
        let tokens = (tokens + now.duration_since(at).as_secs_f64() * PER_SECOND).min(BURST);
        if tokens < 1.0 {
            // The lock is held while waiting: that is the queue.
            tokio::time::sleep(Duration::from_secs_f64((1.0 - tokens) / PER_SECOND)).await;
            *state = (0.0, Instant::now());
        } else {
            *state = (tokens - 1.0, now);
        }
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
