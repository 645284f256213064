//! `skysmith completions SHELL`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::{Done, Failure};
use crate::session::Session;

/// Prints the script.
pub fn run(session: &Session, shell: Shell) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "skysmith", &mut script);
    session.ui.result(&String::from_utf8_lossy(&script))?;
    Ok(Done::Ok)
}
