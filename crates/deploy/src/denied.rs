//! What an `AccessDenied` says: who may not do what, to which resource, and which kind of policy decided.
//!
//! AWS has no fields for this, only sentences, and each service its own turn of them. All that is known of those sentences is here: for errors of calls,
//! for reasons in a stack's events, and for whatever else quotes one of them.

use std::fmt;

/// A permission that was missing, or that a policy takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denied {
    /// The action, such as `dynamodb:CreateTable`. Its letters' case is the service's.
    pub action: String,
    /// The resource's ARN, or `*`; `None` where the service does not tell.
    pub resource: Option<String>,
    /// The ARN of whoever asked; `None` where the service does not tell.
    pub principal: Option<String>,
    /// What decided.
    pub because: Because,
}

/// Why an action is denied, as far as AWS tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// AWS does not say.
    #[default]
    Unknown,
    /// No policy of this kind allows it: more permissions help.
    NotAllowed(PolicyKind),
    /// A policy of this kind denies it: more permissions do not help.
    Forbidden(PolicyKind),
}

/// The kinds of policies that have a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyKind {
    /// On the user or role itself.
    Identity,
    /// On the resource.
    Resource,
    /// A permissions boundary of the user or role.
    Boundary,
    /// A service control policy of the organisation.
    ServiceControl,
    /// A resource control policy of the organisation.
    ResourceControl,
    /// Of the session: given when the role was taken.
    Session,
    /// On a VPC endpoint.
    Endpoint,
}

const PERFORM: &str = "not authorized to perform";
/// Kinds of policies by the services' words. The longer ones come first.
const KINDS: [(&str, PolicyKind); 7] = [
    ("identity-based policy", PolicyKind::Identity),
    ("resource-based policy", PolicyKind::Resource),
    ("permissions boundary", PolicyKind::Boundary),
    ("service control policy", PolicyKind::ServiceControl),
    ("resource control policy", PolicyKind::ResourceControl),
    ("session policy", PolicyKind::Session),
    ("VPC endpoint policy", PolicyKind::Endpoint),
];

impl Denied {
    /// Finds the first denial that a text quotes; `None` if it is about something else, or names no action.
    ///
    /// ```
    /// let reason = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: dynamodb:CreateTable on resource: \
    ///     arn:aws:dynamodb:eu-west-1:123456789012:table/counts because no identity-based policy allows the dynamodb:CreateTable action";
    /// let denied = skysmith_deploy::Denied::parse(reason).unwrap();
    /// assert_eq!(denied.action, "dynamodb:CreateTable");
    /// assert_eq!(denied.resource.as_deref(), Some("arn:aws:dynamodb:eu-west-1:123456789012:table/counts"));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // EC2 says `You are not authorized to perform this operation.` first, and the rest after that.
        for (at, _) in text.match_indices(PERFORM) {
            let (before, after) = (&text[..at], &text[at + PERFORM.len()..]);
            if let Some(action) = after.trim_start_matches([':', ' ']).split_whitespace().next().and_then(action) {
                return Some(Self {
                    action: action.to_owned(),
                    resource: after_words(after, &["on resource:", "on the resource:", "on resource"]),
                    principal: principal(before),
                    because: because(after),
                });
            }
        }
        // `API: s3:CreateBucket Access Denied`: CloudFormation's own words where the service gave none.
        let at = text.find("API: ")?;
        let (name, rest) = text[at + "API: ".len()..].split_once(' ')?;
        let is_denial = ["Access Denied", "AccessDenied", "not authorized"].iter().any(|words| rest.contains(words));
        let action = action(name).filter(|_| is_denial)?.to_owned();
        Some(Self { action, resource: None, principal: principal(rest), because: because(rest) })
    }

    /// A denial of which nothing is known but the action.
    pub(crate) fn of(action: &str) -> Self {
        Self { action: action.to_owned(), resource: None, principal: None, because: Because::Unknown }
    }

    /// Whether more permissions would help, as far as is known.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        !matches!(self.because, Because::Forbidden(_))
    }
}

impl fmt::Display for Denied {
    /// `dynamodb:CreateTable on arn:…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.action)?;
        match self.resource.as_deref() {
            Some(resource) if resource != "*" => write!(f, " on {resource}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = KINDS.iter().find(|(_, kind)| kind == self).map_or("policy", |(words, _)| *words);
        f.write_str(words)
    }
}

/// The word, if it is an action: a service and a name. Punctuation after it belongs to the sentence.
fn action(word: &str) -> Option<&str> {
    let word = word.trim_matches(['"', '\'', '`', ',', '.', ';', ')']);
    let (service, name) = word.split_once(':')?;
    let is_word = |part: &str, more: &[char]| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || more.contains(&letter))
    };
    (is_word(service, &['-']) && is_word(name, &['*'])).then_some(word)
}

/// The ARN or `*` that follows one of the words.
fn after_words(text: &str, words: &[&str]) -> Option<String> {
    let (at, words) = words.iter().find_map(|words| Some((text.find(words)?, words)))?;
    let word = text[at + words.len()..].split_whitespace().next()?;
    let word = word.trim_matches(['"', '\'', '`', ',', ';', ')', '(']).trim_end_matches('.');
    (word == "*" || word.starts_with("arn:")).then(|| word.to_owned())
}

/// The ARN after the last `User:` before the words. Some services leave the ARN out, some name an account.
fn principal(text: &str) -> Option<String> {
    let word = text[text.rfind("User: ")? + "User: ".len()..].split_whitespace().next()?;
    word.starts_with("arn:").then(|| word.to_owned())
}

fn because(text: &str) -> Because {
    let kind = |rest: &str| {
        let found = KINDS.iter().filter_map(|(words, kind)| Some((rest.find(words)?, *kind)));
        found.min_by_key(|(at, _)| *at).map(|(_, kind)| kind)
    };
    if let Some(at) = text.find("explicit deny") {
        return kind(&text[at..]).map_or(Because::Unknown, Because::Forbidden);
    }
    match text.find("because no ") {
        Some(at) => kind(&text[at..]).map_or(Because::Unknown, Because::NotAllowed),
        None => Because::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentences of services, as their documentation and their users quote them.
    #[test]
    fn sentences() {
        use Because::{Forbidden, NotAllowed, Unknown};
        let user = "arn:aws:iam::123456789012:user/ci";
        let role = "arn:aws:sts::123456789012:assumed-role/deploy/skysmith";
        for (text, action, resource, principal, because) in [
            (
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: dynamodb:CreateTable on resource: arn:aws:dynamodb:eu-west-1:123456789012:table/counts because no identity-based policy allows the dynamodb:CreateTable action (Service: DynamoDb, Status Code: 400, Request ID: X)",
                "dynamodb:CreateTable",
                Some("arn:aws:dynamodb:eu-west-1:123456789012:table/counts"),
                Some(user),
                NotAllowed(PolicyKind::Identity),
            ),
            (
                "API: iam:CreateRole User: arn:aws:sts::123456789012:assumed-role/deploy/skysmith is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/app-Role-1 with an explicit deny in a service control policy",
                "iam:CreateRole",
                Some("arn:aws:iam::123456789012:role/app-Role-1"),
                Some(role),
                Forbidden(PolicyKind::ServiceControl),
            ),
            (
                "Resource handler returned message: \"User: arn:aws:sts::123456789012:assumed-role/deploy/skysmith is not authorized to perform: lambda:CreateFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:f because no permissions boundary allows the lambda:CreateFunction action (Service: Lambda, Status Code: 403, Request ID: x)\" (RequestToken: y, HandlerErrorCode: AccessDenied)",
                "lambda:CreateFunction",
                Some("arn:aws:lambda:eu-west-1:123456789012:function:f"),
                Some(role),
                NotAllowed(PolicyKind::Boundary),
            ),
            (
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::assets/x.zip\" because no session policy allows the s3:PutObject action",
                "s3:PutObject",
                Some("arn:aws:s3:::assets/x.zip"),
                Some(user),
                NotAllowed(PolicyKind::Session),
            ),
            (
                "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:eu-west-1:123456789012:vpc/* because no identity-based policy allows the ec2:CreateVpc action. Encoded authorization failure message: abc",
                "ec2:CreateVpc",
                Some("arn:aws:ec2:eu-west-1:123456789012:vpc/*"),
                Some(user),
                NotAllowed(PolicyKind::Identity),
            ),
            (
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: cloudformation:DescribeStacks because no identity-based policy allows the cloudformation:DescribeStacks action",
                "cloudformation:DescribeStacks",
                None,
                Some(user),
                NotAllowed(PolicyKind::Identity),
            ),
            (
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
                "kms:Decrypt",
                None,
                Some(user),
                Unknown,
            ),
            ("User is not authorized to perform: logs:CreateDelivery.", "logs:CreateDelivery", None, None, Unknown),
            ("API: s3:CreateBucket Access Denied", "s3:CreateBucket", None, None, Unknown),
        ] {
            let expected = Denied {
                action: action.to_owned(),
                resource: resource.map(str::to_owned),
                principal: principal.map(str::to_owned),
                because,
            };
            assert_eq!(Denied::parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_denials() {
        for text in [
            "",
            "API: ",
            "API: s3:CreateBucket Bucket already exists",
            "You are not authorized to perform this operation.",
            "not authorized to perform",
            "not authorized to perform: ",
            "The role defined for the function cannot be assumed by Lambda.",
            "Access Denied",
        ] {
            assert_eq!(Denied::parse(text), None, "{text}");
        }
    }

    #[test]
    fn in_words() {
        let denied = Denied::parse("User is not authorized to perform: a:B on resource: arn:aws:a:::x with an explicit deny in a resource-based policy").unwrap();
        assert_eq!(denied.to_string(), "a:B on arn:aws:a:::x");
        assert!(!denied.is_missing());
        assert_eq!(PolicyKind::ServiceControl.to_string(), "service control policy");
    }
}
