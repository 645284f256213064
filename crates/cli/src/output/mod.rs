//! What is written where: results to standard output, everything else to standard error.
//!
//! All printing of the binary goes through [`Ui`]. Text carries styles always; the streams strip them where there is no terminal, or none are wanted.

pub mod diagnostics;
pub mod diff;
pub mod outputs;
pub mod paths;
pub mod secrets;
pub mod style;
pub mod table;
pub mod words;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Serialize;
use skysmith_assembly::protocol::{Diagnostic, Silenced};

use crate::cli::{Color, Globals};
use crate::error::Failure;
use crate::interrupt::Presses;
use crate::live::Live;
use diagnostics::Sources;

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// The two output streams and what the person wants to see on them.
#[derive(Debug)]
pub struct Ui {
    verbosity: Verbosity,
    json: bool,
    /// Whether `--json` means one line per event, ended by the result or the failure.
    json_lines: AtomicBool,
    /// Whether a result was printed: with `--json` there is one document, so a failure after it is told on standard error only.
    printed: AtomicBool,
    /// Whether nobody reads standard output any more.
    closed: AtomicBool,
    sources: Mutex<Sources>,
    /// What is said while a question waits for its answer; it comes after that.
    held_back: Mutex<Option<String>>,
    /// Values that are not shown; everything that is written is looked through for them.
    pub secrets: secrets::Secrets,
    /// The tree of what is worked on; everything else is written above it.
    pub live: Live,
}

impl Ui {
    /// The streams as the flags want them. Sets the colour of the whole process.
    pub fn new(globals: &Globals) -> Self {
        match globals.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        let verbosity = match (globals.quiet, globals.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        Self {
            verbosity,
            json: globals.json,
            json_lines: AtomicBool::new(false),
            printed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            sources: Mutex::new(Sources::new(Vec::new())),
            held_back: Mutex::new(None),
            secrets: secrets::Secrets::default(),
            live: Live::new(),
        }
    }

    /// Whether standard output is for a program.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether only results and errors are wanted.
    pub fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Whether more than usual is wanted.
    pub fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// The columns that a result may take: those of the terminal, or what is comfortable where there is none.
    pub fn width(&self) -> usize {
        columns(terminal_size::terminal_size_of(io::stdout())).map_or(diff::text::WIDE, |width| width.max(40))
    }

    /// The same of what stands beside results.
    pub fn side_width(&self) -> usize {
        columns(terminal_size::terminal_size_of(io::stderr())).map_or(diff::text::WIDE, |width| width.max(40))
    }

    /// Whether a person looks on, who wants to see what happens.
    pub fn can_be_live(&self) -> bool {
        self.verbosity > Verbosity::Quiet && !self.json && Live::is_possible()
    }

    /// Where source lines are looked up from now on.
    pub fn set_sources(&self, sources: Sources) {
        *self.sources.lock().unwrap_or_else(PoisonError::into_inner) = sources;
    }

    /// Where source lines are looked up.
    pub fn sources(&self) -> Sources {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Findings in words, to be said.
    pub fn findings(&self, findings: &[Diagnostic]) -> String {
        diagnostics::render(findings, &self.sources(), columns(terminal_size::terminal_size_of(io::stderr())))
    }

    /// What counts for nothing, in words, to be said.
    pub fn silenced(&self, silenced: &[Silenced]) -> String {
        diagnostics::render_silenced(silenced, &self.sources(), columns(terminal_size::terminal_size_of(io::stderr())))
    }

    /// Findings in words, to be printed as a result.
    pub fn findings_as_result(&self, findings: &[Diagnostic]) -> String {
        diagnostics::render(findings, &self.sources(), columns(terminal_size::terminal_size_of(io::stdout())))
    }

    /// Prints a result.
    pub fn result(&self, text: &str) -> Result<(), Failure> {
        self.printed.store(true, Ordering::Relaxed);
        let text = self.secrets.mask(text);
        let written = self.live.above(|| {
            let mut stdout = anstream::stdout().lock();
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        });
        match written {
            // The reader has seen enough, as in `skysmith synth | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(Failure::from(error).context("cannot write to standard output")),
            Ok(()) => Ok(()),
        }
    }

    /// Whether the reader of standard output has gone.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Prints the one JSON document of `--json`.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.result(&text)
    }

    /// Prints one JSON line.
    pub fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string(value)?;
        text.push('\n');
        self.result(&text)
    }

    /// From now on `--json` means one line per event.
    pub fn use_json_lines(&self) {
        self.json_lines.store(true, Ordering::Relaxed);
    }

    /// Tells a program what failed, where it waits for a document and has none yet, or waits for the last event.
    pub(crate) fn json_failure(&self, value: &serde_json::Value) {
        // If standard output is gone, the exit code says it.
        if self.json_lines.load(Ordering::Relaxed) {
            let mut line = value.clone();
            line["event"] = "failed".into();
            let _ = self.json_line(&line);
        } else if !self.printed.load(Ordering::Relaxed) {
            let _ = self.json(value);
        }
    }

    /// Says something that is neither result nor error. Ends with a line break.
    pub fn say(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.error(text);
        }
    }

    /// Says something that only the curious want. Ends with a line break.
    pub fn detail(&self, text: &str) {
        if self.verbosity > Verbosity::Normal {
            self.error(text);
        }
    }

    /// Warns in one line.
    pub fn warn(&self, text: &str) {
        self.say(&format!("{}warning{}: {text}\n", style::WARNING, style::reset()));
    }

    /// Says something even when only errors are wanted. Ends with a line break.
    pub fn error(&self, text: &str) {
        let text = self.secrets.mask(text);
        if let Some(held_back) = self.held_back().as_mut() {
            held_back.push_str(&text);
            return;
        }
        // Nobody is left to tell if this fails.
        let _ = self.live.above(|| anstream::stderr().lock().write_all(text.as_bytes()));
    }

    fn held_back(&self) -> MutexGuard<'_, Option<String>> {
        self.held_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks and reads one line while other things go on, which are not told before there is an answer. `None`: the person pressed Ctrl-C instead.
    pub async fn ask_or_interrupt(&self, question: &str) -> Result<Option<String>, Failure> {
        let mut presses = Presses::new();
        let paused = self.live.pause();
        self.error(question);
        *self.held_back() = Some(String::new());
        let (send, receive) = tokio::sync::oneshot::channel();
        // A thread of its own, which nobody waits for: reading cannot be broken off.
        let reader = thread::Builder::new().name("question".to_owned()).spawn(move || {
            let mut answer = String::new();
            let _ = send.send(io::stdin().read_line(&mut answer).map(|_| answer));
        });
        let answer = match reader {
            Err(error) => Err(error),
            Ok(_) => tokio::select! {
                answer = receive => answer.unwrap_or_else(|_| Ok(String::new())).map(Some),
                () = presses.next() => Ok(None),
            },
        };
        let said = self.held_back().take().unwrap_or_default();
        drop(paused);
        if matches!(answer, Ok(None)) {
            self.error("\n");
        }
        if !said.is_empty() {
            self.error(&said);
        }
        let answer = answer.map_err(|error| Failure::from(error).context("cannot read the answer"))?;
        Ok(answer.map(|answer| answer.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Asks and reads one line, without the line break. `None`: the input has ended.
    pub fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        let _paused = self.live.pause();
        self.error(question);
        let mut answer = String::new();
        let read = io::stdin()
            .read_line(&mut answer)
            .map_err(|error| Failure::from(error).context("cannot read the answer"))?;
        Ok((read > 0).then(|| answer.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// How wide a terminal is; nothing if there is none, and lines may be as long as they like.
fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0))
}
