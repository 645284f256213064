//! References from one stack to another.
//!
//! Between two stacks, the producer exports the value and the consumer imports it: CloudFormation then keeps the producer from removing
//! what is in use. A stack that asks for weak references reads the producer's output instead, which ties nothing together.
//! Across the border of a nested stack a value goes in as a parameter and comes out as an output. The names are the CDK's, so
//! that a stack can move between the two.

use std::collections::{BTreeMap, HashMap};

use super::{Rendered, RenderedMap, Renderer};
use crate::diagnostic::Diagnostic;
use crate::logical_id::logical_id;
use crate::reference::{Intrinsic, Node, NodeId, Reference, SubPart};
use crate::stack::CrossStackReferences;
use crate::synth::shown_path;
use crate::tree::{Element, Kind, StackData, Tree};

type RenderedIntrinsic = skysmith_template::Intrinsic;
type RenderedSubPart = skysmith_template::SubPart;

/// What a list is joined with on its way through an export, which takes texts only.
const LIST_SEPARATOR: &str = "||";

/// Stands in front of an element's number where its name would be, until the value is replaced. No name begins so.
const LEAVING: char = '\0';

/// A value of a resource: what `Ref` yields, or an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    node: u32,
    attribute: Option<String>,
}

/// The values that leave stacks, and how other stacks name them.
#[derive(Default)]
pub(super) struct Crossings {
    /// By producer: output id, its body.
    outputs: HashMap<u32, BTreeMap<String, RenderedMap>>,
    /// By nested stack: parameter id, its value in the stack around it.
    parameters: HashMap<u32, BTreeMap<String, Rendered>>,
    /// By consumer and target: what stands there instead of the reference.
    values: HashMap<(u32, Target), Rendered>,
    /// By consumer: the producers.
    producers: HashMap<u32, Vec<u32>>,
}

impl Crossings {
    /// The stacks whose values `consumer` uses.
    pub(super) fn producers(&self, consumer: u32) -> &[u32] {
        self.producers.get(&consumer).map_or(&[], Vec::as_slice)
    }

    /// The outputs that other stacks read.
    pub(super) fn outputs(&self, producer: u32) -> impl Iterator<Item = (&String, &RenderedMap)> {
        self.outputs.get(&producer).into_iter().flatten()
    }

    /// The parameters that a nested stack is given.
    pub(super) fn parameters(&self, nested: u32) -> impl Iterator<Item = (&String, &Rendered)> {
        self.parameters.get(&nested).into_iter().flatten()
    }
}

impl Renderer<'_> {
    /// Finds every reference that leaves its stack.
    pub(super) fn find_crossings(&mut self, members: &[(u32, Vec<u32>)]) {
        self.has_ids = true;
        let tree = self.tree;
        for (stack, elements) in members {
            for &index in elements {
                let mut leaving = Vec::new();
                for_each_node(tree.element(index), &mut |property, node| {
                    collect(node, &mut |node, value| {
                        if self.leaves(node, *stack) {
                            leaving.push((property, Found::new(tree, node, value)));
                        }
                    });
                });
                for (property, found) in leaving {
                    self.cross(index, *stack, property, found);
                }
                if let Some(condition) = tree.resource(index).and_then(|resource| resource.condition)
                    && self.leaves(condition, *stack)
                {
                    self.cross(index, *stack, None, Found::new(tree, condition, None));
                }
                for other in tree.resource(index).into_iter().flat_map(|resource| &resource.depends_on) {
                    if other.app != tree.app {
                        self.cross(index, *stack, None, Found::Foreign);
                    } else if let Some(producer) = self.stack_of[other.index as usize] {
                        self.add_producer(*stack, producer);
                    }
                }
            }
        }
        self.check_circles(members);
    }

    fn cross(&mut self, index: u32, consumer: u32, property: Option<&str>, target: Found) {
        let tree = self.tree;
        let problem = match target {
            Found::Foreign => Diagnostic::error("a value of another app is used here")
                .rule("foreign-value")
                .note("constructs can refer only to constructs of the same app"),
            Found::Value(target) => match self.value_in(consumer, &target) {
                Ok(_) => return,
                Err(problem) => problem,
            },
            Found::Name(node) => {
                let path = tree.path(node.index);
                Diagnostic::error(format!("uses the condition `{path}` of another stack"))
                    .rule("cross-stack-reference")
                    .note("a condition holds in its own stack only; make one in this stack as well")
            }
        };
        let problem = match property {
            Some(property) => problem.property(property),
            None => problem,
        };
        let place = tree.place_of(index, property);
        self.report(index, Diagnostic { place, ..problem });
    }

    /// Whether a reference of `stack` to `node` leads out of it.
    fn leaves(&self, node: NodeId, stack: u32) -> bool {
        node.app != self.tree.app || self.stack_of[node.index as usize] != Some(stack)
    }

    /// How the stack `at` spells a value: as it is at home, through a parameter or an output where stacks are nested, through an import
    /// elsewhere.
    fn value_in(&mut self, at: u32, target: &Target) -> Result<Rendered, Diagnostic> {
        let tree = self.tree;
        let Some(home) = self.stack_of[target.node as usize] else {
            let path = tree.path(target.node);
            return Err(
                Diagnostic::error(format!("refers to `{}`, which is in no stack", shown_path(&path))).rule("no-stack")
            );
        };
        if at == home {
            return Ok(self.local_reference(target));
        }
        if let Some(known) = self.crossings.values.get(&(at, target.clone())) {
            return Ok(known.clone());
        }
        let value = if let Some(child) = self.child_towards(at, home) {
            let inner = self.value_in(child, target)?;
            let inner = self.leaving(target, inner);
            let id = self.name_of_value("Outputs", target)?;
            let body = [("Value".to_owned(), inner)].into_iter().collect();
            self.crossings.outputs.entry(child).or_default().insert(id.clone(), body);
            let resource = data(tree, child).and_then(|data| data.nested_in);
            let name = resource.map(|resource| self.name(Reference::Element(resource))).unwrap_or_default();
            self.arriving(target, Rendered::from(RenderedIntrinsic::GetAtt(name, format!("Outputs.{id}").into())))
        } else if let Some(parent) = self.parent_stack(at) {
            let outer = self.value_in(parent, target)?;
            let outer = self.leaving(target, outer);
            let id = self.name_of_value("Parameters", target)?;
            self.crossings.parameters.entry(at).or_default().insert(id.clone(), outer);
            self.arriving(target, Rendered::from(RenderedIntrinsic::Ref(id)))
        } else {
            self.import(at, self.root_stack(home), target)?
        };
        self.crossings.values.insert((at, target.clone()), value.clone());
        Ok(value)
    }

    /// Lets the stack `consumer` use a value of the stack `producer`, neither of which is nested in the other.
    fn import(&mut self, consumer: u32, producer: u32, target: &Target) -> Result<Rendered, Diagnostic> {
        let tree = self.tree;
        let path = tree.path(target.node);
        let path = shown_path(&path);
        let problem = |message: String| Diagnostic::error(message).rule("cross-stack-reference");
        let (Some(from), Some(to)) = (data(tree, producer), data(tree, consumer)) else {
            return Err(problem(format!("refers to `{path}`, which is in no stack")));
        };
        let weak = to.cross_stack_references == CrossStackReferences::Weak;
        if from.account != to.account {
            return Err(problem(format!("refers to `{path}`, which is in another account"))
                .note("give it a name of your own, and use that name on both sides"));
        }
        if from.region != to.region && !(weak && from.region.is_some()) {
            return Err(problem(format!("refers to `{path}`, which is in another region"))
                .note("an export holds in one region: use weak references for this stack, with a region for both"));
        }
        let value = self.value_in(producer, target)?;
        let id = logical_id(&["Exports", &format!("Output{}", value.to_json_compact())])
            .ok_or_else(|| problem(format!("`{path}` yields no name for an output")))?;
        let value = self.leaving(target, value);
        let producer_name = self.tree.stack_name(producer);
        let export = format!("{producer_name}:{id}");
        let outputs = self.crossings.outputs.entry(producer).or_default();
        let body = outputs.entry(id.clone()).or_insert_with(|| [("Value".to_owned(), value)].into_iter().collect());
        let imported = if weak {
            let mut arguments = RenderedMap::new();
            arguments.insert("StackName".to_owned(), producer_name.into());
            if from.region != to.region
                && let Some(region) = &from.region
            {
                arguments.insert("Region".to_owned(), region.as_str().into());
            }
            arguments.insert("OutputName".to_owned(), id.into());
            RenderedIntrinsic::GetStackOutput(arguments)
        } else {
            let name = [("Name".to_owned(), export.as_str().into())].into_iter().collect();
            body.insert("Export".to_owned(), Rendered::Map(name));
            RenderedIntrinsic::ImportValue(export.into())
        };
        self.add_producer(consumer, producer);
        Ok(self.arriving(target, Rendered::from(imported)))
    }

    /// Remembers that one stack waits for another. Stacks that are nested in one another are deployed as one.
    fn add_producer(&mut self, consumer: u32, producer: u32) {
        let (consumer, producer) = (self.root_stack(consumer), self.root_stack(producer));
        let producers = self.crossings.producers.entry(consumer).or_default();
        if consumer != producer && !producers.contains(&producer) {
            producers.push(producer);
        }
    }

    /// The stack around a nested one.
    pub(super) fn parent_stack(&self, stack: u32) -> Option<u32> {
        self.stack_of[data(self.tree, stack)?.nested_in?.index as usize]
    }

    fn root_stack(&self, stack: u32) -> u32 {
        let mut root = stack;
        while let Some(parent) = self.parent_stack(root) {
            root = parent;
        }
        root
    }

    /// The stack directly inside of `outer` that is, or is around, `inner`.
    fn child_towards(&self, outer: u32, inner: u32) -> Option<u32> {
        let mut at = inner;
        loop {
            let parent = self.parent_stack(at)?;
            if parent == outer {
                return Some(at);
            }
            at = parent;
        }
    }

    /// A name for a value on its way through the border of a nested stack. The path below the app makes it unique there.
    fn name_of_value(&self, kind: &str, target: &Target) -> Result<String, Diagnostic> {
        let attribute = target.attribute.as_deref().unwrap_or("Ref");
        let path = self.tree.path(target.node);
        logical_id(&[kind, &path, attribute]).ok_or_else(|| Diagnostic::error(format!("`{path}` yields no name")))
    }

    /// The reference as its own stack spells it.
    fn local_reference(&self, target: &Target) -> Rendered {
        let name = self.name(Reference::Element(self.tree.node_id(target.node)));
        Rendered::from(match &target.attribute {
            None => RenderedIntrinsic::Ref(name),
            Some(attribute) => RenderedIntrinsic::GetAtt(name, attribute.as_str().into()),
        })
    }

    /// A value as it leaves a stack: borders let texts through only.
    fn leaving(&self, target: &Target, value: Rendered) -> Rendered {
        match self.is_list(target) {
            true => Rendered::from(RenderedIntrinsic::Join { delimiter: LIST_SEPARATOR.to_owned(), values: value }),
            false => value,
        }
    }

    /// A value as it arrives.
    fn arriving(&self, target: &Target, value: Rendered) -> Rendered {
        match self.is_list(target) {
            true => Rendered::from(RenderedIntrinsic::Split { delimiter: LIST_SEPARATOR.to_owned(), source: value }),
            false => value,
        }
    }

    fn is_list(&self, target: &Target) -> bool {
        let resource = self.tree.resource(target.node);
        resource
            .zip(target.attribute.as_deref())
            .is_some_and(|(resource, attribute)| (self.catalog.is_list)(&resource.resource_type, attribute))
    }

    /// The name under which a reference that leaves its stack is rendered at first. While ids are still being made of
    /// rendered content it is the path, which no construct elsewhere can change.
    pub(super) fn leaving_name(&self, node: u32) -> String {
        if self.has_ids { format!("{LEAVING}{node}") } else { self.tree.path(node) }
    }

    /// Puts the values of other stacks where their references were.
    pub(super) fn import_values(&self, node: &mut Rendered, consumer: u32) {
        let value = |name: &str, attribute: Option<&str>| {
            let node = name.strip_prefix(LEAVING)?.parse().ok()?;
            let target = Target { node, attribute: attribute.map(str::to_owned) };
            self.crossings.values.get(&(consumer, target)).cloned()
        };
        if let Rendered::Intrinsic(intrinsic) = node {
            let replacement = match &mut **intrinsic {
                RenderedIntrinsic::Ref(name) => value(name, None),
                RenderedIntrinsic::GetAtt(name, Rendered::String(attribute)) => value(name, Some(attribute)),
                RenderedIntrinsic::Sub { parts, variables } => {
                    for part in parts.iter_mut() {
                        let imported = match part {
                            RenderedSubPart::Ref(name) => value(name, None),
                            RenderedSubPart::GetAtt(name, attribute) => value(name, Some(attribute)),
                            _ => None,
                        };
                        if let Some(imported) = imported {
                            let variable = format!("Import{}", variables.len() + 1);
                            variables.insert(variable.clone(), imported);
                            *part = RenderedSubPart::Variable(variable);
                        }
                    }
                    None
                }
                _ => None,
            };
            if let Some(replacement) = replacement {
                *node = replacement;
                return;
            }
        }
        node.for_each_child_mut(&mut |child| self.import_values(child, consumer));
    }

    /// Reports stacks that wait for each other, with the way round.
    fn check_circles(&mut self, members: &[(u32, Vec<u32>)]) {
        let mut edges: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (stack, _) in members {
            let mut to = self.crossings.producers(*stack).to_vec();
            to.extend(data(self.tree, *stack).into_iter().flat_map(|data| data.depends_on.iter().map(|id| id.index)));
            edges.insert(*stack, to);
        }
        if let Some(circle) = find_circle(&edges) {
            let way: Vec<String> = circle.iter().chain(circle.first()).map(|stack| self.tree.path(*stack)).collect();
            let problem = Diagnostic::error(format!("stacks wait for each other: {}", way.join(" → ")))
                .rule("stack-cycle")
                .note("move what both use into a stack of its own");
            if let Some(first) = circle.first() {
                self.report(*first, problem);
            }
        }
    }
}

/// A reference that leaves its stack.
enum Found {
    /// To a value, which can cross.
    Value(Target),
    /// To a condition, which cannot.
    Name(NodeId),
    /// To another app.
    Foreign,
}

impl Found {
    fn new(tree: &Tree, node: NodeId, value: Option<Option<&str>>) -> Self {
        match value {
            _ if node.app != tree.app => Self::Foreign,
            Some(attribute) => Self::Value(Target { node: node.index, attribute: attribute.map(str::to_owned) }),
            None => Self::Name(node),
        }
    }
}

fn data(tree: &Tree, stack: u32) -> Option<&StackData> {
    match &tree.element(stack).kind {
        Kind::Stack(data) => Some(data),
        _ => None,
    }
}

/// Calls `f` with every value of an element, and with the top-level property it is in.
fn for_each_node<'a>(element: &'a Element, f: &mut impl FnMut(Option<&'a str>, &'a Node)) {
    for node in element.overrides.iter().filter_map(|(_, node)| node.as_ref()) {
        f(None, node);
    }
    match &element.kind {
        Kind::Resource(resource) => {
            for (name, node) in &resource.properties {
                f(Some(name), node);
            }
            for node in resource.attributes.values().chain(resource.metadata.values()) {
                f(None, node);
            }
        }
        Kind::Entry { body, .. } => f(None, body),
        Kind::Scope | Kind::Stage { .. } | Kind::Stack(_) => {}
    }
}

/// Calls `found` with every reference: the element, and for a value its attribute.
fn collect<'a>(node: &'a Node, found: &mut impl FnMut(NodeId, Option<Option<&'a str>>)) {
    node.for_each_node(&mut |node| {
        let Some(intrinsic) = node.as_intrinsic() else { return };
        let mut value = |reference: &Reference, attribute: Option<&'a str>| {
            if let Reference::Element(node) = reference {
                found(*node, Some(attribute));
            }
        };
        match intrinsic {
            Intrinsic::Ref(reference) => value(reference, None),
            Intrinsic::GetAtt(reference, attribute) => value(reference, Some(attribute.as_str().unwrap_or_default())),
            Intrinsic::Sub { parts, .. } => {
                for part in parts {
                    match part {
                        SubPart::Ref(reference) => value(reference, None),
                        SubPart::GetAtt(reference, attribute) => value(reference, Some(attribute)),
                        SubPart::Literal(_) | SubPart::Variable(_) => {}
                    }
                }
            }
            Intrinsic::If { condition: Reference::Element(node), .. }
            | Intrinsic::Condition(Reference::Element(node)) => found(*node, None),
            _ => {}
        }
    });
}

/// A way that ends where it began, if there is one.
fn find_circle(edges: &BTreeMap<u32, Vec<u32>>) -> Option<Vec<u32>> {
    fn visit(at: u32, edges: &BTreeMap<u32, Vec<u32>>, way: &mut Vec<u32>, done: &mut Vec<u32>) -> Option<Vec<u32>> {
        if let Some(start) = way.iter().position(|stack| *stack == at) {
            return Some(way[start..].to_vec());
        }
        if done.contains(&at) {
            return None;
        }
        way.push(at);
        let circle = edges.get(&at).into_iter().flatten().find_map(|next| visit(*next, edges, way, done));
        way.pop();
        done.push(at);
        circle
    }
    let mut done = Vec::new();
    edges.keys().find_map(|start| visit(*start, edges, &mut Vec::new(), &mut done))
}
