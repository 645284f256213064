//! The part of `architecture/DIFF.md` that a test writes.

use std::path::PathBuf;

/// Checks that the part between the marks of this name is current; puts it there where `SKYSMITH_TEST_BLESS` is set.
pub fn check(name: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../architecture/DIFF.md");
    let document = std::fs::read_to_string(&file).unwrap();
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (head, rest) = document.split_once(&start).unwrap_or_else(|| panic!("no {start}"));
    let (old, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    let new = format!("\n{}\n\n", text.trim());
    if std::env::var_os("SKYSMITH_TEST_BLESS").is_some() {
        std::fs::write(file, format!("{head}{start}{new}{end}{tail}")).unwrap();
    } else {
        assert_eq!(old, new, "{name} in architecture/DIFF.md is out of date: `cargo xtask bless` writes it anew");
    }
}
