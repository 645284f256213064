//! The first call, which tells whether the credentials are good, whose they are, and how far the clocks are apart.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cloudformation::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_cloudformation::primitives::{DateTime, DateTimeFormat};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;

use super::Endpoint;
use crate::Error;

pub(super) fn preflight_error(error: &SdkError<GetCallerIdentityError, HttpResponse>, endpoint: &Endpoint) -> Error {
    match Error::from_sdk("GetCallerIdentity", error) {
        Error::Unreachable { operation, reason, .. } => {
            let endpoint = match endpoint {
                Endpoint::Aws => None,
                Endpoint::Url(url) | Endpoint::Local(url) => Some(url.clone()),
            };
            Error::Unreachable { operation, endpoint, reason }
        }
        other => other,
    }
}

/// Counts requests as they leave, so that repeated tries count.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(pub(super) Arc<AtomicU64>);

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "count of calls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_sdk_cloudformation::error::BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Compares clocks by the date of the first answer. AWS refuses signatures that are some minutes off.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(pub(super) Arc<OnceLock<i64>>);

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_sdk_cloudformation::error::BoxError> {
        let date = context.response().headers().get("date");
        let theirs = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_secs()).ok());
        if let (Some(theirs), Some(ours)) = (theirs, ours) {
            // The first answer counts; a repeated try tells nothing new.
            let _ = self.0.set(ours - theirs.secs());
        }
        Ok(())
    }
}
