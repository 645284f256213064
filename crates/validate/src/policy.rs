//! What people say about rules: how severe a rule is to be in a project, and where a finding is as it should be.
//!
//! A resource says so itself, in its `Metadata`, with the reason; so does a template for all that is in it:
//!
//! ```yaml
//! Metadata:
//!   skysmith:
//!     allow:
//!       - rule: policy-wildcard
//!         reason: the tool lists every bucket of the account
//! ```
//!
//! The nearest word counts: what a resource allows stays allowed where a project makes the rule an error.

use std::collections::BTreeMap;

use skysmith_template::{Map, Node, Template};

use crate::at::At;
use crate::finding::{Finding, Findings, PathStep};
use crate::rule::{RuleId, Severity, UnknownRule};

/// How severe the findings of a rule are in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Errors.
    Error,
    /// Warnings.
    Warning,
    /// Nothing; they are only counted.
    Off,
}

impl Level {
    /// The words for it.
    pub const WORDS: [&str; 3] = ["error", "warning", "off"];

    /// The word, as it stands in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Off => "off",
        }
    }

    /// The level that the word stands for.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Error, Self::Warning, Self::Off].into_iter().find(|level| level.as_str() == word)
    }
}

/// The rules that have another severity in a project than in the table.
pub type Levels = BTreeMap<RuleId, Level>;

/// Findings after everything that was said about rules.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Judged {
    /// What is left, with the severity that it has here.
    pub findings: Vec<Finding>,
    /// What nobody wants to see.
    pub silenced: Vec<Silenced>,
}

/// A finding that nobody wants to see.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Silenced {
    /// The finding.
    pub finding: Finding,
    /// Why, where the template says so; nothing where the rule is off.
    pub reason: Option<String>,
}

/// Validates the template, for a stack in `region` if that is known, and takes in what it and the project say about rules.
/// What is said in vain is a finding as well.
pub fn judge(template: &Template, region: Option<&str>, levels: &Levels) -> Judged {
    let mut said = Findings::default();
    let allowances = Allowance::all(template, &mut said);
    let mut used = vec![false; allowances.len()];
    let mut judged = Judged::default();
    for finding in crate::validate_for(template, region) {
        let by = allowances.iter().rposition(|allowance| allowance.covers(&finding));
        match by {
            Some(index) => {
                used[index] = true;
                let reason = Some(allowances[index].reason.to_owned());
                judged.silenced.push(Silenced { finding, reason });
            }
            None => judged.take(finding, levels),
        }
    }
    for (allowance, _) in allowances.iter().zip(used).filter(|(_, used)| !used) {
        let message = format!("`{}` is allowed here and not found here", allowance.rule);
        let root = At::Root;
        let resources = root.key("Resources");
        let owner = allowance.owner.map_or(root, |id| resources.key(id));
        let at = owner.key("Metadata");
        said.push(RuleId::UnusedAllow, at.key(KEY).key("allow").index(allowance.index), message)
            .note("remove it, so that it does not hide a mistake of another day");
    }
    for finding in said.into_sorted(template) {
        judged.take(finding, levels);
    }
    judged
}

impl Judged {
    fn take(&mut self, mut finding: Finding, levels: &Levels) {
        match levels.get(&finding.rule) {
            Some(Level::Off) => return self.silenced.push(Silenced { finding, reason: None }),
            Some(Level::Error) => finding.severity = Severity::Error,
            Some(Level::Warning) => finding.severity = Severity::Warning,
            None => {}
        }
        self.findings.push(finding);
    }
}

/// The key in `Metadata`.
const KEY: &str = "skysmith";

struct Allowance<'t> {
    /// The resource that says it; nothing if the template does.
    owner: Option<&'t str>,
    index: usize,
    rule: RuleId,
    reason: &'t str,
}

impl<'t> Allowance<'t> {
    /// All that the template says, and what is wrong with that. The template's own come first, so that the nearest is the last.
    fn all(template: &'t Template, said: &mut Findings) -> Vec<Self> {
        let mut all = Vec::new();
        let root = At::Root;
        if let Some(metadata) = template.section("Metadata") {
            Self::read(None, metadata, root.key("Metadata"), &mut all, said);
        }
        let resources = root.key("Resources");
        for resource in template.resources() {
            if let Some(metadata) = resource.metadata() {
                let id = resource.logical_id();
                Self::read(Some(id), metadata, resources.key(id).key("Metadata"), &mut all, said);
            }
        }
        all
    }

    fn read(owner: Option<&'t str>, metadata: &'t Map, at: At<'_>, all: &mut Vec<Self>, said: &mut Findings) {
        let Some(ours) = metadata.get(KEY) else { return };
        let at = at.key(KEY);
        let Some(ours) = ours.as_map() else {
            said.push(RuleId::MalformedAllow, at, "`skysmith` in `Metadata` is not a map").note(SHAPE);
            return;
        };
        for (key, value) in ours {
            let at = at.key(key);
            match value.as_list().filter(|_| key == "allow") {
                Some(items) => {
                    for (index, item) in items.iter().enumerate() {
                        all.extend(Self::of(owner, index, item, at.index(index), said));
                    }
                }
                None if key == "allow" => {
                    said.push(RuleId::MalformedAllow, at, "`allow` is not a list").note(SHAPE);
                }
                None => {
                    let message = format!("`skysmith` in `Metadata` has no `{key}`");
                    said.push(RuleId::MalformedAllow, at, message).suggest(key, ["allow"].into_iter()).note(SHAPE);
                }
            }
        }
    }

    fn of(owner: Option<&'t str>, index: usize, item: &'t Node, at: At<'_>, said: &mut Findings) -> Option<Self> {
        let text = |key: &str| item.get(key).and_then(Node::as_str).map(str::trim).filter(|text| !text.is_empty());
        let (Some(id), Some(reason)) = (text("rule"), text("reason")) else {
            let missing = if text("rule").is_none() { "rule" } else { "reason" };
            said.push(RuleId::MalformedAllow, at, format!("what is allowed here has no `{missing}`")).note(SHAPE);
            return None;
        };
        match id.parse::<RuleId>() {
            Ok(rule) => Some(Self { owner, index, rule, reason }),
            Err(UnknownRule { suggestion, .. }) => {
                let noted = said.push(RuleId::UnknownRule, at.key("rule"), format!("there is no rule `{id}`"));
                if let Some(rule) = suggestion {
                    noted.note(format!("did you mean `{rule}`?"));
                }
                None
            }
        }
    }

    fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.owner.is_none_or(|owner| {
            let is =
                |index: usize, name: &str| matches!(finding.path.get(index), Some(PathStep::Key(key)) if key == name);
            is(0, "Resources") && is(1, owner)
        })
    }
}

/// What it should look like.
const SHAPE: &str = "write `skysmith: { allow: [{ rule: lambda-memory, reason: ... }] }`";

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(metadata: &str, levels: &[(RuleId, Level)]) -> Judged {
        let text = format!(
            r#"{{"Resources": {{
                "Q": {{"Type": "AWS::SNS::Topic", "Properties": {{"Dela": 1}}, "Metadata": {metadata}}},
                "R": {{"Type": "AWS::SNS::Topic", "Properties": {{"Dela": 1}}}}
            }}}}"#
        );
        judge(&skysmith_template::read_json(&text).unwrap().template, None, &levels.iter().copied().collect())
    }

    fn found(judged: &Judged) -> Vec<String> {
        let shown = |finding: &Finding| {
            let path: Vec<_> = finding.path.iter().map(ToString::to_string).collect();
            format!("{} {} {}", finding.severity, finding.rule, path.join("/"))
        };
        judged.findings.iter().map(shown).collect()
    }

    const ALLOWED: &str = r#"{"skysmith": {"allow": [{"rule": "unknown-property", "reason": "because"}]}}"#;
    const R: &str = "error unknown-property Resources/R/Properties/Dela";

    #[test]
    fn a_resource_allows_what_is_found_in_it() {
        let judged = judged(ALLOWED, &[]);
        assert_eq!(found(&judged), [R]);
        assert_eq!(judged.silenced.len(), 1);
        assert_eq!(judged.silenced[0].reason.as_deref(), Some("because"));
    }

    #[test]
    fn a_project_raises_lowers_and_silences() {
        let of = |level| judged("{}", &[(RuleId::UnknownProperty, level)]);
        assert!(found(&of(Level::Warning)).iter().all(|line| line.starts_with("warning ")));
        assert!(found(&of(Level::Error)).iter().all(|line| line.starts_with("error ")));
        let off = of(Level::Off);
        assert_eq!((off.findings.len(), off.silenced.len()), (0, 2));
        assert!(off.silenced.iter().all(|silenced| silenced.reason.is_none()));
        // The nearest word counts.
        assert_eq!(found(&judged(ALLOWED, &[(RuleId::UnknownProperty, Level::Error)])), [R]);
    }

    #[test]
    fn what_is_said_in_vain_or_wrong_is_told() {
        let first = "error unknown-property Resources/Q/Properties/Dela";
        for (metadata, finding) in [
            (
                r#"{"skysmith": {"allow": [{"rule": "lambda-memory", "reason": "x"}]}}"#,
                "warning unused-allow Resources/Q/Metadata/skysmith/allow/0",
            ),
            (
                r#"{"skysmith": {"allow": [{"rule": "lambda-memry", "reason": "x"}]}}"#,
                "error unknown-rule Resources/Q/Metadata/skysmith/allow/0/rule",
            ),
            (
                r#"{"skysmith": {"allow": [{"rule": "lambda-memory"}]}}"#,
                "error malformed-allow Resources/Q/Metadata/skysmith/allow/0",
            ),
            (
                r#"{"skysmith": {"allow": [{"rule": "lambda-memory", "reason": " "}]}}"#,
                "error malformed-allow Resources/Q/Metadata/skysmith/allow/0",
            ),
            (r#"{"skysmith": {"allow": {}}}"#, "error malformed-allow Resources/Q/Metadata/skysmith/allow"),
            (r#"{"skysmith": {"alow": []}}"#, "error malformed-allow Resources/Q/Metadata/skysmith/alow"),
            (r#"{"skysmith": 1}"#, "error malformed-allow Resources/Q/Metadata/skysmith"),
        ] {
            assert_eq!(found(&judged(metadata, &[])), [first, R, finding], "{metadata}");
        }
        assert!(found(&judged(r#"{"other": {"allow": 1}, "skysmith:EmptyOnDelete": true}"#, &[])).len() == 2);
    }

    #[test]
    fn a_template_allows_everywhere() {
        let text = r#"{"Metadata": {"skysmith": {"allow": [{"rule": "unknown-property", "reason": "x"}]}},
            "Resources": {"Q": {"Type": "AWS::SNS::Topic", "Properties": {"Dela": 1}}}}"#;
        let judged = judge(&skysmith_template::read_json(text).unwrap().template, None, &Levels::new());
        assert_eq!((judged.findings.len(), judged.silenced.len()), (0, 1));
    }
}
