//! What a change of each property does, by four judges.
//!
//! For each property of each resource type of the services in scope there is a resource that has nothing but this property, with
//! one value before and another after. All of them are in one template.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use skysmith_diff::{Replacement, diff};
use skysmith_template::{Map, Node, Template, read_json};

use crate::cdk;

const SERVICES: [&str; 11] =
    ["ApiGateway", "ApiGatewayV2", "DynamoDB", "Events", "IAM", "KMS", "Lambda", "Logs", "S3", "SNS", "SQS"];

/// A judge that says nothing.
const NONE: &str = "–";

/// A property, and what the judges say of it.
struct Property {
    service: &'static str,
    resource_type: &'static str,
    name: &'static str,
    logical_id: String,
    ours: Replacement,
    schema: Option<Replacement>,
    cdk: Option<Replacement>,
    emulator: Option<Replacement>,
}

fn policy(action: &str) -> Node {
    let statement = Map::from([
        ("Effect".to_owned(), "Allow".into()),
        ("Action".to_owned(), format!("s3:{action}").into()),
        ("Resource".to_owned(), "*".into()),
    ]);
    Map::from([("Statement".to_owned(), Node::List(vec![statement.into()]))]).into()
}

/// The property that is a policy and has to be there.
fn document(resource_type: &str) -> Option<&'static str> {
    let kind = skysmith_spec::resource_type(resource_type)?;
    let names = if resource_type.ends_with("Policy") { ["PolicyDocument", "Policy"] } else { ["PolicyDocument"; 2] };
    names.into_iter().find(|name| kind.property(name).is_some())
}

/// The CDK reads policies, and fails at what is none.
fn values(property: &Property, value: &str) -> Map {
    let node = match property.name {
        "Policies" => {
            let entries = [("PolicyName".to_owned(), "p".into()), ("PolicyDocument".to_owned(), policy(value))];
            Node::List(vec![Map::from(entries).into()])
        }
        "ManagedPolicyArns" => Node::List(vec![value.into()]),
        name if name.ends_with("PolicyDocument") || Some(name) == document(property.resource_type) => policy(value),
        _ => value.into(),
    };
    let mut properties = Map::from([(property.name.to_owned(), node)]);
    if let Some(name) = document(property.resource_type) {
        properties.entry(name.to_owned()).or_insert_with(|| policy("same"));
    }
    properties
}

fn template(properties: &[Property], value: &str) -> Template {
    let resources: Map = properties
        .iter()
        .map(|it| {
            let body = Map::from([
                ("Type".to_owned(), it.resource_type.into()),
                ("Properties".to_owned(), values(it, value).into()),
            ]);
            (it.logical_id.clone(), body.into())
        })
        .collect();
    Template::from_node(Map::from([("Resources".to_owned(), resources.into())]).into())
}

fn properties() -> Vec<Property> {
    let mut found = Vec::new();
    for kind in skysmith_spec::resource_types() {
        let service = kind.name().split("::").nth(1).unwrap_or_default();
        let Some(service) = SERVICES.into_iter().find(|known| *known == service && kind.name().starts_with("AWS::"))
        else {
            continue;
        };
        for property in kind.properties().filter(|it| !it.read_only()) {
            found.push(Property {
                service,
                resource_type: kind.name(),
                name: property.name(),
                logical_id: format!("R{}", found.len()),
                ours: Replacement::Never,
                schema: None,
                cdk: None,
                emulator: None,
            });
        }
    }
    found
}

/// What the schemas and the emulator say: `{"R1": {"schema": "always", "emulator": "never"}}`.
const ASK: &str = r#"
import json, pathlib, sys
import cfnlint.data.schemas.providers as providers
from ministack.services.cloudformation import stacks

before, after = (json.load(open(path)) for path in sys.argv[1:3])
folder = pathlib.Path(list(providers.__path__)[0])
names = json.load(open(folder / "us-east-1.json"))
answer = {}
for name, resource in before["Resources"].items():
    # The property in question is the first.
    kind, prop = resource["Type"], next(iter(resource["Properties"]))
    answer[name] = {}
    if kind in names:
        schema = json.load(open(folder.parent / "resources" / (names[kind] + ".json")))
        said = lambda key: {path.split("/")[2] for path in schema.get(key, []) if path.count("/") == 2}
        if prop in schema["properties"]:
            create, perhaps = said("createOnlyProperties"), said("conditionalCreateOnlyProperties")
            answer[name]["schema"] = "always" if prop in create else "conditional" if prop in perhaps else "never"
words = {"True": "always", "Conditional": "conditional", "False": "never"}
for change in stacks._diff_resources(before, after):
    change = change.get("ResourceChange", change)
    if "Replacement" in change:
        answer[change["LogicalResourceId"]]["emulator"] = words[change["Replacement"]]
print(json.dumps(answer))
"#;

fn parse(word: &str) -> Option<Replacement> {
    Some(match word {
        "always" => Replacement::Always,
        "conditional" => Replacement::Conditional,
        "never" => Replacement::Never,
        _ => return None,
    })
}

fn word(verdict: Option<Replacement>) -> &'static str {
    match verdict {
        Some(Replacement::Always) => "always",
        Some(Replacement::Conditional) => "perhaps",
        Some(Replacement::Never) => "never",
        None => NONE,
    }
}

fn ask(properties: &mut [Property], folder: &Path) {
    let (before, after) = (template(properties, "a"), template(properties, "b"));
    let found = diff(&before, &after);
    let facts = cdk::facts(&cdk::diff(folder, &before, &after));
    let paths = [folder.join("before.json"), folder.join("after.json")];
    for (path, template) in paths.iter().zip([&before, &after]) {
        std::fs::write(path, template.to_json()).unwrap();
    }
    let output = Command::new(crate::python()).arg("-c").arg(ASK).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = read_json(&String::from_utf8_lossy(&output.stdout)).unwrap().template;
    for property in properties {
        let id = &property.logical_id;
        property.ours = found.resource(id).unwrap().replacement;
        let answer = answers.root().get(id).unwrap();
        let said = |judge: &str| parse(answer.get(judge)?.as_str()?);
        (property.schema, property.emulator) = (said("schema"), said("emulator"));
        let says = |impact: &str| facts.contains(&format!("{id}.{} {impact}", property.name));
        property.cdk = match (says("replace"), says("may replace"), says("update")) {
            (true, ..) => Some(Replacement::Always),
            (_, true, _) => Some(Replacement::Conditional),
            (_, _, true) => Some(Replacement::Never),
            _ => None,
        };
    }
}

/// Why the judges disagree about a property.
fn reason(it: &Property) -> &'static str {
    let (schema, cdk) = (it.schema.unwrap_or(Replacement::Never), it.cdk.unwrap_or(Replacement::Never));
    if it.schema == it.cdk && it.ours == schema {
        return "the emulator has a short list of its own";
    }
    match (it.ours > cdk, it.ours > schema) {
        (true, false) => {
            "the provider's schema is stricter than the documentation, which the CDK goes by: the stricter counts"
        }
        (true, true) if it.schema.is_none() => {
            "this cfn-lint and this CDK have not heard of the type, the specification that our tables are made of has"
        }
        (false, true) if it.schema.is_none() => "the schema does not have the property; the documentation does",
        (false, true) if it.ours == Replacement::Conditional => {
            "the documentation says that it depends; a schema without a word for that leaves it out"
        }
        (false, true) => {
            "the documentation says that it replaces; the schema has it as changeable: the stricter counts"
        }
        _ => "",
    }
}

#[test]
fn the_verdict_on_each_property_beside_three_judges() {
    let folder = std::env::temp_dir().join(format!("skysmith-diff-verdicts-{}", std::process::id()));
    let mut properties = properties();
    assert!(properties.len() > 500, "{}", properties.len());
    ask(&mut properties, &folder);
    std::fs::remove_dir_all(&folder).unwrap();

    // The CDK says something of each, or the comparison would be empty.
    let silent: Vec<_> =
        properties.iter().filter(|it| it.cdk.is_none()).map(|it| (it.resource_type, it.name)).collect();
    assert!(silent.len() * 20 < properties.len(), "the CDK says nothing of {} properties: {silent:?}", silent.len());
    let mut text = String::from(
        "| service | properties | the schema says the same | the CDK says the same | the emulator says the same | all say the same |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let agrees = |it: &Property, verdict: Option<Replacement>| verdict.is_none_or(|verdict| verdict == it.ours);
    let all = |it: &Property| agrees(it, it.schema) && agrees(it, it.cdk) && agrees(it, it.emulator);
    let mut line = |name: &str, of: &dyn Fn(&Property) -> bool| {
        let count = |is: &dyn Fn(&Property) -> bool| properties.iter().filter(|it| of(it) && is(it)).count();
        writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} |",
            count(&|_| true),
            count(&|it| agrees(it, it.schema)),
            count(&|it| agrees(it, it.cdk)),
            count(&|it| agrees(it, it.emulator)),
            count(&all)
        )
        .unwrap();
    };
    for service in SERVICES {
        line(service, &|it| it.service == service);
    }
    line("together", &|_| true);
    text.push_str("\nWhere the schema or the CDK says something else than we do:\n\n");
    text.push_str("| property | ours | schema | CDK | emulator | why |\n|---|---|---|---|---|---|\n");
    let mut emulated: BTreeMap<(Replacement, Replacement), usize> = BTreeMap::new();
    let (mut unexplained, mut stricter) = (Vec::new(), Vec::new());
    for it in &properties {
        if [it.schema, it.cdk].into_iter().flatten().any(|judge| judge > it.ours) {
            stricter.push((it.resource_type, it.name));
        }
        if !agrees(it, it.schema) || !agrees(it, it.cdk) {
            let reason = reason(it);
            if reason.is_empty() {
                unexplained.push((it.resource_type, it.name));
            }
            let (ours, schema) = (word(Some(it.ours)), word(it.schema));
            let (cdk, emulator) = (word(it.cdk), word(it.emulator));
            writeln!(text, "| {}.{} | {ours} | {schema} | {cdk} | {emulator} | {reason} |", it.resource_type, it.name)
                .unwrap();
        } else if let Some(emulator) = it.emulator.filter(|emulator| *emulator != it.ours) {
            *emulated.entry((it.ours, emulator)).or_default() += 1;
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:?}");
    // Data goes with a replacement: nobody who knows AWS may be stricter. The emulator is no such judge.
    assert!(stricter.is_empty(), "a judge is stricter than we are: {stricter:?}");
    text.push_str("\nWhere only the emulator says something else, it goes by a short list of its own:\n\n");
    text.push_str("| ours, the schema and the CDK | emulator | properties |\n|---|---|--:|\n");
    for ((ours, emulator), count) in emulated {
        writeln!(text, "| {} | {} | {count} |", word(Some(ours)), word(Some(emulator))).unwrap();
    }
    crate::document::check("verdicts", &text);
}
