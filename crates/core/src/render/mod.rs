//! From the prepared tree to templates.
//!
//! Ids come first, then everything that names them: references, dependencies, hashes of rendered content.

mod check;
mod crossing;
mod ids;
mod overrides;
mod tags;

use std::collections::{HashMap, HashSet};

use skysmith_template::Template;

use self::crossing::Crossings;
use crate::app::Catalog;
use crate::asset::{self, DirectoryAsset};
use crate::diagnostic::Diagnostic;
use crate::reference::{Map, Node, Reference};
use crate::synth::{RenderedElement, SynthesizedStack};
use crate::tree::{Allowance, Kind, ResourceData, Section, StackData, Tree};

type Rendered = skysmith_template::Node;
type RenderedMap = skysmith_template::Map;

/// Renders every stack, and says what is wrong with what was rendered.
pub(crate) fn render(tree: &Tree, catalog: &Catalog) -> (Vec<SynthesizedStack>, Vec<Diagnostic>) {
    let mut renderer = Renderer {
        tree,
        catalog,
        stack_of: stack_by_element(tree),
        ids: vec![None; tree.elements.len()],
        crossings: Crossings::default(),
        nested: HashMap::new(),
        has_ids: false,
        diagnostics: Vec::new(),
    };
    let members = renderer.members();
    for (_, elements) in &members {
        renderer.assign_ids(elements);
    }
    for (_, elements) in &members {
        renderer.assign_hashed_ids(elements);
    }
    renderer.find_crossings(&members);
    // A nested stack is made after the one around it, and must be rendered before: its content's hash is part of that.
    let mut stacks: Vec<SynthesizedStack> =
        members.iter().rev().map(|(stack, elements)| renderer.stack(*stack, elements)).collect();
    stacks.reverse();
    renderer.check_names(&members);
    (stacks, renderer.diagnostics)
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
    /// By element.
    ids: Vec<Option<String>>,
    crossings: Crossings,
    /// Whether every id is complete, those that carry a hash included.
    has_ids: bool,
    /// By the resource that stands for it: each nested stack that has been rendered, and the hash of its template.
    nested: HashMap<u32, (u32, String)>,
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
                Kind::Scope | Kind::Stage { .. } => {}
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
        if let Some((key, allowances)) = self.allowances(stack) {
            template.section_mut("Metadata").insert(key, allowances);
        }
        self.entries(&mut template, members, Section::Parameters);
        for (id, _) in self.crossings.parameters(stack) {
            let parameter = [("Type".to_owned(), "String".into())].into_iter().collect();
            template.section_mut("Parameters").insert(id.clone(), Rendered::Map(parameter));
        }
        for section in [Section::Rules, Section::Mappings, Section::Conditions] {
            self.entries(&mut template, members, section);
        }
        for &index in members {
            let (Some(_), Some(id)) = (tree.resource(index), self.ids[index as usize].clone()) else { continue };
            if let Some(mut body) = self.resource_body(index) {
                self.complete_nested(index, &mut body);
                template.section_mut("Resources").entry(id).or_insert(Rendered::Map(body));
            }
        }
        self.entries(&mut template, members, Section::Outputs);
        for (id, body) in self.crossings.outputs(stack) {
            template.section_mut("Outputs").entry(id.clone()).or_insert(Rendered::Map(body.clone()));
        }
        let elements = members
            .iter()
            .filter_map(|&index| {
                let element = tree.element(index);
                Some(RenderedElement {
                    logical_id: self.ids[index as usize].clone()?,
                    path: tree.path(index),
                    place: element.place,
                    node: tree.node_id(index),
                })
            })
            .collect();
        let path = tree.path(stack);
        let nested_hash = data.nested_in.map(|resource| {
            let hash = asset::content_hash(template.to_json().as_bytes());
            self.nested.insert(resource.index, (stack, hash.clone()));
            hash
        });
        SynthesizedStack {
            id: tree.dashed_path(stack),
            name: self.tree.stack_name(stack),
            account: data.account.clone(),
            region: data.region.clone(),
            termination_protection: data.termination_protection,
            tags: self.tags_of(stack).into_iter().collect(),
            depends_on: self.waits_for(stack, data),
            assets: self.assets_of(stack),
            node: tree.node_id(stack),
            nested_hash,
            nested_in: self.parent_stack(stack).map(|parent| tree.path(parent)),
            path,
            template,
            elements,
        }
    }

    /// Completes the resource that stands for a nested stack: where its template will be, and what it is given.
    fn complete_nested(&self, index: u32, body: &mut RenderedMap) {
        let Some((stack, hash)) = self.nested.get(&index) else { return };
        let file = format!("asset.{hash}.json");
        let url =
            format!("https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{}/{hash}.json", skysmith_assembly::ASSET_BUCKET);
        let url = skysmith_template::SubPart::parse(&url, |_| false).unwrap_or_default();
        let url = skysmith_template::Intrinsic::Sub { parts: url, variables: RenderedMap::new() };
        let properties = body.entry("Properties".to_owned()).or_insert_with(|| Rendered::Map(RenderedMap::new()));
        if let Rendered::Map(properties) = properties {
            properties.insert("TemplateURL".to_owned(), Rendered::from(url));
            let given: RenderedMap =
                self.crossings.parameters(*stack).map(|(id, value)| (id.clone(), value.clone())).collect();
            if !given.is_empty() {
                properties.insert("Parameters".to_owned(), Rendered::Map(given));
            }
        }
        // The CDK's own marks, by which a diff finds the template of the nested stack.
        let metadata = body.entry("Metadata".to_owned()).or_insert_with(|| Rendered::Map(RenderedMap::new()));
        if let Rendered::Map(metadata) = metadata {
            metadata.insert("aws:asset:path".to_owned(), file.into());
            metadata.insert("aws:asset:property".to_owned(), "TemplateURL".into());
        }
    }

    /// The ids of the stacks that must be deployed first: those that the program names and those whose values are used.
    fn waits_for(&self, stack: u32, data: &StackData) -> Vec<String> {
        let named = data.depends_on.iter().map(|id| id.index);
        let mut ids: Vec<String> = named
            .chain(self.crossings.producers(stack).iter().copied())
            .map(|stack| self.tree.dashed_path(stack))
            .collect();
        ids.sort();
        ids.dedup();
        ids
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
            let Some(id) = self.ids[index as usize].clone() else { continue };
            if *section != wanted {
                continue;
            }
            let mut body = self.render(index, body);
            // An output's condition is a bare name; the tree holds a reference so that the condition can be renamed.
            if let Rendered::Map(entry) = &mut body
                && let Some(condition) = entry.get_mut("Condition")
                && let Rendered::Intrinsic(intrinsic) = condition
                && let skysmith_template::Intrinsic::Condition(name) = &**intrinsic
            {
                *condition = Rendered::String(name.clone());
            }
            if let Rendered::Map(entry) = &mut body {
                self.override_body(index, entry);
            }
            template.section_mut(wanted.name()).entry(id).or_insert(body);
        }
    }

    /// Whatever cannot be named any more gets a name that no template has; the error has been reported.
    fn name(&self, reference: Reference) -> String {
        match reference {
            Reference::Pseudo(pseudo) => pseudo.name().to_owned(),
            Reference::Element(id) if id.app == self.tree.app => {
                self.ids[id.index as usize].clone().unwrap_or_else(|| "Unknown".to_owned())
            }
            Reference::Element(_) => "Unknown".to_owned(),
        }
    }

    /// A value of the element `index` as the template has it.
    fn render(&self, index: u32, node: &Node) -> Rendered {
        let stack = self.stack_of[index as usize];
        let mut leaves = false;
        let mut rendered = node.map_refs(&mut |reference| match *reference {
            Reference::Element(id) if id.app == self.tree.app && self.stack_of[id.index as usize] != stack => {
                leaves = true;
                self.leaving_name(id.index)
            }
            reference => self.name(reference),
        });
        if leaves && let Some(stack) = stack {
            self.import_values(&mut rendered, stack);
        }
        rendered
    }

    /// Several values, by name.
    fn render_all(&self, index: u32, nodes: &Map) -> RenderedMap {
        nodes.iter().map(|(name, node)| (name.clone(), self.render(index, node))).collect()
    }

    fn resource_body(&self, index: u32) -> Option<RenderedMap> {
        let resource = self.tree.resource(index)?;
        let mut body = RenderedMap::new();
        body.insert("Type".to_owned(), (*resource.resource_type).into());
        let mut properties = self.render_all(index, &resource.properties);
        self.add_tags(index, resource, &mut properties);
        if !properties.is_empty() {
            body.insert("Properties".to_owned(), Rendered::Map(properties));
        }
        let depends_on = self.depends_on(index, resource);
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
            body.insert(key.clone(), self.render(index, value));
        }
        let mut metadata = self.render_all(index, &resource.metadata);
        metadata.extend(self.allowances(index));
        if !metadata.is_empty() {
            body.insert("Metadata".to_owned(), Rendered::Map(metadata));
        }
        self.override_body(index, &mut body);
        Some(body)
    }

    /// The entry of `Metadata` that says what rules may find in an element.
    fn allowances(&self, index: u32) -> Option<(String, Rendered)> {
        let allowances = &self.tree.element(index).allowances;
        let one = |allowance: &Allowance| {
            let entries = [("rule", &allowance.rule), ("reason", &allowance.reason)];
            let entries = entries.map(|(key, text)| (key.to_owned(), text.as_str().into()));
            Rendered::Map(entries.into_iter().collect())
        };
        let list = Rendered::List(allowances.iter().map(one).collect());
        let ours: RenderedMap = [("allow".to_owned(), list)].into_iter().collect();
        (!allowances.is_empty()).then(|| ("skysmith".to_owned(), Rendered::Map(ours)))
    }

    /// What the user sets on the finished body wins over everything.
    fn override_body(&self, index: u32, body: &mut RenderedMap) {
        for (path, value) in &self.tree.element(index).overrides {
            overrides::apply(body, path, value.as_ref().map(|value| self.render(index, value)));
        }
    }

    /// The dependencies that no reference expresses already: CloudFormation orders by those as well.
    fn depends_on(&self, index: u32, resource: &ResourceData) -> Vec<String> {
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
            .filter(|id| !referred.contains(id) && self.stack_of[id.index as usize] == self.stack_of[index as usize])
            .map(|id| self.name(Reference::Element(*id)))
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
