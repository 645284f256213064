//! The tree: folds, aspects, ids, references, and what is wrong with them.

use std::cell::Cell;
use std::rc::Rc;

use skysmith_core::{
    App, CfnResource as _, Condition, Diagnostic, Draft, Parameter, RemovalPolicy, Resource, Scope, Stack, Test, Value,
    pseudo,
};

use crate::{complaints, synthesize, template};

fn topic(scope: &Scope, id: &str) -> Resource {
    Resource::new(scope, id, "AWS::SNS::Topic")
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let build = || {
        let app = App::new();
        let stack = Stack::builder(&app, "s").description("d").build();
        for id in ["C", "A", "B"] {
            let topic = topic(&stack.child(id), "Resource");
            topic.set("DisplayName", id);
            stack.output(&format!("{id}Name"), topic.attribute::<String>("TopicName"));
        }
        template(&app)
    };
    assert_eq!(build(), build());
}

#[test]
fn folds_run_again_for_what_others_add() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let first = topic(&stack, "First");
    // Registered first, and yet it sees what the second fold attaches.
    let scope = first.scope().clone();
    let target = first.clone();
    stack.fold(move || target.set("DisplayName", scope.attached::<u32>().len().to_string()));
    let (scope, done) = (first.scope().clone(), Rc::new(Cell::new(false)));
    stack.fold(move || {
        if !done.replace(true) {
            scope.attach(7_u32);
        }
    });
    assert!(template(&app).contains(r#""DisplayName": "1""#));
}

#[test]
fn folds_see_what_aspects_add() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let first = topic(&stack, "First");
    let (scope, target) = (first.scope().clone(), first.clone());
    stack.fold(move || target.set("DisplayName", scope.attached::<u32>().len().to_string()));
    app.add_aspect(|construct: &Scope| {
        if construct.id() == "First" {
            construct.attach(1_u32);
        }
    });
    assert!(template(&app).contains(r#""DisplayName": "1""#));
}

#[test]
fn aspects_visit_everything_once_also_what_is_made_meanwhile() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    topic(&stack, "First");
    let visits = Rc::new(Cell::new(0));
    let counted = Rc::clone(&visits);
    app.add_aspect(move |construct: &Scope| {
        if construct.as_resource().is_some() {
            counted.set(counted.get() + 1);
        }
        if construct.id() == "First" {
            topic(&construct.stack().unwrap(), "Second");
        }
    });
    let rendered = template(&app);
    assert_eq!(visits.get(), 2);
    assert!(rendered.contains("Second"));
}

#[test]
fn aspects_that_never_end_are_stopped() {
    let app = App::new();
    Stack::new(&app, "s");
    let made = Cell::new(0);
    app.add_aspect(move |construct: &Scope| {
        if let Some(stack) = construct.stack()
            && construct.as_resource().is_none()
        {
            made.set(made.get() + 1);
            stack.child(&format!("Again{}", made.get()));
        }
    });
    assert_eq!(
        complaints(&app),
        ["aspects-never-end: aspects keep adding constructs: the tree was still growing after 32 rounds"]
    );
}

#[test]
fn rules_see_the_final_tree() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let first = topic(&stack, "First");
    let checked = first.clone();
    stack.rule(move || {
        if checked.property("DisplayName").is_some() {
            checked.scope().report(Diagnostic::warning("it has a name").rule("named").property("DisplayName"));
        }
    });
    stack.fold(move || first.set("DisplayName", "late"));
    assert_eq!(complaints(&app), ["named: it has a name"]);
}

#[test]
fn a_borrow_in_an_argument_is_no_panic() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let topic = topic(&stack, "Topic");
    topic.set("DisplayName", topic.property("DisplayName").unwrap_or_else(|| topic.path().into()));
    assert!(template(&app).contains(r#""DisplayName": "s/Topic""#));
}

#[test]
fn duplicate_ids_name_both_places() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    topic(&stack, "Topic");
    topic(&stack, "Topic");
    let found = synthesize(&app).diagnostics();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].message, "there is already a construct `s/Topic`");
    assert!(found[0].place.as_ref().unwrap().file.ends_with("tests/it/tree.rs"));
    assert!(found[0].notes[0].starts_with("the first one is made at "), "{:?}", found[0].notes);
}

#[test]
fn equal_logical_ids_of_different_paths_are_an_error() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    topic(&stack, "My-Topic");
    topic(&stack, "MyTopic");
    assert_eq!(complaints(&app), ["logical-id: logical id `MyTopic` is taken by `s/My-Topic` already"]);
}

#[test]
fn a_builder_that_is_dropped_is_an_error() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    drop(Draft::new(&stack, "Forgotten"));
    assert_eq!(complaints(&app), ["never-built: the builder of `Forgotten` is never built"]);
}

#[test]
fn values_of_another_app_are_errors() {
    let (app, other) = (App::new(), App::new());
    let stack = Stack::new(&app, "s");
    let foreign = topic(&Stack::new(&other, "o"), "Foreign");
    let here = topic(&stack, "Here");
    here.set("DisplayName", foreign.reference::<String>());
    here.depends_on(&foreign);
    let complaint = "foreign-value: a value of another app is used here";
    assert_eq!(complaints(&app), [complaint, complaint]);
}

#[test]
fn a_resource_outside_of_any_stack_is_an_error() {
    let app = App::new();
    topic(&app, "Lost");
    assert_eq!(complaints(&app), ["no-stack: `Lost` is in no stack"]);
}

#[test]
fn stacks_are_named_after_their_paths() {
    let app = App::new();
    let live = app.child("Live");
    assert_eq!(Stack::new(&live, "web").name(), "Live-web");
    assert_eq!(Stack::builder(&app, "x").name("other").build().name(), "other");
    Stack::new(&app, "1-bad");
    Stack::builder(&app, "y").name("other").build();
    let complaints = complaints(&app);
    assert!(complaints[0].contains("`1-bad` cannot be a stack's name"), "{complaints:?}");
    assert!(complaints[1].contains("stack name `other` is taken by `x` already"), "{complaints:?}");
}

#[test]
fn dependencies_that_a_reference_expresses_are_left_out() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let (a, b, c) = (topic(&stack, "A"), topic(&stack, "B"), topic(&stack, "C"));
    c.set("DisplayName", a.attribute::<String>("TopicName"));
    c.depends_on(&a);
    c.depends_on(&b);
    c.depends_on(&b);
    let rendered = template(&app);
    assert!(rendered.contains("\"DependsOn\": [\n        \"B\"\n      ]"), "{rendered}");
}

#[test]
fn policies_conditions_metadata_and_overrides_reach_the_template() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let parameter = Parameter::string(&stack, "Stage").default("dev").build();
    let is_prod = Condition::new(&stack, "IsProd", Test::equals(parameter.value(), "prod"));
    let is_not_prod = Condition::new(&stack, "IsNotProd", !is_prod.test());
    let topic = topic(&stack, "Topic");
    topic.removal_policy(RemovalPolicy::RetainExceptOnCreate);
    topic.condition(&is_not_prod);
    topic.set_metadata("why", "because");
    topic.set("Subscription", serde_json::json!([{"Protocol": "sqs", "Endpoint": "x"}]));
    topic.add_override("Properties.Subscription.0.Endpoint", "y");
    topic.add_override("UpdatePolicy.Anything", true);
    topic.add_deletion_override("Metadata.why");
    stack.output("Name", topic.attribute::<String>("TopicName")).condition(&is_not_prod);
    let rendered: serde_json::Value = serde_json::from_str(&template(&app)).unwrap();
    let resource = &rendered["Resources"]["Topic"];
    assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(resource["UpdateReplacePolicy"], "Retain");
    assert_eq!(resource["Condition"], "IsNotProd");
    assert_eq!(resource["Properties"]["Subscription"][0]["Endpoint"], "y");
    assert_eq!(resource["UpdatePolicy"]["Anything"], true);
    assert_eq!(resource["Metadata"], serde_json::json!({}));
    assert_eq!(rendered["Outputs"]["Name"]["Condition"], "IsNotProd");
    assert_eq!(rendered["Conditions"]["IsNotProd"]["Fn::Not"][0]["Condition"], "IsProd");
}

#[test]
fn tags_go_to_the_stack_or_to_the_resources_below() {
    let app = App::new();
    app.tag("owner", "me");
    let stack = Stack::new(&app, "s");
    stack.tag("stage", "dev");
    let inner = stack.child("Inner");
    inner.tag("team", "a");
    inner.tag("part", "x");
    let near = topic(&inner, "Near");
    near.scope().tag("team", "b");
    Resource::new(&inner, "Map", "AWS::SSM::Parameter");
    Resource::new(&inner, "Untaggable", "AWS::SNS::TopicPolicy");
    topic(&stack, "Outside");
    let synthesis = synthesize(&app);
    let tags: Vec<_> = synthesis.stacks[0].tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(tags, ["owner=me", "stage=dev"]);
    let rendered: serde_json::Value = serde_json::from_str(&synthesis.stacks[0].template.to_json()).unwrap();
    let of =
        |path: &[&str]| rendered["Resources"][skysmith_core::logical_id(path).unwrap()]["Properties"]["Tags"].clone();
    assert_eq!(
        of(&["Inner", "Near"]),
        serde_json::json!([{"Key": "part", "Value": "x"}, {"Key": "team", "Value": "b"}])
    );
    assert_eq!(of(&["Inner", "Map"]), serde_json::json!({"part": "x", "team": "a"}));
    assert!(of(&["Inner", "Untaggable"]).is_null());
    assert!(of(&["Outside"]).is_null());
}

#[test]
fn hashed_ids_follow_the_content_they_stand_for() {
    let build = |name: &str, other: &str| {
        let app = App::new();
        let stack = Stack::new(&app, "s");
        let (content, bystander) = (topic(&stack, "Content"), topic(&stack, "Bystander"));
        content.set("DisplayName", name);
        bystander.set("DisplayName", other);
        // Made before the one it hashes, so that the order of making cannot be what makes it right.
        let outer = topic(&stack, "Outer");
        let inner = topic(&stack, "Inner");
        outer.replace_with([inner.clone()]);
        inner.replace_with([content.clone()]);
        inner.set("DisplayName", content.attribute::<String>("TopicName"));
        let synthesis = synthesize(&app);
        let ids: Vec<String> = synthesis.stacks[0].elements.iter().map(|element| element.logical_id.clone()).collect();
        (ids[2].clone(), ids[3].clone())
    };
    let (outer, inner) = build("a", "x");
    assert!(outer.starts_with("Outer") && outer.len() > "Outer".len());
    assert_eq!((outer.clone(), inner.clone()), build("a", "y"));
    let (_, changed_inner) = build("b", "x");
    assert_ne!(inner, changed_inner);
}

#[test]
fn places_point_at_the_setting_then_at_the_construct() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let made = line!() + 1;
    let topic = topic_here(&stack);
    let set = line!() + 1;
    topic.set("DisplayName", "x");
    topic.scope().report(Diagnostic::warning("about it").property("DisplayName"));
    topic.scope().report(Diagnostic::warning("about another").property("TopicName"));
    let lines: Vec<_> = synthesize(&app).diagnostics().iter().map(|found| found.place.clone().unwrap().line).collect();
    assert_eq!(lines, [set, made]);
}

#[track_caller]
fn topic_here(scope: &Scope) -> Resource {
    Resource::new(scope, "Topic", "AWS::SNS::Topic")
}

struct CfnTopic(Resource);

impl std::ops::Deref for CfnTopic {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        &self.0
    }
}

impl skysmith_core::CfnResource for CfnTopic {
    const TYPE: &'static str = "AWS::SNS::Topic";

    fn from_resource(resource: Resource) -> Self {
        Self(resource)
    }
}

#[test]
fn a_construct_is_typed_again_by_its_type() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    topic(&stack, "Topic");
    Resource::new(&stack, "Other", "AWS::SQS::Queue");
    let found: Vec<_> = stack.descendants().iter().filter_map(CfnTopic::of).map(|topic| topic.path()).collect();
    assert_eq!(found, ["s/Topic"]);
}

#[test]
fn a_pseudo_parameter_is_a_reference() {
    let app = App::new();
    let stack = Stack::new(&app, "s");
    let region: Value<String> = pseudo::region();
    stack.output("Region", region);
    assert!(template(&app).contains(r#""Ref": "AWS::Region""#));
}
