//! What goes and what stays, decided from what is known. Nothing here asks anybody.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::StackStatus;
use crate::assets::TEMPLATES;

/// How many of the templates that a stack was deployed with are kept, with all that they refer to: the present one and those before it.
pub const KEPT_TEMPLATES: usize = 4;
/// The digits of a hash.
const DIGITS: usize = 64;

/// An object or image that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The bucket or repository.
    pub place: String,
    /// The object's key, or the image's digest.
    pub key: String,
    /// An image's tags. `None`: it is an object.
    pub tags: Option<Vec<String>>,
    /// Its size.
    pub bytes: u64,
    /// When it was sent last, in seconds since 1970.
    pub sent: i64,
}

impl Stored {
    /// The hashes by which it is referred to; none if it is nothing that a deployment publishes.
    #[must_use]
    pub fn hashes(&self) -> Vec<&str> {
        let Some(tags) = &self.tags else { return object_hash(&self.key).into_iter().collect() };
        if tags.is_empty() || !tags.iter().all(|tag| is_hash(tag)) {
            return Vec::new();
        }
        tags.iter().map(String::as_str).chain(self.key.strip_prefix("sha256:")).collect()
    }

    /// The stack whose template it is, if it is one.
    #[must_use]
    pub fn template_of(&self) -> Option<&str> {
        let (stack, hash) = self.key.strip_prefix(TEMPLATES)?.split_once('/')?;
        (self.tags.is_none() && is_hash(hash)).then_some(stack)
    }

    /// Whether it may be a template, which refers to other objects in its turn.
    #[must_use]
    pub fn is_text(&self) -> bool {
        const ENDINGS: [&str; 4] = [".json", ".yaml", ".yml", ".template"];
        self.tags.is_none()
            && (self.key.starts_with(TEMPLATES) || ENDINGS.iter().any(|ending| self.key.ends_with(ending)))
    }
}

/// `HASH`, `HASH.zip`, `templates/STACK/HASH`.
fn object_hash(key: &str) -> Option<&str> {
    let name = match key.strip_prefix(TEMPLATES) {
        Some(rest) => rest.rsplit('/').next()?,
        None => key,
    };
    let hash = name.split('.').next()?;
    is_hash(hash).then_some(hash)
}

fn is_hash(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(is_digit)
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// The stored hashes that something refers to.
#[derive(Clone, Debug, Default)]
pub struct References {
    stored: HashSet<String>,
    used: HashSet<String>,
}

impl References {
    /// No reference to any of these yet.
    #[must_use]
    pub fn to(stored: &[Stored]) -> Self {
        let stored = stored.iter().flat_map(Stored::hashes).map(str::to_owned).collect();
        Self { stored, used: HashSet::new() }
    }

    /// Takes every hash in the text for a reference, wherever it stands: in a key, a tag, an address, or between other letters, as in the names of a
    /// CDK's old parameters.
    pub fn read(&mut self, text: &str) {
        let found: Vec<String> = self.found(text).map(str::to_owned).collect();
        self.used.extend(found);
    }

    /// Whether the text holds the hash of something stored.
    #[must_use]
    pub fn concerns(&self, text: &str) -> bool {
        self.found(text).next().is_some()
    }

    fn found<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let runs = text.split(|letter: char| !u8::try_from(letter).is_ok_and(is_digit));
        // A digit may stand in front of a hash or behind it and not belong to it.
        let windows = runs.flat_map(|run| (DIGITS..=run.len()).map(move |end| &run[end - DIGITS..end]));
        windows.filter(|window| self.stored.contains(*window))
    }

    fn include(&self, stored: &Stored) -> bool {
        stored.hashes().iter().any(|hash| self.used.contains(*hash))
    }
}

/// What becomes of something stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AssetFate {
    /// It stays: it is nothing that a deployment publishes.
    NotOurs,
    /// It stays: a template, a parameter or an output refers to it.
    InUse,
    /// It stays: a stack that is there was deployed with it not long ago.
    Previous,
    /// It stays: it was sent too short a while ago.
    Young,
    /// It goes.
    Removed,
}

/// Decides on everything stored, in the same order.
///
/// `stacks` are the names of the stacks that are there, `oldest` is the moment (in seconds since 1970) since which what was sent is young.
#[must_use]
pub fn decide(stored: &[Stored], references: &References, stacks: &BTreeSet<String>, oldest: i64) -> Vec<AssetFate> {
    let mut templates: BTreeMap<(&str, &str), Vec<(i64, usize)>> = BTreeMap::new();
    for (index, one) in stored.iter().enumerate() {
        if let Some(stack) = one.template_of().filter(|stack| stacks.contains(*stack)) {
            templates.entry((&one.place, stack)).or_default().push((one.sent, index));
        }
    }
    let mut previous = HashSet::new();
    for of_stack in templates.values_mut() {
        of_stack.sort_by(|a, b| b.cmp(a));
        previous.extend(of_stack.iter().take(KEPT_TEMPLATES).map(|(_, index)| *index));
    }
    let fate = |(index, one): (usize, &Stored)| {
        if one.hashes().is_empty() {
            AssetFate::NotOurs
        } else if references.include(one) {
            AssetFate::InUse
        } else if previous.contains(&index) {
            AssetFate::Previous
        } else if one.sent >= oldest {
            AssetFate::Young
        } else {
            AssetFate::Removed
        }
    };
    stored.iter().enumerate().map(fate).collect()
}

/// Whether it is certain which template the stack will have: an update that is under way or stuck may go back to one that CloudFormation does not show.
#[must_use]
pub fn is_settled(status: &StackStatus) -> bool {
    use StackStatus as S;
    match status {
        S::DeleteInProgress | S::ReviewInProgress => true,
        S::UpdateFailed | S::UpdateRollbackFailed | S::ImportRollbackFailed | S::Unknown(_) => false,
        status => !status.is_in_progress(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: i64 = 1_000 * DAY;

    fn hash(digit: char) -> String {
        digit.to_string().repeat(DIGITS)
    }

    fn object(key: &str, days_ago: i64) -> Stored {
        Stored { place: "bucket".into(), key: key.into(), tags: None, bytes: 1, sent: NOW - days_ago * DAY }
    }

    fn image(tags: &[&str], digest: &str, days_ago: i64) -> Stored {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Stored { tags: Some(tags), ..object(&format!("sha256:{digest}"), days_ago) }
    }

    fn fates(stored: &[Stored], texts: &[&str], stacks: &[&str]) -> Vec<AssetFate> {
        let mut references = References::to(stored);
        texts.iter().for_each(|text| references.read(text));
        let stacks = stacks.iter().map(|name| (*name).to_owned()).collect();
        decide(stored, &references, &stacks, NOW - 30 * DAY)
    }

    #[test]
    fn one_thing_at_a_time() {
        let (a, b) = (hash('a'), hash('b'));
        let zip = format!("{a}.zip");
        let template = format!("templates/s/{a}");
        for (one, text, fate) in [
            (object(&zip, 31), "", AssetFate::Removed),
            (object(&zip, 29), "", AssetFate::Young),
            (object(&zip, 31), zip.as_str(), AssetFate::InUse),
            (object(&a, 31), "", AssetFate::Removed),
            (object(&format!("{a}.tar.gz"), 31), "", AssetFate::Removed),
            (object(&template, 31), "", AssetFate::Previous),
            (object(&template, 31), a.as_str(), AssetFate::InUse),
            (object(&format!("templates/gone/{a}"), 31), "", AssetFate::Removed),
            (object(&format!("templates/gone/{a}"), 3), "", AssetFate::Young),
            // What others put there is not ours to judge.
            (object("code/1.zip", 900), "", AssetFate::NotOurs),
            (object(&format!("code/{zip}"), 900), "", AssetFate::NotOurs),
            (object(&format!("{}.zip", &a[1..]), 900), "", AssetFate::NotOurs),
            (object(&format!("{}.zip", a.to_uppercase()), 900), "", AssetFate::NotOurs),
            (object("templates/s/readme", 900), "", AssetFate::NotOurs),
            (image(&[&a], &b, 31), "", AssetFate::Removed),
            (image(&[&a], &b, 29), "", AssetFate::Young),
            (image(&[&a], &b, 31), a.as_str(), AssetFate::InUse),
            (image(&[&a], &b, 31), "repo@sha256:bbbb", AssetFate::Removed),
            (image(&[&a, "latest"], &b, 900), "", AssetFate::NotOurs),
            (image(&[], &b, 900), "", AssetFate::NotOurs),
        ] {
            assert_eq!(fates(std::slice::from_ref(&one), &[text], &["s"]), [fate], "{one:?} with {text:?}");
        }
        assert_eq!(fates(&[image(&[&a], &b, 31)], &[&format!("repo@sha256:{b}")], &[]), [AssetFate::InUse]);
    }

    #[test]
    fn a_hash_is_found_wherever_it_stands() {
        let hash = "0123456789abcdef".repeat(4);
        let stored = [object(&format!("{hash}.zip"), 31)];
        for text in [
            format!(r#"{{"S3Key":"{hash}.zip"}}"#),
            format!("AssetParameters{hash}S3Bucket12AB"),
            format!("s3://bucket/prefix/{hash}.zip?versionId=1"),
            format!("abc{hash}"),
            format!("{hash}00"),
            format!("{}{hash}", "f".repeat(200)),
            format!("é{hash}é"),
        ] {
            assert_eq!(fates(&stored, &[&text], &[]), [AssetFate::InUse], "{text}");
        }
        for text in
            [hash[1..].to_owned(), hash.to_uppercase(), format!("{} {}", &hash[..32], &hash[32..]), String::new()]
        {
            assert_eq!(fates(&stored, &[&text], &[]), [AssetFate::Removed], "{text}");
        }
    }

    #[test]
    fn the_latest_templates_of_each_stack_stay() {
        let digits = ['1', '2', '3', '4', '5', '6'];
        let mut stored: Vec<Stored> = digits
            .iter()
            .zip(100..)
            .map(|(digit, age)| object(&format!("templates/s/{}", hash(*digit)), age))
            .collect();
        stored.push(object(&format!("templates/other/{}", hash('7')), 900));
        let fates = fates(&stored, &[], &["s", "other"]);
        let kept: Vec<bool> = fates.iter().map(|fate| *fate == AssetFate::Previous).collect();
        assert_eq!(kept, [true, true, true, true, false, false, true]);
    }

    #[test]
    fn a_stack_with_a_way_back_ahead_is_not_settled() {
        for status in StackStatus::ALL {
            let expected = match status.as_str() {
                "REVIEW_IN_PROGRESS" | "DELETE_IN_PROGRESS" => true,
                "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => false,
                text => !text.ends_with("IN_PROGRESS"),
            };
            assert_eq!(is_settled(status), expected, "{status}");
        }
        assert!(!is_settled(&StackStatus::parse("SOMETHING_NEW")));
    }
}
