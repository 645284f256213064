//! One module per command. A command reads its flags, asks other modules to do the work, and words what comes of it.

mod completions;
mod list;
mod local;
mod params;
mod synth;
mod validate;

use crate::cli::Command;
use crate::error::{Done, Failure};
use crate::session::Session;

/// Runs the command.
pub fn run(session: &Session, command: Command) -> Result<Done, Failure> {
    match command {
        Command::Synth(flags) => synth::run(session, &flags),
        Command::List(flags) => list::run(session, &flags),
        Command::Validate(flags) => validate::run(session, &flags),
        Command::Params => params::run(session),
        Command::Local(what) => local::run(session, &what),
        Command::Completions { shell } => completions::run(session, shell),
        _ => Err(Failure::failed("not wired yet")),
    }
}
