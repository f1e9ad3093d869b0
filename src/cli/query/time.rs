//! Times and durations as they are typed.
//!
//! Enters: text. Leaves: milliseconds. It deliberately reads no clock.

use crate::promql::parse::duration_literal;
pub(super) use crate::unit::instant::instant as time;

/// Beyond this many milliseconds there is no telling them apart in floating point.
const FARTHEST: f64 = 9_007_199_254_740_992.0;

/// A duration longer than nothing: `30s`, or seconds. Leaves milliseconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => duration_literal(text)?,
    };
    let millis = (seconds * 1000.0).round();
    if (1.0..=FARTHEST).contains(&millis) {
        Ok(millis as i64)
    } else {
        Err("expected a duration of a millisecond at least, such as 30s".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_longer_than_nothing() {
        assert_eq!(duration("1m30s"), Ok(90_000));
        assert_eq!(duration("0.5"), Ok(500));
        for text in ["0", "-1", "0.0001", "soon", "NaN", "1e300", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
