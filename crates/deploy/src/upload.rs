//! Objects in S3: whether they are there, and their way there.
//!
//! Every call says whose the bucket must be; every upload carries its SHA-256 and takes no object's place.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::ChecksumAlgorithm;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::error::ServiceError;
use crate::packing::Packed;
use crate::{Error, Event, Observer, Session};

/// How much of a body is handed on at a time: progress moves in these steps.
const CHUNK: usize = 128 * 1024;
/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// One object's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub bucket: String,
    pub key: String,
    /// Whether the bucket is made if it is missing.
    pub is_own: bool,
}

/// What is told of an upload.
pub(crate) struct Told<'a> {
    pub asset: &'a str,
    pub display_name: Option<String>,
    pub observer: &'a dyn Observer,
}

impl Session {
    /// Whether the object is there.
    pub(crate) async fn has_object(&self, place: &Place) -> Result<bool, Error> {
        let _permit = self.publishing.calls.acquire().await;
        let request = self.s3.head_object().bucket(&place.bucket).key(&place.key);
        match request.expected_bucket_owner(&self.identity().account).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
                Some(404) => Ok(false),
                // An answer to HEAD has no words: it may be the bucket, or this machine's clock.
                Some(403) => match Error::from_sdk("HeadObject", &error) {
                    refused @ Error::CredentialsRefused(_) => Err(refused),
                    _ => Err(self.denied("HeadObject", &place.bucket).await),
                },
                Some(301) => {
                    let message = format!("bucket {} is in another region than {}", place.bucket, self.region());
                    let code = "PermanentRedirect".to_owned();
                    Err(ServiceError { operation: "HeadObject", code, message, request_id: None }.into())
                }
                _ => Err(Error::from_sdk("HeadObject", &error)),
            },
        }
    }

    /// Why the bucket is closed to us: it is somebody else's, or a permission is missing.
    pub(crate) async fn denied(&self, operation: &'static str, bucket: &str) -> Error {
        // Asked with and without saying whose it must be: if only that makes the difference, the owner is what is wrong.
        let ask = || self.s3.head_bucket().bucket(bucket);
        let is_ours = ask().expected_bucket_owner(&self.identity().account).send().await.is_ok();
        if !is_ours && ask().send().await.is_ok() {
            return Error::ForeignBucket { bucket: bucket.to_owned() };
        }
        let message = format!("access to bucket {bucket} is denied");
        ServiceError { operation, code: "AccessDenied".to_owned(), message, request_id: None }.into()
    }

    /// Sends the object. One that has come there meanwhile is left alone.
    pub(crate) async fn send(&self, place: &Place, packed: &Packed, told: Told<'_>) -> Result<(), Error> {
        let Told { asset, display_name, observer } = told;
        let (asset, total) = (asset.to_owned(), packed.bytes);
        if place.is_own {
            self.ensure_bucket(&place.bucket, observer).await?;
        }
        observer.event(Event::Uploading { asset: asset.clone(), display_name, bytes: total });
        let counted = Counted::default();
        let mut ticks = tokio::time::interval(PROGRESS_EVERY);
        let mut said = 0;
        let mut putting = std::pin::pin!(self.put(place, packed, &counted, false, observer));
        loop {
            tokio::select! {
                biased;
                done = &mut putting => {
                    done?;
                    break;
                }
                _ = ticks.tick() => {
                    let sent = counted.sent();
                    // It goes back where a try is repeated.
                    if sent != said {
                        said = sent;
                        observer.event(Event::UploadProgress { asset: asset.clone(), sent, total });
                    }
                }
            }
        }
        observer.event(Event::Uploaded { asset });
        Ok(())
    }

    /// Puts the object there; `anew` replaces one that is there. A bucket of ours that has gone is made again.
    pub(crate) async fn put(
        &self,
        place: &Place,
        packed: &Packed,
        counted: &Counted,
        anew: bool,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let Place { bucket, key, is_own } = place;
        let mut is_repeated = false;
        loop {
            let request = self
                .s3
                .put_object()
                .bucket(bucket)
                .key(key)
                .body(packed.body(counted).await?)
                .content_length(i64::try_from(packed.bytes).unwrap_or(i64::MAX))
                .checksum_algorithm(ChecksumAlgorithm::Sha256)
                .checksum_sha256(&packed.sha256)
                .set_if_none_match((!anew).then(|| "*".to_owned()))
                .expected_bucket_owner(&self.identity().account);
            let error = match request.send().await.map_err(|error| Error::from_sdk("PutObject", &error)) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            match error.code() {
                // Another run was faster; the key stands for the content.
                Some("PreconditionFailed") => return Ok(()),
                // Another run is at it: one of the two will have done it.
                Some("ConditionalRequestConflict") if !is_repeated => is_repeated = true,
                Some("NoSuchBucket") if *is_own && !is_repeated => {
                    is_repeated = true;
                    self.publishing.ready_buckets.lock().await.remove(bucket);
                    self.ensure_bucket(bucket, observer).await?;
                }
                Some("NoSuchBucket") => return Err(Error::NoBucket { bucket: bucket.clone() }),
                Some("AccessDenied") => {
                    return Err(match self.denied("PutObject", bucket).await {
                        foreign @ Error::ForeignBucket { .. } => foreign,
                        _ => error,
                    });
                }
                _ => return Err(error),
            }
        }
    }
}

/// The bytes of a body that have left, by the count of what was taken from it: what the network still holds back is a few hundred kilobytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted(Arc<AtomicU64>);

impl Counted {
    fn sent(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A body of bytes. A repeated try begins the count anew.
    pub fn memory(&self, bytes: Bytes) -> ByteStream {
        let sent = Arc::clone(&self.0);
        ByteStream::new(SdkBody::retryable(move || {
            sent.store(0, Ordering::Relaxed);
            SdkBody::from_body_1_x(Chunks { left: bytes.clone(), sent: Arc::clone(&sent) })
        }))
    }

    /// A body that is read from elsewhere.
    pub fn stream(&self, stream: ByteStream) -> ByteStream {
        let sent = Arc::clone(&self.0);
        ByteStream::new(stream.into_inner().map(move |inner| {
            sent.store(0, Ordering::Relaxed);
            SdkBody::from_body_1_x(Passing { inner, sent: Arc::clone(&sent) })
        }))
    }
}

type BodyError = Box<dyn std::error::Error + Send + Sync>;

struct Chunks {
    left: Bytes,
    sent: Arc<AtomicU64>,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(CHUNK);
        let chunk = self.left.split_to(length);
        self.sent.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

struct Passing {
    inner: SdkBody,
    sent: Arc<AtomicU64>,
}

impl Body for Passing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.sent.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn progress_moves_with_the_body() {
        let counted = Counted::default();
        let mut body = counted.memory(Bytes::from(vec![7; 3 * CHUNK + 5]));
        assert_eq!(counted.sent(), 0);
        body.next().await.unwrap().unwrap();
        assert_eq!(counted.sent(), CHUNK as u64);
        assert_eq!(body.collect().await.unwrap().into_bytes().len(), 2 * CHUNK + 5);
        assert_eq!(counted.sent(), 3 * CHUNK as u64 + 5);
        let again = counted.stream(counted.memory(Bytes::from_static(b"abc")));
        let counted = Counted::default();
        assert_eq!(counted.stream(again).collect().await.unwrap().into_bytes().as_ref(), b"abc");
        assert_eq!(counted.sent(), 3);
    }
}
