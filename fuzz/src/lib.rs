//! Targets that take any bytes, and a way to make bytes that break things.
//!
//! A target does with its input what the program does with a file. It must not panic, must not take long and must not take
//! much memory; what it gives is a word that says which way it went, so that inputs that go a new way can be kept.
//!
//! The mutations are those of a fixed sequence of random numbers: the same seed gives the same inputs.

use std::path::{Path, PathBuf};

use skysmith_template::{Intrinsic, Map, Node, Template};

/// What is broken.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folder of kept inputs.
    pub name: &'static str,
    /// Runs it; says which way the input went.
    pub run: fn(&[u8]) -> String,
}

/// All targets.
pub const TARGETS: [Target; 4] = [
    Target { name: "template", run: template },
    Target { name: "sub", run: sub },
    Target { name: "manifest", run: manifest },
    Target { name: "validator", run: validator },
];

/// The reader of templates, and the writers.
fn template(bytes: &[u8]) -> String {
    match skysmith_template::read_bytes(bytes) {
        Err(error) => shape(&error.to_string()),
        Ok(document) => {
            let json = document.template.to_json();
            let again = skysmith_template::read_json(&json).map(|it| it.template == document.template);
            // What was read survives being written; a template that JSON refuses because of its depth was refused before.
            assert!(again.unwrap_or(false), "the JSON of a template is another template");
            let yaml = document.template.to_yaml();
            format!("read {}", usize::from(yaml.is_empty()))
        }
    }
}

/// The text of `Fn::Sub`, taken apart and put together.
fn sub(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let call =
        Node::<String>::from_long_form(Node::Map(Map::from([("Fn::Sub".to_owned(), Node::from(text.as_ref()))])));
    let Node::Intrinsic(intrinsic) = &call else { return "refused".to_owned() };
    let Intrinsic::Sub { parts, .. } = &**intrinsic else { return "something else".to_owned() };
    let count = parts.len().min(8);
    let long = call.to_long_form();
    let again = Node::from_long_form(long);
    assert_eq!(again, call, "a text that was taken apart is another one");
    format!("{count} parts")
}

/// The manifest of a cloud assembly, in a folder of its own.
fn manifest(bytes: &[u8]) -> String {
    let folder = std::env::temp_dir().join(format!("skysmith-fuzz-{}", std::process::id()));
    if std::fs::create_dir_all(&folder).is_err() || std::fs::write(folder.join("manifest.json"), bytes).is_err() {
        return "not written".to_owned();
    }
    match skysmith_assembly::Assembly::read(&folder) {
        Ok(assembly) => format!("{} stacks", assembly.stacks.len().min(4)),
        Err(error) => shape(&error.to_string().replace(&folder.display().to_string(), "")),
    }
}

/// The validator: whatever can be read can be judged.
fn validator(bytes: &[u8]) -> String {
    let Ok(document) = skysmith_template::read_bytes(bytes) else { return "not read".to_owned() };
    let template: &Template = &document.template;
    let mut rules: Vec<_> = skysmith_validate::validate(template).iter().map(|it| it.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules.join(" ")
}

/// A message without what is only of this input.
fn shape(message: &str) -> String {
    message.chars().filter(|it| it.is_ascii_alphabetic() || *it == ' ').take(60).collect()
}

/// The folder with the kept inputs of a target.
#[must_use]
pub fn corpus_folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The kept inputs of a target, sorted by name.
#[must_use]
pub fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(corpus_folder(target))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|it| Some((it.file_name().to_string_lossy().into_owned(), std::fs::read(it.path()).ok()?)))
        .collect();
    found.sort();
    found
}

/// A fixed sequence of numbers (SplitMix64).
#[derive(Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below the limit, 0 if there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }
}

/// What breaks readers and judges when it stands where it should not.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "\"",
    "'",
    "\\",
    "\\u",
    "\\ud800",
    "- ",
    "? ",
    " #",
    "&a ",
    "*a ",
    "<<: *a\n",
    "!Ref ",
    "!Sub ",
    "!GetAtt ",
    "!If ",
    "!!binary ",
    "|\n",
    ">-\n",
    "%YAML 1.2\n",
    "---\n",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "😀",
    "${",
    "${!",
    "${AWS::Region}",
    "${A.B}",
    "1e999",
    "-0",
    "1e-999",
    "99999999999999999999999999",
    ".inf",
    "0x7f",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\"Fn::Sub\"",
    "\"Fn::If\"",
    "\"Ref\"",
    "\"Fn::GetAtt\"",
    "\"Fn::ForEach::A\"",
    "\"Fn::Transform\"",
    "\"Properties\"",
    "\"Resources\"",
    "\"Type\"",
    "{{resolve:ssm:",
    "arn:aws:s3:::",
    "*",
    "AWS::NoValue",
    "rate(",
    "cron(* * *)",
    "-1",
    "0",
];

/// Changes the bytes in a few places.
pub fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + numbers.below(24)).min(bytes.len());
        let piece = PIECES[numbers.below(PIECES.len())];
        match numbers.below(8) {
            0 => drop(bytes.splice(at..at, piece.bytes())),
            1 => drop(bytes.splice(at..end, piece.bytes())),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let copy = bytes[at..end].to_vec();
                let target = numbers.below(bytes.len() + 1);
                bytes.splice(target..target, copy);
            }
            5 => {
                // The same many times over, as deep nesting is.
                let copy = bytes[at..end.min(at + 8)].repeat(1 + numbers.below(200));
                bytes.splice(at..at, copy);
            }
            // A whole token is replaced, so that what comes of it is read more often.
            6 => {
                let quotes: Vec<usize> = (0..bytes.len()).filter(|it| bytes[*it] == b'"').collect();
                if quotes.len() > 1 {
                    let first = numbers.below(quotes.len() - 1);
                    bytes.splice(quotes[first]..=quotes[first + 1], piece.bytes());
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
    }
}
