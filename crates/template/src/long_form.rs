//! The long JSON form of a template, and what in it is an intrinsic function.
//!
//! This is the only place that knows how a function is spelled: [`spell`] goes from an [`Intrinsic`] to its name and
//! arguments, [`recognise`] the other way. Every writer uses the first, every reader the second. What `recognise`
//! accepts, `spell` gives back unchanged, but for two spellings that CloudFormation takes for the same thing:
//! `"Fn::GetAtt": "a.b"` becomes `["a", "b"]`, and `"Fn::Sub": ["text", {}]` becomes `"text"`.

use std::borrow::Cow;

use crate::intrinsic::Intrinsic;
use crate::json_string;
use crate::node::{Map, Node};
use crate::sub;

/// What the key of a loop starts with.
pub(crate) const FOR_EACH: &str = "Fn::ForEach::";

/// The functions whose key starts with `Fn::`, but for loops.
#[cfg(any(feature = "yaml", test))]
pub(crate) const FUNCTIONS: [&str; 25] = [
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

/// A value as the writers see it: borrowed where the model has it, made where only the long form has it.
#[derive(Debug)]
pub(crate) enum Long<'a> {
    Node(&'a Node),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Entries(&'a Map),
    Call(&'static str, Box<Self>),
}

impl<'a> Long<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn call(name: &'static str, argument: Self) -> Self {
        Self::Call(name, Box::new(argument))
    }

    pub(crate) fn get_att(target: &'a str, attribute: Self) -> Self {
        Self::call("Fn::GetAtt", Self::List(vec![Self::text(target), attribute]))
    }

    /// The value with what only the model knows replaced by how it is spelled: never a [`Node::Intrinsic`] or a
    /// [`Node::JsonString`].
    pub(crate) fn spelled(self) -> Self {
        match self {
            Self::Node(Node::Intrinsic(intrinsic)) => spell(intrinsic),
            Self::Node(Node::JsonString(inner)) => json_string::lower(inner),
            other => other,
        }
    }

    fn into_node(self) -> Node {
        match self.spelled() {
            Self::Node(node) => match node {
                Node::List(items) => items.iter().map(|item| Self::Node(item).into_node()).collect::<Vec<_>>().into(),
                Node::Map(map) => entries(map).into(),
                scalar => scalar.clone(),
            },
            Self::Text(text) => text.into_owned().into(),
            Self::List(items) => items.into_iter().map(Self::into_node).collect::<Vec<_>>().into(),
            Self::Entries(map) => entries(map).into(),
            Self::Call(name, argument) => Map::from([(name.to_owned(), argument.into_node())]).into(),
        }
    }
}

fn entries(map: &Map) -> Map {
    map.iter().map(|(key, value)| (key.clone(), Long::Node(value).into_node())).collect()
}

impl Node {
    /// The value in its long JSON form: without [`Node::Intrinsic`] and [`Node::JsonString`], for example
    /// `{"Fn::GetAtt": ["a", "b"]}` as a map.
    pub fn to_long_form(&self) -> Self {
        Long::Node(self).into_node()
    }

    /// The value with every map recognised that is a call of an intrinsic function; the opposite of
    /// [`Node::to_long_form`].
    ///
    /// `{"Condition": name}` is a call only inside the functions that take conditions: elsewhere it is an attribute of
    /// a resource or a part of a policy. A map that has the name of a function but not its shape stays a map.
    ///
    /// Two spellings become the one that is written: `"Fn::GetAtt": "a.b"` is `["a", "b"]`, and
    /// `"Fn::Sub": ["text", {}]` is `"text"`.
    pub fn from_long_form(mut plain: Self) -> Self {
        recognise(&mut plain, Place::Value);
        plain
    }
}

/// Where a map stands, which decides whether `{"Condition": name}` is the value of a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Value,
    Condition,
}

/// The long form of a call.
fn spell(intrinsic: &Intrinsic) -> Long<'_> {
    fn list<'a, const N: usize>(items: [&'a Node; N]) -> Long<'a> {
        Long::List(items.map(Long::Node).into())
    }
    let (name, argument) = match intrinsic {
        Intrinsic::Ref(target) => ("Ref", Long::text(target)),
        Intrinsic::GetAtt(target, attribute) => return Long::get_att(target, Long::Node(attribute)),
        Intrinsic::Sub { parts, variables } => return sub::spell(parts, variables),
        Intrinsic::Join { delimiter, values } => {
            ("Fn::Join", Long::List(vec![Long::text(delimiter), Long::Node(values)]))
        }
        Intrinsic::Select { index, values } => ("Fn::Select", list([index, values])),
        Intrinsic::Split { delimiter, source } => {
            ("Fn::Split", Long::List(vec![Long::text(delimiter), Long::Node(source)]))
        }
        Intrinsic::Base64(value) => ("Fn::Base64", Long::Node(value)),
        Intrinsic::Cidr { block, count, bits: None } => ("Fn::Cidr", list([block, count])),
        Intrinsic::Cidr { block, count, bits: Some(bits) } => ("Fn::Cidr", list([block, count, bits])),
        Intrinsic::FindInMap { map, top, second, default: None } => ("Fn::FindInMap", list([map, top, second])),
        Intrinsic::FindInMap { map, top, second, default: Some(default) } => {
            let default = Long::call("DefaultValue", Long::Node(default));
            ("Fn::FindInMap", Long::List(vec![Long::Node(map), Long::Node(top), Long::Node(second), default]))
        }
        Intrinsic::GetAzs(region) => ("Fn::GetAZs", Long::Node(region)),
        Intrinsic::ImportValue(name) => ("Fn::ImportValue", Long::Node(name)),
        Intrinsic::GetStackOutput(arguments) => ("Fn::GetStackOutput", Long::Entries(arguments)),
        Intrinsic::Transform(arguments) => ("Fn::Transform", Long::Entries(arguments)),
        Intrinsic::Length(value) => ("Fn::Length", Long::Node(value)),
        Intrinsic::ToJsonString(value) => ("Fn::ToJsonString", Long::Node(value)),
        Intrinsic::If { condition, then, otherwise } => {
            ("Fn::If", Long::List(vec![Long::text(condition), Long::Node(then), Long::Node(otherwise)]))
        }
        Intrinsic::Condition(condition) => ("Condition", Long::text(condition)),
        Intrinsic::And(terms) => ("Fn::And", Long::List(terms.iter().map(Long::Node).collect())),
        Intrinsic::Or(terms) => ("Fn::Or", Long::List(terms.iter().map(Long::Node).collect())),
        Intrinsic::Not(term) => ("Fn::Not", list([term])),
        Intrinsic::Equals(a, b) => ("Fn::Equals", list([a, b])),
        Intrinsic::Contains(a, b) => ("Fn::Contains", list([a, b])),
        Intrinsic::EachMemberEquals(a, b) => ("Fn::EachMemberEquals", list([a, b])),
        Intrinsic::EachMemberIn(a, b) => ("Fn::EachMemberIn", list([a, b])),
        Intrinsic::RefAll(kind) => ("Fn::RefAll", Long::Node(kind)),
        Intrinsic::ValueOf(a, b) => ("Fn::ValueOf", list([a, b])),
        Intrinsic::ValueOfAll(a, b) => ("Fn::ValueOfAll", list([a, b])),
    };
    Long::call(name, argument)
}

/// Turns every map at or below `node` that has the name and the shape of a function into that function.
pub(crate) fn recognise(node: &mut Node, place: Place) {
    match node {
        Node::List(items) => items.iter_mut().for_each(|item| recognise(item, place)),
        Node::Map(map) => {
            if let Some((name, argument)) = only_entry(map).filter(|(name, _)| is_function(name, place)) {
                recognise_arguments(name, argument);
                let (name, argument) = (name.clone(), std::mem::replace(argument, Node::Null));
                *node = match build(&name, argument) {
                    Ok(intrinsic) => intrinsic.into(),
                    Err(argument) => Map::from([(name, argument)]).into(),
                };
            } else {
                recognise_entries(map, Place::Value);
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
        // A program made these; what is inside is as it wants it.
        Node::Intrinsic(_) | Node::JsonString(_) => {}
    }
}

/// Recognises inside each entry of `map`, which itself stays a map, as does the body of a loop in it.
pub(crate) fn recognise_entries(map: &mut Map, place: Place) {
    for (key, value) in map {
        match value {
            Node::List(items) if is_loop(key) => items.iter_mut().for_each(|item| match item {
                Node::Map(body) => recognise_entries(body, place),
                other => recognise(other, Place::Value),
            }),
            _ => recognise(value, place),
        }
    }
}

/// Whether an entry with this key is a loop beside ordinary entries.
pub(crate) fn is_loop(key: &str) -> bool {
    key.starts_with(FOR_EACH)
}

fn only_entry(map: &mut Map) -> Option<(&String, &mut Node)> {
    if map.len() == 1 { map.iter_mut().next() } else { None }
}

fn is_function(name: &str, place: Place) -> bool {
    (name.starts_with("Fn::") && !is_loop(name)) || name == "Ref" || (name == "Condition" && place == Place::Condition)
}

fn recognise_arguments(name: &str, argument: &mut Node) {
    match (name, argument) {
        ("Fn::And" | "Fn::Or" | "Fn::Not", argument) => recognise(argument, Place::Condition),
        // The map of variables is a map even if its one variable is called `Ref`.
        ("Fn::Sub", Node::List(items)) => items.iter_mut().for_each(|item| match item {
            Node::Map(variables) => recognise_entries(variables, Place::Value),
            other => recognise(other, Place::Value),
        }),
        ("Fn::Transform" | "Fn::GetStackOutput", Node::Map(arguments)) => recognise_entries(arguments, Place::Value),
        (_, argument) => recognise(argument, Place::Value),
    }
}

/// The call of `name` with `argument`, or the argument back if it has not the function's shape.
fn build(name: &str, argument: Node) -> Result<Intrinsic, Node> {
    Ok(match name {
        "Ref" => Intrinsic::Ref(string(argument)?),
        "Condition" => Intrinsic::Condition(string(argument)?),
        "Fn::GetAtt" => return get_att(argument),
        "Fn::Sub" => return sub::build(argument),
        "Fn::Join" => match array(argument)? {
            [Node::String(delimiter), values] => Intrinsic::Join { delimiter, values },
            other => return mismatch(other),
        },
        "Fn::Split" => match array(argument)? {
            [Node::String(delimiter), source] => Intrinsic::Split { delimiter, source },
            other => return mismatch(other),
        },
        "Fn::Select" => {
            let [index, values] = array(argument)?;
            Intrinsic::Select { index, values }
        }
        "Fn::Base64" => Intrinsic::Base64(argument),
        "Fn::Cidr" => match array(argument) {
            Ok([block, count]) => Intrinsic::Cidr { block, count, bits: None },
            Err(argument) => {
                let [block, count, bits] = array(argument)?;
                Intrinsic::Cidr { block, count, bits: Some(bits) }
            }
        },
        "Fn::FindInMap" => match array(argument) {
            Ok([map, top, second]) => Intrinsic::FindInMap { map, top, second, default: None },
            Err(argument) => find_in_map_with_default(argument)?,
        },
        "Fn::GetAZs" => Intrinsic::GetAzs(argument),
        "Fn::ImportValue" => Intrinsic::ImportValue(argument),
        "Fn::GetStackOutput" => Intrinsic::GetStackOutput(map(argument)?),
        "Fn::Transform" => Intrinsic::Transform(map(argument)?),
        "Fn::Length" => Intrinsic::Length(argument),
        "Fn::ToJsonString" => Intrinsic::ToJsonString(argument),
        "Fn::If" => match array(argument)? {
            [Node::String(condition), then, otherwise] => Intrinsic::If { condition, then, otherwise },
            other => return mismatch(other),
        },
        "Fn::And" => Intrinsic::And(list(argument)?),
        "Fn::Or" => Intrinsic::Or(list(argument)?),
        "Fn::Not" => {
            let [term] = array(argument)?;
            Intrinsic::Not(term)
        }
        "Fn::Equals" => {
            let [a, b] = array(argument)?;
            Intrinsic::Equals(a, b)
        }
        "Fn::Contains" => {
            let [a, b] = array(argument)?;
            Intrinsic::Contains(a, b)
        }
        "Fn::EachMemberEquals" => {
            let [a, b] = array(argument)?;
            Intrinsic::EachMemberEquals(a, b)
        }
        "Fn::EachMemberIn" => {
            let [a, b] = array(argument)?;
            Intrinsic::EachMemberIn(a, b)
        }
        "Fn::RefAll" => Intrinsic::RefAll(argument),
        "Fn::ValueOf" => {
            let [a, b] = array(argument)?;
            Intrinsic::ValueOf(a, b)
        }
        "Fn::ValueOfAll" => {
            let [a, b] = array(argument)?;
            Intrinsic::ValueOfAll(a, b)
        }
        _ => return Err(argument),
    })
}

fn get_att(argument: Node) -> Result<Intrinsic, Node> {
    if let Node::String(text) = &argument {
        return match split_get_att(text) {
            Some((target, attribute)) => Ok(Intrinsic::GetAtt(target.to_owned(), attribute.into())),
            None => Err(argument),
        };
    }
    match array(argument)? {
        [Node::String(target), attribute @ (Node::String(_) | Node::Intrinsic(_))] => {
            Ok(Intrinsic::GetAtt(target, attribute))
        }
        other => mismatch(other),
    }
}

/// `Name.Attribute` taken apart; the attribute may have further dots.
pub(crate) fn split_get_att(text: &str) -> Option<(&str, &str)> {
    text.split_once('.').filter(|(target, attribute)| !target.is_empty() && !attribute.is_empty())
}

fn find_in_map_with_default(argument: Node) -> Result<Intrinsic, Node> {
    match array(argument)? {
        [map, top, second, Node::Map(mut options)] if options.len() == 1 && options.contains_key("DefaultValue") => {
            let default = options.shift_remove("DefaultValue");
            Ok(Intrinsic::FindInMap { map, top, second, default })
        }
        other => mismatch::<4>(other),
    }
}

fn mismatch<const N: usize>(items: [Node; N]) -> Result<Intrinsic, Node> {
    Err(Node::List(items.into()))
}

fn array<const N: usize>(argument: Node) -> Result<[Node; N], Node> {
    <[Node; N]>::try_from(list(argument)?).map_err(Node::List)
}

fn list(argument: Node) -> Result<Vec<Node>, Node> {
    match argument {
        Node::List(items) => Ok(items),
        other => Err(other),
    }
}

fn map(argument: Node) -> Result<Map, Node> {
    match argument {
        Node::Map(map) => Ok(map),
        other => Err(other),
    }
}

fn string(argument: Node) -> Result<String, Node> {
    match argument {
        Node::String(text) => Ok(text),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_shape_and_keeps_its_spelling() {
        let shapes = [r#""a.b""#, r#"["a"]"#, r#"["a","b"]"#, r#"["a","b","c"]"#, r#"{"a":1}"#];
        for name in FUNCTIONS.into_iter().chain(["Ref"]) {
            let calls: Vec<String> = shapes.iter().map(|shape| format!("{{\"{name}\":{shape}}}")).collect();
            let nodes: Vec<Node> = calls.iter().map(|call| Node::from_json(call).unwrap()).collect();
            assert!(nodes.iter().any(|node| node.as_intrinsic().is_some()), "{name}");
            for (node, call) in nodes.iter().zip(&calls).filter(|(_, call)| !call.contains("GetAtt\":\"")) {
                assert_eq!(&node.to_json_compact(), call);
            }
        }
    }

    #[test]
    fn other_shapes_stay_maps() {
        for text in [
            r#"{"Ref":1}"#,
            r#"{"Ref":"a","b":1}"#,
            r#"{"Fn::GetAtt":"a"}"#,
            r#"{"Fn::GetAtt":["a"]}"#,
            r#"{"Fn::GetAtt":["a","b","c"]}"#,
            r#"{"Fn::GetAtt":[{"Ref":"a"},"b"]}"#,
            r#"{"Fn::Sub":"${a b}"}"#,
            r#"{"Fn::Sub":["a"]}"#,
            r#"{"Fn::Sub":["a",[]]}"#,
            r#"{"Fn::Join":[{"Ref":"a"},[]]}"#,
            r#"{"Fn::Join":"a"}"#,
            r#"{"Fn::If":[{"Ref":"a"},1,2]}"#,
            r#"{"Fn::FindInMap":["a","b","c",{"Default":1}]}"#,
            r#"{"Fn::FindInMap":["a","b","c","d"]}"#,
            r#"{"Fn::Cidr":["a"]}"#,
            r#"{"Fn::And":{}}"#,
            r#"{"Fn::Not":["a","b"]}"#,
            r#"{"Fn::Transform":[]}"#,
            r#"{"Fn::Unknown":[]}"#,
            r#"{"fn::join":["",[]]}"#,
            r#"{"Condition":"a"}"#,
            r#"{"Condition":{"StringEquals":{"a":"b"}}}"#,
        ] {
            let node = Node::from_json(text).unwrap();
            assert!(node.as_map().is_some(), "{text}");
            assert_eq!(node.to_json_compact(), text);
        }
    }

    #[test]
    fn functions_are_found_at_any_depth() {
        let text = r#"{"Fn::Not":[{"Fn::Or":[{"Condition":"a"},{"Fn::Equals":[{"Condition":"b"},{"Fn::If":["c",[{"Ref":"d"}],1]}]}]}]}"#;
        let node = Node::from_json(text).unwrap();
        let mut found = Vec::new();
        node.for_each_ref(&mut |name| found.push(name.as_str()));
        assert_eq!(found, ["a", "c", "d"]);
        assert_eq!(node.to_json_compact(), text);
        assert_eq!(Node::from_long_form(node.to_long_form()), node);
    }

    #[test]
    fn variables_of_sub_are_a_map_even_if_one_is_called_ref() {
        let text = r#"{"Fn::Sub":["${Ref}",{"Ref":"x"}]}"#;
        let node = Node::from_json(text).unwrap();
        assert!(
            matches!(node.as_intrinsic(), Some(Intrinsic::Sub { variables, .. }) if variables["Ref"] == "x".into())
        );
        assert_eq!(node.to_json_compact(), text);
    }
}
