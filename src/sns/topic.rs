//! Topics.

use skysmith_cfn::markers;
use skysmith_cfn::sns::{CfnTopic, CfnTopicPolicy};
use skysmith_core::{
    Arn, Diagnostic, Draft, Given, IntoValue, Intrinsic, Name, Node, Place, Scope, Value, pseudo, text,
};

use crate::iam::{Grant, Grantee, PolicyDocument, Principal, Statement};
use crate::s3::{Bucket, NotificationDestination, NotificationTarget};

/// An SNS topic.
///
/// It refuses what is not sent over TLS. It is not encrypted with a KMS key: S3 and other services cannot publish to a topic
/// under the AWS-managed key.
///
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-create-topic.html>
#[derive(Clone, Debug)]
pub struct Topic {
    scope: Scope,
    own: Option<Own>,
    arn: Value<Arn<markers::Topic>>,
    name: Value<Name<markers::Topic>>,
}

/// The resources of a topic that this stack makes.
#[derive(Clone, Debug)]
struct Own {
    cfn: CfnTopic,
    policy: CfnTopicPolicy,
}

/// What can hear of a topic's messages.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot subscribe to a topic",
    note = "functions can: `topic.subscribe(&function)`"
)]
pub trait SubscriptionTarget {
    /// Makes the subscription and whatever lets the topic deliver.
    fn subscribe_to(&self, topic: &Topic);
}

impl Topic {
    /// A topic with a name that CloudFormation makes.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self::builder(scope, id).build()
    }

    /// A topic with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str) -> TopicBuilder {
        TopicBuilder { draft: Draft::new(scope, id), name: None, display_name: None, enforce_tls: true }
    }

    /// A topic that exists already. It can be granted and subscribed to, not changed.
    #[track_caller]
    pub fn import(scope: &Scope, id: &str, arn: Value<Arn<markers::Topic>>) -> Self {
        let name = match arn.literal() {
            Some(arn) => Value::from_node(arn.rsplit(':').next().unwrap_or_default().into()),
            None => Value::from_node(select(5, &arn)),
        };
        Self { scope: scope.child(id), own: None, arn, name }
    }

    /// The topic's construct.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The topic's ARN.
    pub fn arn(&self) -> Value<Arn<markers::Topic>> {
        self.arn.clone()
    }

    /// The topic's name.
    pub fn name(&self) -> Value<Name<markers::Topic>> {
        self.name.clone()
    }

    /// Allows what `rule` finds in this topic, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        match self.cfn() {
            Some(cfn) => cfn.allow(rule, reason),
            None => self.scope.warning("what exists already is not checked, so that there is nothing to allow"),
        }
    }

    /// The CloudFormation resource; none for an imported topic.
    pub fn cfn(&self) -> Option<&CfnTopic> {
        self.own.as_ref().map(|own| &own.cfn)
    }

    /// The topic's policy. What needs its rights in place depends on it. None for an imported topic.
    pub fn policy(&self) -> Option<&CfnTopicPolicy> {
        self.own.as_ref().map(|own| &own.policy)
    }

    /// Adds a statement to the topic's policy. A statement without a resource is about the topic.
    #[track_caller]
    pub fn add_to_policy(&self, statement: Statement) {
        self.add_to_policy_at(statement, std::panic::Location::caller());
    }

    fn add_to_policy_at(&self, statement: Statement, place: Place) {
        if self.own.is_none() {
            let path = self.scope.path();
            let message = format!("`{path}` is an imported topic, whose policy this stack cannot change");
            self.scope.report(Diagnostic::error(message).at(place));
            return;
        }
        self.scope.attach(PolicyEntry(statement));
    }

    /// Delivers every message to `target`.
    #[track_caller]
    pub fn subscribe(&self, target: &impl SubscriptionTarget) {
        target.subscribe_to(self);
    }

    /// Lets `grantee` publish messages.
    #[track_caller]
    pub fn grant_publish(&self, grantee: &impl Grantee) -> Grant {
        Grant::add(grantee, Statement::allow(["sns:Publish"]).on(self.arn()))
    }
}

struct PolicyEntry(Statement);

/// One of the parts of an ARN, which `:` separates.
fn select(index: i64, arn: &Value<Arn<markers::Topic>>) -> Node {
    let parts = Intrinsic::Split { delimiter: ":".to_owned(), source: arn.node().clone() };
    Node::from(Intrinsic::Select { index: index.into(), values: Node::from(parts) })
}

impl NotificationTarget for Topic {
    fn bind(&self, bucket: &Bucket, place: Place) -> NotificationDestination {
        let mut statement = Statement::allow(["sns:Publish"])
            .principal(Principal::service("s3.amazonaws.com"))
            .on(self.arn())
            .condition("StringEquals", "aws:SourceAccount", pseudo::account_id());
        // The bucket waits for this policy, so the policy cannot refer to the bucket. Where its name is not known
        // beforehand the account alone has to do: any bucket of it may then publish.
        if let Some(name) = bucket.fixed_name() {
            let arn = text!["arn:", pseudo::partition(), ":s3:::", name];
            statement = statement.condition("ArnLike", "aws:SourceArn", arn);
        }
        self.add_to_policy_at(statement, place);
        NotificationDestination::topic(self.arn(), self.policy().map(|policy| &**policy))
    }
}

/// Settings of a [`Topic`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct TopicBuilder {
    draft: Draft,
    name: Option<Given<Value<String>>>,
    display_name: Option<Given<Value<String>>>,
    enforce_tls: bool,
}

impl TopicBuilder {
    /// The topic's name, 1 to 256 characters of letters, digits and `_-`.
    #[track_caller]
    pub fn topic_name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(Given::here(name.into_value()));
        self
    }

    /// What text messages show as the sender.
    #[track_caller]
    pub fn display_name(mut self, name: impl IntoValue<String>) -> Self {
        self.display_name = Some(Given::here(name.into_value()));
        self
    }

    /// Accepts messages that are not sent over TLS.
    pub fn without_tls(mut self) -> Self {
        self.enforce_tls = false;
        self
    }

    /// Makes the topic.
    pub fn build(self) -> Topic {
        let scope = self.draft.build();
        let mut cfn = CfnTopic::new(&scope, "Resource");
        if let Some(name) = self.display_name {
            cfn = cfn.display_name(name.value);
            cfn.note_place("DisplayName", name.place);
        }
        if let Some(name) = self.name {
            cfn = cfn.topic_name(name.value);
            cfn.note_place("TopicName", name.place);
        }
        let policy = CfnTopicPolicy::new(&scope.child("Policy"), "Resource", PolicyDocument::new(), [cfn.reference()]);
        let topic = Topic {
            scope: scope.clone(),
            arn: cfn.reference(),
            name: cfn.attr_topic_name().cast(),
            own: Some(Own { cfn, policy }),
        };
        if self.enforce_tls {
            topic.add_to_policy(Statement::deny(["sns:Publish"]).principal(Principal::Any).on(topic.arn()).condition(
                "Bool",
                "aws:SecureTransport",
                "false",
            ));
        }
        let folded = topic.clone();
        scope.fold(move || folded.fold_policy());
        topic
    }
}

impl Topic {
    fn fold_policy(&self) {
        let Some(own) = &self.own else { return };
        let document: PolicyDocument =
            self.scope.attached::<PolicyEntry>().iter().map(|entry| entry.0.clone().or_on(self.arn())).collect();
        own.policy.clone().policy_document(document);
    }
}
