//! Outputs that others may read: other stacks by an export or by `Fn::GetStackOutput`, people and programs by their names.

use std::collections::HashMap;

use skysmith_spec::Replacement;
use skysmith_template::{Intrinsic, Node, Output, SubPart, Template};

use crate::compare::{Comparison, Reading};
use crate::model::ResourceChange;

/// An output that goes or becomes another. CloudFormation refuses it if another stack imports the export.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OutputChange {
    /// The output.
    pub name: String,
    /// The name it was exported by, if it was.
    pub export: Option<Node>,
    /// What happens to it.
    pub kind: OutputChangeKind,
}

/// What happens to an output.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutputChangeKind {
    /// It is removed.
    Removed,
    /// It stays, and is no longer exported.
    NoLongerExported,
    /// It is exported by another name.
    Renamed {
        /// The new name.
        to: Node,
    },
    /// Its value is another.
    Value,
    /// Its value is that of a resource which is replaced: another, unless the resource keeps its name.
    Replaced {
        /// The resource.
        logical_id: String,
        /// Whether that is certain.
        is_certain: bool,
    },
}

pub(crate) fn changes(before: &Template, after: &Template, resources: &[ResourceChange]) -> Vec<OutputChange> {
    let replaced: HashMap<&str, Replacement> = resources
        .iter()
        .filter(|it| it.replacement != Replacement::Never)
        .map(|it| (it.logical_id.as_str(), it.replacement))
        .collect();
    before
        .outputs()
        .filter_map(|old| {
            let kind = change(old, after.output(old.name()), &replaced)?;
            Some(OutputChange { name: old.name().to_owned(), export: old.export_name().cloned(), kind })
        })
        .collect()
}

fn change(old: Output<'_>, new: Option<Output<'_>>, replaced: &HashMap<&str, Replacement>) -> Option<OutputChangeKind> {
    let Some(new) = new else { return Some(OutputChangeKind::Removed) };
    match (old.export_name(), new.export_name()) {
        (Some(_), None) => return Some(OutputChangeKind::NoLongerExported),
        (Some(old), Some(new)) if !Comparison::is_same(old, new, Reading::Text) => {
            return Some(OutputChangeKind::Renamed { to: new.clone() });
        }
        _ => {}
    }
    let (before, after) = (old.value()?, new.value()?);
    if !Comparison::is_same(before, after, Reading::Text) {
        return Some(OutputChangeKind::Value);
    }
    let mut strongest: Option<(String, Replacement)> = None;
    after.for_each_node(&mut |node| {
        for target in node.as_intrinsic().into_iter().flat_map(targets) {
            if let Some(replacement) = replaced.get(target)
                && strongest.as_ref().is_none_or(|(_, known)| known < replacement)
            {
                strongest = Some((target.to_owned(), *replacement));
            }
        }
    });
    let (logical_id, replacement) = strongest?;
    Some(OutputChangeKind::Replaced { logical_id, is_certain: replacement == Replacement::Always })
}

fn targets(intrinsic: &Intrinsic) -> Vec<&str> {
    match intrinsic {
        Intrinsic::Ref(target) | Intrinsic::GetAtt(target, _) => vec![target],
        Intrinsic::Sub { parts, .. } => parts
            .iter()
            .filter_map(|part| match part {
                SubPart::Ref(target) | SubPart::GetAtt(target, _) => Some(target.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
