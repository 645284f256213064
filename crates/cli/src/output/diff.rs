//! The difference between two templates, for people and for programs.

use serde_json::{Value, json};
use skysmith_diff::{
    Action, ChangeKind, EntryChange, Fate, Origin, PropertyChange, Replacement, ResourceChange, TemplateDiff,
    ValueChange,
};
use skysmith_template::Node;

use super::{style, table, words};
use crate::names::Names;

/// A value is cut after this many characters: the whole of it is in `--json` and in the template.
const VALUE_WIDTH: usize = 60;
/// A column does not get wider for one long name.
const COLUMN_WIDTH: usize = 44;

/// `1 to add, 1 to change, 1 to replace, 0 to remove`.
pub fn counts(diff: &TemplateDiff) -> String {
    let summary = diff.summary();
    if diff.is_empty() {
        return "no changes".to_owned();
    }
    if diff.resources.is_empty() {
        return "no resource changes".to_owned();
    }
    let may =
        if summary.may_replace > 0 { format!(" ({} perhaps replaced)", summary.may_replace) } else { String::new() };
    format!(
        "{} to add, {} to change{may}, {} to replace, {} to remove",
        summary.add, summary.change, summary.replace, summary.remove
    )
}

/// Everything below the headline: what is lost, then the resources with their properties, then the other sections. Empty if nothing differs.
pub fn text(diff: &TemplateDiff, names: &Names) -> String {
    let mut text = String::new();
    for loss in diff.data_losses() {
        text.push('\n');
        text.push_str(&data_loss(loss.resource, loss.is_certain, names));
    }
    if !diff.resources.is_empty() {
        text.push('\n');
        resources(&diff.resources, names, &mut text);
    }
    for (title, entries) in sections(diff) {
        if !entries.is_empty() {
            text.push_str(&format!("\n{}\n", style::paint(style::STRONG, title)));
            for entry in entries {
                section_entry(entry, names, &mut text);
            }
        }
    }
    text
}

fn sections(diff: &TemplateDiff) -> [(&'static str, &[EntryChange]); 6] {
    [
        ("parameters", &diff.parameters),
        ("conditions", &diff.conditions),
        ("mappings", &diff.mappings),
        ("rules", &diff.rules),
        ("outputs", &diff.outputs),
        ("other", &diff.other),
    ]
}

fn data_loss(resource: &ResourceChange, is_certain: bool, names: &Names) -> String {
    let name = names.name(&resource.logical_id);
    let style = style::ERROR;
    let how = match (resource.action, is_certain) {
        (Action::Remove, true) => "is removed, with its data".to_owned(),
        (Action::Remove, false) => "is removed; whether its data is kept depends on a condition".to_owned(),
        (_, true) => {
            format!("is replaced{}: the new one starts empty, the old one is deleted with its data", causes(resource))
        }
        (_, false) => format!("may be replaced{}, and its data lost", causes(resource)),
    };
    let place = names
        .place(&resource.logical_id)
        .map(|place| style::paint(style::FAINT, &format!("   {place}")))
        .unwrap_or_default();
    format!(
        "{style}! DATA LOSS{style:#}  {name} {how}{place}\n             to keep it: take the change back, or set the removal policy Retain and copy\n"
    )
}

/// ` because of KeySchema[RANGE].AttributeName (object → key)`.
fn causes(resource: &ResourceChange) -> String {
    let causes: Vec<String> = resource
        .causes()
        .take(3)
        .map(|cause| match (&cause.change.before, &cause.change.after) {
            (Some(before), Some(after)) if cause.change.kind == ChangeKind::Changed => {
                format!("{} ({} → {})", cause.change.path, value(before), value(after))
            }
            _ => cause.change.path.to_string(),
        })
        .collect();
    match (causes.is_empty(), resource.before_type == resource.after_type) {
        (_, false) => " by another type of resource".to_owned(),
        (true, true) => String::new(),
        (false, true) => format!(" because of {}", causes.join(", ")),
    }
}

fn resources(resources: &[ResourceChange], names: &Names, text: &mut String) {
    let kind = |resource: &ResourceChange| resource.resource_type().map(words::kind).unwrap_or_default();
    let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0).min(COLUMN_WIDTH);
    let name_width = widest(&mut resources.iter().map(|resource| table::width(names.name(&resource.logical_id))));
    let kind_width = widest(&mut resources.iter().map(|resource| table::width(&kind(resource))));
    for resource in resources {
        let (mark, style) = mark(resource);
        let mut line = format!(
            "  {} {}  {}  {}",
            style::paint(style, mark),
            table::pad(names.name(&resource.logical_id), name_width),
            table::pad(&kind(resource), kind_width),
            fate(resource)
        );
        line.truncate(line.trim_end().len());
        text.push_str(&line);
        text.push('\n');
        let rows = resource
            .properties
            .iter()
            .map(|property| (&property.change, verdict(property, names)))
            .chain(resource.attributes.iter().map(|change| (change, String::new())));
        value_lines(rows.collect(), text);
    }
}

fn mark(resource: &ResourceChange) -> (&'static str, anstyle::Style) {
    match (resource.action, resource.replacement) {
        (Action::Add, _) => ("+", style::GOOD),
        (Action::Remove, _) => ("-", style::REMOVE),
        (Action::Replace, _) => ("±", style::REMOVE),
        (Action::Change, _) => ("~", style::CHANGE),
    }
}

/// What is to be said of a resource as a whole.
fn fate(resource: &ResourceChange) -> &'static str {
    match (resource.action, resource.replacement, resource.fate) {
        (Action::Remove, _, Fate::LeavesStack(skysmith_diff::Retention::Snapshot)) => "removed, a snapshot is kept",
        (Action::Remove, _, Fate::LeavesStack(_)) => "kept, but no longer part of the stack",
        (Action::Remove, ..) => "removed",
        (Action::Replace, _, Fate::LeavesStack(_)) => "replaced, the old one is kept",
        (Action::Replace, ..) => "replaced",
        (Action::Change, Replacement::Conditional, _) => "may be replaced",
        _ => "",
    }
}

fn verdict(property: &PropertyChange, names: &Names) -> String {
    let why = match &property.verdict.origin {
        Origin::Reference { logical_id } => format!(", since {} is replaced", names.name(logical_id)),
        Origin::UnknownType => ", this type is not known".to_owned(),
        Origin::CustomResource => ", its function decides".to_owned(),
        _ => String::new(),
    };
    match property.verdict.replacement {
        Replacement::Always => format!("replaces it{why}"),
        Replacement::Conditional => format!("may replace it{why}"),
        Replacement::Never => String::new(),
    }
}

fn value_lines(rows: Vec<(&ValueChange, String)>, text: &mut String) {
    let width =
        rows.iter().map(|(change, _)| table::width(&change.path.to_string())).max().unwrap_or(0).min(COLUMN_WIDTH);
    for (change, verdict) in rows {
        let path = table::pad(&change.path.to_string(), width);
        let mut line = format!("      {path}  {}", difference(change));
        if !verdict.is_empty() {
            line.push_str(&format!("   {}", style::paint(style::REMOVE, &verdict)));
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn difference(change: &ValueChange) -> String {
    let of = |node: &Option<Node>| node.as_ref().map(value).unwrap_or_default();
    match change.kind {
        ChangeKind::Added => format!("+ {}", of(&change.after)),
        ChangeKind::Removed => format!("- {}", of(&change.before)),
        ChangeKind::Reordered => "in another order".to_owned(),
        ChangeKind::Referenced => "gets another value".to_owned(),
        _ => format!("{} → {}", of(&change.before), of(&change.after)),
    }
}

fn section_entry(entry: &EntryChange, names: &Names, text: &mut String) {
    let (mark, style) = match (&entry.before, &entry.after) {
        (None, _) => ("+", style::GOOD),
        (_, None) => ("-", style::REMOVE),
        _ => ("~", style::CHANGE),
    };
    text.push_str(&format!("  {} {}\n", style::paint(style, mark), names.name(&entry.name)));
    value_lines(entry.changes.iter().map(|change| (change, String::new())).collect(), text);
}

/// A value in one short line.
fn value(node: &Node) -> String {
    let text = match node {
        Node::String(text) if is_hash(text) => {
            let extension = text.find('.').map(|dot| &text[dot..]).unwrap_or_default();
            return format!("{}…{extension}", text.chars().take(8).collect::<String>());
        }
        Node::String(text) => text.clone(),
        other => {
            let yaml = other.to_yaml();
            let yaml = yaml.trim_end();
            if yaml.contains('\n') { other.to_json_compact() } else { yaml.to_owned() }
        }
    };
    let text = text.replace('\n', "⏎");
    if table::width(&text) > VALUE_WIDTH {
        format!("{}…", text.chars().take(VALUE_WIDTH - 1).collect::<String>())
    } else {
        text
    }
}

/// Whether a text is the hash of an asset's content, with or without an extension.
fn is_hash(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default();
    stem.len() >= 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The same for programs.
pub fn json(diff: &TemplateDiff, names: &Names) -> Value {
    let summary = diff.summary();
    let losses: Vec<Value> = diff
        .data_losses()
        .iter()
        .map(|loss| {
            json!({
                "path": names.name(&loss.resource.logical_id),
                "logical_id": loss.resource.logical_id,
                "is_certain": loss.is_certain,
            })
        })
        .collect();
    let mut value = json!({
        "summary": {
            "add": summary.add,
            "change": summary.change,
            "replace": summary.replace,
            "remove": summary.remove,
            "may_replace": summary.may_replace,
        },
        "data_losses": losses,
        "resources": diff.resources.iter().map(|resource| resource_json(resource, names)).collect::<Vec<_>>(),
    });
    for (title, entries) in sections(diff) {
        value[title] = entries.iter().map(entry_json).collect();
    }
    value
}

fn resource_json(resource: &ResourceChange, names: &Names) -> Value {
    let properties: Vec<Value> = resource
        .properties
        .iter()
        .map(|property| {
            let mut value = value_json(&property.change);
            value["replacement"] = replacement_json(property.verdict.replacement);
            value
        })
        .collect();
    json!({
        "path": names.name(&resource.logical_id),
        "logical_id": resource.logical_id,
        "resource_type": resource.resource_type(),
        "action": match resource.action {
            Action::Add => "add",
            Action::Change => "change",
            Action::Replace => "replace",
            Action::Remove => "remove",
        },
        "replacement": replacement_json(resource.replacement),
        "place": names.place(&resource.logical_id),
        "properties": properties,
        "attributes": resource.attributes.iter().map(value_json).collect::<Vec<_>>(),
    })
}

fn replacement_json(replacement: Replacement) -> Value {
    match replacement {
        Replacement::Never => "never",
        Replacement::Conditional => "conditional",
        Replacement::Always => "always",
    }
    .into()
}

fn value_json(change: &ValueChange) -> Value {
    json!({
        "path": change.path.to_string(),
        "kind": match change.kind {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Reordered => "reordered",
            ChangeKind::Referenced => "referenced",
            _ => "changed",
        },
        "before": node_json(change.before.as_ref()),
        "after": node_json(change.after.as_ref()),
    })
}

fn entry_json(entry: &EntryChange) -> Value {
    json!({
        "name": entry.name,
        "before": node_json(entry.before.as_ref()),
        "after": node_json(entry.after.as_ref()),
        "changes": entry.changes.iter().map(value_json).collect::<Vec<_>>(),
    })
}

fn node_json(node: Option<&Node>) -> Value {
    // What the writer makes is JSON; a reader that disagrees still gets the text.
    node.map(Node::to_json_compact)
        .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> TemplateDiff {
        let read = |text| skysmith_template::read(text).unwrap().template;
        skysmith_diff::diff(&read(before), &read(after))
    }

    const BEFORE: &str = r#"{"Resources":{
        "Table":{"Type":"AWS::DynamoDB::Table","Properties":{"TableName":"a","BillingMode":"PAY_PER_REQUEST"}},
        "Fn":{"Type":"AWS::Lambda::Function","Properties":{"MemorySize":128}},
        "Old":{"Type":"AWS::SNS::Topic"}}}"#;
    const AFTER: &str = r#"{"Resources":{
        "Table":{"Type":"AWS::DynamoDB::Table","Properties":{"TableName":"b","BillingMode":"PAY_PER_REQUEST"}},
        "Fn":{"Type":"AWS::Lambda::Function","Properties":{"MemorySize":256}},
        "Errors":{"Type":"AWS::CloudWatch::Alarm"}},
        "Outputs":{"Name":{"Value":{"Ref":"Table"}}}}"#;

    #[test]
    fn people_see_what_is_lost_first() {
        let diff = diff(BEFORE, AFTER);
        assert_eq!(counts(&diff), "1 to add, 1 to change, 1 to replace, 1 to remove");
        let text = anstream::adapter::strip_str(&text(&diff, &Names::default())).to_string();
        assert_eq!(
            text,
            "
! DATA LOSS  Table is replaced because of TableName (a → b): the new one starts empty, the old one is deleted with its data
             to keep it: take the change back, or set the removal policy Retain and copy

  ± Table   DynamoDB table    replaced
      TableName  a → b   replaces it
  ~ Fn      Lambda function
      MemorySize  128 → 256
  + Errors  CloudWatch alarm
  - Old     SNS topic         removed

outputs
  + Name
"
        );
    }

    #[test]
    fn programs_see_the_same() {
        let json = json(&diff(BEFORE, AFTER), &Names::default());
        assert_eq!(json["summary"]["replace"], 1);
        assert_eq!(json["data_losses"][0]["logical_id"], "Table");
        assert_eq!(
            json["resources"][0]["properties"][0],
            json!({ "path": "TableName", "kind": "changed", "before": "a", "after": "b", "replacement": "always" })
        );
        assert_eq!(json["outputs"][0]["after"], json!({ "Value": { "Ref": "Table" } }));
    }

    #[test]
    fn nothing_is_said_in_one_word() {
        let same = diff(BEFORE, BEFORE);
        assert_eq!((counts(&same).as_str(), text(&same, &Names::default()).as_str()), ("no changes", ""));
    }

    #[test]
    fn values_are_short() {
        let long = "x".repeat(100);
        assert_eq!(value(&Node::String(long)).chars().count(), VALUE_WIDTH);
        let hash = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4.zip";
        assert_eq!(value(&Node::String(hash.to_owned())), "8f434346….zip");
    }
}
