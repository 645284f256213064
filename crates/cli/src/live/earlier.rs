//! How long a stack's resources took the last time that the same was done to them, by the stack's own events. That counts more than what is usual for a type.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use skysmith_deploy::{ResourceStatus, StackEvent, Work};

/// What earlier operations on a stack took.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    by_id: HashMap<(String, Work), Duration>,
    by_type: HashMap<(String, Work), Duration>,
}

impl Earlier {
    /// Reads the stack's own events, the oldest first. What did not succeed tells nothing.
    pub fn of(events: &[StackEvent]) -> Self {
        let mut begun: HashMap<&str, (Work, SystemTime)> = HashMap::new();
        let mut by_id = HashMap::new();
        let mut types: HashMap<&str, &str> = HashMap::new();
        for event in events.iter().filter(|event| !event.is_stack && event.hook.is_none() && event.nested_in.is_empty())
        {
            let (Some(time), id) = (event.time, event.logical_id.as_str()) else { continue };
            match step(&event.status) {
                Some((work, true)) => {
                    // The second event of the same beginning has the resource's name, and is no beginning.
                    if begun.get(id).is_none_or(|(other, _)| *other != work) {
                        begun.insert(id, (work, time));
                    }
                }
                Some((work, false)) => {
                    let began = begun.remove(id).filter(|(other, _)| *other == work);
                    if let Some(took) = began.and_then(|(_, began)| time.duration_since(began).ok()) {
                        by_id.insert((id.to_owned(), work), took);
                        types.insert(id, &event.resource_type);
                    }
                }
                None => {
                    begun.remove(id);
                }
            }
        }
        let mut sums: HashMap<(String, Work), (Duration, u32)> = HashMap::new();
        for ((id, work), took) in &by_id {
            let resource_type = types.get(id.as_str()).copied().unwrap_or_default();
            let sum = sums.entry((resource_type.to_owned(), *work)).or_default();
            *sum = (sum.0 + *took, sum.1 + 1);
        }
        let by_type = sums.into_iter().map(|(key, (sum, count))| (key, sum / count)).collect();
        Self { by_id, by_type }
    }

    /// What this very resource took the last time.
    pub fn took(&self, logical_id: &str, work: Work) -> Option<Duration> {
        self.by_id.get(&(logical_id.to_owned(), work)).copied()
    }

    /// What resources of the type took in this stack, on average.
    pub fn usual(&self, resource_type: &str, work: Work) -> Option<Duration> {
        self.by_type.get(&(resource_type.to_owned(), work)).copied()
    }
}

/// What is done to a resource, and whether it begins or is done; nothing for everything else.
fn step(status: &ResourceStatus) -> Option<(Work, bool)> {
    use ResourceStatus as S;
    Some(match status {
        S::CreateInProgress => (Work::Create, true),
        S::UpdateInProgress => (Work::Change, true),
        S::DeleteInProgress => (Work::Delete, true),
        S::CreateComplete => (Work::Create, false),
        S::UpdateComplete => (Work::Change, false),
        S::DeleteComplete => (Work::Delete, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn event(second: u64, id: &str, status: &str) -> StackEvent {
        let mut event = StackEvent::new("s", id, "AWS::SQS::Queue", ResourceStatus::parse(status));
        event.time = Some(UNIX_EPOCH + Duration::from_secs(second));
        event
    }

    #[test]
    fn the_last_time_counts_and_only_what_succeeded() {
        let earlier = Earlier::of(&[
            event(0, "A", "CREATE_IN_PROGRESS"),
            event(1, "A", "CREATE_IN_PROGRESS"),
            event(5, "B", "CREATE_IN_PROGRESS"),
            event(9, "A", "CREATE_COMPLETE"),
            event(10, "B", "CREATE_COMPLETE"),
            event(20, "A", "UPDATE_IN_PROGRESS"),
            event(24, "A", "UPDATE_COMPLETE"),
            event(30, "A", "UPDATE_IN_PROGRESS"),
            event(37, "A", "UPDATE_COMPLETE"),
            event(40, "B", "UPDATE_IN_PROGRESS"),
            event(90, "B", "UPDATE_FAILED"),
            event(95, "B", "UPDATE_COMPLETE"),
            event(99, "B", "DELETE_IN_PROGRESS"),
        ]);
        let seconds = |took: Option<Duration>| took.map(|took| took.as_secs());
        assert_eq!(seconds(earlier.took("A", Work::Create)), Some(9));
        assert_eq!(seconds(earlier.took("A", Work::Change)), Some(7));
        assert_eq!([earlier.took("B", Work::Change), earlier.took("B", Work::Delete)], [None, None]);
        assert_eq!(seconds(earlier.usual("AWS::SQS::Queue", Work::Create)), Some(7));
        assert_eq!(earlier.usual("AWS::SNS::Topic", Work::Create), None);
    }
}
