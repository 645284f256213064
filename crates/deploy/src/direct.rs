//! Making and changing a stack without a change set: for development, where the six to fifteen seconds that CloudFormation takes to work one out count.
//!
//! There is no verdict of CloudFormation's to go by then. The templates are compared here, and whatever could lose data is left to a change set, as is
//! what a comparison of templates cannot see.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::OnFailure;
use skysmith_diff::{Fate, Known, Side, kept_when_removed};
use skysmith_template::{Resource, Template};

use crate::change_set::TemplateSource;
use crate::operation::token;
use crate::settings::Submission;
use crate::wanted::has_macros;
use crate::{
    Change, ChangeAction, ChangeDetail, ChangeSetKind, DeployedStack, Error, Plan, Replacement, Session, Wanted,
};

impl Session {
    /// The plan by the templates alone.
    ///
    /// # Errors
    /// [`Error::NotDirect`] where a change set is needed.
    pub(crate) fn direct_plan(
        &self,
        wanted: &Wanted,
        kind: ChangeSetKind,
        deployed: Option<&DeployedStack>,
        old_template: Option<Template>,
        source: &TemplateSource,
    ) -> Result<Plan, Error> {
        let stack_name = wanted.stack.stack_name.clone();
        let refused = |reason: String| Error::NotDirect { stack: stack_name.clone(), reason };
        if kind == ChangeSetKind::Import || wanted.settings.import_existing {
            return Err(refused("resources are imported by change sets alone".to_owned()));
        }
        if wanted.settings.protect {
            return Err(refused("it is protected".to_owned()));
        }
        let previous = if kind == ChangeSetKind::Create { None } else { deployed.zip(old_template.as_ref()) };
        let submission = self.submission(wanted, previous, source)?;
        let before = old_template.clone().unwrap_or_default();
        if deployed.is_some()
            && let Some(reason) = blind_spot(&before, &wanted.template)
        {
            return Err(refused(reason.to_owned()));
        }
        let none = BTreeMap::new();
        let had = self.with_place(previous.map_or(&none, |(stack, _)| &stack.parameters));
        let (values, _) = wanted.effective_parameters(previous);
        let has = self.with_place(&values);
        if deployed.is_some()
            && let Some(id) = undecided(&before, &Known::new(&wanted.template, Cow::Borrowed(&has)))
        {
            return Err(refused(format!("a condition that only a change set knows decides whether {id} stays")));
        }
        let found = skysmith_diff::compare(
            Side { template: &before, parameters: Some(&had) },
            Side { template: &wanted.template, parameters: Some(&has) },
        );
        let risks: Vec<&str> = found
            .resources
            .iter()
            .filter(|change| matches!(change.fate, Fate::DataLost | Fate::DataAtRisk))
            .map(|change| change.logical_id.as_str())
            .collect();
        if !risks.is_empty() {
            return Err(refused(format!("data could be lost in {}", risks.join(", "))));
        }
        let changes: Vec<Change> = found.resources.iter().map(change).collect();
        let unkept = crate::data_loss(&[], Some(&before), &wanted.template, &crate::is_stateful);
        if !unkept.is_empty() {
            let ids: Vec<&str> = unkept.iter().map(|loss| loss.logical_id.as_str()).collect();
            return Err(refused(format!("{} would no longer be kept when removed", ids.join(", "))));
        }
        Ok(Plan {
            stack_id: deployed.map(|stack| stack.stack_id.clone()).unwrap_or_default(),
            stack_name,
            change_set_id: String::new(),
            change_set_name: String::new(),
            kind,
            changes,
            based_on: deployed.and_then(|stack| stack.last_change),
            deployed: deployed.cloned().map(Box::new),
            old_template,
            new_template: wanted.template.clone(),
            termination_protection: wanted.protection_to_set(deployed),
            held: Vec::new(),
            nested: Vec::new(),
            is_direct: true,
            protect: false,
            allowed: Vec::new(),
            submission: Some(Box::new(submission)),
            resolved: Vec::new(),
        })
    }

    /// Makes the stack; its id and the operation's token.
    pub(crate) async fn create_directly(&self, name: &str, submission: &Submission) -> Result<(String, String), Error> {
        let token = token();
        let sent = submission.clone();
        let mut request = self
            .cloudformation
            .create_stack()
            .stack_name(name)
            .client_request_token(&token)
            .set_parameters(Some(sent.parameters))
            .set_capabilities(Some(sent.capabilities))
            .set_tags(Some(sent.tags))
            .set_role_arn(sent.role_arn)
            .set_notification_arns(sent.notification_arns)
            .set_rollback_configuration(sent.rollback)
            .set_deployment_config(sent.deployment)
            .retain_except_on_create(true);
        // In EXPRESS mode the way back is part of the deployment's configuration.
        if submission.deployment.is_none() {
            request = request.on_failure(OnFailure::Rollback);
        }
        request = match sent.source {
            TemplateSource::Inline(body) => request.template_body(body),
            TemplateSource::Url(url) => request.template_url(url),
        };
        let made = request.send().await.map_err(|error| Error::from_sdk("CreateStack", &error))?;
        Ok((made.stack_id.unwrap_or_default(), token))
    }

    /// Changes the stack; the operation's token, or `None` where CloudFormation finds nothing to do. `during` is a stack policy for this update alone.
    pub(crate) async fn update_directly(
        &self,
        stack_id: &str,
        submission: &Submission,
        during: Option<String>,
    ) -> Result<Option<String>, Error> {
        let token = token();
        let sent = submission.clone();
        let request = self
            .cloudformation
            .update_stack()
            .stack_name(stack_id)
            .client_request_token(&token)
            .set_parameters(Some(sent.parameters))
            .set_capabilities(Some(sent.capabilities))
            .set_tags(Some(sent.tags))
            .set_role_arn(sent.role_arn)
            .set_notification_arns(sent.notification_arns)
            .set_rollback_configuration(sent.rollback)
            .set_deployment_config(sent.deployment)
            .set_stack_policy_during_update_body(during)
            .retain_except_on_create(true);
        let request = match sent.source {
            TemplateSource::Inline(body) => request.template_body(body),
            TemplateSource::Url(url) => request.template_url(url),
        };
        match request.send().await.map_err(|error| Error::from_sdk("UpdateStack", &error)) {
            Ok(_) => Ok(Some(token)),
            Err(Error::Service(error)) if error.message.contains("No updates are to be performed") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What the comparison of two templates cannot see into.
fn blind_spot(old: &Template, new: &Template) -> Option<&'static str> {
    let both = [old, new];
    if both.iter().any(|one| one.resources().any(|it| it.resource_type() == Some("AWS::CloudFormation::Stack"))) {
        return Some("it has nested stacks, whose changes only a change set tells");
    }
    both.into_iter().any(has_macros).then_some("it has macros, whose result only a change set tells")
}

/// A resource with data that nothing keeps, and of which it is not known whether its condition will hold.
fn undecided<'t>(old: &'t Template, new: &Known<'_>) -> Option<&'t str> {
    let may_go = |resource: &Resource<'_>| {
        let after = new.template().resource(resource.logical_id());
        let condition = after.and_then(Resource::condition);
        resource.resource_type().is_some_and(crate::is_stateful)
            && kept_when_removed(*resource).is_none()
            && condition.is_some_and(|name| new.condition(name).is_none())
    };
    old.resources().find(may_go).map(Resource::logical_id)
}

fn change(found: &skysmith_diff::ResourceChange) -> Change {
    let replacement = |replacement| match replacement {
        skysmith_diff::Replacement::Always => Replacement::Always,
        skysmith_diff::Replacement::Conditional => Replacement::Conditional,
        skysmith_diff::Replacement::Never => Replacement::Never,
    };
    Change {
        action: match found.action {
            skysmith_diff::Action::Add => ChangeAction::Add,
            skysmith_diff::Action::Remove => ChangeAction::Remove,
            skysmith_diff::Action::Change | skysmith_diff::Action::Replace => ChangeAction::Modify,
        },
        logical_id: found.logical_id.clone(),
        physical_id: None,
        resource_type: found.resource_type().unwrap_or_default().to_owned(),
        replacement: if found.action == skysmith_diff::Action::Replace {
            Replacement::Always
        } else {
            replacement(found.replacement)
        },
        policy_action: None,
        scope: if found.properties.is_empty() { Vec::new() } else { vec!["Properties".to_owned()] },
        details: found
            .properties
            .iter()
            .map(|property| ChangeDetail {
                attribute: "Properties".to_owned(),
                name: Some(property.change.path.to_string()),
                requires_recreation: replacement(property.verdict.replacement),
                ..ChangeDetail::default()
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        skysmith_template::read(text).unwrap().template
    }

    #[test]
    fn what_the_templates_do_not_show_is_left_to_a_change_set() {
        let plain = template(r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#);
        assert_eq!(blind_spot(&plain, &plain), None);
        for text in [
            r#"{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack"}}}"#,
            r#"{"Transform":"AWS::Serverless-2016-10-31","Resources":{}}"#,
            r#"{"Transform":{"Fn::If":["a","b","c"]},"Resources":{}}"#,
        ] {
            assert!(
                blind_spot(&plain, &template(text)).is_some() && blind_spot(&template(text), &plain).is_some(),
                "{text}"
            );
        }
        assert_eq!(blind_spot(&plain, &template(r#"{"Transform":"AWS::LanguageExtensions","Resources":{}}"#)), None);
    }
}
