//! What every builder needs: a memory of where it was started, and a complaint if it is dropped unbuilt.

use std::cell::Cell;

use crate::diagnostic::Diagnostic;
use crate::place::Place;
use crate::scope::Scope;

/// The beginning of a construct whose builder is still collecting settings.
///
/// A builder holds one and gives it up in `build`. A builder that is dropped before leaves an error with the place where
/// it was started: the construct is missing from the stack, and nothing else would say so.
#[derive(Debug)]
pub struct Draft {
    scope: Scope,
    id: String,
    place: Place,
    built: Cell<bool>,
}

impl Draft {
    /// Starts a construct `id` in `scope`. The caller of the function that is marked `#[track_caller]` is its place.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self { scope: scope.clone(), id: id.to_owned(), place: scope.place(), built: Cell::new(false) }
    }

    /// The construct's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the builder was started.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The scope that the construct will stand in, with the builder's place.
    pub fn parent(&self) -> Scope {
        self.scope.made_at(self.place)
    }

    /// Makes the construct's scope. Everything made in it is said to come from the builder's place.
    pub fn build(&self) -> Scope {
        self.built.set(true);
        self.parent().child(&self.id)
    }

    /// Says that the construct is made, where that happens by other means than [`build`](Self::build).
    pub fn mark_built(&self) {
        self.built.set(true);
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.built.get() && !std::thread::panicking() {
            let message = format!("the builder of `{}` is never built", self.id);
            self.scope
                .report(Diagnostic::error(message).rule("never-built").at(self.place).note("end it with `.build()`"));
        }
    }
}
