//! What is declared and never used, and parameters that show what they should not.

use std::collections::HashSet;

use skysmith_template::{ForEach, Intrinsic, Node, Template};

use crate::at::At;
use crate::declared::Declared;
use crate::finding::Findings;
use crate::references::for_each_target;
use crate::rule::RuleId;
use crate::trade::names_secret;

pub(crate) fn check(template: &Template, declared: &Declared<'_>, findings: &mut Findings) {
    secrets(template, findings);
    // What a macro makes of the template may use anything.
    if declared.generates() {
        return;
    }
    let mut used = Used::default();
    for (name, node) in template.root() {
        if name != "Metadata" && name != "Parameters" {
            used.gather(node);
        }
    }
    // Resources, outputs and rules name conditions as text.
    for section in ["Resources", "Outputs"] {
        for node in template.section(section).into_iter().flat_map(|it| it.values()) {
            used.condition_of(node);
        }
    }
    for (section, rule, noun) in [
        ("Parameters", RuleId::UnusedParameter, "parameter"),
        ("Mappings", RuleId::UnusedMapping, "mapping"),
        ("Conditions", RuleId::UnusedCondition, "condition"),
    ] {
        let at = At::Root.key(section);
        for name in declared.names(section).filter(|name| !name.starts_with("Fn::")) {
            let is_used = match section {
                "Parameters" => used.targets.contains(name),
                "Mappings" => used.mappings.contains(name) || used.any_mapping,
                _ => used.conditions.contains(name),
            };
            if !is_used {
                findings.push(rule, at.key(name), format!("the {noun} `{name}` is never used"));
            }
        }
    }
}

#[derive(Default)]
struct Used<'t> {
    targets: HashSet<&'t str>,
    conditions: HashSet<&'t str>,
    mappings: HashSet<&'t str>,
    /// The name of a mapping is made by a function.
    any_mapping: bool,
}

impl<'t> Used<'t> {
    fn gather(&mut self, node: &'t Node) {
        for_each_target(node, &mut |name| {
            self.targets.insert(name);
        });
        node.for_each_node(&mut |node| match node {
            Node::Intrinsic(intrinsic) => match &**intrinsic {
                Intrinsic::If { condition, .. } | Intrinsic::Condition(condition) => {
                    self.conditions.insert(condition);
                }
                Intrinsic::FindInMap { map, .. } => match map.as_str() {
                    Some(name) => drop(self.mappings.insert(name)),
                    None => self.any_mapping = true,
                },
                Intrinsic::RefAll(_) | Intrinsic::ValueOf(..) | Intrinsic::ValueOfAll(..) => {
                    intrinsic.for_each_argument(&mut |it| self.targets.extend(it.as_str()));
                }
                _ => {}
            },
            Node::Map(map) => {
                for (key, value) in map {
                    // A loop over a parameter names it in its list, and a function with a wrong shape is another's affair.
                    if ForEach::from_entry(key, value).is_some() || key == "Ref" || key.starts_with("Fn::") {
                        gather_texts(value, &mut self.targets);
                        gather_texts(value, &mut self.conditions);
                        gather_texts(value, &mut self.mappings);
                    }
                }
            }
            _ => {}
        });
    }

    fn condition_of(&mut self, node: &'t Node) {
        if let Some(name) = node.get("Condition").and_then(Node::as_str) {
            self.conditions.insert(name);
        }
    }
}

fn gather_texts<'t>(node: &'t Node, into: &mut HashSet<&'t str>) {
    node.for_each_node(&mut |node| {
        if let Some(text) = node.as_str() {
            into.insert(text);
        }
    });
}

/// Parameters that take a secret and show it.
fn secrets(template: &Template, findings: &mut Findings) {
    let outputs = At::Root.key("Outputs");
    for output in template.outputs() {
        let Some(value) = output.value() else { continue };
        let mut shown = None;
        for_each_target(value, &mut |name| {
            shown = shown.or_else(|| template.parameter(name).filter(|it| it.is_no_echo()).map(|_| name));
        });
        if let Some(name) = shown {
            let here = outputs.key(output.name());
            findings
                .push(RuleId::PlainSecret, here.key("Value"), format!("the output shows the secret parameter `{name}`"))
                .note("outputs are not masked");
        }
    }
    let section = At::Root.key("Parameters");
    for parameter in template.parameters() {
        let is_text = parameter.parameter_type() == Some("String");
        let name = parameter.name();
        if is_text && names_secret(name) && !parameter.is_no_echo() && !parameter.body().contains_key("NoEcho") {
            findings
                .push(
                    RuleId::PlainSecret,
                    section.key(name),
                    format!("the parameter `{name}` takes a secret, and shows it"),
                )
                .note("add `NoEcho: true`; better, take the name of a secret in Secrets Manager");
        }
        if parameter.is_no_echo() && parameter.default().and_then(Node::as_str).is_some_and(|it| !it.is_empty()) {
            let at = section.key(name);
            findings
                .push(
                    RuleId::PlainSecret,
                    at.key("Default"),
                    format!("the secret parameter `{name}` has a default that everybody can read"),
                )
                .note("remove the default");
        }
    }
}
