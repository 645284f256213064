//! Templates that are right: nothing is found in them, and cfn-lint agrees that nothing is wrong.

mod common;

use std::path::Path;

use skysmith_template::{Map, Node, Template, read_json};
use skysmith_validate::{Severity, validate};

#[test]
fn nothing_is_found_in_valid_templates() {
    let mut found = Vec::new();
    let templates = common::templates("valid");
    assert!(templates.len() >= 110, "{}", templates.len());
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

/// The errors that are found in the templates of a folder, with how many there are.
fn errors_in(folder: &Path) -> (usize, Vec<String>) {
    let mut found = Vec::new();
    let mut count = 0;
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder is there").flatten().map(|it| it.path()).collect();
    files.sort();
    for file in files.iter().filter(|it| it.extension().is_some_and(|it| it == "json")) {
        let text = std::fs::read_to_string(file).expect("it can be read");
        let document = read_json(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // Beside templates there are other files of JSON.
        if document.template.section("Resources").is_none() {
            continue;
        }
        count += 1;
        let errors = validate(&document.template).into_iter().filter(|it| it.severity == Severity::Error);
        found.extend(errors.map(|it| format!("{}: {}", file.display(), common::shown(&it))));
    }
    (count, found)
}

/// The judge's own templates, fetched with the sources of its release: where it finds no error there is none.
#[test]
fn nothing_is_found_in_what_cfn_lint_accepts_of_its_own() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join("target/tools/cfn-lint-fixtures");
    // Both the judge and what it judges are pinned, so once is enough.
    let out = folder.join("accepted");
    let output = std::process::Command::new(common::python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/fixtures.py"))
        .arg(&folder)
        .arg(&out)
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (count, found) = errors_in(&out);
    println!("{count} templates of cfn-lint's that it accepts");
    assert!(count > 60, "{count}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What the project synthesizes, and the AWS CDK's templates of the same applications where they are beside the checkout.
#[test]
fn nothing_is_found_in_synthesized_templates() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (count, mut found) = errors_in(&workspace.join("templates"));
    assert!(count >= 3, "{count}");
    let reference = workspace.join("../shared/reference/cdk-templates");
    if reference.exists() {
        let (count, more) = errors_in(&reference);
        assert!(count >= 3, "{count}");
        found.extend(more);
    }
    // Of what it synthesizes itself the project expects no warning either.
    for entry in std::fs::read_dir(workspace.join("templates")).expect("the folder is there").flatten() {
        let document = read_json(&std::fs::read_to_string(entry.path()).expect("it can be read")).expect("a template");
        found.extend(validate(&document.template).iter().map(common::shown));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
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
    // A half of them says as much as all.
    for (_, template) in common::templates("valid").into_iter().step_by(2) {
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
    assert!(count > 15_000, "{count}");
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
