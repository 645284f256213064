//! A local AWS for development and tests: installs, starts, stops and watches a pinned emulator on loopback.
//!
//! ```no_run
//! use skysmith_local::{Emulator, Options};
//!
//! # fn main() -> Result<(), skysmith_local::Error> {
//! let emulator = Emulator::new(&Options::default())?;
//! let running = emulator.ensure_started(&mut |event| eprintln!("{event:?}"))?;
//! println!("{}", running.endpoint.url());
//! # Ok(())
//! # }
//! ```
//!
//! The emulator is ministack, a Python program. The first start installs it into a
//! virtual environment in the user's cache folder. It then runs on its own, in a session of its own, until it is stopped;
//! its state is saved when it stops and is there when it starts again, on the same port if that is free.
//!
//! What holds:
//! * It listens on 127.0.0.1 and nowhere else. Where the system tells (Linux), this is checked at every start.
//! * Address and dummy credentials come as one [`Endpoint`], which cannot be made for another machine.
//! * At any time one emulator runs for each user and name, however many processes ask for it at once.
//! * No process is signalled that this crate did not start, even if it has the number of one that it did.
//! * Nothing of the user's credentials reaches the emulator or the functions that it runs.
//!
//! This crate knows nothing of stacks or templates, and prints nothing.

mod emulator;
mod endpoint;
mod error;
mod event;
mod folders;
mod http;
mod log;
mod process;
mod python;
mod url;

pub use emulator::{Emulator, Options, Running, Status};
pub use endpoint::{ACCOUNT, DEFAULT_REGION, DUMMY_CREDENTIAL, Endpoint};
pub use error::{Error, Result};
pub use event::Event;
pub use folders::{cache_dir, local_dir};
pub use log::{Log, LogFollower};
pub use python::PythonEnvironment;

/// The version of the emulator that this crate installs.
pub const EMULATOR_VERSION: &str = "1.5.33";

/// All that is installed for the emulator, with hashes, as pip's requirements file.
pub(crate) const REQUIREMENTS: &str = include_str!("../requirements.txt");

#[cfg(test)]
mod tests {
    #[test]
    fn requirements_name_the_version() {
        assert!(super::REQUIREMENTS.contains(&format!("\nministack=={} ", super::EMULATOR_VERSION)));
    }
}
