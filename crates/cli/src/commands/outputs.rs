//! `skysmith outputs`: the outputs of deployed stacks.

use crate::aws::Aws;
use crate::cli::Stacks;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::output::outputs::{self, Outputs, Shown};
use crate::select;
use crate::session::Session;

/// Prints them; all stacks without a name, since nothing is changed.
pub fn run(session: &Session, flags: &Stacks) -> Result<Done, Failure> {
    let loaded = session.load()?;
    let stacks = select::named(&loaded.stacks, &flags.names)?;
    let aws = Aws::connect(session)?;
    let mut found: Outputs = Vec::new();
    let mut missing = Vec::new();
    for stack in stacks {
        let deployed = aws.run(async {
            let session_of_stack = aws.for_reading(session, stack).await?;
            session_of_stack.stack(&stack.stack_name).await.map_err(|error| worded(session, error))
        })?;
        match deployed.filter(|deployed| super::is_deployed(&deployed.status)) {
            Some(deployed) => found.push((stack.display_name.clone(), shown(&aws, deployed.outputs))),
            None => missing.push(stack.display_name.as_str()),
        }
    }
    if found.is_empty() {
        return Err(Failure::failed(format!("not deployed: {}", missing.join(", ")))
            .hint(session.globals.next_command(&format!("deploy {}", missing.join(" ")))));
    }
    if !missing.is_empty() {
        session.ui.say(&format!("not deployed: {}\n", missing.join(", ")));
    }
    if session.ui.is_json() {
        session.ui.json(&outputs::json(&found))?;
    } else {
        session.ui.result(&outputs::text(&found))?;
    }
    Ok(Done::Ok)
}

/// Outputs with the local addresses that stand for them.
pub fn shown(aws: &Aws, outputs: Vec<skysmith_deploy::Output>) -> Vec<Shown> {
    outputs.into_iter().map(|output| Shown { local_url: aws.local_url(&output.value), output }).collect()
}
