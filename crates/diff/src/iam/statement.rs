//! A policy statement taken apart.

use skysmith_template::{Map, Node};

/// What a holder is given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rights {
    /// A statement of a policy, or a permission of a function as if it were one.
    Statement(Box<Statement>),
    /// A managed policy, by its ARN.
    Managed(Node),
}

impl Rights {
    /// The statement, if it is one.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement> {
        match self {
            Self::Statement(statement) => Some(statement),
            Self::Managed(_) => None,
        }
    }
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Statement {
    /// Its name.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Who.
    pub principals: Which<Principal>,
    /// What may be done.
    pub actions: Which<Node>,
    /// With what.
    pub resources: Which<Node>,
    /// When.
    pub conditions: Vec<Condition>,
}

impl Statement {
    /// The statement as a policy has it, with a list wherever one may stand.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut map = Map::new();
        if let Some(sid) = &self.sid {
            map.insert("Sid".to_owned(), sid.as_str().into());
        }
        let effect = match &self.effect {
            Effect::Allow => "Allow".into(),
            Effect::Deny => "Deny".into(),
            Effect::Other(node) => node.clone(),
        };
        map.insert("Effect".to_owned(), effect);
        let listed = |items: &[Node]| Node::List(items.to_vec());
        insert(&mut map, "Principal", "NotPrincipal", &self.principals, all_principals);
        insert(&mut map, "Action", "NotAction", &self.actions, listed);
        insert(&mut map, "Resource", "NotResource", &self.resources, listed);
        if !self.conditions.is_empty() {
            let mut conditions = Map::new();
            for Condition { operator, key, values } in &self.conditions {
                let tests = conditions.entry(operator.clone()).or_insert_with(|| Map::new().into());
                if let Node::Map(tests) = tests {
                    tests.insert(key.clone(), listed(values));
                }
            }
            map.insert("Condition".to_owned(), conditions.into());
        }
        map.into()
    }
}

fn insert<T>(map: &mut Map, only: &str, but: &str, which: &Which<T>, write: impl Fn(&[T]) -> Node) {
    match which {
        Which::Only(items) => map.insert(only.to_owned(), write(items)),
        Which::AllBut(items) => map.insert(but.to_owned(), write(items)),
        Which::Unsaid => None,
    };
}

fn all_principals(all: &[Principal]) -> Node {
    let mut kinds = Map::new();
    for Principal { kind, id } in all {
        if kind == "*" {
            return "*".into();
        }
        if let Node::List(ids) = kinds.entry(kind.clone()).or_insert_with(|| Node::List(Vec::new())) {
            ids.push(id.clone());
        }
    }
    kinds.into()
}

/// Whether a statement allows or denies.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
    /// What this value says: a function, or a mistake.
    Other(Node),
}

/// A list of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which<T> {
    /// These: `Action`, `Resource`, `Principal`.
    Only(Vec<T>),
    /// All but these: `NotAction`, `NotResource`, `NotPrincipal`.
    AllBut(Vec<T>),
    /// The statement does not say. An identity's policy has no principals, a trust policy no resources.
    Unsaid,
}

impl<T> Which<T> {
    /// What is listed, whether it is meant or excepted.
    pub fn items(&self) -> &[T] {
        match self {
            Self::Only(items) | Self::AllBut(items) => items,
            Self::Unsaid => &[],
        }
    }
}

impl<T: PartialEq> Which<T> {
    /// What is listed here and not there: of the list after a change, what is new; of the list before, what is gone.
    pub fn without(&self, other: &Self) -> Vec<&T> {
        self.items().iter().filter(|item| !other.items().contains(item)).collect()
    }
}

/// Somebody who may do something.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Principal {
    /// `AWS`, `Service`, `Federated` or `CanonicalUser`; `*` of everybody.
    pub kind: String,
    /// Who; `*` of everybody of the kind.
    pub id: Node,
}

impl Principal {
    /// Whether it is everybody, also people without an account of AWS.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        matches!(self.kind.as_str(), "AWS" | "*") && self.id.as_str() == Some("*")
    }
}

/// One test of a condition.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// Such as `StringEquals`.
    pub operator: String,
    /// Such as `aws:SourceArn`.
    pub key: String,
    /// Any of these.
    pub values: Vec<Node>,
}

/// Reads a statement that has been [normalised](crate::policy::normalised).
pub(super) fn read(node: &Node) -> Option<Statement> {
    let map = node.as_map()?;
    let effect = match map.get("Effect") {
        Some(Node::String(text)) if text == "Allow" => Effect::Allow,
        Some(Node::String(text)) if text == "Deny" => Effect::Deny,
        Some(other) => Effect::Other(other.clone()),
        None => Effect::Other(Node::Null),
    };
    Some(Statement {
        sid: map.get("Sid").and_then(Node::as_str).map(str::to_owned),
        effect,
        principals: which(map, "Principal", "NotPrincipal", principals),
        actions: which(map, "Action", "NotAction", items),
        resources: which(map, "Resource", "NotResource", items),
        conditions: map.get("Condition").map(conditions).unwrap_or_default(),
    })
}

fn which<T>(map: &Map, only: &str, but: &str, read: impl Fn(&Node) -> Vec<T>) -> Which<T> {
    match (map.get(only), map.get(but)) {
        (Some(node), _) => Which::Only(read(node)),
        (None, Some(node)) => Which::AllBut(read(node)),
        (None, None) => Which::Unsaid,
    }
}

fn items(node: &Node) -> Vec<Node> {
    match node {
        Node::List(items) => items.clone(),
        other => vec![other.clone()],
    }
}

fn principals(node: &Node) -> Vec<Principal> {
    match node {
        Node::Map(map) => map
            .iter()
            .flat_map(|(kind, ids)| items(ids).into_iter().map(|id| Principal { kind: kind.clone(), id }))
            .collect(),
        Node::List(items) => items.iter().flat_map(principals).collect(),
        Node::String(text) if text == "*" => vec![Principal { kind: "*".to_owned(), id: "*".into() }],
        other => vec![Principal { kind: "AWS".to_owned(), id: other.clone() }],
    }
}

fn conditions(node: &Node) -> Vec<Condition> {
    let tests = |operator: &String, tests: &Node| match tests {
        Node::Map(map) => map
            .iter()
            .map(|(key, values)| Condition { operator: operator.clone(), key: key.clone(), values: items(values) })
            .collect(),
        other => vec![Condition { operator: operator.clone(), key: String::new(), values: vec![other.clone()] }],
    };
    match node {
        Node::Map(map) => map.iter().flat_map(|(operator, node)| tests(operator, node)).collect(),
        other => vec![Condition { operator: String::new(), key: String::new(), values: vec![other.clone()] }],
    }
}

#[cfg(test)]
mod tests {
    use skysmith_template::read_json;

    use super::read;
    use crate::policy;

    #[test]
    fn a_statement_is_written_as_it_was_read() {
        for text in [
            r#"{"Sid":"A","Effect":"Allow","Principal":{"AWS":["1","2"],"Service":["s"]},"NotAction":["a"],"Resource":["*"]}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":[{"Ref":"B"}],
                "Condition":{"Bool":{"aws:SecureTransport":["false"]},"StringEquals":{"a":["1","2"],"b":["3"]}}}"#,
            r#"{"Effect":"Allow","NotPrincipal":{"AWS":["1"]},"Action":["a"],"NotResource":["r"]}"#,
        ] {
            let template = read_json(&format!(r#"{{"X":{text}}}"#)).unwrap().template;
            let node = policy::statement(&template.root()["X"]);
            assert_eq!(read(&node).unwrap().to_node(), node);
        }
    }
}
