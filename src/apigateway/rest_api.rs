//! REST APIs.

use skysmith_cfn::apigateway::{CfnDeployment, CfnRestApi, CfnStage, rest_api};
use skysmith_cfn::markers;
use skysmith_core::{Diagnostic, Draft, Given, Id, IntoValue, Resource, Scope, Value, pseudo, text};

use super::Path;

/// The stage where none is named.
const DEFAULT_STAGE: &str = "prod";

/// How callers reach an API.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-endpoint-types.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointType {
    /// In its region.
    Regional,
    /// Through CloudFront's points of presence.
    Edge,
}

/// A REST API with one stage, deployed whenever anything in it changes.
///
/// Its endpoint is regional, and it sets no role for the whole account's logging.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-rest-api.html>
#[derive(Clone, Debug)]
pub struct RestApi {
    scope: Scope,
    cfn: CfnRestApi,
    deployment: CfnDeployment,
    stage: CfnStage,
    stage_name: String,
}

impl RestApi {
    /// An API that is named after its id.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self::builder(scope, id).build()
    }

    /// An API with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str) -> RestApiBuilder {
        RestApiBuilder {
            draft: Draft::new(scope, id),
            name: None,
            description: None,
            endpoint: EndpointType::Regional,
            stage: DEFAULT_STAGE.to_owned(),
        }
    }

    /// The API's construct.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The API's id.
    pub fn id(&self) -> Value<Id<markers::RestApi>> {
        self.cfn.reference()
    }

    /// Allows what `rule` finds in this API, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        self.cfn.allow(rule, reason);
    }

    /// The CloudFormation resource.
    pub fn cfn(&self) -> &CfnRestApi {
        &self.cfn
    }

    /// The stage.
    pub fn stage(&self) -> &CfnStage {
        &self.stage
    }

    /// The stage's name.
    pub fn stage_name(&self) -> &str {
        &self.stage_name
    }

    /// The path `/`.
    pub fn root(&self) -> Path {
        Path::root(self)
    }

    /// The URL of the stage, without a slash at its end.
    pub fn url(&self) -> Value<String> {
        let host = text![self.id(), ".execute-api.", pseudo::region(), ".", pseudo::url_suffix()];
        text!["https://", host, "/", self.stage_name.as_str()]
    }

    /// The ARN of a method of this API as those know it who may call it.
    ///
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>
    pub(super) fn execute_arn(&self, method: &str, path: &str) -> Value<String> {
        let api = text![
            "arn:",
            pseudo::partition(),
            ":execute-api:",
            pseudo::region(),
            ":",
            pseudo::account_id(),
            ":",
            self.id()
        ];
        text![api, "/", self.stage_name.as_str(), "/", method, path]
    }

    /// Makes `part` (a path, a method, a model, ...) a part of what a deployment is a snapshot of.
    pub(super) fn add_part(&self, part: &Resource, callable: bool) {
        self.scope.attach(Part { resource: part.clone(), callable });
    }

    fn fold_deployment(&self) {
        let parts = self.scope.attached::<Part>();
        // A deployment is a snapshot of what exists when it is made, so it waits for all methods; they wait for the
        // rest.
        for method in parts.iter().filter(|part| part.callable) {
            self.deployment.depends_on(&method.resource);
        }
        let api: &Resource = &self.cfn;
        self.deployment.replace_with([api.clone()].into_iter().chain(parts.iter().map(|part| part.resource.clone())));
    }

    fn check(&self) {
        if !self.scope.attached::<Part>().iter().any(|part| part.callable) {
            self.scope.report(
                Diagnostic::error("the API has no methods, and API Gateway deploys none without")
                    .rule("api-without-methods")
                    .note("add one: `api.root().get(&function)`"),
            );
        }
    }
}

struct Part {
    resource: Resource,
    callable: bool,
}

/// Settings of a [`RestApi`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct RestApiBuilder {
    draft: Draft,
    name: Option<Given<Value<String>>>,
    description: Option<String>,
    endpoint: EndpointType,
    stage: String,
}

impl RestApiBuilder {
    /// The API's name, which need not be unique. The construct's id by default.
    #[track_caller]
    pub fn rest_api_name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(Given::here(name.into_value()));
        self
    }

    /// What the API is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// How callers reach the API. Regional by default.
    pub fn endpoint(mut self, endpoint: EndpointType) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// The stage's name, letters, digits, `-` and `_`, which is the first part of every path. `prod` by default.
    pub fn stage(mut self, name: impl Into<String>) -> Self {
        self.stage = name.into();
        self
    }

    /// Makes the API, its stage and its deployment.
    pub fn build(self) -> RestApi {
        let scope = self.draft.build();
        let endpoint = match self.endpoint {
            EndpointType::Regional => "REGIONAL",
            EndpointType::Edge => "EDGE",
        };
        let mut cfn = CfnRestApi::new(&scope, "Resource")
            .endpoint_configuration(rest_api::EndpointConfiguration::new().types([endpoint]));
        cfn = match self.name {
            Some(name) => {
                let cfn = cfn.name(name.value);
                cfn.note_place("Name", name.place);
                cfn
            }
            None => cfn.name(self.draft.id()),
        };
        if let Some(description) = self.description {
            cfn = cfn.description(description);
        }
        let deployment = CfnDeployment::new(&scope.child("Deployment"), "Resource", cfn.reference());
        let stage =
            CfnStage::new(&scope.child(&format!("DeploymentStage.{}", self.stage)), "Resource", cfn.reference())
                .deployment_id(deployment.reference())
                .stage_name(self.stage.as_str());
        let api = RestApi { scope: scope.clone(), cfn, deployment, stage, stage_name: self.stage };
        let folded = api.clone();
        scope.fold(move || folded.fold_deployment());
        let checked = api.clone();
        scope.rule(move || checked.check());
        api
    }
}
