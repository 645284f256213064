//! `skysmith list`: the stacks with environment and dependencies.

use serde_json::json;
use skysmith_assembly::Stack;

use crate::app;
use crate::cli::Stacks;
use crate::error::{Done, Failure};
use crate::output::table;
use crate::select;
use crate::session::Session;

/// Prints a line per stack, in the app's order.
pub fn run(session: &Session, flags: &Stacks) -> Result<Done, Failure> {
    let loaded = session.load()?;
    app::show_warnings(session, &loaded.warnings);
    let stacks = select::named(&loaded.stacks, &flags.names)?;
    if session.ui.is_json() {
        let stacks: Vec<_> = stacks.iter().map(|stack| to_json(stack)).collect();
        session.ui.json(&json!({ "stacks": stacks }))?;
    } else {
        let rows: Vec<Vec<String>> = stacks.iter().map(|stack| row(stack)).collect();
        session.ui.result(&table::columns(&rows))?;
    }
    Ok(Done::Ok)
}

fn row(stack: &Stack) -> Vec<String> {
    let name = if stack.stack_name == stack.display_name { String::new() } else { stack.stack_name.clone() };
    let dependencies = match stack.dependencies.as_slice() {
        [] => String::new(),
        some => format!("after {}", some.join(", ")),
    };
    vec![stack.display_name.clone(), name, environment(stack), dependencies]
}

/// `123456789012 / eu-west-1`, as far as the app decides it.
fn environment(stack: &Stack) -> String {
    match (&stack.environment.account, &stack.environment.region) {
        (None, None) => "any account and region".to_owned(),
        (account, region) => {
            format!("{} / {}", account.as_deref().unwrap_or("any account"), region.as_deref().unwrap_or("any region"))
        }
    }
}

fn to_json(stack: &Stack) -> serde_json::Value {
    json!({
        "id": stack.id,
        "path": stack.display_name,
        "stack_name": stack.stack_name,
        "account": stack.environment.account,
        "region": stack.environment.region,
        "dependencies": stack.dependencies,
    })
}
