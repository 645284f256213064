//! Tables: keys and their attributes, indexes and what they hold, billing and throughput.

use skysmith_template::{Map, Node};

use super::{given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::value::{kind, number};

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

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
const MOST_LOCAL_INDEXES: usize = 5;
const MOST_NON_KEY_ATTRIBUTES: usize = 20;
const MOST_NON_KEY_ATTRIBUTES_IN_ALL: usize = 100;
const INDEXES: [&str; 2] = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];

/// Keys in their order, and what the indexes hold.
pub(super) fn indexes(properties: &Map, at: At<'_>, findings: &mut Findings) {
    attribute_names(properties, at, findings);
    let hash = key_schema(properties, at, findings);
    let mut names: Vec<&str> = Vec::new();
    let mut projected = 0;
    for list in INDEXES {
        let is_local = list == "LocalSecondaryIndexes";
        let list_at = at.key(list);
        let items = given(properties, list).and_then(Node::as_list).unwrap_or_default();
        if is_local && items.iter().filter(|it| matches!(it, Node::Map(_))).count() > MOST_LOCAL_INDEXES {
            findings
                .push(RuleId::TableIndex, list_at, format!("the table has {} local indexes", items.len()))
                .note(format!("allowed: at most {MOST_LOCAL_INDEXES}"));
        }
        for (index, item) in items.iter().enumerate() {
            let Node::Map(item) = item else { continue };
            let item_at = list_at.index(index);
            if let Some(name) = item.get("IndexName").and_then(Node::as_str) {
                if names.contains(&name) {
                    let message = format!("there are two indexes `{name}`");
                    findings.push(RuleId::TableIndex, item_at.key("IndexName"), message);
                }
                names.push(name);
                index_name(name, item_at.key("IndexName"), findings);
            }
            let index_hash = key_schema(item, item_at, findings);
            if is_local
                && let (Some(table), Some(own)) = (hash, index_hash)
                && table != own
            {
                let schema = item_at.key("KeySchema");
                let first = schema.index(0);
                findings
                    .push(
                        RuleId::TableIndex,
                        first.key("AttributeName"),
                        format!("a local index has the hash key of its table, `{table}`"),
                    )
                    .note("an index with another hash key is a global one");
            }
            if let Some(Node::Map(projection)) = item.get("Projection") {
                projected += projection_of(projection, item_at.key("Projection"), findings);
            }
        }
    }
    if projected > MOST_NON_KEY_ATTRIBUTES_IN_ALL {
        findings
            .push(RuleId::TableIndex, at, format!("the indexes project {projected} attributes together"))
            .note(format!("allowed: at most {MOST_NON_KEY_ATTRIBUTES_IN_ALL} in all indexes of a table"));
    }
}

fn attribute_names(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let mut check = |items: Option<&Node>, list_at: At<'_>| {
        for (index, item) in items.and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
            let Some(name) = item.get("AttributeName").and_then(Node::as_str) else { continue };
            if name.is_empty() || name.len() > 255 {
                findings
                    .push(
                        RuleId::TableKeySchema,
                        list_at.index(index).key("AttributeName"),
                        format!("the name of an attribute has {} characters", name.len()),
                    )
                    .note("allowed: 1 to 255");
            }
        }
    };
    check(properties.get("AttributeDefinitions"), at.key("AttributeDefinitions"));
    check(properties.get("KeySchema"), at.key("KeySchema"));
}

fn index_name(name: &str, at: At<'_>, findings: &mut Findings) {
    let is_fine = |it: char| it.is_ascii_alphanumeric() || "_.-".contains(it);
    if !(3..=255).contains(&name.len()) || !name.chars().all(is_fine) {
        findings
            .push(RuleId::ResourceName, at, format!("`{name}` cannot be the name of an index"))
            .note("allowed: 3 to 255 letters, digits, `_`, `.` and `-`");
    }
}

/// Looks at a key schema; gives its hash key.
fn key_schema<'t>(owner: &'t Map, at: At<'_>, findings: &mut Findings) -> Option<&'t str> {
    let items = given(owner, "KeySchema")?.as_list()?;
    let list_at = at.key("KeySchema");
    let kinds: Option<Vec<&str>> = items.iter().map(|it| it.get("KeyType")?.as_str()).collect();
    let kinds = kinds?;
    for (index, kind) in kinds.iter().enumerate().filter(|(_, it)| !matches!(**it, "HASH" | "RANGE")) {
        findings
            .push(
                RuleId::TableKeySchema,
                list_at.index(index).key("KeyType"),
                format!("a key has no attribute of the kind `{kind}`"),
            )
            .suggest(kind, ["HASH", "RANGE"].into_iter())
            .note("allowed: HASH, RANGE");
    }
    // The first one that is not what it should be, and why.
    let wrong = match kinds.as_slice() {
        ["HASH"] | ["HASH", "RANGE"] => None,
        [] => Some((None, "a key has a hash attribute")),
        kinds if kinds.iter().any(|it| !matches!(*it, "HASH" | "RANGE")) => None,
        ["RANGE", ..] => Some((Some(0), "the first attribute of a key is its hash attribute")),
        // An index may have several of each.
        kinds if owner.contains_key("IndexName") && kinds.is_sorted() && kinds.len() <= 8 => None,
        ["HASH", "HASH", ..] => Some((Some(1), "a key has one hash attribute, and then its range attribute")),
        _ => Some((None, "a key has one hash attribute and at most one range attribute")),
    };
    if let Some((index, message)) = wrong {
        let item = list_at.index(index.unwrap_or_default());
        findings
            .push(RuleId::TableKeySchema, if index.is_some() { item.key("KeyType") } else { list_at }, message)
            .note("allowed: `HASH`, or `HASH` and then `RANGE`");
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(name) = item.get("AttributeName").and_then(Node::as_str) else { continue };
        if names.contains(&name) {
            let message = format!("`{name}` is in the key twice");
            findings.push(RuleId::TableKeySchema, list_at.index(index).key("AttributeName"), message);
        }
        names.push(name);
    }
    items.first()?.get("AttributeName")?.as_str()
}

/// Looks at what an index projects; gives the number of its attributes that are no keys.
fn projection_of(projection: &Map, at: At<'_>, findings: &mut Findings) -> usize {
    let Some(kind_of) = given(projection, "ProjectionType").and_then(Node::as_str) else { return 0 };
    let attributes = given(projection, "NonKeyAttributes");
    match (kind_of, attributes) {
        ("INCLUDE", None) if !is_open(projection) => {
            findings
                .push(RuleId::TableIndex, at, "a projection `INCLUDE` needs `NonKeyAttributes`")
                .note("`KEYS_ONLY` holds the keys alone, `ALL` everything");
        }
        ("ALL" | "KEYS_ONLY", Some(found @ (Node::List(_) | Node::String(_)))) => {
            findings
                .push(
                    RuleId::TableIndex,
                    at.key("NonKeyAttributes"),
                    format!("`NonKeyAttributes` is {}, and belongs to `INCLUDE`, not to `{kind_of}`", kind(found)),
                )
                .note("remove it, or set `ProjectionType` to `INCLUDE`");
        }
        ("INCLUDE", Some(Node::List(items))) => {
            if items.is_empty() || items.len() > MOST_NON_KEY_ATTRIBUTES {
                findings
                    .push(
                        RuleId::TableIndex,
                        at.key("NonKeyAttributes"),
                        format!("the index projects {} attributes", items.len()),
                    )
                    .note(format!("allowed: 1 to {MOST_NON_KEY_ATTRIBUTES}"));
            }
            return items.len();
        }
        _ => {}
    }
    0
}

/// Provisioned tables have a throughput, the others none.
pub(super) fn billing(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let mode = match given(properties, "BillingMode") {
        None => "PROVISIONED",
        Some(Node::String(mode)) => mode,
        Some(_) => return,
    };
    // Nothing is the same as none.
    let is_zero = |node: &Node| {
        ["ReadCapacityUnits", "WriteCapacityUnits"].iter().all(|it| node.get(it).and_then(number) == Some(0.0))
    };
    let is_certain = |node: &Node| matches!(node, Node::Map(_)) && !is_zero(node);
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
        ("PROVISIONED", Some(throughput @ Node::Map(_))) => {
            units(throughput, at.key("ProvisionedThroughput"), findings);
        }
        _ => {}
    }
    let list_at = at.key("GlobalSecondaryIndexes");
    let indexes = given(properties, "GlobalSecondaryIndexes").and_then(Node::as_list).unwrap_or_default();
    for (index, item) in indexes.iter().enumerate() {
        let here = list_at.index(index);
        let throughput = item.as_map().and_then(|it| given(it, "ProvisionedThroughput"));
        if mode == "PROVISIONED" {
            match throughput {
                None if item.as_map().is_some_and(|it| !is_open(it)) => {
                    findings.push(
                        RuleId::TableBilling,
                        here,
                        "an index of a provisioned table needs `ProvisionedThroughput`",
                    );
                }
                Some(throughput) => units(throughput, here.key("ProvisionedThroughput"), findings),
                None => {}
            }
        } else if throughput.is_some_and(is_certain) && mode == "PAY_PER_REQUEST" {
            let message =
                "`ProvisionedThroughput` is for indexes of provisioned tables, and this table is paid by request";
            findings.push(RuleId::TableBilling, here.key("ProvisionedThroughput"), message);
        }
    }
}

fn units(throughput: &Node, at: At<'_>, findings: &mut Findings) {
    for name in ["ReadCapacityUnits", "WriteCapacityUnits"] {
        if throughput.get(name).and_then(number).is_some_and(|it| it < 1.0) {
            findings
                .push(
                    RuleId::TableBilling,
                    at.key(name),
                    format!("a provisioned table has at least one unit of `{name}`"),
                )
                .note("allowed: at least 1");
        }
    }
}
