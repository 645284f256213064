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

#[macro_use]
#[allow(unused_macros, reason = "which of them are used depends on the features")]
mod macros;
pub mod markers;
mod tag;

pub use tag::Tag;

#[cfg(feature = "apigateway")]
pub mod apigateway;
#[cfg(feature = "apigatewayv2")]
pub mod apigatewayv2;
#[cfg(feature = "cloudformation")]
pub mod cloudformation;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "events")]
pub mod events;
#[cfg(feature = "iam")]
pub mod iam;
#[cfg(feature = "kms")]
pub mod kms;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "logs")]
pub mod logs;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "secretsmanager")]
pub mod secretsmanager;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "ssm")]
pub mod ssm;
