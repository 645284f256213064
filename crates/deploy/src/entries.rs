//! The files of a zip archive by its directory, which stands at its end: the rest of the archive need not be there.
//!
//! Of a file the directory has the size, the CRC-32 and whether it can be executed. Two files that agree in these count as the same: that finds every
//! change that happens, and none that somebody forged.

use std::io::{self, Read, Seek, SeekFrom};

use skysmith_diff::File;
use zip::ZipArchive;
use zip::result::ZipResult;

/// A file with what it is compared by.
pub(crate) fn file(path: String, size: u64, crc: u32, is_executable: bool) -> File {
    let hash = format!("{size:x}-{crc:08x}{}", if is_executable { "-x" } else { "" });
    File { path, size, hash }
}

/// The files of an archive; folders are none.
pub(crate) fn files(archive: impl Read + Seek) -> ZipResult<Vec<File>> {
    let archive = ZipArchive::new(archive)?;
    let mut files = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index)?;
        if !entry.is_dir() {
            let is_executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
            files.push(file(entry.name()?.into_owned(), entry.size(), entry.crc32(), is_executable));
        }
    }
    Ok(files)
}

/// The end of an archive, whose beginning is elsewhere.
#[derive(Debug)]
pub(crate) struct Tail {
    /// How long the whole archive is.
    pub total: u64,
    bytes: Vec<u8>,
}

/// What keeps the directory from being read.
#[derive(Debug)]
pub(crate) enum Unlisted {
    /// It begins here, or earlier: before what is there.
    Needs(u64),
    /// It is not a zip archive, or none that can be read.
    NoArchive,
}

impl Tail {
    /// The last bytes of an archive of `total`.
    pub fn new(total: u64, bytes: Vec<u8>) -> Self {
        Self { total, bytes }
    }

    /// Where it begins in the archive.
    pub fn start(&self) -> u64 {
        self.total.saturating_sub(self.bytes.len() as u64)
    }

    /// How much of it there is.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What there is.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Puts what stands right before it there.
    pub fn prepend(&mut self, mut more: Vec<u8>) {
        more.append(&mut self.bytes);
        self.bytes = more;
    }

    /// The archive's files.
    pub fn files(&self) -> Result<Vec<File>, Unlisted> {
        let mut window = Window { tail: self, at: 0, needs: None };
        match (files(&mut window), window.needs) {
            (Ok(files), _) => Ok(files),
            (Err(_), Some(at)) => Err(Unlisted::Needs(at)),
            (Err(_), None) => Err(Unlisted::NoArchive),
        }
    }
}

/// The whole archive to a reader, who gets an error where it is not there.
struct Window<'a> {
    tail: &'a Tail,
    at: u64,
    /// The earliest place that was asked for and is not there.
    needs: Option<u64>,
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(offset) = self.at.checked_sub(self.tail.start()) else {
            self.needs = Some(self.needs.map_or(self.at, |needs| needs.min(self.at)));
            return Err(io::Error::other("not fetched"));
        };
        let rest = usize::try_from(offset).ok().and_then(|offset| self.tail.bytes.get(offset..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.tail.total.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive of many files with hardly compressible content.
    fn archive(count: usize, comment: &str) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_directory("lib/", SimpleFileOptions::default()).unwrap();
        for index in 0..count {
            let mode = if index == 0 { 0o755 } else { 0o644 };
            writer
                .start_file(format!("lib/file-{index}.py"), SimpleFileOptions::default().unix_permissions(mode))
                .unwrap();
            let mut seed = index as u32 + 1;
            let content: Vec<u8> = std::iter::repeat_with(|| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 24) as u8
            })
            .take(1000)
            .collect();
            writer.write_all(&content).unwrap();
        }
        writer.set_comment(comment).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn the_end_of_an_archive_is_enough() {
        for comment in ["", "made by hand"] {
            let whole = archive(100, comment);
            let all = files(Cursor::new(&whole)).unwrap();
            assert_eq!(all.len(), 100);
            assert!(all[0].hash.ends_with("-x") && !all[1].hash.ends_with("-x"), "{all:?}");
            assert_eq!(all[1].size, 1000);
            let total = whole.len() as u64;
            let kept = |length: usize| Tail::new(total, whole[whole.len() - length..].to_vec());
            assert_eq!(kept(whole.len()).files().unwrap(), all);
            assert_eq!(kept(12_000).files().unwrap(), all);

            // Too little: it is told what is missing, and what is missing is less than the archive.
            let mut tail = kept(3000);
            let mut rounds = 0;
            let found = loop {
                match tail.files() {
                    Ok(found) => break found,
                    Err(Unlisted::Needs(at)) => {
                        assert!(at < tail.start() && at > total - 12_000, "{at} of {total}");
                        tail.prepend(whole[at as usize..tail.start() as usize].to_vec());
                    }
                    Err(Unlisted::NoArchive) => panic!("after {rounds} rounds"),
                }
                rounds += 1;
            };
            assert_eq!(found, all);
            assert!(rounds <= 2, "{rounds}");
        }
    }

    #[test]
    fn what_is_no_archive_is_said_to_be_none() {
        let text = b"openapi: 3.0.0\n".repeat(1000);
        assert!(matches!(Tail::new(15_000, text.clone()).files(), Err(Unlisted::NoArchive)));
        assert!(matches!(Tail::new(0, Vec::new()).files(), Err(Unlisted::NoArchive)));
        let broken = archive(3, "");
        let half = broken[..broken.len() / 2].to_vec();
        assert!(matches!(Tail::new(half.len() as u64, half).files(), Err(Unlisted::NoArchive)));
    }
}
