//! What a check found, and where.

use std::fmt;

use skysmith_template::{Node, Step, Template};

use crate::at::At;
use crate::rule::{RuleId, Severity};

/// A step from the root of a template to a value, in the long JSON form: a [`Step`] that owns its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathStep {
    /// To the entry of a map.
    Key(String),
    /// To the item of a list, from 0.
    Index(usize),
}

impl PathStep {
    /// The step as the template's source map takes it.
    pub fn as_step(&self) -> Step<'_> {
        match self {
            Self::Key(key) => Step::Key(key),
            Self::Index(index) => Step::Index(*index),
        }
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_step().fmt(f)
    }
}

/// One thing that is wrong with a template.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: one sentence without a full stop, with the value that was found.
    pub message: String,
    /// The resource it is about; nothing if it is about another part of the template.
    pub logical_id: Option<String>,
    /// Where it is, from the root of the template in its long JSON form: `Resources`, `Table`, `Properties`, `KeySchema`, 0.
    /// What is missing is reported at the map that lacks it.
    pub path: Vec<PathStep>,
    /// The top-level property of the resource that it is about.
    pub property: Option<String>,
    /// What helps: what is allowed, what was probably meant.
    pub notes: Vec<String>,
}

impl Finding {
    fn new(rule: RuleId, at: At<'_>, message: String) -> Self {
        let path = at.to_path();
        let key = |index: usize| match path.get(index) {
            Some(PathStep::Key(key)) => Some(key.as_str()),
            _ => None,
        };
        let logical_id = key(1).filter(|_| key(0) == Some("Resources")).map(str::to_owned);
        let property = key(3).filter(|_| logical_id.is_some() && key(2) == Some("Properties")).map(str::to_owned);
        Self { rule, severity: rule.severity(), message, logical_id, path, property, notes: Vec::new() }
    }

    /// Where it is, as people write it: `KeySchema[0].AttributeName` for what is in a resource's properties, `DependsOn[1]` for what
    /// else a resource has, `Outputs.Url.Value` for the rest. Nothing if it is about a resource or the template as a whole. What is
    /// inside of a function has the place of the function.
    pub fn shown_path(&self) -> Option<String> {
        let key = |index: usize| match self.path.get(index) {
            Some(PathStep::Key(key)) => key.as_str(),
            _ => "",
        };
        let above = match (key(0), key(2)) {
            ("Resources", "Properties") => 3,
            ("Resources", _) => 2,
            _ => 0,
        };
        let mut shown = String::new();
        for step in self.path.iter().skip(above) {
            match step {
                PathStep::Key(key) if key == "Ref" || key.starts_with("Fn::") => break,
                PathStep::Key(key) if shown.is_empty() => shown.push_str(key),
                PathStep::Key(key) => {
                    shown.push('.');
                    shown.push_str(key);
                }
                PathStep::Index(index) => shown.push_str(&format!("[{index}]")),
            }
        }
        (!shown.is_empty()).then_some(shown)
    }

    /// The path as [`SourceMap::nearest_span`](skysmith_template::SourceMap::nearest_span) takes it.
    pub fn steps(&self) -> Vec<Step<'_>> {
        self.path.iter().map(PathStep::as_step).collect()
    }
}

/// The findings of a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn push(&mut self, rule: RuleId, at: At<'_>, message: impl Into<String>) -> Noted<'_> {
        self.found.push(Finding::new(rule, at, message.into()));
        Noted(self.found.last_mut())
    }

    /// What the first one says.
    pub(crate) fn first_message(&self) -> String {
        self.found.first().map(|it| it.message.clone()).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How deep in the template the shallowest finding is: of several readings of a value, the one that fails deepest is
    /// the one that was meant.
    pub(crate) fn depth(&self) -> usize {
        self.found.iter().map(|finding| finding.path.len()).min().unwrap_or(usize::MAX)
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// One finding a place, in the order in which the places stand in the template; of several the first that was made.
    pub(crate) fn into_sorted(self, template: &Template) -> Vec<Finding> {
        let mut found = self.found;
        found.sort_by_cached_key(|it| (position(template, &it.path), it.path.clone(), it.severity));
        found.dedup_by(|later, kept| {
            // What is missing is reported at the map that lacks it, so several findings may share a place there. What is
            // only unwise has nothing to do with what is wrong.
            let is_of_one_kind = later.severity == kept.severity && later.severity == Severity::Error;
            later.path == kept.path && (later.message == kept.message || is_of_one_kind && !is_about_a_part(later.rule))
        });
        found
    }
}

/// Whether findings of the rule are about a part of the value at their place rather than about the value.
fn is_about_a_part(rule: RuleId) -> bool {
    matches!(
        rule,
        RuleId::MissingProperty
            | RuleId::MissingType
            | RuleId::PropertyCombination
            | RuleId::LambdaRuntime
            | RuleId::LambdaEventSource
            | RuleId::ApiMismatch
            | RuleId::QueueRedrive
            | RuleId::QueueVisibility
            | RuleId::SnsSubscription
            | RuleId::S3AccessControl
            | RuleId::S3Lifecycle
            | RuleId::TableBilling
            | RuleId::TableIndex
            | RuleId::PolicyGrammar
            | RuleId::TemplateLimit
    )
}

/// The index of each step in its map or list, for sorting.
fn position(template: &Template, path: &[PathStep]) -> Vec<usize> {
    let mut positions = Vec::with_capacity(path.len());
    let mut map = Some(template.root());
    let mut list: Option<&[Node]> = None;
    for step in path {
        let (index, node) = match step {
            PathStep::Key(key) => match map.and_then(|map| map.get_full(key)) {
                Some((index, _, node)) => (index, Some(node)),
                // Inside an intrinsic function the model has no maps; what is in there keeps the order it was found in.
                None => (0, None),
            },
            PathStep::Index(index) => (*index, list.and_then(|items| items.get(*index))),
        };
        positions.push(index);
        map = node.and_then(Node::as_map);
        list = node.and_then(Node::as_list);
    }
    positions
}

/// A finding that was just made and may be given notes.
pub(crate) struct Noted<'a>(Option<&'a mut Finding>);

impl Noted<'_> {
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.notes.push(note.into());
        }
        self
    }

    /// Asks whether one of `candidates` was meant, if one is alike.
    pub(crate) fn suggest<'c>(self, wrong: &str, candidates: impl Iterator<Item = &'c str>) -> Self {
        match crate::suggest::closest(wrong, candidates) {
            Some(right) => self.note(format!("did you mean `{right}`?")),
            None => self,
        }
    }
}
