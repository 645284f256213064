//! `cargo xtask`: the project's own chores.

mod aws_smoke;
mod bench;
mod bless;
mod codegen;
mod program;
mod steps;
mod tools;

use std::{
    env,
    process::{Command, ExitCode},
};

use anyhow::Result;
use steps::Steps;

const HELP: &str = "\
The project's own chores.

Usage: cargo xtask COMMAND

  codegen [--check]      generate the tables and the typed resources from the pinned sources;
                         with --check, only say whether what is committed is current
  test [--only FILTER]   install the tools that the tests need, and run all tests, documentation's included;
                         with --only, those whose names contain FILTER
  ci                     all that must pass: formatting, lints, documentation, generated code, tests
  bless                  synthesize the applications and put their templates in place of those in templates/
  bench [WHAT]...        figures beside their bars and beside the AWS CDK's, as a table; WHAT is one or more of
                         version, synth, list, validate, fleet, deploy, diff, build, size
  aws-smoke --account N [--profile P] [--region R] [--only TRIAL]
                         try in an account of AWS that may be played with what only AWS can settle, and say what was seen;
                         makes small stacks named skysmith-smoke-..., and takes them down again
  help                   this text
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Codegen { check: bool },
    Test { only: Option<String> },
    Ci,
    Bless,
    Bench { chosen: Vec<String> },
    AwsSmoke { options: Vec<String> },
    Help,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let task = match parse(&arguments) {
        Ok(task) => task,
        Err(message) => {
            eprintln!("error: {message}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let result = match task {
        Task::Codegen { check } => codegen::run(check),
        Task::Test { only } => test(only.as_deref()),
        Task::Ci => ci(),
        Task::Bless => bless::run(),
        Task::Bench { chosen } => bench::run(&chosen),
        Task::AwsSmoke { options } => aws_smoke::run(&options),
        Task::Help => {
            print!("{HELP}");
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[String]) -> Result<Task, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["codegen"] => Ok(Task::Codegen { check: false }),
        ["codegen", "--check"] => Ok(Task::Codegen { check: true }),
        ["test"] => Ok(Task::Test { only: None }),
        ["test", "--only", filter] if !filter.is_empty() => Ok(Task::Test { only: Some((*filter).to_owned()) }),
        ["test", one] if one.len() > "--only=".len() && one.starts_with("--only=") => {
            Ok(Task::Test { only: one.strip_prefix("--only=").map(str::to_owned) })
        }
        ["test", "--only" | "--only="] => Err("--only needs a part of the tests' names".to_owned()),
        ["ci"] => Ok(Task::Ci),
        ["bless"] => Ok(Task::Bless),
        ["help" | "--help" | "-h"] | [_, "--help" | "-h"] => Ok(Task::Help),
        ["bench", chosen @ ..] => match chosen.iter().find(|name| !bench::names().any(|known| known == **name)) {
            None => Ok(Task::Bench { chosen: chosen.iter().map(|name| (*name).to_owned()).collect() }),
            Some(unknown) => Err(format!("bench does not measure {unknown}")),
        },
        ["aws-smoke", options @ ..] if options.iter().any(|option| ["--account", "--local"].contains(option)) => {
            Ok(Task::AwsSmoke { options: options.iter().map(|option| (*option).to_owned()).collect() })
        }
        ["aws-smoke", ..] => Err("aws-smoke needs --account: the account that may be played with".to_owned()),
        [] => Err("a command is missing".to_owned()),
        [command @ ("codegen" | "test" | "ci" | "bless" | "help"), rest @ ..] => {
            Err(format!("{command} does not take {}", rest.join(" ")))
        }
        [command, ..] => Err(format!("there is no command {command}")),
    }
}

/// `cargo xtask test`.
fn test(only: Option<&str>) -> Result<()> {
    let mut steps = Steps::default();
    run_tests(&mut steps, only, &[]);
    steps.finish()
}

/// `cargo xtask ci`. A lockfile that is not current is an error here.
fn ci() -> Result<()> {
    let mut steps = Steps::default();
    steps.command("format", cargo(&["fmt", "--all", "--check"]));
    let lints = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    steps.command("lints", cargo(&lints));
    let mut documentation = cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    steps.command("documentation", documentation);
    steps.work("generated code", "codegen --check", || codegen::run(true));
    run_tests(&mut steps, None, &["--locked"]);
    steps.finish()
}

fn run_tests(steps: &mut Steps, only: Option<&str>, options: &[&str]) {
    let Some(environment) = steps.work("tools", "pinned, under target/tools", tools::environment) else {
        return;
    };
    // Without it the other tests run all the same, and those that need it say so.
    let cdk = steps.work("cdk", "the AWS CDK, pinned, under target/tools", tools::cdk_environment);
    // The tests that run the program itself find it built.
    let mut build = cargo(&["build", "--package", "skysmith-cli"]);
    build.args(options);
    steps.command("program", build);
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.args(options).envs(environment).envs(cdk.into_iter().flatten());
    if let Some(filter) = only {
        tests.args(["--", filter]);
    }
    steps.command("tests", tests);
}

/// Cargo at the root of the checkout, the one that runs this program.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(tools::root());
    // What the outer Cargo says about this package. The build script of `ring` asks to be run anew when it changes, and
    // with it all that speaks to AWS would be compiled again after every `cargo build` from a shell.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Task, String> {
        parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn commands() {
        assert_eq!(parsed(&["ci"]), Ok(Task::Ci));
        assert_eq!(parsed(&["codegen", "--check"]), Ok(Task::Codegen { check: true }));
        assert_eq!(parsed(&["test"]), Ok(Task::Test { only: None }));
        let only = Ok(Task::Test { only: Some("diff".to_owned()) });
        assert_eq!(parsed(&["test", "--only", "diff"]), only);
        assert_eq!(parsed(&["test", "--only=diff"]), only);
        assert_eq!(parsed(&["test", "--help"]), Ok(Task::Help));
        assert_eq!(parsed(&["bless"]), Ok(Task::Bless));
        let chosen = |names: &[&str]| Ok(Task::Bench { chosen: names.iter().map(|name| (*name).to_owned()).collect() });
        assert_eq!(parsed(&["bench"]), chosen(&[]));
        assert_eq!(parsed(&["bench", "deploy", "size"]), chosen(&["deploy", "size"]));
    }

    #[test]
    fn the_help_names_all_that_is_measured() {
        let names: Vec<_> = bench::names().collect();
        assert!(HELP.contains(&names.join(", ")), "{names:?}");
    }

    #[test]
    fn wrong_ones_are_named() {
        assert_eq!(parsed(&["tset"]), Err("there is no command tset".to_owned()));
        assert_eq!(parsed(&["ci", "--fast"]), Err("ci does not take --fast".to_owned()));
        assert_eq!(parsed(&["bench", "deploys"]), Err("bench does not measure deploys".to_owned()));
        assert!(parsed(&["test", "--only"]).is_err());
        assert!(parsed(&["aws-smoke", "--profile", "p"]).is_err(), "no account was named");
        assert!(parsed(&["test", "--only="]).is_err());
        assert!(parsed(&[]).is_err());
    }
}
