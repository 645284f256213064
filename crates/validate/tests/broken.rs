//! Templates that are wrong in one way each: exactly that is found, at the right place.
//!
//! What is expected stands in the `Metadata` of each template, where CloudFormation and cfn-lint do not mind it. Warnings
//! of rules that are not expected are passed over: that a log group keeps its logs for ever is beside the point of most.

mod common;

use std::collections::BTreeSet;

use skysmith_template::{Node, Template};
use skysmith_validate::{RuleId, Severity, validate, validate_for};

/// The rule, the path, and a note that has to be there.
type Expected = (String, String, Option<String>);

fn expected(template: &Template) -> Vec<Expected> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    template.section("Metadata").expect("it says what is expected")["Expect"]
        .as_list()
        .expect("it lists what is expected")
        .iter()
        .map(|node| (text(node, "Rule").expect("a rule"), text(node, "Path").expect("a path"), text(node, "Note")))
        .collect()
}

#[test]
fn each_mistake_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    let templates = common::templates("broken");
    for (name, template) in &templates {
        let expected = expected(template);
        let mut findings = validate(template);
        findings
            .retain(|it| it.severity == Severity::Error || expected.iter().any(|(rule, ..)| it.rule.as_str() == rule));
        let path =
            |path: &[skysmith_validate::PathStep]| path.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
        let matches = findings.len() == expected.len()
            && findings.iter().zip(&expected).all(|(finding, (rule, place, note))| {
                finding.rule.as_str() == rule
                    && path(&finding.path) == *place
                    && note.as_ref().is_none_or(|note| finding.notes.contains(note))
            });
        if !matches {
            let found: Vec<_> = findings.iter().map(common::shown).collect();
            wrong.push(format!("{name}\n  expected {expected:?}\n  found    {}", found.join("\n           ")));
        }
        for finding in &findings {
            assert!(!finding.message.ends_with('.') && !finding.message.contains('\n'), "{}", finding.message);
        }
    }
    assert!(templates.len() > 280, "{}", templates.len());
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), templates.len(), wrong.join("\n"));
}

/// What cfn-lint does not report as an error, though CloudFormation or the service refuses it, one name a line.
const FOUND_HERE_ALONE: &str = include_str!("data/found-here-alone.txt");

/// The judge we did not write: each of these templates really is wrong.
#[test]
fn cfn_lint_refuses_them_too() {
    let refused = common::refused_by_cfn_lint("broken");
    let accepted: Vec<_> = common::templates("broken")
        .into_iter()
        .filter(|(_, template)| {
            // What only warns is no error to cfn-lint either.
            let rules = expected(template).into_iter();
            rules.flat_map(|(rule, ..)| rule.parse::<RuleId>()).any(|rule| rule.severity() == Severity::Error)
        })
        .map(|(name, _)| name)
        .filter(|name| !refused.contains_key(name))
        .collect();
    assert_eq!(accepted, FOUND_HERE_ALONE.lines().collect::<Vec<_>>());
}

#[test]
fn a_type_that_the_region_lacks_is_found_when_the_region_is_known() {
    let (_, template) =
        common::templates("valid").into_iter().find(|(name, _)| name == "appsync").expect("it is there");
    let rules = |region| {
        let found = validate_for(&template, region).into_iter().filter(|it| it.rule == RuleId::UnavailableType);
        found.map(|it| it.path.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")).collect::<Vec<_>>()
    };
    assert!(rules(None).is_empty() && rules(Some("eu-central-1")).is_empty());
    assert!(rules(Some("xx-nowhere-1")).iter().any(|it| it.ends_with("/Type")));
}

#[test]
fn every_rule_is_shown_by_a_case() {
    // Four megabytes of code are too much for a file here; a test beside the rule makes them.
    let elsewhere = [
        RuleId::LambdaInlineCode,
        RuleId::DuplicateItem,
        RuleId::UnavailableType,
        RuleId::UnknownRule,
        RuleId::MalformedAllow,
        RuleId::UnusedAllow,
    ];
    let shown: BTreeSet<String> = common::templates("broken")
        .iter()
        .flat_map(|(_, template)| expected(template))
        .map(|(rule, ..)| rule)
        .collect();
    let missing: Vec<_> =
        RuleId::ALL.iter().filter(|rule| !shown.contains(rule.as_str()) && !elsewhere.contains(rule)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
