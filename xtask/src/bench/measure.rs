//! What one run of a command costs, and the median of several.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use wait4::Wait4 as _;

/// What a run costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// From the start to the end of the process.
    pub wall: Duration,
    /// Processor time of the process and of all that it waited for.
    pub cpu: Duration,
    /// The most memory that the process, or one that it waited for, had at any time, in bytes.
    ///
    /// The system counts the moment before the program is loaded, when the process is still a copy of this one: figures
    /// below what this program itself takes are not to be had.
    pub memory: u64,
}

/// Runs a command once. What it prints goes to `log`, as into any file, and into the error if it fails.
pub fn once(command: &mut Command, log: &Path) -> Result<Cost> {
    let file = File::create(log).with_context(|| log.display().to_string())?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let begun = Instant::now();
    let child = command.spawn().with_context(|| format!("{} does not start", command.get_program().display()))?;
    let used = child.wait4()?;
    let wall = begun.elapsed();
    if !used.status.success() {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        let said = fs::read_to_string(log).unwrap_or_default();
        bail!("{} {}: {}\n{said}", command.get_program().display(), arguments.join(" "), used.status);
    }
    Ok(Cost { wall, cpu: used.rusage.utime + used.rusage.stime, memory: used.rusage.maxrss })
}

/// The medians of several runs, after one that does not count and fills the system's caches.
pub fn median(runs: usize, log: &Path, mut command: impl FnMut() -> Result<Command>) -> Result<Cost> {
    once(&mut command()?, log)?;
    let mut costs = Vec::with_capacity(runs);
    for _ in 0..runs {
        costs.push(once(&mut command()?, log)?);
    }
    Ok(Cost {
        wall: middle(costs.iter().map(|cost| cost.wall)).unwrap_or_default(),
        cpu: middle(costs.iter().map(|cost| cost.cpu)).unwrap_or_default(),
        memory: middle(costs.iter().map(|cost| cost.memory)).unwrap_or_default(),
    })
}

/// The middle one of all values, the lower one of two; none of none.
pub fn middle<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(middle([3, 1, 2]), Some(2));
        assert_eq!(middle([4.0, 1.0, 2.0, 3.0]), Some(2.0));
        assert_eq!(middle::<u8>([]), None);
    }

    #[test]
    fn a_process_and_what_it_waits_for_are_counted() {
        let log = std::env::temp_dir().join(format!("skysmith-measure-{}", std::process::id()));
        let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let cost = once(Command::new("sh").args(["-c", &format!("sleep 0.1; sh -c '{busy}'")]), &log).expect("it runs");
        assert!(cost.wall > Duration::from_millis(100), "{cost:?}");
        assert!(cost.cpu > Duration::from_millis(5) && cost.cpu < cost.wall, "{cost:?}");
        assert!(cost.memory > 100_000, "{cost:?}");
        let error = once(Command::new("sh").args(["-c", "echo why; exit 1"]), &log).expect_err("it fails");
        assert!(error.to_string().contains("why"), "{error}");
        fs::remove_file(log).expect("it was written");
    }
}
