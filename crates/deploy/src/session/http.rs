//! The HTTP client of a session: proxies and certificates as the AWS CLI has them.
//!
//! `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count, in capitals or not. What is on this machine or on its own link (an emulator, the metadata service, a
//! container's credentials) is never reached through a proxy, which could only answer for itself.

use std::net::IpAddr;
use std::path::PathBuf;

use aws_config::profile::ProfileSet;
use aws_sdk_cloudformation::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder as HttpClientBuilder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::Endpoint;
use super::region::host;
use crate::Error;

/// The client for calls to `endpoint`.
///
/// # Errors
/// The certificates that are to be trusted cannot be read.
pub(super) fn http_client(endpoint: &Endpoint, profiles: &ProfileSet) -> Result<SharedHttpClient, Error> {
    if let Endpoint::Local(url) = endpoint
        && url.starts_with("http://")
    {
        // No TLS to set up, and no proxy between us and this machine.
        return Ok(HttpClientBuilder::new().build_http());
    }
    let trusted = match endpoint {
        Endpoint::Local(_) => TrustStore::default(),
        Endpoint::Aws | Endpoint::Url(_) => trust_store(profiles)?,
    };
    let through = |proxy: fn() -> ProxyConfig| {
        let trusted = trusted.clone();
        HttpClientBuilder::new().build_with_connector_fn(move |settings, components| {
            connector(settings, components, proxy(), trusted.clone())
        })
    };
    Ok(SharedHttpClient::new(Ways {
        plain: HttpClientBuilder::new().build_http(),
        direct: through(ProxyConfig::disabled),
        proxied: through(ProxyConfig::from_env),
    }))
}

fn connector(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
    proxy: ProxyConfig,
    trusted: TrustStore,
) -> Connector {
    let mut connector = Connector::builder().proxy_config(proxy);
    if let Some(settings) = settings {
        connector = connector.connector_settings(settings.clone());
    }
    if let Some(sleep) = components.and_then(RuntimeComponents::sleep_impl) {
        connector = connector.sleep_impl(sleep);
    }
    let connector = connector.tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(trusted).build() {
        Ok(context) => connector.tls_context(context).build(),
        // Building one checks nothing that we have not checked before.
        Err(_) => connector.build(),
    }
}

/// Clients for the ways there are; where a host is decides on the one that is taken. A way that is not taken costs nothing, such as reading certificates.
#[derive(Clone, Debug)]
struct Ways {
    /// Without TLS.
    plain: SharedHttpClient,
    direct: SharedHttpClient,
    /// Through a proxy, if one is set for the host.
    proxied: SharedHttpClient,
}

impl Ways {
    fn to(&self, url: &str) -> &SharedHttpClient {
        match (is_near(host(url)), url.starts_with("http://")) {
            (true, true) => &self.plain,
            (true, false) => &self.direct,
            (false, _) => &self.proxied,
        }
    }
}

impl HttpClient for Ways {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Chosen {
            ways: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Chooses when it sees the request. The clients keep their connectors, and with them their connections.
#[derive(Debug)]
struct Chosen {
    ways: Ways,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Chosen {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.ways.to(request.uri()).http_connector(&self.settings, &self.components).call(request)
    }
}

/// Whether a proxy could not get there: this machine, and addresses of its own link.
fn is_near(host: &str) -> bool {
    let address = host.parse().ok();
    let link_local = match address {
        Some(IpAddr::V4(address)) => address.is_link_local(),
        // fd00:ec2::254, the metadata service.
        Some(IpAddr::V6(address)) => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2],
        None => false,
    };
    link_local || super::region::is_this_machine(host)
}

/// The certificates to trust: those of the system, or in their place those of `AWS_CA_BUNDLE` or of the profile's `ca_bundle`, as in the AWS CLI.
fn trust_store(profiles: &ProfileSet) -> Result<TrustStore, Error> {
    let set = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = set.or_else(|| profiles.get("ca_bundle").map(PathBuf::from)) else {
        return Ok(TrustStore::default());
    };
    let text =
        std::fs::read(&path).map_err(|error| Error::CaBundle { path: path.clone(), reason: error.to_string() })?;
    let text = String::from_utf8_lossy(&text);
    let certificates: Vec<&str> = certificates(&text).collect();
    if certificates.is_empty() {
        return Err(Error::CaBundle { path, reason: "it has no certificate in it".to_owned() });
    }
    Ok(certificates.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate))
}

/// The certificates of a bundle that can be used. One that cannot be, such as one of the last century, is left aside, as the system's are.
fn certificates(bundle: &str) -> impl Iterator<Item = &str> {
    const END: &str = "-----END CERTIFICATE-----";
    bundle.split_inclusive(END).filter_map(|piece| {
        let pem = &piece[piece.find("-----BEGIN CERTIFICATE-----")?..];
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        webpki::anchor_from_trusted_cert(&der).ok()?;
        Some(pem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_reached_directly() {
        for near in
            ["127.0.0.1", "localhost", "::1", "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "x.localhost"]
        {
            assert!(is_near(near), "{near}");
        }
        for far in ["sts.amazonaws.com", "10.0.0.1", "192.168.1.1", "fd00::1", "127.0.0.1.example.com", ""] {
            assert!(!is_near(far), "{far}");
        }
    }

    #[test]
    fn a_bundle_is_what_can_be_used_of_it() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(broken).count(), 0);
        assert_eq!(certificates("-----END CERTIFICATE-----").count(), 0);
        assert_eq!(certificates("").count(), 0);
    }
}
