//! What happens in nested stacks while the stack around them is followed. Its own events say no more of them than that they are in work.
//!
//! A nested stack is read only while it is in work, and once more when it is done; few of them at a time, so that the calls for them never stand in the way of
//! those for the outermost stack. What cannot be read is not told: how it ends, the outermost stack says in any case.

use std::collections::HashSet;
use std::pin::Pin;
use std::slice;
use std::time::SystemTime;

use crate::monitor::{By, Event, STACK_TYPE, Watch};
use crate::{Observer, Session, StackEvent};

/// Nested stacks that are read between two looks at the outermost one: with that one they use up what is allowed in a second.
const AT_A_TIME: usize = 2;
/// Nested stacks in nested stacks.
const MAX_DEPTH: usize = 6;

/// The nested stacks that are in work.
#[derive(Default)]
pub(crate) struct NestedStacks {
    /// The one that was read the longest ago first.
    open: Vec<Inner>,
}

struct Inner {
    /// Its logical id, after those of the nested stacks around it.
    path: Vec<String>,
    /// When it was begun with, by the events around it: its own events may be older than the one that names it.
    since: Option<SystemTime>,
    /// Its ARN, once that is known.
    id: Option<String>,
    seen: HashSet<String>,
}

impl NestedStacks {
    /// Takes note of an event of the stack around: it may begin with a nested stack, or be done with it. Of one that is done the rest is told first.
    pub async fn see(&mut self, session: &Session, event: &StackEvent, observer: &dyn Observer) {
        if event.resource_type != STACK_TYPE || event.is_stack || event.hook.is_some() {
            return;
        }
        let path = [event.nested_in.as_slice(), slice::from_ref(&event.logical_id)].concat();
        let known = self.open.iter().position(|inner| inner.path == path);
        let id = event.physical_id.clone().filter(|id| id.starts_with("arn:"));
        if event.status.is_in_progress() {
            if path.len() > MAX_DEPTH {
                return;
            }
            match known {
                Some(index) => self.open[index].id = id.or(self.open[index].id.take()),
                // A new one has been made in the place of this one, which goes.
                None => self.open.push(Inner { path, since: event.time, id, seen: HashSet::new() }),
            }
        } else if let Some(index) = known {
            let mut inner = self.open.remove(index);
            inner.id = id.or(inner.id);
            self.read(session, &mut inner, observer).await;
            self.open.retain(|deeper| !deeper.path.starts_with(&inner.path));
        }
    }

    /// Looks at some of those in work.
    pub async fn look(&mut self, session: &Session, observer: &dyn Observer) {
        for _ in 0..AT_A_TIME.min(self.open.len()) {
            let mut inner = self.open.remove(0);
            self.read(session, &mut inner, observer).await;
            self.open.push(inner);
        }
    }

    /// Tells what is new in a nested stack, and in those in it that are done.
    fn read<'a>(
        &'a mut self,
        session: &'a Session,
        inner: &'a mut Inner,
        observer: &'a dyn Observer,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let (Some(id), Some(since)) = (&inner.id, inner.since) else { return };
            let watch = Watch { stack_name: "", by: By::From(since) };
            let Ok(new) = session.new_events(id, &watch, &mut inner.seen).await else { return };
            // For itself speaks the resource that stands for it in the stack around.
            for event in new.into_iter().filter(|event| !event.is_stack) {
                let event = StackEvent { nested_in: inner.path.clone(), ..event };
                self.see(session, &event, observer).await;
                observer.event(Event::Progress(event));
            }
        })
    }
}
