//! What synthesis makes of a prepared tree: templates, assets, and everything that is wrong.

use std::collections::{BTreeMap, HashSet};

use skysmith_template::Template;

use crate::app::Catalog;
use crate::asset::DirectoryAsset;
use crate::diagnostic::{Diagnostic, Severity};
use crate::place::{self, Place};
use crate::reference::NodeId;
use crate::render;
use crate::tree::{Shared, Tree};

/// What synthesis made: templates, assets, and everything that is wrong.
pub struct Synthesis {
    /// The stacks, in the order they were made.
    pub stacks: Vec<SynthesizedStack>,
    /// The assets that any of them needs.
    pub assets: Vec<DirectoryAsset>,
    diagnostics: Vec<Diagnostic>,
    silenced: Vec<(Diagnostic, Option<String>)>,
    tree: Shared,
}

/// A rendered stack.
pub struct SynthesizedStack {
    /// The ids from below the app to the stack, joined by `-`: the artifact's id, unique in the assembly.
    pub id: String,
    /// The path in the tree.
    pub path: String,
    /// The name that CloudFormation knows the stack by.
    pub name: String,
    /// The account it belongs to, if it belongs to one.
    pub account: Option<String>,
    /// The region it belongs to, if it belongs to one.
    pub region: Option<String>,
    /// Whether it is protected from being deleted, where the program says so.
    pub termination_protection: Option<bool>,
    /// The stack's tags, sorted by key.
    pub tags: BTreeMap<String, String>,
    /// The ids of the stacks that are deployed before it.
    pub depends_on: Vec<String>,
    /// The assets it needs, by hash.
    pub assets: Vec<String>,
    /// The path of the stack around it, if it is nested. It is then no stack of the assembly but an asset of that one.
    pub nested_in: Option<String>,
    /// The hash of the template of a nested stack, by which it is an asset.
    pub(crate) nested_hash: Option<String>,
    pub(crate) node: NodeId,
    /// The template.
    pub template: Template,
    /// What each logical id was made by, in the template's order.
    pub elements: Vec<RenderedElement>,
}

/// The origin of a logical id.
pub struct RenderedElement {
    /// The logical id.
    pub logical_id: String,
    /// The element's path in the tree.
    pub path: String,
    /// Where in the program it was made.
    pub place: Place,
    pub(crate) node: NodeId,
}

impl RenderedElement {
    /// Where in the program it was made, as `file:line`.
    pub fn shown_place(&self) -> String {
        place::shown(self.place)
    }
}

impl Synthesis {
    /// Adds a diagnostic that a check of a rendered template found, about a logical id of `stack` (or about the whole
    /// template), with the construct and the source place behind it.
    pub fn report(&mut self, stack: usize, logical_id: Option<&str>, diagnostic: Diagnostic) {
        let diagnostic = self.located(stack, logical_id, diagnostic);
        self.diagnostics.push(diagnostic);
    }

    /// Adds one that counts for nothing, and why, where the program says so.
    pub fn silence(&mut self, stack: usize, logical_id: Option<&str>, diagnostic: Diagnostic, reason: Option<String>) {
        let diagnostic = self.located(stack, logical_id, diagnostic);
        self.silenced.push((diagnostic, reason));
    }

    fn located(&self, stack: usize, logical_id: Option<&str>, mut diagnostic: Diagnostic) -> Diagnostic {
        let tree = self.tree.borrow();
        let stack = &self.stacks[stack];
        let element = logical_id.and_then(|id| stack.elements.iter().find(|element| element.logical_id == id));
        let node = element.map_or(stack.node, |element| element.node);
        diagnostic.node = Some(node);
        if diagnostic.place.is_none() {
            diagnostic.place = tree.place_of(node.index, diagnostic.property.as_deref());
        }
        diagnostic
    }

    /// Whether anything is wrong that keeps the assembly from being written.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Everything that is wrong, in the form the command line reads. The same complaint about the same thing comes once.
    pub fn diagnostics(&self) -> Vec<skysmith_assembly::protocol::Diagnostic> {
        let tree = self.tree.borrow();
        let mut seen = HashSet::new();
        self.diagnostics
            .iter()
            .map(|diagnostic| exported(&tree, diagnostic))
            .filter(|diagnostic| seen.insert(format!("{diagnostic:?}")))
            .collect()
    }
}

impl Synthesis {
    /// What counts for nothing, in the form the command line reads.
    pub fn silenced(&self) -> Vec<skysmith_assembly::protocol::Silenced> {
        let tree = self.tree.borrow();
        let exported = |(diagnostic, reason): &(Diagnostic, Option<String>)| skysmith_assembly::protocol::Silenced {
            diagnostic: exported(&tree, diagnostic),
            reason: reason.clone(),
        };
        self.silenced.iter().map(exported).collect()
    }
}

/// The ids that stand for a construct to its user: an L2's own resource is the construct itself.
pub(crate) fn shown_path(path: &str) -> &str {
    path.strip_suffix("/Resource").unwrap_or(path)
}

fn exported(tree: &Tree, diagnostic: &Diagnostic) -> skysmith_assembly::protocol::Diagnostic {
    use skysmith_assembly::{SourcePlace, protocol};
    let severity = match diagnostic.severity {
        Severity::Error => protocol::Severity::Error,
        Severity::Warning => protocol::Severity::Warning,
    };
    let node = diagnostic.node.filter(|node| node.app == tree.app);
    let path = node.map(|node| shown_path(&tree.path(node.index)).to_owned()).filter(|path| !path.is_empty());
    protocol::Diagnostic {
        rule: diagnostic.rule.clone(),
        path,
        resource_type: node.and_then(|node| Some(tree.resource(node.index)?.resource_type.to_string())),
        property: diagnostic.property.clone(),
        place: diagnostic.place.map(|place| SourcePlace {
            column: Some(place.column()),
            ..SourcePlace::line(place::shown_file(place), place.line())
        }),
        notes: diagnostic.notes.clone(),
        ..protocol::Diagnostic::new(severity, diagnostic.message.clone())
    }
}

pub(crate) fn synthesize(shared: &Shared, catalog: &Catalog) -> Synthesis {
    let mut tree = shared.borrow_mut();
    let (stacks, found) = render::render(&tree, catalog);
    let mut diagnostics = std::mem::take(&mut tree.diagnostics);
    diagnostics.extend(found);
    let assets = tree.assets.clone();
    drop(tree);
    Synthesis { stacks, assets, diagnostics, silenced: Vec::new(), tree: shared.clone() }
}
