//! `skysmith destroy`: counts what would be lost, asks, deletes.

use std::time::Instant;

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{DestroyOptions, Inventory};

use crate::aws::Aws;
use crate::cli::Destroy;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::live::board::{Expected, StackView};
use crate::live::estimate::Work;
use crate::live::graph::Graph;
use crate::names::Names;
use crate::output::diagnostics::plural;
use crate::output::{style, table, words};
use crate::select;
use crate::session::Session;
use crate::story;
use crate::watch::Watch;

use super::deploy::headline;

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
    let _live = ui.can_be_live().then(|| ui.live.start());
    for stack in stacks {
        let one = One { session, flags, aws: &aws, stack, names: Names::of(stack), asks };
        if aws.run(one.destroy())? == Done::Negative {
            return Ok(Done::Negative);
        }
    }
    Ok(Done::Ok)
}

struct One<'a> {
    session: &'a Session,
    flags: &'a Destroy,
    aws: &'a Aws,
    stack: &'a Stack,
    names: Names,
    asks: bool,
}

impl One<'_> {
    async fn destroy(&self) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let session = self.aws.for_stack(self.session, self.stack).await?;
        let Some(inventory) = session.inventory(&self.stack.stack_name, &super::is_stateful).await.map_err(fail)?
        else {
            ui.say(&format!("{name} is not there: nothing to delete\n"));
            self.report(&json!({ "event": "absent", "stack": name }))?;
            return Ok(Done::Ok);
        };
        self.show(&inventory, &session)?;
        let lost: Vec<String> = inventory
            .lost()
            .map(|holding| {
                format!("{}: {}", self.names.name(&holding.resource.logical_id), story::contents(holding.contents))
            })
            .collect();
        if !lost.is_empty() && !self.flags.allow_data_loss && !self.asks {
            let mut failure = Failure::failed(format!("destroying {name} would lose data; nothing was changed"));
            for line in lost {
                failure = failure.note(line);
            }
            let command = self.session.globals.next_command(&format!("destroy {name} --yes --allow-data-loss"));
            return Err(failure.hint(format!("to go on all the same: {command}")));
        }
        if self.asks {
            let answer = ui.ask("\nThis cannot be undone. Type the stack's name to go on: ")?;
            if answer.as_deref().map(str::trim) != Some(name) {
                ui.say("nothing was changed\n");
                return Ok(Done::Negative);
            }
        }
        let going: Vec<Expected> = inventory
            .resources
            .iter()
            .map(|resource| Expected {
                logical_id: resource.logical_id.clone(),
                resource_type: resource.resource_type.clone(),
                work: Work::Delete,
            })
            .collect();
        let watch = Watch::new(ui, name, &self.names, &headline(self.session, name, &session))
            .expecting(&going, &Graph::of(&inventory.template).reversed());
        if self.session.globals.local {
            watch.view(StackView::without_estimate);
        }
        let started = Instant::now();
        match watch.over(session.destroy(&inventory, &DestroyOptions::default(), &watch)).await {
            Some(Ok(_)) => {
                let deleted = inventory.resources.len().saturating_sub(inventory.kept.len());
                let kept =
                    if inventory.kept.is_empty() { String::new() } else { format!(", {} kept", inventory.kept.len()) };
                let took = words::seconds(started.elapsed());
                ui.say(&format!(
                    "{} {name} deleted in {took}: {deleted} deleted{kept}\n",
                    style::paint(style::GOOD, "✓")
                ));
                let calls = self.aws.session.api_calls();
                self.report(&json!({
                    "event": "destroyed", "stack": name, "seconds": started.elapsed().as_secs_f64(), "deleted": deleted,
                    "kept": inventory.kept.iter().map(|resource| &resource.physical_id).collect::<Vec<_>>(), "api_calls": calls,
                }))?;
                Ok(Done::Ok)
            }
            Some(Err(skysmith_deploy::Error::Failed(failed))) => {
                Err(story::destruction(self.session, self.stack, &self.names, &failed, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Err(Failure::failed(format!("stopped watching {name}; CloudFormation goes on deleting it"))
                .hint(self.session.globals.next_command(&format!("destroy {name}")) + "          to follow it again")),
        }
    }

    /// What goes, what holds data, what stays.
    fn show(&self, inventory: &Inventory, session: &skysmith_deploy::Session) -> Result<(), Failure> {
        let ui = &self.session.ui;
        let name = |id: &str| self.names.name(id).to_owned();
        // Nobody is asked about what they have not seen, however little they want to see.
        let tell = |text: &str| if self.asks { ui.error(text) } else { ui.say(text) };
        let going = inventory.resources.len().saturating_sub(inventory.kept.len());
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
                name(&holding.resource.logical_id),
                story::contents(holding.contents),
                fate.to_owned(),
            ]);
        }
        for resource in &inventory.kept {
            let id = resource.physical_id.clone().unwrap_or_default();
            rows.push(vec![" ".to_owned(), name(&resource.logical_id), "kept by its removal policy".to_owned(), id]);
        }
        if !rows.is_empty() {
            tell(&format!("\n{}", table::columns(&rows)));
        }
        self.report(&json!({
            "event": "inventory",
            "stack": self.stack.display_name,
            "resources": inventory.resources.len(),
            "holding": inventory.holdings.iter().map(|holding| json!({
                "path": name(&holding.resource.logical_id),
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
