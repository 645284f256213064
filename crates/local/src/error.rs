//! What can go wrong, each with what a person needs to act on it.

use std::{io, path::PathBuf};

/// Why the local AWS could not be installed, started, stopped or reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no Python on the `PATH`.
    #[error("the local AWS needs Python 3.10 or newer, and there is no python3 on the PATH")]
    NoPython,

    /// The newest Python on the `PATH` is too old.
    #[error("the local AWS needs Python 3.10 or newer, and {} is {version}", python.display())]
    PythonTooOld {
        /// The interpreter that was found.
        python: PathBuf,
        /// Its version, such as `3.9.6`.
        version: String,
    },

    /// A `python3` exists that does not run.
    #[error("{} does not run: {message}", python.display())]
    PythonBroken {
        /// The interpreter that was found.
        python: PathBuf,
        /// What it said.
        message: String,
    },

    /// Python lacks what makes virtual environments, as on Debian and Ubuntu without the package `python3-venv`.
    #[error("{} cannot make virtual environments because its module {module} is missing (Debian and Ubuntu have it in the package python3-venv)", python.display())]
    NoVenv {
        /// The interpreter that was found.
        python: PathBuf,
        /// The module it lacks: `venv` or `ensurepip`.
        module: String,
    },

    /// The virtual environment could not be made or filled.
    #[error("{step} failed:\n{output}")]
    Install {
        /// The command that failed.
        step: String,
        /// The last lines it wrote.
        output: String,
    },

    /// A file or folder of the local AWS could not be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: "read", "write", ...
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// The user has no home folder, and no other place was named.
    #[error("there is no home folder to keep the local AWS in; set SKYSMITH_CACHE_DIR and SKYSMITH_LOCAL_DIR")]
    NoHome,

    /// The name of an instance would not be a plain folder name.
    #[error("\"{name}\" cannot name a local AWS: use up to 64 letters, digits, hyphens and underscores")]
    InvalidName {
        /// The name as given.
        name: String,
    },

    /// The emulator ended before it was ready.
    #[error("the local AWS ended while it was starting ({status}); the end of {}:\n{tail}", log.display())]
    Exited {
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of its log.
        tail: String,
    },

    /// The emulator is alive but did not answer in time.
    #[error("the local AWS (process {pid}, port {port}) does not answer after {seconds} s; the end of {}:\n{tail}", log.display())]
    NotAnswering {
        /// The emulator's process id.
        pid: u32,
        /// The port it should answer on.
        port: u16,
        /// How long was waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
        /// The last lines of its log.
        tail: String,
    },

    /// The emulator was found listening on an address that other machines can reach. It was stopped.
    #[error("the local AWS listened on {address}, which is not loopback, and was stopped")]
    BeyondLoopback {
        /// The address and port.
        address: String,
    },

    /// An endpoint that is not on this machine was to be used with the dummy credentials.
    #[error("{url} is not an http(s)://HOST:PORT on this machine's loopback interface")]
    NotLoopback {
        /// The address as given.
        url: String,
    },

    /// The emulator did not end, even when killed.
    #[error("the local AWS (process {pid}) does not end")]
    Undying {
        /// Its process id.
        pid: u32,
    },

    /// The emulator refused to forget its state.
    #[error("the local AWS did not reset: {message}")]
    Reset {
        /// What it answered.
        message: String,
    },

    /// This system has no support for the local AWS.
    #[error("the local AWS runs on Linux and macOS only")]
    Unsupported,
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// For `map_err` on a file operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
