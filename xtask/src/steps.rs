//! A run of several steps: each is announced with its command and timed, a failed one does not keep the others from
//! running, and the end says how all of them went.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// The steps of one run, and how they went so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<(&'static str, Duration, bool)>,
}

impl Steps {
    /// Does a step that is not a command. Returns what it made, or none if it failed.
    pub fn work<T>(&mut self, name: &'static str, what: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        eprintln!("==> {name}: {what}");
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        match &result {
            Ok(_) => eprintln!("    {name} took {}", seconds(took)),
            Err(error) => eprintln!("    {name} failed after {}: {error:#}", seconds(took)),
        }
        self.done.push((name, took, result.is_ok()));
        result.ok()
    }

    /// Runs a command as a step.
    pub fn command(&mut self, name: &'static str, mut command: Command) {
        let line = in_words(&command);
        self.work(name, &line.clone(), || {
            let status = command.status().with_context(|| line)?;
            if !status.success() {
                bail!("{status}");
            }
            Ok(())
        });
    }

    /// Says how the steps went.
    ///
    /// # Errors
    /// If any step failed.
    pub fn finish(self) -> Result<()> {
        eprintln!("==> summary");
        for (name, took, is_ok) in &self.done {
            eprintln!("    {:<8} {:>9}  {name}", if *is_ok { "ok" } else { "FAILED" }, seconds(*took));
        }
        eprintln!("    {:<8} {:>9}", "total", seconds(self.done.iter().map(|(_, took, _)| *took).sum()));
        let failed: Vec<&str> = self.done.iter().filter(|(_, _, is_ok)| !is_ok).map(|(name, ..)| *name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A command as one would type it.
fn in_words(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.display(), quoted(&value?.to_string_lossy()))));
    let program = command.get_program().to_string_lossy();
    // Cargo gives its own full path to what it runs.
    let program = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    variables.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_run_but_not_the_others() {
        let mut steps = Steps::default();
        assert_eq!(steps.work("one", "", || Ok(1)), Some(1));
        assert_eq!(steps.work("two", "", || -> Result<()> { bail!("no") }), None);
        steps.command("three", Command::new("true"));
        steps.command("four", Command::new("false"));
        steps.command("five", Command::new("/nowhere/to/be/found"));
        let error = steps.finish().expect_err("three of them failed");
        assert_eq!(error.to_string(), "failed: two, four, five");
    }

    #[test]
    fn commands_are_shown_as_typed() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["test", "--", "a b", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(in_words(&command), r"RUSTDOCFLAGS='-D warnings' cargo test -- 'a b' 'it'\''s'");
    }
}
