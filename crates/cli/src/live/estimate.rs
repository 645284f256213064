//! How long it will take: what each resource takes at most on average, along the longest chain of those that wait for each other.
//!
//! What the stack's earlier events show of the same resource counts more than the average (see `earlier`). A type that has none has no figure, and a chain with such a
//! resource has no estimate: none is better than a wrong one.

use std::time::Duration;

/// One resource that is not done yet.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it takes as a whole, if that is known.
    pub usual: Option<Duration>,
    /// How long it has been worked on; nothing if that has not begun.
    pub elapsed: Option<Duration>,
    /// The steps it waits for, by their index.
    pub needs: Vec<usize>,
}

/// What is still to come; nothing where that would be a guess: a step that nothing is known of, or one that takes far longer than it should.
pub fn left(steps: &[Step]) -> Option<Duration> {
    let mut known = vec![None; steps.len()];
    let mut longest = Duration::ZERO;
    for index in 0..steps.len() {
        longest = longest.max(chain(steps, index, &mut known, steps.len())?);
    }
    Some(longest)
}

/// The time until a step is done. `depth` ends a circle, which no template has that CloudFormation took.
fn chain(steps: &[Step], index: usize, known: &mut [Option<Duration>], depth: usize) -> Option<Duration> {
    if let Some(known) = known[index] {
        return Some(known);
    }
    let step = &steps[index];
    let usual = step.usual?;
    let mine = match step.elapsed {
        Some(elapsed) if elapsed > usual * 2 + Duration::from_secs(5) => return None,
        // It is late, but not by much: any moment now.
        Some(elapsed) => usual.saturating_sub(elapsed).max(Duration::from_secs(1)),
        None => usual,
    };
    let mut before = Duration::ZERO;
    if step.elapsed.is_none() && depth > 0 {
        for &need in &step.needs {
            before = before.max(chain(steps, need, known, depth - 1)?);
        }
    }
    known[index] = Some(before + mine);
    known[index]
}

/// `about 19 s left`, no more precise than it is true.
pub fn words(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_millis() >= 500);
    let rounded = match seconds {
        0..20 => return format!("about {} s left", seconds.max(1)),
        20..60 => seconds.div_ceil(5) * 5,
        60..180 => seconds.div_ceil(10) * 10,
        _ => seconds.div_ceil(60) * 60,
    };
    match (rounded / 60, rounded % 60) {
        (0, seconds) => format!("about {seconds} s left"),
        (minutes, 0) => format!("about {minutes} min left"),
        (minutes, seconds) => format!("about {minutes} min {seconds:02} s left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(usual: Option<u64>, elapsed: Option<u64>, needs: &[usize]) -> Step {
        Step { usual: usual.map(Duration::from_secs), elapsed: elapsed.map(Duration::from_secs), needs: needs.to_vec() }
    }

    fn left_of(steps: &[Step]) -> Option<u64> {
        left(steps).map(|left| left.as_secs())
    }

    #[test]
    fn the_longest_chain_counts() {
        let role = step(Some(18), Some(10), &[]);
        let function = step(Some(7), None, &[0]);
        let topic = step(Some(12), Some(2), &[]);
        assert_eq!(left_of(&[role.clone(), function.clone(), topic.clone()]), Some(8 + 7));
        assert_eq!(left_of(&[role, function, topic, step(Some(20), None, &[2])]), Some(10 + 20));
        assert_eq!(left_of(&[]), Some(0));
    }

    #[test]
    fn no_estimate_is_better_than_a_wrong_one() {
        assert_eq!(left_of(&[step(Some(5), None, &[]), step(None, None, &[])]), None);
        assert_eq!(left_of(&[step(Some(5), Some(14), &[])]), Some(1), "a little late");
        assert_eq!(left_of(&[step(Some(5), Some(16), &[])]), None, "far too late");
        assert!(left_of(&[step(Some(5), None, &[1]), step(Some(5), None, &[0])]).is_some(), "a circle ends");
    }

    #[test]
    fn words_are_round() {
        let of = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(
            [of(0), of(19), of(21), of(61), of(120), of(200)],
            [
                "about 1 s left",
                "about 19 s left",
                "about 25 s left",
                "about 1 min 10 s left",
                "about 2 min left",
                "about 4 min left"
            ]
        );
    }
}
