//! The methods of a path.

use std::panic::Location;

use skysmith_cfn::apigateway::{CfnMethod, method};
use skysmith_core::{Node, Scope};

use super::{Integration, Path, RestApi};

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `PATCH`
    Patch,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// Every method that has none of its own.
    Any,
}

impl HttpMethod {
    /// The name in requests; `ANY` for [`Any`](Self::Any).
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Any => "ANY",
        }
    }
}

/// A method of a path and what answers it. It is open to anyone.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-method-settings.html>
#[derive(Clone, Debug)]
pub struct Method {
    api: RestApi,
    scope: Scope,
    path: String,
    method: HttpMethod,
    cfn: CfnMethod,
}

/// An answer that a method may give. Only what is declared reaches the caller, unless the integration is a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodResponse {
    status: String,
    headers: Vec<String>,
}

impl MethodResponse {
    /// An answer with that status code, such as `200`.
    pub fn new(status: u16) -> Self {
        Self { status: status.to_string(), headers: Vec::new() }
    }

    /// Lets the answer carry a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>) -> Self {
        self.headers.push(name.into());
        self
    }

    fn to_property(&self) -> method::MethodResponse {
        let response = method::MethodResponse::new(self.status.as_str());
        if self.headers.is_empty() {
            return response;
        }
        let headers: Vec<_> =
            self.headers.iter().map(|name| (format!("method.response.header.{name}"), false)).collect();
        response.response_parameters(headers)
    }
}

impl Method {
    #[track_caller]
    pub(super) fn new(path: &Path, http_method: HttpMethod, integration: &impl Integration) -> Self {
        let scope = path.scope().made_at(Location::caller()).child(http_method.name());
        let cfn = CfnMethod::new(&scope, "Resource", http_method.name(), path.id(), path.api().id())
            .authorization_type("NONE");
        let method = Self {
            api: path.api().clone(),
            scope: scope.clone(),
            path: path.path().to_owned(),
            method: http_method,
            cfn,
        };
        let property = integration.bind(&method);
        method.cfn.clone().integration(property);
        method.api.add_part(&method.cfn, true);
        method
    }

    /// Declares an answer that the method may give.
    pub fn response(self, response: &MethodResponse) -> Self {
        let property = skysmith_core::Literal::into_node(response.to_property());
        let mut responses = match self.cfn.property("MethodResponses") {
            Some(Node::List(responses)) => responses,
            _ => Vec::new(),
        };
        responses.push(property);
        self.cfn.set("MethodResponses", Node::List(responses));
        self
    }

    /// The API that the method is of.
    pub fn api(&self) -> &RestApi {
        &self.api
    }

    /// The method's construct.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The method of HTTP.
    pub fn http_method(&self) -> HttpMethod {
        self.method
    }

    /// The path, such as `/count`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Allows what `rule` finds in this method, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        self.cfn.allow(rule, reason);
    }

    /// The CloudFormation resource.
    pub fn cfn(&self) -> &CfnMethod {
        &self.cfn
    }
}
