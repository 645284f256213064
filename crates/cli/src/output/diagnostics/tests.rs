use std::fs;

use super::*;

fn handler(path: &str) -> Diagnostic {
    let mut finding = Diagnostic::new(
        Severity::Error,
        "64 MB is below the smallest memory of a Lambda function, 128 MB, and of every other function that there is",
    );
    finding.rule = Some("lambda-memory".to_owned());
    finding.path = Some(path.to_owned());
    finding.resource_type = Some("AWS::Lambda::Function".to_owned());
    finding.property = Some("MemorySize".to_owned());
    finding.place = Some(SourcePlace { column: Some(6), ..SourcePlace::line("src/main.rs", 2) });
    finding.notes = vec!["allowed: 128 to 10240 in steps of 1".to_owned()];
    finding
}

fn folder() -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.rs"), "fn main() {\n    .memory(size)\n}\n").unwrap();
    let sources = Sources::new(vec![folder.path().to_owned()]);
    (folder, sources)
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn on_a_wide_terminal() {
    let (_folder, sources) = folder();
    let bare = Diagnostic::new(Severity::Warning, "something is odd\nvery odd");
    let text = render(&[bare, handler("object-counter/Counter/Handler")], &sources, Some(200));
    assert_eq!(
        plain(&text),
        "\
error[lambda-memory]: 64 MB is below the smallest memory of a Lambda function, 128 MB, and of every other function that there is
  ┌─ src/main.rs:2:6
  │    .memory(size)
  │     ^^^^^^^^^^^^
  = at object-counter/Counter/Handler (AWS::Lambda::Function), MemorySize
  = allowed: 128 to 10240 in steps of 1

warning: something is odd
  very odd

"
    );
    let styled = "\u{1b}[1m\u{1b}[31merror[lambda-memory]\u{1b}[0m: 64 MB";
    assert!(text.starts_with(styled), "{text:?}");
    assert!(text.contains(" \u{1b}[1m\u{1b}[31m^^^^^^^^^^^^\u{1b}[0m\n"), "{text:?}");
}

#[test]
fn on_narrow_terminals() {
    let (_folder, sources) = folder();
    let text = plain(&render(&[handler("object-counter/Counter/Handler")], &sources, Some(80)));
    assert_eq!(
        text,
        "\
error[lambda-memory]: 64 MB is below the smallest memory of a Lambda function,
  128 MB, and of every other function that there is
  ┌─ src/main.rs:2:6
  │    .memory(size)
  │     ^^^^^^^^^^^^
  = at object-counter/Counter/Handler (AWS::Lambda::Function), MemorySize
  = allowed: 128 to 10240 in steps of 1

"
    );
    for width in 40..100 {
        let text = plain(&render(&[handler("object-counter/Counter/Handler")], &sources, Some(width)));
        for line in text.lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn one_cause_is_told_once() {
    let (_folder, sources) = folder();
    let mut findings: Vec<_> = (0..5).map(|index| handler(&format!("app-{index}/Handler"))).collect();
    assert_eq!(counts(&findings, 0), "1 error");
    let text = plain(&render(&findings, &sources, None));
    assert!(text.contains("  = at app-0/Handler (AWS::Lambda::Function), MemorySize\n"), "{text}");
    assert!(text.contains("  = also at app-1/Handler, app-2/Handler, app-3/Handler and 1 more\n"), "{text}");
    assert_eq!(text.matches("error[").count(), 1);
    // Another value from the same line, as of a loop, is another mistake.
    findings[4].message = "32 MB is too small".to_owned();
    assert_eq!(counts(&findings, 0), "2 errors");
    // Without a place nobody can tell.
    findings.iter_mut().for_each(|finding| finding.place = None);
    assert_eq!(counts(&findings, 0), "5 errors");
}
