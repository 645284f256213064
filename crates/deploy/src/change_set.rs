//! The plan: a change set that CloudFormation has worked out and nobody has executed.

use std::time::Duration;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, ResourceToImport, Tag};
use skysmith_template::Template;

use crate::operation::token;
use crate::pace::Pauses;
use crate::wanted::ParameterValue;
use crate::{ChangeSetStatus, DeployedStack, Error, ReadOutput, Session, Wanted};

/// A change set may have this many pages of changes; a stack has at most 500 resources.
const MAX_PAGES: usize = 50;

/// What happens to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeAction {
    /// It is made.
    Add,
    /// It is changed, perhaps replaced.
    Modify,
    /// It is removed, or left behind if its policy says so.
    Remove,
    /// It exists already and becomes part of the stack.
    Import,
    /// CloudFormation cannot say: it lies in a nested stack or a macro's result.
    Dynamic,
    /// Something new.
    Other(String),
}

/// Whether a new resource is made in the place of the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replacement {
    /// It is changed in place.
    #[default]
    Never,
    /// That depends on what is known only while deploying.
    Conditional,
    /// It is replaced.
    Always,
}

impl Replacement {
    /// Reads `Replacement` as well as `RequiresRecreation`.
    fn parse(text: Option<&str>) -> Self {
        match text {
            Some("True" | "Always") => Self::Always,
            Some("Conditional" | "Conditionally") => Self::Conditional,
            _ => Self::Never,
        }
    }
}

/// Why a resource changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeDetail {
    /// The part of the resource: `Properties`, `Metadata`, `Tags`, ...
    pub attribute: String,
    /// The property, if it is one.
    pub name: Option<String>,
    /// The place in it, as a JSON pointer.
    pub path: Option<String>,
    /// Whether this change alone calls for a new resource.
    pub requires_recreation: Replacement,
    /// Whether the new value is known (`Static`) or will be only while deploying (`Dynamic`).
    pub evaluation: Option<String>,
    /// Where the change comes from: `DirectModification`, `ParameterReference`, ...
    pub source: Option<String>,
    /// The parameter or resource behind it.
    pub causing_entity: Option<String>,
    /// The value before, where CloudFormation tells.
    pub before: Option<String>,
    /// The value after, where CloudFormation tells.
    pub after: Option<String>,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What happens.
    pub action: ChangeAction,
    /// The resource.
    pub logical_id: String,
    /// Its name in AWS, if it exists.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Whether it is replaced.
    pub replacement: Replacement,
    /// What becomes of the old one: `Delete`, `Retain`, `ReplaceAndSnapshot`, ...
    pub policy_action: Option<String>,
    /// The parts that change.
    pub scope: Vec<String>,
    /// Why.
    pub details: Vec<ChangeDetail>,
}

/// The kind of a change set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSetKind {
    /// The stack is made.
    Create,
    /// The stack is changed.
    Update,
    /// Existing resources become part of the stack.
    Import,
}

/// A change that CloudFormation has worked out, as a value. Nothing happens until it is [executed](Session::execute); one that will not be must be
/// [discarded](Session::discard).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The stack's name.
    pub stack_name: String,
    /// The stack's id. CloudFormation has made the stack already if it is new, without any resources.
    pub stack_id: String,
    /// The change set's id.
    pub change_set_id: String,
    /// The change set's name, for people.
    pub change_set_name: String,
    /// The kind.
    pub kind: ChangeSetKind,
    /// What happens to each resource, in CloudFormation's order.
    pub changes: Vec<Change>,
    /// When the stack was last changed before the plan, in seconds since 1970: it is outdated if that moves.
    pub based_on: Option<i64>,
    /// The template deployed before, if any.
    pub old_template: Option<Template>,
    /// The template to be deployed.
    pub new_template: Template,
    /// Whether the stack shall be protected from deletion, if that is to change, once the plan has succeeded.
    pub termination_protection: Option<bool>,
    /// Outputs that this still has, though they are not wanted: deploy their readers, then this stack again.
    pub held: Vec<ReadOutput>,
}

impl Plan {
    /// What executing this would lose or leave behind. `is_stateful` tells whether a resource type holds data.
    #[must_use]
    pub fn data_loss(&self, is_stateful: &dyn Fn(&str) -> bool) -> Vec<crate::DataLoss> {
        crate::guard::data_loss(&self.changes, self.old_template.as_ref(), &self.new_template, is_stateful)
    }
}

/// Where CloudFormation takes the template from.
pub(crate) enum TemplateSource {
    Inline(String),
    Url(String),
}

impl Session {
    /// Makes a change set and waits for it. `None`: it has no changes, and is gone again.
    pub(crate) async fn plan(
        &self,
        wanted: &Wanted,
        kind: ChangeSetKind,
        deployed: Option<&DeployedStack>,
        old_template: Option<Template>,
        source: &TemplateSource,
    ) -> Result<Option<Plan>, Error> {
        let name = token();
        let previous = if kind == ChangeSetKind::Create { None } else { deployed.zip(old_template.as_ref()) };
        let mut request = self
            .cloudformation
            .create_change_set()
            .stack_name(&wanted.stack.stack_name)
            .change_set_name(&name)
            .client_token(&name)
            .change_set_type(match kind {
                ChangeSetKind::Create => ChangeSetType::Create,
                ChangeSetKind::Update => ChangeSetType::Update,
                ChangeSetKind::Import => ChangeSetType::Import,
            })
            .set_role_arn(wanted.stack.execution_role_arn.as_deref().map(|role| self.placeholders().fill(role)))
            .set_notification_arns(wanted.stack.notification_arns.clone());
        request = match source {
            TemplateSource::Inline(body) => request.template_body(body),
            TemplateSource::Url(url) => request.template_url(url),
        };
        for (key, value) in wanted.parameter_values(previous)? {
            let parameter = Parameter::builder().parameter_key(key);
            request = request.parameters(match value {
                ParameterValue::Given(value) => parameter.parameter_value(value).build(),
                ParameterValue::Previous => parameter.use_previous_value(true).build(),
            });
        }
        for capability in wanted.capabilities() {
            request = request.capabilities(Capability::from(capability));
        }
        for (key, value) in &wanted.tags {
            request = request.tags(Tag::builder().key(key).value(value).build());
        }
        if wanted.template.resources().any(|resource| resource.resource_type() == Some("AWS::CloudFormation::Stack")) {
            request = request.include_nested_stacks(true);
        }
        for import in &wanted.imports {
            let resource = ResourceToImport::builder()
                .logical_resource_id(&import.logical_id)
                .resource_type(&import.resource_type)
                .set_resource_identifier(Some(import.identifier.clone().into_iter().collect()));
            request = request.resources_to_import(resource.build());
        }
        let (stack_id, change_set_id) = match request.send().await {
            Ok(made) => (made.stack_id, made.id),
            Err(error) => match Error::from_sdk("CreateChangeSet", &error) {
                // The name is ours alone: an earlier try arrived, and only its answer was lost.
                Error::Service(error) if error.code == "AlreadyExistsException" => {
                    let request = self.cloudformation.describe_change_set().stack_name(&wanted.stack.stack_name);
                    let found = request.change_set_name(&name).send().await;
                    let found = found.map_err(|error| Error::from_sdk("DescribeChangeSet", &error))?;
                    (found.stack_id, found.change_set_id)
                }
                error => return Err(error),
            },
        };
        self.planned(Plan {
            stack_name: wanted.stack.stack_name.clone(),
            stack_id: stack_id.unwrap_or_default(),
            change_set_id: change_set_id.unwrap_or_default(),
            change_set_name: name,
            kind,
            changes: Vec::new(),
            based_on: deployed.and_then(|stack| stack.last_change),
            old_template,
            new_template: wanted.template.clone(),
            termination_protection: wanted
                .stack
                .termination_protection
                .filter(|wanted| deployed.is_none_or(|stack| stack.termination_protection != *wanted)),
            held: Vec::new(),
        })
        .await
    }

    /// Waits until CloudFormation has worked out the changes of a plan. `None`: there are none, and the change set is gone again.
    pub(crate) async fn planned(&self, mut plan: Plan) -> Result<Option<Plan>, Error> {
        match self.await_change_set(&plan).await {
            Ok(Some(changes)) => {
                plan.changes = changes;
                Ok(Some(plan))
            }
            Ok(None) => {
                self.discard(&plan).await?;
                Ok(None)
            }
            Err(error) => {
                // The reason is what counts; a change set that is left over is harmless and found by the next run.
                let _ = self.discard(&plan).await;
                Err(error)
            }
        }
    }

    /// The changes, or `None` if there are none.
    async fn await_change_set(&self, plan: &Plan) -> Result<Option<Vec<Change>>, Error> {
        let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(2));
        loop {
            let page = self.change_set_page(plan, None).await?;
            let status = ChangeSetStatus::parse(page.status().map_or("", |status| status.as_str()));
            let reason = page.status_reason().unwrap_or_default();
            match status {
                ChangeSetStatus::CreateComplete => return self.remaining_pages(plan, page).await.map(Some),
                ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress => pauses.wait().await,
                ChangeSetStatus::Failed if says_no_changes(reason) => return Ok(None),
                ChangeSetStatus::Failed
                | ChangeSetStatus::DeletePending
                | ChangeSetStatus::DeleteInProgress
                | ChangeSetStatus::DeleteComplete
                | ChangeSetStatus::DeleteFailed
                | ChangeSetStatus::Unknown(_) => {
                    let reason =
                        if reason.is_empty() { format!("the change set is in {status}") } else { reason.to_owned() };
                    return Err(Error::ChangeSetFailed { stack: plan.stack_name.clone(), reason });
                }
            }
        }
    }

    async fn remaining_pages(&self, plan: &Plan, first: DescribeChangeSetOutput) -> Result<Vec<Change>, Error> {
        let mut changes: Vec<Change> = Vec::new();
        let mut page = first;
        for _ in 0..MAX_PAGES {
            changes.extend(page.changes().iter().filter_map(|change| change.resource_change()).map(Change::from_sdk));
            match page.next_token() {
                Some(token) => page = self.change_set_page(plan, Some(token.to_owned())).await?,
                None => break,
            }
        }
        Ok(changes)
    }

    async fn change_set_page(&self, plan: &Plan, token: Option<String>) -> Result<DescribeChangeSetOutput, Error> {
        self.turn().await;
        let request = self.cloudformation.describe_change_set().stack_name(&plan.stack_id);
        let request = request.change_set_name(&plan.change_set_id).set_next_token(token);
        request.send().await.map_err(|error| Error::from_sdk("DescribeChangeSet", &error))
    }

    /// Whether the change set has been executed, or is being executed.
    pub(crate) async fn is_executed(&self, plan: &Plan) -> Result<bool, Error> {
        let page = self.change_set_page(plan, None).await?;
        Ok(matches!(
            page.execution_status().map(aws_sdk_cloudformation::types::ExecutionStatus::as_str),
            Some("EXECUTE_IN_PROGRESS" | "EXECUTE_COMPLETE" | "EXECUTE_FAILED")
        ))
    }

    /// Removes the change set, and the stack as well if it has never had anything else.
    ///
    /// # Errors
    /// A call fails.
    pub async fn discard(&self, plan: &Plan) -> Result<(), Error> {
        self.remove_change_set(&plan.stack_id, &plan.change_set_id).await?;
        // By the id: a stack of the same name that somebody made meanwhile is another one.
        if plan.kind == ChangeSetKind::Update { Ok(()) } else { self.delete_never_made(&plan.stack_id).await }
    }
}

/// CloudFormation has two ways to say that a change set is empty, and no code for either.
fn says_no_changes(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

impl Change {
    fn from_sdk(change: &aws_sdk_cloudformation::types::ResourceChange) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let action = match change.action().map(aws_sdk_cloudformation::types::ChangeAction::as_str) {
            Some("Add") => ChangeAction::Add,
            Some("Modify") => ChangeAction::Modify,
            Some("Remove") => ChangeAction::Remove,
            Some("Import") => ChangeAction::Import,
            Some("Dynamic") => ChangeAction::Dynamic,
            other => ChangeAction::Other(other.unwrap_or_default().to_owned()),
        };
        let detail = |detail: &aws_sdk_cloudformation::types::ResourceChangeDetail| {
            let target = detail.target();
            ChangeDetail {
                attribute: target
                    .and_then(|target| target.attribute())
                    .map_or_else(String::new, |attribute| attribute.as_str().to_owned()),
                name: text(target.and_then(|target| target.name())),
                path: text(target.and_then(|target| target.path())),
                requires_recreation: Replacement::parse(
                    target
                        .and_then(|target| target.requires_recreation())
                        .map(aws_sdk_cloudformation::types::RequiresRecreation::as_str),
                ),
                evaluation: detail.evaluation().map(|value| value.as_str().to_owned()),
                source: detail.change_source().map(|value| value.as_str().to_owned()),
                causing_entity: text(detail.causing_entity()),
                before: text(target.and_then(|target| target.before_value())),
                after: text(target.and_then(|target| target.after_value())),
            }
        };
        Self {
            action,
            logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
            physical_id: text(change.physical_resource_id()),
            resource_type: change.resource_type().unwrap_or_default().to_owned(),
            replacement: Replacement::parse(
                change.replacement().map(aws_sdk_cloudformation::types::Replacement::as_str),
            ),
            policy_action: change.policy_action().map(|value| value.as_str().to_owned()),
            scope: change.scope().iter().map(|attribute| attribute.as_str().to_owned()).collect(),
            details: change.details().iter().map(detail).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_change_sets_are_told_by_their_words() {
        assert!(says_no_changes(
            "The submitted information didn't contain changes. Submit different information to create a change set."
        ));
        assert!(says_no_changes("No updates are to be performed."));
        assert!(!says_no_changes("Transform failed with: no changes here"));
    }
}
