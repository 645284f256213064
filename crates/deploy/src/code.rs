//! The files of a function's or a layer's code, as it is deployed and as it would be.
//!
//! What is deployed is an archive in a bucket, of which only the directory at its end is read: some kilobytes, however large the archive is. What would be
//! deployed is a folder or a file of the assembly, or such an archive as well. Nothing depends on any of it: it takes its seconds and no more.

use std::fs;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Crc;
use futures_util::{StreamExt as _, stream};
use skysmith_assembly::{FileAsset, FileSource, Packaging};
use skysmith_diff::{Code, CodeChange, File, FileChanges, Known, compare_files};
use skysmith_template::Node;

use crate::entries::{self, Tail, Unlisted};
use crate::packing::blocking;
use crate::{Error, Session, archive};

/// Archives that are read at once.
const AT_ONCE: usize = 8;
/// How much of an archive's end is fetched at first: the directory of some thousand files, and all of a small function.
const TAIL: u64 = 128 * 1024;
/// The longest directory that is fetched.
const LONGEST_DIRECTORY: u64 = 8 * 1024 * 1024;
/// The longest that the files of one asset are waited for.
const LONGEST: Duration = Duration::from_secs(4);

/// Why something that is in S3, or goes there, was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unread {
    /// Where it is follows from something that is not known.
    #[error("the place follows from what is not known before")]
    Unknown,
    /// There is nothing.
    #[error("{place} is not there")]
    Missing {
        /// The object.
        place: String,
    },
    /// The credentials may not read it. Nor may they be told that it is not there.
    #[error("{place} may not be read, or is not there (s3:GetObject)")]
    Denied {
        /// The object.
        place: String,
    },
    /// It is not a zip archive, or none that can be read.
    #[error("{place} is not a zip archive")]
    NoArchive {
        /// The object or file.
        place: String,
    },
    /// It has more files than are looked at.
    #[error("{place} has too many files")]
    TooMany {
        /// The object.
        place: String,
    },
    /// A command makes it when it is deployed.
    #[error("a command makes it when it is deployed")]
    MadeLater,
    /// It took too long.
    #[error("{place} takes too long to read")]
    TooLate {
        /// The object or file.
        place: String,
    },
    /// Something else.
    #[error("{reason}")]
    Failed {
        /// What went wrong.
        reason: String,
    },
}

/// The files of one piece of code that changes, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeFiles {
    /// The resource.
    pub logical_id: String,
    /// What differs; or whose files were not looked at, and why.
    pub found: Result<FileChanges, (CodeSide, Unread)>,
}

/// The files that are deployed, or those that would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSide {
    /// Those that are deployed.
    Old,
    /// Those that would be.
    New,
}

/// Where the files of a piece of code are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source<'a> {
    Object { bucket: String, key: String, version: Option<String> },
    Asset(&'a FileAsset),
}

impl Session {
    /// Compares the files of functions and layers whose code changes and is, before and after, an object in a bucket. `assets` are those of the stack.
    ///
    /// Files are the same that have the same path, size and CRC-32, and can or cannot be executed.
    pub async fn code_files(
        &self,
        changes: &[CodeChange],
        before: &Known<'_>,
        after: &Known<'_>,
        assets: &[FileAsset],
    ) -> Vec<CodeFiles> {
        let is_object = |code: &Code| matches!(code, Code::Object { .. });
        let changes = changes.iter().filter(|change| is_object(&change.before) && is_object(&change.after));
        let wanted: Vec<_> = changes
            .map(|change| (change, self.source(&change.before, before, &[]), self.source(&change.after, after, assets)))
            .collect();
        // What several functions share is read once.
        let mut sources: Vec<Source<'_>> = Vec::new();
        for source in wanted.iter().flat_map(|(_, old, new)| [old, new]).flatten() {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        let read: Vec<_> = stream::iter(&sources).map(|source| self.files(source)).buffered(AT_ONCE).collect().await;
        let found = |source: &Option<Source<'_>>| {
            let index = source.as_ref().and_then(|source| sources.iter().position(|it| it == source));
            index.map_or(Err(Unread::Unknown), |index| read[index].clone())
        };
        let compared = |old: &Option<Source<'_>>, new: &Option<Source<'_>>| {
            let old = found(old).map_err(|why| (CodeSide::Old, why))?;
            let new = found(new).map_err(|why| (CodeSide::New, why))?;
            Ok(compare_files(&old, &new))
        };
        wanted
            .iter()
            .map(|(change, old, new)| CodeFiles { logical_id: change.logical_id.clone(), found: compared(old, new) })
            .collect()
    }

    fn source<'a>(&self, code: &Code, known: &Known<'_>, assets: &'a [FileAsset]) -> Option<Source<'a>> {
        let Code::Object { bucket, key, version } = code else { return None };
        let (bucket, key) = (known.text(bucket.as_ref()?)?, known.text(key)?);
        if let Some(asset) = self.asset_at(&bucket, &key, assets) {
            return Some(Source::Asset(asset));
        }
        let version = match version {
            Some(version) => Some(known.text(version)?),
            None => None,
        };
        Some(Source::Object { bucket, key, version })
    }

    /// The asset that goes there.
    pub(crate) fn asset_at<'a>(&self, bucket: &str, key: &str, assets: &'a [FileAsset]) -> Option<&'a FileAsset> {
        let values = self.placeholders();
        let is_there = |asset: &&FileAsset| {
            let mut places = asset.destinations.iter().map(|it| it.resolve(&values));
            places.any(|place| place.bucket == bucket && place.object_key == key)
        };
        assets.iter().find(is_there)
    }

    async fn files(&self, source: &Source<'_>) -> Result<Vec<File>, Unread> {
        let (place, reading) = match source {
            Source::Object { bucket, key, .. } => (format!("s3://{bucket}/{key}"), None),
            Source::Asset(asset) => {
                let (path, packaging) = self.local(asset)?;
                (path.display().to_string(), Some((path, packaging)))
            }
        };
        let work = async {
            match reading {
                Some((path, packaging)) => local_files(path, packaging).await,
                None => self.object_files(source, &place).await,
            }
        };
        let done = tokio::time::timeout(LONGEST, work).await;
        done.unwrap_or_else(|_| Err(Unread::TooLate { place: place.clone() }))
    }

    /// Where an asset is on this machine.
    fn local(&self, asset: &FileAsset) -> Result<(PathBuf, Packaging), Unread> {
        match &asset.source {
            FileSource::Path { path, packaging } => Ok((path.clone(), *packaging)),
            // In a deployment it may have been made by now.
            FileSource::Executable(command) => match self.publishing.made(command, None).get() {
                Some(made) => Ok((made.into(), Packaging::File)),
                None => Err(Unread::MadeLater),
            },
            _ => Err(Unread::Unknown),
        }
    }

    async fn object_files(&self, source: &Source<'_>, place: &str) -> Result<Vec<File>, Unread> {
        let mut tail = self.range(source, place, format!("bytes=-{TAIL}")).await?;
        loop {
            let at = match tail.files() {
                Ok(files) => return Ok(files),
                Err(Unlisted::NoArchive) => return Err(Unread::NoArchive { place: place.to_owned() }),
                Err(Unlisted::Needs(at)) => at,
            };
            if tail.total - at > LONGEST_DIRECTORY {
                return Err(Unread::TooMany { place: place.to_owned() });
            }
            let more = self.range(source, place, format!("bytes={at}-{}", tail.start() - 1)).await?;
            if more.total != tail.total || more.len() as u64 != tail.start() - at {
                return Err(Unread::Failed { reason: format!("{place} changed while it was read") });
            }
            tail.prepend(more.into_bytes());
        }
    }

    /// A part of an object, as the end of what comes before it and is it.
    async fn range(&self, source: &Source<'_>, place: &str, range: String) -> Result<Tail, Unread> {
        let Source::Object { bucket, key, version } = source else { return Err(Unread::Unknown) };
        let owner = &self.identity().account;
        let request = self.s3.get_object().bucket(bucket).key(key).range(range).expected_bucket_owner(owner);
        let answer = request.set_version_id(version.clone()).send().await;
        let answer = answer.map_err(|error| unread(&Error::from_sdk("GetObject", &error), place))?;
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(u64::MAX);
        if length > LONGEST_DIRECTORY {
            return Err(Unread::TooMany { place: place.to_owned() });
        }
        // `bytes 10-19/20`. Who ignores the range sends everything.
        let total = answer.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok()).unwrap_or(length);
        let body = answer.body.collect().await;
        let body = body.map_err(|error| Unread::Failed { reason: format!("{place}: {error}") })?;
        Ok(Tail::new(total, body.to_vec()))
    }
}

/// Why an object was not read.
pub(crate) fn unread(error: &Error, place: &str) -> Unread {
    let place = place.to_owned();
    match error.code() {
        Some("NoSuchKey" | "NoSuchBucket" | "NoSuchVersion" | "NotFound") => Unread::Missing { place },
        Some("AccessDenied" | "Forbidden") => Unread::Denied { place },
        // It is empty.
        Some("InvalidRange") => Unread::NoArchive { place },
        _ => Unread::Failed { reason: format!("{place}: {error}") },
    }
}

/// Compares the files of functions and layers of two assemblies, of which it is not known where they are deployed: their assets are found by their keys.
#[must_use]
pub fn asset_files(changes: &[CodeChange], before: &[FileAsset], after: &[FileAsset]) -> Vec<CodeFiles> {
    let files = |code: &Code, assets: &[FileAsset]| {
        let Code::Object { key: Node::String(key), .. } = code else { return Err(Unread::Unknown) };
        let is_it = |asset: &&FileAsset| asset.destinations.iter().any(|place| place.object_key == *key);
        match assets.iter().find(is_it).map(|asset| &asset.source) {
            Some(FileSource::Path { path, packaging }) => list(path, *packaging),
            Some(FileSource::Executable(_)) => Err(Unread::MadeLater),
            Some(_) => Err(Unread::Unknown),
            None => Err(Unread::Missing { place: format!("the asset {key}") }),
        }
    };
    let is_object = |code: &Code| matches!(code, Code::Object { .. });
    changes
        .iter()
        .filter(|change| is_object(&change.before) && is_object(&change.after))
        .map(|change| {
            let old = files(&change.before, before).map_err(|why| (CodeSide::Old, why));
            let new = files(&change.after, after).map_err(|why| (CodeSide::New, why));
            let found = old.and_then(|old| Ok(compare_files(&old, &new?)));
            CodeFiles { logical_id: change.logical_id.clone(), found }
        })
        .collect()
}

async fn local_files(path: PathBuf, packaging: Packaging) -> Result<Vec<File>, Unread> {
    let listed = blocking(move || Ok(list(&path, packaging))).await;
    listed.unwrap_or_else(|error| Err(Unread::Failed { reason: error.to_string() }))
}

/// The files of a folder as they are packed, or those of an archive.
fn list(path: &Path, packaging: Packaging) -> Result<Vec<File>, Unread> {
    let failed = |error: Error| Unread::Failed { reason: error.to_string() };
    match packaging {
        Packaging::Zip => folder(path).map_err(failed),
        Packaging::File => {
            let file = fs::File::open(path).map_err(|source| failed(Error::Io { path: path.to_owned(), source }))?;
            let files = entries::files(BufReader::new(file));
            files.map_err(|_| Unread::NoArchive { place: path.display().to_string() })
        }
    }
}

fn folder(path: &Path) -> Result<Vec<File>, Error> {
    // Nobody waits for it any longer.
    let is_over = Instant::now() + LONGEST;
    let mut chunk = vec![0; 256 * 1024];
    let mut files = Vec::new();
    for (name, path) in archive::files(path)? {
        let failed = |source| Error::Io { path: path.clone(), source };
        let mut file = fs::File::open(&path).map_err(failed)?;
        let (mut crc, mut size) = (Crc::new(), 0);
        loop {
            let read = file.read(&mut chunk).map_err(failed)?;
            if read == 0 {
                break;
            }
            if Instant::now() > is_over {
                return Err(failed(std::io::ErrorKind::TimedOut.into()));
            }
            size += read as u64;
            crc.update(&chunk[..read]);
        }
        files.push(entries::file(name, size, crc.sum(), archive::is_executable(&path)?));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[tokio::test]
    async fn a_folder_has_the_files_of_the_archive_that_it_becomes() {
        let here = std::env::temp_dir().join(format!("skysmith-code-{}", std::process::id()));
        fs::create_dir_all(here.join("code/lib")).unwrap();
        fs::write(here.join("code/index.py"), "print(1)\n").unwrap();
        fs::write(here.join("code/lib/empty.py"), "").unwrap();
        fs::write(here.join("code/bootstrap"), b"\x7fELF").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(here.join("code/bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let packed = archive::zip_directory(&here.join("code")).unwrap();
        fs::write(here.join("code.zip"), &packed).unwrap();

        let read = folder(&here.join("code")).unwrap();
        assert_eq!(read, entries::files(Cursor::new(packed)).unwrap());
        assert_eq!(read, local_files(here.join("code.zip"), Packaging::File).await.unwrap());
        let seen: Vec<_> = read.iter().map(|it| (it.path.as_str(), it.size, it.hash.ends_with("-x"))).collect();
        assert_eq!(seen, [("bootstrap", 4, true), ("index.py", 9, false), ("lib/empty.py", 0, false)]);

        let no_archive = local_files(here.join("code/index.py"), Packaging::File).await.unwrap_err();
        assert!(matches!(no_archive, Unread::NoArchive { .. }), "{no_archive:?}");
        let gone = local_files(here.join("gone"), Packaging::Zip).await.unwrap_err();
        assert!(matches!(gone, Unread::Failed { .. }), "{gone:?}");
        fs::remove_dir_all(here).unwrap();
    }
}
