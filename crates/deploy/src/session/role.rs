//! Sessions of STS: for a user's own keys, and for roles.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_sts::types::{Credentials as Given, PolicyDescriptorType, Tag};
use tokio::sync::Mutex;

use super::preflight::Calls;
use super::profile::Role;
use super::{CONNECT_TIMEOUT, PROVIDER, carried};
use crate::{Error, ServiceError};

/// The name under which CloudTrail shows what is done with a role.
const SESSION_NAME: &str = "skysmith";
/// STS answers in less than a second.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Less than this is left of nothing that is handed out again.
const LEFT: Duration = Duration::from_secs(30);

/// A code, and the device that showed it.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub(super) device: &'a str,
    pub(super) code: &'a str,
}

/// A session for the keys that `config` has.
pub(super) async fn session(
    config: &SdkConfig,
    calls: &Calls,
    duration: Option<Duration>,
    code: Option<Code<'_>>,
) -> Result<Credentials, Error> {
    let answer = client(config, calls)
        .get_session_token()
        .set_serial_number(code.map(|code| code.device.to_owned()))
        .set_token_code(code.map(|code| code.code.to_owned()))
        .set_duration_seconds(seconds(duration))
        .send()
        .await
        .map_err(|error| refused(Error::from_sdk("GetSessionToken", &error), code, None))?;
    given("GetSessionToken", answer.credentials)
}

/// A role's session.
pub(super) async fn role(
    config: &SdkConfig,
    calls: &Calls,
    role: &Role,
    code: Option<Code<'_>>,
) -> Result<Credentials, Error> {
    let further = &role.further;
    let tags = further.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags: Vec<Tag> = tags
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Protocol { operation: "AssumeRole", reason: error.to_string() })?;
    let policies = further.policy_arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn).build());
    let answer = client(config, calls)
        .assume_role()
        .role_arn(&role.arn)
        .role_session_name(role.session_name.as_deref().unwrap_or(SESSION_NAME))
        .set_external_id(role.external_id.clone())
        .set_tags(some(tags))
        .set_transitive_tag_keys(some(further.transitive_tag_keys.clone()))
        .set_policy(further.policy.clone())
        .set_policy_arns(some(policies.collect()))
        .set_source_identity(further.source_identity.clone())
        .set_duration_seconds(seconds(role.duration))
        .set_serial_number(code.map(|code| code.device.to_owned()))
        .set_token_code(code.map(|code| code.code.to_owned()))
        .send()
        .await
        .map_err(|error| refused(Error::from_sdk("AssumeRole", &error), code, Some(role)))?;
    given("AssumeRole", answer.credentials)
}

fn client(config: &SdkConfig, calls: &Calls) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(config)
        .interceptor(calls.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(100)))
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(TIMEOUT).build())
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

/// An empty list is not sent.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn seconds(duration: Option<Duration>) -> Option<i32> {
    duration.map(|duration| i32::try_from(duration.as_secs()).unwrap_or(i32::MAX))
}

fn given(operation: &'static str, credentials: Option<Given>) -> Result<Credentials, Error> {
    let Some(given) = credentials else {
        return Err(Error::Protocol { operation, reason: "the answer has no credentials".to_owned() });
    };
    let end = SystemTime::try_from(given.expiration).ok();
    let (id, secret) = (given.access_key_id, given.secret_access_key);
    Ok(Credentials::new(id, secret, Some(given.session_token), end, PROVIDER))
}

/// What AWS's refusal is about: the code, the role, or the credentials that ask.
fn refused(error: Error, code: Option<Code<'_>>, role: Option<&Role>) -> Error {
    match (error, code, role) {
        (Error::Service(ServiceError { message, .. }), Some(code), _)
            if message.contains("MultiFactorAuthentication failed") || message.contains("tokenCode") =>
        {
            Error::MfaRefused { device: code.device.to_owned(), reason: message }
        }
        (Error::Service(error), _, Some(role)) => Error::RoleRefused { role: role.arn.clone(), error },
        (error, ..) => error,
    }
}

/// A role that is taken with other credentials, and again when its session ends.
#[derive(Clone, Debug)]
pub(super) struct TakenRole {
    /// With the credentials that it is taken with.
    own: SdkConfig,
    calls: Calls,
    role: Role,
    held: Arc<Mutex<Option<Credentials>>>,
}

impl TakenRole {
    pub(super) fn new(own: SdkConfig, calls: Calls, role: Role) -> Self {
        Self { own, calls, role, held: Arc::default() }
    }

    /// The role's session; the one at hand while it lasts, however many clients ask.
    pub(super) async fn load(&self) -> Result<Credentials, Error> {
        let mut held = self.held.lock().await;
        if let Some(credentials) = held.as_ref().filter(|credentials| lasts(credentials)) {
            return Ok(credentials.clone());
        }
        let credentials = role(&self.own, &self.calls, &self.role, None).await?;
        *held = Some(credentials.clone());
        Ok(credentials)
    }
}

impl ProvideCredentials for TakenRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.load().await.map_err(carried) })
    }
}

/// Whether credentials are good for another while.
pub(super) fn lasts(credentials: &Credentials) -> bool {
    credentials.expiry().is_none_or(|end| end > SystemTime::now() + LEFT)
}
