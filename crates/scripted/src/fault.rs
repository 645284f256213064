//! What goes wrong between the caller and the account.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Request;
use crate::world::World;

/// A fault: which requests it meets, and what happens to them.
#[derive(Clone, Debug)]
pub struct Fault {
    operation: Option<String>,
    service: Option<String>,
    stack: Option<String>,
    /// Requests that match before it begins.
    after: usize,
    times: usize,
    every: usize,
    seen: usize,
    then: Then,
}

/// What happens to a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Then {
    /// It is refused.
    Fail {
        /// The HTTP status.
        status: u16,
        /// AWS's code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The connection is cut before anything happens.
    Cut,
    /// It is carried out, and the connection is cut before the answer.
    LoseAnswer,
    /// It takes this long.
    Wait(Duration),
    /// Something is done before it is carried out.
    Before(Arc<dyn Fn(&Request) + Send + Sync>),
    /// Something is done in its place, and the connection is cut.
    Instead(Arc<dyn Fn(&Request) + Send + Sync>),
    /// Something is done after it is carried out, before the answer.
    After(Arc<dyn Fn(&Request) + Send + Sync>),
    /// Somebody else does something to a stack before it is carried out.
    Meanwhile(String, Meanwhile),
}

/// What somebody else does.
#[derive(Clone, Copy, Debug)]
pub enum Meanwhile {
    /// Deletes the stack.
    Deletes,
    /// Updates it, from the beginning to the end.
    Updates,
    /// Begins to update it, and takes long.
    BeginsToUpdate,
}

impl Meanwhile {
    pub(crate) fn happen(self, world: &mut World, stack: &str) {
        match self {
            Self::Deletes => world.vanish(stack),
            Self::BeginsToUpdate => world.someone_updates(stack),
            Self::Updates => {
                world.someone_updates(stack);
                if let Some(id) = world.named(stack).map(|stack| stack.id.clone()) {
                    world.advance(&id, usize::MAX);
                }
            }
        }
    }
}

impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail { code, .. } => write!(f, "Fail({code})"),
            Self::Cut => f.write_str("Cut"),
            Self::LoseAnswer => f.write_str("LoseAnswer"),
            Self::Wait(time) => write!(f, "Wait({time:?})"),
            Self::Before(_) => f.write_str("Before"),
            Self::Instead(_) => f.write_str("Instead"),
            Self::After(_) => f.write_str("After"),
            Self::Meanwhile(stack, what) => write!(f, "Meanwhile({stack}, {what:?})"),
        }
    }
}

impl Fault {
    fn with(then: Then) -> Self {
        Self { operation: None, service: None, stack: None, after: 0, times: usize::MAX, every: 1, seen: 0, then }
    }

    /// Requests are refused with this code and these words.
    #[must_use]
    pub fn error(code: &str, message: &str) -> Self {
        let status = match code {
            "AccessDenied" | "AccessDeniedException" | "ExpiredToken" | "InvalidClientTokenId" => 403,
            "InternalFailure" | "InternalError" => 500,
            "ServiceUnavailable" | "SlowDown" => 503,
            _ => 400,
        };
        Self::with(Then::Fail { status, code: code.to_owned(), message: message.to_owned() })
    }

    /// Requests are throttled.
    #[must_use]
    pub fn throttling() -> Self {
        Self::error("Throttling", "Rate exceeded")
    }

    /// The credentials have expired.
    #[must_use]
    pub fn expired() -> Self {
        Self::error("ExpiredToken", "The security token included in the request is expired")
    }

    /// Connections are cut before anything happens.
    #[must_use]
    pub fn cut() -> Self {
        Self::with(Then::Cut)
    }

    /// Requests are carried out, and their answers are lost.
    #[must_use]
    pub fn lost_answer() -> Self {
        Self::with(Then::LoseAnswer)
    }

    /// Requests take this long.
    #[must_use]
    pub fn slow(time: Duration) -> Self {
        Self::with(Then::Wait(time))
    }

    /// Something is done before a request is carried out.
    #[must_use]
    pub fn before(happening: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        Self::with(Then::Before(Arc::new(happening)))
    }

    /// Something is done in the place of a request, and the connection is cut.
    #[must_use]
    pub fn instead(happening: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        Self::with(Then::Instead(Arc::new(happening)))
    }

    /// Something is done after a request is carried out, before it is answered.
    #[must_use]
    pub fn after_it(happening: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        Self::with(Then::After(Arc::new(happening)))
    }

    /// Somebody deletes the stack before a request is carried out.
    #[must_use]
    pub fn someone_deletes(stack: &str) -> Self {
        Self::with(Then::Meanwhile(stack.to_owned(), Meanwhile::Deletes)).once()
    }

    /// Somebody updates the stack before a request is carried out.
    #[must_use]
    pub fn someone_updates(stack: &str) -> Self {
        Self::with(Then::Meanwhile(stack.to_owned(), Meanwhile::Updates)).once()
    }

    /// Somebody has begun to update the stack when a request is carried out.
    #[must_use]
    pub fn someone_begins_to_update(stack: &str) -> Self {
        Self::with(Then::Meanwhile(stack.to_owned(), Meanwhile::BeginsToUpdate)).once()
    }

    /// Only requests of this operation.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only requests to this service, as it is called in a signature: `cloudformation`, `s3`, `sts`, ...
    #[must_use]
    pub fn to(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// Only requests about a stack that is given by its id.
    #[must_use]
    pub fn about(mut self, stack: &str) -> Self {
        self.stack = Some(format!("stack/{stack}/"));
        self
    }

    /// Not the first so many of them.
    #[must_use]
    pub fn after(mut self, requests: usize) -> Self {
        self.after = requests;
        self
    }

    /// So many times.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only each `n`th of them.
    #[must_use]
    pub fn every(mut self, n: usize) -> Self {
        self.every = n.max(1);
        self
    }

    pub(crate) fn matches(&mut self, request: &Request) -> Option<Then> {
        let of = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        if !of(&self.operation, &request.operation) || !of(&self.service, &request.service) {
            return None;
        }
        if self.stack.as_ref().is_some_and(|stack| !request.parameter("StackName").contains(stack)) {
            return None;
        }
        self.seen += 1;
        if self.seen <= self.after || self.times == 0 || !(self.seen - self.after).is_multiple_of(self.every) {
            return None;
        }
        self.times -= 1;
        Some(self.then.clone())
    }
}
