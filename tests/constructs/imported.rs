//! What exists already: used like what the stack makes, and not to be changed.

use skysmith::dynamodb::Table;
use skysmith::lambda::Function;
use skysmith::s3::Bucket;
use skysmith::sns::Topic;
use skysmith::{Arn, apigateway, cfn, iam};

use crate::{complaints, function, of_type, only, template};

fn topic_arn() -> skysmith::Value<Arn<cfn::markers::Topic>> {
    Arn::parse("arn:aws:sns:eu-west-1:123456789012:news").unwrap()
}

#[test]
fn can_be_used_and_granted() {
    let template = template(|stack| {
        let function = function(stack, "F");
        Table::import(stack, "Table", "orders").grant_read(&function);
        Bucket::import(stack, "Bucket", "photos").grant_read(&function);
        let topic = Topic::import(stack, "Topic", topic_arn());
        assert_eq!(topic.name().literal(), Some("news"));
        topic.grant_publish(&function);
        topic.subscribe(&function);
        let other = Function::import(stack, "Other", "resize");
        apigateway::RestApi::new(stack, "Api").root().get(&other);
    });
    assert!(of_type(&template, "AWS::DynamoDB::Table").is_empty());
    let policies = only(&template, "AWS::IAM::Role")["Properties"]["Policies"].to_string();
    for arn in [
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders",
        "arn:${AWS::Partition}:s3:::photos/*",
        "arn:aws:sns:eu-west-1:123456789012:news",
    ] {
        assert!(policies.contains(arn), "{arn} in {policies}");
    }
    assert_eq!(
        only(&template, "AWS::SNS::Subscription")["Properties"]["TopicArn"],
        "arn:aws:sns:eu-west-1:123456789012:news"
    );
    let allowed =
        of_type(&template, "AWS::Lambda::Permission").into_iter().map(ToString::to_string).collect::<String>();
    assert!(allowed.contains(":function:resize"), "{allowed}");
}

#[test]
fn cannot_be_changed() {
    let start = line!();
    let found = complaints(|stack| {
        let topic = Topic::import(stack, "Topic", topic_arn());
        topic.add_to_policy(iam::Statement::allow(["sns:Publish"]).principal(iam::Principal::Any));
        Bucket::new(stack, "Own").on_object_created(&topic);
        Bucket::import(stack, "Bucket", "photos").on_object_created(&Topic::new(stack, "News"));
        Table::import(stack, "Table", "orders").grant_read(&Function::import(stack, "Other", "resize"));
    });
    // That the ARN is hard-coded is told as well, and is not what this is about.
    let found = found.iter().filter(|found| found.message.contains("imported"));
    let lines: Vec<_> = found.map(|found| (found.line - start, found.message.as_str())).collect();
    assert_eq!(
        lines,
        [
            (3, "`demo/Topic` is an imported topic, whose policy this stack cannot change"),
            (4, "`demo/Topic` is an imported topic, whose policy this stack cannot change"),
            (5, "`demo/Bucket` is an imported bucket, whose notifications this stack cannot change"),
            (6, "`demo/Other/ServiceRole` is an imported role, whose rights this stack cannot change"),
        ]
    );
}
