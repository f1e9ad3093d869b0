//! Numbers in scenarios.

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
