//! `skysmith deploy`: shows what would happen, guards, asks, carries it out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{ChangeAction, ChangeSetKind, DeployedStack, Inventory, Plan, Prepared, Replacement, Wanted};

use crate::aws::{Aws, worded};
use crate::check;
use crate::cli::Deploy;
use crate::error::{Done, Failure};
use crate::names::Names;
use crate::output::outputs::{self, Outputs};
use crate::output::{diff, paths, style, words};
use crate::select;
use crate::session::Session;
use crate::story::{self, Loss};
use crate::watch::Watch;

/// Deploys the stacks and those they depend on, one after the other. Outputs of what was deployed are shown and written even if a later stack fails.
pub fn run(session: &Session, flags: &Deploy) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    let asks = !flags.yes && !session.globals.local;
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a deploy asks before it changes anything, and there is no terminal to ask on")
            .hint("pass --yes; what would lose data is refused even then, unless --allow-data-loss is given"));
    }
    if let Some(file) = &flags.outputs_file {
        check_writable(file)?;
    }
    let loaded = session.load()?;
    let chosen = select::selected(&loaded.stacks, &flags.stacks, "deploy")?;
    let stacks = select::with_dependencies(&loaded.stacks, &chosen)?;
    check::require(session, &loaded, &stacks)?;
    if stacks.len() > chosen.len() {
        let names: Vec<&str> = stacks.iter().map(|stack| stack.display_name.as_str()).collect();
        ui.say(&format!("in this order, since they depend on each other: {}\n", names.join(", ")));
    }
    let wanted = wanted(session, &stacks, &flags.parameters)?;
    let aws = Aws::connect(session)?;
    let mut done: Outputs = Vec::new();
    let mut failure = None;
    for wanted in wanted {
        let one = One { session, flags, aws: &aws, names: Names::of(&wanted.stack), stack: &wanted.stack, asks };
        match aws.run(one.deploy(&wanted)) {
            Ok(Some(deployed)) => {
                let outputs = super::outputs::shown(&aws, deployed.outputs);
                done.push((wanted.stack.display_name.clone(), outputs));
            }
            Ok(None) => {
                failure = Some(Ok(Done::Negative));
                break;
            }
            Err(error) => {
                failure = Some(Err(error));
                break;
            }
        }
    }
    if let Some(file) = &flags.outputs_file {
        write_outputs(file, &done, &stacks)?;
    }
    if !ui.is_json() {
        ui.result(&outputs::text(&done))?;
    }
    failure.unwrap_or(Ok(Done::Ok))
}

/// Reads the templates and gives each stack its parameters.
fn wanted(session: &Session, stacks: &[&Stack], parameters: &[String]) -> Result<Vec<Wanted>, Failure> {
    let mut wanted = Vec::new();
    for stack in stacks {
        wanted.push(Wanted::read((*stack).clone()).map_err(|error| worded(session, error))?);
    }
    for parameter in parameters {
        let wrong = |why: &str| {
            Failure::usage(format!("`--parameters {parameter}` {why}")).hint("write --parameters [STACK:]KEY=VALUE")
        };
        let Some((key, value)) = parameter.split_once('=') else { return Err(wrong("has no `=`")) };
        let (stack, key) = match key.split_once(':') {
            Some((stack, key)) => (Some(stack), key),
            None => (None, key),
        };
        let mut used = false;
        for wanted in &mut wanted {
            let meant = match stack {
                Some(name) => [&wanted.stack.display_name, &wanted.stack.id, &wanted.stack.stack_name]
                    .iter()
                    .any(|own| *own == name),
                None => wanted.template.parameter(key).is_some(),
            };
            if meant {
                used = true;
                wanted.parameters.insert(key.to_owned(), value.to_owned());
            }
        }
        if !used {
            let known: Vec<String> = wanted
                .iter()
                .flat_map(|wanted| wanted.template.parameters().map(|one| one.name().to_owned()))
                .collect();
            return Err(
                wrong("is for a parameter or stack that is not there").suggest(key, known.iter().map(String::as_str))
            );
        }
    }
    Ok(wanted)
}

/// Finds out before a deployment, which may take long, that its outputs could not be written.
fn check_writable(file: &Path) -> Result<(), Failure> {
    let wrong = |why: String| Failure::usage(format!("cannot write the outputs to {}: {why}", paths::shown(file)));
    if file.is_dir() {
        return Err(wrong("it is a folder".to_owned()));
    }
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(wrong(format!("there is no folder `{}`", folder.display())))
        }
        _ => Ok(()),
    }
}

fn write_outputs(file: &Path, done: &Outputs, stacks: &[&Stack]) -> Result<(), Failure> {
    let name =
        |path: &str| stacks.iter().find(|stack| stack.display_name == path).map(|stack| stack.stack_name.clone());
    let named: Outputs =
        done.iter().map(|(path, outputs)| (name(path).unwrap_or_else(|| path.clone()), outputs.clone())).collect();
    // Two regions may have stacks of one name: then only the paths tell them apart.
    let names: BTreeSet<&String> = named.iter().map(|(name, _)| name).collect();
    let mut text = serde_json::to_string_pretty(&outputs::file(if names.len() == done.len() { &named } else { done }))?;
    text.push('\n');
    fs::write(file, text).map_err(|error| Failure::from(error).context(format!("cannot write {}", paths::shown(file))))
}

/// One stack on its way.
struct One<'a> {
    session: &'a Session,
    flags: &'a Deploy,
    aws: &'a Aws,
    names: Names,
    stack: &'a Stack,
    asks: bool,
}

impl One<'_> {
    /// The stack as it is in the end; `None` if the person said no.
    async fn deploy(&self, wanted: &Wanted) -> Result<Option<DeployedStack>, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let started = Instant::now();
        let session = self.aws.for_stack(self.session, self.stack).await?;
        let watch = Watch::new(ui, name, &self.names);
        ui.say(&format!("{}\n", self.headline(&session)));
        let Some(prepared) = watch.over(session.prepare(wanted, &watch)).await else {
            return Err(Failure::failed(format!("stopped before anything in {name} was changed")));
        };
        let plan = match prepared.map_err(fail)? {
            Prepared::Unchanged(deployed) => {
                ui.say(&format!("{} {name} is as it should be: nothing to do\n", style::paint(style::GOOD, "✓")));
                self.report("unchanged", started, None, &deployed)?;
                return Ok(Some(*deployed));
            }
            Prepared::Planned(plan) => plan,
            other => return Err(Failure::failed(format!("{name}: this is not known here: {other:?}"))),
        };
        self.show_plan(&plan)?;
        if let Err(refusal) = self.guard(&session, &plan).await {
            session.discard(&plan).await.map_err(fail)?;
            return Err(refusal);
        }
        if self.asks && !super::confirmed(ui, &format!("Deploy {name}?"))? {
            session.discard(&plan).await.map_err(fail)?;
            ui.say("nothing was changed\n");
            return Ok(None);
        }
        let tally = Tally::of(&plan);
        let changes: Vec<(String, String)> =
            plan.changes.iter().map(|change| (change.logical_id.clone(), change.resource_type.clone())).collect();
        let watch = watch.expecting(changes.iter().map(|(id, kind)| (id.as_str(), kind.as_str())));
        let started = Instant::now();
        match watch.over(session.execute(*plan, &watch)).await {
            Some(Ok(deployed)) => {
                let took = words::seconds(started.elapsed());
                ui.say(&format!("{} {name} deployed in {took}: {}\n", style::paint(style::GOOD, "✓"), tally.done()));
                self.report("deployed", started, Some(&tally), &deployed)?;
                Ok(Some(deployed))
            }
            Some(Err(skysmith_deploy::Error::Failed(failure))) => {
                Err(story::deployment(self.session, self.stack, &self.names, &failure, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Err(Failure::failed(format!("stopped watching {name}; CloudFormation goes on with it")).hint(
                self.session.globals.next_command(&format!("deploy {name}"))
                    + "          to see how it ended, and to go on",
            )),
        }
    }

    /// `object-counter · dev · 123456789012 / eu-west-1`.
    fn headline(&self, session: &skysmith_deploy::Session) -> String {
        headline(self.session, &self.stack.display_name, session)
    }

    fn show_plan(&self, plan: &Plan) -> Result<(), Failure> {
        let ui = &self.session.ui;
        let tally = Tally::of(plan);
        let found = skysmith_diff::diff(&plan.old_template.clone().unwrap_or_default(), &plan.new_template);
        if ui.is_json() {
            ui.json_line(&json!({
                "event": "plan",
                "stack": self.stack.display_name,
                "add": tally.added,
                "change": tally.changed,
                "replace": tally.replaced,
                "remove": tally.removed,
                "change_set": plan.change_set_name,
                "diff": diff::json(&found, &self.names),
            }))?;
            if !self.asks {
                return Ok(());
            }
        }
        // Nobody is asked about what they have not seen, however little they want to see.
        let tell = |text: &str| if self.asks { ui.error(text) } else { ui.say(text) };
        tell(&format!("  {}\n", tally.planned()));
        // Everything is new in a new stack; its resources come by as they are made.
        if plan.kind == ChangeSetKind::Create && !ui.is_verbose() && !self.asks {
            return Ok(());
        }
        tell(&diff::text(&found, &self.names));
        // What the templates do not show: values that only CloudFormation can resolve.
        for change in plan.changes.iter().filter(|change| found.resource(&change.logical_id).is_none()) {
            let what = match (&change.action, change.replacement) {
                (ChangeAction::Import, _) => "imported",
                (_, Replacement::Always) => "replaced, by what CloudFormation resolves",
                (_, Replacement::Conditional) => "may be replaced, by what CloudFormation resolves",
                _ => "changed, by what CloudFormation resolves",
            };
            let name = self.names.name(&change.logical_id);
            tell(&format!(
                "  {} {name}  {}  {what}\n",
                style::paint(style::CHANGE, "~"),
                words::kind(&change.resource_type)
            ));
        }
        tell("\n");
        Ok(())
    }

    /// Refuses what would lose data, unless that is allowed; then it is said.
    async fn guard(&self, session: &skysmith_deploy::Session, plan: &Plan) -> Result<(), Failure> {
        let losses = losses(plan);
        if losses.is_empty() {
            return Ok(());
        }
        // What is in them is worth a question, but not worth failing for.
        let inventory = session.inventory(&plan.stack_id, &super::is_stateful).await.ok().flatten();
        let lines: Vec<String> = losses
            .iter()
            .map(|loss| story::loss(&self.names, loss, inventory.as_ref().and_then(|all| holding(all, loss))))
            .collect();
        if self.flags.allow_data_loss {
            for line in &lines {
                self.session.ui.say(&format!("{} {line}\n", style::paint(style::ERROR, "! DATA LOSS ")));
            }
            return Ok(());
        }
        let name = &self.stack.display_name;
        let mut failure = Failure::failed(format!("deploying {name} would lose data; nothing was changed"));
        for line in lines {
            failure = failure.note(line);
        }
        Err(failure.hint("to keep the data: take the change back, or set the removal policy Retain and copy").hint(
            format!(
                "to go on all the same: {}",
                self.session.globals.next_command(&format!("deploy {name} --allow-data-loss"))
            ),
        ))
    }

    fn report(
        &self,
        event: &str,
        started: Instant,
        tally: Option<&Tally>,
        deployed: &DeployedStack,
    ) -> Result<(), Failure> {
        let ui = &self.session.ui;
        if !ui.is_json() {
            return Ok(());
        }
        let outputs = super::outputs::shown(self.aws, deployed.outputs.clone());
        let mut line = json!({
            "event": event,
            "stack": self.stack.display_name,
            "stack_id": deployed.stack_id,
            "seconds": started.elapsed().as_secs_f64(),
            "outputs": outputs::stack_json(&outputs),
        });
        if let Some(tally) = tally {
            line["added"] = tally.added.into();
            line["changed"] = tally.changed.into();
            line["replaced"] = tally.replaced.into();
            line["removed"] = tally.removed.into();
        }
        line["api_calls"] = self.aws.session.api_calls().into();
        ui.json_line(&line)
    }
}

/// What CloudFormation says will go, and what the specification says: an emulator, for one, says less than CloudFormation.
///
/// Where the specification only fears a replacement, CloudFormation knows better.
fn losses(plan: &Plan) -> Vec<Loss> {
    let found = skysmith_diff::diff(&plan.old_template.clone().unwrap_or_default(), &plan.new_template);
    let by_plan = plan.data_loss(&super::is_stateful);
    let mut losses: Vec<Loss> = by_plan.iter().filter(|loss| !loss.kept).map(Loss::of_plan).collect();
    for loss in found.data_losses() {
        let id = &loss.resource.logical_id;
        let is_planned = plan.changes.iter().any(|change| change.logical_id == *id);
        if by_plan.iter().all(|known| known.logical_id != *id) && is_planned && loss.is_certain {
            losses.push(Loss::of_diff(loss.resource));
        }
    }
    losses
}

fn holding<'a>(inventory: &'a Inventory, loss: &Loss) -> Option<&'a skysmith_deploy::Holding> {
    inventory.holdings.iter().find(|holding| holding.resource.logical_id == loss.logical_id)
}

/// `object-counter · dev · 123456789012 / eu-west-1`, or `object-counter · local AWS · us-east-1`.
pub fn headline(session: &Session, stack: &str, aws: &skysmith_deploy::Session) -> String {
    let mut parts = vec![style::paint(style::STRONG, stack)];
    parts.extend(session.globals.environment.clone());
    if session.globals.local {
        parts.push("local AWS".to_owned());
        parts.push(aws.region().to_owned());
    } else {
        parts.push(format!("{} / {}", aws.identity().account, aws.region()));
    }
    parts.join(" · ")
}

/// How many resources a plan touches, and how.
#[derive(Debug, Default)]
struct Tally {
    added: usize,
    changed: usize,
    replaced: usize,
    removed: usize,
    imported: usize,
}

impl Tally {
    fn of(plan: &Plan) -> Self {
        let mut tally = Self::default();
        for change in &plan.changes {
            match (&change.action, change.replacement) {
                (ChangeAction::Add, _) => tally.added += 1,
                (ChangeAction::Remove, _) => tally.removed += 1,
                (ChangeAction::Import, _) => tally.imported += 1,
                (_, Replacement::Always) => tally.replaced += 1,
                _ => tally.changed += 1,
            }
        }
        tally
    }

    fn planned(&self) -> String {
        let counts = [
            (self.added, "add"),
            (self.changed, "change"),
            (self.replaced, "replace"),
            (self.removed, "remove"),
            (self.imported, "import"),
        ];
        let said: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, verb)| format!("{count} to {verb}")).collect();
        if said.is_empty() { "no resource changes; outputs, tags or settings do".to_owned() } else { said.join(", ") }
    }

    fn done(&self) -> String {
        let counts = [
            (self.added, "created"),
            (self.changed, "changed"),
            (self.replaced, "replaced"),
            (self.removed, "removed"),
            (self.imported, "imported"),
        ];
        let said: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, verb)| format!("{count} {verb}")).collect();
        if said.is_empty() { "no resource changed".to_owned() } else { said.join(", ") }
    }
}
