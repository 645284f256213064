//! Typed values.

use skysmith_core::{App, Arn, IntoList, IntoMap, IntoValue, Json, Name, Node, Resource, Stack, Value, pseudo, text};

use crate::template;

enum Role {}
enum Bucket {}

fn wants_arn(value: impl IntoValue<Arn<Role>>) -> Value<Arn<Role>> {
    value.into_value()
}

fn wants_name(value: impl IntoValue<Name<Bucket>>) -> Value<Name<Bucket>> {
    value.into_value()
}

fn wants_text(value: impl IntoValue<String>) -> Value<String> {
    value.into_value()
}

#[test]
fn arns_and_names_are_texts() {
    let arn = Arn::<Role>::parse("arn:aws:iam::123456789012:role/x").unwrap();
    assert_eq!(wants_text(wants_arn(&arn)).literal(), Some("arn:aws:iam::123456789012:role/x"));
    assert_eq!(wants_text(wants_name("photos")).literal(), Some("photos"));
}

#[test]
fn what_is_no_arn_is_refused() {
    for text in ["", "arn", "role/x", "arn:aws:iam::123456789012", "arn:aws:iam::123456789012:", "arn::iam:::x"] {
        assert!(Arn::<Role>::parse(text).is_err(), "{text}");
    }
}

#[test]
fn lists_and_maps_take_what_their_items_take() {
    fn list(value: impl IntoList<String>) -> Node {
        value.into_list().into_node()
    }
    fn map(value: impl IntoMap<String>) -> Node {
        value.into_map().into_node()
    }
    assert_eq!(list(["a", "b"]), Node::List(vec!["a".into(), "b".into()]));
    assert_eq!(list(vec![pseudo::region()]), Node::List(vec![pseudo::region().into_node()]));
    assert_eq!(map([("k", "v")]).get("k"), Some(&"v".into()));
}

#[test]
fn json_is_taken_as_it_is() {
    let value = Json::from(serde_json::json!({"b": [1, 2.5, null, true], "a": "x"}));
    let Node::Map(map) = value.0 else { panic!("not a map") };
    assert_eq!(map["b"].as_list().unwrap().len(), 4);
}

#[test]
fn texts_are_rendered_as_sub_and_other_expressions_as_join() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let topic = Resource::new(&stack, "Topic", "AWS::SNS::Topic");
    let name: Value<String> = topic.attribute("TopicName");
    stack.output("Sub", text!["${literal} ", &name, "@", pseudo::region()]);
    let condition =
        skysmith_core::Condition::new(&stack, "IsIreland", skysmith_core::Test::equals(pseudo::region(), "eu-west-1"));
    stack.output("Join", text!["a", condition.choose::<String>("b", "c")]);
    let rendered = template(&app);
    assert!(rendered.contains(r#""Fn::Sub": "${!literal} ${Topic.TopicName}@${AWS::Region}""#), "{rendered}");
    assert!(rendered.contains(r#""Fn::Join""#) && rendered.contains(r#""IsIreland""#), "{rendered}");
}
