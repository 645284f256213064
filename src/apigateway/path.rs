//! The paths of a REST API.

use skysmith_cfn::apigateway::CfnResource as CfnPath;
use skysmith_cfn::markers;
use skysmith_core::{CfnResource as _, Id, Scope, Value, text};

use super::{HttpMethod, Integration, Method, RestApi};

/// A path of a REST API, such as `/count`. API Gateway calls it a resource.
#[derive(Clone, Debug)]
pub struct Path {
    api: RestApi,
    scope: Scope,
    id: Value<Id<markers::Resource>>,
    /// With its leading slash; empty for the root.
    path: String,
}

impl Path {
    pub(super) fn root(api: &RestApi) -> Self {
        let scope = api.scope().find_child("Default").unwrap_or_else(|| api.scope().child("Default"));
        Self { api: api.clone(), scope, id: api.cfn().attr_root_resource_id(), path: String::new() }
    }

    /// The path below this one, made if it is not there yet. `part` is one part of a path: `count`, or `{id}` for any
    /// text, or `{proxy+}` for all that is left of a path.
    #[track_caller]
    pub fn resource(&self, part: &str) -> Self {
        let path = format!("{}/{part}", self.path);
        if let Some(scope) = self.scope.find_child(part)
            && let Some(cfn) = scope.find_child("Resource").as_ref().and_then(CfnPath::of)
        {
            return Self { api: self.api.clone(), scope, id: cfn.reference(), path };
        }
        let place = std::panic::Location::caller();
        let scope = self.scope.made_at(place).child(part);
        if part.is_empty() || part.contains('/') {
            scope.error(format!(
                "`{part}` is not one part of a path; a path of several is made by `resource` after `resource`"
            ));
        }
        let cfn = CfnPath::new(&scope, "Resource", self.id.clone(), part, self.api.id());
        self.api.add_part(&cfn, false);
        Self { api: self.api.clone(), scope, id: cfn.reference(), path }
    }

    /// Has `integration` answer `GET`.
    #[track_caller]
    pub fn get(&self, integration: &impl Integration) -> Method {
        self.method(HttpMethod::Get, integration)
    }

    /// Has `integration` answer `POST`.
    #[track_caller]
    pub fn post(&self, integration: &impl Integration) -> Method {
        self.method(HttpMethod::Post, integration)
    }

    /// Has `integration` answer `PUT`.
    #[track_caller]
    pub fn put(&self, integration: &impl Integration) -> Method {
        self.method(HttpMethod::Put, integration)
    }

    /// Has `integration` answer `DELETE`.
    #[track_caller]
    pub fn delete(&self, integration: &impl Integration) -> Method {
        self.method(HttpMethod::Delete, integration)
    }

    /// Has `integration` answer every method that has no answer of its own.
    #[track_caller]
    pub fn any(&self, integration: &impl Integration) -> Method {
        self.method(HttpMethod::Any, integration)
    }

    /// Has `integration` answer a method.
    #[track_caller]
    pub fn method(&self, method: HttpMethod, integration: &impl Integration) -> Method {
        Method::new(self, method, integration)
    }

    /// The URL of this path.
    pub fn url(&self) -> Value<String> {
        text![self.api.url(), self.path.as_str()]
    }

    /// The API that the path is of.
    pub fn api(&self) -> &RestApi {
        &self.api
    }

    /// The path as text, such as `/count`; `/` for the root.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) fn id(&self) -> Value<Id<markers::Resource>> {
        self.id.clone()
    }
}
