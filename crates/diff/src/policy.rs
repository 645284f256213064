//! The grammar of IAM policies: what may be one value or a list of them, and where order means nothing.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use skysmith_template::{Map, Node};

/// Whether this is a policy document.
pub(crate) fn is_policy(node: &Node) -> bool {
    let Some(map) = node.as_map() else { return false };
    let Some(statement) = map.get("Statement") else { return false };
    let has_effect = |node: &Node| node.get("Effect").is_some();
    map.contains_key("Version")
        || has_effect(statement)
        || statement.as_list().is_some_and(|it| it.iter().any(has_effect))
}

/// The policy with a list wherever one may stand.
pub(crate) fn normalised(policy: &Node) -> Node {
    let Some(map) = policy.as_map() else { return policy.clone() };
    map.iter()
        .map(|(key, value)| {
            let value = match key.as_str() {
                "Statement" => each(listed(value), statement),
                _ => value.clone(),
            };
            (key.clone(), value)
        })
        .collect::<Map>()
        .into()
}

/// The statement with a list wherever one may stand.
pub(crate) fn statement(node: &Node) -> Node {
    let Some(map) = node.as_map() else { return node.clone() };
    map.iter()
        .map(|(key, value)| {
            let value = match key.as_str() {
                "Action" | "NotAction" | "Resource" | "NotResource" => listed(value),
                // `"*"` is a principal of its own.
                "Principal" | "NotPrincipal" => entries(value, listed),
                "Condition" => entries(value, |operator| entries(operator, |values| each(listed(values), as_text))),
                _ => value.clone(),
            };
            (key.clone(), value)
        })
        .collect::<Map>()
        .into()
}

fn entries(node: &Node, change: impl Fn(&Node) -> Node) -> Node {
    match node {
        Node::Map(map) => map.iter().map(|(key, value)| (key.clone(), change(value))).collect::<Map>().into(),
        other => other.clone(),
    }
}

fn each(list: Node, change: impl Fn(&Node) -> Node) -> Node {
    match list {
        Node::List(items) => Node::List(items.iter().map(change).collect()),
        other => other,
    }
}

fn listed(node: &Node) -> Node {
    match node {
        Node::List(_) => node.clone(),
        other => Node::List(vec![other.clone()]),
    }
}

/// Numbers and truth values are compared as text in conditions.
fn as_text(node: &Node) -> Node {
    match node {
        Node::Bool(value) => value.to_string().into(),
        Node::Number(number) => number.as_str().into(),
        other => other.clone(),
    }
}

/// How much alike two statements are that are not the same: those with the same `Sid` most, then those that share their
/// effect and something of what they say; nothing if they have nothing to do with each other.
pub(crate) fn likeness(before: &Node, after: &Node) -> usize {
    let same = |key: &str| before.get(key).is_some() && before.get(key) == after.get(key);
    let differ = |key: &str| before.get(key).is_some() && after.get(key).is_some() && before.get(key) != after.get(key);
    if differ("Sid") {
        return 0;
    }
    let shared = ["Action", "Resource", "Principal", "NotAction", "NotResource", "Condition"]
        .into_iter()
        .filter(|key| same(key))
        .count();
    let overlapping =
        usize::from(["Action", "Resource"].into_iter().any(|key| overlap(before.get(key), after.get(key))));
    let sid = if same("Sid") { 10 } else { 0 };
    let alike = sid + 2 * shared + overlapping;
    if alike > 0 && same("Effect") { alike + 1 } else { alike }
}

fn overlap(before: Option<&Node>, after: Option<&Node>) -> bool {
    match (before, after) {
        (Some(Node::List(before)), Some(Node::List(after))) => before.iter().any(|item| after.contains(item)),
        _ => false,
    }
}
