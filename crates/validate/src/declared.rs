//! What a template declares, so that references can be looked up.

use skysmith_template::{Map, Template};

/// The pseudo parameters.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// The sections of a template by what is looked up in them.
pub(crate) struct Declared<'t> {
    template: &'t Template,
    /// A macro over the whole template may add anything.
    generates: bool,
    unknown_macro: bool,
}

impl<'t> Declared<'t> {
    pub(crate) fn new(template: &'t Template) -> Self {
        let transforms = template.transforms();
        let generates = transforms
            .iter()
            .any(|name| !matches!(*name, "AWS::LanguageExtensions" | "AWS::SecretsManager-2020-07-23"))
            || template.root().contains_key("Fn::Transform")
            || template.root().get("Transform").is_some_and(|it| {
                it.as_str().is_none() && it.as_list().is_none_or(|it| it.iter().any(|it| it.as_str().is_none()))
            });
        let unknown_macro = transforms.iter().any(|name| !name.starts_with("AWS::"));
        Self { template, generates, unknown_macro }
    }

    /// Whether a macro of the user's runs over the template: then nothing is known of what CloudFormation will see.
    pub(crate) fn has_unknown_macro(&self) -> bool {
        self.unknown_macro
    }

    /// Whether a macro may add anything anywhere.
    pub(crate) fn generates(&self) -> bool {
        self.generates
    }

    /// Whether a section may come to have entries that are not written in it.
    pub(crate) fn is_open(&self, section: &str) -> bool {
        self.generates || self.section(section).is_some_and(|map| map.keys().any(|key| key.starts_with("Fn::")))
    }

    pub(crate) fn section(&self, name: &str) -> Option<&'t Map> {
        self.template.section(name)
    }

    pub(crate) fn has(&self, section: &str, name: &str) -> bool {
        self.section(section).is_some_and(|map| map.contains_key(name))
    }

    pub(crate) fn names(&self, section: &str) -> impl Iterator<Item = &'t str> {
        self.section(section).into_iter().flat_map(Map::keys).map(String::as_str)
    }

    pub(crate) fn is_pseudo_parameter(name: &str) -> bool {
        PSEUDO_PARAMETERS.contains(&name)
    }

    pub(crate) fn pseudo_parameters<'a>() -> impl Iterator<Item = &'a str> {
        PSEUDO_PARAMETERS.iter().copied()
    }
}
