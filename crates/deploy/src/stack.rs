//! What CloudFormation knows about a stack.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_sdk_cloudformation::types::{Stack as SdkStack, TemplateStage};
use skysmith_template::Template;

use crate::{Error, Session, StackStatus};

/// An output of a deployed stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name in the template.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its description.
    pub description: Option<String>,
    /// The name of the export, if it is one.
    pub export_name: Option<String>,
}

/// A stack as `DescribeStacks` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeployedStack {
    /// The ARN, which stays unique when a stack of the same name is made again.
    pub stack_id: String,
    /// The name.
    pub stack_name: String,
    /// The status.
    pub status: StackStatus,
    /// CloudFormation's words on the status.
    pub status_reason: Option<String>,
    /// The effective parameters; secret ones are masked by CloudFormation.
    pub parameters: BTreeMap<String, String>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    /// Topics that get the events.
    pub notification_arns: Vec<String>,
    /// Alarms that roll an update back.
    pub rollback_alarms: Vec<String>,
    /// Whether it is protected against deletion.
    pub termination_protection: bool,
    /// The outputs, by name.
    pub outputs: Vec<Output>,
    /// When it was last changed (or made), in seconds since 1970.
    pub last_change: Option<i64>,
}

impl DeployedStack {
    pub(crate) fn from_sdk(stack: &SdkStack) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let mut outputs: Vec<Output> = stack
            .outputs()
            .iter()
            .map(|output| Output {
                name: output.output_key().unwrap_or_default().to_owned(),
                value: output.output_value().unwrap_or_default().to_owned(),
                description: text(output.description()),
                export_name: text(output.export_name()),
            })
            .collect();
        outputs.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            stack_id: stack.stack_id().unwrap_or_default().to_owned(),
            stack_name: stack.stack_name().unwrap_or_default().to_owned(),
            status: StackStatus::parse(stack.stack_status().map_or("", |status| status.as_str())),
            status_reason: text(stack.stack_status_reason()),
            parameters: stack
                .parameters()
                .iter()
                .map(|parameter| {
                    (
                        parameter.parameter_key().unwrap_or_default().to_owned(),
                        parameter.parameter_value().unwrap_or_default().to_owned(),
                    )
                })
                .collect(),
            tags: stack
                .tags()
                .iter()
                .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()))
                .collect(),
            notification_arns: stack.notification_arns().to_vec(),
            rollback_alarms: stack
                .rollback_configuration()
                .map(aws_sdk_cloudformation::types::RollbackConfiguration::rollback_triggers)
                .unwrap_or_default()
                .iter()
                .filter_map(|trigger| trigger.arn().map(str::to_owned))
                .collect(),
            termination_protection: stack.enable_termination_protection().unwrap_or(false),
            outputs,
            last_change: stack
                .last_updated_time()
                .or(stack.creation_time())
                .map(aws_sdk_s3::primitives::DateTime::secs),
        }
    }
}

impl Session {
    /// The stack of this name or id; `None` if there is none. A deleted stack is found by its id only.
    ///
    /// # Errors
    /// The call fails.
    pub async fn stack(&self, name_or_id: &str) -> Result<Option<DeployedStack>, Error> {
        match self.cloudformation.describe_stacks().stack_name(name_or_id).send().await {
            Ok(answer) => Ok(answer.stacks().first().map(DeployedStack::from_sdk)),
            Err(error) => match Error::from_sdk("DescribeStacks", &error) {
                error if error.is_not_found() => Ok(None),
                error => Err(error),
            },
        }
    }

    /// The template of a deployed stack, as it was sent, before any macro; `None` if there is no such stack.
    ///
    /// # Errors
    /// The call fails, or the template cannot be read.
    pub async fn template(&self, name_or_id: &str) -> Result<Option<Template>, Error> {
        self.template_of(name_or_id, None).await
    }

    /// The same of one of its change sets.
    pub(crate) async fn template_of(
        &self,
        name_or_id: &str,
        change_set: Option<&str>,
    ) -> Result<Option<Template>, Error> {
        let request = self.cloudformation.get_template().stack_name(name_or_id).template_stage(TemplateStage::Original);
        let answer = request.set_change_set_name(change_set.map(str::to_owned)).send().await;
        let body = match answer {
            Ok(answer) => answer.template_body().unwrap_or_default().to_owned(),
            Err(error) => match Error::from_sdk("GetTemplate", &error) {
                error if error.is_not_found() => return Ok(None),
                error => return Err(error),
            },
        };
        // A stack that has nothing but change sets has no template yet.
        if body.trim().is_empty() {
            return Ok(None);
        }
        match skysmith_template::read(&body) {
            Ok(document) => Ok(Some(document.template)),
            Err(source) => Err(Error::Template { path: PathBuf::from(name_or_id), source: Box::new(source) }),
        }
    }

    /// The outputs of a stack, by name.
    ///
    /// # Errors
    /// There is no such stack, or the call fails.
    pub async fn outputs(&self, stack_name: &str) -> Result<Vec<Output>, Error> {
        match self.stack(stack_name).await? {
            Some(stack) => Ok(stack.outputs),
            None => Err(Error::NoSuchStack { stack: stack_name.to_owned() }),
        }
    }
}
