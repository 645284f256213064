//! What the events of earlier operations tell besides why one failed: how long things took, in nested stacks as well.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::nested::NestedStacks;
use crate::{Event, Observer, Session, StackEvent};

/// Pages of a hundred events: enough for the last operation on most stacks.
const PAGES: usize = 2;

impl Session {
    /// A stack's latest events, the oldest first, as far as two calls can read them. None where they cannot be read: nothing depends on them.
    pub async fn recent_events(&self, stack_id: &str) -> Vec<StackEvent> {
        let mut events = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let request = self.cloudformation.describe_stack_events().stack_name(stack_id).set_next_token(token);
            let Ok(page) = request.send().await else { break };
            events.extend(page.stack_events().iter().map(StackEvent::from_sdk));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        events.reverse();
        events
    }

    /// Events of one operation, with those of the nested stacks that it touched, as far as these can be read.
    pub async fn with_nested(&self, events: Vec<StackEvent>) -> Vec<StackEvent> {
        let collected = Collected::default();
        let mut nested = NestedStacks::default();
        for event in events {
            nested.see(self, &event, &collected).await;
            collected.event(Event::Progress(event));
        }
        nested.look(self, &collected).await;
        collected.0.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }
}

/// What is told once or several times, once.
#[derive(Default)]
struct Collected(Mutex<(Vec<StackEvent>, HashSet<String>)>);

impl Observer for Collected {
    fn event(&self, event: Event) {
        let Event::Progress(event) = event else { return };
        let (events, seen) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.insert(event.id.clone()) {
            events.push(event);
        }
    }
}
