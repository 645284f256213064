//! One module per command. A command reads its flags, asks other modules to do the work, and words what comes of it.

mod completions;
mod deploy;
mod destroy;
mod list;
mod local;
mod outputs;
mod params;
mod synth;
mod validate;

use crate::cli::Command;
use crate::error::{Done, Failure};
use crate::output::Ui;
use crate::session::Session;

/// Runs the command.
pub fn run(session: &Session, command: Command) -> Result<Done, Failure> {
    match command {
        Command::Synth(flags) => synth::run(session, &flags),
        Command::List(flags) => list::run(session, &flags),
        Command::Validate(flags) => validate::run(session, &flags),
        Command::Diff(_) => Err(Failure::failed("not wired yet")),
        Command::Deploy(flags) => deploy::run(session, &flags),
        Command::Destroy(flags) => destroy::run(session, &flags),
        Command::Outputs(flags) => outputs::run(session, &flags),
        Command::Params => params::run(session),
        Command::Local(what) => local::run(session, &what),
        Command::Completions { shell } => completions::run(session, shell),
    }
}

/// Whether the person says yes to an ordinary question. No answer is a no.
fn confirmed(ui: &Ui, question: &str) -> Result<bool, Failure> {
    let answer = ui.ask(&format!("{question} [y/N] "))?;
    Ok(answer.is_some_and(|answer| matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
}

/// Whether a resource type holds data that is gone when the resource is.
fn is_stateful(resource_type: &str) -> bool {
    skysmith_spec::resource_type(resource_type).is_some_and(skysmith_spec::ResourceType::is_stateful)
}
