//! The templates of nested stacks, compared with what is deployed of them, and hung into the difference of the stack around them.
//!
//! A new template is found where the assembly has it, or by its URL, if that is an object in S3. What cannot be read is said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use futures_util::future::join_all;
use skysmith_deploy::{DeployedStack, Session as Account, StackResource, Wanted};
use skysmith_diff::{Known, PathStep, ResourceChange, Side, TemplateDiff};
use skysmith_template::{Intrinsic, Node, Resource, SubPart, Template};

use super::Compared;
use crate::app;
use crate::names::Names;
use crate::output::diff::More;

pub(super) const STACK: &str = "AWS::CloudFormation::Stack";
/// Nested stacks in nested stacks; a template that names itself would otherwise be read for ever.
pub(super) const MAX_DEPTH: usize = 6;

impl Compared {
    /// Compares the nested stacks as well, with all that is in them.
    pub async fn look_inside(
        &mut self,
        account: &Account,
        wanted: &Wanted,
        before: Option<(&DeployedStack, &Template)>,
    ) {
        let (values, _) = wanted.effective_parameters(before);
        let nothing = (Template::new(), BTreeMap::new());
        let looking = Looking { account, wanted, names: &self.names };
        let around = Around {
            path: Vec::new(),
            deployed: before.map(|(stack, _)| stack.stack_id.as_str()),
            old: before
                .map_or(account.known(&nothing.0, &nothing.1), |(stack, old)| account.known(old, &stack.parameters)),
            new: account.known(&self.after, &values),
            file: Some(&wanted.stack.template_file),
            diff: &self.diff,
        };
        let found = looking.inside(around).await;
        found.hang(&mut self.diff, &mut self.more);
    }
}

/// What a look into nested stacks needs wherever it is.
struct Looking<'a> {
    account: &'a Account,
    wanted: &'a Wanted,
    names: &'a Names,
}

/// A stack whose nested stacks are looked at.
struct Around<'a> {
    /// The nested stacks around these, from the outermost.
    path: Vec<String>,
    /// Its ARN, if it is there.
    deployed: Option<&'a str>,
    old: Known<'a>,
    new: Known<'a>,
    /// The file of its new template, if that is one.
    file: Option<&'a Path>,
    diff: &'a TemplateDiff,
}

/// What was found in the nested stacks of a stack.
#[derive(Default)]
struct Found {
    diffs: Vec<(String, TemplateDiff)>,
    more: More,
}

impl Found {
    fn add(&mut self, logical_id: &str, diff: TemplateDiff, more: More) {
        self.diffs.push((logical_id.to_owned(), diff));
        self.more.files.extend(more.files);
        self.more.unread.extend(more.unread);
        self.more.notes.extend(more.notes);
    }

    fn hang(self, diff: &mut TemplateDiff, more: &mut More) {
        for (logical_id, nested) in self.diffs {
            diff.nest(&logical_id, nested);
        }
        more.files.extend(self.more.files);
        more.unread.extend(self.more.unread);
        more.notes.extend(self.more.notes);
    }
}

/// A new template of a nested stack.
struct New {
    template: Template,
    file: Option<PathBuf>,
}

impl Looking<'_> {
    fn inside<'a>(&'a self, around: Around<'a>) -> Pin<Box<dyn Future<Output = Found> + 'a>> {
        Box::pin(async move {
            let mut ids: Vec<&str> = Vec::new();
            let is_stack = |resource: &Resource<'_>| resource.resource_type() == Some(STACK);
            for resource in around.new.template().resources().chain(around.old.template().resources()).filter(is_stack)
            {
                if !ids.contains(&resource.logical_id()) {
                    ids.push(resource.logical_id());
                }
            }
            let mut found = Found::default();
            if ids.is_empty() {
                return found;
            }
            if around.path.len() >= MAX_DEPTH {
                found.more.notes.push(format!("nested stacks are compared {MAX_DEPTH} deep, and no deeper"));
                return found;
            }
            let resources = match around.deployed {
                Some(stack) => self.account.resources(stack).await,
                None => Ok(Vec::new()),
            };
            let resources = match resources {
                Ok(resources) => resources,
                Err(error) => {
                    let whose = match around.path.split_last() {
                        Some((last, path)) => format!(" in {}", self.names.name_in(path, last)),
                        None => String::new(),
                    };
                    found.more.notes.push(format!("the nested stacks{whose} were not compared: {error}"));
                    return found;
                }
            };
            let all = ids.iter().map(|id| self.one(&around, &resources, id));
            for (id, one) in ids.iter().zip(join_all(all).await) {
                match one {
                    Ok((diff, more)) => found.add(id, diff, more),
                    Err(why) => {
                        let name = self.names.name_in(&around.path, id);
                        found.more.notes.push(format!("the nested stack {name} was not compared: {why}"));
                    }
                }
            }
            found
        })
    }

    /// Compares one nested stack, with those in it.
    async fn one(
        &self,
        around: &Around<'_>,
        resources: &[StackResource],
        id: &str,
    ) -> Result<(TemplateDiff, More), String> {
        let of = |known: &Known<'_>| known.resource(id).filter(|it| it.resource_type() == Some(STACK)).is_some();
        let there = resources.iter().find(|it| it.logical_id == id && it.resource_type == STACK);
        let there = there.and_then(|it| it.physical_id.as_deref()).filter(|_| of(&around.old));
        let (old, new) = tokio::join!(self.deployed(there), self.wanted(around, id));
        let (old, new) = (old?, new?);
        let nothing = (Template::new(), BTreeMap::new());
        let (stack, old_template) = match &old {
            Some((stack, template)) => (Some(stack), template),
            None => (None, &nothing.0),
        };
        let old_values = stack.map_or(&nothing.1, |stack| &stack.parameters);
        let (new_template, file) = match &new {
            Some(new) => (&new.template, new.file.as_deref()),
            // One that a policy keeps leaves the stack as it is.
            None if is_kept(around.old.template(), id) => return Ok((TemplateDiff::default(), More::default())),
            None => (&nothing.0, None),
        };
        let new_values = given(around, id, new_template, old_values);
        let (had, has) = (self.account.with_place(old_values), self.account.with_place(&new_values));
        let mut diff = skysmith_diff::compare(
            Side { template: old_template, parameters: Some(&had) },
            Side { template: new_template, parameters: Some(&has) },
        );
        let mut more = More::default();
        let path = [around.path.as_slice(), &[id.to_owned()]].concat();
        let (old, new) = (self.account.known(old_template, old_values), self.account.known(new_template, &new_values));
        let assets = &self.wanted.stack.assets;
        for one in self.account.code_files(&diff.code, &old, &new, assets).await {
            more.add_files(&path, one);
        }
        let inner = Around { path, deployed: stack.map(|stack| stack.stack_id.as_str()), old, new, file, diff: &diff };
        let found = self.inside(inner).await;
        found.hang(&mut diff, &mut more);
        Ok((diff, more))
    }

    /// What is deployed of it.
    async fn deployed(&self, there: Option<&str>) -> Result<Option<(DeployedStack, Template)>, String> {
        let Some(id) = there else { return Ok(None) };
        let (stack, template) = tokio::join!(self.account.stack(id), self.account.template(id));
        let (stack, template) = (stack.map_err(|it| it.to_string())?, template.map_err(|it| it.to_string())?);
        Ok(stack.filter(|stack| super::super::is_deployed(&stack.status)).zip(template))
    }

    /// What it should become; `None` if it goes.
    async fn wanted(&self, around: &Around<'_>, id: &str) -> Result<Option<New>, String> {
        let resource = around.new.resource(id).filter(|it| it.resource_type() == Some(STACK));
        let Some(resource) = resource else { return Ok(None) };
        if let Some(file) = around.file.and_then(|file| template_file(resource, file)) {
            let template =
                app::template_file(&file).map_err(|_| format!("{} cannot be read", file.display()))?.template;
            return Ok(Some(New { template, file: Some(file) }));
        }
        let url = resource.property("TemplateURL").and_then(|url| around.new.text(url));
        let Some(url) = url else {
            return Err("where its template is follows from what is not known before".to_owned());
        };
        let template = self.account.template_at(&url, &self.wanted.stack.assets).await;
        Ok(Some(New { template: template.map_err(|why| why.to_string())?, file: None }))
    }
}

/// Whether a policy keeps a nested stack that the template no longer has.
pub(super) fn is_kept(template: &Template, id: &str) -> bool {
    template.resource(id).and_then(skysmith_diff::kept_when_removed).is_some()
}

/// The values that the stack around gives to the parameters of a nested one. One that follows from what is not known before is what it was, where nothing
/// of it changes; else it stands there as it is written: `${Table.Arn}`.
fn given(around: &Around<'_>, id: &str, nested: &Template, old: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let resource = around.new.template().resource(id);
    let given = resource.and_then(|it| it.property("Parameters")).and_then(Node::as_map);
    let change = around.diff.resource(id);
    let value = |name: &str| {
        let node = given?.get(name)?;
        if let Some(text) = around.new.text(node) {
            return Some(text);
        }
        match old.get(name) {
            Some(old) if !is_changed(change, name) => Some(old.clone()),
            _ => Some(written(node)),
        }
    };
    nested.parameters().filter_map(|it| Some((it.name().to_owned(), value(it.name())?))).collect()
}

/// Whether the value of a parameter, or all of them, differs in what the stack around says.
fn is_changed(change: Option<&ResourceChange>, parameter: &str) -> bool {
    let is_key = |step: &PathStep, name: &str| matches!(step, PathStep::Key(key) if key == name);
    let mut paths = change.into_iter().flat_map(|change| &change.properties).map(|it| it.change.path.steps());
    paths.any(|path| match path {
        [first] => is_key(first, "Parameters"),
        [first, second, ..] => is_key(first, "Parameters") && is_key(second, parameter),
        [] => false,
    })
}

fn written(node: &Node) -> String {
    match node.as_intrinsic() {
        Some(Intrinsic::Ref(name)) => format!("${{{name}}}"),
        Some(Intrinsic::GetAtt(name, Node::String(attribute))) => format!("${{{name}.{attribute}}}"),
        Some(Intrinsic::Sub { parts, .. }) => parts
            .iter()
            .map(|part| match part {
                SubPart::Literal(text) => text.clone(),
                SubPart::Ref(name) | SubPart::Variable(name) => format!("${{{name}}}"),
                SubPart::GetAtt(name, attribute) => format!("${{{name}.{attribute}}}"),
            })
            .collect(),
        _ => node.to_json_compact(),
    }
}

/// The file that an assembly has beside the template around it.
pub(super) fn template_file(resource: Resource<'_>, around: &Path) -> Option<PathBuf> {
    if resource.resource_type() != Some(STACK) {
        return None;
    }
    let metadata = resource.metadata()?;
    let text = |key: &str| metadata.get(key).and_then(Node::as_str);
    let name = text("aws:asset:path").filter(|_| text("aws:asset:property") == Some("TemplateURL"))?;
    let folder = around.parent()?.canonicalize().ok()?;
    let file = folder.join(name).canonicalize().ok()?;
    // An assembly does not lead out of its folder.
    (file.starts_with(&folder) && file.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_not_changed_by_one_whose_name_it_begins_with() {
        let around = |table: &str| {
            let text = format!(
                r#"{{"Resources":{{"N":{{"Type":"{STACK}","Properties":{{"Parameters":{{"Table":"{table}","TableArn":"c"}}}}}}}}}}"#
            );
            skysmith_template::read(&text).unwrap().template
        };
        let diff = skysmith_diff::diff(&around("a"), &around("b"));
        let changed = |parameter| is_changed(diff.resource("N"), parameter);
        assert_eq!([changed("Table"), changed("TableArn"), is_changed(None, "Table")], [true, false, false]);
        let none = skysmith_template::read(&format!(r#"{{"Resources":{{"N":{{"Type":"{STACK}"}}}}}}"#)).unwrap();
        let diff = skysmith_diff::diff(&none.template, &around("a"));
        assert!(is_changed(diff.resource("N"), "Table"));
    }

    #[test]
    fn files_are_found_in_the_assembly_alone() {
        let folder = tempfile::tempdir().unwrap();
        let around = folder.path().join("out/app.template.json");
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::fs::write(folder.path().join("out/inner.json"), "{}").unwrap();
        std::fs::write(folder.path().join("outside.json"), "{}").unwrap();
        let found = |name: &str, property: &str| {
            let text = format!(
                r#"{{"Resources":{{"N":{{"Type":"{STACK}","Metadata":{{"aws:asset:path":"{name}","aws:asset:property":"{property}"}}}}}}}}"#
            );
            let template = skysmith_template::read(&text).unwrap().template;
            template_file(template.resource("N").unwrap(), &around).is_some()
        };
        assert!(found("inner.json", "TemplateURL"));
        assert!(!found("../outside.json", "TemplateURL"));
        assert!(!found("inner.json", "Code"));
        assert!(!found("gone.json", "TemplateURL"));
    }
}
