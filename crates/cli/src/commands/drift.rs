//! `skysmith drift`: what was changed behind CloudFormation's back, and the way back from it.

use std::time::Instant;

use serde_json::{Value, json};
use skysmith_assembly::Stack;
use skysmith_deploy::{DifferenceKind, Drift as Found, DriftStatus, Error, Plan, PropertyDrift, ResourceDrift};

use crate::aws::Aws;
use crate::cli::Drift;
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

/// A value is cut after this many characters; the whole of it is in `--json`.
const VALUE_WIDTH: usize = 60;

/// Looks at the stacks, all of them without a name, and with `--revert` brings them back.
pub fn run(session: &Session, flags: &Drift) -> Result<Done, Failure> {
    let ui = &session.ui;
    let asks = flags.revert && !flags.yes && !session.globals.local;
    if asks && !ui.can_ask() {
        return Err(Failure::failed("--revert asks before it changes anything, and there is no terminal to ask on")
            .hint("pass --yes; what would lose data is refused even then, unless --allow-data-loss is given"));
    }
    let loaded = session.load()?;
    let stacks = select::named(&loaded.stacks, &flags.stacks.names)?;
    let aws = Aws::connect(session)?;
    let mut documents = Vec::new();
    let mut done = Done::Ok;
    for stack in stacks {
        let one = One { session, flags, stack, names: Names::of(stack), asks };
        let (document, is_bad) = aws.run(one.look(&aws))?;
        documents.push(document);
        if is_bad {
            done = Done::Negative;
        }
    }
    if ui.is_json() {
        ui.json(&json!({ "stacks": documents }))?;
    }
    Ok(done)
}

struct One<'a> {
    session: &'a Session,
    flags: &'a Drift,
    stack: &'a Stack,
    names: Names,
    asks: bool,
}

impl One<'_> {
    /// What there is to say for programs, and whether the exit code is to be 1.
    async fn look(&self, aws: &Aws) -> Result<(Value, bool), Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let session = aws.for_stack(self.session, self.stack).await?;
        let title = headline(self.session, name, &session);
        let Some(found) = session.drift(&self.stack.stack_name).await.map_err(fail)? else {
            ui.say(&format!("{name} is not there: nothing to compare\n"));
            return Ok((json!({ "stack": name, "is_deployed": false, "drifted": false, "resources": [] }), false));
        };
        if !ui.is_json() {
            ui.result(&self.told(&title, &found))?;
        }
        let is_drifted = !found.drifted().is_empty();
        let mut document = self.json(&found);
        let mut is_bad = self.flags.fail && is_drifted;
        if self.flags.revert && is_drifted {
            let (reverted, left) = self.revert(&session, &found, &title).await?;
            document["reverted"] = reverted.into();
            is_bad = !reverted || left > 0;
            document["left"] = left.into();
        }
        Ok((document, is_bad))
    }

    /// Brings back what has drifted: whether that was done, and how many resources are different all the same.
    async fn revert(
        &self,
        session: &skysmith_deploy::Session,
        found: &Found,
        title: &str,
    ) -> Result<(bool, usize), Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let Some(plan) = session.plan_revert(&found.stack).await.map_err(fail)? else {
            ui.error(&format!("{} CloudFormation finds nothing to bring back\n", style::paint(style::ERROR, "✗")));
            if self.session.globals.local {
                ui.error("  = the local AWS knows no drift-aware change sets: it compares templates only\n");
            }
            ui.error("  = what always works: change the property in the app to something else, deploy, change it back, deploy\n");
            return Ok((false, found.drifted().len()));
        };
        self.guard(session, &plan).await?;
        let rows: Vec<Vec<String>> = plan
            .changes
            .iter()
            .map(|change| {
                let what = match change.replacement {
                    skysmith_deploy::Replacement::Always => "is replaced",
                    skysmith_deploy::Replacement::Conditional => "may be replaced",
                    skysmith_deploy::Replacement::Never => "is brought back",
                };
                vec![
                    " ".into(),
                    self.names.name(&change.logical_id).into(),
                    words::kind(&change.resource_type),
                    what.into(),
                ]
            })
            .collect();
        ui.say(&format!("\n{}", table::columns(&rows)));
        if self.asks && !super::confirmed(ui, &format!("Bring {name} back to what its template says?"))? {
            session.discard(&plan).await.map_err(fail)?;
            ui.say("nothing was changed\n");
            return Ok((false, found.drifted().len()));
        }
        let started = Instant::now();
        let resources = session.resources(&found.stack.stack_id).await.map_err(fail)?;
        let watch = Watch::live(ui, name, &self.names, title).telling_of(&resources);
        match watch.over(session.execute(plan, &watch)).await {
            Some(Ok(_)) => {}
            Some(Err(Error::Failed(failed))) => {
                return Err(story::deployment(self.session, self.stack, &self.names, &failed, started.elapsed()));
            }
            Some(Err(error)) => return Err(fail(error)),
            None => {
                return Err(Failure::failed(format!("stopped watching {name}; CloudFormation goes on with it"))
                    .hint(self.session.globals.next_command(&format!("drift {name}")) + "          to see how it is"));
            }
        }
        // Only another look says whether it is so.
        let left = session.drift(&self.stack.stack_name).await.map_err(fail)?.map_or(0, |found| found.drifted().len());
        let took = words::seconds(started.elapsed());
        if left == 0 {
            ui.say(&format!("{} {name} is as its template says again ({took})\n", style::paint(style::GOOD, "✓")));
        } else {
            ui.error(&format!(
                "{} {} of {name} still not as the template says\n",
                style::paint(style::ERROR, "✗"),
                are(left)
            ));
        }
        Ok((true, left))
    }

    /// Bringing back can mean replacing.
    async fn guard(&self, session: &skysmith_deploy::Session, plan: &Plan) -> Result<(), Failure> {
        let losses: Vec<_> =
            plan.data_loss(&skysmith_deploy::is_stateful).into_iter().filter(|loss| !loss.kept).collect();
        if losses.is_empty() || self.flags.allow_data_loss {
            return Ok(());
        }
        session.discard(plan).await.map_err(|error| worded(self.session, error))?;
        let name = &self.stack.display_name;
        let failure = Failure::failed(format!("bringing {name} back would lose data; nothing was changed"));
        let line = |loss: &skysmith_deploy::DataLoss| {
            format!("{} ({}) is replaced", self.names.name(&loss.logical_id), words::kind(&loss.resource_type))
        };
        let command = self.session.globals.next_command(&format!("drift {name} --revert --yes --allow-data-loss"));
        Err(losses.iter().map(line).fold(failure, Failure::note).hint(format!("to go on all the same: {command}")))
    }

    fn told(&self, title: &str, found: &Found) -> String {
        let (drifted, all) = (found.drifted(), found.all());
        if drifted.is_empty() {
            let mark = style::paint(style::GOOD, "✓");
            return format!("{mark} {title}: as its template says{}\n", self.unchecked(&all));
        }
        let counts = format!("{} of {} not as the template says", drifted.len(), plural(all.len(), "resource"));
        let mut text = format!("{title}   {}\n", style::paint(style::STRONG, &counts));
        for (nested_in, resource) in drifted {
            text.push_str(&self.resource(nested_in, resource));
        }
        text.push_str(&format!("{}\n", self.unchecked(&all).trim_start_matches("; ")));
        text
    }

    fn resource(&self, nested_in: &[String], resource: &ResourceDrift) -> String {
        let mut name = self.names.name(&resource.logical_id).to_owned();
        if !nested_in.is_empty() {
            name = format!("{name} in the nested stack {}", nested_in.join("/"));
        }
        let (mark, what) = match resource.status {
            DriftStatus::Deleted => (style::paint(style::REMOVE, "-"), "  is gone"),
            _ => (style::paint(style::CHANGE, "~"), ""),
        };
        let place = if nested_in.is_empty() { self.names.place(&resource.logical_id) } else { None };
        let place = place.map(|place| style::paint(style::FAINT, &format!("   {place}"))).unwrap_or_default();
        let kind = words::kind(&resource.resource_type);
        let mut text = format!("  {mark} {name}  {kind}{what}{place}\n");
        let rows: Vec<Vec<String>> = resource
            .differences
            .iter()
            .map(|difference| {
                vec!["     ".to_owned(), difference.path.trim_start_matches('/').to_owned(), values(difference)]
            })
            .collect();
        text.push_str(&table::columns(&rows));
        text
    }

    /// What CloudFormation did not look at: that is not the same as being in order.
    fn unchecked(&self, all: &[(&[String], &ResourceDrift)]) -> String {
        let unchecked: Vec<&str> = all
            .iter()
            .filter(|(_, one)| one.status == DriftStatus::NotChecked)
            .map(|(_, one)| self.names.name(&one.logical_id))
            .collect();
        match unchecked.len() {
            0 => String::new(),
            1..=6 => format!("; CloudFormation cannot look at {}", unchecked.join(", ")),
            more => format!("; CloudFormation cannot look at {more} others, {}, …", unchecked[..3].join(", ")),
        }
    }

    fn json(&self, found: &Found) -> Value {
        let resource = |(nested_in, one): (&[String], &ResourceDrift)| {
            json!({
                "path": self.names.name(&one.logical_id),
                "logical_id": one.logical_id,
                "nested_in": nested_in,
                "physical_id": one.physical_id,
                "resource_type": one.resource_type,
                "status": match one.status {
                    DriftStatus::InSync => "in_sync",
                    DriftStatus::Modified => "modified",
                    DriftStatus::Deleted => "deleted",
                    _ => "not_checked",
                },
                "reason": one.reason,
                "place": if nested_in.is_empty() { self.names.place(&one.logical_id) } else { None },
                "differences": one.differences.iter().map(|difference| json!({
                    "path": difference.path,
                    "kind": match difference.kind {
                        DifferenceKind::Added => "added",
                        DifferenceKind::Removed => "removed",
                        _ => "changed",
                    },
                    "expected": difference.expected,
                    "actual": difference.actual,
                })).collect::<Vec<_>>(),
            })
        };
        json!({
            "stack": self.stack.display_name,
            "stack_id": found.stack.stack_id,
            "is_deployed": true,
            "drifted": !found.drifted().is_empty(),
            "resources": found.all().into_iter().map(resource).collect::<Vec<_>>(),
        })
    }
}

/// `128 → 256`: what the template says, and what is there.
fn values(difference: &PropertyDrift) -> String {
    let (expected, actual) = (cut(&difference.expected), cut(&difference.actual));
    match difference.kind {
        DifferenceKind::Added => format!("not in the template → {actual}"),
        DifferenceKind::Removed => format!("{expected} → not there"),
        _ => format!("{expected} → {actual}"),
    }
}

fn cut(value: &str) -> String {
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if value.chars().count() <= VALUE_WIDTH {
        return value;
    }
    format!("{}…", value.chars().take(VALUE_WIDTH - 1).collect::<String>())
}

fn are(count: usize) -> String {
    format!("{} {}", plural(count, "resource"), if count == 1 { "is" } else { "are" })
}
