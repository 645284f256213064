//! `skysmith diff`: what a deploy would do.

mod compared;

use serde_json::{Value, json};
use skysmith_assembly::Stack;
use skysmith_deploy::Wanted;

use crate::app;
use crate::aws::Aws;
use crate::check;
use crate::cli::Diff;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::names::Names;
use crate::output::diff::document::Document;
use crate::output::diff::{View, json as programs, markdown, text};
use crate::select;
use crate::session::Session;

use super::deploy::{settings, title, wanted};
pub use compared::Compared;

/// Compares the chosen stacks with what is deployed, or one of them with a file.
pub fn run(session: &Session, flags: &Diff) -> Result<Done, Failure> {
    let loaded = session.load()?;
    let stacks = match &flags.template {
        Some(_) => vec![select::one(&loaded.stacks, &flags.stacks.names)?],
        None => select::named(&loaded.stacks, &flags.stacks.names)?,
    };
    check::require(session, &loaded, &stacks)?;
    let mut found = Vec::new();
    if let Some(file) = &flags.template {
        // A comparison with a file needs no AWS.
        let before = app::template_file(file)?.template;
        let after = app::template(stacks[0])?.template;
        let names = Names::of(stacks[0]);
        let compared = Compared::of_templates(&stacks[0].display_name, names, (&before).into(), (&after).into());
        found.push((stacks[0].display_name.clone(), compared));
    } else {
        let mut all = wanted::read(session, &loaded.stacks, &stacks, &flags.parameters)?;
        for wanted in &mut all {
            settings::tag(session, wanted);
        }
        let aws = Aws::connect(session)?;
        for (stack, wanted) in stacks.iter().zip(&all) {
            found.push((stack.display_name.clone(), aws.run(with_deployed(session, &aws, stack, wanted))?));
        }
    }
    tell(session, flags, &found)
}

/// Compares a stack with what is deployed of it.
async fn with_deployed(session: &Session, aws: &Aws, stack: &Stack, wanted: &Wanted) -> Result<Compared, Failure> {
    let fail = |error| worded(session, error);
    let account = aws.for_stack(session, stack).await?;
    let deployed = account.stack(&stack.stack_name).await.map_err(fail)?;
    // What a failed creation leaves behind has a template, but nothing of it is there.
    let deployed = deployed.filter(|found| super::is_deployed(&found.status));
    let before = match &deployed {
        Some(found) => account.template(&found.stack_id).await.map_err(fail)?,
        None => None,
    };
    let mut compared = Compared::of(wanted, &wanted.template, deployed.as_ref().zip(before.as_ref()));
    compared.title = title(session, &stack.display_name, &account);
    compared.has_estimate = !session.globals.local;
    if let Some(deployed) = &deployed {
        compared.look_up(&account, deployed).await;
    }
    Ok(compared)
}

/// Shows what was found, in the form that is wanted.
fn tell(session: &Session, flags: &Diff, found: &[(String, Compared)]) -> Result<Done, Failure> {
    let ui = &session.ui;
    let views: Vec<(&str, View<'_>)> = found.iter().map(|(name, one)| (name.as_str(), one.view())).collect();
    let differs = |view: &View<'_>| if flags.security_only { !view.is_secure() } else { !view.is_empty() };
    let document = |view: &View<'_>| if flags.security_only { view.security() } else { view.document() };
    if ui.is_json() {
        let stacks: Vec<Value> = views.iter().map(|(name, view)| view.json(name)).collect();
        ui.json(&json!({ "version": programs::VERSION, "stacks": stacks }))?;
    } else if flags.markdown {
        let environment = session.globals.environment.as_deref();
        let documents: Vec<Document> =
            views.iter().filter(|(_, view)| differs(view)).map(|(_, view)| document(view)).collect();
        ui.result(&markdown::render(&markdown::marker(&app_name(session, found), environment), &documents))?;
    } else {
        let mut is_first = true;
        for (_, view) in views.iter().filter(|(_, view)| !ui.is_quiet() || differs(view)) {
            let gap = if is_first { "" } else { "\n" };
            ui.result(&format!("{gap}{}", text::render(&document(view), ui.width())))?;
            is_first = false;
        }
    }
    let is_found = views.iter().any(|(_, view)| differs(view));
    Ok(if flags.fail && is_found { Done::Negative } else { Done::Ok })
}

/// What the project is called, for the marker of a comment: the same in every run.
fn app_name(session: &Session, found: &[(String, Compared)]) -> String {
    use crate::config::App;
    match &session.project.config.app {
        Some(App::Package { package, .. }) if session.globals.app.is_none() => package.clone(),
        _ => found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(","),
    }
}
