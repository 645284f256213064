//! As much of XML as the query protocol's answers need.

use std::fmt::Write as _;

/// An element under construction.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    pub fn new() -> Self {
        Self::default()
    }

    /// With an element that holds text.
    #[must_use]
    pub fn text(mut self, name: &str, text: impl AsRef<str>) -> Self {
        let _ = write!(self.0, "<{name}>{}</{name}>", escape(text.as_ref()));
        self
    }

    /// The same, if there is any text.
    #[must_use]
    pub fn maybe(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// With an element that holds others.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "made on the spot, always")]
    pub fn child(mut self, name: &str, inside: Self) -> Self {
        let _ = write!(self.0, "<{name}>{}</{name}>", inside.0);
        self
    }

    /// With a list, as the query protocol has it.
    #[must_use]
    pub fn list(mut self, name: &str, members: impl IntoIterator<Item = Self>) -> Self {
        let _ = write!(self.0, "<{name}>");
        for member in members {
            let _ = write!(self.0, "<member>{}</member>", member.0);
        }
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// With a list of texts.
    #[must_use]
    pub fn texts<'a>(self, name: &str, members: impl IntoIterator<Item = &'a str>) -> Self {
        self.list(name, members.into_iter().map(|text| Self(escape(text))))
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
