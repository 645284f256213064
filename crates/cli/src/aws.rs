//! The way to AWS, or to the local AWS: credentials, and the words for what can go wrong on it.

use std::future::Future;

use skysmith_assembly::Stack;
use skysmith_deploy::{Endpoint, Error, SessionOptions, Stuck};
use skysmith_local::Running;
use tokio::runtime::{Builder, Runtime};

use crate::emulator;
use crate::error::Failure;
use crate::session::Session;

/// A connection with checked credentials.
#[derive(Debug)]
pub struct Aws {
    runtime: Runtime,
    /// What calls are made through.
    pub session: skysmith_deploy::Session,
    /// The emulator behind it, with `--local`.
    pub local: Option<Running>,
}

impl Aws {
    /// Connects to what the flags, the environment and skysmith.toml say. With `--local` the emulator is started if need be.
    pub fn connect(session: &Session) -> Result<Self, Failure> {
        let local = if session.globals.local { Some(emulator::start(session)?) } else { None };
        let endpoint = match (&local, &session.globals.endpoint_url) {
            (Some(running), _) => Endpoint::Local(running.endpoint.url().to_owned()),
            (None, Some(url)) => Endpoint::Url(url.clone()),
            (None, None) => Endpoint::Aws,
        };
        let options = SessionOptions {
            profile: session.profile(),
            region: session.region(),
            role_arn: session.globals.role_arn.clone(),
            endpoint,
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::from(error).context("cannot start the network"))?;
        let connected =
            runtime.block_on(skysmith_deploy::Session::connect(&options)).map_err(|error| worded(session, error))?;
        let found = &connected.identity().account;
        if let Some(expected) = session.account()
            && local.is_none()
            && expected != *found
        {
            let environment = session.globals.environment.as_deref().unwrap_or_default();
            return Err(Failure::failed(format!(
                "the environment `{environment}` is account {expected}, the credentials belong to {found}"
            ))
            .note(format!("the credentials are those of {}", connected.identity().arn))
            .hint("choose others with --profile, or correct `account` in skysmith.toml"));
        }
        Ok(Self { runtime, session: connected, local })
    }

    /// Runs to the end of `future`.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The session that a stack is worked on with.
    pub async fn for_stack(&self, session: &Session, stack: &Stack) -> Result<skysmith_deploy::Session, Failure> {
        self.session.for_stack(stack, &()).await.map_err(|error| worded(session, error))
    }

    /// The local address behind an AWS one, where there is one.
    pub fn local_url(&self, value: &str) -> Option<String> {
        self.local.as_ref()?.local_url(value)
    }
}

/// An error of AWS, or on the way to it, with what to do about it.
pub fn worded(session: &Session, error: Error) -> Failure {
    let profile = session.profile().map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    let hints: Vec<String> = match &error {
        Error::NoCredentials { .. } => vec![
            "log in (`aws sso login`, `aws configure`), or choose a profile with --profile".to_owned(),
            "or pass --local to work with the emulator on this machine".to_owned(),
        ],
        Error::BadCredentials { .. } => {
            vec![format!("`aws sts get-caller-identity{profile}` shows the same outside of Skysmith")]
        }
        Error::CredentialsExpired(_) => vec![format!("log in again: aws sso login{profile}")],
        Error::CredentialsRefused(_) => vec!["check the profile, and AWS_ACCESS_KEY_ID and its companions".to_owned()],
        Error::NoRegion => {
            vec!["pass --region, set AWS_REGION, or set `region` of the environment in skysmith.toml".to_owned()]
        }
        Error::Unreachable { .. } if session.globals.local => {
            vec!["skysmith local status says how the emulator is".to_owned()]
        }
        Error::Unreachable { .. } => {
            vec!["check the network, the region's name, HTTPS_PROXY and --endpoint-url".to_owned()]
        }
        Error::WrongEnvironment { .. } => {
            vec!["choose other credentials with --profile, or another region with --region".to_owned()]
        }
        Error::Busy { .. } => vec!["wait for its end and try again".to_owned()],
        Error::Stuck { stack, why, .. } => stuck(stack, *why),
        Error::MissingParameters { parameters, .. } => {
            vec![format!(
                "pass {}",
                parameters.iter().map(|name| format!("--parameters {name}=VALUE")).collect::<Vec<_>>().join(" ")
            )]
        }
        Error::Protected { stack } => vec![format!(
            "lift it first: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {stack}"
        )],
        Error::LostSight { .. } => vec!["run the command again: it goes on from where CloudFormation is".to_owned()],
        Error::BucketsNotEmpty { .. } => {
            vec!["empty them, keep them (removal policy Retain), or have the app mark them to be emptied, and deploy that".to_owned()]
        }
        Error::NoBucket { .. } => vec!["bootstrap the environment with the tool that the app was made for".to_owned()],
        _ if error.code().is_some_and(|code| code.contains("AccessDenied") || code.contains("Unauthorized")) => {
            vec![format!(
                "the credentials lack a permission; `aws sts get-caller-identity{profile}` shows whose they are"
            )]
        }
        _ => Vec::new(),
    };
    hints.into_iter().fold(Failure::from(error), Failure::hint)
}

fn stuck(stack: &str, why: Stuck) -> Vec<String> {
    let delete = format!("delete the stack, and deploy again: skysmith destroy {stack}");
    match why {
        Stuck::KeptResources => vec![
            "its creation failed and left resources that a policy keeps; with the stack deleted they stay, but nobody manages them".to_owned(),
            delete,
        ],
        Stuck::RollbackFailed => vec!["its creation failed, and so did the rollback".to_owned(), delete],
        Error::NotBootstrapped { environment, .. } | Error::BootstrapTooOld { environment, .. }
            if session.globals.local =>
        {
            vec![format!(
                "npx cdk bootstrap {environment}, with AWS_ENDPOINT_URL set to the address in `skysmith local status`"
            )]
        }
        Error::NotBootstrapped { environment, .. } | Error::BootstrapTooOld { environment, .. } => {
            vec![format!("npx cdk bootstrap {environment}")]
        }
        Stuck::UpdateRollbackFailed => vec![
            "its last update failed, and so did the way back".to_owned(),
            format!("mend what the stack's events name, then: aws cloudformation continue-update-rollback --stack-name {stack}"),
        ],
        Stuck::DeleteFailed => vec![format!("finish the deletion first: skysmith destroy {stack}")],
        Stuck::ImportRollbackFailed => vec!["an import failed, and so did the way back; the console shows what is in the way".to_owned()],
        _ => vec!["this status is newer than this version of Skysmith".to_owned()],
    }
}
