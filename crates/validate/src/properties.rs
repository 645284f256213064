//! The specification: properties, their types and their limits.

use skysmith_spec::{Property, ResourceType, Rule, RuleKind, Shape, TypeDefinition, ValueType};
use skysmith_template::{Intrinsic, Map, Node, Resource, Template};

use crate::at::At;
use crate::finding::Findings;
use crate::patterns::Patterns;
use crate::rule::RuleId;
use crate::value::{is_no_value, kind, number, scalar_text, shown};
use crate::walk;
use crate::yields::{self, Yield};
use crate::{formats, text};

/// How many allowed values a note lists.
const LONGEST_LIST: usize = 12;

/// What the checks of all resources of a template share.
pub(crate) struct Shared<'t> {
    template: &'t Template,
    /// The region that it is for, if that is known.
    region: Option<&'t str>,
    patterns: Patterns,
}

impl<'t> Shared<'t> {
    pub(crate) fn new(template: &'t Template, region: Option<&'t str>) -> Self {
        Self { template, region, patterns: Patterns::default() }
    }
}

pub(crate) fn check(shared: &Shared<'_>, resource: Resource<'_>, findings: &mut Findings) {
    let Some(name) = resource.resource_type() else { return };
    let resources = At::Root.key("Resources");
    let here = resources.key(resource.logical_id());
    if name.starts_with("Custom::") || name == "AWS::CloudFormation::CustomResource" {
        return custom(resource, here, findings);
    }
    let Some(known) = skysmith_spec::resource_type(name) else {
        if is_misspelt(name) {
            findings
                .push(RuleId::UnknownType, here.key("Type"), format!("there is no resource type `{name}`"))
                .suggest(name, skysmith_spec::resource_types().map(ResourceType::name));
        }
        return;
    };
    // SAM has its own grammar, and fills in what is missing from `Globals`.
    if let Some(transform) = known.transform() {
        let root = shared.template.root();
        if !root.contains_key("Transform") && !root.contains_key("Fn::Transform") {
            findings
                .push(RuleId::UnknownType, here.key("Type"), format!("{name} is there only with a transform"))
                .note(format!("add `Transform: {transform}` to the template"));
        }
        return;
    }
    tags(known, resource, here, findings);
    if let Some(region) = shared.region
        && known.regions().len() > 0
        && !known.regions().any(|it| it == region)
    {
        findings.push(RuleId::UnavailableType, here.key("Type"), format!("{name} is not known to exist in {region}"));
    }
    let none = Map::new();
    match resource.body().get("Properties") {
        None => Check { shared, findings }.members(&none, Members::Resource(known), here),
        Some(Node::Map(properties)) => {
            Check { shared, findings }.members(properties, Members::Resource(known), here.key("Properties"));
        }
        Some(_) => {}
    }
}

/// A tag is there once.
fn tags(known: ResourceType, resource: Resource<'_>, here: At<'_>, findings: &mut Findings) {
    let Some(property) = known.tags().map(|it| it.property) else { return };
    let properties = here.key("Properties");
    let at = properties.key(property);
    let mut keys: Vec<&str> = Vec::new();
    for (index, tag) in resource.property(property).and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
        let Some(key) = tag.get("Key").and_then(Node::as_str) else { continue };
        if keys.contains(&key) {
            let message = format!("there are two tags `{}`", shown(key));
            findings.push(RuleId::DuplicateItem, at.index(index).key("Key"), message);
        }
        keys.push(key);
    }
}

/// A custom resource takes what its maker wants, but has to say who that is.
fn custom(resource: Resource<'_>, here: At<'_>, findings: &mut Findings) {
    let properties = match resource.body().get("Properties") {
        None => None,
        Some(Node::Map(properties)) => Some(properties),
        Some(_) => return,
    };
    if properties.is_some_and(|it| it.keys().any(|it| it.starts_with("Fn::"))) {
        return;
    }
    let at = if properties.is_some() { here.key("Properties") } else { here };
    match properties.and_then(|it| it.get("ServiceToken")) {
        None => {
            findings
                .push(RuleId::MissingProperty, at, "a custom resource needs `ServiceToken`")
                .note("it is the ARN of the function or of the topic that makes the resource");
        }
        Some(wrong @ (Node::List(_) | Node::Bool(_) | Node::Number(_))) => {
            let message = format!("`ServiceToken` is {}, not text", kind(wrong));
            findings.push(RuleId::WrongType, at.key("ServiceToken"), message);
        }
        Some(Node::Map(map)) if !map.keys().any(|it| it == "Ref" || it.starts_with("Fn::")) => {
            findings.push(RuleId::WrongType, at.key("ServiceToken"), "`ServiceToken` is a map, not text");
        }
        Some(_) => {}
    }
}

/// Whether no type of this name can exist. Custom resources, modules, and the types of third parties are not in the tables.
fn is_misspelt(name: &str) -> bool {
    match name.split("::").collect::<Vec<_>>().as_slice() {
        ["Custom", _] | ["AWS", "CDK", "Metadata"] => false,
        [.., "MODULE"] => false,
        ["AWS" | "Alexa", ..] => true,
        [_, _, _] => false,
        _ => true,
    }
}

/// What has properties.
#[derive(Clone, Copy)]
enum Members {
    Resource(ResourceType),
    Definition(TypeDefinition),
}

impl Members {
    fn property(self, name: &str) -> Option<Property> {
        match self {
            Self::Resource(known) => known.property(name),
            Self::Definition(definition) => definition.property(name),
        }
    }

    fn for_each_property(self, visit: &mut dyn FnMut(Property)) {
        match self {
            Self::Resource(known) => known.properties().for_each(visit),
            Self::Definition(definition) => definition.properties().for_each(visit),
        }
    }

    fn for_each_rule(self, visit: &mut dyn FnMut(Rule)) {
        match self {
            Self::Resource(known) => known.rules().for_each(visit),
            Self::Definition(definition) => definition.rules().for_each(visit),
        }
    }

    fn is_open(self) -> bool {
        match self {
            Self::Resource(known) => known.is_open(),
            Self::Definition(definition) => definition.is_open(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Resource(known) => known.name(),
            Self::Definition(definition) => definition.name(),
        }
    }
}

/// Properties that `aws cloudformation package` makes of the path of a file; a template may be checked before that.
const PACKAGED: &[&str] =
    &["Code", "Content", "CodeUri", "ContentUri", "SourceBundle", "BodyS3Location", "DefinitionS3Location"];

struct Check<'f> {
    shared: &'f Shared<'f>,
    findings: &'f mut Findings,
}

impl Check<'_> {
    fn members(&mut self, map: &Map, members: Members, at: At<'_>) {
        // A macro or a loop beside the properties may add any of them.
        let is_complete = !map.keys().any(|key| key.starts_with("Fn::"));
        for (key, node) in map {
            let here = at.key(key);
            match members.property(key) {
                None => self.unknown(key, members, here),
                Some(_) if is_no_value(node) => {}
                Some(property) if property.read_only() => {
                    let message = format!("`{key}` is set by AWS; what the template says has no effect");
                    self.findings.push(RuleId::ReadOnlyProperty, here, message);
                }
                Some(property) => {
                    self.target(node, property, here);
                    self.value(node, property.shape(), here);
                }
            }
        }
        if !is_complete {
            return;
        }
        let is_there = |name: &str| map.get(name).is_some_and(|node| !is_no_value(node));
        members.for_each_property(&mut |property| {
            if property.required() && !property.read_only() && !is_there(property.name()) {
                let message = format!("{} needs `{}`", members.name(), property.name());
                self.findings.push(RuleId::MissingProperty, at, message);
            }
        });
        members.for_each_rule(&mut |rule| self.rule(rule, map, at));
    }

    fn unknown(&mut self, key: &str, members: Members, at: At<'_>) {
        if members.is_open() || key.starts_with("Fn::") {
            return;
        }
        let mut names = Vec::new();
        members.for_each_property(&mut |property| {
            if !property.read_only() {
                names.push(property.name());
            }
        });
        let found = self
            .findings
            .push(RuleId::UnknownProperty, at, format!("{} has no property `{}`", members.name(), shown(key)))
            .suggest(key, names.iter().copied());
        if names.len() <= LONGEST_LIST && !names.is_empty() {
            found.note(format!("its properties: {}", names.join(", ")));
        }
    }

    fn rule(&mut self, rule: Rule, map: &Map, at: At<'_>) {
        let is_there = |name: &str| map.get(name).is_some_and(|node| !is_no_value(node));
        // What is there only under a condition may be there or not.
        let is_certain = |name: &str| map.get(name).is_some_and(|node| !is_no_value(node) && !is_conditional(node));
        let names = || rule.properties().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let certain = rule.properties().filter(|name| is_certain(name)).count();
        let possible = rule.properties().filter(|name| is_there(name)).count();
        let message = match rule.kind() {
            RuleKind::ExactlyOne if possible == 0 => format!("one of {} is needed", names().join(", ")),
            RuleKind::AtLeastOne if possible == 0 => format!("at least one of {} is needed", names().join(", ")),
            RuleKind::ExactlyOne | RuleKind::AtMostOne if certain > 1 => {
                let both = rule.properties().filter(|name| is_certain(name)).map(|name| format!("`{name}`"));
                format!("only one of {} can be given", both.collect::<Vec<_>>().join(" and "))
            }
            RuleKind::Requires(when) if is_certain(when) && possible < rule.properties().len() => {
                let missing = rule.properties().filter(|name| !is_there(name)).map(|name| format!("`{name}`"));
                format!("`{when}` needs {}", missing.collect::<Vec<_>>().join(" and "))
            }
            RuleKind::Excludes(when) if is_certain(when) && certain > 0 => {
                let excluded = rule.properties().filter(|name| is_certain(name)).map(|name| format!("`{name}`"));
                format!("`{when}` cannot be given together with {}", excluded.collect::<Vec<_>>().join(" and "))
            }
            _ => return,
        };
        self.findings.push(RuleId::PropertyCombination, at, message);
    }

    fn value(&mut self, node: &Node, shape: Shape, at: At<'_>) {
        match node {
            Node::Intrinsic(intrinsic) => return self.function(node, intrinsic, shape, at),
            Node::Null if shape.value_type() != ValueType::Json => {
                self.findings.push(RuleId::NullValue, at, format!("{} is null", label(at)));
                return;
            }
            // A function that was not recognised, or a macro beside other entries: another check speaks of the first.
            Node::Map(map) if map.len() == 1 && map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => return,
            _ => {}
        }
        let fits = match (shape.value_type(), node) {
            (ValueType::String | ValueType::Timestamp, _) => scalar_text(node).map(|text| self.text(&text, shape, at)),
            (ValueType::Integer, _) => {
                number(node).filter(|it| it.fract() == 0.0).map(|it| self.number(it, node, shape, at))
            }
            (ValueType::Number, _) => number(node).map(|it| self.number(it, node, shape, at)),
            (ValueType::Boolean, Node::Bool(_)) => Some(()),
            (ValueType::Boolean, Node::String(text)) => {
                (text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")).then_some(())
            }
            (ValueType::List(of), Node::List(items)) => {
                self.list(items, shape, of, at);
                Some(())
            }
            (ValueType::Map(of), Node::Map(map)) => {
                self.map(map, shape, of, at);
                Some(())
            }
            (ValueType::Object(definition), Node::Map(map)) => {
                self.members(map, Members::Definition(definition), at);
                Some(())
            }
            (ValueType::Union(union), _) => {
                self.union(node, union.alternatives(), at);
                Some(())
            }
            (ValueType::Boolean | ValueType::List(_) | ValueType::Map(_) | ValueType::Object(_), _) => None,
            // Any JSON, and types this code does not know yet.
            _ => Some(()),
        };
        let is_to_be_packaged = matches!((at, node), (At::Key(At::Key(_, "Properties"), name), Node::String(_)) if PACKAGED.contains(&name));
        if fits.is_none() && !shape.is_mixed() && !is_to_be_packaged {
            self.wrong_type(&found(node), shape, at);
        }
    }

    fn wrong_type(&mut self, found: &str, shape: Shape, at: At<'_>) {
        let wanted = match shape.value_type() {
            ValueType::String => "text",
            ValueType::Timestamp => "a point in time",
            ValueType::Integer => "a whole number",
            ValueType::Number => "a number",
            ValueType::Boolean => "true or false",
            ValueType::List(_) => "a list",
            ValueType::Map(_) | ValueType::Object(_) => "a map",
            _ => "what it should be",
        };
        self.findings.push(RuleId::WrongType, at, format!("{} is {found}, not {wanted}", label(at)));
    }

    fn function(&mut self, node: &Node, intrinsic: &Intrinsic, shape: Shape, at: At<'_>) {
        match intrinsic {
            Intrinsic::If { then, otherwise, .. } => {
                let call = at.key("Fn::If");
                for (index, branch) in [then, otherwise].into_iter().enumerate() {
                    if !is_no_value(branch) {
                        self.value(branch, shape, call.index(1 + index));
                    }
                }
            }
            Intrinsic::Sub { .. } | Intrinsic::Join { .. } | Intrinsic::Base64(_) | Intrinsic::ToJsonString(_) => {
                let holds_text =
                    !matches!(shape.value_type(), ValueType::List(_) | ValueType::Map(_) | ValueType::Object(_));
                if !holds_text && !shape.is_mixed() {
                    self.wrong_type(&format!("text, made by {}", walk::name(intrinsic)), shape, at);
                } else if shape.value_type() == ValueType::String
                    && let Some(text) = text::pieces(node).as_deref().and_then(text::whole)
                {
                    self.text(&text, shape, at);
                }
            }
            Intrinsic::Split { .. } | Intrinsic::Cidr { .. } | Intrinsic::GetAzs(_) => {
                let holds_list =
                    matches!(shape.value_type(), ValueType::List(_) | ValueType::Json | ValueType::Union(_));
                // As the item of a list it may stand for several items.
                if !holds_list && !shape.is_mixed() && !matches!(at, At::Index(..)) {
                    self.wrong_type(&format!("a list, made by {}", walk::name(intrinsic)), shape, at);
                }
            }
            Intrinsic::Ref(_) | Intrinsic::GetAtt(..) => {
                self.reference(intrinsic, shape, at);
                self.known_values(intrinsic, shape, at);
            }
            Intrinsic::FindInMap { .. } => self.known_values(intrinsic, shape, at),
            // What the others give is not known here.
            _ => {}
        }
    }

    fn text(&mut self, text: &str, shape: Shape, at: At<'_>) {
        // What is put in at deployment has another length than its placeholder.
        if text.contains("{{resolve:") {
            return;
        }
        if self.allowed(text, shape, at) {
            return;
        }
        let length = text.chars().count();
        let least = shape.min_length().filter(|least| length < *least as usize);
        let most = shape.max_length().filter(|most| length > *most as usize);
        if least.or(most).is_some() {
            let allowed = range(shape.min_length().map(f64::from), shape.max_length().map(f64::from));
            self.findings
                .push(RuleId::WrongLength, at, format!("{} has {length} characters", label(at)))
                .note(format!("allowed: {allowed} characters"));
            return;
        }
        let wrong = |found: &str| format!("{} cannot be `{}`", label(at), shown(found));
        if let Some(pattern) = shape.checkable_pattern()
            && self.shared.patterns.refuses(pattern, text)
        {
            let pattern = shape.pattern().unwrap_or(pattern);
            self.findings.push(RuleId::Pattern, at, wrong(text)).note(format!("it has to match: {pattern}"));
        } else if let Some(wanted) = shape.format().and_then(|format| formats::wanted(format, text)) {
            self.findings.push(RuleId::Pattern, at, wrong(text)).note(format!("wanted: {wanted}"));
        }
    }

    /// What a parameter may be, or what a mapping has, is taken by the property.
    fn known_values(&mut self, intrinsic: &Intrinsic, shape: Shape, at: At<'_>) {
        let template = self.shared.template;
        let (what, values): (String, Vec<&Node>) = match intrinsic {
            Intrinsic::Ref(name) => {
                let Some(parameter) = template.parameter(name) else { return };
                // Of the other types the value is a name of what is the value.
                if !matches!(parameter.parameter_type(), Some("String" | "Number")) {
                    return;
                }
                let values = parameter.default().into_iter().chain(parameter.allowed_values().unwrap_or_default());
                (format!("the parameter `{name}`"), values.collect())
            }
            Intrinsic::FindInMap { map, second, .. } => {
                let (Some(map), Some(second)) = (map.as_str(), second.as_str()) else { return };
                let Some(mapping) = template.section("Mappings").and_then(|it| it.get(map)).and_then(Node::as_map)
                else {
                    return;
                };
                (format!("the mapping `{map}`"), mapping.values().filter_map(|it| it.get(second)).collect())
            }
            _ => return,
        };
        for value in values {
            // The empty text mostly stands for a value that is not given.
            let Some(text) = scalar_text(value).filter(|it| !it.is_empty()) else { continue };
            let mut findings = Findings::default();
            Check { shared: self.shared, findings: &mut findings }.value(value, shape, at);
            if !findings.is_empty() {
                self.findings
                    .push(
                        RuleId::ParameterValue,
                        at,
                        format!("{what} may be `{}`, which {} does not take", shown(&text), label(at)),
                    )
                    .note(findings.first_message());
                return;
            }
        }
    }

    /// A reference names one of the resources, by one of their names, that the property takes.
    fn target(&mut self, node: &Node, property: Property, at: At<'_>) {
        let mut targets = property.refers_to().peekable();
        let Some(intrinsic) = node.as_intrinsic() else { return };
        // Many properties of this kind take a name or an ARN, whatever they are called; the pattern says which do not.
        let wants_arn = property.pattern().is_some_and(|it| it.starts_with("^arn:"));
        if targets.peek().is_none() || !wants_arn || !matches!(intrinsic, Intrinsic::Ref(_) | Intrinsic::GetAtt(..)) {
            return;
        }
        let Yield::Of(known, attribute) = yields::of(self.shared.template, intrinsic) else { return };
        if targets.clone().all(|it| yields::contradicts(known, attribute, it)) {
            let message = format!(
                "{} takes {}, not the {attribute} of {}",
                label(at),
                targets.collect::<Vec<_>>().join(" or "),
                known.name()
            );
            self.findings.push(RuleId::ReferenceType, at, message);
        }
    }

    /// What `Ref` and `Fn::GetAtt` yield is of the type, and of the kind, that is wanted.
    fn reference(&mut self, intrinsic: &Intrinsic, shape: Shape, at: At<'_>) {
        if shape.is_mixed() {
            return;
        }
        let what = match intrinsic {
            Intrinsic::Ref(name) => format!("`Ref` of `{name}`"),
            Intrinsic::GetAtt(name, attribute) => format!("`{name}.{}`", attribute.as_str().unwrap_or_default()),
            _ => return,
        };
        let found = yields::of(self.shared.template, intrinsic);
        match (shape.value_type(), found) {
            (ValueType::String | ValueType::Integer | ValueType::Number | ValueType::Boolean, Yield::List)
                // As the item of a list it may stand for several items.
                if !matches!(at, At::Index(..)) =>
            {
                let message = format!("{} is {what}, which is a list", label(at));
                self.findings.push(RuleId::ReferenceType, at, message).note("take one of its items by `Fn::Select`");
            }
            (ValueType::List(_), Yield::Text | Yield::Of(..)) => {
                let message = format!("{} is {what}, which is text, not a list", label(at));
                self.findings.push(RuleId::ReferenceType, at, message).note("write it as the item of a list");
            }
            (ValueType::Map(_) | ValueType::Object(_), Yield::Text | Yield::Of(..) | Yield::List) => {
                let message = format!("{} is {what}, not a map", label(at));
                self.findings.push(RuleId::ReferenceType, at, message);
            }
            (ValueType::String, Yield::Of(known, attribute)) => {
                if let Some(format) = shape.format().filter(|it| yields::contradicts(known, attribute, it)) {
                    let message = format!("{} is {what}, which is no {format}", label(at));
                    self.findings.push(RuleId::ReferenceType, at, message);
                }
            }
            _ => {}
        }
    }

    /// Whether there was something to say about the allowed values.
    fn allowed(&mut self, text: &str, shape: Shape, at: At<'_>) -> bool {
        let allowed = shape.allowed_values();
        if allowed.len() == 0
            || allowed.clone().any(|it| it == text || shape.ignores_case() && it.eq_ignore_ascii_case(text))
        {
            return false;
        }
        let count = allowed.len();
        let found = self
            .findings
            .push(RuleId::AllowedValues, at, format!("{} cannot be `{}`", label(at), shown(text)))
            .suggest(text, allowed.clone());
        let listed: Vec<_> = allowed.take(LONGEST_LIST).collect();
        let more = if count > LONGEST_LIST { format!(" and {} more", count - LONGEST_LIST) } else { String::new() };
        found.note(format!("allowed: {}{more}", listed.join(", ")));
        true
    }

    fn number(&mut self, value: f64, node: &Node, shape: Shape, at: At<'_>) {
        let allowed = shape.allowed_values();
        if allowed.len() > 0 {
            if !allowed.clone().any(|it| it.parse() == Ok(value)) {
                let text = scalar_text(node).unwrap_or_default();
                self.findings
                    .push(RuleId::AllowedValues, at, format!("{} cannot be {}", label(at), shown(&text)))
                    .note(format!("allowed: {}", allowed.take(LONGEST_LIST).collect::<Vec<_>>().join(", ")));
            }
            return;
        }
        let (least, most) = (shape.minimum(), shape.maximum());
        let message = match (least, most) {
            (Some(least), _) if value < least => format!("{value} is below the least value of {}, {least}", label(at)),
            (_, Some(most)) if value > most => format!("{value} is above the greatest value of {}, {most}", label(at)),
            _ => return,
        };
        self.findings.push(RuleId::OutOfRange, at, message).note(format!("allowed: {}", range(least, most)));
    }

    fn list(&mut self, items: &[Node], shape: Shape, of: Shape, at: At<'_>) {
        for (index, item) in items.iter().enumerate() {
            if !is_no_value(item) {
                self.value(item, of, at.index(index));
            }
        }
        // A function may give nothing, or several items.
        let functions = items.iter().filter(|item| matches!(item, Node::Intrinsic(_))).count();
        self.count(items.len(), functions, "items", shape, at);
        if shape.unique_items() {
            for (index, item) in items.iter().enumerate().skip(1) {
                // Two equal functions give two equal values.
                if items[..index].contains(item) && !is_no_value(item) {
                    self.findings.push(
                        RuleId::DuplicateItem,
                        at.index(index),
                        format!("{} is there twice", label(at.index(index))),
                    );
                }
            }
        }
    }

    fn map(&mut self, map: &Map, shape: Shape, of: Shape, at: At<'_>) {
        for (key, node) in map {
            if !key.starts_with("Fn::") && !is_no_value(node) {
                self.value(node, of, at.key(key));
                if let Some(pattern) = shape.checkable_key_pattern()
                    && self.shared.patterns.refuses(pattern, key)
                {
                    self.findings
                        .push(RuleId::Pattern, at.key(key), format!("{} cannot have a key `{}`", label(at), shown(key)))
                        .note(format!("it has to match: {}", shape.key_pattern().unwrap_or(pattern)));
                }
            }
        }
        let functions =
            map.iter().filter(|(key, node)| key.starts_with("Fn::") || matches!(node, Node::Intrinsic(_))).count();
        self.count(map.len(), functions, "entries", shape, at);
    }

    fn count(&mut self, count: usize, uncertain: usize, what: &str, shape: Shape, at: At<'_>) {
        let too_few = uncertain == 0 && shape.min_items().is_some_and(|least| count < least as usize);
        let too_many = shape.max_items().is_some_and(|most| count - uncertain > most as usize);
        if too_few || too_many {
            let allowed = range(shape.min_items().map(f64::from), shape.max_items().map(f64::from));
            self.findings
                .push(RuleId::ItemCount, at, format!("{} has {count} {what}", label(at)))
                .note(format!("allowed: {allowed}"));
        }
    }

    /// A value that may be of one of several types is wrong only if it is wrong for each of them.
    fn union(&mut self, node: &Node, alternatives: impl Iterator<Item = Shape> + Clone, at: At<'_>) {
        let mut closest: Option<Findings> = None;
        let has_kind = |shape: Shape| match shape.value_type() {
            ValueType::List(_) => matches!(node, Node::List(_)),
            ValueType::Map(_) | ValueType::Object(_) => matches!(node, Node::Map(_)),
            _ => false,
        };
        // Where one alternative describes lists, say, "any JSON" is there for what is no list.
        let is_described = alternatives.clone().any(has_kind);
        for alternative in alternatives.filter(|it| !is_described || it.value_type() != ValueType::Json) {
            let mut findings = Findings::default();
            Check { shared: self.shared, findings: &mut findings }.value(node, alternative, at);
            if findings.is_empty() {
                return;
            }
            if closest.as_ref().is_none_or(|least| findings.depth() > least.depth()) {
                closest = Some(findings);
            }
        }
        if let Some(closest) = closest {
            self.findings.append(closest);
        }
    }
}

fn is_conditional(node: &Node) -> bool {
    matches!(node.as_intrinsic(), Some(Intrinsic::If { .. }))
}

/// What is being spoken of: the property, or an item of it.
fn label(at: At<'_>) -> String {
    match at {
        At::Root => "the template".to_owned(),
        At::Key(_, key) if key.starts_with("Fn::") => "it".to_owned(),
        At::Key(_, key) => format!("`{}`", shown(key)),
        At::Index(At::Key(place, "Fn::If"), _) => label(**place),
        At::Index(before, index) => format!("item {} of {}", index + 1, label(*before)),
    }
}

/// A value as it was found.
fn found(node: &Node) -> String {
    match node {
        Node::String(text) => format!("`{}`", shown(text)),
        Node::Number(number) => number.to_string(),
        Node::Bool(value) => value.to_string(),
        _ => kind(node).to_owned(),
    }
}

fn range(least: Option<f64>, most: Option<f64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) if least == most => format!("exactly {least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "any".to_owned(),
    }
}
