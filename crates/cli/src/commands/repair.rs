//! `skysmith repair`: says what is wrong with a stack, and puts it right.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use skysmith_assembly::Stack;
use skysmith_deploy::{
    Cause, Diagnosis, Error, Fate, Holding, Released, RepairOptions, Repaired, StackStatus, Trouble,
};

use crate::aws::Aws;
use crate::cli::Repair;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::names::Names;
use crate::output::diagnostics::plural;
use crate::output::{style, table, words};
use crate::select;
use crate::session::Session;
use crate::story;
use crate::watch::Watch;

use super::deploy::headline;

/// Looks at the stacks, all of them without a name since looking changes nothing, and repairs those that need it.
pub fn run(session: &Session, flags: &Repair) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    let asks = !flags.yes && !session.globals.local;
    let loaded = session.load()?;
    let stacks = select::named(&loaded.stacks, &flags.stacks.names)?;
    let aws = Aws::connect(session)?;
    let mut done = Done::Ok;
    for stack in stacks {
        let one = One { session, flags, aws: &aws, stack, names: Names::of(stack), asks };
        if aws.run(one.repair())? == Done::Negative {
            done = Done::Negative;
        }
    }
    Ok(done)
}

struct One<'a> {
    session: &'a Session,
    flags: &'a Repair,
    aws: &'a Aws,
    stack: &'a Stack,
    names: Names,
    asks: bool,
}

impl One<'_> {
    async fn repair(&self) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let session = self.aws.for_stack(self.session, self.stack).await?;
        let options = RepairOptions { allow_data_loss: self.flags.allow_data_loss, ..RepairOptions::default() };
        let found =
            session.diagnose(&self.stack.stack_name, &options, &skysmith_deploy::is_stateful).await.map_err(fail)?;
        let found = match found {
            // Only its end shows whether anything is wrong.
            Some(busy) if busy.trouble == Trouble::Busy => {
                ui.say(&format!("{name} is being changed ({}): waiting for the end of that\n", busy.stack.status));
                let watch = Watch::live(ui, name, &self.names, &headline(self.session, name, &session)).telling_of(&[]);
                match watch.over(session.end_of_operation(&busy.stack, &watch)).await {
                    Some(ended) => ended.map_err(fail)?,
                    None => return Err(Failure::failed(format!("stopped waiting for {name}; nothing was changed"))),
                };
                session.diagnose(&self.stack.stack_name, &options, &skysmith_deploy::is_stateful).await.map_err(fail)?
            }
            found => found,
        };
        let Some(diagnosis) = found else {
            ui.say(&format!("{name} is not there: nothing to repair\n"));
            self.report(&json!({ "event": "absent", "stack": name }))?;
            return Ok(Done::Ok);
        };
        self.report(&self.diagnosis_json(&diagnosis))?;
        let title = headline(self.session, name, &session);
        if !diagnosis.is_repairable() {
            return self.not_repairable(&diagnosis, &title);
        }
        let told = format!("{title}: {}\n\n{}\n", self.trouble(&diagnosis), self.plan(&diagnosis));
        // Nobody is asked about what they have not seen, however little they want to see.
        if self.asks {
            ui.error(&told);
        } else {
            ui.say(&told);
        }
        if !self.may_go_on(&diagnosis)? {
            ui.say("nothing was changed\n");
            return Ok(Done::Negative);
        }
        let started = Instant::now();
        let resources = match &diagnosis.inventory {
            Some(inventory) => inventory.resources.clone(),
            None => session.resources(&diagnosis.stack.stack_id).await.map_err(fail)?,
        };
        let watch = Watch::live(ui, name, &self.names, &headline(self.session, name, &session)).telling_of(&resources);
        match watch.over(session.repair(&diagnosis, &options, &watch)).await {
            Some(Ok(done)) => self.ended(&diagnosis, &done, started),
            Some(Err(Error::Failed(failed))) => {
                Err(story::repair(self.session, self.stack, &self.names, &failed, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Err(Failure::failed(format!("stopped watching {name}; CloudFormation finishes the step it is at"))
                .hint(self.session.globals.next_command(&format!("repair {name}")) + "          to go on")),
        }
    }

    /// Whether the person agrees. What loses data wants the stack's name typed, or its own flag.
    fn may_go_on(&self, diagnosis: &Diagnosis) -> Result<bool, Failure> {
        let (ui, name) = (&self.session.ui, &self.stack.display_name);
        let lost: Vec<&Holding> = lost(diagnosis).collect();
        if lost.is_empty() || self.flags.allow_data_loss {
            if !self.asks {
                return Ok(true);
            }
            if !ui.can_ask() {
                return Err(Failure::failed(
                    "a repair asks before it changes anything, and there is no terminal to ask on",
                )
                .hint("pass --yes"));
            }
            return super::confirmed(ui, &format!("Repair {name}?"));
        }
        if self.asks && ui.can_ask() {
            let answer = ui.ask("This cannot be undone. Type the stack's name to go on: ")?;
            return Ok(answer.as_deref().map(str::trim) == Some(name));
        }
        let failure = Failure::failed(format!("repairing {name} would lose data; nothing was changed"));
        let line = |holding: &&Holding| {
            format!("{}: {}", self.names.name(&holding.resource.logical_id), story::contents(holding.contents))
        };
        let command = self.session.globals.next_command(&format!("repair {name} --yes --allow-data-loss"));
        Err(lost
            .iter()
            .map(line)
            .fold(failure, Failure::note)
            .hint("it was begun already; finishing it deletes these as well")
            .hint(format!("to go on all the same: {command}")))
    }

    fn not_repairable(&self, diagnosis: &Diagnosis, title: &str) -> Result<Done, Failure> {
        let (ui, name, status) = (&self.session.ui, &self.stack.display_name, &diagnosis.stack.status);
        let next = |words: &str| self.session.globals.next_command(&format!("{words} {name}"));
        match diagnosis.trouble {
            Trouble::None => {
                ui.say(&format!("{} {name} needs no repair: {status}\n", style::paint(style::GOOD, "✓")));
                self.foreign(diagnosis);
                Ok(Done::Ok)
            }
            Trouble::NeverMade => {
                ui.say(&format!(
                    "{title}: it has nothing but change sets that somebody else made; they are left alone\n"
                ));
                self.foreign(diagnosis);
                Ok(Done::Ok)
            }
            Trouble::Kept => {
                ui.say(&format!(
                    "{title}: its last operation failed, and what it had done was kept ({status})\n\nnext: {}    goes on from there\n      {}    undoes it\n",
                    next("deploy"),
                    next("rollback")
                ));
                Ok(Done::Negative)
            }
            Trouble::Busy => Err(Failure::failed(format!("{name} is being changed ({status})"))
                .hint("wait for its end; only then it shows whether anything is wrong")),
            _ => Err(Failure::failed(format!(
                "{name} is in {status}, for which CloudFormation has no way out that is known here"
            ))
            .hint("the stack's events in the console say what is in the way")),
        }
    }

    fn foreign(&self, diagnosis: &Diagnosis) {
        for change_set in &diagnosis.foreign {
            self.session
                .ui
                .say(&format!("  a change set of somebody else's: {} ({})\n", change_set.name, change_set.status));
        }
    }

    /// What is wrong, in one line.
    fn trouble(&self, diagnosis: &Diagnosis) -> String {
        let status = &diagnosis.stack.status;
        match diagnosis.trouble {
            Trouble::RollbackStuck => format!("its last update failed, and so did the way back ({status})"),
            Trouble::DeletionStuck => {
                let left = diagnosis.inventory.as_ref().map_or(0, |inventory| inventory.resources.len());
                let what = if *status == StackStatus::RollbackFailed {
                    "the rollback of its creation"
                } else {
                    "its deletion"
                };
                format!("{what} failed half-way ({status}); {} still there", are(left))
            }
            Trouble::CreationFailed => format!("its creation failed and was rolled back ({status})"),
            Trouble::NeverMade => format!("it has never had anything but change sets ({status})"),
            Trouble::Kept if *status == StackStatus::UpdateFailed => {
                format!("its last update failed, and what it had done was kept ({status})")
            }
            _ => format!("{} of interrupted runs", plural(diagnosis.leftovers.len(), "change set")),
        }
    }

    /// What will be done about it.
    fn plan(&self, diagnosis: &Diagnosis) -> String {
        let mut text = String::new();
        for cause in &diagnosis.failed {
            text.push_str(&self.cause(cause));
        }
        let mut rows = Vec::new();
        for blocking in &diagnosis.blocking {
            let fate = match blocking.fate {
                Fate::Emptied => "emptied and deleted",
                Fate::Kept => "kept, outside the stack: it is not empty, and not marked to be emptied",
                Fate::Finished => "its own deletion is finished first",
                _ => "tried again; kept, outside the stack, if it will not go",
            };
            let id = &blocking.resource.logical_id;
            rows.push(self.row(
                diagnosis,
                id,
                fate,
                if blocking.fate == Fate::Kept { blocking.arn.clone() } else { None },
            ));
        }
        let others = diagnosis.inventory.iter().flat_map(|inventory| &inventory.resources);
        for resource in others
            .filter(|one| diagnosis.blocking.iter().all(|blocking| blocking.resource.logical_id != one.logical_id))
        {
            let kept =
                diagnosis.inventory.iter().flat_map(|inventory| &inventory.kept).any(|kept| kept.resource == *resource);
            let fate = if kept { "kept by its removal policy" } else { "deleted" };
            rows.push(self.row(diagnosis, &resource.logical_id, fate, resource.physical_id.clone().filter(|_| kept)));
        }
        for kept in &diagnosis.kept {
            let arn = kept.arn.clone().or_else(|| kept.resource.physical_id.clone());
            let name = self.names.name(&kept.resource.logical_id).to_owned();
            rows.push(vec![" ".into(), name, String::new(), "kept, outside the stack".into(), arn.unwrap_or_default()]);
        }
        text.push_str(&table::columns(&rows));
        for blocking in &diagnosis.blocking {
            if let Some(reason) = &blocking.resource.reason {
                text.push_str(&format!("  = {}: {reason}\n", self.names.name(&blocking.resource.logical_id)));
            }
        }
        for holding in &diagnosis.undone {
            let fate = if holding.kept { "kept by its removal policy" } else { "made by that update, and deleted" };
            text.push_str(&format!(
                "  ! {}: {}, {fate}\n",
                self.names.name(&holding.resource.logical_id),
                story::contents(holding.contents)
            ));
        }
        for change_set in &diagnosis.leftovers {
            let age = change_set.created.map(age).unwrap_or_default();
            text.push_str(&format!("  change set {} ({}{age}) is removed\n", change_set.name, change_set.status));
        }
        text.push_str(match diagnosis.trouble {
            Trouble::RollbackStuck => {
                "\n  the rollback is continued; what fails again is passed over, and nothing else: CloudFormation then takes it to be as the\n  template says, although it is not\n"
            }
            Trouble::CreationFailed => "  what is left of the stack is deleted\n",
            Trouble::NeverMade if diagnosis.foreign.is_empty() => "  the empty stack is deleted\n",
            Trouble::Kept if diagnosis.stack.status == StackStatus::UpdateFailed => {
                "  the update is undone; to go on from it instead, deploy\n"
            }
            _ => "",
        });
        text
    }

    fn row(&self, diagnosis: &Diagnosis, id: &str, fate: &str, arn: Option<String>) -> Vec<String> {
        let holding = diagnosis
            .inventory
            .iter()
            .flat_map(|inventory| &inventory.holdings)
            .find(|holding| holding.resource.logical_id == id);
        let is_lost = lost(diagnosis).any(|holding| holding.resource.logical_id == id);
        vec![
            if is_lost { "!" } else { " " }.to_owned(),
            self.names.name(id).to_owned(),
            holding.map(|holding| story::contents(holding.contents)).unwrap_or_default(),
            fate.to_owned(),
            arn.unwrap_or_default(),
        ]
    }

    fn cause(&self, cause: &Cause) -> String {
        let mut name = self.names.name(&cause.logical_id).to_owned();
        if !cause.nested_in.is_empty() {
            name = format!("{name} in the nested stack {}", cause.nested_in.join("/"));
        }
        let kind = words::kind(&cause.resource_type);
        let mut text = format!("  {} ({kind}) could not be rolled back\n", style::paint(style::STRONG, &name));
        for line in cause.reason.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        if let Some(place) = self.names.place(&cause.logical_id) {
            text.push_str(&format!("  ┌─ {place}\n"));
        }
        text
    }

    fn ended(&self, diagnosis: &Diagnosis, done: &Repaired, started: Instant) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, &self.stack.display_name);
        let took = words::seconds(started.elapsed());
        let state = match &done.status {
            Some(status) => format!("{name} is repaired, in {took}: {status}"),
            None => format!("{name} is repaired, in {took}: the stack is gone"),
        };
        let mut text = format!("{} {state}\n", style::paint(style::GOOD, "✓"));
        if !done.skipped.is_empty() {
            let names: Vec<&str> = done.skipped.iter().map(|id| self.names.name(id)).collect();
            text.push_str(&format!("  passed over: {}\n", names.join(", ")));
            text.push_str(&format!(
                "  = {} what is not as its template says; a deploy that changes it there puts it right\n",
                self.session.globals.next_command(&format!("drift {name}")) + " shows"
            ));
        }
        for released in &done.released {
            let arn = released.arn.clone().or_else(|| released.resource.physical_id.clone()).unwrap_or_default();
            text.push_str(&format!(
                "  still there, and in no stack: {}  {arn}\n",
                self.names.name(&released.resource.logical_id)
            ));
        }
        ui.say(&text);
        self.report(&json!({
            "event": "repaired",
            "stack": name,
            "stack_id": diagnosis.stack.stack_id,
            "status_before": diagnosis.stack.status.as_str(),
            "status": done.status.as_ref().map(StackStatus::as_str),
            "skipped": done.skipped,
            "emptied": done.emptied,
            "released": done.released.iter().map(|released| self.released_json(released)).collect::<Vec<_>>(),
            "change_sets": done.change_sets,
            "seconds": started.elapsed().as_secs_f64(),
            "api_calls": self.aws.session.api_calls(),
        }))?;
        Ok(Done::Ok)
    }

    fn released_json(&self, released: &Released) -> Value {
        json!({
            "path": self.names.name(&released.resource.logical_id),
            "logical_id": released.resource.logical_id,
            "physical_id": released.resource.physical_id,
            "resource_type": released.resource.resource_type,
            "arn": released.arn,
        })
    }

    fn diagnosis_json(&self, diagnosis: &Diagnosis) -> Value {
        json!({
            "event": "diagnosis",
            "stack": self.stack.display_name,
            "stack_id": diagnosis.stack.stack_id,
            "status": diagnosis.stack.status.as_str(),
            "repairable": diagnosis.is_repairable(),
            "failed": diagnosis.failed.iter().map(|cause| json!({
                "path": self.names.name(&cause.logical_id),
                "logical_id": cause.logical_id,
                "nested_in": cause.nested_in,
                "resource_type": cause.resource_type,
                "reason": cause.reason,
            })).collect::<Vec<_>>(),
            "blocking": diagnosis.blocking.iter().map(|blocking| json!({
                "path": self.names.name(&blocking.resource.logical_id),
                "logical_id": blocking.resource.logical_id,
                "resource_type": blocking.resource.resource_type,
                "reason": blocking.resource.reason,
                "arn": blocking.arn,
                "fate": match blocking.fate { Fate::Emptied => "emptied", Fate::Kept => "kept", Fate::Finished => "finished", _ => "tried_again" },
            })).collect::<Vec<_>>(),
            "kept": diagnosis.kept.iter().map(|kept| self.released_json(kept)).collect::<Vec<_>>(),
            "change_sets": diagnosis.leftovers.iter().map(|one| &one.name).collect::<Vec<_>>(),
            "foreign_change_sets": diagnosis.foreign.iter().map(|one| &one.name).collect::<Vec<_>>(),
        })
    }

    fn report(&self, line: &Value) -> Result<(), Failure> {
        if self.session.ui.is_json() { self.session.ui.json_line(line) } else { Ok(()) }
    }
}

/// What the repair would lose for good: a full bucket that is kept is not lost.
fn lost(diagnosis: &Diagnosis) -> impl Iterator<Item = &Holding> {
    let is_kept = |holding: &&Holding| {
        let kept = |blocking: &skysmith_deploy::Blocking| {
            blocking.fate == Fate::Kept && blocking.resource.logical_id == holding.resource.logical_id
        };
        diagnosis.blocking.iter().any(kept)
    };
    diagnosis
        .inventory
        .iter()
        .flat_map(skysmith_deploy::Inventory::lost)
        .filter(move |holding| !is_kept(holding))
        .chain(diagnosis.undone.iter().filter(|holding| !holding.kept))
}

fn are(count: usize) -> String {
    format!("{} {}", plural(count, "resource"), if count == 1 { "is" } else { "are" })
}

/// `, 3 h 05 min old`.
fn age(created: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let created = std::time::Duration::from_secs(u64::try_from(created).unwrap_or(0));
    now.checked_sub(created).map(|age| format!(", {} old", words::seconds(age))).unwrap_or_default()
}
