//! What resources usually take.
//!
//! The figures are assumptions, not measurements: round numbers of seconds as they are commonly seen in stack events, CloudFormation's own few seconds between
//! resources included.

use std::time::Duration;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// It is made, perhaps in the place of another one.
    Create,
    /// It is changed.
    Change,
    /// It is removed.
    Delete,
}

/// Seconds to create, change and delete one of a type.
type Figures = (&'static str, [u16; 3]);

const TYPES: &[Figures] = &[
    ("AWS::ApiGateway::Account", [5, 5, 2]),
    ("AWS::ApiGateway::Deployment", [3, 2, 2]),
    ("AWS::ApiGateway::Method", [2, 2, 2]),
    ("AWS::ApiGateway::Resource", [2, 2, 2]),
    ("AWS::ApiGateway::RestApi", [3, 3, 4]),
    ("AWS::ApiGateway::Stage", [3, 3, 2]),
    ("AWS::ApiGatewayV2::Api", [3, 3, 3]),
    ("AWS::ApiGatewayV2::Integration", [2, 2, 2]),
    ("AWS::ApiGatewayV2::Route", [2, 2, 2]),
    ("AWS::ApiGatewayV2::Stage", [3, 3, 2]),
    ("AWS::CloudFront::Distribution", [200, 200, 240]),
    ("AWS::CloudWatch::Alarm", [3, 3, 2]),
    ("AWS::CloudWatch::Dashboard", [3, 3, 2]),
    ("AWS::Cognito::UserPool", [4, 4, 3]),
    ("AWS::Cognito::UserPoolClient", [3, 3, 2]),
    ("AWS::DynamoDB::Table", [12, 12, 8]),
    ("AWS::DynamoDB::GlobalTable", [35, 30, 25]),
    ("AWS::EC2::InternetGateway", [16, 5, 5]),
    ("AWS::EC2::NatGateway", [110, 5, 60]),
    ("AWS::EC2::Route", [6, 6, 4]),
    ("AWS::EC2::RouteTable", [12, 4, 4]),
    ("AWS::EC2::SecurityGroup", [6, 5, 4]),
    ("AWS::EC2::Subnet", [6, 5, 4]),
    ("AWS::EC2::SubnetRouteTableAssociation", [6, 5, 4]),
    ("AWS::EC2::VPC", [12, 5, 4]),
    ("AWS::EC2::VPCGatewayAttachment", [12, 5, 12]),
    ("AWS::ECR::Repository", [3, 3, 3]),
    ("AWS::ECS::Cluster", [8, 5, 5]),
    ("AWS::ECS::Service", [150, 180, 120]),
    ("AWS::ECS::TaskDefinition", [3, 3, 2]),
    ("AWS::ElasticLoadBalancingV2::Listener", [4, 4, 3]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", [150, 10, 30]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", [16, 5, 4]),
    ("AWS::Events::Rule", [60, 10, 10]),
    ("AWS::IAM::InstanceProfile", [130, 5, 3]),
    ("AWS::IAM::ManagedPolicy", [18, 18, 3]),
    ("AWS::IAM::Policy", [17, 17, 3]),
    ("AWS::IAM::Role", [18, 18, 3]),
    ("AWS::IAM::RolePolicy", [17, 17, 3]),
    ("AWS::KMS::Alias", [5, 5, 3]),
    ("AWS::KMS::Key", [130, 20, 3]),
    ("AWS::Lambda::Alias", [3, 3, 2]),
    ("AWS::Lambda::EventInvokeConfig", [3, 3, 2]),
    ("AWS::Lambda::EventSourceMapping", [20, 20, 20]),
    ("AWS::Lambda::Function", [7, 7, 5]),
    ("AWS::Lambda::LayerVersion", [6, 6, 2]),
    ("AWS::Lambda::Permission", [3, 3, 2]),
    ("AWS::Lambda::Url", [3, 3, 2]),
    ("AWS::Lambda::Version", [5, 5, 2]),
    ("AWS::Logs::LogGroup", [5, 4, 3]),
    ("AWS::Logs::MetricFilter", [3, 3, 2]),
    ("AWS::Logs::SubscriptionFilter", [4, 4, 3]),
    ("AWS::RDS::DBCluster", [180, 60, 120]),
    ("AWS::RDS::DBInstance", [420, 120, 300]),
    ("AWS::RDS::DBSubnetGroup", [5, 5, 3]),
    ("AWS::Route53::RecordSet", [35, 35, 35]),
    ("AWS::S3::Bucket", [22, 22, 4]),
    ("AWS::S3::BucketPolicy", [4, 4, 3]),
    ("AWS::SNS::Subscription", [3, 3, 2]),
    ("AWS::SNS::Topic", [12, 12, 3]),
    ("AWS::SNS::TopicPolicy", [12, 12, 3]),
    ("AWS::SQS::Queue", [65, 62, 62]),
    ("AWS::SQS::QueuePolicy", [3, 3, 2]),
    ("AWS::SSM::Parameter", [3, 3, 2]),
    ("AWS::Scheduler::Schedule", [4, 4, 3]),
    ("AWS::SecretsManager::Secret", [8, 6, 5]),
    ("AWS::StepFunctions::StateMachine", [5, 5, 10]),
    ("AWS::WAFv2::WebACL", [8, 8, 5]),
];

/// What this takes on average; nothing if the type is not known.
#[must_use]
pub fn usual_time(resource_type: &str, work: Work) -> Option<Duration> {
    // It is no resource of AWS: CloudFormation only takes a note of it.
    if resource_type == "AWS::CDK::Metadata" {
        return Some(Duration::from_secs(1));
    }
    let (_, figures) = TYPES.iter().find(|(name, _)| *name == resource_type)?;
    Some(Duration::from_secs(u64::from(figures[work as usize])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_types_that_exist() {
        for (name, _) in TYPES {
            assert!(skysmith_spec::resource_type(name).is_some(), "{name}");
        }
        assert_eq!(usual_time("AWS::SNS::Topic", Work::Delete), Some(Duration::from_secs(3)));
        assert_eq!(usual_time("Custom::Mine", Work::Create), None);
    }
}
