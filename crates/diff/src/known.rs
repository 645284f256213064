//! What is known of a template's values: as far as they follow from parameters, mappings and conditions, without asking anybody.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use skysmith_template::{Intrinsic, Node, Resource, SubPart, Template};

/// Values may stand in each other; a template in which they do so in a circle is refused elsewhere.
const MAX_DEPTH: usize = 16;

/// A template with what is known of its stack. Anything that follows from a resource, a secret or another service is not.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    template: &'a Template,
    parameters: Cow<'a, BTreeMap<String, String>>,
    /// Whether they hold, of the conditions of which that is known.
    conditions: HashMap<&'a str, bool>,
}

impl<'a> Known<'a> {
    /// `parameters` are the effective values of the template's parameters by name, and those of pseudo parameters such as
    /// `AWS::Region` as far as they are known. A parameter without one has its default.
    #[must_use]
    pub fn new(template: &'a Template, parameters: Cow<'a, BTreeMap<String, String>>) -> Self {
        let mut known = Self { template, parameters, conditions: HashMap::new() };
        known.decide();
        known
    }

    /// Finds out which conditions hold. One may be about another that stands behind it; those in a circle are not known.
    fn decide(&mut self) {
        let mut open: Vec<(&'a str, &'a Node)> = self
            .template
            .section("Conditions")
            .into_iter()
            .flatten()
            .map(|(name, node)| (name.as_str(), node))
            .collect();
        loop {
            let count = open.len();
            open.retain(|(name, node)| match self.holds(node) {
                Some(holds) => {
                    self.conditions.insert(name, holds);
                    false
                }
                None => true,
            });
            if open.len() == count {
                return;
            }
        }
    }

    /// The template.
    #[must_use]
    pub fn template(&self) -> &'a Template {
        self.template
    }

    /// The text that a value is; `None` if it is not known, or is no text.
    #[must_use]
    pub fn text(&self, value: &Node) -> Option<String> {
        self.text_at(value, 0)
    }

    fn text_at(&self, value: &Node, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let text = |value: &Node| self.text_at(value, depth + 1);
        let found = match value {
            Node::Intrinsic(call) => match &**call {
                Intrinsic::Ref(name) => self.reference(name)?,
                Intrinsic::Sub { parts, variables } => {
                    let part = |part: &SubPart| match part {
                        SubPart::Literal(text) => Some(text.clone()),
                        SubPart::Ref(name) => self.reference(name),
                        SubPart::Variable(name) => text(variables.get(name)?),
                        SubPart::GetAtt(..) => None,
                    };
                    parts.iter().map(part).collect::<Option<String>>()?
                }
                Intrinsic::Join { delimiter, values } => self.list(values, depth)?.join(delimiter),
                Intrinsic::Select { index, values } => {
                    let index: usize = text(index)?.parse().ok()?;
                    self.list(values, depth)?.into_iter().nth(index)?
                }
                Intrinsic::FindInMap { map, top, second, default } => {
                    let (map, top, second) = (text(map)?, text(top)?, text(second)?);
                    let entry =
                        self.template.section("Mappings").and_then(|all| all.get(&map)?.get(&top)?.get(&second));
                    text(entry.or(default.as_ref())?)?
                }
                Intrinsic::If { condition, then, otherwise } => {
                    text(if self.condition(condition)? { then } else { otherwise })?
                }
                _ => return None,
            },
            scalar => scalar_text(scalar)?,
        };
        // What it stands for is kept elsewhere.
        (!found.contains("{{resolve:")).then_some(found)
    }

    fn list(&self, value: &Node, depth: usize) -> Option<Vec<String>> {
        match value {
            Node::List(items) => items.iter().map(|item| self.text_at(item, depth + 1)).collect(),
            Node::Intrinsic(call) => match &**call {
                Intrinsic::Split { delimiter, source } => {
                    Some(self.text_at(source, depth + 1)?.split(delimiter.as_str()).map(str::to_owned).collect())
                }
                // A list is given as one text.
                Intrinsic::Ref(name) => Some(self.reference(name)?.split(',').map(|it| it.trim().to_owned()).collect()),
                _ => None,
            },
            _ => None,
        }
    }

    fn reference(&self, name: &str) -> Option<String> {
        if name.starts_with("AWS::") {
            return self.parameters.get(name).cloned();
        }
        let parameter = self.template.parameter(name)?;
        // The value of one that is read from SSM is the name there.
        let is_elsewhere = parameter.parameter_type().is_some_and(|kind| kind.starts_with("AWS::SSM::"));
        if is_elsewhere || parameter.is_no_echo() {
            return None;
        }
        let value = self.parameters.get(name).cloned().or_else(|| parameter.default().and_then(scalar_text));
        value.filter(|text| !is_as_written(text))
    }

    /// Whether there is such a resource in effect. One whose condition is not known counts as there.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> Option<Resource<'a>> {
        let is_there = |it: &Resource<'a>| it.condition().and_then(|name| self.condition(name)) != Some(false);
        self.template.resource(logical_id).filter(is_there)
    }

    /// Whether the condition holds; `None` if that is not known.
    #[must_use]
    pub fn condition(&self, name: &str) -> Option<bool> {
        self.conditions.get(name).copied()
    }

    fn holds(&self, node: &Node) -> Option<bool> {
        // What decides counts, whatever is not known beside it.
        let decided_by = |nodes: &[Node], decisive: bool| {
            let all: Vec<Option<bool>> = nodes.iter().map(|node| self.holds(node)).collect();
            match all.contains(&Some(decisive)) {
                true => Some(decisive),
                false => (!all.contains(&None)).then_some(!decisive),
            }
        };
        match node.as_intrinsic()? {
            Intrinsic::Condition(name) => self.condition(name),
            Intrinsic::Not(inner) => Some(!self.holds(inner)?),
            Intrinsic::And(nodes) => decided_by(nodes, false),
            Intrinsic::Or(nodes) => decided_by(nodes, true),
            Intrinsic::Equals(a, b) => Some(self.text(a)? == self.text(b)?),
            _ => None,
        }
    }

    pub(crate) fn has_condition(&self, name: &str) -> bool {
        self.template.section("Conditions").is_some_and(|all| all.contains_key(name))
    }

    /// The template as it is in effect: resources and outputs whose condition does not hold are not in it, and instead of an `Fn::If`
    /// over a condition that `may_choose` stands the branch that counts. What is not known stays as it is.
    pub(crate) fn effective(&self, may_choose: &dyn Fn(&str) -> bool) -> Template {
        let mut template = self.template.clone();
        for section in ["Resources", "Outputs"] {
            if self.template.section(section).is_none() {
                continue;
            }
            let entries = template.section_mut(section);
            entries.retain(|_, entry| {
                let condition = entry.get("Condition").and_then(Node::as_str);
                condition.and_then(|name| self.condition(name)) != Some(false)
            });
            entries.values_mut().for_each(|entry| self.choose(entry, may_choose));
        }
        template
    }

    fn choose(&self, node: &mut Node, may_choose: &dyn Fn(&str) -> bool) {
        while let Node::Intrinsic(call) = node
            && let Intrinsic::If { condition, then, otherwise } = &mut **call
            && may_choose(condition)
            && let Some(holds) = self.condition(condition)
        {
            *node = std::mem::replace(if holds { then } else { otherwise }, Node::Null);
        }
        node.for_each_child_mut(&mut |child| self.choose(child, may_choose));
        // In a list, what is not there leaves no gap.
        if let Node::List(items) = node {
            items.retain(|item| !is_no_value(item));
        }
    }
}

/// Whether a function stands where a value is not known.
fn is_as_written(text: &str) -> bool {
    ["${", "{\"Ref\"", "{\"Fn::"].into_iter().any(|start| text.contains(start))
}

/// What `AWS::NoValue` stands for is not there.
pub(crate) fn is_no_value(node: &Node) -> bool {
    node.as_intrinsic().is_some_and(|it| it.is_ref_to("AWS::NoValue"))
}

/// The text that CloudFormation makes of a scalar.
pub(crate) fn scalar_text(node: &Node) -> Option<String> {
    match node {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.as_str().to_owned()),
        Node::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"{
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Bucket": {"Type": "String"}, "Key": {"Type": "String"},
            "Secret": {"Type": "String", "NoEcho": true}, "Ami": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"},
            "Many": {"Type": "CommaDelimitedList"}, "Written": {"Type": "String"}, "WrittenInFull": {"Type": "String"}},
        "Conditions": {"IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}, "Hidden": {"Fn::Equals": [{"Ref": "Secret"}, "a"]},
            "Not": {"Fn::Not": [{"Condition": "IsDev"}]}, "HiddenOrDev": {"Fn::Or": [{"Condition": "Hidden"}, {"Condition": "IsDev"}]},
            "HiddenAndDev": {"Fn::And": [{"Condition": "Hidden"}, {"Condition": "IsDev"}]},
            "HiddenAndNot": {"Fn::And": [{"Condition": "Hidden"}, {"Condition": "Not"}]}, "NotHidden": {"Fn::Not": [{"Condition": "Hidden"}]},
            "HiddenOrNot": {"Fn::Or": [{"Condition": "Hidden"}, {"Condition": "Not"}]},
            "Circle": {"Fn::Not": [{"Condition": "Circle"}]}, "Elsewhere": {"Condition": "Nowhere"}},
        "Mappings": {"Stages": {"dev": {"Name": "development"}}},
        "Resources": {"T": {"Type": "T", "Properties": {"V": VALUE}}}}"#;

    fn text(value: &str) -> Option<String> {
        let template = skysmith_template::read(&TEMPLATE.replace("VALUE", value)).unwrap().template;
        let place = [("AWS::AccountId", "123"), ("AWS::Region", "eu-west-1"), ("AWS::Partition", "aws")];
        let given = [
            ("Bucket", "old-assets"),
            ("Key", "a/||b.zip"),
            ("Secret", "****"),
            ("Many", "x, y"),
            ("Written", "${Table.Arn}"),
            ("WrittenInFull", r#"{"Fn::ImportValue":"x"}"#),
        ];
        let pairs = place.into_iter().chain(given);
        let parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Known::new(&template, Cow::Owned(parameters)).text(template.resource("T").unwrap().property("V").unwrap())
    }

    #[test]
    fn what_follows_from_parameters_and_the_place_is_known() {
        for (value, known) in [
            (r#""plain""#, "plain"),
            ("7", "7"),
            (r#"{"Ref": "Stage"}"#, "dev"),
            (r#"{"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}-an"}"#, "assets-123-eu-west-1-an"),
            (r#"{"Fn::Sub": ["${A}/${Stage}", {"A": {"Ref": "AWS::Partition"}}]}"#, "aws/dev"),
            // The CDK's assets of old.
            (
                r#"{"Fn::Join": ["", [{"Fn::Select": [0, {"Fn::Split": ["||", {"Ref": "Key"}]}]}, {"Fn::Select": [1, {"Fn::Split": ["||", {"Ref": "Key"}]}]}]]}"#,
                "a/b.zip",
            ),
            (r#"{"Fn::Select": ["1", {"Ref": "Many"}]}"#, "y"),
            (r#"{"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "Name"]}"#, "development"),
            (r#"{"Fn::If": ["IsDev", "a", "b"]}"#, "a"),
        ] {
            assert_eq!(text(value).as_deref(), Some(known), "{value}");
        }
    }

    #[test]
    fn what_does_not_is_not_guessed() {
        for value in [
            r#"{"Ref": "T"}"#,
            r#"{"Ref": "Secret"}"#,
            r#"{"Ref": "Ami"}"#,
            r#"{"Ref": "Unknown"}"#,
            r#"{"Ref": "Written"}"#,
            r#"{"Ref": "WrittenInFull"}"#,
            r#"{"Ref": "AWS::URLSuffix"}"#,
            r#"{"Fn::If": ["Hidden", "a", "b"]}"#,
            r#"{"Fn::Sub": "${T.Arn}"}"#,
            r#"{"Fn::Select": [5, ["a"]]}"#,
            r#"{"Fn::FindInMap": ["Stages", "prod", "Name"]}"#,
            r#"{"Fn::ImportValue": "x"}"#,
            r#""{{resolve:ssm:/a}}""#,
            r#"["a"]"#,
        ] {
            assert_eq!(text(value), None, "{value}");
        }
    }

    #[test]
    fn a_condition_holds_or_not_or_is_not_known() {
        let template = skysmith_template::read(&TEMPLATE.replace("VALUE", "1")).unwrap().template;
        let known = Known::new(&template, Cow::Owned(BTreeMap::new()));
        for (name, holds) in [
            ("IsDev", Some(true)),
            ("Not", Some(false)),
            ("Hidden", None),
            ("NotHidden", None),
            ("HiddenOrDev", Some(true)),
            ("HiddenAndDev", None),
            ("HiddenAndNot", Some(false)),
            ("HiddenOrNot", None),
            ("Circle", None),
            ("Elsewhere", None),
            ("Nowhere", None),
        ] {
            assert_eq!(known.condition(name), holds, "{name}");
        }
    }
}
