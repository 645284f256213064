//! `cargo xtask codegen`: from the pinned sources to one committed data file, and from that file to everything that is generated.
//!
//! ```text
//! service specification ─┐
//!                        ├─▶ crates/spec/data/resources.jsonl ─┬─▶ crates/spec/src/tables.bin
//! cfn-lint's schemas ────┘                                     └─▶ crates/cfn/src/
//! ```
//!
//! The first step needs the package registries, the second one nothing. Both give the same bytes from the same input, so `--check` compares.

mod lint_schemas;
mod loosen;
mod model;
mod service_spec;
mod services;
mod sources;
mod stateful;
mod tables;
mod typed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use model::Model;

const DATA: &str = "crates/spec/data/resources.jsonl";
const TABLES: &str = "crates/spec/src/tables.bin";

/// Regenerates everything or, with `check`, says what is not current and changes nothing.
pub fn run(check: bool) -> Result<()> {
    let root = root();
    let mut stale = Stale { root: root.clone(), check, files: Vec::new() };
    let data = data(&root)?;
    stale.write(DATA, data.as_bytes())?;
    // From here on only the committed file counts.
    let committed = std::fs::read_to_string(root.join(DATA)).with_context(|| DATA.to_owned())?;
    for (path, bytes) in generated(&model::read(&committed).context(DATA)?, &root)? {
        stale.write(&path, &bytes)?;
    }
    if check && !stale.files.is_empty() {
        bail!("not current, run `cargo xtask codegen`: {}", stale.files.join(", "));
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
    let mut files = BTreeMap::from([(TABLES.to_owned(), tables::write(model)?)]);
    for (path, text) in typed::write(model, root)? {
        files.insert(format!("{}/{path}", typed::FOLDER), text);
    }
    Ok(files)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Writes what has changed or, in a check, remembers it.
struct Stale {
    root: PathBuf,
    check: bool,
    files: Vec<String>,
}

impl Stale {
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.root.join(path);
        if std::fs::read(&file).is_ok_and(|it| it == bytes) {
            return Ok(());
        }
        if !self.check {
            std::fs::create_dir_all(file.parent().unwrap_or(&self.root))?;
            std::fs::write(&file, bytes).with_context(|| path.to_owned())?;
        }
        self.files.push(path.to_owned());
        Ok(())
    }
}
