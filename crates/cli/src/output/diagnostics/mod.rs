//! Findings as a person reads them: the message, the line of the source, where in the app, and what helps.
//!
//! For the other readers of findings there is a module each: [`sarif`] for tools, [`github`] for pull requests.

mod excerpt;
pub mod github;
pub mod sarif;

use std::collections::HashMap;

use anstyle::Style;
use skysmith_assembly::SourcePlace;
use skysmith_assembly::protocol::{Diagnostic, Severity, Silenced};
use skysmith_validate::RuleId;
use unicode_width::UnicodeWidthStr as _;

use super::style;
use excerpt::Files;
pub use excerpt::Sources;

/// Of constructs that have the same mistake from the same line, so many are named.
const NAMED: usize = 3;
/// A terminal that is narrower than this is written over its edge: lines of two words cannot be read.
const NARROWEST: usize = 40;

/// One mistake: a finding, and what else the same line of the source makes wrong in the same way, in another stack or for another construct of a loop.
struct Cause<'a> {
    finding: &'a Diagnostic,
    /// The paths of all others.
    others: Vec<&'a str>,
}

/// The findings by what causes them, errors first and otherwise in their order.
fn causes(diagnostics: &[Diagnostic]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let mut known: HashMap<(&SourcePlace, &str), Vec<usize>> = HashMap::new();
    for severity in [Severity::Error, Severity::Warning] {
        for finding in diagnostics.iter().filter(|finding| finding.severity == severity) {
            let (Some(place), Some(path)) = (&finding.place, &finding.path) else {
                causes.push(Cause { finding, others: Vec::new() });
                continue;
            };
            let alike = known.entry((place, &finding.message)).or_default();
            let same = |cause: &Cause<'_>| {
                let other = cause.finding;
                (&other.rule, &other.property, &other.notes) == (&finding.rule, &finding.property, &finding.notes)
            };
            match alike.iter().copied().find(|&index| same(&causes[index])) {
                Some(index) => causes[index].others.push(path),
                None => {
                    alike.push(causes.len());
                    causes.push(Cause { finding, others: Vec::new() });
                }
            }
        }
    }
    causes
}

/// All findings, errors first, each followed by an empty line; in at most `width` columns, where that can be.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, width: Option<usize>) -> String {
    let width = width.map(|width| width.max(NARROWEST));
    let mut files = Files::new();
    let mut text = String::new();
    for cause in causes(diagnostics) {
        let head = match cause.finding.severity {
            Severity::Error => (style::ERROR, "error"),
            Severity::Warning => (style::WARNING, "warning"),
        };
        one(&cause, head, sources, width, &mut files, &mut text);
        text.push('\n');
    }
    text
}

/// The same for what counts for nothing, with the reasons.
pub fn render_silenced(silenced: &[Silenced], sources: &Sources, width: Option<usize>) -> String {
    let width = width.map(|width| width.max(NARROWEST));
    let mut files = Files::new();
    let mut text = String::new();
    for Silenced { diagnostic: finding, reason } in silenced {
        let cause = Cause { finding, others: Vec::new() };
        one(&cause, (style::FAINT, "silenced"), sources, width, &mut files, &mut text);
        let reason = match reason {
            Some(reason) => format!("allowed: {reason}"),
            None => "the rule is off in this project".to_owned(),
        };
        text.push_str(&wrapped(&reason, "  = ", "    ", width));
        text.push('\n');
    }
    text
}

fn one(
    cause: &Cause<'_>,
    (style, word): (Style, &str),
    sources: &Sources,
    width: Option<usize>,
    files: &mut Files,
    text: &mut String,
) {
    let finding = cause.finding;
    let rule = finding.rule.as_ref().map(|rule| format!("[{rule}]")).unwrap_or_default();
    let head = format!("{word}{rule}");
    let message = wrapped(&format!("{head}: {}", finding.message), "", "  ", width);
    // The first word, whose end no line break can be in.
    text.push_str(&format!("{style}{head}{style:#}{}", message.strip_prefix(&head).unwrap_or(&message)));
    if let Some(place) = &finding.place {
        let column = place.column.map(|column| format!(":{column}")).unwrap_or_default();
        text.push_str(&format!("  ┌─ {place}{column}\n"));
        text.push_str(&sources.excerpt(place, style, width, files));
    }
    if let Some(at) = at(finding) {
        text.push_str(&wrapped(&format!("at {at}"), "  = ", "    ", width));
    }
    if !cause.others.is_empty() {
        let mut also = cause.others.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if let Some(more) = cause.others.len().checked_sub(NAMED).filter(|more| *more > 0) {
            also.push_str(&format!(" and {more} more"));
        }
        text.push_str(&wrapped(&format!("also at {also}"), "  = ", "    ", width));
    }
    for note in &finding.notes {
        text.push_str(&wrapped(note, "  = ", "    ", width));
    }
}

/// `object-counter/Counter/Handler (AWS::Lambda::Function), MemorySize`, as much of it as is known.
fn at(diagnostic: &Diagnostic) -> Option<String> {
    let property = diagnostic.property.as_deref();
    match (&diagnostic.path, &diagnostic.resource_type) {
        (None, None) => property.map(str::to_owned),
        (path, resource_type) => {
            let mut at = path.clone().unwrap_or_default();
            if let Some(resource_type) = resource_type {
                at.push_str(&if at.is_empty() { resource_type.clone() } else { format!(" ({resource_type})") });
            }
            if let Some(property) = property {
                at.push_str(&format!(", {property}"));
            }
            Some(at)
        }
    }
}

/// The text between words at whose spaces a line ends before it gets too long. Its own line breaks stay.
pub fn wrapped(text: &str, first: &str, next: &str, width: Option<usize>) -> String {
    let mut wrapped = String::new();
    for (index, line) in text.lines().enumerate() {
        let mut indent = if index == 0 { first } else { next };
        wrapped.push_str(indent);
        let mut used = indent.width();
        for (index, word) in line.split(' ').enumerate() {
            let wide = word.width();
            if index > 0 && width.is_some_and(|width| used + 1 + wide > width && used > indent.width()) {
                indent = next;
                wrapped.push('\n');
                wrapped.push_str(indent);
                used = indent.width();
            } else if index > 0 {
                wrapped.push(' ');
                used += 1;
            }
            wrapped.push_str(word);
            used += wide;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// `2 errors, 1 warning, 3 silenced`.
pub fn counts(diagnostics: &[Diagnostic], silenced: usize) -> String {
    let causes = causes(diagnostics);
    let count = |severity| causes.iter().filter(|cause| cause.finding.severity == severity).count();
    let mut counts = Vec::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        counts.extend(Some(count(severity)).filter(|count| *count > 0).map(|count| plural(count, word)));
    }
    if counts.is_empty() {
        counts.push("no findings".to_owned());
    }
    counts.extend((silenced > 0).then(|| format!("{silenced} silenced")));
    counts.join(", ")
}

/// Where more is to be read about the rules of the findings, as a line; nothing if nowhere.
pub fn more(diagnostics: &[Diagnostic]) -> String {
    let mut rules: Vec<RuleId> =
        causes(diagnostics).iter().filter_map(|cause| cause.finding.rule.as_deref()?.parse().ok()).collect();
    let first = rules.first().copied();
    rules.sort_unstable();
    rules.dedup();
    match (first, rules.len()) {
        (None, _) => String::new(),
        (Some(rule), 1) => format!("more about it: skysmith explain {rule}\n"),
        (Some(rule), _) => format!("more about each: skysmith explain RULE, such as skysmith explain {rule}\n"),
    }
}

/// `1 stack`, `2 stacks`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests;
