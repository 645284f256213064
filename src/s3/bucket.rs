//! Buckets.

use std::time::Duration;

use skysmith_assembly::EMPTY_ON_DELETE;
use skysmith_cfn::markers;
use skysmith_cfn::s3::{CfnBucket, CfnBucketPolicy, bucket};
use skysmith_core::{Arn, Draft, Given, IntoValue, Name, RemovalPolicy, Scope, Value, pseudo, text};

use super::notification::{self, Notification};
use super::{EventType, NotificationFilter, NotificationTarget};
use crate::iam::{Grant, Grantee, PolicyDocument, Principal, Statement};

/// An S3 bucket.
///
/// It is private, encrypted, and refuses what does not come over TLS; it stays with its objects when the stack goes, unless
/// the builder says otherwise.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html>
#[derive(Clone, Debug)]
pub struct Bucket {
    scope: Scope,
    cfn: Option<CfnBucket>,
    arn: Value<Arn<markers::Bucket>>,
    name: Value<Name<markers::Bucket>>,
    policy: Option<CfnBucketPolicy>,
    fixed_name: Option<String>,
}

/// A method that a CORS rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

impl HttpMethod {
    fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A rule that lets pages of other origins use the bucket.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsRule {
    methods: Vec<HttpMethod>,
    origins: Vec<String>,
    headers: Vec<String>,
    exposed_headers: Vec<String>,
    max_age: Option<Duration>,
}

impl CorsRule {
    /// Allows `methods` from `origins`, such as `https://example.com` or `*`.
    pub fn new<O: Into<String>>(
        methods: impl IntoIterator<Item = HttpMethod>,
        origins: impl IntoIterator<Item = O>,
    ) -> Self {
        Self {
            methods: methods.into_iter().collect(),
            origins: origins.into_iter().map(Into::into).collect(),
            headers: Vec::new(),
            exposed_headers: Vec::new(),
            max_age: None,
        }
    }

    /// Allows a request to carry these headers.
    #[must_use]
    pub fn allowed_headers<H: Into<String>>(mut self, headers: impl IntoIterator<Item = H>) -> Self {
        self.headers.extend(headers.into_iter().map(Into::into));
        self
    }

    /// Lets the page read these headers of the answer.
    #[must_use]
    pub fn exposed_headers<H: Into<String>>(mut self, headers: impl IntoIterator<Item = H>) -> Self {
        self.exposed_headers.extend(headers.into_iter().map(Into::into));
        self
    }

    /// How long a browser may remember the answer to a preflight request, in whole seconds.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    fn to_property(&self) -> bucket::CorsRule {
        let methods: Vec<_> = self.methods.iter().map(|method| method.name()).collect();
        let mut rule = bucket::CorsRule::new(methods, self.origins.clone());
        if !self.headers.is_empty() {
            rule = rule.allowed_headers(self.headers.clone());
        }
        if !self.exposed_headers.is_empty() {
            rule = rule.exposed_headers(self.exposed_headers.clone());
        }
        if let Some(age) = self.max_age {
            rule = rule.max_age(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        }
        rule
    }
}

impl Bucket {
    /// A bucket with a name that CloudFormation makes.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self::builder(scope, id).build()
    }

    /// A bucket with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str) -> BucketBuilder {
        BucketBuilder {
            draft: Draft::new(scope, id),
            name: None,
            versioned: false,
            cors: Vec::new(),
            enforce_tls: true,
            removal_policy: RemovalPolicy::Retain,
            empty_on_delete: false,
        }
    }

    /// A bucket that exists already. It can be granted and used, not changed.
    #[track_caller]
    pub fn import(scope: &Scope, id: &str, name: impl IntoValue<Name<markers::Bucket>>) -> Self {
        let name: Value<Name<markers::Bucket>> = name.into_value();
        let arn = text!["arn:", pseudo::partition(), ":s3:::", &name].cast();
        let fixed_name = name.literal().map(str::to_owned);
        Self { scope: scope.child(id), cfn: None, arn, name, policy: None, fixed_name }
    }

    /// The bucket's construct.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The bucket's ARN.
    pub fn arn(&self) -> Value<Arn<markers::Bucket>> {
        self.arn.clone()
    }

    /// The bucket's name.
    pub fn name(&self) -> Value<Name<markers::Bucket>> {
        self.name.clone()
    }

    /// The ARN of the objects whose keys match `pattern`, such as `photos/*`.
    pub fn arn_for_objects(&self, pattern: &str) -> Value<String> {
        text![self.arn(), "/", pattern]
    }

    /// The name, where it is known before the deploy.
    pub(crate) fn fixed_name(&self) -> Option<&str> {
        self.fixed_name.as_deref()
    }

    /// Allows what `rule` finds in this bucket, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        match &self.cfn {
            Some(cfn) => cfn.allow(rule, reason),
            None => self.scope.warning("what exists already is not checked, so that there is nothing to allow"),
        }
    }

    /// The CloudFormation resource; none for an imported bucket.
    pub fn cfn(&self) -> Option<&CfnBucket> {
        self.cfn.as_ref()
    }

    /// The bucket's policy, if it has one.
    pub fn policy(&self) -> Option<&CfnBucketPolicy> {
        self.policy.as_ref()
    }

    /// Notifies `target` of every object that is made.
    #[track_caller]
    pub fn on_object_created(&self, target: &impl NotificationTarget) {
        self.on(EventType::ObjectCreated, target, NotificationFilter::all());
    }

    /// Notifies `target` of every object that is removed.
    #[track_caller]
    pub fn on_object_removed(&self, target: &impl NotificationTarget) {
        self.on(EventType::ObjectRemoved, target, NotificationFilter::all());
    }

    /// Notifies `target` of an event of the objects that `filter` selects.
    #[track_caller]
    pub fn on(&self, event: EventType, target: &impl NotificationTarget, filter: NotificationFilter) {
        if self.cfn.is_none() {
            let path = self.scope.path();
            self.scope.error(format!("`{path}` is an imported bucket, whose notifications this stack cannot change"));
            return;
        }
        let destination = target.bind(self, std::panic::Location::caller());
        self.scope.attach(Notification { event, filter, destination });
    }

    /// Lets `grantee` read objects and list them.
    #[track_caller]
    pub fn grant_read(&self, grantee: &impl Grantee) -> Grant {
        let statement = Statement::allow(["s3:GetObject", "s3:ListBucket"]);
        Grant::add(grantee, statement.on(self.arn()).on(self.arn_for_objects("*")))
    }

    /// Lets `grantee` put and delete objects, and clean up its interrupted uploads.
    #[track_caller]
    pub fn grant_write(&self, grantee: &impl Grantee) -> Grant {
        let statement = Statement::allow(["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]);
        Grant::add(grantee, statement.on(self.arn_for_objects("*")))
    }
}

/// Settings of a [`Bucket`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct BucketBuilder {
    draft: Draft,
    name: Option<Given<Value<String>>>,
    versioned: bool,
    cors: Vec<CorsRule>,
    enforce_tls: bool,
    removal_policy: RemovalPolicy,
    empty_on_delete: bool,
}

impl BucketBuilder {
    /// The bucket's name, unique in the world: 3 to 63 characters of lower-case letters, digits, `-` and `.`.
    #[track_caller]
    pub fn bucket_name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(Given::here(name.into_value()));
        self
    }

    /// Keeps the older versions of an object when it is overwritten or deleted.
    pub fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// Lets pages of other origins use the bucket.
    pub fn cors(mut self, rule: CorsRule) -> Self {
        self.cors.push(rule);
        self
    }

    /// Accepts requests that do not come over TLS.
    pub fn without_tls(mut self) -> Self {
        self.enforce_tls = false;
        self
    }

    /// What becomes of the bucket and its objects when it leaves the stack or is replaced. It stays by default.
    ///
    /// S3 deletes empty buckets only; see [`empty_on_delete`](Self::empty_on_delete).
    pub fn removal_policy(mut self, policy: RemovalPolicy) -> Self {
        self.removal_policy = policy;
        self
    }

    /// Lets `skysmith destroy` delete the bucket's objects, every version of them, and then the bucket. It counts them
    /// and asks first.
    pub fn empty_on_delete(mut self) -> Self {
        self.empty_on_delete = true;
        self.removal_policy = RemovalPolicy::Destroy;
        self
    }

    /// Makes the bucket.
    pub fn build(self) -> Bucket {
        let scope = self.draft.build();
        let public_access = bucket::PublicAccessBlockConfiguration::new()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true);
        let encryption = bucket::ServerSideEncryptionRule::new()
            .server_side_encryption_by_default(bucket::ServerSideEncryptionByDefault::new("AES256"));
        let mut cfn = CfnBucket::new(&scope, "Resource");
        let mut fixed_name = None;
        if let Some(name) = self.name {
            fixed_name = name.value.literal().map(str::to_owned);
            cfn = cfn.bucket_name(name.value);
            cfn.note_place("BucketName", name.place);
        }
        cfn = cfn
            .bucket_encryption(bucket::BucketEncryption::new([encryption]))
            .public_access_block_configuration(public_access);
        if !self.cors.is_empty() {
            let rules: Vec<_> = self.cors.iter().map(CorsRule::to_property).collect();
            cfn = cfn.cors_configuration(bucket::CorsConfiguration::new(rules));
        }
        if self.versioned {
            cfn = cfn.versioning_configuration(bucket::VersioningConfiguration::new("Enabled"));
        }
        cfn.removal_policy(self.removal_policy);
        if self.empty_on_delete {
            cfn.set_metadata(EMPTY_ON_DELETE, true);
        }
        let policy = self.enforce_tls.then(|| {
            let document: PolicyDocument = [Statement::deny(["s3:*"])
                .principal(Principal::Any)
                .on(cfn.attr_arn())
                .on(text![cfn.attr_arn(), "/*"])
                .condition("Bool", "aws:SecureTransport", "false")]
            .into_iter()
            .collect();
            CfnBucketPolicy::new(&scope.child("Policy"), "Resource", cfn.reference(), document)
        });
        let bucket = Bucket {
            scope: scope.clone(),
            arn: cfn.attr_arn(),
            name: cfn.reference(),
            cfn: Some(cfn),
            policy,
            fixed_name,
        };
        let folded = bucket.clone();
        scope.fold(move || notification::fold(&folded));
        bucket
    }
}
