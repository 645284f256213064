//! What several tests need, also of the program that shows what is found: templates, and the same choices on every machine.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

pub mod case;

use std::path::Path;

use skysmith_template::{Map, Node, Template, read_json};

/// The valid templates that the validator's tests have: they cover many services and every function.
pub fn templates() -> Vec<(String, Template)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../validate/tests/data/valid");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 36);
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            (file.file_stem().unwrap().to_string_lossy().into_owned(), read_json(&text).unwrap().template)
        })
        .collect()
}

/// The cases of `tests/data/cases`, each by the name of its file and its own.
pub fn cases() -> Vec<(String, Node)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../diff/tests/data/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let document = read_json(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let stem = file.file_stem().unwrap().to_string_lossy();
        cases.extend(document.template.into_root().into_iter().map(|(name, case)| (format!("{stem}: {name}"), case)));
    }
    cases
}

/// The template of a case that is called `key`: whole, or with `type` the properties of one resource `X`.
pub fn template_of(name: &str, case: &Node, key: &str) -> Template {
    match (case.get("type"), case.get(key).map(Node::to_long_form)) {
        (None, Some(Node::Map(root))) => Template::from_long_form(root),
        (Some(kind), properties) => {
            let mut body = Map::from([("Type".to_owned(), kind.clone())]);
            body.extend(properties.filter(|it| *it != Node::Null).map(|it| ("Properties".to_owned(), it)));
            let resources = Map::from([("X".to_owned(), body.into())]);
            Template::from_long_form(Map::from([("Resources".to_owned(), resources.into())]))
        }
        _ => panic!("{name}: no `{key}`"),
    }
}

/// A small generator: the same seed gives the same rewrites on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// How many values there are at and below the node, those inside functions left out.
pub fn size(node: &Node) -> usize {
    1 + match node {
        Node::List(items) => items.iter().map(size).sum(),
        Node::Map(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// Puts `replacement` in the place of the value whose number, counted in the order of [`size`], is `target`.
pub fn replace(node: &mut Node, target: &mut usize, replacement: &Node) -> bool {
    if *target == 0 {
        *node = replacement.clone();
        return true;
    }
    *target -= 1;
    match node {
        Node::List(items) => items.iter_mut().any(|item| replace(item, target, replacement)),
        Node::Map(map) => map.values_mut().any(|value| replace(value, target, replacement)),
        _ => false,
    }
}
