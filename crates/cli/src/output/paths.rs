//! Paths as people read them.

use std::env;
use std::path::Path;

/// A path relative to the folder that the command works in where it is below it, else as it is.
pub fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(path).display().to_string();
    if shown.is_empty() { ".".to_owned() } else { shown }
}
