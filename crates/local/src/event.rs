//! What happens while the local AWS is installed, started and stopped, as it happens.

use std::{path::PathBuf, time::Duration};

/// One step of progress. Handed to the callback of the function that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Another process is installing, starting or stopping the same thing; its end is awaited.
    WaitingForOther,
    /// A virtual environment is being made, which takes seconds and happens once.
    CreatingEnvironment {
        /// The interpreter it is made with.
        python: PathBuf,
        /// Where it goes.
        folder: PathBuf,
    },
    /// A package is being installed. `done` counts up to about `total`.
    Installing {
        /// The package as pip names it.
        package: String,
        /// How many packages came before this one.
        done: usize,
        /// How many packages are required.
        total: usize,
    },
    /// The virtual environment is complete.
    Installed,
    /// What was left by an emulator that ended without notice has been cleared away.
    ClearedStale {
        /// The process id that was on record.
        pid: u32,
    },
    /// The emulator that runs is of another version or other settings; it is replaced, and its state kept.
    Replacing {
        /// Its process id.
        pid: u32,
    },
    /// The emulator's process is being started.
    Starting {
        /// The port it will listen on.
        port: u16,
    },
    /// The process is there; its first answer is awaited.
    Waiting,
    /// The emulator answers.
    Ready {
        /// Where.
        url: String,
        /// The time since [`Event::Starting`]; zero if it ran already.
        took: Duration,
    },
    /// The emulator was asked to end and is saving its state.
    Stopping {
        /// Its process id.
        pid: u32,
    },
    /// The emulator has ended.
    Stopped,
}
