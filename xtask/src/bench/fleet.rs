//! Many stacks of many resources, `bench/fleet`: what synthesis takes, how that grows, and what reading the assembly takes
//! beside the AWS CDK, which reads the same one.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::{
    Bench, cdk,
    measure::{Cost, median},
    report::{Bar, Report, Row, Unit},
};
use crate::program::{self, Profile};

/// How often each is run.
const RUNS: usize = 5;
/// The stacks of the small fleet and of the large one, and the resources of each stack.
const FEW: usize = 50;
const MANY: usize = 500;
const RESOURCES: usize = 200;
/// The stack that is compared: one in the middle.
const COMPARED: &str = "stack-250";
/// What the large fleet may take of the small one's. It is ten times as large; the rest is what a measurement strays.
const LINEAR: f64 = 1.2 * (MANY / FEW) as f64;

/// Synthesizes both fleets, and reads the assembly of the large one.
pub fn fleet(bench: &Bench, report: &mut Report) -> Result<()> {
    let program = program::build("fleet", Profile::Release)?;
    let folder = bench.root.join("bench/fleet");
    let out = bench.folder.join("fleet.out");
    let synth = |stacks: usize, words: &[&str]| -> Result<Cost> {
        median(RUNS, &bench.log(), || {
            let mut command = Command::new(&program);
            command.args([stacks.to_string(), RESOURCES.to_string()]).args(words).current_dir(&folder);
            command.env("CDK_OUTDIR", &out).env_remove("CDK_CONTEXT_JSON").env_remove("SKYSMITH_DIAGNOSTICS");
            Ok(command)
        })
    };
    let title = format!("{MANY} stacks × {RESOURCES} resources");
    for (words, what, limit) in [(&["unchecked"][..], "without validation", 2.0), (&[][..], "with validation", 4.0)] {
        let (few, many) = (synth(FEW, words)?, synth(MANY, words)?);
        let line = format!("synth {what}, {title}, program run directly");
        report.row(Row::time(line, many.wall, RUNS).bar(Bar::Under(limit)));
        report.row(Row::cpu("the same, CPU", many.cpu, RUNS));
        let growth = |what: &str, figure: fn(&Cost) -> f64| {
            let line = format!("the same, {what} beside that of {FEW} stacks");
            Row::new(line, Unit::Times, figure(&many) / figure(&few), RUNS).bar(Bar::AtMost(LINEAR))
        };
        report.row(growth("CPU", |cost| cost.cpu.as_secs_f64()));
        report.row(Row::new("the same, memory", Unit::Memory, many.memory as f64, RUNS));
        report.row(growth("memory", |cost| cost.memory as f64));
    }
    read(bench, &out, &title, report)
}

/// `list` and `diff` of an assembly that is there.
fn read(bench: &Bench, assembly: &Path, title: &str, report: &mut Report) -> Result<()> {
    let folder = assembly.display().to_string();
    let template = assembly.join(format!("{COMPARED}.template.json")).display().to_string();
    // Without `--exclusively` the CDK would compare the template with the stacks before this one as well, and refuses to.
    let commands: [(&str, &[&str], &[&str]); 2] = [
        ("`list`", &["--app", &folder, "list"], &[]),
        (
            "`diff STACK --template FILE`",
            &["--app", &folder, "diff", COMPARED, "--template", &template],
            &["--exclusively"],
        ),
    ];
    for (what, arguments, only_cdk) in commands {
        let ours = median(RUNS, &bench.log(), || Ok(bench.skysmith(arguments)))?;
        let theirs = bench
            .cdk()
            .map(|cdk| median(cdk::RUNS, &bench.log(), || Ok(cdk.command(&[arguments, only_cdk].concat()))))
            .transpose()?;
        let wall = theirs.map(|cost| cost.wall.as_secs_f64());
        report.row(Row::time(format!("{what} of that assembly"), ours.wall, RUNS).beside(wall, cdk::RUNS));
        let memory = theirs.map(|cost| cost.memory as f64);
        let row = Row::new("the same, memory", Unit::Memory, ours.memory as f64, RUNS);
        report.row(row.beside(memory, cdk::RUNS));
    }
    report.note(format!(
        "{title}: `bench/fleet`, whose stacks are functions with roles and log groups, tables, buckets and topics with \
         their policies, queues and alarms; five functions of each stack use a table and a topic of the stack before."
    ));
    Ok(())
}
