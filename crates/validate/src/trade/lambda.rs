//! Functions: memory, timeout, runtime, environment, layers, code inside the template.

use skysmith_template::{Map, Node, Resource};

use super::{Trade, given, is_open, mentions, runtimes};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::each_choice;
use crate::value::{number, scalar_text, shown};

/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MEMORY: (f64, f64) = (128.0, 10_240.0);
const TIMEOUT: (f64, f64) = (1.0, 900.0);
/// Of `ZipFile`, in bytes.
const INLINE_CODE: usize = 4 * 1024 * 1024;

/// Of all names and values of the environment together, in bytes.
const ENVIRONMENT: usize = 4 * 1024;
const LAYERS: usize = 5;

pub(super) fn function(
    trade: &Trade<'_>,
    resource: Resource<'_>,
    properties: &Map,
    at: At<'_>,
    findings: &mut Findings,
) {
    memory(properties, at, findings);
    timeout(properties, at, findings);
    runtime(properties, at, findings);
    age(properties, at, findings);
    image(properties, at, findings);
    environment(properties, at, findings);
    layers(properties, at, findings);
    logging(properties, at, findings);
    inline_code(properties, at, findings);
    behind_api(trade, resource, properties, at, findings);
}

fn memory(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(node) = given(properties, "MemorySize") else { return };
    each_choice(node, at.key("MemorySize"), &mut |node, at| {
        if let Some(size) = number(node) {
            memory_size(size, at, findings);
        }
    });
}

fn memory_size(size: f64, at: At<'_>, findings: &mut Findings) {
    let (least, most) = MEMORY;
    let message = if size < least {
        format!("{size} MB is below the smallest memory of a Lambda function, {least} MB")
    } else if size > most {
        format!("{size} MB is above the largest memory of a Lambda function, {most} MB")
    } else {
        return;
    };
    findings.push(RuleId::LambdaMemory, at, message).note(format!("allowed: {least} to {most} in steps of 1"));
}

fn timeout(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(node) = given(properties, "Timeout") else { return };
    // Functions on instances of one's own may run for longer.
    if properties.contains_key("CapacityProviderConfig") {
        return;
    }
    each_choice(node, at.key("Timeout"), &mut |node, at| {
        if let Some(seconds) = number(node) {
            timeout_of(seconds, at, findings);
        }
    });
}

fn timeout_of(seconds: f64, at: At<'_>, findings: &mut Findings) {
    let (least, most) = TIMEOUT;
    let message = if seconds < least {
        format!("{seconds} seconds is below the shortest timeout of a Lambda function, {least} second")
    } else if seconds > most {
        format!("{seconds} seconds is above the longest timeout of a Lambda function, {most} seconds")
    } else {
        return;
    };
    findings.push(RuleId::LambdaTimeout, at, message).note(format!("allowed: {least} to {most} seconds"));
}

fn runtime(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let code = given(properties, "Code").and_then(Node::as_map);
    let is_zip = match given(properties, "PackageType") {
        None => true,
        Some(Node::String(package)) => package == "Zip",
        Some(_) => false,
    };
    // Only code that certainly is a zip: an image needs neither.
    let has_zip = code.is_some_and(|code| given(code, "ZipFile").is_some() || given(code, "S3Bucket").is_some());
    if !is_zip || !has_zip || is_open(properties) {
        return;
    }
    for (name, what) in [("Handler", "a handler"), ("Runtime", "a runtime")] {
        if given(properties, name).is_none() {
            findings.push(
                RuleId::LambdaRuntime,
                at,
                format!("a function with code in a zip file needs {what}, `{name}`"),
            );
        }
    }
}

/// Runtimes that have come to their end.
fn age(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(node) = given(properties, "Runtime") else { return };
    each_choice(node, at.key("Runtime"), &mut |node, at| {
        let Some(runtime) = node.as_str().and_then(runtimes::find) else { return };
        let name = runtime.name;
        let (rule, message) = if runtimes::is_past(runtime.closed) {
            let message = format!("no function can be created with `{name}` since {}", runtime.closed);
            (RuleId::LambdaRuntimeEnded, message)
        } else if runtimes::is_past(runtime.deprecated) {
            let message = format!("the runtime `{name}` has got no fixes since {}", runtime.deprecated);
            (RuleId::LambdaRuntimeDeprecated, message)
        } else {
            return;
        };
        findings.push(rule, at, message).note(format!("its successor: {}", runtime.successor));
    });
}

/// An image brings its own handler, runtime and layers.
fn image(properties: &Map, at: At<'_>, findings: &mut Findings) {
    if properties.get("PackageType").and_then(Node::as_str) != Some("Image") {
        return;
    }
    for name in ["Handler", "Runtime", "Layers"] {
        if let Some(Node::String(_) | Node::List(_)) = given(properties, name) {
            let message = format!("`{name}` is for code in a zip file, and this function is a container image");
            findings.push(RuleId::LambdaRuntime, at.key(name), message);
        }
    }
}

/// What Lambda sets itself.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

fn environment(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(Node::Map(variables)) = given(properties, "Environment").and_then(|it| it.get("Variables")) else {
        return;
    };
    let environment_at = at.key("Environment");
    let at = environment_at.key("Variables");
    let mut size = 0;
    for (name, value) in variables {
        if name.starts_with("Fn::") {
            continue;
        }
        size += name.len() + scalar_text(value).map_or(0, |it| it.len());
        let is_name = name.starts_with(|it: char| it.is_ascii_alphabetic())
            && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
        if RESERVED.contains(&name.as_str()) {
            let message = format!("Lambda sets `{name}` itself, and refuses a function that does");
            findings.push(RuleId::LambdaEnvironment, at.key(name), message);
        } else if !is_name || name.len() < 2 {
            findings
                .push(
                    RuleId::LambdaEnvironment,
                    at.key(name),
                    format!("`{}` cannot be the name of a variable", shown(name)),
                )
                .note("allowed: at least two letters, digits and `_`, beginning with a letter");
        }
    }
    if size > ENVIRONMENT {
        findings
            .push(RuleId::LambdaEnvironment, at, format!("the environment has at least {size} bytes"))
            .note(format!("allowed: at most {ENVIRONMENT}"));
    }
}

fn layers(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(Node::List(layers)) = given(properties, "Layers") else { return };
    let certain = layers.iter().filter(|it| !super::is_choice(it)).count();
    if certain > LAYERS {
        findings
            .push(RuleId::LambdaLayers, at.key("Layers"), format!("the function has {} layers", layers.len()))
            .note(format!("allowed: at most {LAYERS}"));
    }
}

fn logging(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(Node::Map(logging)) = given(properties, "LoggingConfig") else { return };
    if logging.get("LogFormat").and_then(Node::as_str) != Some("Text") {
        return;
    }
    for name in ["SystemLogLevel", "ApplicationLogLevel"] {
        if let Some(Node::String(_)) = given(logging, name) {
            let message = format!("`{name}` is for logs in the format `JSON`");
            findings.push(RuleId::PropertyCombination, at.key("LoggingConfig").key(name), message);
        }
    }
}

/// The longest that each kind of API waits for its integrations, in seconds.
const REST_API: f64 = 29.0;
const HTTP_API: f64 = 30.0;

/// A function that may run for longer than the API in front of it waits.
fn behind_api(trade: &Trade<'_>, resource: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(seconds) = given(properties, "Timeout").and_then(number).filter(|it| *it > REST_API) else { return };
    let id = resource.logical_id();
    let is_rest = trade.of_type("AWS::ApiGateway::Method").iter().any(|method| {
        let integration = method.property("Integration");
        let waits = integration.and_then(|it| it.get("TimeoutInMillis")).and_then(number).unwrap_or(0.0);
        integration.and_then(|it| it.get("Uri")).is_some_and(|it| mentions(it, id)) && waits < seconds * 1000.0
    });
    let is_http = || {
        trade
            .of_type("AWS::ApiGatewayV2::Integration")
            .iter()
            .any(|it| it.property("IntegrationUri").is_some_and(|it| mentions(it, id)))
    };
    let limit = if is_rest {
        REST_API
    } else if seconds > HTTP_API && is_http() {
        HTTP_API
    } else {
        return;
    };
    findings
        .push(
            RuleId::ApiTimeout,
            at.key("Timeout"),
            format!("the function may run for {seconds} seconds, and the API in front of it waits for {limit}"),
        )
        .note(format!("at most {limit} seconds are of use here"));
}

fn inline_code(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(source) = given(properties, "Code").and_then(|code| code.get("ZipFile")) else { return };
    if let Some(runtime) = properties.get("Runtime").and_then(Node::as_str)
        && ["dotnet", "go", "java", "provided", "ruby"].iter().any(|it| runtime.starts_with(it))
    {
        findings
            .push(
                RuleId::LambdaInlineCode,
                at.key("Runtime"),
                format!("code inside a template cannot be for `{runtime}`"),
            )
            .note("allowed: Node.js and Python");
    }
    if let Some(text) = scalar_text(source)
        && text.len() > INLINE_CODE
    {
        findings
            .push(RuleId::LambdaInlineCode, at.key("Code").key("ZipFile"), format!("the code has {} bytes", text.len()))
            .note(format!("allowed: at most {INLINE_CODE}"));
    }
    let at = at.key("Handler");
    let Some(handler) = properties.get("Handler").and_then(Node::as_str) else { return };
    let Some(name) = handler.strip_prefix("index.") else {
        let name = handler.rsplit('.').next().unwrap_or("handler");
        let message = format!("the handler `{handler}` is not in the code: code inside a template is the file `index`");
        findings.push(RuleId::LambdaInlineHandler, at, message).note(format!("did you mean `index.{name}`?"));
        return;
    };
    let Some(pieces) = crate::text::pieces(source) else { return };
    let Some(text) = crate::text::whole(&pieces) else { return };
    // What defines nothing is a placeholder.
    if !["def ", "import ", "exports", "export ", "function"].iter().any(|it| text.contains(it)) {
        return;
    }
    // A name that does not occur in the text at all is not defined there, whatever the language.
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    if !text.split(|it| !is_word(it)).any(|word| word == name) && !text.contains('*') && name.chars().all(is_word) {
        findings
            .push(RuleId::LambdaInlineHandler, at, format!("the code has no `{name}`"))
            .note("the handler is `index.` and the name of a function in the code");
    }
}

#[cfg(test)]
mod tests {
    use skysmith_template::Template;

    use super::*;

    #[test]
    fn too_much_code_is_found() {
        let code = Map::from([("ZipFile".to_owned(), Node::from("x".repeat(INLINE_CODE + 1)))]);
        let properties = Map::from([("Code".to_owned(), Node::from(code))]);
        let mut findings = Findings::default();
        let template = Template::new();
        runtime(&properties, At::Root, &mut findings);
        inline_code(&properties, At::Root, &mut findings);
        let rules: Vec<_> = findings.into_sorted(&template).iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [RuleId::LambdaRuntime, RuleId::LambdaRuntime, RuleId::LambdaInlineCode]);
    }
}
