//! References from one stack to another.

use serde_json::{Value, json};
use skysmith_core::{
    App, Condition, CrossStackReferences, NestedStack, Node, PropertyValue, Resource, Scope, Stack, Synthesis, Test,
    pseudo, text,
};

use crate::{complaints, synthesize};

fn queue(scope: &Scope, id: &str) -> Resource {
    Resource::new(&scope.child(id), "Resource", "AWS::SQS::Queue")
}

fn templates(synthesis: &Synthesis) -> Vec<Value> {
    assert!(!synthesis.has_errors(), "{:#?}", synthesis.diagnostics());
    synthesis.stacks.iter().map(|stack| serde_json::from_str(&stack.template.to_json()).unwrap()).collect()
}

fn user(stack: &Stack, value: impl Into<PropertyValue>) -> Resource {
    let user = Resource::new(stack, "User", "AWS::SNS::Topic");
    user.set("DisplayName", value);
    user
}

#[test]
fn are_exports_and_imports_under_the_cdks_names() {
    let app = App::new();
    let (a, b) = (Stack::new(&app, "A"), Stack::new(&app, "B"));
    let queue = queue(&a, "Q");
    user(&b, queue.attribute::<String>("Arn"));
    Resource::new(&b, "Second", "AWS::SNS::Topic").set("DisplayName", queue.attribute::<String>("Arn"));
    let synthesis = synthesize(&app);
    assert_eq!(synthesis.stacks[1].depends_on, ["A"]);
    let [a, b] = &templates(&synthesis)[..] else { panic!("not two stacks") };
    // The name as the AWS CDK 2.270 makes it.
    let id = "ExportsOutputFnGetAttQ63C6E3ABArnA626E96F";
    assert_eq!(
        a["Outputs"],
        json!({id: {"Value": {"Fn::GetAtt": ["Q63C6E3AB", "Arn"]}, "Export": {"Name": format!("A:{id}")}}})
    );
    let import = json!({"Fn::ImportValue": format!("A:{id}")});
    assert_eq!(b["Resources"]["User"]["Properties"]["DisplayName"], import);
    assert_eq!(b["Resources"]["Second"]["Properties"]["DisplayName"], import);
}

#[test]
fn reach_into_texts_lists_conditions_and_outputs() {
    let app = App::new();
    // The consumer is made first: the order of making must not matter.
    let (b, a) = (Stack::new(&app, "B"), Stack::new(&app, "A"));
    let queue = queue(&a, "Q");
    let condition = Condition::new(&b, "Here", Test::equals(pseudo::region(), "eu-west-1"));
    let name = queue.attribute::<String>("QueueName");
    user(&b, text!["queue ", &name, " of ", pseudo::region()]);
    let list = Resource::new(&b, "List", "AWS::SNS::Topic");
    list.set("Subscription", Node::List(vec![condition.choose::<String>(name, "none").into_node()]));
    b.output("Url", queue.reference::<String>());
    let synthesis = synthesize(&app);
    let [b, a] = &templates(&synthesis)[..] else { panic!("not two stacks") };
    assert_eq!(a["Outputs"].as_object().unwrap().len(), 2);
    let [text, variables] = &b["Resources"]["User"]["Properties"]["DisplayName"]["Fn::Sub"].as_array().unwrap()[..]
    else {
        panic!("{b:#}")
    };
    assert_eq!(text, "queue ${Import1} of ${AWS::Region}");
    assert!(variables["Import1"]["Fn::ImportValue"].is_string());
    assert!(b["Resources"]["List"]["Properties"]["Subscription"][0]["Fn::If"][1]["Fn::ImportValue"].is_string());
    assert!(b["Outputs"]["Url"]["Value"]["Fn::ImportValue"].is_string());
}

#[test]
fn of_lists_travel_as_one_text() {
    let app = App::new();
    let (a, b) = (Stack::new(&app, "A"), Stack::new(&app, "B"));
    let network = Resource::new(&a, "Network", "AWS::EC2::VPC");
    user(&b, network.attribute::<String>("CidrBlockAssociations"));
    let synthesis = synthesize(&app);
    let [a, b] = &templates(&synthesis)[..] else { panic!("not two stacks") };
    let output = a["Outputs"].as_object().unwrap().values().next().unwrap();
    assert_eq!(output["Value"]["Fn::Join"][0], "||");
    let import = &b["Resources"]["User"]["Properties"]["DisplayName"]["Fn::Split"];
    assert_eq!(import[0], "||");
    assert_eq!(import[1]["Fn::ImportValue"], output["Export"]["Name"]);
}

#[test]
fn are_weak_on_request_and_then_cross_regions() {
    let app = App::new();
    let a = Stack::builder(&app, "A").region("eu-west-1").build();
    let b = Stack::builder(&app, "B").region("us-east-1").cross_stack_references(CrossStackReferences::Weak).build();
    user(&b, queue(&a, "Q").attribute::<String>("Arn"));
    let synthesis = synthesize(&app);
    let [a, b] = &templates(&synthesis)[..] else { panic!("not two stacks") };
    let (id, output) = a["Outputs"].as_object().unwrap().iter().next().unwrap();
    assert!(output["Export"].is_null());
    assert_eq!(
        b["Resources"]["User"]["Properties"]["DisplayName"],
        json!({"Fn::GetStackOutput": {"StackName": "A", "Region": "eu-west-1", "OutputName": id}})
    );
}

#[test]
fn that_cannot_be_are_errors() {
    let app = App::new();
    let a = Stack::builder(&app, "A").region("eu-west-1").account("111111111111").build();
    let b = Stack::builder(&app, "B").region("us-east-1").account("111111111111").build();
    let c = Stack::builder(&app, "C").region("eu-west-1").account("222222222222").build();
    let queue = queue(&a, "Q");
    user(&b, queue.reference::<String>());
    user(&c, queue.reference::<String>());
    let condition = Condition::new(&a, "Here", Test::equals(pseudo::region(), "eu-west-1"));
    Resource::new(&b, "Topic", "AWS::SNS::Topic").condition(&condition);
    assert_eq!(
        complaints(&app),
        [
            "cross-stack-reference: refers to `A/Q`, which is in another region",
            "cross-stack-reference: uses the condition `A/Here` of another stack",
            "cross-stack-reference: refers to `A/Q`, which is in another account",
        ]
    );
}

#[test]
fn in_a_circle_are_one_error_that_shows_the_way() {
    let app = App::new();
    let (a, b, c) = (Stack::new(&app, "A"), Stack::new(&app, "B"), Stack::new(&app, "C"));
    user(&a, queue(&b, "Q").reference::<String>());
    user(&b, queue(&c, "Q").reference::<String>());
    c.depends_on(&a);
    assert_eq!(complaints(&app), ["stack-cycle: stacks wait for each other: A → B → C → A"]);
}

#[test]
fn by_dependency_alone_order_the_stacks() {
    let app = App::new();
    let (a, b) = (Stack::new(&app, "A"), Stack::new(&app, "B"));
    let user = user(&b, "x");
    user.depends_on(&queue(&a, "Q"));
    let synthesis = synthesize(&app);
    assert_eq!(synthesis.stacks[1].depends_on, ["A"]);
    assert!(templates(&synthesis)[1]["Resources"]["User"]["DependsOn"].is_null());
}

#[test]
fn go_into_nested_stacks_as_parameters_and_come_out_as_outputs() {
    let app = App::new();
    let (a, b) = (Stack::new(&app, "A"), Stack::new(&app, "B"));
    let outer = queue(&a, "Outer");
    let nested = NestedStack::new(&a, "Nested");
    let inner = queue(&nested, "Inner");
    inner.set("QueueName", outer.attribute::<String>("QueueName"));
    let sibling = NestedStack::new(&a, "Sibling");
    queue(&sibling, "Q").set("QueueName", inner.attribute::<String>("QueueName"));
    user(&b, inner.attribute::<String>("Arn"));
    let synthesis = synthesize(&app);
    assert_eq!(synthesis.stacks.iter().filter(|stack| stack.nested_in.is_none()).count(), 2);
    assert_eq!(synthesis.stacks.iter().find(|stack| stack.id == "B").unwrap().depends_on, ["A"]);
    let [a, b, nested, sibling] = &templates(&synthesis)[..] else { panic!("not four templates") };

    let resource = |id: &str| {
        &a["Resources"]
            [skysmith_core::logical_id(&[&format!("{id}.NestedStack"), &format!("{id}.NestedStackResource")]).unwrap()]
    };
    // In: a parameter, whose value the stack around it gives.
    let (parameter, body) = nested["Parameters"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(body["Type"], "String");
    let inner = nested["Resources"].as_object().unwrap().values().next().unwrap();
    assert_eq!(inner["Properties"]["QueueName"]["Ref"], *parameter);
    assert_eq!(resource("Nested")["Properties"]["Parameters"][parameter]["Fn::GetAtt"][1], "QueueName");
    // Across: out of one and into the other.
    let (parameter, _) = sibling["Parameters"].as_object().unwrap().iter().next().unwrap();
    let given = resource("Sibling")["Properties"]["Parameters"][parameter]["Fn::GetAtt"][1].as_str().unwrap();
    let output = given.strip_prefix("Outputs.").unwrap();
    assert_eq!(nested["Outputs"][output]["Value"]["Fn::GetAtt"][1], "QueueName");
    // Out and on to another stack: an output of the nested one, an export of the one around it.
    let (_, export) = a["Outputs"].as_object().unwrap().iter().next().unwrap();
    assert!(export["Value"]["Fn::GetAtt"][1].as_str().unwrap().starts_with("Outputs."));
    assert_eq!(b["Resources"]["User"]["Properties"]["DisplayName"]["Fn::ImportValue"], export["Export"]["Name"]);
    // The template's hash is in its URL, so that a change of the inside changes the outside.
    let url = resource("Nested")["Properties"]["TemplateURL"]["Fn::Sub"].as_str().unwrap();
    assert!(
        url.starts_with("https://s3.${AWS::Region}.${AWS::URLSuffix}/skysmith-assets-") && url.ends_with(".json"),
        "{url}"
    );
}

#[test]
fn nested_templates_are_assets_of_the_stack_around_them() {
    let app = App::new();
    let stack = Stack::new(&app, "A");
    let nested = NestedStack::new(&stack, "Nested");
    queue(&NestedStack::new(&nested, "Deeper"), "Q");
    let synthesis = synthesize(&app);
    assert!(!synthesis.has_errors(), "{:#?}", synthesis.diagnostics());
    let out = std::env::temp_dir().join(format!("skysmith-core-nested-{}", std::process::id()));
    synthesis.write(&out).unwrap();
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(out.join("A.assets.json")).unwrap()).unwrap();
    let files = manifest["files"].as_object().unwrap();
    assert_eq!(files.len(), 2);
    for (hash, file) in files {
        assert!(out.join(file["source"]["path"].as_str().unwrap()).exists());
        assert_eq!(
            file["destinations"].as_object().unwrap().values().next().unwrap()["objectKey"],
            format!("{hash}.json")
        );
    }
    // What was made where is told of the inside as well, under the outermost stack.
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
    let made = &manifest["artifacts"]["A"]["metadata"]["/A/Nested/Deeper/Q/Resource"][0];
    assert!(made["data"].as_str().is_some_and(|id| id.starts_with('Q')), "{manifest:#}");
    std::fs::remove_dir_all(&out).unwrap();
}

#[test]
fn in_hashed_content_do_not_depend_on_what_stands_elsewhere() {
    let id = |bystanders: usize| {
        let app = App::new();
        let other = Stack::new(&app, "A");
        for number in 0..bystanders {
            queue(&other, &format!("Bystander{number}"));
        }
        let queue = queue(&other, "Q");
        let content = user(&Stack::new(&app, "B"), queue.attribute::<String>("Arn"));
        let hashed = Resource::new(content.scope().stack().as_ref().unwrap(), "Hashed", "AWS::SNS::Topic");
        hashed.replace_with([content]);
        synthesize(&app).stacks[1].elements[1].logical_id.clone()
    };
    assert_eq!(id(0), id(3));
}
