//! Where constructs stand: stages, aliases, dependencies between constructs, mappings and rules.

use serde_json::{Value, json};
use skysmith_core::{App, Mapping, Parameter, Resource, Rule, Scope, Stack, Stage, Test, pseudo};

use crate::{complaints, synthesize, template};

fn topic(scope: &Scope, id: &str) -> Resource {
    Resource::new(scope, id, "AWS::SNS::Topic")
}

fn parsed(app: &App) -> Value {
    serde_json::from_str(&template(app)).unwrap()
}

#[test]
fn stages_name_their_stacks_and_say_where_they_go() {
    let app = App::new();
    let live = Stage::builder(&app, "Live").account("111111111111").region("eu-west-1").build();
    Stack::new(&live, "web");
    Stack::builder(&live, "edge").region("us-east-1").build();
    let synthesis = synthesize(&app);
    let shown: Vec<_> = synthesis
        .stacks
        .iter()
        .map(|stack| (stack.path.as_str(), stack.name.as_str(), stack.account.as_deref(), stack.region.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            ("Live/web", "Live-web", Some("111111111111"), Some("eu-west-1")),
            ("Live/edge", "Live-edge", Some("111111111111"), Some("us-east-1")),
        ]
    );
}

#[test]
fn a_moved_construct_keeps_its_ids() {
    let ids = |moved: bool| {
        let app = App::new();
        let stack = Stack::new(&app, "s");
        let scope = if moved { stack.child("New").child("Place") } else { stack.child("Old") };
        if moved {
            scope.alias("Old");
        }
        topic(&scope.child("Inner"), "Resource");
        parsed(&app)["Resources"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(ids(false), ids(true));
}

#[test]
fn a_dependency_between_constructs_is_one_between_their_resources() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let (first, second) = (stack.child("First"), stack.child("Second"));
    second.depends_on(&first);
    // Made after the dependency was said.
    topic(&first, "A");
    topic(&first, "B");
    topic(&second, "C");
    let template = parsed(&app);
    let id = |path: &[&str]| skysmith_core::logical_id(path).unwrap();
    let waits = &template["Resources"][id(&["Second", "C"])]["DependsOn"];
    let mut expected = [id(&["First", "A"]), id(&["First", "B"])];
    expected.sort();
    assert_eq!(*waits, json!(expected));
}

#[test]
fn a_dependency_between_constructs_of_two_stacks_is_one_between_the_stacks() {
    let app = App::new();
    let (a, b) = (Stack::new(&app, "A"), Stack::new(&app, "B"));
    let (first, second) = (a.child("First"), b.child("Second"));
    topic(&first, "T");
    topic(&second, "T");
    second.depends_on(&first);
    assert_eq!(synthesize(&app).stacks[1].depends_on, ["A"]);
}

#[test]
fn mappings_are_looked_up_by_their_names() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let mapping = Mapping::new(
        &stack.child("Sizes"),
        "ByRegion",
        [("eu-west-1", vec![("Size", "big")]), ("us-east-1", vec![("Size", "small")])],
    );
    topic(&stack, "Topic").set("DisplayName", mapping.find::<String>(pseudo::region(), "Size"));
    let template = parsed(&app);
    let (name, rows) = template["Mappings"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(*rows, json!({"eu-west-1": {"Size": "big"}, "us-east-1": {"Size": "small"}}));
    assert_eq!(
        template["Resources"]["Topic"]["Properties"]["DisplayName"],
        json!({"Fn::FindInMap": [name, {"Ref": "AWS::Region"}, "Size"]})
    );
}

#[test]
fn rules_hold_assertions_about_parameters() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let stage = Parameter::string(&stack, "Stage").build();
    let size = Parameter::string(&stack, "Size").build();
    Rule::new(&stack, "ProdIsBig")
        .when(Test::equals(stage.value(), "prod"))
        .assert(Test::is_one_of(size.value(), ["big", "huge"]), "prod needs room");
    assert_eq!(
        parsed(&app)["Rules"]["ProdIsBig"],
        json!({
            "RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "Assertions": [{
                "Assert": {"Fn::Contains": [["big", "huge"], {"Ref": "Size"}]},
                "AssertDescription": "prod needs room",
            }],
        })
    );
}

#[test]
fn overrides_reach_outputs_too() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    stack.output("Region", pseudo::region()).scope().add_override("Description", "where");
    assert_eq!(parsed(&app)["Outputs"]["Region"]["Description"], "where");
}

#[test]
fn a_stage_in_a_stack_is_an_error() {
    let app = App::new();
    Stage::new(&Stack::new(&app, "s"), "Live");
    assert_eq!(complaints(&app), ["-: stage `Live` is made inside of a stack; give it the app as its scope"]);
}
