//! Who we are and how we call: credentials, region, clients, the count of calls.
//!
//! The files by concern: [`profile`] decides what a profile asks for, [`credentials`] gets it, [`role`] takes sessions and roles, [`mfa`] is about codes, [`cache`] keeps what
//! took one, [`http`] and [`region`] are about the way there, [`preflight`] about the first call.

mod cache;
mod credentials;
mod http;
mod mfa;
mod preflight;
mod profile;
mod rationed;
mod refusals;
mod region;
mod role;
mod source;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileSet;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::os_shim_internal::{Env, Fs};
use skysmith_assembly::{AssumedRole, Environment, Placeholders};

use self::credentials::Chain;
use self::http::http_client;
pub use self::mfa::{MfaPrompt, MfaRequest};
use self::preflight::{Calls, Clock, preflight_error};
use self::profile::Role;
use self::rationed::Rationed;
use self::refusals::Refusals;
pub(crate) use self::region::url_suffix;
use self::region::{is_loopback, metadata_client, region};
use self::role::TakenRole;
pub use self::source::{CredentialsInfo, Source};
use crate::Error;
use crate::assets::Publishers;
use crate::lane::{Lane, Lanes};
use crate::publishing::Publishing;

/// Tries of a call that AWS throttles or drops. Throttling is normal when many stacks move at once, and half of all calls may meet it.
const TRIES: u32 = 12;
/// The longest wait between two tries.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// The wait before the first repetition; it doubles, with jitter.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For the first call alone, which decides whether there is anybody to talk to.
const PREFLIGHT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where our credentials say that they come from.
const PROVIDER: &str = "skysmith";
/// Credentials may be renewed in the middle of a call, by a program or over several steps.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(60);

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
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    /// A profile of `~/.aws`. It wins over credentials in the environment, as in the AWS CLI.
    pub profile: Option<String>,
    /// The region. Default: the environment, then the profile, then `us-east-1` for a local endpoint.
    pub region: Option<String>,
    /// A role to take before anything else.
    pub role_arn: Option<String>,
    /// What [that role's owner asks for](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html) of a third party.
    pub external_id: Option<String>,
    /// The name under which CloudTrail shows what is done with that role. Default: `skysmith`.
    pub session_name: Option<String>,
    /// How long the session of the role, or of the keys with a code, lasts: 15 minutes to 12 hours (36 for keys), as far as the role permits. Default: AWS's, an hour for a
    /// role and 12 for keys; or the profile's `duration_seconds`.
    pub duration: Option<Duration>,
    /// The MFA device with whose code a session is taken for a user's keys. Default: what the profile says (`mfa_serial`; `aws_mfa_device` of `NAME-long-term`).
    pub mfa_serial: Option<String>,
    /// Who is asked for codes. Default: nobody.
    pub mfa: Option<Arc<dyn MfaPrompt>>,
    /// The folder for sessions that took a code, so that the next run needs none. Default: they are not kept. Never used for [`Endpoint::Local`].
    pub cache: Option<PathBuf>,
    /// Where the API is.
    pub endpoint: Endpoint,
    /// Nobody there counts calls, as in an emulator: they need not wait for their turn, and many stacks are looked at one by one. Default: no.
    pub unrationed: bool,
}

/// Who the credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// Checked credentials in one account and region, and the clients that use them. Clones share the count and the budget of calls, and so do all that came
/// from one another and are in the same account and region.
#[derive(Clone, Debug)]
pub struct Session {
    config: SdkConfig,
    /// With the credentials that every role is taken with: a role for one thing seldom may take the role for another.
    own: SdkConfig,
    endpoint: Endpoint,
    identity: Identity,
    credentials: CredentialsInfo,
    region: String,
    calls: Calls,
    clock_skew: Option<i64>,
    pub(crate) lanes: Lanes,
    /// What it shares with the others in this account and region.
    pub(crate) lane: Arc<Lane>,
    /// What this run has published.
    pub(crate) publishing: Arc<Publishing>,
    /// The sessions that publish for this one.
    pub(crate) publishers: Arc<Publishers>,
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

/// What a session hands on to those made from it. The endpoint and the count are the same, what is published is known to
/// all, and those in one account and region have one budget of calls.
struct Shared {
    /// Nothing if the session's own credentials are those to take roles with.
    own: Option<SdkConfig>,
    credentials: CredentialsInfo,
    endpoint: Endpoint,
    calls: Calls,
    clock_skew: Option<i64>,
    publishing: Arc<Publishing>,
    lanes: Lanes,
}

impl Session {
    /// Finds credentials and checks them with one call, before anything else is done. A code of an MFA device is asked for here if one is needed, and never later.
    ///
    /// # Errors
    /// No region, no credentials, or ones that have expired or are refused; a code that is missing or wrong; a role that cannot be taken; nobody at the endpoint; a local
    /// endpoint on another machine. Known within about a second unless packets are swallowed, and within five then.
    pub async fn connect(options: &SessionOptions) -> Result<Self, Error> {
        let calls = Calls::default();
        if let Endpoint::Local(url) = &options.endpoint {
            return Self::connect_locally(options, url, calls).await;
        }
        let profiles = read_profiles(options.profile.as_deref()).await?;
        let http = http_client(&options.endpoint, &profiles)?;
        let providers = ProviderConfig::without_region().with_http_client(http.clone());
        let metadata = metadata_client(&providers);
        let region = region(options, &providers, metadata.clone()).await.ok_or(Error::NoRegion)?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region.clone())
            .no_credentials()
            .identity_cache(IdentityCache::lazy().load_timeout(RENEWAL_TIMEOUT).build())
            .http_client(http);
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        // The variables and the profile decide what is not decided here: FIPS, dual stack, ...
        let mut config = patient(loader.load().await);
        if let Endpoint::Url(url) = &options.endpoint {
            config = config.into_builder().endpoint_url(url).build();
        }
        let providers = providers
            .with_region(Some(region))
            .with_use_fips(config.use_fips())
            .with_use_dual_stack(config.use_dual_stack());
        let chain = Chain::new(options, config.clone(), providers, metadata, calls.clone());
        let check = async || {
            let (_, credentials) = chain.load().await?;
            let shared = Shared {
                own: None,
                credentials,
                endpoint: options.endpoint.clone(),
                calls: calls.clone(),
                clock_skew: None,
                publishing: Arc::default(),
                lanes: lanes_of(options),
            };
            // A provider of its own each time: the SDK remembers what the one before gave.
            let provider = SharedCredentialsProvider::new(chain.clone());
            Self::preflight(config.clone().into_builder().credentials_provider(provider).build(), shared).await
        };
        let session = match check().await {
            // A session of an earlier run may have been revoked since.
            Err(Error::CredentialsExpired(_) | Error::CredentialsRefused(_) | Error::RoleRefused { .. })
                if chain.forget_kept().await =>
            {
                check().await
            }
            checked => checked,
        };
        chain.stop_asking();
        session
    }

    /// To an emulator no file and no variable may have a say.
    async fn connect_locally(options: &SessionOptions, url: &str, calls: Calls) -> Result<Self, Error> {
        if !is_loopback(url) {
            return Err(Error::NotLoopback { url: url.to_owned() });
        }
        let region = options.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
        let dummies = Credentials::new("test", "test", None, None, "local");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(dummies))
            .http_client(http_client(&options.endpoint, &ProfileSet::default())?)
            // What a loader would bring along; without them no role can be taken.
            .time_source(SystemTimeSource::new())
            .sleep_impl(TokioSleep::new())
            .endpoint_url(url)
            .build();
        let credentials =
            CredentialsInfo { source: Source::Local, roles: Vec::new(), mfa_device: None, kept: false, expires: None };
        let shared = Shared {
            own: None,
            credentials,
            endpoint: options.endpoint.clone(),
            calls,
            clock_skew: None,
            publishing: Arc::default(),
            lanes: lanes_of(options),
        };
        let session = Self::preflight(patient(config), shared).await?;
        match &options.role_arn {
            Some(role) => {
                let role = AssumedRole::new(role).with_external_id(options.external_id.clone());
                let session = session.assume(&role, None).await?;
                Ok(Self { own: session.config.clone(), ..session })
            }
            None => Ok(session),
        }
    }

    /// A role's session, checked. The role is taken with the caller's own credentials, even if this is another role's session.
    ///
    /// # Errors
    /// The role cannot be taken.
    pub async fn assume(&self, role: &AssumedRole, region: Option<&str>) -> Result<Self, Error> {
        let taken = TakenRole::new(self.own.clone(), self.calls.clone(), Role::from(role));
        let mut credentials = self.credentials.clone();
        credentials.roles.push(role.arn.clone());
        credentials.expires = taken.load().await?.expiry();
        let region = Region::new(region.unwrap_or(&self.region).to_owned());
        let provider = SharedCredentialsProvider::new(taken);
        let config = self.config.clone().into_builder().credentials_provider(provider).region(region).build();
        let shared = Shared {
            own: Some(self.own.clone()),
            credentials,
            endpoint: self.endpoint.clone(),
            calls: self.calls.clone(),
            clock_skew: None,
            publishing: Arc::clone(&self.publishing),
            lanes: self.lanes.clone(),
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
                credentials: self.credentials.clone(),
                endpoint: self.endpoint.clone(),
                calls: self.calls.clone(),
                clock_skew: self.clock_skew,
                publishing: Arc::clone(&self.publishing),
                lanes: self.lanes.clone(),
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
        let Shared { own, credentials, endpoint, calls, clock_skew, publishing, lanes } = shared;
        let lane = lanes.of(&identity.account, &region);
        // Not the adaptive mode: it slows all calls down to one in two seconds when half of them fail, mutations included. The describe calls, which are
        // what throttling is about, have a budget of their own.
        let mut cloudformation = aws_sdk_cloudformation::config::Builder::from(&config)
            .interceptor(calls.clone())
            .interceptor(Refusals(Arc::clone(&lane.budget)))
            // Requests are small; that one waits for its turn must not be taken for a stream that has stalled.
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build());
        if let (Some(client), true) = (config.http_client(), lanes.are_rationed()) {
            cloudformation = cloudformation.http_client(Rationed { client, budget: Arc::clone(&lane.budget) });
        }
        // An endpoint of one's own seldom resolves a bucket's name as a host.
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .interceptor(calls.clone())
            .force_path_style(endpoint != Endpoint::Aws)
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).interceptor(calls.clone()).build();
        Self {
            cloudformation: aws_sdk_cloudformation::Client::from_conf(cloudformation.build()),
            s3: aws_sdk_s3::Client::from_conf(s3),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            own: own.unwrap_or_else(|| config.clone()),
            config,
            endpoint,
            identity,
            credentials,
            region,
            calls,
            clock_skew,
            lanes,
            lane,
            publishing,
            publishers: Arc::default(),
        }
    }

    /// Whose credentials these are.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How the credentials came about.
    #[must_use]
    pub fn credentials(&self) -> &CredentialsInfo {
        &self.credentials
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

    /// The client that looks up what calls were refused. Made when it is needed, which is seldom.
    pub(crate) fn cloudtrail(&self) -> aws_sdk_cloudtrail::Client {
        let config = aws_sdk_cloudtrail::config::Builder::from(&self.config).interceptor(self.calls.clone()).build();
        aws_sdk_cloudtrail::Client::from_conf(config)
    }

    /// The client of the registry for container images. Made when it is needed, which is seldom.
    pub(crate) fn ecr(&self) -> aws_sdk_ecr::Client {
        let config = aws_sdk_ecr::config::Builder::from(&self.config).interceptor(self.calls.clone()).build();
        aws_sdk_ecr::Client::from_conf(config)
    }

    /// The URL under which CloudFormation finds an object, in the form that AWS and the emulators take.
    pub(crate) fn object_url(&self, bucket: &str, key: &str) -> String {
        match &self.endpoint {
            Endpoint::Aws => {
                let suffix = url_suffix(self.partition());
                format!("https://s3.{}.{suffix}/{bucket}/{key}", self.region)
            }
            Endpoint::Url(url) | Endpoint::Local(url) => format!("{}/{bucket}/{key}", url.trim_end_matches('/')),
        }
    }
}

fn lanes_of(options: &SessionOptions) -> Lanes {
    if options.unrationed { Lanes::unrationed() } else { Lanes::default() }
}

/// A configuration whose calls are repeated for as long as throttling may last.
fn patient(config: SdkConfig) -> SdkConfig {
    config
        .into_builder()
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(TRIES)
                .with_initial_backoff(FIRST_BACKOFF)
                .with_max_backoff(LONGEST_BACKOFF),
        )
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .build()
}

/// The profiles in the user's files, with `selected` or the environment's chosen.
async fn read_profiles(selected: Option<&str>) -> Result<ProfileSet, Error> {
    let mut selected = selected.map(|name| Cow::Owned(name.to_owned()));
    // A variable that is set to nothing is not set.
    if selected.is_none() && std::env::var_os("AWS_PROFILE").is_some_and(|name| name.is_empty()) {
        selected = Some(Cow::Borrowed("default"));
    }
    aws_config::profile::load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), selected)
        .await
        .map_err(|error| Error::BadCredentials { reason: crate::error::root_cause(&error) })
}

/// An error of ours on its way through the SDK, which asks for credentials in the middle of other calls.
#[derive(Debug)]
struct Carried {
    text: String,
    error: std::sync::Mutex<Option<Error>>,
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Carried {}

fn carried(error: Error) -> CredentialsError {
    let text = error.to_string();
    CredentialsError::provider_error(Carried { text, error: std::sync::Mutex::new(Some(error)) })
}

/// The error of ours in an error of the SDK's, if there is one. It is there once.
pub(crate) fn uncarried(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(carried) = inner.downcast_ref::<Carried>() {
            return carried.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        cause = inner.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::{ProvideCredentials, future};

    use super::*;
    use crate::ServiceError;

    /// What a session with a code is when it has ended.
    #[derive(Debug)]
    struct Over;

    impl ProvideCredentials for Over {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(carried(Error::CredentialsExpired(ServiceError {
                operation: "GetSessionToken",
                code: "ExpiredToken".to_owned(),
                message: "over".to_owned(),
                request_id: None,
            }))))
        }
    }

    #[tokio::test]
    async fn why_there_are_no_credentials_comes_through_the_sdk() {
        let config = aws_sdk_sts::config::Builder::from(&patient(
            SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-west-1"))
                .time_source(SystemTimeSource::new())
                .sleep_impl(TokioSleep::new())
                .http_client(http_client(&Endpoint::Aws, &ProfileSet::default()).unwrap())
                .credentials_provider(SharedCredentialsProvider::new(Over))
                .build(),
        ));
        let client = aws_sdk_sts::Client::from_conf(config.build());
        let error = client.get_caller_identity().send().await.unwrap_err();
        match Error::from_sdk("GetCallerIdentity", &error) {
            Error::CredentialsExpired(error) => {
                assert_eq!((error.operation, error.message.as_str()), ("GetSessionToken", "over"));
            }
            other => panic!("{other:?}"),
        }
    }
}
