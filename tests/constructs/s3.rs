//! Buckets.

use skysmith::s3::{Bucket, EventType, NotificationFilter};
use skysmith::sns::Topic;

use crate::{only, template};

#[test]
fn a_bucket_is_private_encrypted_and_takes_tls_only() {
    let template = template(|stack| {
        Bucket::new(stack, "Bucket");
    });
    let bucket = only(&template, "AWS::S3::Bucket");
    let access = bucket["Properties"]["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert!(access.len() == 4 && access.values().all(|on| on == true), "{access:?}");
    assert!(bucket["Properties"]["BucketEncryption"].is_object());
    assert_eq!((&bucket["DeletionPolicy"], &bucket["UpdateReplacePolicy"]), (&"Retain".into(), &"Retain".into()));
    let policy = only(&template, "AWS::S3::BucketPolicy");
    let statement = &policy["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!((&statement["Effect"], &statement["Action"]), (&"Deny".into(), &"s3:*".into()));
}

#[test]
fn a_bucket_without_a_fixed_name_is_known_by_its_account() {
    let template = template(|stack| {
        let topic = Topic::new(stack, "Topic");
        Bucket::new(stack, "Bucket").on_object_created(&topic);
    });
    let statements = &only(&template, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"];
    let condition = &statements[1]["Condition"];
    assert_eq!(condition["StringEquals"]["aws:SourceAccount"]["Ref"], "AWS::AccountId");
    assert!(condition["ArnLike"].is_null());
    assert!(only(&template, "AWS::S3::Bucket")["DependsOn"].is_array());
}

#[test]
fn filters_and_several_notifications_reach_the_property() {
    let template = template(|stack| {
        let (one, two) = (Topic::new(stack, "One"), Topic::new(stack, "Two"));
        let bucket = Bucket::builder(stack, "Bucket").bucket_name("photos").build();
        bucket.on(EventType::ObjectCreated, &one, NotificationFilter::all().prefix("in/").suffix(".jpg"));
        bucket.on_object_removed(&two);
    });
    let bucket = only(&template, "AWS::S3::Bucket");
    let configurations = bucket["Properties"]["NotificationConfiguration"]["TopicConfigurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 2);
    assert_eq!(
        configurations[0]["Filter"]["S3Key"]["Rules"],
        serde_json::json!([{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".jpg"}])
    );
    assert_eq!(bucket["DependsOn"].as_array().unwrap().len(), 2);
}
