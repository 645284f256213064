//! Codes of MFA devices: who is asked for one, and what it looks like.

use std::fmt::Debug;

/// Whoever can be asked for the code that an MFA device shows: a person at a terminal, or what was given along.
///
/// Asked while a [`Session`](crate::Session) connects and never after: a deployment that is under way has other things to show.
pub trait MfaPrompt: Debug + Send + Sync {
    /// The code; `None` if nobody can be asked, or nobody answers.
    fn code(&self, request: &MfaRequest<'_>) -> Option<String>;
}

/// What a code is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MfaRequest<'a> {
    /// The device's serial number, which is an ARN unless it is a hardware token.
    pub serial: &'a str,
    /// The role that is taken with it; `None` if it is for a session of the user's own.
    pub role_arn: Option<&'a str>,
    /// Why the code before this one was no good, if there was one.
    pub refused: Option<&'a str>,
}

/// Times that a code is asked for before it is given up.
pub(super) const TRIES: usize = 3;

/// The six digits in what somebody typed, which may have spaces as the apps that show it have.
pub(super) fn digits(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_six_digits() {
        assert_eq!(digits(" 123 456\n").as_deref(), Some("123456"));
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(digits(typed), None, "{typed}");
        }
    }
}
