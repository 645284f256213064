//! APIs: what has to be made before what, what belongs together, and whether they may call what stands behind them.

use skysmith_template::{Map, Node, Resource};

use super::{Trade, given, is_open, mentions};
use crate::at::At;
use crate::finding::Findings;
use crate::references::for_each_target;
use crate::rule::RuleId;
use crate::text;
use crate::value::{number, shown};

const METHOD: &str = "AWS::ApiGateway::Method";
const DEPLOYMENT: &str = "AWS::ApiGateway::Deployment";

/// Whether the resource belongs to the API.
fn is_of(resource: Resource<'_>, api: Resource<'_>) -> bool {
    resource.property("RestApiId").is_some_and(|it| mentions(it, api.logical_id()))
}

pub(super) fn api(trade: &Trade<'_>, api: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let has_definition = ["Body", "BodyS3Location", "CloneFrom"].iter().any(|it| given(properties, it).is_some());
    if !has_definition && given(properties, "Name").is_none() && !is_open(properties) {
        findings.push(RuleId::MissingProperty, at, "AWS::ApiGateway::RestApi needs `Name` unless it has a `Body`");
    }
    let has_methods = trade.of_type(METHOD).iter().any(|it| is_of(*it, api));
    let is_deployed = trade.of_type(DEPLOYMENT).iter().any(|it| is_of(*it, api));
    // Another stack may deploy it, which then knows its id from an output.
    let is_handed_on = trade
        .template
        .section("Outputs")
        .is_some_and(|outputs| outputs.values().any(|it| mentions(it, api.logical_id())));
    if has_methods && !is_deployed && !is_handed_on {
        findings
            .push(
                RuleId::ApiWithoutDeployment,
                at,
                format!("the methods of `{}` cannot be called: nothing deploys them", api.logical_id()),
            )
            .note("add an AWS::ApiGateway::Deployment and an AWS::ApiGateway::Stage");
    }
}

pub(super) fn deployment(
    trade: &Trade<'_>,
    deployment: Resource<'_>,
    properties: &Map,
    at: At<'_>,
    findings: &mut Findings,
) {
    let Some(api) = given(properties, "RestApiId").and_then(|it| trade.referenced_as(it, "AWS::ApiGateway::RestApi"))
    else {
        return;
    };
    if api.property("Body").is_some() || api.property("BodyS3Location").is_some() {
        return;
    }
    let methods: Vec<_> = trade.of_type(METHOD).iter().filter(|it| is_of(**it, api)).collect();
    if methods.is_empty() {
        return;
    }
    let before = everything_before(trade, deployment);
    let missed: Vec<_> = methods
        .iter()
        .map(|it| it.logical_id())
        .filter(|it| !before.contains(it))
        .map(|it| format!("`{it}`"))
        .collect();
    if missed.is_empty() {
        return;
    }
    let message = if missed.len() == methods.len() {
        "the deployment waits for no method of its API, and AWS refuses to deploy an API without methods".to_owned()
    } else {
        format!("the deployment may be made before {}, and is then without", missed.join(", "))
    };
    findings.push(RuleId::ApiDeploymentOrder, at, message).note(format!("add to `DependsOn`: {}", missed.join(", ")));
}

/// The names of all that a resource waits for, at any distance.
fn everything_before<'t>(trade: &Trade<'t>, resource: Resource<'t>) -> Vec<&'t str> {
    let mut before: Vec<&str> = Vec::new();
    let mut open = vec![resource];
    while let Some(next) = open.pop() {
        let mut add = |name: &'t str| {
            if !before.contains(&name)
                && let Some(found) = trade.template.resource(name)
            {
                before.push(name);
                open.push(found);
            }
        };
        next.depends_on().into_iter().for_each(&mut add);
        for node in next.body().values() {
            for_each_target(node, &mut add);
        }
    }
    before
}

pub(super) fn stage(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    if let Some(deployment) =
        given(properties, "DeploymentId").and_then(|it| trade.referenced_as(it, "AWS::ApiGateway::Deployment"))
    {
        same_api(properties, deployment, "deployment", at, findings);
    }
    let list_at = at.key("MethodSettings");
    for (index, item) in
        given(properties, "MethodSettings").and_then(Node::as_list).unwrap_or_default().iter().enumerate()
    {
        let Node::Map(settings) = item else { continue };
        let has_settings = settings.keys().any(|it| !matches!(it.as_str(), "HttpMethod" | "ResourcePath"));
        if let Some(path) = settings.get("ResourcePath").and_then(Node::as_str)
            && has_settings
            && !path.starts_with('/')
        {
            findings
                .push(
                    RuleId::ApiMismatch,
                    list_at.index(index).key("ResourcePath"),
                    format!("the path `{}` does not begin with `/`", shown(path)),
                )
                .note("all methods: `/*`");
        }
    }
}

/// A part of an API and what it refers to are of one API.
fn same_api(properties: &Map, other: Resource<'_>, what: &str, at: At<'_>, findings: &mut Findings) {
    let (Some(own), Some(others)) = (given(properties, "RestApiId"), other.property("RestApiId")) else { return };
    let is_reference = |it: &Node| it.as_intrinsic().is_some() || it.as_str().is_some();
    if is_reference(own) && is_reference(others) && own != others && !super::is_choice(own) && !super::is_choice(others)
    {
        let message = format!("the {what} `{}` belongs to another API", other.logical_id());
        findings.push(RuleId::ApiMismatch, at.key("RestApiId"), message);
    }
}

pub(super) fn method(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    if let Some(authorizer) =
        given(properties, "AuthorizerId").and_then(|it| trade.referenced_as(it, "AWS::ApiGateway::Authorizer"))
    {
        same_api(properties, authorizer, "authorizer", at, findings);
        let kind = authorizer.property("Type").and_then(Node::as_str);
        let fits = match (given(properties, "AuthorizationType").and_then(Node::as_str), kind) {
            (Some("CUSTOM"), Some(kind)) => matches!(kind, "TOKEN" | "REQUEST"),
            (Some("COGNITO_USER_POOLS"), Some(kind)) => kind == "COGNITO_USER_POOLS",
            _ => true,
        };
        if !fits {
            findings
                .push(
                    RuleId::ApiMismatch,
                    at.key("AuthorizationType"),
                    format!("the authorizer `{}` has the type `{}`", authorizer.logical_id(), kind.unwrap_or_default()),
                )
                .note("`CUSTOM` goes with `TOKEN` and `REQUEST`, `COGNITO_USER_POOLS` with itself");
        }
    } else if let Some(kind @ ("CUSTOM" | "COGNITO_USER_POOLS")) =
        given(properties, "AuthorizationType").and_then(Node::as_str)
        && given(properties, "AuthorizerId").is_none()
        && !is_open(properties)
    {
        findings.push(RuleId::ApiMismatch, at, format!("the authorization `{kind}` needs `AuthorizerId`"));
    }
    let Some(Node::Map(integration)) = given(properties, "Integration") else { return };
    let here = at.key("Integration");
    let kind = integration.get("Type").and_then(Node::as_str);
    if matches!(kind, Some("AWS" | "AWS_PROXY" | "HTTP" | "HTTP_PROXY")) && !is_open(integration) {
        if given(integration, "Uri").is_none() {
            findings.push(
                RuleId::MissingProperty,
                here,
                format!("an integration `{}` needs `Uri`", kind.unwrap_or_default()),
            );
        } else if matches!(kind, Some("AWS" | "AWS_PROXY")) && given(integration, "IntegrationHttpMethod").is_none() {
            findings.push(
                RuleId::MissingProperty,
                here,
                format!("an integration `{}` needs `IntegrationHttpMethod`", kind.unwrap_or_default()),
            );
        }
    }
    if let (Some("AWS_PROXY" | "AWS"), Some(uri)) = (kind, given(integration, "Uri")) {
        if let Some(name @ ("GET" | "PUT" | "PATCH" | "DELETE" | "HEAD")) =
            given(integration, "IntegrationHttpMethod").and_then(Node::as_str)
            && calls_lambda(uri)
        {
            findings
                .push(
                    RuleId::ApiMismatch,
                    here.key("IntegrationHttpMethod"),
                    format!("a function is called with POST, not with {name}"),
                )
                .note("what the client sends is `HttpMethod` of the method itself");
        }
        if given(integration, "Credentials").is_none() {
            permission(trade, uri, here.key("Uri"), findings);
        }
    }
}

fn calls_lambda(uri: &Node) -> bool {
    text::pieces(uri).is_some_and(|it| text::outline(&it).contains(":lambda:path/"))
}

pub(super) fn integration(trade: &Trade<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    if let (Some("AWS_PROXY"), Some(uri)) =
        (given(properties, "IntegrationType").and_then(Node::as_str), given(properties, "IntegrationUri"))
        && given(properties, "IntegrationSubtype").is_none()
    {
        if given(properties, "CredentialsArn").is_none() {
            permission(trade, uri, at.key("IntegrationUri"), findings);
        }
        if let Some(millis) = given(properties, "TimeoutInMillis").and_then(number)
            && !(50.0..=30_000.0).contains(&millis)
        {
            findings
                .push(
                    RuleId::OutOfRange,
                    at.key("TimeoutInMillis"),
                    format!("an API does not wait for {millis} milliseconds"),
                )
                .note("allowed: 50 to 30000");
        }
    }
}

/// The function behind an integration admits API Gateway.
fn permission(trade: &Trade<'_>, uri: &Node, at: At<'_>, findings: &mut Findings) {
    let mut function = None;
    for_each_target(uri, &mut |name| {
        function = function
            .or_else(|| trade.template.resource(name).filter(|it| it.resource_type() == Some("AWS::Lambda::Function")));
    });
    let Some(function) = function else { return };
    let names = |node: &Node| {
        let is_by_name = |fixed: &Node| node == fixed;
        // A permission that names the function by text may mean any.
        mentions(node, function.logical_id())
            || function.property("FunctionName").is_some_and(is_by_name)
            || trade.referenced(node).is_none()
    };
    let is_allowed = trade.of_type("AWS::Lambda::Permission").iter().any(|it| {
        let principal = it.property("Principal");
        it.property("FunctionName").is_some_and(names)
            && principal.is_none_or(|it| it.as_str().is_none_or(|it| it == "apigateway.amazonaws.com" || it == "*"))
    });
    if !is_allowed {
        findings
            .push(RuleId::ApiPermission, at, format!("nothing allows API Gateway to call `{}`", function.logical_id()))
            .note("add an AWS::Lambda::Permission with the principal `apigateway.amazonaws.com`");
    }
}

/// The longest that what an authorizer said is kept, in seconds.
const LONGEST_TTL: f64 = 3_600.0;

pub(super) fn authorizer(properties: &Map, at: At<'_>, findings: &mut Findings) {
    if let Some(seconds) = given(properties, "AuthorizerResultTtlInSeconds").and_then(number)
        && !(0.0..=LONGEST_TTL).contains(&seconds)
    {
        findings
            .push(
                RuleId::OutOfRange,
                at.key("AuthorizerResultTtlInSeconds"),
                format!("what an authorizer said is not kept for {seconds} seconds"),
            )
            .note(format!("allowed: 0 to {LONGEST_TTL}"));
    }
}
