//! Where things are kept: what can be installed again in the user's cache, what an emulator knows in the user's state.

use std::{
    env,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use etcetera::base_strategy::{BaseStrategy as _, choose_native_strategy};

use crate::{Error, Event, Result};

/// The folder for what can be downloaded or made again: `SKYSMITH_CACHE_DIR`, or `skysmith` in the user's cache folder.
///
/// # Errors
/// [`Error::NoHome`] if the variable is not set and the user has no home folder.
pub fn cache_dir() -> Result<PathBuf> {
    if let Some(folder) = from_environment("SKYSMITH_CACHE_DIR") {
        return folder;
    }
    let strategy = choose_native_strategy().map_err(|_| Error::NoHome)?;
    Ok(strategy.cache_dir().join("skysmith"))
}

/// The folder for the emulators' state, one folder in it for each name: `SKYSMITH_LOCAL_DIR`, or `skysmith/local` in the
/// user's state folder (on macOS, which has none, in the application support folder).
///
/// # Errors
/// [`Error::NoHome`] if the variable is not set and the user has no home folder.
pub fn local_dir() -> Result<PathBuf> {
    if let Some(folder) = from_environment("SKYSMITH_LOCAL_DIR") {
        return folder;
    }
    let strategy = choose_native_strategy().map_err(|_| Error::NoHome)?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("skysmith").join("local"))
}

/// A folder from a variable; relative ones count from the working folder, as they must not move with later ones.
fn from_environment(variable: &str) -> Option<Result<PathBuf>> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    Some(std::path::absolute(&value).map_err(Error::io("resolve", value)))
}

/// Creates a folder, with those above it, for this user alone: logs and state may hold what is nobody else's business.
pub(crate) fn create_private(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(Error::io("create", folder))
}

/// Removes a folder and all in it, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Holds a file's lock until dropped; waits for another process that holds it. The file stays: removing it would let
/// two processes hold locks of two files of one name.
pub(crate) fn lock(path: &Path, on_event: &mut dyn FnMut(Event)) -> Result<File> {
    if let Some(parent) = path.parent() {
        create_private(parent)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(Error::io("open", path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            on_event(Event::WaitingForOther);
            file.lock().map_err(Error::io("lock", path))?;
        }
        Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
    }
    Ok(file)
}

/// A short name for a text, the same on every machine and in every version (FNV-1a). Not for secrets.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_fixed() {
        // The published value for "a".
        assert_eq!(fingerprint("a"), "af63dc4c8601ec8c");
        assert_ne!(fingerprint("ab"), fingerprint("ba"));
    }
}
