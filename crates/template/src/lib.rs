//! The one CloudFormation template model of Skysmith: nodes, intrinsic functions, [`Template`], readers and writers.
//!
//! Everything that touches a template, whether it was rendered from a Rust program, written by hand or synthesized by
//! another tool, sees it through this crate. Nothing is lost but comments and layout: sections, properties and
//! functions that the model has no name for survive a round trip.
//!
//! ```
//! # fn main() -> Result<(), skysmith_template::ReadError> {
//! let document = skysmith_template::read(
//!     r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}}}"#,
//! )?;
//! let topic = document.template.resource("Topic").expect("it is there");
//! assert_eq!(topic.resource_type(), Some("AWS::SNS::Topic"));
//! let mut references = Vec::new();
//! topic.property("TopicName").expect("it is there").for_each_ref(&mut |name| references.push(name));
//! assert_eq!(references, ["Name"]);
//! let place = document.source.span(&["Resources".into(), "Topic".into()]).expect("it was read");
//! assert_eq!(place.start.to_string(), "line 1, column 25");
//! # Ok(())
//! # }
//! ```
//!
//! YAML, read and written, is the feature `yaml`. Without it the crate reads and writes JSON alone.
//!
//! This crate knows CloudFormation's *syntax*. It must not know what resource types exist, whether a template makes
//! sense, files, or the network.

mod build;
mod error;
mod intrinsic;
mod json;
mod json_string;
mod long_form;
mod node;
mod number;
mod read;
mod source;
mod sub;
mod template;
#[cfg(feature = "yaml")]
mod yaml;

pub use error::{ReadError, ReadErrorKind};
pub use intrinsic::{Intrinsic, SubPart};
pub use node::{Map, Node};
pub use number::Number;
#[cfg(feature = "yaml")]
pub use read::read_yaml;
pub use read::{Document, read, read_bytes, read_json};
pub use source::{Position, SourceMap, Span, Step};
pub use template::{ForEach, Output, Parameter, Resource, Template};
