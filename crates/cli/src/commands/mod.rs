//! One module per command. A command reads its flags, asks other modules to do the work, and words what comes of it.

mod bootstrap;
mod completions;
mod deploy;
mod destroy;
mod diff;
mod doctor;
mod drift;
mod events;
mod explain;
mod gc;
mod import;
mod list;
mod local;
mod many;
mod outputs;
mod params;
mod permissions;
mod repair;
mod rollback;
mod synth;
mod validate;

use skysmith_deploy::StackStatus;

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
        Command::Explain { rule } => explain::run(session, rule.as_deref()),
        Command::Diff(flags) => diff::run(session, &flags),
        Command::Deploy(flags) => deploy::run(session, &flags),
        Command::Destroy(flags) => destroy::run(session, &flags),
        Command::Rollback(flags) => rollback::run(session, &flags),
        Command::Repair(flags) => repair::run(session, &flags),
        Command::Import(flags) => import::run(session, &flags),
        Command::Drift(flags) => drift::run(session, &flags),
        Command::Events(flags) => events::run(session, &flags),
        Command::Outputs(flags) => outputs::run(session, &flags),
        Command::Bootstrap(flags) => bootstrap::run(session, &flags),
        Command::Gc(flags) => gc::run(session, &flags),
        Command::Params => params::run(session),
        Command::Permissions(flags) => permissions::run(session, &flags),
        Command::Doctor => doctor::run(session),
        Command::Local(what) => local::run(session, &what),
        Command::Completions { shell } => completions::run(session, shell),
    }
}

/// Whether the person says yes to an ordinary question. No answer is a no.
fn confirmed(ui: &Ui, question: &str) -> Result<bool, Failure> {
    let answer = ui.ask(&format!("{question} [y/N] "))?;
    Ok(answer.as_deref().is_some_and(is_yes))
}

/// Whether this is a yes.
fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Whether a stack of this status stands for its template, if perhaps with a failed change on top. What a failed creation leaves behind does not.
fn is_deployed(status: &StackStatus) -> bool {
    !matches!(
        status,
        StackStatus::ReviewInProgress
            | StackStatus::CreateInProgress
            | StackStatus::RollbackInProgress
            | StackStatus::RollbackComplete
            | StackStatus::RollbackFailed
            | StackStatus::DeleteInProgress
            | StackStatus::DeleteComplete
    )
}
