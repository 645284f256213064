//! Overlays the resource schemas that cfn-lint ships on the model.
//!
//! They bring what the spine lacks: limits, patterns, more enumerations, write-only and read-only properties, regions, IAM permissions and some more resource types. Where the
//! two disagree the looser word wins, since a check that is wrong is worse than one that is missing; only for replacement the stricter one does, since there the loss is data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::loosen;
use super::model::{
    Attribute, Definition, Kind, Limits, Model, Property, Replacement, Resource, Rule, RuleKind, Shape,
};

/// How deep references are followed; the sources never need more than a few.
const DEPTH: usize = 16;

/// Overlays the schemas in `folder` (`cfnlint/data/schemas`).
pub fn overlay(model: &mut Model, folder: &Path) -> Result<()> {
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for region in region_files(folder)? {
        let listed: BTreeMap<String, String> = read_json(&folder.join("providers").join(format!("{region}.json")))?;
        for (name, file) in listed {
            regions.entry(name.clone()).or_default().insert(region.clone());
            files.entry(name).or_insert(file);
        }
    }
    for (name, file) in files {
        let schema: Value = read_json(&folder.join("resources").join(format!("{file}.json")))?;
        let resource = model.resources.entry(name.clone()).or_default();
        Overlay { schema: &schema, reached: BTreeMap::new() }.resource(resource);
        resource.facts.regions = regions.remove(&name).unwrap_or_default().into_iter().collect();
    }
    Ok(())
}

fn region_files(folder: &Path) -> Result<Vec<String>> {
    let folder = folder.join("providers");
    let mut regions = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // Not a region, but the types of the serverless transform.
        if path.extension().is_some_and(|it| it == "json") && name != "sam" {
            regions.push(name);
        }
    }
    // The region whose schemas are the fullest is asked first.
    regions.sort_by_key(|it| (it != "us-east-1", it.clone()));
    Ok(regions)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// The overlay of one resource type.
struct Overlay<'a> {
    schema: &'a Value,
    /// The schemas by which a definition is reached.
    reached: BTreeMap<String, Vec<&'a Value>>,
}

impl<'a> Overlay<'a> {
    fn resource(&mut self, resource: &mut Resource) {
        let schema = self.schema;
        let is_new = resource.properties.is_empty() && resource.attributes.is_empty();
        let facts = &mut resource.facts;
        facts.open = is_open(schema);
        facts.rules = rules(schema);
        for (handler, body) in object(schema.get("handlers")) {
            let mut actions: Vec<String> = strings(body.get("permissions"));
            actions.sort();
            actions.dedup();
            facts.permissions.insert(handler.clone(), actions);
        }
        if is_new {
            facts.primary_identifier = pointers(schema, "primaryIdentifier").map(|it| it.join(".")).collect();
            facts.reference.clone_from(&facts.primary_identifier);
            facts.tags = new_tags(schema);
        }
        let read_only: BTreeSet<Vec<&str>> = pointers(schema, "readOnlyProperties").collect();
        let is_read_only = |name: &str| read_only.contains(&vec![name]);
        if is_new {
            resource.attributes = self.new_attributes(&mut resource.definitions, &read_only);
        }
        let required = strings(schema.get("required"));
        let mut properties = std::mem::take(&mut resource.properties);
        for property in properties.values_mut() {
            property.required |= is_new;
        }
        for (name, schema) in object(schema.get("properties")) {
            let known = properties.contains_key(name);
            let property = properties.entry(name.clone()).or_insert_with(|| Property {
                shape: self.new_shape(&mut resource.definitions, schema, name, 0),
                required: true,
                read_only: is_read_only(name),
                ..Property::default()
            });
            property.required &= required.contains(name) && !property.read_only;
            if !known && property.read_only {
                // A property that only CloudFormation sets: what can be read of it stands with the attributes.
                property.shape =
                    resource.attributes.get(name).map_or_else(|| property.shape.clone(), |it| it.shape.clone());
            }
            self.overlay_property(property, schema);
        }
        resource.properties = properties;
        self.definitions(resource);
        Self::drop_misplaced_rules(resource);
        apply_paths(resource, schema, "createOnlyProperties", &|property| property.replacement = Replacement::Always);
        apply_paths(resource, schema, "conditionalCreateOnlyProperties", &|property| {
            property.replacement = property.replacement.max(Replacement::Conditional);
        });
        apply_paths(resource, schema, "writeOnlyProperties", &|property| property.write_only = true);
        apply_paths(resource, schema, "deprecatedProperties", &|property| property.deprecated = true);
    }

    /// Drops the rules that speak of properties which are not there: in a few schemas a rule stands in the wrong place.
    fn drop_misplaced_rules(resource: &mut Resource) {
        fn keep(rules: &mut Vec<Rule>, properties: &BTreeMap<String, Property>) {
            rules.retain(|it| {
                it.properties.iter().all(|it| properties.contains_key(it))
                    && (it.when.is_empty() || properties.contains_key(&it.when))
            });
        }
        keep(&mut resource.facts.rules, &resource.properties);
        for definition in resource.definitions.values_mut() {
            keep(&mut definition.rules, &definition.properties);
        }
    }

    /// Overlays every definition that was reached, until no new one turns up.
    fn definitions(&mut self, resource: &mut Resource) {
        let mut done = BTreeMap::new();
        loop {
            let next = self
                .reached
                .iter()
                .find(|(name, schemas)| done.get(*name).is_none_or(|it| it < &schemas.len()))
                .map(|(name, schemas)| (name.clone(), schemas.clone()));
            let Some((name, schemas)) = next else { break };
            done.insert(name.clone(), schemas.len());
            // A definition may have been made by this overlay and still be empty.
            let original = resource.definitions.remove(&name).unwrap_or_default();
            // It can refer to itself, so it stays in place while its properties are looked at.
            resource.definitions.insert(name.clone(), original.clone());
            let mut merged: Option<Definition> = None;
            for schema in schemas {
                let mut copy = original.clone();
                self.definition(&mut copy, schema, &name, &mut resource.definitions);
                merged = Some(match merged {
                    Some(before) => loosen::definitions(before, copy),
                    None => copy,
                });
            }
            if let Some(merged) = merged {
                resource.definitions.insert(name, merged);
            }
        }
    }

    fn definition(
        &mut self,
        definition: &mut Definition,
        schema: &'a Value,
        name: &str,
        definitions: &mut BTreeMap<String, Definition>,
    ) {
        let is_new = definition.properties.is_empty();
        let alternatives: Vec<&Value> = self.objects(schema, 0);
        definition.open |= alternatives.is_empty() || alternatives.iter().any(|it| is_open(it));
        // Alternatives with properties of their own say only what holds in one of them.
        let base = (alternatives.len() == 1).then(|| alternatives[0]);
        definition.rules = base.map(rules).unwrap_or_default();
        let required = base.map(|it| strings(it.get("required"))).unwrap_or_default();
        let mut found: BTreeMap<&String, Vec<&'a Value>> = BTreeMap::new();
        for alternative in &alternatives {
            for (name, schema) in object(alternative.get("properties")) {
                found.entry(name).or_default().push(schema);
            }
        }
        for property in definition.properties.values_mut() {
            property.required &= is_new || base.is_some();
        }
        for (property_name, schemas) in found {
            let property = definition.properties.entry(property_name.clone()).or_insert_with(|| Property {
                shape: self.new_shape(definitions, schemas[0], &format!("{name}{property_name}"), 0),
                required: true,
                ..Property::default()
            });
            property.required &= required.contains(property_name);
            let original = property.clone();
            let mut merged: Option<Property> = None;
            for schema in schemas {
                let mut copy = original.clone();
                self.overlay_property(&mut copy, schema);
                merged = Some(match merged {
                    Some(before) => loosen::properties(before, copy),
                    None => copy,
                });
            }
            *property = merged.unwrap_or(original);
        }
    }

    /// The object schemas that a schema stands for: itself, or its alternatives where they have the properties.
    fn objects(&self, schema: &'a Value, depth: usize) -> Vec<&'a Value> {
        if depth > DEPTH {
            return Vec::new();
        }
        let schema = self.resolve(schema);
        if schema.get("properties").is_some() {
            return vec![schema];
        }
        ["oneOf", "anyOf", "allOf"]
            .iter()
            .flat_map(|it| array(schema.get(it)))
            .flat_map(|it| self.objects(it, depth + 1))
            .collect()
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..DEPTH {
            let Some(pointer) = schema.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#')) else {
                break;
            };
            let Some(target) = self.schema.pointer(pointer) else { break };
            schema = target;
        }
        schema
    }

    fn overlay_property(&mut self, property: &mut Property, schema: &'a Value) {
        if property.default.is_none() {
            property.default = self
                .resolve(schema)
                .get("default")
                .or_else(|| schema.get("default"))
                .filter(|it| !it.is_null())
                .cloned();
        }
        self.overlay_shape(&mut property.shape, schema, 0);
    }

    fn overlay_shape(&mut self, shape: &mut Shape, schema: &'a Value, depth: usize) {
        if depth > DEPTH {
            return;
        }
        if schema.get("$ref").is_some() {
            let target = self.resolve(schema);
            if !std::ptr::eq(target, schema) {
                self.overlay_shape(shape, target, depth + 1);
            }
            // A few references have limits beside them.
            own_limits(shape, schema);
            return;
        }
        if let Kind::Definition(name) = &shape.kind {
            let reached = self.reached.entry(name.clone()).or_default();
            if !reached.iter().any(|it| std::ptr::eq(*it, schema)) {
                reached.push(schema);
            }
        }
        if !accepts(&shape.kind, schema) {
            shape.limits.mixed = true;
            return;
        }
        let alternatives: Vec<&'a Value> = ["oneOf", "anyOf"].iter().flat_map(|it| array(schema.get(it))).collect();
        let alternatives: Vec<&'a Value> =
            alternatives.into_iter().filter(|it| describes_value(self.resolve(it))).collect();
        if !alternatives.is_empty() && !matches!(shape.kind, Kind::Definition(_) | Kind::Json) {
            let mut merged: Option<Shape> = None;
            for alternative in alternatives {
                let mut copy = shape.clone();
                self.overlay_shape(&mut copy, alternative, depth + 1);
                merged = Some(match merged {
                    Some(before) => loosen::shapes(before, copy),
                    None => copy,
                });
            }
            *shape = merged.unwrap_or_else(|| shape.clone());
        }
        for part in array(schema.get("allOf")) {
            self.overlay_shape(shape, part, depth + 1);
        }
        own_limits(shape, schema);
        match (&shape.kind, &mut shape.of) {
            (Kind::List, Some(of)) => {
                if let Some(items) = schema.get("items") {
                    self.overlay_shape(of, items, depth + 1);
                }
            }
            (Kind::Map, Some(of)) => {
                let patterns: Vec<(&String, &Value)> = object(schema.get("patternProperties")).collect();
                match (patterns.as_slice(), schema.get("additionalProperties")) {
                    ([(pattern, values)], _) => {
                        // Only a closed map holds its keys to the pattern.
                        if !is_open(schema) && pattern.as_str() != ".*" {
                            shape.limits.key_pattern = Some((*pattern).clone());
                        }
                        self.overlay_shape(of, values, depth + 1);
                    }
                    ([], Some(values)) if values.is_object() => self.overlay_shape(of, values, depth + 1),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// The shape of something that the spine does not have.
    fn new_shape(
        &mut self,
        definitions: &mut BTreeMap<String, Definition>,
        schema: &'a Value,
        name: &str,
        depth: usize,
    ) -> Shape {
        let named = schema.get("$ref").and_then(Value::as_str).and_then(|it| it.rsplit('/').next()).unwrap_or(name);
        let schema = self.resolve(schema);
        let kinds = types(schema);
        if depth > DEPTH || kinds.len() > 1 {
            return Shape::of_kind(Kind::Json);
        }
        let is_object = kinds.first() == Some(&"object") || (kinds.is_empty() && !self.objects(schema, 0).is_empty());
        if is_object && !self.objects(schema, 0).is_empty() {
            definitions.entry(named.to_owned()).or_default();
            return Shape::of_kind(Kind::Definition(named.to_owned()));
        }
        match kinds.first().copied() {
            Some("string") => Shape::of_kind(Kind::String),
            Some("integer") => Shape::of_kind(Kind::Integer),
            Some("number") => Shape::of_kind(Kind::Number),
            Some("boolean") => Shape::of_kind(Kind::Boolean),
            Some("array") => match schema.get("items") {
                Some(items) => Shape::list(self.new_shape(definitions, items, named, depth + 1)),
                None => Shape::list(Shape::of_kind(Kind::Json)),
            },
            Some("object") => {
                let values = object(schema.get("patternProperties"))
                    .map(|(_, it)| it)
                    .next()
                    .or_else(|| schema.get("additionalProperties").filter(|it| it.is_object()));
                match values {
                    Some(values) => Shape::map(self.new_shape(definitions, values, named, depth + 1)),
                    None => Shape::of_kind(Kind::Json),
                }
            }
            _ => Shape::of_kind(Kind::Json),
        }
    }

    fn new_attributes(
        &mut self,
        definitions: &mut BTreeMap<String, Definition>,
        read_only: &BTreeSet<Vec<&str>>,
    ) -> BTreeMap<String, Attribute> {
        let mut attributes = BTreeMap::new();
        for path in read_only.iter().filter(|it| !it.contains(&"*")) {
            let mut schema = self.schema;
            for step in path {
                match self.resolve(schema).get("properties").and_then(|it| it.get(step)) {
                    Some(next) => schema = next,
                    None => break,
                }
            }
            let shape = self.new_shape(definitions, schema, &path.concat(), 0);
            attributes.insert(path.join("."), Attribute { shape, doc: String::new() });
        }
        attributes
    }
}

/// Whether a schema says something of the value itself, not only which properties go together.
fn describes_value(schema: &Value) -> bool {
    [
        "type",
        "enum",
        "pattern",
        "format",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "items",
        "properties",
        "oneOf",
        "anyOf",
        "const",
    ]
    .iter()
    .any(|it| schema.get(it).is_some())
}

/// Whether a schema takes nothing but values of the kind; `false` says that the kind must not be enforced.
fn accepts(kind: &Kind, schema: &Value) -> bool {
    let types = types(schema);
    let only = |allowed: &[&str]| types.iter().all(|it| allowed.contains(it));
    match kind {
        // Scalars are turned into each other by CloudFormation.
        Kind::String | Kind::Timestamp | Kind::Boolean => only(&["string", "boolean", "integer", "number"]),
        Kind::Integer => only(&["integer"]),
        Kind::Number => only(&["number", "integer"]),
        Kind::List => only(&["array"]),
        Kind::Map | Kind::Definition(_) => only(&["object"]),
        Kind::Json | Kind::Union => true,
    }
}

fn own_limits(shape: &mut Shape, schema: &Value) {
    let number = |key: &str| schema.get(key).and_then(Value::as_number).cloned();
    let count = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
    let flag = |key: &str| schema.get(key).and_then(Value::as_bool);
    let Limits {
        minimum,
        maximum,
        min_length,
        max_length,
        min_items,
        max_items,
        unique_items,
        unordered,
        pattern,
        format,
        allowed,
        ignore_case,
        ..
    } = &mut shape.limits;
    let mut take_allowed = || {
        for value in array(schema.get("enum")).chain(schema.get("const")) {
            let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !allowed.contains(&word) {
                allowed.push(word);
            }
        }
        for value in array(schema.get("enumCaseInsensitive")) {
            *ignore_case = true;
            let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !allowed.contains(&word) {
                allowed.push(word);
            }
        }
    };
    match shape.kind {
        Kind::String | Kind::Timestamp => {
            take_allowed();
            *min_length = count("minLength").filter(|it| *it > 0).or(*min_length);
            *max_length = count("maxLength").or(*max_length);
            if let Some(found) = schema.get("pattern").and_then(Value::as_str) {
                *pattern = Some(found.to_owned());
            }
            if let Some(found) = schema.get("format").and_then(Value::as_str) {
                *format = Some(found.to_owned());
            }
        }
        Kind::Integer | Kind::Number => {
            take_allowed();
            *minimum = number("minimum").or(minimum.take());
            *maximum = number("maximum").or(maximum.take());
        }
        Kind::List => {
            *min_items = count("minItems").filter(|it| *it > 0).or(*min_items);
            *max_items = count("maxItems").or(*max_items);
            *unique_items |= flag("uniqueItems").unwrap_or(false);
            *unordered |= flag("insertionOrder") == Some(false);
            if let Some(found) = schema.get("format").and_then(Value::as_str) {
                *format = Some(found.to_owned());
            }
        }
        Kind::Map => {
            *min_items = count("minProperties").filter(|it| *it > 0).or(*min_items);
            *max_items = count("maxProperties").or(*max_items);
        }
        Kind::Boolean | Kind::Json | Kind::Union | Kind::Definition(_) => {}
    }
}

/// The rules about which properties stand together.
fn rules(schema: &Value) -> Vec<Rule> {
    let mut rules = BTreeSet::new();
    let mut add = |rule, when: &str, properties: Vec<String>| {
        if !properties.is_empty() {
            rules.insert(Rule { rule, when: when.to_owned(), properties });
        }
    };
    if schema.get("requiredXor").is_some() {
        add(RuleKind::ExactlyOne, "", strings(schema.get("requiredXor")));
    }
    add(RuleKind::AtLeastOne, "", strings(schema.get("requiredOr")));
    for (key, rule) in [("dependentRequired", RuleKind::Requires), ("dependentExcluded", RuleKind::Excludes)] {
        for (when, properties) in object(schema.get(key)) {
            add(rule, when, strings(Some(properties)));
        }
    }
    for (key, rule) in [("oneOf", RuleKind::ExactlyOne), ("anyOf", RuleKind::AtLeastOne)] {
        // Only the plain form, `[{"required": ["A"]}, {"required": ["B"]}]`: each alternative names one property and says nothing else.
        let alternatives: Vec<Option<String>> = array(schema.get(key))
            .map(|it| match (it.as_object().map(serde_json::Map::len), strings(it.get("required")).as_slice()) {
                (Some(1), [one]) => Some(one.clone()),
                _ => None,
            })
            .collect();
        if let Some(properties) = alternatives.into_iter().collect::<Option<Vec<String>>>()
            && properties.len() > 1
        {
            add(rule, "", properties);
        }
    }
    rules.into_iter().collect()
}

fn new_tags(schema: &Value) -> Option<super::model::Tags> {
    use super::model::{TagStyle, Tags};
    let property = schema.pointer("/tagging/tagProperty").and_then(Value::as_str)?.rsplit('/').next()?.to_owned();
    let types = schema.get("properties")?.get(&property).map(types)?;
    let style = if types.contains(&"object") { TagStyle::Map } else { TagStyle::List };
    Some(Tags { property, style })
}

/// Changes the property that each path under `key` names, in the definitions as well.
fn apply_paths(resource: &mut Resource, schema: &Value, key: &str, change: &dyn Fn(&mut Property)) {
    for path in pointers(schema, key) {
        let steps: Vec<&str> = path.into_iter().filter(|it| *it != "*").collect();
        let Some((last, before)) = steps.split_last() else { continue };
        let mut owner: Option<String> = None;
        let mut found = true;
        for step in before {
            let properties = owner
                .as_ref()
                .and_then(|it| resource.definitions.get(it))
                .map_or(&resource.properties, |it| &it.properties);
            owner = properties.get(*step).and_then(|it| object_name(&it.shape));
            found &= owner.is_some();
        }
        let properties = match &owner {
            Some(name) => resource.definitions.get_mut(name).map(|it| &mut it.properties),
            None => Some(&mut resource.properties),
        };
        if found && let Some(property) = properties.and_then(|it| it.get_mut(*last)) {
            change(property);
        }
    }
}

fn object_name(shape: &Shape) -> Option<String> {
    match &shape.kind {
        Kind::Definition(name) => Some(name.clone()),
        _ => shape.of.as_deref().and_then(object_name),
    }
}

/// The paths of a list such as `["/properties/Tags/*/Key"]`, without the leading `properties`.
fn pointers<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = Vec<&'a str>> {
    array(schema.get(key))
        .filter_map(Value::as_str)
        .map(|it| it.trim_start_matches("/properties/").split('/').collect())
}

fn is_open(schema: &Value) -> bool {
    schema.get("additionalProperties").is_none_or(|it| it.as_bool() != Some(false))
        && schema.get("unevaluatedProperties").is_none()
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    array(value).filter_map(Value::as_str).map(str::to_owned).collect()
}
