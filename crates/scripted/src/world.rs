//! What is in the account.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::http::{Reply, Request};
use crate::script::{Script, Stack};
use crate::{cloudformation, storage, time};

/// The account.
pub const ACCOUNT: &str = "123456789012";
/// The region in the ARNs that are made up here.
pub const REGION: &str = "eu-west-1";
pub(crate) const STACK_TYPE: &str = "AWS::CloudFormation::Stack";

/// One event of a stack.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// Its id; they are given in order.
    pub id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    /// The resource, or the stack's name.
    pub logical_id: String,
    /// Its name in AWS; empty as long as it has none.
    pub physical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What became of it.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// The token of the operation.
    pub token: Option<String>,
    /// Which operation of the stack it belongs to, for `DescribeEvents`.
    pub operation: String,
    /// A hook's type, status and words.
    pub hook: Option<(String, String, String)>,
    /// The hook only warns.
    pub hook_warns: bool,
    /// The place that a validation complains of.
    pub validation: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub kind: String,
    pub physical_id: String,
    pub status: String,
    pub reason: Option<String>,
    /// Its part of the template.
    pub body: Value,
}

/// What a stack is once an operation has succeeded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub template: String,
    pub parameters: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub notification_arns: Vec<String>,
    pub outputs: Vec<(String, String)>,
}

/// One event that is still to come.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The id of the stack: an operation's steps are with the outermost one.
    pub stack: String,
    pub event: Event,
    pub body: Option<Value>,
    pub content: Option<Box<Content>>,
    /// How long after the event before it.
    pub after: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    pub name: String,
    pub id: String,
    pub kind: String,
    pub description: String,
    /// What parameters of the template are resolved to.
    pub resolved: BTreeMap<String, String>,
    pub status: String,
    pub reason: String,
    pub execution: String,
    pub changes: Vec<cloudformation::Change>,
    pub content: Content,
    /// How often it was looked at.
    pub looks: usize,
    /// When it was made.
    pub created: i64,
    pub on_failure: String,
}

#[derive(Clone, Debug)]
pub(crate) struct StackState {
    pub name: String,
    pub id: String,
    pub status: String,
    pub reason: Option<String>,
    pub content: Content,
    pub resources: BTreeMap<String, Resource>,
    pub events: Vec<Event>,
    pub steps: VecDeque<Step>,
    pub change_sets: Vec<ChangeSet>,
    pub policy: Option<String>,
    pub protection: bool,
    pub created: i64,
    pub updated: Option<i64>,
    pub script: Script,
    pub parent: Option<String>,
    pub token: Option<String>,
    /// What `DescribeStacks` shows still, and how often.
    pub before: Option<(usize, Box<Self>)>,
}

impl StackState {
    pub fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    pub fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub key: String,
    pub version: String,
    pub size: usize,
    pub is_marker: bool,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub owner: String,
    pub settings: BTreeSet<String>,
    /// The newest last.
    pub objects: Vec<Object>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub pace: usize,
    pub clock: i64,
    pub describe_events: bool,
    /// Stacks that were described before they were made.
    pub scripts: BTreeMap<String, Script>,
    /// All that have ever been.
    pub stacks: Vec<StackState>,
    pub buckets: BTreeMap<String, Bucket>,
    pub parameters: BTreeMap<String, String>,
    pub trail: Vec<[String; 5]>,
    counter: u64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            pace: 4,
            clock: 0,
            describe_events: true,
            scripts: BTreeMap::new(),
            stacks: Vec::new(),
            buckets: BTreeMap::new(),
            parameters: BTreeMap::new(),
            trail: Vec::new(),
            counter: 0,
        }
    }
}

impl World {
    pub fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// The time, by this account's clock.
    pub fn now(&mut self) -> i64 {
        time::now(self.clock)
    }

    pub fn add(&mut self, stack: Stack) {
        let Some(status) = &stack.status else {
            self.scripts.insert(stack.name.clone(), stack.script);
            return;
        };
        let id = self.make(&stack.name, stack.script.clone());
        let now = self.now();
        let gone = matches!(status.as_str(), "ROLLBACK_COMPLETE" | "REVIEW_IN_PROGRESS");
        let mut resources = cloudformation::resources_of(&stack.name, &stack.template, &mut || self.next());
        for (logical_id, resource) in &mut resources {
            let status = stack.resources.get(logical_id).cloned();
            resource.status =
                status.unwrap_or_else(|| if gone { "DELETE_COMPLETE" } else { "CREATE_COMPLETE" }.to_owned());
            if resource.kind == "AWS::S3::Bucket" && !gone {
                self.add_bucket(&resource.physical_id, ACCOUNT);
            }
        }
        if status == "REVIEW_IN_PROGRESS" {
            resources.clear();
        }
        let older: Vec<Event> = (0..stack.older_events)
            .map(|index| Event {
                id: format!("older-{index}"),
                time: now - 3_600_000,
                logical_id: "Older".to_owned(),
                physical_id: "older".to_owned(),
                resource_type: "AWS::SQS::Queue".to_owned(),
                status: "UPDATE_COMPLETE".to_owned(),
                token: Some("older".to_owned()),
                operation: "older".to_owned(),
                ..Event::default()
            })
            .collect();
        let state = self.find_mut(&id).unwrap();
        state.created = now - 7_200_000;
        state.updated = (!status.starts_with("CREATE")).then_some(now - 3_600_000);
        state.status.clone_from(status);
        state.reason = stack.reason;
        state.protection = stack.protection;
        state.resources = resources;
        state.events = older;
        state.content = Content {
            template: stack.template,
            parameters: stack.parameters,
            tags: stack.tags,
            notification_arns: Vec::new(),
            outputs: stack.outputs,
        };
    }

    /// An empty stack, in `REVIEW_IN_PROGRESS`.
    pub fn make(&mut self, name: &str, script: Script) -> String {
        let id = format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{:08x}", self.next());
        let created = self.now();
        self.stacks.push(StackState {
            name: name.to_owned(),
            id: id.clone(),
            status: "REVIEW_IN_PROGRESS".to_owned(),
            reason: None,
            content: Content::default(),
            resources: BTreeMap::new(),
            events: Vec::new(),
            steps: VecDeque::new(),
            change_sets: Vec::new(),
            policy: None,
            protection: false,
            created,
            updated: None,
            script,
            parent: None,
            token: None,
            before: None,
        });
        id
    }

    /// The script for a stack that is about to be made: the one it was announced with, or that of its last life.
    pub fn script_for(&mut self, name: &str) -> Script {
        let last = self.stacks.iter().rev().find(|stack| stack.name == name).map(|stack| stack.script.clone());
        self.scripts.remove(name).or(last).unwrap_or_default()
    }

    /// The stack of this name that is there.
    pub fn named(&self, name: &str) -> Option<&StackState> {
        self.stacks.iter().find(|stack| stack.name == name && !stack.is_gone())
    }

    pub fn named_mut(&mut self, name: &str) -> Option<&mut StackState> {
        self.stacks.iter_mut().find(|stack| stack.name == name && !stack.is_gone())
    }

    /// The stack of this name that is there, or of this id even if it is not.
    pub fn find(&self, name_or_id: &str) -> Option<&StackState> {
        self.named(name_or_id).or_else(|| self.stacks.iter().find(|stack| stack.id == name_or_id))
    }

    pub fn find_mut(&mut self, name_or_id: &str) -> Option<&mut StackState> {
        let id = self.find(name_or_id)?.id.clone();
        self.stacks.iter_mut().find(|stack| stack.id == id)
    }

    /// Lets an operation go on by some events.
    pub fn advance(&mut self, id: &str, events: usize) {
        let root = self.find(id).map(|stack| stack.parent.clone().unwrap_or_else(|| stack.id.clone()));
        let Some(root) = root else { return };
        let now = self.now();
        let mut passed = 0;
        while let Some(stack) = self.find_mut(&root) {
            let is_timed = !stack.script.takes.is_empty();
            let Some(step) = stack.steps.front() else { break };
            let mut time = now;
            if is_timed {
                let after = i64::try_from(step.after.as_millis()).unwrap();
                time = stack.events.last().map_or(now, |last| last.time) + after;
            }
            if time > now || (!is_timed && passed == events) {
                break;
            }
            let Some(step) = stack.steps.pop_front() else { break };
            self.apply_at(step, time);
            passed += 1;
        }
    }

    pub fn apply(&mut self, step: Step) {
        let now = self.now();
        self.apply_at(step, now);
    }

    fn apply_at(&mut self, step: Step, now: i64) {
        let number = self.next();
        let Some(stack) = self.stacks.iter_mut().find(|stack| stack.id == step.stack) else { return };
        let mut event = step.event;
        event.id = format!("{}-{number:06}", event.logical_id);
        event.time = now;
        let mut made = None;
        let mut removed = None;
        if event.physical_id == stack.id {
            stack.status.clone_from(&event.status);
            stack.reason.clone_from(&event.reason);
            if let Some(content) = step.content {
                stack.content = *content;
            }
            if event.status == "UPDATE_IN_PROGRESS" {
                stack.updated = Some(now);
            }
        } else if event.hook.is_none() {
            let known = stack.resources.entry(event.logical_id.clone()).or_insert_with(|| Resource {
                kind: event.resource_type.clone(),
                physical_id: String::new(),
                status: String::new(),
                reason: None,
                body: Value::Null,
            });
            known.status.clone_from(&event.status);
            known.reason.clone_from(&event.reason);
            if !event.physical_id.is_empty() {
                known.physical_id.clone_from(&event.physical_id);
            }
            if let Some(body) = step.body {
                known.body = body;
            }
            if known.kind == "AWS::S3::Bucket" {
                match known.status.as_str() {
                    "CREATE_COMPLETE" => made = Some(known.physical_id.clone()),
                    "DELETE_COMPLETE" => removed = Some(known.physical_id.clone()),
                    _ => {}
                }
            }
        }
        stack.events.push(event);
        if let Some(bucket) = made {
            self.add_bucket(&bucket, ACCOUNT);
        }
        if let Some(bucket) = removed {
            self.buckets.remove(&bucket);
        }
    }

    pub fn vanish(&mut self, name: &str) {
        if let Some(stack) = self.named_mut(name) {
            stack.steps.clear();
            let id = stack.id.clone();
            let event = |status: &str| Event {
                logical_id: name.to_owned(),
                physical_id: id.clone(),
                resource_type: STACK_TYPE.to_owned(),
                status: status.to_owned(),
                reason: Some("User Initiated".to_owned()),
                token: Some("someone-else".to_owned()),
                operation: "someone-else".to_owned(),
                ..Event::default()
            };
            for status in ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"] {
                self.apply(Step {
                    stack: id.clone(),
                    event: event(status),
                    body: None,
                    content: None,
                    after: Duration::ZERO,
                });
            }
        }
    }

    pub fn someone_updates(&mut self, name: &str) {
        let Some(stack) = self.named(name) else { return };
        let id = stack.id.clone();
        let resource = stack.resources.iter().next().map(|(id, resource)| (id.clone(), resource.clone()));
        let mut steps = Vec::new();
        let mut step = |logical_id: &str, physical_id: &str, kind: &str, status: &str| {
            let event = Event {
                logical_id: logical_id.to_owned(),
                physical_id: physical_id.to_owned(),
                resource_type: kind.to_owned(),
                status: status.to_owned(),
                token: Some("someone-else".to_owned()),
                operation: "someone-else".to_owned(),
                ..Event::default()
            };
            steps.push(Step { stack: id.clone(), event, body: None, content: None, after: Duration::ZERO });
        };
        step(name, &id, STACK_TYPE, "UPDATE_IN_PROGRESS");
        if let Some((logical_id, resource)) = resource {
            step(&logical_id, &resource.physical_id, &resource.kind, "UPDATE_IN_PROGRESS");
            step(&logical_id, &resource.physical_id, &resource.kind, "UPDATE_COMPLETE");
        }
        step(name, &id, STACK_TYPE, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
        step(name, &id, STACK_TYPE, "UPDATE_COMPLETE");
        let mut steps = VecDeque::from(steps);
        let first = steps.pop_front();
        if let Some(stack) = self.find_mut(&id) {
            stack.steps = steps;
            // Whatever was planned is outdated.
            for set in &mut stack.change_sets {
                "OBSOLETE".clone_into(&mut set.execution);
            }
        }
        if let Some(first) = first {
            self.apply(first);
        }
    }

    pub fn add_bucket(&mut self, name: &str, owner: &str) {
        let bucket = Bucket { owner: owner.to_owned(), settings: BTreeSet::new(), objects: Vec::new() };
        self.buckets.entry(name.to_owned()).or_insert(bucket);
    }

    pub fn answer(&mut self, request: &Request) -> Reply {
        if let Some(refusal) = self.refuse_signature(request) {
            return refusal;
        }
        match request.service.as_str() {
            "cloudformation" => cloudformation::answer(self, request),
            _ => storage::answer(self, request),
        }
    }

    /// Signatures are good for five minutes.
    fn refuse_signature(&mut self, request: &Request) -> Option<Reply> {
        let signed = request.header("x-amz-date");
        if signed.is_empty() {
            return None;
        }
        let now = self.now();
        let (oldest, newest) = (time::compact(now - 300_000), time::compact(now + 300_000));
        let words = if signed < oldest.as_str() {
            format!("Signature expired: {signed} is now earlier than {oldest} ({} - 5 min.)", time::compact(now))
        } else if signed > newest.as_str() {
            format!(
                "Signature not yet current: {signed} is still later than {newest} ({} + 5 min.)",
                time::compact(now)
            )
        } else {
            return None;
        };
        let code = if request.service == "s3" { "RequestTimeTooSkewed" } else { "SignatureDoesNotMatch" };
        Some(Reply::error(request, 403, code, &words))
    }

    pub fn inventory(&self) -> String {
        let mut text = String::new();
        let mut stacks: Vec<&StackState> = self.stacks.iter().filter(|stack| !stack.is_gone()).collect();
        stacks.sort_by(|a, b| a.name.cmp(&b.name));
        for stack in stacks {
            text.push_str(&format!("stack {} {}\n", stack.name, stack.status));
            for (id, resource) in stack.resources.iter().filter(|(_, resource)| resource.status != "DELETE_COMPLETE") {
                text.push_str(&format!("  {id} {} {}\n", resource.kind, resource.status));
            }
            for set in stack.change_sets.iter().filter(|set| set.execution != "EXECUTE_COMPLETE") {
                text.push_str(&format!("  change set {} {}\n", set.status, set.execution));
            }
        }
        for (name, bucket) in &self.buckets {
            text.push_str(&format!("bucket {name} of {}: {:?}\n", bucket.owner, bucket.settings));
            let keys: BTreeSet<&str> = bucket.objects.iter().map(|object| object.key.as_str()).collect();
            for key in keys {
                text.push_str(&format!("  {key}\n"));
            }
        }
        text
    }
}
