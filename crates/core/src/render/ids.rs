//! Logical ids: those that follow from paths first, then those that carry a hash of other resources' content.

use std::collections::HashMap;

use super::{Rendered, Renderer};
use crate::diagnostic::Diagnostic;
use crate::logical_id::{content_hash, is_logical_id, logical_id};

impl Renderer<'_> {
    pub(super) fn assign_ids(&mut self, elements: &[u32]) {
        let mut taken: HashMap<String, u32> = HashMap::new();
        for &index in elements {
            let path = self.tree.path_in_stack(index);
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
            self.ids[index as usize] = Some(id);
        }
    }

    /// Completes the ids that carry a hash of other resources' content. One may hash another, so they are taken in the
    /// order of their dependence.
    pub(super) fn assign_hashed_ids(&mut self, elements: &[u32]) {
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
            if let Some(id) = &mut self.ids[index as usize] {
                id.push_str(&content_hash(&content));
            }
        }
    }

    pub(super) fn hash_waits_for(&self, index: u32, pending: &[u32]) -> bool {
        let hashed = self.tree.resource(index).and_then(|resource| resource.hash_of.as_ref());
        hashed.is_some_and(|hashed| hashed.iter().any(|id| id.index != index && pending.contains(&id.index)))
    }
}
