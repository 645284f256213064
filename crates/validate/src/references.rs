//! References: whether what they name is there, and whether it has the attribute.

use skysmith_spec::ValueType;
use skysmith_template::{ForEach, Intrinsic, Map, Node, SubPart, Template};

use crate::at::At;
use crate::declared::Declared;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::walk;

/// Functions that CodePipeline understands inside a property that CloudFormation hands on as it is.
const FOREIGN_FUNCTIONS: &[&str] = &["Fn::GetParam", "Fn::GetArtifactAtt"];

const FUNCTIONS: &[&str] = &[
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];

pub(crate) fn check(template: &Template, declared: &Declared<'_>, findings: &mut Findings) {
    let mut check = Check { template, declared, findings, conditions_only: false };
    let conditions = At::Root.key("Conditions");
    for (name, node) in declared.section("Conditions").into_iter().flatten() {
        check.conditions_only = true;
        check.entry(name, node, conditions, None);
        let is_call = node.as_map().is_some_and(|map| map.keys().any(|it| it == "Condition" || it.starts_with("Fn::")));
        if !matches!(node, Node::Intrinsic(_) | Node::Bool(_)) && !is_call && !name.starts_with("Fn::") {
            let message = format!("the condition `{name}` is {}, not a function", crate::value::kind(node));
            check.findings.push(RuleId::MalformedFunction, conditions.key(name), message);
        }
    }
    check.conditions_only = false;
    for section in ["Resources", "Outputs"] {
        let at = At::Root.key(section);
        for (name, node) in declared.section(section).into_iter().flatten() {
            check.entry(name, node, at, None);
        }
    }
}

/// The loops around a value, innermost first.
#[derive(Clone, Copy)]
struct Loops<'a> {
    identifier: &'a str,
    around: Option<&'a Self>,
}

struct Check<'c, 't> {
    template: &'t Template,
    declared: &'c Declared<'t>,
    findings: &'c mut Findings,
    /// Whether this is inside `Conditions`, where only parameters can be seen.
    conditions_only: bool,
}

impl<'t> Check<'_, 't> {
    /// An entry of a section or of a map: a resource, a property, a loop.
    fn entry(&mut self, key: &'t str, node: &'t Node, at: At<'_>, loops: Option<&Loops<'_>>) {
        let here = at.key(key);
        if let Some(looped) = ForEach::from_entry(key, node) {
            let inside = Loops { identifier: looped.identifier(), around: loops };
            self.value(looped.collection(), here.index(1), Some(&inside));
            let body_at = here.index(2);
            for (key, node) in looped.body() {
                self.entry(key, node, body_at, Some(&inside));
            }
            return;
        }
        let is_resource = matches!(at, At::Key(At::Root, "Resources"));
        let is_output = matches!(at, At::Key(At::Root, "Outputs"));
        match node {
            Node::Map(body) if is_resource || is_output => self.body(body, here, loops),
            _ => self.value(node, here, loops),
        }
    }

    /// What a resource or an output has. Its `Condition` and `DependsOn` are names, not functions.
    fn body(&mut self, body: &'t Map, at: At<'_>, loops: Option<&Loops<'_>>) {
        for (key, node) in body {
            let here = at.key(key);
            match (key.as_str(), node) {
                ("Condition", Node::String(name)) => self.condition(name, here, loops),
                ("DependsOn", Node::String(name)) => self.depends_on(name, here, loops),
                ("DependsOn", Node::List(names)) => {
                    for (index, name) in names.iter().enumerate() {
                        if let Some(name) = name.as_str() {
                            self.depends_on(name, here.index(index), loops);
                        }
                    }
                }
                _ => self.value(node, here, loops),
            }
        }
    }

    fn value(&mut self, node: &'t Node, at: At<'_>, loops: Option<&Loops<'_>>) {
        match node {
            Node::Map(map) => {
                if let (1, Some((name, argument))) = (map.len(), map.first()) {
                    self.unrecognised(name, argument, at, loops);
                }
                map.iter().for_each(|(key, value)| self.entry(key, value, at, loops));
            }
            Node::Intrinsic(intrinsic) => {
                self.intrinsic(intrinsic, at, loops);
                walk::for_each_argument(intrinsic, at, &mut |argument, at| self.value(argument, at, loops));
            }
            Node::String(text) => self.literal(text, at, loops),
            _ => walk::for_each_member(node, at, &mut |member, at| self.value(member, at, loops)),
        }
    }

    /// Text that stands for itself: what looks like a reference in it is none.
    fn literal(&mut self, text: &str, at: At<'_>, loops: Option<&Loops<'_>>) {
        if loops.is_some() || is_in_metadata(at) {
            return;
        }
        if text.contains("{{resolve:") {
            self.dynamic_reference(text, at);
        }
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else { return };
            let first = name.split('.').next().unwrap_or(name);
            let is_known = Declared::is_pseudo_parameter(name)
                || self.declared.has("Parameters", name)
                || self.declared.has("Resources", first) && !first.is_empty();
            if is_known && !is_filled_elsewhere(at) {
                self.findings
                    .push(RuleId::MissingSub, at, format!("`${{{name}}}` is left as it is outside of `Fn::Sub`"))
                    .note("put the text in `Fn::Sub`");
                return;
            }
            rest = after;
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
    fn dynamic_reference(&mut self, text: &str, at: At<'_>) {
        for after in text.split("{{resolve:").skip(1) {
            let Some((reference, _)) = after.split_once("}}") else {
                self.findings.push(RuleId::DynamicReference, at, "the dynamic reference does not end");
                return;
            };
            let parts: Vec<_> = reference.split(':').collect();
            let why = match parts.as_slice() {
                ["ssm" | "ssm-secure", ..] if parts.len() < 2 || parts[1].trim().is_empty() => "it names no parameter",
                // The version is a number; an ARN has colons of its own.
                ["ssm" | "ssm-secure", _, version] if version.parse::<u64>().is_err() => "the version is no number",
                ["secretsmanager", ..] if parts.len() < 2 || parts[1].trim().is_empty() => "it names no secret",
                ["ssm" | "ssm-secure" | "secretsmanager", ..] if reference.contains(' ') => "it has a space in it",
                ["ssm-secure" | "secretsmanager", ..] if !is_in_properties(at) => {
                    "secrets are put into properties only"
                }
                ["ssm" | "ssm-secure" | "secretsmanager", ..] => continue,
                _ => "it is of no service that can be asked",
            };
            self.findings
                .push(RuleId::DynamicReference, at, format!("`{{{{resolve:{reference}}}}}` cannot be read: {why}"))
                .note("allowed: ssm, ssm-secure and secretsmanager");
        }
    }

    /// A map with the name of a function that was not recognised as one.
    fn unrecognised(&mut self, name: &str, argument: &Node, at: At<'_>, loops: Option<&Loops<'_>>) {
        let is_function = name == "Ref" || name.starts_with("Fn::") && !name.starts_with("Fn::ForEach::");
        // In a loop the text of a function is not yet what CloudFormation will see. Metadata is nobody's business.
        let has_macro = argument.get("Fn::Transform").is_some() || is_transform(argument);
        let is_left_alone = has_macro
            || loops.is_some()
            || FOREIGN_FUNCTIONS.contains(&name)
            || name == "Fn::Transform"
            || is_in_metadata(at);
        if !is_function || is_left_alone {
            return;
        }
        if name == "Fn::Sub"
            && let Some(text) = text_of_sub(argument)
        {
            if let Some(placeholder) = refused_placeholder(text) {
                let message = format!("`Fn::Sub` cannot put in `${{{placeholder}}}`");
                self.findings
                    .push(RuleId::MalformedFunction, at, message)
                    .note("allowed: letters, digits, `_`, `.` and `:`")
                    .note(format!("to write it as text: `${{!{placeholder}}}`"));
            }
        } else if name == "Ref" || FUNCTIONS.contains(&name) {
            self.findings.push(
                RuleId::MalformedFunction,
                at,
                format!("the arguments of `{name}` have the wrong shape"),
            );
        } else {
            self.findings
                .push(RuleId::MalformedFunction, at, format!("there is no function `{name}`"))
                .suggest(name, FUNCTIONS.iter().copied());
        }
    }

    /// What two values are compared for is text, or a function that gives it.
    fn operands(&mut self, operands: [&Node; 2], at: At<'_>) {
        let call = at.key("Fn::Equals");
        for (index, operand) in operands.into_iter().enumerate() {
            let is_call = operand
                .as_map()
                .is_some_and(|map| map.len() == 1 && map.keys().any(|it| it == "Ref" || it.starts_with("Fn::")));
            if matches!(operand, Node::Null | Node::List(_) | Node::Map(_)) && !is_call {
                let message = format!("`Fn::Equals` compares text, not {}", crate::value::kind(operand));
                self.findings.push(RuleId::MalformedFunction, call.index(index), message);
            }
        }
    }

    fn sub(&mut self, intrinsic: &'t Intrinsic, at: At<'_>, loops: Option<&Loops<'_>>) {
        let Intrinsic::Sub { parts, .. } = intrinsic else { return };
        for part in parts {
            match part {
                SubPart::Ref(target) => self.reference(target, at, loops),
                SubPart::GetAtt(target, attribute) => self.attribute(target, Some(attribute), at, loops),
                SubPart::Literal(_) | SubPart::Variable(_) => {}
            }
        }
    }

    /// What conditions are put together of is conditions.
    fn terms(&mut self, function: &str, terms: &[Node], at: At<'_>) {
        let call = at.key(function);
        if function != "Fn::Not" && !(2..=10).contains(&terms.len()) {
            self.findings
                .push(RuleId::MalformedFunction, call, format!("`{function}` has {} conditions", terms.len()))
                .note("allowed: 2 to 10");
        }
        for (index, term) in terms.iter().enumerate() {
            let is_call =
                term.as_map().is_some_and(|map| map.len() == 1 && map.keys().any(|it| it.starts_with("Fn::")));
            if !matches!(term, Node::Intrinsic(_) | Node::Bool(_)) && !is_call {
                let message = format!("`{function}` takes conditions, not {}", crate::value::kind(term));
                self.findings.push(RuleId::MalformedFunction, call.index(index), message);
            }
        }
    }

    fn select(&mut self, index: &Node, values: &Node, at: At<'_>) {
        let call = at.key("Fn::Select");
        let is_call = |node: &Node| {
            node.as_map()
                .is_some_and(|map| map.len() == 1 && map.keys().any(|it| it == "Ref" || it.starts_with("Fn::")))
        };
        match crate::value::scalar_text(index) {
            Some(text) if text.parse::<usize>().is_err() => {
                let message = format!("`{text}` is not the number of an item");
                self.findings
                    .push(RuleId::MalformedFunction, call.index(0), message)
                    .note("the first item has the number 0");
            }
            Some(text) => {
                if let (Ok(number), Node::List(items)) = (text.parse::<usize>(), values)
                    && number >= items.len()
                    && !items.iter().any(|it| matches!(it, Node::Intrinsic(_)))
                {
                    let message = format!("there is no item {number} in a list of {}", items.len());
                    self.findings
                        .push(RuleId::MalformedFunction, call.index(0), message)
                        .note("the first item has the number 0");
                }
            }
            None => {}
        }
        if matches!(values, Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Map(_))
            && !is_call(values)
        {
            let message = format!("`Fn::Select` takes a list, not {}", crate::value::kind(values));
            self.findings.push(RuleId::MalformedFunction, call.index(1), message);
        }
    }

    fn intrinsic(&mut self, intrinsic: &'t Intrinsic, at: At<'_>, loops: Option<&Loops<'_>>) {
        match intrinsic {
            Intrinsic::Equals(a, b) if self.conditions_only => self.operands([a, b], at),
            Intrinsic::And(terms) if self.conditions_only => self.terms("Fn::And", terms, at),
            Intrinsic::Or(terms) if self.conditions_only => self.terms("Fn::Or", terms, at),
            Intrinsic::Not(term) if self.conditions_only => self.terms("Fn::Not", std::slice::from_ref(term), at),
            Intrinsic::Select { index, values } => self.select(index, values, at),
            Intrinsic::Ref(target) => self.reference(target, at, loops),
            Intrinsic::GetAtt(target, attribute) => self.attribute(target, attribute.as_str(), at, loops),
            Intrinsic::If { condition, .. } | Intrinsic::Condition(condition) => self.condition(condition, at, loops),
            Intrinsic::Sub { variables, .. } if !variables.is_empty() => {
                self.sub(intrinsic, at, loops);
                let call = at.key("Fn::Sub");
                let map = call.index(1);
                for (name, value) in variables {
                    self.scalar_argument("Fn::Sub", value, map.key(name));
                }
            }
            Intrinsic::Sub { .. } => self.sub(intrinsic, at, loops),
            Intrinsic::FindInMap { map, top, second, default: None } => {
                let call = at.key("Fn::FindInMap");
                for (index, argument) in [map, top, second].into_iter().enumerate() {
                    self.scalar_argument("Fn::FindInMap", argument, call.index(index));
                }
                self.mapping(map.as_str(), top.as_str(), second.as_str(), at, loops);
            }
            Intrinsic::Join { values: Node::List(items), .. } => {
                let values = at.key("Fn::Join");
                let values = values.index(1);
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| self.scalar_argument("Fn::Join", item, values.index(index)));
            }
            Intrinsic::Split { source, .. } => self.scalar_argument("Fn::Split", source, at.key("Fn::Split").index(1)),
            Intrinsic::Base64(value) => self.scalar_argument("Fn::Base64", value, at.key("Fn::Base64")),
            Intrinsic::ImportValue(name) => self.scalar_argument("Fn::ImportValue", name, at.key("Fn::ImportValue")),
            Intrinsic::GetAzs(region) => self.scalar_argument("Fn::GetAZs", region, at.key("Fn::GetAZs")),
            _ => {}
        }
    }

    /// What a function makes text of is a scalar, or another function.
    fn scalar_argument(&mut self, function: &str, node: &Node, at: At<'_>) {
        // With something beside it a function is none.
        let is_call = |map: &Map| map.len() == 1 && map.keys().any(|key| key == "Ref" || key.starts_with("Fn::"));
        if matches!(node, Node::List(_) | Node::Null) || node.as_map().is_some_and(|map| !is_call(map)) {
            let message = format!("`{function}` takes text, not {}", crate::value::kind(node));
            self.findings.push(RuleId::MalformedFunction, at, message);
        }
    }

    /// Whether the name is put together by a loop, or may be made by a macro or a module.
    fn is_unknowable(&self, section: &str, name: &str, loops: Option<&Loops<'_>>) -> bool {
        let mut around = loops;
        while let Some(inner) = around {
            if inner.identifier == name {
                return true;
            }
            around = inner.around;
        }
        // What a module makes is named after it: `ModuleInner` or `Module.Inner`.
        let is_in_module = section == "Resources"
            && self.template.resources().any(|resource| {
                let is_module = resource.resource_type().is_some_and(|it| it.ends_with("::MODULE"));
                is_module && name.starts_with(resource.logical_id())
            });
        is_in_module || name.contains("${") || name.contains("&{") || self.declared.is_open(section)
    }

    fn reference(&mut self, target: &str, at: At<'_>, loops: Option<&Loops<'_>>) {
        let declared = self.declared;
        if Declared::is_pseudo_parameter(target) || declared.has("Parameters", target) {
            return;
        }
        if declared.has("Resources", target) {
            if self.conditions_only {
                let message = format!("a condition refers to the resource `{target}`");
                self.findings.push(RuleId::ConditionReference, at, message);
            }
            return;
        }
        if self.is_unknowable("Resources", target, loops) || declared.is_open("Parameters") {
            return;
        }
        let names = declared.names("Parameters").chain(Declared::pseudo_parameters());
        let resources = declared.names("Resources").filter(|_| !self.conditions_only);
        let what = if self.conditions_only { "parameter" } else { "resource or parameter" };
        self.findings
            .push(RuleId::UnknownReference, at, format!("there is no {what} `{target}`"))
            .suggest(target, names.chain(resources));
    }

    fn attribute(&mut self, target: &str, attribute: Option<&str>, at: At<'_>, loops: Option<&Loops<'_>>) {
        let declared = self.declared;
        if !declared.has("Resources", target) {
            // `${Module.Inner.Attribute}` and `${Loop.Attribute}` name what is only made later.
            let whole = attribute.map_or_else(|| target.to_owned(), |attribute| format!("{target}.{attribute}"));
            if self.is_unknowable("Resources", target, loops) || self.is_unknowable("Resources", &whole, loops) {
                return;
            }
            let found = self.findings.push(RuleId::UnknownReference, at, format!("there is no resource `{target}`"));
            if declared.has("Parameters", target) {
                found.note(format!("`{target}` is a parameter, which has no attributes"));
            } else {
                found.suggest(target, declared.names("Resources"));
            }
            return;
        }
        if self.conditions_only {
            let message = format!("a condition refers to the resource `{target}`");
            self.findings.push(RuleId::ConditionReference, at, message);
            return;
        }
        let Some(resource_type) = self.template.resource(target).and_then(skysmith_template::Resource::resource_type)
        else {
            return;
        };
        let (Some(attribute), Some(known)) = (attribute, skysmith_spec::resource_type(resource_type)) else { return };
        if loops.is_some() && (attribute.contains("${") || attribute.contains("&{")) {
            return;
        }
        if has_attribute(known, attribute) {
            return;
        }
        let mut names: Vec<_> = known.attributes().map(skysmith_spec::Attribute::name).collect();
        let found = self
            .findings
            .push(RuleId::UnknownAttribute, at, format!("{resource_type} has no attribute `{attribute}`"))
            .suggest(attribute, names.iter().copied());
        if names.is_empty() {
            found.note("it has no attributes; `Ref` gives its name or id");
        } else if names.len() <= 12 {
            names.sort_unstable();
            found.note(format!("its attributes: {}", names.join(", ")));
        }
    }

    fn condition(&mut self, name: &str, at: At<'_>, loops: Option<&Loops<'_>>) {
        if self.declared.has("Conditions", name) || self.is_unknowable("Conditions", name, loops) {
            return;
        }
        self.findings
            .push(RuleId::UnknownCondition, at, format!("there is no condition `{name}`"))
            .suggest(name, self.declared.names("Conditions"));
    }

    fn depends_on(&mut self, name: &str, at: At<'_>, loops: Option<&Loops<'_>>) {
        if self.declared.has("Resources", name) || self.is_unknowable("Resources", name, loops) {
            return;
        }
        self.findings
            .push(RuleId::UnknownReference, at, format!("there is no resource `{name}`"))
            .suggest(name, self.declared.names("Resources"));
    }

    fn mapping(
        &mut self,
        map: Option<&str>,
        top: Option<&str>,
        second: Option<&str>,
        at: At<'_>,
        loops: Option<&Loops<'_>>,
    ) {
        let Some(name) = map else { return };
        if self.is_unknowable("Mappings", name, loops) {
            return;
        }
        let Some(mapping) = self.declared.section("Mappings").and_then(|it| it.get(name)) else {
            self.findings
                .push(RuleId::UnknownMapping, at, format!("there is no mapping `{name}`"))
                .suggest(name, self.declared.names("Mappings"));
            return;
        };
        let Some(mapping) = mapping.as_map().filter(|it| !it.keys().any(|key| key.starts_with("Fn::"))) else { return };
        let Some(top) = top else { return };
        let keys = |map: &'t Map| map.keys().map(String::as_str);
        match mapping.get(top) {
            None => {
                self.findings
                    .push(RuleId::UnknownMapping, at, format!("the mapping `{name}` has no key `{top}`"))
                    .suggest(top, keys(mapping));
            }
            Some(Node::Map(entries)) => {
                if let Some(second) = second
                    && !entries.contains_key(second)
                    && !entries.keys().any(|key| key.starts_with("Fn::"))
                {
                    self.findings
                        .push(
                            RuleId::UnknownMapping,
                            at,
                            format!("the mapping `{name}` has no key `{second}` under `{top}`"),
                        )
                        .suggest(second, keys(entries));
                }
            }
            Some(_) => {}
        }
    }
}

/// The text of a `Fn::Sub` whose arguments have the right shape.
fn text_of_sub(argument: &Node) -> Option<&str> {
    match argument {
        Node::String(text) => Some(text),
        Node::List(items) => match items.as_slice() {
            [Node::String(text), Node::Map(_)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The first placeholder that CloudFormation certainly refuses. Of spaces at its ends the documentation says nothing.
fn refused_placeholder(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let (content, after) = after.split_once('}')?;
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.');
        if !content.starts_with('!') && (content.trim().is_empty() || !content.trim().bytes().all(is_fine)) {
            return Some(content);
        }
        rest = after;
    }
    None
}

fn is_in_properties(at: At<'_>) -> bool {
    let mut place = &at;
    loop {
        match place {
            At::Root => return false,
            At::Key(At::Key(At::Key(At::Root, "Resources"), _), "Properties") => return true,
            At::Key(before, _) | At::Index(before, _) => place = before,
        }
    }
}

/// Whether something else than CloudFormation fills in what stands in the text: its own notation is the same.
fn is_filled_elsewhere(at: At<'_>) -> bool {
    const FILLED: &[&str] =
        &["Definition", "DefinitionString", "DefinitionSubstitutions", "TemplateBody", "Fn::Sub", "Fn::Transform"];
    let mut place = &at;
    loop {
        match place {
            At::Root => return false,
            At::Key(_, key) if FILLED.contains(key) => return true,
            At::Key(before, _) | At::Index(before, _) => place = before,
        }
    }
}

fn is_transform(node: &Node) -> bool {
    matches!(node.as_intrinsic(), Some(Intrinsic::Transform(_)))
}

fn is_in_metadata(at: At<'_>) -> bool {
    let mut place = &at;
    loop {
        match place {
            At::Root => return false,
            At::Key(At::Key(At::Key(At::Root, "Resources"), _), "Metadata") => return true,
            At::Key(before, _) | At::Index(before, _) => place = before,
        }
    }
}

fn has_attribute(known: skysmith_spec::ResourceType, attribute: &str) -> bool {
    let name = known.name();
    // The outputs of another stack are its own affair.
    let has_outputs =
        matches!(name, "AWS::CloudFormation::Stack" | "AWS::ServiceCatalog::CloudFormationProvisionedProduct");
    if has_outputs && attribute.starts_with("Outputs.") || name == "AWS::CloudFormation::CustomResource" {
        return true;
    }
    if known.transform().is_some() || known.attribute(attribute).is_some() {
        return true;
    }
    // Some types give their properties as well, and the tables do not say which; a part of an attribute that is an
    // object is one too.
    let Some((first, _)) = attribute.split_once('.') else { return known.property(attribute).is_some() };
    let part = |shape: skysmith_spec::Shape| match shape.value_type() {
        ValueType::Object(definition) => {
            attribute.split('.').nth(1).is_some_and(|it| definition.is_open() || definition.property(it).is_some())
        }
        ValueType::Json | ValueType::Map(_) | ValueType::Union(_) => true,
        _ => false,
    };
    known.property_at(attribute.split('.')).is_some()
        || known.attribute(first).is_some_and(|it| part(it.shape()))
        || known.property(first).is_some_and(|it| matches!(it.value_type(), ValueType::Json | ValueType::Map(_)))
}

/// Calls `visit` with everything that the value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`; not with conditions.
pub(crate) fn for_each_target<'t>(node: &'t Node, visit: &mut dyn FnMut(&'t str)) {
    node.for_each_node(&mut |node| match node.as_intrinsic() {
        Some(Intrinsic::Ref(target) | Intrinsic::GetAtt(target, _)) => visit(target),
        Some(Intrinsic::Sub { parts, .. }) => {
            for part in parts {
                if let SubPart::Ref(target) | SubPart::GetAtt(target, _) = part {
                    visit(target);
                }
            }
        }
        _ => {}
    });
}
