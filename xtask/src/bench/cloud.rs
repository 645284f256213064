//! The local AWS of the measurements: an emulator of its own, behind the counting proxy, stopped at the end.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail};
use skysmith_local::{Emulator, Options, Running};

use super::proxy::Proxy;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A running local AWS.
pub struct Cloud {
    emulator: Emulator,
    running: Running,
    folder: PathBuf,
    cache: PathBuf,
    /// What clients talk to.
    pub proxy: Proxy,
}

/// The end of a stack's operation, as CloudFormation says.
pub struct LastEvent {
    /// The stack's status.
    pub status: String,
    time_of_day: Duration,
}

impl Cloud {
    /// Starts one that keeps its state below `folder`, and installs it into `cache` on first use.
    pub fn start(folder: &Path, cache: &Path) -> Result<Self> {
        let options =
            Options { cache_dir: Some(cache.to_owned()), local_dir: Some(folder.to_owned()), ..Options::default() };
        let emulator = Emulator::new(&options)?;
        let running = emulator.ensure_started(&mut |_| {})?;
        let proxy = Proxy::start(running.port)?;
        let cloud = Self { emulator, running, folder: folder.to_owned(), cache: cache.to_owned(), proxy };
        // It loads what it needs at the first call: seconds on a busy machine, which are not what is measured.
        cloud.request("POST", "/", "sts", "Action=GetCallerIdentity&Version=2011-06-15")?;
        Ok(cloud)
    }

    /// Makes `skysmith --local` find this one.
    pub fn be_local(&self, command: &mut Command) {
        command.env("SKYSMITH_LOCAL_DIR", &self.folder).env("SKYSMITH_CACHE_DIR", &self.cache);
    }

    /// Forgets all stacks.
    pub fn reset(&self) -> Result<()> {
        Ok(self.emulator.reset(&mut |_| {})?)
    }

    /// Where the emulator itself is found, past the proxy.
    pub fn url(&self) -> &str {
        self.running.endpoint.url()
    }

    /// Makes a command talk to the proxy, with dummy credentials and nothing of the user's.
    pub fn environment(&self, command: &mut Command) {
        self.environment_at(command, &self.proxy.url());
    }

    /// The same with this URL in place of the proxy's.
    pub fn environment_at(&self, command: &mut Command, url: &str) {
        for (name, value) in self.running.endpoint.environment() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("AWS_ENDPOINT_URL", url);
    }

    /// The environment of an app that is deployed here.
    pub fn place(&self) -> (&str, &str) {
        (self.running.endpoint.account(), self.running.endpoint.region())
    }

    /// What the stack itself reported last.
    pub fn last_event(&self, stack: &str) -> Result<LastEvent> {
        let form = format!("Action=DescribeStackEvents&StackName={stack}&Version=2010-05-15");
        let said = self.request("POST", "/", "cloudformation", &form)?;
        let events = said.split("<member>").skip(1);
        let of_stack = |event: &&str| field(event, "PhysicalResourceId") == field(event, "StackId");
        // The newest comes first.
        let event = events.into_iter().find(of_stack).with_context(|| format!("no event of {stack}: {said}"))?;
        let status = field(event, "ResourceStatus").unwrap_or_default().to_owned();
        let time = field(event, "Timestamp").and_then(time_of_day);
        Ok(LastEvent { status, time_of_day: time.with_context(|| format!("no time: {event}"))? })
    }

    /// Asks the emulator itself, past the proxy, so that the question is not counted.
    pub fn request(&self, method: &str, path: &str, service: &str, form: &str) -> Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.running.port))?;
        let (_, region) = self.place();
        let key = self.running.endpoint.access_key_id();
        // The emulator tells services apart by the signature's scope and does not check the signature.
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={key}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=00\r\n\r\n{form}",
            self.running.port,
            form.len()
        )?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        if !said.starts_with("HTTP/1.1 2") {
            bail!("{method} {path} {form}: {said}");
        }
        Ok(said)
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Err(error) = self.emulator.stop(&mut |_| {}) {
            eprintln!("    the local AWS of the measurements was not stopped: {error}");
        }
    }
}

impl LastEvent {
    /// How long after `before` it was; both are within the same hours.
    pub fn since(&self, before: SystemTime) -> Duration {
        between(of_day(before), self.time_of_day)
    }

    /// How long before `after` it was; both are within the same hours.
    pub fn until(&self, after: SystemTime) -> Duration {
        between(self.time_of_day, of_day(after))
    }
}

/// From one time of day to the next time it is the other. What seems to be almost a day is a clock's grain.
fn between(from: Duration, to: Duration) -> Duration {
    let passed = if to >= from { to - from } else { to + DAY - from };
    if passed > DAY / 2 { Duration::ZERO } else { passed }
}

fn of_day(time: SystemTime) -> Duration {
    let passed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    passed - DAY * u32::try_from(passed.as_secs() / DAY.as_secs()).unwrap_or_default()
}

/// The text of an element.
fn field<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// The time of day in `2026-01-31T23:59:59.123Z`.
fn time_of_day(text: &str) -> Option<Duration> {
    let (_, time) = text.split_once('T')?;
    let mut parts = time.trim_end_matches('Z').split(':').map(str::parse::<f64>);
    let mut next = || parts.next()?.ok();
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    Duration::try_from_secs_f64((hours * 60.0 + minutes) * 60.0 + seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        let midnight = UNIX_EPOCH + DAY * 20_000;
        let event = LastEvent { status: String::new(), time_of_day: time_of_day("2026-01-31T00:00:01.500Z").unwrap() };
        assert_eq!(event.since(midnight), Duration::from_millis(1500));
        assert_eq!(event.since(midnight - Duration::from_secs(1)), Duration::from_millis(2500));
        assert_eq!(event.until(midnight + Duration::from_secs(2)), Duration::from_millis(500));
        assert_eq!(event.until(midnight + Duration::from_millis(1499)), Duration::ZERO);
        assert_eq!(time_of_day("yesterday"), None);
    }

    #[test]
    fn elements() {
        assert_eq!(field("<a><b>1</b><b>2</b></a>", "b"), Some("1"));
        assert_eq!(field("<a/>", "b"), None);
    }
}
