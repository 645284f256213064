//! Which of several stacks may be worked on now, which later, and which never, as a pure value: whoever does the work asks it and tells it how each ended.
//!
//! Invariants: a stack starts after all that it needs have succeeded; at most so many are at work at once; one that fails keeps those that need it from being started, directly or
//! not, and no others.

/// A stack among others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// The jobs that have to succeed before it, by their place.
    pub needs: Vec<usize>,
    /// It calls on something that AWS lets an account do slowly only, so that few of these are at work at once.
    pub is_slow: bool,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It has not been started.
    Waiting,
    /// It is at work.
    Running,
    /// It has succeeded.
    Done,
    /// It has failed.
    Failed,
    /// It will not be started, because this one failed.
    Skipped {
        /// The job that failed, which it needs, directly or not.
        because_of: usize,
    },
    /// It will not be started, because everything was stopped.
    Stopped,
}

/// What may be done when.
#[derive(Clone, Debug)]
pub struct Schedule {
    jobs: Vec<Job>,
    states: Vec<JobState>,
    /// How many jobs stand in the longest chain of those that wait for it.
    heights: Vec<usize>,
    at_once: usize,
    slow_at_once: usize,
}

impl Schedule {
    /// A schedule for these jobs, of which `at_once` may be at work together (at least one), and three of the slow ones.
    ///
    /// Jobs that need each other in a circle never start; a need that is no job counts as met.
    #[must_use]
    pub fn new(mut jobs: Vec<Job>, at_once: usize) -> Self {
        let count = jobs.len();
        for job in &mut jobs {
            job.needs.retain(|need| *need < count);
        }
        let mut heights = vec![0; count];
        // As often as a chain can be long: circles end as well.
        for _ in 0..count {
            let mut changed = false;
            for index in 0..count {
                for &need in &jobs[index].needs {
                    if heights[need] <= heights[index] && heights[need] < count {
                        heights[need] = heights[index] + 1;
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let at_once = at_once.max(1);
        Self { states: vec![JobState::Waiting; count], jobs, heights, at_once, slow_at_once: at_once.min(SLOW_AT_ONCE) }
    }

    /// The next job to start now, if one may; it counts as started. Those that most others wait for come first.
    pub fn start(&mut self) -> Option<usize> {
        let running = |schedule: &Self, slow: bool| {
            let is_running = |index: &usize| schedule.states[*index] == JobState::Running;
            (0..schedule.jobs.len()).filter(is_running).filter(|&index| !slow || schedule.jobs[index].is_slow).count()
        };
        if running(self, false) >= self.at_once {
            return None;
        }
        let may_be_slow = running(self, true) < self.slow_at_once;
        let may_start = |index: &usize| {
            self.states[*index] == JobState::Waiting
                && (may_be_slow || !self.jobs[*index].is_slow)
                && self.jobs[*index].needs.iter().all(|&need| self.states[need] == JobState::Done)
        };
        // Of several with the same height the first one: `max_by_key` would take the last.
        let next = (0..self.jobs.len()).filter(may_start).min_by_key(|&index| self.jobs.len() - self.heights[index])?;
        self.states[next] = JobState::Running;
        Some(next)
    }

    /// The job has succeeded.
    pub fn succeeded(&mut self, job: usize) {
        self.states[job] = JobState::Done;
    }

    /// The job has failed. Gives those that will not be started because of it.
    pub fn failed(&mut self, job: usize) -> Vec<usize> {
        self.states[job] = JobState::Failed;
        let mut skipped = Vec::new();
        let mut lost = vec![job];
        while let Some(lost_job) = lost.pop() {
            for index in 0..self.jobs.len() {
                if self.states[index] == JobState::Waiting && self.jobs[index].needs.contains(&lost_job) {
                    self.states[index] = JobState::Skipped { because_of: job };
                    skipped.push(index);
                    lost.push(index);
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    /// Nothing more is to be started.
    pub fn stop(&mut self) {
        for state in &mut self.states {
            if *state == JobState::Waiting {
                *state = JobState::Stopped;
            }
        }
    }

    /// How far a job is.
    #[must_use]
    pub fn state(&self, job: usize) -> JobState {
        self.states[job]
    }

    /// How far all jobs are, in their order.
    #[must_use]
    pub fn states(&self) -> &[JobState] {
        &self.states
    }
}

/// CloudFormation may call `CreateDeployment` of API Gateway once in 5 seconds, `DeleteRestApi` once in 30.
const SLOW_AT_ONCE: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(needs: &[&[usize]], at_once: usize) -> Schedule {
        let job = |needs: &&[usize]| Job { needs: needs.to_vec(), is_slow: false };
        Schedule::new(needs.iter().map(job).collect(), at_once)
    }

    fn startable(schedule: &mut Schedule) -> Vec<usize> {
        std::iter::from_fn(|| schedule.start()).collect()
    }

    #[test]
    fn everything_comes_after_what_it_needs() {
        // 3 needs 1 and 2, which need 0; 4 needs nothing.
        let mut all = schedule(&[&[], &[0], &[0], &[1, 2], &[]], 10);
        assert_eq!(startable(&mut all), [0, 4]);
        all.succeeded(4);
        assert_eq!(all.start(), None);
        all.succeeded(0);
        assert_eq!(startable(&mut all), [1, 2]);
        all.succeeded(2);
        assert_eq!(all.start(), None);
        all.succeeded(1);
        assert_eq!(startable(&mut all), [3]);
        all.succeeded(3);
        assert!(all.states().iter().all(|state| *state == JobState::Done));
    }

    #[test]
    fn one_failure_stops_only_what_needs_it() {
        let mut all = schedule(&[&[], &[0], &[1], &[], &[3]], 10);
        assert_eq!(startable(&mut all), [0, 3]);
        assert_eq!(all.failed(0), [1, 2]);
        assert_eq!(all.state(2), JobState::Skipped { because_of: 0 });
        all.succeeded(3);
        assert_eq!(startable(&mut all), [4]);
        all.stop();
        assert_eq!(all.state(4), JobState::Running, "what runs goes on");
    }

    #[test]
    fn nothing_starts_after_a_stop() {
        let mut all = schedule(&[&[], &[], &[0]], 1);
        assert_eq!(startable(&mut all), [0]);
        all.stop();
        all.succeeded(0);
        assert_eq!(all.start(), None);
        assert_eq!(all.states(), [JobState::Done, JobState::Stopped, JobState::Stopped]);
    }

    #[test]
    fn the_limits_hold_and_long_chains_go_first() {
        // 0 is alone; 1 has a chain of two behind it.
        let mut all = schedule(&[&[], &[], &[1], &[2]], 1);
        assert_eq!(startable(&mut all), [1]);
        all.succeeded(1);
        assert_eq!(startable(&mut all), [2]);
        let slow = |needs: &[usize]| Job { needs: needs.to_vec(), is_slow: true };
        let mut jobs = vec![slow(&[]), slow(&[]), slow(&[]), slow(&[]), Job::default()];
        let mut all = Schedule::new(jobs.clone(), 10);
        assert_eq!(startable(&mut all), [0, 1, 2, 4]);
        all.succeeded(1);
        assert_eq!(startable(&mut all), [3]);
        jobs.truncate(3);
        assert_eq!(startable(&mut Schedule::new(jobs, 0)), [0], "at least one");
    }

    #[test]
    fn circles_end_and_foreign_needs_count_as_met() {
        let mut all = schedule(&[&[1], &[0], &[7]], 10);
        assert_eq!(startable(&mut all), [2]);
        assert_eq!(all.state(0), JobState::Waiting);
    }

    #[test]
    fn two_hundred_in_any_shape_all_end() {
        // Each needs up to two of those before it, in a pattern that is anything but regular.
        let needs: Vec<Vec<usize>> =
            (0..200_usize).map(|i| if i < 5 { Vec::new() } else { vec![i * 7 % i, i * i % i.div_ceil(2)] }).collect();
        let jobs: Vec<Job> =
            needs.iter().enumerate().map(|(i, needs)| Job { needs: needs.clone(), is_slow: i % 3 == 0 }).collect();
        let mut all = Schedule::new(jobs, 10);
        let mut running: Vec<usize> = Vec::new();
        let mut order = Vec::new();
        loop {
            running.extend(std::iter::from_fn(|| all.start()));
            assert!(running.len() <= 10);
            if running.is_empty() {
                break;
            }
            let job = running.remove(running.len() / 2);
            assert!(needs[job].iter().all(|need| order.contains(need)));
            order.push(job);
            all.succeeded(job);
        }
        assert_eq!(order.len(), 200);
    }
}
