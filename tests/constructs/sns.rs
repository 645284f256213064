//! Topics.

use skysmith::iam::{Principal, Statement};
use skysmith::sns::Topic;

use crate::{function, only, template};

#[test]
fn a_function_hears_of_messages_and_may_be_called() {
    let template = template(|stack| {
        Topic::new(stack, "Topic").subscribe(&function(stack, "F"));
    });
    let subscription = &only(&template, "AWS::SNS::Subscription")["Properties"];
    assert_eq!(subscription["Protocol"], "lambda");
    assert!(subscription["Endpoint"]["Fn::GetAtt"].is_array());
    let permission = &only(&template, "AWS::Lambda::Permission")["Properties"];
    assert_eq!(permission["Principal"], "sns.amazonaws.com");
    assert_eq!(
        permission["SourceArn"]["Ref"],
        "Topic".to_owned() + &subscription["TopicArn"]["Ref"].as_str().unwrap()[5..]
    );
}

#[test]
fn one_policy_holds_all_statements() {
    let template = template(|stack| {
        let topic = Topic::new(stack, "Topic");
        topic.add_to_policy(Statement::allow(["sns:Publish", "sns:Subscribe"]).principal(Principal::Any));
    });
    let policy = &only(&template, "AWS::SNS::TopicPolicy")["Properties"];
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 2);
    assert!(statements.iter().all(|statement| statement["Resource"] == policy["Topics"][0]));
}
