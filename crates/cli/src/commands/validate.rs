//! `skysmith validate`: all findings, as the result.

use serde_json::json;
use skysmith_assembly::protocol::{Diagnostic, Severity};

use crate::check;
use crate::cli::Stacks;
use crate::error::{Done, Failure};
use crate::output::diagnostics;
use crate::select;
use crate::session::Session;

/// Prints errors and warnings; with an error the exit code is 1.
pub fn run(session: &Session, flags: &Stacks) -> Result<Done, Failure> {
    let findings = match find(session, flags) {
        // Here they are the result, not what stands in its way.
        Err(Failure::Findings { diagnostics, .. }) => diagnostics,
        other => other?,
    };
    let ui = &session.ui;
    if ui.is_json() {
        ui.json(&json!({ "diagnostics": findings }))?;
    } else {
        ui.result(&ui.findings_as_result(&findings))?;
        ui.say(&format!("{}\n", diagnostics::counts(&findings)));
    }
    let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if has_errors { Done::Negative } else { Done::Ok })
}

fn find(session: &Session, flags: &Stacks) -> Result<Vec<Diagnostic>, Failure> {
    let loaded = session.load()?;
    check::findings(&loaded, &select::named(&loaded.stacks, &flags.names)?)
}
