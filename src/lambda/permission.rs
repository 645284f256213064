//! Rights to invoke a function, which the function's own policy holds.

use skysmith_cfn::lambda::CfnPermission;
use skysmith_core::{IntoValue, Scope, Value};

use super::Function;

/// Lets the service `principal` invoke `function` on behalf of `source_arn`. The permission stands in `scope`: beside the
/// caller, so that a caller in another stack depends on the function's and not the other way round.
pub(crate) fn allow_invoke(
    scope: &Scope,
    id: &str,
    function: &Function,
    principal: &str,
    source_arn: impl IntoValue<String>,
) -> CfnPermission {
    let source_arn: Value<String> = source_arn.into_value();
    CfnPermission::new(scope, id, "lambda:InvokeFunction", function.arn(), principal).source_arn(source_arn)
}
