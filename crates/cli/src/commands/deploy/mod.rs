//! `skysmith deploy`: shows what would happen, guards, asks, carries it out.

mod guards;
mod one;
mod outputs_file;
pub mod settings;
mod tally;
pub mod wanted;

use std::collections::BTreeMap;

use skysmith_deploy::{DeployedStack, ReadOutput, Wanted};

use crate::aws::Aws;
use crate::check;
use crate::cli::Deploy;
use crate::error::{Done, Failure};
use crate::output::outputs::{self, Outputs};
use crate::select;
use crate::session::Session;
use crate::timing::Chart;

use super::many::{End, Many, Turn};
use one::One;
pub use one::{expected, headline, title};

/// Deploys the stacks and those they depend on, each as soon as these are done. Outputs of what was deployed are shown and written even if another stack fails.
pub fn run(session: &Session, flags: &Deploy) -> Result<Done, Failure> {
    let ui = &session.ui;
    ui.use_json_lines();
    settings::check(session, flags)?;
    let asks = !flags.yes && !flags.how.no_execute && !session.globals.local;
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a deploy asks before it changes anything, and there is no terminal to ask on")
            .hint("pass --yes; what would lose data is refused even then, unless --allow-data-loss is given"));
    }
    if let Some(file) = &flags.outputs_file {
        outputs_file::check(file)?;
    }
    let chart = flags.timing.as_deref().map(Chart::new).transpose()?;
    let loaded = session.load()?;
    let chosen = select::selected(&loaded.stacks, &flags.stacks, "deploy")?;
    // A plan is one stack's; what it depends on has been deployed, or has a plan of its own.
    let stacks = match &flags.how.change_set {
        Some(_) if chosen.len() == 1 => chosen.clone(),
        Some(name) => {
            return Err(Failure::usage(format!("--change-set {name} is one stack's plan; name that stack alone")));
        }
        None => select::with_dependencies(&loaded.stacks, &chosen)?,
    };
    check::require(session, &loaded, &stacks)?;
    if stacks.len() > chosen.len() {
        let names: Vec<&str> = stacks.iter().map(|stack| stack.display_name.as_str()).collect();
        ui.say(&format!("in this order, since they depend on each other: {}\n", names.join(", ")));
    }
    let mut wanted = wanted::read(session, &loaded.stacks, &stacks, &flags.parameters)?;
    let how = settings::of(session, flags);
    for wanted in &mut wanted {
        settings::tag(session, wanted);
        wanted.settings = how.clone();
    }
    let aws = Aws::connect(session)?;
    aws.session.share_among(stacks.len());
    let _live = ui.can_be_live().then(|| ui.live.start());
    let turn = asks.then(Turn::default);
    let mut ended = BTreeMap::new();
    let many = Many::new(session, &stacks, &flags.parallel, "deploying", false);
    let deploy = async |index: usize| {
        let wanted: &Wanted = &wanted[index];
        let is_one_of_many = stacks.len() > 1;
        let one = One::new(session, flags, &aws, wanted, turn.as_ref());
        One { is_one_of_many, chart: chart.as_ref(), ..one }.deploy(wanted).await
    };
    let mut result = aws.run(many.run(deploy, |index, stack| {
        ended.insert(index, stack);
    }));
    // In the app's order, whichever was over first.
    let mut done: Outputs = Vec::new();
    let mut held = Vec::new();
    for (index, ended) in ended {
        let outputs = super::outputs::shown(&aws, ended.stack.outputs);
        done.push((stacks[index].display_name.clone(), outputs));
        if !ended.held.is_empty() {
            held.push((&wanted[index], ended.held));
        }
    }
    if let Ok(Done::Ok) = result {
        result = let_go(session, flags, &aws, &wanted, held, turn.as_ref(), &mut done);
    }
    if let Some(file) = &flags.outputs_file {
        outputs_file::write(file, &done, &stacks)?;
    }
    if let Some(chart) = &chart {
        // What the deployment came to is more important than its picture.
        match chart.write() {
            Ok(true) => ui.say(&format!("where the time went: {}\n", chart.file())),
            Ok(false) => ui.say("nothing was changed, so there is no chart\n"),
            Err(error) if result.is_ok() => result = Err(error),
            Err(error) => error.show(ui),
        }
    }
    if !ui.is_json() {
        ui.result(&outputs::text(&done))?;
    }
    result
}

/// The second step for stacks that were deployed with outputs that other stacks still read: now that these have been deployed as well, the outputs go.
///
/// The last first: what a stack holds may itself read what one before it holds.
fn let_go(
    session: &Session,
    flags: &Deploy,
    aws: &Aws,
    all: &[Wanted],
    held: Vec<(&Wanted, Vec<ReadOutput>)>,
    turn: Option<&Turn>,
    done: &mut Outputs,
) -> Result<Done, Failure> {
    for (wanted, held) in held.into_iter().rev() {
        let name = &wanted.stack.display_name;
        let was_deployed = |reader: &String| all.iter().any(|other| other.stack.stack_name == *reader);
        let mut readers: Vec<&String> = held.iter().flat_map(|output| &output.readers).collect();
        readers.sort();
        readers.dedup();
        if !readers.iter().copied().all(was_deployed) {
            let missing: Vec<&str> =
                readers.into_iter().filter(|reader| !was_deployed(reader)).map(String::as_str).collect();
            let next = session.globals.next_command(&format!("deploy {} {name}", missing.join(" ")));
            session.ui.say(&format!("{name} keeps for now what other stacks read; to let it go: {next}\n"));
            continue;
        }
        let one = One { is_second_step: true, ..One::new(session, flags, aws, wanted, turn) };
        let ended = match aws.run(one.deploy(wanted))? {
            End::Done(_, ended) => ended,
            End::Declined => return Ok(Done::Negative),
            End::Interrupted(failure) => return Err(failure),
        };
        if let Some(output) = ended.held.first() {
            return Err(Failure::failed(format!("{name} no longer has what other stacks of the app read: {output}"))
                .note(format!("{name} was deployed with it, so that nothing breaks"))
                .hint("have the readers read something else, or give the stack its output back"));
        }
        let outputs = super::outputs::shown(aws, ended.stack.outputs);
        if let Some(entry) = done.iter_mut().find(|(path, _)| path == name) {
            entry.1 = outputs;
        }
    }
    Ok(Done::Ok)
}

/// Deploys one stack that is in no assembly; `None` if the person said no.
pub fn one(session: &Session, aws: &Aws, wanted: &Wanted, asks: bool) -> Result<Option<DeployedStack>, Failure> {
    let flags = Deploy { yes: !asks, ..Deploy::default() };
    let turn = asks.then(Turn::default);
    match aws.run(One::new(session, &flags, aws, wanted, turn.as_ref()).deploy(wanted))? {
        End::Done(_, ended) => Ok(Some(ended.stack)),
        End::Declined => Ok(None),
        End::Interrupted(failure) => Err(failure),
    }
}
