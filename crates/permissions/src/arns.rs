//! The ARNs of a template's resources, and of what they refer to.

use skysmith_template::{Map, Node, Resource};

use crate::names::Scope;
use crate::reference::Kind;

/// The ARNs of a resource, in all forms that they may take; `*` if nothing is known.
pub(crate) fn of(scope: Scope<'_>, resource: Resource<'_>) -> Vec<String> {
    let kind = resource.resource_type().unwrap_or_default();
    let place = scope.place;
    if kind == "AWS::CloudFormation::Stack" {
        return vec![place.stack_arn(&nested_name(scope, resource.logical_id()))];
    }
    let Some(template) = skysmith_spec::resource_type(kind).and_then(skysmith_spec::ResourceType::arn_template) else {
        return vec!["*".to_owned()];
    };
    // The rules of any bus but the default one have its name in front of theirs.
    let bus = resource.property("EventBusName").filter(|_| kind == "AWS::Events::Rule");
    let buses: Vec<String> = bus.map_or_else(
        || vec![String::new()],
        |bus| scope.texts(bus).iter().map(|bus| format!("{}/", bus.rsplit('/').next().unwrap_or_default())).collect(),
    );
    let start = filled(template, scope, resource);
    let names = scope.resource_names(resource);
    let names = buses.iter().flat_map(|bus| names.iter().map(move |name| format!("{bus}{name}")));
    let arns = names.map(|name| start.replace(LAST, &name));
    // Some of the service's calls are about a log group, some about all streams in it.
    let streams = |arn: String| if kind == "AWS::Logs::LogGroup" { vec![format!("{arn}:*"), arn] } else { vec![arn] };
    arns.flat_map(streams).collect()
}

/// The name of a nested stack.
pub(crate) fn nested_name(scope: Scope<'_>, logical_id: &str) -> String {
    format!("{}-{logical_id}-*", scope.stack)
}

/// Stands for the last placeholder of an ARN.
const LAST: &str = "\u{1}";

/// A type's ARN with everything filled in but the last placeholder.
fn filled(template: &str, scope: Scope<'_>, resource: Resource<'_>) -> String {
    let last = template.rfind("${").unwrap_or(template.len());
    let value = |name: &str| {
        let given = resource.property(name).map(|value| scope.texts(value)).unwrap_or_default();
        if let [one] = given.as_slice() { one.clone() } else { "*".to_owned() }
    };
    let start = expand(&template[..last], scope, &value);
    let end = template[last..].find('}').map_or("", |at| &template[last + at + 1..]);
    format!("{start}{LAST}{end}")
}

/// An ARN with placeholders, filled in: those of the place, and `value` for others.
fn expand(template: &str, scope: Scope<'_>, value: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, next) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        match name {
            "Partition" => text.push_str(&scope.place.partition),
            "Region" => text.push_str(&scope.place.region),
            "Account" => text.push_str(&scope.place.account),
            name => text.push_str(&value(name)),
        }
        rest = next;
    }
    // Some formats of the reference name the partition.
    let text = text + rest;
    text.strip_prefix("arn:aws:").map_or_else(|| text.clone(), |rest| format!("arn:{}:{rest}", scope.place.partition))
}

/// The same form whatever the placeholders are called.
fn form(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = after.split_once('}').map_or("", |(_, next)| next);
    }
    (text + rest).replacen("arn:aws:", "arn:*:", 1)
}

/// The resources of one kind that an operation on `resource` is about: itself, its parts, or what it refers to. None if that is not known.
pub(crate) fn of_kind(scope: Scope<'_>, resource: Resource<'_>, kind: Kind) -> Vec<String> {
    let own = as_kind(scope, resource, kind);
    if !own.is_empty() {
        return own;
    }
    let mut found = Vec::new();
    for name in referred(resource) {
        if let Some(other) = scope.template.resource(name) {
            found.extend(as_kind(scope, other, kind));
        }
    }
    found.extend(literal(scope, resource, kind));
    if kind.arn == "arn:${Partition}:s3:::${BucketName}/${ObjectName}" {
        found.extend(objects(scope, resource));
    }
    found.sort();
    found.dedup();
    found
}

/// The ARNs of a resource, or of its parts, if it is of this kind.
fn as_kind(scope: Scope<'_>, resource: Resource<'_>, kind: Kind) -> Vec<String> {
    let spec = resource.resource_type().and_then(skysmith_spec::resource_type);
    let template = match resource.resource_type() {
        Some("AWS::CloudFormation::Stack") => {
            "arn:${Partition}:cloudformation:${Region}:${Account}:stack/${Name}/${Id}"
        }
        _ => match spec.and_then(skysmith_spec::ResourceType::arn_template) {
            Some(template) => template,
            None => return Vec::new(),
        },
    };
    let (wanted, own) = (form(kind.arn), form(template));
    match wanted.strip_prefix(&own) {
        Some("") => of(scope, resource),
        Some(part) if part.starts_with(['/', ':']) => {
            of(scope, resource).into_iter().map(|arn| format!("{arn}{part}")).collect()
        }
        _ => Vec::new(),
    }
}

/// What properties name outright: ARNs of the kind, and names where the specification says of what type.
fn literal(scope: Scope<'_>, resource: Resource<'_>, kind: Kind) -> Vec<String> {
    let mut found = Vec::new();
    let spec = resource.resource_type().and_then(skysmith_spec::resource_type);
    let wanted = form(kind.arn);
    for (name, value) in resource.properties().into_iter().flatten() {
        let refers_to = spec.and_then(|spec| spec.property(name)).map(skysmith_spec::Property::refers_to);
        let is_named = refers_to.into_iter().flatten().any(|target| {
            let (target, _) = target.split_once('.').unwrap_or((target, ""));
            let target = skysmith_spec::resource_type(target).and_then(skysmith_spec::ResourceType::arn_template);
            target.is_some_and(|target| {
                wanted.strip_prefix(&form(target)).is_some_and(|part| part.is_empty() || part.starts_with(['/', ':']))
            })
        });
        each_text(value, &mut |text| {
            for text in scope.texts(text) {
                if text.starts_with("arn:") {
                    if is_like(&text, &wanted) {
                        found.push(text);
                    }
                } else if is_named && !text.is_empty() && text != "*" && !text.contains([':', '/', ' ']) {
                    // The first placeholder is the thing itself; its parts follow.
                    let first = std::cell::Cell::new(true);
                    let value = |_: &str| if first.replace(false) { text.clone() } else { "*".to_owned() };
                    found.push(expand(kind.arn, scope, &value));
                }
            }
        });
    }
    found
}

/// The objects that properties such as `Code` or `BodyS3Location` name. Their keys change with their contents.
fn objects(scope: Scope<'_>, resource: Resource<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for value in resource.properties().into_iter().flat_map(|properties| properties.values()) {
        each_map(value, &mut |map| {
            let bucket = ["S3Bucket", "Bucket", "BucketName"].iter().find_map(|name| map.get(*name));
            let has_key = ["S3Key", "Key", "ObjectKey"].iter().any(|name| map.contains_key(*name));
            if let Some(bucket) = bucket.filter(|_| has_key) {
                let arn = |bucket| scope.place.arn("s3", "", "", &format!("{bucket}/*"));
                found.extend(scope.texts(bucket).into_iter().map(arn));
            }
        });
    }
    found
}

/// Calls `f` with every map that is not a function call.
fn each_map<'a>(value: &'a Node, f: &mut impl FnMut(&'a Map)) {
    match value {
        Node::List(items) => items.iter().for_each(|item| each_map(item, f)),
        Node::Map(entries) => {
            f(entries);
            entries.values().for_each(|entry| each_map(entry, f));
        }
        _ => {}
    }
}

/// Whether an ARN is of a form: the same service, and the same kind of resource.
fn is_like(arn: &str, form: &str) -> bool {
    let part = |text: &str, index: usize| text.splitn(6, ':').nth(index).unwrap_or_default().to_owned();
    let (resource, wanted) = (part(arn, 5), part(form, 5));
    let start = wanted.split('*').next().unwrap_or_default();
    // An object's ARN looks like that of a bucket whose name goes on.
    let is_part = part(arn, 2) == "s3" && resource.contains('/') != wanted.contains('/');
    part(arn, 2) == part(form, 2) && resource.starts_with(start) && !is_part
}

/// An ARN of the kind for any resource.
pub(crate) fn any(scope: Scope<'_>, kind: Kind) -> String {
    expand(kind.arn, scope, &|_| "*".to_owned())
}

/// Calls `f` with every value that stands for a text.
fn each_text<'a>(value: &'a Node, f: &mut impl FnMut(&'a Node)) {
    match value {
        Node::List(items) => items.iter().for_each(|item| each_text(item, f)),
        Node::Map(entries) => entries.values().for_each(|entry| each_text(entry, f)),
        Node::String(_) | Node::Intrinsic(_) => f(value),
        _ => {}
    }
}

/// The resources and parameters that the properties refer to, in order, each once.
pub(crate) fn referred(resource: Resource<'_>) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for value in resource.properties().into_iter().flat_map(|properties| properties.values()) {
        value.for_each_ref(&mut |name: &String| {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        });
    }
    names
}
