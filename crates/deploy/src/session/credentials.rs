//! Whose credentials a session acts with.

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_sdk_cloudformation::config::SharedCredentialsProvider;

use super::SessionOptions;

pub(super) async fn credentials(
    options: &SessionOptions,
    config: &ProviderConfig,
    metadata: aws_config::imds::Client,
) -> SharedCredentialsProvider {
    match &options.profile {
        Some(profile) => SharedCredentialsProvider::new(
            ProfileFileCredentialsProvider::builder().configure(config).profile_name(profile).build(),
        ),
        None => {
            let chain = DefaultCredentialsChain::builder().configure(config.clone()).imds_client(metadata);
            SharedCredentialsProvider::new(chain.build().await)
        }
    }
}
