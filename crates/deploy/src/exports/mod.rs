//! Outputs that other stacks read, and what is to be done before they go.
//!
//! CloudFormation refuses an update that removes an export which another stack imports, after minutes and with a rollback; and it lets an output go that
//! another stack reads by `Fn::GetStackOutput`, whose next update then fails. So both are looked for before anything is sent. Where the readers are stacks
//! of the same app, which will let go of it in the same run, the output is held: the stack is first deployed with it, then the readers, then the stack as
//! it is wanted. Where they are not, the deployment is refused, with their names.
//!
//! What goes and what holding it takes is decided by pure functions here; `readers` asks CloudFormation.

mod hold;
mod moving;
mod readers;

use std::fmt;

use skysmith_assembly::Placeholders;
use skysmith_template::{Intrinsic, Node, Output as TemplateOutput, SubPart, Template};

use crate::{DeployedStack, Output};

pub(crate) use hold::hold;

/// An output that a template no longer has, and that other stacks still read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOutput {
    /// The output's name in the template that is deployed.
    pub output: String,
    /// The name under which it is exported, if it is.
    pub export_name: Option<String>,
    /// The names of the stacks that read it, in order.
    pub readers: Vec<String>,
}

impl fmt::Display for ReadOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.export_name {
            Some(name) => write!(f, "export `{name}`")?,
            None => write!(f, "output `{}`", self.output)?,
        }
        write!(f, ", read by {}", self.readers.join(", "))
    }
}

/// How an output of a deployed stack would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaving {
    /// There is no output of this name any more.
    pub(crate) output: bool,
    /// Nothing is exported under its name any more.
    pub(crate) export: bool,
}

/// The outputs of a deployed stack that the new template lets go of.
pub(crate) fn leaving<'a>(
    deployed: &'a DeployedStack,
    old: &Template,
    new: &Template,
    here: &Placeholders,
) -> Vec<(&'a Output, Leaving)> {
    let gone = |output: &Output| Leaving {
        output: new.output(&output.name).is_none(),
        export: output.export_name.as_deref().is_some_and(|name| {
            let old_name = old.output(&output.name).and_then(TemplateOutput::export_name);
            !new.outputs().filter_map(TemplateOutput::export_name).any(|node| {
                // A name that only CloudFormation can work out may be this one: then it decides.
                Some(node) == old_name || static_text(node, &deployed.stack_name, here).is_none_or(|text| text == name)
            })
        }),
    };
    deployed
        .outputs
        .iter()
        .map(|output| (output, gone(output)))
        .filter(|(_, gone)| gone.output || gone.export)
        .collect()
}

/// A text that needs nothing but the pseudo parameters.
fn static_text(node: &Node, stack: &str, here: &Placeholders) -> Option<String> {
    let pseudo = |name: &str| match name {
        "AWS::StackName" => Some(stack.to_owned()),
        "AWS::Region" => Some(here.region.clone()),
        "AWS::AccountId" => Some(here.account.clone()),
        "AWS::Partition" => Some(here.partition.clone()),
        _ => None,
    };
    match node {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.to_string()),
        Node::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(name) => pseudo(name),
            Intrinsic::Sub { parts, variables } => parts
                .iter()
                .map(|part| match part {
                    SubPart::Literal(text) => Some(text.clone()),
                    SubPart::Ref(name) => pseudo(name),
                    SubPart::Variable(name) => static_text(variables.get(name)?, stack, here),
                    SubPart::GetAtt(..) => None,
                })
                .collect(),
            Intrinsic::Join { delimiter, values } => {
                let parts: Option<Vec<String>> =
                    values.as_list()?.iter().map(|value| static_text(value, stack, here)).collect();
                Some(parts?.join(delimiter))
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::StackStatus;

    fn template(outputs: &str) -> Template {
        skysmith_template::read(&format!(r#"{{"Resources":{{}},"Outputs":{{{outputs}}}}}"#)).unwrap().template
    }

    fn going(old: &str, new: &str) -> Vec<(String, bool, bool)> {
        let output = |name: &str, export: Option<&str>| Output {
            name: name.into(),
            value: "v".into(),
            description: None,
            export_name: export.map(str::to_owned),
        };
        let deployed = DeployedStack {
            stack_id: "arn:s".into(),
            stack_name: "s".into(),
            status: StackStatus::CreateComplete,
            status_reason: None,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            notification_arns: Vec::new(),
            rollback_alarms: Vec::new(),
            termination_protection: false,
            outputs: vec![output("A", Some("s:a")), output("B", None)],
            last_change: None,
        };
        let here = Placeholders { account: "1".into(), region: "r".into(), partition: "aws".into() };
        leaving(&deployed, &template(old), &template(new), &here)
            .into_iter()
            .map(|(output, gone)| (output.name.clone(), gone.output, gone.export))
            .collect()
    }

    #[test]
    fn what_goes() {
        let old = r#""A":{"Value":1,"Export":{"Name":{"Fn::Sub":"${AWS::StackName}:a"}}},"B":{"Value":2}"#;
        let gone = |name: &str, output, export| (name.to_owned(), output, export);
        assert_eq!(going(old, old), []);
        assert_eq!(going(old, ""), [gone("A", true, true), gone("B", true, false)]);
        // Under another output, and written in another way.
        let moved = r#""C":{"Value":1,"Export":{"Name":"s:a"}},"B":{"Value":2}"#;
        assert_eq!(going(old, moved), [gone("A", true, false)]);
        let joined =
            r#""A":{"Value":1,"Export":{"Name":{"Fn::Join":[":",[{"Ref":"AWS::StackName"},"a"]]}}},"B":{"Value":2}"#;
        assert_eq!(going(old, joined), []);
        let renamed = r#""A":{"Value":1,"Export":{"Name":"s:b"}},"B":{"Value":2}"#;
        assert_eq!(going(old, renamed), [gone("A", false, true)]);
        // Only CloudFormation knows what this is.
        let unknown = r#""A":{"Value":1,"Export":{"Name":{"Ref":"P"}}},"B":{"Value":2}"#;
        assert_eq!(going(old, unknown), []);
    }
}
