//! Writes the model as the blob that `skysmith-spec` reads. The layout is in that crate.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, bail};
use skysmith_spec::layout::{HEADER, MAGIC, Section, attribute, definition, limits, property, resource, rule, shape};

use super::model::{
    Attribute, Definition, Kind, Limits, Model, Property, Replacement, Resource, Rule, RuleKind, Shape, TagStyle,
};
use super::patterns::{self, Check};

/// The operations in the order of `skysmith_spec::Operation`.
const OPERATIONS: [&str; 5] = ["create", "read", "update", "delete", "list"];

/// The blob, and the list of the patterns that are not checked as they are: one JSON document a line, with what stands in
/// for each, or `null`.
pub fn write(model: &Model) -> Result<(Vec<u8>, String)> {
    let classes = classes(model);
    let mut writer = Writer::new();
    writer.definitions(model, &classes)?;
    for (name, resource) in &model.resources {
        writer.resource(name, resource, &classes).with_context(|| name.clone())?;
    }
    let mut listed = String::new();
    for (pattern, check) in &writer.checks {
        let stand_in = match check {
            Check::Same => continue,
            Check::StandIn(stand_in) => Some(stand_in),
            Check::Nothing => None,
        };
        listed.push_str(&serde_json::json!({"pattern": pattern, "standIn": stand_in}).to_string());
        listed.push('\n');
    }
    Ok((writer.finish()?, listed))
}

/// For each definition of each resource type the number of its class: definitions that cannot be told apart are one. Numbers count up from 0 in the order of first occurrence.
type Classes<'a> = HashMap<(&'a str, &'a str), u32>;

fn classes(model: &Model) -> Classes<'_> {
    let all: Vec<((&str, &str), &Definition)> = model
        .resources
        .iter()
        .flat_map(|(resource, body)| {
            body.definitions.iter().map(move |(name, definition)| ((resource.as_str(), name.as_str()), definition))
        })
        .collect();
    // At first everything that looks alike apart from what it refers to is one class; then classes whose members refer to different classes are split, until none is.
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut classes: Classes<'_> = HashMap::new();
    for (key, body) in &all {
        let next = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        classes.insert(*key, *seen.entry(format!("{} {:?}", key.1, bare(body))).or_insert(next));
    }
    let mut count = seen.len();
    loop {
        let mut seen: HashMap<(u32, Vec<u32>), u32> = HashMap::new();
        let mut split: Classes<'_> = HashMap::new();
        for (key, body) in &all {
            let mut targets = Vec::new();
            for property in body.properties.values() {
                references(&property.shape, &mut |name| targets.extend(classes.get(&(key.0, name))));
            }
            let next = u32::try_from(seen.len()).unwrap_or(u32::MAX);
            split.insert(*key, *seen.entry((classes[key], targets)).or_insert(next));
        }
        classes = split;
        if seen.len() == count {
            return classes;
        }
        count = seen.len();
    }
}

/// A definition without documentation and without the names of other definitions.
fn bare(body: &Definition) -> Definition {
    fn strip(shape: &mut Shape) {
        if matches!(shape.kind, Kind::Definition(_)) {
            shape.kind = Kind::Definition(String::new());
        }
        shape.of.iter_mut().for_each(|it| strip(it));
        shape.any_of.iter_mut().for_each(strip);
    }
    let mut bare = body.clone();
    bare.doc.clear();
    for property in bare.properties.values_mut() {
        property.doc.clear();
        strip(&mut property.shape);
    }
    bare
}

fn references<'a>(shape: &'a Shape, visit: &mut impl FnMut(&'a str)) {
    if let Kind::Definition(name) = &shape.kind {
        visit(name);
    }
    for inner in shape.of.as_deref().into_iter().chain(&shape.any_of) {
        references(inner, visit);
    }
}

struct Writer {
    sections: [Vec<u8>; Section::COUNT],
    texts: HashMap<String, u32>,
    lists: HashMap<Vec<u32>, u32>,
    shapes: HashMap<Vec<u32>, u32>,
    limits: HashMap<Vec<u32>, u32>,
    checks: BTreeMap<String, Check>,
}

impl Writer {
    fn new() -> Self {
        let mut writer = Self {
            sections: Default::default(),
            texts: HashMap::new(),
            lists: HashMap::new(),
            shapes: HashMap::new(),
            limits: HashMap::new(),
            checks: BTreeMap::new(),
        };
        // Index 0 of these is nothing.
        writer.sections[Section::Lists as usize].extend(0_u32.to_le_bytes());
        writer.sections[Section::Texts as usize].extend(0_u16.to_le_bytes());
        writer.texts.insert(String::new(), 0);
        writer.lists.insert(Vec::new(), 0);
        writer
    }

    fn finish(self) -> Result<Vec<u8>> {
        let order = [
            Section::Resources,
            Section::Definitions,
            Section::Properties,
            Section::Attributes,
            Section::Shapes,
            Section::Limits,
            Section::Lists,
            Section::Texts,
        ];
        let mut blob = MAGIC.to_vec();
        let mut offset = HEADER;
        for section in order {
            let length = self.sections[section as usize].len();
            blob.extend(u32::try_from(offset)?.to_le_bytes());
            blob.extend(u32::try_from(length / section.width())?.to_le_bytes());
            offset += length;
        }
        for section in order {
            blob.extend(&self.sections[section as usize]);
        }
        Ok(blob)
    }

    /// Appends a record and gives its number.
    fn push(&mut self, section: Section, fields: &[u32]) -> Result<u32> {
        let bytes = &mut self.sections[section as usize];
        let index = u32::try_from(bytes.len() / section.width())?;
        for field in fields {
            bytes.extend(field.to_le_bytes());
        }
        Ok(index)
    }

    /// The number of the next record.
    fn next(&self, section: Section) -> Result<u32> {
        Ok(u32::try_from(self.sections[section as usize].len() / section.width())?)
    }

    fn text(&mut self, text: &str) -> Result<u32> {
        if let Some(offset) = self.texts.get(text) {
            return Ok(*offset);
        }
        let pool = &mut self.sections[Section::Texts as usize];
        let length = u16::try_from(text.len()).with_context(|| format!("a text of {} bytes", text.len()))?;
        pool.extend(length.to_le_bytes());
        let offset = u32::try_from(pool.len())?;
        pool.extend(text.as_bytes());
        self.texts.insert(text.to_owned(), offset);
        Ok(offset)
    }

    fn list(&mut self, entries: Vec<u32>) -> Result<u32> {
        if let Some(index) = self.lists.get(&entries) {
            return Ok(*index);
        }
        let index = self.push(Section::Lists, &[u32::try_from(entries.len())?])?;
        for entry in &entries {
            self.push(Section::Lists, &[*entry])?;
        }
        self.lists.insert(entries, index);
        Ok(index)
    }

    fn text_list(&mut self, texts: &[String]) -> Result<u32> {
        let entries = texts.iter().map(|it| self.text(it)).collect::<Result<Vec<u32>>>()?;
        self.list(entries)
    }

    fn rules(&mut self, rules: &[Rule]) -> Result<u32> {
        let mut entries = Vec::new();
        for Rule { rule, when, properties } in rules {
            entries.push(match rule {
                RuleKind::ExactlyOne => rule::EXACTLY_ONE,
                RuleKind::AtLeastOne => rule::AT_LEAST_ONE,
                RuleKind::AtMostOne => rule::AT_MOST_ONE,
                RuleKind::Requires => rule::REQUIRES,
                RuleKind::Excludes => rule::EXCLUDES,
            });
            entries.push(self.text(when)?);
            entries.push(self.text_list(properties)?);
        }
        self.list(entries)
    }

    fn definitions<'a>(&mut self, model: &'a Model, classes: &Classes<'a>) -> Result<()> {
        let mut written = 0;
        for (resource, body) in &model.resources {
            for (name, body) in &body.definitions {
                // Numbers count up in this order, so the first member of a class is met when its turn has come.
                if classes[&(resource.as_str(), name.as_str())] != written {
                    continue;
                }
                written += 1;
                let (first, count) = self.properties(resource, &body.properties, classes)?;
                let name = self.text(name)?;
                let rules = self.rules(&body.rules)?;
                let mut record = [0; definition::WIDTH / 4];
                record[definition::NAME / 4] = name;
                record[definition::FIRST_PROPERTY / 4] = first;
                record[definition::PROPERTIES / 4] = count;
                record[definition::FLAGS / 4] = if body.open { definition::OPEN } else { 0 };
                record[definition::RULES / 4] = rules;
                self.push(Section::Definitions, &record)?;
            }
        }
        Ok(())
    }

    fn resource(&mut self, name: &str, body: &Resource, classes: &Classes<'_>) -> Result<()> {
        let (first_property, properties) = self.properties(name, &body.properties, classes)?;
        let (first_attribute, attributes) = self.attributes(name, &body.attributes, classes)?;
        let facts = &body.facts;
        let mut flags = 0;
        flags |= if facts.stateful { resource::STATEFUL } else { 0 };
        flags |= if facts.open { resource::OPEN } else { 0 };
        flags |= facts.tags.as_ref().map_or(0, |it| match it.style {
            TagStyle::List => 1,
            TagStyle::Map => 2,
            TagStyle::AutoScaling => 3,
        }) << resource::TAG_STYLE_SHIFT;
        let mut permissions = Vec::new();
        for operation in OPERATIONS {
            let actions = facts.permissions.get(operation).map_or(&[][..], Vec::as_slice);
            permissions.push(self.text_list(actions)?);
        }
        let mut record = [0; resource::WIDTH / 4];
        record[resource::NAME / 4] = self.text(name)?;
        record[resource::FIRST_PROPERTY / 4] = first_property;
        record[resource::PROPERTIES / 4] = properties;
        record[resource::FIRST_ATTRIBUTE / 4] = first_attribute;
        record[resource::ATTRIBUTES / 4] = attributes;
        record[resource::FLAGS / 4] = flags;
        record[resource::TAG_PROPERTY / 4] = self.text(facts.tags.as_ref().map_or("", |it| &it.property))?;
        record[resource::PRIMARY_IDENTIFIER / 4] = self.text_list(&facts.primary_identifier)?;
        record[resource::REFERENCE / 4] = self.text_list(&facts.reference)?;
        record[resource::ARN / 4] = self.text(&facts.arn)?;
        record[resource::TRANSFORM / 4] = self.text(&facts.transform)?;
        record[resource::REGIONS / 4] = self.text_list(&facts.regions)?;
        record[resource::PERMISSIONS / 4] = self.list(permissions)?;
        record[resource::RULES / 4] = self.rules(&facts.rules)?;
        self.push(Section::Resources, &record)?;
        Ok(())
    }

    fn properties(
        &mut self,
        owner: &str,
        properties: &BTreeMap<String, Property>,
        classes: &Classes<'_>,
    ) -> Result<(u32, u32)> {
        let mut records = Vec::new();
        for (name, body) in properties {
            let replacement = match body.replacement {
                Replacement::Never => 0,
                Replacement::Conditional => 1,
                Replacement::Always => 2,
            };
            let mut flags = replacement << property::REPLACEMENT_SHIFT;
            for (is_set, flag) in [
                (body.required, property::REQUIRED),
                (body.read_only, property::READ_ONLY),
                (body.write_only, property::WRITE_ONLY),
                (body.deprecated, property::DEPRECATED),
            ] {
                flags |= if is_set { flag } else { 0 };
            }
            let mut extra = Vec::new();
            if body.default.is_some() || !body.refers_to.is_empty() {
                extra.push(self.text(&body.default.as_ref().map(ToString::to_string).unwrap_or_default())?);
                for target in &body.refers_to {
                    extra.push(self.text(target)?);
                }
            }
            let mut record = [0; property::WIDTH / 4];
            record[property::NAME / 4] = self.text(name)?;
            record[property::SHAPE / 4] = self.shape(owner, &body.shape, classes).with_context(|| name.clone())?;
            record[property::EXTRA / 4] = self.list(extra)?;
            record[property::FLAGS / 4] = flags;
            records.push(record);
        }
        let first = self.next(Section::Properties)?;
        for record in &records {
            self.push(Section::Properties, record)?;
        }
        Ok((first, u32::try_from(records.len())?))
    }

    fn attributes(
        &mut self,
        owner: &str,
        attributes: &BTreeMap<String, Attribute>,
        classes: &Classes<'_>,
    ) -> Result<(u32, u32)> {
        let first = self.next(Section::Attributes)?;
        for (name, body) in attributes {
            let mut record = [0; attribute::WIDTH / 4];
            record[attribute::NAME / 4] = self.text(name)?;
            record[attribute::SHAPE / 4] = self.shape(owner, &body.shape, classes).with_context(|| name.clone())?;
            self.push(Section::Attributes, &record)?;
        }
        Ok((first, u32::try_from(attributes.len())?))
    }

    fn shape(&mut self, owner: &str, body: &Shape, classes: &Classes<'_>) -> Result<u32> {
        let of = |writer: &mut Self| match &body.of {
            Some(of) => writer.shape(owner, of, classes),
            None => bail!("a list or a map of nothing"),
        };
        let (kind, of) = match &body.kind {
            Kind::String => (shape::STRING, 0),
            Kind::Integer => (shape::INTEGER, 0),
            Kind::Number => (shape::NUMBER, 0),
            Kind::Boolean => (shape::BOOLEAN, 0),
            Kind::Json => (shape::JSON, 0),
            Kind::Timestamp => (shape::TIMESTAMP, 0),
            Kind::List => (shape::LIST, of(self)?),
            Kind::Map => (shape::MAP, of(self)?),
            Kind::Definition(name) => (
                shape::OBJECT,
                *classes.get(&(owner, name.as_str())).with_context(|| format!("`{name}` is not defined"))?,
            ),
            Kind::Union => {
                let alternatives =
                    body.any_of.iter().map(|it| self.shape(owner, it, classes)).collect::<Result<Vec<u32>>>()?;
                (shape::UNION, self.list(alternatives)?)
            }
        };
        let limits = &body.limits;
        let mut flags = 0;
        for (is_set, flag) in [
            (limits.unique_items, shape::UNIQUE_ITEMS),
            (limits.unordered, shape::UNORDERED),
            (limits.ignore_case, shape::IGNORE_CASE),
            (limits.mixed, shape::MIXED),
        ] {
            flags |= if is_set { flag } else { 0 };
        }
        let mut record = vec![0; shape::WIDTH / 4];
        record[shape::KIND / 4] = kind;
        record[shape::OF / 4] = of;
        record[shape::LIMITS / 4] = self.limits(limits)?;
        record[shape::FLAGS / 4] = flags;
        if let Some(index) = self.shapes.get(&record) {
            return Ok(*index);
        }
        let index = self.push(Section::Shapes, &record)?;
        self.shapes.insert(record, index);
        Ok(index)
    }

    fn limits(&mut self, body: &Limits) -> Result<u32> {
        let mut record = vec![0; limits::WIDTH / 4];
        let mut present = 0;
        for (value, flag, field) in [
            (&body.minimum, limits::HAS_MINIMUM, limits::MINIMUM),
            (&body.maximum, limits::HAS_MAXIMUM, limits::MAXIMUM),
        ] {
            if let Some(value) = value {
                let bits = value.as_f64().context("a limit that is no number")?.to_bits();
                present |= flag;
                record[field / 4] = u32::try_from(bits & u64::from(u32::MAX))?;
                record[field / 4 + 1] = u32::try_from(bits >> 32)?;
            }
        }
        for (value, flag, field) in [
            (body.min_length, limits::HAS_MIN_LENGTH, limits::MIN_LENGTH),
            (body.max_length, limits::HAS_MAX_LENGTH, limits::MAX_LENGTH),
            (body.min_items, limits::HAS_MIN_ITEMS, limits::MIN_ITEMS),
            (body.max_items, limits::HAS_MAX_ITEMS, limits::MAX_ITEMS),
        ] {
            if let Some(value) = value {
                present |= flag;
                record[field / 4] = value;
            }
        }
        record[limits::PRESENT / 4] = present;
        for (text, field, checkable) in [
            (&body.pattern, limits::PATTERN, limits::CHECKABLE_PATTERN),
            (&body.key_pattern, limits::KEY_PATTERN, limits::CHECKABLE_KEY_PATTERN),
        ] {
            let Some(pattern) = text else { continue };
            record[field / 4] = self.text(pattern)?;
            record[checkable / 4] = match self.checks.entry(pattern.clone()).or_insert_with(|| patterns::check(pattern))
            {
                Check::Same => record[field / 4],
                Check::StandIn(stand_in) => {
                    let stand_in = stand_in.clone();
                    self.text(&stand_in)?
                }
                Check::Nothing => 0,
            };
        }
        record[limits::FORMAT / 4] = self.text(body.format.as_deref().unwrap_or_default())?;
        record[limits::ALLOWED / 4] = self.text_list(&body.allowed)?;
        if let Some(index) = self.limits.get(&record) {
            return Ok(*index);
        }
        let index = self.push(Section::Limits, &record)?;
        self.limits.insert(record, index);
        Ok(index)
    }
}
