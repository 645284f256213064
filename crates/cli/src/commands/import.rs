//! `skysmith import`: resources that exist become part of a stack.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{
    ChangeAction, DeployedStack, Error, Importable, ImportedResource, Plan, Prepared, Wanted, importable,
};
use skysmith_diff::Action;
use skysmith_template::Template;

use crate::aws::Aws;
use crate::check;
use crate::cli::Import;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::live::graph::Graph;
use crate::names::Names;
use crate::output::diagnostics::plural;
use crate::output::{paths, style, table, words};
use crate::select;
use crate::session::Session;
use crate::story;
use crate::watch::Watch;

use super::deploy::{expected, headline};

/// Finds out which resources are meant, shows what will be imported, asks, imports.
pub fn run(session: &Session, flags: &Import) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    let asks = !flags.yes && !session.globals.local;
    if (asks || !is_told(flags)) && !ui.can_ask() {
        let failure = Failure::failed("an import asks which resources are meant, and there is no terminal to ask on");
        return Err(failure.hint("pass --resource LOGICAL_ID=KEY=VALUE or --resource-mapping FILE, and --yes"));
    }
    let loaded = session.load()?;
    let stack = select::one(&loaded.stacks, flags.stack.as_slice())?;
    check::require(session, &loaded, &[stack])?;
    let aws = Aws::connect(session)?;
    aws.run(One { session, flags, stack, names: Names::of(stack), asks }.import(&aws))
}

/// Whether the command line says which resources are meant.
fn is_told(flags: &Import) -> bool {
    !flags.resources.is_empty() || flags.resource_mapping.is_some()
}

struct One<'a> {
    session: &'a Session,
    flags: &'a Import,
    stack: &'a Stack,
    names: Names,
    asks: bool,
}

impl One<'_> {
    async fn import(&self, aws: &Aws) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let session = aws.for_stack(self.session, self.stack).await?;
        let app = Wanted::read(self.stack.clone()).map_err(fail)?;
        let before = self.before(&session).await?;
        let new = importable(&app.template, before.as_ref().map(|(_, template)| template));
        // What was named is looked at first: a resource that is in the stack by now has changes of its own.
        let named = if is_told(self.flags) { Some(self.meant(&new)?) } else { None };
        if new.is_empty() {
            return Err(Failure::failed(format!("{name} has every resource of the app already"))
                .hint("declare in the app what is to be imported, as it is, and run this again"));
        }
        if let (Some((_, template)), false) = (&before, self.flags.force) {
            self.refuse_changes(template, &app.template)?;
        }
        let title = headline(self.session, name, &session);
        let imports = match named {
            Some(imports) => imports,
            None => self.asked(&new, &title)?,
        };
        if imports.is_empty() {
            ui.say("nothing was chosen, and nothing was changed\n");
            return Ok(Done::Negative);
        }
        let sent =
            app.importing(before.as_ref().map(|(stack, template)| (stack, template)), imports.clone()).map_err(fail)?;
        let watch = Watch::live(ui, name, &self.names, &title);
        let started = Instant::now();
        let refused = |error| story::refused(self.session, self.stack, &self.names, error, started.elapsed());
        let Some(prepared) = watch.over(session.prepare(&sent, &watch)).await else {
            return Err(Failure::failed(format!("stopped before anything in {name} was changed")));
        };
        let Prepared::Planned(plan) = prepared.map_err(refused)? else {
            return Err(Failure::failed(format!("CloudFormation finds nothing to import into {name}")));
        };
        self.show(&plan, &imports, &new, &title)?;
        if plan.changes.iter().any(|change| change.action != ChangeAction::Import) {
            session.discard(&plan).await.map_err(fail)?;
            return Err(Failure::failed(
                "CloudFormation would change more than was to be imported; nothing was changed",
            ));
        }
        if self.asks && !super::confirmed(ui, &format!("Import into {name}?"))? {
            session.discard(&plan).await.map_err(fail)?;
            ui.say("nothing was changed\n");
            return Ok(Done::Negative);
        }
        let watch = watch.expecting(&expected(&plan), &Graph::of(&plan.new_template));
        let started = Instant::now();
        match watch.over(session.execute(*plan, &watch)).await {
            Some(Ok(deployed)) => self.ended(&deployed, imports.len(), new.len(), started),
            Some(Err(Error::Failed(failed))) => {
                Err(story::deployment(self.session, self.stack, &self.names, &failed, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Err(Failure::failed(format!("stopped watching {name}; CloudFormation goes on with it"))
                .hint(story::follow(self.session, name))),
        }
    }

    /// The stack as it is, if it is there.
    async fn before(&self, session: &skysmith_deploy::Session) -> Result<Option<(DeployedStack, Template)>, Failure> {
        let fail = |error| worded(self.session, error);
        let found = session.stack(&self.stack.stack_name).await.map_err(fail)?;
        let Some(stack) = found.filter(|stack| super::is_deployed(&stack.status)) else { return Ok(None) };
        let template = session.template(&stack.stack_id).await.map_err(fail)?;
        Ok(template.map(|template| (stack, template)))
    }

    /// CloudFormation imports or changes, never both; so what is changed in the app waits, and whoever asks should know.
    fn refuse_changes(&self, deployed: &Template, app: &Template) -> Result<(), Failure> {
        let found = skysmith_diff::diff(deployed, app);
        let changed: Vec<&str> = found
            .resources
            .iter()
            .filter(|change| change.action != Action::Add)
            .map(|change| self.names.name(&change.logical_id))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let name = &self.stack.display_name;
        Err(Failure::failed(format!("{name} has changes besides what is new, and an import takes no others along"))
            .note(format!("changed or removed: {}", changed.join(", ")))
            .hint("deploy these first, with what is to be imported left out of the app")
            .hint(format!(
                "or import all the same, and deploy them afterwards: {}",
                self.session.globals.next_command(&format!("import {name} --force"))
            )))
    }

    /// The resources that the person means.
    fn meant(&self, new: &[Importable]) -> Result<Vec<ImportedResource>, Failure> {
        let mut given: Vec<(String, BTreeMap<String, String>)> = Vec::new();
        for text in &self.flags.resources {
            given.push(parse(text)?);
        }
        if let Some(file) = &self.flags.resource_mapping {
            let wrong = |error: Failure| error.context(format!("cannot read {}", paths::shown(file)));
            let text = fs::read_to_string(file).map_err(|error| wrong(error.into()))?;
            let mapping: BTreeMap<String, BTreeMap<String, String>> =
                serde_json::from_str(&text).map_err(|error| wrong(error.into()))?;
            given.extend(mapping);
        }
        given.into_iter().map(|(name, identifier)| self.one(new, &name, identifier)).collect()
    }

    fn one(
        &self,
        new: &[Importable],
        name: &str,
        identifier: BTreeMap<String, String>,
    ) -> Result<ImportedResource, Failure> {
        let full = |one: &Importable| format!("{}/{}", self.stack.display_name, self.names.name(&one.logical_id));
        let found = new
            .iter()
            .find(|one| one.logical_id == name || self.names.name(&one.logical_id) == name || full(one) == name);
        let Some(found) = found else {
            let known: Vec<&str> = new.iter().map(|one| self.names.name(&one.logical_id)).collect();
            let failure = Failure::usage(format!("`{name}` is no new resource of {}", self.stack.display_name));
            return Err(if known.is_empty() {
                failure.note("the stack has every resource of the app already")
            } else {
                failure.suggest(name, known.iter().copied()).note(format!("new: {}", known.join(", ")))
            });
        };
        let wrong = identifier.keys().find(|key| !found.keys.is_empty() && !found.keys.contains(&key.as_str()));
        let missing: Vec<&str> = found.keys.iter().copied().filter(|key| !identifier.contains_key(*key)).collect();
        let kind = words::kind(&found.resource_type);
        if let Some(wrong) = wrong {
            return Err(Failure::usage(format!("`{wrong}` is not what identifies {name} ({kind})"))
                .suggest(wrong, found.keys.iter().copied())
                .note(format!("what does: {}", found.keys.join(", "))));
        }
        if !missing.is_empty() {
            return Err(Failure::usage(format!(
                "{name} ({kind}) is identified by {}, and {} is missing",
                found.keys.join(", "),
                missing.join(", ")
            ))
            .hint(format!(
                "--resource {name}={}",
                found.keys.iter().map(|key| format!("{key}=VALUE")).collect::<Vec<_>>().join(",")
            )));
        }
        Ok(imported(found, identifier))
    }

    /// Asks for each new resource which one it is.
    fn asked(&self, new: &[Importable], title: &str) -> Result<Vec<ImportedResource>, Failure> {
        let ui = &self.session.ui;
        ui.error(&format!(
            "{title}: {} new; what identifies the ones that exist? (nothing: not imported)\n\n",
            are(new.len())
        ));
        let mut imports = Vec::new();
        for one in new {
            let name = self.names.name(&one.logical_id);
            let kind = words::kind(&one.resource_type);
            let mut identifier = BTreeMap::new();
            for key in &one.keys {
                let known = one.known.get(*key);
                let offered = known.map(|value| format!(" [{value}, or - for none]")).unwrap_or_default();
                let answer = ui.ask(&format!("  {name} ({kind}), {key}{offered}: "))?.unwrap_or_default();
                let value = match (answer.trim(), known) {
                    ("", Some(known)) => known.clone(),
                    ("" | "-", _) => break,
                    (value, _) => value.to_owned(),
                };
                identifier.insert((*key).to_owned(), value);
            }
            if !one.keys.is_empty() && identifier.len() == one.keys.len() {
                imports.push(imported(one, identifier));
            }
        }
        Ok(imports)
    }

    fn show(&self, plan: &Plan, imports: &[ImportedResource], new: &[Importable], title: &str) -> Result<(), Failure> {
        let ui = &self.session.ui;
        let rows: Vec<Vec<String>> = imports
            .iter()
            .map(|one| {
                let by: Vec<String> = one.identifier.iter().map(|(key, value)| format!("{key} {value}")).collect();
                vec![
                    " ".into(),
                    self.names.name(&one.logical_id).into(),
                    words::kind(&one.resource_type),
                    by.join(", "),
                ]
            })
            .collect();
        let text = format!("{title}   {} to import\n{}", imports.len(), table::columns(&rows));
        if self.asks {
            ui.error(&text);
        } else {
            ui.say(&text);
        };
        let left: Vec<&str> = new
            .iter()
            .filter(|one| imports.iter().all(|import| import.logical_id != one.logical_id))
            .map(|one| self.names.name(&one.logical_id))
            .collect();
        if !left.is_empty() {
            ui.say(&format!("  new as well, and not imported: {}; the next deploy makes them\n", left.join(", ")));
        }
        if ui.is_json() {
            ui.json_line(&json!({
                "event": "plan",
                "stack": self.stack.display_name,
                "change_set": plan.change_set_name,
                "import": imports.iter().map(|one| json!({
                    "path": self.names.name(&one.logical_id),
                    "logical_id": one.logical_id,
                    "resource_type": one.resource_type,
                    "identifier": one.identifier,
                })).collect::<Vec<_>>(),
                "left": left,
            }))?;
        }
        Ok(())
    }

    fn ended(&self, deployed: &DeployedStack, imported: usize, new: usize, started: Instant) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, &self.stack.display_name);
        let took = words::seconds(started.elapsed());
        let next = |words: &str| self.session.globals.next_command(&format!("{words} {name}"));
        let rest = if new > imported { ", and what else is new" } else { "" };
        ui.say(&format!(
            "{} {} imported into {name} in {took}: {}\n\nnext: {}    whether it is as the app says\n      {}    outputs and policies come with it{rest}\n",
            style::paint(style::GOOD, "✓"),
            plural(imported, "resource"),
            deployed.status,
            next("drift"),
            next("deploy"),
        ));
        if ui.is_json() {
            ui.json_line(&json!({
                "event": "imported",
                "stack": name,
                "stack_id": deployed.stack_id,
                "status": deployed.status.as_str(),
                "imported": imported,
                "seconds": started.elapsed().as_secs_f64(),
            }))?;
        }
        Ok(Done::Ok)
    }
}

fn imported(one: &Importable, identifier: BTreeMap<String, String>) -> ImportedResource {
    ImportedResource { logical_id: one.logical_id.clone(), resource_type: one.resource_type.clone(), identifier }
}

/// `Counter/Table=TableName=counts,Other=b`: a value may have commas, as long as what follows is no key.
fn parse(text: &str) -> Result<(String, BTreeMap<String, String>), Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("`--resource {text}` {why}")).hint("write --resource LOGICAL_ID=KEY=VALUE[,KEY=VALUE]")
    };
    let (name, rest) = text.split_once('=').ok_or_else(|| wrong("has no `=`"))?;
    let mut identifier: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<String> = None;
    for part in rest.split(',') {
        let is_key =
            |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '/' || c == '.');
        match (part.split_once('='), &last) {
            (Some((key, value)), _) if is_key(key) => {
                identifier.insert(key.to_owned(), value.to_owned());
                last = Some(key.to_owned());
            }
            (_, Some(key)) => {
                let value = identifier.entry(key.clone()).or_default();
                value.push(',');
                value.push_str(part);
            }
            _ => return Err(wrong("does not say what identifies the resource")),
        }
    }
    Ok((name.to_owned(), identifier))
}

fn are(count: usize) -> String {
    format!("{} {}", plural(count, "resource"), if count == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_on_the_command_line() {
        let (name, identifier) = parse("Counter/Table=TableName=counts").unwrap();
        assert_eq!((name.as_str(), identifier["TableName"].as_str()), ("Counter/Table", "counts"));
        let (_, identifier) = parse("R=RestApiId=a1,ResourceId=b=c").unwrap();
        assert_eq!((identifier["RestApiId"].as_str(), identifier["ResourceId"].as_str()), ("a1", "b=c"));
        let (_, identifier) = parse("R=Arn=x,y").unwrap();
        assert_eq!(identifier["Arn"], "x,y");
        assert!(parse("R").is_err() && parse("R=x").is_err());
    }
}
