//! Who may call functions.

use skysmith_template::{Map, Node};

use super::{Trade, given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::value::shown;

/// Which service a resource of the type calls as.
const CALLERS: &[(&str, &str)] = &[
    ("AWS::ApiGateway::RestApi", "apigateway.amazonaws.com"),
    ("AWS::ApiGatewayV2::Api", "apigateway.amazonaws.com"),
    ("AWS::Cognito::UserPool", "cognito-idp.amazonaws.com"),
    ("AWS::Config::ConfigRule", "config.amazonaws.com"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing.amazonaws.com"),
    ("AWS::Events::Rule", "events.amazonaws.com"),
    ("AWS::IoT::TopicRule", "iot.amazonaws.com"),
    ("AWS::S3::Bucket", "s3.amazonaws.com"),
    ("AWS::SNS::Topic", "sns.amazonaws.com"),
];

pub(super) fn permission(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(source) = given(properties, "SourceArn").and_then(|it| trade.referenced(it)) else { return };
    let resource_type = source.resource_type().unwrap_or_default();
    if let (Some((_, caller)), Some(principal)) =
        (CALLERS.iter().find(|(name, _)| *name == resource_type), given(properties, "Principal").and_then(Node::as_str))
        && principal != *caller
    {
        findings
            .push(
                RuleId::LambdaPermission,
                at.key("Principal"),
                format!("`{}` calls as `{caller}`, not as `{}`", source.logical_id(), shown(principal)),
            )
            .note(format!("did you mean `{caller}`?"));
    }
    if resource_type == "AWS::S3::Bucket" && given(properties, "SourceAccount").is_none() && !is_open(properties) {
        findings
            .push(
                RuleId::LambdaPermission,
                at,
                "a bucket is not of one account for ever, and the permission names no account",
            )
            .note("add `SourceAccount: !Ref AWS::AccountId`");
    }
}
