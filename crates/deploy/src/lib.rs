//! Deploys stacks of a cloud assembly through the CloudFormation API, watches them and removes them.
//!
//! The only crate that knows the AWS SDK; no type of it is in the interface. What to do next is decided by pure functions ([`next_action`],
//! [`data_loss`], the comparison behind "nothing changed"), each tested state by state; the rest carries their decisions out.
//!
//! This crate must not know about terminals, prompts, exit codes or configuration files: it takes values, reports [`Event`]s to an [`Observer`], and
//! returns typed [`Error`]s. It needs a Tokio runtime of any flavour with time and I/O.
//!
//! Invariants:
//! * A stack that holds resources is deleted only by [`Session::destroy`].
//! * Nothing is executed before there is a [`Plan`], and data that a plan loses needs an explicit word ([`DeployOptions::allow_data_loss`]).
//! * Every call that changes something carries a token, so that a repetition changes nothing twice; stacks are followed by id and by that token.
//! * No state is kept here: a second run goes on from what CloudFormation says.
//! * A failing watch never makes a deployment fail.

mod archive;
mod arns;
mod assets;
mod bootstrap;
mod bucket;
mod budget;
mod change_set;
mod change_sets;
mod code;
mod denied;
mod deploy;
mod destroy;
mod direct;
mod docker;
mod drift;
mod early;
mod emptying;
mod entries;
mod error;
mod execute;
mod exports;
mod failure;
mod fingerprint;
mod gc;
mod guard;
mod history;
mod images;
mod import;
mod inventory;
mod known;
mod lane;
mod leaving;
mod listing;
mod looks;
mod message;
mod monitor;
mod nested;
mod operation;
mod pace;
mod packing;
mod past;
pub mod permissions;
mod publishing;
mod refusal;
mod repair;
mod roles;
mod rollback;
mod saved;
mod schedule;
mod session;
mod settings;
mod stack;
mod stack_policy;
mod state;
mod status;
mod template_url;
mod trail;
mod upload;
mod usual;
mod wanted;

pub use bootstrap::{BOOTSTRAP_TEMPLATE, BOOTSTRAP_VERSION, Bootstrap, BootstrapOptions};
pub use change_set::{Change, ChangeAction, ChangeDetail, ChangeSetKind, NestedPlan, Plan, Replacement};
pub use change_sets::OpenChangeSet;
pub use code::{CodeFiles, CodeSide, Unread, asset_files};
pub use denied::{Because, Denied, PolicyKind};
pub use deploy::{DeployOptions, Outcome, Prepared};
pub use destroy::DestroyOptions;
pub use drift::{DifferenceKind, Drift, DriftStatus, PropertyDrift, ResourceDrift};
pub use error::{Error, ServiceError};
pub use exports::ReadOutput;
pub use failure::{Cause, Failure, HookResult, TrailEntry};
pub use gc::{AssetFate, GcOptions, GcPlan, KEPT_TEMPLATES, Stored};
pub use guard::{DataLoss, FixedName, LossKind, bound_to_fail, data_loss, is_guarded};
pub use history::History;
pub use import::{Importable, importable};
pub use inventory::{Contents, Holding, Inventory, Released, StackResource};
pub use message::Message;
pub use monitor::{Event, Observer, StackEvent};
pub use operation::Operation;
pub use repair::{Blocking, Diagnosis, Fate, RepairOptions, Repaired, Trouble, trouble};
pub use rollback::{NoWayBack, RollbackOptions, WayBack, way_back};
pub use saved::Moved;
pub use schedule::{Job, JobState, Schedule};
pub use session::{CredentialsInfo, Endpoint, Identity, MfaPrompt, MfaRequest, Session, SessionOptions, Source};
pub use settings::{RollbackAlarms, Settings};
pub use stack::{DeployedStack, Output};
pub use state::{Action, ChangeSets, Leftovers, Situation, Stuck, Whose, Wish, next_action};
pub use status::{ChangeSetStatus, ExecutionStatus, ResourceStatus, StackStatus};
pub use usual::{Work, usual_time};
pub use wanted::{ImportedResource, Wanted};

/// Whether a resource type holds data that is gone when the resource is, by the resource specification.
///
/// A type that the specification does not know is taken to hold none, but a nested stack always counts, in [`data_loss`], since it may hold anything.
#[must_use]
pub fn is_stateful(resource_type: &str) -> bool {
    skysmith_spec::is_stateful(resource_type)
}
