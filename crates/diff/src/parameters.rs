//! Parameters whose values change, and what the values make of a template.

use std::collections::BTreeMap;

use skysmith_template::{Intrinsic, Node, SubPart, Template};

use crate::known::scalar_text;

/// One of the two templates that are compared, and what its parameters are.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The template.
    pub template: &'a Template,
    /// The effective values of its parameters by name, where they are known: a parameter that is not among them has its default.
    /// `None` where nothing is known of any. Those of pseudo parameters, `AWS::Region`, may be among them. A value that is not known may
    /// stand there as it is written, `${Table.Arn}`: no condition is decided by it.
    pub parameters: Option<&'a BTreeMap<String, String>>,
}

impl<'a> From<&'a Template> for Side<'a> {
    fn from(template: &'a Template) -> Self {
        Self { template, parameters: None }
    }
}

/// A parameter whose value changes, comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParameterChange {
    /// The parameter.
    pub name: String,
    /// What it was; `None` if there was none.
    pub before: Option<ParameterValue>,
    /// What it is; `None` if there is none.
    pub after: Option<ParameterValue>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParameterValue {
    /// The value; `None` where it is a secret (`NoEcho`), or not known.
    pub text: Option<String>,
    /// Whether it is the template's default.
    pub is_default: bool,
}

/// The parameters that have other values. Of secrets only those that come or go.
pub(crate) fn changes(before: Side<'_>, after: Side<'_>) -> Vec<ParameterChange> {
    if before.parameters.is_none() || after.parameters.is_none() {
        return Vec::new();
    }
    let names = |side: Side<'_>| side.template.parameters().map(|it| it.name().to_owned()).collect::<Vec<_>>();
    let mut all = names(after);
    all.extend(names(before).into_iter().filter(|name| after.template.parameter(name).is_none()));
    all.into_iter()
        .filter_map(|name| {
            let (old, new) = (value(before, &name), value(after, &name));
            let is_same = match (&old, &new) {
                (Some(old), Some(new)) => old.text == new.text,
                (None, None) => true,
                _ => false,
            };
            (!is_same).then_some(ParameterChange { name, before: old, after: new })
        })
        .collect()
}

fn value(side: Side<'_>, name: &str) -> Option<ParameterValue> {
    let parameter = side.template.parameter(name)?;
    let given = side.parameters.and_then(|values| values.get(name));
    let default = parameter.default().and_then(scalar_text);
    let text = given.cloned().or_else(|| default.clone());
    let is_default = text == default;
    Some(ParameterValue { text: text.filter(|_| !parameter.is_no_echo()), is_default })
}

/// The value with the values of the parameters in their places.
pub(crate) fn resolved<'v>(node: &Node, value: &impl Fn(&str) -> Option<&'v str>) -> Node {
    let mut node = node.clone();
    resolve(&mut node, value);
    crate::text::canonical(&node)
}

fn resolve<'v>(node: &mut Node, value: &impl Fn(&str) -> Option<&'v str>) {
    if let Node::Intrinsic(intrinsic) = node {
        if let Intrinsic::Ref(name) = &**intrinsic
            && let Some(text) = value(name)
        {
            *node = text.into();
            return;
        }
        if let Intrinsic::Sub { parts, .. } = &mut **intrinsic {
            for part in parts {
                if let SubPart::Ref(name) = part
                    && let Some(text) = value(name)
                {
                    *part = SubPart::Literal(text.to_owned());
                }
            }
        }
        intrinsic.for_each_argument_mut(&mut |argument| resolve(argument, value));
        return;
    }
    node.for_each_child_mut(&mut |child| resolve(child, value));
}
