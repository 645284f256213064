//! The frame of a template: sections, names, the attributes of resources, parameters and outputs, limits.

use skysmith_template::{Map, Node, Parameter, Template};

use crate::at::At;
use crate::declared::Declared;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::each_choice;

/// The sections, in the order of the template reference. `Globals` is SAM's.
const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Globals",
    "Resources",
    "Outputs",
];

/// The sections that are maps of named entries, with how many entries one may have.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const ENTRIES: &[(&str, Option<usize>)] = &[
    ("Parameters", Some(200)),
    ("Rules", None),
    ("Mappings", Some(200)),
    ("Conditions", None),
    ("Resources", Some(500)),
    ("Outputs", Some(200)),
];

/// The only one there has ever been.
const FORMAT_VERSION: &str = "2010-09-09";
const LONGEST_NAME: usize = 255;
const LONGEST_DESCRIPTION: usize = 1024;
/// The size of a template that is given as a file in S3.
const LARGEST_TEMPLATE: usize = 1_048_576;

pub(crate) fn check(template: &Template, declared: &Declared<'_>, findings: &mut Findings) {
    sections(template, findings);
    if declared.has_unknown_macro() {
        return;
    }
    entries(template, findings);
    let resources = At::Root.key("Resources");
    if template.section("Resources").is_none_or(Map::is_empty) && !declared.is_open("Resources") {
        findings.push(RuleId::NoResources, At::Root, "the template has no resource");
    }
    for resource in template.resources() {
        resource_attributes(resource.body(), resources.key(resource.logical_id()), findings);
    }
    for name in declared.names("Parameters").filter(|name| declared.has("Resources", name)) {
        let message = format!("`{name}` is the name of a parameter and of a resource");
        findings.push(RuleId::LogicalId, resources.key(name), message);
    }
    parameters(template, findings);
    rules(template, findings);
    console(template, declared, findings);
    outputs(template, findings);
    size(template, findings);
}

fn sections(template: &Template, findings: &mut Findings) {
    for (name, section) in template.root() {
        let at = At::Root;
        let at = at.key(name);
        if !SECTIONS.contains(&name.as_str()) && !name.starts_with("Fn::") {
            findings
                .push(RuleId::UnknownSection, at, format!("`{name}` is not a section of a template"))
                .suggest(name, SECTIONS.iter().copied());
        }
        if name == "AWSTemplateFormatVersion" && section.as_str() != Some(FORMAT_VERSION) {
            findings
                .push(RuleId::MalformedSection, at, "the format version does not exist")
                .note(format!("allowed: {FORMAT_VERSION}"));
        }
        match (name.as_str(), section) {
            ("Description", other) if other.as_str().is_none() => {
                let message = format!("the description is {}, not text", crate::value::kind(other));
                findings.push(RuleId::MalformedSection, at, message);
            }
            ("Transform", Node::Null | Node::Bool(_) | Node::Number(_)) => {
                let message = format!("`Transform` is {}, not the name of a macro", crate::value::kind(section));
                findings.push(RuleId::MalformedSection, at, message);
            }
            _ => {}
        }
        if let ("Description", Some(text)) = (name.as_str(), section.as_str())
            && text.len() > LONGEST_DESCRIPTION
        {
            findings
                .push(RuleId::TemplateLimit, at, format!("the description has {} bytes", text.len()))
                .note(format!("allowed: at most {LONGEST_DESCRIPTION}"));
        }
    }
}

fn entries(template: &Template, findings: &mut Findings) {
    for &(name, limit) in ENTRIES {
        let at = At::Root.key(name);
        let Some(section) = template.root().get(name) else { continue };
        let map = match section {
            Node::Map(map) => map,
            Node::Intrinsic(_) => continue,
            _ => {
                findings.push(
                    RuleId::MalformedSection,
                    at,
                    format!("`{name}` is {}, not a map", crate::value::kind(section)),
                );
                continue;
            }
        };
        if let Some(limit) = limit
            && map.len() > limit
        {
            findings
                .push(RuleId::TemplateLimit, at, format!("the template has {} {}", map.len(), name.to_lowercase()))
                .note(format!("allowed: at most {limit}"));
        }
        for (key, entry) in map.iter().filter(|(key, _)| !key.starts_with("Fn::")) {
            let at = at.key(key);
            if name != "Conditions" && !matches!(entry, Node::Map(_) | Node::Intrinsic(_)) {
                findings.push(
                    RuleId::MalformedSection,
                    at,
                    format!("`{key}` is {}, not a map", crate::value::kind(entry)),
                );
            }
            entry_name(name, key, at, findings);
            if name == "Mappings" {
                mapping(entry, at, findings);
            }
        }
    }
}

/// A mapping is a map of maps of text, numbers and lists.
fn mapping(entry: &Node, at: At<'_>, findings: &mut Findings) {
    for (top, values) in entry.as_map().into_iter().flatten().filter(|(top, _)| !top.starts_with("Fn::")) {
        let here = at.key(top);
        let Node::Map(values) = values else {
            if !matches!(values, Node::Intrinsic(_)) {
                let message = format!("`{top}` is {}, not a map", crate::value::kind(values));
                findings.push(RuleId::MalformedSection, here, message);
            }
            continue;
        };
        for (key, value) in values.iter().filter(|(key, _)| !key.starts_with("Fn::")) {
            if matches!(value, Node::Map(_) | Node::Null) {
                let message = format!("`{key}` is {}, not text or a list", crate::value::kind(value));
                findings.push(RuleId::MalformedSection, here.key(key), message);
            }
        }
    }
}

fn entry_name(section: &str, name: &str, at: At<'_>, findings: &mut Findings) {
    // Mappings, conditions and rules are names inside the template, which nothing outside sees.
    if !matches!(section, "Resources" | "Outputs" | "Parameters") {
        return;
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        findings
            .push(RuleId::LogicalId, at, format!("the name `{name}` has characters that CloudFormation does not take"))
            .note("allowed: letters and digits");
    } else if name.len() > LONGEST_NAME {
        findings
            .push(RuleId::LogicalId, at, format!("the name has {} characters", name.len()))
            .note(format!("allowed: at most {LONGEST_NAME}"));
    }
}

/// What may stand in a resource beside `Type` and `Properties`. `Connectors` and `IgnoreGlobals` are SAM's.
const ATTRIBUTES: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "UpdatePolicy",
    "CreationPolicy",
    "Version",
    "Connectors",
    "IgnoreGlobals",
];

fn resource_attributes(body: &Map, at: At<'_>, findings: &mut Findings) {
    match body.get("Type") {
        None => {
            findings.push(RuleId::MissingType, at, "the resource has no type");
        }
        Some(Node::String(_)) => {}
        Some(other) => {
            let message = format!("the type of the resource is {}, not text", crate::value::kind(other));
            findings.push(RuleId::MissingType, at.key("Type"), message);
        }
    }
    for (name, value) in body {
        let here = at.key(name);
        match name.as_str() {
            "DependsOn" if !is_text_or_list_of_text(value) => {
                let message = format!("`DependsOn` is {}, not a name or a list of names", crate::value::kind(value));
                findings.push(RuleId::UnknownResourceAttribute, here, message);
            }
            "Condition" if value.as_str().is_none() => {
                let message = format!("`Condition` is {}, not the name of a condition", crate::value::kind(value));
                findings.push(RuleId::UnknownResourceAttribute, here, message);
            }
            "DeletionPolicy" | "UpdateReplacePolicy" => {
                each_choice(value, here, &mut |value, here| policy(name, value, here, findings));
            }
            "Properties" | "Metadata" if !matches!(value, Node::Map(_) | Node::Intrinsic(_)) => {
                let message = format!("`{name}` is {}, not a map", crate::value::kind(value));
                findings.push(RuleId::UnknownResourceAttribute, here, message);
            }
            _ if ATTRIBUTES.contains(&name.as_str()) || name.starts_with("Fn::") => {}
            _ => {
                findings
                    .push(RuleId::UnknownResourceAttribute, here, format!("`{name}` is not an attribute of a resource"))
                    .suggest(name, ATTRIBUTES.iter().copied());
            }
        }
    }
}

fn is_text_or_list_of_text(node: &Node) -> bool {
    node.as_str().is_some() || node.as_list().is_some_and(|items| items.iter().all(|it| it.as_str().is_some()))
}

fn policy(name: &str, value: &Node, at: At<'_>, findings: &mut Findings) {
    let allowed: &[&str] = match name {
        "DeletionPolicy" => &["Delete", "Retain", "Snapshot", "RetainExceptOnCreate"],
        _ => &["Delete", "Retain", "Snapshot"],
    };
    match value {
        // With language extensions the policy may be a function.
        Node::Intrinsic(_) => {}
        Node::String(text) if allowed.contains(&text.as_str()) => {}
        Node::String(text) => {
            findings
                .push(RuleId::UnknownResourceAttribute, at, format!("`{text}` is not a value of `{name}`"))
                .note(format!("allowed: {}", allowed.join(", ")));
        }
        other => {
            let message = format!("`{name}` is {}, not text", crate::value::kind(other));
            findings
                .push(RuleId::UnknownResourceAttribute, at, message)
                .note(format!("allowed: {}", allowed.join(", ")));
        }
    }
}

fn parameters(template: &Template, findings: &mut Findings) {
    let section = At::Root.key("Parameters");
    for parameter in template.parameters() {
        let at = section.key(parameter.name());
        let Some(kind) = parameter.parameter_type() else {
            findings.push(RuleId::ParameterType, at, format!("the parameter `{}` has no type", parameter.name()));
            continue;
        };
        let element = kind.strip_prefix("List<").and_then(|it| it.strip_suffix('>')).unwrap_or(kind);
        let is_known = matches!(element, "String" | "Number" | "CommaDelimitedList") || element.starts_with("AWS::");
        if !is_known {
            findings
                .push(RuleId::ParameterType, at.key("Type"), format!("`{kind}` is not a type of a parameter"))
                .suggest(kind, ["String", "Number", "CommaDelimitedList", "List<Number>"].into_iter());
        }
        parameter_default(parameter, at, findings);
        parameter_limits(parameter, at, findings);
        known_keys("a parameter", parameter.body(), PARAMETER, at, findings);
    }
}

/// A rule has assertions, and perhaps a condition under which they hold.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>
fn rules(template: &Template, findings: &mut Findings) {
    let section = At::Root.key("Rules");
    for (name, rule) in template.rules() {
        let at = section.key(name);
        known_keys("a rule", rule, &["Assertions", "RuleCondition"], at, findings);
        let list_at = at.key("Assertions");
        match rule.get("Assertions") {
            None if !rule.keys().any(|it| it.starts_with("Fn::")) => {
                findings.push(RuleId::MalformedSection, at, "a rule needs `Assertions`");
            }
            Some(Node::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let here = list_at.index(index);
                    match item {
                        Node::Map(item) => {
                            known_keys("an assertion", item, &["Assert", "AssertDescription"], here, findings);
                            if !item.contains_key("Assert") {
                                findings.push(RuleId::MalformedSection, here, "an assertion needs `Assert`");
                            }
                        }
                        other => {
                            let message = format!("an assertion is {}, not a map", crate::value::kind(other));
                            findings.push(RuleId::MalformedSection, here, message);
                        }
                    }
                }
            }
            Some(other @ (Node::Map(_) | Node::String(_) | Node::Number(_) | Node::Bool(_))) => {
                let message = format!("`Assertions` is {}, not a list", crate::value::kind(other));
                findings.push(RuleId::MalformedSection, list_at, message);
            }
            _ => {}
        }
        if let Some(wrong @ (Node::List(_) | Node::String(_) | Node::Number(_))) = rule.get("RuleCondition") {
            let message = format!("`RuleCondition` is {}, not a function", crate::value::kind(wrong));
            findings.push(RuleId::MalformedSection, at.key("RuleCondition"), message);
        }
    }
}

/// What the console shows of the parameters.
fn console(template: &Template, declared: &Declared<'_>, findings: &mut Findings) {
    const INTERFACE: &str = "AWS::CloudFormation::Interface";
    let Some(Node::Map(interface)) = template.section("Metadata").and_then(|it| it.get(INTERFACE)) else { return };
    let metadata = At::Root.key("Metadata");
    let at = metadata.key(INTERFACE);
    for key in interface.keys().filter(|it| !matches!(it.as_str(), "ParameterGroups" | "ParameterLabels")) {
        findings
            .push(RuleId::ConsoleMetadata, at.key(key), format!("the console knows no `{key}`"))
            .suggest(key, ["ParameterGroups", "ParameterLabels"].into_iter());
    }
    let mut check = |name: &str, at: At<'_>| {
        if !declared.has("Parameters", name) && !declared.is_open("Parameters") {
            findings
                .push(RuleId::ConsoleMetadata, at, format!("there is no parameter `{name}`"))
                .suggest(name, declared.names("Parameters"));
        }
    };
    let groups_at = at.key("ParameterGroups");
    for (index, group) in
        interface.get("ParameterGroups").and_then(Node::as_list).unwrap_or_default().iter().enumerate()
    {
        let group_at = groups_at.index(index);
        let list_at = group_at.key("Parameters");
        for (index, name) in group.get("Parameters").and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
            if let Some(name) = name.as_str() {
                check(name, list_at.index(index));
            }
        }
    }
    let labels_at = at.key("ParameterLabels");
    for name in interface.get("ParameterLabels").and_then(Node::as_map).into_iter().flat_map(Map::keys) {
        check(name, labels_at.key(name));
    }
}

/// What a parameter may say of itself.
const PARAMETER: &[&str] = &[
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];
const OUTPUT: &[&str] = &["Condition", "Description", "Export", "Value"];

fn known_keys(what: &str, body: &Map, known: &[&str], at: At<'_>, findings: &mut Findings) {
    for (key, value) in body.iter().filter(|(key, _)| !key.starts_with("Fn::")) {
        if !known.contains(&key.as_str()) {
            findings
                .push(RuleId::MalformedSection, at.key(key), format!("{what} has no `{key}`"))
                .suggest(key, known.iter().copied());
        } else if matches!(value, Node::Null) {
            findings.push(RuleId::NullValue, at.key(key), format!("`{key}` is null"));
        }
    }
}

/// Limits that the parameter itself sets.
fn parameter_limits(parameter: Parameter<'_>, at: At<'_>, findings: &mut Findings) {
    let body = parameter.body();
    let of_text = |name: &str| body.get(name).and_then(crate::value::number);
    for name in ["MinLength", "MaxLength", "MinValue", "MaxValue"] {
        if let Some(wrong) = body.get(name).filter(|it| !matches!(it, Node::Null) && crate::value::number(it).is_none())
        {
            let message = format!("`{name}` is {}, not a number", crate::value::kind(wrong));
            findings.push(RuleId::MalformedSection, at.key(name), message);
        }
    }
    for (name, is_list) in
        [("AllowedValues", true), ("AllowedPattern", false), ("Description", false), ("ConstraintDescription", false)]
    {
        let Some(value) = body.get(name).filter(|it| !matches!(it, Node::Null)) else { continue };
        let fits = if is_list { value.as_list().is_some() } else { crate::value::scalar_text(value).is_some() };
        if !fits {
            let wanted = if is_list { "a list" } else { "text" };
            let message = format!("`{name}` is {}, not {wanted}", crate::value::kind(value));
            findings.push(RuleId::MalformedSection, at.key(name), message);
        }
    }
    let allowed_at = at.key("AllowedValues");
    for (index, value) in parameter.allowed_values().unwrap_or_default().iter().enumerate() {
        if crate::value::scalar_text(value).is_none() {
            let message = format!("an allowed value is {}, not text", crate::value::kind(value));
            findings.push(RuleId::MalformedSection, allowed_at.index(index), message);
        }
    }
    let Some(default) = parameter.default().and_then(crate::value::scalar_text) else { return };
    let (found, least, most, what) = match parameter.parameter_type() {
        Some("String") => (default.chars().count() as f64, of_text("MinLength"), of_text("MaxLength"), "characters"),
        Some("Number") => match default.trim().parse::<f64>() {
            Ok(value) => (value, of_text("MinValue"), of_text("MaxValue"), "as its value"),
            Err(_) => {
                let message = format!("the default `{default}` of a number is none");
                findings.push(RuleId::ParameterDefault, at.key("Default"), message);
                return;
            }
        },
        _ => return,
    };
    if least.is_some_and(|it| found < it) || most.is_some_and(|it| found > it) {
        let bound = |it: Option<f64>| it.map_or_else(|| "any".to_owned(), |it| it.to_string());
        findings
            .push(RuleId::ParameterDefault, at.key("Default"), format!("the default has {found} {what}"))
            .note(format!("allowed: {} to {}", bound(least), bound(most)));
        return;
    }
    if let Some(pattern) = body.get("AllowedPattern").and_then(Node::as_str)
        && parameter.parameter_type() == Some("String")
        && let Ok(regex) = regex_lite::Regex::new(&format!("^(?:{pattern})$"))
        && !regex.is_match(&default)
    {
        findings
            .push(
                RuleId::ParameterDefault,
                at.key("Default"),
                format!("the default `{default}` does not match the parameter's own pattern"),
            )
            .note(format!("it has to match: {pattern}"));
    }
}

fn parameter_default(parameter: Parameter<'_>, at: At<'_>, findings: &mut Findings) {
    let Some(default) = parameter.default() else { return };
    let Some(text) = crate::value::scalar_text(default) else {
        let message = format!("the default is {}, not text", crate::value::kind(default));
        findings.push(RuleId::ParameterDefault, at.key("Default"), message);
        return;
    };
    // Of a list every item has to be allowed, and SSM parameters are allowed by value, not by name.
    if !matches!(parameter.parameter_type(), Some("String" | "Number")) {
        return;
    }
    let Some(allowed) = parameter.allowed_values() else { return };
    let allowed: Option<Vec<_>> = allowed.iter().map(crate::value::scalar_text).collect();
    let Some(allowed) = allowed else { return };
    if !allowed.contains(&text) {
        findings
            .push(RuleId::ParameterDefault, at.key("Default"), format!("the default `{text}` is not an allowed value"))
            .note(format!("allowed: {}", allowed.join(", ")));
    }
}

fn outputs(template: &Template, findings: &mut Findings) {
    let section = At::Root.key("Outputs");
    for output in template.outputs() {
        let here = section.key(output.name());
        known_keys("an output", output.body(), OUTPUT, here, findings);
        if let Some(Node::String(text)) = output.body().get("Description")
            && text.len() > LONGEST_DESCRIPTION
        {
            findings
                .push(
                    RuleId::TemplateLimit,
                    here.key("Description"),
                    format!("the description has {} bytes", text.len()),
                )
                .note(format!("allowed: at most {LONGEST_DESCRIPTION}"));
        }
        if let Some(Node::Map(export)) = output.body().get("Export") {
            known_keys("an export", export, &["Name"], here.key("Export"), findings);
        }
        let is_call = |map: &Map| map.len() == 1 && map.keys().any(|key| key == "Ref" || key.starts_with("Fn::"));
        if let Some(value @ (Node::List(_) | Node::Map(_))) = output.value()
            && !value.as_map().is_some_and(is_call)
        {
            let message = format!("the value of an output is text, not {}", crate::value::kind(value));
            findings.push(RuleId::WrongType, here.key("Value"), message);
        }
        if output.value().is_none() && !output.body().keys().any(|key| key.starts_with("Fn::")) {
            let message = format!("the output `{}` has no value", output.name());
            findings.push(RuleId::MissingOutputValue, here, message);
        }
    }
}

fn size(template: &Template, findings: &mut Findings) {
    let least: usize = template.root().iter().map(|(key, value)| key.len() + 4 + least_size(value)).sum();
    if least > LARGEST_TEMPLATE {
        findings
            .push(RuleId::TemplateLimit, At::Root, format!("the template has at least {least} bytes, more than 1 MB"))
            .note(format!("allowed: at most {LARGEST_TEMPLATE}"))
            .note("move some of its resources to another stack, or to a nested one");
    }
}

/// How many bytes the value has in JSON at least, without writing it.
fn least_size(node: &Node) -> usize {
    match node {
        Node::Null | Node::Bool(_) => 4,
        Node::Number(number) => number.as_str().len(),
        Node::String(text) => text.len() + 2,
        Node::List(items) => 1 + items.iter().map(|item| least_size(item) + 1).sum::<usize>(),
        Node::Map(map) => 1 + map.iter().map(|(key, value)| key.len() + 4 + least_size(value)).sum::<usize>(),
        Node::JsonString(inner) => least_size(inner),
        Node::Intrinsic(intrinsic) => {
            let mut size = 8;
            intrinsic.for_each_argument(&mut |argument| size += least_size(argument));
            size
        }
    }
}
