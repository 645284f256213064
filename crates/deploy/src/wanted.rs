//! What a stack should become, and what can be told about that from the template alone.

use std::collections::{BTreeMap, BTreeSet};

use skysmith_assembly::Stack;
use skysmith_template::{Intrinsic, Node, SubPart, Template};

use crate::{DeployedStack, Error, Settings, StackStatus};

const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

/// The largest template that goes along with a call; a larger one goes through a bucket.
pub(crate) const INLINE_TEMPLATE_LIMIT: usize = 51_200;

/// A resource that exists already and shall become part of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedResource {
    /// Its logical id in the template.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What identifies it, such as `BucketName` and the name.
    pub identifier: BTreeMap<String, String>,
}

/// What a stack should become.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wanted {
    /// The stack, from the assembly.
    pub stack: Stack,
    /// Its template, as it is sent.
    pub body: String,
    /// The same, read.
    pub template: Template,
    /// Values for parameters, over those of the assembly.
    pub parameters: BTreeMap<String, String>,
    /// Tags, over those of the assembly.
    pub tags: BTreeMap<String, String>,
    /// Resources to take over; makes the change set an import.
    pub imports: Vec<ImportedResource>,
    /// The names of the app's other stacks in this account and region. An output that goes while only these read it is held until they no longer do;
    /// see [`Prepared`](crate::Prepared).
    pub followers: BTreeSet<String>,
    /// How CloudFormation should go about it.
    pub settings: Settings,
}

impl Wanted {
    /// Reads the stack's template.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(stack: Stack) -> Result<Self, Error> {
        let path = &stack.template_file;
        let body = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.clone(), source })?;
        Self::of(stack, body)
    }

    /// The stack with this template in the place of its file.
    pub(crate) fn of(stack: Stack, body: String) -> Result<Self, Error> {
        let path = &stack.template_file;
        let template = skysmith_template::read(&body)
            .map_err(|source| Error::Template { path: path.clone(), source: Box::new(source) })?
            .template;
        let (parameters, tags) = (stack.parameters.clone(), stack.tags.clone());
        Ok(Self {
            stack,
            body,
            template,
            parameters,
            tags,
            imports: Vec::new(),
            followers: BTreeSet::new(),
            settings: Settings::default(),
        })
    }

    /// The same with these values over the assembly's.
    #[must_use]
    pub fn with_parameters(mut self, parameters: impl IntoIterator<Item = (String, String)>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// The same with these tags over the assembly's.
    #[must_use]
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// The same with these settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Topics that get the stack's events; `None`: as before.
    pub(crate) fn notification_arns(&self) -> Option<&Vec<String>> {
        self.settings.notification_arns.as_ref().or(self.stack.notification_arns.as_ref())
    }

    /// What to send for each parameter, in the template's order.
    ///
    /// A value that is given is sent. Otherwise the deployed stack's value stays, unless that was the old template's default, which gives way to the new
    /// one. Otherwise the default applies.
    pub(crate) fn parameter_values(
        &self,
        deployed: Option<(&DeployedStack, &Template)>,
    ) -> Result<Vec<(String, ParameterValue)>, Error> {
        let stack = || self.stack.stack_name.clone();
        let unknown: Vec<String> =
            self.parameters.keys().filter(|name| self.template.parameter(name).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(Error::UnknownParameters { stack: stack(), parameters: unknown });
        }
        let (values, missing) = self.sent_values(deployed);
        if missing.is_empty() {
            Ok(values)
        } else {
            Err(Error::MissingParameters { stack: stack(), parameters: missing })
        }
    }

    /// The values that the template's parameters will have, by name, and the names of those that have none. One that is in neither has its default.
    #[must_use]
    pub fn effective_parameters(
        &self,
        deployed: Option<(&DeployedStack, &Template)>,
    ) -> (BTreeMap<String, String>, Vec<String>) {
        let (sent, missing) = self.sent_values(deployed);
        let value = |(name, value): (String, ParameterValue)| match value {
            ParameterValue::Given(text) => Some((name, text)),
            ParameterValue::Previous => {
                let before = deployed.and_then(|(stack, _)| stack.parameters.get(&name)).cloned();
                before.map(|text| (name, text))
            }
        };
        (sent.into_iter().filter_map(value).collect(), missing)
    }

    fn sent_values(
        &self,
        deployed: Option<(&DeployedStack, &Template)>,
    ) -> (Vec<(String, ParameterValue)>, Vec<String>) {
        let mut values = Vec::new();
        let mut missing = Vec::new();
        for parameter in self.template.parameters() {
            let name = parameter.name();
            let before = deployed.and_then(|(stack, template)| {
                let value = stack.parameters.get(name)?;
                let old = template.parameter(name)?;
                let was_default = old.default().is_some_and(|default| default_text(default).as_deref() == Some(value));
                // A masked value cannot be compared; it stays.
                Some(!was_default || old.is_no_echo())
            });
            if let Some(value) = self.parameters.get(name) {
                values.push((name.to_owned(), ParameterValue::Given(value.clone())));
            } else if before == Some(true) || (before.is_some() && parameter.default().is_none()) {
                values.push((name.to_owned(), ParameterValue::Previous));
            } else if parameter.default().is_none() {
                missing.push(name.to_owned());
            }
        }
        (values, missing)
    }

    /// Whether the stack is to be protected against deletion, if that is not as it should be.
    pub(crate) fn protection_to_set(&self, deployed: Option<&DeployedStack>) -> Option<bool> {
        self.stack
            .termination_protection
            .filter(|wanted| deployed.is_none_or(|stack| stack.termination_protection != *wanted))
    }

    /// What CloudFormation wants to have acknowledged: only what the template calls for.
    pub(crate) fn capabilities(&self) -> BTreeSet<&'static str> {
        capabilities(&self.template)
    }

    /// Whether deploying would change anything, as far as can be told without CloudFormation.
    pub(crate) fn compare(&self, deployed: &DeployedStack, template: &Template) -> Verdict {
        if !deployed.status.is_whole()
            || deployed.status == StackStatus::UpdateRollbackComplete
            || !self.imports.is_empty()
            || self.settings.import_existing
        {
            return Verdict::Undecided;
        }
        if *template != self.template || deployed.tags != self.tags {
            return Verdict::Changed;
        }
        let set = |arns: &[String]| arns.iter().cloned().collect::<BTreeSet<_>>();
        if let Some(wanted) = &self.settings.rollback_alarms
            && set(&wanted.alarms) != set(&deployed.rollback_alarms)
        {
            return Verdict::Changed;
        }
        if let Some(wanted) = self.notification_arns()
            && set(wanted) != set(&deployed.notification_arns)
        {
            return Verdict::Changed;
        }
        for (name, value) in &self.parameters {
            let secret = self.template.parameter(name).is_some_and(skysmith_template::Parameter::is_no_echo);
            if !secret && deployed.parameters.get(name) != Some(value) {
                return Verdict::Changed;
            }
        }
        if self.only_cloudformation_can_tell() { Verdict::Undecided } else { Verdict::Same }
    }

    /// Whether the same template and parameters can come out differently the next time.
    fn only_cloudformation_can_tell(&self) -> bool {
        let by_parameters = self.template.parameters().any(|parameter| {
            let ssm = parameter.parameter_type().is_some_and(|kind| kind.starts_with("AWS::SSM::"));
            ssm || (parameter.is_no_echo() && self.parameters.contains_key(parameter.name()))
        });
        // A nested stack's template may have changed behind the same URL.
        let by_nesting = self.template.resources().any(|resource| resource.resource_type() == Some(NESTED_STACK));
        by_parameters
            || has_macros(&self.template)
            || by_nesting
            || self.parameters.values().any(|value| value.contains("{{resolve:"))
            || self.template.root().values().any(is_dynamic)
    }
}

/// What is sent for one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParameterValue {
    Given(String),
    Previous,
}

/// What a comparison without CloudFormation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Deploying would do nothing.
    Same,
    /// Something is different.
    Changed,
    /// A change set must tell.
    Undecided,
}

fn default_text(default: &Node) -> Option<String> {
    match default {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.as_str().to_owned()),
        Node::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Whether macros run over the whole template whose result is not known. `AWS::LanguageExtensions` is a function of the template alone; any other may be
/// anything.
pub(crate) fn has_macros(template: &Template) -> bool {
    let names = template.transforms();
    template.root().contains_key("Transform")
        && (names.is_empty() || names.iter().any(|name| *name != "AWS::LanguageExtensions"))
}

/// Whether the node, or anything in it, is resolved from outside the stack at deploy time.
fn is_dynamic(node: &Node) -> bool {
    let resolves = |text: &str| text.contains("{{resolve:");
    let mut found = false;
    // A reference may be put together from parts, but its beginning is in one of them.
    node.for_each_node(&mut |node| {
        found |= match node {
            Node::String(text) => resolves(text),
            Node::Map(map) => map.keys().any(|key| key == "Fn::Transform" || key == "Fn::GetStackOutput"),
            Node::Intrinsic(intrinsic) => match &**intrinsic {
                Intrinsic::GetStackOutput(_) | Intrinsic::Transform(_) => true,
                Intrinsic::Sub { parts, .. } => {
                    parts.iter().any(|part| matches!(part, SubPart::Literal(text) if resolves(text)))
                }
                _ => false,
            },
            _ => false,
        };
    });
    found
}

/// IAM resource types that ask for an acknowledgement, and the property that gives each a name of one's own.
const IAM_TYPES: [(&str, &str); 7] = [
    ("AWS::IAM::AccessKey", ""),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Policy", ""),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
];

/// [What must be acknowledged](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html): IAM resources, and macros,
/// whose result nobody has seen and which may hold IAM resources too. Nested stacks may hold anything.
pub(crate) fn capabilities(template: &Template) -> BTreeSet<&'static str> {
    let mut needed = BTreeSet::new();
    let loops = template.loops("Resources").flat_map(|entry| entry.resources().collect::<Vec<_>>());
    for resource in template.resources().chain(loops) {
        let Some(kind) = resource.resource_type() else { continue };
        if let Some((_, name)) = IAM_TYPES.iter().find(|(iam, _)| *iam == kind) {
            let named = !name.is_empty() && resource.property(name).is_some();
            needed.insert(if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" });
        } else if kind.starts_with("AWS::IAM::") {
            needed.insert("CAPABILITY_NAMED_IAM");
        } else if kind == NESTED_STACK || kind.ends_with("::MODULE") {
            needed.extend(["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]);
        }
    }
    if template.root().contains_key("Transform") || template.root().values().any(has_transform) {
        needed.insert("CAPABILITY_AUTO_EXPAND");
        if template.transforms().iter().any(|name| *name != "AWS::LanguageExtensions") {
            needed.insert("CAPABILITY_NAMED_IAM");
        }
    }
    // The one includes the other.
    if needed.contains("CAPABILITY_NAMED_IAM") {
        needed.remove("CAPABILITY_IAM");
    }
    needed
}

fn has_transform(node: &Node) -> bool {
    let mut found = false;
    node.for_each_node(&mut |node| {
        found |= match node {
            Node::Map(map) => map.contains_key("Fn::Transform"),
            Node::Intrinsic(intrinsic) => matches!(&**intrinsic, Intrinsic::Transform(_)),
            _ => false,
        };
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RollbackAlarms;

    fn wanted(text: &str) -> Wanted {
        let template = skysmith_template::read(text).unwrap().template;
        Wanted {
            stack: Stack::plain("s", "s.json"),
            body: text.to_owned(),
            template,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            imports: Vec::new(),
            followers: BTreeSet::new(),
            settings: Settings::default(),
        }
    }

    fn deployed(status: &str, parameters: &[(&str, &str)]) -> DeployedStack {
        DeployedStack {
            stack_id: "arn:s".into(),
            stack_name: "s".into(),
            status: StackStatus::parse(status),
            status_reason: None,
            parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            tags: BTreeMap::new(),
            notification_arns: Vec::new(),
            rollback_alarms: Vec::new(),
            termination_protection: false,
            outputs: Vec::new(),
            last_change: None,
        }
    }

    const PLAIN: &str = r#"{"Parameters":{"P":{"Type":"String","Default":"d"}},"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":{"Fn::GetAtt":["X","Y"]}}}}}"#;

    fn verdict(new: &str, old: &str) -> Verdict {
        wanted(new).compare(&deployed("CREATE_COMPLETE", &[("P", "d")]), &wanted(old).template)
    }

    #[test]
    fn the_same_by_meaning_is_the_same() {
        assert_eq!(verdict(PLAIN, PLAIN), Verdict::Same);
        let yaml = "Resources:\n  T:\n    Properties: {TopicName: !GetAtt X.Y}\n    Type: AWS::SNS::Topic\nParameters:\n  P: {Default: d, Type: String}\n";
        assert_eq!(verdict(PLAIN, yaml), Verdict::Same);
        assert_eq!(verdict(&PLAIN.replace("\"Y\"", "\"Z\""), PLAIN), Verdict::Changed);
    }

    #[test]
    fn parameters_tags_topics_and_the_status_count() {
        let template = wanted(PLAIN).template;
        let with = |value: &str| wanted(PLAIN).with_parameters([("P".to_owned(), value.to_owned())]);
        assert_eq!(with("d").compare(&deployed("UPDATE_COMPLETE", &[("P", "d")]), &template), Verdict::Same);
        assert_eq!(with("e").compare(&deployed("UPDATE_COMPLETE", &[("P", "d")]), &template), Verdict::Changed);
        assert_eq!(
            with("{{resolve:ssm:x}}").compare(&deployed("UPDATE_COMPLETE", &[("P", "{{resolve:ssm:x}}")]), &template),
            Verdict::Undecided
        );
        let tagged = wanted(PLAIN).with_tags([("a".to_owned(), "b".to_owned())]);
        assert_eq!(tagged.compare(&deployed("UPDATE_COMPLETE", &[]), &template), Verdict::Changed);
        let mut notified = wanted(PLAIN);
        notified.stack.notification_arns = Some(vec!["arn:t".into()]);
        assert_eq!(notified.compare(&deployed("UPDATE_COMPLETE", &[]), &template), Verdict::Changed);
        let mut alarmed = wanted(PLAIN);
        alarmed.settings.rollback_alarms = Some(RollbackAlarms { alarms: vec!["arn:a".into()], minutes: 5 });
        assert_eq!(alarmed.compare(&deployed("UPDATE_COMPLETE", &[]), &template), Verdict::Changed);
        for status in ["UPDATE_FAILED", "CREATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "NEW_STATUS"] {
            assert_eq!(wanted(PLAIN).compare(&deployed(status, &[]), &template), Verdict::Undecided, "{status}");
        }
    }

    #[test]
    fn what_only_cloudformation_can_tell_is_left_to_it() {
        for text in [
            r#"{"Parameters":{"P":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/a"}},"Resources":{}}"#,
            r#"{"Resources":{"T":{"Type":"A","Properties":{"X":"{{resolve:ssm:/a}}"}}}}"#,
            r#"{"Resources":{"T":{"Type":"A","Properties":{"X":{"Fn::Sub":"{{resolve:ssm:/${AWS::Region}}}"}}}}}"#,
            r#"{"Resources":{"T":{"Type":"A","Properties":{"X":{"Fn::Join":["",["{{resolve:ssm:",{"Ref":"P"},"}}"]]}}}}}"#,
            r#"{"Resources":{"T":{"Type":"A","Properties":{"X":{"Fn::GetStackOutput":{"StackName":"a","OutputName":"b"}}}}}}"#,
            r#"{"Resources":{"T":{"Type":"A","Properties":{"X":{"Fn::Transform":{"Name":"M"}}}}}}"#,
            r#"{"Resources":{"T":{"Type":"A","Properties":{"Fn::Transform":{"Name":"M"},"Y":1}}}}"#,
            r#"{"Transform":"AWS::Serverless-2016-10-31","Resources":{}}"#,
            r#"{"Transform":["AWS::LanguageExtensions","Mine"],"Resources":{}}"#,
            r#"{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack"}}}"#,
        ] {
            assert_eq!(verdict(text, text), Verdict::Undecided, "{text}");
        }
        assert_eq!(
            verdict(
                r#"{"Transform":"AWS::LanguageExtensions","Resources":{}}"#,
                r#"{"Transform":"AWS::LanguageExtensions","Resources":{}}"#
            ),
            Verdict::Same
        );
        let secret = r#"{"Parameters":{"P":{"Type":"String","NoEcho":true}},"Resources":{}}"#;
        let given = wanted(secret).with_parameters([("P".to_owned(), "x".to_owned())]);
        assert_eq!(given.compare(&deployed("CREATE_COMPLETE", &[("P", "****")]), &given.template), Verdict::Undecided);
        assert_eq!(verdict(secret, secret), Verdict::Same);
    }

    #[test]
    fn values_of_parameters() {
        let text = r#"{"Parameters":{"Given":{"Type":"String"},"Kept":{"Type":"String"},"Defaulted":{"Type":"Number","Default":3},"New":{"Type":"String","Default":"n"},
            "Secret":{"Type":"String","NoEcho":true,"Default":"s"},"Lost":{"Type":"String"}},"Resources":{}}"#;
        let old = wanted(&text.replace(":3", ":2").replace(r#""New":{"Type":"String","Default":"n"},"#, ""));
        let new = wanted(text).with_parameters([("Given".to_owned(), "g".to_owned())]);
        let before = deployed(
            "CREATE_COMPLETE",
            &[("Given", "o"), ("Kept", "k"), ("Defaulted", "2"), ("Secret", "****"), ("Lost", "l")],
        );
        let values = new.parameter_values(Some((&before, &old.template))).unwrap();
        let seen: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let expected = [
            ("Given", ParameterValue::Given("g".into())),
            ("Kept", ParameterValue::Previous),
            // "Defaulted" had the old default, so the new one applies.
            ("Secret", ParameterValue::Previous),
            ("Lost", ParameterValue::Previous),
        ];
        assert_eq!(seen, expected);
        let Err(Error::MissingParameters { parameters, .. }) = new.parameter_values(None) else { panic!() };
        assert_eq!(parameters, ["Kept", "Lost"]);
        let typo = wanted(text).with_parameters([("Givn".to_owned(), "g".to_owned())]);
        assert!(matches!(typo.parameter_values(None), Err(Error::UnknownParameters { .. })));
    }

    #[test]
    fn only_the_needed_capabilities() {
        for (resources, expected) in [
            (r#""Q":{"Type":"AWS::SQS::Queue"}"#, vec![]),
            (r#""R":{"Type":"AWS::IAM::Role"}"#, vec!["CAPABILITY_IAM"]),
            (
                r#""R":{"Type":"AWS::IAM::Role"},"P":{"Type":"AWS::IAM::Policy","Properties":{"PolicyName":"p"}}"#,
                vec!["CAPABILITY_IAM"],
            ),
            (r#""R":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"r"}}"#, vec!["CAPABILITY_NAMED_IAM"]),
            (r#""R":{"Type":"AWS::IAM::RolePolicy"}"#, vec!["CAPABILITY_NAMED_IAM"]),
            (r#""N":{"Type":"AWS::CloudFormation::Stack"}"#, vec!["CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM"]),
            (
                r#""Q":{"Type":"AWS::SQS::Queue","Properties":{"X":{"Fn::Transform":{"Name":"AWS::Include"}}}}"#,
                vec!["CAPABILITY_AUTO_EXPAND"],
            ),
        ] {
            let needed: Vec<_> =
                wanted(&format!(r#"{{"Resources":{{{resources}}}}}"#)).capabilities().into_iter().collect();
            assert_eq!(needed, expected, "{resources}");
        }
        let sam = wanted(r#"{"Transform":"AWS::Serverless-2016-10-31","Resources":{}}"#);
        assert_eq!(
            sam.capabilities().into_iter().collect::<Vec<_>>(),
            ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM"]
        );
        let extensions = wanted(r#"{"Transform":"AWS::LanguageExtensions","Resources":{}}"#);
        assert_eq!(extensions.capabilities().into_iter().collect::<Vec<_>>(), ["CAPABILITY_AUTO_EXPAND"]);
    }
}
