//! A folder as a zip archive whose bytes depend on nothing but names, content and the execute bit.

use std::fs;
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::Error;

/// Packs the folder. Entries are sorted by name, the time is that of the format's epoch, modes are 0644 or 0755; symbolic links become what they point to,
/// which must lie in the folder. Empty folders are left out, as nothing that runs from a zip archive misses them.
pub(crate) fn zip_directory(folder: &Path) -> Result<Vec<u8>, Error> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, path) in files(folder)? {
        let content = fs::read(&path).map_err(at(&path))?;
        let mode = if is_executable(&path)? { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        writer.start_file(&name, options).map_err(|error| at(&path)(error.into()))?;
        writer.write_all(&content).map_err(at(&path))?;
    }
    let cursor = writer.finish().map_err(|error| at(folder)(error.into()))?;
    Ok(cursor.into_inner())
}

/// The files that are packed: their names in the archive, in its order, and where they really are.
pub(crate) fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let root = folder.canonicalize().map_err(at(folder))?;
    let mut files = Vec::new();
    collect(&root, folder, "", &mut files, &mut vec![root.clone()])?;
    files.sort();
    Ok(files)
}

/// `above` has the real folders on the way down: one that comes again is a circle of links.
fn collect(
    root: &Path,
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(String, PathBuf)>,
    above: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(at(&path)(io::Error::new(io::ErrorKind::InvalidData, "the name is not Unicode")));
        };
        let name = format!("{prefix}{name}");
        let real = path.canonicalize().map_err(at(&path))?;
        if !real.starts_with(root) || above.contains(&real) {
            return Err(Error::LinkEscapes { path });
        }
        if real.is_dir() {
            above.push(real);
            collect(root, &path, &format!("{name}/"), files, above)?;
            above.pop();
        } else {
            files.push((name, real));
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { path: path.to_owned(), source }
}

#[cfg(unix)]
pub(crate) fn is_executable(path: &Path) -> Result<bool, Error> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path).map_err(at(path))?.permissions().mode() & 0o111 != 0)
}

/// Where files have no such bit, what a function needs to run is told by its name or its first bytes.
#[cfg(not(unix))]
pub(crate) fn is_executable(path: &Path) -> Result<bool, Error> {
    let content = fs::read(path).map_err(at(path))?;
    Ok(path.file_name().is_some_and(|name| name == "bootstrap")
        || content.starts_with(b"#!")
        || content.starts_with(b"\x7fELF"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("skysmith-archive-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn sample(scratch: &Scratch, names: &[&str]) {
        for name in names {
            let path = scratch.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{name}\n").repeat(50)).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_bytes_depend_on_names_content_and_the_execute_bit_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let (one, two) = (Scratch::new("one"), Scratch::new("two"));
        sample(&one, &["b.py", "a/x.py", "a-b.py"]);
        sample(&two, &["a-b.py", "a/x.py", "b.py"]);
        fs::set_permissions(two.0.join("b.py"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::create_dir(two.0.join("empty")).unwrap();
        let zip = zip_directory(&one.0).unwrap();
        assert_eq!(zip, zip_directory(&two.0).unwrap());
        fs::set_permissions(two.0.join("b.py"), fs::Permissions::from_mode(0o700)).unwrap();
        assert_ne!(zip, zip_directory(&two.0).unwrap());
        // If this changes, another version of the compressor is at work, and every asset would be uploaded with other bytes under the same key.
        assert_eq!((zip.len(), crc(&zip)), EXPECTED);
    }

    const EXPECTED: (usize, u32) = (357, 3_622_413_749);

    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_and_refused_outside() {
        use std::os::unix::fs::symlink;
        let (scratch, elsewhere) = (Scratch::new("links"), Scratch::new("elsewhere"));
        sample(&scratch, &["lib/a.py"]);
        sample(&elsewhere, &["secret"]);
        symlink("lib/a.py", scratch.0.join("b.py")).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(zip_directory(&scratch.0).unwrap())).unwrap();
        let mut text = String::new();
        archive.by_name("b.py").unwrap().read_to_string(&mut text).unwrap();
        assert!(text.starts_with("lib/a.py\n"));
        symlink(elsewhere.0.join("secret"), scratch.0.join("c")).unwrap();
        assert!(matches!(zip_directory(&scratch.0), Err(Error::LinkEscapes { .. })));
        fs::remove_file(scratch.0.join("c")).unwrap();
        symlink(".", scratch.0.join("circle")).unwrap();
        assert!(matches!(zip_directory(&scratch.0), Err(Error::LinkEscapes { .. })));
    }
}
