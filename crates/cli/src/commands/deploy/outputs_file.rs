//! `--outputs-file`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use skysmith_assembly::Stack;

use crate::error::Failure;
use crate::output::outputs::{self, Outputs};
use crate::output::paths;

/// Finds out before a deployment, which may take long, that its outputs could not be written.
pub fn check(file: &Path) -> Result<(), Failure> {
    let wrong = |why: String| Failure::usage(format!("cannot write the outputs to {}: {why}", paths::shown(file)));
    if file.is_dir() {
        return Err(wrong("it is a folder".to_owned()));
    }
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(wrong(format!("there is no folder `{}`", folder.display())))
        }
        _ => Ok(()),
    }
}

pub fn write(file: &Path, done: &Outputs, stacks: &[&Stack]) -> Result<(), Failure> {
    let name =
        |path: &str| stacks.iter().find(|stack| stack.display_name == path).map(|stack| stack.stack_name.clone());
    let named: Outputs =
        done.iter().map(|(path, outputs)| (name(path).unwrap_or_else(|| path.clone()), outputs.clone())).collect();
    // Two regions may have stacks of one name: then only the paths tell them apart.
    let names: BTreeSet<&String> = named.iter().map(|(name, _)| name).collect();
    let mut text = serde_json::to_string_pretty(&outputs::file(if names.len() == done.len() { &named } else { done }))?;
    text.push('\n');
    fs::write(file, text).map_err(|error| Failure::from(error).context(format!("cannot write {}", paths::shown(file))))
}
