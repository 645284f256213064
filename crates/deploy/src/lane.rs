//! What all sessions of a run in one account and region have in common, whatever roles they have taken: AWS counts their calls together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::budget::Budget;
use crate::listing::Listings;

/// More stacks than this are looked at together, in the list of all.
pub(crate) const FEW: usize = 3;

/// One account and region.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub budget: Arc<Budget>,
    /// What lists of all stacks have told.
    pub listings: Listings,
    /// Stacks that were begun to be worked on.
    begun: AtomicUsize,
    /// Operations that are followed at this moment.
    followed: AtomicUsize,
}

impl Lane {
    /// Work on a stack begins.
    pub fn begin(&self) {
        if self.begun.fetch_add(1, Ordering::Relaxed) > 0 {
            self.budget.be_strict();
        }
    }

    /// An operation is followed, until this is dropped.
    pub fn follow(&self) -> Following<'_> {
        self.followed.fetch_add(1, Ordering::Relaxed);
        Following(self)
    }

    /// The operations that are followed.
    pub fn followed(&self) -> usize {
        self.followed.load(Ordering::Relaxed)
    }
}

/// An operation that is followed.
#[must_use]
pub(crate) struct Following<'a>(&'a Lane);

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.0.followed.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The lanes of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_account_and_region: Mutex<HashMap<(String, String), Arc<Lane>>>,
    /// The stacks that the run is about, as far as that was said.
    stacks: AtomicUsize,
    unrationed: bool,
}

impl Lanes {
    /// Those of a run whose calls nobody counts.
    pub fn unrationed() -> Self {
        Self(Arc::new(Inner { unrationed: true, ..Inner::default() }))
    }

    pub fn are_rationed(&self) -> bool {
        !self.0.unrationed
    }

    /// The lane of an account and region; made when it is asked for first.
    pub fn of(&self, account: &str, region: &str) -> Arc<Lane> {
        let mut lanes = self.0.by_account_and_region.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry((account.to_owned(), region.to_owned())).or_default())
    }

    pub fn share_among(&self, stacks: usize) {
        self.0.stacks.fetch_max(stacks, Ordering::Relaxed);
    }

    /// Whether the run is about so many stacks that they are looked at together.
    pub fn are_many(&self) -> bool {
        self.are_rationed() && self.0.stacks.load(Ordering::Relaxed) > FEW
    }
}
