//! Whose credentials a session acts with.
//!
//! In the order of the AWS CLI: a profile that was chosen; the environment; the profile that the environment names, or `default`; a web identity, a container, an instance.
//! Each of them is read by `aws-config`. What is taken with them, sessions with a code and roles, is taken here: `aws-config` knows no codes, and no durations.
//!
//! A code is asked for while a session connects and at no other time. What ends without a code to renew it is renewed.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::sync::Mutex;

use super::cache::{Cache, Key};
use super::mfa::{self, MfaPrompt, MfaRequest};
use super::preflight::Calls;
use super::profile::{Plan, Role, plan};
use super::role::{self, Code, lasts};
use super::{CredentialsInfo, Endpoint, SessionOptions, Source, carried, read_profiles};
use crate::error::root_cause;
use crate::{Error, ServiceError};

/// Credentials, and all that it takes to have them again.
#[derive(Clone, Debug)]
pub(super) struct Chain(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    profile: Option<String>,
    role: Option<Role>,
    device: Option<String>,
    duration: Option<Duration>,
    endpoint: String,
    prompt: Option<Arc<dyn MfaPrompt>>,
    /// Whether somebody may be asked.
    asking: AtomicBool,
    cache: Option<Cache>,
    /// Without credentials; for the calls to STS.
    config: SdkConfig,
    /// For the providers of `aws-config`.
    providers: ProviderConfig,
    metadata: imds::Client,
    calls: Calls,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    credentials: Option<(Credentials, CredentialsInfo)>,
    /// The beginning of the chain: some of them know more than a file says, such as when to renew a login.
    base: Option<(Source, SharedCredentialsProvider)>,
    /// What was found in the cache.
    from_cache: Option<Key>,
}

/// One thing that is taken with what there is before it.
#[derive(Debug)]
enum Step {
    Session { device: String, duration: Option<Duration> },
    Role { role: Role, device: Option<String> },
}

impl Step {
    /// The device whose code it takes.
    fn device(&self) -> Option<&str> {
        match self {
            Self::Session { device, .. } => Some(device),
            Self::Role { device, .. } => device.as_deref(),
        }
    }

    fn operation(&self) -> &'static str {
        match self {
            Self::Session { .. } => "GetSessionToken",
            Self::Role { .. } => "AssumeRole",
        }
    }

    fn role(&self) -> Option<&Role> {
        match self {
            Self::Session { .. } => None,
            Self::Role { role, .. } => Some(role),
        }
    }
}

impl Chain {
    pub(super) fn new(
        options: &SessionOptions,
        config: SdkConfig,
        providers: ProviderConfig,
        metadata: imds::Client,
        calls: Calls,
    ) -> Self {
        let role = options.role_arn.clone().map(|arn| Role {
            arn,
            external_id: options.external_id.clone(),
            session_name: options.session_name.clone(),
            ..Role::default()
        });
        Self(Arc::new(Inner {
            profile: options.profile.clone(),
            role,
            device: options.mfa_serial.clone(),
            duration: options.duration,
            endpoint: match &options.endpoint {
                Endpoint::Aws => String::new(),
                Endpoint::Url(url) | Endpoint::Local(url) => url.clone(),
            },
            prompt: options.mfa.clone(),
            asking: AtomicBool::new(true),
            cache: options.cache.clone().map(Cache::new),
            config,
            providers,
            metadata,
            calls,
            held: Mutex::default(),
        }))
    }

    /// The credentials, and how they came about. Those at hand while they last, however many clients ask.
    pub(super) async fn load(&self) -> Result<(Credentials, CredentialsInfo), Error> {
        let mut held = self.0.held.lock().await;
        if let Some(found) = held.credentials.as_ref().filter(|(credentials, _)| lasts(credentials)) {
            return Ok(found.clone());
        }
        let found = self.0.load(&mut held).await?;
        held.credentials = Some(found.clone());
        Ok(found)
    }

    /// Forgets what was found in the cache, which AWS does not want. Says whether there was anything.
    pub(super) async fn forget_kept(&self) -> bool {
        let mut held = self.0.held.lock().await;
        held.credentials = None;
        match (held.from_cache.take(), &self.0.cache) {
            (Some(key), Some(cache)) => {
                cache.forget(&key);
                true
            }
            _ => false,
        }
    }

    /// Nobody is asked from now on.
    pub(super) fn stop_asking(&self) {
        self.0.asking.store(false, Ordering::Relaxed);
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.load().await.map(|(credentials, _)| credentials).map_err(carried)
        })
    }
}

impl Inner {
    async fn load(&self, held: &mut Held) -> Result<(Credentials, CredentialsInfo), Error> {
        let profiles = read_profiles(self.profile.as_deref()).await?;
        let plan = self.plan(&profiles)?;
        let steps = self.steps(&plan)?;
        let mut info = CredentialsInfo {
            source: plan.source.clone(),
            roles: plan.roles.iter().map(|role| role.arn.clone()).collect(),
            mfa_device: plan.verified.clone(),
            kept: false,
            expires: None,
        };
        if let Some(device) = steps.iter().rev().find_map(Step::device) {
            info.mfa_device = Some(device.to_owned());
        }
        let keys = self.keys(&plan, &steps);
        // From the last session that is kept, what comes before it is not needed.
        let kept = self.cache.as_ref().and_then(|cache| {
            let codes = steps.iter().enumerate().rev().filter(|(_, step)| step.device().is_some());
            codes.filter_map(|(at, _)| Some((at, cache.get(&keys[at])?))).next()
        });
        let (mut credentials, rest) = match kept {
            Some((at, session)) => {
                held.from_cache = Some(keys[at].clone());
                info.kept = true;
                (session, at + 1)
            }
            None => (self.begin(&plan, &profiles, held).await?, 0),
        };
        for (step, key) in steps.iter().zip(&keys).skip(rest) {
            let provider = SharedCredentialsProvider::new(credentials);
            let config = self.config.clone().into_builder().credentials_provider(provider).build();
            credentials = match step.device() {
                None => self.take(step, &config, None).await?,
                Some(device) => {
                    let session = self.take_with_code(step, device, &config).await?;
                    if let Some(cache) = &self.cache {
                        cache.put(key, &session);
                    }
                    session
                }
            };
        }
        info.expires = credentials.expiry();
        Ok((credentials, info))
    }

    /// What there is to begin with, and what it asks for.
    fn plan(&self, profiles: &ProfileSet) -> Result<Plan, Error> {
        let mut found = if self.profile.is_none() && is_set("AWS_ACCESS_KEY_ID") {
            Plan::of(Source::Environment, None)
        } else {
            let name = profiles.selected_profile();
            match plan(profiles, name)? {
                Some(plan) => plan,
                // Who names a profile means no other credentials.
                None if self.profile.is_some() || name != "default" => {
                    let reason = match profiles.get_profile(name) {
                        Some(_) => format!("profile `{name}` has none"),
                        None => format!("there is no profile `{name}`{}", others(profiles)),
                    };
                    return Err(Error::NoCredentials { reason });
                }
                None if is_set("AWS_WEB_IDENTITY_TOKEN_FILE") => Plan::of(Source::WebIdentity { profile: None }, None),
                None if is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                    || is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI") =>
                {
                    Plan::of(Source::Container, None)
                }
                None => Plan::of(Source::Instance, None),
            }
        };
        if let Some(role) = &self.role {
            found.roles.push(role.clone());
        }
        Ok(found)
    }

    fn steps(&self, plan: &Plan) -> Result<Vec<Step>, Error> {
        let mut device = plan.device.clone();
        if let Some(asked) = &self.device {
            let lasting = match (&plan.source, &plan.keys) {
                (Source::Environment, _) => !is_set("AWS_SESSION_TOKEN"),
                (_, Some(keys)) => keys.session_token().is_none(),
                _ => false,
            };
            if !lasting && plan.verified.is_none() {
                let reason = format!(
                    "a session with the code of an MFA device is taken with the lasting keys of a user; {} has none",
                    plan.source
                );
                return Err(Error::BadCredentials { reason });
            }
            if lasting {
                device = Some(asked.clone());
            }
        }
        let mut steps = Vec::new();
        // A code counts for the roles that are taken afterwards as well.
        let verified: Vec<&String> = device.iter().chain(&plan.verified).collect();
        for role in &plan.roles {
            let device = role.device.clone().filter(|device| !verified.contains(&device));
            steps.push(Step::Role { role: role.clone(), device });
        }
        if let Some(device) = device {
            steps.insert(0, Step::Session { device, duration: None });
        }
        // What is asked for is for what we end up with.
        if self.duration.is_some() {
            match steps.last_mut() {
                Some(Step::Session { duration, .. }) => *duration = self.duration,
                Some(Step::Role { role, .. }) => role.duration = self.duration,
                None => {}
            }
        }
        Ok(steps)
    }

    /// What each step's session is kept under: everything that decides about it, and about those before it.
    fn keys(&self, plan: &Plan, steps: &[Step]) -> Vec<Key> {
        let mut parts = vec![self.endpoint.clone(), format!("{:?}", plan.source)];
        parts.push(match (&plan.keys, &plan.source) {
            (Some(keys), _) => keys.access_key_id().to_owned(),
            (None, Source::Environment) => env::var("AWS_ACCESS_KEY_ID").unwrap_or_default(),
            (None, _) => String::new(),
        });
        steps
            .iter()
            .map(|step| {
                parts.push(format!("{step:?}"));
                Key::of(parts.iter().map(String::as_str))
            })
            .collect()
    }

    /// The credentials that the chain begins with.
    async fn begin(&self, plan: &Plan, profiles: &ProfileSet, held: &mut Held) -> Result<Credentials, Error> {
        if let Some(keys) = &plan.keys {
            return Ok(keys.clone());
        }
        if held.base.as_ref().is_none_or(|(source, _)| *source != plan.source) {
            held.base = Some((plan.source.clone(), self.provider(&plan.source, profiles)));
        }
        let Some((source, provider)) = &held.base else {
            return Err(Error::NoCredentials { reason: plan.source.to_string() });
        };
        provider.provide_credentials().await.map_err(|error| base_error(source, &error))
    }

    fn provider(&self, source: &Source, profiles: &ProfileSet) -> SharedCredentialsProvider {
        let of_profile = |name: &str| {
            let provider = ProfileFileCredentialsProvider::builder().configure(&self.providers).profile_name(name);
            SharedCredentialsProvider::new(provider.build())
        };
        match source {
            Source::Environment => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
            // By its command, as the profile may take a role with it as well.
            Source::Process { profile } => {
                let command = profiles.get_profile(profile).and_then(|profile| profile.get("credential_process"));
                let command = command.unwrap_or_default().to_owned();
                SharedCredentialsProvider::new(CredentialProcessProvider::new(command))
            }
            // Whoever has made the login has the program that made it, which knows how to renew it.
            Source::Login { profile } if is_plain(profile) => {
                let command = format!("aws configure export-credentials --profile {profile} --format process");
                SharedCredentialsProvider::new(CredentialProcessProvider::new(command))
            }
            Source::Profile { name: profile }
            | Source::Sso { profile, .. }
            | Source::Login { profile }
            | Source::WebIdentity { profile: Some(profile) } => of_profile(profile),
            Source::WebIdentity { profile: None } => SharedCredentialsProvider::new(
                WebIdentityTokenCredentialsProvider::builder().configure(&self.providers).build(),
            ),
            Source::Container => {
                SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(&self.providers).build())
            }
            Source::Instance | Source::Local => SharedCredentialsProvider::new(
                ImdsCredentialsProvider::builder()
                    .configure(&self.providers)
                    .imds_client(self.metadata.clone())
                    .build(),
            ),
        }
    }

    async fn take(&self, step: &Step, config: &SdkConfig, code: Option<Code<'_>>) -> Result<Credentials, Error> {
        match step {
            Step::Session { duration, .. } => role::session(config, &self.calls, *duration, code).await,
            Step::Role { role, .. } => role::role(config, &self.calls, role, code).await,
        }
    }

    async fn take_with_code(&self, step: &Step, device: &str, config: &SdkConfig) -> Result<Credentials, Error> {
        if !self.asking.load(Ordering::Relaxed) {
            return Err(Error::CredentialsExpired(ServiceError {
                operation: step.operation(),
                code: "ExpiredToken".to_owned(),
                message: format!("the session that took a code of MFA device {device} is over"),
                request_id: None,
            }));
        }
        let mut refused: Option<String> = None;
        for _ in 0..mfa::TRIES {
            let request = MfaRequest {
                serial: device,
                role_arn: step.role().map(|role| role.arn.as_str()),
                refused: refused.as_deref(),
            };
            let Some(typed) = self.prompt.as_ref().and_then(|prompt| prompt.code(&request)) else { break };
            let Some(code) = mfa::digits(&typed) else {
                refused = Some("a code is six digits".to_owned());
                continue;
            };
            match self.take(step, config, Some(Code { device, code: &code })).await {
                Err(Error::MfaRefused { reason, .. }) => refused = Some(reason),
                taken => return taken,
            }
        }
        let device = device.to_owned();
        Err(match refused {
            Some(reason) => Error::MfaRefused { device, reason },
            None => Error::MfaNeeded { device },
        })
    }
}

/// Why the beginning of the chain gave nothing.
fn base_error(source: &Source, error: &CredentialsError) -> Error {
    let reason = root_cause(error).trim().to_owned();
    // It is the last that is asked; where there is none, there are no credentials.
    if matches!(source, Source::Instance) {
        let reason = format!("neither variables nor a profile, a container or an EC2 instance has any ({reason})");
        return Error::NoCredentials { reason };
    }
    if let CredentialsError::CredentialsNotLoaded(_) = error {
        return Error::NoCredentials { reason };
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<ConnectorError>().is_some_and(|error| error.is_io() || error.is_timeout()) {
            let operation = match source {
                Source::Sso { .. } => "GetRoleCredentials",
                Source::WebIdentity { .. } => "AssumeRoleWithWebIdentity",
                _ => "GetCredentials",
            };
            return Error::Unreachable { operation, endpoint: None, reason };
        }
        cause = inner.source();
    }
    match source.login() {
        // The login is good, and the role is not the user's.
        Some(_) if reason.contains("Forbidden") || reason.contains("No access") => Error::BadCredentials { reason },
        Some(command) => Error::LoginNeeded { login: source.clone(), command, reason },
        None => Error::BadCredentials { reason },
    }
}

fn others(profiles: &ProfileSet) -> String {
    let mut names: Vec<&str> = profiles.profiles().collect();
    names.sort_unstable();
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

/// Whether a shell takes it for one word as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@+".contains(c))
        && !name.starts_with('-')
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Nobody;

    impl MfaPrompt for Nobody {
        fn code(&self, request: &MfaRequest<'_>) -> Option<String> {
            panic!("asked for a code of {}", request.serial);
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_once_the_session_is_connected() {
        let options = SessionOptions { mfa: Some(Arc::new(Nobody)), ..SessionOptions::default() };
        let config = SdkConfig::builder().build();
        let http = super::super::http_client(&Endpoint::Aws, &ProfileSet::default()).unwrap();
        let providers = ProviderConfig::without_region().with_http_client(http);
        let metadata = super::super::metadata_client(&providers);
        let chain = Chain::new(&options, config.clone(), providers, metadata, Calls::default());
        chain.stop_asking();
        let step = Step::Session { device: "arn:mfa".to_owned(), duration: None };
        let error = chain.0.take_with_code(&step, "arn:mfa", &config).await.unwrap_err();
        assert!(
            matches!(&error, Error::CredentialsExpired(error) if error.message.contains("arn:mfa is over")),
            "{error:?}"
        );
    }
}
