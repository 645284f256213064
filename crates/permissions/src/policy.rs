//! Statements, merged and in order, and documents that IAM takes.

use std::collections::{BTreeMap, BTreeSet};

use skysmith_template::{Map, Node};

/// What a managed policy holds at most, without white space:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
pub const MANAGED_POLICY_LIMIT: usize = 6_144;
/// What all inline policies of a role hold at most, without white space.
pub const INLINE_ROLE_LIMIT: usize = 10_240;

/// Values that keys of the request must have: `StringEquals`.
pub type Conditions = BTreeMap<String, BTreeSet<String>>;

/// Permissions, as they are found. Whatever order they come in, the policy of them is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<(Conditions, String), BTreeSet<String>>);

impl Permissions {
    /// Allows an action on a resource: an ARN, possibly with wildcards, or `*`.
    pub fn allow(&mut self, action: &str, resource: impl Into<String>) {
        self.allow_if(Conditions::new(), action, resource);
    }

    /// Allows an action on a resource where the request fits.
    pub fn allow_if(&mut self, conditions: Conditions, action: &str, resource: impl Into<String>) {
        self.0.entry((conditions, action.to_owned())).or_default().insert(resource.into());
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Self) {
        for (key, resources) in other.0 {
            self.0.entry(key).or_default().extend(resources);
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The policy: actions that are about the same resources share a statement.
    #[must_use]
    pub fn policy(self) -> Policy {
        let mut groups: BTreeMap<(String, Vec<String>, Conditions), BTreeSet<String>> = BTreeMap::new();
        for ((conditions, action), resources) in self.0 {
            let service = action.split(':').next().unwrap_or_default().to_owned();
            groups.entry((service, least(&resources), conditions)).or_default().insert(action);
        }
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let mut statements: Vec<Statement> = Vec::new();
        for ((service, resources, conditions), actions) in groups {
            let mut sid = sid(&service, &resources);
            let count = names.entry(sid.clone()).or_default();
            *count += 1;
            if *count > 1 {
                sid.push_str(&count.to_string());
            }
            statements.push(Statement { sid, actions: actions.into_iter().collect(), resources, conditions });
        }
        Policy { statements }
    }
}

/// One statement: it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// The name, unique in the policy.
    pub sid: String,
    /// The actions, sorted.
    pub actions: Vec<String>,
    /// What they are allowed on, sorted.
    pub resources: Vec<String>,
    /// What the request must have.
    pub conditions: Conditions,
}

/// A policy, its statements sorted by service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The statements.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// The document, as IAM and templates take it.
    #[must_use]
    pub fn document(&self) -> Node {
        let text = |text: &str| Node::String(text.to_owned());
        let list = |texts: &[String]| match texts {
            [one] => text(one),
            several => Node::List(several.iter().map(|it| text(it)).collect()),
        };
        let statement = |it: &Statement| {
            let mut map = Map::new();
            map.insert("Sid".to_owned(), text(&it.sid));
            map.insert("Effect".to_owned(), text("Allow"));
            map.insert("Action".to_owned(), list(&it.actions));
            map.insert("Resource".to_owned(), list(&it.resources));
            if !it.conditions.is_empty() {
                let equals = it.conditions.iter().map(|(key, values)| {
                    let values: Vec<String> = values.iter().cloned().collect();
                    (key.clone(), list(&values))
                });
                let operators = Map::from_iter([("StringEquals".to_owned(), Node::Map(equals.collect()))]);
                map.insert("Condition".to_owned(), Node::Map(operators));
            }
            Node::Map(map)
        };
        Node::Map(Map::from_iter([
            ("Version".to_owned(), text("2012-10-17")),
            ("Statement".to_owned(), Node::List(self.statements.iter().map(statement).collect())),
        ]))
    }

    /// What IAM counts: the characters that are not white space.
    #[must_use]
    pub fn size(&self) -> usize {
        self.document().to_json_compact().chars().filter(|c| !c.is_whitespace()).count()
    }

    /// The same as several policies of at most `limit` each, in order. A statement that is too large by itself is divided.
    #[must_use]
    pub fn split(&self, limit: usize) -> Vec<Self> {
        let mut open: Vec<Statement> = self.statements.iter().rev().cloned().collect();
        let mut policies: Vec<Self> = Vec::new();
        while let Some(statement) = open.pop() {
            let alone = Self { statements: vec![statement] };
            if let Some(last) = policies.last_mut() {
                let mut joined = last.clone();
                joined.statements.extend(alone.statements.iter().cloned());
                if joined.size() <= limit {
                    *last = joined;
                    continue;
                }
            }
            match alone.statements.first().filter(|_| alone.size() > limit).and_then(Statement::halves) {
                Some((first, second)) => open.extend([second, first]),
                None => policies.push(alone),
            }
        }
        policies
    }
}

impl Statement {
    fn halves(&self) -> Option<(Self, Self)> {
        let (mut first, mut second) = (self.clone(), self.clone());
        second.sid.push('B');
        let (actions, resources) = (self.actions.len(), self.resources.len());
        if actions.max(resources) < 2 {
            return None;
        }
        if actions >= resources {
            second.actions = first.actions.split_off(actions / 2);
        } else {
            second.resources = first.resources.split_off(resources / 2);
        }
        Some((first, second))
    }
}

/// The resources without those that another one covers.
fn least(resources: &BTreeSet<String>) -> Vec<String> {
    let covered = |one: &String| resources.iter().any(|other| other != one && covers(other, one));
    resources.iter().filter(|one| !covered(one)).cloned().collect()
}

/// Whether everything that fits `text` (which may have wildcards) fits `pattern`. A `?` of a text is taken for a letter.
pub(crate) fn covers(pattern: &str, text: &str) -> bool {
    let (mut pieces, text) = (pattern.split('*'), text);
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let Some(mut piece) = pieces.next() else { return rest.is_empty() };
    for next in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
        piece = next;
    }
    rest.ends_with(piece)
}

/// `LambdaFunction` of a statement about functions, `S3Bucket` of one about buckets, `KmsAny` of one about everything.
fn sid(service: &str, resources: &[String]) -> String {
    let mut parts = vec![service];
    match resources.first().map(String::as_str) {
        Some("*") | None => parts.push("any"),
        Some(arn) => {
            let resource = arn.splitn(6, ':').nth(5).unwrap_or_default().trim_start_matches('/');
            let is_object = service == "s3" && resource.contains('/');
            let end = resource.find(['/', ':']);
            match end {
                _ if is_object => parts.push("objects"),
                _ if service == "s3" => parts.push("bucket"),
                Some(end) => parts.push(&resource[..end]),
                None if service == "apigateway" => parts.push(resource),
                _ => {}
            }
        }
    }
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    let words = parts.iter().flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric()));
    words.map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_whatever_the_order() {
        let rules = [
            ("s3:GetObject", "arn:aws:s3:::b/*"),
            ("s3:CreateBucket", "arn:aws:s3:::b"),
            ("s3:PutObject", "arn:aws:s3:::b/*"),
            ("kms:CreateKey", "*"),
            ("lambda:CreateFunction", "arn:aws:lambda:r:a:function:f"),
            ("lambda:CreateFunction", "arn:aws:lambda:r:a:function:g"),
            ("lambda:GetFunction", "arn:aws:lambda:r:a:function:f"),
        ];
        let policy = |rules: &mut dyn Iterator<Item = &(&str, &str)>| {
            let mut permissions = Permissions::default();
            rules.for_each(|(action, resource)| permissions.allow(action, *resource));
            permissions.policy()
        };
        let one = policy(&mut rules.iter());
        assert_eq!(one, policy(&mut rules.iter().rev()));
        let names: Vec<&str> = one.statements.iter().map(|it| it.sid.as_str()).collect();
        assert_eq!(names, ["KmsAny", "LambdaFunction", "LambdaFunction2", "S3Bucket", "S3Objects"]);
        assert_eq!(one.statements[4].actions, ["s3:GetObject", "s3:PutObject"]);
    }

    #[test]
    fn what_another_resource_covers_is_left_out() {
        for (pattern, text, is_covered) in [
            ("*", "arn:x", true),
            ("arn:a*", "arn:ab", true),
            ("arn:a*", "arn:ab*", true),
            ("arn:ab", "arn:ab*", false),
            ("a*c", "abc", true),
            ("a*c", "abd", false),
            ("a*b*c", "axbyc", true),
            ("a*b*c", "axyc", false),
            ("ab", "ab", true),
            ("/restapis/*", "/restapis", false),
        ] {
            assert_eq!(covers(pattern, text), is_covered, "{pattern} {text}");
        }
        let mut permissions = Permissions::default();
        for resource in ["arn:aws:sns:r:a:stack-t-*", "arn:aws:sns:r:a:*"] {
            permissions.allow("sns:CreateTopic", resource);
        }
        assert_eq!(permissions.policy().statements[0].resources, ["arn:aws:sns:r:a:*"]);
    }

    #[test]
    fn split_at_the_limit() {
        let mut permissions = Permissions::default();
        for index in 0..400 {
            permissions.allow(&format!("sqs:Action{index:03}"), "*");
            permissions.allow("sns:Publish", format!("arn:aws:sns:r:a:topic-{index:03}"));
        }
        let policy = permissions.policy();
        assert!(policy.size() > 2 * MANAGED_POLICY_LIMIT);
        let parts = policy.split(MANAGED_POLICY_LIMIT);
        assert!(parts.len() > 2 && parts.iter().all(|part| part.size() <= MANAGED_POLICY_LIMIT));
        let actions = parts.iter().flat_map(|part| &part.statements).flat_map(|it| &it.actions);
        assert_eq!(actions.filter(|action| action.starts_with("sqs:")).count(), 400);
        let resources = parts.iter().flat_map(|part| &part.statements).flat_map(|it| &it.resources);
        assert_eq!(resources.filter(|resource| *resource != "*").count(), 400);
        assert_eq!(policy.split(usize::MAX), [policy]);
    }
}
