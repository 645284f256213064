//! A plan that an earlier run left in the account: found by its name, read back, and compared with what has moved since.
//!
//! Everything to compare with comes from CloudFormation: the change set has its template, its parameters with the values that were resolved for it, and
//! in its description the stack's last change then.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;

use crate::change_set::Resolved;
use crate::fingerprint::Fingerprint;
use crate::pace::Pauses;
use crate::{
    Action, ChangeAction, ChangeSetKind, ChangeSetStatus, DeployedStack, Error, ExecutionStatus, Observer, Operation,
    Plan, Prepared, Session, Situation, StackStatus, Wanted, Whose, Wish, next_action,
};

/// `GetParameters` takes this many names.
const PARAMETERS_AT_ONCE: usize = 10;

/// What has changed since a plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moved {
    /// Somebody has changed the stack.
    Stack {
        /// Its last change when the plan was made, in seconds since 1970; `None`: it was new.
        before: Option<i64>,
        /// Its last change now.
        now: Option<i64>,
    },
    /// The app describes something else than the plan.
    Template,
    /// A parameter has another value than the plan.
    Parameter {
        /// Its name in the template.
        name: String,
    },
    /// A value in the Parameter Store is no longer the one that the plan was made with.
    StoredValue {
        /// The parameter's name in the template.
        parameter: String,
        /// The name in the Parameter Store.
        source: String,
    },
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack { .. } => f.write_str("the stack has been changed since"),
            Self::Template => f.write_str("the app's template is another one"),
            Self::Parameter { name } => write!(f, "the parameter {name} has another value"),
            Self::StoredValue { parameter, source } => {
                write!(f, "{source} in the Parameter Store, the value of {parameter}, has changed")
            }
        }
    }
}

impl Session {
    /// Reads back the plan that is in the account as this change set, if it can still be carried out and nothing has moved since it was made.
    ///
    /// # Errors
    /// [`Error::ChangeSet`], [`Error::Moved`], [`Error::NoSuchStack`], [`Error::Busy`], or a call fails.
    pub async fn prepare_saved(
        &self,
        wanted: &Wanted,
        change_set: &str,
        observer: &dyn Observer,
    ) -> Result<Prepared, Error> {
        let name = &wanted.stack.stack_name;
        let mut operation: Option<Operation> = None;
        let mut pauses = Pauses::new(Duration::from_millis(500), Duration::from_secs(5));
        loop {
            let stack = self.stack(name).await?;
            let page = match self.change_set_page(change_set, Some(name), None).await {
                Ok(page) => Some(page),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error),
            };
            let statuses = page.as_ref().map(statuses);
            let situation = Situation {
                operation: operation.as_ref().map_or(Whose::NotKnown, Operation::whose),
                chosen: statuses.as_ref().map(|(status, execution)| (status, execution)),
                ..Situation::of(stack.as_ref().map(|stack| &stack.status))
            };
            match (next_action(Wish::Apply, &situation), stack, page) {
                (Action::Execute, Some(stack), Some(page)) => {
                    let plan = self.read_back(wanted, stack, page).await?;
                    return Ok(Prepared::Planned(Box::new(plan)));
                }
                (Action::Nothing, Some(stack), _) => return self.unchanged(wanted, stack, Vec::new(), observer).await,
                (Action::AwaitChangeSet | Action::WaitForCleanup, ..) => pauses.wait().await,
                (Action::LookForOperation, Some(stack), _) => {
                    operation = Some(self.latest_operation(&stack.stack_id).await?);
                }
                (Action::Follow, Some(stack), _) => {
                    let found = match operation.take() {
                        Some(operation) => operation,
                        None => self.latest_operation(&stack.stack_id).await?,
                    };
                    self.follow_earlier(&stack, &found, observer).await?;
                    pauses.wait().await;
                }
                (Action::Busy, Some(stack), _) => {
                    return Err(Error::Busy { stack: name.clone(), status: stack.status, operation });
                }
                (Action::Stuck(why), ..) => {
                    let (stack, change_set) = (name.clone(), change_set.to_owned());
                    return Err(Error::ChangeSet { stack, change_set, why });
                }
                _ => return Err(Error::NoSuchStack { stack: name.clone() }),
            }
        }
    }

    async fn read_back(
        &self,
        wanted: &Wanted,
        stack: DeployedStack,
        page: DescribeChangeSetOutput,
    ) -> Result<Plan, Error> {
        let change_set_id = page.change_set_id().unwrap_or_default().to_owned();
        let is_new = stack.status == StackStatus::ReviewInProgress;
        let new_template = self.template_of(&stack.stack_id, Some(&change_set_id)).await?.unwrap_or_default();
        let mut moved = Vec::new();
        let planned = Planned::of(&page);
        moved.extend(moved_stack(is_new, &planned, stack.last_change));
        for (name, value) in &wanted.parameters {
            let is_secret = new_template.parameter(name).is_none_or(skysmith_template::Parameter::is_no_echo);
            if !is_secret && planned.parameters.get(name).is_some_and(|planned| planned != value) {
                moved.push(Moved::Parameter { name: name.clone() });
            }
        }
        let old_template = if is_new { None } else { self.template(&stack.stack_id).await? };
        let mut held = Vec::new();
        if new_template != wanted.template {
            // Outputs that other stacks still read are in the plan, and not in the app.
            let mut is_same = false;
            if let Some(old) = &old_template {
                held = self.outputs_to_hold(wanted, &stack, old).await?;
                is_same = !held.is_empty() && wanted.holding(old, &held).template == new_template;
            }
            if !is_same {
                moved.push(Moved::Template);
            }
        }
        let mut plan = Plan {
            stack_name: stack.stack_name.clone(),
            stack_id: stack.stack_id.clone(),
            change_set_name: page.change_set_name().unwrap_or_default().to_owned(),
            change_set_id,
            kind: if is_new { ChangeSetKind::Create } else { ChangeSetKind::Update },
            changes: Vec::new(),
            based_on: if is_new { None } else { stack.last_change },
            deployed: (!is_new).then(|| Box::new(stack.clone())),
            old_template,
            new_template,
            termination_protection: wanted.protection_to_set(Some(&stack)),
            held,
            nested: Vec::new(),
            is_direct: false,
            protect: wanted.settings.protect,
            allowed: Vec::new(),
            submission: None,
            resolved: Vec::new(),
        };
        self.fill_in(&mut plan, page).await?;
        if !plan.changes.is_empty() && plan.changes.iter().all(|change| change.action == ChangeAction::Import) {
            plan.kind = ChangeSetKind::Import;
        }
        moved.extend(self.moved_values(&plan.resolved).await?);
        if moved.is_empty() {
            crate::deploy::refuse_taken_names(&plan)?;
            Ok(plan)
        } else {
            Err(Error::Moved { stack: stack.stack_name, moved })
        }
    }

    /// What has moved between the plan and now, with the plan still in hand.
    ///
    /// # Errors
    /// [`Error::Moved`], [`Error::Busy`], or a call fails.
    pub(crate) async fn require_unmoved(&self, plan: &Plan) -> Result<(), Error> {
        let mut moved = self.moved_values(&plan.resolved).await?;
        // A new stack cannot have been changed: its change set is all there is.
        if let Some(before) = plan.based_on {
            let stack = self.stack(&plan.stack_id).await?;
            let stack = stack.ok_or_else(|| Error::NoSuchStack { stack: plan.stack_name.clone() })?;
            if stack.status.is_in_progress() {
                let operation = self.latest_operation(&plan.stack_id).await.ok();
                return Err(Error::Busy { stack: plan.stack_name.clone(), status: stack.status, operation });
            }
            if stack.status == StackStatus::DeleteComplete {
                return Err(Error::NoSuchStack { stack: plan.stack_name.clone() });
            }
            if stack.last_change != Some(before) {
                moved.push(Moved::Stack { before: Some(before), now: stack.last_change });
            }
        }
        if moved.is_empty() { Ok(()) } else { Err(Error::Moved { stack: plan.stack_name.clone(), moved }) }
    }

    /// Which of the values that CloudFormation resolved are others now.
    async fn moved_values(&self, resolved: &[Resolved]) -> Result<Vec<Moved>, Error> {
        let mut now: BTreeMap<String, String> = BTreeMap::new();
        for chunk in resolved.chunks(PARAMETERS_AT_ONCE) {
            let names = chunk.iter().map(|one| one.source.clone()).collect();
            let answer = self.ssm().get_parameters().set_names(Some(names)).send().await;
            let answer = answer.map_err(|error| Error::from_sdk("GetParameters", &error))?;
            for found in answer.parameters() {
                // With a version in the request, the answer has it apart from the name.
                let name = format!("{}{}", found.name().unwrap_or_default(), found.selector().unwrap_or_default());
                now.insert(name, found.value().unwrap_or_default().to_owned());
            }
        }
        Ok(moved_values(resolved, &now))
    }
}

fn moved_values(resolved: &[Resolved], now: &BTreeMap<String, String>) -> Vec<Moved> {
    let is_other = |one: &&Resolved| now.get(&one.source) != Some(&one.value);
    let moved = |one: &Resolved| Moved::StoredValue { parameter: one.name.clone(), source: one.source.clone() };
    resolved.iter().filter(is_other).map(moved).collect()
}

fn statuses(page: &DescribeChangeSetOutput) -> (ChangeSetStatus, ExecutionStatus) {
    let status = page.status().map_or("", |status| status.as_str());
    let execution = page.execution_status().map_or("", |status| status.as_str());
    (ChangeSetStatus::parse(status), ExecutionStatus::parse(execution))
}

/// What a change set says about the time when it was made.
#[derive(Debug, Default)]
struct Planned {
    fingerprint: Option<Fingerprint>,
    created: Option<i64>,
    parameters: BTreeMap<String, String>,
}

impl Planned {
    fn of(page: &DescribeChangeSetOutput) -> Self {
        let parameters = page.parameters().iter();
        let value = |parameter: &aws_sdk_cloudformation::types::Parameter| {
            Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned()))
        };
        Self {
            fingerprint: page.description().and_then(Fingerprint::parse),
            created: page.creation_time().map(aws_sdk_s3::primitives::DateTime::secs),
            parameters: parameters.filter_map(value).collect(),
        }
    }
}

fn moved_stack(is_new: bool, planned: &Planned, now: Option<i64>) -> Option<Moved> {
    // While nothing but change sets is there, nothing can have been changed.
    if is_new {
        return None;
    }
    let before = match &planned.fingerprint {
        Some(fingerprint) if fingerprint.based_on == now => return None,
        Some(fingerprint) => fingerprint.based_on,
        // Made by another tool: the stack must not have been changed after it.
        None if planned.created >= now => return None,
        None => planned.created,
    };
    Some(Moved::Stack { before, now })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(based_on: Option<Option<i64>>, created: i64) -> Planned {
        let fingerprint = based_on.map(|based_on| Fingerprint { id: "a".into(), based_on, ..Fingerprint::default() });
        Planned { fingerprint, created: Some(created), ..Planned::default() }
    }

    #[test]
    fn a_stack_that_was_changed_since_is_found() {
        assert_eq!(moved_stack(false, &planned(Some(Some(5)), 9), Some(5)), None);
        assert_eq!(
            moved_stack(false, &planned(Some(Some(5)), 9), Some(7)),
            Some(Moved::Stack { before: Some(5), now: Some(7) })
        );
        // It was new when the plan was made, and somebody has created it since.
        assert!(moved_stack(false, &planned(Some(None), 9), Some(7)).is_some());
        assert_eq!(moved_stack(true, &planned(Some(None), 9), Some(7)), None);
        // Made by another tool.
        assert_eq!(moved_stack(false, &planned(None, 9), Some(7)), None);
        assert!(moved_stack(false, &planned(None, 9), Some(10)).is_some());
    }

    #[test]
    fn a_stored_value_that_is_another_or_gone_is_found() {
        let resolved = |source: &str| Resolved { name: "Code".into(), source: source.into(), value: "v1".into() };
        let now: BTreeMap<String, String> =
            [("/a".to_owned(), "v1".to_owned()), ("/b".to_owned(), "v2".to_owned())].into();
        assert_eq!(moved_values(&[resolved("/a")], &now), []);
        for source in ["/b", "/c"] {
            let expected = Moved::StoredValue { parameter: "Code".into(), source: source.into() };
            assert_eq!(moved_values(&[resolved(source)], &now), [expected]);
        }
    }
}
