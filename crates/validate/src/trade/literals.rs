//! Literals that should be none: accounts, regions, partitions and secrets.

use skysmith_template::{Intrinsic, Map, Node, Resource, SubPart};

use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::{self, Piece};
use crate::value::shown;
use crate::walk;

pub(super) fn check(resource: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    let mut seen = Seen::default();
    for (name, node) in properties {
        walk(node, at.key(name), &mut seen, findings);
    }
    passwords(resource, properties, at, findings);
    if matches!(resource.resource_type(), Some("AWS::Lambda::Function")) {
        environment(properties, at, findings);
    }
}

/// One finding of each kind for a resource: the rest has the same cause.
#[derive(Default)]
struct Seen {
    partition: bool,
    region: bool,
    account: bool,
}

fn walk(node: &Node, at: At<'_>, seen: &mut Seen, findings: &mut Findings) {
    match node {
        Node::String(text) => literal(text, at, seen, findings),
        Node::Intrinsic(intrinsic) => {
            if let Intrinsic::Sub { parts, .. } = &**intrinsic {
                let outline: String = parts
                    .iter()
                    .map(|part| match part {
                        SubPart::Literal(text) => text.as_str(),
                        _ => "{}",
                    })
                    .collect();
                literal(&outline, at, seen, findings);
            } else if let Intrinsic::Join { .. } = &**intrinsic
                && let Some(pieces) = text::pieces(node)
                && matches!(pieces.first(), Some(Piece::Known(_)))
            {
                literal(&text::outline(&pieces), at, seen, findings);
            } else {
                walk::for_each_argument(intrinsic, at, &mut |argument, at| walk(argument, at, seen, findings));
            }
        }
        _ => walk::for_each_member(node, at, &mut |member, at| walk(member, at, seen, findings)),
    }
}

fn literal(text: &str, at: At<'_>, seen: &mut Seen, findings: &mut Findings) {
    access_key(text, at, findings);
    // The first ARN says it all.
    let Some(start) = text.find("arn:") else { return };
    if start > 0 && text.as_bytes()[start - 1].is_ascii_alphanumeric() {
        return;
    }
    let mut parts = text[start..].splitn(6, ':').skip(1);
    let (Some(partition), Some(_), Some(region), Some(account), Some(rest)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    // A placeholder of another service is no ARN yet.
    if rest.is_empty() {
        return;
    }
    if partition.starts_with("aws") && !seen.partition {
        seen.partition = true;
        findings
            .push(
                RuleId::HardCodedPartition,
                at,
                format!("the ARN `{}` is of the partition `{partition}` alone", shown(text)),
            )
            .note("write `${AWS::Partition}` in a `Fn::Sub`");
    }
    if is_region(region) && !seen.region {
        seen.region = true;
        findings
            .push(RuleId::HardCodedRegion, at, format!("the ARN `{}` is of the region `{region}` alone", shown(text)))
            .note("write `${AWS::Region}` in a `Fn::Sub`");
    }
    if account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit()) && !seen.account {
        seen.account = true;
        findings
            .push(RuleId::HardCodedAccount, at, format!("the ARN `{}` is of the account {account} alone", shown(text)))
            .note("write `${AWS::AccountId}` in a `Fn::Sub`, or take a parameter for another account");
    }
}

fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let has_number = parts.next().is_some_and(|it| it.len() == 1 && it.bytes().all(|it| it.is_ascii_digit()));
    has_number
        && parts.count() >= 2
        && text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

/// The id of an access key has a form that nothing else has.
fn access_key(text: &str, at: At<'_>, findings: &mut Findings) {
    let is_key_byte = |it: &u8| it.is_ascii_uppercase() || it.is_ascii_digit();
    for prefix in ["AKIA", "ASIA"] {
        let Some(start) = text.find(prefix) else { continue };
        let length = text.as_bytes()[start..].iter().take_while(|it| is_key_byte(it)).count();
        let is_whole = start == 0 || !is_key_byte(&text.as_bytes()[start - 1]);
        // AWS's documentation has one that is nobody's.
        if length == 20 && is_whole && !text.contains("EXAMPLE") {
            findings
                .push(RuleId::PlainSecret, at, "there is an AWS access key in the template")
                .note("delete the key in IAM: whoever has read the template has it; give the function a role instead");
        }
    }
}

/// Properties that are passwords, as literals or as parameters that everybody can read.
const PASSWORDS: &[&str] = &[
    "AuthToken",
    "ClientSecret",
    "DefaultUserPassword",
    "MasterUserPassword",
    "OAuthToken",
    "Password",
    "SecretString",
    "ServiceAccountCredentials",
];

fn passwords(resource: Resource<'_>, properties: &Map, at: At<'_>, findings: &mut Findings) {
    for name in PASSWORDS {
        if let Some(Node::String(text)) = properties.get(*name)
            && !text.is_empty()
            && !text.contains("{{resolve:")
        {
            let kind = resource.resource_type().unwrap_or_default();
            findings
                .push(
                    RuleId::PlainSecret,
                    at.key(name),
                    format!("`{name}` of {kind} stands in the template as plain text"),
                )
                .note("write `{{resolve:secretsmanager:NAME}}`, or let Secrets Manager make it");
        }
    }
}

/// What the names of secrets end with.
const SECRETS: &[&str] = &[
    "ACCESS_KEY",
    "API_KEY",
    "APIKEY",
    "AUTH_TOKEN",
    "CLIENT_SECRET",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE_KEY",
    "SECRET",
    "SECRET_KEY",
];

/// Whether a name is that of a secret.
pub(crate) fn names_secret(name: &str) -> bool {
    let mut plain = String::with_capacity(name.len());
    let mut was_lower = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && was_lower {
            plain.push('_');
        }
        was_lower = character.is_ascii_lowercase();
        plain.push(if character == '-' { '_' } else { character.to_ascii_uppercase() });
    }
    SECRETS
        .iter()
        .any(|it| plain.ends_with(it) && (plain.len() == it.len() || plain[..plain.len() - it.len()].ends_with('_')))
}

fn environment(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let environment_at = at.key("Environment");
    let at = environment_at.key("Variables");
    let variables = properties.get("Environment").and_then(|it| it.get("Variables")).and_then(Node::as_map);
    for (name, value) in variables.into_iter().flatten() {
        if let Node::String(text) = value
            && text.len() >= 6
            && names_secret(name)
            && !text.contains("{{resolve:")
            && !text.starts_with("arn:")
            && !text.starts_with('/')
        {
            findings
                .push(RuleId::PlainSecret, at.key(name), format!("`{name}` looks like a secret in plain text"))
                .note("hand over the name of a secret or of a parameter, and let the function read it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::names_secret;

    #[test]
    fn names_of_secrets_are_told_from_names_of_names() {
        for name in ["DB_PASSWORD", "dbPassword", "API_KEY", "StripeApiKey", "SECRET", "client-secret"] {
            assert!(names_secret(name), "{name}");
        }
        for name in ["SECRET_ARN", "PASSWORD_MIN_LENGTH", "TABLE_NAME", "TOKEN_TTL", "NOSECRETS", "KEY"] {
            assert!(!names_secret(name), "{name}");
        }
    }
}
