//! Source places: the file and line of the user's program that made something.

use std::panic::Location;

/// A place in the user's program.
///
/// Places appear in diagnostics and in the manifest's metadata, never in a template: two machines would give different
/// bytes.
pub type Place = &'static Location<'static>;

/// The file of a place as its author knows it: relative to the workspace for the app itself, from the package's name on
/// for a dependency.
pub(crate) fn shown_file(place: Place) -> String {
    let file = place.file().replace('\\', "/");
    // A registry dependency lives in `…/registry/src/<index>/<package>-<version>/src/…`, a git one in
    // `…/git/checkouts/<repository>-<hash>/<commit>/…`.
    for (marker, skip) in [("/registry/src/", 1), ("/git/checkouts/", 2)] {
        if let Some((_, rest)) = file.split_once(marker) {
            return rest.splitn(skip + 1, '/').last().unwrap_or(rest).to_owned();
        }
    }
    // `file!()` of a path dependency outside of the workspace is absolute; its folder says nothing on another machine.
    match (file.starts_with('/') || file.get(1..3) == Some(":/"), file.rfind("/src/")) {
        (true, Some(src)) => {
            let package = file[..src].rfind('/').map_or(0, |slash| slash + 1);
            file[package..].to_owned()
        }
        _ => file,
    }
}

/// `file:line`, as in the manifest's traces.
pub(crate) fn shown(place: Place) -> String {
    format!("{}:{}", shown_file(place), place.line())
}

/// A builder's setting together with the place of the call that gave it, so that a complaint about the setting can
/// point at that call and not at the construct.
#[derive(Clone, Debug)]
pub struct Given<T> {
    /// What was given.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<T> Given<T> {
    /// `value`, given by the caller of the function that is marked `#[track_caller]`.
    #[track_caller]
    pub fn here(value: T) -> Self {
        Self { value, place: Location::caller() }
    }
}
