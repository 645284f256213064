//! What a bucket tells others about its objects.
//!
//! CloudFormation's own property is used, not a helper function: the bucket is made after the policy that lets it notify, and that policy
//! names the bucket by its account and, where it is fixed, by its name, so that neither waits for the other.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>

use skysmith_cfn::markers;
use skysmith_cfn::s3::bucket;
use skysmith_core::{Arn, Place, Resource, Value};

use super::Bucket;

/// An event of a bucket.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventType {
    /// An object was made, by whatever means.
    ObjectCreated,
    /// An object was made by `PUT`.
    ObjectCreatedPut,
    /// An object was made by `POST`.
    ObjectCreatedPost,
    /// An object was made by a copy.
    ObjectCreatedCopy,
    /// An object was made by a multipart upload.
    ObjectCreatedCompleteMultipartUpload,
    /// An object was removed, by whatever means but a lifecycle rule.
    ObjectRemoved,
    /// An object or a version was deleted.
    ObjectRemovedDelete,
    /// A delete marker was put on a versioned object.
    ObjectRemovedDeleteMarkerCreated,
    /// A lifecycle rule removed an object.
    LifecycleExpiration,
}

impl EventType {
    fn name(self) -> &'static str {
        match self {
            Self::ObjectCreated => "s3:ObjectCreated:*",
            Self::ObjectCreatedPut => "s3:ObjectCreated:Put",
            Self::ObjectCreatedPost => "s3:ObjectCreated:Post",
            Self::ObjectCreatedCopy => "s3:ObjectCreated:Copy",
            Self::ObjectCreatedCompleteMultipartUpload => "s3:ObjectCreated:CompleteMultipartUpload",
            Self::ObjectRemoved => "s3:ObjectRemoved:*",
            Self::ObjectRemovedDelete => "s3:ObjectRemoved:Delete",
            Self::ObjectRemovedDeleteMarkerCreated => "s3:ObjectRemoved:DeleteMarkerCreated",
            Self::LifecycleExpiration => "s3:LifecycleExpiration:*",
        }
    }
}

/// Which objects a notification is about: those whose keys begin and end so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationFilter {
    prefix: Option<String>,
    suffix: Option<String>,
}

impl NotificationFilter {
    /// Every object.
    pub fn all() -> Self {
        Self::default()
    }

    /// Objects whose keys begin with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Objects whose keys end with `suffix`.
    #[must_use]
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = Some(suffix.into());
        self
    }

    fn to_property(&self) -> Option<bucket::NotificationFilter> {
        let rules: Vec<_> = [("prefix", &self.prefix), ("suffix", &self.suffix)]
            .into_iter()
            .filter_map(|(name, value)| Some(bucket::FilterRule::new(name, value.clone()?)))
            .collect();
        (!rules.is_empty()).then(|| bucket::NotificationFilter::new(bucket::S3KeyFilter::new(rules)))
    }
}

/// What a bucket can notify.
#[diagnostic::on_unimplemented(
    message = "a bucket cannot notify `{Self}`",
    note = "it can notify topics: `bucket.on_object_created(&topic)`"
)]
pub trait NotificationTarget {
    /// Lets `bucket` notify this target, and says how to reach it. `place` is the user's line, for complaints.
    fn bind(&self, bucket: &Bucket, place: Place) -> NotificationDestination;
}

/// Where a notification goes, and what must exist before the bucket may name it.
#[derive(Clone, Debug)]
pub struct NotificationDestination {
    topic: Value<Arn<markers::Topic>>,
    dependency: Option<Resource>,
}

impl NotificationDestination {
    /// A topic, whose policy `policy` lets the bucket publish.
    pub fn topic(arn: Value<Arn<markers::Topic>>, policy: Option<&Resource>) -> Self {
        Self { topic: arn, dependency: policy.cloned() }
    }
}

/// A notification that hangs on a bucket.
pub(super) struct Notification {
    pub event: EventType,
    pub filter: NotificationFilter,
    pub destination: NotificationDestination,
}

/// Turns the notifications of a bucket into its property.
pub(super) fn fold(bucket: &Bucket) {
    let notifications = bucket.scope().attached::<Notification>();
    if notifications.is_empty() {
        return;
    }
    let topics: Vec<_> = notifications
        .iter()
        .map(|notification| {
            let topic = notification.destination.topic.clone();
            let configuration = bucket::TopicConfiguration::new(notification.event.name(), topic);
            match notification.filter.to_property() {
                Some(filter) => configuration.filter(filter),
                None => configuration,
            }
        })
        .collect();
    let Some(cfn) = bucket.cfn() else { return };
    cfn.clone().notification_configuration(bucket::NotificationConfiguration::new().topic_configurations(topics));
    for dependency in notifications.iter().filter_map(|notification| notification.destination.dependency.as_ref()) {
        cfn.depends_on(dependency);
    }
}
