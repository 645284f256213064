//! Comparisons: of two large templates, of one stack with what is deployed of it, and of many stacks beside a program that
//! asks the same and does nothing with the answers.
//!
//! Both talk to the emulator itself and not to the proxy, which only counts the calls in a run of its own. Pairs of runs are
//! taken one right after the other, so that what else the machine does meets both; the ratio is the median of theirs.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{
    APP, Bench, RUNS, cdk,
    cloud::Cloud,
    deploy::counted,
    measure::{Cost, median, middle, once},
    report::{Bar, Report, Row, Unit},
};
use crate::{
    cargo,
    program::{self, Profile},
};

/// How many stacks are compared at once, and the resources of each: deployed, and in the program.
const STACKS: usize = 50;
const DEPLOYED: usize = 20;
const WANTED: usize = 40;
/// How many stacks `skysmith diff` looks at together, and so the bare program.
const AT_ONCE: usize = 10;
/// What an answer of AWS takes longer than one of the emulator, which is on this machine.
const DELAY: Duration = Duration::from_millis(50);
/// How many pairs of runs are taken.
const PAIRS: usize = 15;

/// All of it.
pub fn diff(bench: &Bench, report: &mut Report) -> Result<()> {
    templates(report)?;
    let cloud = Cloud::start(&bench.folder.join("local"), &bench.root.join("target/tools/cache"))?;
    // What an earlier run may have left when it was broken off.
    cloud.reset()?;
    one_stack(bench, &cloud, report)?;
    cloud.reset()?;
    many_stacks(bench, &cloud, report)
}

/// The comparison alone: `crates/diff/benches/large.rs`.
fn templates(report: &mut Report) -> Result<()> {
    let said = program::succeed(&mut cargo(&["bench", "--package", "skysmith-diff", "--bench", "large"]))?;
    let mut peak = 0.0;
    for line in said.lines().filter(|line| line.starts_with('{')) {
        let case: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let name = case["case"].as_str().unwrap_or_default();
        let milliseconds = case["milliseconds"].as_f64().context("no time")?;
        let count = usize::try_from(case["runs"].as_u64().unwrap_or(1))?;
        peak = case["peak_bytes"].as_f64().unwrap_or_default().max(peak);
        let line = format!("comparison of two templates of 500 resources each, {name}");
        report.row(Row::new(line, Unit::Time, milliseconds / 1e3, count).bar(Bar::Under(0.05)));
    }
    report.row(Row::new("memory for all of these, their texts included", Unit::Memory, peak, 1).bar(Bar::Under(60e6)));
    Ok(())
}

/// object-counter, deployed, and compared from its program and from its assembly.
fn one_stack(bench: &Bench, cloud: &Cloud, report: &mut Report) -> Result<()> {
    let assembly = bench.synthesized()?.display().to_string();
    let (url, region) = (cloud.url().to_owned(), cloud.place().1.to_owned());
    let to = |url: &str, words: &[&str]| -> Command {
        let mut command = bench.skysmith(&[&["--endpoint-url", url, "--region", &region], words].concat());
        cloud.environment_at(&mut command, url);
        command
    };
    program::succeed(&mut to(&url, &["--app", &assembly, "deploy", "--yes"]))?;

    let whole = median(RUNS, &bench.log(), || Ok(to(&url, &["diff", "--fail"])))?;
    let synth = median(RUNS, &bench.log(), || Ok(bench.skysmith(&["synth", "--quiet"])))?;
    let read = median(RUNS, &bench.log(), || Ok(to(&url, &["--app", &assembly, "diff", "--fail"])))?;
    let changed = median(RUNS, &bench.log(), || Ok(to(&url, &["diff", "--param", "OpenTopic=true"])))?;
    let bare_program = bare()?;
    let bare = median(RUNS, &bench.log(), || {
        let mut command = Command::new(&bare_program);
        command.args([&url, &region, "1", "each", APP]);
        Ok(command)
    })?;
    let start = median(RUNS, &bench.log(), || Ok(bench.skysmith(&["--version"])))?;

    cloud.proxy.take();
    program::succeed(&mut to(&cloud.proxy.url(), &["--app", &assembly, "diff"]))?;
    report.note(format!(
        "Calls of `diff` of {APP}: {}. The CDK's is `diff --method template`, without its own validation.",
        counted(&cloud.proxy.take())
    ));

    let (of_program, of_assembly) = of_cdk(bench, cloud)?.unzip();
    let wall = |cost: Option<Cost>| cost.map(|cost| cost.wall.as_secs_f64());
    let cpu = |cost: Option<Cost>| cost.map(|cost| cost.cpu.as_secs_f64());
    let line = format!("`diff` of {APP} with what is deployed, its program built, nothing changed");
    report.row(Row::time(line, whole.wall, RUNS).beside(wall(of_program), cdk::RUNS).bar(Bar::Under(0.15)));
    report.row(Row::cpu("the same, CPU", whole.cpu, RUNS).beside(cpu(of_program), cdk::RUNS));
    report.row(Row::time("the same, a policy changed", changed.wall, RUNS).bar(Bar::Under(0.15)));
    report.row(Row::time("of that: `synth -q`, with Cargo's look for changes", synth.wall, RUNS));
    report.row(Row::time("of that: a bare program's start and the same calls", bare.wall, RUNS));
    report.row(Row::time("of that: start of `skysmith`", start.wall, RUNS));
    let line = format!("`diff` of {APP} with what is deployed, from its assembly");
    report.row(Row::time(line, read.wall, RUNS).beside(wall(of_assembly), cdk::RUNS));
    report.row(Row::cpu("the same, CPU", read.cpu, RUNS).beside(cpu(of_assembly), cdk::RUNS));
    Ok(())
}

/// What the CDK takes for the same, from its program and from its assembly. Its stack has the same names, so nothing else is there.
fn of_cdk(bench: &Bench, cloud: &Cloud) -> Result<Option<(Cost, Cost)>> {
    let Some(cdk) = bench.cdk() else { return Ok(None) };
    cloud.reset()?;
    program::succeed(&mut cdk.synth(false))?;
    cdk.bootstrap(cloud)?;
    let to = |arguments: &[&str]| {
        let mut command = cdk.command(arguments);
        cloud.environment_at(&mut command, cloud.url());
        command.env("CDK_VALIDATION", "false");
        command
    };
    let assembly = cdk.assembly();
    program::succeed(&mut to(&["--app", &assembly, "deploy", "--require-approval", "never"]))?;
    // Without a change set, as here; by default it makes one.
    let diff = |app: &str| median(cdk::RUNS, &bench.log(), || Ok(to(&["--app", app, "diff", "--method", "template"])));
    Ok(Some((diff("node app.js")?, diff(&assembly)?)))
}

/// The fleet of [`STACKS`] stacks, each with resources that are not deployed yet.
fn many_stacks(bench: &Bench, cloud: &Cloud, report: &mut Report) -> Result<()> {
    let (before, after) = (fleet(bench, DEPLOYED)?, fleet(bench, WANTED)?);
    let (url, region) = (cloud.url().to_owned(), cloud.place().1.to_owned());
    let to = |url: &str, assembly: &str, words: &[&str]| -> Command {
        let options = ["--app", assembly, "--endpoint-url", url, "--region", &region];
        let mut command = bench.skysmith(&[&options[..], words].concat());
        cloud.environment_at(&mut command, url);
        command
    };
    eprintln!("    deploying {STACKS} stacks");
    // An emulator counts no calls: as the local AWS it is deployed to without waiting for turns.
    let mut deploy = bench.skysmith(&["--app", &before, "--region", &region, "--local", "deploy", "--all", "--yes"]);
    cloud.be_local(&mut deploy);
    program::succeed(&mut deploy)?;

    cloud.proxy.take();
    let said = program::succeed(&mut to(&cloud.proxy.url(), &after, &["diff", "--json"]))?;
    let said: Value = serde_json::from_str(&said)?;
    let stacks: Vec<String> = said["stacks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|stack| stack["is_deployed"] == true && stack["summary"]["add"] == (WANTED - DEPLOYED) as u64)
        .filter_map(|stack| stack["stack"].as_str().map(str::to_owned))
        .collect();
    anyhow::ensure!(stacks.len() == STACKS, "{} of {STACKS} stacks differ as they should", stacks.len());
    let our_calls = counted(&cloud.proxy.take());

    let bare_program = bare()?;
    let bare = |url: &str, way: &str| -> Command {
        let mut command = Command::new(&bare_program);
        command.args([url, &region, &AT_ONCE.to_string(), way]).args(&stacks);
        command
    };
    program::succeed(&mut bare(&cloud.proxy.url(), "listed"))?;
    let bare_calls = counted(&cloud.proxy.take());

    let title = format!("`diff` of {STACKS} stacks of {WANTED} resources, of which {DEPLOYED} are deployed");
    let mut ours = Vec::new();
    let slow = cloud.proxy.url();
    cloud.proxy.delay(DELAY);
    let delayed = format!("a bare program that makes the same calls, each answered {} ms later", DELAY.as_millis());
    for (url, way, line, bar) in [
        (&url, "listed", "a bare program that makes the same calls", Some(Bar::AtMost(1.5))),
        (&url, "each", "one that looks at each stack by itself", None),
        (&slow, "listed", delayed.as_str(), Some(Bar::AtMost(1.5))),
    ] {
        let pairs = pairs(bench, || to(url, &after, &["diff"]), || bare(url, way))?;
        if ours.is_empty() {
            ours = pairs.iter().map(|(own, _)| *own).collect();
            let time = middle(ours.iter().map(|cost| cost.wall)).unwrap_or_default();
            report.row(Row::time(title.as_str(), time, PAIRS));
            let cpu = middle(ours.iter().map(|cost| cost.cpu)).unwrap_or_default();
            report.row(Row::cpu("the same, CPU", cpu, PAIRS));
            let memory = middle(ours.iter().map(|cost| cost.memory)).unwrap_or_default();
            report.row(Row::new("the same, memory", Unit::Memory, memory as f64, PAIRS));
        }
        let time = middle(pairs.iter().map(|(_, bare)| bare.wall)).unwrap_or_default();
        report.row(Row::time(line, time, PAIRS));
        let cpu = middle(pairs.iter().map(|(_, bare)| bare.cpu)).unwrap_or_default();
        report.row(Row::cpu("the same, CPU", cpu, PAIRS));
        let ratios = pairs.iter().map(|(own, bare)| own.wall.as_secs_f64() / bare.wall.as_secs_f64());
        let row = Row::new("time of `diff` beside it", Unit::Times, middle(ratios).unwrap_or_default(), PAIRS);
        report.row(match bar {
            Some(bar) => row.bar(bar),
            None => row,
        });
    }
    report.note(format!("Calls of `diff` of {STACKS} stacks: {our_calls}."));
    report.note(format!("Calls of the bare program beside it, {AT_ONCE} at once as well: {bare_calls}."));
    Ok(())
}

/// Costs of pairs of commands, each run right after the other, after one pair that does not count.
fn pairs(bench: &Bench, own: impl Fn() -> Command, bare: impl Fn() -> Command) -> Result<Vec<(Cost, Cost)>> {
    let mut pairs = Vec::with_capacity(PAIRS);
    for round in 0..=PAIRS {
        // Who comes second finds the machine as the first left it: they take turns.
        let pair = if round % 2 == 0 {
            let own = once(&mut own(), &bench.log())?;
            (own, once(&mut bare(), &bench.log())?)
        } else {
            let bare = once(&mut bare(), &bench.log())?;
            (once(&mut own(), &bench.log())?, bare)
        };
        if round > 0 {
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

/// The program that only makes the calls, `bench/bare`.
fn bare() -> Result<PathBuf> {
    program::build_with("bare", "skysmith-cli", Profile::Release)
}

/// The assembly of a fleet whose stacks have so many resources.
fn fleet(bench: &Bench, resources: usize) -> Result<String> {
    let program = program::build("fleet", Profile::Release)?;
    let out = bench.folder.join(format!("fleet-{resources}.out"));
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let mut command = Command::new(program);
    command.args([STACKS.to_string(), resources.to_string()]).current_dir(bench.root.join("bench/fleet"));
    command.env("CDK_OUTDIR", &out).env_remove("CDK_CONTEXT_JSON").env_remove("SKYSMITH_DIAGNOSTICS");
    program::succeed(&mut command)?;
    Ok(out.display().to_string())
}
