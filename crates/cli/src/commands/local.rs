//! `skysmith local …`: the emulator on this machine.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use skysmith_local::{Running, Status};

use crate::cli::Local;
use crate::emulator::{self, tell, worded};
use crate::error::{Done, Failure};
use crate::session::Session;

/// Does what is asked for.
pub fn run(session: &Session, what: &Local) -> Result<Done, Failure> {
    match what {
        Local::Start => start(session),
        Local::Stop => stop(session),
        Local::Status => status(session),
        Local::Logs { lines, follow } => logs(session, *lines, *follow),
        Local::Reset { yes } => reset(session, *yes),
    }
}

fn start(session: &Session) -> Result<Done, Failure> {
    let running = emulator::start(session)?;
    show_running(session, &running)
}

fn stop(session: &Session) -> Result<Done, Failure> {
    let ui = &session.ui;
    let was_running = emulator::emulator()?.stop(&mut |event| tell(ui, &event)).map_err(worded)?;
    if ui.is_json() {
        ui.json(&json!({ "status": "stopped", "was_running": was_running }))?;
    } else if was_running {
        ui.say("stopped the local AWS; what is deployed in it is kept\n");
    } else {
        ui.say("the local AWS does not run\n");
    }
    Ok(Done::Ok)
}

fn status(session: &Session) -> Result<Done, Failure> {
    let ui = &session.ui;
    match emulator::emulator()?.status().map_err(worded)? {
        Status::Running(running) => show_running(session, &running)?,
        Status::Silent { pid, port } if ui.is_json() => {
            ui.json(&json!({ "status": "silent", "pid": pid, "port": port }))?;
            Done::Ok
        }
        Status::Silent { pid, port } => {
            ui.result(&format!("starting or busy: process {pid} does not answer on port {port}\n"))?;
            Done::Ok
        }
        _ if ui.is_json() => {
            ui.json(&json!({ "status": "stopped" }))?;
            Done::Ok
        }
        _ => {
            ui.result("stopped\n")?;
            ui.say("skysmith local start, or --local on any command, starts it\n");
            Done::Ok
        }
    };
    Ok(Done::Ok)
}

fn show_running(session: &Session, running: &Running) -> Result<Done, Failure> {
    let ui = &session.ui;
    let endpoint = &running.endpoint;
    if ui.is_json() {
        let since = running.since.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        ui.json(&json!({
            "status": "running",
            "url": endpoint.url(),
            "port": running.port,
            "pid": running.pid,
            "running_since": since,
            "account": endpoint.account(),
            "region": endpoint.region(),
            "access_key_id": endpoint.access_key_id(),
            "secret_access_key": endpoint.secret_access_key(),
        }))?;
    } else {
        let minutes = SystemTime::now().duration_since(running.since).map_or(0, |since| since.as_secs() / 60);
        ui.result(&format!(
            "running at {} for {minutes} min, account {}, region {}, process {}\n",
            endpoint.url(),
            endpoint.account(),
            endpoint.region(),
            running.pid
        ))?;
    }
    Ok(Done::Ok)
}

fn logs(session: &Session, lines: usize, follow: bool) -> Result<Done, Failure> {
    let log = emulator::emulator()?.log();
    let mut text = log.tail(lines).map_err(worded)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if text.is_empty() {
        session.ui.say(&format!("there is no log at {} yet\n", log.path().display()));
    }
    session.ui.result(&text)?;
    if follow {
        let mut follower = log.follow().map_err(worded)?;
        while !session.ui.is_closed() {
            thread::sleep(Duration::from_millis(200));
            session.ui.result(&follower.read().map_err(worded)?)?;
        }
    }
    Ok(Done::Ok)
}

fn reset(session: &Session, yes: bool) -> Result<Done, Failure> {
    let ui = &session.ui;
    if !yes {
        if !ui.can_ask() {
            return Err(Failure::failed("this forgets everything that is deployed in the local AWS")
                .hint("there is no terminal to ask on: pass --yes"));
        }
        if !super::confirmed(ui, "This forgets everything that is deployed in the local AWS. Go on?")? {
            ui.say("nothing was done\n");
            return Ok(Done::Negative);
        }
    }
    emulator::emulator()?.reset(&mut |event| tell(ui, &event)).map_err(worded)?;
    if ui.is_json() {
        ui.json(&json!({ "status": "reset" }))?;
    } else {
        ui.say("the local AWS is empty\n");
    }
    Ok(Done::Ok)
}
