//! Running a child process while watching both of its streams.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

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
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone(), Event::Out);
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender, Event::Err);
    }
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(event) => watch(event, started.elapsed()),
            Err(RecvTimeoutError::Disconnected) => return child.wait(),
            Err(RecvTimeoutError::Timeout) => {
                watch(Event::Quiet, started.elapsed());
                // What the process left in the background may hold the streams open for ever.
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
            }
        }
    }
}

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
