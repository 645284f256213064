//! Policy statements and documents.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use skysmith_core::{IntoValue, Json, Literal, Map, Node, NodeId, Reference, Value, pseudo, text};

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What it names is allowed.
    Allow,
    /// What it names is forbidden, whatever other statements allow.
    Deny,
}

/// Who a statement in a resource's policy is about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Principal {
    /// Anyone.
    Any,
    /// A service, such as `lambda.amazonaws.com`.
    Service(String),
    /// An account, a role or a user, by ARN.
    Aws(Value<String>),
}

impl Principal {
    /// The service of that domain, such as `lambda.amazonaws.com`.
    pub fn service(domain: impl Into<String>) -> Self {
        Self::Service(domain.into())
    }

    /// An account, by its id.
    pub fn account(id: impl IntoValue<String>) -> Self {
        Self::Aws(text!["arn:", pseudo::partition(), ":iam::", id.into_value(), ":root"])
    }

    fn to_node(&self) -> Node {
        match self {
            Self::Any => "*".into(),
            Self::Service(domain) => entry("Service", domain.as_str().into()),
            Self::Aws(arn) => entry("AWS", arn.node().clone()),
        }
    }
}

/// A policy statement.
///
/// ```
/// use skysmith::iam::Statement;
///
/// let statement = Statement::allow(["s3:GetObject"]).on("arn:aws:s3:::photos/*");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    effect: Effect,
    actions: Vec<String>,
    resources: Vec<Node>,
    principal: Option<Principal>,
    /// Operator, key, value.
    conditions: Vec<(String, String, Node)>,
}

impl Statement {
    /// A statement that allows `actions`.
    pub fn allow<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Self {
        Self::new(Effect::Allow, actions)
    }

    /// A statement that denies `actions`.
    pub fn deny<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Self {
        Self::new(Effect::Deny, actions)
    }

    fn new<A: Into<String>>(effect: Effect, actions: impl IntoIterator<Item = A>) -> Self {
        let actions = actions.into_iter().map(Into::into).collect();
        Self { effect, actions, resources: Vec::new(), principal: None, conditions: Vec::new() }
    }

    /// Adds a resource that the statement is about.
    #[must_use]
    pub fn on(mut self, resource: impl IntoValue<String>) -> Self {
        let resource = resource.into_value().into_node();
        if !self.resources.contains(&resource) {
            self.resources.push(resource);
        }
        self
    }

    /// Makes the statement about `resource` where it names none.
    #[must_use]
    pub(crate) fn or_on(self, resource: impl IntoValue<String>) -> Self {
        if self.resources.is_empty() { self.on(resource) } else { self }
    }

    /// Says who the statement is about. Only a resource's own policy and a role's trust need it.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principal = Some(principal);
        self
    }

    /// Adds a condition, such as `("StringEquals", "aws:SourceAccount", pseudo::account_id())`.
    #[must_use]
    pub fn condition(
        mut self,
        operator: impl Into<String>,
        key: impl Into<String>,
        value: impl IntoValue<String>,
    ) -> Self {
        self.conditions.push((operator.into(), key.into(), value.into_value().into_node()));
        self
    }

    /// The resources of the tree that the statement names.
    pub(super) fn referred(&self) -> Vec<NodeId> {
        let mut referred = Vec::new();
        let conditions = self.conditions.iter().map(|(_, _, value)| value);
        for node in self.resources.iter().chain(conditions) {
            node.for_each_ref(&mut |reference| {
                if let Reference::Element(id) = reference {
                    referred.push(*id);
                }
            });
        }
        referred
    }

    /// Everything but the actions: statements that agree in it can be one.
    fn is_like(&self, other: &Self) -> bool {
        self.effect == other.effect
            && self.resources == other.resources
            && self.principal == other.principal
            && self.conditions == other.conditions
    }

    fn to_node(&self) -> Node {
        let mut node = Map::new();
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        node.insert("Effect".to_owned(), effect.into());
        if let Some(principal) = &self.principal {
            node.insert("Principal".to_owned(), principal.to_node());
        }
        node.insert(
            "Action".to_owned(),
            one_or_many(self.actions.iter().map(|action| action.as_str().into()).collect()),
        );
        if !self.resources.is_empty() {
            node.insert("Resource".to_owned(), one_or_many(self.resources.clone()));
        }
        if !self.conditions.is_empty() {
            let mut operators = Map::new();
            for (operator, key, value) in &self.conditions {
                let keys = operators.entry(operator.clone()).or_insert_with(|| Node::Map(Map::new()));
                if let Node::Map(keys) = keys {
                    keys.insert(key.clone(), value.clone());
                }
            }
            node.insert("Condition".to_owned(), Node::Map(operators));
        }
        Node::Map(node)
    }
}

fn one_or_many(mut nodes: Vec<Node>) -> Node {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => Node::List(nodes),
    }
}

fn entry(key: &str, value: Node) -> Node {
    Node::Map([(key.to_owned(), value)].into_iter().collect())
}

/// A policy: statements in the order they were added, those that differ only in their actions merged into one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyDocument {
    statements: Vec<Statement>,
}

impl PolicyDocument {
    /// A policy without statements.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement.
    pub fn add(&mut self, mut statement: Statement) {
        let known = self.statements.iter().position(|known| known.is_like(&statement));
        if let Some(known) = known {
            statement.actions.append(&mut self.statements[known].actions);
        }
        statement.actions.sort();
        statement.actions.dedup();
        match known {
            Some(known) => self.statements[known] = statement,
            None => self.statements.push(statement),
        }
    }

    /// Whether it has no statements.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The statements.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl FromIterator<Statement> for PolicyDocument {
    fn from_iter<I: IntoIterator<Item = Statement>>(statements: I) -> Self {
        let mut document = Self::new();
        statements.into_iter().for_each(|statement| document.add(statement));
        document
    }
}

impl Literal for PolicyDocument {
    fn into_node(self) -> Node {
        let statements = self.statements.iter().map(Statement::to_node).collect();
        let mut document = Map::new();
        document.insert("Version".to_owned(), "2012-10-17".into());
        document.insert("Statement".to_owned(), Node::List(statements));
        Node::Map(document)
    }
}

impl IntoValue<Json> for PolicyDocument {
    fn into_value(self) -> Value<Json> {
        Value::from_node(Literal::into_node(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_differ_in_actions_alone_become_one() {
        let document: PolicyDocument = [
            Statement::allow(["s3:PutObject"]).on("a"),
            Statement::allow(["s3:GetObject", "s3:PutObject"]).on("a"),
            Statement::allow(["s3:GetObject"]).on("b"),
            Statement::deny(["s3:GetObject"]).on("a"),
        ]
        .into_iter()
        .collect();
        assert_eq!(document.statements().len(), 3);
        assert_eq!(document.statements()[0].actions, ["s3:GetObject", "s3:PutObject"]);
    }
}
