//! Reading YAML: what is refused and where, and where values stand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use skysmith_template::{Node, ReadErrorKind, Step, read, read_yaml};

fn failure(text: &str) -> (ReadErrorKind, usize, usize) {
    let error = read_yaml(text).unwrap_err();
    let start = error.span().start;
    assert!(start.offset <= text.len());
    (error.kind().clone(), start.line, start.column)
}

fn json(yaml: &str) -> String {
    Node::from_yaml(yaml).unwrap().to_json_compact()
}

#[test]
fn every_short_form_is_read() {
    for (yaml, expected) in [
        ("!Ref A", r#"{"Ref":"A"}"#),
        ("!Ref 012", r#"{"Ref":"012"}"#),
        ("!GetAtt A.B.C", r#"{"Fn::GetAtt":["A","B.C"]}"#),
        ("!GetAtt [A, B]", r#"{"Fn::GetAtt":["A","B"]}"#),
        ("!GetAtt A", r#"{"Fn::GetAtt":["A"]}"#),
        ("!GetAtt .A", r#"{"Fn::GetAtt":["","A"]}"#),
        ("Fn::GetAtt: A.B", r#"{"Fn::GetAtt":["A","B"]}"#),
        ("!Sub 'a ${B}'", r#"{"Fn::Sub":"a ${B}"}"#),
        ("!Sub ['${B}', {B: 1}]", r#"{"Fn::Sub":["${B}",{"B":1}]}"#),
        ("!Join ['', [a, !Ref B]]", r#"{"Fn::Join":["",["a",{"Ref":"B"}]]}"#),
        ("!Select [1, !GetAZs '']", r#"{"Fn::Select":[1,{"Fn::GetAZs":""}]}"#),
        ("!GetAZs", r#"{"Fn::GetAZs":""}"#),
        ("!Split [',', a]", r#"{"Fn::Split":[",","a"]}"#),
        ("!Base64 yes", r#"{"Fn::Base64":"yes"}"#),
        ("!Cidr [a, 1, 2]", r#"{"Fn::Cidr":["a",1,2]}"#),
        ("!FindInMap [a, b, c, DefaultValue: d]", r#"{"Fn::FindInMap":["a","b","c",{"DefaultValue":"d"}]}"#),
        ("!ImportValue a", r#"{"Fn::ImportValue":"a"}"#),
        ("!Transform {Name: a}", r#"{"Fn::Transform":{"Name":"a"}}"#),
        ("!GetStackOutput {StackName: a}", r#"{"Fn::GetStackOutput":{"StackName":"a"}}"#),
        ("!Length [a]", r#"{"Fn::Length":["a"]}"#),
        ("!ToJsonString {a: 1}", r#"{"Fn::ToJsonString":{"a":1}}"#),
        ("!If [a, b, c]", r#"{"Fn::If":["a","b","c"]}"#),
        ("!And [!Condition a, !Not [!Or []]]", r#"{"Fn::And":[{"Condition":"a"},{"Fn::Not":[{"Fn::Or":[]}]}]}"#),
        ("!Equals [a, 1]", r#"{"Fn::Equals":["a",1]}"#),
        ("!Contains [[a], b]", r#"{"Fn::Contains":[["a"],"b"]}"#),
        ("!EachMemberEquals [[a], b]", r#"{"Fn::EachMemberEquals":[["a"],"b"]}"#),
        ("!EachMemberIn [[a], [b]]", r#"{"Fn::EachMemberIn":[["a"],["b"]]}"#),
        ("!RefAll a", r#"{"Fn::RefAll":"a"}"#),
        ("!ValueOf [a, b]", r#"{"Fn::ValueOf":["a","b"]}"#),
        ("!ValueOfAll [a, b]", r#"{"Fn::ValueOfAll":["a","b"]}"#),
        ("!ForEach::Loop [a, [b], {c: d}]", r#"{"Fn::ForEach::Loop":["a",["b"],{"c":"d"}]}"#),
    ] {
        assert_eq!(json(yaml), expected, "{yaml}");
    }
    assert!(matches!(Node::from_yaml("!Ref A"), Ok(Node::Intrinsic(_))));
}

#[test]
fn what_is_wrong_is_refused_at_its_place() {
    for (text, expected) in [
        ("", (ReadErrorKind::Empty, 1, 1)),
        ("# nothing\n\n", (ReadErrorKind::Empty, 3, 1)),
        ("a: !Reff b", (ReadErrorKind::UnknownTag { tag: "!Reff".into() }, 1, 4)),
        ("a:\n  - !Ref\n  - !!binary aGk=", (ReadErrorKind::UnknownTag { tag: "!!binary".into() }, 3, 5)),
        ("a: !<tag:x,1:y> b", (ReadErrorKind::UnknownTag { tag: "!<tag:x,1:y>".into() }, 1, 4)),
        ("a: !ForEach:: [b]", (ReadErrorKind::UnknownTag { tag: "!ForEach::".into() }, 1, 4)),
        ("a: 1\n---\nb: 2", (ReadErrorKind::SecondDocument, 2, 1)),
        ("a: 1\n? [b]\n: 2", (ReadErrorKind::KeyNotAString, 2, 3)),
        ("a: 1\n~: 2", (ReadErrorKind::KeyNotAString, 2, 1)),
        ("!Ref a: 2", (ReadErrorKind::KeyNotAString, 1, 6)),
        ("a: .inf", (ReadErrorKind::NotANumber { text: ".inf".into() }, 1, 4)),
        ("a: !!int x", (ReadErrorKind::WrongType { text: "x".into(), tag: "!!int".into() }, 1, 10)),
        ("a: !!str [x]", (ReadErrorKind::WrongType { text: "this".into(), tag: "!!str".into() }, 1, 10)),
        ("a: &a [*a]", (ReadErrorKind::AliasInItself, 1, 8)),
        ("a: &a 1\nb: {<<: *a}", (ReadErrorKind::MergeNotAMap, 2, 9)),
        ("a: &a {b: 1}\nb: {<<: [*a, c]}", (ReadErrorKind::MergeNotAMap, 2, 9)),
        ("null", (ReadErrorKind::NotAMap { found: "nothing (`null`)" }, 1, 1)),
        ("---\n", (ReadErrorKind::NotAMap { found: "nothing (`null`)" }, 1, 4)),
        ("- a", (ReadErrorKind::NotAMap { found: "a list" }, 1, 1)),
    ] {
        assert_eq!(failure(text), expected, "{text}");
    }
    for (text, line) in [
        ("a: b: c", 1),
        ("a: *b", 1),
        ("a: [b", 1),
        ("a:\n\t- b", 2),
        ("a: \"b\nc: d", 2),
        ("a: 'b", 1),
        ("a: }", 1),
        ("a: @b", 1),
        ("a: !Ref !Ref c", 1),
        ("a: \u{1}", 1),
        ("a: \"\\q\"", 1),
        ("a: |\n b\n  c\nd", 4),
        ("%YAML 1.1\na: b", 2),
    ] {
        let (kind, at, _) = failure(text);
        assert!(matches!(kind, ReadErrorKind::Syntax(_)), "{text:?}: {kind:?}");
        assert!((1..=line + 1).contains(&at), "{text:?}: {at}");
    }
}

#[test]
fn a_key_stands_once() {
    let (kind, line, column) = failure("a:\n  b: 1\n  c: 2\n  'b': 3");
    let ReadErrorKind::DuplicateKey { key, first } = kind else { panic!("{kind:?}") };
    assert_eq!((key.as_str(), first.start.line, first.start.column, line, column), ("b", 2, 3, 4, 3));
    assert!(matches!(failure("a: &a {}\nb: {<<: *a, <<: *a}").0, ReadErrorKind::Syntax(_)));
}

#[test]
fn merge_keys_take_what_is_not_there() {
    let yaml = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {y: 0, <<: [*a, *b], w: 5}\nd: {<<: *b}\ne: &e {<<: *a, z: 6}\nf: {<<: *e}";
    assert_eq!(
        json(yaml),
        r#"{"a":{"x":1,"y":2},"b":{"y":3,"z":4},"c":{"x":1,"z":4,"y":0,"w":5},"d":{"y":3,"z":4},"e":{"x":1,"y":2,"z":6},"f":{"x":1,"y":2,"z":6}}"#
    );
    let source = read(yaml).unwrap().source;
    let line = |path: [&str; 2]| source.span(&path.map(Step::Key)).map(|span| span.start.line);
    assert_eq!(line(["c", "y"]), Some(3));
    assert_eq!(line(["c", "x"]), Some(1));
    assert_eq!(line(["c", "z"]), Some(2));
    assert_eq!(line(["d", "y"]), Some(2));
    assert_eq!(line(["f", "x"]), Some(1));
    assert_eq!(line(["f", "z"]), Some(5));
    assert_eq!(line(["f", "w"]), None);
}

#[test]
fn size_depth_and_aliases_are_limited() {
    let huge = format!("a: {}", "x".repeat(10_000_000));
    assert_eq!(failure(&huge).0, ReadErrorKind::TooLarge { bytes: huge.len(), limit: 8 << 20 });

    let flow = |depth: usize| format!("a: {}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let dashes = |depth: usize| format!("a:\n {}x", "- ".repeat(depth - 1));
    let block = |depth: usize| (0..depth).map(|indent| format!("{}a:\n", " ".repeat(indent))).collect::<String>();
    let tags = |depth: usize| format!("a: {}1{}", "!If [".repeat((depth - 1) / 2), "]".repeat((depth - 1) / 2));
    for (name, nested, fits) in [
        ("flow", &flow as &dyn Fn(usize) -> String, 256),
        ("dashes", &dashes, 256),
        ("block", &block, 256),
        ("tags", &tags, 255),
    ] {
        let template = read_yaml(&nested(fits)).unwrap_or_else(|error| panic!("{name}: {error}")).template;
        assert_eq!(read(&template.to_json()).unwrap().template, template);
        // What the reader takes, the writer can write.
        assert_eq!(read_yaml(&template.to_yaml()).unwrap().template, template, "{name}");
        assert_eq!(failure(&nested(fits + 2)).0, ReadErrorKind::TooDeep { limit: 256 }, "{name}");
    }
    for text in
        [flow(100_000), dashes(100_000), tags(100_000), block(3_000), "[".repeat(100_000), "{a: ".repeat(100_000)]
    {
        assert_eq!(failure(&text).0, ReadErrorKind::TooDeep { limit: 256 });
    }

    let bomb: String = (1..30).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)).collect();
    let (kind, line, _) = failure(&format!("a0: &a0 [x]\n{bomb}"));
    assert_eq!(kind, ReadErrorKind::AliasesTooLarge { limit: 250_000 });
    assert!((10..25).contains(&line), "{line}");
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(1_000_000), "*a,".repeat(1000));
    assert_eq!(failure(&long).0, ReadErrorKind::AliasesTooLarge { limit: 250_000 });
    let deep: String = (1..300).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1)).collect();
    assert_eq!(failure(&format!("a0: &a0 [x]\n{deep}")).0, ReadErrorKind::TooDeep { limit: 256 });
    let many: String = (0..200).map(|index| format!("a{index}: &a{index} [*a]\n")).collect();
    assert!(read(&format!("a: &a [x, y]\n{many}")).is_ok());
}

#[test]
fn values_have_the_place_of_their_long_form() {
    let text = "\u{feff}# comment\r\nA:\r\n  B: !GetAtt C.D\r\n  E:\r\n    - !Sub\r\n      - x\r\n      - Y: !Ref Z\r\n  F: {G: [1, 'two']}\r\n\r\n\r\nH: |\r\n  i\r\n";
    let source = read(text).unwrap().source;
    let place = |path: &[Step<'_>]| {
        let span = source.span(path).unwrap_or_else(|| panic!("{path:?}"));
        (span.start.line, span.start.column, &text[span.start.offset..span.end.offset])
    };
    let key = |path: &[Step<'_>]| {
        let span = source.key_span(path).unwrap_or_else(|| panic!("{path:?}"));
        &text[span.start.offset..span.end.offset]
    };
    let (a, get_att, sub) = (Step::Key("A"), Step::Key("Fn::GetAtt"), Step::Key("Fn::Sub"));
    let (e, f) = (Step::Key("E"), Step::Key("F"));
    assert_eq!(place(&[a, "B".into()]), (3, 6, "!GetAtt C.D"));
    assert_eq!(place(&[a, "B".into(), get_att]), (3, 14, "C.D"));
    assert_eq!(key(&[a, "B".into(), get_att]), "!GetAtt");
    assert_eq!(place(&[a, "B".into(), get_att, 1.into()]), (3, 14, "C.D"));
    assert_eq!(key(&[a, e, 0.into(), sub]), "!Sub");
    assert_eq!(place(&[a, e, 0.into()]), (5, 7, "!Sub\r\n      - x\r\n      - Y: !Ref Z"));
    assert_eq!(place(&[a, e, 0.into(), sub, 1.into(), "Y".into(), "Ref".into()]), (7, 17, "Z"));
    assert_eq!(place(&[a, f, "G".into(), 1.into()]), (8, 14, "'two'"));
    assert_eq!(place(&[a, f]), (8, 6, "{G: [1, 'two']}"));
    assert_eq!(key(&[a, f, "G".into()]), "G");
    assert!(place(&[a]).2.ends_with("'two']}"));
    assert_eq!(place(&["H".into()]), (12, 3, "i\r\n"));
    assert_eq!(place(&[]).0, 2);
}

#[test]
fn a_last_line_without_an_end_gets_none() {
    for (yaml, expected) in [
        ("|\n  x", "x"),
        ("|\n  x\n", "x\n"),
        ("|\n  x\n  ", "x\n"),
        ("|+\n  x\n\n  y ", "x\n\ny "),
        (">\n  x\n  y", "x y"),
        ("|-\n  x", "x"),
    ] {
        assert_eq!(Node::from_yaml(yaml), Ok(expected.into()), "{yaml:?}");
    }
}

#[test]
fn keys_are_strings_as_they_are_written() {
    assert_eq!(
        json("{010: a, yes: b, 1.50: c, 123456789012: d}"),
        r#"{"010":"a","yes":"b","1.50":"c","123456789012":"d"}"#
    );
}
