//! Tags: those of a stack, and those that a resource gets from the constructs around it.

use super::{Rendered, RenderedMap, Renderer};
use crate::app::TagStyle;
use crate::tree::{Kind, ResourceData};

impl Renderer<'_> {
    /// The tags that hold at an element: those of the app and of the stack for a stack, those between the stack and the
    /// resource for a resource. The nearest one wins.
    pub(super) fn tags_of(&self, index: u32) -> Vec<(String, String)> {
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

    pub(super) fn add_tags(&self, index: u32, resource: &ResourceData, properties: &mut RenderedMap) {
        let tags = self.tags_of(index);
        if tags.is_empty() {
            return;
        }
        match (self.catalog.tags)(&resource.resource_type) {
            None => {}
            Some(TagStyle::List(property)) => {
                let list = properties.entry(property.to_owned()).or_insert_with(|| Rendered::List(Vec::new()));
                let Rendered::List(list) = list else { return };
                for (key, value) in tags {
                    if !list.iter().any(|tag| tag.get("Key").and_then(Rendered::as_str) == Some(&key)) {
                        let tag = [("Key".to_owned(), key.into()), ("Value".to_owned(), value.into())];
                        list.push(Rendered::Map(tag.into_iter().collect()));
                    }
                }
            }
            Some(TagStyle::Map(property)) => {
                let map = properties.entry(property.to_owned()).or_insert_with(|| Rendered::Map(Default::default()));
                let Rendered::Map(map) = map else { return };
                for (key, value) in tags {
                    map.entry(key).or_insert_with(|| value.into());
                }
            }
        }
    }
}
