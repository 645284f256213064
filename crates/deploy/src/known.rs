//! The texts that a template's values have where its stack is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use skysmith_assembly::Placeholders;
use skysmith_diff::Known;
use skysmith_template::Template;

use crate::Session;
use crate::session::url_suffix;

impl Session {
    /// What is known of a template of a stack in this session's account and region, with the effective values of its parameters.
    #[must_use]
    pub fn known<'a>(&self, template: &'a Template, parameters: &BTreeMap<String, String>) -> Known<'a> {
        Known::new(template, Cow::Owned(self.with_place(parameters)))
    }

    /// The values of parameters with those of the pseudo parameters that follow from this session's account and region.
    #[must_use]
    pub fn with_place(&self, parameters: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        with_place(parameters, &self.placeholders())
    }
}

/// The values with those of the pseudo parameters that follow from the place.
pub(crate) fn with_place(parameters: &BTreeMap<String, String>, place: &Placeholders) -> BTreeMap<String, String> {
    let pseudo = [
        ("AWS::AccountId", place.account.as_str()),
        ("AWS::Partition", &place.partition),
        ("AWS::Region", &place.region),
        ("AWS::URLSuffix", url_suffix(&place.partition)),
    ];
    let pseudo = pseudo.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    pseudo.chain(parameters.clone()).collect()
}
