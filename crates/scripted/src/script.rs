//! What is to happen to a stack, in the words of CloudFormation.

use std::collections::BTreeMap;
use std::time::Duration;

/// When a resource fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// When it is made.
    Create,
    /// When it is changed.
    Update,
    /// When it is deleted, in a rollback of a creation as well.
    Delete,
    /// When its change is taken back.
    Rollback,
    /// When it is imported.
    Import,
}

#[derive(Clone, Debug)]
pub(crate) struct Fate {
    pub on: On,
    pub logical_id: String,
    pub reason: String,
    /// How often it still fails.
    pub times: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub logical_id: String,
    pub hook_type: String,
    pub reason: String,
    /// Whether it fails the operation or only warns.
    pub fails: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub logical_id: String,
    pub reason: String,
    pub path: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub fates: Vec<Fate>,
    pub cancels: Vec<String>,
    pub hooks: Vec<Hook>,
    pub findings: Vec<Finding>,
    pub replaces: Vec<String>,
    pub nested: BTreeMap<String, Box<Stack>>,
    /// Describe calls that still show the stack as it was before an operation.
    pub stale: usize,
    /// Why change sets fail.
    pub refusal: Option<String>,
    /// What the stack's own event says when it fails, in place of the list of resources.
    pub own_reason: Option<String>,
    /// Operations never end.
    pub endless: bool,
    /// Change sets have no changes, whatever the templates say.
    pub same: bool,
    /// The time that resources take by the clock.
    pub takes: BTreeMap<String, Duration>,
    /// The time that change sets take by the clock.
    pub plans_in: Option<Duration>,
}

/// A stack: what it is at the beginning, and what happens to it.
#[derive(Clone, Debug)]
pub struct Stack {
    pub(crate) name: String,
    /// None: it is made by the caller.
    pub(crate) status: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) template: String,
    /// What an update of the stack around it makes of it.
    pub(crate) becomes: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) outputs: Vec<(String, String)>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) protection: bool,
    /// Statuses of single resources that are not those of the stack.
    pub(crate) resources: BTreeMap<String, String>,
    pub(crate) older_events: usize,
    pub(crate) script: Script,
}

impl Stack {
    /// A stack of this name that is not there yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            status: None,
            reason: None,
            template: r#"{"Resources":{}}"#.to_owned(),
            becomes: None,
            parameters: BTreeMap::new(),
            outputs: Vec::new(),
            tags: BTreeMap::new(),
            protection: false,
            resources: BTreeMap::new(),
            older_events: 0,
            script: Script::default(),
        }
    }

    /// It is there, in this status.
    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.status = Some(status.to_owned());
        self
    }

    /// CloudFormation's words on its status.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// Its template, as JSON; its resources are there as well, unless the status says otherwise.
    #[must_use]
    pub fn template(mut self, template: &str) -> Self {
        template.clone_into(&mut self.template);
        self
    }

    /// With a parameter's value.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With an output.
    #[must_use]
    pub fn output(mut self, name: &str, value: &str) -> Self {
        self.outputs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Protected against deletion.
    #[must_use]
    pub fn protected(mut self) -> Self {
        self.protection = true;
        self
    }

    /// One of its resources is in this status at the beginning: `DELETE_SKIPPED` after a failed creation, `UPDATE_FAILED` after a failed rollback.
    #[must_use]
    pub fn resource(mut self, logical_id: &str, status: &str) -> Self {
        self.resources.insert(logical_id.to_owned(), status.to_owned());
        self
    }

    /// With so many events of the past.
    #[must_use]
    pub fn older_events(mut self, events: usize) -> Self {
        self.older_events = events;
        self
    }

    /// A resource fails, always, for this reason.
    #[must_use]
    pub fn fails(self, on: On, logical_id: &str, reason: &str) -> Self {
        self.fails_times(usize::MAX, on, logical_id, reason)
    }

    /// A resource fails so many times, and succeeds after that.
    #[must_use]
    pub fn fails_times(mut self, times: usize, on: On, logical_id: &str, reason: &str) -> Self {
        let (logical_id, reason) = (logical_id.to_owned(), reason.to_owned());
        self.script.fates.push(Fate { on, logical_id, reason, times });
        self
    }

    /// A resource is in progress when another one fails, and is cancelled.
    #[must_use]
    pub fn cancels(mut self, logical_id: &str) -> Self {
        self.script.cancels.push(logical_id.to_owned());
        self
    }

    /// A hook refuses a resource.
    #[must_use]
    pub fn hook_fails(mut self, hook_type: &str, logical_id: &str, reason: &str) -> Self {
        let (logical_id, hook_type, reason) = (logical_id.to_owned(), hook_type.to_owned(), reason.to_owned());
        self.script.hooks.push(Hook { logical_id, hook_type, reason, fails: true });
        self
    }

    /// A hook warns of a resource, and lets it pass.
    #[must_use]
    pub fn hook_warns(self, hook_type: &str, logical_id: &str, reason: &str) -> Self {
        let mut warned = self.hook_fails(hook_type, logical_id, reason);
        if let Some(hook) = warned.script.hooks.last_mut() {
            hook.fails = false;
        }
        warned
    }

    /// The early validation refuses a resource, so that the change set fails.
    #[must_use]
    pub fn validation_fails(mut self, logical_id: &str, reason: &str, path: &str) -> Self {
        let (logical_id, reason, path) = (logical_id.to_owned(), reason.to_owned(), path.to_owned());
        self.script.findings.push(Finding { logical_id, reason, path });
        self
    }

    /// A resource of type `AWS::CloudFormation::Stack` is this stack.
    #[must_use]
    pub fn nested(mut self, logical_id: &str, stack: Self) -> Self {
        self.script.nested.insert(logical_id.to_owned(), Box::new(stack));
        self
    }

    /// As a nested stack: an update of the stack around it gives it this template.
    #[must_use]
    pub fn becomes(mut self, template: &str) -> Self {
        self.becomes = Some(template.to_owned());
        self
    }

    /// Change sets say that a resource is replaced.
    #[must_use]
    pub fn replaces(mut self, logical_id: &str) -> Self {
        self.script.replaces.push(logical_id.to_owned());
        self
    }

    /// After an operation has begun, so many calls of `DescribeStacks` show the stack as it was before.
    #[must_use]
    pub fn stale(mut self, calls: usize) -> Self {
        self.script.stale = calls;
        self
    }

    /// Change sets fail for this reason.
    #[must_use]
    pub fn refuses_change_sets(mut self, reason: &str) -> Self {
        self.script.refusal = Some(reason.to_owned());
        self
    }

    /// Change sets have no changes.
    #[must_use]
    pub fn never_changes(mut self) -> Self {
        self.script.same = true;
        self
    }

    /// Its operations fail although no resource does, for this reason.
    #[must_use]
    pub fn fails_as_a_whole(mut self, reason: &str) -> Self {
        self.script.own_reason = Some(reason.to_owned());
        self
    }

    /// A resource takes this long by the clock, whatever is done to it. The stack's other events come without delay then, and each has the time at which it
    /// was due, whoever looked when.
    #[must_use]
    pub fn takes(mut self, logical_id: &str, time: Duration) -> Self {
        self.script.takes.insert(logical_id.to_owned(), time);
        self
    }

    /// Change sets are ready after this long by the clock, and not at the second look.
    #[must_use]
    pub fn plans_in(mut self, time: Duration) -> Self {
        self.script.plans_in = Some(time);
        self
    }

    /// Operations begin, and never end.
    #[must_use]
    pub fn never_ends(mut self) -> Self {
        self.script.endless = true;
        self
    }
}

impl Script {
    /// The reason for which a resource fails, if it does; a failure that is counted is used up.
    pub fn failure(&mut self, on: On, logical_id: &str) -> Option<String> {
        let fate =
            self.fates.iter_mut().find(|fate| fate.on == on && fate.logical_id == logical_id && fate.times > 0)?;
        if fate.times != usize::MAX {
            fate.times -= 1;
        }
        Some(fate.reason.clone())
    }
}
