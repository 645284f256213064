//! Sessions that took a code of an MFA device, kept for the next run.
//!
//! Nothing else is kept: what can be had without a person is asked for again. A session is one file, readable by its user alone, named by a hash of everything that
//! decides what the session may do: another key, device, role, duration or endpoint is another file. A file that cannot be read or trusted is no file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Less than this is left of no session that is used: what is begun with it should not end half-way.
pub(super) const MARGIN: Duration = Duration::from_secs(5 * 60);
/// The layout of a file, part of its name: an older program does not find what it would not understand.
const VERSION: &str = "1";

/// A folder of sessions.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// What one session is kept under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// The key of a session that is decided by these, in this order.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in [VERSION].into_iter().chain(parts) {
            // With their lengths, so that no two lists run together to the same text.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The session, if it is there and will last.
    pub(super) fn get(&self, key: &Key) -> Option<Credentials> {
        let path = self.path(key);
        let text = read_private(&path)?;
        let found =
            decode(&text).filter(|session| session.expiry().is_some_and(|end| end > SystemTime::now() + MARGIN));
        if found.is_none() {
            self.forget(key);
        }
        found
    }

    /// Keeps a session. What has expired meanwhile is removed. That it cannot be kept costs a code the next time, and no more.
    pub(super) fn put(&self, key: &Key, session: &Credentials) {
        let Some(text) = encode(session) else { return };
        if make_private(&self.folder).is_ok() {
            self.sweep();
            let _ = self.write(key, &text);
        }
    }

    /// Removes a session, which AWS does not want any more.
    pub(super) fn forget(&self, key: &Key) {
        let _ = fs::remove_file(self.path(key));
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0).with_extension("json")
    }

    /// Written beside and renamed: a reader sees the whole of it, or what was there before.
    fn write(&self, key: &Key, text: &str) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let beside = self.folder.join(format!("{}.{}.{now}.new", key.0, std::process::id()));
        let written = write_private(&beside, text).and_then(|()| fs::rename(&beside, self.path(key)));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }

    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_session = path.extension().is_some_and(|extension| extension == "json");
            if is_session {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let lasts =
                    decode(&text).and_then(|session| session.expiry()).is_some_and(|end| end > SystemTime::now());
                if !lasts {
                    let _ = fs::remove_file(path);
                }
            }
        }
    }
}

fn encode(session: &Credentials) -> Option<String> {
    let end = session.expiry()?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let text = json!({
        "AccessKeyId": session.access_key_id(),
        "SecretAccessKey": session.secret_access_key(),
        "SessionToken": session.session_token(),
        "Expiration": end,
    });
    Some(text.to_string())
}

fn decode(text: &str) -> Option<Credentials> {
    let value: Value = serde_json::from_str(text).ok()?;
    let field = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let end = UNIX_EPOCH + Duration::from_secs(value.get("Expiration")?.as_u64()?);
    let (id, secret, token) = (field("AccessKeyId")?, field("SecretAccessKey")?, field("SessionToken")?);
    Some(Credentials::new(id, secret, Some(token), Some(end), super::PROVIDER))
}

/// The text of a file that nobody else can have written or read.
#[cfg(unix)]
fn read_private(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let about = fs::symlink_metadata(path).ok()?;
    if !about.is_file() || about.permissions().mode() & 0o077 != 0 {
        let _ = fs::remove_file(path);
        return None;
    }
    fs::read_to_string(path).ok()
}

#[cfg(not(unix))]
fn read_private(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Makes the folder for this user alone, with those above it. One that is there already is closed to others.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // A link may lead to where others read along.
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> Cache {
        let folder = std::env::temp_dir().join(format!("skysmith-sessions-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Cache::new(folder)
    }

    fn lasting(seconds: u64) -> Credentials {
        let end = SystemTime::now() + Duration::from_secs(seconds);
        Credentials::new("ASIA1", "secret", Some("token".to_owned()), Some(end), "test")
    }

    #[test]
    fn what_decides_makes_the_key() {
        let key = Key::of(["a", "b"]);
        assert_eq!(key, Key::of(["a", "b"]));
        for other in [vec!["ab"], vec!["b", "a"], vec!["a", "b", ""], vec!["a"]] {
            assert_ne!(key, Key::of(other.iter().copied()), "{other:?}");
        }
    }

    #[test]
    fn a_session_is_kept_until_shortly_before_its_end() {
        let cache = folder("kept");
        let key = Key::of(["k"]);
        assert!(cache.get(&key).is_none());
        cache.put(&key, &lasting(400));
        let kept = cache.get(&key).unwrap();
        assert_eq!(
            (kept.access_key_id(), kept.secret_access_key(), kept.session_token()),
            ("ASIA1", "secret", Some("token"))
        );
        assert!(cache.get(&Key::of(["l"])).is_none());
        cache.put(&key, &lasting(290));
        assert!(cache.get(&key).is_none());
        assert!(!cache.path(&key).exists(), "what is no good any more does not stay");
        cache.put(&Key::of(["old"]), &lasting(0));
        cache.put(&key, &lasting(400));
        assert!(!cache.path(&Key::of(["old"])).exists());
        cache.forget(&key);
        assert!(cache.get(&key).is_none());
        fs::remove_dir_all(&cache.folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_or_writes_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let cache = folder("private");
        let key = Key::of(["k"]);
        fs::create_dir_all(&cache.folder).unwrap();
        fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o755)).unwrap();
        cache.put(&key, &lasting(4000));
        assert_eq!((mode(&cache.folder), mode(&cache.path(&key))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1, "nothing is left beside it");
        // Somebody else could have put it there.
        fs::set_permissions(cache.path(&key), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(cache.get(&key).is_none());
        // Nonsense is nothing.
        cache.put(&key, &lasting(4000));
        fs::write(cache.path(&key), "{").unwrap();
        assert!(cache.get(&key).is_none());
        fs::remove_dir_all(&cache.folder).unwrap();
    }
}
