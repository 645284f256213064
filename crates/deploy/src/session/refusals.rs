//! Slowing down when AWS says so. A call that is refused as too many is repeated by the SDK later; what the other calls have to learn from it, they learn here.

use std::sync::Arc;

use aws_sdk_cloudformation::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_cloudformation::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudformation::error::BoxError;

use crate::budget::Budget;

/// The codes with which services say that there are too many calls.
const CODES: [&str; 5] = ["Throttling", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "Rate exceeded"];

/// Tells the budget of each answer.
#[derive(Clone, Debug)]
pub(super) struct Refusals(pub Arc<Budget>);

impl Intercept for Refusals {
    fn name(&self) -> &'static str {
        "refusals of calls"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if response.status().is_success() {
            self.0.accepted();
        } else if response.status().as_u16() == 429 || response.body().bytes().is_some_and(is_refusal) {
            self.0.refused();
        }
        Ok(())
    }
}

fn is_refusal(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    CODES.iter().any(|code| body.contains(code))
}
