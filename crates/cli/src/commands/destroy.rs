//! `skysmith destroy`: counts what would be lost, asks, deletes.

use std::time::Instant;

use futures_util::future::try_join_all;
use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{DestroyOptions, Holding, Inventory, ReadOutput, Released, StackResource, Work};
use tokio::sync::Semaphore;

use crate::aws::Aws;
use crate::cli::Destroy;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::live::board::{Expected, StackView};
use crate::live::graph::Graph;
use crate::names::Names;
use crate::output::diagnostics::plural;
use crate::output::{style, table, words};
use crate::select;
use crate::session::Session;
use crate::story;
use crate::watch::Watch;

use super::deploy::headline;
use super::many::{End, Many, Turn};

/// Stacks that are looked at at the same time.
const LOOKS_AT_ONCE: usize = 8;

/// Deletes the stacks and those that depend on them, the last one first. A stack that is not there is no failure.
pub fn run(session: &Session, flags: &Destroy) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    // Somebody at a terminal types the stack's name, whatever goes with it; elsewhere everything has to be said beforehand.
    let asks = !(flags.yes || session.globals.local && flags.allow_data_loss);
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a destroy asks for the stack's name, and there is no terminal to ask on")
            .hint("pass --yes, and --allow-data-loss as well where data would be lost"));
    }
    let loaded = session.load()?;
    let chosen = select::selected(&loaded.stacks, &flags.stacks, "destroy")?;
    let stacks = select::with_dependents(&loaded.stacks, &chosen)?;
    if stacks.len() > chosen.len() {
        let names: Vec<&str> = stacks.iter().map(|stack| stack.display_name.as_str()).collect();
        ui.say(&format!("in this order, since they depend on each other: {}\n", names.join(", ")));
    }
    let aws = Aws::connect(session)?;
    aws.session.share_among(stacks.len());
    let mut there = Vec::new();
    let turn = asks.then(Turn::default);
    for (stack, found) in stacks.iter().zip(aws.run(look(session, &aws, &stacks))?) {
        let one = One {
            session,
            flags,
            aws: &aws,
            stack,
            names: Names::of(stack),
            turn: turn.as_ref(),
            is_one_of_many: stacks.len() > 1,
        };
        match found {
            Some(found) => there.push((one, found)),
            None => {
                ui.say(&format!("{} is not there: nothing to delete\n", stack.display_name));
                one.report(&json!({ "event": "absent", "stack": stack.display_name }))?;
            }
        }
    }
    // Whatever stands against it is said before anything goes: half of the stacks gone is the worst end.
    let going: Vec<&str> = there.iter().map(|(one, _)| one.stack.stack_name.as_str()).collect();
    let refusal = there.iter().fold(None, |so_far, (one, found)| one.refuse(found, &going, so_far));
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let _live = ui.can_be_live().then(|| ui.live.start());
    let found: Vec<&Stack> = there.iter().map(|(one, ..)| one.stack).collect();
    let many = Many::new(session, &found, &flags.parallel, "destroying", true);
    let destroy = async |index: usize| {
        let (one, found) = &there[index];
        one.destroy(&found.session, &found.inventory).await
    };
    aws.run(many.run(destroy, |_, ()| {}))
}

/// A stack that is there.
struct Found {
    session: skysmith_deploy::Session,
    inventory: Inventory,
    /// Its exports that other stacks import.
    exports: Vec<ReadOutput>,
}

/// What each of the stacks has, some of them at a time; nothing for one that is not there.
async fn look(session: &Session, aws: &Aws, stacks: &[&Stack]) -> Result<Vec<Option<Found>>, Failure> {
    let at_once = Semaphore::new(LOOKS_AT_ONCE);
    // Roles one after the other: most stacks have the same.
    let mut looks = Vec::new();
    for stack in stacks {
        let (of_stack, at_once) = (aws.for_stack(session, stack).await?, &at_once);
        looks.push(async move {
            let _permit = at_once.acquire().await;
            let fail = |error| worded(session, error);
            let inventory = of_stack.inventory(&stack.stack_name, &skysmith_deploy::is_stateful).await.map_err(fail)?;
            let Some(inventory) = inventory else { return Ok(None) };
            let exports = of_stack.exports_in_use(&inventory.stack).await.map_err(fail)?;
            Ok(Some(Found { session: of_stack, inventory, exports }))
        });
    }
    try_join_all(looks).await
}

struct One<'a> {
    session: &'a Session,
    flags: &'a Destroy,
    aws: &'a Aws,
    stack: &'a Stack,
    names: Names,
    /// Where there are questions, the right to ask them.
    turn: Option<&'a Turn>,
    is_one_of_many: bool,
}

impl One<'_> {
    /// What of this stack stands against deleting all of them, added to what stands against it already.
    fn refuse(&self, found: &Found, going: &[&str], so_far: Option<Failure>) -> Option<Failure> {
        let inventory = &found.inventory;
        let name = self.stack.display_name.as_str();
        let next = |words: &str| self.session.globals.next_command(&format!("{words} {name}"));
        let mut notes = Vec::new();
        let mut hints = Vec::new();
        if inventory.stack.termination_protection && self.turn.is_none() {
            notes.push(format!("{name} has termination protection, which no flag lifts"));
            hints.push(format!("lift it in the app, `.termination_protection(false)`, and: {}", next("deploy")));
            hints.push("or run this at a terminal, where you are asked".to_owned());
        }
        for export in &found.exports {
            let others: Vec<&str> =
                export.readers.iter().map(String::as_str).filter(|reader| !going.contains(reader)).collect();
            if !others.is_empty() {
                let export = export.export_name.as_deref().unwrap_or(&export.output);
                notes.push(format!("{name} exports `{export}`, which is imported by {}", others.join(", ")));
                hints.push("destroy the readers first, or have them read something else and deploy that".to_owned());
            }
        }
        for holding in inventory.blocking() {
            notes.push(format!("{} and is neither kept nor marked to be emptied", self.held(holding)));
            hints.push(
                "empty it, keep it (removal policy Retain), or have the app mark it to be emptied, and deploy that"
                    .to_owned(),
            );
        }
        if !self.flags.allow_data_loss && self.turn.is_none() {
            let lost: Vec<String> = inventory.lost().map(|holding| self.held(holding)).collect();
            if !lost.is_empty() {
                notes.extend(lost.into_iter().map(|line| format!("{line}: would be lost")));
                hints.push(format!("to go on all the same: {} --yes --allow-data-loss", next("destroy")));
            }
        }
        if notes.is_empty() {
            return so_far;
        }
        hints.dedup();
        let failure = match so_far {
            Some(failure) => failure,
            None => Failure::failed(format!("{name} cannot be destroyed like this; nothing was changed")),
        };
        let failure = notes.into_iter().fold(failure, Failure::note);
        Some(hints.into_iter().fold(failure, Failure::hint))
    }

    /// `Objects holds 41 versions of objects, 2.1 GB`.
    fn held(&self, holding: &Holding) -> String {
        format!("{} holds {}", self.path(&holding.resource), story::contents(holding.contents))
    }

    /// The construct's path; in a nested stack the logical ids.
    fn path(&self, resource: &StackResource) -> String {
        if resource.nested_in.is_empty() { self.names.name(&resource.logical_id).to_owned() } else { resource.path() }
    }

    async fn destroy(&self, session: &skysmith_deploy::Session, inventory: &Inventory) -> Result<End<()>, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let stopped = || End::Interrupted(Failure::failed(format!("stopped before anything in {name} was deleted")));
        let asking = match self.turn {
            Some(turn) => match turn.wait().await {
                Some(asking) => Some((turn, asking)),
                None => return Ok(stopped()),
            },
            None => None,
        };
        self.show(inventory, session)?;
        let mut options = DestroyOptions::default();
        if let Some((turn, _asking)) = asking {
            if inventory.stack.termination_protection {
                let question = format!("\n{name} has termination protection. Lift it? [y/N] ");
                let Some(answer) = turn.ask(ui, &question).await? else { return Ok(stopped()) };
                options.lift_protection = super::is_yes(&answer);
                if !options.lift_protection {
                    ui.say("nothing was changed\n");
                    return Ok(End::Declined);
                }
            }
            let question = "\nThis cannot be undone. Type the stack's name to go on: ";
            let Some(answer) = turn.ask(ui, question).await? else { return Ok(stopped()) };
            if answer.trim() != name {
                ui.say("nothing was changed\n");
                return Ok(End::Declined);
            }
        }
        let going: Vec<Expected> = inventory
            .resources
            .iter()
            .map(|resource| Expected {
                nested_in: resource.nested_in.clone(),
                logical_id: resource.logical_id.clone(),
                resource_type: resource.resource_type.clone(),
                work: Work::Delete,
            })
            .collect();
        let watch = Watch::new(ui, name, &self.names, &headline(self.session, name, session))
            .one_of_many(self.is_one_of_many)
            .expecting(&going, &Graph::of(&inventory.template).reversed());
        if self.session.globals.local {
            watch.view(StackView::without_estimate);
        }
        let started = Instant::now();
        match watch.over(session.destroy(inventory, &options, &watch)).await {
            Some(Ok(_)) => {
                let left = kept(inventory).count();
                let deleted = inventory.resources.len().saturating_sub(left);
                let kept = if left == 0 { String::new() } else { format!(", {left} kept") };
                let took = words::seconds(started.elapsed());
                ui.say(&format!(
                    "{} {name} deleted in {took}: {deleted} deleted{kept}\n",
                    style::paint(style::GOOD, "✓")
                ));
                let calls = self.aws.session.api_calls();
                self.report(&json!({
                    "event": "destroyed", "stack": name, "seconds": started.elapsed().as_secs_f64(), "deleted": deleted,
                    "kept": inventory.kept.iter().map(|kept| &kept.resource.physical_id).collect::<Vec<_>>(),
                    "kept_arns": inventory.kept.iter().map(|kept| &kept.arn).collect::<Vec<_>>(), "api_calls": calls,
                }))?;
                Ok(End::Done("deleted", ()))
            }
            Some(Err(skysmith_deploy::Error::Failed(failed))) => {
                Err(story::destruction(self.session, self.stack, &self.names, &failed, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Ok(End::Interrupted(
                Failure::failed(format!("stopped watching {name}; CloudFormation goes on deleting it"))
                    .hint(story::follow(self.session, name))
                    .hint(
                        self.session.globals.next_command(&format!("destroy {name}"))
                            + "          to finish it, whatever became of that",
                    ),
            )),
        }
    }

    /// What goes, what holds data, what stays.
    fn show(&self, inventory: &Inventory, session: &skysmith_deploy::Session) -> Result<(), Failure> {
        let ui = &self.session.ui;
        // Nobody is asked about what they have not seen, and no data goes in silence, however little somebody wants to see.
        let is_loud = self.turn.is_some() || inventory.lost().next().is_some();
        let tell = |text: &str| if is_loud { ui.error(text) } else { ui.say(text) };
        let going = inventory.resources.len().saturating_sub(kept(inventory).count());
        tell(&format!(
            "{}: {} will be deleted\n",
            headline(self.session, &self.stack.display_name, session),
            plural(going, "resource")
        ));
        let mut rows = Vec::new();
        for holding in inventory.holdings.iter().filter(|holding| !holding.kept) {
            let mark = if holding.contents.is_empty() { " " } else { "!" };
            let fate = if holding.emptied { "emptied and deleted" } else { "deleted" };
            rows.push(vec![
                mark.to_owned(),
                self.path(&holding.resource),
                story::contents(holding.contents),
                fate.to_owned(),
            ]);
        }
        for kept in &inventory.kept {
            let id = kept.arn.clone().or_else(|| kept.resource.physical_id.clone()).unwrap_or_default();
            let (fate, id) = if kept.as_snapshot {
                ("deleted; a snapshot is kept", String::new())
            } else {
                ("kept by its removal policy", id)
            };
            rows.push(vec![" ".to_owned(), self.path(&kept.resource), fate.to_owned(), id]);
        }
        if !rows.is_empty() {
            tell(&format!("\n{}", table::columns(&rows)));
        }
        self.report(&json!({
            "event": "inventory",
            "stack": self.stack.display_name,
            "resources": inventory.resources.len(),
            "holding": inventory.holdings.iter().map(|holding| json!({
                "path": self.path(&holding.resource),
                "resource_type": holding.resource.resource_type,
                "physical_id": holding.resource.physical_id,
                "kept": holding.kept,
                "emptied": holding.emptied,
                "contents": story::contents(holding.contents),
            })).collect::<Vec<_>>(),
        }))
    }

    fn report(&self, line: &serde_json::Value) -> Result<(), Failure> {
        if self.session.ui.is_json() { self.session.ui.json_line(line) } else { Ok(()) }
    }
}

/// The stack's own resources that stay; a snapshot is none of them.
fn kept(inventory: &Inventory) -> impl Iterator<Item = &Released> {
    inventory.kept.iter().filter(|kept| !kept.as_snapshot && kept.resource.nested_in.is_empty())
}
