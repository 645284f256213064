//! What holds for any value.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use proptest::prelude::*;
use skysmith_template::{Intrinsic, Map, Node, SourceMap, Step, SubPart, Template, read_json, read_yaml};

/// Checks that every value of `node`, which is in the long form, has a place, and that nothing else has.
fn check_places(node: &Node, source: &SourceMap, path: &mut Vec<Step<'_>>) {
    let span = source.span(path).unwrap_or_else(|| panic!("no place for {path:?}"));
    assert!(span.start <= span.end && span.end.offset <= source.text().len());
    assert_eq!(source.nearest_span(path), Some(span));
    let children: Vec<(Step<'_>, &Node)> = match node {
        Node::List(items) => items.iter().enumerate().map(|(index, item)| (Step::Index(index), item)).collect(),
        Node::Map(map) => map.iter().map(|(key, value)| (Step::Key(key), value)).collect(),
        _ => Vec::new(),
    };
    let below = |step| path.iter().copied().chain([step]).collect::<Vec<_>>();
    assert_eq!(source.span(&below(Step::Index(children.len()))), None);
    assert_eq!(source.span(&below(Step::Key("no such key"))), None);
    for (step, child) in children {
        let mut path = below(step);
        assert_eq!(source.key_span(&path).is_some(), matches!(step, Step::Key(_)));
        check_places(child, source, &mut path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_survives(root in common::root()) {
        let text = Node::from(root.clone()).to_json();
        let document = read_json(&text).unwrap();
        prop_assert_eq!(document.template.to_json(), format!("{text}\n"));
        prop_assert_eq!(&Template::from_long_form(root.clone()), &document.template);
        let plain: Map = document.template.root().iter().map(|(key, value)| (key.clone(), value.to_long_form())).collect();
        prop_assert_eq!(&plain, &root);
        check_places(&Node::from(root), &document.source, &mut Vec::new());
    }

    #[test]
    fn yaml_survives(root in common::root()) {
        let template = Template::from_long_form(root.clone());
        let text = template.to_yaml();
        let document = read_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert_eq!(&document.template, &template, "{}", text);
        prop_assert_eq!(document.template.to_yaml(), text);
        check_places(&Node::from(root), &document.source, &mut Vec::new());
    }

    #[test]
    fn texts_of_sub_survive(text in prop_oneof![common::sub_text(), common::text()]) {
        if let Some(parts) = SubPart::parse(&text, |name| name == "Var") {
            prop_assert_eq!(SubPart::text(&parts), Some(text));
        }
    }

    #[test]
    fn parts_of_sub_survive(pieces in proptest::collection::vec((0..4, common::sub_text()), 0..6)) {
        let parts: Vec<SubPart> = pieces
            .into_iter()
            .map(|(kind, text)| match kind {
                0 | 1 => SubPart::Literal(text),
                2 => SubPart::Ref("Name".to_owned()),
                _ => SubPart::GetAtt("Name".to_owned(), "Attribute.Of".to_owned()),
            })
            .collect();
        let merged = |parts: &[SubPart]| {
            let mut merged: Vec<SubPart> = Vec::new();
            for part in parts {
                match (merged.last_mut(), part) {
                    (_, SubPart::Literal(text)) if text.is_empty() => {}
                    (Some(SubPart::Literal(last)), SubPart::Literal(text)) => last.push_str(text),
                    _ => merged.push(part.clone()),
                }
            }
            merged
        };
        if let Some(text) = SubPart::text(&parts) {
            prop_assert_eq!(SubPart::parse(&text, |_| false), Some(merged(&parts)));
        }
    }

    #[test]
    fn json_in_a_string_is_that_json(inner in common::long_form()) {
        // Without functions there is nothing to resolve, and the string has to be the value's own JSON.
        let plain = Node::JsonString(Box::new(inner.clone()));
        prop_assert_eq!(plain.to_long_form(), Node::from(inner.to_json_compact()));
        // With functions the result is still something that can be written and read.
        let node = Node::JsonString(Box::new(Node::from_long_form(inner)));
        let json = Node::from_json(&node.to_json()).unwrap();
        prop_assert_eq!(Node::from_yaml(&node.to_yaml()), Ok(json));
    }
}

#[test]
fn nasty_values_survive() {
    for plain in common::nasty_values() {
        let node = Node::from_long_form(plain.clone());
        assert_eq!(node.to_long_form().to_json(), node.to_json());
        assert_eq!(Node::from_json(&node.to_json()), Ok(node.clone()));
        // Only exponents are spelled in another way in YAML.
        if !node.to_json().contains("\"number\"") {
            let yaml = node.to_yaml();
            assert_eq!(Node::from_yaml(&yaml), Ok(node), "{yaml}");
        }
    }
}

/// What CloudFormation makes of `Fn::Sub` or `Fn::Join` if every reference is the string `<name>`.
fn resolved(node: &Node) -> String {
    match node {
        Node::String(text) => text.clone(),
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(name) => format!("<{name}>"),
            Intrinsic::GetAtt(name, Node::String(attribute)) => format!("<{name}.{attribute}>"),
            Intrinsic::Join { delimiter, values: Node::List(values) } => {
                values.iter().map(resolved).collect::<Vec<_>>().join(delimiter)
            }
            Intrinsic::Sub { parts, .. } => parts
                .iter()
                .map(|part| match part {
                    SubPart::Literal(text) => text.clone(),
                    SubPart::Ref(name) | SubPart::Variable(name) => format!("<{name}>"),
                    SubPart::GetAtt(name, attribute) => format!("<{name}.{attribute}>"),
                })
                .collect(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn references_in_a_json_string_resolve_to_json(
        texts in proptest::collection::vec(common::text(), 0..5),
        hard in any::<bool>(),
    ) {
        let reference = |name: &str| Node::from(Intrinsic::Ref(name.to_owned()));
        let mut items: Vec<Node> = texts.iter().map(|text| text.as_str().into()).collect();
        items.push(reference("A"));
        items.push(Intrinsic::GetAtt("B".into(), "C".into()).into());
        if hard {
            items.push(reference("not-a-name"));
        }
        items.push(Node::JsonString(Box::new(items.clone().into())));
        let lowered = Node::from_json(&Node::JsonString(Box::new(items.into())).to_json()).unwrap();
        let expected = |texts: &[String]| {
            let mut items: Vec<Node> = texts.iter().map(|text| text.as_str().into()).collect();
            items.extend(["<A>", "<B.C>"].map(Node::from));
            if hard {
                items.push("<not-a-name>".into());
            }
            items
        };
        let mut items = expected(&texts);
        items.push(Node::from(items.clone()).to_json_compact().into());
        prop_assert_eq!(resolved(&lowered), Node::from(items).to_json_compact());
    }
}
