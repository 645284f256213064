//! How long it will take: what each resource takes at most on average, along the longest chain of those that wait for each other.
//!
//! The figures are assumptions, not measurements: round numbers of seconds as they are commonly seen in stack events, CloudFormation's own few seconds between
//! resources included. What the stack's earlier events show of the same resource counts more. A type that is not in the table has no figure, and
//! a chain with such a resource has no estimate: none is better than a wrong one.

use std::time::Duration;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    Create,
    Change,
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
pub fn usual(resource_type: &str, work: Work) -> Option<Duration> {
    // It is no resource of AWS: CloudFormation only takes a note of it.
    if resource_type == "AWS::CDK::Metadata" {
        return Some(Duration::from_secs(1));
    }
    let (_, figures) = TYPES.iter().find(|(name, _)| *name == resource_type)?;
    Some(Duration::from_secs(u64::from(figures[work as usize])))
}

/// One resource that is not done yet.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it takes as a whole, if that is known.
    pub usual: Option<Duration>,
    /// How long it has been worked on; nothing if that has not begun.
    pub elapsed: Option<Duration>,
    /// The steps it waits for, by their index.
    pub needs: Vec<usize>,
}

/// What is still to come; nothing where that would be a guess: a step that nothing is known of, or one that takes far longer than it should.
pub fn left(steps: &[Step]) -> Option<Duration> {
    let mut known = vec![None; steps.len()];
    let mut longest = Duration::ZERO;
    for index in 0..steps.len() {
        longest = longest.max(chain(steps, index, &mut known, steps.len())?);
    }
    Some(longest)
}

/// The time until a step is done. `depth` ends a circle, which no template has that CloudFormation took.
fn chain(steps: &[Step], index: usize, known: &mut [Option<Duration>], depth: usize) -> Option<Duration> {
    if let Some(known) = known[index] {
        return Some(known);
    }
    let step = &steps[index];
    let usual = step.usual?;
    let mine = match step.elapsed {
        Some(elapsed) if elapsed > usual * 2 + Duration::from_secs(5) => return None,
        // It is late, but not by much: any moment now.
        Some(elapsed) => usual.saturating_sub(elapsed).max(Duration::from_secs(1)),
        None => usual,
    };
    let mut before = Duration::ZERO;
    if step.elapsed.is_none() && depth > 0 {
        for &need in &step.needs {
            before = before.max(chain(steps, need, known, depth - 1)?);
        }
    }
    known[index] = Some(before + mine);
    known[index]
}

/// `about 19 s left`, no more precise than it is true.
pub fn words(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_millis() >= 500);
    let rounded = match seconds {
        0..20 => return format!("about {} s left", seconds.max(1)),
        20..60 => seconds.div_ceil(5) * 5,
        60..180 => seconds.div_ceil(10) * 10,
        _ => seconds.div_ceil(60) * 60,
    };
    match (rounded / 60, rounded % 60) {
        (0, seconds) => format!("about {seconds} s left"),
        (minutes, 0) => format!("about {minutes} min left"),
        (minutes, seconds) => format!("about {minutes} min {seconds:02} s left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(usual: Option<u64>, elapsed: Option<u64>, needs: &[usize]) -> Step {
        Step { usual: usual.map(Duration::from_secs), elapsed: elapsed.map(Duration::from_secs), needs: needs.to_vec() }
    }

    fn left_of(steps: &[Step]) -> Option<u64> {
        left(steps).map(|left| left.as_secs())
    }

    #[test]
    fn the_longest_chain_counts() {
        let role = step(Some(18), Some(10), &[]);
        let function = step(Some(7), None, &[0]);
        let topic = step(Some(12), Some(2), &[]);
        assert_eq!(left_of(&[role.clone(), function.clone(), topic.clone()]), Some(8 + 7));
        assert_eq!(left_of(&[role, function, topic, step(Some(20), None, &[2])]), Some(10 + 20));
        assert_eq!(left_of(&[]), Some(0));
    }

    #[test]
    fn no_estimate_is_better_than_a_wrong_one() {
        assert_eq!(left_of(&[step(Some(5), None, &[]), step(None, None, &[])]), None);
        assert_eq!(left_of(&[step(Some(5), Some(14), &[])]), Some(1), "a little late");
        assert_eq!(left_of(&[step(Some(5), Some(16), &[])]), None, "far too late");
        assert!(left_of(&[step(Some(5), None, &[1]), step(Some(5), None, &[0])]).is_some(), "a circle ends");
    }

    #[test]
    fn figures_are_of_types_that_exist_and_words_are_round() {
        for (name, _) in TYPES {
            assert!(skysmith_spec::resource_type(name).is_some(), "{name}");
        }
        assert_eq!(usual("AWS::SNS::Topic", Work::Delete), Some(Duration::from_secs(3)));
        assert_eq!(usual("Custom::Mine", Work::Create), None);
        let of = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(
            [of(0), of(19), of(21), of(61), of(120), of(200)],
            [
                "about 1 s left",
                "about 19 s left",
                "about 25 s left",
                "about 1 min 10 s left",
                "about 2 min left",
                "about 4 min left"
            ]
        );
    }
}
