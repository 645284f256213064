//! A difference is all of it: carried out on the template before, it makes what the template after means.

mod common;

use common::{Random, replace, size, template_of, templates};
use skysmith_diff::{diff, normalise};
use skysmith_template::{Map, Node, Template};

fn check(name: &str, before: &Template, after: &Template) {
    let diff = diff(before, after);
    let (made, wanted) = (normalise(&diff.apply(before)), normalise(after));
    if made != wanted {
        let (made, wanted) = (made.to_json(), wanted.to_json());
        let lines = skysmith_diff::compare_lines(&wanted, &made, 6);
        let changes: Vec<_> =
            diff.resources.iter().map(|it| (&it.logical_id, &it.properties, &it.attributes)).collect();
        panic!("{name}: {:#?}\n{changes:#?}\n{:#?}", lines.hunks, diff.other);
    }
    // What is no difference is the same in the one form that all have, and the other way round.
    assert_eq!(diff.is_empty(), normalise(before) == wanted, "{name}: {:#?}", diff.resources);
}

/// One value of the template becomes another, goes, comes twice, or changes its place.
fn mutate(template: &Template, random: &mut Random) -> Template {
    let mut root = Node::Map(template.root().clone());
    for _ in 0..=random.below(4) {
        let target = 1 + random.below(size(&root) - 1);
        let Some(found) = find(&root, &mut target.clone()) else { continue };
        let donor = random.below(size(&root));
        let other = match random.below(8) {
            0 => find(&root, &mut donor.clone()).cloned().unwrap_or(Node::Null),
            1 => "another".into(),
            2 => Node::List(vec![found.clone()]),
            _ => altered(found, random),
        };
        replace(&mut root, &mut target.clone(), &other);
    }
    Template::from_node(root)
}

fn altered(node: &Node, random: &mut Random) -> Node {
    match node {
        Node::List(items) => {
            let mut items = items.clone();
            match (items.len(), random.below(4)) {
                (0, _) => items.push("new".into()),
                (length, 0) => {
                    items.remove(random.below(length));
                }
                (length, 1) => items.swap(0, random.below(length)),
                (length, 2) => items.insert(random.below(length + 1), items[random.below(length)].clone()),
                (length, _) => items.insert(random.below(length), "new".into()),
            }
            Node::List(items)
        }
        Node::Map(map) => {
            let mut map = map.clone();
            match (map.len(), random.below(3)) {
                (0, _) => {
                    map.insert("New".to_owned(), "new".into());
                }
                (length, 0) => {
                    map.shift_remove_index(random.below(length));
                }
                (length, 1) => {
                    if let Some((key, value)) = map.shift_remove_index(random.below(length)) {
                        map.insert(format!("{key}Other"), value);
                    }
                }
                _ => {
                    map.insert("New".to_owned(), Map::from([("Deep".to_owned(), 1.into())]).into());
                }
            }
            map.into()
        }
        Node::String(text) => match random.below(3) {
            0 => format!("{text}x").into(),
            1 => "".into(),
            _ => 7.into(),
        },
        Node::Number(_) => 99.into(),
        Node::Bool(value) => (!value).into(),
        other => Node::List(vec![other.clone(), "x".into()]),
    }
}

fn find<'n>(node: &'n Node, target: &mut usize) -> Option<&'n Node> {
    if *target == 0 {
        return Some(node);
    }
    *target -= 1;
    match node {
        Node::List(items) => items.iter().find_map(|item| find(item, target)),
        Node::Map(map) => map.values().find_map(|value| find(value, target)),
        _ => None,
    }
}

#[test]
fn a_difference_carried_out_makes_the_other_template() {
    for (name, template) in templates() {
        for seed in 0..40 {
            let mut random = Random(seed);
            let other = mutate(&template, &mut random);
            let third = mutate(&other, &mut random);
            for (before, after) in [(&template, &other), (&other, &template), (&other, &third)] {
                check(&format!("{name}, seed {seed}"), before, after);
            }
        }
    }
}

#[test]
fn from_any_template_to_any_other() {
    let templates = templates();
    for (name, before) in &templates {
        for (other, after) in &templates {
            check(&format!("{name} to {other}"), before, after);
        }
    }
}

#[test]
fn the_cases_too() {
    let cases = common::cases();
    for (name, case) in &cases {
        let (before, after) = (template_of(name, case, "before"), template_of(name, case, "after"));
        check(name, &before, &after);
        check(name, &after, &before);
    }
    let count = cases.len();
    assert!(count > 100, "{count}");
}

/// What parameters and conditions make of a difference does not change what is written.
#[test]
fn the_cases_with_their_parameters_too() {
    for case in common::case::cases() {
        let made = case.compared().apply(&case.before);
        assert_eq!(normalise(&made), normalise(&case.after), "{}", case.name);
    }
}
