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
    object.get(field).filter(|value| !value.is_null()).map(int_value)
}

/// A Go duration in whole seconds; `Err` where it is none.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let fail = || format!("duration {text}");
    let (mut total, mut number, mut chars) = (0_f64, String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() || c == '.' {
            number.push(c);
            continue;
        }
        let unit = match (c, chars.peek()) {
            ('m', Some('s')) => {
                chars.next();
                0.001
            }
            ('h', _) => 3600.0,
            ('m', _) => 60.0,
            ('s', _) => 1.0,
            _ => return Err(fail()),
        };
        total += unit * number.parse::<f64>().map_err(|_| fail())?;
        number.clear();
    }
    if number.is_empty() { Ok(total.floor() as i64) } else { Err(fail()) }
}

/// A whole-second duration.
pub(crate) fn whole_seconds(value: &Value) -> Result<i64, String> {
    let text = value.as_str().ok_or("a duration that is no string")?;
    if text.contains("ms") || text.contains('.') {
        return Err(format!("sub-second duration {text}"));
    }
    seconds(text)
}
