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
    Service { module: "cloudformation", namespace: "AWS::CloudFormation" },
    Service { module: "dynamodb", namespace: "AWS::DynamoDB" },
    Service { module: "events", namespace: "AWS::Events" },
    Service { module: "iam", namespace: "AWS::IAM" },
    Service { module: "kms", namespace: "AWS::KMS" },
    Service { module: "lambda", namespace: "AWS::Lambda" },
    Service { module: "logs", namespace: "AWS::Logs" },
    Service { module: "s3", namespace: "AWS::S3" },
    Service { module: "secretsmanager", namespace: "AWS::SecretsManager" },
    Service { module: "sns", namespace: "AWS::SNS" },
    Service { module: "sqs", namespace: "AWS::SQS" },
    Service { module: "ssm", namespace: "AWS::SSM" },
];

/// The service of a resource type, if it is one of these.
pub fn of(resource_type: &str) -> Option<&'static Service> {
    let (namespace, _) = resource_type.rsplit_once("::")?;
    SERVICES.iter().find(|it| it.namespace == namespace)
}
