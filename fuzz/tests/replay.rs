//! All kept inputs, a few thousand mutants of them, and inputs that are known to break such programs: none of them panics, hangs
//! or takes much memory.

use std::time::{Duration, Instant};

use skysmith_fuzz::{Numbers, TARGETS, Target, corpus, mutate};

fn run(target: Target, name: &str, bytes: &[u8]) -> String {
    let start = Instant::now();
    let way = (target.run)(bytes);
    assert!(start.elapsed() < Duration::from_secs(5), "{} {name} took {:?}", target.name, start.elapsed());
    way
}

#[test]
fn kept_inputs_and_their_mutants_break_nothing() {
    for target in TARGETS {
        let corpus = corpus(target.name);
        assert!(corpus.len() >= 3, "{}: {}", target.name, corpus.len());
        for (name, bytes) in &corpus {
            run(target, name, bytes);
        }
        let mut numbers = Numbers(7);
        for case in 0..500 {
            let (name, bytes) = &corpus[numbers.below(corpus.len())];
            let mut bytes = bytes.clone();
            mutate(&mut bytes, &mut numbers);
            run(target, &format!("{name}, mutant {case}"), &bytes);
        }
    }
}

/// Inputs that are meant to break readers.
fn nasty() -> Vec<(&'static str, Vec<u8>)> {
    let aliases = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)
    });
    let nested_maps = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let functions = format!(
        "{{\"Resources\":{{\"X\":{{\"Type\":\"AWS::SNS::Topic\",\"Properties\":{{\"DisplayName\":{}\"x\"{}}}}}}}}}",
        "{\"Fn::Base64\":".repeat(50_000),
        "}".repeat(50_000)
    );
    let ifs = format!(
        "{{\"Resources\":{{\"X\":{{\"Type\":\"AWS::SNS::Topic\",\"Properties\":{{\"DisplayName\":{}\"x\"{}}}}}}}}}",
        "{\"Fn::If\":[\"C\",".repeat(60),
        ",\"y\"]}".repeat(60)
    );
    let number = format!(
        "{{\"Resources\":{{\"X\":{{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{{\"DelaySeconds\":1{}}}}}}}}}",
        "0".repeat(100_000)
    );
    vec![
        ("deep lists", "[".repeat(1_000_000).into_bytes()),
        ("deep maps", nested_maps.into_bytes()),
        ("deep flow lists", format!("a: {}", "[".repeat(500_000)).into_bytes()),
        ("deep block lists", "- ".repeat(200_000).into_bytes()),
        ("deep functions", functions.into_bytes()),
        ("nested conditions", ifs.into_bytes()),
        ("aliases that expand", aliases.into_bytes()),
        ("an alias of itself", b"a: &a [*a]\n".to_vec()),
        ("a merge of itself", b"a: &a\n  <<: *a\n".to_vec()),
        ("a huge number", number.into_bytes()),
        (
            "a huge exponent",
            b"{\"Resources\":{\"X\":{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{\"DelaySeconds\":1e999999999999}}}}"
                .to_vec(),
        ),
        ("the same key twice", b"{\"Resources\":{},\"Resources\":{}}".to_vec()),
        ("the same key twice in YAML", b"Resources: {}\nResources: {}\n".to_vec()),
        ("NUL", b"{\"Resources\":{\"\0\":\"\0\"}}".to_vec()),
        ("NUL in YAML", b"Resources:\n  X\0: {Type: \0}\n".to_vec()),
        ("invalid UTF-8", b"{\"Resources\":{\"\xff\xfe\":1}}".to_vec()),
        ("half a character", b"Resources:\n  X: \"\xe2\x82".to_vec()),
        ("a long line", format!("Description: {}", "x".repeat(5_000_000)).into_bytes()),
        ("many placeholders", format!("{{\"Description\":\"{}\"}}", "${".repeat(500_000)).into_bytes()),
        ("nothing", Vec::new()),
        ("a byte order mark alone", b"\xef\xbb\xbf".to_vec()),
    ]
}

#[test]
fn nasty_inputs_are_refused_or_read_soon() {
    for (name, bytes) in nasty() {
        for target in TARGETS {
            run(target, name, &bytes);
        }
    }
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux says it");
        let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).expect("a line");
        let kilobytes: u64 = line.split_whitespace().next().and_then(|it| it.parse().ok()).expect("a number");
        assert!(kilobytes < 1 << 20, "{kilobytes} kB");
    }
}

#[test]
fn what_cannot_be_right_is_an_error() {
    let refused =
        ["deep lists", "deep maps", "deep functions", "aliases that expand", "the same key twice", "invalid UTF-8"];
    for (name, bytes) in nasty() {
        if refused.contains(&name) {
            assert!(skysmith_template::read_bytes(&bytes).is_err(), "{name} is read");
        }
    }
}
