//! What a region's name looks like, and those there are, for whoever mistypes one.
//!
//! A name that is not listed here is taken as well: AWS opens regions faster than programs are installed anew.

use crate::error::closest;

/// The regions at the time of writing. <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
const KNOWN: [&str; 36] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Whether a region could have this name: `eu-west-1`, `us-gov-east-1`.
pub fn is_name(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., number] = parts.as_slice() else { return false };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word(first)
        && !middle.is_empty()
        && middle.iter().all(is_word)
        && matches!(number.len(), 1 | 2)
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The region that was likely meant; none if this is one that is known.
pub fn suggestion(text: &str) -> Option<&'static str> {
    if KNOWN.contains(&text) { None } else { closest(text, KNOWN) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(KNOWN.iter().all(|name| is_name(name)));
        assert!(is_name("us-gov-east-1") && is_name("eusc-de-east-1"));
        for wrong in ["", "eu", "eu-1", "eu-west", "eu-west-1a", "EU-west-1", "eu--west-1", "eu-west-111", "eu-west-1 "]
        {
            assert!(!is_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn slips() {
        assert_eq!(suggestion("eu-wst-1"), Some("eu-west-1"));
        assert_eq!(suggestion("eu_west_1"), Some("eu-west-1"));
        assert_eq!(suggestion("eu-west-1"), None);
        assert_eq!(suggestion("Frankfurt"), None);
    }
}
