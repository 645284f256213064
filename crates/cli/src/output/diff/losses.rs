//! What nobody may miss: data that goes, what CloudFormation will refuse, what may go wrong.

use skysmith_diff::{
    Action, ChangeKind, DataLoss, Helper, Path, Refusal, RefusalReason, ResourceChange, Risk, RiskKind, WayOut,
};

use super::View;
use super::document::{Alert, Item, Section, Tone};
use super::values::{elided, spell};
use crate::output::words;

/// Values in a sentence are no longer than this.
const IN_A_SENTENCE: usize = 40;

impl View<'_> {
    pub(super) fn alerts(&self) -> Option<Section> {
        let mut items = self.everywhere(&mut |view| {
            let own = view.diff.data_losses().into_iter().filter(|loss| loss.nested_in.is_empty());
            own.map(|loss| view.data_loss(&loss)).collect()
        });
        items.extend(self.everywhere(&mut |view| view.diff.refusals.iter().map(|it| view.refusal(it)).collect()));
        if !self.more.missing.is_empty() {
            items.push(Item::Alert(Alert {
                tone: Tone::Alarm,
                word: "REFUSED",
                lines: vec![format!("there is no value for {}", self.more.missing.join(", "))],
                steps: vec![("to give one", "--parameters KEY=VALUE, or a default in the template".to_owned())],
            }));
        }
        items.extend(self.everywhere(&mut |view| view.diff.risks.iter().filter_map(|it| view.risk(it)).collect()));
        (!items.is_empty()).then(|| Section::new("", items).open())
    }

    fn data_loss(&self, loss: &DataLoss<'_>) -> Item {
        let resource = loss.resource;
        let (name, kind) = (self.names.name(&resource.logical_id), self.kind_of(resource));
        let subject = format!("{name} ({kind})");
        let held = self.more.contents.get(&self.key(&resource.logical_id)).map(|held| format!(", with {held}"));
        let held = held.unwrap_or_else(|| ", with its data".to_owned());
        let mut lines = Vec::new();
        match (resource.action, loss.is_certain) {
            (Action::Remove, true) => {
                let why = resource.condition.as_ref().map(|name| format!(": the condition {name} no longer holds"));
                lines.push(format!("{subject} is deleted{held}{}.", why.unwrap_or_default()));
            }
            (Action::Remove, false) => {
                lines.push(format!("{subject} is removed. Whether its data is kept depends on a condition."));
            }
            (_, true) => {
                lines.push(format!("{subject} is replaced: {}.", self.causes(resource, "cannot change in place")));
                lines.push(format!("The new one starts empty; the old one is deleted{held}."));
            }
            (_, false) => {
                lines.push(format!(
                    "{subject} may be replaced, and its data lost: {}.",
                    self.causes(resource, "perhaps cannot change in place")
                ));
            }
        }
        let keep = match resource.action {
            Action::Remove => "take it back, or deploy once with the removal policy Retain before removing it",
            _ => "take the change back, or set the removal policy Retain and copy",
        };
        let mut steps = vec![("to keep it", keep.to_owned())];
        steps.extend(self.place(&resource.logical_id));
        let word = if loss.is_certain { "DATA LOSS" } else { "DATA AT RISK" };
        Item::Alert(Alert { tone: Tone::Alarm, word, lines, steps })
    }

    /// Where the resource is written in the program.
    fn place(&self, logical_id: &str) -> Option<(&'static str, String)> {
        self.names.place(logical_id).map(|place| ("at", place.to_string()))
    }

    /// `its KeySchema[RANGE].AttributeName (object → key) cannot change in place`.
    fn causes(&self, resource: &ResourceChange, what: &str) -> String {
        if resource.before_type != resource.after_type {
            return "it becomes another type of resource".to_owned();
        }
        let causes: Vec<String> = resource
            .causes()
            .take(3)
            .map(|cause| {
                let path = &cause.change.path;
                match (&cause.change.before, &cause.change.after) {
                    (Some(before), Some(after)) if cause.change.kind == ChangeKind::Changed => {
                        let (before, after) = (spell(before, self.names), spell(after, self.names));
                        let (before, after) = elided(&before, &after, IN_A_SENTENCE);
                        format!("its {path} ({before} → {after})")
                    }
                    _ => format!("its {path}"),
                }
            })
            .collect();
        match causes.as_slice() {
            [] => "by what CloudFormation works out".to_owned(),
            causes => format!("{} {what}", causes.join(" and ")),
        }
    }

    fn refusal(&self, refusal: &Refusal) -> Item {
        let subject = format!("{} ({})", self.names.name(&refusal.logical_id), words::kind(&refusal.resource_type));
        let paths = |paths: &[Path]| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let why = match &refusal.reason {
            RefusalReason::NameStays { name, causes } => format!(
                "{subject} cannot be replaced: the new one would have the {} `{}`, which the old one still has. It is replaced because of {}.",
                name.property,
                spell(&name.name, self.names),
                if causes.is_empty() { "what CloudFormation works out".to_owned() } else { paths(causes) }
            ),
            RefusalReason::NameTaken { name, by } => format!(
                "{subject} cannot be made: {} still has the {} `{}` when it is made, and goes only afterwards.",
                self.names.name(by),
                name.property,
                spell(&name.name, self.names)
            ),
            RefusalReason::TypeChanges { before, after } => {
                format!(
                    "{subject} cannot become another type of resource under the same logical id: {before} → {after}."
                )
            }
            _ => format!("CloudFormation will not do this to {subject}."),
        };
        let mut steps: Vec<(&str, String)> = Vec::new();
        steps.extend(refusal.ways_out.iter().enumerate().map(|(index, way)| {
            let way = match way {
                WayOut::Rename { property } => format!("change its {property} as well, or leave that out"),
                WayOut::TakeBack { paths: changed } => format!("take {} back", paths(changed)),
                WayOut::KeepLogicalId { logical_id } => {
                    format!("keep the logical id {logical_id}, for example with an alias of the construct's old path")
                }
                WayOut::NewLogicalId => "give it another id: then the old one is removed and a new one made".to_owned(),
                WayOut::RemoveFirst => {
                    "deploy without it first, and then with it; what is in it goes unless it is retained".to_owned()
                }
                _ => "see CloudFormation's documentation".to_owned(),
            };
            (if index == 0 { "way out" } else { "or" }, way)
        }));
        steps.extend(self.place(&refusal.logical_id));
        Item::Alert(Alert { tone: Tone::Alarm, word: "REFUSED", lines: vec![why], steps })
    }

    fn risk(&self, risk: &Risk) -> Option<Item> {
        let subject = format!("{} ({})", self.names.name(&risk.logical_id), words::kind(&risk.resource_type));
        let said = match &risk.kind {
            RiskKind::CustomRemoved { helper, acts_on, in_two_steps } => {
                let on: Vec<&str> = acts_on.iter().map(|id| self.names.name(id)).collect();
                let on = if on.is_empty() { String::new() } else { format!(" It acts on {}.", on.join(", ")) };
                match helper {
                    Some(helper) if *in_two_steps && self.nested_in.is_empty() => format!(
                        "{subject} is removed: {}.{on} So that this does not happen, `skysmith deploy` lets go of it in two steps.",
                        clean_up(*helper)
                    ),
                    Some(helper) => format!("{subject} is removed: {}.{on}", clean_up(*helper)),
                    None => format!(
                        "{subject} is removed: its function cleans up after everything else, in a way that only it knows.{on}"
                    ),
                }
            }
            RiskKind::CustomReplaced { .. } => {
                format!("{subject}: its function decides whether it is replaced; the old one is then cleaned up.")
            }
            RiskKind::CleansUpAnother { other, shared } => format!(
                "{subject} is removed at the end by its {}, which {} has as well: what that one has set up goes with it.",
                if shared.is_empty() { "kind".to_owned() } else { shared.join(" and ") },
                self.names.name(other)
            ),
            // What it says is said as a loss of data when it comes to that.
            RiskKind::NoLongerKept => {
                format!("{subject} would no longer be kept when it is removed: its deletion policy changes.")
            }
            _ => return None,
        };
        Some(Item::Alert(Alert { tone: Tone::Warning, word: "RISK", lines: vec![said], steps: Vec::new() }))
    }
}

/// What the clean-up of a helper of the CDK does.
fn clean_up(helper: Helper) -> &'static str {
    match helper {
        Helper::BucketNotifications => {
            "its clean-up takes away all notifications of the bucket, those set up by other means in the same update as well"
        }
        Helper::AutoDeleteObjects => "its clean-up empties the bucket if that still has its tag",
        Helper::AutoDeleteImages => "its clean-up empties the repository",
        Helper::LogRetention => "its clean-up may delete the log group",
        Helper::BucketDeployment => "its clean-up removes the files that it deployed, unless it was told not to",
        Helper::ExportWriter => "its clean-up removes the parameters that stacks in other regions read",
        Helper::ExportReader => "its clean-up says that the parameters of the other region are no longer read",
        Helper::SdkCall => "its clean-up makes the call of AWS that it was given for that",
        Helper::DefaultSecurityGroup => "its clean-up gives the default security group its open rules back",
        _ => "its clean-up acts on other resources",
    }
}
