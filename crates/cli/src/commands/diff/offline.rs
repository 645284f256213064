//! Two templates, two assemblies or two environments of a program, without AWS.

use std::path::Path;

use skysmith_assembly::{Assembly, Stack};
use skysmith_template::Template;

use super::Compared;
use crate::app;
use crate::error::Failure;
use crate::names::Names;
use crate::session::Session;

/// Compares each stack with the one of its name in another assembly, or with a template, if that is a file. Stacks that only the other has are told too.
pub fn against(stacks: &[&Stack], all: bool, other: &Path) -> Result<Vec<(String, Compared)>, Failure> {
    if !other.is_dir() {
        let [stack] = stacks else {
            return Err(Failure::usage(format!(
                "--against with a template is for one stack, not for {}",
                stacks.len()
            ))
            .hint("name the stack, or give the folder of an assembly"));
        };
        return Ok(vec![with_file(stack, other)?]);
    }
    let is_same = |ours: &str, other: &str| ours == other;
    with_stacks(stacks, all, &Assembly::read(other)?.stacks, "the other assembly", &is_same)
}

/// Compares each stack with what the program makes of it for another environment. Where the environment is in the name of a stack, its name differs by that.
pub fn against_environment(
    session: &Session,
    stacks: &[&Stack],
    all: bool,
    name: &str,
) -> Result<Vec<(String, Compared)>, Failure> {
    let chosen = session.globals.environment.as_deref();
    if chosen == Some(name) {
        return Err(Failure::usage(format!("both environments are {name}")));
    }
    let folder = tempfile::tempdir().map_err(|error| Failure::from(error).context("cannot make a folder"))?;
    let other = session.in_environment(name, &folder.path().join("out"))?.load()?;
    if !other.fresh {
        return Err(Failure::usage(
            "--against-env needs a program: an assembly or a template is of no other environment",
        )
        .hint("compare with another assembly or template with --against"));
    }
    let is_same = |ours: &str, other: &str| {
        ours == other || chosen.is_some_and(|chosen| ours.contains(chosen) && ours.replace(chosen, name) == other)
    };
    with_stacks(stacks, all, &other.stacks, &format!("the environment {name}"), &is_same)
}

fn with_stacks(
    stacks: &[&Stack],
    all: bool,
    others: &[Stack],
    whose: &str,
    is_same: &dyn Fn(&str, &str) -> bool,
) -> Result<Vec<(String, Compared)>, Failure> {
    let mut found = Vec::new();
    for stack in stacks {
        let before = others.iter().find(|it| is_same(&stack.display_name, &it.display_name));
        let mut compared = match before {
            Some(before) => two(stack, &app::template(before)?.template, &app::template(stack)?.template),
            None => two(stack, &Template::new(), &app::template(stack)?.template),
        };
        if before.is_none() {
            compared.more.notes.push(format!("{whose} does not have this stack"));
        }
        found.push((stack.display_name.clone(), compared));
    }
    let is_gone = |other: &&Stack| stacks.iter().all(|stack| !is_same(&stack.display_name, &other.display_name));
    for gone in others.iter().filter(|_| all).filter(is_gone) {
        let mut compared = two(gone, &app::template(gone)?.template, &Template::new());
        compared.more.notes.push(format!("only {whose} has this stack; a deploy does not remove it"));
        found.push((gone.display_name.clone(), compared));
    }
    Ok(found)
}

/// Compares a stack with a template.
pub fn with_file(stack: &Stack, file: &Path) -> Result<(String, Compared), Failure> {
    let before = app::template_file(file)?.template;
    Ok((stack.display_name.clone(), two(stack, &before, &app::template(stack)?.template)))
}

fn two(stack: &Stack, before: &Template, after: &Template) -> Compared {
    Compared::of_templates(&stack.display_name, Names::of(stack), before.into(), after.into())
}
