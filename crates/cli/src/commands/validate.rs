//! `skysmith validate`: all findings, as the result.

use std::path::PathBuf;

use serde_json::json;

use crate::app;
use crate::check::{self, Checked};
use crate::cli::{Format, Validate};
use crate::error::{Done, Failure};
use crate::output::diagnostics::{self, Sources};
use crate::select;
use crate::session::Session;

/// Prints errors and warnings; with an error the exit code is 1.
pub fn run(session: &Session, flags: &Validate) -> Result<Done, Failure> {
    let checked = match find(session, flags) {
        // Here they are the result, not what stands in its way.
        Err(Failure::Findings { diagnostics, silenced, .. }) => Checked { findings: diagnostics, silenced },
        other => other?,
    };
    let ui = &session.ui;
    let Checked { findings, silenced } = &checked;
    match flags.format.unwrap_or(if ui.is_json() { Format::Json } else { Format::Text }) {
        Format::Json => ui.json(&json!({ "diagnostics": findings, "silenced": silenced }))?,
        Format::Sarif => ui.json(&diagnostics::sarif::document(findings, silenced, &ui.sources()))?,
        Format::Github => ui.result(&diagnostics::github::render(findings, &ui.sources()))?,
        Format::Text => {
            ui.result(&ui.findings_as_result(findings))?;
            ui.detail(&ui.silenced(silenced));
            ui.say(&format!("{}\n{}", diagnostics::counts(findings, silenced.len()), diagnostics::more(findings)));
        }
    }
    Ok(if checked.fails(session) { Done::Negative } else { Done::Ok })
}

fn find(session: &Session, flags: &Validate) -> Result<Checked, Failure> {
    let files: Vec<_> = flags.names.iter().map(|name| app::file(name)).collect();
    if files.is_empty() || files.iter().all(Option::is_none) {
        let loaded = session.load()?;
        return check::findings(session, &loaded, &select::named(&loaded.stacks, &flags.names)?);
    }
    if let Some(index) = files.iter().position(Option::is_none) {
        let stack = &flags.names[index];
        return Err(Failure::usage(format!("there is no file `{stack}`, and stacks and files cannot be mixed")));
    }
    let mut all = Checked::default();
    for source in files.into_iter().flatten() {
        // A file that cannot be read as a template keeps nobody from hearing of the others.
        let checked = app::read(session, source).and_then(|loaded| {
            let stacks: Vec<_> = loaded.stacks.iter().collect();
            check::findings(session, &loaded, &stacks)
        });
        let checked = match checked {
            Err(Failure::Findings { diagnostics, silenced, .. }) => Checked { findings: diagnostics, silenced },
            other => other?,
        };
        all.findings.extend(checked.findings);
        all.silenced.extend(checked.silenced);
    }
    session.ui.set_sources(Sources::new(vec![PathBuf::new(), session.project.root.clone()]));
    Ok(all)
}
