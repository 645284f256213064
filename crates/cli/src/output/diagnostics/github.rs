//! Findings as annotations of a pull request: the workflow commands of GitHub Actions.
//!
//! <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>

use skysmith_assembly::protocol::{Diagnostic, Severity};

use super::{Sources, at};

/// One line for each finding, errors first: GitHub shows the first ten of each kind in a step.
pub fn render(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        for finding in findings.iter().filter(|finding| finding.severity == severity) {
            text.push_str(&format!("::{word} {}::{}\n", properties(finding, sources), data(&message(finding))));
        }
    }
    text
}

fn properties(finding: &Diagnostic, sources: &Sources) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &finding.place {
        properties.push(("file", sources.in_repository(&place.file)));
        properties.push(("line", place.line.to_string()));
        if let Some(column) = place.column {
            properties.push(("col", column.to_string()));
            // An end without an end of line is one in the same line.
            if let Some(length) = place.length.filter(|length| *length < u32::MAX) {
                properties.push(("endColumn", (column + length).to_string()));
            }
        }
    }
    properties.push(("title", finding.rule.clone().unwrap_or_else(|| "skysmith".to_owned())));
    properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect::<Vec<_>>().join(",")
}

fn message(finding: &Diagnostic) -> String {
    let at = at(finding).map(|at| format!("at {at}"));
    let lines = [Some(finding.message.clone()), at].into_iter().flatten().chain(finding.notes.iter().cloned());
    lines.collect::<Vec<_>>().join("\n")
}

/// As the runner reads it back after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner reads back what stands between `=` and `,`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use skysmith_assembly::SourcePlace;

    use super::*;

    #[test]
    fn what_separates_is_escaped() {
        let mut finding = Diagnostic::new(Severity::Error, "100% wrong: a,b\r\nreally");
        finding.rule = Some("odd,rule:x".to_owned());
        finding.path = Some("app/A".to_owned());
        finding.notes = vec!["see ::error::".to_owned()];
        finding.place = Some(SourcePlace { column: Some(3), length: Some(4), ..SourcePlace::line("a,b:c%.yaml", 7) });
        let bare = Diagnostic::new(Severity::Warning, "odd");
        assert_eq!(
            render(&[bare, finding], &Sources::default()),
            "::error file=a%2Cb%3Ac%25.yaml,line=7,col=3,endColumn=7,title=odd%2Crule%3Ax::100%25 wrong: a,b%0D%0Areally%0Aat app/A%0Asee ::error::\n\
             ::warning title=skysmith::odd\n"
        );
    }
}
