//! The one HTTP client of a session.

use aws_sdk_cloudformation::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpClientBuilder, tls};

use super::Endpoint;

pub(super) fn http_client(endpoint: &Endpoint) -> SharedHttpClient {
    if let Endpoint::Local(url) = endpoint
        && url.starts_with("http://")
    {
        // No TLS to set up, and no proxy between us and this machine.
        return HttpClientBuilder::new().build_http();
    }
    HttpClientBuilder::new().build_with_connector_fn(|settings, components| {
        let mut connector = aws_smithy_http_client::Connector::builder().proxy_config(ProxyConfig::from_env());
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        if let Some(sleep) = components.and_then(RuntimeComponents::sleep_impl) {
            connector = connector.sleep_impl(sleep);
        }
        connector.tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build()
    })
}
