//! Removing a stack, after counting what goes with it.

use std::time::Duration;

use crate::monitor::{By, Watch};
use crate::operation::token;
use crate::pace::Pauses;
use crate::{
    Action, DeployedStack, Error, Event, Inventory, Observer, ReadOutput, ResourceStatus, Session, Situation, Wish,
    next_action,
};

/// How to destroy.
#[derive(Clone, Debug, Default)]
pub struct DestroyOptions {
    /// The role that CloudFormation takes. Default: the one that it took before.
    pub role_arn: Option<String>,
    /// Lift the stack's termination protection first (default: a protected stack is refused). Whoever sets this has been asked about it.
    pub lift_protection: bool,
}

impl Session {
    /// Destroys the stack: empties the buckets that are marked, deletes, and follows to the end. `false`: there was nothing to delete any more.
    ///
    /// Whoever calls has shown the inventory and been allowed to.
    ///
    /// # Errors
    /// The stack is protected or busy; a full bucket is neither kept nor marked; the deletion fails, with the first cause and what remains.
    pub async fn destroy(
        &self,
        inventory: &Inventory,
        options: &DestroyOptions,
        observer: &dyn Observer,
    ) -> Result<bool, Error> {
        self.lane.begin();
        let stack = &inventory.stack;
        let name = &stack.stack_name;
        if stack.termination_protection && !options.lift_protection {
            return Err(Error::Protected { stack: name.clone() });
        }
        let full: Vec<String> = inventory.blocking().map(|holding| holding.resource.path()).collect();
        if !full.is_empty() {
            return Err(Error::BucketsNotEmpty { stack: name.clone(), buckets: full });
        }
        let exports = self.exports_in_use(stack).await?;
        if !exports.is_empty() {
            return Err(Error::ExportsInUse { stack: name.clone(), exports });
        }
        let mut pauses = Pauses::new(Duration::from_secs(1), Duration::from_secs(5));
        // The inventory may be old by now.
        let mut status = self.stack(&stack.stack_id).await?.map(|stack| stack.status);
        loop {
            match next_action(Wish::Destroy, &Situation::of(status.as_ref())) {
                Action::Nothing => return Ok(false),
                // The inventory would no longer be true after it.
                Action::Busy | Action::LookForOperation | Action::Follow => {
                    let operation = self.latest_operation(&stack.stack_id).await.ok();
                    let status = status.unwrap_or_else(|| stack.status.clone());
                    return Err(Error::Busy { stack: name.clone(), status, operation });
                }
                Action::FollowDeletion => {
                    // Somebody else's operation: its token is not known, its beginning is the last change.
                    let watch = Watch { stack_name: name, by: By::Since(stack.last_change.unwrap_or(0)) };
                    return self.end_of_deletion(stack, &watch, observer).await.map(|()| true);
                }
                Action::WaitForCleanup => {
                    pauses.wait().await;
                    status = self.stack(&stack.stack_id).await?.map(|stack| stack.status);
                }
                // All other statuses can be deleted.
                _ => break,
            }
        }
        if stack.termination_protection {
            self.protect(&stack.stack_id, false).await?;
        }
        self.empty_marked(inventory, observer).await?;
        match self.delete_and_follow(stack, options.role_arn.as_deref(), observer).await {
            // Something may have written to a bucket meanwhile (its own access log, a last function): once more.
            Err(Error::Failed(failure))
                if inventory.holdings.iter().any(|holding| {
                    holding.emptied && failure.remaining.iter().any(|id| id == holding.resource.outermost())
                }) =>
            {
                self.empty_marked(inventory, observer).await?;
                self.delete_and_follow(stack, options.role_arn.as_deref(), observer).await?;
            }
            other => other?,
        }
        Ok(true)
    }

    /// The stack's exports that other stacks import: CloudFormation deletes no stack that has one.
    ///
    /// # Errors
    /// A call fails.
    pub async fn exports_in_use(&self, stack: &DeployedStack) -> Result<Vec<ReadOutput>, Error> {
        let mut used = Vec::new();
        for output in &stack.outputs {
            let Some(name) = &output.export_name else { continue };
            let readers = self.importers(name).await?;
            if !readers.is_empty() {
                used.push(ReadOutput { output: output.name.clone(), export_name: Some(name.clone()), readers });
            }
        }
        Ok(used)
    }

    async fn empty_marked(&self, inventory: &Inventory, observer: &dyn Observer) -> Result<(), Error> {
        for holding in inventory.holdings.iter().filter(|holding| holding.emptied) {
            if let Some(bucket) = &holding.resource.physical_id {
                match self.empty_bucket(bucket, observer).await {
                    Err(error) if error.code() == Some("NoSuchBucket") => {}
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// Deletes the stack by its id and waits until it is gone.
    pub(crate) async fn delete_and_follow(
        &self,
        stack: &DeployedStack,
        role_arn: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        self.delete_keeping(stack, &[], role_arn, observer).await
    }

    /// The same, but letting go of these resources, by their logical ids: only a deletion that has failed can be told so.
    pub(crate) async fn delete_keeping(
        &self,
        stack: &DeployedStack,
        keep: &[String],
        role_arn: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let token = token();
        let request = self
            .cloudformation
            .delete_stack()
            .stack_name(&stack.stack_id)
            .client_request_token(&token)
            .set_retain_resources((!keep.is_empty()).then(|| keep.to_vec()))
            .set_role_arn(role_arn.map(str::to_owned));
        request.send().await.map_err(|error| Error::from_sdk("DeleteStack", &error))?;
        observer.event(Event::Started {
            stack: stack.stack_name.clone(),
            stack_id: stack.stack_id.clone(),
            changes: 0,
        });
        self.end_of_deletion(stack, &Watch { stack_name: &stack.stack_name, by: By::Token(&token) }, observer).await
    }

    async fn end_of_deletion(
        &self,
        stack: &DeployedStack,
        watch: &Watch<'_>,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let ended = self.follow(&stack.stack_id, watch, observer).await?;
        if ended.status.is_success() {
            return Ok(());
        }
        let mut failure = self.failure(&stack.stack_name, &stack.stack_id, ended).await;
        // What remains is worth a call, but not worth hiding the reason if the call fails.
        if let Ok(resources) = self.resources(&stack.stack_id).await {
            let remains = |status: &ResourceStatus| {
                !matches!(status, ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped)
            };
            failure.remaining = resources
                .into_iter()
                .filter(|resource| remains(&resource.status))
                .map(|resource| resource.logical_id)
                .collect();
        }
        Err(Error::Failed(Box::new(failure)))
    }
}
