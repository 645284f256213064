//! The bucket for assets, made on first need.
//!
//! It has no stack, so that it needs no bootstrap and outlives every app: its name is account-regional, so nobody else can take it, and every call says
//! whose it must be.

use std::time::Duration;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, BucketNamespace,
    BucketVersioningStatus, CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};

use crate::pace::Pauses;
use crate::{Error, Event, Observer, Session};

/// Days until a version that was overwritten or deleted is gone. Current versions never expire: a rollback may need any of them.
const NONCURRENT_DAYS: i32 = 30;
/// Days until the parts of an upload that was never finished are gone.
const UPLOAD_DAYS: i32 = 1;
/// Tries of a setting that S3 puts off because another one is under way.
const CONFLICT_TRIES: u32 = 6;

impl Session {
    /// Makes the bucket and sets it up, unless that has been done.
    ///
    /// The lifecycle rules are set last, and are what tells that the set-up is complete: a run that was killed half-way is completed by the next.
    pub(crate) async fn ensure_bucket(&self, bucket: &str, observer: &dyn Observer) -> Result<(), Error> {
        let mut ready = self.publishing.ready_buckets.lock().await;
        if ready.contains(bucket) {
            return Ok(());
        }
        let request =
            self.s3.get_bucket_lifecycle_configuration().bucket(bucket).expected_bucket_owner(&self.identity().account);
        match request.send().await.map_err(|error| Error::from_sdk("GetBucketLifecycleConfiguration", &error)) {
            Ok(_) => {}
            Err(error) => match error.code() {
                Some("NoSuchBucket") => {
                    observer.event(Event::MakingBucket { bucket: bucket.to_owned() });
                    self.create_bucket(bucket).await?;
                    self.set_up_bucket(bucket).await?;
                }
                Some("NoSuchLifecycleConfiguration") => self.set_up_bucket(bucket).await?,
                Some("AccessDenied") => {
                    return Err(match self.denied("GetBucketLifecycleConfiguration", bucket).await {
                        foreign @ Error::ForeignBucket { .. } => foreign,
                        _ => error,
                    });
                }
                _ => return Err(error),
            },
        }
        ready.insert(bucket.to_owned());
        Ok(())
    }

    async fn create_bucket(&self, bucket: &str) -> Result<(), Error> {
        let mut request = self.s3.create_bucket().bucket(bucket).bucket_namespace(BucketNamespace::AccountRegional);
        // The API takes every region as a location but the one where it began.
        if self.region() != "us-east-1" {
            let location =
                CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(self.region()));
            request = request.create_bucket_configuration(location.build());
        }
        match request.send().await.map_err(|error| Error::from_sdk("CreateBucket", &error)) {
            Ok(_) => Ok(()),
            Err(error) => match error.code() {
                // Another run was faster.
                Some("BucketAlreadyOwnedByYou") => Ok(()),
                Some("BucketAlreadyExists") => Err(Error::ForeignBucket { bucket: bucket.to_owned() }),
                _ => Err(error),
            },
        }
    }

    async fn set_up_bucket(&self, bucket: &str) -> Result<(), Error> {
        let invalid = |error: aws_sdk_s3::error::BuildError| Error::Protocol {
            operation: "PutBucketLifecycleConfiguration",
            reason: error.to_string(),
        };
        let owner = &self.identity().account;
        let closed = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        settle("PutPublicAccessBlock", || {
            self.s3
                .put_public_access_block()
                .bucket(bucket)
                .expected_bucket_owner(owner)
                .public_access_block_configuration(closed.clone())
                .send()
        })
        .await?;
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::Aes256)
            .build()
            .map_err(invalid)?;
        let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
        let encryption = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(invalid)?;
        settle("PutBucketEncryption", || {
            self.s3
                .put_bucket_encryption()
                .bucket(bucket)
                .expected_bucket_owner(owner)
                .server_side_encryption_configuration(encryption.clone())
                .send()
        })
        .await?;
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        settle("PutBucketVersioning", || {
            self.s3
                .put_bucket_versioning()
                .bucket(bucket)
                .expected_bucket_owner(owner)
                .versioning_configuration(versioning.clone())
                .send()
        })
        .await?;
        let policy = tls_only_policy(self.partition(), bucket);
        settle("PutBucketPolicy", || {
            self.s3.put_bucket_policy().bucket(bucket).expected_bucket_owner(owner).policy(&policy).send()
        })
        .await?;
        let rule = LifecycleRule::builder()
            .id("skysmith")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .noncurrent_version_expiration(
                NoncurrentVersionExpiration::builder().noncurrent_days(NONCURRENT_DAYS).build(),
            )
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(UPLOAD_DAYS).build(),
            )
            .build()
            .map_err(invalid)?;
        let lifecycle = BucketLifecycleConfiguration::builder().rules(rule).build().map_err(invalid)?;
        settle("PutBucketLifecycleConfiguration", || {
            self.s3
                .put_bucket_lifecycle_configuration()
                .bucket(bucket)
                .expected_bucket_owner(owner)
                .lifecycle_configuration(lifecycle.clone())
                .send()
        })
        .await
    }
}

fn tls_only_policy(partition: &str, bucket: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"TlsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:{partition}:s3:::{bucket}","arn:{partition}:s3:::{bucket}/*"],"Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#
    )
}

/// Makes one setting; S3 answers with a conflict while another setting of the same bucket is under way.
async fn settle<O, E, F>(operation: &'static str, call: impl Fn() -> F) -> Result<(), Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
{
    let mut pauses = Pauses::new(Duration::from_millis(300), Duration::from_secs(2));
    let mut tries = 1;
    loop {
        match call().await.map_err(|error| Error::from_sdk(operation, &error)) {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some("OperationAborted") && tries < CONFLICT_TRIES => {
                tries += 1;
                pauses.wait().await;
            }
            Err(error) => return Err(error),
        }
    }
}
