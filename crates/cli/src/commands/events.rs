//! `skysmith events`: what CloudFormation keeps of the newest operation on a stack, and why it failed.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use skysmith_deploy::{History, StackEvent};
use time::OffsetDateTime;

use crate::aws::Aws;
use crate::cli::Events;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::names::Names;
use crate::output::{style, table, words};
use crate::select;
use crate::session::Session;
use crate::story;

/// Prints them. With `--why` the exit code says whether there is a failure to tell.
pub fn run(session: &Session, flags: &Events) -> Result<Done, Failure> {
    let loaded = session.load()?;
    let names: Vec<String> = flags.stack.iter().cloned().collect();
    let chosen = select::one(&loaded.stacks, &names);
    let aws = Aws::connect(session)?;
    let (name, stack_names, found) = match (chosen, &flags.stack) {
        (Ok(stack), _) => {
            let found = aws.run(async {
                let of_stack = aws.for_stack(session, stack).await?;
                let history = of_stack.history(&stack.stack_name, flags.all).await;
                history.map_err(|error| worded(session, error))
            })?;
            (stack.display_name.clone(), Names::of(stack), found)
        }
        // One that is not of this app: its events have no construct's names, and are worth reading all the same.
        (Err(not_here), Some(name)) => {
            let found = aws.run(aws.session.history(name, flags.all)).map_err(|error| worded(session, error))?;
            if found.is_none() {
                return Err(not_here);
            }
            (name.clone(), Names::default(), found)
        }
        (Err(error), None) => return Err(error),
    };
    let Some(found) = found else {
        return Err(Failure::failed(format!("{name} is not deployed")).hint(
            "CloudFormation keeps the events of a deleted stack for 90 days, by the stack's id: skysmith events ARN",
        ));
    };
    if flags.why { why(session, &name, &stack_names, &found) } else { list(session, &name, &stack_names, &found) }
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
            vec![event.time.map(clock).unwrap_or_default(), status, what, kind, said.replace('\n', " ")]
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

/// `2026-01-02 03:04:05`, in UTC as in AWS's own consoles.
fn clock(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}", u8::from(month))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_utc() {
        let at = |seconds| clock(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(784_111_777), "1994-11-06 08:49:37");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00");
    }
}
