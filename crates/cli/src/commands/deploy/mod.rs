//! `skysmith deploy`: shows what would happen, guards, asks, carries it out.

mod one;
mod outputs_file;
mod tally;
mod wanted;

use crate::aws::Aws;
use crate::check;
use crate::cli::Deploy;
use crate::error::{Done, Failure};
use crate::names::Names;
use crate::output::outputs::{self, Outputs};
use crate::select;
use crate::session::Session;

use one::One;
pub use one::headline;

/// Deploys the stacks and those they depend on, one after the other. Outputs of what was deployed are shown and written even if a later stack fails.
pub fn run(session: &Session, flags: &Deploy) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    let asks = !flags.yes && !session.globals.local;
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a deploy asks before it changes anything, and there is no terminal to ask on")
            .hint("pass --yes; what would lose data is refused even then, unless --allow-data-loss is given"));
    }
    if let Some(file) = &flags.outputs_file {
        outputs_file::check(file)?;
    }
    let loaded = session.load()?;
    let chosen = select::selected(&loaded.stacks, &flags.stacks, "deploy")?;
    let stacks = select::with_dependencies(&loaded.stacks, &chosen)?;
    check::require(session, &loaded, &stacks)?;
    if stacks.len() > chosen.len() {
        let names: Vec<&str> = stacks.iter().map(|stack| stack.display_name.as_str()).collect();
        ui.say(&format!("in this order, since they depend on each other: {}\n", names.join(", ")));
    }
    let wanted = wanted::read(session, &stacks, &flags.parameters)?;
    let aws = Aws::connect(session)?;
    let _live = ui.can_be_live().then(|| ui.live.start());
    let mut done: Outputs = Vec::new();
    let mut failure = None;
    for wanted in wanted {
        let one = One { session, flags, aws: &aws, names: Names::of(&wanted.stack), stack: &wanted.stack, asks };
        match aws.run(one.deploy(&wanted)) {
            Ok(Some(deployed)) => {
                let outputs = super::outputs::shown(&aws, deployed.outputs);
                done.push((wanted.stack.display_name.clone(), outputs));
            }
            Ok(None) => {
                failure = Some(Ok(Done::Negative));
                break;
            }
            Err(error) => {
                failure = Some(Err(error));
                break;
            }
        }
    }
    if let Some(file) = &flags.outputs_file {
        outputs_file::write(file, &done, &stacks)?;
    }
    if !ui.is_json() {
        ui.result(&outputs::text(&done))?;
    }
    failure.unwrap_or(Ok(Done::Ok))
}
