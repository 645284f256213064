//! The construct tree of Skysmith: [`App`], [`Stack`], [`Scope`], typed [`Value`]s, and the way from the tree to
//! CloudFormation templates in a cloud assembly.
//!
//! A program makes constructs in scopes; nothing is computed yet. [`App::synthesize`] then *prepares* the tree (folds attachments such as
//! grants into properties, lets aspects look at everything, runs rules) and *renders* each stack: logical ids by the CDK's rule,
//! references by those ids. Errors are collected on the way, each with the construct and the line of the program that
//! made it, and are reported all at once.
//!
//! This crate is pure: it reads the directories that assets name and nothing else. It must not know the network, the
//! clock, environment variables, what resource types exist, or any AWS service; those who do stand above it.

mod app;
mod aspect;
mod asset;
mod builder;
mod diagnostic;
mod entries;
mod logical_id;
mod nested;
mod params;
mod place;
mod prepare;
mod reference;
mod render;
mod resource;
mod scope;
mod stack;
mod stage;
mod synth;
mod text;
mod tree;
mod value;
mod write;

pub use app::{App, Catalog, TagStyle};
pub use aspect::Aspect;
pub use asset::{AssetError, DirectoryAsset};
pub use builder::Draft;
pub use diagnostic::{Diagnostic, Severity};
pub use entries::{Condition, Mapping, Output, Parameter, ParameterBuilder, Rule, Test};
pub use logical_id::logical_id;
pub use nested::NestedStack;
pub use params::{Param, Params, ParamsError};
pub use place::{Given, Place};
pub use reference::{Intrinsic, Map, Node, NodeId, Pseudo, Reference};
pub use resource::{CfnResource, PropertyValue, RemovalPolicy, Resource};
pub use scope::Scope;
pub use stack::{CrossStackReferences, Stack, StackBuilder};
pub use stage::{Stage, StageBuilder};
pub use synth::{RenderedElement, Synthesis, SynthesizedStack};
pub use text::Text;
pub use value::{
    Arn, ArnError, Choice, FromText, Id, IntoList, IntoMap, IntoValue, Json, List, Literal, MapOf, Name, PropertyMap,
    Value, pseudo,
};
