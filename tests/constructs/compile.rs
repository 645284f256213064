//! What must not compile, and what the compiler then says.
//!
//! Each file of `compile/` is a program with a mistake; its lines that begin with `//~` are what the compiler must say of
//! it. Its whole text is not compared: that changes with every version of the compiler.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn wrong_kinds_do_not_compile_and_the_compiler_says_why() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = read_cases(&root.join("tests/constructs/compile"));
    assert!(cases.len() >= 4);
    let package = root.join("target/compile-fail");
    let mut manifest = format!(
        "[package]\nname = \"compile-fail\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nskysmith = {{ path = {:?} }}\n",
        root.to_str().unwrap()
    );
    for name in cases.keys() {
        let path = root.join("tests/constructs/compile").join(format!("{name}.rs"));
        manifest += &format!("[[bin]]\nname = \"{name}\"\npath = {:?}\n", path.to_str().unwrap());
    }
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["check", "--keep-going", "--message-format=json", "--offline"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .output()
        .unwrap();
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        if let (Some(target), Some(text)) =
            (message["target"]["name"].as_str(), message["message"]["rendered"].as_str())
        {
            said.entry(target.to_owned()).or_default().push_str(text);
        }
    }
    for (name, expected) in cases {
        let said = said.remove(&name).unwrap_or_else(|| {
            panic!("{name} compiles, or was not reached:\n{}", String::from_utf8_lossy(&output.stderr))
        });
        for words in expected {
            assert!(said.contains(&words), "{name}: expected `{words}` in\n{said}");
        }
    }
}

fn read_cases(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let expected: Vec<_> =
                text.lines().filter_map(|line| Some(line.strip_prefix("//~ ")?.to_owned())).collect();
            assert!(!expected.is_empty(), "{} expects nothing", path.display());
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), expected)
        })
        .collect()
}
