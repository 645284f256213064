//! The cases of `tests/data/cases`, read and compared.

use std::collections::BTreeMap;

use skysmith_diff::{Action, Observed, ObservedCause, Replacement, Side, TemplateDiff, compare};
use skysmith_template::{Node, Template};

/// A case: two templates, perhaps with the values of their parameters and what a change set says.
pub struct Case {
    pub name: String,
    pub before: Template,
    pub after: Template,
    parameters: Option<[BTreeMap<String, String>; 2]>,
    observed: Option<Vec<Observed>>,
    /// The lines that are expected.
    pub expect: Vec<String>,
}

impl Case {
    /// What is found.
    pub fn diff(&self) -> TemplateDiff {
        let mut diff = self.compared();
        if let Some(observed) = &self.observed {
            diff.join(observed, &self.before, &self.after);
        }
        diff
    }

    /// What is found without the change set.
    pub fn compared(&self) -> TemplateDiff {
        let values = self.parameters.as_ref();
        let side = |template, at: usize| Side { template, parameters: values.map(|values| &values[at]) };
        compare(side(&self.before, 0), side(&self.after, 1))
    }
}

fn values(node: &Node) -> BTreeMap<String, String> {
    let map = node.as_map().unwrap();
    map.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn observed(node: &Node) -> Observed {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let replacement = |node: &Node| match text(node, "replacement").as_deref() {
        Some("always") => Replacement::Always,
        Some("conditional") => Replacement::Conditional,
        _ => Replacement::Never,
    };
    Observed {
        logical_id: text(node, "id").unwrap(),
        resource_type: text(node, "type").unwrap(),
        action: match text(node, "action").unwrap().as_str() {
            "add" => Action::Add,
            "remove" => Action::Remove,
            _ => Action::Change,
        },
        replacement: replacement(node),
        policy_action: text(node, "policy"),
        causes: node
            .get("causes")
            .and_then(Node::as_list)
            .unwrap_or_default()
            .iter()
            .map(|cause| ObservedCause {
                property: text(cause, "property"),
                replacement: replacement(cause),
                entity: text(cause, "entity"),
                before: text(cause, "before"),
                after: text(cause, "after"),
            })
            .collect(),
    }
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let read = |(name, case): (String, Node)| {
        let lines = case.get("expect").and_then(Node::as_list).unwrap();
        let expect = lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect();
        let (before, after) = (super::template_of(&name, &case, "before"), super::template_of(&name, &case, "after"));
        let side = |key: &str| values(case.get("parameters").and_then(|it| it.get(key)).unwrap());
        let parameters = case.get("parameters").map(|_| [side("before"), side("after")]);
        let seen = case.get("observed").and_then(Node::as_list);
        let observed = seen.map(|all| all.iter().map(observed).collect());
        Case { name, before, after, parameters, observed, expect }
    };
    super::cases().into_iter().map(read).collect()
}
