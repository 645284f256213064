//! The settings that matter for security and safety, as a table.

use skysmith_template::Node;

use crate::known::scalar_text;
use crate::security::Topic;
use crate::text;

/// A setting, and which of its values are safer.
pub(crate) struct Watched {
    pub(crate) resource_type: &'static str,
    pub(crate) path: &'static [&'static str],
    pub(crate) topic: Topic,
    pub(crate) safe: Safe,
}

/// Which values of a setting are safer.
pub(crate) enum Safe {
    /// `true`; what holds where nothing is said is the second.
    True(bool),
    /// `false`, which also holds where nothing is said.
    False,
    /// Any value rather than none.
    Presence,
    /// No value rather than any.
    Absence,
    /// The later of these; where nothing is said, or something that is not listed, that of this place counts.
    Order(&'static [&'static str], i64),
    /// All values but these.
    NoneOf(&'static [&'static str]),
    /// The greater number; where nothing is said, the one given.
    Greater(i64),
    /// A list: each item opens something.
    FewerItems,
}

impl Watched {
    /// The higher, the safer; nothing if it cannot be told.
    pub(crate) fn rank(&self, node: Option<&Node>) -> Option<i64> {
        if node.is_some_and(|it| it.as_intrinsic().is_some()) {
            return match self.safe {
                Safe::Presence => Some(1),
                Safe::Absence => Some(0),
                _ => None,
            };
        }
        Some(match &self.safe {
            Safe::True(default) => i64::from(node.map_or(Some(*default), text::truth)?),
            Safe::False => i64::from(!node.map_or(Some(false), text::truth)?),
            Safe::Presence => i64::from(node.is_some()),
            Safe::Absence => i64::from(node.is_none()),
            Safe::Order(values, default) => match node {
                None => *default,
                Some(node) => {
                    let text = scalar_text(node)?;
                    values.iter().position(|it| *it == text).and_then(|it| i64::try_from(it).ok()).unwrap_or(*default)
                }
            },
            Safe::NoneOf(values) => match node {
                None => 1,
                Some(node) => {
                    let text = scalar_text(node)?;
                    i64::from(!values.contains(&text.as_str()))
                }
            },
            Safe::Greater(default) => match node {
                None => *default,
                Some(node) => scalar_text(node)?.parse().ok()?,
            },
            Safe::FewerItems => return None,
        })
    }

    /// The safest value: what new ones are held against.
    pub(crate) fn best(&self) -> Option<Node> {
        match &self.safe {
            Safe::True(_) => Some(true.into()),
            Safe::Order(values, _) => values.last().map(|it| (*it).into()),
            // Whatever is new there is open on purpose, or nothing to speak of.
            Safe::False | Safe::Absence | Safe::NoneOf(_) | Safe::FewerItems => None,
            Safe::Presence | Safe::Greater(_) => None,
        }
    }
}

/// Resources that protect something: without them it is less safe.
pub(crate) const REMOVAL: &[(&str, Topic)] = &[
    ("AWS::ApiGateway::Authorizer", Topic::Authorisation),
    ("AWS::ApiGatewayV2::Authorizer", Topic::Authorisation),
    ("AWS::Backup::BackupSelection", Topic::Protection),
    ("AWS::CloudTrail::Trail", Topic::Logging),
    ("AWS::EC2::FlowLog", Topic::Logging),
    ("AWS::GuardDuty::Detector", Topic::Logging),
    ("AWS::WAFv2::WebACLAssociation", Topic::PublicAccess),
];

macro_rules! watched {
    ($($resource_type:literal $topic:ident { $($($key:literal).+ => $safe:expr;)+ })+) => {
        &[$($(Watched {
            resource_type: $resource_type,
            path: &[$($key),+],
            topic: Topic::$topic,
            safe: $safe,
        },)+)+]
    };
}

pub(crate) const WATCHED: &[Watched] = watched! {
    "AWS::S3::Bucket" PublicAccess {
        "PublicAccessBlockConfiguration"."BlockPublicAcls" => Safe::True(false);
        "PublicAccessBlockConfiguration"."BlockPublicPolicy" => Safe::True(false);
        "PublicAccessBlockConfiguration"."IgnorePublicAcls" => Safe::True(false);
        "PublicAccessBlockConfiguration"."RestrictPublicBuckets" => Safe::True(false);
        "AccessControl" => Safe::NoneOf(&["PublicRead", "PublicReadWrite", "AuthenticatedRead"]);
        "WebsiteConfiguration" => Safe::Absence;
        "OwnershipControls" => Safe::Presence;
    }
    "AWS::S3::Bucket" Encryption { "BucketEncryption" => Safe::Presence; }
    "AWS::S3::Bucket" Logging { "LoggingConfiguration" => Safe::Presence; }
    "AWS::S3::Bucket" Protection {
        "VersioningConfiguration"."Status" => Safe::Order(&["Suspended", "Enabled"], 0);
        "ObjectLockEnabled" => Safe::True(false);
    }
    "AWS::S3::AccessPoint" PublicAccess {
        "PublicAccessBlockConfiguration"."BlockPublicPolicy" => Safe::True(true);
        "PublicAccessBlockConfiguration"."RestrictPublicBuckets" => Safe::True(true);
    }
    "AWS::SQS::Queue" Encryption {
        "SqsManagedSseEnabled" => Safe::True(true);
        "KmsMasterKeyId" => Safe::Presence;
    }
    "AWS::SNS::Topic" Encryption { "KmsMasterKeyId" => Safe::Presence; }
    "AWS::SNS::Topic" Protection { "DataProtectionPolicy" => Safe::Presence; }
    "AWS::DynamoDB::Table" Encryption {
        "SSESpecification"."SSEEnabled" => Safe::True(false);
        "SSESpecification"."KMSMasterKeyId" => Safe::Presence;
    }
    "AWS::DynamoDB::Table" Protection {
        "DeletionProtectionEnabled" => Safe::True(false);
        "PointInTimeRecoverySpecification"."PointInTimeRecoveryEnabled" => Safe::True(false);
    }
    "AWS::Logs::LogGroup" Encryption { "KmsKeyId" => Safe::Presence; }
    "AWS::Logs::LogGroup" Protection {
        "DeletionProtectionEnabled" => Safe::True(false);
        "DataProtectionPolicy" => Safe::Presence;
    }
    "AWS::Logs::LogGroup" Logging { "RetentionInDays" => Safe::Greater(i64::MAX); }
    "AWS::Lambda::Url" Authorisation { "AuthType" => Safe::Order(&["NONE", "AWS_IAM"], 1); }
    "AWS::Lambda::Function" Encryption { "KmsKeyArn" => Safe::Presence; }
    "AWS::Lambda::Function" Network { "VpcConfig" => Safe::Presence; }
    "AWS::Lambda::Function" Protection { "CodeSigningConfigArn" => Safe::Presence; }
    "AWS::ApiGateway::Method" Authorisation {
        "AuthorizationType" => Safe::NoneOf(&["NONE"]);
        "AuthorizerId" => Safe::Presence;
        "ApiKeyRequired" => Safe::True(false);
    }
    "AWS::ApiGatewayV2::Route" Authorisation {
        "AuthorizationType" => Safe::Order(&["NONE", "CUSTOM", "JWT", "AWS_IAM"], 0);
        "AuthorizerId" => Safe::Presence;
        "ApiKeyRequired" => Safe::True(false);
    }
    "AWS::ApiGateway::RestApi" PublicAccess {
        "DisableExecuteApiEndpoint" => Safe::True(false);
        "EndpointConfiguration"."Types" => Safe::FewerItems;
    }
    "AWS::ApiGatewayV2::Api" PublicAccess {
        "DisableExecuteApiEndpoint" => Safe::True(false);
        "CorsConfiguration"."AllowOrigins" => Safe::FewerItems;
    }
    "AWS::ApiGateway::Stage" Logging { "AccessLogSetting" => Safe::Presence; }
    "AWS::ApiGateway::Stage" Tls { "ClientCertificateId" => Safe::Presence; }
    "AWS::ApiGatewayV2::Stage" Logging { "AccessLogSettings" => Safe::Presence; }
    "AWS::ApiGateway::DomainName" Tls { "SecurityPolicy" => Safe::Order(&["TLS_1_0", "TLS_1_2"], 1); }
    "AWS::ApiGateway::DomainName" Authorisation { "MutualTlsAuthentication" => Safe::Presence; }
    "AWS::ApiGatewayV2::DomainName" Authorisation { "MutualTlsAuthentication" => Safe::Presence; }
    "AWS::EC2::SecurityGroup" Network {
        "SecurityGroupIngress" => Safe::FewerItems;
        "SecurityGroupEgress" => Safe::FewerItems;
    }
    "AWS::KMS::Key" Encryption {
        "EnableKeyRotation" => Safe::True(false);
        "Enabled" => Safe::True(true);
    }
    "AWS::KMS::Key" Protection { "PendingWindowInDays" => Safe::Greater(30); }
    "AWS::IAM::Role" Authorisation {
        "PermissionsBoundary" => Safe::Presence;
    }
    "AWS::IAM::User" Authorisation {
        "PermissionsBoundary" => Safe::Presence;
        "LoginProfile" => Safe::Absence;
    }
    "AWS::Events::Archive" Encryption { "KmsKeyIdentifier" => Safe::Presence; }
    "AWS::Events::EventBus" Encryption { "KmsKeyIdentifier" => Safe::Presence; }
    "AWS::CloudFront::Distribution" Tls {
        "DistributionConfig"."DefaultCacheBehavior"."ViewerProtocolPolicy" =>
            Safe::Order(&["allow-all", "redirect-to-https", "https-only"], 0);
        "DistributionConfig"."ViewerCertificate"."MinimumProtocolVersion" => Safe::Order(
            &["SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"],
            1,
        );
    }
    "AWS::CloudFront::Distribution" PublicAccess { "DistributionConfig"."WebACLId" => Safe::Presence; }
    "AWS::CloudFront::Distribution" Logging { "DistributionConfig"."Logging" => Safe::Presence; }
    "AWS::Cognito::UserPool" Authorisation {
        "MfaConfiguration" => Safe::Order(&["OFF", "OPTIONAL", "ON"], 0);
        "AdminCreateUserConfig"."AllowAdminCreateUserOnly" => Safe::True(false);
    }
    "AWS::Cognito::UserPool" Protection { "DeletionProtection" => Safe::Order(&["INACTIVE", "ACTIVE"], 0); }
    "AWS::CloudTrail::Trail" Logging { "IsLogging" => Safe::True(true); }
    "AWS::EFS::FileSystem" Encryption { "Encrypted" => Safe::True(true); }
    "AWS::RDS::DBInstance" PublicAccess { "PubliclyAccessible" => Safe::False; }
    "AWS::RDS::DBInstance" Encryption { "StorageEncrypted" => Safe::True(false); }
    "AWS::RDS::DBInstance" Protection {
        "DeletionProtection" => Safe::True(false);
        "BackupRetentionPeriod" => Safe::Greater(1);
    }
    "AWS::RDS::DBCluster" Encryption { "StorageEncrypted" => Safe::True(false); }
    "AWS::RDS::DBCluster" Protection {
        "DeletionProtection" => Safe::True(false);
        "BackupRetentionPeriod" => Safe::Greater(1);
    }
    "AWS::SecretsManager::Secret" Encryption { "KmsKeyId" => Safe::Presence; }
    "AWS::ElasticLoadBalancingV2::Listener" Tls { "Protocol" => Safe::Order(&["HTTP", "HTTPS"], 1); }
};
