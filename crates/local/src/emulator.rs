//! One emulator: its folder, its record, and what can be done with it.
//!
//! Everything that changes an emulator happens under the lock of its folder, so any number of processes may ask for it at
//! once and one is started. Reading how it is takes no lock. The record says which process was started, on which port and
//! with what token; it is believed only as far as the process and the answer on the port confirm it.

use std::{
    env,
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::{
    EMULATOR_VERSION, Endpoint, Error, Event, Log, PythonEnvironment, REQUIREMENTS, Result, endpoint, folders, http,
    process::Identity,
};

/// How often something awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long one question to the emulator may take. It answers in milliseconds unless it is busy with a large request.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the emulator may take to save its state before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How often another port is tried when a free one was taken before the emulator got it.
const PORT_TRIES: u32 = 3;

/// Which emulator, and where it lives.
#[derive(Debug, Clone)]
pub struct Options {
    /// Each name is an AWS of its own. Letters, digits, hyphens and underscores; default "default".
    pub name: String,
    /// Where the virtual environment goes; default [`cache_dir`](crate::cache_dir).
    pub cache_dir: Option<PathBuf>,
    /// Where state goes; default [`local_dir`](crate::local_dir).
    pub local_dir: Option<PathBuf>,
    /// How long a start may take once everything is installed; default 60 s.
    pub start_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "default".to_owned(), cache_dir: None, local_dir: None, start_timeout: Duration::from_secs(60) }
    }
}

/// A local AWS: one for each user and name. It outlives the process that starts it, and keeps its state when stopped.
#[derive(Debug, Clone)]
pub struct Emulator {
    name: String,
    environment: PathBuf,
    folder: PathBuf,
    start_timeout: Duration,
}

/// An emulator that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Running {
    /// Where, and with what credentials.
    pub endpoint: Endpoint,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The emulator's process id.
    pub pid: u32,
    /// When it was started.
    pub since: SystemTime,
}

impl Running {
    /// See [`Endpoint::local_url`].
    #[must_use]
    pub fn local_url(&self, aws_url: &str) -> Option<String> {
        self.endpoint.local_url(aws_url)
    }
}

/// How an emulator is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// No emulator runs. Its state, if it has any, is kept.
    Stopped,
    /// The process is alive and does not answer: it is starting, or busy.
    Silent {
        /// Its process id.
        pid: u32,
        /// The port it should answer on.
        port: u16,
    },
    /// It answers.
    Running(Running),
}

/// What is on record about the process that was started last.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    process: Identity,
    port: u16,
    /// What this emulator, and no other program on the same port, says in its health.
    token: String,
    /// What it was started with: another fingerprint is another version or other settings.
    fingerprint: String,
    /// Seconds since 1970.
    since: u64,
}

impl Emulator {
    /// An emulator by its options. Nothing is touched yet.
    ///
    /// # Errors
    /// [`Error::InvalidName`], and [`Error::NoHome`] if a folder is neither given nor to be found.
    pub fn new(options: &Options) -> Result<Self> {
        let name = &options.name;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
            return Err(Error::InvalidName { name: name.clone() });
        }
        let cache = options.cache_dir.clone().map_or_else(folders::cache_dir, Ok)?;
        let local = options.local_dir.clone().map_or_else(folders::local_dir, Ok)?;
        let environment = cache.join(format!("emulator-{EMULATOR_VERSION}-{}", folders::fingerprint(REQUIREMENTS)));
        Ok(Self { name: name.clone(), environment, folder: local.join(name), start_timeout: options.start_timeout })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder with its state, record and log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> Log {
        Log::new(self.folder.join("emulator.log"))
    }

    /// Makes sure that the emulator runs and answers: installs it if need be, clears away what an earlier one left, starts
    /// it, and waits for it. If it runs already this takes one request.
    ///
    /// # Errors
    /// Whatever [`PythonEnvironment::ensure`] reports; [`Error::Exited`], [`Error::NotAnswering`] or
    /// [`Error::BeyondLoopback`] if it does not come up as it should; [`Error::Io`].
    pub fn ensure_started(&self, on_event: &mut dyn FnMut(Event)) -> Result<Running> {
        if cfg!(not(unix)) {
            return Err(Error::Unsupported);
        }
        if let Some(running) = self.running_as_it_should()? {
            return Ok(already(running, on_event));
        }
        let _lock = self.lock(on_event)?;
        if let Some(record) = self.record()? {
            match self.await_answer(&record, None)? {
                Some(running) if record.fingerprint == fingerprint() => return Ok(already(running, on_event)),
                Some(_) => {
                    on_event(Event::Replacing { pid: record.process.pid });
                    self.stop_process(&record, on_event)?;
                }
                None => {
                    on_event(Event::ClearedStale { pid: record.process.pid });
                    self.forget()?;
                }
            }
        }
        let python = PythonEnvironment::ensure(&self.environment, REQUIREMENTS, on_event)?;
        let mut tries = PORT_TRIES;
        loop {
            tries -= 1;
            match self.start(&python, on_event) {
                // Somebody took the port between the look and the start.
                Err(Error::Exited { tail, .. }) if tries > 0 && tail.contains("already in use") => {}
                result => return result,
            }
        }
    }

    /// Whether what it runs on has been installed, so that a start needs no network.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        PythonEnvironment::complete(&self.environment, REQUIREMENTS).is_some()
    }

    /// How it is, without changing anything.
    ///
    /// # Errors
    /// [`Error::Io`] if its record exists and cannot be read.
    pub fn status(&self) -> Result<Status> {
        let Some(record) = self.record()? else {
            return Ok(Status::Stopped);
        };
        if !record.process.is_alive() {
            return Ok(Status::Stopped);
        }
        if record.answers() {
            return Ok(Status::Running(record.running()));
        }
        Ok(Status::Silent { pid: record.process.pid, port: record.port })
    }

    /// Stops it, after it saved its state. Returns whether there was anything to stop.
    ///
    /// # Errors
    /// [`Error::Undying`], or [`Error::Io`].
    pub fn stop(&self, on_event: &mut dyn FnMut(Event)) -> Result<bool> {
        if !self.folder.exists() {
            return Ok(false);
        }
        let _lock = self.lock(on_event)?;
        let Some(record) = self.record()? else {
            return Ok(false);
        };
        if !record.process.is_alive() {
            on_event(Event::ClearedStale { pid: record.process.pid });
            self.forget()?;
            return Ok(false);
        }
        self.stop_process(&record, on_event)?;
        Ok(true)
    }

    /// Forgets all stacks and data. An emulator that runs goes on running, empty.
    ///
    /// # Errors
    /// [`Error::Reset`] if it runs and refuses, or [`Error::Io`].
    pub fn reset(&self, on_event: &mut dyn FnMut(Event)) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        let _lock = self.lock(on_event)?;
        if let Some(record) = self.record()?.filter(|record| record.process.is_alive()) {
            // Emptying takes as long as there is much to empty.
            return match http::request(record.port, "POST", "/_ministack/reset", self.start_timeout) {
                Ok((200, _)) => Ok(()),
                Ok((status, body)) => Err(Error::Reset { message: format!("{status} {body}") }),
                Err(error) => Err(Error::Reset { message: error.to_string() }),
            };
        }
        folders::remove(&self.folder.join("state"))?;
        folders::remove(&self.folder.join("objects"))
    }

    fn lock(&self, on_event: &mut dyn FnMut(Event)) -> Result<File> {
        folders::lock(&self.folder.join("lock"), on_event)
    }

    fn record_path(&self) -> PathBuf {
        self.folder.join("emulator.json")
    }

    /// The record; none if there is none, or one that another version wrote in another form.
    fn record(&self) -> Result<Option<Record>> {
        match fs::read(self.record_path()) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", self.record_path())(error)),
        }
    }

    /// Writes the record in one step: whoever reads without the lock sees the old one or the new one.
    fn remember(&self, record: &Record) -> Result<()> {
        let path = self.record_path();
        let draft = path.with_extension("json.new");
        let text = serde_json::to_string_pretty(record).map_err(io::Error::from).map_err(Error::io("write", &path))?;
        fs::write(&draft, text).map_err(Error::io("write", &draft))?;
        fs::rename(&draft, &path).map_err(Error::io("write", &path))
    }

    fn forget(&self) -> Result<()> {
        match fs::remove_file(self.record_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", self.record_path())(error))
            }
            _ => Ok(()),
        }
    }

    fn running_as_it_should(&self) -> Result<Option<Running>> {
        let record = self.record()?.filter(|record| record.fingerprint == fingerprint());
        Ok(record.filter(|record| record.process.is_alive() && record.answers()).map(|record| record.running()))
    }

    /// Waits until the recorded process answers. None if it has ended.
    fn await_answer(&self, record: &Record, mut child: Option<&mut Child>) -> Result<Option<Running>> {
        let deadline = Instant::now() + self.start_timeout;
        loop {
            if let Some(child) = child.as_deref_mut()
                && let Ok(Some(status)) = child.try_wait()
            {
                let log = self.log();
                let tail = log.tail_for_error();
                return Err(Error::Exited { status: status.to_string(), log: log.path().to_owned(), tail });
            }
            if child.is_none() && !record.process.is_alive() {
                return Ok(None);
            }
            if record.answers() {
                return Ok(Some(record.running()));
            }
            if Instant::now() > deadline {
                let log = self.log();
                let tail = log.tail_for_error();
                return Err(Error::NotAnswering {
                    pid: record.process.pid,
                    port: record.port,
                    seconds: self.start_timeout.as_secs(),
                    log: log.path().to_owned(),
                    tail,
                });
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn start(&self, python: &PythonEnvironment, on_event: &mut dyn FnMut(Event)) -> Result<Running> {
        let begun = Instant::now();
        let port = self.choose_port()?;
        on_event(Event::Starting { port });
        let token = new_token();
        let mut child = self.spawn(python, port, &token)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        let Some(process) = Identity::of(child.id()) else {
            let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            let log = self.log();
            let tail = log.tail_for_error();
            return Err(Error::Exited { status, log: log.path().to_owned(), tail });
        };
        let record = Record { process, port, token, fingerprint: fingerprint(), since };
        // Before the wait: if this process is interrupted now, the next one finds the emulator.
        self.remember(&record)?;
        on_event(Event::Waiting);
        let running = match self.await_answer(&record, Some(&mut child)) {
            Ok(running) => running.unwrap_or_else(|| record.running()),
            Err(error) => {
                record.process.kill_group();
                self.forget()?;
                return Err(error);
            }
        };
        if let Some(address) = record.process.listening_addresses().iter().find(|address| !address.ip().is_loopback()) {
            record.process.kill_group();
            self.forget()?;
            return Err(Error::BeyondLoopback { address: address.to_string() });
        }
        on_event(Event::Ready { url: running.endpoint.url().to_owned(), took: begun.elapsed() });
        Ok(running)
    }

    fn spawn(&self, python: &PythonEnvironment, port: u16, token: &str) -> Result<Child> {
        let scratch = self.folder.join("tmp");
        folders::remove(&scratch)?;
        folders::create_private(&scratch)?;
        let log = self.log();
        match fs::rename(log.path(), log.path().with_extension("log.1")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("rename", log.path())(error));
            }
            _ => {}
        }
        let output =
            File::options().create(true).append(true).open(log.path()).map_err(Error::io("write", log.path()))?;
        let errors = output.try_clone().map_err(Error::io("write", log.path()))?;
        Command::new(python.python())
            .args(["-c", START])
            .env_clear()
            .envs(inherited())
            .envs(self.settings(port, token, &scratch))
            // A folder that stays: the one this process works in may be removed, and must not be held.
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(Error::io("run", python.python()))
    }

    /// The emulator's own settings, and what the functions it runs get from it.
    fn settings(&self, port: u16, token: &str, scratch: &Path) -> Vec<(&'static str, String)> {
        let text = |path: PathBuf| path.display().to_string();
        let mut settings: Vec<(&str, String)> = FIXED_SETTINGS.map(|(name, value)| (name, value.to_owned())).to_vec();
        settings.extend([
            ("GATEWAY_PORT", port.to_string()),
            ("STATE_DIR", text(self.folder.join("state"))),
            ("S3_DATA_DIR", text(self.folder.join("objects"))),
            ("TMPDIR", scratch.display().to_string()),
            // The emulator repeats this in its health, where it tells it from any other.
            ("MINISTACK_EDITION", token.to_owned()),
            // Functions in native code get the endpoint only if the emulator itself has it.
            ("AWS_ENDPOINT_URL", Endpoint::on_port(port).url().to_owned()),
            // A profile in the user's files must not decide anything inside a function.
            ("AWS_CONFIG_FILE", text(scratch.join("no-config"))),
            ("AWS_SHARED_CREDENTIALS_FILE", text(scratch.join("no-credentials"))),
        ]);
        for name in ["NO_PROXY", "no_proxy"] {
            let own = env::var(name).unwrap_or_default();
            let separator = if own.is_empty() { "" } else { "," };
            settings.push((name, format!("{own}{separator}{}", endpoint::NO_PROXY)));
        }
        settings
    }

    /// The port it had the last time if that is free, so that addresses stay the same; else any free one.
    fn choose_port(&self) -> Result<u16> {
        let path = self.folder.join("port");
        let last = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u16>().ok());
        let is_free = |port: &u16| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
                // Another program may hold the port on all addresses at once, which some systems let stand beside it.
                && TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err()
        };
        if let Some(port) = last.filter(|port| *port > 0).filter(is_free) {
            return Ok(port);
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(Error::io("find a free port for", &self.folder))?
            .port();
        fs::write(&path, port.to_string()).map_err(Error::io("write", &path))?;
        Ok(port)
    }

    fn stop_process(&self, record: &Record, on_event: &mut dyn FnMut(Event)) -> Result<()> {
        let process = &record.process;
        on_event(Event::Stopping { pid: process.pid });
        process.terminate();
        if !await_end(process, STOP_PATIENCE) {
            process.kill_group();
            if !await_end(process, PATIENCE) {
                return Err(Error::Undying { pid: process.pid });
            }
        }
        self.forget()?;
        on_event(Event::Stopped);
        Ok(())
    }
}

impl Record {
    /// Whether it is this emulator that answers on the port.
    fn answers(&self) -> bool {
        #[derive(Deserialize)]
        struct Health {
            edition: String,
        }
        let Ok((200, body)) = http::request(self.port, "GET", "/_ministack/health", PATIENCE) else {
            return false;
        };
        serde_json::from_str::<Health>(&body).is_ok_and(|health| health.edition == self.token)
    }

    fn running(&self) -> Running {
        Running {
            endpoint: Endpoint::on_port(self.port),
            port: self.port,
            pid: self.process.pid,
            since: UNIX_EPOCH + Duration::from_secs(self.since),
        }
    }
}

/// What is the same for every emulator.
const FIXED_SETTINGS: [(&str, &str); 11] = [
    ("BIND_HOST", "127.0.0.1"),
    // Both would listen on all addresses if their libraries were there.
    ("IOT_MTLS_ENABLED", "0"),
    ("SFTP_ENABLED", "0"),
    // Capabilities, roles and permissions are enforced as AWS does.
    ("AUTH", "true"),
    ("PERSIST_STATE", "1"),
    ("S3_PERSIST", "1"),
    // Functions run as processes of this machine, never in containers.
    ("LAMBDA_EXECUTOR", "local"),
    ("AWS_ACCESS_KEY_ID", endpoint::DUMMY_CREDENTIAL),
    ("AWS_SECRET_ACCESS_KEY", endpoint::DUMMY_CREDENTIAL),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("PYTHONUNBUFFERED", "1"),
];

/// How the emulator is started.
///
/// In a session of its own: neither Ctrl-C in the terminal nor the terminal's end reaches it, and the processes that it
/// starts for functions are in one group with it. And every request counts as one over TLS, as it would be on AWS: there
/// is none on loopback, so policies that ask for it (`aws:SecureTransport`) would lock everybody out.
const START: &str = "\
import contextvars, os, runpy
import ministack.core.iam_evaluator as evaluator
os.setsid()
evaluator._request_origin = contextvars.ContextVar('origin', default=('127.0.0.1', True))
evaluator.pin_request_origin = lambda source_ip, secure: evaluator._request_origin.set((source_ip, True))
runpy.run_module('ministack', run_name='__main__')
";

/// What the emulator, and with it the functions, see of the user's environment. Credentials and tokens are not among it.
const INHERITED: [&str; 20] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    // Version managers that put stand-ins for node on the PATH.
    "VOLTA_HOME",
    "ASDF_DATA_DIR",
    "NVM_DIR",
];

fn inherited() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    INHERITED.into_iter().filter_map(|name| Some((name, env::var_os(name)?)))
}

/// What an emulator is started with, apart from what differs for each.
fn fingerprint() -> String {
    folders::fingerprint(&format!("{REQUIREMENTS}{FIXED_SETTINGS:?}{START}"))
}

/// Differs for each start on this machine. Not a secret.
fn new_token() -> String {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos());
    format!("skysmith-{}-{nanoseconds}", std::process::id())
}

fn already(running: Running, on_event: &mut dyn FnMut(Event)) -> Running {
    on_event(Event::Ready { url: running.endpoint.url().to_owned(), took: Duration::ZERO });
    running
}

fn await_end(process: &Identity, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while process.is_alive() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emulator(folder: &Path, name: &str) -> Result<Emulator> {
        Emulator::new(&Options {
            name: name.to_owned(),
            cache_dir: Some(folder.join("cache")),
            local_dir: Some(folder.join("local")),
            ..Options::default()
        })
    }

    #[test]
    fn names_are_plain() {
        let folder = Path::new("/nowhere");
        assert!(emulator(folder, "my-project_2").is_ok());
        for name in ["", ".", "..", "a/b", "a b", "ü", &"x".repeat(65)] {
            assert!(matches!(emulator(folder, name), Err(Error::InvalidName { .. })), "{name}");
        }
    }

    #[test]
    fn nothing_to_stop_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let emulator = emulator(folder.path(), "default").expect("a valid name");
        assert_eq!(emulator.status().expect("readable"), Status::Stopped);
        assert!(!emulator.stop(&mut |_| {}).expect("nothing to stop"));
        emulator.reset(&mut |_| {}).expect("nothing to reset");
        assert!(!emulator.folder().exists());
    }

    #[test]
    fn settings_keep_everything_on_this_machine() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let emulator = emulator(folder.path(), "default").expect("a valid name");
        let settings = emulator.settings(4566, "token", folder.path());
        let of = |name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!(of("BIND_HOST"), Some("127.0.0.1"));
        assert_eq!(of("AWS_ENDPOINT_URL"), Some("http://127.0.0.1:4566"));
        assert!(of("NO_PROXY").is_some_and(|value| value.contains("127.0.0.1")));
        assert!(INHERITED.iter().all(|name| !name.starts_with("AWS_")));
    }
}
