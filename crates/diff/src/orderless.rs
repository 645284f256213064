//! Lists whose order means nothing to their service, although the specification does not say so.

/// What is known of a property beyond the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orderless {
    /// Its items come in any order.
    List,
    /// It is a pattern of events, a filter, or what is made like one: JSON in which the items of every list come in any order, but for
    /// the comparisons after `numeric`, which are read from left to right.
    ///
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
    Json,
}

use Orderless::{Json, List};

/// By resource type and by the type of value inside of it, which is empty for the resource itself.
///
/// Not here is what a service takes by the first that fits, such as the CORS rules and routing rules of buckets, and the layers of a
/// function, of which the later ones win.
const ORDERLESS: &[(&str, &str, Orderless, &[&str])] = &[
    ("AWS::ApiGateway::Method", "", List, &["AuthorizationScopes", "MethodResponses"]),
    ("AWS::ApiGateway::Method", "Integration", List, &["CacheKeyParameters", "IntegrationResponses"]),
    ("AWS::ApiGateway::RestApi", "", List, &["BinaryMediaTypes"]),
    ("AWS::ApiGateway::RestApi", "EndpointConfiguration", List, &["VpcEndpointIds"]),
    ("AWS::ApiGatewayV2::Api", "Cors", List, &["AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders"]),
    ("AWS::CloudWatch::Alarm", "", List, &["AlarmActions", "InsufficientDataActions", "Metrics", "OKActions"]),
    ("AWS::DynamoDB::Table", "Projection", List, &["NonKeyAttributes"]),
    ("AWS::Events::Archive", "", Json, &["EventPattern"]),
    ("AWS::Events::Rule", "", Json, &["EventPattern"]),
    ("AWS::Lambda::EventSourceMapping", "", List, &["FunctionResponseTypes", "SourceAccessConfigurations"]),
    // An event has to fit one of them.
    ("AWS::Lambda::EventSourceMapping", "FilterCriteria", List, &["Filters"]),
    ("AWS::Lambda::EventSourceMapping", "Filter", Json, &["Pattern"]),
    ("AWS::Lambda::Function", "VpcConfig", List, &["SecurityGroupIds", "SubnetIds"]),
    ("AWS::Pipes::Pipe", "FilterCriteria", List, &["Filters"]),
    ("AWS::Pipes::Pipe", "Filter", Json, &["Pattern"]),
    ("AWS::S3::Bucket", "", List, &["AnalyticsConfigurations", "IntelligentTieringConfigurations"]),
    ("AWS::S3::Bucket", "", List, &["InventoryConfigurations", "MetricsConfigurations"]),
    ("AWS::S3::Bucket", "CorsRule", List, &["AllowedHeaders", "AllowedMethods", "AllowedOrigins", "ExposedHeaders"]),
    ("AWS::S3::Bucket", "InventoryConfiguration", List, &["OptionalFields"]),
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html: what they do decides, not where they stand.
    ("AWS::S3::Bucket", "LifecycleConfiguration", List, &["Rules"]),
    ("AWS::S3::Bucket", "NotificationConfiguration", List, &["LambdaConfigurations", "QueueConfigurations"]),
    ("AWS::S3::Bucket", "NotificationConfiguration", List, &["TopicConfigurations"]),
    // Their priority decides.
    ("AWS::S3::Bucket", "ReplicationConfiguration", List, &["Rules"]),
    ("AWS::S3::Bucket", "Rule", List, &["NoncurrentVersionTransitions", "TagFilters", "Transitions"]),
    ("AWS::SNS::Subscription", "", Json, &["FilterPolicy"]),
    ("AWS::SQS::Queue", "", Json, &["RedriveAllowPolicy"]),
];

/// What is known of a property of a resource type, or of a type of value inside of it.
pub(crate) fn of(resource_type: &str, definition: &str, property: &str) -> Option<Orderless> {
    let is_it = |(kind, inside, _, names): &&(&str, &str, Orderless, &[&str])| {
        names.contains(&property) && *kind == resource_type && *inside == definition
    };
    ORDERLESS.iter().find(is_it).map(|(.., orderless, _)| *orderless)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use skysmith_spec::{Shape, ValueType, resource_type};

    use super::ORDERLESS;

    fn definitions(shape: Shape, found: &mut BTreeSet<(&'static str, &'static str)>) {
        match shape.value_type() {
            ValueType::List(of) | ValueType::Map(of) => definitions(of, found),
            ValueType::Union(union) => union.alternatives().for_each(|it| definitions(it, found)),
            ValueType::Object(definition) => {
                for property in definition.properties() {
                    if found.insert((definition.name(), property.name())) {
                        definitions(property.shape(), found);
                    }
                }
            }
            _ => {}
        }
    }

    #[test]
    fn all_of_them_are_there() {
        for (kind, inside, _, names) in ORDERLESS {
            let known = resource_type(kind).unwrap();
            let mut found = BTreeSet::new();
            for property in known.properties() {
                found.insert(("", property.name()));
                definitions(property.shape(), &mut found);
            }
            for name in *names {
                assert!(found.contains(&(inside, name)), "{kind} {inside} {name}");
            }
        }
    }
}
