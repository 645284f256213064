//! The way of CloudFormation's requests: those that only ask for something wait for their turn, right before they leave.
//!
//! Here and not where calls are made, so that no call can forget to wait, and so that the repeated tries of the SDK count as well.

use std::sync::Arc;

use aws_sdk_cloudformation::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::budget::Budget;

/// A client whose describe calls have a budget.
#[derive(Clone, Debug)]
pub(super) struct Rationed {
    pub client: SharedHttpClient,
    pub budget: Arc<Budget>,
}

impl HttpClient for Rationed {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.client.http_connector(settings, components),
            budget: Arc::clone(&self.budget),
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    budget: Arc<Budget>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !is_describe(request.body().bytes()) {
            return self.inner.call(request);
        }
        let (inner, budget) = (self.inner.clone(), Arc::clone(&self.budget));
        HttpConnectorFuture::new(async move {
            let _turn = budget.turn().await;
            inner.call(request).await
        })
    }
}

/// Whether a request only asks what there is, by its form. One that cannot be read is taken to.
fn is_describe(body: Option<&[u8]>) -> bool {
    let Some(action) = body.and_then(|body| body.strip_prefix(b"Action=")) else { return true };
    action.starts_with(b"Describe") || action.starts_with(b"List")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_budget() {
        for asks in ["Action=DescribeStacks&Version=2010-05-15", "Action=ListStacks", "\u{a0}"] {
            assert!(is_describe(Some(asks.as_bytes())), "{asks}");
        }
        for acts in ["Action=CreateChangeSet&Description=Describe", "Action=GetTemplate", "Action=ExecuteChangeSet"] {
            assert!(!is_describe(Some(acts.as_bytes())), "{acts}");
        }
        assert!(is_describe(None));
    }
}
