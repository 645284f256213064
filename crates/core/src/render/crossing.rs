//! References from one stack to another.
//!
//! By default the producer exports the value and the consumer imports it: CloudFormation then keeps the producer from removing what is
//! in use. A stack that asks for weak references reads the producer's output instead, which ties nothing together. The names are
//! the CDK's, so that a stack can move between the two.

use std::collections::{BTreeMap, HashMap};

use super::{Rendered, RenderedMap, Renderer};
use crate::diagnostic::Diagnostic;
use crate::logical_id::logical_id;
use crate::reference::{Intrinsic, Map, Node, NodeId, Reference, SubPart};
use crate::stack::CrossStackReferences;
use crate::synth::shown_path;
use crate::tree::{Kind, StackData, Tree};

/// What a list is joined with on its way through an export, which takes texts only.
const LIST_SEPARATOR: &str = "||";

/// A value of a resource: what `Ref` yields, or an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    node: NodeId,
    attribute: Option<String>,
}

/// The values that leave stacks, and how other stacks name them.
#[derive(Default)]
pub(super) struct Crossings {
    /// By producer: output id, its body.
    outputs: HashMap<u32, BTreeMap<String, RenderedMap>>,
    /// By consumer and target: what stands there instead of the reference.
    imports: HashMap<(u32, Target), Node>,
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
}

impl Renderer<'_> {
    /// Finds every reference that leaves its stack.
    pub(super) fn find_crossings(&mut self, members: &[(u32, Vec<u32>)]) {
        let tree = self.tree;
        for (stack, elements) in members {
            for &index in elements {
                let mut leaving = Vec::new();
                for_each_node(&tree.element(index).kind, &mut |property, node| {
                    collect(node, &mut |found| {
                        let node = found.node();
                        if node.app != tree.app || self.stack_of[node.index as usize] != Some(*stack) {
                            leaving.push((property, found.into_owned()));
                        }
                    });
                });
                for (property, found) in leaving {
                    self.cross(index, *stack, property, found);
                }
                if let Some(condition) = tree.resource(index).and_then(|resource| resource.condition)
                    && (condition.app != tree.app || self.stack_of[condition.index as usize] != Some(*stack))
                {
                    self.cross(index, *stack, None, Found::Name(condition));
                }
                for other in tree.resource(index).into_iter().flat_map(|resource| &resource.depends_on) {
                    if other.app != tree.app {
                        self.cross(index, *stack, None, Found::Name(*other));
                    } else if let Some(producer) = self.stack_of[other.index as usize]
                        && producer != *stack
                    {
                        self.add_producer(*stack, producer);
                    }
                }
            }
        }
        self.check_circles(members);
    }

    fn cross(&mut self, index: u32, consumer: u32, property: Option<&str>, target: Found<Target>) {
        let tree = self.tree;
        let problem = match target {
            _ if target.node().app != tree.app => Diagnostic::error("a value of another app is used here")
                .rule("foreign-value")
                .note("constructs can refer only to constructs of the same app"),
            Found::Value(target) => match self.import(consumer, &target) {
                Ok(()) => return,
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

    /// Lets `consumer` use a value of another stack.
    fn import(&mut self, consumer: u32, target: &Target) -> Result<(), Diagnostic> {
        if self.crossings.imports.contains_key(&(consumer, target.clone())) {
            return Ok(());
        }
        let tree = self.tree;
        let path = tree.path(target.node.index);
        let path = shown_path(&path);
        let Some(producer) = self.stack_of[target.node.index as usize] else {
            return Err(Diagnostic::error(format!("refers to `{path}`, which is in no stack")).rule("no-stack"));
        };
        let (Some(from), Some(to)) = (data(tree, producer), data(tree, consumer)) else { return Ok(()) };
        let weak = to.cross_stack_references == CrossStackReferences::Weak;
        let problem = |message: String| Diagnostic::error(message).rule("cross-stack-reference");
        if from.account != to.account {
            return Err(problem(format!("refers to `{path}`, which is in another account"))
                .note("give it a name of your own, and use that name on both sides"));
        }
        if from.region != to.region && !(weak && from.region.is_some()) {
            return Err(problem(format!("refers to `{path}`, which is in another region"))
                .note("an export holds in one region: use weak references for this stack, with a region for both"));
        }
        let reference = self.local_reference(target);
        let id = logical_id(&["Exports", &format!("Output{}", reference.to_json_compact())])
            .ok_or_else(|| problem(format!("`{path}` yields no name for an output")))?;
        let is_list = self.is_list(target);
        let value = match is_list {
            true => Rendered::from(skysmith_template::Intrinsic::Join {
                delimiter: LIST_SEPARATOR.to_owned(),
                values: reference,
            }),
            false => reference,
        };
        let producer_name = self.stack_name(producer);
        let export = format!("{producer_name}:{id}");
        let body = self
            .crossings
            .outputs
            .entry(producer)
            .or_default()
            .entry(id.clone())
            .or_insert_with(|| [("Value".to_owned(), value)].into_iter().collect());
        let imported = if weak {
            let mut arguments = Map::new();
            arguments.insert("StackName".to_owned(), producer_name.into());
            if from.region != to.region
                && let Some(region) = &from.region
            {
                arguments.insert("Region".to_owned(), region.as_str().into());
            }
            arguments.insert("OutputName".to_owned(), id.into());
            Node::from(Intrinsic::GetStackOutput(arguments))
        } else {
            let name = [("Name".to_owned(), export.as_str().into())].into_iter().collect();
            body.insert("Export".to_owned(), Rendered::Map(name));
            Node::from(Intrinsic::ImportValue(export.into()))
        };
        let imported = match is_list {
            true => Node::from(Intrinsic::Split { delimiter: LIST_SEPARATOR.to_owned(), source: imported }),
            false => imported,
        };
        self.crossings.imports.insert((consumer, target.clone()), imported);
        self.add_producer(consumer, producer);
        Ok(())
    }

    fn add_producer(&mut self, consumer: u32, producer: u32) {
        let producers = self.crossings.producers.entry(consumer).or_default();
        if !producers.contains(&producer) {
            producers.push(producer);
        }
    }

    /// The reference as its own stack spells it.
    fn local_reference(&self, target: &Target) -> Rendered {
        let name = self.name(Reference::Element(target.node));
        Rendered::from(match &target.attribute {
            None => skysmith_template::Intrinsic::Ref(name),
            Some(attribute) => skysmith_template::Intrinsic::GetAtt(name, attribute.as_str().into()),
        })
    }

    fn is_list(&self, target: &Target) -> bool {
        let resource = self.tree.resource(target.node.index);
        resource
            .zip(target.attribute.as_deref())
            .is_some_and(|(resource, attribute)| (self.catalog.is_list)(&resource.resource_type, attribute))
    }

    /// The value as `consumer` spells it: what is in other stacks is imported.
    pub(super) fn imported(&self, mut node: Node, consumer: u32) -> Node {
        let mut leaves = false;
        node.for_each_ref(&mut |reference| {
            leaves |= matches!(reference, Reference::Element(id)
                if id.app == self.tree.app && self.stack_of[id.index as usize] != Some(consumer));
        });
        if leaves {
            self.replace(&mut node, consumer);
        }
        node
    }

    fn replace(&self, node: &mut Node, consumer: u32) {
        let import = |node: NodeId, attribute: Option<&str>| {
            let target = Target { node, attribute: attribute.map(str::to_owned) };
            self.crossings.imports.get(&(consumer, target)).cloned()
        };
        if let Node::Intrinsic(intrinsic) = node {
            let replacement = match &mut **intrinsic {
                Intrinsic::Ref(Reference::Element(id)) => import(*id, None),
                Intrinsic::GetAtt(Reference::Element(id), Node::String(attribute)) => import(*id, Some(attribute)),
                Intrinsic::Sub { parts, variables } => {
                    for part in parts.iter_mut() {
                        let imported = match part {
                            SubPart::Ref(Reference::Element(id)) => import(*id, None),
                            SubPart::GetAtt(Reference::Element(id), attribute) => import(*id, Some(attribute)),
                            _ => None,
                        };
                        if let Some(imported) = imported {
                            let variable = format!("Import{}", variables.len() + 1);
                            variables.insert(variable.clone(), imported);
                            *part = SubPart::Variable(variable);
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
        node.for_each_child_mut(&mut |child| self.replace(child, consumer));
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

/// A reference that was found: to a value, which can cross, or to a name, which cannot.
enum Found<T> {
    Value(T),
    Name(NodeId),
}

impl Found<Target> {
    fn node(&self) -> NodeId {
        match self {
            Self::Value(target) => target.node,
            Self::Name(node) => *node,
        }
    }
}

impl Found<(NodeId, Option<&str>)> {
    fn node(&self) -> NodeId {
        match self {
            Self::Value((node, _)) | Self::Name(node) => *node,
        }
    }

    fn into_owned(self) -> Found<Target> {
        match self {
            Self::Value((node, attribute)) => Found::Value(Target { node, attribute: attribute.map(str::to_owned) }),
            Self::Name(node) => Found::Name(node),
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
fn for_each_node<'a>(kind: &'a Kind, f: &mut impl FnMut(Option<&'a str>, &'a Node)) {
    match kind {
        Kind::Resource(resource) => {
            for (name, node) in &resource.properties {
                f(Some(name), node);
            }
            let overrides = resource.overrides.iter().filter_map(|(_, node)| node.as_ref());
            for node in resource.attributes.values().chain(resource.metadata.values()).chain(overrides) {
                f(None, node);
            }
        }
        Kind::Entry { body, .. } => f(None, body),
        Kind::Scope | Kind::Stack(_) => {}
    }
}

fn collect<'a>(node: &'a Node, found: &mut impl FnMut(Found<(NodeId, Option<&'a str>)>)) {
    if let Node::Intrinsic(intrinsic) = node {
        let mut value = |reference: &Reference, attribute: Option<&'a str>| {
            if let Reference::Element(node) = reference {
                found(Found::Value((*node, attribute)));
            }
        };
        match &**intrinsic {
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
            | Intrinsic::Condition(Reference::Element(node)) => found(Found::Name(*node)),
            _ => {}
        }
    }
    match node {
        Node::List(items) => items.iter().for_each(|item| collect(item, found)),
        Node::Map(map) => map.values().for_each(|value| collect(value, found)),
        Node::Intrinsic(intrinsic) => intrinsic.for_each_argument(&mut |argument| collect(argument, found)),
        Node::JsonString(inner) => collect(inner, found),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
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
