//! Asking whether a program is there, without running what it is there for.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::run;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The version it says, without its name.
    Version(String),
    /// It is not there.
    Missing,
    /// It is there and does not work: why.
    Broken(String),
}

/// Runs the command, which should say a version and end.
pub fn ask(mut command: Command) -> Probe {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Probe::Missing,
        Err(error) => return Probe::Broken(error.to_string()),
    };
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // It is not needed any more, and what becomes of it tells nothing.
                let _ = child.kill();
                let _ = child.wait();
                return Probe::Broken(format!("it does not say its version within {} s", PATIENCE.as_secs()));
            }
            Err(error) => return Probe::Broken(error.to_string()),
        }
    };
    // A version fits into the pipe's buffer, so that it is all there by now.
    let mut said = vec![0; 4096];
    let read = child.stdout.take().map_or(0, |mut stdout| stdout.read(&mut said).unwrap_or(0));
    if !status.success() {
        return Probe::Broken(format!("asked for its version, it {}", super::process::ending(status)));
    }
    Probe::Version(version(&String::from_utf8_lossy(&said[..read])))
}

/// `cargo 1.95.0 (f2d3ce0bd 2026-03-21)` to `1.95.0`, `v24.1.0` to `24.1.0`.
fn version(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    let number = line
        .split([' ', ','])
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|character: char| character.is_ascii_digit()));
    number.unwrap_or(line).to_owned()
}

/// The program that a command line runs first: its first word that sets no variable.
pub fn program(text: &str) -> &str {
    let sets = |word: &&str| word.split_once('=').is_some_and(|(name, _)| !name.contains('/'));
    text.split_whitespace().find(|word| !sets(word)).unwrap_or(text)
}

/// Whether the system's shell, in `folder`, would find the program. What is quoted or put together is taken for found.
pub fn shell_knows(program: &str, folder: &Path) -> bool {
    if program.contains(|character: char| "'\"`$\\(){};&|<>*?~#".contains(character)) {
        return true;
    }
    let status = run::shell(&format!("command -v -- '{program}'"), folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.map_or(true, |status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_is_said() {
        for (said, number) in [
            ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n", "1.95.0"),
            ("v24.1.0\n", "24.1.0"),
            ("Docker version 27.3.1, build ce12230\n", "27.3.1"),
            ("Python 3.12.3\n", "3.12.3"),
            ("nothing of the kind", "nothing of the kind"),
            ("", ""),
        ] {
            assert_eq!(version(said), number, "{said}");
        }
    }

    #[test]
    fn the_first_program_of_a_command_line() {
        assert_eq!(program("npx ts-node app.ts"), "npx");
        assert_eq!(program("NODE_ENV=dev A=b node app.js"), "node");
        assert_eq!(program("./bin/a=b x"), "./bin/a=b");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_there_or_does_not_work() {
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            ask(command)
        };
        assert_eq!(sh("echo tool 1.2"), Probe::Version("1.2".to_owned()));
        assert_eq!(sh("exit 3"), Probe::Broken("asked for its version, it ended with exit code 3".to_owned()));
        assert_eq!(ask(Command::new("no-such-program")), Probe::Missing);
        assert!(shell_knows("cd", Path::new("/")) && shell_knows("sh", Path::new("/")));
        assert!(!shell_knows("no-such-program", Path::new("/")));
    }
}
