//! The plan: a change set that CloudFormation has worked out and nobody has executed.

use std::time::Duration;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{ChangeSetType, ResourceToImport};
use skysmith_template::Template;

use crate::fingerprint::Fingerprint;
use crate::operation::token;
use crate::pace::Pauses;
use crate::settings::Submission;
use crate::{ChangeSetStatus, DeployedStack, Error, Failure, ReadOutput, Session, StackStatus, Wanted, Work};

/// A change set may have this many pages of changes; a stack has at most 500 resources.
const MAX_PAGES: usize = 50;
/// Nested stacks in nested stacks whose changes are read.
const MAX_DEPTH: usize = 6;
const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

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

impl Change {
    /// The same as what a comparison of templates [takes in](skysmith_diff::TemplateDiff::join); nothing for resources that
    /// are imported and for what CloudFormation cannot say.
    #[must_use]
    pub fn observed(&self) -> Option<skysmith_diff::Observed> {
        let replacement = |replacement| match replacement {
            Replacement::Never => skysmith_diff::Replacement::Never,
            Replacement::Conditional => skysmith_diff::Replacement::Conditional,
            Replacement::Always => skysmith_diff::Replacement::Always,
        };
        let cause = |detail: &ChangeDetail| skysmith_diff::ObservedCause {
            property: detail.name.clone().filter(|_| detail.attribute == "Properties"),
            replacement: replacement(detail.requires_recreation),
            entity: detail.causing_entity.clone(),
            before: detail.before.clone(),
            after: detail.after.clone(),
        };
        Some(skysmith_diff::Observed {
            logical_id: self.logical_id.clone(),
            resource_type: self.resource_type.clone(),
            action: match self.action {
                ChangeAction::Add => skysmith_diff::Action::Add,
                ChangeAction::Modify => skysmith_diff::Action::Change,
                ChangeAction::Remove => skysmith_diff::Action::Remove,
                ChangeAction::Import | ChangeAction::Dynamic | ChangeAction::Other(_) => return None,
            },
            replacement: replacement(self.replacement),
            policy_action: self.policy_action.clone(),
            causes: self.details.iter().map(cause).collect(),
        })
    }
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
    /// The stack as it was before, if it has been deployed.
    pub deployed: Option<Box<DeployedStack>>,
    /// The template deployed before, if any.
    pub old_template: Option<Template>,
    /// The template to be deployed.
    pub new_template: Template,
    /// Whether the stack shall be protected from deletion, if that is to change, once the plan has succeeded.
    pub termination_protection: Option<bool>,
    /// Outputs that this still has, though they are not wanted: deploy their readers, then this stack again.
    pub held: Vec<ReadOutput>,
    /// What happens in nested stacks.
    pub nested: Vec<NestedPlan>,
    /// Whether it is carried out without a change set; then the changes are what the templates tell.
    pub is_direct: bool,
    /// Whether the stack is protected: see [`Settings::protect`](crate::Settings::protect).
    pub protect: bool,
    /// The resources that may be replaced or removed although the stack is protected: see [`Plan::allowing`].
    pub(crate) allowed: Vec<String>,
    /// What was sent; `None` for a change set that another run made.
    pub(crate) submission: Option<Box<Submission>>,
    /// The parameters whose values CloudFormation took from elsewhere when it worked out the plan.
    pub(crate) resolved: Vec<Resolved>,
}

/// What happens in a nested stack.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NestedPlan {
    /// The logical ids of the nested stack and those around it, from the outermost.
    pub path: Vec<String>,
    /// What happens to each resource.
    pub changes: Vec<Change>,
    /// The nested stack's template before, if there is one.
    pub old_template: Option<Template>,
    /// The nested stack's template to be deployed.
    pub new_template: Template,
}

/// A parameter whose value is kept in the Parameter Store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The template's parameter.
    pub name: String,
    /// The name in the Parameter Store.
    pub source: String,
    /// The value when the change set was made.
    pub value: String,
}

impl Plan {
    /// What executing this would lose or leave behind. `is_stateful` tells whether a resource type holds data.
    #[must_use]
    pub fn data_loss(&self, is_stateful: &dyn Fn(&str) -> bool) -> Vec<crate::DataLoss> {
        let mut losses =
            crate::guard::data_loss(&self.changes, self.old_template.as_ref(), &self.new_template, is_stateful);
        for nested in &self.nested {
            let inner = crate::guard::data_loss(
                &nested.changes,
                nested.old_template.as_ref(),
                &nested.new_template,
                is_stateful,
            );
            losses.extend(inner.into_iter().map(|loss| crate::DataLoss { nested_in: nested.path.clone(), ..loss }));
        }
        losses
    }

    /// The same, with permission to lose these: a protected stack's policy makes an exception for them, in this one update.
    #[must_use]
    pub fn allowing<'a>(mut self, losses: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed.extend(losses.into_iter().map(str::to_owned));
        self
    }
}

/// Where CloudFormation takes the template from.
#[derive(Clone, Debug)]
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
        let id = token();
        let name = wanted.settings.change_set_name.clone().unwrap_or_else(|| id.clone());
        let based_on = deployed.and_then(|stack| stack.last_change);
        let fingerprint = Fingerprint {
            id: id.clone(),
            based_on,
            caller: self.identity().arn.clone(),
            revision: wanted.settings.revision.clone(),
        };
        let previous = if kind == ChangeSetKind::Create { None } else { deployed.zip(old_template.as_ref()) };
        let submission = self.submission(wanted, previous, source)?;
        let Submission { parameters, capabilities, tags, role_arn, notification_arns, rollback, deployment, .. } =
            submission.clone();
        let mut request = self
            .cloudformation
            .create_change_set()
            .stack_name(&wanted.stack.stack_name)
            .change_set_name(&name)
            .client_token(&id)
            .description(fingerprint.to_string())
            .change_set_type(match kind {
                ChangeSetKind::Create => ChangeSetType::Create,
                ChangeSetKind::Update => ChangeSetType::Update,
                ChangeSetKind::Import => ChangeSetType::Import,
            })
            .set_parameters(Some(parameters))
            .set_capabilities(Some(capabilities))
            .set_tags(Some(tags))
            .set_role_arn(role_arn)
            .set_notification_arns(notification_arns)
            .set_rollback_configuration(rollback)
            .set_deployment_config(deployment);
        request = match source {
            TemplateSource::Inline(body) => request.template_body(body),
            TemplateSource::Url(url) => request.template_url(url),
        };
        if wanted.settings.import_existing {
            request = request.import_existing_resources(true);
        }
        if wanted.template.resources().any(|resource| resource.resource_type() == Some(NESTED_STACK)) {
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
                // With our description, an earlier try arrived and only its answer was lost.
                Error::Service(error) if error.code == "AlreadyExistsException" => {
                    let request = self.cloudformation.describe_change_set().stack_name(&wanted.stack.stack_name);
                    let found = request.change_set_name(&name).send().await;
                    let found = found.map_err(|error| Error::from_sdk("DescribeChangeSet", &error))?;
                    if found.description().and_then(Fingerprint::parse).is_none_or(|found| found.id != id) {
                        let stack = wanted.stack.stack_name.clone();
                        return Err(Error::ChangeSetExists { stack, change_set: name });
                    }
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
            based_on,
            deployed: deployed.cloned().map(Box::new),
            old_template,
            new_template: wanted.template.clone(),
            termination_protection: wanted.protection_to_set(deployed),
            held: Vec::new(),
            nested: Vec::new(),
            is_direct: false,
            protect: wanted.settings.protect,
            allowed: Vec::new(),
            submission: Some(Box::new(submission)),
            resolved: Vec::new(),
        })
        .await
    }

    /// Waits until CloudFormation has worked out the changes of a plan. `None`: there are none, and the change set is gone again.
    pub(crate) async fn planned(&self, mut plan: Plan) -> Result<Option<Plan>, Error> {
        match self.await_change_set(&mut plan).await {
            Ok(Some(())) => Ok(Some(plan)),
            Ok(None) => {
                self.discard(&plan).await?;
                Ok(None)
            }
            Err(error) => {
                // Before the change set goes, and a stack that was made for it alone: its findings go with it.
                let error = self.explained(&plan, error).await;
                // The reason is what counts; a change set that is left over is harmless and found by the next run.
                let _ = self.discard(&plan).await;
                Err(error)
            }
        }
    }

    /// What CloudFormation's early validation has found, where a change set's own words are only that it has found something.
    async fn explained(&self, plan: &Plan, error: Error) -> Error {
        if !matches!(&error, Error::ChangeSetFailed { reason, .. } if names_validation(reason)) {
            return error;
        }
        let mut found = self.validation_errors(&plan.stack_id).await.into_iter();
        let Some(cause) = found.next() else { return error };
        let stack = self.stack(&plan.stack_id).await.ok().flatten();
        Error::Failed(Box::new(Failure {
            stack_name: plan.stack_name.clone(),
            stack_id: plan.stack_id.clone(),
            status: stack.map_or(StackStatus::ReviewInProgress, |stack| stack.status),
            cause: Some(cause),
            others: found.collect(),
            way_back: Vec::new(),
            cancelled: 0,
            remaining: Vec::new(),
        }))
    }

    /// Fills in what CloudFormation worked out; `None` if there are no changes.
    async fn await_change_set(&self, plan: &mut Plan) -> Result<Option<()>, Error> {
        let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(2));
        if self.lanes.are_many() {
            // It takes some seconds on AWS, in which the others need the calls more.
            pauses = Pauses::new(Duration::from_millis(1500), Duration::from_secs(3));
            pauses.wait().await;
        }
        loop {
            let page = self.change_set_page(&plan.change_set_id, Some(&plan.stack_id), None).await?;
            let status = ChangeSetStatus::parse(page.status().map_or("", |status| status.as_str()));
            let reason = page.status_reason().unwrap_or_default();
            match status {
                ChangeSetStatus::CreateComplete => return self.fill_in(plan, page).await.map(Some),
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

    /// Fills in what the change set says: the changes, those of nested stacks, and the values that were taken from elsewhere.
    pub(crate) async fn fill_in(&self, plan: &mut Plan, first: DescribeChangeSetOutput) -> Result<(), Error> {
        plan.resolved = first
            .parameters()
            .iter()
            .filter_map(|parameter| {
                Some(Resolved {
                    name: parameter.parameter_key()?.to_owned(),
                    source: parameter.parameter_value()?.to_owned(),
                    value: parameter.resolved_value()?.to_owned(),
                })
            })
            .filter(|resolved| is_from_parameter_store(&plan.new_template, &resolved.name))
            .collect();
        let (changes, inner) = self.read_changes(&plan.change_set_id, Some(&plan.stack_id), first).await?;
        plan.changes = changes;
        let mut waiting: Vec<(Vec<String>, Inner)> =
            inner.into_iter().map(|inner| (vec![inner.logical_id.clone()], inner)).collect();
        while let Some((path, inner)) = waiting.pop() {
            if path.len() > MAX_DEPTH {
                continue;
            }
            let page = self.change_set_page(&inner.change_set, None, None).await?;
            let stack = page.stack_id().unwrap_or_default().to_owned();
            let (changes, deeper) = self.read_changes(&inner.change_set, None, page).await?;
            waiting.extend(
                deeper.into_iter().map(|inner| ([path.clone(), vec![inner.logical_id.clone()]].concat(), inner)),
            );
            let is_harmless = |change: &Change| {
                change.action != ChangeAction::Remove
                    && change.replacement == Replacement::Never
                    && !change.scope.iter().any(|part| part == "DeletionPolicy")
            };
            // The templates only tell what a policy keeps, so they are read where something goes, or where that changes.
            let (mut old_template, mut new_template) = (None, Template::new());
            if !changes.iter().all(is_harmless) {
                if let Some(id) = &inner.physical_id {
                    old_template = self.template(id).await?;
                }
                new_template = self.template_of(&stack, Some(&inner.change_set)).await?.unwrap_or_default();
            }
            plan.nested.push(NestedPlan { path, changes, old_template, new_template });
        }
        plan.nested.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    /// All pages of a change set: its changes, and the change sets of nested stacks.
    async fn read_changes(
        &self,
        change_set: &str,
        stack: Option<&str>,
        first: DescribeChangeSetOutput,
    ) -> Result<(Vec<Change>, Vec<Inner>), Error> {
        let (mut changes, mut inner) = (Vec::new(), Vec::new());
        let mut page = first;
        for _ in 0..MAX_PAGES {
            for change in page.changes().iter().filter_map(|change| change.resource_change()) {
                changes.push(Change::from_sdk(change));
                inner.extend(change.change_set_id().filter(|id| !id.is_empty()).map(|id| Inner {
                    logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
                    physical_id: change.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned),
                    change_set: id.to_owned(),
                }));
            }
            match page.next_token() {
                Some(token) => page = self.change_set_page(change_set, stack, Some(token.to_owned())).await?,
                None => break,
            }
        }
        Ok((changes, inner))
    }

    /// A page of a change set, given by its id, or by its name and its stack's.
    pub(crate) async fn change_set_page(
        &self,
        change_set: &str,
        stack: Option<&str>,
        token: Option<String>,
    ) -> Result<DescribeChangeSetOutput, Error> {
        let request = self.cloudformation.describe_change_set().change_set_name(change_set).set_next_token(token);
        let request = request.set_stack_name(stack.map(str::to_owned));
        request.send().await.map_err(|error| Error::from_sdk("DescribeChangeSet", &error))
    }

    /// Whether the change set has been executed, or is being executed.
    pub(crate) async fn is_executed(&self, plan: &Plan) -> Result<bool, Error> {
        let page = self.change_set_page(&plan.change_set_id, Some(&plan.stack_id), None).await?;
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
        if plan.is_direct {
            return Ok(());
        }
        self.remove_change_set(&plan.stack_id, &plan.change_set_id).await?;
        if plan.kind == ChangeSetKind::Update {
            return Ok(());
        }
        // By the id: a stack of the same name that somebody made meanwhile is another one. With the stack, others' plans for it would go.
        let (ours, others) = self.open_change_sets(&plan.stack_id).await?;
        if ours.is_empty() && others.is_empty() { self.delete_never_made(&plan.stack_id).await } else { Ok(()) }
    }
}

/// A nested stack in a change set.
struct Inner {
    logical_id: String,
    physical_id: Option<String>,
    change_set: String,
}

fn is_from_parameter_store(template: &Template, parameter: &str) -> bool {
    let kind = template.parameter(parameter).and_then(skysmith_template::Parameter::parameter_type);
    kind.is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value"))
}

/// CloudFormation has two ways to say that a change set is empty, and no code for either.
fn says_no_changes(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// `The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot …`
fn names_validation(reason: &str) -> bool {
    reason.contains("EarlyValidation") || reason.contains("hook(s)/validation failed")
}

impl Change {
    /// What is done to the resource.
    #[must_use]
    pub fn work(&self) -> Work {
        match (&self.action, self.replacement) {
            (ChangeAction::Add, _) | (_, Replacement::Always) => Work::Create,
            (ChangeAction::Remove, _) => Work::Delete,
            _ => Work::Change,
        }
    }

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
