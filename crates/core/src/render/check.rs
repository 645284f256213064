//! What only all stacks together can tell: names that are taken.

use std::collections::HashMap;

use super::Renderer;
use crate::diagnostic::Diagnostic;
use crate::tree::Kind;

impl Renderer<'_> {
    pub(super) fn check_names(&mut self, members: &[(u32, Vec<u32>)]) {
        let mut taken: HashMap<(String, Option<String>, Option<String>), u32> = HashMap::new();
        for (stack, _) in members {
            let Kind::Stack(data) = &self.tree.element(*stack).kind else { continue };
            if data.nested_in.is_some() {
                continue;
            }
            let name = self.tree.stack_name(*stack);
            let key = (name.clone(), data.account.clone(), data.region.clone());
            if let Some(first) = taken.insert(key, *stack) {
                let message = format!("stack name `{name}` is taken by `{}` already", self.tree.path(first));
                self.report(*stack, Diagnostic::error(message).rule("stack-name"));
            }
        }
    }
}
