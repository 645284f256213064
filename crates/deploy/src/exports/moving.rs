//! Exports whose value would change while other stacks import it, which CloudFormation refuses half-way through an update.

use skysmith_template::{Output, Template};

use super::ReadOutput;
use crate::{Change, DeployedStack, Error, Plan, Replacement, Session};

/// The exported outputs, by name, that are about a resource that certainly becomes another one.
fn moving<'a>(new: &'a Template, changes: &[Change]) -> Vec<&'a str> {
    let replaced =
        |id: &str| changes.iter().any(|change| change.logical_id == id && change.replacement == Replacement::Always);
    let is_about_replaced = |output: Output<'_>| {
        let mut found = false;
        if let Some(value) = output.value() {
            value.for_each_ref(&mut |name| found = found || replaced(name));
        }
        found
    };
    new.outputs()
        .filter(|output| output.export_name().is_some() && is_about_replaced(*output))
        .map(Output::name)
        .collect()
}

impl Session {
    /// Refuses a plan that changes the value of an export which other stacks import. Costs no call unless a resource behind an export is replaced.
    pub(crate) async fn require_steady_exports(&self, deployed: &DeployedStack, plan: &Plan) -> Result<(), Error> {
        let mut read = Vec::new();
        for name in moving(&plan.new_template, &plan.changes) {
            let Some(output) = deployed.outputs.iter().find(|output| output.name == name) else { continue };
            let Some(export) = &output.export_name else { continue };
            let readers = self.importers(export).await?;
            if !readers.is_empty() {
                read.push(ReadOutput { output: name.to_owned(), export_name: Some(export.clone()), readers });
            }
        }
        if read.is_empty() {
            return Ok(());
        }
        Err(Error::ExportsWouldChange { stack: plan.stack_name.clone(), outputs: read })
    }
}
