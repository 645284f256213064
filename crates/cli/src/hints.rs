//! What to do about an error of AWS, or on the way to it.

use skysmith_deploy::{Because, Denied, Error, FixedName, Moved, NoWayBack, Operation, ServiceError, Stuck};

use crate::error::Failure;
use crate::output::words;
use crate::regions;
use crate::session::Session;

/// An error of AWS, or on the way to it, with what to do about it.
pub fn worded(session: &Session, error: Error) -> Failure {
    let profile = session.profile().map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    let hints: Vec<String> = match &error {
        Error::NoCredentials { .. } if session.profile().is_some() => vec![
            format!(
                "the profile is `{}`; `aws configure list-profiles` shows those there are",
                session.profile().unwrap_or_default()
            ),
            "or pass --local to work with the emulator on this machine".to_owned(),
        ],
        Error::NoCredentials { .. } => vec![
            "log in (`aws sso login`, `aws configure`), or choose a profile with --profile".to_owned(),
            "or pass --local to work with the emulator on this machine".to_owned(),
        ],
        Error::BadCredentials { .. } => {
            vec![format!("`aws sts get-caller-identity{profile}` shows the same outside of Skysmith")]
        }
        Error::LoginNeeded { command, .. } => vec![format!("log in: {command}")],
        Error::MfaNeeded { .. } => vec![
            "pass the six digits that it shows with --mfa-code, or as SKYSMITH_MFA_CODE; on a terminal they are asked for"
                .to_owned(),
            "the session is kept until it ends: the commands after this one need no code".to_owned(),
        ],
        Error::MfaRefused { .. } => {
            vec!["a code works once, and for half a minute: wait for the next, and check whose device it is".to_owned()]
        }
        Error::RoleRefused { .. } => vec![
            format!("`aws sts get-caller-identity{profile}` shows who asks: that may need sts:AssumeRole, and the role's trust policy must name it"),
            "if the policy asks for an external id or for MFA: --external-id, --mfa-serial".to_owned(),
        ],
        Error::CaBundle { .. } => {
            vec!["it is named by AWS_CA_BUNDLE, or by `ca_bundle` of the profile: a file of PEM certificates".to_owned()]
        }
        // A signature is of a moment; AWS says so in words alone.
        Error::CredentialsRefused(error) | Error::CredentialsExpired(error) if is_of_another_time(error) => {
            vec!["set this machine's clock: AWS takes signatures of the last five minutes".to_owned()]
        }
        Error::CredentialsExpired(error) => vec![renewal(error, &profile)],
        Error::CredentialsRefused(_) => vec![
            "check the profile, and AWS_ACCESS_KEY_ID and its companions".to_owned(),
            "check the region: one that the account has not enabled refuses all credentials".to_owned(),
        ],
        Error::NoRegion => {
            vec!["pass --region, set AWS_REGION, or set `region` of the environment in skysmith.toml".to_owned()]
        }
        Error::Unreachable { .. } if session.globals.local => {
            vec!["skysmith local status says how the emulator is".to_owned()]
        }
        Error::Unreachable { reason, .. } if reason.contains("certificate") => vec![
            "if a proxy stands in between that shows certificates of its own, name the file with its authority: AWS_CA_BUNDLE, or `ca_bundle` of the profile"
                .to_owned(),
        ],
        Error::Unreachable { .. } => {
            let meant = session.region().and_then(|region| regions::suggestion(&region));
            let meant = meant.map(|region| format!("the region may be mistyped: did you mean `{region}`?"));
            let check = "check the network, the region's name, HTTPS_PROXY and --endpoint-url".to_owned();
            meant.into_iter().chain([check]).collect()
        }
        Error::WrongEnvironment { .. } => {
            vec!["choose other credentials with --profile, or another region with --region".to_owned()]
        }
        Error::Busy { operation, .. } => busy(operation.as_ref()),
        Error::Stuck { stack, why, .. } => stuck(session, stack, *why),
        Error::ChangeSet { why, stack, .. } => stuck(session, stack, *why),
        Error::Moved { stack, moved } => moved_on(session, stack, moved),
        Error::ChangeSetExists { .. } => vec!["choose another name with --change-set-name".to_owned()],
        Error::NamesTaken { resources, .. } => resources.iter().map(name_taken).chain([
            "CloudFormation makes the new one before it deletes the old one, and both would have the name".to_owned(),
            "give it another name, or let CloudFormation name it; or take it out, deploy, and put it back in".to_owned(),
        ]).collect(),
        Error::NotDirect { stack, .. } => {
            vec![format!("leave --direct out: {}", session.globals.next_command(&format!("deploy {stack}")))]
        }
        Error::NotComparable { stack, .. } => {
            vec![format!("{}    says what is wrong with it", session.globals.next_command(&format!("repair {stack}")))]
        }
        Error::NoWayBack { stack, why, .. } => no_way_back(session, stack, *why),
        Error::MissingParameters { parameters, .. } => {
            vec![format!(
                "pass {}",
                parameters.iter().map(|name| format!("--parameters {name}=VALUE")).collect::<Vec<_>>().join(" ")
            )]
        }
        Error::ExportsWouldChange { .. } => vec![
            "CloudFormation changes no export that is imported: export the new resource under a new name, or make the reference weak"
                .to_owned(),
        ],
        Error::OutputsInUse { .. } => vec![
            "have the readers read something else and deploy them first; or give the stack its output back".to_owned(),
        ],
        Error::Protected { stack } => vec![format!(
            "lift it in the app, `.termination_protection(false)`, and: {}",
            session.globals.next_command(&format!("deploy {stack}"))
        )],
        Error::ExportsInUse { .. } => {
            vec!["destroy the readers first, or have them read something else and deploy that".to_owned()]
        }
        Error::LostSight { source, .. } if lost_credentials(source) => {
            let renewal = match &**source {
                Error::CredentialsExpired(error) => renewal(error, &profile),
                Error::LoginNeeded { command, .. } => format!("log in: {command}"),
                _ => format!("see that `aws sts get-caller-identity{profile}` works again"),
            };
            vec![
                "CloudFormation goes on without you; nothing has to be undone".to_owned(),
                renewal,
                "then run the command again: it goes on from where CloudFormation is".to_owned(),
            ]
        }
        Error::LostSight { .. } => vec!["run the command again: it goes on from where CloudFormation is".to_owned()],
        Error::BucketsNotEmpty { .. } => {
            vec!["empty them, keep them (removal policy Retain), or have the app mark them to be emptied, and deploy that".to_owned()]
        }
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
        Error::ForeignBucket { bucket } if bucket.starts_with("cdk-") => vec![
            "its owner could read your assets and exchange them, so it is not used".to_owned(),
            "bootstrap anew under another qualifier: npx cdk bootstrap --qualifier NAME, and the same in cdk.json as \"@aws-cdk/core:bootstrapQualifier\"".to_owned(),
        ],
        Error::ForeignBucket { .. } => {
            vec!["its owner could read your assets and exchange them, so it is not used; ask AWS's support for the name".to_owned()]
        }
        Error::NoRepository { environment, .. } => vec![format!("npx cdk bootstrap {environment}")],
        Error::NoContainerClient { .. } => {
            vec!["install Docker, or name another client in CDK_DOCKER, such as podman".to_owned()]
        }
        Error::NewerBootstrap { .. } => vec!["use the newer version of Skysmith".to_owned()],
        Error::Unsettled { stacks } => {
            let names: Vec<&str> = stacks.iter().map(|(name, _)| name.as_str()).collect();
            vec![format!("nothing was removed; wait for them, or set them right first: {}", names.join(", "))]
        }
        Error::NotKept { .. } => {
            vec!["give them the deletion policy Retain in the program, deploy, and remove them then".to_owned()]
        }
        Error::FirstStep { .. } => vec!["deploy once without the removal, so that nothing else is left to change".to_owned()],
        Error::SecondStep { .. } => vec!["run it again, to see what is to be done now".to_owned()],
        Error::MovedOn => vec!["run it again".to_owned()],
        Error::NoBucket { .. } => vec!["bootstrap the environment with the tool that the app was made for".to_owned()],
        _ if error.denied().is_some() => error.denied().map(|denied| missing(session, &denied)).unwrap_or_default(),
        _ if error.code().is_some_and(|code| code.contains("AccessDenied") || code.contains("Unauthorized")) => {
            vec![format!(
                "the credentials lack a permission; `aws sts get-caller-identity{profile}` shows whose they are"
            )]
        }
        _ => Vec::new(),
    };
    hints.into_iter().fold(Failure::from(error), Failure::hint)
}

/// What to do about a permission that is missing.
pub fn missing(session: &Session, denied: &Denied) -> Vec<String> {
    match denied.because {
        Because::Forbidden(kind) => vec![format!(
            "a {kind} forbids `{}`; more permissions do not help, only a change of that policy",
            denied.action
        )],
        _ => {
            let whose = denied.principal.as_ref().map(|principal| format!(" (they are those of {principal})"));
            vec![
                format!("the credentials lack {denied}{}", whose.unwrap_or_default()),
                format!("`{}` prints what is needed", session.globals.next_command("permissions")),
            ]
        }
    }
}

/// How to have credentials again that are over.
fn renewal(error: &ServiceError, profile: &str) -> String {
    if error.message.contains("took a code") {
        return "run the command again: it takes a new code, and a longer session with --duration".to_owned();
    }
    let is_set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if profile.is_empty() && is_set("AWS_SESSION_TOKEN") {
        return "set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: these are over".to_owned();
    }
    format!("log in again: aws sso login{profile}, or whatever made these credentials")
}

/// Whether it is the credentials that are lost.
fn lost_credentials(error: &Error) -> bool {
    matches!(
        error,
        Error::CredentialsExpired(_)
            | Error::CredentialsRefused(_)
            | Error::BadCredentials { .. }
            | Error::LoginNeeded { .. }
    )
}

/// `Signature expired: 20260101T000000Z is now earlier than ...`, `Signature not yet current: ...`; S3 has a code for it.
fn is_of_another_time(error: &ServiceError) -> bool {
    error.code == "RequestTimeTooSkewed"
        || error.message.contains("Signature expired")
        || error.message.contains("Signature not yet current")
}

/// What has moved since the plan was made, and how to make another.
fn moved_on(session: &Session, stack: &str, moved: &[Moved]) -> Vec<String> {
    let mut hints = Vec::new();
    if moved.contains(&Moved::Template) {
        hints.push("the plan's own revision can be applied from a checkout of it".to_owned());
    }
    hints.push(format!("look at it anew: {}", session.globals.next_command(&format!("deploy {stack}"))));
    hints
}

fn name_taken(resource: &FixedName) -> String {
    let name = resource.physical_id.as_ref().map(|id| format!(" `{id}`")).unwrap_or_default();
    let causes = match resource.causes.as_slice() {
        [] => String::new(),
        causes => format!(": {} cannot change in place", causes.join(", ")),
    };
    format!("{} is replaced, and its {}{name} stays{causes}", resource.logical_id, resource.property)
}

/// Whose the operation is, since when, and what to do.
fn busy(operation: Option<&Operation>) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(operation) = operation {
        let by = operation.by().map_or_else(|| "by somebody else".to_owned(), |by| format!("by {by}"));
        let since = operation.since.and_then(|since| since.elapsed().ok());
        let since = since.map(|since| format!(", {} ago", words::seconds(since))).unwrap_or_default();
        let token = operation.token.as_ref().map(|token| format!(" (client token {token})")).unwrap_or_default();
        hints.push(format!("it was started {by}{since}{token}"));
    }
    hints.push("wait for its end and try again".to_owned());
    hints
}

fn stuck(session: &Session, stack: &str, why: Stuck) -> Vec<String> {
    let repair = session.globals.next_command(&format!("repair {stack}"));
    match why {
        Stuck::KeptResources => vec![
            "its creation failed and left resources that a policy keeps".to_owned(),
            format!("{repair}    names them, and deletes the rest of the stack"),
        ],
        Stuck::RollbackFailed => {
            vec!["its creation failed, and so did the rollback".to_owned(), format!("{repair}    finishes it")]
        }
        Stuck::UpdateRollbackFailed => {
            vec!["its last update failed, and so did the way back".to_owned(), format!("{repair}    finishes that")]
        }
        Stuck::CreationFailed => vec![
            "its creation failed with rollback off; a deploy goes on from there, a rollback takes it back".to_owned(),
        ],
        Stuck::UpdateFailed => vec![
            "its update failed with rollback off; a deploy goes on from there, a rollback takes it back".to_owned(),
        ],
        Stuck::NotCancellable => vec!["only an update can be cancelled; wait for the end".to_owned()],
        Stuck::ForeignChangeSet => vec![
            "it has nothing but change sets, and one was made by somebody else or left on purpose".to_owned(),
            format!("{repair}    looks at both"),
        ],
        Stuck::NoChangeSet => vec!["there is no change set of that name; `deploy --no-execute` makes one".to_owned()],
        Stuck::ChangeSetUnusable => vec!["CloudFormation could not work the change set out; make another".to_owned()],
        Stuck::ChangeSetSpent => vec!["the change set was executed before, and that failed; make another".to_owned()],
        Stuck::ChangeSetObsolete => {
            vec!["the stack has changed since the change set was made; make another".to_owned()]
        }
        Stuck::DeleteFailed => vec![format!("{repair}    finishes the deletion")],
        Stuck::ImportRollbackFailed => {
            vec!["an import failed, and so did the way back; the console shows what is in the way".to_owned()]
        }
        _ => vec!["this status is newer than this version of Skysmith".to_owned()],
    }
}

/// What there is instead of a way back.
fn no_way_back(session: &Session, stack: &str, why: NoWayBack) -> Vec<String> {
    let next = |words: &str| session.globals.next_command(&format!("{words} {stack}"));
    match why {
        NoWayBack::Succeeded => vec![
            "its last change succeeded, and CloudFormation takes back only what failed".to_owned(),
            format!("check out what the app was before, then: {}", next("deploy")),
        ],
        NoWayBack::BeingMade => vec![
            "it is being made, which cannot be cancelled: wait for its end".to_owned(),
            format!("then, to be rid of it: {}", next("destroy")),
        ],
        NoWayBack::Deleted => vec![format!("to make it again: {}", next("deploy"))],
        NoWayBack::NeverMade | NoWayBack::HalfGone => vec![next("repair")],
        NoWayBack::Import => {
            vec!["CloudFormation has no call to end an import; the console shows how it stands".to_owned()]
        }
        _ => vec!["this status is newer than this version of Skysmith".to_owned()],
    }
}
