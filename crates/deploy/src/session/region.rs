//! Where calls go: regions, partitions, and what counts as this machine.

use std::net::IpAddr;
use std::time::Duration;

use aws_config::Region;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::{ProvideRegion as _, RegionProviderChain};
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;

use super::SessionOptions;

/// A laptop is not on EC2: its metadata service must not cost seconds to be found missing.
const METADATA_TIMEOUT: Duration = Duration::from_millis(400);

pub(super) fn is_loopback(url: &str) -> bool {
    // What stands before an `@` is a user name, which is a way to make a foreign host look like a local one.
    !authority(url).contains('@') && is_this_machine(host(url))
}

fn authority(url: &str) -> &str {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or(url);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The host that a URL names, an address without its brackets.
pub(super) fn host(url: &str) -> &str {
    let host = authority(url).rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether a host is the machine that we run on.
pub(super) fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What the hosts of a [partition](https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html) end in.
pub(crate) fn url_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    }
}

pub(super) fn metadata_client(config: &ProviderConfig) -> aws_config::imds::Client {
    aws_config::imds::Client::builder()
        .configure(config)
        .max_attempts(1)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .build()
}

/// The region: what was said, then the variables, the profile, the instance. A variable that is set to nothing, as CI systems do with a missing one, is not set.
pub(super) async fn region(
    options: &SessionOptions,
    config: &ProviderConfig,
    metadata: aws_config::imds::Client,
) -> Option<Region> {
    let mut profile = ProfileFileRegionProvider::builder().configure(config);
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let of_variables = EnvironmentVariableRegionProvider::new().region().await;
    let given = options.region.clone().map(Region::new).or(of_variables).filter(|region| !region.as_ref().is_empty());
    RegionProviderChain::first_try(given)
        .or_else(profile.build())
        .or_else(ImdsRegionProvider::builder().configure(config).imds_client(metadata).build())
        .region()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_those_of_the_sdk() {
        use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
        for (partition, region) in [
            ("aws", "eu-west-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-eusc", "eusc-de-east-1"),
            ("aws-iso", "us-iso-east-1"),
            ("aws-iso-b", "us-isob-east-1"),
            ("aws-iso-e", "eu-isoe-west-1"),
            ("aws-iso-f", "us-isof-south-1"),
        ] {
            let params = Params::builder().region(region).build().unwrap();
            let endpoint = futures_of(DefaultResolver::new().resolve_endpoint(&params));
            assert_eq!(endpoint, format!("https://sts.{region}.{}", url_suffix(partition)));
        }
    }

    fn futures_of(endpoint: aws_smithy_runtime_api::client::endpoint::EndpointFuture<'_>) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(endpoint).unwrap().url().to_owned()
    }

    #[test]
    fn only_this_machine_is_local() {
        for url in [
            "http://127.0.0.1:4566",
            "http://localhost:1",
            "https://[::1]:4566/x",
            "http://s3.localhost:1",
            "127.0.0.1:1",
            "http://127.8.9.1",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://10.0.0.1",
            "https://sts.amazonaws.com",
            "http://127.0.0.1.evil.org",
            "http://localhost@evil.org",
            "http://127.0.0.1:80@evil.org",
            "http://evil.org/127.0.0.1",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
