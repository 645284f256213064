//! Where the local AWS is reached, and as whom.
//!
//! Address and dummy credentials are one value that only loopback addresses can be made into. Whatever takes its
//! credentials from here can therefore not send them to another machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Error, Result, url};

/// The region that is used unless another is asked for.
pub const DEFAULT_REGION: &str = "us-east-1";
/// The account that everything in the local AWS belongs to.
pub const ACCOUNT: &str = "000000000000";
/// Both halves of the credentials. They mean "the account's root" to the emulator, and nothing to anyone else.
pub const DUMMY_CREDENTIAL: &str = "test";

/// An AWS endpoint on this machine, with the dummy credentials that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    region: String,
}

impl Endpoint {
    /// An endpoint at `url`, which must be `http://HOST:PORT` or `https://HOST:PORT` (a slash may follow), where HOST is
    /// `localhost`, an address in 127.0.0.0/8, or `[::1]`.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] for anything else.
    pub fn new(url: &str) -> Result<Self> {
        if is_loopback(url) {
            let url = url.trim_end_matches('/').to_owned();
            Ok(Self { url, region: DEFAULT_REGION.to_owned() })
        } else {
            Err(Error::NotLoopback { url: url.to_owned() })
        }
    }

    /// The endpoint of an emulator that listens on `port`.
    pub(crate) fn on_port(port: u16) -> Self {
        Self { url: format!("http://127.0.0.1:{port}"), region: DEFAULT_REGION.to_owned() }
    }

    /// The same endpoint for clients of another region.
    #[must_use]
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// The address, without a slash at its end: `http://127.0.0.1:4566`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The region, [`DEFAULT_REGION`] unless another was chosen.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account of whoever uses these credentials: [`ACCOUNT`].
    #[must_use]
    pub fn account(&self) -> &'static str {
        ACCOUNT
    }

    /// The dummy access key.
    #[must_use]
    pub fn access_key_id(&self) -> &'static str {
        DUMMY_CREDENTIAL
    }

    /// The dummy secret key.
    #[must_use]
    pub fn secret_access_key(&self) -> &'static str {
        DUMMY_CREDENTIAL
    }

    /// The environment that makes any AWS SDK or tool use this endpoint and nothing else. Variables to remove have no
    /// value: they would take precedence, or add to the request what the endpoint doesn't know.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, Option<String>)> {
        let set = |value: &str| Some(value.to_owned());
        vec![
            ("AWS_ENDPOINT_URL", set(&self.url)),
            ("AWS_ACCESS_KEY_ID", set(self.access_key_id())),
            ("AWS_SECRET_ACCESS_KEY", set(self.secret_access_key())),
            ("AWS_REGION", set(&self.region)),
            ("AWS_DEFAULT_REGION", set(&self.region)),
            ("AWS_EC2_METADATA_DISABLED", set("true")),
            ("NO_PROXY", set(NO_PROXY)),
            ("no_proxy", set(NO_PROXY)),
            ("AWS_SESSION_TOKEN", None),
            ("AWS_PROFILE", None),
            ("AWS_DEFAULT_PROFILE", None),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", None),
        ]
    }

    /// The local address that answers what `aws_url` names on AWS, or `None` if the emulator does not serve it.
    ///
    /// | AWS | local |
    /// |---|---|
    /// | `https://ID.execute-api.REGION.amazonaws.com/STAGE/PATH` (REST and HTTP APIs, `$default` too) | `URL/_aws/execute-api/ID/STAGE/PATH` |
    /// | `https://ID.lambda-url.REGION.on.aws/PATH` | `http://ID.lambda-url.REGION.localhost:PORT/PATH` |
    /// | `https://BUCKET.s3.REGION.amazonaws.com/KEY` | `URL/BUCKET/KEY` |
    /// | `https://s3.REGION.amazonaws.com/BUCKET/KEY` | `URL/BUCKET/KEY` |
    /// | `http://BUCKET.s3-website-REGION.amazonaws.com/KEY` (no index documents) | `URL/BUCKET/KEY` |
    /// | `https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE` | `URL/ACCOUNT/QUEUE` |
    ///
    /// Browsers and curl take any name under `localhost` for this machine; some programs ask the system's resolver, and
    /// not every one of those knows such names.
    #[must_use]
    pub fn local_url(&self, aws_url: &str) -> Option<String> {
        url::local(&self.url, aws_url)
    }
}

/// What never goes through a proxy.
pub(crate) const NO_PROXY: &str = "127.0.0.1,localhost,.localhost,::1";

/// Whether `url` is a bare address on this machine. Strict: whatever two readers could take for two different hosts
/// (user names, backslashes, spaces, short or octal numbers) is not.
fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return false;
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, after)) => match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port_is_valid = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0)
    });
    let host_is_loopback = if authority.starts_with('[') {
        host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    } else {
        host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    };
    port_is_valid && host_is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_taken() {
        for url in [
            "http://127.0.0.1:4566",
            "http://127.0.0.1:4566/",
            "http://127.8.9.10",
            "https://localhost:443",
            "http://[::1]:4566",
            "http://[::1]",
        ] {
            let endpoint = Endpoint::new(url).expect(url);
            assert!(!endpoint.url().ends_with('/'));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for url in [
            "",
            "127.0.0.1:4566",
            "ftp://127.0.0.1",
            "http://",
            "http://0.0.0.0:4566",
            "http://10.0.0.1:4566",
            "http://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "http://example.com#127.0.0.1",
            "http://127.0.0.1\\@example.com",
            "http://127.0.0.1:4566@example.com",
            "http://127.0.0.1:4566/path",
            "http://127.0.0.1:4566//",
            "http://127.0.0.1:0",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:+1",
            "http://127.0.0.1 ",
            "http://0177.0.0.1",
            "http://127.1",
            "http://[::]",
            "http://[::ffff:10.0.0.1]",
            "http://[::1",
            "http://[::1]x",
            "http://::1",
            "HTTP://127.0.0.1:4566",
        ] {
            assert!(matches!(Endpoint::new(url), Err(Error::NotLoopback { .. })), "{url}");
        }
    }

    #[test]
    fn environment_sets_everything_that_could_lead_elsewhere() {
        let endpoint = Endpoint::on_port(4566).in_region("eu-west-1");
        let environment = endpoint.environment();
        let of = |name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_deref());
        assert_eq!(of("AWS_ENDPOINT_URL"), Some(Some("http://127.0.0.1:4566")));
        assert_eq!(of("AWS_REGION"), Some(Some("eu-west-1")));
        assert_eq!(of("AWS_PROFILE"), Some(None));
        assert_eq!(of("AWS_SESSION_TOKEN"), Some(None));
    }
}
