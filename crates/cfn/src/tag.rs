//! The tag, which most resource types share.

use skysmith_core::{IntoValue, Literal, Node, PropertyMap};

/// A key and its value, as most resource types take their tags.
#[must_use = "a tag does nothing until it is set on a resource"]
#[derive(Clone, Debug)]
pub struct Tag(PropertyMap);

impl Tag {
    /// A tag. Most services take keys of 1 to 128 and values of up to 256 characters.
    pub fn new(key: impl IntoValue<String>, value: impl IntoValue<String>) -> Self {
        let mut properties = PropertyMap::new();
        properties.set("Key", key.into_value());
        properties.set("Value", value.into_value());
        Self(properties)
    }
}

impl Literal for Tag {
    fn into_node(self) -> Node {
        self.0.into_node()
    }
}
