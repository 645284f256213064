//! A text that only the deploy knows stands where a role's ARN belongs.
//~ is not a `Arn<
//~ offer typed references, for example `role.arn()`, `bucket.name()`

use skysmith::cfn::lambda::{CfnFunction, function};
use skysmith::prelude::*;

fn main() {
    let app = App::new();
    let stack = Stack::new(&app, "demo");
    CfnFunction::new(&stack, "Function", function::Code::new(), pseudo::stack_id());
}
