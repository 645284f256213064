//! The difference between two templates, for people and for programs.
//!
//! [`View`] is what is known of one stack's difference. [`View::document`] decides what is worth a word and in which order, once, as a tree of lines;
//! [`text`] and [`markdown`] only lay that out. [`json`] has all of it, for programs.

pub mod document;
mod estimate;
pub mod json;
mod losses;
pub mod markdown;
mod resources;
mod rights;
#[cfg(test)]
mod schema;
mod sections;
#[cfg(test)]
mod tests;
pub mod text;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use skysmith_diff::{FileChanges, ResourceChange, TemplateDiff};
use skysmith_template::Template;

use crate::names::Names;
use document::{Document, Section};

pub use estimate::estimated;

/// A tag of a stack that comes, goes or gets another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChange {
    pub key: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A property that is not what the deployed template says: the third of three ways to see a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drifted {
    pub logical_id: String,
    /// The nested stacks around it.
    pub nested_in: Vec<String>,
    pub resource_type: String,
    /// It is not there at all any more.
    pub is_gone: bool,
    pub properties: Vec<DriftedProperty>,
}

/// See [`Drifted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftedProperty {
    pub path: String,
    /// What the deployed template says.
    pub deployed: Option<String>,
    /// What is there.
    pub real: Option<String>,
    /// What the new template says.
    pub wanted: Option<String>,
}

/// What is known beside the difference itself; where nothing is, nothing is said.
#[derive(Clone, Debug, Default)]
pub struct More {
    pub tags: Vec<TagChange>,
    /// The files of the code of a function or layer, by logical id, after those of the nested stacks around it: `Inner/Function`.
    pub files: BTreeMap<String, FileChanges>,
    /// Whose files were not looked at, and why, where they are not known.
    pub unread: BTreeMap<String, String>,
    /// The stacks that read an output, by its name.
    pub readers: BTreeMap<String, Vec<String>>,
    /// What is in a resource, by logical id as above: `1,204 items`.
    pub contents: BTreeMap<String, String>,
    /// Required parameters without a value.
    pub missing: Vec<String>,
    /// Resources that exist and become part of the stack.
    pub imported: BTreeSet<String>,
    pub drift: Vec<Drifted>,
    /// What could not be found out, and why.
    pub notes: Vec<String>,
}

/// What is known of the difference of one stack.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The stack, and where it is.
    pub title: &'a str,
    /// The logical ids of the nested stacks around what is looked at, from the outermost; none for the stack itself.
    pub nested_in: &'a [String],
    pub diff: &'a TemplateDiff,
    pub names: &'a Names,
    /// The new template.
    pub after: &'a Template,
    /// Whether the stack is there. Otherwise everything is new.
    pub is_deployed: bool,
    /// Whether to say how long it takes: nobody knows how fast an emulator is.
    pub has_estimate: bool,
    pub more: &'a More,
}

impl View<'_> {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.diff.is_empty() && self.more.tags.is_empty() && self.more.drift.is_empty()
    }

    /// Whether there is nothing to tell that matters for security.
    pub fn is_secure(&self) -> bool {
        self.diff.stacks().all(|diff| diff.iam.is_empty() && diff.security.is_empty())
    }

    /// What is found in the stack itself and then in each of those nested in it.
    fn everywhere<T>(&self, find: &mut impl FnMut(&View<'_>) -> Vec<T>) -> Vec<T> {
        let mut found = find(self);
        for resource in &self.diff.resources {
            found.extend(self.inside(resource, |view| view.everywhere(find)).unwrap_or_default());
        }
        found
    }

    /// Looks at the stack that a resource is, if it is one.
    fn inside<T>(&self, resource: &ResourceChange, look: impl FnOnce(&View<'_>) -> T) -> Option<T> {
        let diff = resource.nested.as_deref()?;
        let id = &resource.logical_id;
        let nested_in: Vec<String> = self.nested_in.iter().chain([id]).cloned().collect();
        let names = self.names.inside(id, diff.resources.iter().map(|it| it.logical_id.as_str()));
        Some(look(&View { nested_in: &nested_in, diff, names: &names, ..*self }))
    }

    /// A resource's logical id, after those of the nested stacks around it.
    fn key(&self, logical_id: &str) -> String {
        self.nested_in.iter().map(String::as_str).chain([logical_id]).collect::<Vec<_>>().join("/")
    }

    /// `1 to add, 1 to change, 1 to replace, 0 to remove · about 40 s`.
    pub fn verdict(&self) -> String {
        let mut parts = Vec::new();
        if !self.is_deployed {
            parts.push("not deployed yet".to_owned());
        }
        parts.push(self.counts());
        if self.has_estimate
            && let Some(time) = estimated(self.diff, self.after)
        {
            parts.push(time);
        }
        parts.join(" · ")
    }

    fn counts(&self) -> String {
        if self.diff.is_empty() {
            return match (self.more.tags.is_empty(), self.more.drift.is_empty()) {
                (false, _) => "no changes but of tags".to_owned(),
                (true, false) => "no changes in the code".to_owned(),
                (true, true) => "no changes".to_owned(),
            };
        }
        if self.diff.resources.is_empty() {
            return "no resource changes".to_owned();
        }
        let summary = self.diff.summary();
        let imported = self.more.imported.len();
        let may = match summary.may_replace {
            0 => String::new(),
            count => format!(" ({count} perhaps replaced)"),
        };
        let import = if imported > 0 { format!(", {imported} to import") } else { String::new() };
        format!(
            "{} to add, {} to change{may}, {} to replace, {} to remove{import}",
            summary.add.saturating_sub(imported),
            summary.change,
            summary.replace,
            summary.remove
        )
    }

    /// All of it.
    pub fn document(&self) -> Document {
        self.of(self.all_sections())
    }

    /// Only what matters for security.
    pub fn security(&self) -> Document {
        let mut sections = self.rights();
        sections.extend(self.security_settings());
        self.of(sections)
    }

    fn of(&self, sections: Vec<Section>) -> Document {
        Document { title: self.title.to_owned(), verdict: self.verdict(), sections }
    }

    fn all_sections(&self) -> Vec<Section> {
        let mut sections = Vec::new();
        sections.extend(self.alerts());
        sections.extend(self.resources());
        sections.extend(self.rights());
        sections.extend(self.security_settings());
        sections.extend(self.code());
        sections.extend(self.values());
        sections.extend(self.entries());
        sections.extend(self.drift());
        sections.extend(self.notes());
        sections
    }
}
