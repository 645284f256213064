//! Findings for tools: SARIF 2.1.0, as code scanning reads it.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde_json::{Map, Value, json};
use skysmith_assembly::protocol::{Diagnostic, Severity, Silenced};
use skysmith_validate::RuleId;

use super::{Sources, at};

/// The document. What is silenced is in it as well, as suppressed results.
pub fn document(findings: &[Diagnostic], silenced: &[Silenced], sources: &Sources) -> Value {
    let mut rules: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    for finding in findings {
        results.push(Value::Object(result(finding, &mut rules, sources)));
    }
    for Silenced { diagnostic, reason } in silenced {
        let mut result = result(diagnostic, &mut rules, sources);
        // What stands in the program or the template, and what the project's settings say.
        let suppression = match reason {
            Some(reason) => json!({ "kind": "inSource", "justification": reason }),
            None => json!({ "kind": "external", "justification": "the rule is off in this project" }),
        };
        result.insert("suppressions".to_owned(), json!([suppression]));
        results.push(Value::Object(result));
    }
    let rules: Vec<Value> = rules.into_iter().map(rule).collect();
    let driver = json!({
        "name": "skysmith",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results }],
    })
}

fn rule(id: &str) -> Value {
    let Ok(rule) = id.parse::<RuleId>() else { return json!({ "id": id }) };
    let level = match rule.severity() {
        skysmith_validate::Severity::Error => "error",
        skysmith_validate::Severity::Warning => "warning",
    };
    json!({
        "id": id,
        "shortDescription": { "text": rule.reason() },
        "fullDescription": { "text": rule.explanation() },
        "help": { "text": format!("{}\nTo put it right: {}", rule.explanation(), rule.fix()) },
        "defaultConfiguration": { "level": level },
    })
}

fn result<'a>(finding: &'a Diagnostic, rules: &mut Vec<&'a str>, sources: &Sources) -> Map<String, Value> {
    let mut result = Map::new();
    let mut put = |key: &str, value: Value| result.insert(key.to_owned(), value);
    if let Some(id) = &finding.rule {
        let index = rules.iter().position(|known| known == id).unwrap_or_else(|| {
            rules.push(id);
            rules.len() - 1
        });
        put("ruleId", json!(id));
        put("ruleIndex", json!(index));
    }
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    put("level", json!(level));
    let text =
        [finding.message.clone()].into_iter().chain(finding.notes.iter().cloned()).collect::<Vec<_>>().join("\n");
    put("message", json!({ "text": text }));
    let mut location = Map::new();
    if let Some(place) = &finding.place {
        let mut region = json!({ "startLine": place.line });
        if let Some(column) = place.column {
            region["startColumn"] = json!(column);
            if let Some(length) = place.length.filter(|length| *length < u32::MAX) {
                region["endColumn"] = json!(column + length);
            }
        }
        let uri = uri(&sources.in_repository(&place.file));
        location.insert("physicalLocation".to_owned(), json!({ "artifactLocation": { "uri": uri }, "region": region }));
    }
    if let Some(at) = at(finding) {
        let mut logical = json!({ "fullyQualifiedName": at });
        if finding.resource_type.is_some() {
            logical["kind"] = json!("resource");
        }
        location.insert("logicalLocations".to_owned(), json!([logical]));
    }
    if !location.is_empty() {
        put("locations", json!([location]));
    }
    result
}

/// A path as a relative reference, or as a URI where it is absolute.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("a b/ä:1%.yaml"), "a%20b/%C3%A4%3A1%25.yaml");
        assert_eq!(uri("/x/y.json"), "file:///x/y.json");
    }
}
