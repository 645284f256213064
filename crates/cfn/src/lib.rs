//! Typed CloudFormation resources, one module and one cargo feature for each service.
//!
//! Everything but this page is generated from the resource specification: for each resource type a handle with a setter
//! for each property, for each object type a builder, for each enumeration an enum. What is set is checked by its type
//! and stored as it will stand in the template.
//!
//! ```ignore
//! let bucket = CfnBucket::new(&scope, "Bucket")
//!     .versioning_configuration(bucket::VersioningConfiguration::new(bucket::VersioningConfigurationStatus::Enabled));
//! ```
//!
//! Features choose the services; without any there are only the [`markers`]. The crate has no defaults and no opinions: it
//! knows the specification and the construct tree, and nothing of how services work together.

#![allow(clippy::too_many_arguments, reason = "a resource type has as many required properties as it has")]
#![allow(clippy::should_implement_trait, reason = "a setter is named as its property, which may be `Add`")]
#![allow(
    clippy::doc_lazy_continuation,
    clippy::doc_overindented_list_items,
    reason = "the lists in the services' own documentation are indented as they are"
)]

#[macro_use]
#[allow(dead_code, unused_macros, reason = "which of them are used depends on the features")]
mod macros;
pub mod markers;
mod tag;

pub use tag::Tag;

#[cfg(feature = "apigateway")]
pub mod apigateway;
#[cfg(feature = "apigatewayv2")]
pub mod apigatewayv2;
#[cfg(feature = "appsync")]
pub mod appsync;
#[cfg(feature = "certificatemanager")]
pub mod certificatemanager;
#[cfg(feature = "cloudformation")]
pub mod cloudformation;
#[cfg(feature = "cloudfront")]
pub mod cloudfront;
#[cfg(feature = "cloudwatch")]
pub mod cloudwatch;
#[cfg(feature = "cognito")]
pub mod cognito;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "ec2")]
pub mod ec2;
#[cfg(feature = "ecr")]
pub mod ecr;
#[cfg(feature = "ecs")]
pub mod ecs;
#[cfg(feature = "elasticloadbalancingv2")]
pub mod elasticloadbalancingv2;
#[cfg(feature = "events")]
pub mod events;
#[cfg(feature = "iam")]
pub mod iam;
#[cfg(feature = "kinesis")]
pub mod kinesis;
#[cfg(feature = "kms")]
pub mod kms;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "logs")]
pub mod logs;
#[cfg(feature = "pipes")]
pub mod pipes;
#[cfg(feature = "route53")]
pub mod route53;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "scheduler")]
pub mod scheduler;
#[cfg(feature = "secretsmanager")]
pub mod secretsmanager;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "ssm")]
pub mod ssm;
#[cfg(feature = "stepfunctions")]
pub mod stepfunctions;
#[cfg(feature = "wafv2")]
pub mod wafv2;
