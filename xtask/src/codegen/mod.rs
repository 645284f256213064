//! `cargo xtask codegen`: from the pinned sources to committed data files, and from these to everything that is generated.
//!
//! ```text
//! service specification ─┐
//!                        ├─▶ crates/spec/data/resources.jsonl ─┬─▶ crates/spec/src/tables.bin
//! cfn-lint's schemas ────┘                                     └─▶ crates/cfn/src/
//! service authorization reference ─────────────────────────────┬─▶ crates/permissions/src/actions.txt
//!                                                               └─▶ crates/validate/src/trade/actions.rs
//! ```
//!
//! The first step needs the package registries, the second one nothing. Both give the same bytes from the same input, so `--check` compares.

mod actions;
mod lint_schemas;
mod loosen;
mod model;
mod patterns;
mod service_spec;
mod services;
mod sources;
mod stateful;
mod tables;
mod typed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::tools::root;
use model::Model;

const DATA: &str = "crates/spec/data/resources.jsonl";
/// The patterns that are checked by a stand-in or not at all: for people, to see what a new version brings.
const PATTERNS: &str = "crates/spec/data/patterns.jsonl";
/// Which resources each IAM action takes.
const ACTIONS: &str = "crates/permissions/src/actions.txt";
/// Which actions there are, for the validator.
const ACTION_NAMES: &str = "crates/validate/src/trade/actions.rs";
const TABLES: &str = "crates/spec/src/tables.bin";

/// Regenerates everything or, with `check`, says what is not current and changes nothing.
pub fn run(check: bool) -> Result<()> {
    let mut files = Files { root: root(), check, stale: Vec::new() };
    refresh_data(&mut files)?;
    refresh_generated(&mut files)?;
    if check && !files.stale.is_empty() {
        bail!("not current, run `cargo xtask codegen`: {}", files.stale.join(", "));
    }
    Ok(())
}

/// Makes the data file of the pinned sources.
fn refresh_data(files: &mut Files) -> Result<()> {
    let data = data(&files.root)?;
    let reference = sources::authorization_reference(&files.root)?;
    let actions = actions::write(&reference, &model::read(&data)?)?;
    files.put(ACTIONS, actions.as_bytes())?;
    files.put(ACTION_NAMES, actions::write_names(&reference)?.as_bytes())?;
    files.put(DATA, data.as_bytes())
}

/// Makes everything else of the committed data file alone.
fn refresh_generated(files: &mut Files) -> Result<()> {
    let data = std::fs::read_to_string(files.root.join(DATA)).with_context(|| DATA.to_owned())?;
    let generated = generated(&model::read(&data).context(DATA)?, &files.root)?;
    for (path, bytes) in &generated {
        files.put(path, bytes)?;
    }
    for service in services::SERVICES {
        let folder = format!("{}/{}", typed::FOLDER, service.module);
        for entry in std::fs::read_dir(files.root.join(&folder)).with_context(|| folder.clone())? {
            let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if !generated.contains_key(&path) {
                files.remove(path)?;
            }
        }
    }
    Ok(())
}

/// The data file, from the pinned sources.
fn data(root: &Path) -> Result<String> {
    let mut model = sources::model(root)?;
    stateful::mark(&mut model)?;
    trim(&mut model);
    model::write(&model)
}

/// Takes the documentation out of everything that no typed resource is generated for: it is most of the text.
fn trim(model: &mut Model) {
    for (name, resource) in &mut model.resources {
        if services::of(name).is_some() {
            continue;
        }
        resource.facts.doc.clear();
        resource.attributes.values_mut().for_each(|it| it.doc.clear());
        resource.properties.values_mut().for_each(|it| it.doc.clear());
        for definition in resource.definitions.values_mut() {
            definition.doc.clear();
            definition.properties.values_mut().for_each(|it| it.doc.clear());
        }
    }
}

/// Every generated file, from the model alone.
fn generated(model: &Model, root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let (tables, patterns) = tables::write(model)?;
    let mut files = BTreeMap::from([(TABLES.to_owned(), tables), (PATTERNS.to_owned(), patterns.into_bytes())]);
    for (path, text) in typed::write(model, root)? {
        files.insert(format!("{}/{path}", typed::FOLDER), text);
    }
    Ok(files)
}

/// Changes files or, in a check, only remembers which would change.
struct Files {
    root: PathBuf,
    check: bool,
    stale: Vec<String>,
}

impl Files {
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.root.join(path);
        if std::fs::read(&file).is_ok_and(|it| it == bytes) {
            return Ok(());
        }
        if !self.check {
            std::fs::create_dir_all(file.parent().unwrap_or(&self.root))?;
            std::fs::write(&file, bytes).with_context(|| path.to_owned())?;
        }
        self.stale.push(path.to_owned());
        Ok(())
    }

    fn remove(&mut self, path: String) -> Result<()> {
        if !self.check {
            std::fs::remove_file(self.root.join(&path)).with_context(|| path.clone())?;
        }
        self.stale.push(path);
        Ok(())
    }
}
