//! What policies mean: actions that exist, who is admitted, how much is allowed, and how long a policy may be.

use skysmith_template::{Map, Node};

use super::actions::SERVICES;
use super::given;
use super::policy::Attached;
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::{self, Piece};
use crate::value::shown;

pub(super) fn statement(statement: &Map, attached: Attached, at: At<'_>, findings: &mut Findings) {
    let allows = statement.get("Effect").and_then(Node::as_str) == Some("Allow");
    for key in ["Action", "NotAction"] {
        each_text(statement.get(key), at.key(key), &mut |text, at| action(text, at, findings));
    }
    for key in ["Resource", "NotResource"] {
        each_node(statement.get(key), at.key(key), &mut |node, at| resource(node, attached, at, findings));
    }
    for key in ["Principal", "NotPrincipal"] {
        principal(statement.get(key), at.key(key), findings);
    }
    if let Some(Node::Map(condition)) = statement.get("Condition") {
        operators(condition, at.key("Condition"), findings);
    }
    if allows {
        wildcards(statement, attached, at, findings);
        if attached == Attached::Trust {
            federation(statement, at, findings);
        }
        if attached == Attached::Resource && is_public(&Node::Map(statement.clone())) {
            findings
                .push(RuleId::PublicPrincipal, at, "the statement admits everybody")
                .note("name the principals, or add a `Condition` such as `aws:SourceArn` or `aws:PrincipalOrgID`");
        }
    }
}

/// Calls `visit` with a value or with each item of a list.
fn each_node<'t>(node: Option<&'t Node>, at: At<'_>, visit: &mut dyn FnMut(&'t Node, At<'_>)) {
    match node {
        Some(Node::List(items)) => items.iter().enumerate().for_each(|(index, it)| visit(it, at.index(index))),
        Some(node) => visit(node, at),
        None => {}
    }
}

fn each_text<'t>(node: Option<&'t Node>, at: At<'_>, visit: &mut dyn FnMut(&'t str, At<'_>)) {
    each_node(node, at, &mut |node, at| {
        if let Some(text) = node.as_str() {
            visit(text, at);
        }
    });
}

fn action(text: &str, at: At<'_>, findings: &mut Findings) {
    if text == "*" {
        return;
    }
    let Some((service, name)) = text.split_once(':') else {
        findings
            .push(RuleId::PolicyGrammar, at, format!("`{}` is not an action", shown(text)))
            .note("an action has a service and a name, such as `s3:GetObject`, or is `*`");
        return;
    };
    if service.contains(['*', '?', '$', '{']) {
        return;
    }
    let lower = service.to_ascii_lowercase();
    let Ok(index) = SERVICES.binary_search_by(|(known, _)| (*known).cmp(lower.as_str())) else {
        findings
            .push(RuleId::UnknownAction, at, format!("there is no service `{}` in IAM", shown(service)))
            .suggest(&lower, SERVICES.iter().map(|(known, _)| *known));
        return;
    };
    let names = SERVICES[index].1;
    if names.is_empty() || names.split(' ').any(|it| matches_wildcard(name, it)) {
        return;
    }
    findings
        .push(RuleId::UnknownAction, at, format!("`{}` has no action `{}`", lower, shown(name)))
        .suggest(name, names.split(' '));
}

/// Whether a name fits a pattern with `*` and `?`, whatever its case.
fn matches_wildcard(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut in_name) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, in_name));
                at += 1;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&name[in_name]) => {
                at += 1;
                in_name += 1;
            }
            _ => match retry {
                Some((star, taken)) => {
                    at = star + 1;
                    in_name = taken + 1;
                    retry = Some((star, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|it| *it == b'*')
}

/// The resource of a policy is an ARN.
fn resource(node: &Node, attached: Attached, at: At<'_>, findings: &mut Findings) {
    if attached == Attached::Trust {
        return;
    }
    let Some(pieces) = text::pieces(node) else { return };
    let Some(Piece::Known(first)) = pieces.first() else { return };
    let outline = text::outline(&pieces);
    let is_whole = text::whole(&pieces).is_some();
    let is_arn = first == "*" && pieces.len() == 1
        || first.starts_with("arn:") && (!is_whole || outline.splitn(6, ':').count() == 6)
        || !is_whole && "arn:".starts_with(first.as_ref());
    if !is_arn {
        findings
            .push(RuleId::PolicyGrammar, at, format!("`{}` is not the ARN of a resource", shown(&outline)))
            .note("allowed: an ARN, which may have `*` and `?` in it, or `*`");
    }
}

fn principal(node: Option<&Node>, at: At<'_>, findings: &mut Findings) {
    const KINDS: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];
    let Some(Node::Map(map)) = node else { return };
    if map.keys().any(|it| it == "Ref" || it.starts_with("Fn::")) {
        return;
    }
    for (key, value) in map {
        let here = at.key(key);
        if !KINDS.contains(&key.as_str()) {
            findings
                .push(RuleId::PolicyPrincipal, here, format!("there are no principals of the kind `{}`", shown(key)))
                .suggest(key, KINDS.into_iter())
                .note(format!("allowed: {}", KINDS.join(", ")));
            continue;
        }
        each_node(Some(value), here, &mut |node, at| {
            if matches!(node, Node::Map(_) | Node::Null | Node::List(_)) && !super::policy::is_call(node) {
                let message = format!("a principal is {}, not text", crate::value::kind(node));
                findings.push(RuleId::PolicyPrincipal, at, message);
            }
            let Some(pieces) = text::pieces(node) else { return };
            let Some(whole) = text::whole(&pieces) else { return };
            let is_fine = match key.as_str() {
                "AWS" => is_aws_principal(&whole),
                "Service" => is_service(&whole),
                _ => true,
            };
            if !is_fine {
                let found = findings.push(
                    RuleId::PolicyPrincipal,
                    at,
                    format!("`{}` is not a principal of the kind `{key}`", shown(&whole)),
                );
                match key.as_str() {
                    "AWS" if is_service(&whole) => found.note("did you mean `Service`?"),
                    "AWS" => found.note("allowed: `*`, the number of an account, the ARN of an account, user or role"),
                    _ => found.note("allowed: the name of a service, such as `lambda.amazonaws.com`"),
                };
            }
        });
    }
}

fn is_aws_principal(text: &str) -> bool {
    let is_account = |it: &str| it.len() == 12 && it.bytes().all(|it| it.is_ascii_digit());
    if text == "*" || is_account(text) {
        return true;
    }
    // What IAM makes of a user or a role that is gone.
    if text.len() >= 16 && (text.starts_with("AIDA") || text.starts_with("AROA")) {
        return true;
    }
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, rest] = parts.as_slice() else { return false };
    partition.starts_with("aws")
        && matches!(*service, "iam" | "sts")
        && (is_account(account) || *account == "cloudfront")
        && ["root", "user", "role", "group", "assumed-role", "federated-user"].iter().any(|it| rest.starts_with(it))
}

fn is_service(text: &str) -> bool {
    let host = text.trim_end_matches(".cn");
    ["amazonaws.com", "amazon.com", "amazonaws.eu", "aws.internal"]
        .iter()
        .any(|it| host.strip_suffix(it).is_some_and(|it| it.ends_with('.')))
        || text == "*"
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
const OPERATORS: &[&str] = &[
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

fn operators(condition: &Map, at: At<'_>, findings: &mut Findings) {
    for (key, value) in condition.iter().filter(|(key, _)| !key.starts_with("Fn::") && *key != "Ref") {
        let bare = key.strip_prefix("ForAllValues:").or_else(|| key.strip_prefix("ForAnyValue:")).unwrap_or(key);
        let bare = bare.strip_suffix("IfExists").unwrap_or(bare);
        if !OPERATORS.iter().any(|it| it.eq_ignore_ascii_case(bare)) {
            findings
                .push(RuleId::PolicyGrammar, at.key(key), format!("there is no condition operator `{}`", shown(key)))
                .suggest(bare, OPERATORS.iter().copied());
        } else if let Node::Map(keys) = value {
            for (name, wanted) in keys.iter().filter(|(name, _)| !name.starts_with("Fn::")) {
                if matches!(wanted, Node::Map(_) | Node::Null) && !super::policy::is_call(wanted) {
                    let here = at.key(key);
                    let message = format!("`{}` is {}, not text or a list", shown(name), crate::value::kind(wanted));
                    findings.push(RuleId::PolicyGrammar, here.key(name), message);
                }
            }
        } else if let wrong @ (Node::String(_) | Node::List(_) | Node::Number(_) | Node::Bool(_)) = value {
            findings
                .push(
                    RuleId::PolicyGrammar,
                    at.key(key),
                    format!("`{key}` is {}, not a map", crate::value::kind(wrong)),
                )
                .note("an operator has a map from keys to values, such as `{\"aws:SourceAccount\": \"123456789012\"}`");
        }
    }
}

fn wildcards(statement: &Map, attached: Attached, at: At<'_>, findings: &mut Findings) {
    if attached == Attached::Trust {
        return;
    }
    // The policy of a key has to name all its actions, and there the resource is the key itself.
    let everywhere = attached == Attached::Identity
        && [statement.get("Resource")].into_iter().flatten().any(|node| {
            node.as_str() == Some("*") || node.as_list().is_some_and(|it| it.iter().any(|it| it.as_str() == Some("*")))
        });
    let is_narrowed = statement.contains_key("Condition");
    each_text(statement.get("Action"), at.key("Action"), &mut |text, at| {
        if text == "*" && attached == Attached::Identity {
            findings
                .push(RuleId::PolicyWildcard, at, "the statement allows every action of every service")
                .note("list the actions that are needed");
        } else if let (true, false, Some(service)) = (everywhere, is_narrowed, text.strip_suffix(":*")) {
            findings
                .push(
                    RuleId::PolicyWildcard,
                    at,
                    format!("the statement allows every action of `{service}` on everything"),
                )
                .note("list the actions that are needed, or the resources");
        }
    });
    if everywhere && !is_narrowed && statement.contains_key("NotAction") {
        findings
            .push(
                RuleId::PolicyWildcard,
                at.key("NotAction"),
                "the statement allows everything but a few actions on everything",
            )
            .note("list the actions that are needed");
    }
}

/// Whether a statement allows something to everybody without a condition.
pub(super) fn is_public(statement: &Node) -> bool {
    let Some(statement) = statement.as_map() else { return false };
    let is_everybody = |node: &Node| {
        node.as_str() == Some("*") || node.as_list().is_some_and(|it| it.iter().any(|it| it.as_str() == Some("*")))
    };
    statement.get("Effect").and_then(Node::as_str) == Some("Allow")
        && given(statement, "Condition").is_none()
        && statement.get("Principal").is_some_and(|it| is_everybody(it) || it.get("AWS").is_some_and(is_everybody))
}

/// Whoever has an account with an identity provider can take on a role that does not say who is meant.
fn federation(statement: &Map, at: At<'_>, findings: &mut Findings) {
    let mut takes_tokens = false;
    each_text(statement.get("Action"), at, &mut |text, _| {
        takes_tokens |= text.eq_ignore_ascii_case("sts:AssumeRoleWithWebIdentity");
    });
    let Some(provider) = statement.get("Principal").and_then(|it| it.get("Federated")) else { return };
    if !takes_tokens {
        return;
    }
    let outline = text::pieces(provider).map(|it| text::outline(&it)).unwrap_or_default();
    let is_github = outline.contains("token.actions.githubusercontent.com");
    match statement.get("Condition") {
        None => {
            findings
                .push(RuleId::OidcTrust, at, "whoever gets a token of this provider can take on the role")
                .note("add a `Condition` on the audience (`:aud`) and the subject (`:sub`) of the token");
        }
        Some(condition) if is_github => {
            let mut names_subject = false;
            condition.for_each_node(&mut |node| match node {
                Node::Map(map) => {
                    names_subject |= map.keys().any(|it| {
                        let it = it.to_ascii_lowercase();
                        it.ends_with(":sub")
                            || it.ends_with(":job_workflow_ref")
                            || it.ends_with(":repository")
                            || it.ends_with(":repository_id")
                            || it.starts_with("fn::")
                    });
                }
                Node::Intrinsic(_) => names_subject = true,
                _ => {}
            });
            if !names_subject {
                findings
                    .push(RuleId::OidcTrust, at.key("Condition"), "every repository on GitHub can take on the role")
                    .note("add a condition on `token.actions.githubusercontent.com:sub`");
            }
        }
        Some(_) => {}
    }
}

/// The ids of the statements of one policy differ, and have letters and digits only.
pub(super) fn ids(statements: &[Node], attached: Attached, at: At<'_>, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let Some(id) = statement.get("Sid").and_then(Node::as_str) else { continue };
        let here = at.index(index);
        if seen.contains(&id) && !id.is_empty() {
            findings.push(
                RuleId::PolicyGrammar,
                here.key("Sid"),
                format!("two statements have the id `{}`", shown(id)),
            );
        }
        seen.push(id);
        if attached == Attached::Identity && !id.bytes().all(|it| it.is_ascii_alphanumeric()) {
            findings
                .push(
                    RuleId::PolicyGrammar,
                    here.key("Sid"),
                    format!("`{}` cannot be the id of a statement", shown(id)),
                )
                .note("allowed: letters and digits");
        }
    }
}

/// How many characters a policy has at least, white space left out.
pub(super) fn least_size(node: &Node) -> usize {
    match node {
        Node::Null | Node::Bool(_) => 4,
        Node::Number(number) => number.as_str().len(),
        Node::List(items) => 1 + items.iter().map(|item| least_size(item) + 1).sum::<usize>(),
        Node::Map(map) => 1 + map.iter().map(|(key, value)| key.len() + 4 + least_size(value)).sum::<usize>(),
        _ => text::pieces(node).map_or(0, |pieces| {
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Known(text) => text.chars().filter(|it| !it.is_whitespace()).count(),
                    Piece::Open(_) => 0,
                })
                .sum()
        }),
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) fn size(size: usize, most: usize, what: &str, at: At<'_>, findings: &mut Findings) {
    if size > most {
        findings
            .push(RuleId::PolicySize, at, format!("{what} {size} characters"))
            .note(format!("allowed: at most {most}, white space left out"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_iam_does() {
        for (pattern, name) in
            [("*", "GetObject"), ("Get*", "GetObject"), ("get?bject", "GetObject"), ("*Obj*", "GetObject")]
        {
            assert!(matches_wildcard(pattern, name), "{pattern}");
        }
        for pattern in ["Put*", "GetObjec", "Get", "GetObject?", "*Objects"] {
            assert!(!matches_wildcard(pattern, "GetObject"), "{pattern}");
        }
    }

    #[test]
    fn services_are_sorted() {
        assert!(SERVICES.is_sorted_by_key(|(name, _)| *name));
        assert!(SERVICES.len() > 350, "{}", SERVICES.len());
        let actions = SERVICES.iter().map(|(_, names)| names.split(' ').count()).sum::<usize>();
        assert!(actions > 4_000, "{actions}");
    }
}
