//! Parameter files: which there are, and what one says, whatever its format. All formats are flat: a key and one value.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use skysmith_assembly::protocol::Diagnostic;
use toml::de::{DeTable, DeValue};

use super::{BASE, Entry, mistake, properties};
use crate::error::Failure;

const EXTENSIONS: [&str; 4] = ["properties", "yaml", "yml", "toml"];

/// What a file says.
#[derive(Debug, Default)]
pub struct File {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// What is wrong in it.
    pub mistakes: Vec<Diagnostic>,
}

/// The files of each environment in a folder, which may be missing.
pub fn environment_files(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Failure> {
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        other => other.map_err(|error| cannot_read(folder, error))?,
    };
    for entry in entries {
        let path = entry.map_err(|error| cannot_read(folder, error))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if EXTENSIONS.contains(&extension)
            && path.file_name().is_some_and(|name| name != BASE)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            files.entry(stem.to_owned()).or_default().push(path);
        }
    }
    // A folder's order is the file system's.
    files.values_mut().for_each(|paths| paths.sort());
    Ok(files)
}

/// Reads a file by its extension. `shown` is its name in messages.
pub fn read(path: &Path, shown: &str) -> Result<File, Failure> {
    let bytes = fs::read(path).map_err(|error| cannot_read(path, error))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::failed(format!("{shown} is not UTF-8 text")))?;
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => read_toml(&text, shown),
        Some("yaml" | "yml") => read_yaml(&text, shown),
        _ => {
            let (entries, mistakes) = properties::read(&text, shown);
            File { entries, mistakes }
        }
    })
}

fn read_toml(text: &str, shown: &str) -> File {
    let mut file = File::default();
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            file.mistakes.push(mistake(shown, line, error.message()));
            return file;
        }
    };
    for (key, value) in table.get_ref() {
        let line = line_at(text, key.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            // As it was written: a parameter is text, and 1.10 is not 1.1.
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                text.get(value.span()).unwrap_or_default().to_owned()
            }
            DeValue::Array(_) | DeValue::Table(_) => {
                file.mistakes.push(not_flat(shown, line, key.get_ref()));
                continue;
            }
        };
        add(&mut file, shown, key.get_ref(), value, line);
    }
    file.mistakes.sort_by_key(|mistake| mistake.place.as_ref().map(|place| place.line));
    file
}

fn read_yaml(text: &str, shown: &str) -> File {
    let mut file = File::default();
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return file;
    }
    let document = match skysmith_template::read_yaml(text) {
        Ok(document) => document,
        Err(error) => {
            let line = u32::try_from(error.span().start.line).unwrap_or(u32::MAX);
            file.mistakes.push(mistake(shown, line, error.kind().to_string()));
            return file;
        }
    };
    for (key, value) in document.template.root() {
        let span = document.source.key_span(&[key.as_str().into()]);
        let line = span.map_or(1, |span| u32::try_from(span.start.line).unwrap_or(u32::MAX));
        use skysmith_template::Node;
        let value = match value {
            Node::String(text) => text.clone(),
            Node::Number(number) => number.to_string(),
            Node::Bool(truth) => truth.to_string(),
            Node::Null => String::new(),
            _ => {
                file.mistakes.push(not_flat(shown, line, key));
                continue;
            }
        };
        add(&mut file, shown, key, value, line);
    }
    file
}

fn add(file: &mut File, shown: &str, key: &str, value: String, line: u32) {
    if key.trim().is_empty() {
        file.mistakes.push(mistake(shown, line, "a key is empty"));
    } else if value.is_empty() {
        file.mistakes.push(mistake(shown, line, format!("`{key}` has no value")));
    } else {
        file.entries.push(Entry { key: key.to_owned(), value, line });
    }
}

fn not_flat(shown: &str, line: u32, key: &str) -> Diagnostic {
    let mut wrong = mistake(shown, line, format!("`{key}` is not one value"));
    wrong.notes.push("parameters are flat: text, a number, or true or false".to_owned());
    wrong
}

fn line_at(text: &str, offset: usize) -> u32 {
    let lines = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
    u32::try_from(lines).unwrap_or(u32::MAX)
}

fn cannot_read(path: &Path, error: io::Error) -> Failure {
    Failure::from(error).context(format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(file: &File) -> Vec<String> {
        let entries = file.entries.iter().map(|entry| format!("{}: {}={}", entry.line, entry.key, entry.value));
        let mistakes = file.mistakes.iter().map(|one| format!("{}: {}", one.place.as_ref().unwrap().line, one.message));
        entries.chain(mistakes).collect()
    }

    #[test]
    fn toml_files() {
        let file = read_toml("A = \"x\"\nB = 1.10\nC = true\nD = \"\"\n[E]\nx = 1\n", "f");
        assert_eq!(
            summary(&file),
            ["1: A=x", "2: B=1.10", "3: C=true", "4: `D` has no value", "5: `E` is not one value"]
        );
        assert_eq!(summary(&read_toml("A = 1\nA = 2\n", "f")), ["2: duplicate key"]);
        assert_eq!(summary(&read_toml("\nA = \n", "f"))[0][..2], *"2:");
    }

    #[test]
    fn yaml_files() {
        let file = read_yaml("# c\nA: x\nB: 1.10\nC: true\nD:\nE: [1]\n", "f");
        assert_eq!(
            summary(&file),
            ["2: A=x", "3: B=1.10", "4: C=true", "5: `D` has no value", "6: `E` is not one value"]
        );
        assert_eq!(summary(&read_yaml("# nothing\n", "f")), Vec::<String>::new());
        assert_eq!(summary(&read_yaml("A: 1\nA: 2\n", "f")).len(), 1);
        assert_eq!(summary(&read_yaml("- A\n", "f")).len(), 1);
    }
}
