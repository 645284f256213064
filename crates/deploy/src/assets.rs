//! Files on their way to S3: what is there already is left alone, the rest is packed and sent in parallel.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use sha2::{Digest as _, Sha256};
use skysmith_assembly::{FileAsset, FileDestination, FileSource, Packaging, Stack};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::archive::zip_directory;
use crate::change_set::TemplateSource;
use crate::wanted::INLINE_TEMPLATE_LIMIT;
use crate::{Error, Event, Observer, Session, Wanted};

/// Questions and uploads at once.
const PARALLEL: usize = 8;

/// One object that may have to be sent.
struct Delivery {
    asset: FileAsset,
    destination: FileDestination,
    session: Session,
}

impl Session {
    /// Makes sure that all of the stack's assets are where its template expects them.
    ///
    /// # Errors
    /// An asset cannot be read or sent; a bucket is missing (other than Skysmith's own, which is made) or belongs to somebody else; the stack has
    /// container images.
    pub async fn publish(&self, stack: &Stack, observer: &dyn Observer) -> Result<(), Error> {
        if let Some(image) = stack.images.first() {
            return Err(Error::Unsupported {
                what: format!("container image {}, an asset of stack {},", image.id, stack.stack_name),
            });
        }
        let mut sessions = HashMap::new();
        let mut deliveries = Vec::new();
        for asset in &stack.assets {
            for destination in &asset.destinations {
                let destination =
                    FileDestination { bucket: destination.bucket.clone(), ..destination.resolve(&self.placeholders()) };
                let key = (destination.assume_role_arn.clone(), destination.region.clone());
                let session = match sessions.get(&key) {
                    Some(session) => session,
                    None => {
                        let session = self.take_role(
                            &stack.stack_name,
                            destination.assume_role_arn.as_deref(),
                            destination.assume_role_external_id.as_deref(),
                            destination.region.as_deref(),
                            observer,
                        );
                        sessions.entry(key).or_insert(session.await?)
                    }
                };
                deliveries.push(Delivery { asset: asset.clone(), session: session.clone(), destination });
            }
        }
        let missing = self.missing(deliveries).await?;
        self.deliver(missing, observer).await
    }

    /// The deliveries whose object is not there.
    async fn missing(&self, deliveries: Vec<Delivery>) -> Result<Vec<Delivery>, Error> {
        let permits = Arc::new(Semaphore::new(PARALLEL));
        let mut tasks = JoinSet::new();
        for (index, delivery) in deliveries.into_iter().enumerate() {
            let permits = Arc::clone(&permits);
            tasks.spawn(async move {
                let _permit = permits.acquire_owned().await;
                let bucket = delivery.session.placeholders().fill(&delivery.destination.bucket);
                let there = delivery.session.has_object(&bucket, &delivery.destination.object_key).await?;
                Ok::<_, Error>((index, (!there).then_some(delivery)))
            });
        }
        let mut missing = Vec::new();
        while let Some(joined) = tasks.join_next().await {
            if let (index, Some(delivery)) = finished(joined)? {
                missing.push((index, delivery));
            }
        }
        missing.sort_by_key(|(index, _)| *index);
        Ok(missing.into_iter().map(|(_, delivery)| delivery).collect())
    }

    async fn deliver(&self, deliveries: Vec<Delivery>, observer: &dyn Observer) -> Result<(), Error> {
        let permits = Arc::new(Semaphore::new(PARALLEL));
        let mut tasks = JoinSet::new();
        for Delivery { asset, destination, session } in deliveries {
            let bucket = session.placeholders().fill(&destination.bucket);
            if destination.is_own_bucket() {
                session.ensure_bucket(&bucket, observer).await?;
            }
            // Packed one after the other, in the order of the assembly, and sent while the next one is packed.
            let permit = Arc::clone(&permits).acquire_owned().await;
            let id = asset.id.clone();
            let (body, bytes) = pack(asset.clone()).await?;
            observer.event(Event::Uploading { asset: id.clone(), display_name: asset.display_name, bytes });
            tasks.spawn(async move {
                let _permit = permit;
                session.put_object(&bucket, &destination.object_key, body).await?;
                Ok::<_, Error>(id)
            });
            while let Some(joined) = tasks.try_join_next() {
                observer.event(Event::Uploaded { asset: finished(joined)? });
            }
        }
        while let Some(joined) = tasks.join_next().await {
            observer.event(Event::Uploaded { asset: finished(joined)? });
        }
        Ok(())
    }

    /// Where CloudFormation takes the template from; sends it to a bucket if it is too large to go along with the call.
    pub(crate) async fn template_source(
        &self,
        wanted: &Wanted,
        observer: &dyn Observer,
    ) -> Result<TemplateSource, Error> {
        // In a CDK bootstrap the template is an asset, published before; the roles there may read nothing else.
        if let Some((bucket, key)) = wanted
            .stack
            .template_asset_url
            .as_deref()
            .and_then(|url| url.strip_prefix("s3://"))
            .and_then(|rest| rest.split_once('/'))
        {
            let values = self.placeholders();
            return Ok(TemplateSource::Url(self.object_url(&values.fill(bucket), &values.fill(key))));
        }
        if wanted.body.len() <= INLINE_TEMPLATE_LIMIT {
            return Ok(TemplateSource::Inline(wanted.body.clone()));
        }
        let bucket = self.placeholders().fill(skysmith_assembly::ASSET_BUCKET);
        let hash = hex(&Sha256::digest(wanted.body.as_bytes()));
        let key = format!("templates/{hash}");
        if !self.has_object(&bucket, &key).await? {
            self.ensure_bucket(&bucket, observer).await?;
            let bytes = wanted.body.len() as u64;
            observer.event(Event::Uploading {
                asset: hash.clone(),
                display_name: Some(format!("template of {}", wanted.stack.stack_name)),
                bytes,
            });
            self.put_object(&bucket, &key, ByteStream::from(wanted.body.clone().into_bytes())).await?;
            observer.event(Event::Uploaded { asset: hash });
        }
        Ok(TemplateSource::Url(self.object_url(&bucket, &key)))
    }

    /// Whether the object is there. The bucket must be this account's.
    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, Error> {
        let request = self.s3.head_object().bucket(bucket).key(key).expected_bucket_owner(&self.identity().account);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 404) => Ok(false),
            Err(error) => Err(Error::from_sdk("HeadObject", &error)),
        }
    }

    async fn put_object(&self, bucket: &str, key: &str, body: ByteStream) -> Result<(), Error> {
        let request = self
            .s3
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(body)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .expected_bucket_owner(&self.identity().account);
        match request.send().await.map_err(|error| Error::from_sdk("PutObject", &error)) {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchBucket") => Err(Error::NoBucket { bucket: bucket.to_owned() }),
            Err(error) => Err(error),
        }
    }

    /// The session to act with: with the role if there is one and it can be taken. If it cannot, but our own credentials belong to the same account, they
    /// may do as well.
    pub(crate) async fn take_role(
        &self,
        stack: &str,
        role: Option<&str>,
        external_id: Option<&str>,
        region: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let here = self.in_region(region.unwrap_or(self.region()));
        let Some(role) = role else { return Ok(here) };
        let role = self.placeholders().fill(role);
        match self.assume(&role, external_id, Some(here.region())).await {
            Ok(session) => Ok(session),
            Err(error) if role.split(':').nth(4) == Some(&self.identity().account) => {
                let message = format!("role {role} cannot be taken, so your own credentials are used: {error}");
                observer.event(Event::Warning { stack: stack.to_owned(), message });
                Ok(here)
            }
            Err(error) => Err(error),
        }
    }
}

/// A task of ours neither panics nor is cancelled while it is awaited; should it be after all, that is said and not hidden.
fn finished<T>(joined: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    joined.unwrap_or_else(|error| Err(Error::Protocol { operation: "upload", reason: error.to_string() }))
}

/// The asset as one object, and its size.
async fn pack(asset: FileAsset) -> Result<(ByteStream, u64), Error> {
    let (path, packaging) = match asset.source {
        FileSource::Path { path, packaging } => (path, packaging),
        FileSource::Executable(command) => (blocking(move || run(&asset.id, &command)).await?, Packaging::File),
        other => return Err(Error::Unsupported { what: format!("asset {} from {other:?}", asset.id) }),
    };
    match packaging {
        Packaging::Zip => {
            let bytes = blocking(move || zip_directory(&path)).await?;
            let size = bytes.len() as u64;
            Ok((ByteStream::from(bytes), size))
        }
        // Streamed: a file may be larger than memory.
        Packaging::File => {
            let io = |source| Error::Io { path: path.clone(), source };
            let size = std::fs::metadata(&path).map_err(io)?.len();
            let stream = ByteStream::from_path(&path)
                .await
                .map_err(|error| Error::Io { path: path.clone(), source: std::io::Error::other(error) })?;
            Ok((stream, size))
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    finished(tokio::task::spawn_blocking(work).await)
}

/// Runs the command of an asset; the last line that it prints is the file.
fn run(asset: &str, command: &[String]) -> Result<PathBuf, Error> {
    let failed = |reason: String| Error::AssetCommand { asset: asset.to_owned(), reason };
    let [program, arguments @ ..] = command else { return Err(failed("it is empty".to_owned())) };
    let output = Command::new(program).args(arguments).output().map_err(|error| failed(error.to_string()))?;
    let last_line =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().lines().last().unwrap_or_default().trim().to_owned();
    if !output.status.success() {
        return Err(failed(last_line(&output.stderr)));
    }
    let path = last_line(&output.stdout);
    if path.is_empty() { Err(failed("it printed no path".to_owned())) } else { Ok(Path::new(&path).to_owned()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
