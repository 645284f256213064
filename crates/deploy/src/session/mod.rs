//! Who we are and how we call: credentials, region, clients, the count of calls.

mod credentials;
mod http;
mod preflight;
mod refusals;
mod region;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use skysmith_assembly::{Environment, Placeholders};
use tokio::sync::Mutex;

use self::credentials::credentials;
use self::http::http_client;
use self::preflight::{Calls, Clock, preflight_error};
use self::refusals::Refusals;
use self::region::{is_loopback, metadata_client, region};
use crate::Error;
use crate::pace::Budget;

/// Tries of a call that AWS throttles or drops. Throttling is normal when many stacks move at once, and half of all calls may meet it.
const TRIES: u32 = 12;
/// The longest wait between two tries.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// The wait before the first repetition; it doubles, with jitter.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For the first call alone, which decides whether there is anybody to talk to.
const PREFLIGHT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the API is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Endpoint {
    /// AWS.
    #[default]
    Aws,
    /// Something that speaks like AWS; real credentials are sent to it.
    Url(String),
    /// An emulator on this machine; it gets dummy credentials, and no file or variable is read for any others.
    Local(String),
}

/// What the user says about credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// A profile of `~/.aws`. It wins over credentials in the environment, as in the AWS CLI.
    pub profile: Option<String>,
    /// The region. Default: the environment, then the profile, then `us-east-1` for a local endpoint.
    pub region: Option<String>,
    /// A role to take before anything else.
    pub role_arn: Option<String>,
    /// Where the API is.
    pub endpoint: Endpoint,
}

/// Who the credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// Checked credentials in one account and region, and the clients that use them. Clones share the count and the budget of calls.
#[derive(Clone, Debug)]
pub struct Session {
    config: SdkConfig,
    /// With the credentials that every role is taken with: a role for one thing seldom may take the role for another.
    own: SdkConfig,
    endpoint: Endpoint,
    identity: Identity,
    region: String,
    calls: Calls,
    clock_skew: Option<i64>,
    budget: Arc<Budget>,
    /// Buckets for assets that are known to be there and set up. Held while one is being made, so that parallel stacks make it once.
    pub(crate) ready_buckets: Arc<Mutex<HashSet<String>>>,
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

/// What a session hands on to those made from it. Another account or region has its own budget and buckets, but the same endpoint and count.
#[derive(Default)]
struct Shared {
    /// Nothing if the session's own credentials are those to take roles with.
    own: Option<SdkConfig>,
    endpoint: Endpoint,
    calls: Calls,
    clock_skew: Option<i64>,
    budget: Arc<Budget>,
    ready_buckets: Arc<Mutex<HashSet<String>>>,
}

impl Session {
    /// Finds credentials and checks them with one call.
    ///
    /// # Errors
    /// No region, no credentials, or ones that have expired or are refused; nobody at the endpoint; a local endpoint on another machine. Known within
    /// about a second unless packets are swallowed, and within five then.
    pub async fn connect(options: &SessionOptions) -> Result<Self, Error> {
        let http = http_client(&options.endpoint);
        let provider_config = ProviderConfig::without_region().with_http_client(http.clone());
        let (region, credentials) = match &options.endpoint {
            Endpoint::Local(url) => {
                if !is_loopback(url) {
                    return Err(Error::NotLoopback { url: url.clone() });
                }
                let region = options.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
                (
                    Region::new(region),
                    SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "local")),
                )
            }
            Endpoint::Aws | Endpoint::Url(_) => {
                let metadata = metadata_client(&provider_config);
                let region = region(options, &provider_config, metadata.clone()).await.ok_or(Error::NoRegion)?;
                let credentials =
                    credentials(options, &provider_config.with_region(Some(region.clone())), metadata).await;
                (region, credentials)
            }
        };
        // For a local endpoint no file and no variable may have a say; otherwise they decide what is not decided here (FIPS, dual stack, ...).
        let base = match &options.endpoint {
            Endpoint::Local(_) => SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(region)
                .credentials_provider(credentials)
                .http_client(http)
                // What a loader would bring along; without them no role can be taken.
                .time_source(SystemTimeSource::new())
                .sleep_impl(TokioSleep::new())
                .build(),
            Endpoint::Aws | Endpoint::Url(_) => {
                let mut loader = aws_config::defaults(BehaviorVersion::latest())
                    .region(region)
                    .credentials_provider(credentials)
                    .http_client(http);
                if let Some(profile) = &options.profile {
                    loader = loader.profile_name(profile);
                }
                loader.load().await
            }
        };
        let mut config = base
            .into_builder()
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(TRIES)
                    .with_initial_backoff(FIRST_BACKOFF)
                    .with_max_backoff(LONGEST_BACKOFF),
            )
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build());
        if let Endpoint::Url(url) | Endpoint::Local(url) = &options.endpoint {
            config = config.endpoint_url(url);
        }
        let config = config.build();
        let session =
            Self::preflight(config, Shared { endpoint: options.endpoint.clone(), ..Shared::default() }).await?;
        match &options.role_arn {
            Some(role) => {
                let session = session.assume(role, None, None).await?;
                Ok(Self { own: session.config.clone(), ..session })
            }
            None => Ok(session),
        }
    }

    /// A role's session, checked. The role is taken with the caller's own credentials, even if this is another role's session.
    ///
    /// # Errors
    /// The role cannot be taken.
    pub async fn assume(&self, role_arn: &str, external_id: Option<&str>, region: Option<&str>) -> Result<Self, Error> {
        let mut provider = AssumeRoleProvider::builder(role_arn).session_name("skysmith").configure(&self.own);
        if let Some(id) = external_id {
            provider = provider.external_id(id);
        }
        let region = Region::new(region.unwrap_or(&self.region).to_owned());
        let credentials = SharedCredentialsProvider::new(provider.build().await);
        let config = self.config.clone().into_builder().credentials_provider(credentials).region(region).build();
        let shared = Shared {
            own: Some(self.own.clone()),
            endpoint: self.endpoint.clone(),
            calls: self.calls.clone(),
            ..Shared::default()
        };
        Self::preflight(config, shared).await
    }

    /// The same credentials in another region. No call is made.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        if region == self.region {
            return self.clone();
        }
        let config = self.config.clone().into_builder().region(Region::new(region.to_owned())).build();
        Self::build(
            config,
            region.to_owned(),
            self.identity.clone(),
            Shared {
                own: Some(self.own.clone()),
                endpoint: self.endpoint.clone(),
                calls: self.calls.clone(),
                clock_skew: self.clock_skew,
                ..Shared::default()
            },
        )
    }

    async fn preflight(config: SdkConfig, mut shared: Shared) -> Result<Self, Error> {
        let clock = Clock::default();
        let sts = aws_sdk_sts::config::Builder::from(&config)
            .interceptor(shared.calls.clone())
            .interceptor(clock.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(100)))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(PREFLIGHT_TIMEOUT).build(),
            )
            .build();
        let answer = aws_sdk_sts::Client::from_conf(sts).get_caller_identity().send().await;
        let answer = answer.map_err(|error| preflight_error(&error, &shared.endpoint))?;
        shared.clock_skew = clock.0.get().copied();
        let identity = Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            arn: answer.arn().unwrap_or_default().to_owned(),
        };
        let region = config.region().map(|region| region.as_ref().to_owned()).ok_or(Error::NoRegion)?;
        Ok(Self::build(config, region, identity, shared))
    }

    fn build(config: SdkConfig, region: String, identity: Identity, shared: Shared) -> Self {
        let Shared { own, endpoint, calls, clock_skew, budget, ready_buckets } = shared;
        // Not the adaptive mode: it slows all calls down to one in two seconds when half of them fail, mutations included. The describe calls, which are
        // what throttling is about, have a budget of their own.
        let cloudformation = aws_sdk_cloudformation::config::Builder::from(&config)
            .interceptor(calls.clone())
            .interceptor(Refusals(Arc::clone(&budget)))
            .build();
        // An endpoint of one's own seldom resolves a bucket's name as a host.
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .interceptor(calls.clone())
            .force_path_style(endpoint != Endpoint::Aws)
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).interceptor(calls.clone()).build();
        Self {
            cloudformation: aws_sdk_cloudformation::Client::from_conf(cloudformation),
            s3: aws_sdk_s3::Client::from_conf(s3),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            own: own.unwrap_or_else(|| config.clone()),
            config,
            endpoint,
            identity,
            region,
            calls,
            clock_skew,
            budget,
            ready_buckets,
        }
    }

    /// Whose credentials these are.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Where the API is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The partition, such as `aws`, from the caller's ARN.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.identity.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }

    /// The account and region, as an assembly names them.
    #[must_use]
    pub fn environment(&self) -> Environment {
        Environment { account: Some(self.identity.account.clone()), region: Some(self.region.clone()) }
    }

    /// What stands for the placeholders in an assembly's names.
    #[must_use]
    pub fn placeholders(&self) -> Placeholders {
        Placeholders {
            account: self.identity.account.clone(),
            region: self.region.clone(),
            partition: self.partition().to_owned(),
        }
    }

    /// The HTTP requests to AWS so far, repeated ones included, of this session and all that came from it.
    #[must_use]
    pub fn api_calls(&self) -> u64 {
        self.calls.0.load(Ordering::Relaxed)
    }

    /// By how many seconds this machine's clock is ahead of the other side's (behind, if negative), to about a second. `None`: the answer did not tell.
    #[must_use]
    pub fn clock_skew(&self) -> Option<i64> {
        self.clock_skew
    }

    /// The client that reads parameters. Made when it is needed, which is seldom.
    pub(crate) fn ssm(&self) -> aws_sdk_ssm::Client {
        let config = aws_sdk_ssm::config::Builder::from(&self.config).interceptor(self.calls.clone()).build();
        aws_sdk_ssm::Client::from_conf(config)
    }

    /// Waits for a turn among the describe calls of this account and region.
    pub(crate) async fn turn(&self) {
        self.budget.turn().await;
    }

    /// The URL under which CloudFormation finds an object, in the form that AWS and the emulators take.
    pub(crate) fn object_url(&self, bucket: &str, key: &str) -> String {
        match &self.endpoint {
            Endpoint::Aws => {
                let suffix = match self.partition() {
                    "aws-cn" => "amazonaws.com.cn",
                    "aws-eusc" => "amazonaws.eu",
                    _ => "amazonaws.com",
                };
                format!("https://s3.{}.{suffix}/{bucket}/{key}", self.region)
            }
            Endpoint::Url(url) | Endpoint::Local(url) => format!("{}/{bucket}/{key}", url.trim_end_matches('/')),
        }
    }
}
