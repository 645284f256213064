//! What needs no AWS: starting, synthesizing, reading an assembly, checking a template.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::{
    APP, Bench, RUNS, cdk,
    measure::{Cost, median},
    report::{Bar, Report, Row, Unit},
};

/// The time that a command may take, in seconds.
const SHORT: f64 = 0.015;

fn ours(bench: &Bench, arguments: &[&str]) -> Result<Cost> {
    median(RUNS, &bench.log(), || Ok(bench.skysmith(arguments)))
}

fn theirs(bench: &Bench, command: impl Fn(&cdk::Cdk) -> Command) -> Result<Option<Cost>> {
    bench.cdk().map(|cdk| median(cdk::RUNS, &bench.log(), || Ok(command(cdk)))).transpose()
}

fn wall(cost: Option<Cost>) -> Option<f64> {
    cost.map(|cost| cost.wall.as_secs_f64())
}

/// `skysmith --version`.
pub fn version(bench: &Bench, report: &mut Report) -> Result<()> {
    let cost = ours(bench, &["--version"])?;
    let cdk = theirs(bench, |cdk| cdk.command(&["--version"]))?;
    report.row(
        Row::time("`skysmith --version`, `cdk --version`", cost.wall, RUNS)
            .beside(wall(cdk), cdk::RUNS)
            .bar(Bar::Under(0.01)),
    );
    Ok(())
}

/// From the program to the assembly.
pub fn synth(bench: &Bench, report: &mut Report) -> Result<()> {
    let out = bench.folder.join("app.out");
    let app = median(RUNS, &bench.log(), || bench.app(&out))?;
    report.row(
        Row::time(format!("synth with validation, {APP}, program run directly"), app.wall, RUNS).bar(Bar::Under(SHORT)),
    );
    report.row(Row::cpu("the same, CPU", app.cpu, RUNS));
    report.row(Row::new("the same, memory", Unit::Memory, app.memory as f64, RUNS).bar(Bar::Under(15e6)));

    let cost = ours(bench, &["synth", "--quiet"])?;
    let checked = theirs(bench, |cdk| cdk.synth(true))?;
    let unchecked = theirs(bench, |cdk| cdk.synth(false))?;
    let line = "`skysmith synth -q` with Cargo's look for changes (development build), `cdk synth -q`";
    report.row(Row::time(line, cost.wall, RUNS).beside(wall(checked), cdk::RUNS));
    let cpu = |cost: Option<Cost>| cost.map(|cost| cost.cpu.as_secs_f64());
    report.row(Row::cpu("the same, CPU", cost.cpu, RUNS).beside(cpu(checked), cdk::RUNS));
    let line = "the same, the CDK without its validation (`CDK_VALIDATION=false`)";
    report.row(Row::time(line, cost.wall, RUNS).beside(wall(unchecked), cdk::RUNS));

    let resources = resources(&bench.assembly().join(format!("{APP}.template.json")))?;
    let of_cdk = bench.cdk().map(|cdk| self::resources(&cdk.template())).transpose()?;
    report.row(
        Row::new(format!("resources of {APP}"), Unit::Count, resources.len() as f64, 1)
            .beside(of_cdk.map(|resources| resources.len() as f64), 1)
            .bar(Bar::AtMost(20.0)),
    );
    report.note(
        "The CDK's version of the application has neither log groups nor TLS-only policies, which Skysmith's resources \
         include, but a helper function for the bucket's notifications.",
    );
    Ok(())
}

fn resources(template: &Path) -> Result<Map<String, Value>> {
    let text = fs::read_to_string(template).with_context(|| template.display().to_string())?;
    let mut template: Value = serde_json::from_str(&text)?;
    match template["Resources"].take() {
        Value::Object(resources) => Ok(resources),
        _ => Ok(Map::new()),
    }
}

/// What reads an assembly that is there.
pub fn list_and_diff(bench: &Bench, report: &mut Report) -> Result<()> {
    let assembly = bench.synthesized()?;
    let (folder, template) = (path(&assembly), path(&assembly.join(format!("{APP}.template.json"))));
    if let Some(cdk) = bench.cdk() {
        crate::program::succeed(&mut cdk.synth(false))?;
    }
    let list = ours(bench, &["--app", &folder, "list"])?;
    let of_cdk = theirs(bench, |cdk| cdk.command(&["--app", &cdk.assembly(), "list"]))?;
    report.row(
        Row::time("`list` on an existing assembly", list.wall, RUNS)
            .beside(wall(of_cdk), cdk::RUNS)
            .bar(Bar::Under(SHORT)),
    );
    let diff = ours(bench, &["--app", &folder, "diff", "--template", &template])?;
    let of_cdk =
        theirs(bench, |cdk| cdk.command(&["--app", &cdk.assembly(), "diff", "--template", &path(&cdk.template())]))?;
    let line = "`diff --template FILE` on an existing assembly";
    report.row(Row::time(line, diff.wall, RUNS).beside(wall(of_cdk), cdk::RUNS).bar(Bar::Under(SHORT)));
    Ok(())
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// What checking a template takes, and how that grows with it. The start of the program is taken off.
pub fn validate(bench: &Bench, report: &mut Report) -> Result<()> {
    const SMALL: usize = 30;
    const LARGE: usize = 480;
    let assembly = bench.synthesized()?;
    let source = assembly.join(format!("{APP}.template.json"));
    let nothing = ours(bench, &["--version"])?.wall.as_secs_f64();
    let time = |count: usize| -> Result<f64> {
        let file = bench.folder.join(format!("{count}-resources.json"));
        fs::write(&file, grown(&source, count)?)?;
        let cost = ours(bench, &["--app", &path(&file), "validate"])?;
        Ok((cost.wall.as_secs_f64() - nothing).max(0.0))
    };
    let (small, large) = (time(SMALL)?, time(LARGE)?);
    let line =
        format!("`validate` of {SMALL} resources, beyond the start of the program, reading the template included");
    report.row(Row::new(line, Unit::Time, small, RUNS).bar(Bar::Under(0.005)));
    judged_by_cfn_lint(bench, &source, report)?;
    let each = (large - small).max(0.0) / (LARGE - SMALL) as f64;
    let line = format!("each further resource, up to {LARGE}");
    report.row(Row::new(line, Unit::Time, each, RUNS).bar(Bar::AtMost(20e-6)));
    Ok(())
}

/// What `validate` and cfn-lint take for the application's template, both from start to end.
fn judged_by_cfn_lint(bench: &Bench, template: &Path, report: &mut Report) -> Result<()> {
    const LINT_RUNS: usize = 3;
    let own = ours(bench, &["--app", &path(template), "validate"])?;
    let environment = crate::tools::environment()?;
    let Some((_, python)) = environment.iter().find(|(name, _)| *name == "SKYSMITH_TEST_PYTHON") else { return Ok(()) };
    let lint = median(LINT_RUNS, &bench.log(), || {
        let mut command = Command::new(python);
        command
            .args(["-c", "from cfnlint.runner import main; main()", "--non-zero-exit-code", "error", "--"])
            .arg(template);
        Ok(command)
    })?;
    report.row(Row::time(format!("`validate` of {APP} as a whole"), own.wall, RUNS).bar(Bar::Under(SHORT)));
    report.row(Row::new("the same, memory", Unit::Memory, own.memory as f64, RUNS).bar(Bar::Under(15e6)));
    report.row(Row::time("cfn-lint on the same template", lint.wall, LINT_RUNS));
    report.row(Row::new("the same, memory", Unit::Memory, lint.memory as f64, LINT_RUNS));
    Ok(())
}

/// A template of so many resources: those of `template` over and over, whose references go to the first ones.
fn grown(template: &Path, count: usize) -> Result<String> {
    let mut document: Value = serde_json::from_str(&fs::read_to_string(template)?)?;
    let resources = resources(template)?;
    let names = (0..).flat_map(|round| resources.iter().map(move |(id, body)| (round, id, body))).take(count);
    let grown = names.map(|(round, id, body)| {
        let id = if round == 0 { id.clone() } else { format!("{id}{round}") };
        let mut body = body.clone();
        if round > 0 {
            // Two resources of one name would be a finding.
            for name in ["BucketName", "TableName", "TopicName", "Name", "FunctionName", "LogGroupName"] {
                if let Some(properties) = body["Properties"].as_object_mut()
                    && properties.get(name).is_some_and(Value::is_string)
                {
                    properties.insert(name.to_owned(), format!("{name}-{round}").to_lowercase().into());
                }
            }
        }
        (id, body)
    });
    document["Resources"] = Value::Object(grown.collect());
    Ok(serde_json::to_string_pretty(&document)?)
}

/// The size of what is shipped.
pub fn size(bench: &Bench, report: &mut Report) -> Result<()> {
    let bytes = fs::metadata(&bench.skysmith)?.len() as f64;
    report.row(Row::new("size of the `skysmith` program", Unit::Memory, bytes, 1));
    Ok(())
}
