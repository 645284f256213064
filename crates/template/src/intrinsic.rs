//! The intrinsic functions of CloudFormation, one variant each.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>
//! and, for the rule functions, <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>.

use crate::node::{Map, Node, map_entries};

/// A call of an intrinsic function.
///
/// A map that has the name of a function but not its shape is no `Intrinsic`: it stays a [`Node::Map`], so that it
/// survives unchanged and a check can point at it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Intrinsic<R = String> {
    /// `Ref`: a parameter, a pseudo parameter or a resource.
    Ref(R),
    /// `Fn::GetAtt`: an attribute of a resource. The attribute may itself be a `Ref`.
    GetAtt(R, Node<R>),
    /// `Fn::Sub`: text with references in it.
    Sub {
        /// The text, taken apart.
        parts: Vec<SubPart<R>>,
        /// The text's own variables; empty in the short form.
        variables: Map<R>,
    },
    /// `Fn::Join`.
    Join {
        /// What stands between two values.
        delimiter: String,
        /// A list, or something that yields one.
        values: Node<R>,
    },
    /// `Fn::Select`.
    Select {
        /// The index, from 0.
        index: Node<R>,
        /// A list, or something that yields one.
        values: Node<R>,
    },
    /// `Fn::Split`.
    Split {
        /// What to split at.
        delimiter: String,
        /// The text to split.
        source: Node<R>,
    },
    /// `Fn::Base64`.
    Base64(Node<R>),
    /// `Fn::Cidr`.
    Cidr {
        /// The block to divide.
        block: Node<R>,
        /// How many to make.
        count: Node<R>,
        /// Subnet bits of each, where given.
        bits: Option<Node<R>>,
    },
    /// `Fn::FindInMap`.
    FindInMap {
        /// The mapping's name.
        map: Node<R>,
        /// The first key.
        top: Node<R>,
        /// The second key.
        second: Node<R>,
        /// The value where the keys are not there (`DefaultValue`, language extensions).
        default: Option<Node<R>>,
    },
    /// `Fn::GetAZs`.
    GetAzs(Node<R>),
    /// `Fn::ImportValue`.
    ImportValue(Node<R>),
    /// `Fn::GetStackOutput`: an output of another stack, without an export.
    GetStackOutput(Map<R>),
    /// `Fn::Transform` as the only key of a map: a macro over this place of the template.
    Transform(Map<R>),
    /// `Fn::Length` (language extensions).
    Length(Node<R>),
    /// `Fn::ToJsonString` (language extensions).
    ToJsonString(Node<R>),
    /// `Fn::If`.
    If {
        /// The condition's name.
        condition: R,
        /// The value if it holds.
        then: Node<R>,
        /// The value if it does not.
        otherwise: Node<R>,
    },
    /// `Condition`: the value of another condition, inside a condition.
    Condition(R),
    /// `Fn::And`.
    And(Vec<Node<R>>),
    /// `Fn::Or`.
    Or(Vec<Node<R>>),
    /// `Fn::Not`.
    Not(Node<R>),
    /// `Fn::Equals`.
    Equals(Node<R>, Node<R>),
    /// `Fn::Contains` (rules).
    Contains(Node<R>, Node<R>),
    /// `Fn::EachMemberEquals` (rules).
    EachMemberEquals(Node<R>, Node<R>),
    /// `Fn::EachMemberIn` (rules).
    EachMemberIn(Node<R>, Node<R>),
    /// `Fn::RefAll` (rules).
    RefAll(Node<R>),
    /// `Fn::ValueOf` (rules).
    ValueOf(Node<R>, Node<R>),
    /// `Fn::ValueOfAll` (rules).
    ValueOfAll(Node<R>, Node<R>),
}

/// A piece of the text of `Fn::Sub`.
#[derive(Clone, Debug, PartialEq)]
pub enum SubPart<R = String> {
    /// Text that stands for itself, unescaped: `${!Name}` in the template is the literal `${Name}` here.
    Literal(String),
    /// `${Name}`.
    Ref(R),
    /// `${Name.Attribute}`.
    GetAtt(R, String),
    /// `${Name}` where the name is one of the call's own variables.
    Variable(String),
}

impl<R> Intrinsic<R> {
    /// The same call with every reference replaced by what `f` makes of it.
    pub fn map_refs<S>(&self, f: &mut impl FnMut(&R) -> S) -> Intrinsic<S> {
        match self {
            Self::Ref(target) => Intrinsic::Ref(f(target)),
            Self::GetAtt(target, attribute) => Intrinsic::GetAtt(f(target), attribute.map_refs(f)),
            Self::Sub { parts, variables } => Intrinsic::Sub {
                parts: parts
                    .iter()
                    .map(|part| match part {
                        SubPart::Literal(text) => SubPart::Literal(text.clone()),
                        SubPart::Ref(target) => SubPart::Ref(f(target)),
                        SubPart::GetAtt(target, attribute) => SubPart::GetAtt(f(target), attribute.clone()),
                        SubPart::Variable(name) => SubPart::Variable(name.clone()),
                    })
                    .collect(),
                variables: map_entries(variables, f),
            },
            Self::Join { delimiter, values } => {
                Intrinsic::Join { delimiter: delimiter.clone(), values: values.map_refs(f) }
            }
            Self::Select { index, values } => {
                Intrinsic::Select { index: index.map_refs(f), values: values.map_refs(f) }
            }
            Self::Split { delimiter, source } => {
                Intrinsic::Split { delimiter: delimiter.clone(), source: source.map_refs(f) }
            }
            Self::Base64(value) => Intrinsic::Base64(value.map_refs(f)),
            Self::Cidr { block, count, bits } => Intrinsic::Cidr {
                block: block.map_refs(f),
                count: count.map_refs(f),
                bits: bits.as_ref().map(|bits| bits.map_refs(f)),
            },
            Self::FindInMap { map, top, second, default } => Intrinsic::FindInMap {
                map: map.map_refs(f),
                top: top.map_refs(f),
                second: second.map_refs(f),
                default: default.as_ref().map(|default| default.map_refs(f)),
            },
            Self::GetAzs(region) => Intrinsic::GetAzs(region.map_refs(f)),
            Self::ImportValue(name) => Intrinsic::ImportValue(name.map_refs(f)),
            Self::GetStackOutput(arguments) => Intrinsic::GetStackOutput(map_entries(arguments, f)),
            Self::Transform(arguments) => Intrinsic::Transform(map_entries(arguments, f)),
            Self::Length(value) => Intrinsic::Length(value.map_refs(f)),
            Self::ToJsonString(value) => Intrinsic::ToJsonString(value.map_refs(f)),
            Self::If { condition, then, otherwise } => {
                Intrinsic::If { condition: f(condition), then: then.map_refs(f), otherwise: otherwise.map_refs(f) }
            }
            Self::Condition(condition) => Intrinsic::Condition(f(condition)),
            Self::And(terms) => Intrinsic::And(map_all(terms, f)),
            Self::Or(terms) => Intrinsic::Or(map_all(terms, f)),
            Self::Not(term) => Intrinsic::Not(term.map_refs(f)),
            Self::Equals(a, b) => Intrinsic::Equals(a.map_refs(f), b.map_refs(f)),
            Self::Contains(a, b) => Intrinsic::Contains(a.map_refs(f), b.map_refs(f)),
            Self::EachMemberEquals(a, b) => Intrinsic::EachMemberEquals(a.map_refs(f), b.map_refs(f)),
            Self::EachMemberIn(a, b) => Intrinsic::EachMemberIn(a.map_refs(f), b.map_refs(f)),
            Self::RefAll(kind) => Intrinsic::RefAll(kind.map_refs(f)),
            Self::ValueOf(a, b) => Intrinsic::ValueOf(a.map_refs(f), b.map_refs(f)),
            Self::ValueOfAll(a, b) => Intrinsic::ValueOfAll(a.map_refs(f), b.map_refs(f)),
        }
    }

    /// Calls `f` with every reference in this call, in the order they are written.
    pub fn for_each_ref<'a>(&'a self, f: &mut impl FnMut(&'a R)) {
        match self {
            Self::Ref(target) | Self::Condition(target) => f(target),
            Self::GetAtt(target, attribute) => {
                f(target);
                attribute.for_each_ref(f);
            }
            Self::Sub { parts, variables } => {
                for part in parts {
                    match part {
                        SubPart::Ref(target) | SubPart::GetAtt(target, _) => f(target),
                        SubPart::Literal(_) | SubPart::Variable(_) => {}
                    }
                }
                variables.values().for_each(|value| value.for_each_ref(f));
            }
            Self::If { condition, then, otherwise } => {
                f(condition);
                then.for_each_ref(f);
                otherwise.for_each_ref(f);
            }
            _ => self.for_each_argument(&mut |argument| argument.for_each_ref(f)),
        }
    }

    /// Calls `f` with every argument that is itself a value, in the order they are written. Names and literal
    /// delimiters are not values.
    pub fn for_each_argument<'a>(&'a self, f: &mut impl FnMut(&'a Node<R>)) {
        match self {
            Self::Ref(_) | Self::Condition(_) => {}
            Self::GetAtt(_, argument)
            | Self::Join { values: argument, .. }
            | Self::Split { source: argument, .. }
            | Self::Base64(argument)
            | Self::GetAzs(argument)
            | Self::ImportValue(argument)
            | Self::Length(argument)
            | Self::ToJsonString(argument)
            | Self::Not(argument)
            | Self::RefAll(argument) => f(argument),
            Self::Sub { variables: arguments, .. } | Self::GetStackOutput(arguments) | Self::Transform(arguments) => {
                arguments.values().for_each(f);
            }
            Self::Select { index: a, values: b }
            | Self::If { then: a, otherwise: b, .. }
            | Self::Equals(a, b)
            | Self::Contains(a, b)
            | Self::EachMemberEquals(a, b)
            | Self::EachMemberIn(a, b)
            | Self::ValueOf(a, b)
            | Self::ValueOfAll(a, b) => {
                f(a);
                f(b);
            }
            Self::Cidr { block, count, bits } => [block, count].into_iter().chain(bits).for_each(f),
            Self::FindInMap { map, top, second, default } => {
                [map, top, second].into_iter().chain(default).for_each(f);
            }
            Self::And(terms) | Self::Or(terms) => terms.iter().for_each(f),
        }
    }

    /// [`for_each_argument`](Self::for_each_argument), with the right to change them.
    pub fn for_each_argument_mut(&mut self, f: &mut impl FnMut(&mut Node<R>)) {
        match self {
            Self::Ref(_) | Self::Condition(_) => {}
            Self::GetAtt(_, argument)
            | Self::Join { values: argument, .. }
            | Self::Split { source: argument, .. }
            | Self::Base64(argument)
            | Self::GetAzs(argument)
            | Self::ImportValue(argument)
            | Self::Length(argument)
            | Self::ToJsonString(argument)
            | Self::Not(argument)
            | Self::RefAll(argument) => f(argument),
            Self::Sub { variables: arguments, .. } | Self::GetStackOutput(arguments) | Self::Transform(arguments) => {
                arguments.values_mut().for_each(f);
            }
            Self::Select { index: a, values: b }
            | Self::If { then: a, otherwise: b, .. }
            | Self::Equals(a, b)
            | Self::Contains(a, b)
            | Self::EachMemberEquals(a, b)
            | Self::EachMemberIn(a, b)
            | Self::ValueOf(a, b)
            | Self::ValueOfAll(a, b) => {
                f(a);
                f(b);
            }
            Self::Cidr { block, count, bits } => [block, count].into_iter().chain(bits).for_each(f),
            Self::FindInMap { map, top, second, default } => {
                [map, top, second].into_iter().chain(default).for_each(f);
            }
            Self::And(terms) | Self::Or(terms) => terms.iter_mut().for_each(f),
        }
    }
}

impl Intrinsic {
    /// Whether this is the `Ref` of `name`, for example of `AWS::NoValue`.
    pub fn is_ref_to(&self, name: &str) -> bool {
        matches!(self, Self::Ref(target) if target == name)
    }
}

fn map_all<R, S>(nodes: &[Node<R>], f: &mut impl FnMut(&R) -> S) -> Vec<Node<S>> {
    nodes.iter().map(|node| node.map_refs(f)).collect()
}
