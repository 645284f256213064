//! A private virtual environment: made once, made again when what it must hold changes or its Python moved.
//!
//! An environment is complete when its stamp is there, which is written last. Anything else found in its folder is the
//! rest of an interrupted run, and is removed.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Error, Event, Result, folders};

/// The oldest Python that the emulator runs on.
const OLDEST: (u32, u32) = (3, 10);

/// How much of a failed command's output an error carries.
const OUTPUT_LINES: usize = 15;

/// A virtual environment that holds exactly what its requirements say.
#[derive(Debug, Clone)]
pub struct PythonEnvironment {
    python: PathBuf,
}

impl PythonEnvironment {
    /// Makes sure that `folder` is a virtual environment with `requirements` (the text of a pip requirements file)
    /// installed. Takes milliseconds if it is one already, else some ten seconds and the network.
    ///
    /// # Errors
    /// [`Error::NoPython`], [`Error::PythonTooOld`], [`Error::PythonBroken`] or [`Error::NoVenv`] if this machine's
    /// Python won't do, [`Error::Install`] if pip fails, [`Error::Io`].
    pub fn ensure(folder: &Path, requirements: &str, on_event: &mut dyn FnMut(Event)) -> Result<Self> {
        if let Some(complete) = Self::complete(folder, requirements) {
            return Ok(complete);
        }
        let _lock = folders::lock(&beside(folder, ".lock"), on_event)?;
        // Whoever held the lock may have made it.
        if let Some(complete) = Self::complete(folder, requirements) {
            return Ok(complete);
        }
        let base = Self::base()?;
        folders::remove(folder)?;
        on_event(Event::CreatingEnvironment { python: base.clone(), folder: folder.to_owned() });
        run(clean(&base).args(["-m", "venv"]).arg(folder), &beside(folder, ".log"), &mut |_| {})?;
        let made = Self { python: interpreter(folder) };
        made.install(folder, requirements, on_event)?;
        let stamp = stamp(&made.python, requirements);
        fs::write(stamp_path(folder), stamp).map_err(Error::io("write", stamp_path(folder)))?;
        on_event(Event::Installed);
        Ok(made)
    }

    /// The Python of this machine that an environment would be made with.
    ///
    /// # Errors
    /// [`Error::NoPython`], [`Error::PythonTooOld`], [`Error::PythonBroken`] or [`Error::NoVenv`] if none will do.
    pub fn base() -> Result<PathBuf> {
        find_python(&env::var_os("PATH").unwrap_or_default())
    }

    /// The environment's interpreter.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }

    pub(crate) fn complete(folder: &Path, requirements: &str) -> Option<Self> {
        let python = interpreter(folder);
        let found = fs::read_to_string(stamp_path(folder)).ok()?;
        (python.exists() && found == stamp(&python, requirements)).then_some(Self { python })
    }

    fn install(&self, folder: &Path, requirements: &str, on_event: &mut dyn FnMut(Event)) -> Result<()> {
        let file = folder.join("requirements.txt");
        fs::write(&file, requirements).map_err(Error::io("write", &file))?;
        let total = requirements.lines().filter(|line| !line.starts_with('#') && line.contains("==")).count();
        let mut done = 0;
        let mut command = clean(&self.python);
        // Compiling everything ahead takes longer than the rest; Python compiles what it imports when it does.
        command
            .args([
                "-m",
                "pip",
                "install",
                "--no-input",
                "--disable-pip-version-check",
                "--no-compile",
                "--progress-bar=off",
            ])
            .arg("--requirement")
            .arg(&file);
        run(&mut command, &beside(folder, ".log"), &mut |line| {
            if let Some(package) = line.strip_prefix("Collecting ") {
                let package = package.split_whitespace().next().unwrap_or(package).to_owned();
                on_event(Event::Installing { package, done, total });
                done += 1;
            }
        })
    }
}

/// What an environment was made from: the real place of its Python (which moves when Python is upgraded, and leaves the
/// installed packages behind) and its requirements.
fn stamp(python: &Path, requirements: &str) -> String {
    let real = python.canonicalize().unwrap_or_else(|_| python.to_owned());
    format!("{}\n{requirements}", real.display())
}

fn stamp_path(folder: &Path) -> PathBuf {
    folder.join("skysmith-stamp")
}

/// A file next to a folder, with the folder's name and an ending of its own.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn interpreter(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts").join("python.exe") } else { folder.join("bin").join("python") }
}

/// A Python command that variables of the user's cannot bend: pip would install elsewhere, Python import from elsewhere.
fn clean(python: &Path) -> Command {
    let mut command = Command::new(python);
    for variable in [
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_DRY_RUN",
        "PIP_QUIET",
        "PIP_REQUIREMENT",
        "PIP_NO_DEPS",
    ] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command, hands each line of its standard output to `on_line`, and keeps what it says on the standard error
/// in `log` for the error.
fn run(command: &mut Command, log: &Path, on_line: &mut dyn FnMut(&str)) -> Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let what = command.get_args().take(3).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
    let step = format!("{program} {what}");
    let errors = File::create(log).map_err(Error::io("write", log))?;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .map_err(Error::io("run", PathBuf::from(command.get_program())))?;
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
            on_line(&line);
            output.push(line);
        }
    }
    let status = child.wait().map_err(Error::io("await", PathBuf::from(command.get_program())))?;
    if !status.success() {
        let errors = fs::read_to_string(log).unwrap_or_default();
        // What went wrong is on the standard error, except where a program says all on the standard output.
        let said = if errors.trim().is_empty() { output.join("\n") } else { errors };
        return Err(Error::Install { step, output: crate::log::last_lines(&said, OUTPUT_LINES) });
    }
    let _ = fs::remove_file(log);
    Ok(())
}

/// The first Python on a search path that will do; of those that won't, the error of the first.
fn find_python(search_path: &OsStr) -> Result<PathBuf> {
    // `python3` is what the user chose; the others are for systems whose own `python3` is old, such as macOS.
    let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
    let mut first_error = None;
    for name in names {
        let Some(python) = env::split_paths(search_path).map(|folder| folder.join(name)).find(|path| path.is_file())
        else {
            continue;
        };
        match check_python(&python) {
            Ok(()) => return Ok(python),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(Error::NoPython))
}

fn check_python(python: &Path) -> Result<()> {
    // Old enough syntax for any Python to say its version.
    const PROBE: &str = "\
import sys
print('%d.%d.%d' % tuple(sys.version_info[:3]))
for module in ('venv', 'ensurepip'):
    try:
        __import__(module)
    except ImportError:
        print(module)
        break
";
    let broken = |message: String| Error::PythonBroken { python: python.to_owned(), message };
    let output = clean(python).args(["-c", PROBE]).output().map_err(|error| broken(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    let version = lines.next().unwrap_or_default();
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (true, Some(major), Some(minor)) = (output.status.success(), numbers.next(), numbers.next()) else {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(broken(said.trim().lines().last().unwrap_or("it says nothing").to_owned()));
    };
    if (major, minor) < OLDEST {
        return Err(Error::PythonTooOld { python: python.to_owned(), version: version.to_owned() });
    }
    match lines.next() {
        Some(module) => Err(Error::NoVenv { python: python.to_owned(), module: module.to_owned() }),
        None => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {

    use super::*;

    /// A folder with programs in it, each a shell script.
    fn path_with(programs: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, script) in programs {
            let file = folder.path().join(name);
            write_program(&file, &format!("#!/bin/sh\n{script}\n"));
        }
        folder
    }

    /// Written by another process: while this one had the file open, a program that another test starts would inherit that, and what is open
    /// for writing cannot be run.
    fn write_program(file: &Path, text: &str) {
        let script = r#"printf '%s' "$2" > "$1" && chmod 755 "$1""#;
        let written = Command::new("/bin/sh").args(["-c", script, "sh"]).arg(file).arg(text).status();
        assert!(written.expect("there is a shell").success(), "cannot write {}", file.display());
    }

    fn find(programs: &[(&str, &str)]) -> (tempfile::TempDir, Result<PathBuf>) {
        let folder = path_with(programs);
        let found = find_python(folder.path().as_os_str());
        (folder, found)
    }

    #[test]
    fn no_python() {
        let (_folder, found) = find(&[]);
        let error = found.expect_err("nothing there");
        assert_eq!(error.to_string(), "the local AWS needs Python 3.10 or newer, and there is no python3 on the PATH");
    }

    #[test]
    fn old_python() {
        let (_folder, found) = find(&[("python3", "echo 3.9.6")]);
        assert!(matches!(found, Err(Error::PythonTooOld { version, .. }) if version == "3.9.6"));
    }

    #[test]
    fn a_newer_one_beside_an_old_one() {
        let (folder, found) = find(&[("python3", "echo 3.9.6"), ("python3.12", "echo 3.12.1")]);
        assert_eq!(found.expect("one will do"), folder.path().join("python3.12"));
    }

    #[test]
    fn python_without_venv() {
        let (_folder, found) = find(&[("python3", "echo 3.11.2; echo ensurepip")]);
        let error = found.expect_err("no ensurepip");
        assert!(matches!(&error, Error::NoVenv { module, .. } if module == "ensurepip"));
        assert!(error.to_string().contains("python3-venv"), "{error}");
    }

    #[test]
    fn python_that_does_not_run() {
        let (_folder, found) = find(&[("python3", "echo 'xcode-select: no developer tools' >&2; exit 1")]);
        assert!(matches!(found, Err(Error::PythonBroken { message, .. }) if message.contains("developer tools")));
    }

    #[test]
    fn a_failed_command_says_why() {
        let folder = path_with(&[("pip", "echo out; echo 'no such package' >&2; exit 3")]);
        let error = run(&mut Command::new(folder.path().join("pip")), &folder.path().join("log"), &mut |_| {})
            .expect_err("it exits with 3");
        assert!(matches!(error, Error::Install { output, .. } if output == "no such package"));
    }
}
