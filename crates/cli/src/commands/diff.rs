//! `skysmith diff`: what a deploy would do.

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_diff::TemplateDiff;
use skysmith_template::Template;

use crate::app;
use crate::aws::Aws;
use crate::check;
use crate::cli::Diff;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::names::Names;
use crate::output::{diff, style};
use crate::select;
use crate::session::Session;

use super::deploy::headline;

/// Compares the chosen stacks with what is deployed, or one of them with a file.
pub fn run(session: &Session, flags: &Diff) -> Result<Done, Failure> {
    let ui = &session.ui;
    let loaded = session.load()?;
    let stacks = match &flags.template {
        Some(_) => vec![select::one(&loaded.stacks, &flags.stacks.names)?],
        None => select::named(&loaded.stacks, &flags.stacks.names)?,
    };
    check::require(session, &loaded, &stacks)?;
    // Without an AWS of its own, a comparison with a file needs none.
    let aws = if flags.template.is_none() { Some(Aws::connect(session)?) } else { None };
    let mut differ = 0;
    let mut documents = Vec::new();
    for stack in stacks {
        let before = match (&flags.template, &aws) {
            (Some(file), _) => {
                Before { headline: stack.display_name.clone(), deployed: Some(app::template_file(file)?.template) }
            }
            (None, Some(aws)) => aws.run(deployed(session, aws, stack))?,
            (None, None) => return Err(Failure::failed("there is nothing to compare with")),
        };
        let after = app::template(stack)?.template;
        let is_deployed = before.deployed.is_some();
        let found = skysmith_diff::diff(&before.deployed.unwrap_or_default(), &after);
        differ += usize::from(!found.is_empty());
        let names = Names::of(stack);
        if ui.is_json() {
            let mut document = diff::json(&found, &names);
            document["stack"] = json!(stack.display_name);
            document["is_deployed"] = json!(is_deployed);
            documents.push(document);
        } else if !ui.is_quiet() || !found.is_empty() {
            ui.result(&told(&before.headline, is_deployed, &found, &names))?;
        }
    }
    if ui.is_json() {
        ui.json(&json!({ "stacks": documents }))?;
    }
    Ok(if flags.fail && differ > 0 { Done::Negative } else { Done::Ok })
}

struct Before {
    headline: String,
    /// What is deployed; nothing if the stack is not there.
    deployed: Option<Template>,
}

async fn deployed(session: &Session, aws: &Aws, stack: &Stack) -> Result<Before, Failure> {
    let fail = |error| worded(session, error);
    let session_of_stack = aws.for_reading(session, stack).await?;
    let mut before = Before { headline: headline(session, &stack.display_name, &session_of_stack), deployed: None };
    let found = session_of_stack.stack(&stack.stack_name).await.map_err(fail)?;
    // What a failed creation leaves behind has a template, but nothing of it is there.
    if let Some(found) = found.filter(|found| super::is_deployed(&found.status)) {
        before.deployed = session_of_stack.template(&found.stack_id).await.map_err(fail)?;
    }
    Ok(before)
}

fn told(headline: &str, is_deployed: bool, found: &TemplateDiff, names: &Names) -> String {
    let new = if is_deployed { "" } else { "not deployed yet, " };
    let counts = style::paint(style::STRONG, &diff::counts(found));
    format!("{headline}   {new}{counts}\n{}", diff::text(found, names))
}
