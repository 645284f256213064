//! The flags that say with what credentials, beyond profile, region and role.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

/// Sessions, and the codes that they take.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sessions and MFA (where a profile asks for a code, it is asked for on a terminal)")]
pub struct Access {
    /// With --role-arn: the external id that the role's owner asks for
    #[arg(long, global = true, value_name = "ID", env = "SKYSMITH_EXTERNAL_ID", hide_env = true)]
    pub external_id: Option<String>,

    /// With --role-arn: the name under which CloudTrail shows what is done with the role [default: skysmith]
    #[arg(long, global = true, value_name = "NAME", env = "SKYSMITH_SESSION_NAME", hide_env = true)]
    pub session_name: Option<String>,

    /// How long the session lasts that a role or a code gives, such as `8h`, `90m` or seconds
    #[arg(long, global = true, value_name = "TIME", env = "SKYSMITH_DURATION", hide_env = true)]
    pub duration: Option<String>,

    /// MFA device with whose code a session is taken for the keys of the profile or the environment
    #[arg(long, global = true, value_name = "ARN", env = "SKYSMITH_MFA_SERIAL", hide_env = true)]
    pub mfa_serial: Option<String>,

    /// The code, where nobody can be asked. The session is kept until it ends, so that the next command needs none
    #[arg(
        long,
        global = true,
        value_name = "DIGITS",
        env = "SKYSMITH_MFA_CODE",
        hide_env = true,
        hide_env_values = true
    )]
    pub mfa_code: Option<Code>,
}

impl Access {
    /// A variable that is set to nothing is not set.
    pub(super) fn forget_empty(&mut self) {
        for option in [&mut self.external_id, &mut self.session_name, &mut self.duration, &mut self.mfa_serial] {
            option.take_if(|text| text.is_empty());
        }
        self.mfa_code.take_if(|code| code.0.is_empty());
    }
}

/// A code, which is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(pub String);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(***)")
    }
}

// Of any text: what is wrong with a code is said without repeating it.
impl FromStr for Code {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// The time that a session is to last: seconds, or a number with `s`, `m` or `h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    const SHORTEST: u64 = 15 * 60;
    const LONGEST: u64 = 36 * 3600;
    let number = text.trim().trim_end_matches(['s', 'm', 'h']);
    let unit = match &text.trim()[number.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(format!("`{text}` is not a time such as `8h`, `90m` or `3600`")),
    };
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is not a time such as `8h`, `90m` or `3600`"))?;
    match number.checked_mul(unit) {
        Some(seconds @ SHORTEST..=LONGEST) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`{text}` is not between 15 minutes and 12 hours, or 36 for a user's keys")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, seconds) in [("3600", 3600), ("900s", 900), ("90m", 5400), (" 36h", 129_600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "1d", "1hh", "-1h", "1.5h", "14m", "37h", "99999999999999999999h", "9999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_code_is_not_shown() {
        assert_eq!(format!("{:?}", Code("123456".to_owned())), "Code(***)");
    }
}
