//! The events of an operation, worked out when it begins.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::cloudformation::resources_of;
use crate::script::{On, Script};
use crate::world::{Content, Event, Resource, STACK_TYPE, Step, World};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Create,
    Update,
    Import,
    Delete {
        retain: Vec<String>,
    },
    ContinueRollback {
        skip: Vec<String>,
    },
    /// `RollbackStack`: a creation or update that failed with rollback off.
    Rollback,
    /// `CancelUpdateStack`.
    Cancel,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub kind: Kind,
    pub content: Option<Content>,
    pub token: Option<String>,
    pub disable_rollback: bool,
    /// `OnStackFailure=DELETE`.
    pub delete_on_failure: bool,
    /// `RetainExceptOnCreate`.
    pub retain_except_on_create: bool,
}

impl Operation {
    pub fn new(kind: Kind, token: Option<String>) -> Self {
        Self {
            kind,
            content: None,
            token,
            disable_rollback: false,
            delete_on_failure: false,
            retain_except_on_create: false,
        }
    }
}

struct Player<'a> {
    world: &'a mut World,
    stack: String,
    name: String,
    script: Script,
    resources: BTreeMap<String, Resource>,
    operation: &'a Operation,
    number: String,
    steps: Vec<Step>,
    /// The resources that were made or changed, in order.
    done: Vec<(String, Change)>,
}

#[derive(Clone, Debug)]
enum Change {
    Made,
    Changed(Value),
}

/// Begins an operation: its first event happens at once.
pub fn begin(world: &mut World, id: &str, operation: &Operation) {
    let number = format!("operation-{}", world.next());
    let Some(stack) = world.find_mut(id) else { return };
    stack.token.clone_from(&operation.token);
    if stack.script.stale > 0 {
        stack.before = Some((stack.script.stale, Box::new(stack.clone())));
    }
    let (stack, endless) = (stack.id.clone(), stack.script.endless);
    let mut steps = play(world, &stack, operation, &number);
    if endless {
        let keep = steps.len().min(2);
        steps.truncate(keep);
    }
    let mut steps = VecDeque::from(steps);
    let first = steps.pop_front();
    if let Some(stack) = world.find_mut(&stack) {
        stack.steps = steps;
    }
    if let Some(first) = first {
        world.apply(first);
    }
}

/// The steps of an operation on one stack. What is counted in its script is used up.
fn play(world: &mut World, id: &str, operation: &Operation, number: &str) -> Vec<Step> {
    let Some(stack) = world.find(id) else { return Vec::new() };
    let mut player = Player {
        stack: stack.id.clone(),
        name: stack.name.clone(),
        script: stack.script.clone(),
        resources: stack.resources.clone(),
        operation,
        number: number.to_owned(),
        steps: Vec::new(),
        done: Vec::new(),
        world,
    };
    match &operation.kind {
        Kind::Create => player.create(),
        Kind::Update => player.update(),
        Kind::Import => player.import(),
        Kind::Delete { retain } => player.delete(retain),
        Kind::ContinueRollback { skip } => player.go_on_back(skip),
        Kind::Rollback | Kind::Cancel => player.take_back(),
    }
    let (steps, script) = (player.steps, player.script);
    if let Some(stack) = world.find_mut(id) {
        stack.script = script;
    }
    steps
}

impl Player<'_> {
    fn event(&self, logical_id: &str, physical_id: &str, kind: &str, status: &str, reason: Option<&str>) -> Event {
        Event {
            logical_id: logical_id.to_owned(),
            physical_id: physical_id.to_owned(),
            resource_type: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            token: self.operation.token.clone(),
            operation: self.number.clone(),
            ..Event::default()
        }
    }

    fn stack(&mut self, status: &str, reason: Option<&str>) {
        let event = self.event(&self.name, &self.stack, STACK_TYPE, status, reason);
        self.steps.push(Step { stack: self.stack.clone(), event, body: None, content: None, after: Duration::ZERO });
    }

    /// The end, with what the stack is from now on.
    fn settled(&mut self, status: &str) {
        self.stack(status, None);
        if let Some(last) = self.steps.last_mut() {
            last.content = self.operation.content.clone().map(Box::new);
        }
    }

    fn resource(&mut self, id: &str, status: &str, reason: Option<&str>) {
        let Some(resource) = self.resources.get(id).cloned() else { return };
        // It has no name before it is made.
        let named = status != "CREATE_IN_PROGRESS" && status != "CREATE_FAILED";
        let physical_id = if named { resource.physical_id.as_str() } else { "" };
        let event = self.event(id, physical_id, &resource.kind, status, reason);
        self.steps.push(Step {
            stack: self.stack.clone(),
            event,
            body: Some(resource.body),
            content: None,
            after: Duration::ZERO,
        });
        if let Some(resource) = self.resources.get_mut(id) {
            status.clone_into(&mut resource.status);
        }
    }

    /// The hooks of a resource; false if one of them refuses it.
    fn hooks(&mut self, id: &str, status: &str) -> bool {
        let Some(resource) = self.resources.get(id).cloned() else { return true };
        for hook in self.script.hooks.clone().into_iter().filter(|hook| hook.logical_id == id) {
            let mut event = self.event(id, "", &resource.kind, status, None);
            event.hook = Some((hook.hook_type.clone(), "HOOK_IN_PROGRESS".to_owned(), String::new()));
            self.steps.push(Step {
                stack: self.stack.clone(),
                event: event.clone(),
                body: None,
                content: None,
                after: Duration::ZERO,
            });
            event.hook = Some((hook.hook_type.clone(), "HOOK_COMPLETE_FAILED".to_owned(), hook.reason.clone()));
            event.hook_warns = !hook.fails;
            self.steps.push(Step {
                stack: self.stack.clone(),
                event,
                body: None,
                content: None,
                after: Duration::ZERO,
            });
            if hook.fails {
                let failed = status.replace("IN_PROGRESS", "FAILED");
                self.resource(id, &failed, Some(&format!("The following hook(s) failed: [{}]", hook.hook_type)));
                return false;
            }
        }
        true
    }

    /// Makes, changes, deletes or imports one resource; false if that fails.
    fn provision(&mut self, id: &str, verb: &str, on: On) -> bool {
        let progress = format!("{verb}_IN_PROGRESS");
        self.resource(id, &progress, None);
        if !self.hooks(id, &progress) {
            return false;
        }
        let is_nested = self.resources.get(id).is_some_and(|resource| resource.kind == STACK_TYPE);
        let failure = match self.script.nested.get(id).cloned() {
            Some(nested) if is_nested => self.play_nested(id, &nested, on),
            _ => self.script.failure(on, id),
        };
        let failure = failure.or_else(|| self.is_full_bucket(id, on));
        match failure {
            Some(reason) => {
                self.resource(id, &format!("{verb}_FAILED"), Some(&reason));
                false
            }
            None => {
                self.resource(id, &format!("{verb}_COMPLETE"), None);
                if let (Some(last), Some(time)) = (self.steps.last_mut(), self.script.takes.get(id)) {
                    last.after = *time;
                }
                true
            }
        }
    }

    fn is_full_bucket(&self, id: &str, on: On) -> Option<String> {
        let resource = self.resources.get(id).filter(|resource| resource.kind == "AWS::S3::Bucket")?;
        let bucket = self.world.buckets.get(&resource.physical_id)?;
        let is_full = on == On::Delete && !bucket.objects.is_empty();
        is_full.then(|| {
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket. (Service: S3, Status Code: 409, Request ID: R)"
                .to_owned()
        })
    }

    /// Plays the operation on a nested stack; the reason for which it failed.
    fn play_nested(&mut self, id: &str, nested: &crate::Stack, on: On) -> Option<String> {
        let known = self.resources.get(id).map(|resource| resource.physical_id.clone()).unwrap_or_default();
        let (child, kind) = match on {
            On::Create => {
                let child = self.world.make(&nested.name, nested.script.clone());
                (child, Kind::Create)
            }
            On::Delete => (known, Kind::Delete { retain: Vec::new() }),
            _ => (known, Kind::Update),
        };
        if let Some(resource) = self.resources.get_mut(id) {
            resource.physical_id.clone_from(&child);
        }
        let root = self.stack.clone();
        if let Some(stack) = self.world.find_mut(&child) {
            stack.parent = Some(root);
        }
        // The name is known before the nested stack has done anything.
        let verb = if on == On::Create { "CREATE" } else { "UPDATE" };
        if on != On::Delete {
            let kind = STACK_TYPE;
            let event =
                self.event(id, &child, kind, &format!("{verb}_IN_PROGRESS"), Some("Resource creation Initiated"));
            self.steps.push(Step {
                stack: self.stack.clone(),
                event,
                body: None,
                content: None,
                after: Duration::ZERO,
            });
        }
        let template = nested.becomes.as_ref().filter(|_| on == On::Update).unwrap_or(&nested.template);
        let operation = Operation {
            content: Some(Content { template: template.clone(), ..Content::default() }),
            disable_rollback: true,
            ..Operation::new(kind, self.operation.token.clone())
        };
        let steps = play(self.world, &child, &operation, &self.number);
        let failed = steps.last().filter(|last| last.event.status.ends_with("_FAILED")).cloned();
        self.steps.extend(steps);
        let reason = failed?.event.reason.unwrap_or_default();
        let what = if on == On::Create { "created" } else { "updated" };
        Some(format!("Embedded stack {child} was not successfully {what}: {reason}"))
    }

    fn cancel(&mut self, verb: &str, word: &str) {
        for id in self.script.cancels.clone() {
            if self.done.iter().any(|(done, _)| *done == id) || !self.resources.contains_key(&id) {
                continue;
            }
            self.resource(&id, &format!("{verb}_IN_PROGRESS"), None);
            self.resource(&id, &format!("{verb}_FAILED"), Some(&format!("Resource {word} cancelled")));
        }
    }

    fn is_kept(&self, id: &str) -> bool {
        let policy = self.resources.get(id).and_then(|resource| resource.body.get("DeletionPolicy")?.as_str());
        policy == Some("Retain")
    }

    fn new_resources(&mut self) -> BTreeMap<String, Resource> {
        let template = self.operation.content.as_ref().map(|content| content.template.clone()).unwrap_or_default();
        let name = self.name.clone();
        let world = &mut *self.world;
        resources_of(&name, &template, &mut || world.next())
    }

    fn create(&mut self) {
        self.stack("CREATE_IN_PROGRESS", Some("User Initiated"));
        let own = self.script.own_reason.clone();
        let wanted = self.new_resources();
        self.resources.extend(wanted.clone());
        let mut failed = Vec::new();
        if own.is_none() {
            for id in wanted.keys() {
                if self.script.cancels.contains(id) && self.script.fates.iter().any(|fate| fate.on == On::Create) {
                    continue;
                }
                if self.provision(id, "CREATE", On::Create) {
                    self.done.push((id.clone(), Change::Made));
                } else {
                    failed.push(id.clone());
                    break;
                }
            }
        }
        if failed.is_empty() && own.is_none() {
            self.settled("CREATE_COMPLETE");
            return;
        }
        self.cancel("CREATE", "creation");
        failed.extend(self.script.cancels.clone());
        let reason =
            own.unwrap_or_else(|| format!("The following resource(s) failed to create: [{}]. ", failed.join(", ")));
        if self.operation.disable_rollback {
            self.stack("CREATE_FAILED", Some(reason.trim_end()));
            return;
        }
        if self.operation.delete_on_failure {
            self.stack("DELETE_IN_PROGRESS", Some(&format!("{reason}Delete requested by user.")));
            self.undo_creation("DELETE");
        } else {
            self.stack("ROLLBACK_IN_PROGRESS", Some(&format!("{reason}Rollback requested by user.")));
            self.undo_creation("ROLLBACK");
        }
    }

    /// Deletes what was made; the stack ends in `verb_COMPLETE` or `verb_FAILED`.
    fn undo_creation(&mut self, verb: &str) {
        let keeps = !self.operation.retain_except_on_create;
        let mut failed = Vec::new();
        // What was never made is let go of.
        let never: Vec<String> = self
            .resources
            .iter()
            .filter(|(_, resource)| resource.status == "CREATE_FAILED")
            .map(|(id, _)| id.clone())
            .collect();
        for id in never {
            self.resource(&id, "DELETE_COMPLETE", None);
        }
        for (id, _) in std::mem::take(&mut self.done).into_iter().rev() {
            if keeps && self.is_kept(&id) {
                self.resource(&id, "DELETE_SKIPPED", None);
            } else if !self.provision(&id, "DELETE", On::Delete) {
                failed.push(id);
            }
        }
        if failed.is_empty() {
            self.stack(&format!("{verb}_COMPLETE"), None);
        } else {
            let reason = format!("The following resource(s) failed to delete: [{}]. ", failed.join(", "));
            self.stack(&format!("{verb}_FAILED"), Some(&reason));
        }
    }

    fn update(&mut self) {
        self.stack("UPDATE_IN_PROGRESS", Some("User Initiated"));
        let own = self.script.own_reason.clone();
        let wanted = self.new_resources();
        let mut failed = Vec::new();
        for (id, resource) in &wanted {
            if own.is_some() {
                break;
            }
            let before = self.resources.get(id).filter(|known| known.status != "DELETE_COMPLETE").cloned();
            let cancelled =
                self.script.cancels.contains(id) && self.script.fates.iter().any(|fate| fate.on == On::Update);
            let is_nested = resource.kind == STACK_TYPE;
            let done = match before {
                _ if cancelled => continue,
                None => {
                    self.resources.insert(id.clone(), resource.clone());
                    self.provision(id, "CREATE", On::Create).then_some(Change::Made)
                }
                Some(before) if before.body == resource.body && !is_nested => continue,
                Some(before) => {
                    let physical_id = before.physical_id.clone();
                    self.resources.insert(id.clone(), Resource { physical_id, ..resource.clone() });
                    let changed = self.provision(id, "UPDATE", On::Update);
                    // What has failed half-way is taken back as well.
                    if !changed {
                        self.done.push((id.clone(), Change::Changed(before.body.clone())));
                    }
                    changed.then_some(Change::Changed(before.body))
                }
            };
            match done {
                Some(change) => self.done.push((id.clone(), change)),
                None => {
                    failed.push(id.clone());
                    break;
                }
            }
        }
        if failed.is_empty() && own.is_none() {
            self.clean_up(&wanted);
            return;
        }
        self.cancel("UPDATE", "update");
        failed.extend(self.script.cancels.clone());
        let reason =
            own.unwrap_or_else(|| format!("The following resource(s) failed to update: [{}]. ", failed.join(", ")));
        if self.operation.disable_rollback {
            self.stack("UPDATE_FAILED", Some(reason.trim_end()));
            return;
        }
        self.stack("UPDATE_ROLLBACK_IN_PROGRESS", Some(&reason));
        self.undo_update();
    }

    fn clean_up(&mut self, wanted: &BTreeMap<String, Resource>) {
        self.stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
        let alive = |resource: &Resource| !resource.status.starts_with("DELETE_");
        let gone: Vec<String> = self
            .resources
            .iter()
            .filter(|(id, resource)| !wanted.contains_key(*id) && alive(resource))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone.into_iter().rev() {
            if self.is_kept(&id) {
                self.resource(&id, "DELETE_SKIPPED", None);
            } else {
                // A clean-up that fails fails no update.
                self.provision(&id, "DELETE", On::Delete);
            }
        }
        self.settled("UPDATE_COMPLETE");
    }

    fn undo_update(&mut self) {
        let done = std::mem::take(&mut self.done);
        let mut failed = Vec::new();
        for (id, change) in done.iter().rev() {
            if let Change::Changed(before) = change {
                if let Some(resource) = self.resources.get_mut(id) {
                    resource.body.clone_from(before);
                }
                if !self.provision(id, "UPDATE", On::Rollback) {
                    failed.push(id.clone());
                }
            }
        }
        if !failed.is_empty() {
            let reason = format!("The following resource(s) failed to update: [{}]. ", failed.join(", "));
            self.stack("UPDATE_ROLLBACK_FAILED", Some(&reason));
            return;
        }
        self.stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
        for (id, change) in done.iter().rev() {
            if matches!(change, Change::Made) {
                self.provision(id, "DELETE", On::Delete);
            }
        }
        self.stack("UPDATE_ROLLBACK_COMPLETE", None);
    }

    fn import(&mut self) {
        self.stack("IMPORT_IN_PROGRESS", Some("User Initiated"));
        let wanted = self.new_resources();
        let new: Vec<String> = wanted.keys().filter(|id| !self.resources.contains_key(*id)).cloned().collect();
        for id in &new {
            self.resources.insert(id.clone(), wanted[id].clone());
            if !self.provision(id, "IMPORT", On::Import) {
                let reason = format!("The following resource(s) failed to import: [{id}]. ");
                self.stack("IMPORT_ROLLBACK_IN_PROGRESS", Some(&reason));
                if let Some(reason) = self.script.failure(On::Rollback, id) {
                    self.resource(id, "IMPORT_ROLLBACK_FAILED", Some(&reason));
                    self.stack("IMPORT_ROLLBACK_FAILED", Some(&reason));
                } else {
                    self.resource(id, "DELETE_COMPLETE", None);
                    self.stack("IMPORT_ROLLBACK_COMPLETE", None);
                }
                return;
            }
        }
        self.settled("IMPORT_COMPLETE");
    }

    fn delete(&mut self, retain: &[String]) {
        self.stack("DELETE_IN_PROGRESS", Some("User Initiated"));
        let there = |resource: &Resource| !matches!(resource.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED");
        let ids: Vec<String> =
            self.resources.iter().filter(|(_, resource)| there(resource)).map(|(id, _)| id.clone()).collect();
        let mut failed = Vec::new();
        for id in ids.into_iter().rev() {
            if retain.contains(&id) || self.is_kept(&id) {
                self.resource(&id, "DELETE_SKIPPED", None);
            } else if !self.provision(&id, "DELETE", On::Delete) {
                failed.push(id);
            }
        }
        if failed.is_empty() {
            self.stack("DELETE_COMPLETE", None);
        } else {
            let reason = format!("The following resource(s) failed to delete: [{}]. ", failed.join(", "));
            self.stack("DELETE_FAILED", Some(&reason));
        }
    }

    fn go_on_back(&mut self, skip: &[String]) {
        self.stack("UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated"));
        let failing = |resource: &Resource| resource.status == "UPDATE_FAILED";
        let ids: Vec<String> =
            self.resources.iter().filter(|(_, resource)| failing(resource)).map(|(id, _)| id.clone()).collect();
        let mut failed = Vec::new();
        for id in ids {
            if skip.contains(&id) {
                self.resource(&id, "UPDATE_COMPLETE", Some("Resource update was skipped"));
            } else if !self.provision(&id, "UPDATE", On::Rollback) {
                failed.push(id);
            }
        }
        if !failed.is_empty() {
            let reason = format!("The following resource(s) failed to update: [{}]. ", failed.join(", "));
            self.stack("UPDATE_ROLLBACK_FAILED", Some(&reason));
            return;
        }
        self.stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
        self.stack("UPDATE_ROLLBACK_COMPLETE", None);
    }

    /// The way back that was not taken, or that is taken early.
    fn take_back(&mut self) {
        let is_creation = self.world.find(&self.stack).is_some_and(|stack| stack.status == "CREATE_FAILED");
        let there = |resource: &Resource| !resource.status.starts_with("DELETE_");
        if is_creation {
            self.stack("ROLLBACK_IN_PROGRESS", Some("User Initiated"));
            self.done = self
                .resources
                .iter()
                .filter(|(_, resource)| there(resource) && resource.status != "CREATE_FAILED")
                .map(|(id, _)| (id.clone(), Change::Made))
                .collect();
            self.undo_creation("ROLLBACK");
        } else {
            self.stack("UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated"));
            let changed = |resource: &Resource| resource.status.starts_with("UPDATE_");
            self.done = self
                .resources
                .iter()
                .filter(|(_, resource)| changed(resource))
                .map(|(id, resource)| (id.clone(), Change::Changed(resource.body.clone())))
                .collect();
            self.undo_update();
        }
    }
}
