//! Carrying a plan out: nothing may have moved since it was made, and what it was allowed to lose it may lose only this once.

use crate::looks::Looks;
use crate::monitor::{By, Watch};
use crate::operation::token;
use crate::stack_policy::{policy, protected_types};
use crate::{ChangeAction, ChangeSetKind, DeployedStack, Error, Event, Observer, Plan, Session, StackStatus};

impl Session {
    /// Carries a plan out and waits for the end.
    ///
    /// Right before, the stack is looked at once more: the plan is not carried out if somebody has changed it since, or if a value that CloudFormation
    /// resolved for the plan is another one now.
    ///
    /// # Errors
    /// [`Error::Failed`] with the first cause; [`Error::Moved`]; [`Error::LostSight`] if the operation goes on but cannot be seen.
    pub async fn execute(&self, mut plan: Plan, observer: &dyn Observer) -> Result<DeployedStack, Error> {
        if let Err(error) = self.require_unmoved(&plan).await {
            // An earlier run's plan stays for whoever made it; our own is worth nothing any more.
            if matches!(error, Error::Moved { .. }) && plan.submission.is_some() {
                let _ = self.discard(&plan).await;
            }
            return Err(error);
        }
        let token = match self.start(&mut plan).await? {
            Some(token) => token,
            None => return self.described(&plan).await,
        };
        observer.event(Event::Started {
            stack: plan.stack_name.clone(),
            stack_id: plan.stack_id.clone(),
            changes: plan.changes.len(),
        });
        let watch = Watch { stack_name: &plan.stack_name, by: By::Token(&token) };
        let expected = plan.changes.iter().map(|change| (&*change.logical_id, &*change.resource_type, change.work()));
        let looks = Looks::new(expected);
        let ended = self.follow_expecting(&plan.stack_id, &watch, looks, observer).await?;
        if plan.overrides_policy() {
            // The update went past it; CloudFormation has made it obsolete, and nothing depends on its removal.
            let _ = self.remove_change_set(&plan.stack_id, &plan.change_set_id).await;
        }
        // Somebody may have deleted the stack meanwhile, which is a success of theirs.
        if !ended.status.is_success() || ended.status == StackStatus::DeleteComplete {
            return Err(Error::Failed(Box::new(self.failure(&plan.stack_name, &plan.stack_id, ended).await)));
        }
        if let Some(protect) = plan.termination_protection {
            self.protect(&plan.stack_id, protect).await?;
        }
        if plan.protect {
            let types = protected_types([&plan.new_template].into_iter());
            self.ensure_stack_policy(&plan.stack_name, &plan.stack_id, &types, observer).await?;
        }
        let listed = match plan.termination_protection {
            None => self.stack_at_last(&plan, &ended.status).await,
            Some(_) => None,
        };
        let mut stack = match listed {
            Some(stack) => stack,
            None => self.described(&plan).await?,
        };
        // The events are ahead of the stack's own description.
        stack.status = ended.status;
        Ok(stack)
    }

    async fn described(&self, plan: &Plan) -> Result<DeployedStack, Error> {
        let lost = |source| Error::LostSight { stack_id: plan.stack_id.clone(), source: Box::new(source) };
        let stack = self.stack(&plan.stack_id).await.map_err(lost)?;
        stack.ok_or_else(|| Error::NoSuchStack { stack: plan.stack_name.clone() })
    }

    /// Starts the operation; its token. `None`: CloudFormation finds nothing to do.
    async fn start(&self, plan: &mut Plan) -> Result<Option<String>, Error> {
        if plan.is_direct {
            let submission = plan.submission.as_deref().ok_or_else(|| Error::Protocol {
                operation: "UpdateStack",
                reason: "the plan does not hold what to send".to_owned(),
            })?;
            if plan.kind == ChangeSetKind::Create {
                let (stack_id, token) = self.create_directly(&plan.stack_name, submission).await?;
                plan.stack_id = stack_id;
                return Ok(Some(token));
            }
            return self.update_directly(&plan.stack_id, submission, None).await;
        }
        if plan.overrides_policy() {
            let Some(submission) = plan.submission.as_deref() else {
                let what =
                    "losing data of a protected stack with a change set of an earlier run (plan and deploy in one)";
                return Err(Error::Unsupported { what: what.to_owned() });
            };
            // Executing a change set takes no policy of its own.
            let types = protected_types(plan.old_template.iter().chain([&plan.new_template]));
            let during = policy(&types, &plan.allowed);
            return self.update_directly(&plan.stack_id, submission, Some(during)).await;
        }
        let token = token();
        let mut request = self
            .cloudformation
            .execute_change_set()
            .stack_name(&plan.stack_id)
            .change_set_name(&plan.change_set_id)
            .client_request_token(&token);
        // What a failed creation made is removed again even where it would be kept later; an import must not remove what was there before.
        if plan.changes.iter().all(|change| change.action != ChangeAction::Import) {
            request = request.retain_except_on_create(true);
        }
        if let Err(error) = request.send().await {
            match Error::from_sdk("ExecuteChangeSet", &error) {
                // Nobody else executes our change set: an earlier try arrived, and only its answer was lost.
                Error::Service(error)
                    if error.code.starts_with("InvalidChangeSetStatus") && self.is_executed(plan).await? => {}
                error => return Err(error),
            }
        }
        Ok(Some(token))
    }
}

impl Plan {
    /// Whether a protected stack's policy stands in the way of what was allowed.
    fn overrides_policy(&self) -> bool {
        self.protect && self.kind == ChangeSetKind::Update && !self.allowed.is_empty()
    }
}
