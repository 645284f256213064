//! The way to AWS, or to the local AWS: credentials, and the words for what can go wrong on it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use skysmith_assembly::{AssumedRole, Environment, Stack};
use skysmith_deploy::{Endpoint, Event, Observer, SessionOptions};
use skysmith_local::Running;
use tokio::runtime::{Builder, Runtime};

use crate::cli::duration as duration_of;
use crate::emulator;
use crate::error::Failure;
use crate::hints::worded;
use crate::mfa::Prompt;
use crate::output::Ui;
use crate::session::Session;

/// Tells warnings, and nothing else.
struct Warnings(Arc<Ui>);

impl Observer for Warnings {
    fn event(&self, event: Event) {
        if let Event::Warning { message, .. } = event {
            self.0.warn(&message);
        }
    }
}

/// A connection with checked credentials.
#[derive(Debug)]
pub struct Aws {
    runtime: Runtime,
    /// What calls are made through.
    pub session: skysmith_deploy::Session,
    /// The emulator behind it, with `--local`.
    pub local: Option<Running>,
    /// What stacks are worked on with: a role is taken once, however many stacks ask for it.
    taken: RefCell<HashMap<Way, skysmith_deploy::Session>>,
}

/// What decides on the session of a stack: its environment, and the role with all that is said about it.
type Way = (Environment, Option<AssumedRole>);

impl Aws {
    /// Connects to what the flags, the environment and skysmith.toml say. With `--local` the emulator is started if need be.
    pub fn connect(session: &Session) -> Result<Self, Failure> {
        let local = if session.globals.local { Some(emulator::start(session)?) } else { None };
        let options = options(session, local.as_ref(), true)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::from(error).context("cannot start the network"))?;
        let connected =
            runtime.block_on(skysmith_deploy::Session::connect(&options)).map_err(|error| worded(session, error))?;
        if local.is_none() {
            check_account(session, &connected)?;
            let credentials = connected.credentials();
            if session.globals.access.duration.is_some()
                && credentials.roles.is_empty()
                && credentials.mfa_device.is_none()
            {
                session
                    .ui
                    .warn(&format!("--duration does nothing: {} give no session that could last", credentials.source));
            }
        }
        Ok(Self { runtime, session: connected, local, taken: RefCell::default() })
    }

    /// Runs to the end of `future`.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The session that a stack is worked on with.
    pub async fn for_stack(&self, session: &Session, stack: &Stack) -> Result<skysmith_deploy::Session, Failure> {
        self.session_of(session, stack, false).await
    }

    /// The session that a stack is looked at with, for which the assembly may have a role that may do no more.
    pub async fn for_reading(&self, session: &Session, stack: &Stack) -> Result<skysmith_deploy::Session, Failure> {
        self.session_of(session, stack, stack.lookup_role.is_some()).await
    }

    async fn session_of(
        &self,
        session: &Session,
        stack: &Stack,
        only_reads: bool,
    ) -> Result<skysmith_deploy::Session, Failure> {
        let to_read = stack.lookup_role.as_ref().filter(|_| only_reads).map(|lookup| &lookup.role);
        let way = (stack.environment.clone(), to_read.or(stack.role.as_ref()).cloned());
        if let Some(taken) = self.taken.borrow().get(&way) {
            return Ok(taken.clone());
        }
        // A stack that is bound to a region goes nowhere else; who names another one is mistaken about that.
        if let (Some(asked), Some(bound), None) = (&session.globals.region, &stack.environment.region, &self.local)
            && asked != bound
        {
            return Err(Failure::failed(format!("stack {} belongs to {bound}, not to {asked}", stack.display_name))
                .hint("leave out --region: each stack goes to its own")
                .hint("or change the region of the stack, in the program that describes it"));
        }
        let observer = Warnings(Arc::clone(&session.ui));
        let taken = match only_reads {
            true => self.session.for_reading(stack, &observer).await,
            false => self.session.for_stack(stack, &observer).await,
        };
        let taken = taken.map_err(|error| worded(session, error))?;
        self.taken.borrow_mut().insert(way, taken.clone());
        Ok(taken)
    }

    /// The local address behind an AWS one, where there is one.
    pub fn local_url(&self, value: &str) -> Option<String> {
        self.local.as_ref()?.local_url(value)
    }
}

/// What the flags, the environment and skysmith.toml say about the way to AWS; or to `local`, if there is one. Nobody is asked for a code unless `asks`.
pub fn options(session: &Session, local: Option<&Running>, asks: bool) -> Result<SessionOptions, Failure> {
    let (globals, access, environment) = (&session.globals, &session.globals.access, session.environment());
    let endpoint = match (local, &globals.endpoint_url) {
        (Some(running), _) => Endpoint::Local(running.endpoint.url().to_owned()),
        (None, Some(url)) => Endpoint::Url(url.clone()),
        (None, None) => Endpoint::Aws,
    };
    let role_arn = session.role_arn();
    // What is said of a role on the command line is said of no other than the one that is named there or in skysmith.toml.
    if role_arn.is_none() {
        for (flag, given) in [("--external-id", &access.external_id), ("--session-name", &access.session_name)] {
            if given.is_some() {
                return Err(Failure::usage(format!("{flag} is about a role, and none is named"))
                    .hint("name it with --role-arn; for the role of a profile it stands in the profile"));
            }
        }
    }
    let duration = access.duration.as_ref().or(environment.duration.as_ref());
    let duration =
        duration.map(|text| duration_of(text).map_err(|reason| Failure::usage(format!("--duration: {reason}"))));
    Ok(SessionOptions {
        profile: session.profile(),
        region: session.region(),
        role_arn,
        external_id: access.external_id.clone().or_else(|| environment.external_id.clone()),
        session_name: access.session_name.clone().or_else(|| environment.session_name.clone()),
        duration: duration.transpose()?,
        mfa_serial: access.mfa_serial.clone().or_else(|| environment.mfa_serial.clone()),
        mfa: Some(Arc::new(Prompt::new(Arc::clone(&session.ui), access.mfa_code.clone(), asks))),
        // Without a home there is nowhere to keep them, and a code the next time.
        cache: skysmith_local::cache_dir().ok().map(|folder| folder.join("sessions")),
        unrationed: local.is_some(),
        endpoint,
    })
}

/// Refuses credentials of another account than skysmith.toml has for the environment.
pub fn check_account(session: &Session, connected: &skysmith_deploy::Session) -> Result<(), Failure> {
    let found = &connected.identity().account;
    match session.account() {
        Some(expected) if expected != *found => {
            let environment = session.globals.environment.as_deref().unwrap_or_default();
            Err(Failure::failed(format!(
                "the environment `{environment}` is account {expected}, the credentials belong to {found}"
            ))
            .note(format!("the credentials are those of {}", connected.identity().arn))
            .hint("choose others with --profile, or correct `account` in skysmith.toml"))
        }
        _ => Ok(()),
    }
}
