//! The app: the root of a tree.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use crate::params::Params;
use crate::place::Place;
use crate::prepare;
use crate::scope::Scope;
use crate::synth::{self, Synthesis};
use crate::tree::{Kind, Tree};

/// The root of a tree of constructs.
#[derive(Clone, Debug)]
pub struct App {
    scope: Scope,
}

/// What synthesis asks of the resource specification, which this crate does not know.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    /// How a resource type is tagged, if it can be.
    pub tags: fn(&str) -> Option<TagStyle>,
    /// Whether an attribute of a resource type is a list.
    pub is_list: fn(&str, &str) -> bool,
}

/// How a resource type takes its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagStyle {
    /// A list of `{Key, Value}` in the property of that name.
    List(&'static str),
    /// A map in the property of that name.
    Map(&'static str),
}

impl App {
    /// An app without parameters.
    #[track_caller]
    pub fn new() -> Self {
        Self::with_params(Params::default())
    }

    /// An app with parameters.
    #[track_caller]
    pub fn with_params(params: Params) -> Self {
        let place: Place = std::panic::Location::caller();
        let tree = Rc::new(RefCell::new(Tree::new(params)));
        let index = tree.borrow_mut().add(None, "", Kind::Scope, place);
        Self { scope: Scope { tree, index, place: None } }
    }

    /// Prepares the tree and renders its stacks. Errors are in the result's diagnostics, all of them at once.
    ///
    /// The app is done afterwards: constructs that are made later are in no template.
    pub fn synthesize(&self, catalog: &Catalog) -> Synthesis {
        prepare::prepare(&self.scope.tree);
        synth::synthesize(&self.scope.tree, catalog)
    }
}

impl Default for App {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for App {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}
