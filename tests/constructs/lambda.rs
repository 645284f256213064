//! Functions.

use std::time::Duration;

use skysmith::lambda::{Code, Function, Memory, Runtime};

use crate::{complaints, function, only, template};

#[test]
fn a_function_logs_to_a_group_of_its_own_with_retention() {
    let template = template(|stack| {
        function(stack, "F");
    });
    let group = only(&template, "AWS::Logs::LogGroup");
    assert_eq!(group["Properties"]["RetentionInDays"], 30);
    assert_eq!(group["DeletionPolicy"], "Retain");
    let function = only(&template, "AWS::Lambda::Function");
    assert!(function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].is_string());
}

#[test]
fn a_bad_setting_points_at_the_line_that_made_it() {
    let start = line!();
    let found = complaints(|stack| {
        let size = Memory::from_mib(64);
        Function::builder(stack, "F", Runtime::PYTHON_3_13, Code::inline("def handler(e, c): pass"))
            .timeout(Duration::from_secs(901))
            .memory(size)
            .build();
    });
    let memory = found.iter().find(|found| found.property == "MemorySize").unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!((memory.path.as_str(), memory.line), ("demo/F", start + 5), "{memory:?}");
    let timeout = found.iter().find(|found| found.property == "Timeout").unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(timeout.line, start + 4);
}

#[test]
fn a_handler_must_be_in_the_code() {
    let functions = concat!(env!("CARGO_MANIFEST_DIR"), "/apps/object-counter/functions/count");
    let handler = |handler: &str| {
        complaints(|stack| {
            Function::builder(stack, "F", Runtime::PYTHON_3_13, Code::directory(functions)).handler(handler).build();
        })
    };
    assert!(handler("count.handler").is_empty());
    for (wrong, words) in [("counts.handler", "needs a file `counts.py`"), ("count", "not of the form")] {
        let found = handler(wrong);
        let [found] = &found[..] else { panic!("{found:?}") };
        assert_eq!((found.rule.as_str(), found.property.as_str()), ("lambda-handler", "Handler"));
        assert!(found.message.contains(words), "{found:?}");
        assert!(found.line > 0);
    }
}

#[test]
fn a_missing_directory_is_one_error_at_its_function() {
    let line = line!() + 2;
    let found = complaints(|stack| {
        Function::new(stack, "F", Runtime::PYTHON_3_13, Code::directory("no/such/folder"));
    });
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(found.message.starts_with("there is no directory `no/such/folder`"), "{found:?}");
    assert_eq!((found.path.as_str(), found.line), ("demo/F", line));
}
