//! YAML by serde-saphyr, and nowhere else: one style out, Kubernetes' reading in.
//!
//! Enters: values to write, text to read. Leaves: text, values, and errors with line and column.
//! It deliberately knows no kind of object.
//!
//! The style: block collections, lists at their parent's indent, one line for a text without line breaks however long it is,
//! a literal block for one with them. A text that a YAML 1.1 reader would take for something else (`on`, `1_000`) is quoted,
//! because that is how Kubernetes reads. A null and an absent field are one to the API server, so no null is written.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Error, Options, SerializerOptions};
use std::fmt;

use crate::diagnostic::nearest;

/// Bytes of the longest text that is read: etcd keeps no object above 1.5 MiB, a file may hold several.
pub const TEXT_LIMIT: usize = 8 * 1024 * 1024;
/// Levels of the deepest nesting that is read; the deepest field of a pod is above 20.
pub const DEPTH_LIMIT: usize = 64;

/// What is wrong with a text that was to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong, a sentence without a full stop.
    pub message: String,
    /// Line, from 1; 0 where no place is to blame.
    pub line: u32,
    /// Column in characters, from 1; 0 where no place is to blame.
    pub column: u32,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ReadError {}

/// A value that has no YAML; no kind of ours is one, so this is our own bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError(String);

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WriteError {}

/// One document, ending with a line break, without `---`.
pub fn write<T: Serialize>(value: &T) -> Result<String, WriteError> {
    let mut value = serde_json::to_value(value).map_err(|error| WriteError(error.to_string()))?;
    drop_nulls(&mut value);
    serde_saphyr::to_string_with_options(&value, style()).map_err(|error| WriteError(error.to_string()))
}

/// Removes what is null from mappings, at any depth; nulls in lists stay, as they have a place there.
pub fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Reads one document as a typed value, or as a [`Value`] in the order of the text.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    if text.len() > TEXT_LIMIT {
        return Err(ReadError {
            message: format!("the text is longer than {} MiB", TEXT_LIMIT / 1024 / 1024),
            line: 0,
            column: 0,
        });
    }
    serde_saphyr::from_str_with_options(text, reading()).map_err(|error| explain(&error))
}

fn style() -> SerializerOptions {
    serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX }
}

/// Kubernetes' reading: unquoted `on`, `0755` and `1_000` are no text, and where text is wanted they are refused.
fn reading() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_LIMIT,
            flow_nesting_limit: DEPTH_LIMIT,
            max_documents: 1,
            max_nodes: 200_000,
            max_events: 500_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 1_000,
            max_recorded_anchor_events: 100_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
        },
        legacy_octal_numbers: true,
        no_schema: true,
        with_snippet: false,
    }
}

/// The reader's error in our words where its own are about its options or about Rust.
fn explain(error: &Error) -> ReadError {
    let error = error.without_snippet();
    let message = match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown_field(field, expected),
        Error::SerdeMissingField { field, .. } => format!("the field `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` occurs twice"),
        Error::DuplicateMappingKey { key: None, .. } => "a key occurs twice".to_owned(),
        Error::QuotingRequired { value, .. } => {
            format!("`{value}` is no text unless it is quoted: write \"{value}\"")
        }
        Error::NullIntoString { .. } => "a text was expected here, and nothing is written".to_owned(),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("expected {expected}, found {unexpected}")
        }
        Error::Unexpected { expected: "string scalar", .. } => "expected a text".to_owned(),
        Error::InvalidScalar { ty, .. } => format!("expected {}", kind_of(ty)),
        Error::Budget { breach, .. } => format!("the text is too large or too deep to be read ({breach:?})"),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => "its aliases expand to too much".to_owned(),
        Error::Eof { .. } => "the document is empty".to_owned(),
        other => without_place(&other.to_string()),
    };
    let (line, column) = match error.location() {
        Some(place) if place.line() > 0 => (place.line(), place.column()),
        _ => (1, 1),
    };
    ReadError {
        message,
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
    }
}

fn unknown_field(field: &str, expected: &[&'static str]) -> String {
    match nearest(field, expected.iter().copied()) {
        Some(near) => format!("unknown field `{field}`; `{near}` is known here"),
        None if expected.is_empty() => format!("unknown field `{field}`; no field is known here"),
        None => {
            let mut known = expected.to_vec();
            known.sort_unstable();
            format!("unknown field `{field}`; known here are {}", known.join(", "))
        }
    }
}

fn kind_of(rust: &str) -> String {
    match rust {
        "bool" | "boolean" => "true or false".to_owned(),
        "f32" | "f64" | "float" | "floating point" => "a number".to_owned(),
        integer if integer.starts_with(['i', 'u']) => "a whole number in range".to_owned(),
        other => other.to_owned(),
    }
}

/// The message without the place that serde-saphyr appends, as ours has its own.
fn without_place(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_yaml_1_1_would_take_for_something_else_is_quoted() {
        for tricky in [
            "on",
            "off",
            "yes",
            "no",
            "y",
            "n",
            "true",
            "null",
            "~",
            "",
            "1_000",
            "0777",
            "0x1f",
            "12:30:45",
            "1e3",
            ".nan",
            "=",
            "<<",
            "- a",
            "a: b",
            "#x",
            "{{ args.x }}",
            "!x",
            "&a",
            "*a",
            "2001-01-01",
            " lead",
            "trail ",
        ] {
            let text = write(&json!({ tricky: tricky })).unwrap();
            let back: Value = read(&text).unwrap();
            assert_eq!(back, json!({ tricky: tricky }), "{text}");
            let bare = format!("{tricky}: {tricky}\n");
            assert_ne!(text, bare, "{tricky} is written bare");
        }
    }

    #[test]
    fn the_style() {
        let long = "sum(rate(a{b=~\"c\"}[1m])) / ".repeat(20) + "1";
        let value = json!({"query": long, "lines": "a\nb\n", "list": [{"a": 1, "b": [2]}], "none": null, "empty": {}});
        assert_eq!(
            write(&value).unwrap(),
            format!("query: {long}\nlines: |\n  a\n  b\nlist:\n- a: 1\n  b:\n  - 2\nempty: {{}}\n")
        );
    }

    #[test]
    fn text_is_read_as_kubernetes_reads_it() {
        let value: Value = read("a: on\nb: 0755\nc: 1_000\nd: '1'\ne: no\n").unwrap();
        assert_eq!(value, json!({"a": true, "b": 493, "c": 1000, "d": "1", "e": false}));
    }

    #[test]
    fn errors_have_their_place() {
        let error = read::<Value>("a: 1\nb: [\n").unwrap_err();
        assert_eq!(error.to_string(), "2:4: unclosed bracket '['");
        let error = read::<Value>("a: 1\na: 2\n").unwrap_err();
        assert_eq!(error.to_string(), "2:1: the key `a` occurs twice");
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(read::<Value>(&bomb).is_err());
        assert!(read::<Value>(&"[".repeat(100_000)).is_err());
        assert!(read::<Value>(&"{a: ".repeat(100_000)).is_err());
        assert!(read::<Value>(&"- ".repeat(100_000)).is_err());
    }
}
