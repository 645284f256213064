//! How many resources a plan touches, in words.

use skysmith_deploy::{ChangeAction, Plan, Replacement};

/// How many resources a plan touches, and how.
#[derive(Debug, Default)]
pub struct Tally {
    pub added: usize,
    pub changed: usize,
    pub replaced: usize,
    pub removed: usize,
    pub imported: usize,
}

impl Tally {
    pub fn of(plan: &Plan) -> Self {
        let mut tally = Self::default();
        for change in &plan.changes {
            match (&change.action, change.replacement) {
                (ChangeAction::Add, _) => tally.added += 1,
                (ChangeAction::Remove, _) => tally.removed += 1,
                (ChangeAction::Import, _) => tally.imported += 1,
                (_, Replacement::Always) => tally.replaced += 1,
                _ => tally.changed += 1,
            }
        }
        tally
    }

    pub fn planned(&self) -> String {
        let counts = [
            (self.added, "add"),
            (self.changed, "change"),
            (self.replaced, "replace"),
            (self.removed, "remove"),
            (self.imported, "import"),
        ];
        let said: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, verb)| format!("{count} to {verb}")).collect();
        if said.is_empty() { "no resource changes; outputs, tags or settings do".to_owned() } else { said.join(", ") }
    }

    pub fn done(&self) -> String {
        let counts = [
            (self.added, "created"),
            (self.changed, "changed"),
            (self.replaced, "replaced"),
            (self.removed, "removed"),
            (self.imported, "imported"),
        ];
        let said: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, verb)| format!("{count} {verb}")).collect();
        if said.is_empty() { "no resource changed".to_owned() } else { said.join(", ") }
    }
}
