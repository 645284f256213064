//! The arena: every construct of an app in one vector, with ids for pointers.
//!
//! Only this crate borrows it, and only inside methods that take and return owned values. No code of a user (an aspect, a
//! fold, an `IntoValue`) ever runs under a borrow, so that no program can meet a borrow panic.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::aspect::Aspect;
use crate::diagnostic::Diagnostic;
use crate::params::Params;
use crate::place::Place;
use crate::reference::{Map, Node, NodeId};
use crate::scope::Scope;

/// A fold: recomputes what follows from a construct's attachments. See [`Scope::fold`](crate::Scope::fold).
pub(crate) type Fold = Rc<dyn Fn()>;

pub(crate) struct Tree {
    pub app: u32,
    pub elements: Vec<Element>,
    /// By parent and id.
    pub names: HashMap<(u32, Box<str>), u32>,
    pub diagnostics: Vec<Diagnostic>,
    pub folds: Vec<Fold>,
    pub aspects: Vec<(NodeId, Rc<dyn Aspect>)>,
    pub rules: Vec<Fold>,
    /// Scopes, and those that are made before them.
    pub edges: Vec<(u32, u32)>,
    pub assets: Vec<crate::asset::DirectoryAsset>,
    pub params: Rc<Params>,
    /// Counts what can make another round of folds and aspects necessary: elements, attachments, aspects.
    pub generation: u64,
}

pub(crate) struct Element {
    pub parent: Option<u32>,
    /// In the order they were made.
    pub children: Vec<u32>,
    pub id: Box<str>,
    pub place: Place,
    pub kind: Kind,
    pub attachments: Vec<Rc<dyn Any>>,
    pub tags: Vec<(String, String)>,
    pub logical_id: Option<String>,
    /// What rules may find here.
    pub allowances: Vec<Allowance>,
    /// Where the element's logical ids are computed from, in place of its own path below the stack.
    pub alias: Option<Vec<Box<str>>>,
    /// What the user sets on the finished body: a path in it, and a value, or nothing to delete what is there.
    pub overrides: Vec<(Vec<String>, Option<Node>)>,
}

/// That a rule may find something, and why.
pub(crate) struct Allowance {
    pub rule: String,
    pub reason: String,
    pub place: Place,
}

/// Where allowances stand in a body, so that complaints about one can be led back to it.
const ALLOWED_AT: &str = "Metadata.skysmith.allow[";

pub(crate) enum Kind {
    Scope,
    /// A scope whose stacks belong to an account and a region.
    Stage {
        account: Option<String>,
        region: Option<String>,
    },
    Stack(Box<StackData>),
    Resource(Box<ResourceData>),
    /// What has a logical id and a body of its own in a section of the template: parameters, outputs, conditions.
    Entry {
        section: Section,
        body: Node,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Parameters,
    Rules,
    Mappings,
    Conditions,
    Outputs,
}

impl Section {
    pub fn name(self) -> &'static str {
        match self {
            Self::Parameters => "Parameters",
            Self::Rules => "Rules",
            Self::Mappings => "Mappings",
            Self::Conditions => "Conditions",
            Self::Outputs => "Outputs",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct StackData {
    pub name: Option<String>,
    pub description: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub termination_protection: Option<bool>,
    pub depends_on: Vec<NodeId>,
    pub transforms: Vec<String>,
    pub cross_stack_references: crate::CrossStackReferences,
    /// The resource in the parent stack that stands for this one, if it is nested.
    pub nested_in: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub(crate) struct ResourceData {
    pub resource_type: std::borrow::Cow<'static, str>,
    pub properties: Map,
    pub property_places: Vec<(Box<str>, Place)>,
    pub depends_on: Vec<NodeId>,
    pub condition: Option<NodeId>,
    pub deletion_policy: Option<crate::RemovalPolicy>,
    pub update_replace_policy: Option<crate::RemovalPolicy>,
    pub metadata: Map,
    /// Other attributes, such as `CreationPolicy`.
    pub attributes: Map,
    /// Whose rendered content the logical id carries a hash of.
    pub hash_of: Option<Vec<NodeId>>,
}

impl Tree {
    pub fn new(params: Params) -> Self {
        static APPS: AtomicU32 = AtomicU32::new(0);
        Self {
            app: APPS.fetch_add(1, Ordering::Relaxed),
            elements: Vec::new(),
            names: HashMap::new(),
            diagnostics: Vec::new(),
            folds: Vec::new(),
            aspects: Vec::new(),
            rules: Vec::new(),
            edges: Vec::new(),
            assets: Vec::new(),
            params: Rc::new(params),
            generation: 0,
        }
    }

    pub fn node_id(&self, index: u32) -> NodeId {
        NodeId { app: self.app, index }
    }

    pub fn element(&self, index: u32) -> &Element {
        &self.elements[index as usize]
    }

    pub fn element_mut(&mut self, index: u32) -> &mut Element {
        &mut self.elements[index as usize]
    }

    /// Adds an element below `parent`. Where the parent has a child of that id already, the error is recorded with
    /// both places and the new one is left out of the tree's names, so that the program can go on to its other errors.
    pub fn add(&mut self, parent: Option<u32>, id: &str, kind: Kind, place: Place) -> u32 {
        let index = self.elements.len() as u32;
        self.elements.push(Element {
            parent,
            children: Vec::new(),
            id: id.into(),
            place,
            kind,
            attachments: Vec::new(),
            tags: Vec::new(),
            logical_id: None,
            allowances: Vec::new(),
            alias: None,
            overrides: Vec::new(),
        });
        self.generation += 1;
        if let Some(parent) = parent {
            self.element_mut(parent).children.push(index);
            self.check_id(index, id, place);
            match self.names.entry((parent, id.into())) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(index);
                }
                std::collections::hash_map::Entry::Occupied(entry) => {
                    let first = *entry.get();
                    let (path, first_place) = (self.path(first), self.element(first).place);
                    let diagnostic = Diagnostic::error(format!("there is already a construct `{path}`"))
                        .rule("duplicate-id")
                        .at(place)
                        .note(format!("the first one is made at {}", crate::place::shown(first_place)))
                        .note("give one of them another id");
                    self.report(index, diagnostic);
                }
            }
        }
        index
    }

    fn check_id(&mut self, index: u32, id: &str, place: Place) {
        let problem = if id.is_empty() {
            "a construct's id is empty"
        } else if id.contains('/') {
            "a construct's id contains `/`, which separates ids in a path"
        } else {
            return;
        };
        self.report(index, Diagnostic::error(problem).rule("construct-id").at(place));
    }

    pub fn report(&mut self, index: u32, mut diagnostic: Diagnostic) {
        if diagnostic.node.is_none() {
            diagnostic.node = Some(self.node_id(index));
        }
        if diagnostic.place.is_none() {
            diagnostic.place = self.place_of(index, diagnostic.property.as_deref());
        }
        self.diagnostics.push(diagnostic);
    }

    /// Where the element was made or, where that is known, where its `property` (a path) was given.
    pub fn place_of(&self, index: u32, property: Option<&str>) -> Option<Place> {
        let element = self.element(index);
        let allowance = property.and_then(|path| path.strip_prefix(ALLOWED_AT)?.split(']').next()?.parse().ok());
        if let Some(allowance) = allowance.and_then(|index: usize| element.allowances.get(index)) {
            return Some(allowance.place);
        }
        let property = property.and_then(|path| path.split(['.', '[']).next());
        if let (Kind::Resource(resource), Some(property)) = (&element.kind, property)
            && let Some((_, place)) = resource.property_places.iter().find(|(name, _)| **name == *property)
        {
            return Some(place);
        }
        Some(element.place)
    }

    /// The ids from below the app down to the element.
    pub fn path_ids(&self, index: u32) -> Vec<&str> {
        let mut ids = Vec::new();
        let mut at = index;
        while let Some(parent) = self.element(at).parent {
            ids.push(&*self.element(at).id);
            at = parent;
        }
        ids.reverse();
        ids
    }

    pub fn path(&self, index: u32) -> String {
        self.path_ids(index).join("/")
    }

    /// The ids from just below the stack down to the element, from which its logical id is made. Where a construct on the
    /// way has an alias, that stands for everything up to there.
    pub fn path_in_stack(&self, index: u32) -> Vec<&str> {
        let mut ids = Vec::new();
        let mut at = index;
        while let Some(parent) = self.element(at).parent {
            let element = self.element(at);
            if matches!(element.kind, Kind::Stack(_)) && at != index {
                break;
            }
            if let Some(alias) = &element.alias {
                ids.extend(alias.iter().rev().map(|id| &**id));
                break;
            }
            ids.push(&*element.id);
            at = parent;
        }
        ids.reverse();
        ids
    }

    /// The path with `-` between its ids: the id of a stack in the assembly, and its name where it has no other.
    pub fn dashed_path(&self, index: u32) -> String {
        self.path_ids(index).join("-")
    }

    /// The name that CloudFormation knows a stack by.
    pub fn stack_name(&self, index: u32) -> String {
        let name = match &self.element(index).kind {
            Kind::Stack(data) => data.name.clone(),
            _ => None,
        };
        name.unwrap_or_else(|| self.dashed_path(index))
    }

    /// The stack that the element is in, itself included.
    pub fn stack_of(&self, index: u32) -> Option<u32> {
        let mut at = Some(index);
        while let Some(index) = at {
            let element = self.element(index);
            if matches!(element.kind, Kind::Stack(_)) {
                return Some(index);
            }
            at = element.parent;
        }
        None
    }

    /// The element and all below it, in the order they were made.
    pub fn with_descendants(&self, root: u32) -> Vec<u32> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(&index) = found.get(next) {
            found.extend(&self.element(index).children);
            next += 1;
        }
        found.sort_unstable();
        found
    }

    pub fn resource(&self, index: u32) -> Option<&ResourceData> {
        match &self.element(index).kind {
            Kind::Resource(resource) => Some(resource),
            _ => None,
        }
    }

    pub fn resource_mut(&mut self, index: u32) -> Option<&mut ResourceData> {
        match &mut self.element_mut(index).kind {
            Kind::Resource(resource) => Some(resource),
            _ => None,
        }
    }
}

/// The tree as the handles share it.
pub(crate) type Shared = Rc<RefCell<Tree>>;

pub(crate) fn scope(tree: &Shared, index: u32) -> Scope {
    Scope { tree: Rc::clone(tree), index, place: None }
}
