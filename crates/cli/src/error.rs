//! How a run ends when it does not end well: kinds of failure, their words, hints and exit codes.
//!
//! The libraries below know what went wrong; only here is decided what a person reads about it and what a script sees as the exit code.

use std::error::Error;

use serde_json::json;
use skysmith_assembly::protocol::{Diagnostic, Silenced};

use crate::output::{Ui, diagnostics, style};

/// The end of a command that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Exit code 0.
    Ok,
    /// Exit code 1, everything that is to be said has been said: `--fail` found something, a refusal was explained.
    Negative,
}

/// The end of a command that did not go well.
#[derive(Debug)]
pub enum Failure {
    /// The command line, the environment or the configuration asks for something that cannot be: exit code 2.
    Usage(Report),
    /// Something failed or was refused: exit code 1.
    Failed(Report),
    /// The program or the input has mistakes: exit code 1.
    Findings {
        /// All of them, warnings included.
        diagnostics: Vec<Diagnostic>,
        /// What counts for nothing.
        silenced: Vec<Silenced>,
        /// What that means, as the end of the line with the counts: `nothing was written`.
        outcome: &'static str,
    },
    /// It takes more than a sentence to tell: exit code 1.
    Story {
        /// All of it, for people.
        text: String,
        /// The same for programs: what stands in `error`.
        json: serde_json::Value,
    },
}

/// What a person reads about a failure.
#[derive(Debug, Default)]
pub struct Report {
    /// One sentence without a full stop.
    pub message: String,
    /// Causes and circumstances, one line each.
    pub notes: Vec<String>,
    /// What to do next, one line each.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(Report { message: message.into(), ..Report::default() })
    }

    /// A failure with exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(Report { message: message.into(), ..Report::default() })
    }

    /// Mistakes, none of which can be silenced.
    pub fn findings(diagnostics: Vec<Diagnostic>, outcome: &'static str) -> Self {
        Self::Findings { diagnostics, silenced: Vec::new(), outcome }
    }

    /// What a person would read, as the parts of a report.
    pub fn into_report(self) -> Report {
        match self {
            Self::Usage(report) | Self::Failed(report) => report,
            Self::Findings { diagnostics, silenced, outcome } => {
                let message = format!("{}; {outcome}", diagnostics::counts(&diagnostics, silenced.len()));
                Report { message, ..Report::default() }
            }
            Self::Story { text, .. } => Report { message: text.trim().to_owned(), ..Report::default() },
        }
    }

    /// With a circumstance added.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        if let Some(report) = self.report() {
            report.notes.push(note.into());
        }
        self
    }

    /// With something to do added.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(report) = self.report() {
            report.hints.push(hint.into());
        }
        self
    }

    /// With `did you mean` added, if one of `known` is close to `wrong`.
    pub fn suggest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(wrong, known) {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// With what was tried put before the message.
    pub fn context(mut self, context: impl AsRef<str>) -> Self {
        if let Some(report) = self.report() {
            report.message = format!("{}: {}", context.as_ref(), report.message);
        }
        self
    }

    fn report(&mut self) -> Option<&mut Report> {
        match self {
            Self::Usage(report) | Self::Failed(report) => Some(report),
            Self::Findings { .. } | Self::Story { .. } => None,
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) | Self::Findings { .. } | Self::Story { .. } => 1,
        }
    }

    /// Tells it to the person, and with `--json` to the program that reads standard output as well.
    pub fn show(&self, ui: &Ui) {
        self.tell(ui);
        if ui.is_json() {
            ui.json_failure(&self.to_json());
        }
    }

    /// The same for one of several stacks, of which others may go on.
    pub fn show_of(&self, ui: &Ui, stack: &str) {
        self.tell(ui);
        if ui.is_json() {
            let mut json = self.to_json();
            json["stack"] = stack.into();
            ui.json_failure(&json);
        }
    }

    fn tell(&self, ui: &Ui) {
        match self {
            Self::Usage(report) | Self::Failed(report) => {
                let mut text = format!("{}error{}: {}\n", style::ERROR, style::reset(), report.message);
                for line in report.notes.iter().chain(&report.hints) {
                    text.push_str(&format!("  = {}\n", line.replace('\n', "\n    ")));
                }
                ui.error(&text);
            }
            Self::Findings { diagnostics, silenced, outcome } => {
                ui.error(&ui.findings(diagnostics));
                ui.detail(&ui.silenced(silenced));
                ui.error(&format!("{}; {outcome}\n", diagnostics::counts(diagnostics, silenced.len())));
                ui.say(&diagnostics::more(diagnostics));
            }
            Self::Story { text, .. } => ui.error(text),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Usage(report) | Self::Failed(report) => {
                json!({ "error": { "message": report.message, "notes": report.notes, "hints": report.hints } })
            }
            Self::Findings { diagnostics, silenced, outcome } => {
                let message = format!("{}; {outcome}", diagnostics::counts(diagnostics, silenced.len()));
                json!({ "error": { "message": message, "diagnostics": diagnostics, "silenced": silenced } })
            }
            Self::Story { json, .. } => json!({ "error": json }),
        }
    }
}

/// Any library's error, with the causes behind it. What wants better words says so where it calls the library.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut report = Report { message: error.to_string(), ..Report::default() };
        let mut before = report.message.clone();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many errors have their cause in their own words already.
            if !before.contains(&text) {
                report.notes.push(text.clone());
            }
            before = text;
            source = cause.source();
        }
        Self::Failed(report)
    }
}

/// The one of `known` that `wrong` is most likely a slip of, by the measure that clap uses for flags.
pub fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro(&lower, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        assert_eq!(closest("objct-counter", ["welcome", "object-counter"]), Some("object-counter"));
        assert_eq!(closest("bucketname", ["BucketName", "Prefix"]), Some("BucketName"));
        assert_eq!(closest("zzz", ["object-counter"]), None);
    }

    #[test]
    fn causes_are_told_once() {
        let io = || std::io::Error::other("inner");
        let said = skysmith_assembly::ReadError::Io { path: "m".into(), source: io() };
        let Failure::Failed(report) = Failure::from(said) else { panic!() };
        assert_eq!((report.message.as_str(), report.notes.len()), ("cannot read m: inner", 0));
        let unsaid = skysmith_local::Error::Io { action: "read", path: "m".into(), source: io() };
        let Failure::Failed(report) = Failure::from(unsaid) else { panic!() };
        assert_eq!((report.message.as_str(), report.notes), ("cannot read m", vec!["inner".to_owned()]));
    }
}
