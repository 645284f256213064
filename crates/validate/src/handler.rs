//! Which file of a function's code its handler is in. What the file defines only the runtime can tell.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/ruby-handler.html>

/// Where Lambda looks for a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerFiles {
    /// Handlers of the runtime name no file, or the runtime is not known.
    Any,
    /// In one of these files, by their paths in the code. The first is the usual one.
    OneOf(Vec<String>),
    /// It is not of the form `file.function`, which the runtime wants.
    Malformed,
}

/// The files that `handler` may be in, for a runtime such as `python3.13`.
///
/// ```
/// use skysmith_validate::{HandlerFiles, handler_files};
///
/// assert_eq!(handler_files("python3.13", "count.handler"), HandlerFiles::OneOf(vec!["count.py".to_owned()]));
/// assert_eq!(handler_files("python3.13", "count"), HandlerFiles::Malformed);
/// assert_eq!(handler_files("provided.al2023", "bootstrap"), HandlerFiles::Any);
/// ```
pub fn handler_files(runtime: &str, handler: &str) -> HandlerFiles {
    let extensions: &[&str] = match runtime {
        name if name.starts_with("python") => &["py"],
        name if name.starts_with("nodejs") => &["js", "mjs", "cjs"],
        name if name.starts_with("ruby") => &["rb"],
        _ => return HandlerFiles::Any,
    };
    let module = match handler.rsplit_once('.') {
        Some((module, function)) if !module.is_empty() && !function.is_empty() => module,
        _ => return HandlerFiles::Malformed,
    };
    let mut files: Vec<String> = Vec::new();
    // Python also takes dots for folders.
    for module in [module.to_owned(), module.replace('.', "/")] {
        for extension in extensions {
            let file = format!("{module}.{extension}");
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    HandlerFiles::OneOf(files)
}
