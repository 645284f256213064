//! Dates, as the protocols write them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, ahead by so many seconds.
pub fn now(ahead: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap() + ahead * 1000
}

/// Year, month, day, and days since 1970.
fn date(millis: i64) -> (i64, i64, i64, i64) {
    let days = millis.div_euclid(86_400_000);
    // Years that begin in March have their leap day at the end.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day, days)
}

fn clock(millis: i64) -> (i64, i64, i64, i64) {
    let rest = millis.rem_euclid(86_400_000);
    (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000)
}

/// `2026-01-02T03:04:05.678Z`.
pub fn iso(millis: i64) -> String {
    let ((year, month, day, _), (hour, minute, second, rest)) = (date(millis), clock(millis));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

/// `20260102T030405Z`, as in a signature.
pub fn compact(millis: i64) -> String {
    iso(millis)[..19].replace(['-', ':'], "") + "Z"
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http(millis: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let ((year, month, day, days), (hour, minute, second, _)) = (date(millis), clock(millis));
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap()];
    let month = MONTHS[usize::try_from(month - 1).unwrap()];
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
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
