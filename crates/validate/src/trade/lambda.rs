//! Functions: memory, timeout, code inside the template.

use skysmith_template::{Map, Node};

use super::{given, is_open};
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::value::{number, scalar_text};

/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MEMORY: (f64, f64) = (128.0, 10_240.0);
const TIMEOUT: (f64, f64) = (1.0, 900.0);
/// Of `ZipFile`, in bytes.
const INLINE_CODE: usize = 4 * 1024 * 1024;

pub(super) fn function(properties: &Map, at: At<'_>, findings: &mut Findings) {
    memory(properties, at, findings);
    timeout(properties, at, findings);
    runtime(properties, at, findings);
    inline_code(properties, at, findings);
}

fn memory(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(size) = properties.get("MemorySize").and_then(number) else { return };
    let (least, most) = MEMORY;
    let message = if size < least {
        format!("{size} MB is below the smallest memory of a Lambda function, {least} MB")
    } else if size > most {
        format!("{size} MB is above the largest memory of a Lambda function, {most} MB")
    } else {
        return;
    };
    findings
        .push(RuleId::LambdaMemory, at.key("MemorySize"), message)
        .note(format!("allowed: {least} to {most} in steps of 1"));
}

fn timeout(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(seconds) = properties.get("Timeout").and_then(number) else { return };
    let (least, most) = TIMEOUT;
    let message = if seconds < least {
        format!("{seconds} seconds is below the shortest timeout of a Lambda function, {least} second")
    } else if seconds > most {
        format!("{seconds} seconds is above the longest timeout of a Lambda function, {most} seconds")
    } else {
        return;
    };
    findings
        .push(RuleId::LambdaTimeout, at.key("Timeout"), message)
        .note(format!("allowed: {least} to {most} seconds"));
}

fn runtime(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let code = given(properties, "Code").and_then(Node::as_map);
    let is_zip = match given(properties, "PackageType") {
        None => true,
        Some(Node::String(package)) => package == "Zip",
        Some(_) => false,
    };
    // Only code that certainly is a zip: an image needs neither.
    let has_zip = code.is_some_and(|code| given(code, "ZipFile").is_some() || given(code, "S3Bucket").is_some());
    if !is_zip || !has_zip || is_open(properties) {
        return;
    }
    for (name, what) in [("Handler", "a handler"), ("Runtime", "a runtime")] {
        if given(properties, name).is_none() {
            findings.push(
                RuleId::LambdaRuntime,
                at,
                format!("a function with code in a zip file needs {what}, `{name}`"),
            );
        }
    }
}

fn inline_code(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(source) = given(properties, "Code").and_then(|code| code.get("ZipFile")) else { return };
    if let Some(text) = scalar_text(source)
        && text.len() > INLINE_CODE
    {
        findings
            .push(RuleId::LambdaInlineCode, at.key("Code").key("ZipFile"), format!("the code has {} bytes", text.len()))
            .note(format!("allowed: at most {INLINE_CODE}"));
    }
    if let Some(handler) = properties.get("Handler").and_then(Node::as_str)
        && !handler.starts_with("index.")
    {
        let name = handler.rsplit('.').next().unwrap_or("handler");
        let message = format!("the handler `{handler}` is not in the code: code inside a template is the file `index`");
        findings
            .push(RuleId::LambdaInlineHandler, at.key("Handler"), message)
            .note(format!("did you mean `index.{name}`?"));
    }
}

#[cfg(test)]
mod tests {
    use skysmith_template::Template;

    use super::*;

    #[test]
    fn too_much_code_is_found() {
        let code = Map::from([("ZipFile".to_owned(), Node::from("x".repeat(INLINE_CODE + 1)))]);
        let properties = Map::from([("Code".to_owned(), Node::from(code))]);
        let mut findings = Findings::default();
        function(&properties, At::Root, &mut findings);
        let rules: Vec<_> = findings.into_sorted(&Template::new()).iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [RuleId::LambdaRuntime, RuleId::LambdaRuntime, RuleId::LambdaInlineCode]);
    }
}
