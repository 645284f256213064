//! `skysmith rollback`: takes a stack back to where it was.

use std::time::Instant;

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{DeployedStack, Error, Holding, RollbackOptions, StackStatus, WayBack, way_back};

use crate::aws::Aws;
use crate::cli::Rollback;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::names::Names;
use crate::output::{style, words};
use crate::select;
use crate::session::Session;
use crate::story;
use crate::watch::Watch;

use super::deploy::headline;

/// Takes the way back that the stack's status leaves, after asking.
pub fn run(session: &Session, flags: &Rollback) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    let asks = !flags.yes && !session.globals.local;
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a rollback asks before it changes anything, and there is no terminal to ask on")
            .hint("pass --yes"));
    }
    let loaded = session.load()?;
    let stack = select::one(&loaded.stacks, flags.stack.as_slice())?;
    let aws = Aws::connect(session)?;
    aws.run(One { session, flags, aws: &aws, stack, names: Names::of(stack), asks }.roll_back())
}

struct One<'a> {
    session: &'a Session,
    flags: &'a Rollback,
    aws: &'a Aws,
    stack: &'a Stack,
    names: Names,
    asks: bool,
}

impl One<'_> {
    async fn roll_back(&self) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let session = self.aws.for_stack(self.session, self.stack).await?;
        let Some(deployed) = session.stack(&self.stack.stack_name).await.map_err(fail)? else {
            return Err(Failure::failed(format!("{name} is not there: nothing to roll back")));
        };
        ui.say(&format!("{}: {}\n", headline(self.session, name, &session), deployed.status));
        let way = way_back(&deployed.status);
        let mut options = RollbackOptions::default();
        if way == WayBack::Undo {
            let held = session.undone_data(&deployed, &skysmith_deploy::is_stateful).await.map_err(fail)?;
            self.guard(&held)?;
            // What is kept for its policy's sake has a reason if there is something in it.
            options.delete_kept = !held.iter().any(|holding| holding.kept);
        }
        let question = match way {
            WayBack::Undo => Some("Undo what the failed operation did?"),
            WayBack::Cancel => Some("An update is under way. Cancel it, and have CloudFormation roll it back?"),
            WayBack::Continue => Some("Try the rollback again?"),
            _ => None,
        };
        if let Some(question) = question.filter(|_| self.asks)
            && !super::confirmed(ui, question)?
        {
            ui.say("nothing was changed\n");
            return Ok(Done::Negative);
        }
        let started = Instant::now();
        let resources = session.resources(&deployed.stack_id).await.map_err(fail)?;
        let watch = Watch::live(ui, name, &self.names, &headline(self.session, name, &session)).telling_of(&resources);
        match watch.over(session.roll_back(&deployed, &options, &watch)).await {
            Some(Ok(status)) => self.ended(&deployed, &status, started),
            Some(Err(Error::Failed(failed))) => {
                Err(story::rollback(self.session, self.stack, &self.names, &failed, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Err(Failure::failed(format!("stopped watching {name}; CloudFormation goes on with it"))
                .hint(story::follow(self.session, name))
                .hint(self.session.globals.next_command(&format!("rollback {name}")) + "          to follow it again")),
        }
    }

    /// Refuses to delete what holds data, unless that is allowed or somebody can be asked; then it is said.
    fn guard(&self, held: &[Holding]) -> Result<(), Failure> {
        let (ui, name) = (&self.session.ui, &self.stack.display_name);
        let told = |holding: &Holding| {
            format!("{}: {}", self.names.name(&holding.resource.logical_id), story::contents(holding.contents))
        };
        let lost: Vec<String> = held.iter().filter(|holding| !holding.kept).map(told).collect();
        if !lost.is_empty() && !self.flags.allow_data_loss && !self.asks {
            let failure = Failure::failed(format!("rolling {name} back would lose data; nothing was changed"));
            let command = self.session.globals.next_command(&format!("rollback {name} --yes --allow-data-loss"));
            return Err(lost
                .into_iter()
                .fold(failure, Failure::note)
                .hint("the failed operation made these, so undoing it deletes them")
                .hint(format!("to go on all the same: {command}")));
        }
        for line in lost {
            ui.error(&format!("{} {line}, made by the failed operation\n", style::paint(style::ERROR, "! DATA LOSS ")));
        }
        for holding in held.iter().filter(|holding| holding.kept) {
            ui.say(&format!("  {}, kept by its removal policy\n", told(holding)));
        }
        Ok(())
    }

    fn ended(&self, before: &DeployedStack, status: &StackStatus, started: Instant) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, &self.stack.display_name);
        let is_back = way_back(status) == WayBack::Back;
        let took = words::seconds(started.elapsed());
        let said = match status {
            _ if way_back(&before.status) == WayBack::Back => format!("{name} is back already: {status}"),
            StackStatus::RollbackComplete => format!(
                "{name} is back where it was, before its creation, in {took}: {status}\n\nnext: {}",
                self.session.globals.next_command(&format!("deploy {name}"))
            ),
            _ if is_back => format!("{name} is back where it was before its last change, in {took}: {status}"),
            _ => format!("it was too late to cancel: the update of {name} is done ({status})"),
        };
        let mark = if is_back { style::paint(style::GOOD, "✓") } else { style::paint(style::ERROR, "✗") };
        ui.say(&format!("{mark} {said}\n"));
        if ui.is_json() {
            ui.json_line(&json!({
                "event": if is_back { "rolled_back" } else { "too_late" },
                "stack": name,
                "stack_id": before.stack_id,
                "status_before": before.status.as_str(),
                "status": status.as_str(),
                "seconds": started.elapsed().as_secs_f64(),
                "api_calls": self.aws.session.api_calls(),
            }))?;
        }
        Ok(if is_back { Done::Ok } else { Done::Negative })
    }
}
