//! Broken inputs: corpus files with bytes changed, the same ones every time. Whatever comes out of reading them, it is no
//! panic, errors have a place inside the source, and what was read survives being written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use skysmith_template::{read_bytes, read_json, read_yaml};

/// About a second's worth.
const CASES: usize = 1_500;

/// A fixed sequence of numbers (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }
}

/// What breaks readers when it stands where it should not.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "-",
    "- ",
    "?",
    "? ",
    "#",
    " #",
    "&a",
    "&a ",
    "*a",
    "*a ",
    "!",
    "!Ref ",
    "!Sub",
    "!GetAtt ",
    "!!str ",
    "|",
    ">",
    "|2",
    ">-",
    "\"",
    "'",
    "\\",
    "\\u",
    "\\ud800",
    "%",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "<<: ",
    "<<",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "😀",
    "${",
    "${!",
    "}",
    "1e",
    "-",
    ".inf",
    "0x",
    "0b_",
    "1:2",
    "null",
    "~",
    "Fn::Sub",
];

fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + numbers.below(12)).min(bytes.len());
        match numbers.below(6) {
            0 => drop(bytes.splice(at..at, PIECES[numbers.below(PIECES.len())].bytes())),
            1 => drop(bytes.splice(at..end, PIECES[numbers.below(PIECES.len())].bytes())),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let copy = bytes[at..end].to_vec();
                let target = numbers.below(bytes.len() + 1);
                bytes.splice(target..target, copy);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
    }
}

#[test]
fn no_input_breaks_the_readers() {
    let corpus: Vec<Vec<u8>> = common::corpus()
        .into_iter()
        .chain(common::cdk())
        // The first part is enough to break, and much faster.
        .map(|(_, text)| text.bytes().take(3_000).collect())
        .collect();
    let mut numbers = Numbers(1);
    let mut read_well = 0;
    for _ in 0..CASES {
        let mut bytes = corpus[numbers.below(corpus.len())].clone();
        mutate(&mut bytes, &mut numbers);
        if let Err(error) = read_bytes(&bytes) {
            assert!(error.span().start.offset <= bytes.len());
            assert!(error.span().start <= error.span().end, "{error}");
        }
        let text = String::from_utf8_lossy(&bytes);
        for document in [read_json(&text), read_yaml(&text)].into_iter().flatten() {
            read_well += 1;
            let template = document.template;
            assert_eq!(read_json(&template.to_json()).unwrap().template, template);
            // Not the same template if a number has an exponent, which YAML has to spell in another way.
            let yaml = template.to_yaml();
            assert_eq!(read_yaml(&yaml).unwrap().template.to_yaml(), yaml);
        }
    }
    assert!(read_well > CASES / 20, "{read_well} of {CASES} were read");
}

#[test]
fn every_beginning_of_a_template_is_read_or_refused() {
    for (name, text) in common::corpus() {
        for (end, _) in text.char_indices().step_by(7) {
            if let Err(error) = read_yaml(&text[..end]) {
                assert!(error.span().start.offset <= end, "{name}: {error}");
            }
        }
    }
    let (_, json) = common::cdk().remove(0);
    for (end, _) in json.char_indices().step_by(31) {
        assert!(read_json(&json[..end]).is_err());
    }
}
