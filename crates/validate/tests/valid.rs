//! Templates that are right: nothing is found in them, and cfn-lint agrees that nothing is wrong.

mod common;

use skysmith_template::{Map, Node, Template};
use skysmith_validate::{Severity, validate};

#[test]
fn nothing_is_found_in_valid_templates() {
    let mut found = Vec::new();
    let templates = common::templates("valid");
    assert!(templates.len() >= 36);
    for (name, template) in &templates {
        let errors = validate(template).into_iter().filter(|finding| finding.severity == Severity::Error);
        found.extend(errors.map(|finding| format!("{name}: {}", common::shown(&finding))));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The judge we did not write: the corpus is worth something only if its templates really are valid.
#[test]
fn cfn_lint_finds_no_error_either() {
    let refused = common::refused_by_cfn_lint("valid");
    assert!(refused.is_empty(), "{}", refused.into_values().collect::<String>());
}

/// Every value of every template is replaced by every kind of value that does not belong there.
#[test]
fn no_shape_is_too_odd() {
    let wrong: Vec<Node> = vec![
        Node::Null,
        true.into(),
        (-1).into(),
        "".into(),
        "${".into(),
        Node::List(vec![]),
        Node::List(vec![Node::Null, Node::List(vec![])]),
        Node::Map(Map::new()),
        Node::Map(Map::from([("Fn::ForEach::Loop".to_owned(), Node::List(vec!["A".into(), Node::Null]))])),
        Node::Map(Map::from([("Fn::Sub".to_owned(), 1.into())])),
        Node::Map(Map::from([(String::new(), Node::Null)])),
        Node::from_long_form(Map::from([("Fn::GetAtt".to_owned(), vec!["Role", ""].into())]).into()),
    ];
    let mut count = 0;
    for (_, template) in common::templates("valid") {
        let root = Node::Map(template.into_root());
        for target in 0..size(&root) {
            for replacement in &wrong {
                let mut mutated = root.clone();
                replace(&mut mutated, &mut target.clone(), replacement);
                validate(&Template::from_node(mutated));
                count += 1;
            }
        }
    }
    assert!(count > 20_000, "{count}");
}

/// How many values there are at and below the node, those inside functions left out.
fn size(node: &Node) -> usize {
    1 + match node {
        Node::List(items) => items.iter().map(size).sum(),
        Node::Map(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// Puts `replacement` in the place of the value whose number, counted in the order of [`size`], is `target`.
fn replace(node: &mut Node, target: &mut usize, replacement: &Node) -> bool {
    if *target == 0 {
        *node = replacement.clone();
        return true;
    }
    *target -= 1;
    match node {
        Node::List(items) => items.iter_mut().any(|item| replace(item, target, replacement)),
        Node::Map(map) => map.values_mut().any(|value| replace(value, target, replacement)),
        _ => false,
    }
}
