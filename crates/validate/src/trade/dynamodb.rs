//! Tables: keys and their attributes, billing and throughput.

use skysmith_template::{Map, Node};

use super::{given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;

/// Every key attribute is defined, and every defined attribute is a key.
pub(super) fn keys<'t>(properties: &'t Map, at: At<'_>, findings: &mut Findings) {
    let Some(Defined(defined)) = Defined::read(properties) else { return };
    let mut used = Vec::new();
    let mut all_known = !is_open(properties);
    let mut schema = |owner: &'t Map, at: At<'_>| match given(owner, "KeySchema") {
        Some(Node::List(items)) => {
            let schema_at = at.key("KeySchema");
            for (index, item) in items.iter().enumerate() {
                let item_at = schema_at.index(index);
                match item.get("AttributeName").and_then(Node::as_str) {
                    Some(name) => {
                        used.push(name);
                        if !defined.contains(&name) {
                            let message = format!("the key attribute `{name}` is not defined");
                            findings
                                .push(RuleId::TableKeyAttributes, item_at.key("AttributeName"), message)
                                .suggest(name, defined.iter().copied())
                                .note(format!("in `AttributeDefinitions`: {}", defined.join(", ")));
                        }
                    }
                    None => all_known = false,
                }
            }
        }
        None => {}
        Some(_) => all_known = false,
    };
    schema(properties, at);
    let mut indexes_known = true;
    for name in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let list_at = at.key(name);
        match given(properties, name) {
            Some(Node::List(indexes)) => {
                for (index, item) in indexes.iter().enumerate() {
                    match item {
                        Node::Map(item) => schema(item, list_at.index(index)),
                        _ => indexes_known = false,
                    }
                }
            }
            None => {}
            Some(_) => indexes_known = false,
        }
    }
    if !all_known || !indexes_known {
        return;
    }
    let list_at = at.key("AttributeDefinitions");
    for (index, name) in defined.iter().enumerate().filter(|(_, name)| !used.contains(name)) {
        let message = format!("the attribute `{name}` is defined, but is no key of the table or of an index");
        findings
            .push(RuleId::TableKeyAttributes, list_at.index(index), message)
            .note("attributes that are no keys need no definition");
    }
}

/// The names of the defined attributes, if all are literals.
struct Defined<'t>(Vec<&'t str>);

impl<'t> Defined<'t> {
    fn read(properties: &'t Map) -> Option<Self> {
        let items = given(properties, "AttributeDefinitions")?.as_list()?;
        items.iter().map(|item| item.get("AttributeName")?.as_str()).collect::<Option<_>>().map(Self)
    }
}

/// Provisioned tables have a throughput, the others none.
pub(super) fn billing(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let mode = match given(properties, "BillingMode") {
        None => "PROVISIONED",
        Some(Node::String(mode)) => mode,
        Some(_) => return,
    };
    let is_certain = |node: &Node| matches!(node, Node::Map(_));
    match (mode, given(properties, "ProvisionedThroughput")) {
        ("PROVISIONED", None) if !is_open(properties) => {
            findings
                .push(RuleId::TableBilling, at, "a provisioned table needs `ProvisionedThroughput`")
                .note("a table is provisioned unless `BillingMode` is `PAY_PER_REQUEST`");
        }
        ("PAY_PER_REQUEST", Some(throughput)) if is_certain(throughput) => {
            let message = "`ProvisionedThroughput` is for provisioned tables, and this one is paid by request";
            findings.push(RuleId::TableBilling, at.key("ProvisionedThroughput"), message);
        }
        _ => {}
    }
    if mode != "PAY_PER_REQUEST" {
        return;
    }
    let list_at = at.key("GlobalSecondaryIndexes");
    let indexes = given(properties, "GlobalSecondaryIndexes").and_then(Node::as_list).unwrap_or_default();
    for (index, item) in indexes.iter().enumerate() {
        if item.get("ProvisionedThroughput").is_some_and(is_certain) {
            let message =
                "`ProvisionedThroughput` is for indexes of provisioned tables, and this table is paid by request";
            findings.push(RuleId::TableBilling, list_at.index(index).key("ProvisionedThroughput"), message);
        }
    }
}
