//! `skysmith diff`: what a deploy would do.

mod asked;
mod compared;
mod nested;
mod offline;

use std::future::Future;
use std::pin::Pin;
use std::thread::{self, Scope};

use serde_json::{Value, json};
use skysmith_deploy::Wanted;
use tokio::sync::oneshot;

use crate::aws::Aws;
use crate::check;
use crate::cli::Diff;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::output::diff::document::Document;
use crate::output::diff::{View, json as programs, markdown, text};
use crate::parallel;
use crate::select;
use crate::session::Session;

use super::deploy::{settings, title, wanted};
use super::many::first_of;
pub use compared::Compared;

/// Stacks that are looked at together. How fast CloudFormation is asked is rationed elsewhere.
const AT_ONCE: usize = 10;

/// Compares the chosen stacks with what is deployed, or with what is in files.
pub fn run(session: &Session, flags: &Diff) -> Result<Done, Failure> {
    let loaded = session.load()?;
    let stacks = match &flags.template {
        Some(_) => vec![select::one(&loaded.stacks, &flags.stacks.names)?],
        None => select::named(&loaded.stacks, &flags.stacks.names)?,
    };
    check::require(session, &loaded, &stacks)?;
    let is_all = flags.stacks.names.is_empty();
    // A comparison with a file, a folder or another environment needs no AWS.
    let found = match (&flags.template, &flags.against, &flags.against_env) {
        (Some(file), ..) => vec![offline::with_file(stacks[0], file)?],
        (_, Some(other), _) => offline::against(&stacks, is_all, other)?,
        (.., Some(name)) => offline::against_environment(session, &stacks, is_all, name)?,
        (None, None, None) => {
            let mut all = wanted::read(session, &loaded.stacks, &stacks, &flags.parameters)?;
            for wanted in &mut all {
                settings::tag(session, wanted);
            }
            let aws = Aws::connect(session)?;
            let names = stacks.iter().map(|stack| stack.display_name.clone());
            let found = thread::scope(|scope| aws.run(at_once(session, flags, &aws, &all, scope)))?;
            names.zip(found).collect()
        }
    };
    tell(session, flags, &found)
}

/// Compares all stacks with what is deployed of them, several at once, and gives them back in their order.
async fn at_once<'scope>(
    session: &Session,
    flags: &Diff,
    aws: &Aws,
    all: &'scope [Wanted],
    scope: &'scope Scope<'scope, '_>,
) -> Result<Vec<Compared>, Failure> {
    aws.session.share_among(all.len());
    let mut accounts = Vec::with_capacity(all.len());
    for wanted in all {
        // One after the other: a role that several stacks need is taken once. The role for reading may make no change set and look for no drift.
        let only_reads = !flags.change_set && !flags.drift;
        accounts.push(match only_reads {
            true => aws.for_reading(session, &wanted.stack).await?,
            false => aws.for_stack(session, &wanted.stack).await?,
        });
    }
    let mut waiting = (0..all.len()).zip(accounts);
    let mut at_work: Vec<Pin<Box<dyn Future<Output = _> + '_>>> = Vec::new();
    let mut done: Vec<Option<Result<Compared, Failure>>> = all.iter().map(|_| None).collect();
    loop {
        let room = AT_ONCE.saturating_sub(at_work.len());
        for (index, account) in waiting.by_ref().take(room) {
            let wanted = &all[index];
            at_work
                .push(Box::pin(async move { (index, with_deployed(session, flags, &account, wanted, scope).await) }));
        }
        let Some((index, compared)) = first_of(&mut at_work).await else { break };
        // Of one that fails the others are seen to their end: a change set that was begun is to be removed.
        done[index] = Some(compared);
    }
    done.into_iter().flatten().collect()
}

/// Compares a stack with what is deployed of it.
async fn with_deployed<'scope>(
    session: &Session,
    flags: &Diff,
    account: &skysmith_deploy::Session,
    wanted: &'scope Wanted,
    scope: &'scope Scope<'scope, '_>,
) -> Result<Compared, Failure> {
    let fail = |error| worded(session, error);
    let stack = &wanted.stack;
    let deployed = account.stack_at_first(&stack.stack_name).await.map_err(fail)?;
    // What a failed creation leaves behind has a template, but nothing of it is there.
    let deployed = deployed.filter(|found| super::is_deployed(&found.status));
    let before = match &deployed {
        Some(found) => account.template(&found.stack_id).await.map_err(fail)?,
        None => None,
    };
    // Elsewhere, so that the calls for other stacks go on meanwhile.
    let (tell, told) = oneshot::channel();
    let of_thread = account.clone();
    scope.spawn(move || {
        let compared = Compared::of(&of_thread, wanted, &wanted.template, deployed.as_ref().zip(before.as_ref()));
        drop(tell.send((compared, deployed, before)));
    });
    // It is only silent if it panicked, which the scope then does as well.
    let Ok((mut compared, deployed, before)) = told.await else { return Err(Failure::failed("not compared")) };
    compared.title = title(session, &stack.display_name, account);
    compared.has_estimate = !session.globals.local;
    compared.look_inside(account, wanted, deployed.as_ref().zip(before.as_ref())).await;
    if flags.change_set {
        asked::change_set(session, account, wanted, deployed.as_ref(), &mut compared).await?;
    }
    if let Some(deployed) = &deployed {
        if let Some(before) = &before {
            compared.look_up(account, wanted, (deployed, before)).await;
        }
        if flags.drift {
            asked::drift(session, account, deployed, &mut compared).await?;
        }
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
        let width = ui.width();
        let shown: Vec<&View<'_>> =
            views.iter().map(|(_, view)| view).filter(|view| !ui.is_quiet() || differs(view)).collect();
        for text in parallel::map(&shown, |view| text::render(&document(view), width)) {
            let gap = if is_first { "" } else { "\n" };
            ui.result(&format!("{gap}{text}"))?;
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
