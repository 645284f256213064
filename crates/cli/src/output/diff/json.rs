//! A difference for programs: version 1 of the document that `architecture/diff.schema.json` describes.
//!
//! Names are only ever added to a version. A value of an enumeration may come that was not there before.

use serde_json::{Value, json};
use skysmith_diff::{
    Action, Broadening, ChangeKind, Code, Effect, EntryChange, Fate, FileChanges, Judge, Origin, OutputChangeKind,
    ParameterValue, PolicyKind, Principal, RefusalReason, Replacement, ResourceChange, Retention, Rights, Risk,
    RiskKind, SecurityChange, Statement, StatementChange, Topic, Trend, ValueChange, Verdict, WayOut, Which,
};
use skysmith_template::Node;

use super::{Drifted, View, estimated};
use crate::names::Names;

/// The version of what is below. A document with another one may have anything.
pub const VERSION: u32 = 1;

impl View<'_> {
    /// One stack.
    pub fn json(&self, stack: &str) -> Value {
        let (diff, names, more) = (self.diff, self.names, self.more);
        let mut value = template(self);
        let summary = diff.summary();
        value["stack"] = stack.into();
        value["is_deployed"] = self.is_deployed.into();
        value["is_different"] = (!self.is_empty()).into();
        value["summary"] = json!({
            "add": summary.add,
            "change": summary.change,
            "replace": summary.replace,
            "remove": summary.remove,
            "may_replace": summary.may_replace,
            "broader": diff.broader().count(),
            "data_losses": diff.data_losses().iter().filter(|loss| loss.is_certain).count(),
            "refusals": diff.refusals.len(),
        });
        value["estimate"] = if self.has_estimate { estimated(diff, self.after).into() } else { Value::Null };
        value["data_losses"] = diff
            .data_losses()
            .iter()
            .map(|loss| {
                let id = &loss.resource.logical_id;
                let around: Vec<String> = loss.nested_in.iter().map(|&id| id.to_owned()).collect();
                let key = [&loss.nested_in[..], &[id.as_str()]].concat().join("/");
                json!({
                    "path": names.name_in(&around, id),
                    "logical_id": id,
                    "nested_in": loss.nested_in,
                    "is_certain": loss.is_certain,
                    "contents": more.contents.get(&key),
                })
            })
            .collect();
        value["tags"] =
            more.tags.iter().map(|tag| json!({ "key": tag.key, "before": tag.before, "after": tag.after })).collect();
        for output in value["exposed"].as_array_mut().into_iter().flatten() {
            output["readers"] = output["name"].as_str().and_then(|name| more.readers.get(name)).cloned().into();
        }
        value["missing_parameters"] = more.missing.clone().into();
        value["imported"] = more.imported.iter().cloned().collect();
        value["drift"] = more.drift.iter().map(|one| drifted(one, names)).collect();
        value["notes"] = more.notes.clone().into();
        value
    }
}

/// What two templates are to each other, of a stack or of one nested in it.
fn template(view: &View<'_>) -> Value {
    let (diff, names) = (view.diff, view.names);
    json!({
        "resources": diff.resources.iter().map(|it| resource(it, view)).collect::<Vec<_>>(),
        "moves": diff.moves.iter().map(|it| json!({
            "from": it.from, "to": it.to, "resource_type": it.resource_type, "fate": fate(it.fate),
        })).collect::<Vec<_>>(),
        "refusals": diff.refusals.iter().map(|it| json!({
            "path": names.name(&it.logical_id),
            "logical_id": it.logical_id,
            "resource_type": it.resource_type,
            "reason": match &it.reason {
                RefusalReason::NameStays { .. } => "name_stays",
                RefusalReason::NameTaken { .. } => "name_taken",
                RefusalReason::TypeChanges { .. } => "type_changes",
                _ => "other",
            },
            "name": fixed_name(&it.reason),
            "causes": causes(&it.reason),
            "ways_out": it.ways_out.iter().map(way_out).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "risks": diff.risks.iter().map(|it| risk(it, names)).collect::<Vec<_>>(),
        "iam": diff.iam.iter().map(|it| right(it, names)).collect::<Vec<_>>(),
        "security": diff.security.iter().map(|it| setting(it, names)).collect::<Vec<_>>(),
        "code": diff.code.iter().map(|it| json!({
            "path": names.name(&it.logical_id),
            "logical_id": it.logical_id,
            "resource_type": it.resource_type,
            "property": it.property,
            "before": code(&it.before),
            "after": code(&it.after),
            "files": view.more.files.get(&view.key(&it.logical_id)).map(files_json),
            "files_unread": view.more.unread.get(&view.key(&it.logical_id)),
        })).collect::<Vec<_>>(),
        "values": diff.values.iter().map(|it| json!({
            "name": it.name,
            "before": it.before.as_ref().map(parameter),
            "after": it.after.as_ref().map(parameter),
        })).collect::<Vec<_>>(),
        "parameters": entries(&diff.parameters),
        "outputs": entries(&diff.outputs),
        "exposed": diff.exposed.iter().map(|it| json!({
            "name": it.name,
            "export": node(it.export.as_ref()),
            "kind": match &it.kind {
                OutputChangeKind::Removed => "removed",
                OutputChangeKind::NoLongerExported => "no_longer_exported",
                OutputChangeKind::Renamed { .. } => "renamed",
                OutputChangeKind::Value => "value",
                OutputChangeKind::Replaced { .. } => "replaced",
                _ => "other",
            },
            "readers": null,
        })).collect::<Vec<_>>(),
        "conditions": entries(&diff.conditions),
        "mappings": entries(&diff.mappings),
        "rules": entries(&diff.rules),
        "other": entries(&diff.other),
        "rewritten": diff.rewritten.iter().map(|it| json!({
            "section": it.section, "name": it.name, "is_order": it.is_order,
        })).collect::<Vec<_>>(),
    })
}

/// The name that stands in the way, and the resource that has it, if that is another.
fn fixed_name(reason: &RefusalReason) -> Value {
    match reason {
        RefusalReason::NameStays { name, .. } => {
            json!({ "property": name.property, "value": node(Some(&name.name)), "holder": null })
        }
        RefusalReason::NameTaken { name, by } => {
            json!({ "property": name.property, "value": node(Some(&name.name)), "holder": by })
        }
        _ => Value::Null,
    }
}

/// The properties that cannot change in place.
fn causes(reason: &RefusalReason) -> Vec<String> {
    match reason {
        RefusalReason::NameStays { causes, .. } => causes.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

fn risk(risk: &Risk, names: &Names) -> Value {
    let (kind, other, acts_on) = match &risk.kind {
        RiskKind::CustomRemoved { acts_on, .. } => ("custom_removed", None, acts_on.as_slice()),
        RiskKind::CustomReplaced { .. } => ("custom_replaced", None, &[][..]),
        RiskKind::CleansUpAnother { other, .. } => ("cleans_up_another", Some(other), &[][..]),
        RiskKind::RightsGap { to } => ("rights_gap", Some(to), &[][..]),
        RiskKind::NoLongerKept => ("no_longer_kept", None, &[][..]),
        _ => ("other", None, &[][..]),
    };
    json!({
        "path": names.name(&risk.logical_id),
        "logical_id": risk.logical_id,
        "resource_type": risk.resource_type,
        "kind": kind,
        "other": other,
        "acts_on": acts_on,
        "in_two_steps": risk.leaves_in_two_steps(),
    })
}

fn resource(resource: &ResourceChange, view: &View<'_>) -> Value {
    let properties: Vec<Value> = resource
        .properties
        .iter()
        .map(|property| {
            let mut value = change(&property.change);
            let (replacement, by) = verdict(&property.verdict);
            value["replacement"] = replacement;
            value["by"] = by;
            value["overruled"] = property.overruled.as_ref().map_or(Value::Null, |it| verdict(it).0);
            value
        })
        .collect();
    json!({
        "path": view.names.name(&resource.logical_id),
        "logical_id": resource.logical_id,
        "resource_type": resource.resource_type(),
        "action": match resource.action {
            Action::Add => "add",
            Action::Change => "change",
            Action::Replace => "replace",
            Action::Remove => "remove",
        },
        "replacement": replacement(resource.replacement),
        "judge": match resource.judge {
            Judge::Templates => "templates",
            Judge::Both => "both",
            Judge::ChangeSet => "change_set",
            Judge::TemplatesAgainstChangeSet => "templates_against_change_set",
            Judge::NotInChangeSet => "not_in_change_set",
            _ => "other",
        },
        "overruled": resource.overruled.map(replacement),
        "fate": fate(resource.fate),
        "moved": resource.moved,
        "condition": resource.condition,
        "place": view.names.place(&resource.logical_id),
        "properties": properties,
        "attributes": resource.attributes.iter().map(change).collect::<Vec<_>>(),
        "nested": view.inside(resource, template),
    })
}

fn replacement(replacement: Replacement) -> Value {
    match replacement {
        Replacement::Never => "never",
        Replacement::Conditional => "conditional",
        Replacement::Always => "always",
    }
    .into()
}

fn verdict(verdict: &Verdict) -> (Value, Value) {
    let by = match &verdict.origin {
        Origin::Specification => json!({ "kind": "specification" }),
        Origin::Reference { logical_id } => json!({ "kind": "reference", "to": logical_id }),
        Origin::Parameter { name } => json!({ "kind": "parameter", "to": name }),
        Origin::Condition { name } => json!({ "kind": "condition", "to": name }),
        Origin::ChangeSet => json!({ "kind": "change_set" }),
        Origin::ResourceType => json!({ "kind": "resource_type" }),
        Origin::CustomResource => json!({ "kind": "custom_resource" }),
        Origin::UnknownType => json!({ "kind": "unknown_type" }),
        _ => json!({ "kind": "other" }),
    };
    (replacement(verdict.replacement), by)
}

fn fate(fate: Fate) -> Value {
    match fate {
        Fate::Kept => "kept",
        Fate::Deleted => "deleted",
        Fate::LeavesStack(Retention::Resource) => "leaves_stack",
        Fate::LeavesStack(_) => "leaves_snapshot",
        Fate::DataLost => "data_lost",
        Fate::DataAtRisk => "data_at_risk",
        _ => "other",
    }
    .into()
}

fn change(change: &ValueChange) -> Value {
    json!({
        "path": change.path.to_string(),
        "kind": kind(change.kind),
        "before": node(change.before.as_ref()),
        "after": node(change.after.as_ref()),
    })
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Reordered => "reordered",
        ChangeKind::Referenced => "referenced",
        _ => "changed",
    }
}

fn entries(entries: &[EntryChange]) -> Value {
    entries
        .iter()
        .map(|entry| {
            json!({
                "name": entry.name,
                "before": node(entry.before.as_ref()),
                "after": node(entry.after.as_ref()),
                "changes": entry.changes.iter().map(change).collect::<Vec<_>>(),
            })
        })
        .collect()
}

fn way_out(way: &WayOut) -> Value {
    match way {
        WayOut::Rename { property } => json!({ "kind": "rename", "property": property }),
        WayOut::TakeBack { paths } => {
            json!({ "kind": "take_back", "paths": paths.iter().map(ToString::to_string).collect::<Vec<_>>() })
        }
        WayOut::KeepLogicalId { logical_id } => json!({ "kind": "keep_logical_id", "logical_id": logical_id }),
        WayOut::NewLogicalId => json!({ "kind": "new_logical_id" }),
        WayOut::RemoveFirst => json!({ "kind": "remove_first" }),
        _ => json!({ "kind": "other" }),
    }
}

fn right(change: &StatementChange, names: &Names) -> Value {
    json!({
        "kind": match change.kind {
            PolicyKind::Identity => "identity",
            PolicyKind::Trust => "trust",
            PolicyKind::Resource => "resource",
            _ => "other",
        },
        "holder": node(Some(&change.holder)),
        "is_holder_new": change.is_holder_new,
        "path": names.name(&change.logical_id),
        "logical_id": change.logical_id,
        "property": change.path.to_string(),
        "change": kind(change.change),
        "before": change.before.as_ref().map(rights),
        "after": change.after.as_ref().map(rights),
        "broader": change.broader.iter().map(broadening).collect::<Vec<_>>(),
    })
}

fn broadening(broadening: &Broadening) -> &'static str {
    match broadening {
        Broadening::Everybody => "everybody",
        Broadening::ActionPattern => "action_pattern",
        Broadening::AllResources => "all_resources",
        Broadening::Principals => "principals",
        Broadening::Actions => "actions",
        Broadening::Resources => "resources",
        Broadening::Conditions => "conditions",
        Broadening::Combination => "combination",
        Broadening::NoLongerDenied => "no_longer_denied",
        Broadening::ManagedPolicy => "managed_policy",
        Broadening::AllBut => "all_but",
        _ => "other",
    }
}

fn rights(rights: &Rights) -> Value {
    match rights {
        Rights::Managed(arn) => json!({ "managed_policy": node(Some(arn)) }),
        Rights::Statement(it) => statement(it),
        _ => Value::Null,
    }
}

fn statement(statement: &Statement) -> Value {
    let nodes = |which: &Which<Node>| which_json(which, |it| node(Some(it)));
    json!({
        "sid": statement.sid,
        "effect": match &statement.effect {
            Effect::Allow => Value::from("Allow"),
            Effect::Deny => "Deny".into(),
            Effect::Other(other) => node(Some(other)),
        },
        "actions": nodes(&statement.actions),
        "resources": nodes(&statement.resources),
        "principals": which_json(&statement.principals, |who: &Principal| json!({ "kind": who.kind, "id": node(Some(&who.id)) })),
        "conditions": statement.conditions.iter().map(|it| json!({
            "operator": it.operator,
            "key": it.key,
            "values": it.values.iter().map(|value| node(Some(value))).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn which_json<T>(which: &Which<T>, say: impl Fn(&T) -> Value) -> Value {
    match which {
        Which::Only(items) => json!({ "only": items.iter().map(say).collect::<Vec<_>>() }),
        Which::AllBut(items) => json!({ "all_but": items.iter().map(say).collect::<Vec<_>>() }),
        Which::Unsaid => Value::Null,
    }
}

fn setting(change: &SecurityChange, names: &Names) -> Value {
    let is_whole = change.path.steps().is_empty();
    json!({
        "path": names.name(&change.logical_id),
        "logical_id": change.logical_id,
        "resource_type": change.resource_type,
        "property": (!is_whole).then(|| change.path.to_string()),
        "topic": match change.topic {
            Topic::PublicAccess => "public_access",
            Topic::Authorisation => "authorisation",
            Topic::Network => "network",
            Topic::Encryption => "encryption",
            Topic::Tls => "tls",
            Topic::Logging => "logging",
            Topic::Protection => "protection",
            _ => "other",
        },
        "trend": match change.trend {
            Trend::Weaker => "weaker",
            Trend::Other => "other",
            Trend::Stronger => "stronger",
        },
        "before": node(change.before.as_ref()),
        "after": node(change.after.as_ref()),
    })
}

fn code(code: &Code) -> Value {
    match code {
        Code::Object { bucket, key, version } => json!({
            "kind": "object", "bucket": node(bucket.as_ref()), "key": node(Some(key)), "version": node(version.as_ref()),
        }),
        Code::Inline(text) => json!({ "kind": "inline", "text": text }),
        Code::Image(image) => json!({ "kind": "image", "image": node(Some(image)) }),
        _ => json!({ "kind": "other" }),
    }
}

fn files_json(files: &FileChanges) -> Value {
    json!({
        "same": files.same,
        "changed": files.files.iter().map(|file| json!({
            "path": file.path,
            "before_size": file.before.as_ref().map(|it| it.size),
            "after_size": file.after.as_ref().map(|it| it.size),
            "moved_from": file.moved_from,
        })).collect::<Vec<_>>(),
    })
}

fn parameter(value: &ParameterValue) -> Value {
    json!({ "value": value.text, "is_default": value.is_default })
}

fn drifted(one: &Drifted, names: &Names) -> Value {
    json!({
        "path": names.name_in(&one.nested_in, &one.logical_id),
        "logical_id": one.logical_id,
        "nested_in": one.nested_in,
        "resource_type": one.resource_type,
        "is_gone": one.is_gone,
        "properties": one.properties.iter().map(|it| json!({
            "path": it.path, "deployed": it.deployed, "real": it.real, "wanted": it.wanted,
        })).collect::<Vec<_>>(),
    })
}

fn node(node: Option<&Node>) -> Value {
    // What the writer makes is JSON; a reader that disagrees still gets the text.
    node.map(Node::to_json_compact)
        .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
