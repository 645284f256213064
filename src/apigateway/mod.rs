//! API Gateway: REST APIs.

mod integration;
mod method;
mod path;
mod rest_api;

pub use integration::{Integration, IntegrationResponse, LambdaIntegration, Passthrough};
pub use method::{HttpMethod, Method, MethodResponse};
pub use path::Path;
pub use rest_api::{EndpointType, RestApi, RestApiBuilder};
