//! Go's numbers and durations in scenarios.

use serde_json::Value;

/// `IntOrString.IntValue()`: a string that is no integer is 0.
pub(crate) fn int_value(value: &Value) -> i64 {
    match value {
        Value::String(text) => text.parse().unwrap_or(0),
        other => other.as_i64().unwrap_or(0),
    }
}

/// A field as an integer.
pub(crate) fn int(object: &Value, field: &str) -> Option<i64> {
    object
        .get(field)
        .filter(|value| !value.is_null())
        .map(int_value)
}

/// A Go duration in whole seconds; `Err` where it has a fraction or is none.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let fail = || format!("duration {text}");
    let (mut total, mut rest) = (0_f64, text);
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(fail)?;
        let number: f64 = rest[..digits].parse().map_err(|_| fail())?;
        let unit: String = rest[digits..]
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect();
        total += number
            * match unit.as_str() {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return Err(fail()),
            };
        rest = &rest[digits + unit.len()..];
    }
    Ok(total.floor() as i64)
}

/// A whole-second duration.
pub(crate) fn whole_seconds(value: &Value) -> Result<i64, String> {
    let text = value.as_str().ok_or("a duration that is no string")?;
    if text.contains("ms") || text.contains('.') {
        return Err(format!("sub-second duration {text}"));
    }
    seconds(text)
}
