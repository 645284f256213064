//! The local AWS of this user, with what happens to it told on standard error.

use skysmith_local::{Emulator, Error, Event, Options, Running};

use crate::error::Failure;
use crate::output::Ui;
use crate::session::Session;

/// The emulator of this user.
pub fn emulator() -> Result<Emulator, Failure> {
    Emulator::new(&Options::default()).map_err(worded)
}

/// Starts it if it does not run, and installs it if it is not there.
pub fn start(session: &Session) -> Result<Running, Failure> {
    let mut running = emulator()?.ensure_started(&mut |event| tell(&session.ui, &event)).map_err(worded)?;
    if let Some(region) = session.region() {
        running.endpoint = running.endpoint.in_region(region);
    }
    Ok(running)
}

/// Says what happens, in one line each.
pub fn tell(ui: &Ui, event: &Event) {
    match event {
        Event::WaitingForOther => ui.say("waiting for another process that is busy with the local AWS\n"),
        Event::CreatingEnvironment { folder, .. } => {
            ui.say(&format!("installing the local AWS in {} (once)\n", folder.display()));
        }
        Event::Installing { package, done, total } => {
            let said = format!("  {package} ({} of about {total})\n", done + 1);
            // A line for each of dozens of packages would bury everything else.
            if done % 10 == 0 { ui.say(&said) } else { ui.detail(&said) }
        }
        Event::Installed => ui.say("installed the local AWS\n"),
        Event::ClearedStale { pid } => ui.detail(&format!("cleared away what process {pid} left behind\n")),
        Event::Replacing { pid } => ui.say(&format!("replacing the local AWS of another version (process {pid})\n")),
        Event::Starting { port } => ui.say(&format!("starting the local AWS on 127.0.0.1:{port}\n")),
        Event::Ready { url, took } if !took.is_zero() => {
            ui.say(&format!("the local AWS answers at {url} after {:.1} s\n", took.as_secs_f64()));
        }
        Event::Stopping { pid } => ui.detail(&format!("process {pid} saves its state\n")),
        _ => {}
    }
}

/// An error of the emulator, with what to do about it.
pub fn worded(error: Error) -> Failure {
    let hint = match &error {
        Error::NoPython | Error::PythonTooOld { .. } => {
            "install Python from https://www.python.org or with the system's packages"
        }
        Error::PythonBroken { .. } => "repair or reinstall it",
        Error::NoVenv { .. } => "Debian, Ubuntu: sudo apt install python3-venv",
        Error::Install { .. } => {
            "the packages come from PyPI: check the network, and HTTPS_PROXY or PIP_INDEX_URL if there is a proxy"
        }
        Error::Exited { .. } | Error::NotAnswering { .. } => {
            "skysmith local logs shows all of it; skysmith local reset forgets its state"
        }
        Error::Undying { .. } => "end it by hand",
        _ => return Failure::from(error),
    };
    Failure::from(error).hint(hint)
}
