//! Distributions: behaviours name origins that are there.

use skysmith_template::{Map, Node};

use super::{given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::value::shown;

pub(super) fn distribution(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(Node::Map(configuration)) = given(properties, "DistributionConfig") else { return };
    if is_open(configuration) || !matches!(given(configuration, "Origins"), Some(Node::List(_))) {
        return;
    }
    let at = at.key("DistributionConfig");
    let mut origins: Vec<&str> = Vec::new();
    // Where an origin or its name is made by a function, any name may be right.
    for (list, id) in [(configuration.get("Origins"), "Id"), (origin_groups(configuration), "Id")] {
        match list {
            Some(Node::List(items)) => {
                for item in items {
                    match item.get(id).and_then(Node::as_str) {
                        Some(name) => origins.push(name),
                        None => return,
                    }
                }
            }
            None => {}
            Some(_) => return,
        }
    }
    let mut check = |behaviour: &Node, at: At<'_>| {
        if let Some(target) = behaviour.get("TargetOriginId").and_then(Node::as_str)
            && !origins.contains(&target)
        {
            findings
                .push(
                    RuleId::CloudfrontOrigin,
                    at.key("TargetOriginId"),
                    format!("there is no origin `{}`", shown(target)),
                )
                .suggest(target, origins.iter().copied())
                .note(format!("the origins: {}", origins.join(", ")));
        }
    };
    if let Some(behaviour) = configuration.get("DefaultCacheBehavior") {
        check(behaviour, at.key("DefaultCacheBehavior"));
    }
    let list_at = at.key("CacheBehaviors");
    for (index, behaviour) in
        given(configuration, "CacheBehaviors").and_then(Node::as_list).unwrap_or_default().iter().enumerate()
    {
        check(behaviour, list_at.index(index));
    }
}

fn origin_groups(configuration: &Map) -> Option<&Node> {
    match given(configuration, "OriginGroups")? {
        groups @ Node::Map(map) => {
            map.get("Items").or(Some(groups)).filter(|it| it.as_map().is_none_or(|it| !it.is_empty()))
        }
        other => Some(other),
    }
}
