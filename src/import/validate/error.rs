//! Errors of fields as Kubernetes prints them.
//!
//! Enters: paths, values, details. Leaves: texts.
//! It deliberately knows no rule. Source: k8s.io/apimachinery v0.34.1, pkg/util/validation/field/errors.go.

use std::fmt::Write as _;

use serde_json::Value;

use crate::condition::gotext::quote;

/// `field.Invalid` with a value that is already printed.
pub(super) fn invalid(path: &str, value: &str, detail: &str) -> String {
    format!("{path}: Invalid value: {value}: {detail}")
}

/// `field.Invalid` of a text.
pub(super) fn invalid_text(path: &str, text: &str, detail: &str) -> String {
    invalid(path, &quoted(text), detail)
}

/// `field.Required`
pub(super) fn required(path: &str, detail: &str) -> String {
    if detail.is_empty() {
        format!("{path}: Required value")
    } else {
        format!("{path}: Required value: {detail}")
    }
}

/// `field.Forbidden`
pub(super) fn forbidden(path: &str, detail: &str) -> String {
    format!("{path}: Forbidden: {detail}")
}

/// `field.InternalError`
pub(super) fn internal(path: &str, detail: &str) -> String {
    format!("{path}: Internal error: {detail}")
}

/// `field.Duplicate`
pub(super) fn duplicate(path: &str, text: &str) -> String {
    format!("{path}: Duplicate value: {}", quoted(text))
}

/// `field.NotFound`
pub(super) fn not_found(path: &str, text: &str) -> String {
    format!("{path}: Not found: {}", quoted(text))
}

/// `field.NotSupported`
pub(super) fn not_supported(path: &str, text: &str, supported: &[&str]) -> String {
    let supported: Vec<String> = supported.iter().map(|value| quoted(value)).collect();
    format!("{path}: Unsupported value: {}: supported values: {}", quoted(text), supported.join(", "))
}

/// A text as `%q` prints it.
pub(super) fn quoted(text: &str) -> String {
    quote(text.as_bytes())
}

/// A value as Go's `encoding/json` writes it: nothing between, and what HTML minds escaped.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A struct as Go writes it: its fields in their order, without those that are empty unless they are always written.
pub(super) fn record(raw: Option<&Value>, fields: &[(&str, Option<Value>)]) -> Value {
    let mut record = serde_json::Map::new();
    if raw.is_none_or(Value::is_null) {
        return Value::Null;
    }
    for (name, always) in fields {
        let value = raw.and_then(|raw| raw.get(*name)).filter(|value| !value.is_null());
        let empty = match value {
            None => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::Object(fields)) => fields.is_empty(),
            Some(_) => false,
        };
        match (value, always) {
            (Some(value), _) if !empty => {
                record.insert((*name).to_owned(), value.clone());
            }
            (_, Some(always)) => {
                record.insert((*name).to_owned(), always.clone());
            }
            _ => {}
        }
    }
    Value::Object(record)
}
