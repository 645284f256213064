//! DynamoDB: tables.

use skysmith_cfn::dynamodb::{CfnTable, table};
use skysmith_cfn::markers;
use skysmith_core::{Arn, Draft, Given, IntoValue, Name, RemovalPolicy, Scope, Value, pseudo, text};

use crate::iam::{Grant, Grantee, Statement};

const READ_ACTIONS: [&str; 6] = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
];

/// `DescribeTable` belongs to writing too: SDKs ask for the key schema before a batch.
const WRITE_ACTIONS: [&str; 5] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
];

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeType {
    /// Text, in UTF-8.
    String,
    /// A number.
    Number,
    /// Bytes.
    Binary,
}

impl AttributeType {
    fn code(self) -> &'static str {
        match self {
            Self::String => "S",
            Self::Number => "N",
            Self::Binary => "B",
        }
    }
}

/// An attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    name: String,
    attribute_type: AttributeType,
}

impl Key {
    /// A key of text.
    pub fn string(name: impl Into<String>) -> Self {
        Self { name: name.into(), attribute_type: AttributeType::String }
    }

    /// A key of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), attribute_type: AttributeType::Number }
    }

    /// A key of bytes.
    pub fn binary(name: impl Into<String>) -> Self {
        Self { name: name.into(), attribute_type: AttributeType::Binary }
    }
}

/// How a table is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// By request.
    OnDemand,
    /// By capacity, in units per second, used or not.
    Provisioned {
        /// Read capacity units, from 1.
        read: u32,
        /// Write capacity units, from 1.
        write: u32,
    },
}

/// What a table's stream tells of a changed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamView {
    /// The item's key.
    KeysOnly,
    /// The item as it is now.
    NewImage,
    /// The item as it was.
    OldImage,
    /// Both.
    NewAndOldImages,
}

impl StreamView {
    fn code(self) -> &'static str {
        match self {
            Self::KeysOnly => "KEYS_ONLY",
            Self::NewImage => "NEW_IMAGE",
            Self::OldImage => "OLD_IMAGE",
            Self::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }
}

/// A DynamoDB table.
///
/// It is paid for by request, encrypted at rest, and stays when the stack goes, unless the builder says otherwise.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.html>
#[derive(Clone, Debug)]
pub struct Table {
    scope: Scope,
    cfn: Option<CfnTable>,
    arn: Value<Arn<markers::Table>>,
    name: Value<Name<markers::Table>>,
}

impl Table {
    /// A table with that partition key and nothing else.
    #[track_caller]
    pub fn new(scope: &Scope, id: &str, partition_key: Key) -> Self {
        Self::builder(scope, id, partition_key).build()
    }

    /// A table with settings.
    #[track_caller]
    pub fn builder(scope: &Scope, id: &str, partition_key: Key) -> TableBuilder {
        TableBuilder {
            draft: Draft::new(scope, id),
            partition_key,
            sort_key: None,
            name: None,
            billing: Given::here(Billing::OnDemand),
            stream: None,
            time_to_live: None,
            point_in_time_recovery: false,
            deletion_protection: false,
            removal_policy: RemovalPolicy::Retain,
        }
    }

    /// A table of this account and region that exists already. It can be granted and used, not changed.
    #[track_caller]
    pub fn import(scope: &Scope, id: &str, name: impl IntoValue<Name<markers::Table>>) -> Self {
        let name: Value<Name<markers::Table>> = name.into_value();
        let place = text![":dynamodb:", pseudo::region(), ":", pseudo::account_id(), ":table/"];
        let arn = text!["arn:", pseudo::partition(), place, &name].cast();
        Self { scope: scope.child(id), cfn: None, arn, name }
    }

    /// The table's construct.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The table's ARN.
    pub fn arn(&self) -> Value<Arn<markers::Table>> {
        self.arn.clone()
    }

    /// The table's name.
    pub fn name(&self) -> Value<Name<markers::Table>> {
        self.name.clone()
    }

    /// Allows what `rule` finds in this table, for a reason that is kept in the resource's `Metadata`. See
    /// [`Resource::allow`](crate::Resource::allow).
    #[track_caller]
    pub fn allow(&self, rule: impl AsRef<str>, reason: impl Into<String>) {
        match &self.cfn {
            Some(cfn) => cfn.allow(rule, reason),
            None => self.scope.warning("what exists already is not checked, so that there is nothing to allow"),
        }
    }

    /// The CloudFormation resource; none for an imported table.
    pub fn cfn(&self) -> Option<&CfnTable> {
        self.cfn.as_ref()
    }

    /// Lets `grantee` read items and the table's description.
    #[track_caller]
    pub fn grant_read(&self, grantee: &impl Grantee) -> Grant {
        self.grant(grantee, READ_ACTIONS)
    }

    /// Lets `grantee` write and delete items.
    #[track_caller]
    pub fn grant_write(&self, grantee: &impl Grantee) -> Grant {
        self.grant(grantee, WRITE_ACTIONS)
    }

    /// Lets `grantee` read, write and delete items.
    #[track_caller]
    pub fn grant_read_write(&self, grantee: &impl Grantee) -> Grant {
        self.grant(grantee, READ_ACTIONS.into_iter().chain(WRITE_ACTIONS))
    }

    /// Lets `grantee` do `actions` on the table, such as `dynamodb:Scan`.
    #[track_caller]
    pub fn grant<A: Into<String>>(&self, grantee: &impl Grantee, actions: impl IntoIterator<Item = A>) -> Grant {
        Grant::add(grantee, Statement::allow(actions).on(self.arn()))
    }
}

/// Settings of a [`Table`].
#[must_use = "a builder makes nothing until `build` is called"]
#[derive(Debug)]
pub struct TableBuilder {
    draft: Draft,
    partition_key: Key,
    sort_key: Option<Given<Key>>,
    name: Option<Given<Value<String>>>,
    billing: Given<Billing>,
    stream: Option<StreamView>,
    time_to_live: Option<String>,
    point_in_time_recovery: bool,
    deletion_protection: bool,
    removal_policy: RemovalPolicy,
}

impl TableBuilder {
    /// The sort key. It cannot change later without the table being replaced.
    #[track_caller]
    pub fn sort_key(mut self, key: Key) -> Self {
        self.sort_key = Some(Given::here(key));
        self
    }

    /// The table's name, 3 to 255 characters of letters, digits and `_-.`. A table with a name of one's own cannot be
    /// replaced without being renamed.
    #[track_caller]
    pub fn table_name(mut self, name: impl IntoValue<String>) -> Self {
        self.name = Some(Given::here(name.into_value()));
        self
    }

    /// How the table is paid for. By request by default.
    #[track_caller]
    pub fn billing(mut self, billing: Billing) -> Self {
        self.billing = Given::here(billing);
        self
    }

    /// Makes a stream of the table's changes, kept for 24 hours.
    pub fn stream(mut self, view: StreamView) -> Self {
        self.stream = Some(view);
        self
    }

    /// Lets DynamoDB delete an item once the time in its attribute `attribute` (seconds since 1970) has passed, mostly
    /// within a few days.
    pub fn time_to_live(mut self, attribute: impl Into<String>) -> Self {
        self.time_to_live = Some(attribute.into());
        self
    }

    /// Keeps backups from which the table can be restored to any second of the last 35 days. Costs by size.
    pub fn point_in_time_recovery(mut self) -> Self {
        self.point_in_time_recovery = true;
        self
    }

    /// Has DynamoDB refuse to delete the table until this is switched off again.
    pub fn deletion_protection(mut self) -> Self {
        self.deletion_protection = true;
        self
    }

    /// What becomes of the table and its items when it leaves the stack or is replaced. It stays by default.
    pub fn removal_policy(mut self, policy: RemovalPolicy) -> Self {
        self.removal_policy = policy;
        self
    }

    /// Makes the table.
    pub fn build(self) -> Table {
        let scope = self.draft.build();
        let sort_key = self.sort_key.as_ref().map(|given| &given.value);
        let keys = [("HASH", Some(&self.partition_key)), ("RANGE", sort_key)];
        let schema: Vec<_> =
            keys.iter().filter_map(|(kind, key)| Some(table::KeySchema::new((*key)?.name.clone(), *kind))).collect();
        let attributes: Vec<_> = [Some(&self.partition_key), sort_key]
            .into_iter()
            .flatten()
            .map(|key| table::AttributeDefinition::new(key.name.clone(), key.attribute_type.code()))
            .collect();
        let mut cfn = CfnTable::new(&scope, "Resource", schema).attribute_definitions(attributes);
        cfn = match self.billing.value {
            Billing::OnDemand => cfn.billing_mode("PAY_PER_REQUEST"),
            Billing::Provisioned { read, write } => {
                cfn.billing_mode("PROVISIONED").provisioned_throughput(table::ProvisionedThroughput::new(read, write))
            }
        };
        if let Some(name) = self.name {
            cfn = cfn.table_name(name.value);
            cfn.note_place("TableName", name.place);
        }
        if let Some(given) = &self.sort_key {
            cfn.note_place("KeySchema", given.place);
        }
        if let Some(view) = self.stream {
            cfn = cfn.stream_specification(table::StreamSpecification::new(view.code()));
        }
        if let Some(attribute) = self.time_to_live {
            cfn = cfn.time_to_live_specification(table::TimeToLiveSpecification::new(true).attribute_name(attribute));
        }
        if self.point_in_time_recovery {
            cfn = cfn.point_in_time_recovery_specification(
                table::PointInTimeRecoverySpecification::new().point_in_time_recovery_enabled(true),
            );
        }
        if self.deletion_protection {
            cfn = cfn.deletion_protection_enabled(true);
        }
        cfn.removal_policy(self.removal_policy);
        Table { arn: cfn.attr_arn(), name: cfn.reference(), cfn: Some(cfn), scope }
    }
}
