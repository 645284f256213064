//! A whole template, and views of the things that stand in its sections.
//!
//! The views read what is there; none of them judges it. An entry without the shape of what it should be is skipped,
//! and stays in the template.

use crate::long_form::{FOR_EACH, Place, is_loop, recognise, recognise_entries};
use crate::node::{Map, Node};

/// A CloudFormation template.
///
/// Its root is a map of sections, in the order they were written; sections that CloudFormation does not know are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    root: Map,
}

impl From<Map> for Template {
    fn from(root: Map) -> Self {
        Self { root }
    }
}

impl Template {
    /// A template without any section.
    pub fn new() -> Self {
        Self::default()
    }

    /// The template with this root, taken as it is. Use [`Template::from_long_form`] for a root that has its functions
    /// in the long JSON form.
    ///
    /// A root that is not a map is no template; it gives an empty one.
    pub fn from_node(root: Node) -> Self {
        match root {
            Node::Map(root) => Self { root },
            _ => Self::default(),
        }
    }

    /// The template with this root, with every intrinsic function recognised.
    ///
    /// Sections, and the attributes of a resource such as `Condition: Name`, are never taken for functions. Where a
    /// condition is expected (`Conditions`, and the condition and the assertions of a rule), `{"Condition": name}` is one.
    pub fn from_long_form(mut root: Map) -> Self {
        for (name, section) in &mut root {
            match (name.as_str(), section) {
                ("Conditions", Node::Map(conditions)) => recognise_entries(conditions, Place::Condition),
                ("Rules", Node::Map(rules)) => rules.values_mut().for_each(recognise_rule),
                (_, Node::Map(entries)) => recognise_entries(entries, Place::Value),
                (_, other) => recognise(other, Place::Value),
            }
        }
        Self { root }
    }

    /// The sections.
    pub fn root(&self) -> &Map {
        &self.root
    }

    /// The sections.
    pub fn root_mut(&mut self) -> &mut Map {
        &mut self.root
    }

    /// The sections.
    pub fn into_root(self) -> Map {
        self.root
    }

    /// The section `name`, such as `Resources`; nothing if it is absent or not a map.
    pub fn section(&self, name: &str) -> Option<&Map> {
        self.root.get(name)?.as_map()
    }

    /// The section `name`, made if it is absent. What stands there and is not a map is replaced by an empty one.
    pub fn section_mut(&mut self, name: &str) -> &mut Map {
        let section = self.root.entry(name.to_owned()).or_insert(Node::Null);
        if section.as_map().is_none() {
            *section = Node::Map(Map::new());
        }
        match section {
            Node::Map(map) => map,
            _ => unreachable!("it was made a map just above"),
        }
    }

    /// What the template says it is for.
    pub fn description(&self) -> Option<&str> {
        self.root.get("Description")?.as_str()
    }

    /// The names of the macros that run over the whole template, such as `AWS::LanguageExtensions`.
    pub fn transforms(&self) -> Vec<&str> {
        self.root.get("Transform").map(one_or_many).unwrap_or_default()
    }

    /// The resources, in order. Loops and entries that are not maps are skipped.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.bodies("Resources").map(|(logical_id, body)| Resource { logical_id, body })
    }

    /// The resource `logical_id`, unless it is a loop or not a map.
    pub fn resource(&self, logical_id: &str) -> Option<Resource<'_>> {
        let (logical_id, body) = self.body("Resources", logical_id)?;
        Some(Resource { logical_id, body })
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.bodies("Parameters").map(|(name, body)| Parameter { name, body })
    }

    /// The parameter `name`.
    pub fn parameter(&self, name: &str) -> Option<Parameter<'_>> {
        let (name, body) = self.body("Parameters", name)?;
        Some(Parameter { name, body })
    }

    /// The outputs, in order. Loops and entries that are not maps are skipped.
    pub fn outputs(&self) -> impl Iterator<Item = Output<'_>> {
        self.bodies("Outputs").map(|(name, body)| Output { name, body })
    }

    /// The output `name`.
    pub fn output(&self, name: &str) -> Option<Output<'_>> {
        let (name, body) = self.body("Outputs", name)?;
        Some(Output { name, body })
    }

    /// The conditions by name, in order. Loops are skipped.
    pub fn conditions(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.entries("Conditions")
    }

    /// The mappings by name, in order; entries that are not maps are skipped.
    pub fn mappings(&self) -> impl Iterator<Item = (&str, &Map)> {
        self.bodies("Mappings")
    }

    /// The rules by name, in order; entries that are not maps are skipped.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Map)> {
        self.bodies("Rules")
    }

    /// The loops that stand in the section `name`, in order.
    pub fn loops(&self, name: &str) -> impl Iterator<Item = ForEach<'_>> {
        self.section(name).into_iter().flat_map(loops_of)
    }

    fn entries(&self, section: &str) -> impl Iterator<Item = (&str, &Node)> {
        self.section(section)
            .into_iter()
            .flatten()
            .filter(|(key, _)| !is_loop(key))
            .map(|(key, node)| (key.as_str(), node))
    }

    fn bodies(&self, section: &str) -> impl Iterator<Item = (&str, &Map)> {
        self.entries(section).filter_map(|(key, node)| Some((key, node.as_map()?)))
    }

    fn body(&self, section: &str, name: &str) -> Option<(&str, &Map)> {
        let (key, node) = self.section(section)?.get_key_value(name).filter(|(key, _)| !is_loop(key))?;
        Some((key, node.as_map()?))
    }
}

fn recognise_rule(rule: &mut Node) {
    let Node::Map(rule) = rule else {
        return;
    };
    for (key, value) in rule {
        match (key.as_str(), value) {
            ("RuleCondition", condition) => recognise(condition, Place::Condition),
            ("Assertions", Node::List(assertions)) => {
                for assertion in assertions.iter_mut().filter_map(Node::as_map_mut) {
                    recognise_entries(assertion, Place::Condition);
                }
            }
            (_, other) => recognise(other, Place::Value),
        }
    }
}

/// The strings of a string or of a list.
fn one_or_many(node: &Node) -> Vec<&str> {
    match node {
        Node::String(one) => vec![one],
        Node::List(many) => many.iter().filter_map(Node::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A resource of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resource<'a> {
    logical_id: &'a str,
    body: &'a Map,
}

impl<'a> Resource<'a> {
    /// The key it has in the template.
    pub fn logical_id(self) -> &'a str {
        self.logical_id
    }

    /// Everything it has: `Type`, `Properties` and the attributes.
    pub fn body(self) -> &'a Map {
        self.body
    }

    /// The type, such as `AWS::S3::Bucket`.
    pub fn resource_type(self) -> Option<&'a str> {
        self.body.get("Type")?.as_str()
    }

    /// The properties; nothing if it has none or they are not a plain map.
    pub fn properties(self) -> Option<&'a Map> {
        self.body.get("Properties")?.as_map()
    }

    /// The property `name`.
    pub fn property(self, name: &str) -> Option<&'a Node> {
        self.properties()?.get(name)
    }

    /// The logical ids it names in `DependsOn`.
    pub fn depends_on(self) -> Vec<&'a str> {
        self.body.get("DependsOn").map(one_or_many).unwrap_or_default()
    }

    /// The name of the condition under which it is made.
    pub fn condition(self) -> Option<&'a str> {
        self.body.get("Condition")?.as_str()
    }

    /// What becomes of it when it is deleted. With language extensions this may be a function.
    pub fn deletion_policy(self) -> Option<&'a Node> {
        self.body.get("DeletionPolicy")
    }

    /// What becomes of the old one when it is replaced. With language extensions this may be a function.
    pub fn update_replace_policy(self) -> Option<&'a Node> {
        self.body.get("UpdateReplacePolicy")
    }

    /// The resource's own metadata.
    pub fn metadata(self) -> Option<&'a Map> {
        self.body.get("Metadata")?.as_map()
    }
}

/// A parameter of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter<'a> {
    name: &'a str,
    body: &'a Map,
}

impl<'a> Parameter<'a> {
    /// The key it has in the template.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// Everything it has.
    pub fn body(self) -> &'a Map {
        self.body
    }

    /// The type, such as `String` or `AWS::SSM::Parameter::Value<String>`.
    pub fn parameter_type(self) -> Option<&'a str> {
        self.body.get("Type")?.as_str()
    }

    /// The value it has where none is given.
    pub fn default(self) -> Option<&'a Node> {
        self.body.get("Default")
    }

    /// The values it may have; nothing if it may have any.
    pub fn allowed_values(self) -> Option<&'a [Node]> {
        self.body.get("AllowedValues")?.as_list()
    }

    /// Whether its value is kept secret (`NoEcho`). Like CloudFormation, takes the string `"true"` for `true`.
    pub fn is_no_echo(self) -> bool {
        match self.body.get("NoEcho") {
            Some(Node::Bool(value)) => *value,
            Some(Node::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// An output of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output<'a> {
    name: &'a str,
    body: &'a Map,
}

impl<'a> Output<'a> {
    /// The key it has in the template.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// Everything it has.
    pub fn body(self) -> &'a Map {
        self.body
    }

    /// The value.
    pub fn value(self) -> Option<&'a Node> {
        self.body.get("Value")
    }

    /// What it says it is for.
    pub fn description(self) -> Option<&'a str> {
        self.body.get("Description")?.as_str()
    }

    /// The name of the condition under which it is made.
    pub fn condition(self) -> Option<&'a str> {
        self.body.get("Condition")?.as_str()
    }

    /// The name under which other stacks can import it, often a function.
    pub fn export_name(self) -> Option<&'a Node> {
        self.body.get("Export")?.get("Name")
    }
}

/// A loop (`Fn::ForEach`, language extensions): an entry that stands for as many as its collection has items.
///
/// See <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForEach<'a> {
    name: &'a str,
    identifier: &'a str,
    collection: &'a Node,
    body: &'a Map,
}

impl<'a> ForEach<'a> {
    /// The loop that the entry `key` of a map is, if it is one and has the shape of one.
    pub fn from_entry(key: &'a str, value: &'a Node) -> Option<Self> {
        let name = key.strip_prefix(FOR_EACH)?;
        match value.as_list()? {
            [Node::String(identifier), collection, Node::Map(body)] => {
                Some(Self { name, identifier, collection, body })
            }
            _ => None,
        }
    }

    /// Its name: what follows `Fn::ForEach::` in the key.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// The name that stands for the current item in the body.
    pub fn identifier(self) -> &'a str {
        self.identifier
    }

    /// What it runs over: a list, or something that yields one.
    pub fn collection(self) -> &'a Node {
        self.collection
    }

    /// What it makes for each item. The keys have the identifier in them, as `${Identifier}` or `&{Identifier}`.
    pub fn body(self) -> &'a Map {
        self.body
    }

    /// The loops inside this one.
    pub fn loops(self) -> impl Iterator<Item = Self> {
        loops_of(self.body)
    }

    /// The resources that this loop, standing in `Resources`, makes for each item. Their logical ids are patterns.
    pub fn resources(self) -> impl Iterator<Item = Resource<'a>> {
        self.body
            .iter()
            .filter(|(key, _)| !is_loop(key))
            .filter_map(|(logical_id, node)| Some(Resource { logical_id, body: node.as_map()? }))
    }
}

fn loops_of(map: &Map) -> impl Iterator<Item = ForEach<'_>> {
    map.iter().filter_map(|(key, value)| ForEach::from_entry(key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intrinsic::Intrinsic;

    fn map(entries: Vec<(&str, Node)>) -> Map {
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    #[test]
    fn sections_are_made_and_found() {
        let mut template = Template::new();
        assert_eq!(template.section("Resources"), None);
        template.section_mut("Resources").insert("A".into(), Node::Map(map(vec![("Type", "AWS::S3::Bucket".into())])));
        assert_eq!(template.resource("A").unwrap().resource_type(), Some("AWS::S3::Bucket"));
        assert_eq!(template.resource("B"), None);
        template.root_mut().insert("Outputs".into(), Node::Null);
        assert_eq!(template.section("Outputs"), None);
        assert!(template.section_mut("Outputs").is_empty());
    }

    #[test]
    fn a_condition_is_a_call_only_where_conditions_stand() {
        let condition = || Node::Map(map(vec![("Condition", "Prod".into())]));
        let call = || Node::from(Intrinsic::Condition("Prod".to_owned()));
        let not = |term: Node| Node::Map(map(vec![("Fn::Not", Node::List(vec![term]))]));
        let section = |entries| Node::Map(map(entries));
        let template = Template::from_long_form(map(vec![
            ("Conditions", section(vec![("Plain", condition()), ("Not", not(condition()))])),
            ("Resources", section(vec![("A", condition()), ("B", section(vec![("Properties", condition())]))])),
            (
                "Rules",
                section(vec![(
                    "R",
                    section(vec![
                        ("RuleCondition", condition()),
                        ("Assertions", Node::List(vec![section(vec![("Assert", condition())])])),
                    ]),
                )]),
            ),
        ]));
        let conditions = template.section("Conditions").unwrap();
        assert_eq!(conditions["Plain"], call());
        assert_eq!(conditions["Not"], Intrinsic::Not(call()).into());
        assert_eq!(template.section("Resources").unwrap()["A"], condition());
        assert_eq!(template.resource("A").unwrap().condition(), Some("Prod"));
        assert_eq!(template.resource("B").unwrap().property("Condition"), Some(&"Prod".into()));
        let rule = template.rules().next().unwrap().1;
        assert_eq!(rule["RuleCondition"], call());
        assert_eq!(rule["Assertions"].as_list().unwrap()[0].get("Assert"), Some(&call()));
    }

    #[test]
    fn loops_stand_beside_resources() {
        let body = map(vec![("Topic${Name}", Node::Map(map(vec![("Type", "AWS::SNS::Topic".into())])))]);
        let looped = Node::List(vec!["Name".into(), vec!["A", "B"].into(), body.into()]);
        let template = Template::from_long_form(map(vec![(
            "Resources",
            Node::Map(map(vec![("Fn::ForEach::Topics", looped), ("Other", Node::Map(Map::new())), ("Odd", 1.into())])),
        )]));
        assert_eq!(template.resources().map(Resource::logical_id).collect::<Vec<_>>(), ["Other"]);
        let looped = template.loops("Resources").next().unwrap();
        assert_eq!((looped.name(), looped.identifier()), ("Topics", "Name"));
        assert_eq!(looped.resources().next().unwrap().resource_type(), Some("AWS::SNS::Topic"));
    }
}
