//! S3: buckets and their notifications.

mod bucket;
mod notification;

pub use bucket::{Bucket, BucketBuilder, CorsRule, HttpMethod};
pub use notification::{EventType, NotificationDestination, NotificationFilter, NotificationTarget};
