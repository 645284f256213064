//! Several stacks at once, against a CloudFormation that does what a test says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use skysmith_scripted::{Aws, Fault, On, Request, Scripted, Stack};

use crate::project::{Ran, TEMPLATE, TestProject, writes_assembly};

fn project(stacks: &[(&str, &[&str])]) -> TestProject {
    // Every stack has an output.
    let with_output = r#"for file in "$CDK_OUTDIR"/*.template.json; do sed -i 's/^{$/{ "Outputs": { "Place": { "Value": "here" } },/' "$file"; done"#;
    TestProject::with_script(&format!("{}{with_output}\n", writes_assembly(stacks))).with_credentials()
}

fn events(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The outcomes in the summary, in its order.
fn outcomes(ran: &Ran) -> Vec<(String, String)> {
    let all = events(ran);
    let summary = all.iter().find(|event| event["event"] == "summary").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    summary["stacks"].as_array().unwrap().iter().map(|stack| (text(&stack["stack"]), text(&stack["outcome"]))).collect()
}

const SHAPE: &[(&str, &[&str])] =
    &[("net", &[]), ("data", &["net"]), ("app", &["data"]), ("mail", &["net"]), ("alone", &[])];

fn failing() -> Aws {
    let data = Stack::new("data").fails(On::Create, "Table", "the name is taken");
    Scripted::new().stack(data).start()
}

#[test]
fn one_failure_stops_only_what_depends_on_it() {
    let aws = failing();
    let project = project(SHAPE);
    let ran = project
        .skysmith(["--endpoint-url", aws.url(), "deploy", "--all", "--yes", "--outputs-file", "out.json"])
        .code(1);
    let summary = ran.err.rsplit("\n\n").next().unwrap();
    let lines: Vec<&str> = summary.lines().map(str::trim_end).collect();
    assert!(
        lines[0].starts_with("5 stacks in ") && lines[0].ends_with(": 3 deployed, 1 failed, 1 skipped"),
        "{summary}"
    );
    assert!(lines.iter().any(|line| line.starts_with("  ✓ net    deployed  ")), "{summary}");
    assert!(lines.iter().any(|line| line.starts_with("  ✗ data   failed    ")), "{summary}");
    assert!(lines.contains(&"  · app    skipped   because data failed"), "{summary}");
    assert!(ran.err.contains("the name is taken"), "{}", ran.err);
    assert_eq!(aws.status("mail").as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(aws.status("alone").as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(aws.status("app"), None);
    // The outputs of what succeeded are written.
    let written: Value = serde_json::from_str(&std::fs::read_to_string(project.path("out.json")).unwrap()).unwrap();
    assert_eq!(written.as_object().unwrap().keys().collect::<Vec<_>>(), ["alone", "mail", "net"]);
}

#[test]
fn the_first_failure_stops_all_on_request() {
    let aws = failing();
    let args = ["--endpoint-url", aws.url(), "--json", "deploy", "--all", "--yes", "--fail-fast", "--concurrency", "1"];
    let ran = project(SHAPE).skysmith(args).code(1);
    let outcomes = outcomes(&ran);
    let of = |name: &str| outcomes.iter().find(|(stack, _)| stack == name).unwrap().1.clone();
    assert_eq!([of("net"), of("data"), of("app")], ["deployed", "failed", "skipped"]);
    assert_eq!([of("mail"), of("alone")], ["not begun", "not begun"]);
    let failed = events(&ran).into_iter().find(|event| event["event"] == "failed").unwrap();
    assert_eq!(failed["stack"], "data");
}

#[test]
fn stacks_are_destroyed_after_those_that_depend_on_them() {
    let aws = Scripted::new().start();
    let project = project(SHAPE);
    project.skysmith(["--endpoint-url", aws.url(), "deploy", "--all", "--yes"]).ok();
    aws.forget();
    let ran =
        project.skysmith(["--endpoint-url", aws.url(), "--json", "destroy", "net", "--yes", "--allow-data-loss"]).ok();
    assert_eq!(outcomes(&ran).len(), 4);
    assert_eq!(aws.status("alone").as_deref(), Some("CREATE_COMPLETE"));
    let ended: Vec<Value> = events(&ran)
        .into_iter()
        .filter(|event| event["event"] == "destroyed")
        .map(|event| event["stack"].clone())
        .collect();
    let place = |name: &str| ended.iter().position(|stack| stack == name).unwrap();
    assert!(place("app") < place("data") && place("data") < place("net") && place("mail") < place("net"), "{ended:?}");
}

/// The most calls that only ask for something within a second, at whatever moment that begins.
fn most_in_a_second(requests: &[Request]) -> usize {
    let asks = |request: &&Request| request.operation.starts_with("Describe") || request.operation.starts_with("List");
    let mut at: Vec<Instant> = requests.iter().filter(asks).map(|request| request.at).collect();
    at.sort();
    let within = |(index, start): (usize, &Instant)| {
        at[index..].iter().take_while(|at| at.duration_since(*start) < Duration::from_secs(1)).count()
    };
    at.iter().enumerate().map(within).max().unwrap_or(0)
}

fn count(requests: &[Request], operation: &str) -> usize {
    requests.iter().filter(|request| request.operation == operation).count()
}

/// What is asked of CloudFormation is the same whatever a resource takes; here it is half a second, so that the calls alone decide how long the run takes.
#[test]
fn two_hundred_stacks_with_never_more_than_three_looks_a_second() {
    const COUNT: usize = 200;
    let names: Vec<String> = (0..COUNT).map(|number| format!("many-{number}")).collect();
    // Four layers; each stack but those of the first needs one of the layer before.
    let needs: Vec<Vec<&str>> = (0..COUNT)
        .map(|number| number.checked_sub(COUNT / 4).map(|before| names[before].as_str()).into_iter().collect())
        .collect();
    let stacks: Vec<(&str, &[&str])> =
        names.iter().zip(&needs).map(|(name, needs)| (name.as_str(), needs.as_slice())).collect();
    let half_a_second = Duration::from_millis(500);
    let aws = names.iter().fold(Scripted::new(), |aws, name| {
        aws.stack(Stack::new(name).takes("Table", half_a_second).plans_in(half_a_second))
    });
    let aws = aws.start();
    let project = project(&stacks);

    let started = Instant::now();
    project.skysmith(["--endpoint-url", aws.url(), "deploy", "--all", "--yes", "--outputs-file", "out.json"]).ok();
    let took = started.elapsed();
    let requests = aws.requests();
    let asked: BTreeMap<&str, usize> = requests.iter().fold(BTreeMap::new(), |mut asked, request| {
        *asked.entry(request.operation.as_str()).or_default() += 1;
        asked
    });
    println!("{took:.0?}, at most {} a second: {asked:?}", most_in_a_second(&requests));
    assert!(names.iter().all(|name| aws.status(name).as_deref() == Some("CREATE_COMPLETE")));
    let written: Value = serde_json::from_str(&std::fs::read_to_string(project.path("out.json")).unwrap()).unwrap();
    assert!(written.as_object().unwrap().values().all(|outputs| outputs["Place"] == "here"));
    assert_eq!(written.as_object().unwrap().len(), COUNT);
    assert_eq!(most_in_a_second(&requests), 3);
    // One look at each plan and one at each end, but for those that come a moment too soon; all else is told by lists.
    assert!(count(&requests, "DescribeChangeSet") <= COUNT * 5 / 4);
    assert!(count(&requests, "DescribeStackEvents") <= COUNT * 5 / 4);
    assert!(count(&requests, "DescribeStacks") <= COUNT * 3 / 2);
    assert!(took < Duration::from_secs(300), "{took:?}");

    // Whether anything is to be done is known from a list and the templates.
    aws.forget();
    let started = Instant::now();
    project.skysmith(["--endpoint-url", aws.url(), "deploy", "--all", "--yes"]).ok();
    let requests = aws.requests();
    println!("nothing new: {:.0?}, {} calls", started.elapsed(), requests.len());
    assert!(most_in_a_second(&requests) <= 3);
    assert_eq!(count(&requests, "GetTemplate"), COUNT);
    assert!(count(&requests, "DescribeStacks") <= 10, "{}", count(&requests, "DescribeStacks"));
}

#[test]
fn what_is_to_be_destroyed_is_looked_at_side_by_side() {
    let aws = Scripted::new().start();
    let project = project(&[("a", &[]), ("b", &[]), ("c", &[])]);
    project.skysmith(["--endpoint-url", aws.url(), "deploy", "--all", "--yes"]).ok();
    aws.forget();
    // While one answer is waited for, the next stack is asked about.
    aws.fault(Fault::slow(Duration::from_millis(700)).on("GetTemplate"));
    project.skysmith(["--endpoint-url", aws.url(), "destroy", "--all", "--yes", "--allow-data-loss"]).ok();
    let operations = aws.operations();
    let deletion = operations.iter().position(|operation| operation == "DeleteStack").unwrap();
    let templates = operations[..deletion].iter().filter(|operation| *operation == "GetTemplate").count();
    let resources = operations.iter().position(|operation| operation == "ListStackResources").unwrap();
    let first = operations[..resources].iter().filter(|operation| *operation == "GetTemplate").count();
    assert!(templates == 3 && first > 1, "{operations:?}");
}

/// CloudFormation is asked three things a second: fifty looks would take a quarter of a minute, and a list of all takes one.
#[test]
fn many_stacks_are_compared_by_one_look_at_all() {
    let names: Vec<String> = (0..50).map(|number| format!("app-{number}")).collect();
    let shape: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let project = project(&shape);
    let deployed = TEMPLATE.replace("PAY_PER_REQUEST", "PROVISIONED");
    // The last one is new.
    let there = names.iter().take(49).map(|name| Stack::new(name).status("CREATE_COMPLETE").template(&deployed));
    let aws = there.fold(Scripted::new(), Scripted::stack).start();
    let begun = Instant::now();
    let ran = project.skysmith(["--endpoint-url", aws.url(), "diff", "--json"]).ok();
    let took = begun.elapsed();
    let json = ran.json();
    let stacks = json["stacks"].as_array().unwrap();
    assert_eq!(stacks.len(), 50);
    assert_eq!(stacks.iter().filter(|stack| stack["summary"]["change"] == 1).count(), 49);
    assert!(stacks.iter().all(|stack| stack["is_deployed"] == (stack["stack"] != "app-49")));
    assert_eq!((aws.calls("DescribeStacks").len(), aws.calls("GetTemplate").len()), (1, 49));
    assert!(took < Duration::from_secs(8), "{took:?}");
}
