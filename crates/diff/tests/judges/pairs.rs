//! Pairs of templates, by `cdk diff` and by us, as facts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use skysmith_diff::{Action, Fate, Replacement, Rights, SecurityChange, Statement, TemplateDiff, Trend, diff};
use skysmith_template::{Map, Node, Template, read_json};

use crate::{cdk, document};

/// What we say that `cdk diff` can say too, in the same words as [`cdk::facts`].
fn facts(diff: &TemplateDiff) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let impact = |replacement| match replacement {
        Replacement::Always => "replace",
        Replacement::Conditional => "may replace",
        Replacement::Never => "update",
    };
    for resource in &diff.resources {
        let id = &resource.logical_id;
        let word = match (resource.action, resource.fate) {
            (Action::Add, _) => "add",
            (Action::Remove, Fate::LeavesStack(_)) => "orphan",
            (Action::Remove, _) => "remove",
            _ => impact(resource.replacement),
        };
        facts.insert(format!("{id} {word}"));
        let of_properties = resource.properties.iter().map(|it| (it.change.path.property(), it.verdict.replacement));
        let of_attributes = resource.attributes.iter().map(|it| (it.path.property(), Replacement::Never));
        let all: Vec<(Option<&str>, Replacement)> = of_properties.chain(of_attributes).collect();
        for (name, _) in &all {
            let strongest = all.iter().filter(|(other, _)| other == name).map(|(_, replacement)| *replacement).max();
            if let (Some(name), Some(strongest)) = (name, strongest) {
                facts.insert(format!("{id}.{name} {}", impact(strongest)));
            }
        }
    }
    for (section, entries) in [
        ("parameter", &diff.parameters),
        ("output", &diff.outputs),
        ("condition", &diff.conditions),
        ("mapping", &diff.mappings),
        ("rule", &diff.rules),
    ] {
        facts.extend(entries.iter().map(|entry| format!("{section} {}", entry.name)));
    }
    for change in &diff.iam {
        for (sign, rights) in [("-", &change.before), ("+", &change.after)] {
            match rights {
                Some(Rights::Statement(statement)) => facts.extend(actions(sign, statement)),
                Some(Rights::Managed(_)) => {
                    facts.insert(format!("{sign} managed policy"));
                }
                _ => {}
            }
        }
    }
    for change in diff.security.iter().filter(|it| is_rule_of_a_group(it)) {
        let sign = if change.trend == Trend::Weaker { "+" } else { "-" };
        facts.insert(format!("{sign} security group rule"));
    }
    facts
}

fn actions(sign: &str, statement: &Statement) -> Vec<String> {
    let effect = format!("{:?}", statement.effect);
    statement
        .actions
        .items()
        .iter()
        .map(|action| format!("{sign} {effect} {}", action.as_str().unwrap_or_default()))
        .collect()
}

fn is_rule_of_a_group(change: &SecurityChange) -> bool {
    change.resource_type == "AWS::EC2::SecurityGroup"
}

/// What we say that `cdk diff` has no words for.
fn beyond(diff: &TemplateDiff) -> Vec<String> {
    let mut more = Vec::new();
    let mut say = |count: usize, what: &str| {
        if count > 0 {
            more.push(what.to_owned());
        }
    };
    say(diff.data_losses().len(), "that data is lost");
    say(diff.refusals.len(), "that CloudFormation refuses it");
    say(diff.moves.len(), "that it is a move");
    say(diff.risks.len(), "that it is a risk");
    say(diff.broader().count(), "that rights become broader");
    say(diff.security.iter().filter(|it| !is_rule_of_a_group(it)).count(), "that security changes");
    say(diff.exposed.len(), "that others may read the output");
    say(diff.rewritten.len(), "that it is only written in another way");
    more
}

fn template(node: Option<&Node>) -> Template {
    match node.map(Node::to_long_form) {
        Some(Node::Map(root)) => Template::from_long_form(root),
        _ => Template::new(),
    }
}

#[test]
fn pairs_beside_cdk_diff() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pairs.json");
    let pairs: Map = read_json(&std::fs::read_to_string(data).unwrap()).unwrap().template.into_root();
    assert!(pairs.len() >= 30, "{}", pairs.len());
    let folder = std::env::temp_dir().join(format!("skysmith-diff-pairs-{}", std::process::id()));
    let mut text = String::from(
        "| pair | both say | only we say | only `cdk diff` says | why we do not |\n|---|---|---|---|---|\n",
    );
    let (mut agree, mut more, mut less) = (0, 0, 0);
    let mut wrong = Vec::new();
    for ((name, pair), theirs) in pairs.iter().zip(all_cdk_facts(&pairs, &folder)) {
        let (before, after) = (template(pair.get("before")), template(pair.get("after")));
        let found = diff(&before, &after);
        let ours = facts(&found);
        let reasons = pair.get("less").and_then(Node::as_map).cloned().unwrap_or_default();
        let only_theirs: Vec<&String> = theirs.difference(&ours).collect();
        for fact in &only_theirs {
            if !reasons.contains_key(*fact) {
                wrong.push(format!("{name}: only `cdk diff` says `{fact}`, and there is no reason"));
            }
        }
        for fact in reasons.keys().filter(|fact| !only_theirs.contains(fact)) {
            wrong.push(format!("{name}: there is a reason for `{fact}`, which `cdk diff` does not say or we say too"));
        }
        let both: Vec<&String> = theirs.intersection(&ours).collect();
        let only_ours: Vec<String> = ours.difference(&theirs).cloned().chain(beyond(&found)).collect();
        match (only_ours.is_empty(), only_theirs.is_empty()) {
            (true, true) => agree += 1,
            (_, false) => less += 1,
            (false, true) => more += 1,
        }
        let list = |items: Vec<&str>| items.join(", ");
        let mut why: Vec<&str> = only_theirs.iter().filter_map(|fact| reasons.get(*fact)?.as_str()).collect();
        why.dedup();
        writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            list(both.into_iter().map(String::as_str).collect()),
            list(only_ours.iter().map(String::as_str).collect()),
            list(only_theirs.into_iter().map(String::as_str).collect()),
            list(why)
        )
        .unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let summary = format!(
        "{} pairs: in {agree} both say the same, in {more} we say more, in {less} `cdk diff` says something that we do not, each with its reason.\n",
        pairs.len()
    );
    document::check("pairs", &format!("{summary}\n{text}"));
}

/// Some at a time: starting the CDK takes longer than what it does.
fn all_cdk_facts(pairs: &Map, folder: &Path) -> Vec<BTreeSet<String>> {
    const WORKERS: usize = 4;
    let pairs: Vec<&Node> = pairs.values().collect();
    let mut found: Vec<Option<BTreeSet<String>>> = vec![None; pairs.len()];
    std::thread::scope(|scope| {
        for (worker, places) in found.chunks_mut(pairs.len().div_ceil(WORKERS)).enumerate() {
            let pairs = &pairs[worker * pairs.len().div_ceil(WORKERS)..];
            let folder = folder.join(worker.to_string());
            scope.spawn(move || {
                for (place, pair) in places.iter_mut().zip(pairs) {
                    let (before, after) = (template(pair.get("before")), template(pair.get("after")));
                    *place = Some(cdk_facts(&folder, &before, &after));
                }
            });
        }
    });
    found.into_iter().flatten().collect()
}

fn cdk_facts(folder: &Path, before: &Template, after: &Template) -> BTreeSet<String> {
    let text = cdk::diff(folder, before, after);
    let facts = cdk::facts(&text);
    // What could not be read would look like silence.
    let is_silent = text.contains("There were no differences");
    assert_eq!(facts.is_empty(), is_silent, "{text}");
    facts
}
