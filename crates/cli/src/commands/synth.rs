//! `skysmith synth`: runs the app, checks what it describes, and prints the template.

use serde_json::json;

use crate::app;
use crate::check;
use crate::cli::Stacks;
use crate::error::{Done, Failure};
use crate::output::diagnostics::plural;
use crate::output::paths;
use crate::select;
use crate::session::Session;

/// Prints the template of the only stack, or of the one that is named. With `--json`, several are one object by path.
pub fn run(session: &Session, flags: &Stacks) -> Result<Done, Failure> {
    let loaded = session.load()?;
    let stacks = select::named(&loaded.stacks, &flags.names)?;
    check::require(session, &loaded, &stacks)?;
    let ui = &session.ui;
    match stacks.as_slice() {
        [] => {}
        _ if ui.is_quiet() => {}
        [stack] => {
            let document = app::template(stack)?;
            let text = if ui.is_json() { document.template.to_json() } else { document.template.to_yaml() };
            ui.result(&text)?;
        }
        several if ui.is_json() => {
            let mut templates = serde_json::Map::new();
            for stack in several {
                let template: serde_json::Value = serde_json::from_str(&app::template(stack)?.template.to_json())?;
                templates.insert(stack.display_name.clone(), template);
            }
            ui.json(&json!({ "stacks": templates }))?;
        }
        several => {
            let folder = loaded.folder.as_deref().map(paths::shown).unwrap_or_default();
            ui.say(&format!("{} in {folder}; `skysmith synth NAME` prints one:\n", plural(several.len(), "stack")));
            let names: String = several.iter().map(|stack| format!("{}\n", stack.display_name)).collect();
            ui.result(&names)?;
        }
    }
    Ok(Done::Ok)
}
