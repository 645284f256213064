//! Checking templates that no Skysmith app has checked: another app's, or ones written by hand.

use std::collections::HashMap;

use skysmith_assembly::protocol::{Diagnostic, Severity};
use skysmith_assembly::{SourcePlace, Stack};
use skysmith_template::Document;
use skysmith_validate::Finding;

use crate::app::{self, Loaded};
use crate::error::Failure;
use crate::output::paths;
use crate::points;
use crate::session::Session;

/// Everything that is known to be wrong with the stacks, and what the app said of itself.
pub fn findings(loaded: &Loaded, stacks: &[&Stack]) -> Result<Vec<Diagnostic>, Failure> {
    let mut all = loaded.warnings.clone();
    if !loaded.checked {
        for stack in stacks {
            let document = app::template(stack)?;
            let found = skysmith_validate::validate(&document.template);
            if found.is_empty() {
                continue;
            }
            let paths: HashMap<&str, (&str, Option<SourcePlace>)> = stack
                .paths()
                .map(|(id, path, entry)| (id, (path, entry.trace.iter().find_map(|line| SourcePlace::parse(line)))))
                .collect();
            all.extend(found.into_iter().map(|finding| diagnostic(finding, stack, &document, &paths)));
        }
    }
    Ok(all)
}

/// Lets errors end the command before anything is done, and shows warnings.
pub fn require(session: &Session, loaded: &Loaded, stacks: &[&Stack]) -> Result<(), Failure> {
    let diagnostics = findings(loaded, stacks)?;
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        let outcome = if loaded.fresh { "the stacks cannot be deployed" } else { "nothing was done" };
        return Err(Failure::Findings { diagnostics, outcome });
    }
    app::show_warnings(session, &diagnostics);
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
