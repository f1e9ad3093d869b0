//! Instants as people write them: RFC 3339 and Unix seconds.
//!
//! Enters: text, or milliseconds since the epoch. Leaves: the other of the two.
//! It deliberately reads no clock and knows no zone but the one that a text names.

/// Beyond this many milliseconds from the epoch there is no telling them apart in floating point.
const FARTHEST: f64 = 9_007_199_254_740_992.0;

/// Milliseconds since the epoch of Unix seconds, with a fraction if need be, or of RFC 3339.
///
/// Source: Prometheus v3.15.1, web/api/v1/api.go, parseTime.
///
/// # Errors
/// What was expected, for people.
pub fn instant(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let millis = seconds.trunc() * 1000.0 + ((seconds - seconds.trunc()) * 1000.0).round();
        return if millis.abs() <= FARTHEST {
            Ok(millis as i64)
        } else {
            Err("it is out of range".to_owned())
        };
    }
    rfc3339(text).ok_or_else(|| "expected Unix seconds or RFC 3339, such as 2026-01-31T12:00:00Z".to_owned())
}

/// RFC 3339 in UTC: `2024-11-02T10:00:00Z`, with milliseconds where there are any.
pub fn instant_text(millis: i64) -> String {
    let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't'])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let (millis, zone) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    let offset = if matches!(zone, "Z" | "z") {
        0
    } else {
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        let [hours, minutes] = numbers(zone.strip_prefix(['+', '-'])?, ':', [2, 2])?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)?
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = days_of.get(usize::try_from(month - 1).ok()?)?;
    let real = (1..=*days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    real.then_some(seconds * 1000 + millis)
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, between: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut out = [0; N];
    let mut parts = text.split(between);
    for (slot, width) in out.iter_mut().zip(widths) {
        let part =
            parts.next().filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()))?;
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

/// Milliseconds of a fraction of a second, and what follows; finer digits are cut off.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = text.split_at_checked(end)?;
    let mut millis = 0;
    for at in 0..3 {
        millis = millis * 10 + i64::from(digits.as_bytes().get(at).map_or(0, |digit| digit - b'0'));
    }
    (!digits.is_empty()).then_some((millis, rest))
}

/// Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days end them.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01: the way back.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_prometheus_reads_them() {
        for (text, millis) in [
            ("1700000000", 1_700_000_000_000),
            ("1700000000.0006", 1_700_000_000_001),
            ("-1.5", -1_500),
            ("1e3", 1_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20.1239Z", 1_700_000_000_123),
            ("2023-11-14T23:43:20+01:30", 1_700_000_000_000),
            ("2024-02-29T00:00:00-00:00", 1_709_164_800_000),
            ("1969-12-31t23:59:59z", -1_000),
            ("2000-03-01T00:00:00Z", 951_868_800_000),
        ] {
            assert_eq!(instant(text), Ok(millis), "{text}");
        }
        for text in
            ["", "now", "NaN", "inf", "1e300", "2023-02-29T00:00:00Z", "2023-11-14", "2023-11-14T24:00:00Z"]
        {
            assert!(instant(text).is_err(), "{text}");
        }
        for text in
            ["2023-11-14T22:13:20", "2023-11-14T22:13:20.Z", "2023-13-14T22:13:20Z", "2023-11-14T22:13:2éZ"]
        {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for millis in [0, -1, 1_700_000_000_123, 1_709_164_800_000, 951_868_800_000, 951_782_400_000] {
            assert_eq!(instant(&instant_text(millis)), Ok(millis));
        }
        for days in -200_000..200_000 {
            let (year, month, day) = date(days);
            assert_eq!(days_since_epoch(year, month, day), days);
        }
        assert_eq!(instant_text(1_709_164_800_000), "2024-02-29T00:00:00Z");
    }
}
