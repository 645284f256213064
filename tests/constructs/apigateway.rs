//! REST APIs.

use serde_json::json;
use skysmith::apigateway::{HttpMethod, IntegrationResponse, LambdaIntegration, MethodResponse, Passthrough, RestApi};

use crate::{complaints, function, of_type, only, template};

#[test]
fn a_function_answers_as_a_proxy() {
    let template = template(|stack| {
        RestApi::new(stack, "Api").root().resource("count").get(&function(stack, "Report"));
    });
    let method = only(&template, "AWS::ApiGateway::Method");
    assert_eq!(method["Properties"]["Integration"]["Type"], "AWS_PROXY");
    assert_eq!(method["Properties"]["Integration"]["IntegrationHttpMethod"], "POST");
    assert_eq!(
        method["Properties"]["Integration"]["Uri"]["Fn::Sub"],
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Report3548E37D.Arn}/invocations"
            .replace("Report3548E37D", &logical_id(&template, "AWS::Lambda::Function"))
    );
    let permission = only(&template, "AWS::Lambda::Permission");
    assert_eq!(permission["Properties"]["Principal"], "apigateway.amazonaws.com");
    let source = permission["Properties"]["SourceArn"]["Fn::Sub"].as_str().unwrap();
    assert!(source.ends_with("/prod/GET/count"), "{source}");
}

fn logical_id(template: &serde_json::Value, kind: &str) -> String {
    let resources = template["Resources"].as_object().unwrap();
    resources.iter().find(|(_, body)| body["Type"] == kind).unwrap().0.clone()
}

#[test]
fn a_function_answers_through_templates() {
    let template = template(|stack| {
        let integration = LambdaIntegration::non_proxy(&function(stack, "Report"))
            .request_template("application/json", r#"{"path": "$context.path"}"#)
            .passthrough(Passthrough::Never)
            .response(IntegrationResponse::new(200).header("Access-Control-Allow-Origin", "'*'"))
            .response(
                IntegrationResponse::new(500)
                    .selection_pattern("Error.*")
                    .template("application/json", r#"{"error": 1}"#),
            );
        RestApi::new(stack, "Api")
            .root()
            .resource("count")
            .method(HttpMethod::Get, &integration)
            .response(&MethodResponse::new(200).header("Access-Control-Allow-Origin"))
            .response(&MethodResponse::new(500));
    });
    let method = &only(&template, "AWS::ApiGateway::Method")["Properties"];
    let integration = &method["Integration"];
    assert_eq!(integration["Type"], "AWS");
    assert_eq!(integration["PassthroughBehavior"], "NEVER");
    assert_eq!(integration["RequestTemplates"]["application/json"], r#"{"path": "$context.path"}"#);
    assert_eq!(
        integration["IntegrationResponses"],
        json!([
            {
                "StatusCode": "200",
                "ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
            },
            {
                "StatusCode": "500",
                "SelectionPattern": "Error.*",
                "ResponseTemplates": {"application/json": r#"{"error": 1}"#},
            },
        ])
    );
    assert_eq!(
        method["MethodResponses"],
        json!([
            {
                "StatusCode": "200",
                "ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": false},
            },
            {"StatusCode": "500"},
        ])
    );
}

#[test]
fn a_path_is_made_once() {
    let template = template(|stack| {
        let api = RestApi::new(stack, "Api");
        let report = function(stack, "Report");
        api.root().resource("orders").resource("{id}").get(&report);
        api.root().resource("orders").resource("{id}").method(HttpMethod::Any, &report);
    });
    assert_eq!(of_type(&template, "AWS::ApiGateway::Resource").len(), 2);
    let mut sources: Vec<_> = of_type(&template, "AWS::Lambda::Permission")
        .iter()
        .map(|permission| permission["Properties"]["SourceArn"]["Fn::Sub"].as_str().unwrap().to_owned())
        .collect();
    sources.sort();
    assert!(sources[0].ends_with("/prod/*/orders/*") && sources[1].ends_with("/prod/GET/orders/*"), "{sources:?}");
}

#[test]
fn one_function_may_answer_every_method_of_a_named_stage() {
    let template = template(|stack| {
        let api = RestApi::builder(stack, "Api").stage("dev").build();
        let page = api.root().resource("welcome");
        page.any(&function(stack, "Welcome"));
        stack.output("Url", page.url());
    });
    assert_eq!(only(&template, "AWS::ApiGateway::Method")["Properties"]["HttpMethod"], "ANY");
    assert_eq!(only(&template, "AWS::ApiGateway::Stage")["Properties"]["StageName"], "dev");
    let source = only(&template, "AWS::Lambda::Permission")["Properties"]["SourceArn"]["Fn::Sub"].as_str().unwrap();
    assert!(source.ends_with("/dev/*/welcome"), "{source}");
    let url = template["Outputs"]["Url"]["Value"]["Fn::Sub"].as_str().unwrap();
    assert!(url.starts_with("https://") && url.ends_with("/dev/welcome"), "{url}");
}

#[test]
fn the_deployment_follows_its_methods_and_nothing_else() {
    let deployment = |methods: &[&str], bystander: &str| {
        let template = template(|stack| {
            let api = RestApi::new(stack, "Api");
            for path in methods {
                api.root().resource(path).get(&function(stack, &format!("F{path}")));
            }
            skysmith::sns::Topic::builder(stack, "Topic").display_name(bystander).build();
        });
        let body = only(&template, "AWS::ApiGateway::Deployment").clone();
        (logical_id(&template, "AWS::ApiGateway::Deployment"), body["DependsOn"].as_array().unwrap().len())
    };
    assert_eq!(deployment(&["a"], "x"), deployment(&["a"], "y"));
    let ((one, _), (two, waits)) = (deployment(&["a"], "x"), deployment(&["a", "b"], "x"));
    assert_ne!(one, two);
    assert_eq!(waits, 2);
}

#[test]
fn an_api_without_methods_is_refused() {
    let found = complaints(|stack| {
        RestApi::new(stack, "Api").root().resource("count");
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule.as_str(), found[0].path.as_str()), ("api-without-methods", "demo/Api"));
}

#[test]
fn a_path_of_several_parts_is_refused() {
    let line = line!() + 3;
    let found = complaints(|stack| {
        let root = RestApi::new(stack, "Api").root();
        root.resource("a/b").get(&function(stack, "F"));
    });
    assert!(
        found.iter().any(|found| found.message.contains("not one part of a path") && found.line == line),
        "{found:?}"
    );
}
