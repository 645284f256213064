//! A role cannot be notified.
//~ a bucket cannot notify `skysmith::iam::Role`
//~ it can notify topics

use skysmith::iam::{Principal, Role};
use skysmith::prelude::*;
use skysmith::s3::Bucket;

fn main() {
    let app = App::new();
    let stack = Stack::new(&app, "demo");
    let role = Role::new(&stack, "Role", Principal::service("lambda.amazonaws.com"));
    Bucket::new(&stack, "Bucket").on_object_created(&role);
}
