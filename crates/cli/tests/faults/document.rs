//! The table in `architecture/FAULTS.md`: written with `SKYSMITH_TEST_BLESS` set (`cargo xtask bless`), proven current without.

use std::fmt::Write as _;
use std::path::Path;

use crate::table;

const BEGINNING: &str = "\
# What can go wrong, and what comes of it

Each row is run by `crates/cli/tests/faults` as a person would run it, against a CloudFormation that is played (`crates/scripted`): the emulator is too
lenient for most of this, and AWS fails too seldom. None of it has run on AWS itself. The app is a queue and a topic with one asset. Judged are the exit
code, the last line, what is said before it, the stack's status, and that no secret is told; where a second run is given, it comes after the fault has
gone. `…` in a last line stands for anything.

<!-- made by `cargo xtask bless`: the table of faults -->
";

const LOOPS: &[(&str, &str)] = &[
    (
        "a creation, an update or a deletion is killed (SIGKILL) before each of its calls",
        "the second run exits with 0, and leaves what a run leaves that nobody disturbs",
    ),
    ("a creation, an update or a deletion is killed (SIGKILL) after each of its calls, before the answer", "the same"),
    ("Ctrl-C at each call of a creation or an update", "1, and where it stands; the same as above for the second run"),
    (
        "two deployments of one stack at once",
        "the stack is deployed once; each run ends with 0 or says who is in the way, and finds nothing to do after that",
    ),
];

fn text() -> String {
    let mut text = BEGINNING.to_owned();
    let rows = table::all();
    let _ = writeln!(text, "\n{} rows, and the loops at the end.", rows.len());
    let mut part = "";
    for row in &rows {
        if row.part != part {
            part = row.part;
            let _ = writeln!(text, "\n## {part}\n\n| given | run | exit | last line | the stack then | second run |");
            text.push_str("| --- | --- | --- | --- | --- | --- |\n");
        }
        let line = |last: &str| if last.is_empty() { "…".to_owned() } else { format!("… {last} …") };
        let command = |arguments: &[&str]| {
            arguments.iter().filter(|word| **word != "--yes").copied().collect::<Vec<_>>().join(" ")
        };
        let again = row.again.as_ref().map_or(String::new(), |(arguments, end)| {
            let same = if *arguments == row.arguments { String::new() } else { format!("`{}`: ", command(arguments)) };
            format!("{same}{}", end.code)
        });
        let status = row.status.map_or_else(|| "is not there".to_owned(), |status| format!("`{status}`"));
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {status} | {again} |",
            row.given,
            command(row.arguments),
            row.end.code,
            line(row.end.last)
        );
    }
    text.push_str("\n## At every call\n\n| given | result |\n| --- | --- |\n");
    for (given, result) in LOOPS {
        let _ = writeln!(text, "| {given} | {result} |");
    }
    text
}

#[test]
fn the_document_has_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../architecture/FAULTS.md");
    if std::env::var_os("SKYSMITH_TEST_BLESS").is_some() {
        std::fs::write(&path, text()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text(), "architecture/FAULTS.md is not current: run `cargo xtask bless`");
    assert!(table::all().len() >= 40);
}
