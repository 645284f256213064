//! `skysmith validate`: all findings, as the result.

use serde_json::json;

use crate::check::{self, Checked};
use crate::cli::Stacks;
use crate::error::{Done, Failure};
use crate::output::diagnostics;
use crate::select;
use crate::session::Session;

/// Prints errors and warnings; with an error the exit code is 1.
pub fn run(session: &Session, flags: &Stacks) -> Result<Done, Failure> {
    let checked = match find(session, flags) {
        // Here they are the result, not what stands in its way.
        Err(Failure::Findings { diagnostics, silenced, .. }) => Checked { findings: diagnostics, silenced },
        other => other?,
    };
    let ui = &session.ui;
    let Checked { findings, silenced } = &checked;
    if ui.is_json() {
        ui.json(&json!({ "diagnostics": findings, "silenced": silenced }))?;
    } else {
        ui.result(&ui.findings_as_result(findings))?;
        ui.detail(&ui.silenced(silenced));
        ui.say(&format!("{}\n{}", diagnostics::counts(findings, silenced.len()), diagnostics::more(findings)));
    }
    Ok(if checked.fails(session) { Done::Negative } else { Done::Ok })
}

fn find(session: &Session, flags: &Stacks) -> Result<Checked, Failure> {
    let loaded = session.load()?;
    check::findings(session, &loaded, &select::named(&loaded.stacks, &flags.names)?)
}
