//! Two templates, or two assemblies, without AWS.

use std::path::Path;

use skysmith_assembly::{Assembly, Stack};
use skysmith_template::Template;

use super::Compared;
use crate::app;
use crate::error::Failure;
use crate::names::Names;

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
    let others = Assembly::read(other)?.stacks;
    let mut found = Vec::new();
    for stack in stacks {
        let before = others.iter().find(|it| it.display_name == stack.display_name);
        let mut compared = match before {
            Some(before) => two(stack, &app::template(before)?.template, &app::template(stack)?.template),
            None => two(stack, &Template::new(), &app::template(stack)?.template),
        };
        if before.is_none() {
            compared.more.notes.push("the other assembly does not have this stack".to_owned());
        }
        found.push((stack.display_name.clone(), compared));
    }
    let is_gone = |other: &&Stack| stacks.iter().all(|stack| stack.display_name != other.display_name);
    for gone in others.iter().filter(|_| all).filter(is_gone) {
        let mut compared = two(gone, &app::template(gone)?.template, &Template::new());
        compared.more.notes.push("only the other assembly has this stack; a deploy does not remove it".to_owned());
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
