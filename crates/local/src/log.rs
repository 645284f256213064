//! The emulator's log: its end, and what is added to it.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// How far back from its end a log is read.
const TAIL_BYTES: u64 = 256 * 1024;

/// The log of an emulator, which may not be there yet.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The log's file. The log of the run before is beside it, with `.1` at its end.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines of the log, at most `lines`; empty if there is none.
    ///
    /// # Errors
    /// [`Error::Io`] if the log exists and cannot be read.
    pub fn tail(&self, lines: usize) -> Result<String> {
        let (text, _) = read_from(&self.path, Start::Tail)?;
        Ok(last_lines(&text, lines))
    }

    /// Follows the log from its present end.
    ///
    /// # Errors
    /// [`Error::Io`] if the log exists and cannot be read.
    pub fn follow(&self) -> Result<LogFollower> {
        let (_, position) = read_from(&self.path, Start::Tail)?;
        Ok(LogFollower { path: self.path.clone(), position, rest: Vec::new() })
    }

    /// The tail for an error, which must not fail for want of a log.
    pub(crate) fn tail_for_error(&self) -> String {
        self.tail(20).unwrap_or_default()
    }
}

/// Reads what a log gained since it was last asked.
#[derive(Debug)]
pub struct LogFollower {
    path: PathBuf,
    position: u64,
    /// A line whose end has not been written yet.
    rest: Vec<u8>,
}

impl LogFollower {
    /// The complete lines written since the last call, with their line ends; empty if there are none. Never waits. A log
    /// that was begun anew, because the emulator was started again, is read from its beginning.
    ///
    /// # Errors
    /// [`Error::Io`] if the log exists and cannot be read.
    pub fn read(&mut self) -> Result<String> {
        let (bytes, position) = read_bytes(&self.path, Start::At(self.position))?;
        if position < self.position {
            self.position = 0;
            self.rest.clear();
            return self.read();
        }
        self.position = position;
        self.rest.extend(bytes);
        let complete = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..complete).collect();
        Ok(String::from_utf8_lossy(&lines).into_owned())
    }
}

#[derive(Clone, Copy)]
enum Start {
    Tail,
    At(u64),
}

/// What a file holds from `start` on, and its length. A missing file is an empty one.
fn read_bytes(path: &Path, start: Start) -> Result<(Vec<u8>, u64)> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        file => file.map_err(Error::io("read", path))?,
    };
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    let from = match start {
        Start::Tail => length.saturating_sub(TAIL_BYTES),
        Start::At(position) => position.min(length),
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))
        .and_then(|_| file.take(length - from).read_to_end(&mut bytes))
        .map_err(Error::io("read", path))?;
    Ok((bytes, length))
}

fn read_from(path: &Path, start: Start) -> Result<(String, u64)> {
    let (bytes, position) = read_bytes(path, start)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), position))
}

/// The last lines of a text, without empty ones at its end.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let text = text.trim_end();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn tail_takes_the_last_lines() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Log::new(folder.path().join("log"));
        assert_eq!(log.tail(3).expect("no log is an empty log"), "");
        fs::write(log.path(), "1\n2\n3\n4\n").expect("writable");
        assert_eq!(log.tail(3).expect("readable"), "2\n3\n4");
        assert_eq!(log.tail(9).expect("readable"), "1\n2\n3\n4");
    }

    #[test]
    fn follower_gives_complete_lines_and_survives_a_new_log() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Log::new(folder.path().join("log"));
        let mut follower = log.follow().expect("no log is an empty log");
        assert_eq!(follower.read().expect("readable"), "");
        fs::write(log.path(), "a\nb").expect("writable");
        assert_eq!(follower.read().expect("readable"), "a\n");
        File::options().append(true).open(log.path()).and_then(|mut file| write!(file, "c ü\nd")).expect("writable");
        assert_eq!(follower.read().expect("readable"), "bc ü\n");
        fs::write(log.path(), "new\n").expect("writable");
        assert_eq!(follower.read().expect("readable"), "new\n");
    }
}
