//! What a plain YAML scalar is: the types of YAML 1.1, but that a date is a string.
//!
//! YAML 1.1 is what CloudFormation and nearly every tool around it read, so `yes` is true, `010` is 8 and `1:30` is 90.
//! The patterns are those of <https://yaml.org/type/> as PyYAML has them, which leaves `y` and `n` strings.

use crate::node::Node;
use crate::number::Number;

/// The scalar is a number that JSON cannot write, such as infinity.
#[derive(Debug, PartialEq)]
pub(crate) struct NotANumber;

/// What the plain scalar `text` stands for.
pub(crate) fn resolve(text: &str) -> Result<Node, NotANumber> {
    if is_null(text) {
        return Ok(Node::Null);
    }
    if let Some(value) = bool(text) {
        return Ok(Node::Bool(value));
    }
    Ok(match number(text)? {
        Some(number) => Node::Number(number),
        None => Node::String(text.to_owned()),
    })
}

pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

pub(crate) fn bool(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number `text` is, or nothing if it is none.
pub(crate) fn number(text: &str) -> Result<Option<Number>, NotANumber> {
    // Most scalars end here.
    if !text.starts_with(|first: char| matches!(first, '0'..='9' | '+' | '-' | '.')) {
        return Ok(None);
    }
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(NotANumber);
    }
    let plain = match magnitude(digits, digits.len() < text.len()) {
        Some(plain) => plain?,
        None => return Ok(None),
    };
    Number::parse(&format!("{sign}{plain}")).map(Some).ok_or(NotANumber)
}

/// The number without its sign, as JSON writes it.
fn magnitude(digits: &str, has_sign: bool) -> Option<Result<String, NotANumber>> {
    let radix = |rest: &str, radix| {
        u128::from_str_radix(&rest.replace('_', ""), radix).map(|value| value.to_string()).map_err(|_| NotANumber)
    };
    if let Some(rest) = digits.strip_prefix("0b").filter(|rest| has_only(rest, |byte| matches!(byte, b'0' | b'1'))) {
        return Some(radix(rest, 2));
    }
    if let Some(rest) = digits.strip_prefix("0x").filter(|rest| has_only(rest, |byte| byte.is_ascii_hexdigit())) {
        return Some(radix(rest, 16));
    }
    if digits.len() > 1 && digits.starts_with('0') && has_only(digits, |byte| matches!(byte, b'0'..=b'7')) {
        return Some(radix(digits, 8));
    }
    if digits == "0" || (digits.starts_with(|first: char| matches!(first, '1'..='9')) && is_digits(digits)) {
        return Some(Ok(digits.replace('_', "")));
    }
    match digits.split_once('.') {
        Some((whole, rest)) if whole.contains(':') => sexagesimal_float(whole, rest),
        Some((whole, rest)) => float(whole, rest, has_sign),
        None => sexagesimal(digits),
    }
}

/// `12:30:45`.
fn sexagesimal(text: &str) -> Option<Result<String, NotANumber>> {
    let mut parts = text.split(':');
    let first = parts.next().filter(|first| first.starts_with(|c: char| matches!(c, '1'..='9')) && is_digits(first))?;
    let rest: Vec<u128> = parts.map(sixtieths).collect::<Option<_>>()?;
    if rest.is_empty() {
        return None;
    }
    let value = first.replace('_', "").parse().ok().and_then(|first: u128| {
        rest.into_iter().try_fold(first, |value, part| value.checked_mul(60)?.checked_add(part))
    });
    Some(value.map(|value| value.to_string()).ok_or(NotANumber))
}

/// `1:30.5`.
fn sexagesimal_float(whole: &str, fraction: &str) -> Option<Result<String, NotANumber>> {
    let parts: Vec<&str> = whole.split(':').collect();
    let [first, middle @ ..] = parts.as_slice() else {
        return None;
    };
    let is_one = starts_with_digit(first)
        && is_digits(first)
        && middle.iter().all(|part| sixtieths(part).is_some())
        && (fraction.is_empty() || is_digits(fraction));
    if !is_one {
        return None;
    }
    let last = format!("{}.{fraction}", middle.last()?).replace('_', "");
    let mut value = last.parse().unwrap_or(f64::NAN);
    let mut base = 1.0;
    for part in parts.iter().rev().skip(1) {
        base *= 60.0;
        value += part.replace('_', "").parse().unwrap_or(f64::NAN) * base;
    }
    Some(Number::from_f64(value).map(|number| number.to_string()).ok_or(NotANumber))
}

/// Two digits at most, below 60.
fn sixtieths(part: &str) -> Option<u128> {
    let is_one = matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    if is_one { part.parse().ok() } else { None }
}

/// `1_000.5e+3`; the exponent has to have its sign, and a number without a whole part may have none.
fn float(whole: &str, rest: &str, has_sign: bool) -> Option<Result<String, NotANumber>> {
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(index) => (&rest[..index], Some(&rest[index + 1..])),
        None => (rest, None),
    };
    let has_whole = starts_with_digit(whole) && is_digits(whole) && (fraction.is_empty() || is_digits(fraction));
    let has_none = whole.is_empty() && !has_sign && starts_with_digit(fraction) && is_digits(fraction);
    let exponent_is_fine = exponent.is_none_or(|exponent| {
        exponent
            .strip_prefix(['+', '-'])
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    });
    if !(has_whole || has_none) || !exponent_is_fine {
        return None;
    }
    let whole = whole.replace('_', "");
    let whole = Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty()).unwrap_or("0");
    let fraction = Some(fraction.replace('_', "")).filter(|fraction| !fraction.is_empty()).unwrap_or("0".to_owned());
    let exponent = exponent.map(|exponent| format!("e{exponent}")).unwrap_or_default();
    Some(Ok(format!("{whole}.{fraction}{exponent}")))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// One or more decimal digits and underscores.
fn is_digits(text: &str) -> bool {
    has_only(text, |byte| byte.is_ascii_digit())
}

/// One or more such bytes and underscores.
fn has_only(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'_' || is_one(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_yaml_1_1_are_numbers() {
        for (text, json) in [
            ("0", "0"),
            ("-0", "-0"),
            ("+12", "12"),
            ("1_000", "1000"),
            ("010", "8"),
            ("-0_7", "-7"),
            ("0_", "0"),
            ("0b101", "5"),
            ("0xFf", "255"),
            ("12:30:45", "45045"),
            ("-1:30", "-90"),
            ("1:30.5", "90.5"),
            ("0:1.", "1"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("01.50", "1.50"),
            ("1.5e+3", "1.5e+3"),
            ("6.8523015E-5", "6.8523015e-5"),
            ("123456789012345678901234567890123456789012", "123456789012345678901234567890123456789012"),
        ] {
            assert_eq!(number(text).unwrap().map(|number| number.to_string()).as_deref(), Some(json), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_number_and_is_none_is_a_string() {
        for text in [
            "08",
            "1e3",
            "1.5e3",
            "0o17",
            "-.5",
            "+.5",
            "._5",
            "1.2.3",
            "10.0.0.0/16",
            "2012-10-17",
            "1:60",
            "1:2:",
            ":1",
            "0:30",
            "-",
            "+",
            ".",
            "--1",
            "0b2",
            "0xg",
            "_1",
            "1 2",
            "١",
            "1:30.x",
            "1.5e+",
            ".inf.",
            "+.nan",
            "0b",
            "0x",
        ] {
            assert_eq!(resolve(text), Ok(text.into()), "{text}");
        }
        for text in [".inf", "-.INF", ".NaN", "0b_", "0xffffffffffffffffffffffffffffffffff"] {
            assert_eq!(resolve(text), Err(NotANumber), "{text}");
        }
    }
}
