//! A rule of one's own: no bucket's name contains digits.

use skysmith::cfn::s3::CfnBucket;
use skysmith::prelude::*;

/// Refuses bucket names that contain digits.
pub struct BucketDigits;

impl Aspect for BucketDigits {
    fn visit(&self, construct: &Scope) {
        let Some(bucket) = CfnBucket::of(construct) else { return };
        let Some(name) = bucket.property("BucketName") else { return };
        if let Some(name) = name.as_str()
            && name.contains(|character: char| character.is_ascii_digit())
        {
            construct.report(
                Diagnostic::error(format!("bucket name \"{name}\" contains digits"))
                    .rule("bucket-digits")
                    .property("BucketName"),
            );
        }
    }
}
