//! From the prepared tree to templates.
//!
//! Ids come first, then everything that names them: references, dependencies, hashes of rendered content.

use std::collections::{BTreeMap, HashMap, HashSet};

use skysmith_template::Template;

use crate::app::{Catalog, TagStyle};
use crate::asset::DirectoryAsset;
use crate::diagnostic::{Diagnostic, Severity};
use crate::logical_id::{content_hash, is_logical_id, logical_id};
use crate::place::{self, Place};
use crate::reference::{Node, NodeId, Reference};
use crate::tree::{Kind, ResourceData, Section, Shared, Tree};

type Rendered = skysmith_template::Node;
type RenderedMap = skysmith_template::Map;

/// What synthesis made: templates, assets, and everything that is wrong.
pub struct Synthesis {
    /// The stacks, in the order they were made.
    pub stacks: Vec<SynthesizedStack>,
    /// The assets that any of them needs.
    pub assets: Vec<DirectoryAsset>,
    diagnostics: Vec<Diagnostic>,
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
    node: NodeId,
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
    pub fn report(&mut self, stack: usize, logical_id: Option<&str>, mut diagnostic: Diagnostic) {
        let tree = self.tree.borrow();
        let stack = &self.stacks[stack];
        let element = logical_id.and_then(|id| stack.elements.iter().find(|element| element.logical_id == id));
        if let Some(element) = element {
            diagnostic.node = Some(element.node);
            if diagnostic.place.is_none() {
                diagnostic.place = tree.place_of(element.node.index, diagnostic.property.as_deref());
            }
        }
        self.diagnostics.push(diagnostic);
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

/// The ids that stand for a construct to its user: an L2's own resource is the construct itself.
fn shown_path(path: &str) -> &str {
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
        place: diagnostic.place.map(|place| SourcePlace { file: place::shown_file(place), line: place.line() }),
        notes: diagnostic.notes.clone(),
        ..protocol::Diagnostic::new(severity, diagnostic.message.clone())
    }
}

pub(crate) fn synthesize(shared: &Shared, catalog: &Catalog) -> Synthesis {
    let mut tree = shared.borrow_mut();
    let mut renderer = Renderer {
        tree: &tree,
        catalog,
        stack_of: stack_by_element(&tree),
        ids: HashMap::new(),
        diagnostics: Vec::new(),
    };
    let members = renderer.members();
    for (_, elements) in &members {
        renderer.assign_ids(elements);
    }
    for (_, elements) in &members {
        renderer.assign_hashed_ids(elements);
    }
    let stacks: Vec<_> = members.iter().map(|(stack, elements)| renderer.stack(*stack, elements)).collect();
    renderer.check_names(&members);
    let found = renderer.diagnostics;
    let mut diagnostics = std::mem::take(&mut tree.diagnostics);
    diagnostics.extend(found);
    let assets = tree.assets.clone();
    drop(tree);
    Synthesis { stacks, assets, diagnostics, tree: shared.clone() }
}

/// The stack of every element, found in one pass: a parent always stands before its children.
fn stack_by_element(tree: &Tree) -> Vec<Option<u32>> {
    let mut stacks: Vec<Option<u32>> = Vec::with_capacity(tree.elements.len());
    for (index, element) in tree.elements.iter().enumerate() {
        let stack = match element.kind {
            Kind::Stack(_) => Some(index as u32),
            _ => element.parent.and_then(|parent| stacks[parent as usize]),
        };
        stacks.push(stack);
    }
    stacks
}

struct Renderer<'a> {
    tree: &'a Tree,
    catalog: &'a Catalog,
    stack_of: Vec<Option<u32>>,
    ids: HashMap<u32, String>,
    diagnostics: Vec<Diagnostic>,
}

impl Renderer<'_> {
    fn report(&mut self, index: u32, mut diagnostic: Diagnostic) {
        diagnostic.node = Some(self.tree.node_id(index));
        diagnostic.place = diagnostic.place.or(Some(self.tree.element(index).place));
        self.diagnostics.push(diagnostic);
    }

    /// Each stack with the elements of it that have a logical id, in the order they were made.
    fn members(&mut self) -> Vec<(u32, Vec<u32>)> {
        let mut members: Vec<(u32, Vec<u32>)> = Vec::new();
        let mut position: HashMap<u32, usize> = HashMap::new();
        for index in 0..self.tree.elements.len() as u32 {
            match self.tree.element(index).kind {
                Kind::Scope => {}
                Kind::Stack(_) => {
                    position.insert(index, members.len());
                    members.push((index, Vec::new()));
                }
                Kind::Resource(_) | Kind::Entry { .. } => {
                    match self.stack_of[index as usize].and_then(|stack| position.get(&stack)) {
                        Some(stack) => members[*stack].1.push(index),
                        None => self.report(
                            index,
                            Diagnostic::error(format!("`{}` is in no stack", self.tree.path(index)))
                                .rule("no-stack")
                                .note("make it in the scope of a stack, not of the app"),
                        ),
                    }
                }
            }
        }
        members
    }

    fn path_in_stack(&self, index: u32) -> Vec<&str> {
        let mut ids = Vec::new();
        let mut at = index;
        while let Some(parent) = self.tree.element(at).parent {
            if matches!(self.tree.element(at).kind, Kind::Stack(_)) {
                break;
            }
            ids.push(&*self.tree.element(at).id);
            at = parent;
        }
        ids.reverse();
        ids
    }

    fn assign_ids(&mut self, elements: &[u32]) {
        let mut taken: HashMap<String, u32> = HashMap::new();
        for &index in elements {
            let path = self.path_in_stack(index);
            let id = match &self.tree.element(index).logical_id {
                Some(id) => Some(id.clone()),
                None => logical_id(&path),
            };
            let Some(id) = id.filter(|id| is_logical_id(id)) else {
                let message = format!("`{}` yields no logical id", path.join("/"));
                let note = "a logical id takes letters and digits, 255 at most";
                self.report(index, Diagnostic::error(message).rule("logical-id").note(note));
                continue;
            };
            if let Some(&first) = taken.get(&id) {
                // The same path twice is a duplicate construct id, which has been reported.
                if self.tree.path(first) != self.tree.path(index) {
                    let message = format!("logical id `{id}` is taken by `{}` already", self.tree.path(first));
                    self.report(index, Diagnostic::error(message).rule("logical-id"));
                }
            } else {
                taken.insert(id.clone(), index);
            }
            self.ids.insert(index, id);
        }
    }

    /// Completes the ids that carry a hash of other resources' content. One may hash another, so they are taken in the
    /// order of their dependence.
    fn assign_hashed_ids(&mut self, elements: &[u32]) {
        let mut pending: Vec<u32> = elements
            .iter()
            .copied()
            .filter(|index| self.tree.resource(*index).is_some_and(|resource| resource.hash_of.is_some()))
            .collect();
        while !pending.is_empty() {
            let ready = pending.iter().position(|&index| !self.hash_waits_for(index, &pending));
            // A circle of hashes has no answer; taking any one of them still gives the same bytes every time.
            let index = pending.remove(ready.unwrap_or(0));
            let Some(resource) = self.tree.resource(index) else { continue };
            let content: String = resource
                .hash_of
                .iter()
                .flatten()
                .filter_map(|id| self.resource_body(id.index))
                .map(|body| Rendered::Map(body).to_json_compact())
                .collect();
            if let Some(id) = self.ids.get_mut(&index) {
                id.push_str(&content_hash(&content));
            }
        }
    }

    fn hash_waits_for(&self, index: u32, pending: &[u32]) -> bool {
        let hashed = self.tree.resource(index).and_then(|resource| resource.hash_of.as_ref());
        hashed.is_some_and(|hashed| hashed.iter().any(|id| id.index != index && pending.contains(&id.index)))
    }

    fn stack(&mut self, stack: u32, members: &[u32]) -> SynthesizedStack {
        let tree = self.tree;
        let Kind::Stack(data) = &tree.element(stack).kind else { unreachable!("members are listed by stack") };
        let mut template = Template::new();
        if let Some(description) = &data.description {
            template.root_mut().insert("Description".to_owned(), description.as_str().into());
        }
        match data.transforms.as_slice() {
            [] => {}
            [one] => {
                template.root_mut().insert("Transform".to_owned(), one.as_str().into());
            }
            many => {
                let names = many.iter().map(|name| name.as_str().into()).collect();
                template.root_mut().insert("Transform".to_owned(), Rendered::List(names));
            }
        }
        for section in [Section::Parameters, Section::Mappings, Section::Conditions] {
            self.entries(&mut template, members, section);
        }
        for &index in members {
            let (Some(_), Some(id)) = (tree.resource(index), self.ids.get(&index).cloned()) else { continue };
            self.check_references(index, stack);
            if let Some(body) = self.resource_body(index) {
                template.section_mut("Resources").entry(id).or_insert(Rendered::Map(body));
            }
        }
        self.entries(&mut template, members, Section::Outputs);
        let elements = members
            .iter()
            .filter_map(|&index| {
                let element = tree.element(index);
                Some(RenderedElement {
                    logical_id: self.ids.get(&index)?.clone(),
                    path: tree.path(index),
                    place: element.place,
                    node: tree.node_id(index),
                })
            })
            .collect();
        let path = tree.path(stack);
        SynthesizedStack {
            id: path.replace('/', "-"),
            name: data.name.clone().unwrap_or_else(|| path.replace('/', "-")),
            account: data.account.clone(),
            region: data.region.clone(),
            termination_protection: data.termination_protection,
            tags: self.tags_of(stack).into_iter().collect(),
            depends_on: data.depends_on.iter().map(|id| tree.path(id.index).replace('/', "-")).collect(),
            assets: self.assets_of(stack),
            path,
            template,
            elements,
        }
    }

    fn assets_of(&self, stack: u32) -> Vec<String> {
        let attached = self.tree.element(stack).attachments.iter();
        let mut hashes: Vec<String> =
            attached.filter_map(|value| Some(value.downcast_ref::<DirectoryAsset>()?.hash().to_owned())).collect();
        hashes.sort();
        hashes.dedup();
        hashes
    }

    fn entries(&mut self, template: &mut Template, members: &[u32], wanted: Section) {
        for &index in members {
            let Kind::Entry { section, body } = &self.tree.element(index).kind else { continue };
            let Some(id) = self.ids.get(&index).cloned() else { continue };
            if *section != wanted {
                continue;
            }
            if let Some(stack) = self.stack_of[index as usize] {
                self.check_node(index, stack, None, body);
            }
            let mut body = self.render(body.clone());
            // An output's condition is a bare name; the tree holds a reference so that the condition can be renamed.
            if let Rendered::Map(entry) = &mut body
                && let Some(condition) = entry.get_mut("Condition")
                && let Rendered::Intrinsic(intrinsic) = condition
                && let skysmith_template::Intrinsic::Condition(name) = &**intrinsic
            {
                *condition = Rendered::String(name.clone());
            }
            template.section_mut(wanted.name()).entry(id).or_insert(body);
        }
    }

    /// Whatever cannot be named any more gets a name that no template has; the error has been reported.
    fn name(&self, reference: Reference) -> String {
        match reference {
            Reference::Pseudo(pseudo) => pseudo.name().to_owned(),
            Reference::Element(id) if id.app == self.tree.app => {
                self.ids.get(&id.index).cloned().unwrap_or_else(|| "Unknown".to_owned())
            }
            Reference::Element(_) => "Unknown".to_owned(),
        }
    }

    fn render(&self, node: Node) -> Rendered {
        let rendered: Result<Rendered, std::convert::Infallible> =
            node.try_map_refs(&mut |reference| Ok(self.name(reference)));
        match rendered {
            Ok(rendered) => rendered,
            Err(never) => match never {},
        }
    }

    fn resource_body(&self, index: u32) -> Option<RenderedMap> {
        let resource = self.tree.resource(index)?;
        let mut body = RenderedMap::new();
        body.insert("Type".to_owned(), (*resource.resource_type).into());
        let mut properties = resource.properties.clone();
        self.add_tags(index, resource, &mut properties);
        if !properties.is_empty() {
            body.insert("Properties".to_owned(), self.render(Node::Map(properties)));
        }
        let depends_on = self.depends_on(resource);
        if !depends_on.is_empty() {
            body.insert("DependsOn".to_owned(), depends_on.into());
        }
        if let Some(condition) = resource.condition {
            body.insert("Condition".to_owned(), self.name(Reference::Element(condition)).into());
        }
        if let Some(policy) = resource.deletion_policy {
            body.insert("DeletionPolicy".to_owned(), policy.deletion_policy().into());
        }
        if let Some(policy) = resource.update_replace_policy {
            body.insert("UpdateReplacePolicy".to_owned(), policy.update_replace_policy().into());
        }
        for (key, value) in &resource.attributes {
            body.insert(key.clone(), self.render(value.clone()));
        }
        if !resource.metadata.is_empty() {
            body.insert("Metadata".to_owned(), self.render(Node::Map(resource.metadata.clone())));
        }
        for (path, value) in &resource.overrides {
            apply_override(&mut body, path, value.clone().map(|value| self.render(value)));
        }
        Some(body)
    }

    /// The dependencies that no reference expresses already: CloudFormation orders by those as well.
    fn depends_on(&self, resource: &ResourceData) -> Vec<String> {
        let mut referred = HashSet::new();
        for value in resource.properties.values() {
            value.for_each_ref(&mut |reference| {
                if let Reference::Element(id) = reference {
                    referred.insert(*id);
                }
            });
        }
        let mut names: Vec<String> = resource
            .depends_on
            .iter()
            .filter(|id| !referred.contains(id))
            .map(|id| self.name(Reference::Element(*id)))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The tags that hold at an element: those of the app and of the stack for a stack, those between the stack and the
    /// resource for a resource. The nearest one wins.
    fn tags_of(&self, index: u32) -> Vec<(String, String)> {
        let mut tags: Vec<(String, String)> = Vec::new();
        let is_stack = matches!(self.tree.element(index).kind, Kind::Stack(_));
        let mut at = Some(index);
        while let Some(current) = at {
            let element = self.tree.element(current);
            if !is_stack && matches!(element.kind, Kind::Stack(_)) {
                break;
            }
            for (key, value) in &element.tags {
                if !tags.iter().any(|(known, _)| known == key) {
                    tags.push((key.clone(), value.clone()));
                }
            }
            at = element.parent;
        }
        tags.sort();
        tags
    }

    fn add_tags(&self, index: u32, resource: &ResourceData, properties: &mut crate::reference::Map) {
        let tags = self.tags_of(index);
        if tags.is_empty() {
            return;
        }
        match (self.catalog.tags)(&resource.resource_type) {
            None => {}
            Some(TagStyle::List(property)) => {
                let list = properties.entry(property.to_owned()).or_insert_with(|| Node::List(Vec::new()));
                let Node::List(list) = list else { return };
                for (key, value) in tags {
                    if !list.iter().any(|tag| tag.get("Key").and_then(Node::as_str) == Some(&key)) {
                        let tag = [("Key".to_owned(), key.into()), ("Value".to_owned(), value.into())];
                        list.push(Node::Map(tag.into_iter().collect()));
                    }
                }
            }
            Some(TagStyle::Map(property)) => {
                let map = properties.entry(property.to_owned()).or_insert_with(|| Node::Map(Default::default()));
                let Node::Map(map) = map else { return };
                for (key, value) in tags {
                    map.entry(key).or_insert_with(|| value.into());
                }
            }
        }
    }

    fn check_references(&mut self, index: u32, stack: u32) {
        let tree = self.tree;
        let Some(resource) = tree.resource(index) else { return };
        for (property, value) in &resource.properties {
            self.check_node(index, stack, Some(property), value);
        }
        for &target in resource.depends_on.iter().chain(&resource.condition) {
            self.check_target(index, stack, None, target);
        }
    }

    fn check_node(&mut self, index: u32, stack: u32, property: Option<&str>, node: &Node) {
        let mut targets = Vec::new();
        node.for_each_ref(&mut |reference| {
            if let Reference::Element(id) = reference {
                targets.push(*id);
            }
        });
        for target in targets {
            self.check_target(index, stack, property, target);
        }
    }

    fn check_target(&mut self, index: u32, stack: u32, property: Option<&str>, target: NodeId) {
        let tree = self.tree;
        let problem = if target.app != tree.app {
            Diagnostic::error("a value of another app is used here")
                .rule("foreign-value")
                .note("constructs can refer only to constructs of the same app")
        } else if self.stack_of[target.index as usize] != Some(stack) {
            let path = tree.path(target.index);
            Diagnostic::error(format!("refers to `{}`, which is in another stack", shown_path(&path)))
                .rule("cross-stack-reference")
                .note("put both in one stack, or pass the value as a parameter")
        } else {
            return;
        };
        let problem = match property {
            Some(property) => problem.property(property),
            None => problem,
        };
        let place = tree.place_of(index, property);
        self.report(index, Diagnostic { place, ..problem });
    }

    fn check_names(&mut self, members: &[(u32, Vec<u32>)]) {
        let mut taken: HashMap<(String, Option<String>, Option<String>), u32> = HashMap::new();
        for (stack, _) in members {
            let Kind::Stack(data) = &self.tree.element(*stack).kind else { continue };
            let name = data.name.clone().unwrap_or_else(|| self.tree.path(*stack).replace('/', "-"));
            let key = (name.clone(), data.account.clone(), data.region.clone());
            if let Some(first) = taken.insert(key, *stack) {
                let message = format!("stack name `{name}` is taken by `{}` already", self.tree.path(first));
                self.report(*stack, Diagnostic::error(message).rule("stack-name"));
            }
        }
    }
}

/// Sets or deletes what stands at `path`, making the maps on the way. A number steps into a list.
fn apply_override(body: &mut RenderedMap, path: &[String], value: Option<Rendered>) {
    let Some((last, way)) = path.split_last() else { return };
    let mut at = body;
    for (position, key) in way.iter().enumerate() {
        let entry = at.entry(key.clone()).or_insert_with(|| Rendered::Map(RenderedMap::new()));
        if let Rendered::List(items) = entry {
            let Some(item) = way.get(position + 1).unwrap_or(last).parse().ok().and_then(|at: usize| items.get_mut(at))
            else {
                return;
            };
            let rest = &path[position + 2..];
            match (rest, item) {
                ([], item) => {
                    if let Some(value) = value {
                        *item = value;
                    }
                }
                (rest, Rendered::Map(map)) => apply_override(map, rest, value),
                _ => {}
            }
            return;
        }
        if !matches!(entry, Rendered::Map(_)) {
            *entry = Rendered::Map(RenderedMap::new());
        }
        let Rendered::Map(map) = entry else { return };
        at = map;
    }
    match value {
        Some(value) => {
            at.insert(last.clone(), value);
        }
        None => {
            at.shift_remove(last);
        }
    }
}
