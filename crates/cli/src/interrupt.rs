//! Ctrl-C, and the request to end that CI systems and service managers send.
//!
//! From the first thing on that must not be left behind, these signals come here: an app that runs is ended, what is half-done is removed, and the process ends as if by the signal. Where
//! something else knows better what Ctrl-C means, as in a deployment, it is left to that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

/// What there is to do when the signal comes.
#[derive(Debug)]
struct State {
    listening: bool,
    elsewhere: usize,
    /// When somebody elsewhere took note of Ctrl-C, and perhaps is gone by now.
    taken: Option<Instant>,
    litter: Vec<PathBuf>,
    child: Option<Arc<Mutex<Child>>>,
}

/// The signal comes to all who listen within this time.
const ONE_PRESS: Duration = Duration::from_secs(1);

static STATE: Mutex<State> =
    Mutex::new(State { listening: false, elsewhere: 0, taken: None, litter: Vec::new(), child: None });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something that must not be left behind; until dropped.
#[derive(Debug)]
pub struct Litter(PathBuf);

/// Removes the file or folder if the process is interrupted.
pub fn removes(path: &Path) -> Litter {
    listen();
    state().litter.push(path.to_owned());
    Litter(path.to_owned())
}

impl Drop for Litter {
    fn drop(&mut self) {
        state().litter.retain(|path| *path != self.0);
    }
}

/// A process that must not go on alone; until dropped.
#[derive(Debug)]
pub struct Ending(());

/// Ends the process as well if this one is interrupted. There is one at a time.
pub fn ends(child: &Arc<Mutex<Child>>) -> Ending {
    listen();
    state().child = Some(Arc::clone(child));
    Ending(())
}

impl Drop for Ending {
    fn drop(&mut self) {
        state().child = None;
    }
}

/// Ctrl-C means something else; until dropped.
#[derive(Debug)]
struct Elsewhere(());

/// Leaves Ctrl-C to the caller. Before and after, it ends the process: who asks for the signal once takes its own meaning away for good.
fn is_elsewhere() -> Elsewhere {
    listen();
    state().elsewhere += 1;
    Elsewhere(())
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        state().elsewhere -= 1;
    }
}

/// Ctrl-C from now on: one that comes while nobody waits is found by the next who does.
#[derive(Debug)]
pub struct Presses {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
    _elsewhere: Elsewhere,
}

impl Presses {
    /// Begins to take note. Needs a Tokio runtime.
    pub fn new() -> Self {
        Self {
            _elsewhere: is_elsewhere(),
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).ok(),
        }
    }

    /// Waits for one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        match &mut self.signal {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        state().taken = Some(Instant::now());
    }
}

/// Starts to listen, once.
fn listen() {
    if std::mem::replace(&mut state().listening, true) {
        return;
    }
    // Without the thread the signals end the process as they always did.
    let _ = thread::Builder::new().name("interrupt".to_owned()).spawn(|| {
        if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
            runtime.block_on(watch());
        }
    });
}

#[cfg(unix)]
async fn watch() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => end(130, true),
            _ = terminate.recv() => end(143, false),
        }
    }
}

#[cfg(not(unix))]
async fn watch() {
    while tokio::signal::ctrl_c().await.is_ok() {
        end(130, true);
    }
}

/// The processes of the group that the child leads, if it leads one.
#[cfg(unix)]
fn kill_group(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: &Child) {}

fn end(code: i32, may_be_elsewhere: bool) {
    let state = state();
    let was_taken = state.taken.is_some_and(|at| at.elapsed() < ONE_PRESS);
    if may_be_elsewhere && (state.elsewhere > 0 || was_taken) {
        return;
    }
    // Nobody is left to be told what of this fails.
    if let Some(child) = &state.child {
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        kill_group(&child);
        let _ = child.kill();
        let _ = child.wait();
    }
    for path in &state.litter {
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    std::process::exit(code);
}
