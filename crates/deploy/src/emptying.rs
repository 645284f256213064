//! Emptying buckets: CloudFormation deletes none that has a version or a delete marker left.

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, NotificationConfiguration, ObjectIdentifier};

use crate::{Error, Event, Observer, Session};

impl Session {
    /// The next 1,000 versions and delete markers of a bucket.
    pub(crate) async fn versions_page(
        &self,
        bucket: &str,
        key_marker: Option<String>,
        version_marker: Option<String>,
    ) -> Result<ListObjectVersionsOutput, Error> {
        let request = self
            .s3
            .list_object_versions()
            .bucket(bucket)
            .expected_bucket_owner(&self.identity().account)
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker);
        request.send().await.map_err(|error| Error::from_sdk("ListObjectVersions", &error))
    }

    /// Takes the notifications off a bucket that is about to be emptied: a function called once for each object would cost, and work
    /// against a stack that is half gone. Who may not do this may still empty the bucket.
    async fn silence(&self, bucket: &str) -> Result<(), Error> {
        let request = self
            .s3
            .put_bucket_notification_configuration()
            .bucket(bucket)
            .expected_bucket_owner(&self.identity().account)
            .notification_configuration(NotificationConfiguration::builder().build());
        match request.send().await.map_err(|error| Error::from_sdk("PutBucketNotificationConfiguration", &error)) {
            Ok(_) | Err(Error::Service(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes all versions, delete markers and unfinished uploads.
    pub(crate) async fn empty_bucket(&self, bucket: &str, observer: &dyn Observer) -> Result<(), Error> {
        let owner = &self.identity().account;
        let invalid = |error: aws_sdk_s3::error::BuildError| Error::Protocol {
            operation: "DeleteObjects",
            reason: error.to_string(),
        };
        let mut deleted = 0;
        loop {
            // Always the first page: what was on it is gone the next time.
            let page = self.versions_page(bucket, None, None).await?;
            let mut objects = Vec::new();
            let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
            for (key, version) in
                versions.chain(page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id())))
            {
                let object =
                    ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned));
                objects.push(object.build().map_err(invalid)?);
            }
            if objects.is_empty() {
                break;
            }
            if deleted == 0 {
                self.silence(bucket).await?;
            }
            deleted += objects.len() as u64;
            let batch = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(invalid)?;
            let request = self.s3.delete_objects().bucket(bucket).expected_bucket_owner(owner).delete(batch);
            let answer = request.send().await.map_err(|error| Error::from_sdk("DeleteObjects", &error))?;
            if let Some(error) = answer.errors().first() {
                let reason = format!(
                    "{}: {}",
                    error.key().unwrap_or_default(),
                    error.message().or(error.code()).unwrap_or("it stays")
                );
                return Err(Error::NotEmptied { bucket: bucket.to_owned(), reason });
            }
            observer.event(Event::EmptyingBucket { bucket: bucket.to_owned(), deleted });
        }
        loop {
            let request = self.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(owner);
            let page = request.send().await.map_err(|error| Error::from_sdk("ListMultipartUploads", &error))?;
            for upload in page.uploads() {
                let request = self
                    .s3
                    .abort_multipart_upload()
                    .bucket(bucket)
                    .expected_bucket_owner(owner)
                    .set_key(upload.key.clone())
                    .set_upload_id(upload.upload_id.clone());
                request.send().await.map_err(|error| Error::from_sdk("AbortMultipartUpload", &error))?;
            }
            if page.is_truncated() != Some(true) || page.uploads().is_empty() {
                return Ok(());
            }
        }
    }
}
