//! Deploys to an emulator, by Skysmith and by the CDK, each on an empty account and from an assembly that is there.
//!
//! The *overhead* is what the client adds to CloudFormation's work: the time of the whole command less the time from the
//! arrival of `ExecuteChangeSet` to the stack's last event. It holds the client's start, its assets, the change set, all
//! waits between polls and all calls, so also the time in which AWS answers them.

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, bail};

use super::{
    APP, Bench, cdk,
    cloud::Cloud,
    measure::{Cost, middle, once},
    proxy::Call,
    report::{Bar, Report, Row, Unit},
};
use crate::program;

/// How often Skysmith deploys, each time to an empty account.
const RUNS: usize = 5;
/// How often the CDK does.
const CDK_RUNS: usize = 3;

/// One deploy of everything, and one of nothing.
struct Deploys {
    cost: Cost,
    overhead: Duration,
    after: Duration,
    calls: Vec<Call>,
    again: Cost,
    calls_again: Vec<Call>,
}

/// Deploys object-counter, then the same again.
pub fn deploy(bench: &Bench, report: &mut Report) -> Result<()> {
    let assembly = bench.synthesized()?.display().to_string();
    let cloud = Cloud::start(&bench.folder.join("local"), &bench.root.join("target/tools/cache"))?;
    let mut ours = Vec::new();
    for _ in 0..RUNS {
        cloud.reset()?;
        let url = cloud.proxy.url();
        let arguments = ["--app", &assembly, "--endpoint-url", &url, "--region", cloud.place().1, "deploy", "--yes"];
        ours.push(deploys(bench, &cloud, APP, || bench.skysmith(&arguments))?);
    }
    let mut theirs = Vec::new();
    if let Some(cdk) = bench.cdk() {
        program::succeed(&mut cdk.synth(false))?;
        for _ in 0..CDK_RUNS {
            cloud.reset()?;
            cdk.bootstrap(&cloud)?;
            let assembly = cdk.assembly();
            let arguments = ["--app", &assembly, "deploy", "--require-approval", "never"];
            theirs.push(deploys(bench, &cloud, cdk::STACK, || cdk.command(&arguments))?);
        }
    }
    rows(&ours, &theirs, report);
    Ok(())
}

fn deploys(bench: &Bench, cloud: &Cloud, stack: &str, command: impl Fn() -> Command) -> Result<Deploys> {
    let run = || -> Result<(Cost, SystemTime, Vec<Call>)> {
        let mut command = command();
        cloud.environment(&mut command);
        cloud.proxy.take();
        let cost = once(&mut command, &bench.log())?;
        Ok((cost, SystemTime::now(), cloud.proxy.take()))
    };
    let (cost, end, calls) = run()?;
    let event = cloud.last_event(stack)?;
    if event.status != "CREATE_COMPLETE" {
        bail!("{stack} is {}", event.status);
    }
    let executed = calls.iter().find(|call| call.name == "cloudformation ExecuteChangeSet");
    let executed = executed.with_context(|| format!("{stack} was deployed without a change set"))?;
    let overhead = cost.wall.saturating_sub(event.since(executed.at));
    let (again, _, calls_again) = run()?;
    Ok(Deploys { cost, overhead, after: event.until(end), calls, again, calls_again })
}

fn rows(ours: &[Deploys], theirs: &[Deploys], report: &mut Report) {
    let time = |deploys: &[Deploys], figure: fn(&Deploys) -> f64| middle(deploys.iter().map(figure));
    let mut row = |what: &str, unit: Unit, figure: fn(&Deploys) -> f64, bar: Option<Bar>| {
        let row = Row::new(what, unit, time(ours, figure).unwrap_or_default(), ours.len());
        let row = row.beside(time(theirs, figure), theirs.len());
        report.row(match bar {
            Some(bar) => row.bar(bar),
            None => row,
        });
    };
    row("first deploy from an assembly, whole command", Unit::Time, |run| run.cost.wall.as_secs_f64(), None);
    row("the same, CPU", Unit::Cpu, |run| run.cost.cpu.as_secs_f64(), None);
    let less = Some(Bar::TimesLess(10.0));
    row("the same, overhead", Unit::Time, |run| run.overhead.as_secs_f64(), less);
    row(
        "the same, from CloudFormation's last event to the end",
        Unit::Time,
        |run| run.after.as_secs_f64(),
        Some(Bar::Under(0.5)),
    );
    row("the same, calls", Unit::Count, |run| run.calls.len() as f64, Some(Bar::AtMost(40.0)));
    row("deploy of nothing new, whole command", Unit::Time, |run| run.again.wall.as_secs_f64(), None);
    row("the same, CPU", Unit::Cpu, |run| run.again.cpu.as_secs_f64(), None);
    row("the same, calls", Unit::Count, |run| run.calls_again.len() as f64, None);
    report.note(
        "Overhead: the whole command less the time from the arrival of ExecuteChangeSet to the stack's last event. The \
         CDK's bootstrap is done beforehand and not counted; Skysmith makes its bucket for assets, counted. The \
         emulator makes a resource in milliseconds.",
    );
    for (whose, deploys) in [("Skysmith", ours), ("the CDK", theirs)] {
        if let Some(last) = deploys.last() {
            report.note(format!("Calls of {whose}, first deploy: {}.", counted(&last.calls)));
            report.note(format!("Calls of {whose}, nothing new: {}.", counted(&last.calls_again)));
        }
    }
}

/// Each action with how often it was called, and the failed ones apart, as they may be asked on purpose.
pub fn counted(calls: &[Call]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls {
        let failed = if call.status >= 400 { format!(" ({})", call.status) } else { String::new() };
        *counts.entry(format!("{}{failed}", call.name)).or_default() += 1;
    }
    let words: Vec<String> = counts.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
