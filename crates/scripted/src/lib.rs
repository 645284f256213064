//! A CloudFormation on loopback that does what a test says.
//!
//! For what an emulator is too lenient to judge: it speaks the AWS protocols for CloudFormation, STS and as much of S3, SSM and CloudTrail as a
//! deployment needs, keeps stacks in memory, and plays them through the events that CloudFormation would write: rollbacks, cancellations, kept
//! resources, hooks, nested stacks, stale answers. Every request is kept with its decoded parameters, so that a test can assert what was asked.
//!
//! Nothing happens by the clock, unless [a resource takes some time](Stack::takes): an operation goes on by [some events](Scripted::pace) each time that
//! somebody looks at it.
//!
//! ```no_run
//! use skysmith_scripted::{On, Scripted, Stack};
//!
//! let aws = Scripted::new()
//!     .stack(Stack::new("app").fails(On::Create, "Role", "name taken").cancels("Queue"))
//!     .start();
//! // ... deploy to aws.url() ...
//! assert_eq!(aws.status("app").as_deref(), Some("ROLLBACK_COMPLETE"));
//! assert!(aws.calls("ExecuteChangeSet")[0].has("ClientRequestToken"));
//! ```
//!
//! It is written from CloudFormation's documentation, and is no more than a test double: what it does is never a proof of what AWS does.

#![allow(clippy::unwrap_used, reason = "a test double may end a test")]

mod cloudformation;
mod fault;
mod http;
mod operation;
mod script;
mod storage;
mod time;
mod world;
mod xml;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use fault::{Fault, Then};
pub use http::Request;
pub use script::{On, Stack};
pub use world::{ACCOUNT, Event, REGION};

use http::{Reply, Server};
use world::World;

/// What will be started.
#[derive(Debug, Default)]
pub struct Scripted {
    world: World,
    faults: Vec<Fault>,
    clock: i64,
    upstream: Option<String>,
    throttle: Option<(f64, f64)>,
}

impl Scripted {
    /// An account with nothing in it, in which everything succeeds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No account of its own: requests are recorded, faults are played, and everything else goes to this URL.
    #[must_use]
    pub fn in_front_of(url: &str) -> Self {
        Self { upstream: Some(url.to_owned()), ..Self::default() }
    }

    /// With a stack: one that is there, or what happens when one of this name is made.
    #[must_use]
    pub fn stack(mut self, stack: Stack) -> Self {
        self.world.add(stack);
        self
    }

    /// The events of an operation that pass at each look at it (default: 4).
    #[must_use]
    pub fn pace(mut self, events: usize) -> Self {
        self.world.pace = events;
        self
    }

    /// `DescribeEvents` is not there, as in an older region: callers have to do with `DescribeStackEvents`.
    #[must_use]
    pub fn without_describe_events(mut self) -> Self {
        self.world.describe_events = false;
        self
    }

    /// With a fault. The first that matches a request is played.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// CloudFormation refuses calls that come faster, by a token bucket.
    #[must_use]
    pub fn throttle(mut self, per_second: f64, burst: f64) -> Self {
        self.throttle = Some((per_second, burst));
        self
    }

    /// Its clock is ahead of this machine's by so many seconds: in dates, and it refuses signatures of more than five minutes off.
    #[must_use]
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.clock = seconds;
        self.world.clock = seconds;
        self
    }

    /// With a bucket, of this account or another one.
    #[must_use]
    pub fn bucket(mut self, name: &str, owner: &str) -> Self {
        self.world.add_bucket(name, owner);
        self
    }

    /// With an SSM parameter.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.world.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With an entry in CloudTrail, as `LookupEvents` shows it: the event's name and source, the resource's name, and the error's code and message.
    #[must_use]
    pub fn trail(mut self, event: &str, source: &str, resource: &str, code: &str, message: &str) -> Self {
        self.world.trail.push([event, source, resource, code, message].map(str::to_owned));
        self
    }

    /// Starts to answer, until dropped.
    #[must_use]
    pub fn start(self) -> Aws {
        let state = State {
            world: self.world,
            faults: self.faults,
            requests: Vec::new(),
            clock: self.clock,
            upstream: self.upstream,
            throttle: self.throttle.map(|(rate, burst)| (rate, burst, burst, Instant::now())),
        };
        let state = Arc::new(Mutex::new(state));
        let answering = Arc::clone(&state);
        let server = Server::start(Arc::new(move |request| answer(&answering, request)));
        Aws { state, server }
    }
}

/// A scripted AWS that runs.
#[derive(Debug)]
pub struct Aws {
    state: Arc<Mutex<State>>,
    server: Server,
}

#[derive(Debug)]
struct State {
    world: World,
    faults: Vec<Fault>,
    requests: Vec<Request>,
    clock: i64,
    upstream: Option<String>,
    /// Rate, size, tokens, time.
    throttle: Option<(f64, f64, f64, Instant)>,
}

impl Aws {
    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All requests so far, in order, those that met a fault included.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// The requests of one operation.
    #[must_use]
    pub fn calls(&self, operation: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.operation == operation).collect()
    }

    /// The names of the operations, in order.
    #[must_use]
    pub fn operations(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.operation).collect()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.state().requests.clear();
    }

    /// Adds a fault, before those that are there.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.insert(0, fault);
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// The status of a stack, as it really is; `None` if there is no stack of this name.
    #[must_use]
    pub fn status(&self, stack: &str) -> Option<String> {
        self.state().world.named(stack).map(|stack| stack.status.clone())
    }

    /// Sets the status of a stack, as if something had happened to it.
    pub fn set_status(&self, stack: &str, status: &str) {
        if let Some(stack) = self.state().world.named_mut(stack) {
            status.clone_into(&mut stack.status);
        }
    }

    /// The events of a stack by name or id, the oldest first.
    #[must_use]
    pub fn events(&self, stack: &str) -> Vec<Event> {
        self.state().world.find(stack).map(|stack| stack.events.clone()).unwrap_or_default()
    }

    /// Lets the operation that runs on a stack go on to its end.
    pub fn finish(&self, stack: &str) {
        let mut state = self.state();
        if let Some(id) = state.world.named(stack).map(|stack| stack.id.clone()) {
            state.world.advance(&id, usize::MAX);
        }
    }

    /// Deletes a stack at once, as somebody else might.
    pub fn vanish(&self, stack: &str) {
        self.state().world.vanish(stack);
    }

    /// Starts an update of somebody else's, which ends by itself.
    pub fn someone_updates(&self, stack: &str) {
        self.state().world.someone_updates(stack);
    }

    /// Sets an SSM parameter, as somebody else might.
    pub fn set_parameter(&self, name: &str, value: &str) {
        self.state().world.parameters.insert(name.to_owned(), value.to_owned());
    }

    /// What is in the account: stacks with status and resources, change sets, buckets with objects. Two accounts in the same state have the same text.
    #[must_use]
    pub fn inventory(&self) -> String {
        self.state().world.inventory()
    }

    /// The stack policy that was set last.
    #[must_use]
    pub fn stack_policy(&self, stack: &str) -> Option<String> {
        self.state().world.named(stack).and_then(|stack| stack.policy.clone())
    }

    /// Whether a stack is protected against deletion.
    #[must_use]
    pub fn is_protected(&self, stack: &str) -> bool {
        self.state().world.named(stack).is_some_and(|stack| stack.protection)
    }

    /// Deletes a bucket with everything in it, as somebody else might.
    pub fn delete_bucket(&self, bucket: &str) {
        self.state().world.buckets.remove(bucket);
    }
}

/// Answers one request; `None` cuts the connection.
fn answer(state: &Mutex<State>, request: &Request) -> Option<Reply> {
    let (found, upstream, clock) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.push(request.clone());
        let found = state.faults.iter_mut().find_map(|fault| fault.matches(request));
        (found, state.upstream.clone(), state.clock)
    };
    let work = || {
        let reply = match &upstream {
            Some(url) => http::forward(url, request)?,
            None => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                if state.is_too_fast(request) {
                    return Some(Reply::error(request, 400, "Throttling", "Rate exceeded"));
                }
                state.world.answer(request)
            }
        };
        Some(reply.dated(clock))
    };
    match found {
        None => work(),
        Some(Then::Fail { status, code, message }) => Some(Reply::error(request, status, &code, &message).dated(clock)),
        Some(Then::Cut) => None,
        Some(Then::LoseAnswer) => {
            let _ = work();
            None
        }
        Some(Then::Wait(time)) => {
            std::thread::sleep(time);
            work()
        }
        Some(Then::Before(happening)) => {
            happening(request);
            work()
        }
        Some(Then::Instead(happening)) => {
            happening(request);
            None
        }
        Some(Then::After(happening)) => {
            let reply = work();
            happening(request);
            reply
        }
        Some(Then::Meanwhile(stack, what)) => {
            {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                what.happen(&mut state.world, &stack);
            }
            work()
        }
    }
}

impl State {
    fn is_too_fast(&mut self, request: &Request) -> bool {
        let Some((rate, size, tokens, at)) = &mut self.throttle else { return false };
        if request.service != "cloudformation" {
            return false;
        }
        let now = Instant::now();
        *tokens = (*tokens + now.duration_since(*at).max(Duration::ZERO).as_secs_f64() * *rate).min(*size);
        *at = now;
        if *tokens < 1.0 {
            return true;
        }
        *tokens -= 1.0;
        false
    }
}
