//! What a reference in the tree points to: an element by its id, never by a rendered name, so that constructs can be
//! renamed and moved between stacks until the last moment.

use std::fmt;

/// An element of the tree.
///
/// It carries its app's number, so that a value that strays into another app is an error and not a wrong resource. The
/// number never reaches the output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    pub(crate) app: u32,
    pub(crate) index: u32,
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.app, self.index)
    }
}

/// What `Ref`, `Fn::GetAtt`, `Fn::Sub` and `Fn::If` can name while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A resource, a parameter or a condition.
    Element(NodeId),
    /// A pseudo parameter.
    Pseudo(Pseudo),
}

/// The pseudo parameters of CloudFormation.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pseudo {
    /// `AWS::AccountId`
    AccountId,
    /// `AWS::NotificationARNs`
    NotificationArns,
    /// `AWS::NoValue`
    NoValue,
    /// `AWS::Partition`
    Partition,
    /// `AWS::Region`
    Region,
    /// `AWS::StackId`
    StackId,
    /// `AWS::StackName`
    StackName,
    /// `AWS::URLSuffix`
    UrlSuffix,
}

impl Pseudo {
    /// The name in a template.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountId => "AWS::AccountId",
            Self::NotificationArns => "AWS::NotificationARNs",
            Self::NoValue => "AWS::NoValue",
            Self::Partition => "AWS::Partition",
            Self::Region => "AWS::Region",
            Self::StackId => "AWS::StackId",
            Self::StackName => "AWS::StackName",
            Self::UrlSuffix => "AWS::URLSuffix",
        }
    }
}

/// A value of the tree.
pub type Node = skysmith_template::Node<Reference>;

/// A map of the tree.
pub type Map = skysmith_template::Map<Reference>;

/// An intrinsic function in the tree.
pub type Intrinsic = skysmith_template::Intrinsic<Reference>;

/// A piece of `Fn::Sub` in the tree.
pub(crate) type SubPart = skysmith_template::SubPart<Reference>;
