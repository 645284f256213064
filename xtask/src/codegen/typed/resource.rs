//! Writes one resource type: its handle, the types of its properties, their enumerations.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};

use super::super::model::{Definition, Kind, Property, Resource, Shape, TagStyle};
use super::docs;
use super::meaning::Meanings;
use super::names;

/// Names that a generated file uses for something else.
const TAKEN: &[&str] = &[
    "Arn",
    "Box",
    "Id",
    "IntoList",
    "IntoMap",
    "IntoValue",
    "Json",
    "List",
    "Literal",
    "MapOf",
    "Name",
    "Node",
    "Option",
    "PropertyMap",
    "Resource",
    "Scope",
    "String",
    "Value",
    "Vec",
];

/// The file of a resource type.
pub fn write(name: &str, body: &Resource, meanings: &Meanings<'_>) -> Result<String> {
    let short = name.rsplit("::").next().unwrap_or(name);
    let handle = format!("Cfn{}", names::camel(short));
    let mut writer = Writer {
        resource_type: name,
        body,
        meanings,
        definitions: HashMap::new(),
        taken: TAKEN.iter().map(ToString::to_string).collect(),
        enumerations: BTreeMap::new(),
        used: HashSet::new(),
    };
    writer.taken.insert(handle.clone());
    for definition in body.definitions.keys() {
        let name = if writer.is_shared_tag(definition) {
            "Tag".to_owned()
        } else {
            names::free(&names::camel(definition), &mut writer.taken, "Property")
        };
        writer.definitions.insert(definition, name);
    }
    writer.file(&handle)
}

struct Writer<'a> {
    resource_type: &'a str,
    body: &'a Resource,
    meanings: &'a Meanings<'a>,
    /// The Rust names of the definitions.
    definitions: HashMap<&'a str, String>,
    taken: HashSet<String>,
    /// The enumerations by name, with their documentation and their values.
    enumerations: BTreeMap<String, (String, &'a [String])>,
    /// What has to be imported.
    used: HashSet<&'static str>,
}

/// How a property is taken: the trait's bound and the function that turns the argument into a value.
struct Taken {
    bound: String,
    convert: &'static str,
}

impl<'a> Writer<'a> {
    fn file(&mut self, handle: &str) -> Result<String> {
        let mut text = self.handle(handle)?;
        for (definition, body) in self.reached() {
            text.push_str(&self.definition(definition, body)?);
        }
        for (name, (doc, values)) in &self.enumerations {
            let _ = writeln!(
                text,
                "\nchoice! {{\n{}    {name} {{",
                docs::comment("///", "    ", std::slice::from_ref(doc))
            );
            for (variant, value) in names::variants(values).iter().zip(*values) {
                let _ = writeln!(text, "        {variant} = {value:?},");
            }
            text.push_str("    }\n}\n");
        }
        let mut used: Vec<&str> = self.used.iter().copied().filter(|it| !["Tag", "markers"].contains(it)).collect();
        used.extend(["Resource", "Scope", "Value"]);
        used.sort_unstable();
        let mut imports = format!("use skysmith_core::{{{}}};\n\n", used.join(", "));
        let mut own: Vec<&str> = self.used.iter().copied().filter(|it| ["Tag", "markers"].contains(it)).collect();
        own.sort_unstable();
        if !own.is_empty() {
            let _ = writeln!(imports, "use crate::{{{}}};\n", own.join(", "));
        }
        Ok(format!("//! `{}` and the types of its properties.\n\n{imports}{text}", self.resource_type))
    }

    /// The definitions that some property can be given; the others are of attributes only.
    fn reached(&self) -> BTreeMap<&'a str, &'a Definition> {
        let mut reached = BTreeMap::new();
        let mut waiting: Vec<&'a Shape> =
            self.body.properties.values().filter(|it| !it.read_only).map(|it| &it.shape).collect();
        while let Some(shape) = waiting.pop() {
            waiting.extend(shape.of.as_deref());
            waiting.extend(&shape.any_of);
            if let Kind::Definition(name) = &shape.kind
                && !self.is_shared_tag(name)
                && let Some((name, body)) = self.body.definitions.get_key_value(name)
                && reached.insert(name.as_str(), body).is_none()
            {
                waiting.extend(body.properties.values().filter(|it| !it.read_only).map(|it| &it.shape));
            }
        }
        reached
    }

    /// Whether a definition is the key and value of a tag, which all resource types share.
    fn is_shared_tag(&self, definition: &str) -> bool {
        let is_list = self.body.facts.tags.as_ref().is_some_and(|it| it.style == TagStyle::List);
        let is_pair = self.body.definitions.get(definition).is_some_and(|it| it.properties.keys().eq(["Key", "Value"]));
        is_list && is_pair && definition.ends_with("Tag")
    }

    fn handle(&mut self, handle: &str) -> Result<String> {
        let body = self.body;
        let name = self.resource_type;
        let page = name.to_lowercase().replace("aws::", "aws-resource-").replace("::", "-");
        let page = format!("<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/{page}.html>");
        let own = docs::markdown(&body.facts.doc);
        let own = if own.is_empty() { format!("`{name}`.") } else { own };
        let mut text =
            format!("handle! {{\n{}    {handle}, {name:?}\n}}\n\n", docs::comment("///", "    ", &[own, page]));
        let properties: BTreeMap<&String, &Property> = body.properties.iter().filter(|(_, it)| !it.read_only).collect();
        let mut parameters = String::new();
        let mut chain = String::new();
        let mut setters = String::new();
        let mut functions: HashSet<String> = ["new", "reference"].map(str::to_owned).into();
        let mut arguments: HashSet<String> = ["scope", "id"].map(str::to_owned).into();
        for (name, property) in properties {
            let function = names::free(&names::identifier(name), &mut functions, "_property");
            let Taken { bound, convert } = self.taken("", name, property)?;
            if property.required {
                let argument = names::free(&names::identifier(name), &mut arguments, "_property");
                let _ = write!(parameters, ", {argument}: impl {bound}");
                let _ = write!(chain, ".{function}({argument})");
            }
            let _ = writeln!(
                setters,
                "\n{}    #[track_caller]\n    pub fn {function}(self, value: impl {bound}) -> Self {{\n        Self(self.0.with({name:?}, value.{convert}()))\n    }}",
                docs::comment("///", "    ", &property_doc(name, property)),
            );
        }
        let required: Vec<String> = body
            .properties
            .iter()
            .filter(|(_, it)| it.required && !it.read_only)
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let made = if required.is_empty() {
            "Makes the resource in `scope`.".to_owned()
        } else {
            format!("Makes the resource in `scope` with what it cannot be without: {}.", required.join(", "))
        };
        let _ = writeln!(
            text,
            "impl {handle} {{\n{}    #[track_caller]\n    pub fn new(scope: &Scope, id: &str{parameters}) -> Self {{\n        Self(Resource::new(scope, id, {name:?})){chain}\n    }}\n{setters}",
            docs::comment("///", "    ", &[made]),
        );
        self.references(&mut text, functions);
        text.push_str("}\n");
        Ok(text)
    }

    fn references(&mut self, text: &mut String, mut functions: HashSet<String>) {
        let body = self.body;
        let (what, meaning) = match body.facts.reference.as_slice() {
            [] => ("What `Ref` returns.".to_owned(), "String".to_owned()),
            [one] => (format!("What `Ref` returns: the resource's `{one}`."), self.text(one)),
            several => (format!("What `Ref` returns: `{}`.", several.join("|")), "String".to_owned()),
        };
        let _ = writeln!(
            text,
            "{}    pub fn reference(&self) -> Value<{meaning}> {{\n        self.0.reference()\n    }}",
            docs::comment("///", "    ", &[what])
        );
        for (name, attribute) in &body.attributes {
            let meaning = self.attribute_type(name, &attribute.shape);
            // `A.B` and `AB` may both be there.
            let function = names::free(&format!("attr_{}", names::snake(name)), &mut functions, "_inside");
            let doc = docs::markdown(&attribute.doc);
            let doc = if doc.is_empty() { format!("The attribute `{name}`.") } else { doc };
            let _ = writeln!(
                text,
                "\n{}    pub fn {function}(&self) -> Value<{meaning}> {{\n        self.0.attribute({name:?})\n    }}",
                docs::comment("///", "    ", &[doc])
            );
        }
    }

    /// The type of an attribute, which is never more than a list of scalars: no function of CloudFormation reaches into an object.
    fn attribute_type(&mut self, name: &str, shape: &Shape) -> String {
        match &shape.kind {
            Kind::String => self.text(name),
            Kind::Timestamp => "String".to_owned(),
            Kind::Integer => "i64".to_owned(),
            Kind::Number => "f64".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::List if shape.of.as_ref().is_some_and(|it| matches!(it.kind, Kind::String | Kind::Timestamp)) => {
                self.used.insert("List");
                "List<String>".to_owned()
            }
            _ => {
                self.used.insert("Json");
                "Json".to_owned()
            }
        }
    }

    /// The type of a text that CloudFormation gives.
    fn text(&mut self, attribute: &str) -> String {
        let meaning = self.meanings.of_attribute(self.resource_type, attribute);
        self.import(meaning.as_deref());
        meaning.unwrap_or_else(|| "String".to_owned())
    }

    fn import(&mut self, meaning: Option<&str>) {
        if let Some(meaning) = meaning {
            self.used.insert("markers");
            for kind in ["Arn", "Name", "Id"] {
                if meaning.starts_with(kind) {
                    self.used.insert(kind);
                }
            }
        }
    }

    fn definition(&mut self, name: &'a str, body: &'a Definition) -> Result<String> {
        let type_name = self.definitions.get(name).cloned().context("a definition without a name")?;
        let mut parameters = Vec::new();
        let mut sets = String::new();
        let mut setters = String::new();
        let mut functions: HashSet<String> = HashSet::from(["new".to_owned()]);
        for (property_name, property) in body.properties.iter().filter(|(_, it)| !it.read_only) {
            let Taken { bound, convert } = self.taken(&type_name, property_name, property)?;
            if property.required {
                self.used.insert("PropertyMap");
                let argument = names::identifier(property_name);
                let _ = write!(sets, ".with({property_name:?}, {argument}.{convert}())");
                parameters.push(format!("{argument}: impl {bound}"));
            } else {
                let function = names::free(&names::identifier(property_name), &mut functions, "_property");
                let _ = writeln!(
                    setters,
                    "\n{}    pub fn {function}(self, value: impl {bound}) -> Self {{\n        Self(self.0.with({property_name:?}, value.{convert}()))\n    }}",
                    docs::comment("///", "    ", &property_doc(property_name, property)),
                );
            }
        }
        let own = docs::markdown(&body.doc);
        let own = if own.is_empty() { format!("`{name}` of [`{}`](super).", self.resource_type) } else { own };
        let required: Vec<String> = body
            .properties
            .iter()
            .filter(|(_, it)| it.required && !it.read_only)
            .map(|(name, it)| {
                let doc = property_doc(name, it).join("\n\n");
                format!("* `{name}`: {}", doc.replace('\n', "\n  "))
            })
            .collect();
        let mut made =
            vec![if required.is_empty() { "Nothing set yet.".to_owned() } else { "With what is required:".to_owned() }];
        made.push(required.join("\n"));
        let default = if parameters.is_empty() { "    #[derive(Default)]\n" } else { "" };
        let new = if parameters.is_empty() {
            "        Self::default()\n".to_owned()
        } else {
            format!("        Self(PropertyMap::new(){sets})\n")
        };
        Ok(format!(
            "\npart! {{\n{}{default}    {type_name}\n}}\n\nimpl {type_name} {{\n{}    pub fn new({}) -> Self {{\n{new}    }}\n{setters}}}\n",
            docs::comment("///", "    ", &[own]),
            docs::comment("///", "    ", &made),
            parameters.join(", "),
        ))
    }

    /// How a property is taken. The owner is the Rust name of its definition, or empty.
    fn taken(&mut self, owner: &str, name: &'a str, property: &'a Property) -> Result<Taken> {
        let meaning = self.meanings.of_property(self.resource_type, name, property);
        self.import(meaning.as_deref());
        let shape = simplest(&property.shape);
        let (bound, convert) = match &shape.kind {
            Kind::List => ("IntoList", "into_list"),
            Kind::Map => ("IntoMap", "into_map"),
            _ => ("IntoValue", "into_value"),
        };
        self.used.insert(bound);
        let of = match (&shape.kind, &shape.of) {
            (Kind::List | Kind::Map, Some(of)) => of,
            _ => shape,
        };
        let meaning = match meaning {
            Some(meaning) => meaning,
            None => self.rust_type(&format!("{owner}{}", names::camel(name)), name, of)?,
        };
        Ok(Taken { bound: format!("{bound}<{meaning}>"), convert })
    }

    fn rust_type(&mut self, full_name: &str, name: &str, shape: &'a Shape) -> Result<String> {
        let shape = simplest(shape);
        Ok(match (&shape.kind, shape.of.as_deref()) {
            (Kind::String, _) if !shape.limits.allowed.is_empty() => {
                self.enumeration(full_name, name, &shape.limits.allowed)
            }
            (Kind::String | Kind::Timestamp, _) => "String".to_owned(),
            (Kind::Integer, _) => "i64".to_owned(),
            (Kind::Number, _) => "f64".to_owned(),
            (Kind::Boolean, _) => "bool".to_owned(),
            (Kind::Json | Kind::Union, _) => {
                self.used.insert("Json");
                "Json".to_owned()
            }
            (Kind::List, Some(of)) => {
                self.used.insert("List");
                format!("List<{}>", self.rust_type(full_name, name, of)?)
            }
            (Kind::Map, Some(of)) => {
                self.used.insert("MapOf");
                format!("MapOf<{}>", self.rust_type(full_name, name, of)?)
            }
            (Kind::Definition(definition), _) => {
                if self.is_shared_tag(definition) {
                    self.used.insert("Tag");
                }
                match self.definitions.get(definition.as_str()) {
                    Some(name) => name.clone(),
                    None => bail!("`{definition}` is not defined"),
                }
            }
            (Kind::List | Kind::Map, None) => bail!("a list or a map of nothing"),
        })
    }

    fn enumeration(&mut self, full_name: &str, name: &str, allowed: &'a [String]) -> String {
        // The same property with the same values, in another definition, has the same type only if it has the same name.
        if let Some((known, _)) =
            self.enumerations.iter().find(|(known, (_, values))| *known == full_name && *values == allowed)
        {
            return known.clone();
        }
        let found = names::free(full_name, &mut self.taken, "Value");
        self.enumerations.insert(found.clone(), (format!("What `{name}` can be."), allowed));
        found
    }
}

/// The alternative of a union that is the easiest to write: a list or an object before anything else, and JSON before its text.
fn simplest(shape: &Shape) -> &Shape {
    let rank = |it: &Shape| match it.kind {
        Kind::List => 0,
        Kind::Definition(_) => 1,
        Kind::Map => 2,
        Kind::Json => 3,
        _ => 4,
    };
    shape.any_of.iter().min_by_key(|it| rank(it)).unwrap_or(shape)
}

fn property_doc(name: &str, property: &Property) -> Vec<String> {
    let own = docs::markdown(&property.doc);
    vec![if own.is_empty() { format!("The property `{name}`.") } else { own }, docs::limits(property)]
}
