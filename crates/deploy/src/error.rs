//! Everything that can go wrong between here and a finished stack. How to say it to people, and what to do about it, is the command line's matter.

use std::io;
use std::path::PathBuf;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::RequestId as _;

use crate::denied::Denied;
use crate::exports::ReadOutput;
use crate::failure::Failure;
use crate::guard::{DataLoss, FixedName};
use crate::refusal;
use crate::saved::Moved;
use crate::session::{Source, uncarried};
use crate::{NoWayBack, Operation, StackStatus, Stuck};

/// An answer of AWS that is an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message} ({code})")]
pub struct ServiceError {
    /// The API operation.
    pub operation: &'static str,
    /// AWS's code, such as `AccessDenied`.
    pub code: String,
    /// AWS's own words.
    pub message: String,
    /// The id by which AWS's support finds the request.
    pub request_id: Option<String>,
}

impl ServiceError {
    /// The permission that was missing, if that is what went wrong. Where AWS does not name the action, it is the operation's.
    #[must_use]
    pub fn denied(&self) -> Option<Denied> {
        let is_denial = ["AccessDenied", "Unauthorized", "Forbidden"].iter().any(|word| self.code.contains(word));
        Denied::parse(&self.message).or_else(|| {
            let action = crate::permissions::action_of(self.operation).filter(|_| is_denial)?;
            Some(Denied::of(action))
        })
    }
}

/// Why a deployment, a destruction or a question about a stack came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No place that is looked at has credentials.
    #[error("no AWS credentials were found: {reason}")]
    NoCredentials {
        /// What was tried, in the SDK's words.
        reason: String,
    },
    /// There are credentials, but they cannot be used: a profile is broken, a login is over, a role cannot be taken.
    #[error("the AWS credentials cannot be used: {reason}")]
    BadCredentials {
        /// What is wrong.
        reason: String,
    },
    /// A login is over, or was never made.
    #[error("{login} is over, or was never made: {reason}")]
    LoginNeeded {
        /// The login.
        login: Source,
        /// The command that makes it.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A code of an MFA device is needed, and nobody can be asked for it.
    #[error("a code of MFA device {device} is needed, and there is nobody to ask")]
    MfaNeeded {
        /// The device's serial number.
        device: String,
    },
    /// AWS does not accept the code of an MFA device.
    #[error("the code of MFA device {device} is not accepted: {reason}")]
    MfaRefused {
        /// The device's serial number.
        device: String,
        /// AWS's words, or ours.
        reason: String,
    },
    /// The credentials may not take a role.
    #[error("role {role} cannot be taken: {error}")]
    RoleRefused {
        /// The role's ARN.
        role: String,
        /// What AWS says.
        error: ServiceError,
    },
    /// The file with the certificates to trust cannot be used.
    #[error("the certificates to trust cannot be read from {}: {reason}", .path.display())]
    CaBundle {
        /// The file that `AWS_CA_BUNDLE` or the profile names.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The credentials were valid once.
    #[error("the AWS credentials have expired: {0}")]
    CredentialsExpired(ServiceError),
    /// AWS does not accept the credentials.
    #[error("AWS refuses the credentials: {0}")]
    CredentialsRefused(ServiceError),
    /// No region is set anywhere.
    #[error("no AWS region is set")]
    NoRegion,
    /// Dummy credentials were about to be sent to another machine.
    #[error("{url} is not on this machine, so it is not a local AWS")]
    NotLoopback {
        /// The URL.
        url: String,
    },
    /// Nobody answers.
    #[error("{operation}: {} cannot be reached: {reason}", .endpoint.as_deref().unwrap_or("AWS"))]
    Unreachable {
        /// The API operation.
        operation: &'static str,
        /// Where it was sent, if that was given.
        endpoint: Option<String>,
        /// Why not.
        reason: String,
    },
    /// AWS answered with an error.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The answer cannot be understood, or the request could not be built.
    #[error("{operation}: {reason}")]
    Protocol {
        /// The API operation.
        operation: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The stack is bound to another account or region than the credentials.
    #[error("stack {stack} belongs to {expected}, the credentials to {found}")]
    WrongEnvironment {
        /// The stack's name.
        stack: String,
        /// The environment that the assembly names.
        expected: String,
        /// The environment at hand.
        found: String,
    },
    /// Something else is changing the stack.
    #[error("stack {stack} is being changed by another deployment ({status})")]
    Busy {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
        /// The operation, as far as it was looked at.
        operation: Option<Operation>,
    },
    /// The stack is in a state that needs a decision first.
    #[error("stack {stack} cannot be deployed to: it is in {status}")]
    Stuck {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
        /// What is in the way.
        why: Stuck,
    },
    /// The stack's status leaves no way back to where it was.
    #[error("stack {stack} cannot be rolled back: it is in {status}")]
    NoWayBack {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
        /// Why not.
        why: NoWayBack,
    },
    /// CloudFormation cannot compare the stack with its template in this status.
    #[error("stack {stack} cannot be compared with its template: it is in {status}")]
    NotComparable {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
    },
    /// CloudFormation could not compare the stack with its template.
    #[error("CloudFormation could not compare stack {stack} with its template: {reason}")]
    DetectionFailed {
        /// The stack's name.
        stack: String,
        /// CloudFormation's words.
        reason: String,
    },
    /// These resources cannot be imported into the stack. Nothing was changed.
    #[error("nothing can be imported into stack {stack} like this: {reason}")]
    CannotImport {
        /// The stack's name.
        stack: String,
        /// Why not.
        reason: String,
    },
    /// There is no such stack.
    #[error("there is no stack {stack}")]
    NoSuchStack {
        /// The name that was asked for.
        stack: String,
    },
    /// The template cannot be read.
    #[error("{}: {source}", .path.display())]
    Template {
        /// The file, or the stack if it is the deployed one.
        path: PathBuf,
        /// What is wrong.
        source: Box<skysmith_template::ReadError>,
    },
    /// A parameter has no value, neither given nor by default nor from before.
    #[error("stack {stack} needs a value for {}", .parameters.join(", "))]
    MissingParameters {
        /// The stack's name.
        stack: String,
        /// The parameters.
        parameters: Vec<String>,
    },
    /// A value is given for a parameter that the template does not have.
    #[error("stack {stack} has no parameter {}", .parameters.join(", "))]
    UnknownParameters {
        /// The stack's name.
        stack: String,
        /// The parameters.
        parameters: Vec<String>,
    },
    /// The change set that was to be applied cannot be.
    #[error("change set {change_set} of stack {stack} cannot be applied: {why}")]
    ChangeSet {
        /// The stack's name.
        stack: String,
        /// The change set's name.
        change_set: String,
        /// What is in the way.
        why: Stuck,
    },
    /// What the plan was made for is no longer so. Nothing was changed.
    #[error("stack {stack} is not what the plan was made for: {}", .moved.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Moved {
        /// The stack's name.
        stack: String,
        /// What has changed since.
        moved: Vec<Moved>,
    },
    /// Before resources can leave the stack in two steps, something else in it would change: see [`Session::let_go`](crate::Session::let_go).
    #[error("stack {stack} cannot be prepared for what leaves it: {} would change as well", resources.join(", "))]
    FirstStep {
        /// The stack's name.
        stack: String,
        /// What would change: their logical ids.
        resources: Vec<String>,
    },
    /// CloudFormation sees no change where resources that leave the stack in two steps shall be kept first.
    #[error("stack {stack} cannot be prepared for what leaves it: CloudFormation does not take up that {} shall be kept", resources.join(", "))]
    NotKept {
        /// The stack's name.
        stack: String,
        /// What should be kept when it goes: their logical ids.
        resources: Vec<String>,
    },
    /// After the first of two steps something else is to be done than was planned.
    #[error("stack {stack} has moved on while it was prepared: what is to be done now is not what was shown")]
    SecondStep {
        /// The stack's name.
        stack: String,
    },
    /// There is another change set of the name that was given.
    #[error("stack {stack} has a change set {change_set} already")]
    ChangeSetExists {
        /// The stack's name.
        stack: String,
        /// The change set's name.
        change_set: String,
    },
    /// CloudFormation is bound to refuse the change: resources with names of their own would be replaced under the same names. Nothing was changed.
    #[error("stack {stack}: {} cannot be replaced under the same name", .resources.iter().map(|one| one.logical_id.as_str()).collect::<Vec<_>>().join(", "))]
    NamesTaken {
        /// The stack's name.
        stack: String,
        /// The resources.
        resources: Vec<FixedName>,
    },
    /// A change that is too much to be made without a change set. Nothing was changed.
    #[error("stack {stack} cannot be changed without a change set: {reason}")]
    NotDirect {
        /// The stack's name.
        stack: String,
        /// Why not.
        reason: String,
    },
    /// CloudFormation could not make the change set.
    #[error("CloudFormation refuses the change to stack {stack}: {reason}")]
    ChangeSetFailed {
        /// The stack's name.
        stack: String,
        /// CloudFormation's words.
        reason: String,
    },
    /// Outputs would go that stacks outside of the app read. Nothing was changed.
    #[error("stack {stack} no longer has what other stacks read: {}", list(.outputs))]
    OutputsInUse {
        /// The stack's name.
        stack: String,
        /// What is read, and by whom.
        outputs: Vec<ReadOutput>,
    },
    /// Other stacks import what the stack exports, so CloudFormation does not delete it. Nothing was changed.
    #[error("other stacks import what stack {stack} exports: {}", list(.exports))]
    ExportsInUse {
        /// The stack's name.
        stack: String,
        /// What is imported, and by whom.
        exports: Vec<ReadOutput>,
    },
    /// The value of exports would change while other stacks import it, which CloudFormation refuses. Nothing was changed.
    #[error("a resource is replaced that other stacks import from stack {stack}: {}", list(.outputs))]
    ExportsWouldChange {
        /// The stack's name.
        stack: String,
        /// What is imported, and by whom.
        outputs: Vec<ReadOutput>,
    },
    /// The deployment would lose data, and nobody allowed it. Nothing was changed.
    #[error("deploying stack {stack} would lose data in {}", names(.losses))]
    Refused {
        /// The stack's name.
        stack: String,
        /// What would be lost.
        losses: Vec<DataLoss>,
    },
    /// Whoever was asked said no. Nothing was changed.
    #[error("stack {stack} was not deployed")]
    Declined {
        /// The stack's name.
        stack: String,
    },
    /// The operation ran and failed.
    #[error("{0}")]
    Failed(Box<Failure>),
    /// The stack is protected against deletion.
    #[error("stack {stack} has termination protection")]
    Protected {
        /// The stack's name.
        stack: String,
    },
    /// The operation goes on in AWS, but its state can no longer be read.
    #[error("lost sight of stack {stack_id}, whose operation goes on: {source}")]
    LostSight {
        /// The stack's id.
        stack_id: String,
        /// Why it cannot be seen.
        source: Box<Self>,
    },
    /// The bucket for assets belongs to another account.
    #[error("bucket {bucket} belongs to another account")]
    ForeignBucket {
        /// The bucket.
        bucket: String,
    },
    /// The stack asks for the CDK's bootstrap stack, which is not there.
    #[error(
        "stack {stack} needs the CDK's bootstrap in {environment}, which has none: there is no SSM parameter {parameter}"
    )]
    NotBootstrapped {
        /// The stack's name.
        stack: String,
        /// The account and region.
        environment: String,
        /// The SSM parameter that would hold its version.
        parameter: String,
    },
    /// The stack asks for a newer version of the CDK's bootstrap stack.
    #[error("stack {stack} needs version {needed} of the CDK's bootstrap in {environment}, which has version {found}")]
    BootstrapTooOld {
        /// The stack's name.
        stack: String,
        /// The account and region.
        environment: String,
        /// The version that is there.
        found: String,
        /// The least version that will do.
        needed: u32,
    },
    /// A newer version of Skysmith has bootstrapped the environment; an older one must not take its work back.
    #[error(
        "stack {stack} was made by a newer version of Skysmith: it has version {found}, and this one knows {known}"
    )]
    NewerBootstrap {
        /// The stack's name.
        stack: String,
        /// The version that is there.
        found: u32,
        /// The version that is known.
        known: u32,
    },
    /// A bucket for assets that must be there is not.
    #[error("bucket {bucket}, to which the assets go, does not exist")]
    NoBucket {
        /// The bucket.
        bucket: String,
    },
    /// A repository for container images that must be there is not.
    #[error("repository {repository}, to which the image goes, does not exist in {environment}")]
    NoRepository {
        /// The repository.
        repository: String,
        /// The account and region.
        environment: String,
    },
    /// An image must be built or sent, and the program that does it cannot be started.
    #[error("container image {asset} needs `{program}`, which cannot be started: {reason}")]
    NoContainerClient {
        /// The asset's id.
        asset: String,
        /// The program.
        program: String,
        /// The system's reason.
        reason: String,
    },
    /// The container client failed.
    #[error("`{program} {command}` failed for container image {asset}: {reason}")]
    ContainerClient {
        /// The asset's id.
        asset: String,
        /// The program.
        program: String,
        /// What it was to do, without arguments, which may hold secrets: `build`, `push`, ...
        command: String,
        /// Its last words.
        reason: String,
    },
    /// Buckets with objects in them would be deleted, which fails; they are neither kept nor marked to be emptied. Nothing was changed.
    #[error("stack {stack} has buckets that are not empty: {}", .buckets.join(", "))]
    BucketsNotEmpty {
        /// The stack's name.
        stack: String,
        /// Their logical ids.
        buckets: Vec<String>,
    },
    /// Some objects of a bucket could not be deleted.
    #[error("bucket {bucket} cannot be emptied: {reason}")]
    NotEmptied {
        /// The bucket.
        bucket: String,
        /// The first reason.
        reason: String,
    },
    /// Stacks are on their way or stuck, so that nobody can say which assets they will need. Nothing was removed.
    #[error("stacks are being changed, or stuck on the way: {}", .stacks.iter().map(|(name, status)| format!("{name} ({status})")).collect::<Vec<_>>().join(", "))]
    Unsettled {
        /// The stacks' names and statuses.
        stacks: Vec<(String, StackStatus)>,
    },
    /// Something was deployed after it had been decided what is used no more. Nothing was removed.
    #[error("something was deployed in the meantime, so nothing was removed")]
    MovedOn,
    /// Something that is used no more could not be removed.
    #[error("{place}: {reason}")]
    NotRemoved {
        /// The bucket or repository.
        place: String,
        /// The first reason.
        reason: String,
    },
    /// An asset's file cannot be read or packed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A symbolic link in an asset points out of the asset's folder, or to a folder that it is in.
    #[error("{} is a symbolic link that leads out of the asset or in a circle", .path.display())]
    LinkEscapes {
        /// The link.
        path: PathBuf,
    },
    /// A command that makes an asset failed.
    #[error("the command of asset {asset} failed: {reason}")]
    AssetCommand {
        /// The asset's id.
        asset: String,
        /// Its last words.
        reason: String,
    },
    /// The assembly asks for something that this version cannot do.
    #[error("{what} is not supported")]
    Unsupported {
        /// What is asked for.
        what: String,
    },
}

fn list(outputs: &[ReadOutput]) -> String {
    outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn names(losses: &[DataLoss]) -> String {
    losses.iter().map(|loss| loss.logical_id.as_str()).collect::<Vec<_>>().join(", ")
}

impl Error {
    /// AWS's code, if AWS answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Service(error) | Self::CredentialsExpired(error) | Self::CredentialsRefused(error) => {
                Some(&error.code)
            }
            Self::RoleRefused { error, .. } => Some(&error.code),
            Self::LostSight { source, .. } => source.code(),
            _ => None,
        }
    }

    /// The permission that was missing, if that is what went wrong, and AWS names it.
    #[must_use]
    pub fn denied(&self) -> Option<Denied> {
        match self {
            Self::Service(error) => error.denied(),
            Self::ChangeSetFailed { reason, .. } => Denied::parse(reason),
            Self::Failed(failure) => failure.cause.as_ref().and_then(|cause| Denied::parse(&cause.reason)),
            Self::LostSight { source, .. } => source.denied(),
            _ => None,
        }
    }

    /// Whether CloudFormation says that the stack (or change set) is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            Self::Service(error) => {
                error.code == "ChangeSetNotFound"
                    || error.code == "StackNotFoundException"
                    || (error.code == "ValidationError" && error.message.contains("does not exist"))
            }
            _ => false,
        }
    }

    /// Sorts an error of the SDK. The SDK's own words for it are a chain of wrappers; what AWS said is at the bottom.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // Credentials are got in the middle of a call.
        if let Some(ours) = uncarried(error) {
            return ours;
        }
        match error {
            SdkError::ServiceError(context) => {
                let meta = context.err();
                let (code, message) = refusal::told(meta.code(), meta.message(), context.raw());
                let message = message.unwrap_or_else(|| root_cause(meta));
                let service =
                    ServiceError { operation, code, message, request_id: error.request_id().map(str::to_owned) };
                match service.code.as_str() {
                    "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Self::CredentialsExpired(service),
                    "InvalidClientTokenId"
                    | "UnrecognizedClientException"
                    | "SignatureDoesNotMatch"
                    | "InvalidAccessKeyId"
                    | refusal::OTHER_TIME
                    | "AuthFailure" => Self::CredentialsRefused(service),
                    _ => Self::Service(service),
                }
            }
            SdkError::DispatchFailure(failure) => {
                let connector = failure.as_connector_error();
                let reason =
                    connector.map_or_else(|| "the request could not be sent".to_owned(), |error| root_cause(error));
                if connector.is_some_and(|error| error.is_io() || error.is_timeout()) {
                    Self::Unreachable { operation, endpoint: None, reason }
                } else {
                    // What is neither of the two comes from the credentials' providers, which run inside the call.
                    Self::BadCredentials { reason }
                }
            }
            SdkError::TimeoutError(_) => {
                Self::Unreachable { operation, endpoint: None, reason: "no answer in time".to_owned() }
            }
            other => Self::Protocol { operation, reason: root_cause(other) },
        }
    }
}

/// The words of the innermost cause.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
