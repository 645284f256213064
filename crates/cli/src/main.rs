//! The `skysmith` command.
//!
//! Reads the command line, hands over to a command, and turns its end into an exit code. What has to be known about AWS, templates and assemblies is known by the crates below; this one
//! knows people: what they type, what they read, what they have to be asked. It is the only one that prints, that reads files of settings, or that looks at environment variables.

mod again;
mod app;
mod aws;
mod cdk_json;
mod check;
mod cli;
mod commands;
mod config;
mod emulator;
mod error;
mod handlers;
mod hints;
mod interrupt;
mod known;
mod live;
mod mfa;
mod names;
mod output;
mod parallel;
mod params;
mod points;
mod regions;
mod select;
mod session;
mod story;
mod timing;
mod watch;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use cli::Cli;
use error::{Done, Failure};
use output::Ui;
use session::Session;

fn main() -> ExitCode {
    // Help, the version and wrong flags end here, before anything else is looked at.
    let cli = Cli::read();
    let ui = Arc::new(Ui::new(&cli.globals));
    match run(cli, Arc::clone(&ui)) {
        Ok(Done::Ok) => ExitCode::SUCCESS,
        Ok(Done::Negative) => ExitCode::from(1),
        Err(failure) => {
            failure.show(&ui);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(cli: Cli, ui: Arc<Ui>) -> Result<Done, Failure> {
    if let Some(folder) = &cli.globals.directory {
        env::set_current_dir(folder)
            .map_err(|error| Failure::usage(format!("cannot work in {}: {error}", folder.display())))?;
    }
    commands::run(&Session::new(cli.globals, ui)?, cli.command)
}
