//! The regular expressions of the tables, compiled when a text is met that has to match one.

use std::cell::RefCell;
use std::collections::HashMap;

use regex_lite::Regex;

/// A text that is longer is not matched: the engine takes time by the character, and what is so long is no name.
const LONGEST: usize = 2_048;

/// The patterns that one run has met.
#[derive(Default)]
pub(crate) struct Patterns {
    /// By the place of the pattern in the tables, where each stands once.
    compiled: RefCell<HashMap<usize, Option<Regex>>>,
}

impl Patterns {
    /// Whether the text certainly does not match.
    pub(crate) fn refuses(&self, pattern: &'static str, text: &str) -> bool {
        if text.len() > LONGEST {
            return false;
        }
        let mut compiled = self.compiled.borrow_mut();
        let regex = compiled.entry(pattern.as_ptr() as usize).or_insert_with(|| Regex::new(pattern).ok());
        regex.as_ref().is_some_and(|it| !it.is_match(text))
    }
}
