//! `skysmith params`: every effective parameter and where it came from.

use serde_json::json;

use crate::app;
use crate::error::{Done, Failure};
use crate::output::table;
use crate::session::Session;

/// Prints them by name.
pub fn run(session: &Session) -> Result<Done, Failure> {
    let params = session.parameters()?;
    app::show_warnings(session, &params.warnings);
    if session.ui.is_json() {
        session.ui.json(&json!({ "environment": session.globals.environment, "parameters": params.effective }))?;
        return Ok(Done::Ok);
    }
    if params.effective.is_empty() {
        let folder = session.project.config.parameters.display();
        session.ui.say(&format!("there are no parameters: no {folder}/config.properties, no variable, no --param\n"));
    }
    let rows: Vec<Vec<String>> = params
        .effective
        .into_iter()
        .map(|(name, parameter)| vec![name, parameter.value, parameter.source.unwrap_or_default()])
        .collect();
    session.ui.result(&table::columns(&rows))?;
    Ok(Done::Ok)
}
