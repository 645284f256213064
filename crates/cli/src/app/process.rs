//! Running a child process while watching both of its streams.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt;

/// How often the watcher gets to look at the clock.
const TICK: Duration = Duration::from_millis(100);

/// What happens while the process runs.
#[derive(Debug)]
pub enum Event {
    /// A line on its standard output, with its end.
    Out(String),
    /// A line on its standard error stream, with its end.
    Err(String),
    /// Nothing happened for a moment.
    Quiet,
}

/// Runs the command to its end, with nothing to read. `watch` sees every event with the time since the start.
pub fn run(command: &mut Command, mut watch: impl FnMut(Event, Duration)) -> io::Result<ExitStatus> {
    let started = Instant::now();
    own_group(command);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let child = Arc::new(Mutex::new(child));
    let _ending = interrupt::ends(&child);
    // Never waited for under the lock: whoever is interrupted needs it to end the process.
    let status = || child.lock().unwrap_or_else(PoisonError::into_inner).try_wait();
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = stdout {
        forward(stdout, sender.clone(), Event::Out);
    }
    if let Some(stderr) = stderr {
        forward(stderr, sender, Event::Err);
    }
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(event) => watch(event, started.elapsed()),
            // It says no more, and has most often ended by that.
            Err(RecvTimeoutError::Disconnected) => match status()? {
                Some(status) => return Ok(status),
                None => thread::sleep(Duration::from_millis(1)),
            },
            Err(RecvTimeoutError::Timeout) => {
                watch(Event::Quiet, started.elapsed());
                // What the process left in the background may hold the streams open for ever.
                if let Some(status) = status()? {
                    return Ok(status);
                }
            }
        }
    }
}

/// With nobody at a terminal, the process gets a group, so that it can be ended with all that it starts. At a terminal it stays in the command's own: Ctrl-C goes to all of that, and only
/// that may ask the person for a password.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::io::IsTerminal as _;
    if !io::stdin().is_terminal() {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

fn forward(stream: impl Read + Send + 'static, sender: Sender<Event>, event: fn(String) -> Event) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if sender.send(event(String::from_utf8_lossy(&line).into_owned())).is_err() {
                break;
            }
            line.clear();
        }
    });
}

/// How a process ended, in words.
pub fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return format!("was ended by signal {signal}");
        }
    }
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "ended without an exit code".to_owned(),
    }
}
