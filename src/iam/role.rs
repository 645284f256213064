//! Roles.

use skysmith_cfn::iam::{CfnPolicy, CfnRole, role};
use skysmith_cfn::markers;
use skysmith_core::{Arn, CfnResource as _, Draft, IntoValue, Literal as _, Name, Node, Scope, Value, pseudo, text};

use super::{PolicyDocument, Principal, Statement};

/// The name of the inline policy that carries a role's grants, and the id of the policy beside it.
const POLICY_NAME: &str = "DefaultPolicy";

/// An IAM role.
///
/// What it is granted becomes one inline policy: it exists as soon as the role does, so that nothing that uses the role runs
/// without its rights.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>
#[derive(Clone, Debug)]
pub struct Role {
    scope: Scope,
    cfn: Option<CfnRole>,
    arn: Value<Arn<markers::Role>>,
    name: Option<Value<Name<markers::Role>>>,
}

impl Role {
    /// A role that `principal` can take.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str, principal: Principal) -> Self {
        Self::builder(scope, id, principal).build()
    }

    /// A role with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str, principal: Principal) -> RoleBuilder {
        RoleBuilder {
            draft: Draft::new(scope, id),
            trust: vec![Statement::allow(["sts:AssumeRole"]).principal(principal)],
            name: None,
            description: None,
            managed_policies: Vec::new(),
            statements: Vec::new(),
        }
    }

    /// A role that exists already. Granting it anything is an error: its policies are not this stack's.
    #[track_caller]
    pub fn import(scope: &Scope, id: &str, arn: Value<Arn<markers::Role>>) -> Self {
        Self { scope: scope.child(id), cfn: None, arn, name: None }
    }

    /// The role's ARN.
    pub fn arn(&self) -> Value<Arn<markers::Role>> {
        self.arn.clone()
    }

    /// The role's name, where it is known: an imported role has only an ARN.
    pub fn name(&self) -> Option<Value<Name<markers::Role>>> {
        self.name.clone()
    }

    /// Allows what `rule` finds in this role, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        match &self.cfn {
            Some(cfn) => cfn.allow(rule, reason),
            None => self.scope.warning("what exists already is not checked, so that there is nothing to allow"),
        }
    }

    /// The CloudFormation resource; none for an imported role.
    pub fn cfn(&self) -> Option<&CfnRole> {
        self.cfn.as_ref()
    }

    /// Adds a statement to what the role may do.
    #[track_caller]
    pub fn add_to_policy(&self, statement: Statement) {
        if self.cfn.is_none() {
            self.scope
                .error(format!("`{}` is an imported role, whose rights this stack cannot change", self.scope.path()));
            return;
        }
        self.scope.attach(Granted(statement));
    }
}

/// A statement that hangs on a role.
struct Granted(Statement);

impl IntoValue<Arn<markers::Role>> for &Role {
    fn into_value(self) -> Value<Arn<markers::Role>> {
        self.arn()
    }
}

/// Settings of a [`Role`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct RoleBuilder {
    draft: Draft,
    trust: Vec<Statement>,
    name: Option<Value<String>>,
    description: Option<String>,
    managed_policies: Vec<Value<Arn<markers::ManagedPolicy>>>,
    statements: Vec<Statement>,
}

impl RoleBuilder {
    /// The role's name, 1 to 64 characters. A role with a name of one's own needs `CAPABILITY_NAMED_IAM` and cannot be
    /// replaced without being renamed.
    pub fn name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(name.into_value());
        self
    }

    /// What the role is for, up to 1,000 characters.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Lets another principal take the role as well.
    pub fn trust(mut self, principal: Principal) -> Self {
        self.trust.push(Statement::allow(["sts:AssumeRole"]).principal(principal));
        self
    }

    /// Attaches a policy that AWS keeps, by its name after `policy/`, such as `service-role/AWSLambdaVPCAccessExecutionRole`.
    pub fn aws_managed_policy(mut self, name: &str) -> Self {
        self.managed_policies.push(text!["arn:", pseudo::partition(), ":iam::aws:policy/", name].cast());
        self
    }

    /// Adds a statement to what the role may do.
    pub fn statement(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// Makes the role.
    pub fn build(self) -> Role {
        let scope = self.draft.build();
        let trust: PolicyDocument = self.trust.into_iter().collect();
        let mut cfn = CfnRole::new(&scope, "Resource", trust);
        if let Some(description) = self.description {
            cfn = cfn.description(description);
        }
        if !self.managed_policies.is_empty() {
            cfn = cfn.managed_policy_arns(self.managed_policies);
        }
        if let Some(name) = self.name {
            cfn = cfn.role_name(name);
        }
        for statement in self.statements {
            scope.attach(Granted(statement));
        }
        let (fold_scope, fold_cfn) = (scope.clone(), cfn.clone());
        scope.fold(move || fold_policies(&fold_scope, &fold_cfn));
        let (arn, name) = (cfn.attr_arn(), cfn.reference());
        Role { scope, arn, name: Some(name), cfn: Some(cfn) }
    }
}

/// Puts what the role is granted into its inline policy. A statement about something that waits for the role itself (a function
/// that may call itself, a bucket that triggers a function that reads it) would close a circle there; it goes to a policy of
/// its own, which is made last.
fn fold_policies(scope: &Scope, cfn: &CfnRole) {
    // What this fold wrote before must not count as a reason of its own.
    cfn.unset("Policies");
    let granted = scope.attached::<Granted>();
    let (circular, inline): (Vec<_>, Vec<_>) =
        granted.iter().map(|granted| granted.0.clone()).partition(|statement| is_circular(statement, cfn));
    if !inline.is_empty() {
        let document: PolicyDocument = inline.into_iter().collect();
        cfn.set("Policies", Node::List(vec![role::Policy::new(document, POLICY_NAME).into_node()]));
    }
    if circular.is_empty() {
        return;
    }
    let document: PolicyDocument = circular.into_iter().collect();
    let known = scope.find_child(POLICY_NAME).and_then(|policy| CfnPolicy::of(&policy.find_child("Resource")?));
    match known {
        Some(policy) => drop(policy.policy_document(document)),
        None => {
            // IAM deletes such a policy by its name, so the name is like no other's.
            let policy_scope = scope.child(POLICY_NAME);
            let name = policy_scope.unique_id();
            CfnPolicy::new(&policy_scope, "Resource", document, name).roles([cfn.reference()]);
        }
    }
}

fn is_circular(statement: &Statement, cfn: &CfnRole) -> bool {
    statement.referred().into_iter().any(|id| cfn.sibling(id).is_some_and(|resource| resource.waits_for(cfn)))
}
