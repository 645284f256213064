//! Functions whose handler is in no file of their code, where the code is at hand: in the assembly, as an asset of the stack.

use std::fs;
use std::path::Path;

use skysmith_assembly::{FileSource, Packaging, Stack};
use skysmith_template::{Node, Resource, Template};
use skysmith_validate::{HandlerFiles, handler_files};

/// A handler that cannot be found.
pub struct Missing<'a> {
    pub logical_id: &'a str,
    pub message: String,
    pub notes: Vec<String>,
}

/// The functions of the template with such a handler.
pub fn missing<'a>(stack: &Stack, template: &'a Template) -> Vec<Missing<'a>> {
    let functions = template.resources().filter(|it| it.resource_type() == Some("AWS::Lambda::Function"));
    functions.filter_map(|function| of_function(stack, function)).collect()
}

fn of_function<'a>(stack: &Stack, function: Resource<'a>) -> Option<Missing<'a>> {
    let text = |name: &str| function.property(name).and_then(Node::as_str);
    let (runtime, handler) = (text("Runtime")?, text("Handler")?);
    let folder = folder(stack, function.property("Code")?.as_map()?.get("S3Key")?.as_str()?)?;
    let found = |message, notes| Missing { logical_id: function.logical_id(), message, notes };
    match handler_files(runtime, handler) {
        HandlerFiles::OneOf(files) if !files.iter().any(|file| folder.join(file).is_file()) => {
            let message = format!("handler `{handler}` needs a file `{}`, and its code has none", files.first()?);
            Some(found(message, vec![format!("files there: {}", names(folder)?)]))
        }
        HandlerFiles::Malformed => {
            Some(found(format!("handler `{handler}` is not of the form `file.function`"), Vec::new()))
        }
        _ => None,
    }
}

/// The folder that is zipped and put under this key, if that is how the object comes about.
fn folder<'s>(stack: &'s Stack, key: &str) -> Option<&'s Path> {
    let asset = stack.assets.iter().find(|asset| asset.destinations.iter().any(|it| it.object_key == key))?;
    match &asset.source {
        FileSource::Path { path, packaging: Packaging::Zip } if path.is_dir() => Some(path),
        _ => None,
    }
}

/// What is in a folder, up to a line; nothing if it cannot be read, since then nothing is known of it.
fn names(folder: &Path) -> Option<String> {
    const SHOWN: usize = 8;
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let end = if entry.path().is_dir() { "/" } else { "" };
        names.push(format!("{}{end}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let shown = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Some(if more > 0 { format!("{shown} and {more} more") } else { shown })
}
