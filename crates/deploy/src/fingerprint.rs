//! What a change set's description says for machines: which run made it, and the state of the stack that it was made for.
//!
//! It stands in for local state: whoever applies a change set later, on another machine, compares with it. It must hold nothing secret.

use std::fmt;

/// CloudFormation's limit for a description.
const LONGEST: usize = 1024;

/// Written into the description of every change set that is made here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Of one run alone.
    pub id: String,
    /// The stack's last change then, in seconds since 1970; `None`: it was new.
    pub based_on: Option<i64>,
    /// Whose credentials made it.
    pub caller: String,
    /// The revision of the app.
    pub revision: Option<String>,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("skysmith id={}", self.id);
        match self.based_on {
            Some(second) => text.push_str(&format!(" based-on={second}")),
            None => text.push_str(" based-on=nothing"),
        }
        text.push_str(&format!(" caller={}", self.caller));
        if let Some(revision) = &self.revision {
            text.push_str(&format!(" revision={revision}"));
        }
        f.write_str(text.get(..LONGEST).unwrap_or(&text))
    }
}

impl Fingerprint {
    /// Reads a description; `None` if it is not one of these.
    pub fn parse(description: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut words = description.strip_prefix("skysmith ")?.split_whitespace();
        for (key, value) in words.by_ref().filter_map(|word| word.split_once('=')) {
            match key {
                "id" => found.id = value.to_owned(),
                "based-on" => found.based_on = value.parse().ok(),
                "caller" => found.caller = value.to_owned(),
                "revision" => found.revision = Some(value.to_owned()),
                _ => {}
            }
        }
        (!found.id.is_empty()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_read_back() {
        for based_on in [None, Some(1_700_000_000)] {
            for revision in [None, Some("1f2e3d".to_owned())] {
                let caller = "arn:aws:sts::123456789012:assumed-role/Deploy/me".to_owned();
                let written = Fingerprint { id: "0af".into(), based_on, caller, revision };
                assert_eq!(Fingerprint::parse(&written.to_string()), Some(written));
            }
        }
        assert_eq!(Fingerprint::parse("CDK Changeset for execution 1"), None);
        assert_eq!(Fingerprint::parse(""), None);
        let long = Fingerprint { id: "a".into(), caller: "x".repeat(2000), ..Fingerprint::default() };
        assert_eq!(long.to_string().len(), 1024);
    }
}
