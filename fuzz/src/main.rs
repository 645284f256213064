//! `skysmith-fuzz TARGET SECONDS [SEED]`: breaks inputs until the time is over, and keeps those that go a new way.
//!
//! A panic ends the run with the input in a file; so does one that takes more than five seconds, or more than 1 GB.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use skysmith_fuzz::{Numbers, TARGETS, corpus, corpus_folder, mutate};

const SLOW: Duration = Duration::from_secs(5);
const MEMORY: u64 = 1 << 30;
const LARGEST_INPUT: usize = 64 * 1024;
/// What is kept in the checkout is small.
const LARGEST_KEPT: usize = 6 * 1024;
const MOST_KEPT: usize = 60;
/// What is kept in memory to be broken further; beyond that a new input takes the place of another, so that the memory which is watched is the target's.
const MOST_INPUTS: usize = 2000;
const MOST_WAYS: usize = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|it| it.parse::<u64>().ok());
    let target = TARGETS.iter().find(|it| arguments.first().is_some_and(|name| name == it.name));
    let (Some(target), Some(seconds)) = (target, number(1)) else {
        eprintln!("usage: skysmith-fuzz template|sub|manifest|validator SECONDS [SEED]");
        return ExitCode::from(2);
    };
    let seed = number(2).unwrap_or(1);
    let mut numbers = Numbers(seed);
    let mut inputs: Vec<Vec<u8>> = corpus(target.name).into_iter().map(|(_, bytes)| bytes).collect();
    if inputs.is_empty() {
        inputs.push(b"{}".to_vec());
    }
    let mut ways: HashSet<u64> = inputs.iter().map(|it| digest(&(target.run)(it))).collect();
    let mut kept = inputs.len();
    let start = Instant::now();
    let mut cases = 0_u64;
    let mut slowest = Duration::ZERO;
    while start.elapsed().as_secs() < seconds {
        let mut bytes = inputs[numbers.below(inputs.len())].clone();
        mutate(&mut bytes, &mut numbers);
        bytes.truncate(LARGEST_INPUT);
        let before = Instant::now();
        let way = std::panic::catch_unwind(|| (target.run)(&bytes));
        let mut took = before.elapsed();
        if took > SLOW && way.is_ok() {
            // On a busy machine it may only have waited.
            let before = Instant::now();
            (target.run)(&bytes);
            took = took.min(before.elapsed());
        }
        cases += 1;
        slowest = slowest.max(took);
        let failure = match &way {
            Err(_) => Some("a panic".to_owned()),
            Ok(_) if took > SLOW => Some(format!("{took:?}")),
            Ok(_) if cases.is_multiple_of(256) => {
                peak().filter(|it| *it > MEMORY).map(|it| format!("{it} bytes of memory"))
            }
            Ok(_) => None,
        };
        if let Some(failure) = failure {
            let file = std::env::temp_dir().join(format!("skysmith-fuzz-{}-{seed}-{cases}", target.name));
            let written = std::fs::write(&file, &bytes);
            eprintln!("{failure}; the input is {} ({written:?})", file.display());
            return ExitCode::FAILURE;
        }
        if ways.len() > MOST_WAYS {
            ways.clear();
        }
        if let Ok(way) = way
            && ways.insert(digest(&way))
        {
            if bytes.len() <= LARGEST_KEPT && kept < MOST_KEPT {
                let file = corpus_folder(target.name).join(format!("{seed}-{cases}"));
                if std::fs::write(file, &bytes).is_ok() {
                    kept += 1;
                }
            }
            if inputs.len() < MOST_INPUTS {
                inputs.push(bytes);
            } else {
                let place = numbers.below(MOST_INPUTS);
                inputs[place] = bytes;
            }
        }
    }
    let memory = peak().unwrap_or_default() >> 20;
    println!("{}: {cases} inputs, {} ways remembered, slowest {slowest:?}, {memory} MB", target.name, ways.len());
    ExitCode::SUCCESS
}

fn digest(way: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    way.hash(&mut hasher);
    hasher.finish()
}

/// The most memory that this process has had, where the system says so.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|it| it * 1024)
}
