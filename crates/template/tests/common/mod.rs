//! What several tests need: values of all kinds, and the corpus.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use skysmith_template::{Map, Node, Number};

/// Strings that some reader or writer has got wrong.
pub const NASTY: &[&str] = &[
    "",
    " ",
    "  a",
    "a ",
    "~",
    "null",
    "Null",
    "NULL",
    "nULL",
    "yes",
    "Yes",
    "NO",
    "on",
    "Off",
    "y",
    "N",
    "true",
    "FALSE",
    "=",
    "<<",
    "0",
    "-0",
    "010",
    "08",
    "0o10",
    "0x1F",
    "0b11",
    "1_000",
    "1e3",
    "1.5e+3",
    "1.",
    ".5",
    "-.5",
    ".inf",
    "-.INF",
    ".nan",
    "12:30:45",
    "1:60",
    "08:30",
    "190:20:30.15",
    "2012-10-17",
    "2001-12-14 21:59:43.10 -5",
    "2010-09-09T00:00:00Z",
    "012345678901",
    "123456789012",
    "-",
    "--",
    "---",
    "...",
    "- a",
    "-a",
    "?",
    "? a",
    ":",
    ": a",
    "a:",
    "a: b",
    "a:b",
    "::",
    "#",
    "a #b",
    "a#b",
    "&a",
    "*a",
    "!a",
    "!Ref a",
    "|",
    ">",
    "|-",
    "%",
    "%YAML 1.1",
    "@",
    "`",
    "{",
    "}",
    "[",
    "]",
    ",",
    "{}",
    "[]",
    "'",
    "\"",
    "it's",
    "\"it's\"",
    "\\",
    "\\n",
    "a\\",
    "\n",
    "\n\n",
    "a\n",
    "a\n\n",
    "\na",
    "a\nb",
    "a\n b",
    " a\nb",
    "a\n\n\nb\n",
    "a\n\tb",
    "\ta\nb",
    "a\n  \nb",
    "a \nb ",
    "a\r\nb",
    "a\rb",
    "---\na",
    "a\n---\nb",
    "a\n...\n",
    "#a\nb",
    "a\n#b",
    "- a\n- b",
    "a: b\nc: d\n",
    "\t",
    "a\tb",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "a\u{85}b",
    "\u{a0}",
    "\u{2028}",
    "a\u{2028}\nb",
    "\u{feff}",
    "\u{feff}a",
    "\u{fffd}",
    "\u{fffe}",
    "é",
    "日本語",
    "😀",
    "e\u{301}",
    "שלום",
    "${a}",
    "${!a}",
    "${",
    "${a b}",
    "$",
    "{\"a\": \"b\"}",
    "arn:aws:s3:::b/*",
    "10.0.0.0/16",
    "http://a.b:80/c?d=e&f=#g",
    "{{resolve:ssm:/a/b:1}}",
    "*",
    "s3:*",
    "&{Name}",
    "a,b",
    "1 2",
    "1,2",
    "0.0.0.0/0",
    "::/0",
    "fe80::1",
    "1a",
    "0e",
    "0x",
    "0b",
    "_",
    "_1",
    "1__2",
    "+1",
    "+",
    "+.1",
    "A.B",
    "AWS::S3::Bucket",
    "Fn::Sub",
    "Ref",
    "@a",
    "%a",
    "(a)",
    "a\\\"b'c",
    "trailing\\\n",
    "a\n\u{1}",
    "x: |\n  y",
    "\u{10ffff}",
];

/// Every nasty string where strings may stand: as a value, as a key, in a list, in functions.
pub fn nasty_values() -> Vec<Node> {
    let map = |entries: Vec<(&str, Node)>| -> Node {
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map>().into()
    };
    let mut values: Vec<Node> = NASTY
        .iter()
        .map(|&text| {
            map(vec![
                (text, text.into()),
                ("in a list", vec![Node::from(text), vec![text].into(), map(vec![(text, text.into())])].into()),
                (
                    "in functions",
                    vec![
                        map(vec![("Ref", text.into())]),
                        map(vec![("Fn::Sub", text.into())]),
                        map(vec![("Fn::Base64", map(vec![("Fn::Sub", text.into())]))]),
                        map(vec![("Fn::GetAtt", vec![text, "b"].into())]),
                        map(vec![("Fn::GetAtt", vec!["a", text].into())]),
                        map(vec![("Fn::Join", vec![Node::from(text), vec![text].into()].into())]),
                        map(vec![("Fn::ImportValue", text.into())]),
                    ]
                    .into(),
                ),
            ])
        })
        .collect();
    for length in [100, 990, 1000, 1023, 1024, 1030, 5000] {
        let long = "a b ".repeat(length / 4 + 1)[..length].trim_end().to_owned();
        values.push(map(vec![(&long, long.as_str().into()), ("list", vec![map(vec![(&long, 1.into())])].into())]));
    }
    let empty: Vec<Node> = Vec::new();
    values.push(map(vec![
        ("a", Map::new().into()),
        ("b", empty.clone().into()),
        ("c", vec![Node::from(empty)].into()),
    ]));
    for number in [
        "0",
        "-0",
        "1",
        "-12",
        "1.0",
        "1.50",
        "0.1",
        "1e3",
        "1E3",
        "1.5e3",
        "1e+3",
        "1e-3",
        "-1.25E-10",
        "123456789012345678901",
    ] {
        values.push(map(vec![("number", Number::parse(number).unwrap().into())]));
    }
    values
}

/// Any string, nasty ones often.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(NASTY).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9:. _-]{0,12}",
        1 => "[ -~\n\t]{0,24}",
        1 => "(?s).{0,12}",
        1 => sub_text(),
        1 => vec(select(NASTY), 1..4).prop_map(|parts| parts.concat()),
    ]
}

/// Texts that `Fn::Sub` may have.
pub fn sub_text() -> impl Strategy<Value = String> {
    let piece = select(
        &["${A}", "${!A}", "${A.B}", "${AWS::Region}", "$", "{", "}", "${", "!", "a", "\n", "${!}", "é", "${Var}"][..],
    );
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-1000_i64..1000).prop_map(Number::from),
        "-?(0|[1-9][0-9]{0,5})\\.[0-9]{1,5}".prop_map(|text| Number::parse(&text).unwrap()),
    ]
}

/// Any value in the long form in which functions have the spelling that is written.
pub fn long_form() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        1 => Just(Node::Null),
        1 => any::<bool>().prop_map(Node::Bool),
        2 => number().prop_map(Node::Number),
        6 => text().prop_map(Node::String),
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        let text = || text().prop_map(Node::String);
        let pair = |inner: BoxedStrategy<Node>| (inner.clone(), inner).prop_map(|(a, b)| Node::List(vec![a, b]));
        let call = |name: &'static str, argument: BoxedStrategy<Node>| {
            argument.prop_map(move |argument| Node::Map(Map::from([(name.to_owned(), argument)]))).boxed()
        };
        // A key that makes a function of a map may need a certain spelling: see the calls below.
        let key = self::text().prop_filter("spelling", |key| !matches!(key.as_str(), "Fn::Sub" | "Fn::GetAtt"));
        let map = vec((key, inner.clone()), 0..4).prop_map(|entries| Node::Map(entries.into_iter().collect()));
        let nonempty = vec((self::text(), inner.clone()), 1..3)
            .prop_map(|entries| Node::Map(entries.into_iter().collect()));
        let inner = inner.boxed();
        prop_oneof![
            4 => vec(inner.clone(), 0..4).prop_map(Node::List).boxed(),
            6 => map.boxed(),
            1 => call("Ref", text().boxed()),
            1 => call("Fn::GetAtt", (text(), text()).prop_map(|(a, b)| Node::List(vec![a, b])).boxed()),
            1 => call("Fn::GetAtt", (text(), inner.clone()).prop_map(|(a, b)| Node::List(vec![a, b])).boxed()),
            1 => call("Fn::Sub", sub_text().prop_map(Node::String).boxed()),
            1 => call("Fn::Sub", (sub_text(), nonempty).prop_map(|(a, b)| Node::List(vec![a.into(), b])).boxed()),
            1 => call("Fn::Join", (text(), inner.clone()).prop_map(|(a, b)| Node::List(vec![a, b])).boxed()),
            1 => call("Fn::If", (text(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| Node::List(vec![a, b, c])).boxed()),
            1 => call("Fn::Select", pair(inner.clone()).boxed()),
            1 => call("Fn::Equals", pair(inner.clone()).boxed()),
            1 => call("Fn::And", vec(prop_oneof![inner.clone(), call("Condition", text().boxed())], 0..3).prop_map(Node::List).boxed()),
            1 => call("Fn::Base64", inner.clone()),
            1 => call("Fn::GetAZs", inner.clone()),
            1 => call("Fn::ImportValue", inner.clone()),
            1 => call("Fn::ToJsonString", inner.clone()),
            1 => call("Fn::Transform", inner.clone()),
            1 => call("Fn::GetStackOutput", inner),
        ]
    })
}

/// Any template's root in the long form.
pub fn root() -> impl Strategy<Value = Map> {
    let section = select(&["Resources", "Conditions", "Outputs", "Metadata", "Rules", "Other"][..]);
    vec((section, vec((text(), long_form()), 0..4)), 0..4).prop_map(|sections| {
        sections
            .into_iter()
            .map(|(name, entries)| (name.to_owned(), Node::Map(entries.into_iter().collect())))
            .collect()
    })
}

/// The hand-written YAML templates, by name.
pub fn corpus() -> Vec<(String, String)> {
    files("yaml")
}

/// The templates of the CDK, by name.
pub fn cdk() -> Vec<(String, String)> {
    files("cdk").into_iter().filter(|(name, _)| name.ends_with(".json")).collect()
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}
