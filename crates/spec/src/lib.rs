//! Compact tables of every CloudFormation resource type: properties with their types and limits, attributes, replacement behaviour, tags, regions, permissions.
//!
//! The tables are one sorted blob in the binary. Nothing is parsed, allocated or unpacked at start: a lookup is a binary search, and everything that it gives is a [`Copy`]
//! handle into the blob. No lookup can fail or panic, whatever it is asked for.
//!
//! ```
//! let bucket = skysmith_spec::resource_type("AWS::S3::Bucket").expect("buckets are known");
//! let name = bucket.property("BucketName").expect("buckets have names");
//! assert_eq!(name.max_length(), Some(63));
//! assert_eq!(name.replacement(), skysmith_spec::Replacement::Always);
//! assert!(bucket.is_stateful());
//! ```
//!
//! The crate knows the specification and nothing else: no templates, no rules about them, no documentation. `cargo xtask codegen` writes the blob from
//! `data/resources.jsonl`, and that file from the sources named in `NOTICE`.

mod definition;
#[doc(hidden)]
pub mod layout;
mod resource;
mod shape;
mod table;

pub use definition::{Property, Replacement, Rule, RuleKind, TypeDefinition};
pub use resource::{Attribute, Operation, ResourceType, TagStyle, Tags, is_stateful, resource_type, resource_types};
pub use shape::{Shape, Union, ValueType};
