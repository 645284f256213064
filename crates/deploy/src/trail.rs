//! What CloudTrail has of a failure that CloudFormation does not explain: an "internal failure", or an "access denied" that names no action.
//!
//! Entries come minutes after the fact, so the answer is often known only to a later `events --why`. It explains, and so neither fails nor holds up anything.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use serde_json::Value;

use crate::failure::{Cause, TrailEntry};
use crate::{Denied, Endpoint, Error, Session};

/// CloudFormation writes its event after the service has refused, by as much as its own tries take.
const BEFORE: Duration = Duration::from_secs(300);
const AFTER: Duration = Duration::from_secs(60);
/// An explanation is not worth more.
const PATIENCE: Duration = Duration::from_secs(4);
/// What one call shows at most.
const ENTRIES: i32 = 50;
/// Services whose names in resource types are not those in CloudTrail.
const SOURCES: [(&str, &str); 7] = [
    ("apigatewayv2", "apigateway"),
    ("certificatemanager", "acm"),
    ("cloudwatch", "monitoring"),
    ("cognito", "cognito-idp"),
    ("elasticloadbalancingv2", "elasticloadbalancing"),
    ("opensearchservice", "es"),
    ("stepfunctions", "states"),
];

/// Whether a reason leaves open what happened.
fn is_vague(reason: &str) -> bool {
    let lower = reason.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    says(&["internal failure", "internalfailure", "internal error", "internalerror"])
        || says(&["access denied", "accessdenied", "not authorized"]) && Denied::parse(reason).is_none()
}

impl Session {
    /// The refused call behind a cause. None where there is none, where it is not known yet, or where we may not look.
    pub(crate) async fn trail(&self, cause: &Cause) -> Option<TrailEntry> {
        if matches!(self.endpoint(), Endpoint::Local(_)) || !is_vague(&cause.reason) {
            return None;
        }
        let time = cause.time?;
        let looked = async {
            // A call that was refused seldom has the resource's name, but one that has it is certain.
            if let Some(name) = cause.physical_id.as_deref().filter(|name| !name.is_empty()) {
                let found = self.refusal(LookupAttributeKey::ResourceName, name, time).await;
                if found.is_some() {
                    return found;
                }
            }
            self.refusal(LookupAttributeKey::EventSource, &source(&cause.resource_type)?, time).await
        };
        tokio::time::timeout(PATIENCE, looked).await.ok()?
    }

    async fn refusal(&self, key: LookupAttributeKey, value: &str, time: SystemTime) -> Option<TrailEntry> {
        let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value).build().ok()?;
        let request = self.cloudtrail().lookup_events().lookup_attributes(attribute).max_results(ENTRIES);
        let request = request.start_time(DateTime::from(time - BEFORE)).end_time(DateTime::from(time + AFTER));
        let answer = request.send().await.map_err(|error| Error::from_sdk("LookupEvents", &error)).ok()?;
        answer.events().iter().filter_map(Event::cloud_trail_event).find_map(refused)
    }
}

/// `AWS::StepFunctions::StateMachine` is `states.amazonaws.com`, in every partition.
fn source(resource_type: &str) -> Option<String> {
    let service = resource_type.strip_prefix("AWS::")?.split("::").next()?.to_lowercase();
    let known = SOURCES.iter().find(|(theirs, _)| *theirs == service).map(|(_, source)| *source);
    Some(format!("{}.amazonaws.com", known.unwrap_or(&service)))
}

/// The entry, if it is of a call that CloudFormation made and that was refused. The newest come first.
fn refused(entry: &str) -> Option<TrailEntry> {
    let full: Value = serde_json::from_str(entry).ok()?;
    let text = |name: &str| full[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let made_by = [&full["sourceIPAddress"], &full["userAgent"], &full["userIdentity"]["invokedBy"]];
    let is_ours = made_by.iter().any(|by| by.as_str().is_some_and(|by| by.contains("cloudformation.amazonaws.com")));
    if !is_ours {
        return None;
    }
    Some(TrailEntry {
        code: text("errorCode")?,
        call: text("eventName")?,
        service: text("eventSource")?,
        message: text("errorMessage").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_explains_nothing_is_looked_up() {
        assert!(is_vague("Internal Failure"));
        assert!(is_vague("Access Denied (Service: S3, Status Code: 403)"));
        assert!(!is_vague("User: arn:aws:iam::1:user/u is not authorized to perform: s3:CreateBucket"));
        assert!(!is_vague("name taken"));
    }

    #[test]
    fn only_refusals_of_cloudformations_own_calls_count() {
        let entry = |who: &str, code: Option<&str>| {
            let full = json!({ "eventName": "CreateTopic", "eventSource": "sns.amazonaws.com", "sourceIPAddress": who, "errorCode": code });
            refused(&full.to_string()).map(|entry| entry.code)
        };
        assert_eq!(entry("cloudformation.amazonaws.com", Some("B")).as_deref(), Some("B"));
        assert_eq!(entry("1.2.3.4", Some("A")), None);
        assert_eq!(entry("cloudformation.amazonaws.com", None), None);
        assert_eq!(refused("{"), None);
    }

    #[test]
    fn sources_are_named_as_in_cloudtrail() {
        assert_eq!(source("AWS::SNS::Topic").as_deref(), Some("sns.amazonaws.com"));
        assert_eq!(source("AWS::CloudWatch::Alarm").as_deref(), Some("monitoring.amazonaws.com"));
        assert_eq!(source("Custom::Thing"), None);
    }
}
