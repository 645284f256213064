//! Functions.

use std::time::Duration;

use skysmith_cfn::lambda::{CfnFunction, function};
use skysmith_cfn::markers;
use skysmith_cfn::sns::CfnSubscription;
use skysmith_core::{Arn, Draft, Given, IntoValue, Name, RemovalPolicy, Scope, Value, pseudo, text};

use super::code::check_handler;
use super::permission::allow_invoke;
use super::{Architecture, Code, Memory, Runtime};
use crate::iam::{Grant, Grantee, Principal, Role, Statement};
use crate::logs::{LogGroup, Retention};
use crate::sns::{SubscriptionTarget, Topic};

/// A Lambda function.
///
/// It comes with a role that may write to its own log group and nothing else, and with that log group, which keeps its
/// events for one month and stays when the stack goes. It runs for 3 seconds at most, with 128 MiB of memory, unless the
/// builder says otherwise.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-functions.html>
#[derive(Clone, Debug)]
pub struct Function {
    scope: Scope,
    cfn: Option<CfnFunction>,
    arn: Value<Arn<markers::LambdaFunction>>,
    name: Value<Name<markers::LambdaFunction>>,
    role: Role,
    log_group: Option<LogGroup>,
}

impl Function {
    /// A function with that code. Its handler is `index.handler`.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str, runtime: Runtime, code: Code) -> Self {
        Self::builder(scope, id, runtime, code).build()
    }

    /// A function with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str, runtime: Runtime, code: Code) -> FunctionBuilder {
        FunctionBuilder {
            draft: Draft::new(scope, id),
            runtime,
            code,
            handler: Given::here("index.handler".to_owned()),
            name: None,
            description: None,
            memory: None,
            timeout: None,
            architecture: None,
            environment: Vec::new(),
            role: None,
            log_group: None,
            log_retention: Retention::default(),
            log_removal_policy: RemovalPolicy::Retain,
        }
    }

    /// A function of this account and region that exists already. It can be invoked and subscribed, not changed; what it may do
    /// is its own stack's to say.
    #[track_caller]
    pub fn import(scope: &Scope, id: &str, name: impl IntoValue<Name<markers::LambdaFunction>>) -> Self {
        let name: Value<Name<markers::LambdaFunction>> = name.into_value();
        let place = text![":lambda:", pseudo::region(), ":", pseudo::account_id(), ":function:"];
        let arn = text!["arn:", pseudo::partition(), place, &name].cast();
        let scope = scope.child(id);
        let role = Role::import(&scope, "ServiceRole", pseudo::no_value());
        Self { scope, cfn: None, arn, name, role, log_group: None }
    }

    /// The function's construct.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The function's ARN.
    pub fn arn(&self) -> Value<Arn<markers::LambdaFunction>> {
        self.arn.clone()
    }

    /// The function's name.
    pub fn name(&self) -> Value<Name<markers::LambdaFunction>> {
        self.name.clone()
    }

    /// The role that the function acts as.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Where the function logs; unknown for an imported function.
    pub fn log_group(&self) -> Option<&LogGroup> {
        self.log_group.as_ref()
    }

    /// Allows what `rule` finds in this function, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        match &self.cfn {
            Some(cfn) => cfn.allow(rule, reason),
            None => self.scope.warning("what exists already is not checked, so that there is nothing to allow"),
        }
    }

    /// The CloudFormation resource; none for an imported function.
    pub fn cfn(&self) -> Option<&CfnFunction> {
        self.cfn.as_ref()
    }

    /// Lets `grantee` invoke the function.
    #[track_caller]
    pub fn grant_invoke(&self, grantee: &impl Grantee) -> Grant {
        Grant::add(grantee, Statement::allow(["lambda:InvokeFunction"]).on(self.arn()))
    }
}

impl Grantee for Function {
    fn grant_role(&self) -> &Role {
        &self.role
    }
}

impl IntoValue<Arn<markers::LambdaFunction>> for &Function {
    fn into_value(self) -> Value<Arn<markers::LambdaFunction>> {
        self.arn()
    }
}

impl SubscriptionTarget for Function {
    fn subscribe_to(&self, topic: &Topic) {
        // Both stand below the function under the CDK's own ids.
        let permission = format!("AllowInvoke:{}", topic.scope().unique_id());
        allow_invoke(&self.scope, &permission, self, "sns.amazonaws.com", topic.arn());
        let scope = self.scope.child(&topic.scope().id());
        CfnSubscription::new(&scope, "Resource", "lambda", topic.arn()).endpoint(self.arn());
    }
}

/// Settings of a [`Function`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct FunctionBuilder {
    draft: Draft,
    runtime: Runtime,
    code: Code,
    handler: Given<String>,
    name: Option<Given<Value<String>>>,
    description: Option<String>,
    memory: Option<Given<Memory>>,
    timeout: Option<Given<Duration>>,
    architecture: Option<Architecture>,
    environment: Vec<(String, Value<String>)>,
    role: Option<Role>,
    log_group: Option<LogGroup>,
    log_retention: Retention,
    log_removal_policy: RemovalPolicy,
}

impl FunctionBuilder {
    /// What Lambda calls: `file.function` for Python, Node.js and Ruby.
    #[track_caller]
    pub fn handler(mut self, handler: impl Into<String>) -> Self {
        self.handler = Given::here(handler.into());
        self
    }

    /// The function's name, 1 to 64 characters of letters, digits and `_-`.
    #[track_caller]
    pub fn function_name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(Given::here(name.into_value()));
        self
    }

    /// What the function is for, up to 256 characters.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The function's memory, and with it its share of processors.
    #[track_caller]
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = Some(Given::here(memory));
        self
    }

    /// How long one call may take: 1 to 900 seconds. API Gateway waits for 29 seconds only.
    #[track_caller]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(Given::here(timeout));
        self
    }

    /// The processor that the function runs on. Lambda takes `x86_64` by itself.
    pub fn architecture(mut self, architecture: Architecture) -> Self {
        self.architecture = Some(architecture);
        self
    }

    /// Sets an environment variable. All of them together have 4 KB.
    pub fn env(mut self, name: impl Into<String>, value: impl IntoValue<String>) -> Self {
        self.environment.push((name.into(), value.into_value()));
        self
    }

    /// The role that the function acts as, in place of one of its own. The right to write logs is added to it.
    pub fn role(mut self, role: &Role) -> Self {
        self.role = Some(role.clone());
        self
    }

    /// Where the function logs, in place of a log group of its own.
    pub fn log_group(mut self, group: &LogGroup) -> Self {
        self.log_group = Some(group.clone());
        self
    }

    /// How long the function's own log group keeps its events.
    pub fn log_retention(mut self, retention: Retention) -> Self {
        self.log_retention = retention;
        self
    }

    /// What becomes of the function's own log group when it leaves the stack. It stays by default.
    pub fn log_removal_policy(mut self, policy: RemovalPolicy) -> Self {
        self.log_removal_policy = policy;
        self
    }

    /// Makes the function, its role and its log group.
    pub fn build(self) -> Function {
        let scope = self.draft.build();
        let role =
            self.role.unwrap_or_else(|| Role::new(&scope, "ServiceRole", Principal::service("lambda.amazonaws.com")));
        let log_group = self.log_group.unwrap_or_else(|| {
            LogGroup::builder(&scope, "LogGroup")
                .retention(self.log_retention)
                .removal_policy(self.log_removal_policy)
                .build()
        });
        role.add_to_policy(Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on(log_group.arn()));

        let (code, asset) = self.code.bind(&scope);
        let mut cfn = CfnFunction::new(&scope, "Resource", code, &role)
            .handler(self.handler.value.as_str())
            .runtime(self.runtime.name())
            .logging_config(function::LoggingConfig::new().log_group(log_group.name()));
        cfn.note_place("Handler", self.handler.place);
        if let Some(problem) = asset.and_then(|asset| check_handler(&asset, &self.runtime, &self.handler.value)) {
            scope.report(problem.at(self.handler.place));
        }
        if let Some(name) = self.name {
            cfn = cfn.function_name(name.value);
            cfn.note_place("FunctionName", name.place);
        }
        if let Some(description) = self.description {
            cfn = cfn.description(description);
        }
        if let Some(memory) = self.memory {
            cfn = cfn.memory_size(memory.value.as_mib());
            cfn.note_place("MemorySize", memory.place);
        }
        if let Some(timeout) = self.timeout {
            // A part of a second would be lost, and with zero seconds no function runs: the check then says so.
            cfn = cfn.timeout(i64::try_from(timeout.value.as_secs()).unwrap_or(i64::MAX));
            cfn.note_place("Timeout", timeout.place);
        }
        if let Some(architecture) = self.architecture {
            cfn = cfn.architectures([architecture.name()]);
        }
        if !self.environment.is_empty() {
            cfn = cfn.environment(function::Environment::new().variables(self.environment));
        }
        let (arn, name) = (cfn.attr_arn(), cfn.reference());
        Function { scope, cfn: Some(cfn), arn, name, role, log_group: Some(log_group) }
    }
}
