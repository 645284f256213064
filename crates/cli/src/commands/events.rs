//! `skysmith events`: what CloudFormation keeps of the newest operation on a stack, and why it failed.

use std::time::UNIX_EPOCH;

use serde_json::json;
use skysmith_deploy::{History, StackEvent};

use crate::aws::Aws;
use crate::cli::Events;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::live::graph::Graph;
use crate::names::Names;
use crate::output::{style, table, words};
use crate::select;
use crate::session::Session;
use crate::story;
use crate::timing::{Chart, Timeline};
use crate::watch::Watch;

use super::deploy::headline;

/// Prints them. With `--why` and `--follow` the exit code says whether the operation failed.
pub fn run(session: &Session, flags: &Events) -> Result<Done, Failure> {
    if flags.follow {
        session.ui.use_json_lines();
    }
    let chart = flags.timing.as_deref().map(Chart::new).transpose()?;
    let loaded = session.load()?;
    let names: Vec<String> = flags.stack.iter().cloned().collect();
    let chosen = select::one(&loaded.stacks, &names);
    let aws = Aws::connect(session)?;
    let asked = match (chosen, &flags.stack) {
        (Ok(stack), _) => Asked {
            session,
            name: stack.display_name.clone(),
            id: stack.stack_name.clone(),
            names: Names::of(stack),
            aws: aws.run(aws.for_stack(session, stack))?,
        },
        // One that is not of this app: its events have no construct's names, and are worth reading all the same.
        (Err(not_here), Some(name)) => {
            let there = aws.run(aws.session.stack(name)).map_err(|error| worded(session, error))?;
            if there.is_none() {
                return Err(not_here);
            }
            let (name, id) = (name.clone(), name.clone());
            Asked { session, name, id, names: Names::default(), aws: aws.session.clone() }
        }
        (Err(error), None) => return Err(error),
    };
    if flags.follow {
        let followed = aws.run(asked.follow());
        // However it ended: the picture is of that.
        if let Some(chart) = chart {
            aws.run(asked.draw(&chart))?;
        }
        return followed;
    }
    if let Some(chart) = chart {
        return aws.run(asked.draw(&chart));
    }
    let found = aws.run(asked.history(flags.all))?;
    if flags.why {
        why(session, &asked.name, &asked.names, &found)
    } else {
        list(session, &asked.name, &asked.names, &found)
    }
}

/// The stack that is asked about.
struct Asked<'a> {
    session: &'a Session,
    /// What people call it.
    name: String,
    /// Its name or id in AWS.
    id: String,
    names: Names,
    aws: skysmith_deploy::Session,
}

impl Asked<'_> {
    fn missing(&self) -> Failure {
        Failure::failed(format!("{} is not deployed", self.name)).hint(
            "CloudFormation keeps the events of a deleted stack for 90 days, by the stack's id: skysmith events ARN",
        )
    }

    async fn history(&self, all: bool) -> Result<History, Failure> {
        let found = self.aws.history(&self.id, all).await.map_err(|error| worded(self.session, error))?;
        found.ok_or_else(|| self.missing())
    }

    /// Watches what goes on until it is over.
    async fn follow(&self) -> Result<Done, Failure> {
        let (ui, name) = (&self.session.ui, &self.name);
        let fail = |error| worded(self.session, error);
        let stack = self.aws.stack(&self.id).await.map_err(fail)?.ok_or_else(|| self.missing())?;
        let is_under_way = stack.status.is_in_progress();
        if is_under_way {
            let headline = headline(self.session, name, &self.aws);
            ui.say(&format!("{headline}: {}\n", stack.status));
            let resources = self.aws.resources(&stack.stack_id).await.map_err(fail)?;
            let watch = Watch::live(ui, name, &self.names, &headline).telling_of(&resources);
            match watch.over(self.aws.end_of_operation(&stack, &watch)).await {
                Some(ended) => ended.map_err(fail)?,
                None => {
                    let again = self.session.globals.next_command(&format!("events {name} --follow"));
                    return Err(Failure::failed(format!("stopped watching {name}; CloudFormation goes on with it"))
                        .hint(again + "          to follow it again"));
                }
            };
        }
        // By the id: one that was deleted has no name any more.
        let found = self.aws.history(&stack.stack_id, false).await.map_err(fail)?.ok_or_else(|| self.missing())?;
        if let Some(failure) = &found.failure {
            return Err(story::past(self.session, name, &self.names, failure));
        }
        let status = &found.status;
        if ui.is_json() {
            ui.json_line(
                &json!({ "event": "ended", "stack": name, "stack_id": found.stack_id, "status": status.as_str() }),
            )?;
        } else if is_under_way {
            ui.say(&format!("{} {name} is done: {status}\n", style::paint(style::GOOD, "✓")));
        } else {
            ui.say(&format!("nothing is under way on {name}: {status}\n"));
        }
        Ok(Done::Ok)
    }

    /// Writes the chart of the newest operation.
    async fn draw(&self, chart: &Chart) -> Result<Done, Failure> {
        let ui = &self.session.ui;
        let found = self.history(false).await?;
        // Without the template it is not known who waited for whom.
        let template = self.aws.template(&found.stack_id).await.ok().flatten().unwrap_or_default();
        let events = self.aws.with_nested(found.events).await;
        let headline = anstream::adapter::strip_str(&headline(self.session, &self.name, &self.aws)).to_string();
        chart.add(Timeline::of(&headline, &self.names, &Graph::of(&template), &events));
        if !chart.write()? {
            return Err(Failure::failed(format!(
                "the events of {} tell no times: there is nothing to draw",
                self.name
            )));
        }
        if ui.is_json() {
            ui.json_line(&json!({ "event": "chart", "stack": self.name, "file": chart.file() }))?;
        } else {
            ui.say(&format!("where the time went: {}\n", chart.file()));
        }
        Ok(Done::Ok)
    }
}

fn why(session: &Session, name: &str, names: &Names, found: &History) -> Result<Done, Failure> {
    match &found.failure {
        Some(failure) => Err(story::past(session, name, names, failure)),
        None => {
            let status = &found.status;
            if session.ui.is_json() {
                session.ui.json(&json!({ "stack": name, "status": status.as_str(), "cause": null }))?;
            } else {
                session.ui.result(&format!("the newest operation on {name} did not fail; it is in {status}\n"))?;
            }
            Ok(Done::Ok)
        }
    }
}

fn list(session: &Session, name: &str, names: &Names, found: &History) -> Result<Done, Failure> {
    if session.ui.is_json() {
        let events: Vec<_> = found.events.iter().map(|event| event_json(names, event)).collect();
        session.ui.json(&json!({
            "stack": name,
            "stack_id": found.stack_id,
            "status": found.status.as_str(),
            "events": events,
        }))?;
        return Ok(Done::Ok);
    }
    let rows: Vec<Vec<String>> = found
        .events
        .iter()
        .map(|event| {
            let (what, kind) = if event.is_stack {
                (name.to_owned(), "stack".to_owned())
            } else {
                (names.name(&event.logical_id).to_owned(), words::kind(&event.resource_type))
            };
            let mut said = event.reason.clone().unwrap_or_default();
            if let Some(hook) = &event.hook {
                let reason = hook.reason.as_deref().unwrap_or_default();
                said = format!("{} {}: {reason}", hook.hook_type, hook.status);
            }
            let status = event.status.as_str();
            let status = match event.status.is_failure() {
                true => style::paint(style::ERROR, status),
                false => status.to_owned(),
            };
            vec![event.time.map(words::clock).unwrap_or_default(), status, what, kind, said.replace('\n', " ")]
        })
        .collect();
    session.ui.result(&format!("{name}   {}\n\n{}", found.status, table::columns(&rows)))?;
    if found.failure.is_some() {
        session.ui.say(&format!(
            "\nnext: {}    tells why it failed\n",
            session.globals.next_command(&format!("events {name} --why"))
        ));
    }
    Ok(Done::Ok)
}

fn event_json(names: &Names, event: &StackEvent) -> serde_json::Value {
    let time = event.time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_secs_f64());
    json!({
        "event": if event.is_stack { "stack" } else { "resource" },
        "time": time,
        "path": (!event.is_stack).then(|| names.name(&event.logical_id)),
        "logical_id": event.logical_id,
        "physical_id": event.physical_id,
        "resource_type": event.resource_type,
        "status": event.status.as_str(),
        "reason": event.reason,
        "hook": event.hook.as_ref().map(|hook| json!({ "type": hook.hook_type, "status": hook.status, "reason": hook.reason })),
        "place": names.place(&event.logical_id),
    })
}
