//! What only the whole tree can tell: references that lead out of the stack or the app, names that are taken.

use std::collections::HashMap;

use super::Renderer;
use crate::diagnostic::Diagnostic;
use crate::reference::{Node, NodeId, Reference};
use crate::synth::shown_path;
use crate::tree::Kind;

impl Renderer<'_> {
    pub(super) fn check_references(&mut self, index: u32, stack: u32) {
        let tree = self.tree;
        let Some(resource) = tree.resource(index) else { return };
        for (property, value) in &resource.properties {
            self.check_node(index, stack, Some(property), value);
        }
        for &target in resource.depends_on.iter().chain(&resource.condition) {
            self.check_target(index, stack, None, target);
        }
    }

    pub(super) fn check_node(&mut self, index: u32, stack: u32, property: Option<&str>, node: &Node) {
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

    pub(super) fn check_target(&mut self, index: u32, stack: u32, property: Option<&str>, target: NodeId) {
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

    pub(super) fn check_names(&mut self, members: &[(u32, Vec<u32>)]) {
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
