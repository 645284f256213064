//! Logical ids by the CDK's rule, so that a stack can move between the two without anything being replaced.
//!
//! The rule, re-implemented from its description: `Default` components are dropped. One component that is left is used
//! bare, without what is not alphanumeric. Otherwise the id is a readable part (components without `Resource` and without one that
//! the component before it already ends with, alphanumerics only, cut at 240) and the first eight hexadecimal digits, in upper
//! case, of the MD5 of all components joined by `/`.

use md5::{Digest as _, Md5};

const HIDDEN_FROM_HUMANS: &str = "Resource";
const HIDDEN: &str = "Default";
const MAX_HUMAN: usize = 240;
const MAX_ID: usize = 255;

/// The logical id of the element at `path`, the ids from just below its stack down to it. Nothing where no id is left
/// that CloudFormation would take.
pub fn logical_id(path: &[&str]) -> Option<String> {
    let components: Vec<&str> = path.iter().copied().filter(|id| *id != HIDDEN).collect();
    if let [only] = components.as_slice() {
        let bare = alphanumeric(only);
        if !bare.is_empty() && bare.len() <= MAX_ID {
            return Some(bare);
        }
    }
    if components.is_empty() {
        return None;
    }
    let mut human = String::new();
    let mut kept: Option<&str> = None;
    for component in &components {
        // What is dropped here is compared with what was kept before, as the CDK does, `Resource` included.
        if kept.is_some_and(|before| before.ends_with(component)) {
            continue;
        }
        kept = Some(component);
        if *component != HIDDEN_FROM_HUMANS {
            human.push_str(&alphanumeric(component));
        }
    }
    human.truncate(MAX_HUMAN);
    Some(human + &hash(&components.join("/")))
}

/// The CDK's hash of a path: eight upper-case hexadecimal digits.
pub(crate) fn hash(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest[..4].iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A longer hash of rendered content, for ids that must change with it.
pub(crate) fn content_hash(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether CloudFormation takes it as a logical id.
pub(crate) fn is_logical_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn alphanumeric(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_component_stands_bare() {
        assert_eq!(logical_id(&["My-Table"]).unwrap(), "MyTable");
        assert_eq!(logical_id(&["Default", "Url", "Default"]).unwrap(), "Url");
        assert_eq!(logical_id(&["Default"]), None);
        assert_eq!(logical_id(&[]), None);
    }

    #[test]
    fn names_of_nothing_alphanumeric_still_get_a_hash() {
        assert_eq!(logical_id(&["-"]).unwrap().len(), 8);
    }
}
