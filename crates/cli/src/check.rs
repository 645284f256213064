//! Checking templates that no Skysmith app has checked: another app's, or ones written by hand.

use std::collections::HashMap;

use skysmith_assembly::protocol::{Diagnostic, Severity, Silenced};
use skysmith_assembly::{SourcePlace, Stack};
use skysmith_template::Document;
use skysmith_validate::Finding;

use crate::app::{self, Loaded};
use crate::error::Failure;
use crate::output::{diagnostics, paths};
use crate::points;
use crate::session::Session;

/// What is known of the stacks.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong with them.
    pub findings: Vec<Diagnostic>,
    /// What counts for nothing.
    pub silenced: Vec<Silenced>,
}

impl Checked {
    /// Whether it is to end in a failure.
    pub fn fails(&self, session: &Session) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
            || (session.is_strict() && !self.findings.is_empty())
    }
}

/// Everything that is known to be wrong with the stacks, and what the app said of itself.
pub fn findings(session: &Session, loaded: &Loaded, stacks: &[&Stack]) -> Result<Checked, Failure> {
    let mut checked = Checked { findings: loaded.warnings.clone(), silenced: loaded.silenced.clone() };
    if !loaded.checked {
        let levels = session.levels();
        for stack in stacks {
            let document = app::template(stack)?;
            let judged = skysmith_validate::judge(&document.template, stack.environment.region.as_deref(), &levels);
            if judged.findings.is_empty() && judged.silenced.is_empty() {
                continue;
            }
            let paths: HashMap<&str, (&str, Option<SourcePlace>)> = stack
                .paths()
                .map(|(id, path, entry)| (id, (path, entry.trace.iter().find_map(|line| SourcePlace::parse(line)))))
                .collect();
            let known = |finding| diagnostic(finding, stack, &document, &paths);
            checked.findings.extend(judged.findings.into_iter().map(known));
            checked.silenced.extend(
                judged
                    .silenced
                    .into_iter()
                    .map(|silenced| Silenced { diagnostic: known(silenced.finding), reason: silenced.reason }),
            );
        }
    }
    Ok(checked)
}

/// Lets errors end the command before anything is done, and shows warnings.
pub fn require(session: &Session, loaded: &Loaded, stacks: &[&Stack]) -> Result<(), Failure> {
    let checked = findings(session, loaded, stacks)?;
    let fails = checked.fails(session);
    let Checked { findings, silenced } = checked;
    if fails {
        let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
        let outcome = match has_errors {
            true if loaded.fresh => "the stacks cannot be deployed",
            true => "nothing was done",
            false => "refused, since warnings count as errors here (--strict)",
        };
        return Err(Failure::Findings { diagnostics: findings, silenced, outcome });
    }
    let ui = &session.ui;
    app::show_warnings(session, &findings);
    ui.detail(&ui.silenced(&silenced));
    if !findings.is_empty() || (ui.is_verbose() && !silenced.is_empty()) {
        ui.say(&format!("{}\n{}", diagnostics::counts(&findings, silenced.len()), diagnostics::more(&findings)));
    }
    Ok(())
}

fn diagnostic(
    finding: Finding,
    stack: &Stack,
    document: &Document,
    paths: &HashMap<&str, (&str, Option<SourcePlace>)>,
) -> Diagnostic {
    let severity = match finding.severity {
        skysmith_validate::Severity::Error => Severity::Error,
        skysmith_validate::Severity::Warning => Severity::Warning,
    };
    let known = finding.logical_id.as_deref().and_then(|id| paths.get(id));
    let path = match (&finding.logical_id, known) {
        (_, Some((path, _))) => (*path).to_owned(),
        (Some(id), None) => format!("{}/{id}", stack.display_name),
        (None, None) => stack.display_name.clone(),
    };
    let place = match known {
        Some((_, Some(place))) => place.clone(),
        // The app's source is not known, or the template is the source.
        _ => points::of(&finding, document, &paths::shown(&stack.template_file)),
    };
    let property = finding.shown_path();
    let id = finding.logical_id.as_deref();
    let resource_type = id
        .and_then(|id| document.template.resource(id))
        .and_then(skysmith_template::Resource::resource_type)
        .map(str::to_owned);
    Diagnostic {
        severity,
        rule: Some(finding.rule.to_string()),
        message: finding.message,
        path: Some(path),
        resource_type,
        property,
        place: Some(place),
        notes: finding.notes,
    }
}
