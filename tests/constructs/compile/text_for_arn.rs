//! A bare text stands where a role's ARN belongs.
//~ `&str` is not a `Arn<
//~ a literal ARN is made with `Arn::parse("arn:...")`

use skysmith::cfn::lambda::{CfnFunction, function};
use skysmith::prelude::*;

fn main() {
    let app = App::new();
    let stack = Stack::new(&app, "demo");
    CfnFunction::new(&stack, "Function", function::Code::new(), "arn:aws:iam::123456789012:role/x");
}
