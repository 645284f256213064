//! A stack compared with what is deployed of it: what `diff` shows, and `deploy` before it asks.

use std::collections::BTreeMap;

use skysmith_deploy::{
    Change, ChangeAction, CodeFiles, CodeSide, Contents, DeployedStack, Plan, Session as Account, Wanted,
};
use skysmith_diff::{Risk, RiskKind, Side, TemplateDiff};
use skysmith_template::Template;

use crate::names::Names;
use crate::output::diff::{More, TagChange, View};
use crate::story::{self, Loss};

/// A stack's difference, and what is known beside it.
#[derive(Debug, Default)]
pub struct Compared {
    /// The stack, and where it is.
    pub title: String,
    pub names: Names,
    pub diff: TemplateDiff,
    pub after: Template,
    pub is_deployed: bool,
    pub has_estimate: bool,
    /// Whether it was asked what is in the stack's resources.
    pub is_looked_into: bool,
    /// Whether somebody has been shown the difference.
    pub is_told: bool,
    pub more: More,
}

impl Compared {
    /// Compares without asking anybody. `after` is the template that is deployed in the end: the wanted one, perhaps with outputs that are held.
    pub fn of(
        account: &Account,
        wanted: &Wanted,
        after: &Template,
        before: Option<(&DeployedStack, &Template)>,
    ) -> Self {
        let (values, missing) = wanted.effective_parameters(before);
        let (nothing, no_values) = (Template::new(), BTreeMap::new());
        let old = before.map_or(&nothing, |(_, template)| template);
        // Conditions may be about the place as well.
        let had = account.with_place(before.map_or(&no_values, |(stack, _)| &stack.parameters));
        let has = account.with_place(&values);
        let diff = skysmith_diff::compare(
            Side { template: old, parameters: Some(&had) },
            Side { template: after, parameters: Some(&has) },
        );
        let tags = before.map(|(stack, _)| tags(&stack.tags, &wanted.tags)).unwrap_or_default();
        Self {
            title: wanted.stack.display_name.clone(),
            names: Names::of(&wanted.stack),
            diff,
            after: after.clone(),
            is_deployed: before.is_some(),
            has_estimate: false,
            is_looked_into: false,
            is_told: false,
            more: More { tags, missing, ..More::default() },
        }
    }

    /// Two templates, of which nothing else is known.
    pub fn of_templates(title: &str, names: Names, before: Side<'_>, after: Side<'_>) -> Self {
        Self {
            title: title.to_owned(),
            names,
            diff: skysmith_diff::compare(before, after),
            after: after.template.clone(),
            is_deployed: true,
            ..Self::default()
        }
    }

    /// Takes in what CloudFormation's change set says of the same, in nested stacks as well as far as these have been looked into.
    pub fn join(&mut self, plan: &Plan) {
        let nothing = Template::new();
        let observed = |changes: &[Change]| changes.iter().filter_map(Change::observed).collect::<Vec<_>>();
        let imported = plan.changes.iter().filter(|change| change.action == ChangeAction::Import);
        self.more.imported = imported.map(|change| change.logical_id.clone()).collect();
        let old = plan.old_template.as_ref().unwrap_or(&nothing);
        self.diff.join(&observed(&plan.changes), old, &self.after);
        for nested in &plan.nested {
            let mut inside = Some(&mut self.diff);
            for id in &nested.path {
                inside = inside
                    .and_then(|diff| diff.resources.iter_mut().find(|it| it.logical_id == *id))
                    .and_then(|resource| resource.nested.as_deref_mut());
            }
            if let Some(diff) = inside {
                let old = nested.old_template.as_ref().unwrap_or(&nothing);
                diff.join(&observed(&nested.changes), old, &nested.new_template);
            }
        }
    }

    /// What people and programs are shown.
    pub fn view(&self) -> View<'_> {
        View {
            title: &self.title,
            nested_in: &[],
            diff: &self.diff,
            names: &self.names,
            after: &self.after,
            is_deployed: self.is_deployed,
            has_estimate: self.has_estimate,
            more: &self.more,
        }
    }

    /// Finds out what is not in the templates: what is in resources that go, who reads outputs that do, and which files of functions' code change. What
    /// cannot be found out is left out: this is worth a word, but not worth failing for.
    pub async fn look_up(&mut self, session: &Account, wanted: &Wanted, before: (&DeployedStack, &Template)) {
        let (deployed, _) = before;
        self.is_looked_into = !self.diff.data_losses().is_empty();
        let inside = async {
            match self.is_looked_into {
                true => contents(session, &deployed.stack_id).await,
                false => BTreeMap::new(),
            }
        };
        let (contents, readers, files) =
            tokio::join!(inside, readers(session, &self.diff, deployed), self.code_files(session, wanted, before),);
        self.more.contents.extend(contents);
        self.more.readers.extend(readers);
        for one in files {
            self.more.add_files(&[], one);
        }
    }

    /// Finds out what is in the stack's resources, unless that is known already.
    pub async fn look_into(&mut self, session: &Account, stack_id: &str) {
        if !self.is_looked_into {
            self.is_looked_into = true;
            self.more.contents.extend(contents(session, stack_id).await);
        }
    }

    /// Whether somebody has been told already that this is lost, or will no longer be kept.
    pub fn tells(&self, loss: &Loss) -> bool {
        let id = loss.logical_id.as_str();
        self.is_told
            && match loss.goes() {
                true => {
                    let losses = self.diff.data_losses();
                    losses.iter().any(|it| it.resource.logical_id == id && it.nested_in == loss.nested_in)
                }
                false => {
                    let is_it = |risk: &Risk| risk.logical_id == id && risk.kind == RiskKind::NoLongerKept;
                    loss.nested_in.is_empty() && self.diff.risks.iter().any(is_it)
                }
            }
    }

    async fn code_files(
        &self,
        session: &Account,
        wanted: &Wanted,
        before: (&DeployedStack, &Template),
    ) -> Vec<CodeFiles> {
        let (deployed, old) = before;
        let (values, _) = wanted.effective_parameters(Some(before));
        let (old, new) = (session.known(old, &deployed.parameters), session.known(&self.after, &values));
        session.code_files(&self.diff.code, &old, &new, &wanted.stack.assets).await
    }
}

impl More {
    /// Takes in which files of some code change, or why that is not known.
    pub fn add_files(&mut self, nested_in: &[String], found: CodeFiles) {
        let key = nested_in.iter().cloned().chain([found.logical_id]).collect::<Vec<_>>().join("/");
        match found.found {
            Ok(files) => drop(self.files.insert(key, files)),
            Err((side, why)) => {
                let whose = if side == CodeSide::Old { "old" } else { "new" };
                self.unread.insert(key, format!("the files of the {whose} one were not looked at: {why}"));
            }
        }
    }
}

/// What is in the resources of a stack, by their paths.
async fn contents(session: &Account, stack_id: &str) -> BTreeMap<String, String> {
    let found = session.inventory(stack_id, &skysmith_deploy::is_stateful).await.ok().flatten();
    let holdings = found.into_iter().flat_map(|inventory| inventory.holdings);
    let is_counted = |contents| !matches!(contents, Contents::NotCounted | Contents::NotAllowed { .. });
    holdings
        .filter(|holding| is_counted(holding.contents))
        .map(|holding| (holding.resource.path(), story::contents(holding.contents)))
        .collect()
}

/// The stacks that read what is no longer there to be read, by the output's name.
async fn readers(session: &Account, diff: &TemplateDiff, deployed: &DeployedStack) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for exposed in &diff.exposed {
        let output = deployed.outputs.iter().find(|output| output.name == exposed.name);
        let Some(export) = output.and_then(|output| output.export_name.as_deref()) else { continue };
        if let Ok(readers) = session.importers(export).await
            && !readers.is_empty()
        {
            found.insert(exposed.name.clone(), readers);
        }
    }
    found
}

/// The tags of the stack that differ; those that AWS itself sets are not the app's.
fn tags(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<TagChange> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| !key.starts_with("aws:") && before.get(*key) != after.get(*key))
        .map(|key| TagChange { key: key.clone(), before: before.get(key).cloned(), after: after.get(key).cloned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_aws_are_left_alone() {
        let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let found = tags(&of(&[("a", "1"), ("aws:x", "1"), ("b", "1")]), &of(&[("b", "2"), ("c", "3")]));
        let said: Vec<_> =
            found.iter().map(|it| (it.key.as_str(), it.before.as_deref(), it.after.as_deref())).collect();
        assert_eq!(said, [("a", Some("1"), None), ("b", Some("1"), Some("2")), ("c", None, Some("3"))]);
    }
}
