//! Roles that the assembly wants taken: for a stack, for reading its account, for publishing.

#[cfg(feature = "read")]
use serde_json::Value;

use crate::Placeholders;

/// A role, and what is said to AWS STS when [it is taken](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AssumedRole {
    /// Its ARN, with placeholders.
    pub arn: String,
    /// The external id.
    pub external_id: Option<String>,
    /// The name under which CloudTrail shows what is done with it. `None`: the taker's choice.
    pub session_name: Option<String>,
    /// How long a session lasts, in seconds. `None`: AWS's default, an hour.
    pub duration_seconds: Option<u32>,
    /// The session's tags, in the assembly's order.
    pub tags: Vec<(String, String)>,
    /// The keys of those tags that sessions taken with this one inherit. The assembly's default is all of them.
    pub transitive_tag_keys: Vec<String>,
    /// A policy, as JSON, that narrows the session down.
    pub policy: Option<String>,
    /// Managed policies that narrow it down.
    pub policy_arns: Vec<String>,
    /// Who is behind the session.
    pub source_identity: Option<String>,
    /// Options that the assembly has for it and that are none of the above, by name.
    pub others: Vec<String>,
}

impl AssumedRole {
    /// A role about which nothing else is said.
    #[must_use]
    pub fn new(arn: impl Into<String>) -> Self {
        Self { arn: arn.into(), ..Self::default() }
    }

    /// The same with this external id.
    #[must_use]
    pub fn with_external_id(mut self, external_id: Option<String>) -> Self {
        self.external_id = external_id;
        self
    }

    /// The same with all placeholders filled.
    #[must_use]
    pub fn resolve(&self, values: &Placeholders) -> Self {
        Self { arn: values.fill(&self.arn), ..self.clone() }
    }

    #[cfg(feature = "read")]
    /// As an assembly has it: three fields, the last with names of STS's own.
    pub(crate) fn read(arn: Option<String>, external_id: Option<String>, options: Option<Value>) -> Option<Self> {
        let mut role = Self::new(arn?).with_external_id(external_id);
        let Some(Value::Object(options)) = options else { return Some(role) };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut transitive = None;
        for (name, value) in &options {
            match (name.as_str(), value) {
                ("RoleSessionName", Value::String(name)) => role.session_name = Some(name.clone()),
                ("DurationSeconds", Value::Number(seconds)) => {
                    role.duration_seconds = seconds.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
                }
                ("Policy", Value::String(policy)) => role.policy = Some(policy.clone()),
                ("SourceIdentity", Value::String(identity)) => role.source_identity = Some(identity.clone()),
                ("Tags", Value::Array(tags)) => {
                    role.tags =
                        tags.iter().filter_map(|tag| Some((text(&tag["Key"])?, text(&tag["Value"])?))).collect();
                }
                ("TransitiveTagKeys", Value::Array(keys)) => transitive = Some(keys.iter().filter_map(text).collect()),
                ("PolicyArns", Value::Array(policies)) => {
                    role.policy_arns = policies.iter().filter_map(|policy| text(&policy["arn"])).collect();
                }
                _ => role.others.push(name.clone()),
            }
        }
        role.transitive_tag_keys = transitive.unwrap_or_else(|| role.tags.iter().map(|(key, _)| key.clone()).collect());
        Some(role)
    }
}

#[cfg(all(test, feature = "read"))]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options() {
        let read = |options| AssumedRole::read(Some("arn:x".into()), Some("them".into()), Some(options)).unwrap();
        assert_eq!(AssumedRole::read(None, Some("them".into()), Some(json!({ "Policy": "{}" }))), None);
        let plain = AssumedRole::new("arn:x").with_external_id(Some("them".into()));
        assert_eq!(read(json!({})), plain);
        let tags = json!([{ "Key": "Team", "Value": "a" }, { "Key": "Stage", "Value": "b" }]);
        let role = read(json!({ "Tags": tags, "SerialNumber": "x", "DurationSeconds": 900, "ExternalId": "other" }));
        assert_eq!(role.tags, [("Team".into(), "a".into()), ("Stage".into(), "b".into())]);
        assert_eq!(role.transitive_tag_keys, ["Team", "Stage"]);
        assert_eq!((role.duration_seconds, role.external_id.as_deref()), (Some(900), Some("them")));
        assert_eq!(role.others, ["ExternalId", "SerialNumber"]);
        let role =
            read(json!({ "Tags": tags, "TransitiveTagKeys": [], "PolicyArns": [{ "arn": "p" }], "Policy": "{}" }));
        assert!(role.transitive_tag_keys.is_empty() && role.others.is_empty());
        assert_eq!((role.policy_arns, role.policy), (vec!["p".to_owned()], Some("{}".to_owned())));
        let role = read(json!({ "RoleSessionName": "ci", "SourceIdentity": "me", "Policy": 5 }));
        assert_eq!((role.session_name.as_deref(), role.source_identity.as_deref()), (Some("ci"), Some("me")));
        assert_eq!(role.others, ["Policy"]);
    }
}
