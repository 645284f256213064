//! The table of all answers in `architecture/DEPLOY.md`: written with `SKYSMITH_TEST_BLESS` set (`cargo xtask bless`), proven current without.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

const BEGIN: &str = "<!-- made by `cargo xtask bless`: the state machine -->\n";
const END: &str = "<!-- end of the state machine -->\n";

/// The action, and in one cell what follows from what it finds out.
fn cell(wish: Wish, stack: Option<&StackStatus>) -> String {
    let known = Situation::of(stack);
    let first = next_action(wish, &known);
    let found = |word: &str, situation: Situation<'_>| format!("{word}: {}", next_action(wish, &situation));
    let branches = match first {
        Action::LookForLeftovers => vec![
            found("nothing left", Situation { leftovers: Leftovers::Nothing, ..known }),
            found("something left", Situation { leftovers: Leftovers::Something, ..known }),
        ],
        Action::LookForOperation => vec![
            found("ours", Situation { operation: Whose::Ours, ..known }),
            found("another's", Situation { operation: Whose::Another, ..known }),
        ],
        Action::LookForChangeSets => vec![
            found("no change set", Situation { change_sets: ChangeSets::Nothing, ..known }),
            found("ours", Situation { change_sets: ChangeSets::Ours, ..known }),
            found("another's", Situation { change_sets: ChangeSets::Another, ..known }),
        ],
        _ => return first.to_string(),
    };
    branches.join("; ")
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn table() -> String {
    let wishes = [Wish::Deploy, Wish::Import, Wish::Destroy, Wish::Rollback, Wish::Repair];
    let mut text = String::new();
    let mut head = vec!["status".to_owned()];
    head.extend(wishes.iter().map(|wish| format!("{wish:?}").to_lowercase()));
    text.push_str(&row(&head));
    text.push_str(&row(&vec!["---".to_owned(); head.len()]));
    let unknown = [StackStatus::parse("…_IN_PROGRESS"), StackStatus::parse("…")];
    let known = StackStatus::ALL.iter().chain(&unknown).map(Some);
    for stack in std::iter::once(None).chain(known) {
        let name = match stack {
            None => "no stack".to_owned(),
            Some(StackStatus::Unknown(text)) => format!("unknown: {text}"),
            Some(status) => format!("`{status}`"),
        };
        let mut cells = vec![name];
        cells.extend(wishes.iter().map(|wish| cell(*wish, stack)));
        text.push_str(&row(&cells));
    }
    let _ = write!(
        text,
        "\nWith `--change-set NAME`, on a stack that is at rest; one that is not is followed or refused as above:\n\n"
    );
    let head = ["change set", "execution", "next"].map(str::to_owned);
    text.push_str(&row(&head));
    text.push_str(&row(&vec!["---".to_owned(); head.len()]));
    let mut apply = |status: &ChangeSetStatus, execution: &ExecutionStatus, said: &str| {
        let situation =
            Situation { chosen: Some((status, execution)), ..Situation::of(Some(&StackStatus::UpdateComplete)) };
        text.push_str(&row(&[
            format!("`{status}`"),
            said.to_owned(),
            next_action(Wish::Apply, &situation).to_string(),
        ]));
    };
    for status in ChangeSetStatus::ALL {
        if *status == ChangeSetStatus::CreateComplete {
            for execution in ExecutionStatus::ALL {
                apply(status, execution, &format!("`{execution}`"));
            }
        } else {
            apply(status, &ExecutionStatus::Unavailable, "any");
        }
    }
    text
}

#[test]
fn the_table_in_the_documents_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../architecture/DEPLOY.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table's beginning is marked");
    let (old, after) = rest.split_once(END).expect("the table's end is marked");
    let new = format!("\n{}\n", table());
    if std::env::var_os("SKYSMITH_TEST_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{new}{END}{after}")).unwrap();
    } else {
        assert_eq!(old, new, "run `cargo xtask bless`");
    }
}
