//! One look at all stacks in the place of a look at each, where many are worked on.
//!
//! `DescribeStacks` without a name tells everything about a hundred stacks in one call: how they are before a run, whether CloudFormation is still at work in
//! them, and their outputs in the end. An account with more stacks than some pages hold is only asked for those at work (`ListStacks`); where lists
//! are not permitted, each stack is looked at by itself, as ever within the budget.
//!
//! A list is a hint, and may lag behind: how an operation ends is told by its events, and right before an execution the stack itself is looked at.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudformation::types::StackStatus as SdkStatus;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::lane::FEW;
use crate::{DeployedStack, Error, Plan, Session, StackStatus};

/// The pages of all stacks that are read at most: beyond that, lists of everything cost more than they save.
const MAX_PAGES: usize = 5;
/// As many pages as an account can have stacks at work.
const MAX_PAGES_AT_WORK: usize = 50;
/// How old a list may be that tells what a stack is like before anything is done to it. Should somebody change it meanwhile, the change set fails, or the plan is found to
/// be outdated before it is executed.
const OLD_AT_FIRST: Duration = Duration::from_secs(10);
/// How old one may be that tells whether an operation goes on: this for each page, and at least so much.
const OLD_EACH_PAGE: Duration = Duration::from_secs(1);
const OLD: Duration = Duration::from_secs(2);
/// One of many stacks is looked at by itself at least this often, for those who watch; less often the more there are.
const OWN_LOOK: Duration = Duration::from_secs(8);
const OWN_LOOK_EACH: Duration = Duration::from_millis(1200);
/// The same where no list tells anything: two thirds of the budget.
const UNLISTED_LOOK_EACH: Duration = Duration::from_millis(500);

/// What lists have told. Held while one is fetched: whoever comes meanwhile takes the same one.
#[derive(Debug, Default)]
pub(crate) struct Listings(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    all: Option<Arc<All>>,
    /// There are too many stacks, or they may not be listed.
    not_all: bool,
    at_work: Option<(Instant, Arc<HashSet<String>>)>,
    not_at_work: bool,
    /// Stacks of which a list has told how they were before: after that they change by our doing.
    told: HashSet<String>,
}

/// All stacks, by id.
#[derive(Debug)]
struct All {
    begun: Instant,
    pages: u32,
    stacks: HashMap<String, DeployedStack>,
}

impl Session {
    /// Says how many stacks the run is about. If they are many, those of one account and region are looked at together; see [`Session::prepare`].
    pub fn share_among(&self, stacks: usize) {
        self.lanes.share_among(stacks);
    }

    /// The stack of this name, as it is before anything is done to it. Where the run is [about many](Session::share_among) it is taken from a list of all, at
    /// most ten seconds old: one call instead of one each, of which only three are made in a second.
    ///
    /// # Errors
    /// As those of [`Session::stack`].
    pub async fn stack_at_first(&self, name: &str) -> Result<Option<DeployedStack>, Error> {
        if self.lanes.are_many() {
            let mut kept = self.lane.listings.0.lock().await;
            if kept.told.insert(name.to_owned())
                && let Some(all) = self.all_since(&mut kept, |_| OLD_AT_FIRST).await
            {
                let found = all.stacks.values().find(|stack| stack.stack_name == name);
                return Ok(found.cloned());
            }
        }
        self.stack(name).await
    }

    /// The stack as it is after its operation has ended like this, if a list has told that already. The description of what it was before is not taken for it.
    pub(crate) async fn stack_at_last(&self, plan: &Plan, status: &StackStatus) -> Option<DeployedStack> {
        let kept = self.lane.listings.0.lock().await;
        let stack = kept.all.as_ref()?.stacks.get(&plan.stack_id)?;
        let is_after = stack.status == *status && (plan.based_on.is_none() || stack.last_change != plan.based_on);
        is_after.then(|| stack.clone())
    }

    /// Whether so many operations are followed that each of them cannot be looked at by itself.
    pub(crate) fn is_crowded(&self) -> bool {
        self.lanes.are_rationed() && self.lane.followed() > FEW
    }

    /// Waits, with many others, until the stack is worth a look of its own: CloudFormation is no longer at work in it, or nobody has looked for long.
    pub(crate) async fn wait_among_many(&self, stack_id: &str) {
        let followed = u32::try_from(self.lane.followed()).unwrap_or(u32::MAX);
        let since = Instant::now();
        let until = since + OWN_LOOK.max(OWN_LOOK_EACH.saturating_mul(followed));
        while Instant::now() < until {
            tokio::time::sleep(OLD).await;
            match self.is_at_work(stack_id, since).await {
                Some(false) => return,
                Some(true) => {}
                None => return tokio::time::sleep_until(since + UNLISTED_LOOK_EACH.saturating_mul(followed)).await,
            }
        }
    }

    /// Whether CloudFormation is at work in the stack, which it was at this time; `None`: no list tells.
    async fn is_at_work(&self, stack_id: &str, since: Instant) -> Option<bool> {
        let mut kept = self.lane.listings.0.lock().await;
        if let Some(all) = self.all_since(&mut kept, |pages| OLD.max(OLD_EACH_PAGE * pages)).await {
            let is_at_work = all.stacks.get(stack_id).is_some_and(|stack| stack.status.is_in_progress());
            return Some(all.begun < since || is_at_work);
        }
        let (begun, ids) = match &kept.at_work {
            _ if kept.not_at_work => return None,
            Some((begun, ids)) if begun.elapsed() < OLD => (*begun, Arc::clone(ids)),
            _ => {
                let begun = Instant::now();
                let Ok(ids) = self.stacks_at_work().await else {
                    kept.not_at_work = true;
                    return None;
                };
                let ids = Arc::new(ids);
                kept.at_work = Some((begun, Arc::clone(&ids)));
                (begun, ids)
            }
        };
        Some(begun < since || ids.contains(stack_id))
    }

    /// All stacks, by a list that is not older than it may be with so many pages. `None`: they cannot be listed, or are too many for that.
    async fn all_since(&self, kept: &mut Kept, old: impl Fn(u32) -> Duration) -> Option<Arc<All>> {
        if kept.not_all {
            return None;
        }
        if let Some(all) = kept.all.as_ref().filter(|all| all.begun.elapsed() < old(all.pages)) {
            return Some(Arc::clone(all));
        }
        match self.list_all().await {
            Ok(Some(all)) => {
                let all = Arc::new(all);
                kept.all = Some(Arc::clone(&all));
                Some(all)
            }
            Ok(None) | Err(_) => {
                kept.not_all = true;
                kept.all = None;
                None
            }
        }
    }

    async fn list_all(&self) -> Result<Option<All>, Error> {
        let mut all = All { begun: Instant::now(), pages: 0, stacks: HashMap::new() };
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let page = self.cloudformation.describe_stacks().set_next_token(token).send().await;
            let page = page.map_err(|error| Error::from_sdk("DescribeStacks", &error))?;
            all.pages += 1;
            let stacks = page.stacks().iter().map(DeployedStack::from_sdk);
            let is_there = |stack: &DeployedStack| stack.status != StackStatus::DeleteComplete;
            all.stacks.extend(stacks.filter(is_there).map(|stack| (stack.stack_id.clone(), stack)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(all));
            }
        }
        Ok(None)
    }

    async fn stacks_at_work(&self) -> Result<HashSet<String>, Error> {
        let statuses = StackStatus::ALL.iter().filter(|status| status.is_in_progress());
        let filter: Vec<SdkStatus> = statuses.map(|status| SdkStatus::from(status.as_str())).collect();
        let mut ids = HashSet::new();
        let mut token = None;
        for _ in 0..MAX_PAGES_AT_WORK {
            let request = self.cloudformation.list_stacks().set_stack_status_filter(Some(filter.clone()));
            let page = request.set_next_token(token).send().await;
            let page = page.map_err(|error| Error::from_sdk("ListStacks", &error))?;
            ids.extend(page.stack_summaries().iter().filter_map(|stack| stack.stack_id().map(str::to_owned)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(ids)
    }
}
