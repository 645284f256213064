//! Dates, as the protocols write them.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{Duration, OffsetDateTime};

/// Milliseconds since 1970, ahead by so many seconds.
pub fn now(ahead: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap() + ahead * 1000
}

fn at(millis: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(millis)
}

/// `2026-01-02T03:04:05.678Z`.
pub fn iso(millis: i64) -> String {
    let at = at(millis);
    let ((year, month, day), (hour, minute, second, rest)) = (at.to_calendar_date(), at.to_hms_milli());
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z", u8::from(month))
}

/// `20260102T030405Z`, as in a signature.
pub fn compact(millis: i64) -> String {
    iso(millis)[..19].replace(['-', ':'], "") + "Z"
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http(millis: i64) -> String {
    let at = at(millis);
    let ((year, month, day), (hour, minute, second)) = (at.to_calendar_date(), at.to_hms());
    let (weekday, month) = (at.weekday().to_string(), month.to_string());
    format!("{}, {day:02} {} {year} {hour:02}:{minute:02}:{second:02} GMT", &weekday[..3], &month[..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(http(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http(951_782_400_000), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(iso(951_782_400_001), "2000-02-29T00:00:00.001Z");
        assert_eq!(compact(784_111_777_000), "19941106T084937Z");
    }
}
