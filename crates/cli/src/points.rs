//! Which characters of a hand-written template a finding is about.

use skysmith_assembly::SourcePlace;
use skysmith_template::{Document, Span, Step};
use skysmith_validate::{Finding, RuleId};

/// The place of a finding in the file that is called `file`: the exact key or value, or what is nearest around it.
pub fn of(finding: &Finding, document: &Document, file: &str) -> SourcePlace {
    let source = &document.source;
    let steps = finding.steps();
    // What is missing, and what stands inside a short form, has no characters of its own.
    let found = (0..=steps.len()).rev().find_map(|length| meant(finding.rule, document, &steps[..length]));
    found.or_else(|| source.span(&[])).map_or_else(|| SourcePlace::line(file, 1), |span| place(file, span))
}

/// The span as a place. Of several lines the first is meant.
pub fn place(file: &str, span: Span) -> SourcePlace {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let length =
        if span.start.line == span.end.line { span.end.column.saturating_sub(span.start.column) } else { usize::MAX };
    SourcePlace {
        column: Some(number(span.start.column)),
        length: Some(number(length.max(1))),
        ..SourcePlace::line(file, number(span.start.line))
    }
}

/// The key or the value at the path. A value that goes on for lines is shown by its key; what is wrong with a name, by the name.
fn meant(rule: RuleId, document: &Document, path: &[Step<'_>]) -> Option<Span> {
    let value = document.source.span(path)?;
    let key = document.source.key_span(path);
    let is_short = value.start.line == value.end.line && value.start != value.end;
    match key {
        Some(key) if is_about_the_name(rule) || !is_short || key.start.line != value.start.line => Some(key),
        _ if path.is_empty() && !is_short => None,
        _ => Some(value),
    }
}

fn is_about_the_name(rule: RuleId) -> bool {
    matches!(
        rule,
        RuleId::UnknownProperty
            | RuleId::UnknownSection
            | RuleId::UnknownResourceAttribute
            | RuleId::ReadOnlyProperty
            | RuleId::LogicalId
            | RuleId::NullValue
            | RuleId::MalformedAllow
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The characters that the first error in the template is about.
    fn shown(text: &str) -> String {
        let document = skysmith_template::read(text).unwrap();
        let findings = skysmith_validate::validate(&document.template);
        let error = findings.iter().find(|it| it.severity == skysmith_validate::Severity::Error);
        let place = of(error.unwrap(), &document, "t");
        let line = text.lines().nth(place.line as usize - 1).unwrap();
        let chars = line.chars().skip(place.column.unwrap() as usize - 1);
        chars.take(place.length.unwrap() as usize).collect()
    }

    const YAML: &str = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: arn:aws:iam::123456789012:role/r\n      PackageType: Image\n      Code:\n        ImageUri: x\n";

    #[test]
    fn keys_and_values_are_told_apart() {
        let with = |line: &str| shown(&format!("{YAML}{line}\n"));
        assert_eq!(with("      MemorySize: 64"), "64");
        assert_eq!(with("      MemorySiz: 64"), "MemorySiz");
        assert_eq!(with("      Timeout: !If [x, 1, 2]"), "!If [x, 1, 2]");
        assert_eq!(with("      Description: !GetAtt G.Name"), "!GetAtt G.Name");
        assert_eq!(with("      Architectures: [sparc]"), "sparc");
        assert_eq!(with("      Tags:\n        - Key: a\n          Value: b\n          Valeu: c"), "Valeu");
        assert_eq!(with("      Environment:\n        Variables:\n          - a\n          - b"), "Variables");
    }

    #[test]
    fn what_is_missing_is_shown_where_it_is_missing() {
        assert_eq!(shown(&YAML.replace("      Role: arn:aws:iam::123456789012:role/r\n", "")), "Properties");
        assert_eq!(shown("Resources:\n  R:\n    Type: AWS::IAM::Role\n"), "R");
        assert_eq!(shown("Resources: {R: {Type: AWS::IAM::Role}}\n"), "{Type: AWS::IAM::Role}");
        assert_eq!(shown("{\"Resources\": {\"R\": {\"Typ\": \"AWS::SNS::Topic\"}}}"), "{\"Typ\": \"AWS::SNS::Topic\"}");
    }
}
