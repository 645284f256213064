//! From an assembly's stack to a running one.
//!
//! Two halves with a value between them: [`Session::prepare`] ends with a [`Plan`] and has changed nothing but an empty stack and some objects in S3;
//! [`Session::execute`] carries the plan out. [`Session::deploy`] puts the guards in between.

use std::borrow::Cow;
use std::time::Duration;

use crate::change_set::ChangeSetKind;
use crate::pace::Pauses;
use crate::stack_policy::protected_types;
use crate::wanted::Verdict;
use crate::{
    Action, DataLoss, DeployedStack, Error, Event, Leftovers, LossKind, Observer, Operation, Plan, ReadOutput, Session,
    Situation, StackStatus, Stuck, Wanted, Whose, Wish, next_action,
};

/// How to deploy.
#[derive(Clone, Copy, Debug)]
pub struct DeployOptions {
    /// Carry the plan out (default). Otherwise it is left in the account, by its name.
    pub execute: bool,
    /// Go on even if data is lost (default: no).
    pub allow_data_loss: bool,
    /// Whether a resource type holds data. Default: what the resource specification says.
    pub is_stateful: fn(&str) -> bool,
}

impl Default for DeployOptions {
    fn default() -> Self {
        Self { execute: true, allow_data_loss: false, is_stateful: crate::is_stateful }
    }
}

/// What became of a deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The stack was as wanted already.
    Unchanged(Box<DeployedStack>),
    /// The stack is as wanted now.
    Deployed(Box<DeployedStack>),
    /// There is a plan, which was not to be carried out.
    Planned(Box<Plan>),
}

/// What [`Session::prepare`] found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Prepared {
    /// There is nothing to do, or nothing as long as outputs are held.
    Unchanged {
        /// The stack as it is.
        stack: Box<DeployedStack>,
        /// Outputs that stay for now: deploy their readers, then this stack again.
        held: Vec<ReadOutput>,
    },
    /// This is to be done.
    Planned(Box<Plan>),
}

impl Session {
    /// Deploys: prepares, guards, asks, executes.
    ///
    /// `approve` is asked once there is a plan that the guards let pass; what would be lost with permission is passed along. Data that goes without
    /// permission is refused before that. A plan that is refused or declined is removed again.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Refused`], [`Error::Declined`] and [`Error::Failed`] among them.
    pub async fn deploy(
        &self,
        wanted: &Wanted,
        options: &DeployOptions,
        approve: &(dyn Fn(&Plan, &[DataLoss]) -> bool + Sync),
        observer: &dyn Observer,
    ) -> Result<Outcome, Error> {
        let plan = match self.prepare(wanted, observer).await? {
            Prepared::Unchanged { stack, .. } => return Ok(Outcome::Unchanged(stack)),
            Prepared::Planned(plan) => plan,
        };
        let stack = plan.stack_name.clone();
        let counts = |kind: &str| if plan.protect { crate::is_guarded(kind) } else { (options.is_stateful)(kind) };
        let losses = plan.data_loss(&counts);
        if !options.execute {
            return Ok(Outcome::Planned(plan));
        }
        // A protected stack's policy is about resources that leave it, whether they are kept outside of it or not.
        let lost: Vec<DataLoss> = losses.iter().filter(|loss| plan.protect || !loss.kept).cloned().collect();
        if !lost.is_empty() && !options.allow_data_loss {
            self.discard(&plan).await?;
            return Err(Error::Refused { stack, losses: lost });
        }
        if !approve(&plan, &losses) {
            self.discard(&plan).await?;
            return Err(Error::Declined { stack });
        }
        let allowed: Vec<String> =
            lost.into_iter().filter(|loss| loss.kind != LossKind::NoLongerKept).map(|loss| loss.logical_id).collect();
        let plan = self.let_go(wanted, plan, observer).await?;
        let stack = self.execute(plan.allowing(allowed.iter().map(String::as_str)), observer).await?;
        Ok(Outcome::Deployed(Box::new(stack)))
    }

    /// Finds out what is to be done, publishes the assets and has CloudFormation work out a plan.
    ///
    /// # Errors
    /// See [`Error`]. Nothing is left behind then but assets, which the next try finds.
    pub async fn prepare(&self, wanted: &Wanted, observer: &dyn Observer) -> Result<Prepared, Error> {
        self.lane.begin();
        let Way { kind, deployed, has_change_sets } = self.clear_the_way(wanted, observer).await?;
        let mut old_template = None;
        let (mut wanted, mut held) = (Cow::Borrowed(wanted), Vec::new());
        if let Some(stack) = &deployed {
            old_template = self.template(&stack.stack_id).await?;
        }
        if let Some((stack, template)) = deployed.as_ref().zip(old_template.as_ref()) {
            if wanted.compare(stack, template) == Verdict::Same {
                return self.unchanged(&wanted, stack.clone(), held, observer).await;
            }
            held = self.outputs_to_hold(&wanted, stack, template).await?;
            if !held.is_empty() {
                wanted = Cow::Owned(wanted.holding(template, &held));
                if wanted.compare(stack, template) == Verdict::Same {
                    return self.unchanged(&wanted, stack.clone(), held, observer).await;
                }
            }
        }
        let wanted = &*wanted;
        // Before anything is sent: a missing parameter should not cost an upload.
        wanted.parameter_values(deployed.as_ref().zip(old_template.as_ref()))?;
        self.require_bootstrap(&wanted.stack).await?;
        self.publish(&wanted.stack, observer).await?;
        let source = self.template_source(wanted, observer).await?;
        let direct = wanted.settings.direct && !has_change_sets;
        if wanted.settings.direct && !direct {
            let message = "it has a change set already, and is made by one for that, not directly".to_owned();
            observer.event(Event::Warning { stack: wanted.stack.stack_name.clone(), message });
        }
        if direct {
            let plan = self.direct_plan(wanted, kind, deployed.as_ref(), old_template, &source)?;
            refuse_taken_names(&plan)?;
            return Ok(Prepared::Planned(Box::new(Plan { held, ..plan })));
        }
        match self.plan(wanted, kind, deployed.as_ref(), old_template, &source).await? {
            Some(plan) => {
                let checked = match (refuse_taken_names(&plan), &deployed) {
                    (Ok(()), Some(stack)) => self.require_steady_exports(stack, &plan).await,
                    (checked, _) => checked,
                };
                if let Err(error) = checked {
                    self.discard(&plan).await?;
                    return Err(error);
                }
                Ok(Prepared::Planned(Box::new(Plan { held, ..plan })))
            }
            None => match deployed {
                Some(stack) => self.unchanged(wanted, stack, held, observer).await,
                None => Err(Error::ChangeSetFailed {
                    stack: wanted.stack.stack_name.clone(),
                    reason: "the template has no resources".to_owned(),
                }),
            },
        }
    }

    /// Takes the steps that must come before a change set, until one can be made.
    async fn clear_the_way(&self, wanted: &Wanted, observer: &dyn Observer) -> Result<Way, Error> {
        let name = &wanted.stack.stack_name;
        let wish = if wanted.imports.is_empty() { Wish::Deploy } else { Wish::Import };
        let (mut leftovers, mut operation): (Leftovers, Option<Operation>) = (Leftovers::NotKnown, None);
        let mut pauses = Pauses::new(Duration::from_secs(1), Duration::from_secs(5));
        let mut told = false;
        let mut at_first = Some(self.stack_at_first(name).await?);
        // By the name: by its id a stack that is deleted on the way would still be found.
        loop {
            let stack = match at_first.take() {
                Some(stack) => stack,
                None => self.stack(name).await?,
            };
            let whose = operation.as_ref().map_or(Whose::NotKnown, Operation::whose);
            let status = stack.as_ref().map(|stack| &stack.status);
            let action = next_action(wish, &Situation { leftovers, operation: whose, ..Situation::of(status) });
            match (action, stack) {
                (Action::Create, stack) => return Ok(Way::new(ChangeSetKind::Create, stack)),
                (Action::Update, stack) => return Ok(Way::new(ChangeSetKind::Update, stack)),
                (Action::Import, stack) => return Ok(Way::new(ChangeSetKind::Import, stack)),
                (Action::LookForOperation, Some(stack)) => {
                    operation = Some(self.latest_operation(&stack.stack_id).await?);
                }
                (Action::Follow, Some(stack)) => {
                    self.follow_earlier(&stack, &operation.take().unwrap_or_default(), observer).await?;
                    // What is described may lag behind what happened.
                    pauses.wait().await;
                }
                (Action::LookForLeftovers, Some(stack)) => leftovers = self.leftovers(&stack).await?,
                (Action::DeleteThenCreate, Some(stack)) => {
                    observer.event(Event::DeletingFailedStack { stack: name.clone() });
                    self.delete_and_follow(&stack, None, observer).await?;
                    leftovers = Leftovers::NotKnown;
                }
                (Action::WaitForCleanup, _) => {
                    if !told {
                        told = true;
                        let message = "waiting for the clean-up after the latest update".to_owned();
                        observer.event(Event::Warning { stack: name.clone(), message });
                    }
                    pauses.wait().await;
                }
                (Action::Busy, Some(stack)) => {
                    return Err(Error::Busy { stack: name.clone(), status: stack.status, operation });
                }
                (Action::Stuck(why), Some(stack)) => {
                    return Err(Error::Stuck { stack: name.clone(), status: stack.status, why });
                }
                // The remaining actions belong to destroying, or to a stack that is there.
                (_, stack) => {
                    let status = stack.map_or(StackStatus::Unknown(String::new()), |stack| stack.status);
                    return Err(Error::Stuck { stack: name.clone(), status, why: Stuck::UnknownStatus });
                }
            }
        }
    }

    /// What a failed creation left behind.
    async fn leftovers(&self, stack: &DeployedStack) -> Result<Leftovers, Error> {
        let left = self.left_by_failed_creation(stack).await?;
        Ok(if left.is_empty() { Leftovers::Nothing } else { Leftovers::Something })
    }

    pub(crate) async fn unchanged(
        &self,
        wanted: &Wanted,
        mut stack: DeployedStack,
        held: Vec<ReadOutput>,
        observer: &dyn Observer,
    ) -> Result<Prepared, Error> {
        if let Some(protect) = wanted.stack.termination_protection
            && protect != stack.termination_protection
        {
            self.protect(&stack.stack_id, protect).await?;
            stack.termination_protection = protect;
        }
        if wanted.settings.protect {
            let types = protected_types([&wanted.template].into_iter());
            self.ensure_stack_policy(&stack.stack_name, &stack.stack_id, &types, observer).await?;
        }
        Ok(Prepared::Unchanged { stack: Box::new(stack), held })
    }

    pub(crate) async fn protect(&self, stack: &str, protect: bool) -> Result<(), Error> {
        let request = self
            .cloudformation
            .update_termination_protection()
            .stack_name(stack)
            .enable_termination_protection(protect);
        request.send().await.map_err(|error| Error::from_sdk("UpdateTerminationProtection", &error))?;
        Ok(())
    }
}

/// What there is to make a change set for.
struct Way {
    kind: ChangeSetKind,
    /// The stack, if it has been deployed.
    deployed: Option<DeployedStack>,
    /// It has never been deployed, but is there for the change sets it has.
    has_change_sets: bool,
}

impl Way {
    fn new(kind: ChangeSetKind, stack: Option<DeployedStack>) -> Self {
        let has_change_sets = stack.as_ref().is_some_and(|stack| stack.status == StackStatus::ReviewInProgress);
        Self { kind, deployed: stack.filter(|_| !has_change_sets && kind != ChangeSetKind::Create), has_change_sets }
    }
}

/// Refuses what CloudFormation is bound to refuse half-way.
pub(crate) fn refuse_taken_names(plan: &Plan) -> Result<(), Error> {
    let resources = crate::guard::bound_to_fail(&plan.changes, plan.old_template.as_ref(), &plan.new_template);
    if resources.is_empty() { Ok(()) } else { Err(Error::NamesTaken { stack: plan.stack_name.clone(), resources }) }
}
