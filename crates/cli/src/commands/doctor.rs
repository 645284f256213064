//! `skysmith doctor`: what is there, what is missing, and what each is for.
//!
//! Nothing is installed, started or changed. One call goes to AWS, and none with `--local`.

use std::env;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::json;
use skysmith_deploy::{CredentialsInfo, Endpoint, Error, Session as Connection, SessionOptions};
use skysmith_local::{PythonEnvironment, Status};
use tokio::runtime::Builder;

use crate::app::probe::{self, Probe};
use crate::app::{self, Source};
use crate::aws;
use crate::emulator;
use crate::error::{Done, Failure, Report};
use crate::hints;
use crate::output::{paths, style, table};
use crate::session::Session;

/// How long AWS may take to answer; a look at the machine must not hang on its network.
const PATIENCE: Duration = Duration::from_secs(2);
/// AWS refuses signatures that are five minutes off; what is off by less will be soon.
const CLOCK_TOLERANCE: i64 = 60;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    /// It is not there.
    Missing,
    /// It is there and won't do.
    Wrong,
    /// It was not looked at, or does not matter here.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug)]
struct Check {
    name: &'static str,
    state: State,
    /// A version, a place, or what is wrong, in a few words.
    detail: String,
    /// What it is for.
    purpose: &'static str,
    /// Whether the project of this folder cannot do without it.
    needed: bool,
    hints: Vec<String>,
}

impl Check {
    fn new(name: &'static str, purpose: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self { name, state, detail: detail.into(), purpose, needed: false, hints: Vec::new() }
    }

    fn failed(name: &'static str, purpose: &'static str, failure: Failure) -> Self {
        let Report { message, hints, .. } = failure.into_report();
        Self { hints, ..Self::new(name, purpose, State::Wrong, message) }
    }

    fn needed_if(mut self, needed: bool) -> Self {
        self.needed = needed;
        self
    }

    fn hint(mut self, hint: &str) -> Self {
        self.hints.push(hint.to_owned());
        self
    }

    fn is_in_the_way(&self) -> bool {
        self.needed && matches!(self.state, State::Missing | State::Wrong)
    }

    fn mark(&self) -> String {
        match self.state {
            State::Ok => style::paint(style::GOOD, "✓"),
            State::Missing | State::Wrong if self.needed => style::paint(style::ERROR, "✗"),
            State::Wrong => style::paint(style::WARNING, "!"),
            State::Missing | State::Skipped => "·".to_owned(),
        }
    }

    fn json(&self) -> serde_json::Value {
        let status = match self.state {
            State::Ok => "ok",
            State::Missing => "missing",
            State::Wrong => "wrong",
            State::Skipped => "skipped",
        };
        json!({
            "name": self.name,
            "status": status,
            "needed": self.needed,
            "detail": self.detail,
            "purpose": self.purpose,
            "hints": self.hints,
        })
    }
}

/// Looks at everything. With something missing that the project needs, the exit code is 1.
pub fn run(session: &Session) -> Result<Done, Failure> {
    let (project, needs) = project(session);
    let mut checks = vec![project];
    checks.extend(rules(session));
    checks.extend(programs(&needs));
    checks.extend(local(session));
    checks.extend(account(session));
    let wrong: Vec<&str> = checks.iter().filter(|check| check.is_in_the_way()).map(|check| check.name).collect();
    if session.ui.is_json() {
        let checks: Vec<_> = checks.iter().map(Check::json).collect();
        session.ui.json(&json!({ "ok": wrong.is_empty(), "checks": checks }))?;
    } else {
        session.ui.result(&text(&checks, &wrong))?;
    }
    Ok(if wrong.is_empty() { Done::Ok } else { Done::Negative })
}

fn text(checks: &[Check], wrong: &[&str]) -> String {
    let mut text = if wrong.is_empty() {
        format!("{} nothing is missing that this folder's project needs\n\n", style::paint(style::GOOD, "✓"))
    } else {
        format!("{} this folder's project needs attention: {}\n\n", style::paint(style::ERROR, "✗"), wrong.join(", "))
    };
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| vec![check.name.to_owned(), check.purpose.to_owned(), check.detail.clone()])
        .collect();
    for (check, line) in checks.iter().zip(table::columns(&rows).lines()) {
        text.push_str(&format!("{} {line}\n", check.mark()));
        if check.state == State::Wrong || check.is_in_the_way() {
            for hint in &check.hints {
                text.push_str(&format!("    = {hint}\n"));
            }
        }
    }
    text
}

/// What the project runs, and the programs that takes.
fn project(session: &Session) -> (Check, Vec<&'static str>) {
    const PURPOSE: &str = "what there is to work on";
    let check = |state, detail: String| Check::new("project", PURPOSE, state, detail).needed_if(true);
    match app::source(session) {
        Ok(Source::Package { package, .. }) => {
            (check(State::Ok, format!("`{package}`, a package of the Cargo workspace")), vec!["cargo"])
        }
        Ok(Source::Assembly(path)) => (check(State::Ok, format!("the assembly in {}", paths::shown(&path))), vec![]),
        Ok(Source::Template(path)) => (check(State::Ok, format!("the template {}", paths::shown(&path))), vec![]),
        Ok(Source::Command(text)) => {
            let program = probe::program(&text);
            let needs = match program {
                "cargo" => vec!["cargo"],
                "node" | "npx" | "npm" | "yarn" | "pnpm" | "ts-node" | "tsx" => vec!["node"],
                "python" | "python3" => vec!["python3"],
                _ => vec![],
            };
            let found = cfg!(windows) || probe::shell_knows(program, &session.project.root);
            let check = if found {
                check(State::Ok, format!("`{text}`"))
            } else {
                check(State::Missing, format!("`{text}`: there is no `{program}` on the PATH"))
                    .hint("install it, or name another command as `app` in skysmith.toml")
            };
            (check, needs)
        }
        Err(failure) => {
            // A folder without a project needs nothing; a project that says nothing sensible needs to be mended.
            let is_project = session.project.has_file || session.globals.app.is_some();
            let mut check = Check::failed("project", PURPOSE, failure).needed_if(is_project);
            if !is_project {
                check.state = State::Skipped;
            }
            (check, vec![])
        }
    }
}

/// What the project and the flags say of rules, if they say anything.
fn rules(session: &Session) -> Option<Check> {
    let levels = session.levels();
    let mut said: Vec<String> = levels.iter().map(|(rule, level)| format!("{rule} {}", level.as_str())).collect();
    if session.is_strict() {
        said.push("warnings fail".to_owned());
    }
    let detail = format!("not as `skysmith explain` lists them: {}", said.join(", "));
    (!said.is_empty()).then(|| Check::new("rules", "how severe mistakes are here", State::Ok, detail))
}

/// A program of this machine and what to ask it.
struct Program {
    name: &'static str,
    arguments: &'static [&'static str],
    purpose: &'static str,
    hint: &'static str,
}

const PROGRAMS: [Program; 4] = [
    Program {
        name: "cargo",
        arguments: &["--version"],
        purpose: "builds apps in Rust",
        hint: "install Rust: https://rustup.rs",
    },
    Program {
        name: "node",
        arguments: &["--version"],
        purpose: "runs CDK apps in TypeScript or JavaScript",
        hint: "install it from https://nodejs.org or with the system's packages",
    },
    Program {
        name: "cargo-lambda",
        arguments: &["lambda", "--version"],
        purpose: "builds functions in Rust",
        hint: "https://www.cargo-lambda.info",
    },
    Program {
        name: "docker",
        arguments: &["--version"],
        purpose: "builds container images",
        hint: "https://docs.docker.com/get-docker",
    },
];

fn programs(needs: &[&str]) -> Vec<Check> {
    let ask = |program: &'static Program| {
        // The toolchain of the `cargo run` around this, if there is one, as when an app is built.
        let cargo = (program.name == "cargo").then(|| env::var_os("CARGO")).flatten();
        let mut command = Command::new(cargo.as_deref().unwrap_or(program.name.as_ref()));
        command.args(program.arguments);
        probe::ask(command)
    };
    let answers: Vec<Probe> = thread::scope(|scope| {
        let running: Vec<_> = PROGRAMS.iter().map(|program| scope.spawn(move || ask(program))).collect();
        running.into_iter().map(|one| one.join().unwrap_or(Probe::Broken("it could not be asked".to_owned()))).collect()
    });
    let mut checks: Vec<Check> = PROGRAMS
        .iter()
        .zip(answers)
        .map(|(program, answer)| {
            of_probe(program.name, program.purpose, answer).needed_if(needs.contains(&program.name)).hint(program.hint)
        })
        .collect();
    checks.insert(1, python(needs.contains(&"python3")));
    checks
}

fn of_probe(name: &'static str, purpose: &'static str, answer: Probe) -> Check {
    match answer {
        Probe::Version(version) => Check::new(name, purpose, State::Ok, version),
        Probe::Missing => Check::new(name, purpose, State::Missing, "not found"),
        Probe::Broken(why) => Check::new(name, purpose, State::Wrong, why),
    }
}

/// For an app in Python any will do; the local AWS has its demands, which are those that are shown.
fn python(needed: bool) -> Check {
    const PURPOSE: &str = "runs the local AWS";
    let check = match PythonEnvironment::base() {
        Ok(path) => {
            let mut command = Command::new(&path);
            command.arg("--version");
            match probe::ask(command) {
                Probe::Version(version) => {
                    Check::new("python3", PURPOSE, State::Ok, format!("{version}, with venv ({})", path.display()))
                }
                other => of_probe("python3", PURPOSE, other),
            }
        }
        Err(error) => {
            let state = if matches!(error, skysmith_local::Error::NoPython) { State::Missing } else { State::Wrong };
            let mut check = Check::failed("python3", PURPOSE, emulator::worded(error));
            check.state = state;
            check
        }
    };
    check.needed_if(needed)
}

/// The emulator, as it is.
fn local(session: &Session) -> Vec<Check> {
    const PURPOSE: &str = "deploys with --local";
    let asked = session.globals.local;
    let found = emulator::emulator().and_then(|emulator| {
        let status = emulator.status().map_err(emulator::worded)?;
        Ok((status, emulator.is_installed()))
    });
    let check = match found {
        Ok((Status::Running(running), _)) => {
            Check::new("local AWS", PURPOSE, State::Ok, format!("running at {}", running.endpoint.url()))
        }
        Ok((Status::Silent { pid, port }, _)) => {
            Check::new("local AWS", PURPOSE, State::Wrong, format!("process {pid} does not answer on port {port}"))
                .hint("skysmith local logs shows what it does, skysmith local stop ends it")
        }
        Ok((_, true)) => Check::new("local AWS", PURPOSE, State::Ok, "installed; starts when it is needed"),
        Ok((_, false)) => match PythonEnvironment::base() {
            Ok(_) => Check::new("local AWS", PURPOSE, State::Ok, "not installed yet; the first use installs it"),
            Err(_) => Check::new("local AWS", PURPOSE, State::Missing, "cannot be installed without Python")
                .hint("install Python 3.10 or newer, with venv"),
        },
        Err(failure) => Check::failed("local AWS", PURPOSE, failure),
    };
    vec![check.needed_if(asked)]
}

/// Whose credentials there are, how they came about, where they lead, and whether the clocks agree.
fn account(session: &Session) -> Vec<Check> {
    let checks =
        |credentials: (State, String), source: (State, String), region: (State, String), clock: (State, String)| {
            vec![
                Check::new("credentials", "deploys to AWS", credentials.0, credentials.1),
                Check::new("source", "where the credentials come from", source.0, source.1),
                Check::new("region", "where it goes", region.0, region.1),
                Check::new("clock", "signs calls to AWS", clock.0, clock.1),
            ]
        };
    let skipped = |why: &str| (State::Skipped, why.to_owned());
    if session.globals.local {
        let region = session.region().unwrap_or_default();
        return checks(
            skipped("not needed with --local"),
            skipped("not needed with --local"),
            (State::Ok, format!("{region}, of the local AWS")),
            skipped("not needed with --local"),
        );
    }
    // Who names an account or a profile means to go there; an app alone can do without.
    let environment = session.environment();
    let meant = session.profile().is_some()
        || environment.account.is_some()
        || session.role_arn().is_some()
        || session.globals.endpoint_url.is_some();
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let given = session.region().or_else(|| set("AWS_REGION")).or_else(|| set("AWS_DEFAULT_REGION"));
    let given = match given {
        Some(region) => (State::Ok, region),
        None => (State::Missing, "none is set".to_owned()),
    };
    let unanswered = || skipped("not checked: it takes an answer from AWS");
    let mut checks = match aws::options(session, None, false).map(|options| connect(&options)) {
        Ok(Ok(connection)) => {
            let identity = connection.identity();
            let mut checks = checks(
                (State::Ok, format!("account {}, {}", identity.account, identity.arn)),
                (State::Ok, origin(connection.credentials(), SystemTime::now())),
                (State::Ok, connection.region().to_owned()),
                clock(&connection),
            );
            if let Err(failure) = aws::check_account(session, &connection) {
                checks[0] = Check::failed("credentials", "deploys to AWS", failure);
            }
            checks
        }
        Ok(Err(error)) => {
            let (state, detail) = match &error {
                Error::NoRegion => (State::Skipped, "not checked: there is no region to ask in".to_owned()),
                // The rest of the words lists every place that was tried.
                Error::NoCredentials { .. } => (State::Missing, "none found".to_owned()),
                // Nothing is wrong with them, and commands ask.
                Error::MfaNeeded { device } => (State::Skipped, format!("not checked: they take a code of {device}")),
                _ => (State::Wrong, String::new()),
            };
            let no_region = matches!(error, Error::NoRegion);
            let Report { message, hints, .. } = hints::worded(session, error).into_report();
            let detail = if detail.is_empty() { message } else { detail };
            let mut checks = checks((state, detail), unanswered(), given, unanswered());
            checks[if no_region { 2 } else { 0 }].hints = hints;
            checks
        }
        Err(failure) => {
            let mut checks = checks(unanswered(), unanswered(), given, unanswered());
            checks[0] = Check::failed("credentials", "deploys to AWS", failure);
            checks
        }
    };
    for check in &mut checks {
        check.needed = meant;
    }
    checks
}

/// Where credentials come from, what was taken with them, and when they end.
fn origin(credentials: &CredentialsInfo, now: SystemTime) -> String {
    let mut text = credentials.source.to_string();
    if let Some(device) = &credentials.mfa_device {
        let kept = if credentials.kept { ", given before" } else { "" };
        text.push_str(&format!("; with a code of {device}{kept}"));
    }
    for role in &credentials.roles {
        text.push_str(&format!("; role {role}"));
    }
    if let Some(left) = credentials.expires.and_then(|end| end.duration_since(now).ok()) {
        let minutes = left.as_secs() / 60;
        let left = match (minutes / 60, minutes % 60) {
            (0, minutes) => format!("{minutes} min"),
            (hours, minutes) => format!("{hours} h {minutes:02} min"),
        };
        text.push_str(&format!("; {left} left"));
    }
    text
}

fn connect(options: &SessionOptions) -> Result<Connection, Error> {
    let endpoint = match &options.endpoint {
        Endpoint::Url(url) | Endpoint::Local(url) => Some(url.clone()),
        Endpoint::Aws => None,
    };
    let silent =
        |reason: String| Error::Unreachable { operation: "GetCallerIdentity", endpoint: endpoint.clone(), reason };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| silent(error.to_string()))?;
    let connected = runtime.block_on(async { tokio::time::timeout(PATIENCE, Connection::connect(options)).await });
    // What still waits for a name or a file in the background must not be waited for.
    runtime.shutdown_background();
    connected.unwrap_or_else(|_| Err(silent(format!("no answer within {} s", PATIENCE.as_secs()))))
}

fn clock(connection: &Connection) -> (State, String) {
    match connection.clock_skew() {
        None => (State::Skipped, "the answer does not tell".to_owned()),
        Some(skew) if skew.abs() <= CLOCK_TOLERANCE => (State::Ok, "agrees with AWS".to_owned()),
        Some(skew) => {
            let side = if skew > 0 { "ahead of" } else { "behind" };
            (State::Wrong, format!("{} s {side} AWS, which refuses calls that are 5 min off", skew.abs()))
        }
    }
}
