//! What is wrong with a program, collected while it runs and reported all at once.

use crate::place::Place;
use crate::reference::NodeId;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is written.
    Error,
    /// Worth knowing.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's id, such as `lambda-memory`, where a rule found it.
    pub rule: Option<String>,
    /// One sentence without a full stop.
    pub message: String,
    /// The construct, if it is about one.
    pub node: Option<NodeId>,
    /// The property, if it is about one: `MemorySize`, `KeySchema[0].AttributeName`.
    pub property: Option<String>,
    /// Where in the user's program.
    pub place: Option<Place>,
    /// What helps: what is allowed, what was meant, where the other one is.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error that says `message`.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            rule: None,
            message: message.into(),
            node: None,
            property: None,
            place: None,
            notes: Vec::new(),
        }
    }

    /// A warning that says `message`.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// The same, found by `rule`.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// The same, about `property`.
    #[must_use]
    pub fn property(mut self, property: impl Into<String>) -> Self {
        self.property = Some(property.into());
        self
    }

    /// The same, at `place`.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, with a further note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}
