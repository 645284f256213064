//! The live view: on a terminal, a tree of what is worked on, drawn again in place while it changes.
//!
//! [`Board`](board::Board) is what is known, [`draw`] makes lines of it, [`screen`] puts them on the terminal; the first two are pure. What is said otherwise meanwhile, and what is asked,
//! goes through [`Live::above`], which takes the tree off and puts it back below.

pub mod board;
mod draw;
pub mod earlier;
pub mod estimate;
pub mod fit;
pub mod graph;
mod screen;
#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use board::Board;
use screen::Screen;

/// Between two looks at what has changed, the terminal's size included.
const TICK: Duration = Duration::from_millis(100);
/// Below this many lines or columns nothing useful can be drawn.
const SMALLEST: (usize, usize) = (20, 4);

/// The live view of the process. Off until [`Live::start`].
#[derive(Clone, Debug)]
pub struct Live(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    on: bool,
    /// While a question waits for its answer.
    paused: usize,
    board: Board,
    screen: Screen<io::Stderr>,
}

/// Ends the live view when dropped.
#[derive(Debug)]
pub struct Running {
    live: Live,
    thread: Option<JoinHandle<()>>,
}

/// A pause of the live view; until dropped.
#[derive(Debug)]
pub struct Paused(Live);

impl Live {
    pub fn new() -> Self {
        let inner =
            Inner { on: false, paused: 0, board: Board::new(Instant::now()), screen: Screen::new(io::stderr()) };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Whether the terminal can show it: one that moves its cursor, and that a person looks at.
    pub fn is_possible() -> bool {
        let is_set = |name| env::var_os(name).is_some_and(|value: std::ffi::OsString| !value.is_empty());
        io::stderr().is_terminal()
            && env::var_os("TERM").is_none_or(|term| term != "dumb")
            && !is_set("CI")
            && size().is_some()
    }

    /// Shows the board from now on.
    pub fn start(&self) -> Running {
        let mut inner = self.inner();
        inner.on = true;
        inner.board = Board::new(Instant::now());
        drop(inner);
        let live = self.clone();
        // Of its own, so that the view goes on while the one thread of the network packs an asset.
        let thread = thread::Builder::new().name("live".to_owned()).spawn(move || {
            while live.tick() {
                thread::park_timeout(TICK);
            }
        });
        // Without the thread there is no view, and lines instead.
        if thread.is_err() {
            self.inner().on = false;
        }
        Running { live: self.clone(), thread: thread.ok() }
    }

    /// Whether the view is on.
    pub fn is_on(&self) -> bool {
        self.inner().on
    }

    /// Changes what is shown.
    pub fn update<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        change(&mut self.inner().board)
    }

    /// Takes the view off while something else is written. That must end with a line break.
    pub fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut inner = self.inner();
        inner.clear();
        let written = write();
        inner.draw();
        written
    }

    /// Takes the view off until the pause is over.
    pub fn pause(&self) -> Paused {
        let mut inner = self.inner();
        inner.clear();
        inner.paused += 1;
        Paused(self.clone())
    }

    fn tick(&self) -> bool {
        let mut inner = self.inner();
        inner.draw();
        inner.on
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        self.0.inner().paused -= 1;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut inner = self.live.inner();
        inner.clear();
        inner.on = false;
        drop(inner);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

impl Inner {
    /// Nobody is left to tell if drawing fails.
    fn draw(&mut self) {
        if !self.on || self.paused > 0 {
            return;
        }
        let Some((columns, lines)) = size() else { return };
        // The last line is the cursor's.
        let lines = if columns < SMALLEST.0 || lines < SMALLEST.1 {
            Vec::new()
        } else {
            draw::frame(&self.board, Instant::now(), columns, lines - 1)
        };
        let is_plain = anstream::AutoStream::choice(self.screen.out()) == anstream::ColorChoice::Never;
        let lines = if is_plain {
            lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
        } else {
            lines
        };
        let _ = self.screen.draw(lines, columns);
    }

    fn clear(&mut self) {
        if let Some((columns, _)) = size() {
            let _ = self.screen.clear(columns);
        }
    }
}

/// Columns and lines of the terminal.
fn size() -> Option<(usize, usize)> {
    let (columns, lines) = terminal_size::terminal_size_of(io::stderr())?;
    Some((usize::from(columns.0), usize::from(lines.0)))
}
