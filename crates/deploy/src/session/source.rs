//! What can be told about credentials without telling them.

use std::fmt;
use std::time::SystemTime;

/// Where credentials come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `AWS_ACCESS_KEY_ID` and its companions.
    Environment,
    /// Keys in a profile.
    Profile {
        /// The profile that has them.
        name: String,
    },
    /// [IAM Identity Center](https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html).
    Sso {
        /// The profile.
        profile: String,
        /// Its `sso_session`, if it has one.
        session: Option<String>,
    },
    /// `aws login`.
    Login {
        /// The profile.
        profile: String,
    },
    /// A profile's `credential_process`.
    Process {
        /// The profile.
        profile: String,
    },
    /// A token of another identity provider, as in continuous integration and in Kubernetes.
    WebIdentity {
        /// The profile that names it; the environment does if there is none.
        profile: Option<String>,
    },
    /// The container that this runs in.
    Container,
    /// The EC2 instance that this runs on.
    Instance,
    /// Dummies for an emulator on this machine.
    Local,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment (AWS_ACCESS_KEY_ID)"),
            Self::Profile { name } => write!(f, "the keys of profile `{name}`"),
            Self::Sso { profile, .. } => write!(f, "the SSO login of profile `{profile}`"),
            Self::Login { profile } => write!(f, "the console login of profile `{profile}`"),
            Self::Process { profile } => write!(f, "the credential_process of profile `{profile}`"),
            Self::WebIdentity { profile: Some(profile) } => write!(f, "the web identity of profile `{profile}`"),
            Self::WebIdentity { profile: None } => f.write_str("the environment (AWS_WEB_IDENTITY_TOKEN_FILE)"),
            Self::Container => f.write_str("the container"),
            Self::Instance => f.write_str("the EC2 instance"),
            Self::Local => f.write_str("the local AWS"),
        }
    }
}

impl Source {
    /// The command that logs in anew, where there is one.
    #[must_use]
    pub fn login(&self) -> Option<String> {
        match self {
            Self::Sso { session: Some(session), .. } => Some(format!("aws sso login --sso-session {session}")),
            Self::Sso { profile, .. } => Some(format!("aws sso login --profile {profile}")),
            Self::Login { profile } => Some(format!("aws login --profile {profile}")),
            _ => None,
        }
    }
}

/// How the credentials of a session came about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialsInfo {
    /// Where they begin.
    pub source: Source,
    /// The roles that were taken one after the other.
    pub roles: Vec<String>,
    /// The MFA device whose code they carry, as far as that is known here.
    pub mfa_device: Option<String>,
    /// Whether no code was needed because a session was kept from an earlier run.
    pub kept: bool,
    /// When they end, if they do and say so. What can be had again without a person is.
    pub expires: Option<SystemTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_renewed_as_it_was_made() {
        let sso = |session: Option<&str>| Source::Sso { profile: "p".into(), session: session.map(str::to_owned) };
        assert_eq!(sso(None).login().as_deref(), Some("aws sso login --profile p"));
        assert_eq!(sso(Some("corp")).login().as_deref(), Some("aws sso login --sso-session corp"));
        assert_eq!(Source::Instance.login(), None);
    }
}
