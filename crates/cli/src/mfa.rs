//! Codes of MFA devices: the one that was given along, then those that somebody types.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use skysmith_deploy::{MfaPrompt, MfaRequest};

use crate::cli::Code;
use crate::output::Ui;

/// Whoever is at the other end of standard input, after what the command line or the environment says.
pub struct Prompt {
    ui: Arc<Ui>,
    given: Mutex<Option<Code>>,
    asks: bool,
}

impl Prompt {
    /// `given` is used first, and once, as AWS takes no code twice. Nobody is asked unless `asks`, and there is a terminal.
    pub fn new(ui: Arc<Ui>, given: Option<Code>, asks: bool) -> Self {
        Self { ui, given: Mutex::new(given), asks }
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt").field("asks", &self.asks).finish_non_exhaustive()
    }
}

impl MfaPrompt for Prompt {
    fn code(&self, request: &MfaRequest<'_>) -> Option<String> {
        if let Some(Code(code)) = self.given.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Some(code);
        }
        if !self.asks || !self.ui.can_ask() {
            return None;
        }
        if let Some(reason) = request.refused {
            self.ui.error(&format!("  {reason}\n"));
        }
        let role = request.role_arn.map(|role| format!(", for role {role}")).unwrap_or_default();
        let typed = self.ui.ask(&format!("Code of MFA device {}{role}: ", request.serial)).ok().flatten()?;
        (!typed.trim().is_empty()).then_some(typed)
    }
}
