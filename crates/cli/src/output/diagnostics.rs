//! Findings as a person reads them: the message, the line of the source, where in the app, and what helps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use skysmith_assembly::SourcePlace;
use skysmith_assembly::protocol::{Diagnostic, Severity};

use super::style;

/// The folders in which the files of source places are looked for.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    folders: Vec<PathBuf>,
}

impl Sources {
    /// Looks in these folders, in this order.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// The text of one line, read for itself.
    pub fn source_line(&self, place: &SourcePlace) -> Option<String> {
        self.line(place, &mut BTreeMap::new())
    }

    /// The text of one line, without the space around it. `None` where the file is not here, or has fewer lines.
    fn line(&self, place: &SourcePlace, read: &mut BTreeMap<String, Option<String>>) -> Option<String> {
        let text = read.entry(place.file.clone()).or_insert_with(|| {
            let here = |path: &Path| fs::read_to_string(path).ok();
            let file = Path::new(&place.file);
            self.folders.iter().find_map(|folder| here(&folder.join(file)))
        });
        let line = text.as_ref()?.lines().nth(place.line.checked_sub(1)? as usize)?.trim();
        (!line.is_empty()).then(|| line.chars().take(160).collect())
    }
}

/// All findings, errors first, each followed by an empty line.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut read = BTreeMap::new();
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning] {
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity) {
            one(diagnostic, sources, &mut read, &mut text);
            text.push('\n');
        }
    }
    text
}

fn one(diagnostic: &Diagnostic, sources: &Sources, read: &mut BTreeMap<String, Option<String>>, text: &mut String) {
    let (style, word) = match diagnostic.severity {
        Severity::Error => (style::ERROR, "error"),
        Severity::Warning => (style::WARNING, "warning"),
    };
    let rule = diagnostic.rule.as_ref().map(|rule| format!("[{rule}]")).unwrap_or_default();
    let mut message = diagnostic.message.lines();
    text.push_str(&format!("{style}{word}{rule}{style:#}: {}\n", message.next().unwrap_or_default()));
    for line in message {
        text.push_str(&format!("  {line}\n"));
    }
    if let Some(place) = &diagnostic.place {
        text.push_str(&format!("  ┌─ {place}\n"));
        if let Some(line) = sources.line(place, read) {
            text.push_str(&format!("  │    {line}\n"));
        }
    }
    if let Some(at) = at(diagnostic) {
        text.push_str(&format!("  = at {at}\n"));
    }
    for note in &diagnostic.notes {
        text.push_str(&format!("  = {}\n", note.replace('\n', "\n    ")));
    }
}

/// `object-counter/Counter/Handler (AWS::Lambda::Function), MemorySize`, as much of it as is known.
fn at(diagnostic: &Diagnostic) -> Option<String> {
    let property = diagnostic.property.as_deref();
    match (&diagnostic.path, &diagnostic.resource_type) {
        (None, None) => property.map(str::to_owned),
        (path, resource_type) => {
            let mut at = path.clone().unwrap_or_default();
            if let Some(resource_type) = resource_type {
                at.push_str(&if at.is_empty() { resource_type.clone() } else { format!(" ({resource_type})") });
            }
            if let Some(property) = property {
                at.push_str(&format!(", {property}"));
            }
            Some(at)
        }
    }
}

/// `2 errors, 1 warning`.
pub fn counts(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "no findings".to_owned(),
        (0, warnings) => plural(warnings, "warning"),
        (errors, 0) => plural(errors, "error"),
        (errors, warnings) => format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

/// `1 stack`, `2 stacks`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_known_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/main.rs"), "fn main() {\n    .memory(size)\n}\n").unwrap();
        let mut full = Diagnostic::new(Severity::Error, "64 MB is too small");
        full.rule = Some("lambda-memory".to_owned());
        full.path = Some("object-counter/Counter/Handler".to_owned());
        full.resource_type = Some("AWS::Lambda::Function".to_owned());
        full.property = Some("MemorySize".to_owned());
        full.place = Some(SourcePlace { file: "src/main.rs".to_owned(), line: 2 });
        full.notes = vec!["allowed: 128 to 10240".to_owned()];
        let bare = Diagnostic::new(Severity::Warning, "something is odd");
        let text = render(&[bare, full], &Sources::new(vec![folder.path().to_owned()]));
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            plain,
            "error[lambda-memory]: 64 MB is too small\n  ┌─ src/main.rs:2\n  │    .memory(size)\n  \
             = at object-counter/Counter/Handler (AWS::Lambda::Function), MemorySize\n  = allowed: 128 to 10240\n\n\
             warning: something is odd\n\n"
        );
    }
}
