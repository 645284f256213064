//! Which name was probably meant.

/// The candidate that is most like `wrong`, if it is close enough to be a slip: another case, or a distance of at most a third
/// of its length. Of two that are alike the first.
pub(crate) fn closest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        // Nothing of a very different length is close; this spares most of the work over two thousand types.
        if candidate.len().abs_diff(wrong.len()) > allowed {
            continue;
        }
        let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn suggests_slips_only() {
        let names = ["BucketName", "BucketEncryption", "Tags"];
        assert_eq!(closest("BuketName", names.into_iter()), Some("BucketName"));
        assert_eq!(closest("bucketname", names.into_iter()), Some("BucketName"));
        assert_eq!(closest("tgas", names.into_iter()), Some("Tags"));
        assert_eq!(closest("Website", names.into_iter()), None);
        assert_eq!(closest("", names.into_iter()), None);
        assert_eq!(closest("ä", ["a"].into_iter()), Some("a"));
    }
}
