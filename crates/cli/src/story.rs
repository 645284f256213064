//! Failures of CloudFormation, and losses of data, told so that the next step is clear.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{Cause, Contents, DataLoss, Denied, Error, Failure as Failed, LossKind, StackStatus};

use skysmith_diff::Action;

use crate::error::Failure;
use crate::hints;
use crate::known::{self, Known};
use crate::names::Names;
use crate::output::diagnostics::plural;
use crate::output::{style, words};
use crate::session::Session;

/// A deployment that ran and failed.
pub fn deployment(session: &Session, stack: &Stack, names: &Names, failed: &Failed, took: Duration) -> Failure {
    let name = &stack.display_name;
    let headline = format!("{name} was not deployed; {} ({})", state(&failed.status), words::seconds(took));
    let again = (session.globals.next_command(&format!("events {name} --why")), "to see this again");
    let mut next = vec![onwards(session, name, &failed.status)];
    // What was never made leaves nothing to be seen again.
    if failed.status != StackStatus::ReviewInProgress {
        next.push(again);
    }
    tell(session, names, name, failed, &headline, &next)
}

/// A plan that CloudFormation refused: in full where it said why, for each resource.
pub fn refused(session: &Session, stack: &Stack, names: &Names, error: Error, took: Duration) -> Failure {
    match error {
        Error::Failed(failed) => deployment(session, stack, names, &failed, took),
        error => hints::worded(session, error),
    }
}

/// The way on from a failed deployment.
fn onwards(session: &Session, name: &str, status: &StackStatus) -> (String, &'static str) {
    let (command, why) = match status {
        StackStatus::RollbackFailed | StackStatus::UpdateRollbackFailed => {
            ("repair", "to bring it back to where it was")
        }
        StackStatus::DeleteFailed => ("repair", "to finish the deletion"),
        StackStatus::CreateFailed | StackStatus::UpdateFailed => {
            ("rollback", "to undo what was done, or deploy again after the fix")
        }
        _ => ("deploy", "after the fix"),
    };
    (session.globals.next_command(&format!("{command} {name}")), why)
}

/// How to watch again what is watched no longer.
pub fn follow(session: &Session, name: &str) -> String {
    session.globals.next_command(&format!("events {name} --follow")) + "          to watch it again, to its end"
}

/// A failure of the past, as far as CloudFormation keeps it.
pub fn past(session: &Session, name: &str, names: &Names, failed: &Failed) -> Failure {
    let headline = format!("the newest operation on {name} failed; {}", state(&failed.status));
    tell(session, names, name, failed, &headline, &[onwards(session, name, &failed.status)])
}

/// What has become of a stack.
fn state(status: &StackStatus) -> &'static str {
    match status {
        StackStatus::RollbackComplete => "CloudFormation rolled it back and nothing is left of it",
        StackStatus::UpdateRollbackComplete
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportRollbackComplete => "CloudFormation rolled it back and nothing has changed",
        StackStatus::RollbackFailed | StackStatus::UpdateRollbackFailed | StackStatus::ImportRollbackFailed => {
            "and the way back failed as well"
        }
        StackStatus::DeleteComplete => "the stack was deleted",
        StackStatus::ReviewInProgress => "nothing was made",
        StackStatus::DeleteFailed => "its deletion stopped half-way",
        status if status.is_in_progress() => "CloudFormation is still at work on it",
        status if status.is_whole() => "nothing has changed",
        _ => "CloudFormation stopped half-way",
    }
}

/// A deletion that ran and failed.
pub fn destruction(session: &Session, stack: &Stack, names: &Names, failed: &Failed, took: Duration) -> Failure {
    let name = &stack.display_name;
    let headline =
        format!("{name} was not deleted; {} still there ({})", are(failed.remaining.len()), words::seconds(took));
    let next = [
        (session.globals.next_command(&format!("destroy {name}")), "to go on, after the fix"),
        (
            session.globals.next_command(&format!("repair {name}")),
            "to go on without what is in the way: it is kept, outside the stack",
        ),
    ];
    tell(session, names, name, failed, &headline, &next)
}

/// A rollback that ran and failed.
pub fn rollback(session: &Session, stack: &Stack, names: &Names, failed: &Failed, took: Duration) -> Failure {
    let name = &stack.display_name;
    let headline = format!("{name} was not rolled back; it is in {} ({})", failed.status, words::seconds(took));
    let next = [
        (session.globals.next_command(&format!("rollback {name}")), "to try again, after the fix"),
        (session.globals.next_command(&format!("repair {name}")), "to go on without what is in the way"),
    ];
    tell(session, names, name, failed, &headline, &next)
}

/// A repair that ran and got no further.
pub fn repair(session: &Session, stack: &Stack, names: &Names, failed: &Failed, took: Duration) -> Failure {
    let name = &stack.display_name;
    let headline = format!("{name} was not repaired; it is in {} ({})", failed.status, words::seconds(took));
    let next = [(session.globals.next_command(&format!("repair {name}")), "to try again, after the fix")];
    tell(session, names, name, failed, &headline, &next)
}

fn are(count: usize) -> String {
    match count {
        0 => "some resources are".to_owned(),
        1 => "1 resource is".to_owned(),
        count => format!("{count} resources are"),
    }
}

fn tell(
    session: &Session,
    names: &Names,
    stack: &str,
    failed: &Failed,
    headline: &str,
    next: &[(String, &str)],
) -> Failure {
    let teller = Teller { session, names, stack, failed };
    let mut text = format!("{} {headline}\n\n", style::paint(style::ERROR, "✗"));
    match &failed.cause {
        Some(cause) => text.push_str(&teller.told(cause)),
        None => text.push_str(&format!("  CloudFormation does not say why; the stack is in {}\n", failed.status)),
    }
    for other in &failed.others {
        text.push('\n');
        text.push_str(&teller.told(other));
    }
    if failed.cancelled > 0 {
        text.push_str(&format!("  = {} cancelled because of it\n", were(failed.cancelled)));
    }
    for back in &failed.way_back {
        text.push_str("\n  on the way back\n");
        text.push_str(&teller.told(back));
    }
    if !failed.remaining.is_empty() {
        let remaining: Vec<&str> = failed.remaining.iter().map(|id| names.name(id)).collect();
        text.push_str(&format!("  = still there: {}\n", remaining.join(", ")));
    }
    text.push_str("\nnext: ");
    let width = next.iter().map(|(command, _)| command.len()).max().unwrap_or(0) + 4;
    for (index, (command, why)) in next.iter().enumerate() {
        let indent = if index == 0 { "" } else { "      " };
        text.push_str(&format!("{indent}{command:width$}{why}\n"));
    }
    let causes = |causes: &[Cause]| causes.iter().map(|cause| teller.json(cause)).collect::<Vec<_>>();
    let json = json!({
        "message": headline,
        "stack": failed.stack_name,
        "stack_id": failed.stack_id,
        "status": failed.status.as_str(),
        "cause": failed.cause.as_ref().map(|cause| teller.json(cause)),
        "others": causes(&failed.others),
        "way_back": causes(&failed.way_back),
        "cancelled": failed.cancelled,
        "remaining": failed.remaining,
    });
    Failure::Story { text, json }
}

fn were(count: usize) -> String {
    if count == 1 { "1 more resource was".to_owned() } else { format!("{count} more resources were") }
}

/// Tells single causes.
struct Teller<'a> {
    session: &'a Session,
    names: &'a Names,
    /// What people call the stack.
    stack: &'a str,
    failed: &'a Failed,
}

impl Teller<'_> {
    fn told(&self, cause: &Cause) -> String {
        let verb = match cause.status.as_str() {
            text if text.starts_with("CREATE") => "created",
            text if text.starts_with("DELETE") => "deleted",
            text if text.starts_with("IMPORT") => "imported",
            _ => "changed",
        };
        let name = self.names.name_in(&cause.nested_in, &cause.logical_id);
        // CloudFormation's own words on the stack as a whole, where no resource is to blame.
        let is_stack = cause.nested_in.is_empty() && cause.logical_id == self.failed.stack_name;
        let what = if is_stack {
            "as a whole".to_owned()
        } else {
            format!("({}) could not be {verb}", words::kind(&cause.resource_type))
        };
        let mut text = format!("  {} {what}\n", style::paint(style::STRONG, &name));
        let message = cause.message();
        let said = match &message.service {
            Some(service) => format!("{service} says: {}", message.text),
            None if message.text.is_empty() => "CloudFormation gives no reason".to_owned(),
            None => message.text.clone(),
        };
        for line in said.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        if let Some(hook) = &cause.hook {
            let words = hook.reason.as_deref().unwrap_or("it gives no reason");
            for (index, line) in words.lines().enumerate() {
                let who = if index == 0 { format!("the hook {} says: ", hook.hook_type) } else { String::new() };
                text.push_str(&format!("    {who}{line}\n"));
            }
        }
        if let Some(trail) = &cause.trail {
            let words = if trail.message.is_empty() { String::new() } else { format!(": {}", trail.message) };
            text.push_str(&format!(
                "    CloudTrail: {} refused CloudFormation's {} ({}){words}\n",
                trail.service, trail.call, trail.code
            ));
        }
        if let Some(place) = self.place(cause) {
            text.push_str(&format!("  ┌─ {place}\n"));
            if let Some(line) = self.session.ui.sources().source_line(place) {
                text.push_str(&format!("  │    {line}\n"));
            }
        }
        if let Some(property) = &cause.property {
            text.push_str(&format!("  = at {property}\n"));
        }
        for line in self.advice(cause) {
            text.push_str(&format!("  = {line}\n"));
        }
        text
    }

    /// The line of the app that made the resource, or the nested stack that it is in.
    fn place(&self, cause: &Cause) -> Option<&skysmith_assembly::SourcePlace> {
        self.names.place_in(&cause.nested_in, &cause.logical_id)
    }

    /// What is behind it, and what to do.
    fn advice(&self, cause: &Cause) -> Vec<String> {
        let by_trail = || Denied::parse(&cause.trail.as_ref()?.message);
        if let Some(denied) = Denied::parse(&cause.reason).or_else(by_trail) {
            return hints::missing(self.session, &denied);
        }
        let Some(known) = known::explain(cause) else { return Vec::new() };
        [known.why.to_owned()].into_iter().chain(self.steps(known)).collect()
    }

    fn steps(&self, known: &Known) -> Vec<String> {
        known.steps(self.stack, &|command| format!("`{}`", self.session.globals.next_command(command)))
    }

    fn json(&self, cause: &Cause) -> serde_json::Value {
        let message = cause.message();
        let known = known::explain(cause);
        let hook = cause
            .hook
            .as_ref()
            .map(|hook| json!({ "type": hook.hook_type, "status": hook.status, "reason": hook.reason }));
        json!({
            "path": self.names.name_in(&cause.nested_in, &cause.logical_id),
            "logical_id": cause.logical_id,
            "physical_id": cause.physical_id,
            "resource_type": cause.resource_type,
            "status": cause.status.as_str(),
            "reason": cause.reason,
            "message": message.text,
            "service": message.service,
            "code": message.code,
            "request_id": message.request_id,
            "property": cause.property,
            "trail": cause.trail.as_ref().map(|trail| json!({
                "call": trail.call, "service": trail.service, "code": trail.code, "message": trail.message,
            })),
            "hook": hook,
            "place": self.place(cause),
            "nested_in": cause.nested_in,
            "why": known.map(|known| known.why),
            "advice": self.advice(cause),
        })
    }
}

/// Data that a change would lose.
#[derive(Debug)]
pub struct Loss {
    /// The resource.
    pub logical_id: String,
    resource_type: String,
    how: &'static str,
    /// The properties that call for it.
    properties: Vec<String>,
    /// The nested stacks that it lies in.
    pub nested_in: Vec<String>,
}

const NO_LONGER_KEPT: &str = "would no longer be kept when it is removed: its deletion policy changes";

impl Loss {
    /// By CloudFormation's verdict.
    pub fn of_plan(loss: &DataLoss) -> Self {
        let how = match loss.kind {
            LossKind::Removed => "is removed",
            LossKind::Replaced => "is replaced",
            LossKind::NoLongerKept => NO_LONGER_KEPT,
            _ => "may be replaced",
        };
        let (logical_id, resource_type) = (loss.logical_id.clone(), loss.resource_type.clone());
        Self { logical_id, resource_type, how, properties: loss.properties.clone(), nested_in: loss.nested_in.clone() }
    }

    /// Whether the resource goes by this change. Otherwise the next one may take it.
    pub fn goes(&self) -> bool {
        self.how != NO_LONGER_KEPT
    }

    /// Whether it is data that would be lost.
    pub fn is_of_data(&self) -> bool {
        skysmith_deploy::is_stateful(&self.resource_type) || self.resource_type == "AWS::CloudFormation::Stack"
    }

    /// By the specification.
    pub fn of_diff(loss: &skysmith_diff::DataLoss<'_>) -> Self {
        let resource = loss.resource;
        Self {
            logical_id: resource.logical_id.clone(),
            resource_type: resource.before_type.clone().unwrap_or_default(),
            how: if resource.action == Action::Remove { "is removed" } else { "is replaced" },
            properties: resource.causes().map(|cause| cause.change.path.to_string()).collect(),
            nested_in: loss.nested_in.iter().map(|id| (*id).to_owned()).collect(),
        }
    }
}

/// What a change would lose, in one line; `held` is what is in it, by the path of the resource.
pub fn loss(names: &Names, loss: &Loss, held: &BTreeMap<String, String>) -> String {
    let mut what = format!("{} ({})", names.name(&loss.logical_id), words::kind(&loss.resource_type));
    if !loss.nested_in.is_empty() {
        what = format!(
            "{} ({}) in the nested stack {}",
            loss.logical_id,
            words::kind(&loss.resource_type),
            loss.nested_in.join("/")
        );
    }
    let because = because(&loss.properties);
    let path: Vec<&str> = loss.nested_in.iter().map(String::as_str).chain([loss.logical_id.as_str()]).collect();
    let held = held.get(&path.join("/")).map(|held| format!(", with {held}")).unwrap_or_default();
    let place = names.place(&loss.logical_id).map(|place| format!("   {place}")).unwrap_or_default();
    format!("{what} {}{because}{held}{place}", loss.how)
}

fn because(properties: &[String]) -> String {
    let mut properties = properties.to_vec();
    properties.dedup();
    if properties.is_empty() { String::new() } else { format!(": {} cannot change in place", properties.join(", ")) }
}

/// What is in a resource: `1,204 items`.
pub fn contents(contents: Contents) -> String {
    match contents {
        Contents::Items { count: 0, .. } => "no items, as of DynamoDB's last count".to_owned(),
        Contents::Items { count, bytes } => format!("{}, {}", counted(count, "item"), words::size(bytes)),
        Contents::Objects { versions: 0, .. } => "nothing in it".to_owned(),
        Contents::Objects { versions, bytes, complete } => {
            let least = if complete { "" } else { "at least " };
            format!("{least}{} of objects, {}", counted(versions, "version"), words::size(bytes))
        }
        Contents::Missing => "nothing: it is gone already".to_owned(),
        Contents::NotAllowed { action } => format!("what nobody could count (the credentials lack {action})"),
        _ => "what nobody has counted".to_owned(),
    }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { plural(1, noun) } else { format!("{} {noun}s", words::count(count)) }
}
