//! An asset as the one object that is sent, with its checksum.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::base64;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use skysmith_assembly::{FileAsset, FileSource, Packaging};

use crate::Error;
use crate::archive::zip_directory;
use crate::publishing::Publishing;
use crate::upload::Counted;

/// How much of a file is read at a time.
const CHUNK: usize = 256 * 1024;

/// One object, ready to be sent, and sent again.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    content: Content,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in Base64, as S3 has it.
    pub sha256: String,
}

#[derive(Clone, Debug)]
enum Content {
    Memory(Bytes),
    /// Streamed: a file may be larger than memory.
    File(PathBuf),
}

impl Packed {
    /// Bytes that are at hand.
    pub fn of(bytes: Vec<u8>) -> Self {
        let sha256 = base64::encode(Sha256::digest(&bytes));
        Self { bytes: bytes.len() as u64, sha256, content: Content::Memory(bytes.into()) }
    }

    fn file(path: PathBuf) -> Result<Self, Error> {
        let failed = |source| Error::Io { path: path.clone(), source };
        let mut file = File::open(&path).map_err(failed)?;
        let (mut hasher, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
        loop {
            let read = file.read(&mut chunk).map_err(failed)?;
            if read == 0 {
                break;
            }
            bytes += read as u64;
            hasher.update(&chunk[..read]);
        }
        Ok(Self { bytes, sha256: base64::encode(hasher.finalize()), content: Content::File(path) })
    }

    /// The body of a request, whose progress `counted` keeps.
    pub async fn body(&self, counted: &Counted) -> Result<ByteStream, Error> {
        match &self.content {
            Content::Memory(bytes) => Ok(counted.memory(bytes.clone())),
            Content::File(path) => match ByteStream::from_path(path).await {
                Ok(stream) => Ok(counted.stream(stream)),
                Err(error) => Err(Error::Io { path: path.clone(), source: std::io::Error::other(error) }),
            },
        }
    }
}

impl Publishing {
    /// Packs the asset, unless that has been done or is being done for another stack.
    pub async fn pack(&self, asset: &FileAsset) -> Result<Packed, Error> {
        let (path, packaging) = match &asset.source {
            FileSource::Path { path, packaging } => (path.clone(), *packaging),
            FileSource::Executable(command) => {
                (PathBuf::from(self.make(&asset.id, command, None).await?), Packaging::File)
            }
            other => return Err(Error::Unsupported { what: format!("asset {} from {other:?}", asset.id) }),
        };
        let once = self.packed(&path);
        let packed = once.get_or_try_init(|| async {
            let _permit = self.packing.acquire().await;
            blocking(move || match packaging {
                Packaging::Zip => zip_directory(&path).map(Packed::of),
                Packaging::File => Packed::file(path),
            })
            .await
        });
        packed.await.cloned()
    }

    /// Runs the command of an asset, once; the last line that it prints is what it made.
    pub async fn make(&self, asset: &str, command: &[String], folder: Option<&Path>) -> Result<String, Error> {
        let once = self.made(command, folder);
        let (id, owned, folder) = (asset.to_owned(), command.to_owned(), folder.map(Path::to_owned));
        let made = once.get_or_try_init(|| blocking(move || run(&id, &owned, folder.as_deref())));
        made.await.cloned()
    }
}

/// Work that keeps a thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    // It neither panics nor is cancelled; should it be after all, that is said and not hidden.
    done.unwrap_or_else(|error| Err(Error::Protocol { operation: "upload", reason: error.to_string() }))
}

fn run(asset: &str, command: &[String], folder: Option<&Path>) -> Result<String, Error> {
    let failed = |reason: String| Error::AssetCommand { asset: asset.to_owned(), reason };
    let [program, arguments @ ..] = command else { return Err(failed("it is empty".to_owned())) };
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command.output().map_err(|error| failed(format!("{program}: {error}")))?;
    if !output.status.success() {
        return Err(failed(last_line(&output.stderr)));
    }
    let made = last_line(&output.stdout);
    if made.is_empty() { Err(failed("it printed nothing".to_owned())) } else { Ok(made) }
}

/// The last line of what a program wrote.
pub(crate) fn last_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().lines().last().unwrap_or_default().trim().to_owned()
}
