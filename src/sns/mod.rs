//! SNS: topics and their subscriptions.

mod topic;

pub use topic::{SubscriptionTarget, Topic, TopicBuilder};
