//! Custom resources that leave a stack in two steps, so that their clean-up does not run.
//!
//! CloudFormation removes what a template no longer has at the end of an update, and then has a custom resource clean up after itself. Some of those that the
//! AWS CDK brings with it take everything away from a bucket or repository that stays, what the same update has put there included, and the update is a
//! success all the same. One that is kept when it goes is not told to clean up; but it is the deployed template that has to say so, before the update.

use std::collections::BTreeMap;

use skysmith_template::Template;

use crate::change_set::{Change, ChangeAction, Replacement};
use crate::{DeployedStack, Error, Observer, Plan, Prepared, Session, Wanted};

impl Plan {
    /// The custom resources that this removes and whose clean-up would take away what others have: see [`Session::let_go`].
    #[must_use]
    pub fn leaving_in_two_steps(&self) -> Vec<String> {
        let is_custom = |it: &Change| it.action == ChangeAction::Remove && it.resource_type.starts_with("Custom::");
        let Some(old) = self.old_template.as_ref().filter(|_| self.changes.iter().any(is_custom)) else {
            return Vec::new();
        };
        let risks = skysmith_diff::diff(old, &self.new_template).risks;
        risks.into_iter().filter(skysmith_diff::Risk::leaves_in_two_steps).map(|risk| risk.logical_id).collect()
    }

    /// What it would do beside keeping these resources when they go.
    fn does_more_than_keep(&self, logical_ids: &[String]) -> Vec<String> {
        let is_more = |it: &&Change| {
            let is_only_kept = it.replacement == Replacement::Never && it.scope.iter().all(|it| it == "DeletionPolicy");
            !(logical_ids.contains(&it.logical_id) && is_only_kept)
        };
        self.changes.iter().filter(is_more).map(|it| it.logical_id.clone()).collect()
    }

    /// Whether it comes to the same as another, whatever becomes of what is removed.
    fn comes_to_the_same(&self, other: &Self) -> bool {
        fn work(plan: &Plan) -> BTreeMap<&str, (&ChangeAction, Replacement)> {
            plan.changes.iter().map(|it| (it.logical_id.as_str(), (&it.action, it.replacement))).collect()
        }
        work(self) == work(other)
    }
}

impl Wanted {
    /// The stack as it is deployed, but that these resources are kept when they go.
    fn keeping(&self, deployed: &DeployedStack, old: &Template, logical_ids: &[String]) -> Self {
        let mut template = old.clone();
        let resources = template.section_mut("Resources");
        for id in logical_ids {
            if let Some(body) = resources.get_mut(id).and_then(|node| node.as_map_mut()) {
                body.insert("DeletionPolicy".to_owned(), "Retain".into());
            }
        }
        let mut kept = Self { body: template.to_json(), template, ..self.clone() };
        // The values and tags that it has, not those that it shall have.
        kept.parameters.clear();
        kept.tags = deployed.tags.iter().filter(|(key, _)| !key.starts_with("aws:")).map(own).collect();
        kept.imports.clear();
        kept.stack.template_asset_url = None;
        kept.stack.termination_protection = None;
        kept.settings.import_existing = false;
        kept
    }
}

fn own((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

impl Session {
    /// Takes the first of two steps, if a plan asks for it, and gives the plan for the second one back: `plan` itself, or one that comes to the same.
    ///
    /// The first step changes no resource. If this ends in between, the stack is as it was, and the next deployment goes on from there.
    ///
    /// # Errors
    /// The first step would change more, or fails, or afterwards there is something else to be done than was planned; see [`Error`]. No plan is left then.
    pub async fn let_go(&self, wanted: &Wanted, plan: Box<Plan>, observer: &dyn Observer) -> Result<Box<Plan>, Error> {
        let leaving = plan.leaving_in_two_steps();
        let Some((deployed, old)) = plan.deployed.as_deref().zip(plan.old_template.as_ref()) else { return Ok(plan) };
        if leaving.is_empty() {
            return Ok(plan);
        }
        // A change set is void once its stack has been updated.
        self.discard(&plan).await?;
        let stack = || wanted.stack.stack_name.clone();
        let Prepared::Planned(first) = self.prepare(&wanted.keeping(deployed, old, &leaving), observer).await? else {
            return Err(Error::NotKept { stack: stack(), resources: leaving });
        };
        let more = first.does_more_than_keep(&leaving);
        if !more.is_empty() {
            self.discard(&first).await?;
            return Err(Error::FirstStep { stack: stack(), resources: more });
        }
        self.execute(*first, observer).await?;
        match self.prepare(wanted, observer).await? {
            Prepared::Planned(second) if second.comes_to_the_same(&plan) => Ok(second),
            Prepared::Planned(second) => {
                self.discard(&second).await?;
                Err(Error::SecondStep { stack: stack() })
            }
            Prepared::Unchanged { .. } => Err(Error::SecondStep { stack: stack() }),
        }
    }
}
