//! Where a stack goes: `aws://account/region`.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

const UNKNOWN_ACCOUNT: &str = "unknown-account";
const UNKNOWN_REGION: &str = "unknown-region";

/// The account and the region that a stack is bound to. `None` means that whoever deploys decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Environment {
    /// The twelve digits of the account.
    pub account: Option<String>,
    /// The region's code, such as `eu-central-1`.
    pub region: Option<String>,
}

impl Environment {
    /// An environment that the deployer's credentials and region fill in.
    #[must_use]
    pub fn agnostic() -> Self {
        Self::default()
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = self.account.as_deref().unwrap_or(UNKNOWN_ACCOUNT);
        let region = self.region.as_deref().unwrap_or(UNKNOWN_REGION);
        write!(f, "aws://{account}/{region}")
    }
}

/// The text is not `aws://account/region`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseEnvironmentError(String);

impl fmt::Display for ParseEnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an environment of the form aws://account/region", self.0)
    }
}

impl Error for ParseEnvironmentError {}

impl FromStr for Environment {
    type Err = ParseEnvironmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.strip_prefix("aws://").and_then(|rest| rest.split_once('/'));
        match parts {
            Some((account, region)) if !account.is_empty() && !region.is_empty() && !region.contains('/') => Ok(Self {
                account: (account != UNKNOWN_ACCOUNT).then(|| account.to_owned()),
                region: (region != UNKNOWN_REGION).then(|| region.to_owned()),
            }),
            _ => Err(ParseEnvironmentError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for text in [
            "aws://unknown-account/unknown-region",
            "aws://123456789012/eu-central-1",
            "aws://unknown-account/us-east-1",
        ] {
            assert_eq!(text.parse::<Environment>().unwrap().to_string(), text);
        }
        assert_eq!("aws://unknown-account/unknown-region".parse(), Ok(Environment::agnostic()));
    }

    #[test]
    fn refuses_other_forms() {
        for text in ["", "aws://", "aws://1", "aws:///r", "aws://1/", "https://1/r", "aws://1/r/x"] {
            assert!(text.parse::<Environment>().is_err(), "{text}");
        }
    }
}
