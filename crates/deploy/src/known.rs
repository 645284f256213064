//! The texts that a template's values have where its stack is: as far as they follow from parameters, mappings and the place, without asking anybody.

use std::collections::BTreeMap;

use skysmith_assembly::Placeholders;
use skysmith_template::{Intrinsic, Node, SubPart, Template};

use crate::Session;
use crate::session::url_suffix;

/// Values may stand in each other; a template in which they do so in a circle is refused elsewhere.
const MAX_DEPTH: usize = 16;

/// A template with what is known of its stack. Anything that follows from a resource, a condition, a secret or another service is not.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    template: &'a Template,
    parameters: &'a BTreeMap<String, String>,
    place: Placeholders,
}

impl Session {
    /// A template of a stack in this session's account and region, with the effective values of its parameters. A parameter without one has its default.
    #[must_use]
    pub fn known<'a>(&self, template: &'a Template, parameters: &'a BTreeMap<String, String>) -> Known<'a> {
        Known::at(template, parameters, self.placeholders())
    }
}

impl<'a> Known<'a> {
    /// The same where the place is known without a session.
    pub(crate) fn at(template: &'a Template, parameters: &'a BTreeMap<String, String>, place: Placeholders) -> Self {
        Self { template, parameters, place }
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
            Node::String(text) => text.clone(),
            Node::Number(number) => number.as_str().to_owned(),
            Node::Bool(value) => value.to_string(),
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
                _ => return None,
            },
            _ => return None,
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
        match name {
            "AWS::AccountId" => return Some(self.place.account.clone()),
            "AWS::Region" => return Some(self.place.region.clone()),
            "AWS::Partition" => return Some(self.place.partition.clone()),
            "AWS::URLSuffix" => return Some(url_suffix(&self.place.partition).to_owned()),
            _ => {}
        }
        let parameter = self.template.parameter(name)?;
        // The value of one that is read from SSM is the name there.
        let is_elsewhere = parameter.parameter_type().is_some_and(|kind| kind.starts_with("AWS::SSM::"));
        if is_elsewhere || parameter.is_no_echo() {
            return None;
        }
        match (self.parameters.get(name), parameter.default()) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(Node::String(text))) => Some(text.clone()),
            (None, Some(Node::Number(number))) => Some(number.as_str().to_owned()),
            (None, Some(Node::Bool(value))) => Some(value.to_string()),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"{
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Bucket": {"Type": "String"}, "Key": {"Type": "String"},
            "Secret": {"Type": "String", "NoEcho": true}, "Ami": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"},
            "Many": {"Type": "CommaDelimitedList"}},
        "Mappings": {"Stages": {"dev": {"Name": "development"}}},
        "Resources": {"T": {"Type": "T", "Properties": {"V": VALUE}}}}"#;

    fn text(value: &str) -> Option<String> {
        let template = skysmith_template::read(&TEMPLATE.replace("VALUE", value)).unwrap().template;
        let pairs = [("Bucket", "old-assets"), ("Key", "a/||b.zip"), ("Secret", "****"), ("Many", "x, y")];
        let parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let place = Placeholders { account: "123".into(), region: "eu-west-1".into(), partition: "aws".into() };
        let known = Known { template: &template, parameters: &parameters, place };
        known.text(template.resource("T").unwrap().property("V").unwrap())
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
            (r#"{"Fn::Join": [".", ["s3", {"Ref": "AWS::URLSuffix"}]]}"#, "s3.amazonaws.com"),
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
}
