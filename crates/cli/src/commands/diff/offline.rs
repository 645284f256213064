//! Two templates, two assemblies or two environments of a program, without AWS.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use skysmith_assembly::{Assembly, FileAsset, Stack};
use skysmith_diff::TemplateDiff;
use skysmith_template::{Resource, Template};

use super::Compared;
use super::nested::{MAX_DEPTH, STACK, is_kept, template_file};
use crate::app;
use crate::error::Failure;
use crate::names::Names;
use crate::output::diff::More;
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
        let old = match before {
            Some(before) => app::template(before)?.template,
            None => Template::new(),
        };
        let mut compared = two(stack, &Half::of(before, &old), &Half::of(Some(stack), &app::template(stack)?.template));
        if before.is_none() {
            compared.more.notes.push(format!("{whose} does not have this stack"));
        }
        found.push((stack.display_name.clone(), compared));
    }
    let is_gone = |other: &&Stack| stacks.iter().all(|stack| !is_same(&stack.display_name, &other.display_name));
    for gone in others.iter().filter(|_| all).filter(is_gone) {
        let old = app::template(gone)?.template;
        let mut compared = two(gone, &Half::of(Some(gone), &old), &Half::of(None, &Template::new()));
        compared.more.notes.push(format!("only {whose} has this stack; a deploy does not remove it"));
        found.push((gone.display_name.clone(), compared));
    }
    Ok(found)
}

/// Compares a stack with a template.
pub fn with_file(stack: &Stack, file: &Path) -> Result<(String, Compared), Failure> {
    let before = app::template_file(file)?.template;
    let old = Half { template: &before, file: Some(file), assets: &[] };
    Ok((stack.display_name.clone(), two(stack, &old, &Half::of(Some(stack), &app::template(stack)?.template))))
}

/// A template, and what lies beside it.
struct Half<'a> {
    template: &'a Template,
    file: Option<&'a Path>,
    assets: &'a [FileAsset],
}

impl<'a> Half<'a> {
    /// Of a stack, or of none.
    fn of(stack: Option<&'a Stack>, template: &'a Template) -> Self {
        let file = stack.map(|stack| stack.template_file.as_path());
        Self { template, file, assets: stack.map_or(&[], |stack| &stack.assets) }
    }
}

fn two(stack: &Stack, before: &Half<'_>, after: &Half<'_>) -> Compared {
    let names = Names::of(stack);
    let mut compared =
        Compared::of_templates(&stack.display_name, names, before.template.into(), after.template.into());
    inside(&mut compared.diff, &mut compared.more, &compared.names, &[], (before, after));
    compared
}

/// Compares the files of functions' code, and the nested stacks, as far as they are in assemblies.
fn inside(diff: &mut TemplateDiff, more: &mut More, names: &Names, path: &[String], halves: (&Half<'_>, &Half<'_>)) {
    let (old, new) = halves;
    // A template alone has none.
    if !old.assets.is_empty() && !new.assets.is_empty() {
        for one in skysmith_deploy::asset_files(&diff.code, old.assets, new.assets) {
            more.add_files(path, one);
        }
    }
    let stack = |half: &Half<'_>, id: &str| -> Result<Option<(Template, PathBuf)>, String> {
        let resource = half.template.resource(id).filter(|it| it.resource_type() == Some(STACK));
        let Some(resource) = resource else { return Ok(None) };
        let file = half.file.and_then(|file| template_file(resource, file));
        let file = file.ok_or("its template is not beside the one around it")?;
        let read = app::template_file(&file).map_err(|_| format!("{} cannot be read", file.display()))?;
        Ok(Some((read.template, file)))
    };
    let is_stack = |resource: &Resource<'_>| resource.resource_type() == Some(STACK);
    let resources = new.template.resources().chain(old.template.resources()).filter(is_stack);
    let ids: BTreeSet<&str> = resources.map(Resource::logical_id).collect();
    for id in ids {
        let (before, after) = match (stack(old, id), stack(new, id)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(why), _) | (_, Err(why)) => {
                more.notes.push(format!("the nested stack {} was not compared: {why}", names.name_in(path, id)));
                continue;
            }
        };
        if path.len() >= MAX_DEPTH || (after.is_none() && is_kept(old.template, id)) {
            continue;
        }
        let nothing = (Template::new(), PathBuf::new());
        let (before, after) = (before.as_ref().unwrap_or(&nothing), after.as_ref().unwrap_or(&nothing));
        let before = Half { template: &before.0, file: Some(&before.1), assets: old.assets };
        let after = Half { template: &after.0, file: Some(&after.1), assets: new.assets };
        let mut nested = skysmith_diff::diff(before.template, after.template);
        inside(&mut nested, more, names, &[path, &[id.to_owned()]].concat(), (&before, &after));
        diff.nest(id, nested);
    }
}
