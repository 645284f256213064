//! Whether the CDK's bootstrap stack is where a stack asks for it, and new enough.

use skysmith_assembly::{BootstrapRequirement, Stack};

use crate::{Error, Session};

/// Where a bootstrap says which version it is, unless the assembly names another place: the CDK's default qualifier.
pub(crate) const DEFAULT_PARAMETER: &str = "/cdk-bootstrap/hnb659fds/version";

impl Session {
    /// Makes sure that the bootstrap is there that the stack and its assets need, before anything is sent.
    ///
    /// # Errors
    /// [`Error::NotBootstrapped`], [`Error::BootstrapTooOld`], or the version cannot be read.
    pub(crate) async fn require_bootstrap(&self, stack: &Stack) -> Result<(), Error> {
        match &stack.bootstrap {
            Some(wanted) => self.require_version(&stack.stack_name, wanted).await,
            None => Ok(()),
        }
    }

    /// Makes sure that there is at least this bootstrap.
    ///
    /// # Errors
    /// [`Error::NotBootstrapped`], [`Error::BootstrapTooOld`], or the version cannot be read.
    pub(crate) async fn require_version(&self, stack: &str, wanted: &BootstrapRequirement) -> Result<(), Error> {
        let parameter = self.placeholders().fill(wanted.ssm_parameter.as_deref().unwrap_or(DEFAULT_PARAMETER));
        let (stack, environment) = (stack.to_owned(), self.environment().to_string());
        let found = match self.ssm().get_parameter().name(&parameter).send().await {
            Ok(answer) => answer.parameter.and_then(|parameter| parameter.value).unwrap_or_default(),
            Err(error) => match Error::from_sdk("GetParameter", &error) {
                error if error.code() == Some("ParameterNotFound") => {
                    return Err(Error::NotBootstrapped { stack, environment, parameter });
                }
                error => return Err(error),
            },
        };
        // What is no number is no version of the CDK's, and older than all of them.
        if found.trim().parse::<u32>().is_ok_and(|version| version >= wanted.version) {
            return Ok(());
        }
        Err(Error::BootstrapTooOld { stack, environment, found, needed: wanted.version })
    }
}
