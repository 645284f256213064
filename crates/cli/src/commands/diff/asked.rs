//! What CloudFormation is asked beside the deployed template: its change set, and what has drifted.

use skysmith_deploy::{DeployedStack, DifferenceKind, DriftStatus, Prepared, Session as Account, Wanted};
use skysmith_template::{Node, Template};

use super::Compared;
use crate::error::Failure;
use crate::hints::worded;
use crate::interrupt::Presses;
use crate::output::diff::{Drifted, DriftedProperty};
use crate::session::Session;

/// Tells nobody: what happens on the way is no part of a comparison.
struct Silent;

impl skysmith_deploy::Observer for Silent {
    fn event(&self, _: skysmith_deploy::Event) {}
}

/// Has CloudFormation work out a change set, takes its verdict in, and removes it, with the empty stack that comes with one for a new stack.
///
/// Ctrl-C is heeded when the change set is gone: broken off, it would stay.
pub async fn change_set(
    session: &Session,
    account: &Account,
    wanted: &Wanted,
    deployed: Option<&DeployedStack>,
    compared: &mut Compared,
) -> Result<(), Failure> {
    let fail = |error| worded(session, error);
    // A comparison changes nothing, and removes no failed stack either.
    if deployed.is_none() && account.stack(&wanted.stack.stack_name).await.map_err(fail)?.is_some() {
        let note = "CloudFormation was not asked: there is a stack that was never completed, which a deploy would remove first";
        compared.more.notes.push(note.to_owned());
        return Ok(());
    }
    let mut asked = wanted.clone();
    asked.stack.termination_protection = None;
    let mut presses = Presses::new();
    let mut is_stopped = false;
    let asking = async {
        let prepared = account.prepare(&asked, &Silent).await?;
        if let Prepared::Planned(plan) = &prepared {
            account.discard(plan).await?;
        }
        Ok(prepared)
    };
    let mut asking = std::pin::pin!(asking);
    let prepared = loop {
        tokio::select! {
            prepared = &mut asking => break prepared,
            () = presses.next(), if !is_stopped => {
                is_stopped = true;
                session.ui.say("stopping: the change set is removed first\n");
            }
        }
    };
    if is_stopped {
        return Err(Failure::failed("stopped; nothing was changed"));
    }
    if let Prepared::Planned(plan) = prepared.map_err(fail)? {
        compared.join(&plan);
    }
    Ok(())
}

/// Takes in what is not as the deployed template says.
pub async fn drift(
    session: &Session,
    account: &Account,
    deployed: &DeployedStack,
    compared: &mut Compared,
) -> Result<(), Failure> {
    let found = account.drift(&deployed.stack_name).await.map_err(|error| worded(session, error))?;
    let Some(found) = found else { return Ok(()) };
    for (nested_in, one) in found.drifted() {
        let properties = one
            .differences
            .iter()
            .map(|difference| DriftedProperty {
                path: difference.path.trim_start_matches('/').replace('/', "."),
                deployed: (difference.kind != DifferenceKind::Added).then(|| difference.expected.clone()),
                real: (difference.kind != DifferenceKind::Removed).then(|| difference.actual.clone()),
                wanted: if nested_in.is_empty() {
                    wanted_value(&compared.after, &one.logical_id, &difference.path)
                } else {
                    None
                },
            })
            .collect();
        compared.more.drift.push(Drifted {
            logical_id: one.logical_id.clone(),
            nested_in: nested_in.to_vec(),
            resource_type: one.resource_type.clone(),
            is_gone: one.status == DriftStatus::Deleted,
            properties,
        });
    }
    Ok(())
}

/// The value at a JSON pointer below the properties of a resource, if it is a plain one.
fn wanted_value(template: &Template, logical_id: &str, pointer: &str) -> Option<String> {
    let mut keys = pointer.trim_start_matches('/').split('/');
    let mut node = template.resource(logical_id)?.property(keys.next()?)?;
    for key in keys {
        node = match node {
            Node::List(items) => items.get(key.parse::<usize>().ok()?)?,
            other => other.get(key)?,
        };
    }
    match node {
        Node::String(text) => Some(text.clone()),
        other => Some(other.to_json_compact()),
    }
}
