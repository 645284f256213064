//! The arguments of intrinsic functions with their places in the long JSON form.

use skysmith_template::{Intrinsic, Node};

use crate::at::At;

/// What may be called with a value and its place.
pub(crate) type Visit<'v, 't> = dyn FnMut(&'t Node, At<'_>) + 'v;

/// Calls `visit` with every argument of the function at `at` that is itself a value.
pub(crate) fn for_each_argument<'t>(intrinsic: &'t Intrinsic, at: At<'_>, visit: &mut Visit<'_, 't>) {
    let one = |name: &str, argument: &'t Node, visit: &mut Visit<'_, 't>| visit(argument, at.key(name));
    let items = |name: &str, first: usize, items: &[&'t Node], visit: &mut Visit<'_, 't>| {
        let call = at.key(name);
        for (index, item) in items.iter().enumerate() {
            visit(item, call.index(first + index));
        }
    };
    match intrinsic {
        Intrinsic::GetAtt(_, attribute) => items("Fn::GetAtt", 1, &[attribute], visit),
        Intrinsic::Sub { variables, .. } => {
            let call = at.key("Fn::Sub");
            let map = call.index(1);
            for (name, value) in variables {
                visit(value, map.key(name));
            }
        }
        Intrinsic::Join { values, .. } => items("Fn::Join", 1, &[values], visit),
        Intrinsic::Select { index, values } => items("Fn::Select", 0, &[index, values], visit),
        Intrinsic::Split { source, .. } => items("Fn::Split", 1, &[source], visit),
        Intrinsic::Base64(value) => one("Fn::Base64", value, visit),
        Intrinsic::Cidr { block, count, bits } => {
            items("Fn::Cidr", 0, &[block, count], visit);
            if let Some(bits) = bits {
                items("Fn::Cidr", 2, &[bits], visit);
            }
        }
        Intrinsic::FindInMap { map, top, second, default } => {
            items("Fn::FindInMap", 0, &[map, top, second], visit);
            if let Some(default) = default {
                visit(default, at.key("Fn::FindInMap").index(3).key("DefaultValue"));
            }
        }
        Intrinsic::GetAzs(region) => one("Fn::GetAZs", region, visit),
        Intrinsic::ImportValue(name) => one("Fn::ImportValue", name, visit),
        Intrinsic::GetStackOutput(arguments) => {
            let call = at.key("Fn::GetStackOutput");
            arguments.iter().for_each(|(name, value)| visit(value, call.key(name)));
        }
        Intrinsic::Transform(arguments) => {
            let call = at.key("Fn::Transform");
            arguments.iter().for_each(|(name, value)| visit(value, call.key(name)));
        }
        Intrinsic::Length(value) => one("Fn::Length", value, visit),
        Intrinsic::ToJsonString(value) => one("Fn::ToJsonString", value, visit),
        Intrinsic::If { then, otherwise, .. } => items("Fn::If", 1, &[then, otherwise], visit),
        Intrinsic::And(terms) => {
            terms.iter().enumerate().for_each(|(index, term)| items("Fn::And", index, &[term], visit));
        }
        Intrinsic::Or(terms) => {
            terms.iter().enumerate().for_each(|(index, term)| items("Fn::Or", index, &[term], visit));
        }
        Intrinsic::Not(term) => items("Fn::Not", 0, &[term], visit),
        Intrinsic::Equals(a, b) => items("Fn::Equals", 0, &[a, b], visit),
        Intrinsic::Contains(a, b) => items("Fn::Contains", 0, &[a, b], visit),
        Intrinsic::EachMemberEquals(a, b) => items("Fn::EachMemberEquals", 0, &[a, b], visit),
        Intrinsic::EachMemberIn(a, b) => items("Fn::EachMemberIn", 0, &[a, b], visit),
        Intrinsic::RefAll(kind) => one("Fn::RefAll", kind, visit),
        Intrinsic::ValueOf(a, b) => items("Fn::ValueOf", 0, &[a, b], visit),
        Intrinsic::ValueOfAll(a, b) => items("Fn::ValueOfAll", 0, &[a, b], visit),
        // References and conditions have names only; a function this match does not know is passed over.
        _ => {}
    }
}

/// The name of the function, as the long form has it.
pub(crate) fn name(intrinsic: &Intrinsic) -> &'static str {
    match intrinsic {
        Intrinsic::Ref(_) => "Ref",
        Intrinsic::GetAtt(..) => "Fn::GetAtt",
        Intrinsic::Sub { .. } => "Fn::Sub",
        Intrinsic::Join { .. } => "Fn::Join",
        Intrinsic::Base64(_) => "Fn::Base64",
        Intrinsic::Split { .. } => "Fn::Split",
        Intrinsic::Cidr { .. } => "Fn::Cidr",
        Intrinsic::GetAzs(_) => "Fn::GetAZs",
        Intrinsic::ToJsonString(_) => "Fn::ToJsonString",
        Intrinsic::ImportValue(_) => "Fn::ImportValue",
        _ => "the function",
    }
}

/// Every value inside a list or a map, with its place; nothing for anything else.
pub(crate) fn for_each_member<'t>(node: &'t Node, at: At<'_>, visit: &mut Visit<'_, 't>) {
    match node {
        Node::List(items) => items.iter().enumerate().for_each(|(index, item)| visit(item, at.index(index))),
        Node::Map(map) => map.iter().for_each(|(key, value)| visit(value, at.key(key))),
        // The text of JSON in a string has no places of its own.
        Node::JsonString(inner) => visit(inner, at),
        Node::Intrinsic(intrinsic) => for_each_argument(intrinsic, at, visit),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}
