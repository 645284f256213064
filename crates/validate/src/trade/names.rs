//! Names that people give: how long they are, and of which characters.
//!
//! The limits are those of each service's own documentation, where the resource schemas have none or say less.

use std::collections::HashMap;

use skysmith_template::{Map, Resource};

use super::{Trade, given};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::{self, Piece, each_choice};
use crate::value::shown;

struct Name {
    resource_type: &'static str,
    property: &'static str,
    least: usize,
    most: usize,
    /// The characters beside ASCII letters and digits.
    others: &'static str,
    lower_case_only: bool,
}

const fn name(
    resource_type: &'static str,
    property: &'static str,
    length: (usize, usize),
    others: &'static str,
) -> Name {
    Name { resource_type, property, least: length.0, most: length.1, others, lower_case_only: false }
}

const fn lower(
    resource_type: &'static str,
    property: &'static str,
    length: (usize, usize),
    others: &'static str,
) -> Name {
    Name { lower_case_only: true, ..name(resource_type, property, length, others) }
}

/// Sorted by type.
const NAMES: &[Name] = &[
    name("AWS::ApiGateway::ApiKey", "Name", (1, 1024), " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    name("AWS::ApiGateway::Stage", "StageName", (1, 128), "-_$"),
    name("AWS::ApiGatewayV2::Stage", "StageName", (1, 128), "-_$"),
    name("AWS::DynamoDB::GlobalTable", "TableName", (3, 255), "_.-"),
    name("AWS::DynamoDB::Table", "TableName", (3, 255), "_.-"),
    lower("AWS::ECR::Repository", "RepositoryName", (2, 256), "._-/"),
    name("AWS::ECS::Cluster", "ClusterName", (1, 255), "-_"),
    name("AWS::ECS::TaskDefinition", "Family", (1, 255), "-_"),
    name("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", (1, 32), "-"),
    name("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", (1, 32), "-"),
    name("AWS::Events::EventBus", "Name", (1, 256), "/.-_"),
    name("AWS::Events::Rule", "Name", (1, 64), ".-_"),
    name("AWS::IAM::Group", "GroupName", (1, 128), "_+=,.@-"),
    name("AWS::IAM::InstanceProfile", "InstanceProfileName", (1, 128), "_+=,.@-"),
    name("AWS::IAM::ManagedPolicy", "ManagedPolicyName", (1, 128), "_+=,.@-"),
    name("AWS::IAM::Policy", "PolicyName", (1, 128), "_+=,.@-"),
    name("AWS::IAM::Role", "RoleName", (1, 64), "_+=,.@-"),
    name("AWS::IAM::User", "UserName", (1, 64), "_+=,.@-"),
    name("AWS::Kinesis::Stream", "Name", (1, 128), "_.-"),
    name("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName", (1, 64), "_.-"),
    name("AWS::Lambda::Alias", "Name", (1, 128), "-_"),
    name("AWS::Logs::LogGroup", "LogGroupName", (1, 512), ".-_/#"),
    name("AWS::Pipes::Pipe", "Name", (1, 64), ".-_"),
    lower("AWS::S3::Bucket", "BucketName", (3, 63), ".-"),
    name("AWS::SNS::Topic", "TopicName", (1, 256), "-_."),
    name("AWS::SQS::Queue", "QueueName", (1, 80), "-_."),
    name("AWS::SSM::Parameter", "Name", (1, 2048), "_.-/"),
    name("AWS::Scheduler::Schedule", "Name", (1, 64), "-_."),
    name("AWS::Scheduler::ScheduleGroup", "Name", (1, 64), "-_."),
    name("AWS::SecretsManager::Secret", "Name", (1, 512), "/_+=.@-!"),
    name("AWS::StepFunctions::Activity", "Name", (1, 80), "-_.+!@ "),
    name("AWS::StepFunctions::StateMachine", "StateMachineName", (1, 80), "-_.+!@"),
    name("AWS::WAFv2::IPSet", "Name", (1, 128), "-_"),
    name("AWS::WAFv2::WebACL", "Name", (1, 128), "-_"),
];

pub(super) fn names(resource: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(resource_type) = resource.resource_type() else { return };
    let first = NAMES.partition_point(|it| it.resource_type < resource_type);
    let Some(name) = NAMES.get(first).filter(|it| it.resource_type == resource_type) else { return };
    let Some(node) = given(properties, name.property) else { return };
    each_choice(node, at.key(name.property), &mut |node, at| {
        if let Some(pieces) = text::pieces(node) {
            check(name, &pieces, at, findings);
        }
    });
}

/// Two resources of one type cannot have one name. Found are names that stand in the template, of resources that no
/// condition may leave away.
pub(super) fn duplicates(trade: &Trade<'_>, findings: &mut Findings) {
    let resources_at = At::Root.key("Resources");
    for (resource_type, resources) in &trade.by_type {
        if resources.len() < 2 {
            continue;
        }
        let Some(known) = skysmith_spec::resource_type(resource_type) else { continue };
        // An identifier of several parts, or one that the service gives, is no name.
        let mut identifier = known.primary_identifier();
        let (Some(property), None) = (identifier.next(), identifier.next()) else { continue };
        let is_given = known.property(property).is_some_and(|it| !it.read_only());
        let property = match *resource_type {
            "AWS::SNS::Topic" => "TopicName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::StepFunctions::StateMachine" => "StateMachineName",
            _ if is_given => property,
            _ => continue,
        };
        let mut names: HashMap<&str, &str> = HashMap::new();
        for resource in resources.iter().filter(|it| it.condition().is_none()) {
            let Some(name) = resource.property(property).and_then(|it| it.as_str()) else { continue };
            if let Some(first) = names.get(name) {
                let here = resources_at.key(resource.logical_id());
                let properties = here.key("Properties");
                let message = format!("`{first}` has the {property} `{}` as well", shown(name));
                findings.push(RuleId::DuplicateName, properties.key(property), message);
            } else {
                names.insert(name, resource.logical_id());
            }
        }
    }
}

fn check(name: &Name, pieces: &[Piece<'_>], at: At<'_>, findings: &mut Findings) {
    let property = name.property;
    let is_allowed = |it: char| {
        it.is_ascii_lowercase()
            || it.is_ascii_digit()
            || it.is_ascii_uppercase() && !name.lower_case_only
            || name.others.contains(it)
    };
    let whole = text::whole(pieces);
    // S3, and no other, takes the empty name as none.
    if name.resource_type == "AWS::S3::Bucket" && whole.as_deref() == Some("") {
        return;
    }
    let shown_text = || shown(whole.as_deref().unwrap_or_default()).into_owned();
    let mut length = 0;
    for piece in pieces {
        let Piece::Known(text) = piece else { continue };
        length += text.chars().count();
        if let Some(wrong) = text.chars().find(|it| !is_allowed(*it)) {
            let letters = if name.lower_case_only { "lower-case letters" } else { "letters" };
            let others: Vec<_> = name.others.chars().map(|it| format!("`{it}`")).collect();
            findings
                .push(RuleId::ResourceName, at, format!("`{property}` has {wrong:?}, which is not for a name here"))
                .note(format!("allowed: {letters}, digits, {}", others.join(" ")));
            return;
        }
    }
    if length > name.most || whole.is_some() && length < name.least {
        findings
            .push(RuleId::ResourceName, at, format!("`{property}` has {length} characters"))
            .note(format!("allowed: {} to {} characters", name.least, name.most));
        return;
    }
    match name.resource_type {
        "AWS::S3::Bucket" => {
            if let Some(why) = wrong_bucket(pieces, whole.as_deref()) {
                findings.push(
                    RuleId::ResourceName,
                    at,
                    format!("`{}` cannot be the name of a bucket: {why}", shown_text()),
                );
            }
        }
        "AWS::SNS::Topic" | "AWS::SQS::Queue" => {
            // The only point is that of `.fifo`.
            let last = pieces.len().saturating_sub(1);
            let has_point = pieces.iter().enumerate().any(|(index, piece)| match piece {
                Piece::Known(text) if index == last => text.strip_suffix(".fifo").unwrap_or(text).contains('.'),
                Piece::Known(text) => text.contains('.'),
                Piece::Open(_) => false,
            });
            if has_point {
                findings
                    .push(RuleId::ResourceName, at, format!("`{property}` has `.`, which is not for a name here"))
                    .note("allowed: letters, digits, `-` and `_`, and `.fifo` at the end");
            }
        }
        "AWS::SSM::Parameter" => {
            let root = whole.as_deref().unwrap_or_default().trim_start_matches('/').to_ascii_lowercase();
            if root.starts_with("aws") || root.starts_with("ssm") {
                findings
                    .push(RuleId::ResourceName, at, format!("`{}` begins with what AWS keeps for itself", shown_text()))
                    .note("not allowed at the beginning: `aws` and `ssm`");
            }
        }
        _ => {}
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn wrong_bucket(pieces: &[Piece<'_>], whole: Option<&str>) -> Option<&'static str> {
    let is_edge = |it: char| it.is_ascii_alphanumeric();
    if let Some(Piece::Known(text)) = pieces.first() {
        if !text.starts_with(is_edge) {
            return Some("it begins with a letter or a digit");
        }
        if ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|it| text.starts_with(it)) {
            return Some("names that begin like this are kept by AWS");
        }
    }
    if let Some(Piece::Known(text)) = pieces.last() {
        if !text.ends_with(is_edge) {
            return Some("it ends with a letter or a digit");
        }
        if ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|it| text.ends_with(it)) {
            return Some("names that end like this are kept by AWS");
        }
    }
    if pieces.iter().any(|it| matches!(it, Piece::Known(text) if text.contains(".."))) {
        return Some("it has two points in a row");
    }
    whole.filter(|it| it.parse::<std::net::Ipv4Addr>().is_ok()).map(|_| "it is an IP address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_properties_that_exist() {
        assert!(NAMES.is_sorted_by_key(|it| it.resource_type));
        for name in NAMES {
            let known = skysmith_spec::resource_type(name.resource_type).expect(name.resource_type);
            assert!(known.property(name.property).is_some(), "{} {}", name.resource_type, name.property);
        }
    }
}
