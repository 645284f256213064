//! What answers a method.

use skysmith_cfn::apigateway::method;
use skysmith_core::{Value, pseudo, text};

use super::{HttpMethod, Method};
use crate::lambda::{self, Function};

/// What can answer a method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer a method of a REST API",
    note = "a function can: `path.get(&function)`, or `LambdaIntegration::non_proxy(&function)` for templates of one's own"
)]
pub trait Integration {
    /// Lets `method` call what stands behind this integration, and says how.
    fn bind(&self, method: &Method) -> method::Integration;
}

/// A function as it is answers as a proxy: it gets the whole request, and its answer is the response.
impl Integration for Function {
    fn bind(&self, method: &Method) -> method::Integration {
        allow(self, method);
        method::Integration::new("AWS_PROXY").integration_http_method("POST").uri(invocation_uri(self))
    }
}

/// What becomes of a request whose content type has no template.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passthrough {
    /// It is refused with 415.
    Never,
    /// It goes through as it is.
    WhenNoMatch,
    /// It goes through as it is where there are no templates at all.
    WhenNoTemplates,
}

impl Passthrough {
    fn name(self) -> &'static str {
        match self {
            Self::Never => "NEVER",
            Self::WhenNoMatch => "WHEN_NO_MATCH",
            Self::WhenNoTemplates => "WHEN_NO_TEMPLATES",
        }
    }
}

/// A response that is made of what the function returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationResponse {
    status: String,
    selection_pattern: Option<String>,
    headers: Vec<(String, String)>,
    templates: Vec<(String, String)>,
}

impl IntegrationResponse {
    /// A response with that status code, for every answer that no other response selects.
    pub fn new(status: u16) -> Self {
        Self { status: status.to_string(), selection_pattern: None, headers: Vec::new(), templates: Vec::new() }
    }

    /// Selects the response where the function's error message matches this regular expression.
    #[must_use]
    pub fn selection_pattern(mut self, pattern: impl Into<String>) -> Self {
        self.selection_pattern = Some(pattern.into());
        self
    }

    /// Sets a header: to a text in single quotes, or to what a mapping expression finds. The method's response must
    /// declare it.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Makes the body of that content type by a mapping template.
    #[must_use]
    pub fn template(mut self, content_type: impl Into<String>, template: impl Into<String>) -> Self {
        self.templates.push((content_type.into(), template.into()));
        self
    }

    fn to_property(&self) -> method::IntegrationResponse {
        let mut response = method::IntegrationResponse::new(self.status.as_str());
        if let Some(pattern) = &self.selection_pattern {
            response = response.selection_pattern(pattern);
        }
        if !self.headers.is_empty() {
            let headers: Vec<_> = self
                .headers
                .iter()
                .map(|(name, value)| (format!("method.response.header.{name}"), value.clone()))
                .collect();
            response = response.response_parameters(headers);
        }
        if !self.templates.is_empty() {
            response = response.response_templates(self.templates.clone());
        }
        response
    }
}

/// A function that answers through templates: they make its event of the request, and the response of its result.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-lambda-non-proxy-integration.html>
#[derive(Clone, Debug)]
pub struct LambdaIntegration {
    function: Function,
    request_templates: Vec<(String, String)>,
    passthrough: Passthrough,
    responses: Vec<IntegrationResponse>,
}

impl LambdaIntegration {
    /// An integration of `function` that refuses content types without a template.
    pub fn non_proxy(function: &Function) -> Self {
        Self {
            function: function.clone(),
            request_templates: Vec::new(),
            passthrough: Passthrough::Never,
            responses: Vec::new(),
        }
    }

    /// Makes the function's event of a request of that content type.
    #[must_use]
    pub fn request_template(mut self, content_type: impl Into<String>, template: impl Into<String>) -> Self {
        self.request_templates.push((content_type.into(), template.into()));
        self
    }

    /// What becomes of a request whose content type has no template. It is refused by default.
    #[must_use]
    pub fn passthrough(mut self, passthrough: Passthrough) -> Self {
        self.passthrough = passthrough;
        self
    }

    /// Adds a response. Its status must be one that the method declares.
    #[must_use]
    pub fn response(mut self, response: IntegrationResponse) -> Self {
        self.responses.push(response);
        self
    }
}

impl Integration for LambdaIntegration {
    fn bind(&self, method: &Method) -> method::Integration {
        allow(&self.function, method);
        let mut integration = method::Integration::new("AWS")
            .integration_http_method("POST")
            .uri(invocation_uri(&self.function))
            .passthrough_behavior(self.passthrough.name());
        if !self.request_templates.is_empty() {
            integration = integration.request_templates(self.request_templates.clone());
        }
        if !self.responses.is_empty() {
            let responses: Vec<_> = self.responses.iter().map(IntegrationResponse::to_property).collect();
            integration = integration.integration_responses(responses);
        }
        integration
    }
}

fn invocation_uri(function: &Function) -> Value<String> {
    let service = text!["arn:", pseudo::partition(), ":apigateway:", pseudo::region(), ":lambda:path/2015-03-31"];
    text![service, "/functions/", function.arn(), "/invocations"]
}

/// Lets the method, and no other, call the function.
fn allow(function: &Function, method: &Method) {
    let api = method.api();
    let path = method.path();
    // The CDK's id for the same permission.
    let id =
        format!("ApiPermission.{}.{}.{}", api.scope().unique_id(), method.http_method().name(), path.replace('/', "."));
    let caller = match method.http_method() {
        HttpMethod::Any => "*",
        other => other.name(),
    };
    let arn = api.execute_arn(caller, &without_parameters(path));
    lambda::allow_invoke(method.scope(), &id, function, "apigateway.amazonaws.com", arn);
}

/// The path with `*` for each of its parameters, as ARNs know it.
fn without_parameters(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_path_are_any_text() {
        assert_eq!(without_parameters("/orders/{id}/items/{proxy+}"), "/orders/*/items/*");
        assert_eq!(without_parameters("/"), "/");
    }
}
