//! Where a function's code comes from.

use skysmith_cfn::lambda::function;
use skysmith_core::{Diagnostic, DirectoryAsset, Scope};
use skysmith_validate::{HandlerFiles, handler_files};

use super::Runtime;

/// A function's code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The files of a directory, zipped and uploaded by the deploy.
    Directory(String),
    /// Source text in the template, in a file `index`.
    Inline(String),
}

impl Code {
    /// The files of a directory. A relative path starts at the application's folder.
    pub fn directory(path: impl Into<String>) -> Self {
        Self::Directory(path.into())
    }

    /// Source text, up to 4 MB, for Python and Node.js. The handler's file is called `index`.
    pub fn inline(source: impl Into<String>) -> Self {
        Self::Inline(source.into())
    }

    /// The property, and the asset that it needs.
    pub(super) fn bind(&self, scope: &Scope) -> (function::Code, Option<DirectoryAsset>) {
        match self {
            Self::Inline(source) => (function::Code::new().zip_file(source), None),
            Self::Directory(path) => {
                let asset = scope.asset_directory(path);
                let code = function::Code::new().s3_bucket(asset.bucket().cast()).s3_key(asset.key());
                (code, Some(asset))
            }
        }
    }
}

/// Whether the handler names a file that is there. What the file defines only its runtime can tell.
pub(super) fn check_handler(asset: &DirectoryAsset, runtime: &Runtime, handler: &str) -> Option<Diagnostic> {
    let files = match handler_files(runtime.name(), handler) {
        HandlerFiles::Any => return None,
        HandlerFiles::OneOf(files) => files,
        HandlerFiles::Malformed => {
            return Some(
                Diagnostic::error(format!("handler `{handler}` is not of the form `file.function`"))
                    .rule("lambda-handler")
                    .property("Handler"),
            );
        }
    };
    if !asset.is_readable() || files.iter().any(|file| asset.files().contains(file)) {
        return None;
    }
    let folder = asset.source().display();
    Some(
        Diagnostic::error(format!("handler `{handler}` needs a file `{}`, and `{folder}` has none", files[0]))
            .rule("lambda-handler")
            .property("Handler")
            .note(format!("files there: {}", some_of(asset.files()))),
    )
}

fn some_of(files: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = files[..files.len().min(SHOWN)].join(", ");
    if files.len() > SHOWN { format!("{shown} and {} more", files.len() - SHOWN) } else { shown }
}
