//! The one CloudFormation template model of Skysmith: nodes, intrinsic functions, [`Template`], readers and writers.
//!
//! Everything that touches a template, whether it was rendered from a Rust program, written by hand or synthesized by
//! another tool, sees it through this crate. Nothing is lost but comments and layout: sections, properties and
//! functions that the model has no name for survive a round trip.
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
