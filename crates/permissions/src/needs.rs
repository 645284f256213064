//! What the handlers' lists do not say: which of their actions only some properties call for, and what types without such lists need.
//!
//! The lists are the schemas' own (`handlers.*.permissions`); they name everything that a handler may call for any property. The tables here are written by hand, from the
//! types' pages in the template reference and each service's page of the service authorization reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/>).

use skysmith_spec::Operation;
use skysmith_template::{Intrinsic, Map, Node, Resource};

use crate::policy::covers;

/// Actions of a type that are called only for a resource that has one of the properties. Actions may end with `*`; properties are paths.
struct Only {
    kind: &'static str,
    actions: &'static [&'static str],
    with: &'static [&'static str],
}

const ONLY: &[Only] = &[
    Only { kind: "AWS::ApiGateway::Account", actions: &["iam:*"], with: &["CloudWatchRoleArn"] },
    Only { kind: "AWS::ApiGateway::RestApi", actions: &["s3:*"], with: &["BodyS3Location"] },
    Only {
        kind: "AWS::ApiGateway::RestApi",
        actions: &["apigateway:UpdateRestApiPolicy"],
        with: &["Body", "BodyS3Location", "Policy"],
    },
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &["dynamodb:DescribeImport", "dynamodb:ImportTable", "logs:*", "s3:*"],
        with: &["ImportSourceSpecification"],
    },
    // Replicas are filled with the permissions of whoever asks for them; a plain table has none.
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &[
            "dynamodb:AssociateTableReplica",
            "dynamodb:BatchWriteItem",
            "dynamodb:CreateTableReplica",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        ],
        with: &["ImportSourceSpecification", "Replicas"],
    },
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &[
            "dynamodb:DisableKinesisStreamingDestination",
            "dynamodb:EnableKinesisStreamingDestination",
            "dynamodb:UpdateKinesisStreamingDestination",
            "kinesis:*",
        ],
        with: &["KinesisStreamSpecification"],
    },
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &["dynamodb:DeleteResourcePolicy", "dynamodb:PutResourcePolicy"],
        with: &["ResourcePolicy", "StreamSpecification/ResourcePolicy"],
    },
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &["dynamodb:UpdateContinuousBackups"],
        with: &["PointInTimeRecoverySpecification"],
    },
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &["dynamodb:UpdateContributorInsights"],
        with: &["ContributorInsightsSpecification", "GlobalSecondaryIndexes"],
    },
    Only { kind: "AWS::DynamoDB::Table", actions: &["dynamodb:UpdateTimeToLive"], with: &["TimeToLiveSpecification"] },
    Only {
        kind: "AWS::DynamoDB::Table",
        actions: &["iam:CreateServiceLinkedRole"],
        with: &["ContributorInsightsSpecification", "KinesisStreamSpecification", "Replicas"],
    },
    Only { kind: "AWS::DynamoDB::Table", actions: &["kms:*"], with: &["SSESpecification"] },
    Only { kind: "AWS::IAM::ManagedPolicy", actions: &["iam:*GroupPolicy"], with: &["Groups"] },
    Only { kind: "AWS::IAM::ManagedPolicy", actions: &["iam:*RolePolicy"], with: &["Roles"] },
    Only { kind: "AWS::IAM::ManagedPolicy", actions: &["iam:*UserPolicy"], with: &["Users"] },
    Only { kind: "AWS::IAM::Policy", actions: &["iam:*GroupPolicy"], with: &["Groups"] },
    Only { kind: "AWS::IAM::Policy", actions: &["iam:*RolePolicy"], with: &["Roles"] },
    Only { kind: "AWS::IAM::Policy", actions: &["iam:*UserPolicy"], with: &["Users"] },
    Only { kind: "AWS::IAM::Role", actions: &["iam:AttachRolePolicy"], with: &["ManagedPolicyArns"] },
    Only {
        kind: "AWS::IAM::Role",
        actions: &["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"],
        with: &["PermissionsBoundary"],
    },
    Only { kind: "AWS::IAM::Role", actions: &["iam:PutRolePolicy"], with: &["Policies"] },
    Only { kind: "AWS::Lambda::Function", actions: &["ec2:*"], with: &["VpcConfig"] },
    Only {
        kind: "AWS::Lambda::Function",
        actions: &["elasticfilesystem:*", "s3files:*"],
        with: &["FileSystemConfigs"],
    },
    Only { kind: "AWS::Lambda::Function", actions: &["kms:*"], with: &["Code/SourceKMSKeyArn", "KmsKeyArn"] },
    Only {
        kind: "AWS::Lambda::Function",
        actions: &[
            "lambda:DeleteFunctionCodeSigningConfig",
            "lambda:GetCodeSigningConfig",
            "lambda:PutFunctionCodeSigningConfig",
        ],
        with: &["CodeSigningConfigArn"],
    },
    Only {
        kind: "AWS::Lambda::Function",
        actions: &["lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"],
        with: &["ReservedConcurrentExecutions"],
    },
    Only { kind: "AWS::Lambda::Function", actions: &["lambda:GetLayerVersion"], with: &["Layers"] },
    Only {
        kind: "AWS::Lambda::Function",
        actions: &["lambda:PassCapacityProvider", "lambda:PutFunctionScalingConfig"],
        with: &["CapacityProviderConfig", "FunctionScalingConfig"],
    },
    Only {
        kind: "AWS::Lambda::Function",
        actions: &["lambda:PublishVersion"],
        with: &["PublishToLatestPublished", "SnapStart"],
    },
    Only { kind: "AWS::Lambda::Function", actions: &["lambda:PutFunctionRecursionConfig"], with: &["RecursiveLoop"] },
    Only {
        kind: "AWS::Lambda::Function",
        actions: &["lambda:PutRuntimeManagementConfig"],
        with: &["RuntimeManagementConfig"],
    },
    Only { kind: "AWS::Lambda::Function", actions: &["s3:GetObject"], with: &["Code/S3Bucket"] },
    Only { kind: "AWS::Lambda::Function", actions: &["s3:GetObjectVersion"], with: &["Code/S3ObjectVersion"] },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["firehose:*", "logs:CreateLogDelivery", "logs:PutDataProtectionPolicy", "s3:*"],
        with: &["DataProtectionPolicy"],
    },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["logs:AssociateKmsKey", "logs:DisassociateKmsKey"],
        with: &["KmsKeyId"],
    },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["logs:DeleteIndexPolicy", "logs:PutIndexPolicy"],
        with: &["FieldIndexPolicies"],
    },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["logs:DeleteResourcePolicy", "logs:PutResourcePolicy"],
        with: &["ResourcePolicyDocument"],
    },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"],
        with: &["RetentionInDays"],
    },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["logs:PutBearerTokenAuthentication"],
        with: &["BearerTokenAuthenticationEnabled"],
    },
    Only {
        kind: "AWS::Logs::LogGroup",
        actions: &["logs:PutLogGroupDeletionProtection"],
        with: &["DeletionProtectionEnabled"],
    },
    Only {
        kind: "AWS::S3::Bucket",
        actions: &["s3:*BucketMetadata*TableConfiguration", "s3tables:*"],
        with: &["MetadataConfiguration", "MetadataTableConfiguration"],
    },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketAcl"], with: &["AccessControl"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutAccelerateConfiguration"], with: &["AccelerateConfiguration"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutAnalyticsConfiguration"], with: &["AnalyticsConfigurations"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketAbac"], with: &["AbacStatus"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketCORS"], with: &["CorsConfiguration"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketLogging"], with: &["LoggingConfiguration"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketNotification"], with: &["NotificationConfiguration"] },
    Only {
        kind: "AWS::S3::Bucket",
        actions: &["s3:PutBucketObjectLockConfiguration"],
        with: &["ObjectLockConfiguration", "ObjectLockEnabled"],
    },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketOwnershipControls"], with: &["OwnershipControls"] },
    Only {
        kind: "AWS::S3::Bucket",
        actions: &["s3:PutBucketPublicAccessBlock"],
        with: &["PublicAccessBlockConfiguration"],
    },
    Only {
        kind: "AWS::S3::Bucket",
        actions: &["s3:PutReplicationConfiguration", "iam:*"],
        with: &["ReplicationConfiguration"],
    },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutBucketVersioning"], with: &["VersioningConfiguration"] },
    Only {
        kind: "AWS::S3::Bucket",
        actions: &["s3:DeleteBucketWebsite", "s3:PutBucketWebsite"],
        with: &["WebsiteConfiguration"],
    },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutEncryptionConfiguration"], with: &["BucketEncryption"] },
    Only {
        kind: "AWS::S3::Bucket",
        actions: &["s3:PutIntelligentTieringConfiguration"],
        with: &["IntelligentTieringConfigurations"],
    },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutInventoryConfiguration"], with: &["InventoryConfigurations"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutLifecycleConfiguration"], with: &["LifecycleConfiguration"] },
    Only { kind: "AWS::S3::Bucket", actions: &["s3:PutMetricsConfiguration"], with: &["MetricsConfigurations"] },
    // Of the bucket's contents, which hardly any property is about.
    Only { kind: "AWS::S3::Bucket", actions: &["s3:DeleteObject", "s3:PutObjectAcl"], with: &["AccessControl"] },
    Only { kind: "AWS::SNS::Subscription", actions: &["iam:*"], with: &["SubscriptionRoleArn"] },
    Only { kind: "AWS::SNS::Topic", actions: &["iam:*"], with: &["DeliveryStatusLogging"] },
    Only { kind: "AWS::SNS::Topic", actions: &["sns:PutDataProtectionPolicy"], with: &["DataProtectionPolicy"] },
    Only { kind: "AWS::SNS::Topic", actions: &["sns:Subscribe", "sns:Unsubscribe"], with: &["Subscription"] },
];

/// Actions that the lists lack although the service asks for them.
const MORE: [(&str, Operation, &str); 8] = [
    ("AWS::IAM::AccessKey", Operation::Create, "iam:CreateAccessKey"),
    ("AWS::IAM::AccessKey", Operation::Update, "iam:UpdateAccessKey"),
    ("AWS::IAM::AccessKey", Operation::Delete, "iam:DeleteAccessKey"),
    ("AWS::IAM::UserToGroupAddition", Operation::Create, "iam:AddUserToGroup"),
    ("AWS::IAM::UserToGroupAddition", Operation::Delete, "iam:RemoveUserFromGroup"),
    ("AWS::CloudFormation::Stack", Operation::Create, "s3:GetObject"),
    ("AWS::CloudFormation::Stack", Operation::Update, "s3:GetObject"),
    ("AWS::CloudFormation::Macro", Operation::Create, "lambda:InvokeFunction"),
];

/// Types that need nothing from anybody.
const NOTHING: [&str; 3] =
    ["AWS::CDK::Metadata", "AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"];

/// The actions that operations on a resource need; `None` if nothing is known of its type.
pub(crate) fn actions(resource: Resource<'_>, operations: &[Operation]) -> Option<Vec<&'static str>> {
    let kind = resource.resource_type().unwrap_or_default();
    if NOTHING.contains(&kind) {
        return Some(Vec::new());
    }
    let mut found: Vec<&'static str> = Vec::new();
    if let Some(spec) = skysmith_spec::resource_type(kind) {
        found.extend(operations.iter().flat_map(|operation| spec.permissions(*operation)));
    }
    found.extend(
        MORE.iter().filter(|(own, operation, _)| *own == kind && operations.contains(operation)).map(|it| it.2),
    );
    let is_known = !found.is_empty();
    found.retain(|action| is_action(action) && is_needed(resource, kind, action));
    found.sort_unstable();
    found.dedup();
    is_known.then_some(found)
}

/// Operations of S3 that some lists have in place of the actions, which have other names and stand beside them.
const OPERATIONS: [&str; 15] = [
    "s3:DeleteBucketAnalyticsConfiguration",
    "s3:DeleteBucketCors",
    "s3:DeleteBucketEncryption",
    "s3:DeleteBucketLifecycle",
    "s3:DeleteBucketMetricsConfiguration",
    "s3:DeleteBucketReplication",
    "s3:DoesObjectExist",
    "s3:GetBucketNotificationConfiguration",
    "s3:GetObjectMetadata",
    "s3:HeadBucket",
    "s3:HeadObject",
    "s3:PutBucketEncryption",
    "s3:PutBucketNotificationConfiguration",
    "s3:PutBucketReplication",
    "s3:PutObjectLockConfiguration",
];

/// Whether this is an action as IAM takes it. Some lists have empty ones, and names of log records.
fn is_action(action: &str) -> bool {
    if OPERATIONS.contains(&action) {
        return false;
    }
    action.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '*')
    })
}

fn is_needed(resource: Resource<'_>, kind: &str, action: &str) -> bool {
    // Looking at a resource and removing it take the same calls whatever it has, but for those of other services.
    let service = action.split(':').next().unwrap_or_default();
    let is_own = kind.split("::").nth(1).is_some_and(|own| own.eq_ignore_ascii_case(service));
    let whatever = [Operation::Read, Operation::Delete]
        .into_iter()
        .filter_map(|it| Some(skysmith_spec::resource_type(kind)?.permissions(it)));
    if is_own && !kind.starts_with("AWS::IAM::") && whatever.flatten().any(|it| it == action) {
        return true;
    }
    let mut rules =
        ONLY.iter().filter(|it| it.kind == kind && it.actions.iter().any(|it| covers(it, action))).peekable();
    rules.peek().is_none() || rules.any(|it| it.with.iter().any(|path| has(resource.properties(), path)))
}

fn has(properties: Option<&Map>, path: &str) -> bool {
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (properties.and_then(|properties| properties.get(name)), rest) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(Node::Map(inner)), Some(rest)) => has(Some(inner), rest),
        // What a function gives may have it.
        (Some(Node::Intrinsic(call)), Some(_)) => !matches!(**call, Intrinsic::Ref(_)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_name_types_properties_and_actions_that_there_are() {
        let all = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];
        for only in ONLY {
            let spec = skysmith_spec::resource_type(only.kind).unwrap();
            for path in only.with {
                // Replicas are a property of the newer type alone; the rule says that a plain table has none.
                let is_known = *path == "Replicas" || spec.property_at(path.split('/')).is_some();
                assert!(is_known, "{} {path}", only.kind);
            }
            for action in only.actions {
                let listed = all.iter().flat_map(|it| spec.permissions(*it)).any(|it| covers(action, it));
                assert!(listed, "{} {action}", only.kind);
            }
        }
        assert!(OPERATIONS.iter().all(|it| crate::reference::action(it).is_none()), "{OPERATIONS:?} are no actions");
        for (kind, ..) in MORE {
            assert!(skysmith_spec::resource_type(kind).is_some(), "{kind}");
        }
    }
}
