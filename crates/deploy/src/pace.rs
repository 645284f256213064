//! Pauses between polls, and names that no other run has.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Growing pauses between polls, with jitter so that parallel polls do not march in step.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
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

/// A little less than this, never the same: for polls that must not march in step with those of other runs.
pub(crate) fn shortened(pause: Duration) -> Duration {
    pause.mul_f64(0.96 + 0.04 * random_fraction())
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

    #[test]
    fn pauses_grow_to_their_limit() {
        let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(2));
        let first = pauses.next();
        assert!((180..=220).contains(&first.as_millis()));
        let last = (0..20).map(|_| pauses.next()).last().unwrap();
        assert!((1800..=2200).contains(&last.as_millis()));
    }

    #[test]
    fn names_are_unique() {
        assert_ne!(unique(), unique());
        assert_eq!(unique().len(), 32);
    }
}
