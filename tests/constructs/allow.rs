//! What programs allow, and why.

use skysmith::prelude::*;
use skysmith::{Resource, RuleId, lambda, logs};

fn stack() -> (App, Stack) {
    let app = App::new();
    let stack = Stack::new(&app, "app");
    (app, stack)
}

/// The findings in lines: rule, path, line of this file.
fn found(app: &App) -> Vec<String> {
    let shown = |finding: skysmith_assembly::protocol::Diagnostic| {
        let place = finding.place.map(|place| place.line).unwrap_or_default();
        format!("{} {} {place}", finding.rule.unwrap_or_default(), finding.path.unwrap_or_default())
    };
    skysmith::synthesize(app).diagnostics().into_iter().map(shown).collect()
}

#[test]
fn a_resource_allows_a_rule_and_keeps_the_reason() {
    let (app, stack) = stack();
    let topic = Resource::new(&stack, "Topic", "AWS::SNS::Topic");
    topic.set("DisplayNam", "x");
    topic.allow(RuleId::UnknownProperty, "it is in a preview");
    let other = Resource::new(&stack, "Other", "AWS::SNS::Topic");
    other.set("DisplayNam", "x");
    let synthesis = skysmith::synthesize(&app);
    // What is allowed here is not allowed elsewhere.
    let left = synthesis.diagnostics();
    assert_eq!(left.iter().map(|finding| finding.path.as_deref().unwrap()).collect::<Vec<_>>(), ["app/Other"]);
    let silenced = synthesis.silenced();
    assert_eq!((silenced.len(), silenced[0].reason.as_deref()), (1, Some("it is in a preview")));
    assert_eq!(silenced[0].diagnostic.path.as_deref(), Some("app/Topic"));
    // The reason is where the next reader looks, and where a check of the assembly finds it.
    let template = serde_json::from_str::<serde_json::Value>(&synthesis.stacks[0].template.to_json()).unwrap();
    let kept = &template["Resources"]["Topic"]["Metadata"]["skysmith"]["allow"];
    assert_eq!(*kept, serde_json::json!([{ "rule": "unknown-property", "reason": "it is in a preview" }]));
    assert!(template["Resources"]["Other"]["Metadata"].is_null());
}

#[test]
fn a_construct_and_a_stack_allow_as_well() {
    let (app, stack) = stack();
    let group = logs::LogGroup::new(&stack, "Group");
    group.cfn().set("Retention", 3);
    group.allow("unknown-property", "because");
    Resource::new(&stack, "Topic", "AWS::SNS::Topic").set("DisplayNam", "x");
    assert_eq!(found(&app).len(), 1);
    stack.allow("unknown-property", "because of all of them");
    assert_eq!(found(&app), Vec::<String>::new());
    let synthesis = skysmith::synthesize(&app);
    let reasons: Vec<_> = synthesis.silenced().into_iter().filter_map(|silenced| silenced.reason).collect();
    assert_eq!(reasons, ["because", "because of all of them"], "the nearest reason counts");
}

#[test]
fn what_is_allowed_in_vain_is_told_with_its_line() {
    let (app, stack) = stack();
    let topic = Resource::new(&stack, "Topic", "AWS::SNS::Topic");
    topic.allow(RuleId::LambdaMemory, "no function at all");
    let line = line!() - 1;
    assert_eq!(found(&app), [format!("unused-allow app/Topic {line}")]);
    assert!(!skysmith::synthesize(&app).has_errors());
}

#[test]
fn a_rule_that_does_not_exist_is_an_error_with_its_line() {
    let (app, stack) = stack();
    let topic = Resource::new(&stack, "Topic", "AWS::SNS::Topic");
    topic.allow("unknown-property", "");
    topic.allow("unknown-propperty", "a slip");
    let line = line!() - 1;
    assert_eq!(
        found(&app),
        [format!("malformed-allow app/Topic {}", line - 1), format!("unknown-rule app/Topic {line}")]
    );
    let synthesis = skysmith::synthesize(&app);
    assert!(synthesis.has_errors());
    assert_eq!(synthesis.diagnostics()[1].notes, ["did you mean `unknown-property`?"]);
}

#[test]
fn what_is_not_in_the_stack_has_nothing_to_allow() {
    let (app, stack) = stack();
    lambda::Function::import(&stack, "Other", "other").allow(RuleId::LambdaMemory, "it is not ours");
    let line = line!() - 1;
    assert_eq!(found(&app)[0], format!(" app/Other {line}"));
}
