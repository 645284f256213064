//! Which stacks read an output.

use std::collections::BTreeSet;

use skysmith_template::{Intrinsic, Node, Template};

use super::{ReadOutput, hold, leaving};
use crate::{DeployedStack, Error, Session, Wanted};

impl Session {
    /// The outputs that have to be held, since stacks of the same app still read them.
    ///
    /// Costs no call unless outputs go: one for each export that does, and one for each of the app's stacks if any output does.
    pub(crate) async fn outputs_to_hold(
        &self,
        wanted: &Wanted,
        deployed: &DeployedStack,
        old: &Template,
    ) -> Result<Vec<ReadOutput>, Error> {
        let leaving = leaving(deployed, old, &wanted.template, &self.placeholders());
        if leaving.is_empty() {
            return Ok(Vec::new());
        }
        let mut templates = Vec::new();
        if leaving.iter().any(|(_, gone)| gone.output) {
            for follower in &wanted.followers {
                templates.extend(self.template(follower).await?.map(|template| (follower, template)));
            }
        }
        let mut read = Vec::new();
        for (output, gone) in leaving {
            let mut readers = BTreeSet::new();
            if let Some(name) = output.export_name.as_deref().filter(|_| gone.export) {
                readers.extend(self.importers(name).await?);
            }
            if gone.output {
                let reads = |template: &Template| {
                    template.root().values().any(|node| reads(node, &deployed.stack_name, &output.name))
                };
                readers
                    .extend(templates.iter().filter(|(_, template)| reads(template)).map(|(name, _)| (*name).clone()));
            }
            if !readers.is_empty() {
                read.push(ReadOutput {
                    output: output.name.clone(),
                    export_name: output.export_name.clone(),
                    readers: readers.into_iter().collect(),
                });
            }
        }
        if read.iter().flat_map(|output| &output.readers).all(|reader| wanted.followers.contains(reader)) {
            Ok(read)
        } else {
            Err(Error::OutputsInUse { stack: deployed.stack_name.clone(), outputs: read })
        }
    }

    /// The names of the stacks that import this export, in this account and region.
    ///
    /// # Errors
    /// A call fails.
    pub async fn importers(&self, export_name: &str) -> Result<Vec<String>, Error> {
        let mut pages = self.cloudformation.list_imports().export_name(export_name).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(name) = pages.next().await {
            match name.map_err(|error| Error::from_sdk("ListImports", &error)) {
                Ok(name) => names.push(name),
                // An error, in CloudFormation's eyes.
                Err(Error::Service(error)) if error.message.contains("is not imported by any stack") => break,
                Err(error) => return Err(error),
            }
        }
        Ok(names)
    }
}

impl Wanted {
    /// The same with these outputs of the deployed template, and what they need.
    pub(crate) fn holding(&self, old: &Template, outputs: &[ReadOutput]) -> Self {
        let template = hold(&self.template, old, outputs);
        let mut held = Self { body: template.to_json(), template, ..self.clone() };
        // What has been published is the template as it is wanted.
        held.stack.template_asset_url = None;
        held
    }
}

/// Whether something reads this output of this stack by `Fn::GetStackOutput`.
fn reads(node: &Node, stack: &str, output: &str) -> bool {
    let mut found = false;
    node.for_each_node(&mut |node| {
        if let Some(Intrinsic::GetStackOutput(arguments)) = node.as_intrinsic() {
            let says = |key: &str, text: &str| arguments.get(key).and_then(Node::as_str) == Some(text);
            found |= says("StackName", stack) && says("OutputName", output);
        }
    });
    found
}

#[cfg(test)]
mod tests {

    #[test]
    fn weak_references_are_found_wherever_they_stand() {
        let template = skysmith_template::read(
            r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":{"Fn::Join":["-",["a",{"Fn::GetStackOutput":{"StackName":"s","OutputName":"O"}}]]}}}}}"#,
        )
        .unwrap()
        .template;
        let reads = |stack, output| template.root().values().any(|node| super::reads(node, stack, output));
        assert!(reads("s", "O"));
        assert!(!reads("s", "P"));
        assert!(!reads("t", "O"));
    }
}
