//! `skysmith permissions`: the least IAM policies for working with stacks. Makes no calls and needs no credentials.

use std::collections::BTreeSet;
use std::env;

use serde_json::{Value, json};
use skysmith_assembly::Stack;
use skysmith_deploy::permissions::{
    self, INLINE_ROLE_LIMIT, MANAGED_POLICY_LIMIT, Note, Place, Policy, Provisioner, Use,
};

use crate::check;
use crate::cli::{Permissions, Purpose};
use crate::error::{Done, Failure};
use crate::names::Names;
use crate::output::Ui;
use crate::output::words;
use crate::select;
use crate::session::Session;

use super::deploy::{settings, wanted};

/// Prints one document, ready for IAM; what is to be known about it goes to standard error. With `--json`, all of them in one object.
pub fn run(session: &Session, flags: &Permissions) -> Result<Done, Failure> {
    let ui = &session.ui;
    let place = place(session);
    if flags.trust_policy && !ui.is_json() {
        ui.result(&(permissions::trust_policy(&place).to_json() + "\n"))?;
        return Ok(Done::Ok);
    }
    let loaded = session.load()?;
    let stacks = select::named(&loaded.stacks, &flags.names)?;
    check::require(session, &loaded, &stacks)?;
    let mut wanted = wanted::read(session, &loaded.stacks, &stacks, &[])?;
    for wanted in &mut wanted {
        wanted.settings = settings::of_environment(session);
        if let Some(role) = &wanted.settings.service_role {
            wanted.stack.execution_role_arn = Some(role.clone());
        }
    }
    let uses = uses(&flags.purposes);
    let provisioner = flags.caller.as_deref().map_or(Provisioner::Caller, Provisioner::Role);
    let (caller, caller_notes) = permissions::caller(&wanted, &place, &uses, provisioner);
    let (role, role_notes) = permissions::execution_role(&wanted, &place, &uses);
    if ui.is_json() {
        let notes: BTreeSet<String> = caller_notes.iter().chain(&role_notes).map(|note| told(note, &stacks)).collect();
        ui.json(&json!({
            "caller": documents(&caller, flags.split)?,
            "execution_role": documents(&role, flags.split)?,
            "trust_policy": value(&permissions::trust_policy(&place).to_json())?,
            "notes": notes,
        }))?;
        return Ok(Done::Ok);
    }
    let (policy, notes) = if flags.execution_role { (role, role_notes) } else { (caller, caller_notes) };
    if flags.split {
        ui.json(&documents(&policy, true)?)?;
    } else {
        ui.result(&(policy.document().to_json() + "\n"))?;
    }
    explain(ui, session, &place, &policy, flags);
    for note in &notes {
        ui.warn(&told(note, &stacks));
    }
    Ok(Done::Ok)
}

/// The place that the flags and the configuration name.
fn place(session: &Session) -> Place {
    // As the AWS CLI, and the deployment itself, take them.
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let region = session.region().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
    Place::new(region.as_deref(), session.account().as_deref())
}

fn uses(purposes: &[Purpose]) -> BTreeSet<Use> {
    let of = |purpose: &Purpose| match purpose {
        Purpose::Diff => vec![Use::Look],
        Purpose::Drift => vec![Use::Look, Use::Drift],
        Purpose::Deploy => vec![Use::Look, Use::Deploy],
        Purpose::Repair => vec![Use::Look, Use::Repair],
        Purpose::Destroy => vec![Use::Look, Use::Destroy],
        Purpose::Gc => vec![Use::Look, Use::Collect],
        Purpose::All => vec![Use::Look, Use::Drift, Use::Deploy, Use::Repair, Use::Destroy],
    };
    purposes.iter().flat_map(of).collect()
}

/// The document, or a list of those that each fit into a managed policy.
fn documents(policy: &Policy, split: bool) -> Result<Value, Failure> {
    if !split {
        return value(&policy.document().to_json());
    }
    let parts = policy.split(MANAGED_POLICY_LIMIT);
    Ok(Value::Array(parts.iter().map(|part| value(&part.document().to_json())).collect::<Result<_, _>>()?))
}

fn value(text: &str) -> Result<Value, Failure> {
    Ok(serde_json::from_str(text)?)
}

fn explain(ui: &Ui, session: &Session, place: &Place, policy: &Policy, flags: &Permissions) {
    let size = policy.size();
    let mut text = format!("{} characters as IAM counts", words::count(size as u64));
    if size > MANAGED_POLICY_LIMIT && !flags.split {
        let parts = policy.split(MANAGED_POLICY_LIMIT).len();
        let inline = if size > INLINE_ROLE_LIMIT {
            "too large even for a role's inline policies"
        } else {
            "fits a role's inline policy"
        };
        text.push_str(&format!(", {inline}; as managed policies it takes {parts}: --split"));
    }
    ui.say(&format!("{text}\n"));
    if place.account == "*" {
        let environment = session.globals.environment.as_deref().unwrap_or("NAME");
        ui.say(&format!(
            "`*` stands for the account where a stack names none; `account` of [environments.{environment}] in skysmith.toml narrows it\n"
        ));
    }
}

/// A note in words.
fn told(note: &Note, stacks: &[&Stack]) -> String {
    let name = |stack: &str, logical_id: &str| {
        let stack = stacks.iter().find(|it| it.stack_name == stack);
        stack.map_or_else(|| logical_id.to_owned(), |stack| Names::of(stack).name(logical_id).to_owned())
    };
    match note {
        Note::UnknownType { stack, logical_id, resource_type } => {
            format!("{}: what {resource_type} takes is not known; add it yourself", name(stack, logical_id))
        }
        Note::NestedStack { stack, logical_id } => {
            format!("{}: what is in this nested stack is not looked into", name(stack, logical_id))
        }
        Note::Macro { stack, name } => {
            format!(
                "{stack}: what {name} makes of the template is not known before it ran; this is what the template takes as it is"
            )
        }
        other => format!("{other:?}"),
    }
}
