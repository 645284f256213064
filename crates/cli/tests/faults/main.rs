//! What can go wrong with a deployment, and what the command makes of it: one table, run whole, and shown in `architecture/FAULTS.md`.
//!
//! CloudFormation is played by `skysmith-scripted`: what the emulator is too lenient for can be had there, and the requests and what is left in the
//! account can be judged. Each row runs the command as a person would: exit code, last line, what is left, and whether a second run ends well.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod document;
mod kills;
mod person;
mod scenario;
mod table;
mod watching;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// They wait for answers most of the time.
const AT_ONCE: usize = 8;

#[test]
fn every_row_of_the_table() {
    let rows = table::all();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let only = std::env::var("SKYSMITH_TEST_FAULT").ok();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if only.as_ref().is_some_and(|only| !row.given.contains(only.as_str())) {
                        continue;
                    }
                    if let Err(words) = row.judged() {
                        failed.lock().unwrap().push(format!("{}: {}\n{words}", row.part, row.given));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} rows fail:\n\n{}", failed.len(), rows.len(), failed.join("\n\n"));
}
