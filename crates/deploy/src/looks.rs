//! When to look next at an operation that goes on.
//!
//! A look is a call, and calls are rationed; a look that comes late keeps people waiting. So looks are spent where the end can be. What is known of it:
//! the resources that the plan changes, what their types usually take ([`usual_time`]), and which of them have begun or are done.
//!
//! * As long as some resource cannot be done yet, nothing can be over: looks are up to [`SLOW`] apart, just for the news.
//! * From half of what the slowest resource usually takes the end is possible: a look a second ([`STEADY`]), later one in two.
//! * From four fifths on it is likely, as it always is where nothing is known of a resource: looks are [`QUICK`] after each other for as long as the
//!   *savings* last. A look a second is put aside from the beginning, and half a one after the first minute; each look takes one. What was saved while
//!   nothing could be over is spent where it counts, and half a minute never takes more than some 39 looks.
//! * When everything is done that was to be done, only the stack's own end is missing, which follows within seconds: quick looks, saved or not.
//!
//! What fails is not foreseen: from then on nothing is known.

use std::collections::HashMap;
use std::time::Duration;

use crate::pace::shortened;
use crate::{ResourceStatus, StackEvent, StackStatus, Work, usual_time};

/// Between two looks where the end is likely.
const QUICK: Duration = Duration::from_millis(380);
/// The same where it is possible, in the first minute and after it.
const STEADY: Duration = Duration::from_millis(1050);
const STEADY_LATER: Duration = Duration::from_secs(2);
/// The same where it is not.
const SLOW: Duration = Duration::from_millis(2500);
const LATER: Duration = Duration::from_secs(60);
/// Looks that there are at the beginning, and that may be saved.
const AT_FIRST: f64 = 9.0;
const MOST: f64 = 30.0;
/// A resource that fails at once, because it may not be made or for what its properties say, does so within this time.
const FAILS_WITHIN: Duration = Duration::from_secs(2);
/// The stack's own end comes this long after its last resource's at most.
const LAST_STEP: Duration = Duration::from_secs(6);
/// A wait condition takes as long as somebody elsewhere takes to send a signal. A machine that starts up, for one, has never done so before this.
const EARLIEST_SIGNAL: Duration = Duration::from_secs(24);

/// What is still to happen, as far as it is known, and the looks that may be spent on it. Times are those since the beginning of the watch.
#[derive(Debug)]
pub(crate) struct Looks {
    parts: HashMap<String, Part>,
    savings: f64,
    earned_until: Duration,
    /// When the last of the parts was done.
    all_done: Option<Duration>,
}

#[derive(Debug)]
struct Part {
    work: Work,
    /// The times from which its end is possible and likely, after its beginning.
    possible: Duration,
    likely: Duration,
    since: Option<Duration>,
}

impl Looks {
    /// An operation that does this to resources, given by logical id and type. Nothing may be known.
    pub fn new<'a>(expected: impl IntoIterator<Item = (&'a str, &'a str, Work)>) -> Self {
        let part = |(id, resource_type, work): (&str, &str, Work)| {
            let (possible, likely) = times(resource_type, work);
            (id.to_owned(), Part { work, possible, likely, since: None })
        };
        Self {
            parts: expected.into_iter().map(part).collect(),
            savings: AT_FIRST,
            earned_until: Duration::ZERO,
            all_done: None,
        }
    }

    /// Something has been seen.
    pub fn saw(&mut self, event: &StackEvent, now: Duration) {
        if event.hook.is_some() || self.parts.is_empty() {
            return;
        }
        if event.is_stack {
            match StackStatus::parse(event.status.as_str()) {
                // The rest is what was replaced or removed.
                StackStatus::UpdateCompleteCleanupInProgress => {
                    self.parts.retain(|_, part| part.work == Work::Delete);
                    self.all_done = self.parts.is_empty().then_some(now);
                }
                StackStatus::CreateInProgress | StackStatus::UpdateInProgress | StackStatus::ImportInProgress => {}
                _ => self.parts.clear(),
            }
            return;
        }
        if event.status.is_in_progress() {
            if let Some(part) = self.parts.get_mut(&event.logical_id) {
                part.since.get_or_insert(now);
            }
        } else if event.status.is_failure() {
            self.parts.clear();
        } else {
            let is_removal = event.status == ResourceStatus::DeleteComplete;
            let is_it = |part: &Part| is_removal == (part.work == Work::Delete);
            if self.parts.get(&event.logical_id).is_some_and(is_it) {
                self.parts.remove(&event.logical_id);
                self.all_done = self.parts.is_empty().then_some(now);
            }
        }
    }

    /// How long after the look that was made now the next one is due.
    pub fn next(&mut self, now: Duration) -> Duration {
        self.savings = (self.savings + earned(now) - earned(self.earned_until) - 1.0).min(MOST);
        self.earned_until = now;
        shortened(self.pause(now))
    }

    fn pause(&self, now: Duration) -> Duration {
        if self.all_done.is_some_and(|at| now - at < LAST_STEP) {
            return QUICK;
        }
        let steady = if now < LATER { STEADY } else { STEADY_LATER };
        let possible = self.latest(now, |part| part.possible);
        if possible > QUICK {
            return self.news(now).max(steady).min(SLOW).min(possible);
        }
        let likely = self.latest(now, |part| part.likely);
        if likely > QUICK {
            return steady.min(likely);
        }
        if self.savings >= 1.0 { QUICK } else { steady }
    }

    /// The time until all parts are as far.
    fn latest(&self, now: Duration, time: impl Fn(&Part) -> Duration) -> Duration {
        let left = |part: &Part| time(part).saturating_sub(part.since.map_or(Duration::ZERO, |since| now - since));
        self.parts.values().map(left).max().unwrap_or_default()
    }

    /// The time until something may happen to one of the parts.
    fn news(&self, now: Duration) -> Duration {
        let left = |part: &Part| {
            let elapsed = now - part.since?;
            Some(if elapsed < FAILS_WITHIN { Duration::ZERO } else { part.possible.saturating_sub(elapsed) })
        };
        self.parts.values().filter_map(left).min().unwrap_or_default()
    }
}

/// The looks that an operation of this age has been given.
fn earned(age: Duration) -> f64 {
    age.min(LATER).as_secs_f64() + age.saturating_sub(LATER).as_secs_f64() / 2.0
}

fn times(resource_type: &str, work: Work) -> (Duration, Duration) {
    if resource_type == "AWS::CloudFormation::WaitCondition" && work != Work::Delete {
        return (EARLIEST_SIGNAL, EARLIEST_SIGNAL);
    }
    usual_time(resource_type, work).map_or_else(Default::default, |usual| (usual / 2, usual * 4 / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resource of this type takes so long: the number of looks, and how late the last one is.
    fn watched(resource_type: &str, takes: Duration) -> (usize, Duration) {
        let mut looks = Looks::new([("It", resource_type, Work::Create)]);
        let mut now = Duration::ZERO;
        let mut began = false;
        for count in 1.. {
            if now >= takes {
                return (count, now - takes);
            }
            if !began {
                began = true;
                looks.saw(&StackEvent::new("s", "It", resource_type, ResourceStatus::CreateInProgress), now);
            }
            now += looks.next(now);
        }
        unreachable!()
    }

    /// The most looks and the latest end of all that take a time between these, in seconds.
    fn worst(resource_type: &str, from: f64, to: f64) -> (usize, f64) {
        let times = (0..=200).map(|step| Duration::from_secs_f64(from + (to - from) * f64::from(step) / 200.0));
        times
            .map(|takes| watched(resource_type, takes))
            .fold((0, 0.0), |worst: (usize, f64), (looks, late)| (worst.0.max(looks), worst.1.max(late.as_secs_f64())))
    }

    const UNKNOWN: &str = "Custom::Thing";
    const SIGNAL: &str = "AWS::CloudFormation::WaitCondition";

    #[test]
    fn half_a_minute_for_a_signal_is_seen_in_half_a_second() {
        let (looks, late) = worst(SIGNAL, 24.0, 31.0);
        assert!(looks <= 33 && late <= 0.38, "{looks} looks, {late} s late");
    }

    #[test]
    fn what_takes_as_long_as_usual_is_seen_in_half_a_second() {
        for (name, usual) in [("AWS::Route53::RecordSet", 35.0), ("AWS::SQS::Queue", 65.0)] {
            let (looks, late) = worst(name, usual * 0.8, usual);
            assert!(late <= 0.38 && looks as f64 <= usual + 10.0, "{name}: {looks} looks, {late} s late");
        }
    }

    #[test]
    fn whatever_it_is_nobody_waits_long_and_few_calls_are_made() {
        for name in [UNKNOWN, SIGNAL, "AWS::SQS::Queue", "AWS::RDS::DBInstance", "AWS::Lambda::Function"] {
            for seconds in 1..=900_u16 {
                let length = f64::from(seconds);
                let (looks, late) = watched(name, Duration::from_secs_f64(length));
                let late = late.as_secs_f64();
                // Who is sooner than anybody expected is seen at the next look for news.
                let known = times(name, Work::Create).0.as_secs_f64();
                let most = if length < known {
                    2.5
                } else if length <= 60.0 {
                    1.05
                } else {
                    2.0
                };
                assert!(late <= most, "{name}, {length} s: {late} s late");
                // Pauses are a little shorter than they are meant to be.
                let given = 10.0 + 1.05 * earned(Duration::from_secs_f64(length + late));
                assert!(looks as f64 <= given, "{name}, {length} s: {looks} looks");
            }
        }
    }

    #[test]
    fn the_stacks_own_end_is_waited_for_closely() {
        let event = |id: &str, status| StackEvent::new("s", id, "AWS::SQS::Queue", status);
        let mut looks = Looks::new([("A", "AWS::SQS::Queue", Work::Create), ("B", "AWS::SQS::Queue", Work::Delete)]);
        let at = Duration::from_secs;
        looks.saw(&event("A", ResourceStatus::CreateInProgress), at(1));
        assert!(looks.next(at(10)) > STEADY, "nothing can be over");
        looks.saw(&event("A", ResourceStatus::CreateComplete), at(60));
        looks.savings = 0.0;
        assert!(looks.next(at(60)) > STEADY, "the other is to be removed");
        looks.saw(&event("B", ResourceStatus::DeleteInProgress), at(62));
        looks.saw(&event("B", ResourceStatus::DeleteComplete), at(70));
        assert!(looks.next(at(71)) <= QUICK);
        looks.savings = -20.0;
        assert!(looks.next(at(80)) > STEADY, "it takes longer than it ever does");
    }

    #[test]
    fn after_a_failure_nothing_is_known() {
        let mut looks = Looks::new([("A", "AWS::SQS::Queue", Work::Create), ("B", SIGNAL, Work::Create)]);
        looks.saw(&StackEvent::new("s", "A", "AWS::SQS::Queue", ResourceStatus::CreateInProgress), Duration::ZERO);
        assert!(looks.next(Duration::from_secs(3)) > STEADY);
        looks.saw(&StackEvent::new("s", "A", "AWS::SQS::Queue", ResourceStatus::CreateFailed), Duration::from_secs(4));
        assert!(looks.next(Duration::from_secs(5)) <= QUICK);
    }
}
