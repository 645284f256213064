//! The services whose resource types are generated as typed resources: each is a cargo feature and a module of `skysmith-cfn`.

/// One service.
#[derive(Debug)]
pub struct Service {
    /// The cargo feature and the module.
    pub module: &'static str,
    /// The first two parts of the resource types' names.
    pub namespace: &'static str,
}

/// All of them, sorted by module.
pub const SERVICES: &[Service] = &[
    Service { module: "apigateway", namespace: "AWS::ApiGateway" },
    Service { module: "apigatewayv2", namespace: "AWS::ApiGatewayV2" },
    Service { module: "appsync", namespace: "AWS::AppSync" },
    Service { module: "certificatemanager", namespace: "AWS::CertificateManager" },
    Service { module: "cloudformation", namespace: "AWS::CloudFormation" },
    Service { module: "cloudfront", namespace: "AWS::CloudFront" },
    Service { module: "cloudwatch", namespace: "AWS::CloudWatch" },
    Service { module: "cognito", namespace: "AWS::Cognito" },
    Service { module: "dynamodb", namespace: "AWS::DynamoDB" },
    Service { module: "ec2", namespace: "AWS::EC2" },
    Service { module: "ecr", namespace: "AWS::ECR" },
    Service { module: "ecs", namespace: "AWS::ECS" },
    Service { module: "elasticloadbalancingv2", namespace: "AWS::ElasticLoadBalancingV2" },
    Service { module: "events", namespace: "AWS::Events" },
    Service { module: "iam", namespace: "AWS::IAM" },
    Service { module: "kinesis", namespace: "AWS::Kinesis" },
    Service { module: "kms", namespace: "AWS::KMS" },
    Service { module: "lambda", namespace: "AWS::Lambda" },
    Service { module: "logs", namespace: "AWS::Logs" },
    Service { module: "pipes", namespace: "AWS::Pipes" },
    Service { module: "route53", namespace: "AWS::Route53" },
    Service { module: "s3", namespace: "AWS::S3" },
    Service { module: "scheduler", namespace: "AWS::Scheduler" },
    Service { module: "secretsmanager", namespace: "AWS::SecretsManager" },
    Service { module: "sns", namespace: "AWS::SNS" },
    Service { module: "sqs", namespace: "AWS::SQS" },
    Service { module: "ssm", namespace: "AWS::SSM" },
    Service { module: "stepfunctions", namespace: "AWS::StepFunctions" },
    Service { module: "wafv2", namespace: "AWS::WAFv2" },
];

/// The service of a resource type, if it is one of these.
pub fn of(resource_type: &str) -> Option<&'static Service> {
    let (namespace, _) = resource_type.rsplit_once("::")?;
    SERVICES.iter().find(|it| it.namespace == namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the `[features]` of a manifest.
    fn features(manifest: &str) -> Vec<String> {
        let text = std::fs::read_to_string(crate::tools::root().join(manifest)).unwrap();
        let (_, section) = text.split_once("[features]\n").unwrap();
        section.lines().take_while(|it| !it.starts_with('[') && !it.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn each_service_can_be_reached_by_its_feature() {
        let all = |line: fn(&str) -> String| -> Vec<String> {
            std::iter::once("default = []".to_owned()).chain(SERVICES.iter().map(|it| line(it.module))).collect()
        };
        assert_eq!(features("crates/cfn/Cargo.toml"), all(|it| format!("{it} = []")));
        assert_eq!(features("Cargo.toml"), all(|it| format!("{it} = [\"skysmith-cfn/{it}\"]")));
        for page in ["crates/cfn/src/lib.rs", "src/lib.rs"] {
            let text = std::fs::read_to_string(crate::tools::root().join(page)).unwrap();
            for Service { module, .. } in SERVICES {
                let gate = format!("#[cfg(feature = \"{module}\")]\npub mod {module};");
                assert!(text.contains(&gate) || text.contains(&format!("`{module}`")), "{page}: {module}");
            }
        }
    }
}
