//! Go's numbers and durations.
//!
//! Enters: JSON values and texts. Leaves: integers and nanoseconds, as `strconv` and `time` read them.
//! It deliberately knows no field.

use serde_json::Value;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// `IntOrString.IntValue()`: a text that is no integer is 0.
pub(super) fn int_value(value: &Value) -> i64 {
    match value {
        Value::String(text) => atoi(text).unwrap_or(0),
        other => other.as_i64().or_else(|| other.as_f64().map(|number| number as i64)).unwrap_or(0),
    }
}

/// `strconv.Atoi`
pub(super) fn atoi(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// `time.ParseDuration`: nanoseconds, or `None` where the text is no duration.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (name, behind) = split(behind, |c| !c.is_ascii_digit() && c != '.');
        total += scaled(number, unit(name)?)?;
        rest = behind;
    }
    i64::try_from(sign * total).ok()
}

fn split(text: &str, within: impl Fn(char) -> bool) -> (&str, &str) {
    let at = text.find(|c| !within(c)).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

fn unit(name: &str) -> Option<i128> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        _ => return None,
    })
}

/// A decimal number of units in nanoseconds, what is below one cut off.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.into() };
    let digits: String = fraction.chars().take(18).collect();
    let scale = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let part: i128 = if digits.is_empty() { 0 } else { digits.parse::<i64>().ok()?.into() };
    Some(whole * unit + part * unit / scale)
}

/// Seconds of a pause, `-1` where they cannot be read.
/// Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/types.go, `RolloutPause.DurationSeconds`.
pub(super) fn pause_seconds(value: &Value) -> i64 {
    match value {
        Value::String(text) => match text.parse::<i32>() {
            Ok(seconds) => seconds.into(),
            Err(_) => duration(text).map_or(-1, |nanos| nanos / 1_000_000_000),
        },
        other => int_value(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("1h2m3.5s", Some(3_723_500_000_000)),
            ("0", Some(0)),
            ("-1.5m", Some(-90_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("100ms", Some(100_000_000)),
            ("3\u{b5}s", Some(3_000)),
            ("5", None),
            ("", None),
            ("-", None),
            (".s", None),
            ("1d", None),
            ("1 s", None),
            ("9999999999999h", None),
        ] {
            assert_eq!(duration(text), nanos, "{text}");
        }
    }

    #[test]
    fn pauses_are_read_as_the_controller_reads_them() {
        for (value, seconds) in [("90", 90), ("1m30s", 90), ("1.9s", 1), ("-5", -5), ("soon", -1)] {
            assert_eq!(pause_seconds(&Value::from(value)), seconds, "{value}");
        }
        assert_eq!(pause_seconds(&Value::from(7)), 7);
    }
}
