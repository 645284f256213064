//! Reading JSON: what is refused and where, and where values stand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use skysmith_template::{Document, Node, Position, ReadErrorKind, Step, read, read_bytes, read_json, read_yaml};

/// Why reading `text` fails, and the line and column.
fn failure(text: &str) -> (ReadErrorKind, usize, usize) {
    let error = read_json(text).unwrap_err();
    let Position { line, column, offset } = error.span().start;
    assert!(offset <= text.len());
    (error.kind().clone(), line, column)
}

fn syntax(text: &str) -> (String, usize, usize) {
    match failure(text) {
        (ReadErrorKind::Syntax(message), line, column) => (message, line, column),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    for (text, message, line, column) in [
        ("{\n  \"a\": 1,\n}", "expected string", 3, 1),
        ("{\"a\": 1 \"b\": 2}", "expected comma or end of sequence", 1, 9),
        ("{\"a\" 1}", "expected colon", 1, 6),
        ("{\"é\": nul}", "expected value", 1, 7),
        ("{\"a\": [1, ]}", "expected value", 1, 11),
        ("{\"a\": 01}", "expected comma or end of sequence", 1, 8),
        ("{\"a\": -}", "this number is not finished", 1, 7),
        ("{\"a\": 1.}", "this number is not finished", 1, 7),
        ("{\"a\": .5}", "expected value", 1, 7),
        ("{\"a\": NaN}", "expected value", 1, 7),
        ("{'a': 1}", "expected string", 1, 2),
        ("{} // comment", "expected end of file", 1, 4),
        ("{}\n{}", "expected end of file", 2, 1),
        ("{\"a\"", "expected colon", 1, 5),
        ("{", "expected value or end of sequence", 1, 2),
        ("\u{feff}{", "expected value or end of sequence", 1, 2),
        ("\u{a0}{}", "expected value", 1, 1),
    ] {
        assert_eq!(syntax(text), (message.to_owned(), line, column), "{text}");
    }
}

#[test]
fn strings_are_strict() {
    for (text, line, column) in [
        (r#"{"a": "\ud800"}"#, 1, 8),
        (r#"{"a": "x\ud800\n"}"#, 1, 9),
        (r#"{"a": "xy\udc00"}"#, 1, 10),
        (r#"{"a": "\ud800A"}"#, 1, 8),
        (r#"{"a": "\x41"}"#, 1, 8),
        (r#"{"a": "\u12g4"}"#, 1, 8),
        ("{\"a\":\n \"tab\tin\"}", 2, 6),
        ("{\"a\": \"line\nin\"}", 1, 12),
        ("{\"a\": \"open", 1, 7),
        ("{\"a\": \"open\\", 1, 7),
        ("{\"a\": \"open\\u12", 1, 7),
    ] {
        let (_, at_line, at_column) = syntax(text);
        assert_eq!((at_line, at_column), (line, column), "{text}");
    }
    let node = Node::from_json(r#""\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\""#).unwrap();
    assert_eq!(node, "é😀/\u{8}\u{c}\n\r\t\"\\".into());
}

#[test]
fn a_key_stands_once() {
    let (kind, line, column) = failure("{\"a\": {\n \"b\": 1,\n \"\\u0062\": 2}}");
    let ReadErrorKind::DuplicateKey { key, first } = kind else { panic!("{kind:?}") };
    assert_eq!((key.as_str(), first.start.line, first.start.column), ("b", 2, 2));
    assert_eq!((line, column), (3, 2));
    assert_eq!(
        read_json("{\"a\": 1, \"a\": 2}").unwrap_err().to_string(),
        "line 1, column 10: the key `a` is here twice, first at line 1, column 2"
    );
}

#[test]
fn only_a_map_is_a_template() {
    for (text, found) in [("null", "nothing (`null`)"), ("[]", "a list"), ("\"x\"", "a string"), ("7", "a number")] {
        assert_eq!(failure(text), (ReadErrorKind::NotAMap { found }, 1, 1));
    }
    for text in ["", " \n\t ", "\u{feff}"] {
        assert_eq!(failure(text).0, ReadErrorKind::Empty);
    }
    assert_eq!(failure("\n[]").1, 2);
}

#[test]
fn size_and_depth_are_limited() {
    let huge = format!("{{\"a\": \"{}\"}}", "x".repeat(10_000_000));
    assert_eq!(failure(&huge), (ReadErrorKind::TooLarge { bytes: huge.len(), limit: 8 << 20 }, 1, 1));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let value = if open == "[" { "" } else { "1" };
            format!("{{\"a\":{}{value}{}}}", open.repeat(depth - 1), close.repeat(depth - 1))
        };
        let deepest = read_json(&nested(256)).unwrap().template;
        assert_eq!(deepest.to_json_compact(), nested(256));
        for depth in [257, 100_000] {
            let (kind, line, column) = failure(&nested(depth));
            assert_eq!((kind, line), (ReadErrorKind::TooDeep { limit: 256 }, 1));
            assert_eq!(column, 6 + 255 * open.len());
        }
        assert!(read_json(&format!("{{\"a\":{}", open.repeat(100_000))).is_err());
    }
}

#[test]
fn bytes_have_to_be_text() {
    let error = read_bytes(b"{\n\"a\xff\": 1}").unwrap_err();
    assert_eq!((error.kind(), error.span().start.line, error.span().start.column), (&ReadErrorKind::NotText, 2, 3));
    assert_eq!(read_bytes(&[0xff, 0xfe, 0, b'{']).unwrap_err().kind(), &ReadErrorKind::NotText);
    assert!(read_bytes(b"\x7fELF\x02\x01\x01\0\0").is_err());
    assert!(read_bytes(b"\xef\xbb\xbf{}").is_ok());
}

#[test]
fn every_value_has_its_place() {
    let text = "\u{feff}{\r\n  \"Resources\": {\r\n    \"\\u0041\": [1, {\"Fn::Sub\": [\"x\", {}]}]\r\n  }\r\n}";
    let Document { source, .. } = read(text).unwrap();
    let place = |path: &[Step<'_>]| {
        source.span(path).map(|span| {
            assert_eq!(span.start.line, span.end.line);
            (span.start.line, span.start.column, &text[span.start.offset..span.end.offset])
        })
    };
    let path: [Step<'_>; 5] = ["Resources".into(), "A".into(), 1.into(), "Fn::Sub".into(), 0.into()];
    assert_eq!(place(&path), Some((3, 32, "\"x\"")));
    assert_eq!(place(&path[..3]), Some((3, 19, "{\"Fn::Sub\": [\"x\", {}]}")));
    assert_eq!(place(&[path[0], path[1], 0.into()]), Some((3, 16, "1")));
    assert_eq!(place(&[path[0], path[1], 2.into()]), None);
    assert_eq!(place(&[path[0], path[1], "1".into()]), None);
    assert_eq!(place(&[path[0], 0.into()]), None);
    let key = source.key_span(&path[..2]).unwrap();
    assert_eq!(&text[key.start.offset..key.end.offset], "\"\\u0041\"");
    assert_eq!(source.key_span(&path[..3]), None);
    assert_eq!(source.key_span(&[]), None);
    assert_eq!(source.span(&[]).unwrap().end.line, 5);
    let nearest = source.nearest_span(&[path[0], path[1], "B".into(), "C".into()]);
    assert_eq!(nearest, source.span(&path[..2]));
    assert_eq!(source.line(3), Some("    \"\\u0041\": [1, {\"Fn::Sub\": [\"x\", {}]}]"));
}

#[test]
fn templates_of_the_cdk_survive() {
    for text in [
        include_str!("data/cdk/object-counter.json"),
        include_str!("data/cdk/welcome-dev.json"),
        include_str!("data/cdk/welcome-prod.json"),
    ] {
        let template = read(text).unwrap().template;
        // The CDK indents by one space.
        let unindented = |text: &str| text.lines().map(|line| line.trim_start().to_owned()).collect::<Vec<_>>();
        assert_eq!(unindented(&template.to_json()), unindented(text));
        assert_eq!(read(&template.to_json()).unwrap().template, template);
        assert_eq!(read(&template.to_json_compact()).unwrap().template, template);
        let mut references = 0;
        template.root().values().for_each(|section| section.for_each_ref(&mut |_| references += 1));
        assert!(references > 20, "{references}");
    }
}

#[test]
fn the_deepest_template_needs_little_stack() {
    // A megabyte is what the main thread has on some systems.
    let work = || {
        let nested = format!("{{\"a\":{}1{}}}", "[{\"b\":".repeat(127), "}]".repeat(127));
        let template = read_json(&nested).unwrap().template;
        let yaml = read_yaml(&template.to_yaml()).unwrap().template;
        assert_eq!(yaml.clone(), template);
        assert_eq!(Node::from(template.into_root()).to_long_form().to_json_compact(), nested);
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}
