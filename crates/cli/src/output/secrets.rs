//! Values that are shown nowhere: those of parameters that a template marks `NoEcho`.
//!
//! They come back from where nobody expects them: in the words of a service that refuses a property, in a template's output, in what was typed. So everything that is written is
//! looked through.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// What CloudFormation shows in their place.
const MASK: &str = "****";
/// A shorter one is in every text, and no secret.
const SHORTEST: usize = 4;

/// What is not shown.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// From now on `value` is not shown, as it is or as JSON has it.
    pub fn hide(&self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        let mut hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let in_json = serde_json::Value::from(value).to_string();
        for form in [value, in_json.trim_matches('"')] {
            if !hidden.iter().any(|known| known == form) {
                hidden.push(form.to_owned());
            }
        }
        // One may be part of another.
        hidden.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// `text` without what is not shown.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = Cow::Borrowed(text);
        for value in hidden.iter() {
            if text.contains(value.as_str()) {
                text = Cow::Owned(text.replace(value.as_str(), MASK));
            }
        }
        text
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_not_shown_in_any_form() {
        let secrets = Secrets::default();
        assert_eq!(secrets.mask("pass"), "pass");
        for value in ["pass", "pass\"word", "", "abc"] {
            secrets.hide(value);
        }
        assert_eq!(secrets.mask("a pass, a pass\"word, abc"), "a ****, a ****, abc");
        assert_eq!(secrets.mask(r#"{"a":"pass\"word"}"#), r#"{"a":"****"}"#);
        assert_eq!(format!("{secrets:?}"), "Secrets(****)");
    }
}
