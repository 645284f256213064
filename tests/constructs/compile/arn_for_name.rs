//! A bucket's ARN stands where its name belongs.
//~ is not a `skysmith::Name<
//~ and cannot be used for this property
//~ offer typed references, for example `role.arn()`, `bucket.name()`

use skysmith::cfn::s3::CfnBucketPolicy;
use skysmith::iam::PolicyDocument;
use skysmith::prelude::*;
use skysmith::s3::Bucket;

fn main() {
    let app = App::new();
    let stack = Stack::new(&app, "demo");
    let bucket = Bucket::new(&stack, "Bucket");
    CfnBucketPolicy::new(&stack, "Policy", bucket.arn(), PolicyDocument::new());
}
