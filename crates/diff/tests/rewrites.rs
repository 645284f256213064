//! What must hold for every template: rewriting it without changing its meaning is no difference, and no shape is too odd.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

mod common;

use common::{Random, replace, size, templates};
use skysmith_diff::{diff, normalise};
use skysmith_spec::ValueType;
use skysmith_template::{Intrinsic, Map, Node, SubPart, Template, read_json};

fn rewritten(template: &Template, random: &mut Random) -> Template {
    let mut template = template.clone();
    let resources = template.section_mut("Resources");
    for (key, node) in resources.iter_mut() {
        if let Node::Map(body) = node
            && !key.starts_with("Fn::")
        {
            resource(body, random);
        }
    }
    let mut root = Node::Map(template.into_root());
    order_of_keys(&mut root, random);
    Template::from_node(root)
}

fn resource(body: &mut Map, random: &mut Random) {
    match body.get_mut("DependsOn") {
        Some(Node::List(items)) => random.shuffle(items),
        Some(one) if random.coin() => *one = Node::List(vec![one.clone()]),
        _ => {}
    }
    let known = body.get("Type").and_then(Node::as_str).and_then(skysmith_spec::resource_type);
    let Some(Node::Map(properties)) = body.get_mut("Properties") else { return };
    for (name, value) in properties.iter_mut() {
        if let Some(property) = known.and_then(|known| known.property(name)) {
            scalar(value, property.value_type(), random);
            if property.name() == "Tags"
                && let Node::List(tags) = value
            {
                random.shuffle(tags);
            }
        }
        anywhere(value, random);
    }
}

/// A scalar written as another: CloudFormation takes both.
fn scalar(value: &mut Node, value_type: ValueType, random: &mut Random) {
    let written = match (value_type, &*value) {
        (ValueType::Integer | ValueType::Number | ValueType::String, Node::Number(number)) => number.as_str().into(),
        (ValueType::Boolean, Node::Bool(truth)) => if *truth { "true" } else { "false" }.into(),
        (ValueType::Boolean, Node::String(text)) => (text == "true").into(),
        (ValueType::Integer, Node::String(text)) => text.parse::<i64>().map_or_else(|_| value.clone(), Node::from),
        _ => return,
    };
    if random.coin() {
        *value = written;
    }
}

fn anywhere(node: &mut Node, random: &mut Random) {
    match node {
        Node::List(items) => items.iter_mut().for_each(|item| anywhere(item, random)),
        Node::Map(map) => {
            if map.contains_key("Statement") && map.contains_key("Version") {
                policy(map, random);
            }
            map.values_mut().for_each(|value| anywhere(value, random));
        }
        Node::Intrinsic(intrinsic) => {
            if let Intrinsic::Sub { parts, variables } = &**intrinsic
                && variables.is_empty()
                && random.coin()
            {
                *node = joined(parts);
            }
        }
        Node::String(text) => {
            if let Some(spaced) = text.strip_prefix('{').filter(|_| read_json(text).is_ok()) {
                *text = format!("{{ \n {spaced} ");
            }
        }
        _ => {}
    }
}

fn joined(parts: &[SubPart]) -> Node {
    let values: Vec<Node> = parts
        .iter()
        .map(|part| match part {
            SubPart::Literal(text) => text.as_str().into(),
            SubPart::Ref(target) | SubPart::Variable(target) => Intrinsic::Ref(target.clone()).into(),
            SubPart::GetAtt(target, attribute) => Intrinsic::GetAtt(target.clone(), attribute.as_str().into()).into(),
        })
        .collect();
    Intrinsic::Join { delimiter: String::new(), values: values.into() }.into()
}

fn policy(map: &mut Map, random: &mut Random) {
    let Some(Node::List(statements)) = map.get_mut("Statement") else { return };
    random.shuffle(statements);
    for statement in statements.iter_mut().filter_map(Node::as_map_mut) {
        for key in ["Action", "Resource", "NotAction"] {
            match statement.get_mut(key) {
                Some(Node::List(items)) => random.shuffle(items),
                Some(one) if random.coin() => *one = Node::List(vec![one.clone()]),
                _ => {}
            }
        }
    }
    if let [one] = statements.as_slice()
        && random.coin()
    {
        let one = one.clone();
        map.insert("Statement".to_owned(), one);
    }
}

fn order_of_keys(node: &mut Node, random: &mut Random) {
    match node {
        Node::List(items) => items.iter_mut().for_each(|item| order_of_keys(item, random)),
        Node::Map(map) => {
            let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
            random.shuffle(&mut entries);
            map.extend(entries);
            map.values_mut().for_each(|value| order_of_keys(value, random));
        }
        _ => {}
    }
}

#[test]
fn another_way_to_write_it_is_no_difference() {
    for (name, template) in templates() {
        for seed in 0..25 {
            let other = rewritten(&template, &mut Random(seed));
            for (before, after) in [(&template, &other), (&other, &template)] {
                let diff = diff(before, after);
                assert!(diff.is_empty(), "{name}, seed {seed}: {diff:#?}");
                assert_eq!(normalise(before), normalise(after), "{name}, seed {seed}");
                assert_eq!((&diff.iam, &diff.security), (&vec![], &vec![]), "{name}, seed {seed}");
            }
        }
    }
}

#[test]
fn what_is_removed_is_what_was_there_and_what_is_added_is_what_is_there() {
    let empty = Template::new();
    for (name, template) in templates() {
        let (added, removed) = (diff(&empty, &template), diff(&template, &empty));
        let count = template.resources().count();
        assert_eq!((added.summary().add, removed.summary().remove), (count, count), "{name}");
        assert!(added.data_losses().is_empty(), "{name}");
    }
}

/// Every value of every template is replaced by values that do not belong there.
#[test]
fn no_shape_is_too_odd() {
    let wrong: Vec<Node> = vec![
        Node::Null,
        "{".into(),
        Node::List(vec![Node::Null, Node::List(vec![])]),
        Node::Map(Map::from([("Statement".to_owned(), Node::List(vec![Node::Null, true.into()]))])),
        Node::Map(Map::from([("Fn::ForEach::Loop".to_owned(), Node::List(vec!["A".into(), Node::Null]))])),
        Node::from_long_form(Map::from([("Fn::Sub".to_owned(), "${A.B}".into())]).into()),
    ];
    for (name, template) in templates() {
        let root = Node::Map(template.root().clone());
        for target in 0..size(&root) {
            for replacement in &wrong {
                let mut mutated = root.clone();
                replace(&mut mutated, &mut target.clone(), replacement);
                let mutated = Template::from_node(mutated);
                let there = diff(&template, &mutated);
                assert_eq!(there.is_empty(), diff(&mutated, &template).is_empty(), "{name}");
                assert!(diff(&mutated, &mutated).is_empty(), "{name}");
            }
        }
    }
}
