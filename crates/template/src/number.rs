//! Numbers that keep their digits.

use std::fmt;

/// A JSON number, kept as the text it was written with, so that reading and writing a template changes no byte of it
/// and no digit is lost to a float.
///
/// Two numbers are equal when they are written alike; compare [`Number::as_f64`] for the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Box<str>);

impl Number {
    /// The number written as `text`, if that is a number by JSON's grammar.
    pub fn parse(text: &str) -> Option<Self> {
        is_json_number(text).then(|| Self(text.into()))
    }

    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, if it is a whole number that fits. `1.0` and `1e3` are whole numbers.
    pub fn as_i64(&self) -> Option<i64> {
        if let Ok(value) = self.0.parse() {
            return Some(value);
        }
        // Beyond 2^53 a float cannot tell whole numbers apart, so it is no witness there.
        let value = self.as_f64();
        (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
    }

    /// The value as a float, rounded to the nearest one.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                Self(value.to_string().into())
            }
        }
    )*};
}

from_integer!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Number {
    /// The number `value`, or nothing if it is not finite.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self(value.to_string().into()))
    }
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
fn is_json_number(text: &str) -> bool {
    fn digits(rest: &[u8]) -> Option<&[u8]> {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then(|| &rest[count..])
    }
    fn parse(text: &[u8]) -> Option<()> {
        let rest = text.strip_prefix(b"-").unwrap_or(text);
        let mut rest = match rest {
            [b'0', rest @ ..] => rest,
            _ => digits(rest)?,
        };
        if let [b'.', fraction @ ..] = rest {
            rest = digits(fraction)?;
        }
        if let [b'e' | b'E', exponent @ ..] = rest {
            rest = digits(match exponent {
                [b'+' | b'-', digits @ ..] => digits,
                _ => exponent,
            })?;
        }
        rest.is_empty().then_some(())
    }
    parse(text.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_just_the_numbers_of_json() {
        for good in ["0", "-0", "12", "1.5", "1e3", "1E-3", "-1.25e+10", "123456789012345678901234567890"] {
            assert_eq!(Number::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-", "01", ".5", "1.", "1e", "+1", "0x1", "1_000", " 1", "NaN", "١"] {
            assert_eq!(Number::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        assert_eq!(Number::parse("1e3").unwrap().as_i64(), Some(1000));
        assert_eq!(Number::parse("1.0").unwrap().as_i64(), Some(1));
        assert_eq!(Number::parse("9223372036854775807").unwrap().as_i64(), Some(i64::MAX));
        assert_eq!(Number::parse("9223372036854775808").unwrap().as_i64(), None);
        assert_eq!(Number::parse("1.5").unwrap().as_i64(), None);
    }
}
