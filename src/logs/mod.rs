//! CloudWatch Logs: log groups.

use skysmith_cfn::{logs::CfnLogGroup, markers};
use skysmith_core::{Arn, Draft, Given, IntoValue, Name, RemovalPolicy, Scope, Value};

/// How long a log group keeps its events.
///
/// CloudWatch Logs takes certain numbers of days only; these are all of them.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(Option<u16>);

macro_rules! retentions {
    ($($name:ident = $days:literal),* $(,)?) => {
        impl Retention {
            $(
                #[doc = concat!(stringify!($days), " days.")]
                pub const $name: Self = Self(Some($days));
            )*

            /// For ever. Costs grow with it.
            pub const FOREVER: Self = Self(None);

            /// The number of days; none where events stay for ever.
            pub fn days(self) -> Option<u16> {
                self.0
            }
        }
    };
}

retentions! {
    ONE_DAY = 1, THREE_DAYS = 3, FIVE_DAYS = 5, ONE_WEEK = 7, TWO_WEEKS = 14, ONE_MONTH = 30, TWO_MONTHS = 60,
    THREE_MONTHS = 90, FOUR_MONTHS = 120, FIVE_MONTHS = 150, SIX_MONTHS = 180, ONE_YEAR = 365, THIRTEEN_MONTHS = 400,
    EIGHTEEN_MONTHS = 545, TWO_YEARS = 731, THREE_YEARS = 1096, FIVE_YEARS = 1827, SIX_YEARS = 2192, SEVEN_YEARS = 2557,
    EIGHT_YEARS = 2922, NINE_YEARS = 3288, TEN_YEARS = 3653,
}

impl Default for Retention {
    /// One month.
    fn default() -> Self {
        Self::ONE_MONTH
    }
}

/// A log group, made before anything writes to it, so that its retention and its end are the stack's to decide.
///
/// Events stay for one month, and the group stays when the stack goes, unless the builder says otherwise.
#[derive(Clone, Debug)]
pub struct LogGroup {
    cfn: CfnLogGroup,
}

impl LogGroup {
    /// A log group with a name that CloudFormation makes.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str) -> Self {
        Self::builder(scope, id).build()
    }

    /// A log group with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str) -> LogGroupBuilder {
        LogGroupBuilder {
            draft: Draft::new(scope, id),
            name: None,
            retention: Retention::default(),
            removal_policy: RemovalPolicy::Retain,
        }
    }

    /// The group's ARN, which ends in `:*` as the rights to write streams need it.
    pub fn arn(&self) -> Value<Arn<markers::LogGroup>> {
        self.cfn.attr_arn()
    }

    /// The group's name.
    pub fn name(&self) -> Value<Name<markers::LogGroup>> {
        self.cfn.reference()
    }

    /// Allows what `rule` finds in this log group, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        self.cfn.allow(rule, reason);
    }

    /// The CloudFormation resource.
    pub fn cfn(&self) -> &CfnLogGroup {
        &self.cfn
    }
}

/// Settings of a [`LogGroup`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct LogGroupBuilder {
    draft: Draft,
    name: Option<Given<Value<String>>>,
    retention: Retention,
    removal_policy: RemovalPolicy,
}

impl LogGroupBuilder {
    /// The group's name, 1 to 512 characters of letters, digits and `_-/.#`.
    #[track_caller]
    pub fn name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(Given::here(name.into_value()));
        self
    }

    /// How long events are kept. One month by default.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// What becomes of the group and its events when it leaves the stack. They stay by default.
    pub fn removal_policy(mut self, policy: RemovalPolicy) -> Self {
        self.removal_policy = policy;
        self
    }

    /// Makes the log group.
    pub fn build(self) -> LogGroup {
        let scope = self.draft.build();
        let mut cfn = CfnLogGroup::new(&scope, "Resource");
        if let Some(name) = self.name {
            cfn = cfn.log_group_name(name.value);
            cfn.note_place("LogGroupName", name.place);
        }
        if let Some(days) = self.retention.days() {
            cfn = cfn.retention_in_days(i64::from(days));
        }
        cfn.removal_policy(self.removal_policy);
        LogGroup { cfn }
    }
}
