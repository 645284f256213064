//! One run at a time for each assembly's folder.
//!
//! An app replaces the folder in one step, but a command reads it for as long as it works: a deployment that finds another run's files half-way would deploy a mixture. So whoever lets an
//! app write holds a lock beside the folder to its end, and others wait.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::interrupt::{self, Litter};
use crate::output::paths;
use crate::session::Session;

/// The lock of an assembly's folder, held until dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
    _litter: Litter,
}

impl Lock {
    /// Waits for whoever has it. `None`: there can be no file beside the folder, so that the app, which has to make some, will say why.
    pub fn of(session: &Session, out: &Path) -> Option<Self> {
        let path = out.with_file_name(format!(".{}.lock", out.file_name()?.to_string_lossy()));
        let mut told = false;
        loop {
            let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path).ok()?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        told = true;
                        let holder = fs::read_to_string(&path).unwrap_or_default();
                        let holder =
                            if holder.is_empty() { "another run".to_owned() } else { format!("process {holder}") };
                        let out = paths::shown(out);
                        session.ui.say(&format!(
                            "waiting for {holder}, which works with {out}; with --out DIR it could be another folder\n"
                        ));
                    }
                    file.lock().ok()?;
                }
                // A file system without locks.
                Err(TryLockError::Error(_)) => return None,
            }
            // Whoever had it has removed the file by now: the lock of a file that has no name keeps nobody out.
            if is_still_there(&path, &file) {
                // Only for the words of those who wait.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                let _litter = interrupt::removes(&path);
                return Some(Self { path, _file: file, _litter });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before the lock goes, so that nobody locks a file that is about to go.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn is_still_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => (named.dev(), named.ino()) == (open.dev(), open.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still_there(path: &Path, _: &File) -> bool {
    path.exists()
}
