//! Go's numbers and durations.
//!
//! Enters: JSON values and texts. Leaves: integers and nanoseconds, as `strconv` and `time` read them.
//! It deliberately knows no field.

use serde_json::Value;

use crate::model::argo::duration::parse;

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
    parse(text).ok()
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
    fn pauses_are_read_as_the_controller_reads_them() {
        for (value, seconds) in [("90", 90), ("1m30s", 90), ("1.9s", 1), ("-5", -5), ("soon", -1)] {
            assert_eq!(pause_seconds(&Value::from(value)), seconds, "{value}");
        }
        assert_eq!(pause_seconds(&Value::from(7)), 7);
    }
}
